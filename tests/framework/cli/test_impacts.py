"""``nurecoil impacts``: its document, its words, plots, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

Call = Callable[..., Result]
Asked = list[tuple[Any, ...]]


def document(result: Result) -> dict[str, Any]:
    """The one document on standard output."""
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def test_the_document(call: Call, tiny: Asked) -> None:
    found = document(call("impacts", "toy", "--search", "moment", "--json", "-"))
    assert {
        "poi", "unit", "quantity", "value", "cl", "method", "why", "rows", "groups", "fixed", "parameters",
        "experiments", "search", "options", "notes", "provenance", "references", "version", "seconds",
    } <= set(found)  # fmt: skip
    assert (found["poi"], found["unit"]) == ("kappa", "mu_B")
    assert (found["quantity"], found["why"]) == ("limit", "kappa rests on its bound")
    (row,) = found["rows"]
    assert row["parameter"] == "toy.rate.flat"
    assert row["up"] < 0 < row["down"]
    assert found["groups"][0]["name"] == "toy.rate"


def test_the_level_and_the_quantity_are_passed_on(call: Call, tiny: Asked) -> None:
    words = ("impacts", "toy", "--search", "moment", "--json", "-")
    narrow, wide = (document(call(*words, "--cl", cl)) for cl in ("0.8", "0.95"))
    assert narrow["value"] < wide["value"]
    assert document(call(*words, "--quantity", "estimate"))["quantity"] == "estimate"


def test_words_show_the_ranking(call: Call, tiny: Asked) -> None:
    result = call("impacts", "toy", "--search", "moment", "--top", "1")
    assert (result.exit_code, result.stderr) == (0, "")
    for text in ("shifts of the limit kappa <", "impacts on the limit of kappa", "toy.rate.flat", "gain",
                 "groups", "note: a note"):  # fmt: skip
        assert text in result.stdout, text


def test_a_plot_for_every_page(call: Call, tiny: Asked, tmp_path: Path) -> None:
    document(call("impacts", "toy", "--search", "moment", "--plot", str(tmp_path / "out"), "--json", "-"))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["impacts.png"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("toy",), "--search: no search"),
        (("toy", "--search", "moment", "--quantity", "bound"), "quantity of impacts: 'bound' is not known"),
        (("toy", "--search", "moment", "--cl", "90"), "confidence level: 90"),
        (("toy", "--search", "moment", "--cl", "0.3"), "a number above 0.5"),
        (("toy", "--search", "moment", "--poi", "x"), "--poi: no workspace for it"),
        ((), "--search: no search"),
        (("--workspace", "nowhere.json"), "nowhere.json"),
    ],
)
def test_requests_that_are_refused(call: Call, tiny: Asked, words: tuple[str, ...], said: str) -> None:
    result = call("impacts", *words, "--json", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
