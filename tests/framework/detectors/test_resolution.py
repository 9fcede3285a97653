"""The scaled Poisson density: scipy's at scale one, its moments, its derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import gammaln

from nurecoil.detectors.resolution import scaled_poisson, scaled_poisson_gradient

MEANS = st.floats(60.0, 2000.0)
SCALES = st.floats(0.8, 4.0)


def density(hits: float, mean: float, scale: float) -> float:
    return float(scaled_poisson(np.array(hits), np.array(mean), np.array(scale)))


@given(mean=st.floats(1.0, 2000.0), hits=st.integers(10, 3000))
def test_at_scale_one_it_is_the_poisson_distribution(mean: float, hits: int) -> None:
    exact = stats.poisson.logpmf(hits, mean)
    if exact > -700:
        # the logarithm cancels terms of the size of the hits, so rounding grows with them
        assert np.log(density(hits, mean, 1.0)) == pytest.approx(exact, abs=1e-10 + 3e-15 * hits * abs(exact))


@given(hits=st.floats(30.0, 2000.0), mean=MEANS, scale=SCALES)
def test_between_the_integers_it_is_the_gamma_function(hits: float, mean: float, scale: float) -> None:
    ratio, stretched = hits / scale, mean / scale
    exact = ratio * np.log(stretched) - stretched - gammaln(ratio + 1) - np.log(scale)
    if exact > -700:
        assert np.log(density(hits, mean, scale)) == pytest.approx(exact, abs=1e-9)


@given(mean=st.floats(100.0, 2000.0), scale=st.floats(0.8, 3.0))
def test_norm_mean_and_variance(mean: float, scale: float) -> None:
    # Wide against the unit step, so that sums are integrals; the norm is off by exp(-mean / scale).
    reach = 14 * np.sqrt(mean * scale)
    hits = np.arange(max(1.0, np.floor(mean - reach)), mean + reach)
    weight = scaled_poisson(hits, np.array(mean), np.array(scale))
    average = weight @ hits
    assert weight.sum() == pytest.approx(1, abs=1e-9)
    assert average == pytest.approx(mean, rel=1e-8)
    assert weight @ (hits - average) ** 2 == pytest.approx(scale * mean, rel=1e-6)


@given(mean=MEANS, scale=SCALES, sigmas=st.floats(-5.0, 7.0))
def test_derivatives_are_those_of_finite_differences(mean: float, scale: float, sigmas: float) -> None:
    hits = max(20.0 * scale, mean + sigmas * np.sqrt(mean * scale))
    found, by_mean, by_scale = (
        float(part) for part in scaled_poisson_gradient(np.array(hits), np.array(mean), np.array(scale))
    )
    assert found == density(hits, mean, scale)
    step = 1e-3 * np.sqrt(mean * scale)
    differences = (density(hits, mean + step, scale) - density(hits, mean - step, scale)) / (2 * step)
    size = found * (1 + abs(sigmas) ** 3)
    assert by_mean * step == pytest.approx(differences * step, abs=1e-7 * size)
    step = 1e-3 * scale
    differences = (density(hits, mean, scale + step) - density(hits, mean, scale - step)) / (2 * step)
    assert by_scale * step == pytest.approx(differences * step, abs=1e-7 * (found + size * abs(sigmas) ** 3))


def test_shapes_are_broadcast() -> None:
    hits, mean, scale = np.arange(50.0, 57.0), np.full((3, 1), 60.0), np.full((3, 1), 1.5)
    assert scaled_poisson(hits, mean, scale).shape == (3, 7)
    assert [part.shape for part in scaled_poisson_gradient(hits, mean, scale)] == [(3, 7)] * 3


def test_the_upper_tail_is_that_of_counts_not_of_a_gaussian() -> None:
    mean, scale = 100.0, 1.5
    far = mean + 5 * np.sqrt(mean * scale)
    assert density(far, mean, scale) > 3 * stats.norm.pdf(far, mean, np.sqrt(mean * scale))
