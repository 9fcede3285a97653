"""What every fitting command asks for: experiments, search, options. And progress while it works.

The commands themselves are in files of their own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from nurecoil.model.spectral import SpectralModel

__all__ = [
    "BasisOption",
    "ExperimentsArgument",
    "PlotOption",
    "SearchOption",
    "SetOption",
    "build_model",
    "scanning",
    "split_settings",
    "stated",
    "with_basis",
    "working",
]

ExperimentsArgument = Annotated[
    list[str],
    typer.Argument(metavar="EXPERIMENT...", help="Experiments to fit together; see `nurecoil list`."),
]
"""One or several experiments."""
SearchOption = Annotated[
    str | None, typer.Option("--search", metavar="NAME", help="The search; see `nurecoil list`.")
]
"""The search."""
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="OWNER.OPTION=VALUE",
        help="An option of an experiment, of the search or of a shared source (solar, isodar); repeatable. "
        "`nurecoil describe NAME` lists them.",
        show_default=False,
    ),
]
"""Options."""
BasisOption = Annotated[
    str | None,
    typer.Option(
        "--basis",
        metavar="BASIS",
        help="Which moments, for a search that has the choice: effective, flavour, mass-dirac or "
        "mass-majorana; short for --set SEARCH.basis=BASIS.",
        show_default=False,
    ),
]
"""The basis of the moments."""
PlotOption = Annotated[
    str | None,
    typer.Option("--plot", metavar="FOLDER", help="Write plots into FOLDER.", show_default=False),
]
"""Where plots go."""


_STATED = ("experiments", "search", "options", "notes", "provenance", "references")


def stated(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What every document repeats of its model's metadata, and where a model read from a file comes from.

    Example:
        >>> sorted(stated({"origin": {}, **dict.fromkeys(_STATED, [])}))
        ['experiments', 'notes', 'options', 'origin', 'provenance', 'references', 'search']
    """
    origin = {"origin": metadata["origin"]} if "origin" in metadata else {}
    return {**{key: metadata[key] for key in _STATED}, **origin}


def build_model(
    experiments: Sequence[str], search: str | None, settings: Sequence[str] | None
) -> SpectralModel:
    """Build the model that a command line asks for, with a spinner on standard error.

    Args:
        experiments: names of experiments.
        search: name of a search, or ``None``.
        settings: values of ``--set``.

    Returns:
        The model.

    Raises:
        NurecoilError: whatever the request gets wrong.
    """
    from nurecoil.analysis import build
    from nurecoil.options import parse_settings

    with working("folding " + " + ".join(experiments)):
        return build(experiments, search, parse_settings(settings or []))


def with_basis(settings: Sequence[str] | None, search: str | None, basis: str | None) -> list[str]:
    """The settings with ``--basis`` among them.

    Raises:
        OptionError: where a basis is given without a search, or to one that has no choice of it.
        PluginError: where the search is unknown or broken.

    Example:
        >>> with_basis(None, "magnetic-moment", "flavour")
        ['magnetic-moment.basis=flavour']
    """
    given = list(settings or [])
    if basis is None:
        return given
    if search is None:
        from nurecoil.errors import OptionError

        raise OptionError("--basis", f"{basis} without a search", "a search with a choice of basis",
                          "Add --search magnetic-moment.")  # fmt: skip
    _check_basis(search, basis)
    return [*given, f"{search}.basis={basis}"]


def _check_basis(search: str, basis: str) -> None:
    """Refuse a basis for a search that has no choice of one."""
    import dataclasses

    from nurecoil.errors import OptionError
    from nurecoil.plugins import load_search

    if "basis" not in {field.name for field in dataclasses.fields(load_search(search).Options)}:
        raise OptionError("--basis", f"{basis} with {search}, which has no choice of basis",
                          "a search that has one, such as magnetic-moment", "Leave it out.")  # fmt: skip


def split_settings(
    settings: Mapping[str, Mapping[str, Any]], groups: Sequence[Sequence[str]], search: str | None
) -> list[dict[str, Mapping[str, Any]]]:
    """The settings that each of several combinations of experiments can take.

    An owner that none of them has stays with the first, which refuses it.

    Example:
        >>> split_settings({"a": {"x": 1}, "solar": {"ssm": "s"}}, [["a"], ["b"]], None)
        [{'a': {'x': 1}, 'solar': {'ssm': 's'}}, {'solar': {'ssm': 's'}}]
    """
    from nurecoil.shared import SHARED

    named = {name for group in groups for name in group}
    return [
        {
            owner: values
            for owner, values in settings.items()
            if owner in group or owner == search or owner in SHARED or (number == 0 and owner not in named)
        }
        for number, group in enumerate(groups)
    ]


@contextlib.contextmanager
def working(what: str) -> Iterator[None]:
    """A spinner on standard error while something takes its time; nothing where that is no terminal.

    Args:
        what: what is being done.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(f"{what} ..."):
        yield


@contextlib.contextmanager
def scanning(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error; yields the callback that scans take.

    Args:
        what: what is being scanned.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def done(points: int, total: int) -> None:
            bar.update(task, completed=points, total=total)

        yield done
