"""Folding into hits: counts, derivatives, bins, and the accuracy against a fold of our own."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import gammaln

from nurecoil.detectors.quenching import Quenching
from nurecoil.detectors.scintillator import (
    RESPONSE_QUANTITIES,
    HitBins,
    HitScale,
    HitTemplate,
    PeakTemplate,
)
from nurecoil.detectors.spectrum import Spectrum, quadrature
from nurecoil.errors import PhysicsError

Array = NDArray[np.float64]

POINT = np.array([427.0, 0.11, 1.53, 4.0, 3e-4])
STEP = np.array([0.1, 1e-4, 1e-3, 0.05, 1e-6])
LIGHT = Quenching(0.0109)


def beta(energy: Array) -> Array:
    return 1e4 * energy * np.maximum(1.1 - energy, 0.0) ** 2


def panel(energy: Array) -> Array:
    """One standard deviation of the response at POINT, in energy."""
    scale = HitScale(*POINT)
    mean = np.maximum(scale.mean(LIGHT.visible(np.maximum(energy, 0.02))), 5.0)
    return np.asarray(np.sqrt(scale.variance_over_mean(mean) * mean) / POINT[0])


def folded(bins: HitBins, offset: bool = False, factor: Array | None = None) -> HitTemplate:
    energy, weight = quadrature(Spectrum(beta, (0.0, 1.1)), panel, 0.02)
    names = (*RESPONSE_QUANTITIES, "offset") if offset else RESPONSE_QUANTITIES
    return HitTemplate(bins, LIGHT.visible(energy), weight, names, offset, factor)


def density(hits: Array, mean: Array, ratio: Array) -> Array:
    """The scaled Poisson density, from the gamma function."""
    k, m = hits / ratio, mean / ratio
    return np.asarray(np.exp(k * np.log(m) - m - gammaln(k + 1)) / ratio)


def slope(template: HitTemplate, values: Array, shift: Array) -> Array:
    """Derivative of the contents along a shift, from differences of fourth order."""
    near = template.evaluate(values + shift)[0] - template.evaluate(values - shift)[0]
    far = template.evaluate(values + 2 * shift)[0] - template.evaluate(values - 2 * shift)[0]
    return np.asarray((8 * near - far) / (12 * np.sum(shift)))


def moments(visible: Array, values: Array) -> tuple[Array, Array]:
    light_yield, saturation, linear, constant, quadratic = values[:5]
    mean = light_yield * visible * (1 - saturation * visible) / (1 - saturation)
    return mean, linear + constant / mean + quadratic * mean


def test_the_fold_is_good_to_1e_6_of_every_bin() -> None:
    bins = HitBins.of(np.arange(79.5, 420.0))
    counts, _ = folded(bins).evaluate(POINT)
    # our own: twenty times as many energies, Simpson's rule, the density from the gamma function
    energy = np.linspace(0.02, 1.1, 4001)
    weight = np.full(energy.size, 2.0)
    weight[1::2] = 4.0
    weight[[0, -1]] = 1.0
    weight *= beta(energy) * (energy[1] - energy[0]) / 3
    mean, ratio = moments(LIGHT.visible(energy), POINT)
    exact = weight @ density(bins.points, mean[:, None], ratio[:, None])
    assert np.max(np.abs(counts / exact - 1)) < 1e-6


def test_nothing_is_lost_in_a_wide_window() -> None:
    bins = HitBins.of(np.arange(0.5, 800.5))
    energy = np.linspace(0.3, 0.9, 40)
    template = HitTemplate(bins, energy, np.linspace(1.0, 2.0, 40), RESPONSE_QUANTITIES)
    counts, jacobian = template.evaluate(POINT)
    assert counts.sum() == pytest.approx(60.0, rel=1e-9)
    # and so nothing is gained or lost when the response moves
    assert np.max(np.abs(jacobian.sum(axis=1)) * STEP) < 1e-8


def test_counts_have_the_moments_of_the_scale() -> None:
    bins = HitBins.of(np.arange(0.5, 800.5))
    line = HitTemplate(bins, np.array([0.8]), np.array([1.0]), RESPONSE_QUANTITIES)
    counts, _ = line.evaluate(POINT)
    scale = HitScale(*POINT)
    mean = float(scale.mean(np.array([0.8]))[0])
    average = counts @ bins.points
    assert average == pytest.approx(mean, rel=1e-8)
    variance = float(scale.variance_over_mean(np.array([mean]))[0]) * mean
    assert counts @ (bins.points - average) ** 2 == pytest.approx(variance, rel=1e-6)


def test_light_yield_is_the_mean_at_1_mev_whatever_the_saturation() -> None:
    for saturation in (0.0, 0.05, 0.2):
        assert HitScale(430.0, saturation, 1.5, 0.0, 0.0).mean(np.array([1.0]))[0] == pytest.approx(430.0)


@pytest.mark.parametrize("row", range(6))
@pytest.mark.parametrize("wide", [False, True])
def test_derivatives_are_those_of_finite_differences(row: int, wide: bool) -> None:
    edges = np.array([79.5, 84.5, 99.5, 100.5, 150.5, 300.5, 420.5]) if wide else np.arange(79.5, 420.0)
    factor = np.linspace(0.9, 1.1, edges.size - 1)
    template = folded(HitBins.of(edges), offset=True, factor=factor)
    values, steps = np.append(POINT, 0.02), np.append(STEP, 1e-5)
    found = slope(template, values, np.where(np.arange(6) == row, steps, 0.0))
    np.testing.assert_allclose(
        template.evaluate(values)[1][row], found, rtol=0, atol=1e-7 * np.max(np.abs(found))
    )


@settings(max_examples=40)
@given(
    light_yield=st.floats(350, 550),
    saturation=st.floats(0.0, 0.2),
    linear=st.floats(1.0, 2.5),
    constant=st.floats(0.0, 50.0),
    quadratic=st.floats(0.0, 3e-3),
)
def test_derivatives_hold_all_over_the_allowed_region(
    light_yield: float, saturation: float, linear: float, constant: float, quadratic: float
) -> None:
    values = np.array([light_yield, saturation, linear, constant, quadratic])
    template = HitTemplate(
        HitBins.of(np.arange(99.5, 300.5)), np.linspace(0.15, 0.8, 25), np.ones(25), RESPONSE_QUANTITIES
    )
    counts, jacobian = template.evaluate(values)
    assert np.all(counts >= 0)
    for row, step in enumerate(STEP):
        found = slope(template, values, np.where(np.arange(5) == row, step, 0.0))
        np.testing.assert_allclose(jacobian[row], found, rtol=0, atol=1e-6 * np.max(np.abs(found)))


def test_the_offset_shifts_every_visible_energy() -> None:
    bins = HitBins.of(np.arange(99.5, 300.5))
    energy = np.linspace(0.2, 0.6, 30)
    moved = HitTemplate(bins, energy + 0.05, np.ones(30), RESPONSE_QUANTITIES).evaluate(POINT)
    template = HitTemplate(bins, energy, np.ones(30), (*RESPONSE_QUANTITIES, "offset"), offset=True)
    counts, jacobian = template.evaluate(np.append(POINT, 0.05))
    np.testing.assert_allclose(counts, moved[0], rtol=1e-12)
    np.testing.assert_allclose(jacobian[:5], moved[1], rtol=1e-9, atol=1e-12)


def test_wide_bins_are_sums_of_unit_bins() -> None:
    unit = np.arange(79.5, 420.0)
    edges = np.array([79.5, 80.5, 90.5, 130.5, 131.5, 419.5])
    fine, coarse = folded(HitBins.of(unit)).evaluate(POINT), folded(HitBins.of(edges)).evaluate(POINT)
    starts = np.searchsorted(unit, edges)
    for one, two in zip(fine, coarse, strict=True):
        summed = [one[..., a:b].sum(axis=-1) for a, b in pairwise(starts)]
        np.testing.assert_allclose(two, np.stack(summed, axis=-1), rtol=1e-12, atol=1e-9)


def test_the_factor_is_bin_wise() -> None:
    bins = HitBins.of(np.arange(79.5, 420.0))
    factor = np.linspace(0.5, 1.5, 340)
    plain, combed = folded(bins).evaluate(POINT), folded(bins, factor=factor).evaluate(POINT)
    np.testing.assert_array_equal(combed[0], factor * plain[0])
    np.testing.assert_array_equal(combed[1], factor * plain[1])


def test_points_beyond_the_turning_point_of_the_saturation_are_left_out() -> None:
    bins = HitBins.of(np.arange(99.5, 700.5))
    template = HitTemplate(bins, np.array([0.5, 2.6]), np.ones(2), RESPONSE_QUANTITIES)
    alone = HitTemplate(bins, np.array([0.5]), np.ones(1), RESPONSE_QUANTITIES)
    values = POINT.copy()
    values[1] = 0.2  # turns at 2.5 MeV
    np.testing.assert_array_equal(template.evaluate(values)[0], alone.evaluate(values)[0])
    assert np.all(template.evaluate(POINT)[0] >= alone.evaluate(POINT)[0])


def test_a_window_out_of_reach_is_empty() -> None:
    template = folded(HitBins.of(np.arange(900.5, 950.5)))
    counts, jacobian = template.evaluate(POINT)
    assert not counts.any()
    assert not jacobian.any()


@pytest.mark.parametrize("change", [{2: -0.5}, {2: 0.5, 3: -300.0}, {4: -0.1}])
def test_without_a_positive_variance_there_are_no_counts_to_speak_of(change: dict[int, float]) -> None:
    values = POINT.copy()
    for index, value in change.items():
        values[index] = value
    counts, jacobian = folded(HitBins.of(np.arange(79.5, 420.0))).evaluate(values)
    assert np.all(np.isnan(counts))
    assert np.all(np.isnan(jacobian))
    assert jacobian.shape == (5, 340)


def test_bins_place_their_points() -> None:
    bins = HitBins.of(np.array([99.5, 100.5, 104.5, 104.8]))
    np.testing.assert_allclose(bins.points, [100, 101, 102, 103, 104, 104.65])
    np.testing.assert_allclose(bins.widths, [1, 1, 1, 1, 1, 0.3])
    np.testing.assert_allclose(bins.collect(np.ones((2, 6))), [[1, 4, 0.3]] * 2)
    first, last, part = bins.collect_part(np.ones(2), slice(2, 4))
    assert (first, last) == (0, 3)
    np.testing.assert_allclose(part, [0, 2, 0])


@pytest.mark.parametrize(
    "edges", [[1.0], [2.0, 1.0], [1.0, 1.0], [0.0, 1.0], [-1.0, 1.0], [1.0, math.nan], [[1.0, 2.0]]]
)
def test_malformed_edges_are_refused(edges: list[float]) -> None:
    with pytest.raises(PhysicsError, match="hit bins: edges that do not increase from above 0"):
        HitBins.of(np.array(edges))


def test_the_peak_is_where_and_as_wide_as_its_parameters_say() -> None:
    bins = HitBins.of(np.arange(0.5, 600.5))
    counts, jacobian = PeakTemplate(bins, 250.0, ("mu", "sigma")).evaluate([188.8, 15.2])
    assert counts.sum() == pytest.approx(250.0, rel=1e-9)
    average = counts @ bins.points / 250
    assert average == pytest.approx(188.8, rel=1e-9)
    assert counts @ (bins.points - average) ** 2 / 250 == pytest.approx(15.2**2, rel=1e-7)
    assert jacobian.shape == (2, 599)


@settings(max_examples=40)
@given(position=st.floats(120.0, 300.0), width=st.floats(12.0, 25.0), wide=st.booleans())
def test_derivatives_of_the_peak(position: float, width: float, wide: bool) -> None:
    edges = np.arange(99.5, 320.5, 13.0) if wide else np.arange(99.5, 320.5)
    factor = np.linspace(0.9, 1.1, edges.size - 1)
    peak = PeakTemplate(HitBins.of(edges), 250.0, ("mu", "sigma"), factor)
    _, jacobian = peak.evaluate([position, width])
    step = 1e-4
    for row, shift in enumerate(np.eye(2) * step):
        at = np.array([position, width])
        found = (peak.evaluate(at + shift)[0] - peak.evaluate(at - shift)[0]) / (2 * step)
        np.testing.assert_allclose(jacobian[row], found, rtol=0, atol=1e-6 * np.max(np.abs(found)))


@pytest.mark.parametrize("values", [(190.0, 0.0), (190.0, -15.0), (0.0, 15.0), (-1.0, 15.0), (math.nan, 1.0)])
def test_a_peak_without_width_or_place_has_no_counts_to_speak_of(values: tuple[float, float]) -> None:
    counts, jacobian = PeakTemplate(HitBins.of(np.arange(99.5, 120.5)), 1.0, ("mu", "sigma")).evaluate(values)
    assert np.all(np.isnan(counts))
    assert counts.shape == (20,)
    assert np.all(np.isnan(jacobian))
    assert jacobian.shape == (2, 20)
