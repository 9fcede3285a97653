"""Bins with so many counts that they measure normally."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.bridges.histfactory.measured import measurement
from nurecoil.errors import ModelError

ONE = np.ones(1)


@given(observed=st.floats(-50, 500), sigma=st.floats(0.01, 50), pull=st.floats(-3, 3))
def test_a_bin_is_normal_to_within_its_residual(observed: float, sigma: float, pull: float) -> None:
    made = measurement("m", ("a",), observed * ONE, sigma**2 * np.eye(1), observed * ONE)
    stated = made.residual(3.0)
    assert abs(made.value(observed * ONE + pull * sigma) - 0.5 * pull**2) <= 1.01 * stated + 1e-10
    assert stated < 3e-9 * (10 + abs(observed) / sigma)


@given(rho=st.floats(-0.95, 0.95), first=st.floats(-3, 3), second=st.floats(-3, 3))
def test_bins_that_hang_together_are_jointly_normal(rho: float, first: float, second: float) -> None:
    covariance = np.array([[0.04, 0.02 * rho], [0.02 * rho, 0.01]])
    observed = np.array([1.1, -0.3])
    made = measurement("m", ("a", "b"), observed, covariance, observed)
    shift = np.array([0.2 * first, 0.1 * second])
    wanted = 0.5 * shift @ np.linalg.solve(covariance, shift)
    assert made.value(observed + shift) == pytest.approx(wanted, rel=1e-6, abs=1e-6)


def test_the_pulls_are_at_their_minimum() -> None:
    made = measurement("m", ("a",), 66.1 * ONE, np.array([[4.13**2]]), 70.0 * ONE)
    (best,) = made.conditional(72.0 * ONE)

    def nll(pull: float) -> float:
        mean = made.scale * (72.0 + made.offset + made.root[0] * pull)
        return float((mean - made.counts * np.log(mean / made.counts) - made.counts).sum() + 0.5 * pull**2)

    at = nll(best)
    assert best == pytest.approx(-5.9 / 4.13, rel=1e-3)
    assert all(nll(best + step) > at for step in (-1e-4, 1e-4))
    assert at == pytest.approx(0.5 * (5.9 / 4.13) ** 2, rel=1e-8)


def test_a_start_far_away_is_reached() -> None:
    made = measurement("m", ("a",), 10.0 * ONE, np.eye(1), 60.0 * ONE)
    assert made.reach == 100.0
    assert np.all(made.scale * (60.0 + made.offset - made.root[0] * 50) > 0)


def test_a_singular_covariance_is_refused() -> None:
    with pytest.raises(ModelError, match=r"channel 'm': the covariance of what is measured is singular"):
        measurement("m", ("a", "b"), np.ones(2), np.ones((2, 2)), np.ones(2))
