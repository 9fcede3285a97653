"""The command ``nurecoil``: which commands there are, ``--version``, and the way in for the console script.

No command's work is done here. Each lives in a file of its own beside this one, which imports only typer
at its top; what a command needs it imports in its body. A new command is one line in :data:`COMMANDS`.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Annotated

import typer

from nurecoil._version import __version__
from nurecoil.cli.guard import GuardedGroup, run

__all__ = ["COMMANDS", "GROUPS", "application", "main"]

COMMANDS = MappingProxyType(
    {
        "list": "nurecoil.cli.listing:list_plugins",
        "describe": "nurecoil.cli.describe:describe",
        "fit": "nurecoil.cli.fit:fit",
        "profile": "nurecoil.cli.profile:profile",
        "limit": "nurecoil.cli.limit:limit",
        "sensitivity": "nurecoil.cli.limit:sensitivity",
        "toys": "nurecoil.cli.toys:toys",
        "merge": "nurecoil.cli.merge:merge",
        "coverage": "nurecoil.cli.coverage:coverage",
        "goodness": "nurecoil.cli.goodness:goodness",
        "significance": "nurecoil.cli.significance:significance",
        "impacts": "nurecoil.cli.impacts:impacts",
        "contour": "nurecoil.cli.contour:contour",
        "scan": "nurecoil.cli.scan:scan",
        "tables": "nurecoil.cli.tables:tables",
        "feasibility": "nurecoil.cli.feasibility:feasibility",
        "compatibility": "nurecoil.cli.compatibility:compatibility",
        "systematics": "nurecoil.cli.systematics:systematics",
        "export": "nurecoil.cli.export:export",
        "inspect": "nurecoil.cli.inspect:inspect",
        "combine": "nurecoil.cli.combine:combine",
        "demo": "nurecoil.cli.demo:demo",
    }
)
"""Command -> ``module:function``, in the order of ``nurecoil --help``."""


GROUPS = MappingProxyType({"plugin": "nurecoil.cli.plugin:application"})
"""Group of commands -> ``module:function`` that makes it; after the commands in ``nurecoil --help``."""


def application(words: Sequence[str] = ()) -> typer.Typer:
    """The command line as a typer application.

    Args:
        words: the arguments it will be called with. If they begin with a command, only this one is read
            from its file and built, since building all takes longer than ``nurecoil list`` does.

    Returns:
        The application, ready to be called.

    Example:
        >>> [command.name for command in application(["list", "--json", "-"]).registered_commands]
        ['list']
        >>> len(application(["--help"]).registered_commands) == len(COMMANDS)
        True
    """
    app = typer.Typer(
        name="nurecoil",
        cls=GuardedGroup,
        rich_markup_mode=None,  # plain help: drawing it with rich takes longer than everything else together
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_nurecoil)
    for name in _needed(words):
        module, _, function = {**COMMANDS, **GROUPS}[name].partition(":")
        found = getattr(importlib.import_module(module), function)
        if name in GROUPS:
            app.add_typer(found(), name=name)
        else:
            app.command(name)(found)
    return app


def main() -> None:
    """Run the command line with the process's arguments and leave with its exit status.

    Raises:
        SystemExit: always.

    Example:
        >>> import sys
        >>> from unittest import mock
        >>> with mock.patch.object(sys, "argv", ["nurecoil", "--version"]):
        ...     main()
        Traceback (most recent call last):
        ...
        SystemExit: 0
    """
    words = sys.argv[1:]
    sys.exit(run(lambda: application(words)(args=words, prog_name="nurecoil")))


def _needed(words: Sequence[str]) -> Iterable[str]:
    first = words[0] if words else ""
    return [first] if first in (*COMMANDS, *GROUPS) else [*COMMANDS, *GROUPS]


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"nurecoil {__version__}")
        raise typer.Exit


def _nurecoil(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop."),
    ] = False,
) -> None:
    """Search for new physics in neutrino recoil spectra.

    Experiments and searches are plugins; every search runs on every experiment, alone or combined.

    \b
    Examples:
      nurecoil list
      nurecoil describe borexino
      nurecoil limit borexino gallium --search magnetic-moment
    \b
    Exit status: 0 done, 1 a fit failed, 2 the request was wrong.
    """  # noqa: D301  (the \b keeps the examples' lines apart)
