"""The distributions for large samples: against draws, against each other, and in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import chi2

from nurecoil.inference.asymptotics import (
    SIGMAS,
    asimov_sigma,
    cls_values,
    expected_cls,
    expected_reach,
    f_q_mu,
    f_q_tilde,
    f_q_zero,
    log_cls,
    p_of_z,
    score,
    z_of_p,
)

REACH = st.floats(0.01, 8.0)
ESTIMATE = st.floats(-6.0, 6.0)


def statistics(estimate: np.ndarray, tested: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """q0, q_mu and q~_mu of estimates with a normal error of 1, by their definitions."""
    q0 = np.where(estimate > 0, estimate**2, 0.0)
    q = np.where(estimate < tested, (tested - estimate) ** 2, 0.0)
    negative = tested**2 - 2 * tested * estimate
    return q0, q, np.where(estimate < 0, negative, q)


@pytest.mark.parametrize(("truth", "tested"), [(0.0, 1.5), (1.5, 1.5), (0.7, 2.0), (2.5, 1.0)])
def test_the_distributions_are_those_of_drawn_estimates(truth: float, tested: float) -> None:
    estimate = np.random.default_rng(1).normal(truth, 1.0, 200_000)
    q0, q, tilde = statistics(estimate, tested)
    for at in (0.0, 0.1, 1.0, 2.4, 5.0):
        near = pytest.approx
        assert np.mean(q0 <= at) == near(float(f_q_zero(at, truth)), abs=0.004)
        assert np.mean(q <= at) == near(float(f_q_mu(at, tested - truth)), abs=0.004)
        assert np.mean(tilde <= at) == near(float(f_q_tilde(at, tested, tested - truth)), abs=0.004)


def test_without_a_signal_q0_is_half_a_chi2() -> None:
    at = np.array([0.5, 1.0, 4.0, 9.0])
    np.testing.assert_allclose(1 - f_q_zero(at), chi2.sf(at, 1) / 2, rtol=1e-12)


@given(ESTIMATE, REACH)
def test_cls_of_a_normal_estimate_is_the_ratio_of_its_tails(estimate: float, reach: float) -> None:
    """Both statistics fall with the estimate, so that both give the same probabilities up to the value."""
    _, (q,), (tilde,) = statistics(np.array([estimate]), reach)
    below = min(estimate, reach)
    wanted = (ndtr(below - reach) / ndtr(below), ndtr(below - reach), ndtr(below))
    assert cls_values(float(q), reach, bounded=False) == pytest.approx(wanted, rel=1e-9)
    assert cls_values(float(tilde), reach) == pytest.approx(wanted, rel=1e-9)
    assert float(score(tilde, reach)) == pytest.approx(reach - below, abs=1e-9)


def test_cls_keeps_its_digits_where_both_probabilities_vanish() -> None:
    """An estimate 45 sigma below 0: CLb underflows, CLs is about exp(-45)."""
    _, _, (tilde,) = statistics(np.array([-45.0]), 1.0)
    assert cls_values(float(tilde), 1.0)[2] == 0.0
    assert log_cls(float(tilde), 1.0) == pytest.approx(-45.5, abs=0.05)


def test_the_null_value_is_never_excluded() -> None:
    assert cls_values(0.0, 0.0) == (1.0, 0.5, 0.5)


@given(st.floats(0.001, 0.5), st.sampled_from(SIGMAS))
def test_expected_limits_are_where_expected_cls_is_alpha(alpha: float, n: int) -> None:
    cls, clsb, clb = expected_cls(expected_reach(alpha, n))[n]
    assert cls == pytest.approx(alpha, rel=1e-9)
    assert clsb / clb == pytest.approx(alpha, rel=1e-9)


@given(REACH)
def test_expected_cls_grows_with_the_fluctuation(reach: float) -> None:
    values = [found[0] for found in expected_cls(reach).values()]
    assert values == sorted(values) and values[0] >= 0 and values[-1] <= 1
    median = expected_cls(reach)[0]
    assert median == pytest.approx(cls_values(reach**2, reach), rel=1e-9)


@given(st.floats(0.1, 5.0), st.floats(0.1, 5.0))
def test_sigma_of_a_square_is_that_of_the_square(value: float, width: float) -> None:
    q = (value**2 / width) ** 2
    assert asimov_sigma(q, value, 0.0, power=2) == pytest.approx(width, rel=1e-9)
    assert asimov_sigma((value / width) ** 2, -value, 0.0) == pytest.approx(width, rel=1e-9)
    assert math.isinf(asimov_sigma(0.0, 0.0, 0.0))


@given(st.floats(-3.0, 8.0))
def test_p_values_and_deviations_go_there_and_back(z: float) -> None:
    assert z_of_p(float(p_of_z(z))) == pytest.approx(z, abs=1e-9)
