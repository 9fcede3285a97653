"""How a command ends: errors as one message on standard error, and the exit status that goes with each end.

0 done; 1 a fit failed; 2 the request was wrong; 130 stopped with Ctrl-C; 141 nobody reads our
output any more. Typer itself reports misspelt commands and options, with status 2. What the errors say is in
:mod:`nurecoil.errors`; a traceback appears only for what no error of ours foresaw.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import typer
from typer.core import TyperGroup

from nurecoil.errors import NurecoilError, OptionError

__all__ = ["INTERRUPTED", "READER_GONE", "GuardedGroup", "run"]

INTERRUPTED = 130
"""Exit status after Ctrl-C: 128 + SIGINT."""
READER_GONE = 141
"""Exit status when standard output was closed under us: 128 + SIGPIPE."""


class GuardedGroup(TyperGroup):
    """A group of commands in which every error of ours ends in a message and an exit status.

    Example:
        >>> app = typer.Typer(cls=GuardedGroup)
    """

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Read the command's words; ``--help`` prints here, to a reader that may have gone.

        Raises:
            typer.Exit: the reader went away.
        """
        with _endings():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for.

        Raises:
            typer.Exit: the command ended early, with its exit status.
        """
        with _endings():
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result


def run(app: Callable[[], object]) -> int:
    """Call a typer application and return the exit status, never an exception that it meant as one.

    Args:
        app: the application; it ends by raising :class:`SystemExit`, as typer applications do.

    Returns:
        The exit status for the process.

    Example:
        >>> run(lambda: sys.exit(2))
        2
    """
    try:
        app()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    else:
        status = 0
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _abandon_stdout()
        return READER_GONE
    return status


@contextlib.contextmanager
def _endings() -> Iterator[None]:
    try:
        yield
    except NurecoilError as error:
        _say(error)
        raise typer.Exit(error.exit_status) from error
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        _abandon_stdout()
        raise typer.Exit(READER_GONE) from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO, errno.EDQUOT) or error.filename is not None:
            raise
        _abandon_stdout()
        _say(OptionError("standard output", f"it cannot be written ({error.strerror})"))
        raise typer.Exit(OptionError.exit_status) from None


def _say(error: NurecoilError) -> None:
    from rich.console import Console
    from rich.text import Text

    message = Text.assemble(("Error: ", "bold red"), str(error))
    Console(stderr=True, highlight=False).print(message, soft_wrap=True)


def _abandon_stdout() -> None:
    """Point standard output at nothing, so that the interpreter's last flush has nobody to fail at."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
