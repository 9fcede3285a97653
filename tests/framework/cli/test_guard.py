"""Every way a command can end, and the exit status that goes with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
import typer
from typer.testing import CliRunner

from nurecoil.cli.guard import INTERRUPTED, READER_GONE, GuardedGroup, run
from nurecoil.errors import FitError, InputError, NurecoilError, OptionError

from ..conftest import Site

Process = Callable[..., subprocess.CompletedProcess[str]]


def application(body: Callable[[], object]) -> typer.Typer:
    """An application with the one command ``go``."""
    app = typer.Typer(cls=GuardedGroup, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    app.command("go")(lambda: body())
    return app


def raising(error: BaseException) -> Callable[[], object]:
    """A function that raises."""

    def body() -> object:
        raise error

    return body


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (FitError("fit", "it did not converge"), 1),
        (InputError("mine.root", "no histogram [b]'h'[/b]", "h_nhits", "Name it."), 2),
        (OptionError("x" * 300, "it is long"), 2),
    ],
    ids=["fit", "input", "long"],
)
def test_an_error_of_ours_is_one_line_and_a_status(error: NurecoilError, status: int) -> None:
    result = CliRunner().invoke(application(raising(error)), ["go"])
    assert result.exit_code == status
    assert result.stdout == ""
    assert result.stderr == f"Error: {error}\n"


def test_ctrl_c_is_130_without_a_traceback() -> None:
    result = CliRunner().invoke(application(raising(KeyboardInterrupt())), ["go"])
    assert result.exit_code == INTERRUPTED == 130
    assert result.stderr == "\nStopped.\n"


def test_an_unforeseen_error_keeps_its_traceback() -> None:
    result = CliRunner().invoke(application(raising(ZeroDivisionError("bug"))), ["go"])
    assert isinstance(result.exception, ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        run(raising(ZeroDivisionError("bug")))


@pytest.mark.parametrize(("code", "status"), [(0, 0), (2, 2), (None, 0), ("a message", 1)])
def test_run_gives_the_status_of_the_end(code: object, status: int) -> None:
    assert run(lambda: sys.exit(code)) == status  # type: ignore[arg-type]
    assert run(lambda: None) == 0


@pytest.mark.parametrize(
    "words",
    [("list",), ("list", "--json", "-"), ("--help",), ("list", "--help"), ("--version",)],
    ids=" ".join,
)
def test_a_reader_that_goes_away_is_no_error(site: Site, process: Process, words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = process("-m", "nurecoil", *words, stdout=writer)
    finally:
        os.close(writer)
    assert result.stderr == ""
    assert result.returncode == READER_GONE == 141


def test_ctrl_c_while_a_plugin_loads(site: Site, process: Process) -> None:
    site.add("nurecoil-bad", {"bad": "made_up:Plugin"}, modules={"made_up": "raise KeyboardInterrupt"})
    result = process("-m", "nurecoil", "list", "--json", "-")
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "\nStopped.\n")
