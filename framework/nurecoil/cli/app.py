"""The command ``nurecoil``: which commands there are, ``--version``, and the way in for the console script.

No command's work is done here. Each lives in a file of its own beside this one, which imports only typer
at its top; what a command needs it imports in its body.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from nurecoil._version import __version__
from nurecoil.cli.demo import demo
from nurecoil.cli.describe import describe
from nurecoil.cli.fit import fit
from nurecoil.cli.guard import GuardedGroup, run
from nurecoil.cli.limit import limit, sensitivity
from nurecoil.cli.listing import list_plugins
from nurecoil.cli.profile import profile

__all__ = ["app", "main"]

# Plain help texts: drawing them with rich takes longer than everything else together.
app = typer.Typer(
    name="nurecoil",
    cls=GuardedGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"nurecoil {__version__}")
        raise typer.Exit


@app.callback()
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


app.command("list")(list_plugins)
app.command("describe")(describe)
app.command("fit")(fit)
app.command("profile")(profile)
app.command("limit")(limit)
app.command("sensitivity")(sensitivity)
app.command("demo")(demo)


def main() -> None:
    """Run the command line with the process's arguments and leave with its exit status.

    Raises:
        SystemExit: always.

    Example:
        >>> import nurecoil.cli.app
        >>> nurecoil.cli.app.app.info.name
        'nurecoil'
    """
    sys.exit(run(lambda: app(prog_name="nurecoil")))
