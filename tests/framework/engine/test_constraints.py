"""Constraint terms: values from scipy's distributions, slopes and expected curvatures from differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nurecoil.engine.constraints import CompiledConstraints
from nurecoil.errors import ModelError
from nurecoil.model.parameters import (
    Constraint,
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    Parameter,
    PoissonConstraint,
)
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel


def compiled(
    *constraints: Constraint | None, joint: tuple[CovarianceConstraint, ...] = ()
) -> CompiledConstraints:
    parameters = {f"p{i}": Parameter(f"p{i}", "1", 1.0, constraint=c) for i, c in enumerate(constraints)}
    channel = PoissonChannel("t/x", "x", "1", np.arange(2.0), (Sample("s", np.ones(1)),), np.ones(1))
    model = SpectralModel((channel,), parameters, joint)
    return CompiledConstraints(model, {name: i for i, name in enumerate(parameters)})


VALUES = st.floats(0.3, 4.0)


@given(centre=st.floats(-3, 3), width=st.floats(0.1, 3), value=st.floats(-4, 4))
def test_gaussian(centre: float, width: float, value: float) -> None:
    made = compiled(None, GaussianConstraint(centre, width))
    at = np.array([9.0, value])
    exact = -stats.norm.logpdf(centre, value, width)
    total, gradient, fisher = made.evaluate(at)
    assert made.value(at) == total == pytest.approx(exact, rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(gradient, [0, (value - centre) / width**2], atol=1e-12)
    np.testing.assert_allclose(fisher, [[0, 0], [0, width**-2]])


@given(centre=VALUES, factor=st.floats(1.01, 3), value=VALUES)
def test_log_normal(centre: float, factor: float, value: float) -> None:
    made = compiled(LogNormalConstraint(centre, factor))
    exact = -stats.lognorm.logpdf(centre, math.log(factor), scale=value)
    total, gradient, fisher = made.evaluate(np.array([value]))
    assert total == pytest.approx(exact, rel=1e-10, abs=1e-10)
    step = 1e-5
    slope = (made.value(np.array([value + step])) - made.value(np.array([value - step]))) / (2 * step)
    assert gradient[0] == pytest.approx(slope, rel=1e-5, abs=1e-4)
    assert fisher[0, 0] == pytest.approx(1 / (value * math.log(factor)) ** 2)


@given(count=st.integers(0, 200), scale=st.floats(0.5, 100), value=VALUES)
def test_poisson(count: int, scale: float, value: float) -> None:
    made = compiled(PoissonConstraint(float(count), scale))
    total, gradient, fisher = made.evaluate(np.array([value]))
    assert total == pytest.approx(-stats.poisson.logpmf(count, scale * value), rel=1e-10, abs=1e-10)
    assert gradient[0] == pytest.approx(scale - count / value)
    # the expectation of the curvature count / value^2
    assert fisher[0, 0] == pytest.approx(scale / value)


@pytest.mark.parametrize("constraint", [LogNormalConstraint(1.0, 1.1), PoissonConstraint(3.0, 2.0)])
@pytest.mark.parametrize("value", [0.0, -1.0])
def test_outside_their_domain_they_are_infinite(constraint: Constraint, value: float) -> None:
    assert compiled(constraint).value(np.array([value])) == math.inf
    assert compiled(constraint).evaluate(np.array([value]))[0] == math.inf


def test_no_count_is_what_no_rate_predicts() -> None:
    made = compiled(PoissonConstraint(0.0, 2.0))
    total, gradient, fisher = made.evaluate(np.zeros(1))
    assert made.value(np.zeros(1)) == total == 0.0
    assert gradient.tolist() == [2.0]
    assert fisher.tolist() == [[0.0]]
    assert made.value(np.array([-0.1])) == math.inf


@given(seed=st.integers(0, 1000))
def test_covariance(seed: int) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(0, 1, (3, 3))
    covariance = root @ root.T + 0.1 * np.eye(3)
    centre, at = rng.normal(0, 1, 3), rng.normal(0, 1, 5)
    joint = CovarianceConstraint(
        ("p4", "p0", "p2"), tuple(centre.tolist()), tuple(tuple(row) for row in covariance.tolist())
    )
    made = compiled(None, None, None, None, None, joint=(joint,))
    where = [4, 0, 2]
    total, gradient, fisher = made.evaluate(at)
    exact = -stats.multivariate_normal.logpdf(centre, at[where], covariance)
    assert made.value(at) == pytest.approx(total, rel=1e-12)
    assert total == pytest.approx(exact, rel=1e-9)
    weight = np.linalg.inv(covariance)
    np.testing.assert_allclose(gradient[where], weight @ (at[where] - centre), rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(fisher[np.ix_(where, where)], weight, rtol=1e-8, atol=1e-8)
    assert not gradient[[1, 3]].any()
    assert not fisher[[1, 3]].any()


def test_all_of_them_add_up() -> None:
    joint = CovarianceConstraint(("p0", "p1"), (1.0, 1.0), ((1.0, 0.2), (0.2, 2.0)))
    kinds = (GaussianConstraint(0.5, 0.1), LogNormalConstraint(2.0, 1.2), PoissonConstraint(4.0, 3.0))
    at = np.array([0.7, 1.5, 1.1])
    parts = [
        compiled(*(kind if i == j else None for j in range(3))).value(at) for i, kind in enumerate(kinds)
    ]
    parts.append(compiled(None, None, None, joint=(joint,)).value(at))
    assert compiled(*kinds, joint=(joint,)).value(at) == pytest.approx(sum(parts), rel=1e-13)


def test_a_covariance_that_is_none_is_refused() -> None:
    joint = CovarianceConstraint(("p0", "p1"), (1.0, 1.0), ((1.0, 2.0), (2.0, 1.0)))
    with pytest.raises(ModelError) as caught:
        compiled(None, None, joint=(joint,))
    assert str(caught.value) == (
        "covariance constraint of p0, p1: smallest eigenvalue -1. Allowed: a positive definite matrix."
    )
