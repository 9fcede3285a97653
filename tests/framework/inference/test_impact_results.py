"""Rows, groups and rankings as plain data and in words."""

from __future__ import annotations

import json
import math

import pytest

from nurecoil.inference.impact_results import GroupImpact, Impact
from nurecoil.inference.impacts import impacts
from nurecoil.inference.pulls import Pull
from nurecoil.inference.results import AsymmetricError
from nurecoil.testing.models import counting


def row(up: float, down: float) -> Impact:
    return Impact(
        "b", "1", 3.0, AsymmetricError(-1.0, math.nan), "minos", Pull(0.1, -1.0, 1.0, 1.0), up, down
    )


@pytest.mark.parametrize(
    ("up", "down", "size"), [(-0.5, 0.2, 0.5), (0.1, -0.7, 0.7), (math.nan, 0.3, 0.3), (0.0, 0.0, 0.0)]
)
def test_the_size_is_the_larger_side(up: float, down: float, size: float) -> None:
    assert row(up, down).size == size


def test_no_side_has_no_size() -> None:
    assert math.isnan(row(math.nan, math.nan).size)


def test_rows_as_plain_data() -> None:
    found = json.loads(json.dumps(row(math.nan, 0.5).to_json(), allow_nan=False))
    assert (found["up"], found["down"], found["gain"], found["prefit_up"]) == (None, 0.5, None, None)
    assert found["error"]["upper"] is None
    assert found["pull"]["constraint"] == 1.0
    assert GroupImpact("g", ("a",), math.nan, "why").to_json() == {
        "name": "g", "parameters": ["a"], "size": None, "reason": "why",
    }  # fmt: skip


@pytest.mark.parametrize(("observed", "quantity"), [(16.0, "estimate"), (5.0, "limit")])
def test_the_document(observed: float, quantity: str) -> None:
    model = counting(observed, 10.0, background_error=2.0)
    found = impacts(model).to_json()
    assert set(found) == {
        "poi", "unit", "quantity", "value", "error", "cl", "method", "why", "rows", "groups", "fixed",
        "best_fit",         "nll", "goodness", "notes", "seconds",
    }  # fmt: skip
    assert found["quantity"] == quantity
    assert (found["error"] is None) == (quantity == "limit") == (found["cl"] is not None)
    json.dumps(found, allow_nan=False)
