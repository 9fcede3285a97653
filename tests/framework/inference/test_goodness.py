"""Goodness of fit: the chi2 of measured numbers, and p-values of counts that are what they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from nurecoil.inference.fit import fit
from nurecoil.inference.goodness import channels_with_data, pearson
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel
from nurecoil.testing.models import counting

Array = NDArray[np.float64]


def counts(observed: Array) -> SpectralModel:
    edges = np.arange(observed.size + 1.0)
    sample = Sample("s", np.ones(observed.size))
    return SpectralModel((PoissonChannel("t/x", "x", "1", edges, (sample,), observed),), {})


def test_measured_numbers_have_a_chi2() -> None:
    rng = np.random.default_rng(1)
    observed, width = rng.normal(5, 1, 6), rng.uniform(0.5, 2, 6)
    channel = GaussianChannel("g/x", "x", "1", (Sample("s", np.full(6, 5.0)),), observed, width)
    found = pearson(SpectralModel((channel,), {}), [np.full(6, 5.0)], 2)
    chi2 = float(np.sum(((observed - 5) / width) ** 2))
    assert found.statistic == pytest.approx(chi2)
    assert found.ndf == 4
    assert found.p_value == pytest.approx(stats.chi2.sf(chi2, 4), rel=1e-12)


def test_many_counts_have_nearly_one_too() -> None:
    rng = np.random.default_rng(2)
    mean = np.full(40, 1e6)
    observed = rng.poisson(mean).astype(float)
    found = pearson(counts(observed), [mean], 3)
    assert found.ndf == 37
    assert found.p_value == pytest.approx(stats.chi2.sf(found.statistic, 37), rel=1e-3)


def test_bins_without_expectation_are_left_out() -> None:
    found = pearson(counts(np.array([3.0, 0.0, 0.0])), [np.array([2.0, 0.0, 0.0])], 0)
    assert found.ndf == 1
    assert found.statistic == pytest.approx(0.5)


@pytest.mark.parametrize(("free", "p_value"), [(1, 1.0), (2, math.nan)])
def test_without_degrees_of_freedom_there_is_no_p_value(free: int, p_value: float) -> None:
    found = pearson(counting(12.0, 10.0), [np.array([12.0])], free)
    assert found.ndf == 1 - free
    assert found.p_value == pytest.approx(p_value, nan_ok=True)


def p_values(mean: Array, toys: int, fitted: bool) -> Array:
    """P-values of toys; with a fitted normalisation, whose estimate is the ratio of the sums."""
    rng = np.random.default_rng(8)
    model = counts(np.zeros(mean.size))
    found = []
    for data in rng.poisson(mean, (toys, mean.size)).astype(float):
        expected = mean * data.sum() / mean.sum() if fitted else mean
        found.append(pearson(model.with_observed({"t/x": data}), [expected], int(fitted)).p_value)
    return np.array(found)


FLAT, FALLING = np.full(60, 50.0), 10 ** np.linspace(3.0, -1.0, 100)
LOW, LOWEST = np.linspace(0.5, 3.0, 150), np.full(400, 0.3)


@pytest.mark.parametrize(
    ("mean", "fitted"),
    [
        (FLAT, False),
        (FLAT, True),
        (FALLING, False),
        (FALLING, True),
        (LOW, False),
        (LOW, True),
        (LOWEST, False),
    ],
)
def test_p_values_are_what_they_say(mean: Array, fitted: bool) -> None:
    found = p_values(mean, 1000, fitted)
    # 0.043 is the 5 % quantile of the largest distance for as many toys of an exact p-value
    assert stats.kstest(found, "uniform").statistic < 0.065
    assert np.mean(found < 0.05) == pytest.approx(0.05, abs=0.025)
    assert np.mean(found < 0.5) == pytest.approx(0.5, abs=0.06)


def test_a_fitted_normalisation_of_very_few_counts_makes_them_cautious() -> None:
    # The fit takes part of the statistic's variance away, so p-values crowd around a half.
    found = p_values(LOWEST, 1000, fitted=True)
    assert np.mean(found < 0.05) < 0.05
    assert np.mean(found < 0.5) == pytest.approx(0.5, abs=0.06)


def test_a_chi2_without_the_variance_of_low_counts_would_not_be() -> None:
    # what the correction is for: 400 bins of 0.3 events
    mean = np.full(400, 0.3)
    rng = np.random.default_rng(9)
    statistic = ((rng.poisson(mean, (1000, 400)) - mean) ** 2 / mean).sum(axis=1)
    assert np.mean(stats.chi2.sf(statistic, 400) < 0.05) > 0.09
    assert np.mean(p_values(mean, 1000, False) < 0.05) < 0.075


def test_wrong_models_are_found_out() -> None:
    mean = np.full(100, 25.0)
    data = np.random.default_rng(3).poisson(mean * (1 + 0.5 * np.sin(np.arange(100) / 5))).astype(float)
    assert pearson(counts(data), [mean], 0).p_value < 1e-6


def test_tight_constraints_do_not_count_as_freedom() -> None:
    """Forty bins with ten nuisances known to a per mille: p-values are those of forty bins."""
    rng = np.random.default_rng(11)
    rates = [
        Parameter(f"rate{i}", "1", 1.0, lower=0.0, constraint=GaussianConstraint(1.0, 1e-3))
        for i in range(10)
    ]
    samples = tuple(
        Sample(rate.name, np.where(np.arange(40) // 4 == i, 50.0, 0.0), {rate.name: 1})
        for i, rate in enumerate(rates)
    )
    found = []
    for _ in range(60):
        data = rng.poisson(50.0, 40).astype(float)
        channel = PoissonChannel("t/x", "x", "1", np.arange(41.0), samples, data)
        found.append(fit(SpectralModel((channel,), {rate.name: rate for rate in rates})).goodness)
    assert {one.ndf for one in found} == {40}
    assert stats.kstest([one.p_value for one in found], "uniform").pvalue > 0.01
    assert np.mean([one.p_value < 0.05 for one in found]) < 0.15


def test_asimov_data_beside_measured_ones_test_nothing() -> None:
    measured = spectrum([12.0, 9.0], "measured")
    waiting = spectrum([10.0, 10.0], "waiting", asimov=True)
    both = SpectralModel((measured, waiting), RATES)
    alone = SpectralModel((measured,), {"rate.measured": RATES["rate.measured"]})
    found, expected = fit(both).goodness, fit(alone).goodness
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.ndf == expected.ndf == 1
    assert found.p_value == pytest.approx(expected.p_value)
    assert channels_with_data(both) == (measured,)
    assert channels_with_data(SpectralModel((waiting,), {"rate.waiting": RATES["rate.waiting"]})) == (
        waiting,
    )


RATES = {
    f"rate.{name}": Parameter(f"rate.{name}", "1", 1.0, lower=0.0, description="a rate")
    for name in ("measured", "waiting")
}


def spectrum(observed: list[float], name: str, *, asimov: bool = False) -> PoissonChannel:
    flat = Sample("flat", np.full(2, 10.0), {f"rate.{name}": 1})
    return PoissonChannel(f"toy/{name}", "x", "1", np.arange(3.0), (flat,), np.array(observed), asimov)
