"""``nurecoil merge``: files of toys of one model, from several seeds or machines, as one."""

from __future__ import annotations

from typing import Annotated

import typer

from nurecoil.cli.output import JsonOption, deliver, reserved

__all__ = ["merge"]


def merge(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Files that `nurecoil toys -o FILE.h5` made.")
    ],
    output: Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="The file with all toys.")],
    json: JsonOption = None,
) -> None:
    """Put files of toys of one model, truth and held parameters together, and sum them up.

    The files differ in seeds, or in the numbers of their toys; a toy that is in two of them is refused.

    \b
    Examples:
      nurecoil merge a.h5 b.h5 -o both.h5
      nurecoil merge jobs/*.h5 -o all.h5 --json -
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil.cli.request import working
    from nurecoil.cli.toys import print_toys
    from nurecoil.inference.toy_merge import merge_toys

    with reserved(json, inputs=files, outputs={"-o": output}), working("merging"):
        found = merge_toys(files, output)
    deliver(found.to_json(), json, lambda: print_toys(found))
