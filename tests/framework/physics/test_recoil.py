"""The fold of a source with a cross section: accuracy, edges, divergences, independence of shapes."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad

from nurecoil.errors import PhysicsError
from nurecoil.model.parameters import Parameter
from nurecoil.physics.constants import CLASSICAL_ELECTRON_RADIUS
from nurecoil.physics.electromagnetic import magnetic_moment
from nurecoil.physics.radiative import radiative
from nurecoil.physics.recoil import recoil_rate, recoil_spectrum
from nurecoil.physics.scattering import (
    Flavour,
    maximum_recoil,
    minimum_neutrino_energy,
    tree_level,
    tree_level_integral,
)
from nurecoil.physics.solar import SolarNeutrinos
from nurecoil.physics.solar_options import FLUX_NAMES
from nurecoil.physics.source import CrossSection, Source

Array = NDArray[np.float64]
SUN = SolarNeutrinos()
MU = 1e-11


def moment(T: Array, E: Array, flavour: Flavour, antineutrino: bool) -> Array:
    """A moment of 1e-11 mu_B of every flavour."""
    return MU**2 * magnetic_moment(T, E)


def shape(E: Array) -> Array:
    """A smooth spectrum that vanishes at 0 and 2 MeV, with integral 1."""
    return 1.5 * np.clip(E * (2 - E), 0, None) / 2


def smooth(n: int = 401, flavour: Flavour = "e", antineutrino: bool = False, flux: float = 1.0) -> Source:
    energy = np.linspace(0, 2, n)
    return Source(
        name="smooth",
        family="made up",
        title="a parabola",
        flux=flux,
        energy=energy,
        density=shape(energy),
        probabilities=lambda E: {flavour: np.ones_like(E)},
        antineutrino=antineutrino,
        weak=tree_level,
        parameter=Parameter("smooth.flux", "1", 1.0),
    )


@pytest.mark.parametrize(
    "cross_section", [tree_level, radiative, moment], ids=["tree", "radiative", "moment"]
)
@pytest.mark.parametrize("name", FLUX_NAMES)
def test_doubling_the_order_changes_nothing(name: str, cross_section: CrossSection) -> None:
    source = SUN.source(name)
    recoil = source.maximum_recoil * np.linspace(0.003, 0.997, 25)
    once = recoil_spectrum(source, cross_section, recoil)
    twice = recoil_spectrum(source, cross_section, recoil, order=6)
    np.testing.assert_allclose(once, twice, rtol=1e-5)
    low, high = 0.1 * source.maximum_recoil, 0.6 * source.maximum_recoil
    for limits in ((low, high), (low, None), (1e-4 * source.maximum_recoil, high)):
        rate = recoil_rate(source, cross_section, *limits)
        assert rate == pytest.approx(recoil_rate(source, cross_section, *limits, order=6), rel=1e-5)


@pytest.mark.parametrize("antineutrino", [False, True])
@pytest.mark.parametrize("flavour", ["e", "mu", "tau"])
def test_against_adaptive_quadrature(flavour: Flavour, antineutrino: bool) -> None:
    """Against scipy's integrator on the spectrum's formula.

    The table of 400 intervals costs less than 1e-5; at 1.7 MeV, where only its last 20 intervals count
    and 0.05 % of the rate is left, less than 5e-4.
    """
    source = smooth(flavour=flavour, antineutrino=antineutrino, flux=3.0)
    recoil = np.array([1e-3, 0.3, 1.0, 1.7])
    scale = float(tree_level(1e-3, 1.0, flavour, antineutrino))
    expected = [
        3.0
        * scale
        * quad(
            lambda E, T=T: float(shape(E)) * float(tree_level(T, E, flavour, antineutrino)) / scale,
            float(minimum_neutrino_energy(T)),
            2,
            epsrel=1e-10,
        )[0]
        for T in recoil
    ]
    folded = recoil_spectrum(source, tree_level, recoil)
    np.testing.assert_allclose(folded[:3], expected[:3], rtol=1e-5)
    np.testing.assert_allclose(folded[3], expected[3], rtol=5e-4)


def test_rate_against_the_closed_integral() -> None:
    source = smooth()
    scale = float(tree_level_integral(2.0, 0.0, 5.0, "e"))
    for low, high in ((0.0, 5.0), (0.2, 0.9), (1e-3, 1.0)):
        kinks = [float(minimum_neutrino_energy(limit)) for limit in (low, high)]
        expected = quad(
            lambda E, low=low, high=high: (
                float(shape(E)) * float(tree_level_integral(E, low, high, "e")) / scale
            ),
            0,
            2,
            points=[kink for kink in kinks if 0 < kink < 2] or None,
            epsrel=1e-10,
        )[0]
        assert recoil_rate(source, tree_level, low, high) == pytest.approx(scale * expected, rel=1e-5)


def test_lines_are_exact() -> None:
    be7 = SUN.source("be7")
    recoil = np.array([0.05, 0.2, 0.3, 0.6, 0.7])
    expected = np.zeros(5)
    for energy, share in be7.lines:
        for flavour, probability in be7.probabilities(np.array([energy])).items():
            expected += be7.flux * share * probability * tree_level(recoil, energy, flavour)
    np.testing.assert_allclose(recoil_spectrum(be7, tree_level, recoil), expected, rtol=1e-14)
    edge = float(maximum_recoil(0.8618))
    below, above = recoil_spectrum(be7, tree_level, [edge * (1 - 1e-9), edge * (1 + 1e-9)])
    assert below > 0.1 * expected[0] and above == 0
    assert recoil_rate(be7, tree_level, edge * (1 + 1e-9)) == 0


def test_moment_of_a_line_against_its_logarithm() -> None:
    """Integral of pi r_0^2 mu^2 (1/T - 1/E), thresholds far below and just below the Compton edge."""
    pep = SUN.source("pep")
    top = pep.maximum_recoil
    for low, high in ((1e-6, 5.0), (0.05, 0.3), (1.0, 5.0)):
        upper = min(high, top)
        closed = np.log(upper / low) - (upper - low) / 1.442
        expected = pep.flux * np.pi * (CLASSICAL_ELECTRON_RADIUS * MU) ** 2 * closed
        assert recoil_rate(pep, moment, low, high) == pytest.approx(expected, rel=1e-9)


def test_moment_of_a_spectrum_against_its_logarithm() -> None:
    source = smooth()
    low = 1e-4
    least = float(minimum_neutrino_energy(low))

    def closed(E: float) -> float:
        top = float(maximum_recoil(E))
        return float(shape(np.array(E))) * (np.log(top / low) - (top - low) / E)

    expected = (
        np.pi * (CLASSICAL_ELECTRON_RADIUS * MU) ** 2 * quad(closed, least, 2, epsrel=1e-10, limit=200)[0]
    )
    assert recoil_rate(source, moment, low) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", ["pp", "pep"])
def test_a_moment_without_threshold_diverges(name: str) -> None:
    with pytest.raises(PhysicsError, match=r"does not converge at T = 0.*Give T_low above 0"):
        recoil_rate(SUN.source(name), moment)


@pytest.mark.parametrize("cross_section", [tree_level, radiative], ids=["tree", "radiative"])
@pytest.mark.parametrize("name", ["pp", "be7", "b8"])
def test_rate_is_the_integral_of_the_spectrum(name: str, cross_section: CrossSection) -> None:
    source = SUN.source(name)
    low, high = 0.02, 0.9 * source.maximum_recoil
    edges = [low, high, *(float(maximum_recoil(energy)) for energy, _ in source.lines)]
    edges = sorted(edge for edge in edges if low <= edge <= high)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    total = 0.0
    for bottom, top in pairwise(edges):
        grid = np.linspace(bottom, top, 6)
        for a, b in pairwise(grid):
            recoil = a + (b - a) * (nodes + 1) / 2
            total += (b - a) / 2 * float(weights @ recoil_spectrum(source, cross_section, recoil))
    assert recoil_rate(source, cross_section, low, high) == pytest.approx(total, rel=2e-5)


def test_rates_add_up() -> None:
    source = SUN.source("n13")
    whole = recoil_rate(source, radiative)
    parts = [recoil_rate(source, radiative, a, b) for a, b in ((0, 0.1), (0.1, 0.4), (0.4, None))]
    assert sum(parts) == pytest.approx(whole, rel=1e-6)


@settings(deadline=None)
@given(
    recoil=st.lists(st.floats(0, 1), min_size=1, max_size=30),
    name=st.sampled_from(["pp", "be7", "n13"]),
)
def test_each_recoil_energy_stands_alone(recoil: list[float], name: str) -> None:
    """Order, neighbours and shape of T do not matter; nothing is negative or above the edge."""
    source = SUN.source(name)
    values = recoil_spectrum(source, tree_level, recoil)
    assert np.all(values >= 0)
    assert np.all(values[np.array(recoil) > source.maximum_recoil] == 0)
    alone = np.array([float(recoil_spectrum(source, tree_level, T)) for T in recoil])
    np.testing.assert_allclose(values, alone, rtol=1e-12)
    column = recoil_spectrum(source, tree_level, np.array(recoil)[:, None])
    np.testing.assert_allclose(column[:, 0], values, rtol=1e-12)


def test_many_energies_go_in_parts() -> None:
    """More energies than one chunk holds give the same as a few."""
    source = SUN.source("pp")
    recoil = np.linspace(1e-3, 0.25, 4000)
    many = recoil_spectrum(source, tree_level, recoil)
    np.testing.assert_allclose(many[::500], recoil_spectrum(source, tree_level, recoil[::500]), rtol=1e-12)


def test_absent_flavours_are_not_asked_for() -> None:
    asked: set[str] = set()

    def spy(T: Array, E: Array, flavour: Flavour, antineutrino: bool) -> Array:
        asked.add(flavour)
        assert np.all(maximum_recoil(E) * (1 + 1e-12) >= T)
        return tree_level(T, E, flavour, antineutrino)

    recoil_spectrum(smooth(flavour="mu"), spy, [0.1, 0.5, 1.9])
    recoil_rate(smooth(flavour="mu"), spy, 0.1, 0.5)
    assert asked == {"mu"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: recoil_spectrum(s, tree_level, [-0.1]), "recoil energy .* is -0.1"),
        (lambda s: recoil_spectrum(s, tree_level, [np.nan]), "recoil energy .* is nan"),
        (lambda s: recoil_rate(s, tree_level, -0.1), "T_low"),
        (lambda s: recoil_rate(s, tree_level, 0.3, 0.2), "0 <= T_low < T_high"),
        (lambda s: recoil_rate(s, tree_level, 0.3, np.nan), "T_high"),
    ],
)
def test_refused(call: Callable[[Source], object], message: str) -> None:
    with pytest.raises(PhysicsError, match=message):
        call(SUN.source("pp"))


@pytest.mark.benchmark
def test_speed() -> None:
    """300 energies of pp at tree level take below 50 ms."""
    source = SUN.source("pp")
    recoil = np.linspace(1e-3, 0.26, 300)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        recoil_spectrum(source, tree_level, recoil)
        seconds.append(time.perf_counter() - start)
    print(f"recoil_spectrum of pp, 300 energies, tree level: {1e3 * min(seconds):.1f} ms")
    assert min(seconds) < 0.05
