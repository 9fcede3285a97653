"""``nurecoil plugin new`` and ``nurecoil plugin check``: words, JSON, exit status."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nurecoil.cli.plugin import application

from ..conftest import Site

Call = Callable[..., Result]


@pytest.fixture
def plugin() -> Call:
    """Call the group of commands in this process: ``plugin("check", "gallium")``."""
    return lambda *words: CliRunner().invoke(application(), words, prog_name="nurecoil plugin")


def test_new_says_what_comes_next(plugin: Call, tmp_path: Path) -> None:
    result = plugin("new", "xenon", "--folder", str(tmp_path))
    made = tmp_path / "nurecoil-xenon"
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines[0] == f"The experiment xenon is in {made}. Next:"
    assert lines[1:3] == [f"pip install -e {made}", "nurecoil plugin check xenon"]
    assert (made / "src" / "nurecoil_xenon" / "data" / "background.json").is_file()


def test_new_writes_a_search(plugin: Call, tmp_path: Path) -> None:
    assert plugin("new", "dark", "--kind", "search", "--folder", str(tmp_path)).exit_code == 0
    project = (tmp_path / "nurecoil-dark" / "pyproject.toml").read_text()
    assert '[project.entry-points."nurecoil.searches"]\ndark = "nurecoil_dark.plugin:DarkSearch"' in project


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("new", "Xenon"), "plugin name: 'Xenon'"),
        (("new", "gallium"), "'gallium' is installed"),
        (
            ("new", "xenon", "--folder", "/nowhere/at/all"),
            "--folder: the folder /nowhere/at/all does not exist",
        ),
        (("check", "galium"), "plugin: 'galium' is not known"),
        (("check", "magnetic-moment", "--on", "borexno"), "experiment: 'borexno' is not known"),
        (("check", "gallium", "--on", "borexino"), "--on: borexino for gallium, an experiment"),
        (("check", "gallium", "--set", "rate"), "no OWNER.OPTION=VALUE"),
        (("check", "gallium", "--json", "/nowhere/at/all.json"), "--json: the folder"),
    ],
    ids=" ".join,
)
def test_wrong_requests(plugin: Call, words: tuple[str, ...], said: str) -> None:
    result = plugin(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: ") and said in result.stderr and result.stderr.count("\n") == 1


def test_check_of_a_sound_plugin(plugin: Call, tmp_path: Path) -> None:
    result = plugin("check", "gallium", "--json", str(tmp_path / "found.json"))
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0].startswith("experiment gallium of nurecoil ")
    assert lines[-1] == f"{len(lines) - 2} rules, all kept"
    assert len({line.index("kept") for line in lines[1:-1]}) == 1
    found = json.loads((tmp_path / "found.json").read_text())
    assert (found["name"], found["kept"], len(found["rules"])) == ("gallium", True, len(lines) - 2)


def test_check_of_a_broken_plugin(site: Site, plugin: Call) -> None:
    site.add("nurecoil-bad", {"bad": "made_up:Plugin"}, modules={"made_up": "1 / 0"})
    result = plugin("check", "bad")
    assert result.exit_code == 1
    assert "loads             broken  it is broken: ZeroDivisionError: division by zero." in result.stdout
    assert "not judged, since the rule 'loads' is broken" in result.stdout
    document = json.loads(plugin("check", "bad", "--json", "-").stdout)
    assert (document["kept"], document["rules"][0]["passed"]) == (False, False)


def test_options_reach_the_plugin(plugin: Call) -> None:
    result = plugin("check", "gallium", "--set", "gallium.rate=-1")
    assert result.exit_code == 1
    assert "gallium.rate" in result.stdout
