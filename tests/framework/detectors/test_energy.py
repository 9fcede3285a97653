"""The response of a detector that measures energy: sharp and smeared, wide and narrow, with a scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import ndtr

from nurecoil.detectors.energy import EnergyResponse, Resolution, ScaledEnergyTemplate
from nurecoil.detectors.spectrum import Spectrum
from nurecoil.errors import PhysicsError

Array = NDArray[np.float64]

EDGES = np.linspace(0.2, 5.2, 51)
FLAT = Spectrum(lambda energy: np.full_like(energy, 10.0), (0.0, 3.0))
FALLING = Spectrum(lambda energy: 1 / energy, (0.02, 3.0))


def brute(spectrum: Spectrum, edges: Array, width: Callable[[Array], Array], points: int = 30_000) -> Array:
    """Contents by a sum over very many energies."""
    energy = np.geomspace(spectrum.breaks[0], spectrum.breaks[-1], points + 1)
    middle, step = (energy[1:] + energy[:-1]) / 2, np.diff(energy)
    weight = spectrum.density(middle) * step
    total = [weight @ ndtr((edge - middle) / width(middle)) for edge in edges]
    return np.diff(total)


@settings(max_examples=40, deadline=None)
@given(
    a=st.sampled_from([0.0, 1e-7, 1e-4, 3e-3, 0.03, 0.3]),
    b=st.sampled_from([0.0, 0.01, 0.1]),
    c=st.sampled_from([0.0, 1e-3, 0.05]),
    efficiency=st.floats(0.01, 1.0),
)
def test_no_event_is_lost_between_bins_that_reach_everywhere(
    a: float, b: float, c: float, efficiency: float
) -> None:
    edges = np.append(np.linspace(0.0, 6.0, 61), 30.0)
    seen = Spectrum(lambda energy: 3 * energy, (1.0, 2.0))
    found = EnergyResponse(edges, Resolution(a, b, c), efficiency=efficiency).template(seen)
    assert isinstance(found, np.ndarray)
    lost = 1e-3 if a > 0.1 else 1e-9  # the widest smears below zero
    assert found.sum() == pytest.approx(4.5 * efficiency, rel=max(lost, 1e-6))
    assert np.all(found >= 0)


def test_a_perfect_detector_gives_the_integrals_of_the_bins() -> None:
    found = EnergyResponse(EDGES, Resolution(0.0)).template(FALLING)
    top = np.minimum(EDGES, 3.0)
    np.testing.assert_allclose(found, np.log(top[1:] / top[:-1]), rtol=1e-9, atol=1e-15)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.0, 2.9), st.floats(0.0, 0.1))
def test_a_break_inside_a_bin_costs_nothing(start: float, shift: float) -> None:
    box = Spectrum(lambda energy: np.full_like(energy, 7.0), (start, start + 0.1 + shift))
    found = EnergyResponse(EDGES, Resolution(0.0)).template(box)
    overlap = np.minimum(EDGES[1:], box.breaks[1]) - np.maximum(EDGES[:-1], box.breaks[0])
    np.testing.assert_allclose(found, 7 * np.maximum(overlap, 0), atol=1e-9)


@pytest.mark.parametrize("spectrum", [FLAT, FALLING], ids=["flat", "falling"])
@pytest.mark.parametrize(
    "resolution",
    [Resolution(1e-3), Resolution(0.01), Resolution(0.06), Resolution(0, 0.1), Resolution(0, 0.5),
     Resolution(0, 0, 0.3), Resolution(0.03, 0.01, 0.002)],
)  # fmt: skip
def test_smeared_contents_are_those_of_a_very_fine_sum(spectrum: Spectrum, resolution: Resolution) -> None:
    some = spectrum if spectrum.breaks[0] else Spectrum(spectrum.density, (1e-3, 3.0))
    found = EnergyResponse(EDGES, resolution).template(some)
    wanted = brute(some, EDGES, resolution.at, 30_000 if resolution.stochastic != 1e-3 else 300_000)
    np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-5 * wanted.max())


def test_a_vanishing_resolution_joins_the_perfect_one() -> None:
    perfect = EnergyResponse(EDGES, Resolution(0.0)).template(FALLING)
    for noise, tolerance in ((1e-7, 1e-12), (9e-5, 1e-12), (1.1e-4, 1e-4), (1e-3, 1e-2)):
        narrow = EnergyResponse(EDGES, Resolution(0, 0, noise)).template(FALLING)
        np.testing.assert_allclose(narrow, perfect, rtol=tolerance, atol=noise)


def test_far_bins_lose_no_digits_under_a_huge_background() -> None:
    huge = Spectrum(lambda energy: np.full_like(energy, 1e15), (0.3, 0.5))
    found = EnergyResponse(np.linspace(0.2, 3.2, 31), Resolution(0, 0, 0.05)).template(huge)
    assert isinstance(found, np.ndarray)
    assert np.all(found >= 0)
    assert np.all(np.diff(found[4:10]) < 0)
    assert found[-1] == 0.0


@settings(max_examples=30, deadline=None)
@given(scale=st.floats(0.9, 1.1), a=st.sampled_from([0.0, 1e-3, 0.05]), b=st.sampled_from([0.0, 0.1]))
def test_the_derivative_is_that_of_the_contents(scale: float, a: float, b: float) -> None:
    template = EnergyResponse(EDGES, Resolution(a, b), "toy.scale").template(FALLING)
    assert isinstance(template, ScaledEnergyTemplate)
    contents, slope = template.evaluate([scale])
    step = 1e-6
    above, below = template.evaluate([scale + step])[0], template.evaluate([scale - step])[0]
    assert slope.shape == (1, EDGES.size - 1)
    np.testing.assert_allclose(slope[0], (above - below) / (2 * step), rtol=1e-4, atol=1e-4 * contents.max())


@pytest.mark.parametrize("scale", [0.9, 1.0, 1.1])
def test_a_scale_moves_the_energies(scale: float) -> None:
    template = EnergyResponse(EDGES, Resolution(0.05), "toy.scale").template(FALLING)
    assert isinstance(template, ScaledEnergyTemplate)
    moved = Spectrum(lambda e: FALLING.density(e / scale) / scale, (0.02 * scale, 3.0 * scale))
    wanted = brute(moved, EDGES, lambda energy: 0.05 * np.sqrt(energy / scale))
    np.testing.assert_allclose(template.evaluate([scale])[0], wanted, rtol=1e-4, atol=1e-6)


def test_with_the_scale_at_one_nothing_changes() -> None:
    resolution = Resolution(0.05, 0.01)
    plain = EnergyResponse(EDGES, resolution, efficiency=0.5).template(FALLING)
    scaled = EnergyResponse(EDGES, resolution, "toy.scale", 0.5).template(FALLING)
    assert isinstance(scaled, ScaledEnergyTemplate) and scaled.names == ("toy.scale",)
    np.testing.assert_allclose(scaled.evaluate([1.0])[0], plain, rtol=1e-5, atol=1e-9)


def test_weights_may_be_negative() -> None:
    dip = Spectrum(lambda energy: -1 / energy, FALLING.breaks)
    for scale in (None, "toy.scale"):
        response = EnergyResponse(EDGES, Resolution(0.05), scale)
        plus, minus = response.template(FALLING), response.template(dip)
        if isinstance(plus, ScaledEnergyTemplate) and isinstance(minus, ScaledEnergyTemplate):
            plus, minus = plus.evaluate([1.0])[0], minus.evaluate([1.0])[0]
        np.testing.assert_allclose(minus, -np.asarray(plus), rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(low=st.floats(0.01, 3.0), a=st.floats(0.0, 0.3), b=st.floats(0.0, 0.15), scaled=st.booleans())
def test_what_lies_outside_its_range_does_not_reach_the_bins(
    low: float, a: float, b: float, scaled: bool
) -> None:
    response = EnergyResponse(low + np.linspace(0, 2, 21), Resolution(a, b), "s" if scaled else None)
    start, end = response.energy_range
    assert 0 < start <= low and end >= low + 2
    for energy, edge in ((start, low), (end, low + 2)):
        if 1e-4 < energy < 1e3 and not response.resolution.perfect:
            sigma = float(response.resolution.at(np.array(energy)))
            moved = energy * (1.2 if energy < edge else 0.8) if scaled else energy
            # beyond six sigma, or as far as the grid of energies goes
            assert abs(edge - moved) > 5.9 * sigma - 0.01 * energy


def test_resolution_terms_add_in_quadrature() -> None:
    made = Resolution(0.3, 0.04, 0.5)
    assert float(made.at(np.array(4.0))) == pytest.approx(np.sqrt(0.36 + 0.0256 + 0.25))
    assert Resolution(0.0).perfect and not made.perfect


@pytest.mark.parametrize("terms", [(-0.1,), (np.nan,), (0.1, -1.0), (0.1, 0.0, np.inf)])
def test_impossible_resolutions_are_refused(terms: tuple[float, ...]) -> None:
    with pytest.raises(PhysicsError, match="energy resolution"):
        Resolution(*terms)


@pytest.mark.parametrize("edges", [[1.0], [1.0, 1.0], [2.0, 1.0], [-1.0, 1.0], [0.0, np.nan], [[0.0, 1.0]]])
def test_impossible_bins_are_refused(edges: Any) -> None:
    with pytest.raises(PhysicsError, match="energy bins"):
        EnergyResponse(np.array(edges), Resolution(0.1))


@pytest.mark.parametrize("efficiency", [0.0, -1.0, 1.1, np.nan])
def test_impossible_efficiencies_are_refused(efficiency: float) -> None:
    with pytest.raises(PhysicsError, match="efficiency"):
        EnergyResponse(EDGES, Resolution(0.1), efficiency=efficiency)
