"""The light vector: full amplitude, quadrature in many digits, limits of small and large mass."""

from __future__ import annotations

from typing import get_args

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.errors import OptionError, PhysicsError
from nurecoil.physics.constants import ELECTRON_MASS, FERMI_CONSTANT, HBAR_C
from nurecoil.physics.light_vector import (
    light_vector,
    light_vector_integral,
    light_vector_interference,
    light_vector_interference_integral,
)
from nurecoil.physics.scattering import WEAK_SCALE, Flavour, couplings, maximum_recoil, tree_level

FLAVOURS: tuple[Flavour, ...] = get_args(Flavour)
CASES = [(flavour, anti) for flavour in FLAVOURS for anti in (False, True)]
energies = st.floats(0.02, 60.0)
fractions = st.floats(1e-6, 1.0)
masses = st.sampled_from([0.0, 1e-9, 1e-6, 1e-3, 0.1, 1.0, 10.0, 100.0, 1e4, 1e7])


def pure(T: mpmath.mpf, E: mpmath.mpf, mass: float) -> mpmath.mpf:
    electron = mpmath.mpf(ELECTRON_MASS)
    bracket = 2 * E**2 + T**2 - 2 * T * E - electron * T
    propagator = mpmath.mpf(mass) ** 2 + 2 * electron * T
    return electron * bracket / (4 * mpmath.pi * E**2 * propagator**2) * mpmath.mpf(HBAR_C) ** 2


def mixed(T: mpmath.mpf, E: mpmath.mpf, mass: float, flavour: Flavour, anti: bool) -> mpmath.mpf:
    electron, fermi = mpmath.mpf(ELECTRON_MASS), mpmath.mpf(FERMI_CONSTANT)
    left, right = (mpmath.mpf(g) for g in couplings(flavour, anti))
    shift = 1 / (2 * mpmath.sqrt(2) * fermi * (mpmath.mpf(mass) ** 2 + 2 * electron * T))
    scale = 2 * fermi**2 * electron / mpmath.pi * mpmath.mpf(HBAR_C) ** 2
    bracket = 2 * left + 2 * right * (1 - T / E) ** 2 - (left + right) * electron * T / E**2
    return scale * shift * bracket


def closed(numerator: tuple[mpmath.mpf, ...], power: int, low: float, high: float, mass: float) -> float:
    """Integral of a parabola in T over ``(m^2 + 2 m_e T)^power``, with digits for every cancellation."""
    electron = mpmath.mpf(ELECTRON_MASS)
    offset = mpmath.mpf(mass) ** 2 / (2 * electron)
    constant, linear, square = numerator
    # the parabola in powers of t = T + offset
    inverse = [constant - linear * offset + square * offset**2, linear - 2 * square * offset, square]

    def antiderivative(T: float) -> mpmath.mpf:
        t = mpmath.mpf(T) + offset
        powers = [c * t ** (k - power + 1) / (k - power + 1) for k, c in enumerate(inverse) if k != power - 1]
        return sum(powers) + inverse[power - 1] * mpmath.log(t)

    return float((antiderivative(high) - antiderivative(low)) / (2 * electron) ** power)


def pure_integral(E: float, mass: float, low: float, high: float) -> float:
    with mpmath.workdps(90):
        E, electron = mpmath.mpf(E), mpmath.mpf(ELECTRON_MASS)
        scale = electron / (4 * mpmath.pi) * mpmath.mpf(HBAR_C) ** 2
        return float(scale) * closed((mpmath.mpf(2), -2 / E - electron / E**2, 1 / E**2), 2, low, high, mass)


def mixed_integral(E: float, mass: float, low: float, high: float, flavour: Flavour, anti: bool) -> float:
    with mpmath.workdps(90):
        E, electron, fermi = mpmath.mpf(E), mpmath.mpf(ELECTRON_MASS), mpmath.mpf(FERMI_CONSTANT)
        left, right = (mpmath.mpf(g) for g in couplings(flavour, anti))
        scale = fermi * electron / (mpmath.sqrt(2) * mpmath.pi) * mpmath.mpf(HBAR_C) ** 2
        linear = -4 * right / E - (left + right) * electron / E**2
        return float(scale) * closed((2 * (left + right), linear, 2 * right / E**2), 1, low, high, mass)


@pytest.mark.parametrize("mass", [0.0, 0.05, 3.0])
def test_the_reference_integrals_themselves(mass: float) -> None:
    E, low, high = 0.862, 0.1, 0.6
    with mpmath.workdps(70):  # the tolerance of the quadrature is absolute
        ends = [mpmath.mpf(low), mpmath.mpf(0.2), mpmath.mpf(high)]
        expected = mpmath.quad(lambda T: pure(T, mpmath.mpf(E), mass), ends)
        expected_mixed = mpmath.quad(lambda T: mixed(T, mpmath.mpf(E), mass, "mu", False), ends)
    assert pure_integral(E, mass, low, high) == pytest.approx(float(expected), rel=1e-14, abs=0)
    assert mixed_integral(E, mass, low, high, "mu", False) == pytest.approx(
        float(expected_mixed), rel=1e-14, abs=0
    )


@pytest.mark.parametrize(("flavour", "anti"), CASES)
@given(E=energies, fraction=fractions, mass=masses, product=st.floats(-1e-10, 1e-10))
def test_terms_add_up_to_the_full_amplitude_squared(
    flavour: Flavour, anti: bool, E: float, fraction: float, mass: float, product: float
) -> None:
    T = fraction * float(maximum_recoil(E))
    left, right = couplings(flavour, anti)
    shift = product / (2 * np.sqrt(2) * FERMI_CONSTANT * (mass**2 + 2 * ELECTRON_MASS * T))
    left, right = left + shift, right + shift
    squares = WEAK_SCALE * np.array(
        [left**2, right**2 * (1 - T / E) ** 2, -left * right * ELECTRON_MASS * T / E**2]
    )
    terms = np.array(
        [
            tree_level(T, E, flavour, anti),
            product * light_vector_interference(T, E, mass, flavour, anti),
            product**2 * light_vector(T, E, mass),
        ]
    )
    scale = np.abs(terms).max() + np.abs(squares).max()
    assert terms.sum() == pytest.approx(squares.sum(), abs=1e-13 * scale)


@given(E=energies, fraction=fractions, mass=masses)
def test_differential_as_the_paper_writes_it(E: float, fraction: float, mass: float) -> None:
    T = fraction * float(maximum_recoil(E))
    with mpmath.workdps(30):
        expected = float(pure(mpmath.mpf(T), mpmath.mpf(E), mass))
    assert light_vector(T, E, mass) == pytest.approx(expected, rel=1e-12)


@given(E=energies, ends=st.tuples(fractions, fractions), mass=masses)
def test_integral_in_closed_form(E: float, ends: tuple[float, float], mass: float) -> None:
    low, high = (float(end * maximum_recoil(E)) for end in sorted(ends))
    expected = pure_integral(E, mass, low, high)
    assert light_vector_integral(E, mass, low, high) == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize(("flavour", "anti"), CASES)
@given(E=energies, ends=st.tuples(fractions, fractions), mass=masses)
def test_interference_integral_in_closed_form(
    flavour: Flavour, anti: bool, E: float, ends: tuple[float, float], mass: float
) -> None:
    low, high = (float(end * maximum_recoil(E)) for end in sorted(ends))
    expected = mixed_integral(E, mass, low, high, flavour, anti)
    got = light_vector_interference_integral(E, mass, low, high, flavour, anti)
    # the sign changes along T for mu and tau: there only the scale of the terms can be asked for
    size = float(abs(light_vector_interference_integral(E, mass, low, high, "e")))
    assert got == pytest.approx(expected, rel=1e-12, abs=1e-13 * size)


@given(E=energies, fraction=fractions, mass=st.sampled_from([1e-6, 1e-3, 1.0, 100.0]))
def test_integrals_from_zero_recoil_of_a_massive_vector(E: float, fraction: float, mass: float) -> None:
    high = fraction * float(maximum_recoil(E))
    assert light_vector_integral(E, mass, 0.0, high) == pytest.approx(
        pure_integral(E, mass, 0.0, high), rel=1e-12, abs=0
    )
    assert light_vector_interference_integral(E, mass, 0.0, high, "e") == pytest.approx(
        mixed_integral(E, mass, 0.0, high, "e", False), rel=1e-12, abs=0
    )


@pytest.mark.parametrize("mass", [0.0, 1e-6, 1.0, 100.0])
def test_integral_of_a_narrow_bin(mass: float) -> None:
    low = 0.3
    high = np.nextafter(low, 1.0)
    width = high - low
    assert light_vector_integral(0.862, mass, low, high) == pytest.approx(
        float(width * light_vector(low, 0.862, mass)), rel=1e-12
    )
    assert light_vector_interference_integral(0.862, mass, low, high, "mu") == pytest.approx(
        float(width * light_vector_interference(low, 0.862, mass, "mu")), rel=1e-12
    )


def test_massless_integral_in_elementary_functions() -> None:
    E, low = 6.0, 0.2
    high = float(maximum_recoil(E))
    bracket = (
        2 * (1 / low - 1 / high) - (2 / E + ELECTRON_MASS / E**2) * np.log(high / low) + (high - low) / E**2
    )
    expected = bracket * HBAR_C**2 / (16 * np.pi * ELECTRON_MASS)
    assert light_vector_integral(E, 0.0, low, high) == pytest.approx(expected, rel=1e-12)


def test_small_masses_join_the_massless_limit_and_heavy_ones_a_contact_term() -> None:
    massless = light_vector_integral(6.0, 0.0, 0.2, np.inf)
    assert light_vector_integral(6.0, 1e-9, 0.2, np.inf) == pytest.approx(float(massless), rel=1e-12)
    heavy = light_vector_integral(6.0, np.array([1e5, 1e6]), 0.2, np.inf)
    assert heavy[0] / heavy[1] == pytest.approx(1e4, rel=1e-8)
    mixed_heavy = light_vector_interference_integral(6.0, np.array([1e5, 1e6]), 0.2, np.inf, "e")
    assert mixed_heavy[0] / mixed_heavy[1] == pytest.approx(1e2, rel=1e-8)


@given(E=energies, ends=st.tuples(*[st.floats(1e-4, 2)] * 3), mass=masses)
def test_integrals_add_up(E: float, ends: tuple[float, float, float], mass: float) -> None:
    a, b, c = (float(end * maximum_recoil(E)) for end in sorted(ends))
    parts = light_vector_integral(E, mass, a, b) + light_vector_integral(E, mass, b, c)
    assert parts == pytest.approx(float(light_vector_integral(E, mass, a, c)), rel=1e-12, abs=0)


@given(E=st.floats(0, 100), T=st.floats(-10, 0) | st.floats(1e-100, 200), mass=masses)
def test_positive_inside_and_zero_outside(E: float, T: float, mass: float) -> None:
    value = light_vector(T, E, mass)
    interference = light_vector_interference(T, E, mass, "mu")
    if 0 < T <= maximum_recoil(E):
        assert value > 0
        assert light_vector_interference(T, E, mass, "e") > 0
    else:
        assert value == 0 and interference == 0


def test_interference_of_nu_e_is_constructive_and_of_nu_mu_not() -> None:
    assert light_vector_interference(0.2, 0.862, 0.0, "e") > 0
    assert light_vector_interference(0.2, 0.862, 0.0, "mu") < 0


def test_broadcasting() -> None:
    T, E, mass = (
        np.linspace(0.1, 0.6, 5)[:, None, None],
        np.array([0.5, 1.0, 2.0])[:, None],
        np.array([0.0, 1.0]),
    )
    assert light_vector(T, E, mass).shape == (5, 3, 2)
    assert light_vector_interference(T, E, mass, "tau").shape == (5, 3, 2)
    table = light_vector_integral(E, mass, 0.1, T)
    assert table.shape == (5, 3, 2)
    assert table[3, 1, 1] == light_vector_integral(1.0, 1.0, 0.1, T[3, 0, 0])


@pytest.mark.parametrize("low", [0.0, -1.0])
def test_massless_divergence_is_an_error(low: float) -> None:
    with pytest.raises(PhysicsError, match=r"massless vector.*diverges.*T_low above 0 MeV, or a mass"):
        light_vector_integral(0.862, 0.0, low, 0.5)
    with pytest.raises(PhysicsError, match="diverges"):
        light_vector_interference_integral(0.862, 0.0, low, 0.5, "e")
    assert light_vector_integral(0.862, 0.1, low, 0.5) > 0
    assert light_vector_integral(0.0, 0.0, low, 0.5) == 0


def test_bad_arguments() -> None:
    with pytest.raises(PhysicsError, match="light_vector: mass of the vector"):
        light_vector(0.2, 0.862, -1.0)
    with pytest.raises(PhysicsError, match="shapes that do not fit"):
        light_vector(np.zeros(3), 0.862, np.zeros(2))
    with pytest.raises(OptionError, match="'nue' is not known"):
        light_vector_interference(0.2, 0.862, 0.0, "nue")  # type: ignore[arg-type]
