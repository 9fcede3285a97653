"""``nurecoil combine``: files in, one file out, and what it says about it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from nurecoil.bridges.reading import read
from nurecoil.cli.combine import combine
from nurecoil.cli.guard import GuardedGroup
from nurecoil.inference.fit import nll

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command in an empty folder: ``run("a.json", "b.json", "-o", "both.json")``."""
    monkeypatch.chdir(tmp_path)
    app = typer.Typer(cls=GuardedGroup, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    app.command("combine")(combine)
    return lambda *words: CliRunner().invoke(app, ["combine", *words])


def workspace(channel: str, counts: list[float], low: float = 0.9, poi: str = "mu", pull: str = "jes") -> str:
    """A signal over a background with a pull, as pyhf JSON."""
    bins = len(counts)
    rest = [{"name": pull, "type": "normsys", "data": {"lo": low, "hi": 1.1}}]
    samples = [
        {
            "name": "signal",
            "data": [5.0] * bins,
            "modifiers": [{"name": poi, "type": "normfactor", "data": None}],
        },
        {"name": "rest", "data": [40.0] * bins, "modifiers": rest},
    ]
    document: dict[str, Any] = {
        "channels": [{"name": channel, "samples": samples}],
        "observations": [{"name": channel, "data": counts}],
        "measurements": [{"name": "fit", "config": {"poi": poi, "parameters": []}}],
        "version": "1.0.0",
    }
    return json.dumps(document)


@pytest.fixture
def files(run: Run) -> None:
    """Three workspaces: a.json and b.json share channel and pull, c.json has its own."""
    Path("a.json").write_text(workspace("SR", [44.0, 41.0]))
    Path("b.json").write_text(workspace("SR", [39.0, 47.0], low=0.8))
    Path("c.json").write_text(workspace("CR", [50.0], pull="other"))


def document(result: Result) -> dict[str, Any]:
    """The one document on standard output."""
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def test_the_document_and_the_file(run: Run, files: None) -> None:
    found = document(run("a.json", "b.json", "c.json", "-o", "both.json", "--json", "-"))
    assert (found["output"], found["format"], found["poi"]) == ("both.json", "pyhf", "mu")
    assert found["channels"] == ["a/SR", "b/SR", "CR"]
    assert [row["name"] for row in found["shared"]] == ["mu", "jes"]
    assert found["shared"][1]["members"] == ["a:jes", "b:jes"]
    assert {row["was"] for row in found["renamed"]} == {"SR"}
    assert [row["label"] for row in found["inputs"]] == ["a", "b", "c"]
    assert all(len(row["sha256"]) == 64 for row in found["inputs"])
    both = read("both.json")
    assert both.metadata["origin"]["sha256"] == found["sha256"]
    assert set(both.parameters) == {"mu", "jes", "other"}
    at = {"mu": 1.3, "jes": 0.4, "other": -0.2}
    models = [read(name) for name in ("a.json", "b.json", "c.json")]
    apart = sum(nll(model, {n: v for n, v in at.items() if n in model.parameters}) for model in models)
    once = 0.5 * 0.4**2 + 0.9189385332046727  # the constraint of the pull that two share
    assert nll(both, at) == pytest.approx(apart - once, rel=1e-12)


@pytest.mark.parametrize("format", ["pyhf", "hs3"])
def test_the_file_does_not_depend_on_the_order(run: Run, files: None, format: str) -> None:
    found = set()
    for order in itertools.permutations(("a.json", "b.json", "c.json")):
        assert run(*order, "-o", "both.json", "--to", format).exit_code == 0
        found.add(Path("both.json").read_bytes())
    assert len(found) == 1


def test_words_are_tables(run: Run, files: None) -> None:
    Path("map.toml").write_text('[scale]\nmembers = ["a:jes", "b:jes"]\ncorrelated = 0.5\n')
    result = run("a.json", "b.json", "-o", "both.json", "--map", "map.toml")
    assert (result.exit_code, result.stderr) == (0, "")
    for text in ("shared parameters", "names kept apart", "correlated by the map", "a/SR", "a.jes", "b.jes"):
        assert text in result.stdout
    line = next(line for line in result.stdout.splitlines() if line.split()[:1] == ["scale"])
    assert line.split() == ["scale", "a.jes", "1", "0.5"]
    assert "2 channels, 3 parameters, POI mu; written to both.json as hs3" in result.stdout


def test_nothing_shared_is_said(run: Run, files: None) -> None:
    Path("d.json").write_text(workspace("D", [44.0], poi="g", pull="d"))
    result = run("c.json", "d.json", "-o", "both.json", "--poi", "g")
    assert result.exit_code == 0, result.stderr
    assert "No parameter is shared." in result.stdout
    assert "POI g;" in result.stdout


def test_a_map_is_written_and_read_back(run: Run, files: None) -> None:
    assert run("a.json", "b.json", "-o", "one.json", "--write-map", "map.toml").exit_code == 0
    text = Path("map.toml").read_text()
    assert '# input a: "a.json", sha256 ' in text
    assert run("a.json", "b.json", "-o", "two.json", "--map", "map.toml").exit_code == 0
    assert Path("one.json").read_bytes() == Path("two.json").read_bytes()


def test_equal_names_in_two_folders_are_told_apart(run: Run, files: None) -> None:
    for folder, source in (("x", "a.json"), ("y", "b.json")):
        Path(folder).mkdir()
        (Path(folder) / "ws.json").write_bytes(Path(source).read_bytes())
    found = document(run("y/ws.json", "x/ws.json", "-o", "both.json", "--json", "-"))
    assert found["channels"] == ["x-ws/SR", "y-ws/SR"]


def test_a_conflict_names_files_and_remedies(run: Run, files: None) -> None:
    other = json.loads(workspace("B", [40.0]))
    settings = [{"name": "mu", "bounds": [[0.0, 5.0]]}]
    other["measurements"][0]["config"]["parameters"] = settings
    Path("e.json").write_text(json.dumps(other))
    result = run("a.json", "e.json", "-o", "both.json", "--write-map", "map.toml")
    assert result.exit_code == 2
    assert (
        "a (a.json) has 1.0, in [0.0, 10.0], free; e (e.json) has 1.0, in [0.0, 5.0], free" in result.stderr
    )
    assert 'members = ["a:mu", "e:mu"]\nsame = true\nkeep = "a:mu"' in result.stderr
    assert not Path("both.json").exists()
    assert "# DECIDE" in Path("map.toml").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a.json", "-o", "x.json"), "one file, a.json. Allowed: at least two"),
        (("a.json", "b.json", "-o", "./b.json"), "--output: ./b.json is an input too"),
        (
            ("a.json", "b.json", "-o", "x.json", "--write-map", "a.json"),
            "--write-map: a.json is an input too",
        ),
        (("a.json", "b.json", "-o", "x.json", "--write-map", "x.json"), "x.json is the file of --output too"),
        (("a.json", "a.json", "-o", "x.json"), "Name each file once"),
        (("a.json", "none.json", "-o", "x.json"), "none.json"),
        (("a.json", "b.json", "-o", "none/x.json"), "--output"),
        (("a.json", "b.json", "-o", "x.json", "--poi", "mv"), "Did you mean 'mu'?"),
        (("a.json", "b.json", "-o", "x.json", "--map", "none.toml"), "--write-map FILE"),
        (("a.json", "b.json", "-o", "x.json", "--to", "xml"), "'xml' is not known"),
    ],
)
def test_requests_that_cannot_be_met(run: Run, files: None, words: tuple[str, ...], said: str) -> None:
    before = {path.name: path.read_bytes() for path in Path().glob("*.json")}
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert {path.name: path.read_bytes() for path in Path().glob("*.json")} == before


def test_help_shows_examples_and_a_map(run: Run) -> None:
    result = run("--help")
    assert "nurecoil combine borexino.json gallium.json -o both.json" in result.stdout
    assert "correlated = 0.5" in result.stdout
