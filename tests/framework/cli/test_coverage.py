"""``nurecoil coverage``: table, document, plot, bad words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from nurecoil.documents import encode
from nurecoil.inference.coverage import coverage
from nurecoil.inference.coverage_results import CONVENTIONS

from .conftest import spectrum

Call = Callable[..., Result]
Asked = list[tuple[Any, ...]]
WORDS = ("coverage", "toy", "--search", "moment", "-n", "20")


def test_the_document_is_that_of_the_library(call: Call, tiny: Asked) -> None:
    words = ("--at", "0", "--at", "3e-11", "--method", "area,feldman-cousins", "--seed", "4", "--points", "9")
    result = call(*WORDS, *words, "--json", "-")
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    wanted = coverage(
        spectrum(["toy"], "moment"), [0.0, 3e-11], ["area", "feldman-cousins"], n=20, seed=4, points=9
    ).to_json()
    assert {key: found[key] for key in wanted} == json.loads(encode(wanted))
    assert found["experiments"] == ["toy"] and found["notes"] == ["a note"]


def test_the_table(call: Call, tiny: Asked) -> None:
    result = call(*WORDS, "--at", "3e-11", "--method", "delta-chi2-one-sided")
    assert (result.exit_code, result.stderr) == (0, "")
    (row,) = coverage(spectrum(["toy"], "moment"), [3e-11], ["delta-chi2-one-sided"], n=20).rows
    (line,) = [one for one in result.stdout.splitlines() if one.split()[1:2] == ["delta-chi2-one-sided"]]
    assert line.split() == ["3e-11", row.method, f"{row.coverage:.4f}", f"{row.error:.4f}", "20", "0"]
    for text in (
        "coverage of 90 % limits",
        "true kappa [mu_B]",
        "20 toys at each truth, seed 1",
        "note: a note",
    ):
        assert text in result.stdout
    assert CONVENTIONS["delta-chi2-one-sided"] in result.stdout


def test_all_methods_at_zero_by_default(call: Call, tiny: Asked) -> None:
    found = json.loads(call(*WORDS, "--method", "all", "--points", "9", "--json", "-").stdout)
    assert [(row["truth"], row["method"]) for row in found["rows"]] == [(0.0, name) for name in CONVENTIONS]


def test_the_plot(call: Call, tiny: Asked, tmp_path: Path) -> None:
    words = ("--method", "delta-chi2-one-sided", "--plot", str(tmp_path / "out"))
    assert call(*WORDS, *words).exit_code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["coverage.png"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-n", "3"), "toys: 3. Allowed: at least 20 at each truth."),
        (("--seed", "-1"), "seed of the toys: -1"),
        (("--method", "aera"), "coverage method: 'aera' is not known"),
        (("--cl", "90"), "confidence level: 90"),
        (("--points", "3"), "Invalid value for '--points'"),
        (("--at", "much"), "Invalid value for '--at'"),
    ],
)
def test_wrong_words_are_told_before_anything_is_built(
    call: Call, tiny: Asked, words: tuple[str, str], said: str
) -> None:
    result = call(*WORDS, *words, "--json", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr and tiny == []


def test_a_search_is_needed(call: Call, tiny: Asked) -> None:
    result = call("coverage", "toy", "-n", "20")
    assert result.exit_code == 2 and "--search: no search" in result.stderr


def test_truths_stay_inside_their_bounds(call: Call, tiny: Asked) -> None:
    result = call(*WORDS, "--at", "-1")
    assert result.exit_code == 2 and "parameter 'kappa': value -1.0" in result.stderr
