"""The magnetic moment against quadrature in many digits, the charge against the full amplitude."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurecoil.errors import PhysicsError
from nurecoil.physics.constants import (
    CLASSICAL_ELECTRON_RADIUS,
    ELECTRON_MASS,
    FERMI_CONSTANT,
    FINE_STRUCTURE,
    HBAR_C,
)
from nurecoil.physics.electromagnetic import (
    magnetic_moment,
    magnetic_moment_integral,
    millicharge,
    millicharge_interference,
)
from nurecoil.physics.light_vector import light_vector, light_vector_interference
from nurecoil.physics.scattering import Flavour, couplings, maximum_recoil, tree_level

energies = st.floats(1e-3, 100.0)
fractions = st.floats(1e-6, 1.0)


def reference(T: mpmath.mpf, E: mpmath.mpf) -> mpmath.mpf:
    return mpmath.pi * mpmath.mpf(CLASSICAL_ELECTRON_RADIUS) ** 2 * (1 / T - 1 / E)


def test_scale_is_alpha_squared_over_mass_squared() -> None:
    scale = np.pi * (FINE_STRUCTURE * HBAR_C / ELECTRON_MASS) ** 2
    assert magnetic_moment(0.2, 0.862) == pytest.approx(scale * (1 / 0.2 - 1 / 0.862), rel=1e-7)


@given(E=energies, fraction=fractions)
def test_differential(E: float, fraction: float) -> None:
    T = fraction * float(maximum_recoil(E))
    with mpmath.workdps(30):
        expected = float(reference(mpmath.mpf(T), mpmath.mpf(E)))
    assert magnetic_moment(T, E) == pytest.approx(expected, rel=1e-12)


@settings(deadline=None, max_examples=40)
@given(E=energies, ends=st.tuples(fractions, fractions))
def test_integral_against_quadrature(E: float, ends: tuple[float, float]) -> None:
    low, high = (float(end * maximum_recoil(E)) for end in sorted(ends))
    with mpmath.workdps(70):  # the tolerance of the quadrature is absolute
        # in the logarithm of the energy the integrand is smooth
        expected = mpmath.quad(
            lambda x: mpmath.exp(x) * reference(mpmath.exp(x), mpmath.mpf(E)),
            mpmath.linspace(mpmath.log(low), mpmath.log(high), 5),
        )
    assert magnetic_moment_integral(E, low, high) == pytest.approx(float(expected), rel=1e-12, abs=1e-45)


@given(E=st.floats(0, 100), T=st.floats(-10, 200))
def test_positive_inside_and_zero_outside(E: float, T: float) -> None:
    value = magnetic_moment(T, E)
    assert value > 0 if 0 < T <= maximum_recoil(E) else value == 0


@given(E=energies, ends=st.tuples(*[st.floats(1e-6, 2)] * 3))
def test_integrals_add_up(E: float, ends: tuple[float, float, float]) -> None:
    a, b, c = (float(end * maximum_recoil(E)) for end in sorted(ends))
    parts = magnetic_moment_integral(E, a, b) + magnetic_moment_integral(E, b, c)
    assert parts == pytest.approx(float(magnetic_moment_integral(E, a, c)), rel=1e-12, abs=1e-40)


def test_interval_beyond_the_largest_recoil_is_empty() -> None:
    assert magnetic_moment_integral(0.862, 0.7, np.inf) == 0
    assert magnetic_moment_integral(0.0, 0.1, 1.0) == 0


def test_broadcasting() -> None:
    edges, E = np.linspace(0.1, 0.6, 7), np.array([0.384, 0.862, 1.442])
    sums = magnetic_moment_integral(E, edges[:-1, None], edges[1:, None])
    assert sums.shape == (6, 3)
    assert sums.sum(axis=0) == pytest.approx(magnetic_moment_integral(E, edges[0], edges[-1]), rel=1e-12)
    assert magnetic_moment(edges[:, None], E).shape == (7, 3)


@pytest.mark.parametrize("low", [0.0, -0.1, [0.1, 0.0]])
def test_divergence_is_an_error_that_names_the_remedy(low: float | list[float]) -> None:
    with pytest.raises(PhysicsError, match=r"diverges.*T_low above 0 MeV.*threshold"):
        magnetic_moment_integral(0.862, low, 0.5)


@pytest.mark.parametrize("antineutrino", [False, True])
@pytest.mark.parametrize("flavour", ["e", "mu", "tau"])
@given(E=energies, fraction=fractions, charge=st.floats(-1e-11, 1e-11))
def test_a_charge_shifts_the_vector_coupling_of_the_electron(
    flavour: Flavour, antineutrino: bool, E: float, fraction: float, charge: float
) -> None:
    """As the literature writes it: g_V goes down by sqrt(2) pi alpha q / (G_F m_e T)."""
    T = fraction * float(maximum_recoil(E))
    left, right = couplings(flavour, antineutrino)
    vector, axial = left + right, left - right
    vector -= np.sqrt(2) * np.pi * FINE_STRUCTURE * charge / (FERMI_CONSTANT * ELECTRON_MASS * T)
    parts = np.array(
        [
            (vector + axial) ** 2,
            (vector - axial) ** 2 * (1 - T / E) ** 2,
            -(vector**2 - axial**2) * ELECTRON_MASS * T / E**2,
        ]
    )
    parts *= FERMI_CONSTANT**2 * ELECTRON_MASS / (2 * np.pi) * HBAR_C**2
    terms = np.array(
        [
            tree_level(T, E, flavour, antineutrino),
            charge * millicharge_interference(T, E, flavour, antineutrino),
            charge**2 * millicharge(T, E),
        ]
    )
    scale = np.abs(parts).max() + np.abs(terms).max()
    assert terms.sum() == pytest.approx(parts.sum(), abs=1e-13 * scale)


def test_a_charge_is_a_massless_vector_between_opposite_charges() -> None:
    T, E, charge = 0.2, 0.862, 1e-12
    square = 4 * np.pi * FINE_STRUCTURE  # of the charge e
    assert millicharge(T, E) == pytest.approx(square**2 * light_vector(T, E, 0.0), rel=1e-12)
    small = np.pi * FINE_STRUCTURE**2 * HBAR_C**2 * (2 / T**2) / ELECTRON_MASS  # Coulomb, T far below E
    assert millicharge(T, 1e4) == pytest.approx(small, rel=1e-4)
    mixed = charge * millicharge_interference(T, E, "e")
    assert mixed == pytest.approx(-charge * square * light_vector_interference(T, E, 0.0, "e"), rel=1e-12)
    assert mixed < 0
