"""Survival probabilities, mass states: closed limits, diagonalised Hamiltonians, the published angles."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nurecoil.errors import PhysicsError
from nurecoil.physics.oscillation import (
    OscillationParameters,
    VacuumMassShares,
    flavour_shares,
    mass_shares,
    matter_potential,
    three_flavour_survival,
    two_flavour_survival,
)

REFERENCE = json.loads((Path(__file__).parents[2] / "reference" / "solar.json").read_text())
DELTA_M31_SQ = 2.5e-3
sines = st.floats(0, 1)


def test_defaults_are_the_published_set() -> None:
    published = REFERENCE["mixing"]["values"]
    parameters = OscillationParameters()
    assert parameters.sin2_theta12 == published["sin2_theta12"]
    assert parameters.sin2_theta13 == published["sin2_theta13"]
    assert parameters.sin2_theta23 == published["sin2_theta23"]
    assert parameters.delta_m21_sq == published["delta_m21_sq_eV2"]


def test_matter_potential() -> None:
    """V = 7.63e-14 eV times the electron density in mol/cm3, e.g. Kuo and Pantaleone (1989)."""
    np.testing.assert_allclose(matter_potential([0.0, 1.0, 100.0]), [0, 7.63e-20, 7.63e-18], rtol=1e-3)


def test_vacuum_and_dense_limits() -> None:
    parameters = OscillationParameters()
    s2 = parameters.sin2_theta12
    vacuum = two_flavour_survival([0.1, 1.0], [1.0], [0.0], parameters)
    np.testing.assert_allclose(vacuum, 1 - 2 * s2 * (1 - s2), rtol=1e-14)
    dense = two_flavour_survival(1.0, [1.0], [1e9], parameters)
    assert float(dense) == pytest.approx(s2, rel=1e-6)


def adiabatic(hamiltonian: NDArray[np.float64], mixing: NDArray[np.float64]) -> float:
    """Electron survival when each matter state becomes its vacuum state: sum_i |U^m_ei|^2 |U_ei|^2."""
    _, states = np.linalg.eigh(hamiltonian)
    return float(np.sum(states[0] ** 2 * mixing[0] ** 2))


@given(
    s12=st.floats(0.05, 0.95), s13=st.floats(0, 0.3), energy=st.floats(0.01, 20), density=st.floats(0, 150)
)
def test_against_a_diagonalised_hamiltonian(s12: float, s13: float, energy: float, density: float) -> None:
    parameters = OscillationParameters(sin2_theta12=s12, sin2_theta13=s13)
    c, s = np.sqrt(1 - s12), np.sqrt(s12)
    mixing = np.array([[c, s], [-s, c]])
    matter = 2e12 * energy * float(matter_potential(density)) * (1 - s13)
    squares = mixing @ np.diag([0, parameters.delta_m21_sq]) @ mixing.T + np.diag([matter, 0])
    ours = two_flavour_survival(energy, [1.0], [density], parameters)
    assert float(ours) == pytest.approx(adiabatic(squares, mixing), rel=1e-9)


@pytest.mark.parametrize("energy", [0.1, 0.3843, 0.8618, 1.442, 10.0])
def test_three_flavours_against_a_diagonalised_hamiltonian(energy: float) -> None:
    """The effective two-flavour formula is good to a per mille for solar neutrinos."""
    parameters = OscillationParameters()
    c12, s12 = np.sqrt(1 - parameters.sin2_theta12), np.sqrt(parameters.sin2_theta12)
    c13, s13 = np.sqrt(1 - parameters.sin2_theta13), np.sqrt(parameters.sin2_theta13)
    mixing = np.array([[c13, 0, s13], [0, 1, 0], [-s13, 0, c13]]) @ np.array(
        [[c12, s12, 0], [-s12, c12, 0], [0, 0, 1]]
    )
    squares = mixing @ np.diag([0, parameters.delta_m21_sq, DELTA_M31_SQ]) @ mixing.T
    matter = 2e12 * energy * float(matter_potential(100.0))
    exact = adiabatic(squares + np.diag([matter, 0, 0]), mixing)
    two = two_flavour_survival(energy, [1.0], [100.0], parameters)
    assert float(three_flavour_survival(two, parameters)) == pytest.approx(exact, rel=4e-3)
    assert float(three_flavour_survival(two, parameters)) == pytest.approx(exact, rel=1e-3) or energy > 5


def test_average_over_zones() -> None:
    parameters = OscillationParameters()
    energy = np.array([0.3, 5.0])
    one = two_flavour_survival(energy, [1.0], [100.0], parameters)
    other = two_flavour_survival(energy, [1.0], [10.0], parameters)
    both = two_flavour_survival(energy, [3.0, 1.0], [100.0, 10.0], parameters)
    np.testing.assert_allclose(both, 0.75 * one + 0.25 * other, rtol=1e-13)


@given(
    s12=sines, s13=sines, s23=sines, energy=st.lists(st.floats(0, 100), max_size=4), density=st.floats(0, 1e6)
)
def test_probabilities_are_probabilities(
    s12: float, s13: float, s23: float, energy: list[float], density: float
) -> None:
    parameters = OscillationParameters(s12, s13, s23)
    two = two_flavour_survival(energy, [1.0], [density], parameters)
    assert two.shape == (len(energy),)
    shares = flavour_shares(two, parameters)
    assert list(shares) == ["e", "mu", "tau"]
    for share in shares.values():
        assert np.all((share >= -1e-12) & (share <= 1 + 1e-12))
    np.testing.assert_allclose(sum(shares.values()), 1.0, rtol=1e-12)


@given(energy=st.floats(0, 20), density=st.floats(0.1, 200))
def test_matter_suppresses_more_at_high_energy(energy: float, density: float) -> None:
    parameters = OscillationParameters()
    low, high = two_flavour_survival([energy, energy + 0.1], [1.0], [density], parameters)
    assert high < low


def test_split_between_mu_and_tau() -> None:
    """Eq. 12 of Phys. Rev. D 96 (2017) 091103 with sin^2 theta_23 = 0.51."""
    shares = flavour_shares(0.55, OscillationParameters())
    assert float(shares["tau"] / shares["mu"]) == pytest.approx(0.51 / 0.49)
    assert float(shares["e"]) == pytest.approx(0.021**2 + 0.979**2 * 0.55)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sin2_theta12": 1.2}, "sin2_theta12 = 1.2"),
        ({"sin2_theta13": -0.1}, "sin2_theta13 = -0.1"),
        ({"sin2_theta23": float("nan")}, "sin2_theta23 = nan"),
        ({"delta_m21_sq": 0.0}, "a positive number"),
        ({"delta_m21_sq": float("inf")}, "a positive number"),
    ],
)
def test_refused_parameters(values: dict[str, float], message: str) -> None:
    with pytest.raises(PhysicsError, match=message):
        OscillationParameters(**values)


@pytest.mark.parametrize(
    ("energy", "weights", "density", "message"),
    [
        ([-0.1], [1.0], [1.0], "below 0 or NaN"),
        ([np.nan], [1.0], [1.0], "below 0 or NaN"),
        ([1.0], [1.0, 1.0], [1.0], "shapes"),
        ([1.0], [0.0], [1.0], "weights"),
        ([1.0], [1.0, -0.1], [1.0, 1.0], "weights"),
        ([1.0], [1.0], [-1.0], "densities"),
    ],
)
def test_refused_input(energy: list[float], weights: list[float], density: list[float], message: str) -> None:
    with pytest.raises(PhysicsError, match=message):
        two_flavour_survival(energy, weights, density, OscillationParameters())


def test_mass_shares_at_beryllium() -> None:
    """P2 = 0.55 inverts to P1_2nu = 0.63; the third state carries sin^2 theta_13."""
    parameters = OscillationParameters()
    one, two, three = mass_shares(0.55, parameters)
    assert one / (1 - parameters.sin2_theta13) == pytest.approx(0.63, abs=0.005)
    assert one + two == pytest.approx(1 - parameters.sin2_theta13)
    assert three == parameters.sin2_theta13


@given(
    s12=st.floats(0, 1).filter(lambda s: abs(s - 0.5) > 1e-3),
    s13=sines,
    energy=st.lists(st.floats(0, 100), max_size=4),
    density=st.floats(0, 1e6),
)
def test_mass_shares_give_the_survival_back(
    s12: float, s13: float, energy: list[float], density: float
) -> None:
    parameters = OscillationParameters(s12, s13)
    survival = two_flavour_survival(energy, [1.0], [density], parameters)
    shares = mass_shares(survival, parameters)
    assert shares.shape == (3, len(energy))
    assert np.all((shares >= 0) & (shares <= 1))
    np.testing.assert_allclose(shares.sum(axis=0), 1.0, rtol=1e-12)
    rest = 1 - s13
    again = shares[0] * (1 - s12) + shares[1] * s12
    np.testing.assert_allclose(again, rest * survival, rtol=0, atol=1e-12)


def test_mass_shares_end_in_vacuum_and_in_dense_matter() -> None:
    parameters = OscillationParameters(sin2_theta13=0.0)
    vacuum, dense = (two_flavour_survival(1.0, [1.0], [n], parameters) for n in (0.0, 1e12))
    np.testing.assert_allclose(mass_shares(vacuum, parameters), [0.693, 0.307, 0], rtol=1e-12)
    np.testing.assert_allclose(mass_shares(dense, parameters), [0, 1, 0], atol=1e-9)


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from([(), (3,), (2, 4)]))
def test_mass_shares_without_matter(s12: float, s13: float, shape: tuple[int, ...]) -> None:
    """They are probabilities, the same at every energy, and give the averaged survival in vacuum."""
    parameters = OscillationParameters(sin2_theta12=s12, sin2_theta13=s13)
    shares = VacuumMassShares(parameters)(np.full(shape, 2.0))
    assert shares.shape == (3, *shape)
    assert np.all(shares >= 0) and shares.sum(axis=0) == pytest.approx(np.ones(shape))
    survival = np.sum(shares**2, axis=0)
    averaged = three_flavour_survival(np.full(shape, 1 - 2 * s12 * (1 - s12)), parameters)
    assert survival == pytest.approx(averaged, abs=1e-12)


def test_rounding_is_clipped_and_nothing_else() -> None:
    parameters = OscillationParameters()
    top = 1 - parameters.sin2_theta12
    assert mass_shares(top + 1e-9, parameters)[1] == 0
    for outside in (top + 1e-4, parameters.sin2_theta12 - 1e-4, np.nan):
        with pytest.raises(PhysicsError, match=r"mass states: P2 = .*0\.307 to 0\.693"):
            mass_shares([0.5, outside], parameters)
    with pytest.raises(PhysicsError, match="not maximal"):
        mass_shares(0.5, OscillationParameters(sin2_theta12=0.5))
