"""What inference returns: how it shows itself, and that its JSON form has no numbers that JSON has not."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from nurecoil.inference.fit import fit
from nurecoil.inference.limits import limit
from nurecoil.inference.results import Covariance, Estimate, Goodness, finite_or_none
from nurecoil.testing.models import counting


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(6.8, 1.8, "cpd/100 t"), "<6.8 +- 1.8 cpd/100 t>"),
        (Estimate(1.0, math.nan, "1", fixed=True), "<1 (fixed)>"),
        (Estimate(0.0, math.nan, "mu_B", at_bound=True), "<0 mu_B (at its bound)>"),
        (Estimate(2.8e-11, 1e-12, "mu_B"), "<2.8e-11 +- 1e-12 mu_B>"),
    ],
)
def test_estimates_show_their_state(estimate: Estimate, text: str) -> None:
    assert repr(estimate) == text


def test_numbers_that_do_not_exist_are_none() -> None:
    assert finite_or_none(1.5) == 1.5
    assert finite_or_none(math.inf) is None
    assert Estimate(1.0, math.nan).to_json()["error"] is None
    assert Goodness(1.0, -1, math.nan).to_json() == {"statistic": 1.0, "ndf": -1, "p_value": None}
    assert repr(Goodness(1.0, 3, 0.8)) == "<Goodness chi2 1.0 / 3, p = 0.8>"


def test_correlations_come_from_the_covariance() -> None:
    covariance = Covariance(("a", "b"), np.array([[4.0, -3.0], [-3.0, 9.0]]))
    assert covariance.correlation("a", "b") == covariance.correlation("b", "a") == -0.5
    assert covariance.correlation("a", "a") == 1.0
    assert covariance.to_json() == {"names": ["a", "b"], "matrix": [[4.0, -3.0], [-3.0, 9.0]]}


def test_documents_are_strict_json() -> None:
    overfitted = replace(fit(counting(3.0, 1.0)), goodness=Goodness(0.0, -1, math.nan))  # no p-value
    assert overfitted.to_json()["goodness"]["p_value"] is None
    for document in (overfitted.to_json(), limit(counting(0.0, 1.0)).to_json()):
        assert json.loads(json.dumps(document, allow_nan=False)) == document
