"""What a command gives out: words for people, or with ``--json`` one document for programs.

With ``--json -`` standard output carries the document and nothing else; with ``--json FILE`` the file appears
whole or not at all. How a document becomes text is in :mod:`nurecoil.documents`, what goes into it is the
command's business.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated

import typer

from nurecoil.documents import encode

__all__ = ["JsonOption", "deliver", "encode", "reserved"]

JsonOption = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="FILE",
        help="Write one JSON document to FILE; '-' writes it to standard output and nothing else there.",
        show_default=False,
    ),
]
"""The type of every command's ``--json`` option."""


@contextlib.contextmanager
def reserved(
    target: str | None,
    plots: str | None = None,
    *,
    inputs: Sequence[str | None] = (),
    outputs: Mapping[str, str | None] = MappingProxyType({}),
) -> Iterator[None]:
    """Keep the places of a command's results free while it works.

    With ``"-"`` what is printed goes to standard error. Whether a file and a folder can be written is asked
    before the work, not after it.

    Args:
        target: the value of ``--json``.
        plots: the value of ``--plot``, for commands that draw.
        inputs: files that the command reads, ``None`` for those not given: an input is never replaced.
        outputs: further files that it writes, by option.

    Raises:
        OptionError: the file or the folder could not be written, or is an input or another output.

    Example:
        >>> with reserved("-"):
        ...     print("fitting ...")
    """
    _keep_apart(inputs, {"--json": None if target == "-" else target, **outputs})
    if plots is not None:
        from nurecoil.atomic import check_folder

        check_folder(plots, where="--plot")
    if target == "-":
        with contextlib.redirect_stdout(sys.stderr):
            yield
        return
    if target is not None:
        from nurecoil.atomic import check_file

        check_file(target, where="--json")
    yield


def _keep_apart(inputs: Sequence[str | None], outputs: Mapping[str, str | None]) -> None:
    """Refuse outputs that are inputs, or each other."""
    import os

    from nurecoil.errors import OptionError

    taken = {os.path.realpath(os.path.expanduser(one)): "an input" for one in inputs if one is not None}
    for option, name in outputs.items():
        if name is None:
            continue
        place = os.path.realpath(os.path.expanduser(name))
        if place in taken:
            raise OptionError(option, f"{name} is {taken[place]} too", "a file of its own",
                              "Choose another name: an input is never replaced.")  # fmt: skip
        taken[place] = f"the file of {option}"


def deliver(document: Mapping[str, object], target: str | None, words: Callable[[], None]) -> None:
    """Give out a command's result.

    Args:
        document: the result as plain data; numpy scalars and arrays are fine.
        target: the value of ``--json``: ``None``, ``"-"`` or a file name.
        words: prints the result for people; not called where standard output is the document's.

    Raises:
        OptionError: the file cannot be written.

    Example:
        >>> deliver({"answer": 42}, "-", words=lambda: print("the answer is 42"))
        {
          "answer": 42
        }
        >>> deliver({"answer": 42}, None, words=lambda: print("the answer is 42"))
        the answer is 42
    """
    if target == "-":
        sys.stdout.write(encode(document))
        return
    if target is not None:
        from nurecoil import atomic

        atomic.write_text(target, encode(document), where="--json")
    words()
