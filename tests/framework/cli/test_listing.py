"""``nurecoil list``: every state of a plugin in words and in JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from nurecoil._version import __version__

from ..conftest import Site

Call = Callable[..., Result]


def furnish(site: Site) -> None:
    """One plugin of every state."""
    site.add_experiment("juno", "nurecoil-juno", version="2.0")
    site.add_experiment("juno", "zed")
    site.add_experiment("sno", "nurecoil-sno", requires=("nurecoil>=9",))
    site.add_search("light-vector", "nurecoil-vector")
    site.add("nurecoil-bad", None, {"bad": "made_up:Plugin"}, modules={"made_up": "1 / 0"})


def test_words(site: Site, call: Call) -> None:
    furnish(site)
    result = call("list")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        "Experiments",
        "  juno          juno of nurecoil-juno            nurecoil-juno 2.0",
        "Searches",
        "  light-vector  light-vector of nurecoil-vector  nurecoil-vector 1.0",
        "Not usable",
        "  bad (search of nurecoil-bad 1.0) is broken: ZeroDivisionError: division by zero",
        "  sno (experiment of nurecoil-sno 1.0) is incompatible: it needs nurecoil >=9, this is 0.1.0",
        "  juno (experiment of zed 1.0) is shadowed: the name belongs to the experiment of nurecoil-juno 2.0",
    ]


def test_json_on_standard_output_is_one_document_and_nothing_else(site: Site, call: Call) -> None:
    furnish(site)
    result = call("list", "--json", "-")
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert set(document) == {"experiments", "searches", "version"}
    assert document["version"] == __version__
    assert [(row["name"], row["status"]) for row in document["experiments"]] == [
        ("juno", "ok"),
        ("sno", "incompatible"),
        ("juno", "shadowed"),
    ]
    assert [(row["name"], row["title"]) for row in document["searches"]] == [
        ("bad", ""),
        ("light-vector", "light-vector of nurecoil-vector"),
    ]
    assert set(document["searches"][0]) == {
        "name", "kind", "title", "distribution", "version", "status", "reason",
    }  # fmt: skip


def test_json_in_a_file_leaves_the_words(site: Site, call: Call, tmp_path: Path) -> None:
    furnish(site)
    result = call("list", "--json", str(tmp_path / "plugins.json"))
    assert result.stdout == call("list").stdout
    assert (tmp_path / "plugins.json").read_text() == call("list", "--json", "-").stdout


def test_nothing_installed(site: Site, call: Call) -> None:
    assert call("list").stdout.splitlines() == ["Experiments", "  none", "Searches", "  none"]


def test_a_file_that_cannot_be_written_is_one_clear_error(site: Site, call: Call, tmp_path: Path) -> None:
    result = call("list", "--json", str(tmp_path / "missing" / "plugins.json"))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: --json: the folder ")
