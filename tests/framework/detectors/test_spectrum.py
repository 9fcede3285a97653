"""Spectra and the quadrature they are folded with: breaks, limits, accuracy."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad

from nurecoil.detectors.spectrum import Spectrum, quadrature
from nurecoil.errors import PhysicsError

Array = NDArray[np.float64]


def width(value: float) -> Callable[[Array], Array]:
    return lambda energy: np.full_like(energy, value)


def step(energy: Array) -> Array:
    """An edge like a Compton shoulder, at 0.3."""
    return np.where(energy < 0.3, 1.0 + energy, 0.25)


@pytest.mark.parametrize("breaks", [(), (1.0,), (1.0, 1.0), (1.0, 0.5), (-0.1, 1.0), (0.0, math.nan)])
def test_malformed_supports_are_refused(breaks: tuple[float, ...]) -> None:
    with pytest.raises(PhysicsError, match="Allowed: increasing energies from 0 on"):
        Spectrum(step, breaks)


def test_edges_on_breaks_are_integrated_exactly() -> None:
    with_break, without = Spectrum(step, (0.0, 0.3, 1.0)), Spectrum(step, (0.0, 1.0))
    exact = 0.3 + 0.3**2 / 2 + 0.25 * 0.7
    for panel in (0.5, 0.07, 0.01):
        assert with_break.integral(panel) == pytest.approx(exact, rel=1e-14)
    assert without.integral(0.13) != pytest.approx(exact, rel=1e-4)


@given(
    low=st.floats(0.0, 1.2),
    high=st.floats(0.0, 1.2),
    panel=st.floats(0.01, 0.5),
)
def test_only_energies_within_the_limits_count(low: float, high: float, panel: float) -> None:
    energy, weight = quadrature(Spectrum(step, (0.0, 0.3, 1.0)), width(panel), low, high)
    exact = sum(
        quad(lambda e: float(step(np.array(e))), left, right)[0]
        for left, right in ((low, min(high, 0.3)), (max(low, 0.3), min(high, 1.0)))
        if right > left
    )
    assert weight.sum() == pytest.approx(exact, rel=1e-12, abs=1e-300)
    assert np.all((energy >= low) & (energy <= min(high, 1.0)))
    assert energy.size == weight.size


def test_nothing_left_is_nothing() -> None:
    for low, high in ((2.0, math.inf), (0.5, 0.5), (0.9, 0.2)):
        energy, weight = quadrature(Spectrum(step, (0.0, 0.3, 1.0)), width(0.1), low, high)
        assert energy.size == weight.size == 0


def test_points_are_in_order_and_the_order_is_that_of_gauss() -> None:
    for order in (2, 3, 5):
        degree = 2 * order - 1
        power = Spectrum(lambda e, d=degree: e**d, (0.0, 2.0))
        energy, weight = quadrature(power, width(5.0), order=order)
        assert energy.size == order
        assert np.all(np.diff(energy) > 0)
        assert weight.sum() == pytest.approx(2 ** (degree + 1) / (degree + 1), rel=1e-13)
        above = Spectrum(lambda e, d=degree: e ** (d + 1), (0.0, 2.0))
        inexact = quadrature(above, width(5.0), order=order)[1]
        assert inexact.sum() != pytest.approx(2 ** (degree + 2) / (degree + 2), rel=1e-6)


def test_panels_follow_the_wanted_width() -> None:
    flat = Spectrum(np.ones_like, (0.0, 1.0))
    energy, _ = quadrature(flat, lambda e: 0.02 + 0.1 * e, order=1)
    spacing = np.diff(energy)
    middle = (energy[1:] + energy[:-1]) / 2
    wanted = 0.02 + 0.1 * middle
    assert np.all(spacing <= 1.05 * wanted)
    assert np.all(spacing >= 0.8 * wanted)


def test_a_gaussian_kernel_of_one_panel_is_folded_to_the_stated_accuracy() -> None:
    sigma = 0.05
    beta = Spectrum(lambda e: e * (1 - e) ** 2, (0.0, 1.0))

    def kernel(energy: Array | float, at: float) -> Array | float:
        return np.exp(-0.5 * ((at - energy) / sigma) ** 2)

    energy, weight = quadrature(beta, width(sigma))
    for at in (0.2, 0.5, 0.8):
        exact, _ = quad(
            lambda e, at=at: e * (1 - e) ** 2 * kernel(e, at), 0, 1, points=[at], epsabs=0, epsrel=1e-12
        )
        assert float(weight @ kernel(energy, at)) == pytest.approx(exact, rel=1e-7)
