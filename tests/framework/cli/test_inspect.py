"""``nurecoil inspect``: what a file says, and how another differs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from nurecoil.bridges.loading.documents import digest
from nurecoil.cli.guard import GuardedGroup
from nurecoil.cli.inspect import inspect

Run = Callable[..., Result]


def workspace(**changes: Any) -> dict[str, Any]:
    """Two measurements of a signal over a background with a pull and a set."""
    modifiers = [
        {"name": "jes", "type": "normsys", "data": {"lo": 0.9, "hi": 1.1}},
        {"name": "stat", "type": "staterror", "data": [2.0, 3.0]},
    ]
    mu = {"name": "mu", "type": "normfactor", "data": None}
    samples = [
        {"name": "signal", "data": [5.0, 3.0], "modifiers": [mu]},
        {"name": "rest", "data": changes.get("rest", [50.0, 60.0]), "modifiers": modifiers},
    ]
    starts = [{"name": "mu", "inits": [2.0]}]
    return {
        "channels": [{"name": "SR", "samples": samples}],
        "observations": [{"name": "SR", "data": [55.0, 66.0]}],
        "measurements": [
            {"name": "one", "config": {"poi": "mu", "parameters": []}},
            {"name": "two", "config": {"poi": "mu", "parameters": starts}},
        ],
        "version": "1.0.0",
    }


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command in a folder with a.json, rounded.json and other.json."""
    monkeypatch.chdir(tmp_path)
    Path("a.json").write_text(json.dumps(workspace()))
    Path("rounded.json").write_text(json.dumps(workspace(rest=[50.0, 60.00000000000001])))
    Path("other.json").write_text(json.dumps(workspace(rest=[50.0, 48.0])))
    app = typer.Typer(cls=GuardedGroup, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    app.command("inspect")(inspect)
    return lambda *words: CliRunner().invoke(app, ["inspect", *words])


def lines(result: Result) -> list[str]:
    assert (result.exit_code, result.stderr) == (0, "")
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def test_words(run: Run) -> None:
    said = lines(run("a.json"))
    for row in (
        "file a.json (pyhf)",
        f"sha256 {digest(workspace())}",
        "measurement one",
        "others two",
        "POI mu",
        "SR Poisson bin 0..2 2 2 121 118",
        "SR signal signal 8 mu",
        "rest background 110 normsys x1, staterror 2 bins",
        "mu (POI) 1 [0, 10] free 1/1",
        "stat[0..1] 1 [1e-10, 10] N(1, 0.04..0.05) 1/1",
        "no parameter acts in several channels",
    ):
        assert row in said


def test_everything_is_shown_where_asked_for(run: Run) -> None:
    said = lines(run("a.json", "--all"))
    assert "stat[1] 1 [1e-10, 10] N(1, 0.05) 1/1" in said


def test_json(run: Run) -> None:
    document = json.loads(run("a.json", "--measurement", "two", "--json", "-").stdout)
    assert document["origin"]["measurement"] == "two" and document["origin"]["others"] == ["one"]
    assert document["channels"][0]["observed"] == [55, 66]
    (mu,) = (row for row in document["parameters"] if row["poi"])
    assert (mu["parameter"], mu["value"]) == ("mu", 2.0)
    assert "differences" not in document and "version" in document


def test_equal_files(run: Run) -> None:
    assert lines(run("a.json", "--diff", "a.json"))[-1] == "no differences"


def test_rounding_is_recognised(run: Run) -> None:
    assert lines(run("a.json", "--diff", "rounded.json"))[-1].endswith(
        "of relative size 1e-12 or less (rounding)"
    )


def test_a_difference_is_stated_with_its_size(run: Run) -> None:
    said = lines(run("a.json", "--diff", "other.json"))
    assert "file a.json (pyhf) other.json (pyhf)" in said
    assert "channel 'SR', sample 'rest' template 60.0 48.0 0.2 1" in said
    assert said[-1] == "2 differences"
    document = json.loads(run("a.json", "--diff", "other.json", "--json", "-").stdout)
    assert document["other"]["origin"]["file"] == "other.json"
    assert [(row["what"], row["relative"]) for row in document["differences"]] == [
        ("template", pytest.approx(0.2)),
        ("constraint, width", pytest.approx(0.2)),
    ]


def test_two_measurements_of_a_file(run: Run) -> None:
    said = lines(run("a.json", "--diff", "a.json", "--diff-measurement", "two"))
    assert "parameter 'mu' value 1.0 2.0 0.5" in said


def test_members_of_a_set_are_one_line(run: Run) -> None:
    changed = workspace()
    changed["channels"][0]["samples"][1]["modifiers"][1]["data"] = [4.0, 6.0]
    Path("wide.json").write_text(json.dumps(changed))
    said = lines(run("a.json", "--diff", "wide.json"))
    assert any(line.startswith("parameters stat[0..1] constraint, width") for line in said)
    assert said[-1] == "3 differences"
    whole = lines(run("a.json", "--diff", "wide.json", "--all"))
    assert any(line.startswith("parameter 'stat[1]' constraint, width") for line in whole)


def test_patches(run: Run) -> None:
    patch = [{"op": "replace", "path": "/channels/0/samples/0/data", "value": [10.0, 3.0]}]
    patches = {
        "metadata": {"name": "grid", "description": "d", "digests": {"sha256": digest(workspace())},
                     "labels": ["m"], "references": {"hepdata": "ins1234567"}},
        "patches": [{"metadata": {"name": "m_500", "values": [500]}, "patch": patch}],
        "version": "1.0.0",
    }  # fmt: skip
    Path("patchset.json").write_text(json.dumps(patches))
    said = lines(run("a.json", "--patch", "patchset.json:m_500", "--diff", "a.json"))
    assert "channel 'SR', sample 'signal' template 10.0 5.0 0.5 0" in said
    assert said[-1] == "1 difference"


def test_errors(run: Run) -> None:
    result = run("a.json", "--diff-measurement", "two")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Allowed: together with --diff." in result.stderr
    result = run("a.json", "--measurement", "three")
    assert result.exit_code == 2 and "'three' is not known" in result.stderr
    assert run("gone.json").exit_code == 2
