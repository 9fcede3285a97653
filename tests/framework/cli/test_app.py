"""The command itself: version, help, wrong requests, and that it answers without importing anything heavy."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from nurecoil._version import __version__
from nurecoil.cli.app import COMMANDS

from ..conftest import Site

Call = Callable[..., Result]
Process = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).parents[3]
HEAVY = {
    "boost_histogram", "dask", "h5py", "hist", "iminuit", "jsonschema", "matplotlib", "mplhep", "numba",
    "numpy", "pandas", "pydantic", "pyhf", "pyhs3", "ROOT", "scipy", "tensorflow", "uhi", "uproot", "yaml",
    "zfit", "rich.console", "rich.markdown", "rich.table",
}  # fmt: skip
LOADED = """
import json, sys
from nurecoil.cli import app
sys.argv = ["nurecoil", *sys.argv[1:]]
try:
    app.main()
except SystemExit as end:
    status = end.code
print(json.dumps({"status": status, "modules": sorted(sys.modules)}), file=sys.stderr)
"""


@pytest.fixture
def in_tree(site: Site) -> Site:
    """The site with the plugins that pyproject.toml registers, installed or not."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    text = ""
    for group, entries in project["entry-points"].items():
        text += f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
    (site.folder / "nurecoil-0.1.0.dist-info" / "entry_points.txt").write_text(text)
    return site


@pytest.mark.parametrize(
    "words",
    [("--version",), ("--help",), ("list", "--help"), ("list",), ("list", "--json", "-")],
    ids=" ".join,
)
def test_it_answers_without_importing_anything_heavy(
    in_tree: Site, process: Process, words: tuple[str, ...]
) -> None:
    result = process("-c", LOADED, *words)
    report = json.loads(result.stderr)
    assert report["status"] == 0
    assert "nurecoil.cli.app" in report["modules"]
    assert HEAVY & set(report["modules"]) == set()


def test_help_does_not_look_for_plugins(process: Process) -> None:
    modules = json.loads(process("-c", LOADED, "--help").stderr)["modules"]
    assert "nurecoil.plugins" not in modules
    assert "importlib.metadata" not in modules


def test_every_plugin_of_ours_is_sound(in_tree: Site, process: Process) -> None:
    document = json.loads(process("-m", "nurecoil", "list", "--json", "-").stdout)
    rows = document["experiments"] + document["searches"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {row["name"] for row in rows} == {
        name for entries in project["entry-points"].values() for name in entries
    }
    assert {row["name"]: row["reason"] for row in rows if row["status"] != "ok"} == {}


def test_a_command_leaves_the_files_of_the_others_alone(process: Process) -> None:
    modules = json.loads(process("-c", LOADED, "list", "--help").stderr)["modules"]
    assert "nurecoil.cli.listing" in modules
    assert "nurecoil.cli.describe" not in modules


def test_version(call: Call) -> None:
    result = call("--version")
    assert (result.exit_code, result.stdout) == (0, f"nurecoil {__version__}\n")


@pytest.mark.parametrize("words", [(), ("-h",), ("--help",)], ids=repr)
def test_help_names_every_command(call: Call, words: tuple[str, ...]) -> None:
    result = call(*words)
    words_of_it = result.output.split()
    assert {*COMMANDS, "--version"} <= set(words_of_it)
    assert "nurecoil describe borexino" in result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_examples_one_a_line(call: Call, command: str) -> None:
    lines = [line.strip() for line in call(command, "--help").stdout.splitlines()]
    (heading,) = (number for number, line in enumerate(lines) if line in ("Example:", "Examples:"))
    assert lines[heading + 1].startswith(f"nurecoil {command}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lst",), "No such command 'lst'. Did you mean 'list'?"),
        (("list", "--jsn", "-"), "No such option: --jsn"),
        (("list", "extra"), "unexpected extra argument"),
        (("describe",), "Missing argument 'NAME'"),
    ],
    ids=lambda value: None,
)
def test_a_wrong_request_is_2_and_says_what_is_wrong(call: Call, words: tuple[str, ...], said: str) -> None:
    result = call(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr
