"""``nurecoil goodness``: table, document, plots, bad words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from nurecoil.documents import encode
from nurecoil.inference.goodness_toys import goodness

from .conftest import spectrum

Call = Callable[..., Result]
Asked = list[tuple[Any, ...]]


def test_the_document_is_that_of_the_library(call: Call, tiny: Asked) -> None:
    words = ("--toys", "30", "--seed", "4", "--fix", "kappa=0", "--json", "-")
    result = call("goodness", "toy", "--search", "moment", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    wanted = goodness(spectrum(["toy"], "moment"), 30, 4, {"kappa": 0.0}).to_json()
    assert {key: found[key] for key in wanted} == json.loads(encode(wanted))
    assert found["experiments"] == ["toy"] and found["notes"] == ["a note"] and found["asimov"] == []


def test_the_table(call: Call, tiny: Asked) -> None:
    result = call("goodness", "toy", "--search", "moment", "--toys", "30")
    assert (result.exit_code, result.stderr) == (0, "")
    wanted = goodness(spectrum(["toy"], "moment"), 30)
    for part in wanted.parts:
        (line,) = [one for one in result.stdout.splitlines() if one.split()[:1] == [part]]
        for kind in ("saturated", "pearson"):
            row = wanted.of(kind, part)
            assert f"{row.statistic:.1f}" in line and f"{row.p_value:.3f} +- {row.error:.3f}" in line
    assert "30 toys at the fitted values, seed 1" in result.stdout
    assert "note: a note" in result.stdout


def test_without_toys(call: Call, tiny: Asked) -> None:
    result = call("goodness", "toy")
    assert result.exit_code == 0
    assert "--toys N calibrates them" in result.stdout and "p (toys)" not in result.stdout
    assert tiny == [(["toy"], None, {})]


def test_the_plots(call: Call, tiny: Asked, tmp_path: Path) -> None:
    result = call("goodness", "toy", "--toys", "30", "--plot", str(tmp_path / "out"))
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["fit.png", "goodness.png"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--toys", "3"), "toys: 3. Allowed: at least 20; or 0, for none."),
        (("--seed", "-1"), "seed of the toys: -1"),
        (("--fix", "kappa"), "--fix kappa: no PARAMETER=NUMBER"),
        (("--plot", "/dev/null/out"), "--plot"),
    ],
)
def test_wrong_words_are_told_before_anything_is_built(
    call: Call, tiny: Asked, words: tuple[str, str], said: str
) -> None:
    result = call("goodness", "toy", *words, "--json", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr and tiny == []


def test_parameters_are_checked(call: Call, tiny: Asked) -> None:
    result = call("goodness", "toy", "--fix", "kapa=1")
    assert result.exit_code == 2 and "Did you mean 'kappa'?" in result.stderr
