"""``nurecoil systematics``: tables, document, plot, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import pytest
from typer.testing import Result

from nurecoil.cli import app
from nurecoil.cli import systematics as command
from nurecoil.studies.systematics import systematics
from nurecoil.variation import Choice, Variation

from ..studies.varied import Varied, asked, varied

__all__ = ["varied"]

Call = Callable[..., Result]


@pytest.fixture
def ask(call: Call, varied: type[Varied], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call the command on the made-up experiment."""
    commands = {**app.COMMANDS, "systematics": "nurecoil.cli.systematics:systematics"}
    monkeypatch.setattr(app, "COMMANDS", MappingProxyType(commands))

    def run(*words: str) -> Result:
        return call("systematics", "toy", "--search", "moment", "--points", "11", *words)

    return run


def test_the_document_is_the_librarys(ask: Call) -> None:
    result = ask(
        "--method",
        "area-squared",
        "--cl",
        "0.95",
        "--axis",
        "shape",
        "--set",
        "toy.exposure=2",
        "--json",
        "-",
    )
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    wanted = systematics(asked(exposure=2.0), "area-squared", 0.95, axes=["shape"], points=11).to_json()
    assert {**found, "seconds": 0} == {**json.loads(json.dumps(wanted)), "seconds": 0}


def test_words(ask: Call) -> None:
    result = ask()
    assert (result.exit_code, result.stderr) == (0, "")
    for text in (
        "members: mu_eff [mu_B], 90 % limits (area)",
        "held -1.73 sigma",
        "what each axis does alone",
        "90 % upper limits by every rule",
        "times the standard",
        "6 of 6 members",
        "note: a note of the search",
    ):
        assert text in result.stdout


def test_asimov_data_are_told(ask: Call) -> None:
    result = ask("--asimov", "--axis", "shape")
    assert result.exit_code == 0 and "members: Asimov data, mu_eff" in result.stdout


def test_the_heaviest_members_are_shown(ask: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_SHOWN", 3)
    result = ask()
    assert "3 members of smaller weight are not shown" in result.stdout
    rows = [line for line in result.stdout.splitlines() if "sigma" in line or "as held" in line]
    assert len(rows) == 3 and "as held" in rows[0]


def test_failures_are_named(ask: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = Variation("shape", (Choice("flat"), Choice("bad one", {"toy.shape": "impossible"})))
    monkeypatch.setattr(Varied, "variations", lambda self, shared: [bad])
    result = ask()
    assert result.exit_code == 0
    assert "failed: bad one: " in result.stdout and "1 of 2 members" in result.stdout


def test_a_plot(ask: Call, tmp_path: Path) -> None:
    assert ask("--plot", str(tmp_path / "out"), "--axis", "shape").exit_code == 0
    assert (tmp_path / "out" / "systematics.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--axis", "shpae"), "Did you mean 'shape'?"),
        (("--method", "areas"), "area"),
        (("--cl", "90"), "between 0 and 1"),
        (("--set", "toy.form=flat"), "form"),
    ],
)
def test_what_is_refused(ask: Call, words: tuple[str, ...], said: str) -> None:
    result = ask(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr and len(result.stderr.strip().splitlines()) == 1


def test_a_search_is_needed(call: Call, ask: Call) -> None:
    result = call("systematics", "toy")
    assert result.exit_code == 2 and "--search: no search" in result.stderr
