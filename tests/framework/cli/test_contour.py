"""``nurecoil contour``: its document, its words, the plot, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

Call = Callable[..., Result]
Asked = list[tuple[Any, ...]]
BOTH = ("--parameters", "kappa,toy.rate.flat")


def document(result: Result) -> dict[str, Any]:
    """The one document on standard output."""
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def test_the_document(call: Call, tiny: Asked) -> None:
    found = document(call("contour", "toy", "--search", "moment", *BOTH, "--points", "9", "--json", "-"))
    assert {
        "parameters", "units", "best", "levels", "grid", "delta_nll", "nll", "fitted", "experiments",
        "search", "options", "notes", "provenance", "references", "version", "seconds",
    } <= set(found)  # fmt: skip
    assert found["parameters"] == ["kappa", "toy.rate.flat"]
    assert found["units"] == ["mu_B", "events"]
    assert [level["cl"] for level in found["levels"]] == [0.68, 0.9]
    assert found["levels"][0]["at_bounds"] == [["kappa", "lower"]]
    assert "a note" in found["notes"]


def test_words_and_plot(call: Call, tiny: Asked, tmp_path: Path) -> None:
    words = ("--cl", "0.5", "--points", "8", "--plot", str(tmp_path / "out"))
    result = call("contour", "toy", "--search", "moment", *BOTH, *words)
    assert (result.exit_code, result.stderr) == (0, "")
    for text in (
        "contours of kappa [mu_B] and toy.rate.flat [events]",
        "50 %",
        "lower bound of kappa",
        "note: a",
    ):
        assert text in result.stdout, text
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["contour.png"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--parameters: none. Allowed: two names"),
        (("--parameters", "kappa"), "--parameters: 'kappa'. Allowed: two names"),
        (("--parameters", "kappa,"), "two names"),
        (("--parameters", "kappa,a,b"), "two names"),
        (("--parameters", "kappa,kappa"), "two different parameters"),
        (("--parameters", "kappa,toy.rate.flt"), "Did you mean 'toy.rate.flat'?"),
        ((*BOTH, "--cl", "0.9,x"), "--cl: '0.9,x'. Allowed: numbers between 0 and 1"),
        ((*BOTH, "--cl", "68"), "confidence level: 68"),
        ((*BOTH, "--cl", "nan"), "confidence level: nan"),
    ],
)
def test_requests_that_are_refused(call: Call, tiny: Asked, words: tuple[str, ...], said: str) -> None:
    result = call("contour", "toy", "--search", "moment", *words, "--json", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
