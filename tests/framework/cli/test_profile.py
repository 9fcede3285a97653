"""``nurecoil profile``: its document, its words, the range of the scan."""

from __future__ import annotations

import json
from collections.abc import Callable
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
    found = document(call("profile", "toy", "--search", "moment", "--json", "-"))
    assert set(found) == {
        "parameter", "unit", "values", "delta_nll", "best", "experiments", "search", "options", "notes",
        "provenance", "references", "version", "seconds",
    }  # fmt: skip
    assert (found["parameter"], found["unit"]) == ("kappa", "mu_B")
    assert len(found["values"]) == len(found["delta_nll"]) == 41
    assert found["values"][0] == 0.0
    assert min(found["delta_nll"]) == 0.0
    assert found["delta_nll"][-1] >= 12
    assert found["seconds"] > 0


def test_any_parameter_between_any_ends(call: Call, tiny: Asked) -> None:
    words = ("--parameter", "toy.rate.flat", "--range", "40,60", "--points", "5", "--json", "-")
    found = document(call("profile", "toy", *words))
    assert found["values"] == [40, 45, 50, 55, 60]
    assert found["delta_nll"][0] > found["delta_nll"][1] > found["delta_nll"][2]


def test_words_are_a_table(call: Call, tiny: Asked) -> None:
    result = call("profile", "toy", "--search", "moment", "--range", "0,4e-11", "--points", "3")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "profile of kappa, best at 0 mu_B" in result.stdout
    assert "2 Delta NLL" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines() if line.split()[1:2] == ["mu_B"]]
    assert [row[0] for row in rows] == ["0", "2e-11", "4e-11"]
    assert [float(row[2]) for row in rows] == sorted(float(row[2]) for row in rows)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--range", "5,1"), "--range: '5,1'. Allowed: two numbers LOW,HIGH, the lower first."),
        (("--range", "5"), "two numbers LOW,HIGH"),
        (("--range", "a,b"), "two numbers LOW,HIGH"),
        (("--range", "0,nan"), "two numbers LOW,HIGH"),
        (("--range", "0,inf"), "two numbers LOW,HIGH"),
        (("--range", "0,1,2"), "two numbers LOW,HIGH"),
        (("--range", "-5,60"), "--range: -5,60 for 'toy.rate.flat'. Allowed: ends in [0, inf] events."),
    ],
)
def test_ranges_that_cannot_be(call: Call, tiny: Asked, words: tuple[str, str], said: str) -> None:
    result = call("profile", "toy", "--parameter", "toy.rate.flat", *words, "--json", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_something_has_to_be_scanned(call: Call, tiny: Asked) -> None:
    result = call("profile", "toy")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: --parameter: neither a parameter nor a search.")


def test_an_unknown_parameter_offers_the_nearest(call: Call, tiny: Asked) -> None:
    result = call("profile", "toy", "--parameter", "toy.rate.flad")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Did you mean 'toy.rate.flat'?" in result.stderr
