"""The pages for users: commands parse, options exist, files are there, Python runs."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import nurecoil as nr
from nurecoil.cli.app import COMMANDS, GROUPS, application
from nurecoil.cli.tables import TABLES
from nurecoil.histograms import read_histogram
from nurecoil.inference.methods import METHODS
from nurecoil.options import make_options, parse_settings
from nurecoil.plugins import find, installed, load_experiment, load_search
from nurecoil.shared import SHARED

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "specs").rglob("*.md")),
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEFT_BEHIND = {"docs/_build/html"}
"""What commands make: not part of the repository."""


def fenced(text: str) -> list[str]:
    """The commands in code blocks, without their comments."""
    blocks = [code for language, code in FENCE.findall(text) if language == ""]
    lines = [line.partition(" # ")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("nurecoil ")]


def inline(text: str) -> list[str]:
    """The commands in running text, which may leave out arguments."""
    found = re.findall(r"`(nurecoil [^`]+)`", FENCE.sub("", text))
    return [" ".join(command.split()) for command in found]


def command(words: list[str]) -> Any:
    """The typer command that the words call."""
    assert words[0] in (*COMMANDS, *GROUPS), words
    found = get_command(application(words)).commands[words[0]]  # type: ignore[attr-defined]
    return found.commands[words[1]] if words[0] in GROUPS else found


def parsed(line: str) -> dict[str, Any]:
    """What the parser makes of a command line; it ends the test where the line is wrong."""
    words = shlex.split(line)[1:]
    called = command(words)
    first = 2 if words[0] in GROUPS else 1
    return dict(called.make_context(words[first - 1], words[first:]).params)


def place(page: Path) -> str:
    """The page's path in the repository."""
    return page.relative_to(ROOT).as_posix()


ALL_FENCED = sorted({(place(page), line) for page in PAGES for line in fenced(page.read_text())})
ALL_INLINE = sorted({(place(page), line) for page in PAGES for line in inline(page.read_text())})
QUICK = [line for line in fenced(README) if shlex.split(line)[1] in ("list", "describe")]
NAMED_FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[A-Z]\w+\.(?:md|cff|txt)|LICENSE|constraints\.txt)`")


@pytest.mark.parametrize(("page", "line"), ALL_FENCED)
def test_every_command_parses(page: str, line: str) -> None:
    assert parsed(line) is not None


@pytest.mark.parametrize(("page", "line"), ALL_INLINE)
def test_every_command_in_the_text_exists(page: str, line: str) -> None:
    words = line.split()[1:]
    if words[0].startswith("-"):
        assert CliRunner().invoke(application(words), words).exit_code == 0
        return
    known = {name for parameter in command(words).params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_there_are_commands_of_every_kind() -> None:
    used = {shlex.split(line)[1] for line in fenced(README)}
    assert used == {*COMMANDS, *GROUPS} - {"demo"}
    with pytest.raises(Exception, match="No such option"):
        parsed("nurecoil fit borexino --serch magnetic-moment")


@pytest.mark.parametrize("line", fenced(README))
def test_what_a_command_of_the_readme_names_exists(line: str) -> None:
    given = parsed(line)
    words = shlex.split(line)[1:]
    if words[0] == "tables":
        assert given["name"] in TABLES
    elif words[:2] == ["plugin", "new"]:
        assert given["name"] not in {entry.name for entry in installed()}
    elif "name" in given:
        assert given["name"] in SHARED or find(given["name"]).status == "ok"
    owners: dict[str, type] = dict(SHARED)
    owners |= {name: load_experiment(name).Options for name in given.get("experiments") or []}
    if given.get("search"):
        owners[given["search"]] = load_search(given["search"]).Options
    for owner, values in parse_settings(given.get("settings") or []).items():
        make_options(owner, owners[owner], values)
    method = given.get("method", "all")
    assert method == "all" or {*method.split(",")} <= {*METHODS}


@pytest.mark.parametrize("line", QUICK)
def test_quick_commands_of_the_readme_run(line: str) -> None:
    words = shlex.split(line)[1:]
    assert CliRunner().invoke(application(words), words).exit_code == 0


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plugins").symlink_to(ROOT / "plugins")
    monkeypatch.chdir(tmp_path)
    blocks = [code for language, code in FENCE.findall(README) if language == "python"]
    assert len(blocks) == 2
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for block in blocks:
            exec(compile(block, "README.md", "exec"), names)
    assert 2e-11 < names["limit"].value < 5e-11
    (line,) = (line for line in fenced(README) if "mine.root" in line)
    model = nr.build(["borexino"], options=parse_settings(parsed(line)["settings"]))
    inside = slice(8, 809)  # N_h 100 to 900 of 92 to 950
    assert model.channels[0].observed.sum() == names["counts"][inside].sum()


def test_the_python_of_the_inputs_page_makes_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "inputs.md").read_text()
    names: dict[str, Any] = {}
    for language, block in FENCE.findall(text):
        if language == "python":
            exec(compile(block, "inputs.md", "exec"), names)
            found = read_histogram("mine.root:h_nhits")
            assert found.edges[0] == 91.5 and len(found) == 859
    (line,) = fenced(text)
    model = nr.build(["borexino"], options=parse_settings(parsed(line)["settings"]))
    assert model.channels[0].observed[0] == round(400 - 398 * 8 / 858)


@pytest.mark.parametrize("page", PAGES, ids=place)
def test_every_file_a_page_names_exists(page: Path) -> None:
    text = FENCE.sub("", page.read_text())
    named = set(NAMED_FILE.findall(text))
    places = (ROOT, ROOT / "framework", ROOT / "framework" / "nurecoil", ROOT / "tests", page.parent)
    missing = {
        name
        for name in named - LEFT_BEHIND
        if not name.startswith((".venv/", "out/", "experiment/", "mc/"))
        and not any((place / name).exists() for place in places)
    }
    assert not missing


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        text = page.read_text()
        blocks = "".join(code for _, code in FENCE.findall(text))
        named = re.findall(r"`make ([a-z-]+)", text) + re.findall(r"^make ([a-z-]+)", blocks, re.MULTILINE)
        assert set(named) <= targets, page
    assert {"demo", "test"} <= set(re.findall(r"^make ([a-z-]+)", README, re.MULTILINE))


def test_every_decision_is_on_the_site() -> None:
    site = (ROOT / "docs" / "decisions.md").read_text()
    decisions = sorted((ROOT / "specs" / "decisions").glob("*.md"))
    assert re.findall(r"\{include\} \.\./specs/decisions/(\S+)", site) == [page.name for page in decisions]
    assert [page.name[:4] for page in decisions] == [f"{n:04d}" for n in range(1, len(decisions) + 1)]
    for page in decisions:
        text = page.read_text()
        assert text.startswith(f"# {page.name[:4]} ")
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequence")), page.name


def table_value(row: str) -> float:
    """The first number of a row of the README's tables."""
    found = re.search(rf"^\| {re.escape(row)}[^|]*\| ([\d.]+)", README, re.MULTILINE)
    assert found, row
    return float(found[1])


@pytest.mark.benchmark
def test_the_numbers_of_the_readme_are_those_that_come_out() -> None:
    """Printed limits within a unit of their last digit, fitted rates within a tenth of their errors."""
    alone = nr.limit(nr.build(["borexino"], search="magnetic-moment"))
    combined = nr.limit(nr.build(["borexino", "gallium"], search="magnetic-moment"))
    computed = {
        "mu_eff, Borexino alone": (1e11 * alone.value, 0.01),
        "mu_eff, with gallium": (1e11 * combined.value, 0.01),
        "p-value": (combined.best_fit.goodness.p_value, 0.01),
    }
    rows = {"7Be": "solar.flux.be7", "85Kr": "borexino.rate.kr85", "210Bi": "borexino.rate.bi210"}
    for row in combined.to_json()["rates"]:
        computed |= {n: (row["fitted"], 0.1 * row["error"]) for n, p in rows.items() if p == row["parameter"]}
    for name, (value, tolerance) in computed.items():
        print(f"{name}: {table_value(name):g} in README.md, {value:.4g} computed")
        assert table_value(name) == pytest.approx(value, abs=tolerance), name
