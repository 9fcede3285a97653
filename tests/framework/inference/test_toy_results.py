"""The result of an ensemble: pulls, means, what it says about failures, its JSON form."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.inference.toy_results import MOST_FAILURES, ToyFailure, Toys

NAN = math.nan


def ensemble(**changes: Any) -> Toys:
    """Four toys of two parameters: ``mu`` fitted in its square, once at its bound; the last toy failed."""
    fields = {
        "parameters": ("rate", "mu"),
        "units": ("cpd", "mu_B"),
        "powers": np.array([1, 2]),
        "truth": np.array([10.0, 2e-11]),
        "values": np.array([[11.0, 3e-11], [8.0, 0.0], [13.0, 1e-11], [NAN, NAN]]),
        "errors": np.array([[2.0, 1e-11], [2.0, NAN], [2.0, 2e-11], [NAN, NAN]]),
        "nll": np.array([5.0, 6.0, 7.0, NAN]),
        "nll_fixed": np.array([5.5, 6.0, 9.0, NAN]),
        "status": np.array(["ok", "ok", "ok", "draw"]),
        "fixed": {"mu": 2e-11},
        "seed": 1,
        "first": 40,
        "failures": (ToyFailure(43, 1, "draw", "too wide"),),
        "poi": "mu",
        "metadata": {"notes": ["a note"], "search": "moment", "secret": object()},
    }
    return Toys(**{**fields, **changes})  # type: ignore[arg-type]


def test_pulls_are_those_of_the_fitted_power() -> None:
    pulls = ensemble().pulls
    assert pulls[:3, 0].tolist() == [0.5, -1.0, 1.5]
    # of the square: (9 - 4) / (2 * 3 * 1) and (1 - 4) / (2 * 1 * 2)
    assert pulls[[0, 2], 1] == pytest.approx([5 / 6, -3 / 4])
    assert np.isnan(pulls[1, 1]) and np.isnan(pulls[3]).all()


@given(value=st.floats(-50, 50), truth=st.floats(-50, 50), error=st.floats(0.01, 10))
def test_pulls_of_a_linear_parameter(value: float, truth: float, error: float) -> None:
    one = ensemble(
        parameters=("x",), units=("1",), powers=np.array([1]), truth=np.array([truth]),
        values=np.array([[value]]), errors=np.array([[error]]), nll=np.zeros(1), nll_fixed=np.zeros(1),
        status=np.array(["ok"]), failures=(),
    )  # fmt: skip
    assert one.pulls[0, 0] == pytest.approx((value - truth) / error)
    assert one.summary()["x"].mean == value and math.isnan(one.summary()["x"].spread)


def test_means_and_spreads_are_of_what_there_is() -> None:
    found = ensemble().summary()
    rate, mu = found["rate"], found["mu"]
    assert (rate.truth, rate.pulls, rate.unit) == (10.0, 3, "cpd")
    assert rate.mean == pytest.approx(32 / 3) and rate.spread == pytest.approx(np.std([11, 8, 13], ddof=1))
    assert rate.pull_mean == pytest.approx(1 / 3)
    assert (mu.pulls, mu.unit) == (2, "mu_B")
    assert mu.mean == pytest.approx(4e-11 / 3)


def test_the_rise() -> None:
    assert ensemble().rise[:3].tolist() == [1.0, 0.0, 4.0]
    assert np.isnan(ensemble().rise[3])


def test_more_than_a_few_failures_are_told() -> None:
    found = ensemble()
    assert found.failed == 0.25
    assert found.notes == (
        "1 of 4 toys failed (25 %, more than 1 %): the others may not stand for all. Toy 43, draw: too wide",
    )
    assert repr(found) == (
        "<Toys: 4 of seed 1 from toy 40, 2 parameters, fitted free and with mu = 2e-11, "
        "1 failed (more than 1 %)>"
    )
    size = round(1 / MOST_FAILURES)
    few = ensemble(nll=np.zeros(size))
    assert few.failed == MOST_FAILURES and few.notes == () and "1 failed>" in repr(few)


def test_the_document_has_every_toy_and_no_nan() -> None:
    found = json.loads(json.dumps(ensemble().to_json(), allow_nan=False))
    assert (found["n"], found["seed"], found["first"], found["poi"]) == (4, 1, 40, "mu")
    assert found["fixed"] == {"mu": 2e-11}
    assert found["toys"]["toy"] == [40, 41, 42, 43]
    assert found["toys"]["values"] == {"rate": [11.0, 8.0, 13.0, None], "mu": [3e-11, 0.0, 1e-11, None]}
    assert found["toys"]["errors"]["mu"] == [1e-11, None, 2e-11, None]
    assert found["toys"]["nll_fixed"] == [5.5, 6.0, 9.0, None]
    assert found["toys"]["status"] == ["ok", "ok", "ok", "draw"]
    assert found["failures"] == [{"toy": 43, "seed": 1, "step": "draw", "reason": "too wide"}]
    assert found["notes"][0] == "a note" and "25 %" in found["notes"][1]
    assert found["search"] == "moment" and "secret" not in found
    assert found["parameters"]["rate"]["pulls"] == 3
    nothing = ensemble(values=np.full((4, 2), NAN), errors=np.full((4, 2), NAN))
    assert nothing.to_json()["parameters"]["mu"]["mean"] is None
