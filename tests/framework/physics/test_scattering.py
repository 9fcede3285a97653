"""Tree-level scattering against closed forms of its own, quadrature in many digits, and its symmetries."""

from __future__ import annotations

from typing import get_args

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurecoil.errors import OptionError, PhysicsError
from nurecoil.physics.constants import ELECTRON_MASS, FERMI_CONSTANT, HBAR_C, SIN2_THETA_W
from nurecoil.physics.scattering import (
    WEAK_SCALE,
    Flavour,
    couplings,
    maximum_recoil,
    minimum_neutrino_energy,
    tree_level,
    tree_level_integral,
)

FLAVOURS: tuple[Flavour, ...] = get_args(Flavour)
CASES = [(flavour, anti) for flavour in FLAVOURS for anti in (False, True)]
energies = st.floats(1e-3, 100.0)
fractions = st.floats(1e-9, 1.0)


def reference(T: mpmath.mpf, E: mpmath.mpf, flavour: Flavour, anti: bool) -> mpmath.mpf:
    """The cross section written in vector and axial couplings, as textbooks other than ours do."""
    electron = mpmath.mpf(ELECTRON_MASS)
    vector = mpmath.mpf(SIN2_THETA_W) * 2 + (0.5 if flavour == "e" else -0.5)
    axial = mpmath.mpf(0.5 if flavour == "e" else -0.5) * (-1 if anti else 1)
    scale = mpmath.mpf(FERMI_CONSTANT) ** 2 * electron / (2 * mpmath.pi) * mpmath.mpf(HBAR_C) ** 2
    return scale * (
        (vector + axial) ** 2
        + (vector - axial) ** 2 * (1 - T / E) ** 2
        - (vector**2 - axial**2) * electron * T / E**2
    )


def test_scale() -> None:
    assert pytest.approx(1.723e-44, rel=2e-4) == WEAK_SCALE


def test_couplings_of_every_neutrino() -> None:
    assert couplings("e") == (0.5 + SIN2_THETA_W, SIN2_THETA_W)
    assert couplings("mu") == couplings("tau") == (-0.5 + SIN2_THETA_W, SIN2_THETA_W)
    assert couplings("e", True) == couplings("e")[::-1]


def test_unknown_flavour_offers_the_known_ones() -> None:
    with pytest.raises(OptionError, match=r"'nu_e' is not known\. Allowed: e, mu, tau"):
        tree_level(0.3, 0.862, "nu_e")  # type: ignore[arg-type]


@given(E=energies)
def test_limits_of_kinematics_are_inverse(E: float) -> None:
    assert minimum_neutrino_energy(maximum_recoil(E)) == pytest.approx(E, rel=1e-12)
    assert 0 < maximum_recoil(E) < E


def test_limits_at_zero_and_bad_energies() -> None:
    assert maximum_recoil(0.0) == 0 and minimum_neutrino_energy(0.0) == 0
    with pytest.raises(PhysicsError, match="maximum_recoil: neutrino energy"):
        maximum_recoil(-0.1)
    with pytest.raises(PhysicsError, match="minimum_neutrino_energy: recoil energy"):
        minimum_neutrino_energy(np.nan)


@pytest.mark.parametrize(("flavour", "anti"), CASES)
@given(E=energies, fraction=fractions)
def test_differential_against_vector_and_axial_couplings(
    flavour: Flavour, anti: bool, E: float, fraction: float
) -> None:
    T = fraction * float(maximum_recoil(E))
    with mpmath.workdps(30):
        expected = float(reference(mpmath.mpf(T), mpmath.mpf(E), flavour, anti))
    # antinu_e has a zero at T_max of 0.55 MeV, where only the scale of the terms can be asked for
    assert tree_level(T, E, flavour, anti) == pytest.approx(expected, rel=1e-12, abs=1e-16 * WEAK_SCALE)


@pytest.mark.parametrize(("flavour", "anti"), CASES)
@settings(deadline=None, max_examples=40)
@given(E=energies, ends=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_integral_against_quadrature(
    flavour: Flavour, anti: bool, E: float, ends: tuple[float, float]
) -> None:
    low, high = (float(end * maximum_recoil(E)) for end in sorted(ends))
    with mpmath.workdps(70):  # the tolerance of the quadrature is absolute
        ends_in_digits = [mpmath.mpf(low), mpmath.mpf(high)]
        expected = mpmath.quad(
            lambda T: reference(T, mpmath.mpf(E), flavour, anti), ends_in_digits, method="gauss-legendre"
        )
    got = tree_level_integral(E, low, high, flavour, anti)
    assert got == pytest.approx(float(expected), rel=1e-12, abs=1e-16 * WEAK_SCALE * (high - low))


@pytest.mark.parametrize(("flavour", "anti"), CASES)
def test_integral_of_a_narrow_bin(flavour: Flavour, anti: bool) -> None:
    low = 0.3
    high = np.nextafter(low, 1.0)
    expected = (high - low) * tree_level(low, 0.862, flavour, anti)
    assert tree_level_integral(0.862, low, high, flavour, anti) == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize(("flavour", "anti"), CASES)
@given(E=st.floats(0, 100), T=st.floats(-10, 200))
def test_positive_inside_and_zero_outside(flavour: Flavour, anti: bool, E: float, T: float) -> None:
    value = tree_level(T, E, flavour, anti)
    if 0 < T <= maximum_recoil(E):
        assert value >= -1e-16 * WEAK_SCALE
    else:
        assert value == 0


@given(E=energies, ends=st.tuples(st.floats(-1, 2), st.floats(-1, 2), st.floats(-1, 2)))
def test_integrals_add_up(E: float, ends: tuple[float, float, float]) -> None:
    a, b, c = (float(end * maximum_recoil(E)) for end in sorted(ends))
    parts = tree_level_integral(E, a, b, "e") + tree_level_integral(E, b, c, "e")
    assert parts == pytest.approx(float(tree_level_integral(E, a, c, "e")), rel=1e-12, abs=1e-75)


def test_total_at_high_energy_grows_like_the_energy() -> None:
    left, right = couplings("e")
    total = tree_level_integral(1e6, 0, np.inf, "e")
    assert total == pytest.approx(WEAK_SCALE * 1e6 * (left**2 + right**2 / 3), rel=2e-6)


def test_broadcasting() -> None:
    T, E = np.linspace(0.1, 0.6, 7), np.array([0.384, 0.862, 1.442])
    table = tree_level(T[:, None], E, "mu")
    assert table.shape == (7, 3)
    assert all(table[i, j] == tree_level(T[i], E[j], "mu") for i in range(7) for j in range(3))
    assert tree_level(T.tolist(), 0.862, "e").shape == (7,)
    assert tree_level(0.3, 0.862, "e").shape == ()
    sums = tree_level_integral(E, T[:-1, None], T[1:, None], "mu")
    assert sums.shape == (6, 3)
    whole = tree_level_integral(E, T[0], T[-1], "mu")
    assert sums.sum(axis=0) == pytest.approx(whole, rel=1e-12)


def test_mixing_angle_is_an_argument() -> None:
    left, right = couplings("mu", sin2_theta_w=0.25)
    assert tree_level(1e-12, 1.0, "mu", sin2_theta_w=0.25) == pytest.approx(
        WEAK_SCALE * (left**2 + right**2), rel=1e-9
    )


def test_bad_arguments_name_the_function() -> None:
    with pytest.raises(PhysicsError, match="tree_level: recoil energy"):
        tree_level(np.nan, 1.0, "e")
    with pytest.raises(PhysicsError, match="tree_level_integral: T_low"):
        tree_level_integral(1.0, 0.3, 0.2, "e")
    with pytest.raises(PhysicsError, match="tree_level: shapes"):
        tree_level(np.zeros(3), np.zeros(2), "e")
