"""Fermi function, shape factors and spectra of single beta transitions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad

from nurecoil.errors import PhysicsError
from nurecoil.physics.beta import (
    Shape,
    allowed,
    beta_spectrum,
    fermi_function,
    linear_in_recoil,
    polynomial_in_W,
    unique_first_forbidden,
    unique_first_forbidden_coulomb,
)
from nurecoil.physics.constants import ELECTRON_MASS, FINE_STRUCTURE, HBAR_C

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "reference" / "beta.json").read_text(encoding="utf-8")
)
SHAPES: dict[str, Shape] = {
    "allowed": allowed,
    "unique": unique_first_forbidden,
    "unique in the Coulomb field": unique_first_forbidden_coulomb(40),
    "linear": linear_in_recoil(0.3),
    "polynomial": polynomial_in_W(0.578, 28.466, 0.1),
}


def generalised(k: int, T: float, Z: int, A: int) -> mpmath.mpf:
    """F_(k-1) of Behrens and Buehring for electrons, with mpmath's gamma function."""
    W = 1 + mpmath.mpf(T) / mpmath.mpf(ELECTRON_MASS)
    p = mpmath.sqrt(W**2 - 1)
    number = mpmath.mpf(A)
    radius = mpmath.mpf("1.121") * number ** (mpmath.mpf(1) / 3)
    radius += mpmath.mpf("2.426") * number ** (-mpmath.mpf(1) / 3) - mpmath.mpf("6.614") / number
    radius *= mpmath.mpf("1e-13") * mpmath.mpf(ELECTRON_MASS) / mpmath.mpf(HBAR_C)
    strength = mpmath.mpf(FINE_STRUCTURE) * Z
    gamma = mpmath.sqrt(k**2 - strength**2)
    eta = strength * W / p
    return (
        (k * mpmath.fac2(2 * k - 1)) ** 2
        * 4**k
        * (2 * p * radius) ** (2 * gamma - 2 * k)
        * mpmath.exp(mpmath.pi * eta)
        * abs(mpmath.gamma(mpmath.mpc(gamma, eta))) ** 2
        / mpmath.gamma(2 * gamma + 1) ** 2
    )


@settings(deadline=None)
@given(T=st.floats(1e-3, 5.0), Z=st.integers(1, 90))
def test_fermi_function_in_many_digits(T: float, Z: int) -> None:
    A = 2 * Z + 1
    with mpmath.workdps(30):
        gamma = mpmath.sqrt(1 - (mpmath.mpf(FINE_STRUCTURE) * Z) ** 2)
        expected = float(generalised(1, T, Z, A) * (1 + gamma) / 2)
    assert fermi_function(T, Z, A=A) == pytest.approx(expected, rel=1e-11)


@given(T=st.floats(1e-2, 5.0))
def test_fermi_function_of_light_nuclei_is_the_classic_one(T: float) -> None:
    momentum = np.sqrt(T * (T + 2 * ELECTRON_MASS))
    for sign, positron in ((1, False), (-1, True)):
        x = 2 * np.pi * sign * FINE_STRUCTURE * (T + ELECTRON_MASS) / momentum
        assert fermi_function(T, 1, positron, A=3) == pytest.approx(x / -np.expm1(-x), rel=5e-4)


def test_fermi_function_attracts_electrons_and_repels_positrons() -> None:
    T = np.logspace(-4, 1, 50)
    assert np.all(fermi_function(T, 20) > 1) and np.all(fermi_function(T, 20, positron=True) < 1)
    assert np.all(np.diff(fermi_function(T, 20)) < 0)
    assert fermi_function(T, 0) == pytest.approx(np.ones(50))


def test_mass_number_only_scales_the_fermi_function() -> None:
    T = np.array([0.01, 0.1, 1.0])
    scale = fermi_function(T, 84, A=210) / fermi_function(T, 84)
    assert scale == pytest.approx(np.full(3, scale[0]), rel=1e-12)
    assert scale[0] == pytest.approx(1.0, abs=0.01)


@settings(deadline=None)
@given(T=st.floats(1e-3, 5.0), Z=st.integers(1, 90))
def test_coulomb_shape_factor_in_many_digits(T: float, Z: int) -> None:
    A, endpoint = 2 * Z + 1, 6.0
    with mpmath.workdps(30):
        gammas = [mpmath.sqrt(k**2 - (mpmath.mpf(FINE_STRUCTURE) * Z) ** 2) for k in (1, 2)]
        lambda_2 = generalised(2, T, Z, A) / generalised(1, T, Z, A) * (2 + gammas[1]) / (2 + 2 * gammas[0])
        p2 = mpmath.mpf(T) * (mpmath.mpf(T) + 2 * mpmath.mpf(ELECTRON_MASS))
        q2 = (mpmath.mpf(endpoint) - mpmath.mpf(T)) ** 2
        expected = float((q2 + lambda_2 * p2) / mpmath.mpf(ELECTRON_MASS) ** 2)
    got = unique_first_forbidden_coulomb(Z, A=A)(np.array([T]), endpoint)
    assert got == pytest.approx(expected, rel=1e-11)


def test_coulomb_shape_factor_of_a_neutral_nucleus_is_the_plain_one() -> None:
    T = np.linspace(0.01, 0.5, 20)
    expected = unique_first_forbidden(T, 0.5)
    assert unique_first_forbidden_coulomb(0)(T, 0.5) == pytest.approx(expected, rel=1e-12)


def test_shape_factors_by_hand() -> None:
    T = np.array([0.0, 0.1])
    assert allowed(T, 0.2).tolist() == [1.0, 1.0]
    assert linear_in_recoil(1.24)(T, 0.1) == pytest.approx([1.124, 1.0])
    W = 1 + 0.1 / ELECTRON_MASS
    shape = polynomial_in_W(0.578, 28.466, -0.658)
    assert shape(T, 1.0) == pytest.approx(
        [1 + 28.466 + 0.578 - 0.658, 1 + 28.466 / W + 0.578 * W - 0.658 * W**2]
    )
    assert unique_first_forbidden(T, 0.1) * ELECTRON_MASS**2 == pytest.approx(
        [0.01, 0.01 + 0.2 * ELECTRON_MASS]
    )


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("positron", [False, True])
@settings(deadline=None, max_examples=8)
@given(endpoint=st.floats(0.02, 10.0), Z=st.integers(0, 90))
def test_spectra_are_normalised(shape: Shape, positron: bool, endpoint: float, Z: int) -> None:
    # an independent rule, in the energy itself
    nodes, weights = np.polynomial.legendre.leggauss(60)
    edges = endpoint * np.concatenate(([0.0], np.logspace(-12, 0, 25)))
    low, width = edges[:-1, None], np.diff(edges)[:, None]
    T = low + width * (nodes + 1) / 2
    integral = np.sum(width / 2 * weights * beta_spectrum(T, endpoint, Z, shape, positron))
    assert integral == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@given(T=st.floats(-1, 3))
def test_positive_inside_and_zero_outside(shape: Shape, T: float) -> None:
    value = beta_spectrum(T, 1.5, 37, shape)
    assert value > 0 if 0 <= T < 1.5 else value == 0


def test_electrons_at_rest_exist_and_positrons_at_rest_do_not() -> None:
    start = beta_spectrum(np.array([0.0, 1e-9, 1e-6]), 0.6871, 37)
    assert start[0] > 0 and start == pytest.approx(np.full(3, start[0]), rel=1e-3)
    assert beta_spectrum(0.0, 0.9604, 5, positron=True) == pytest.approx(0, abs=1e-30)


def test_light_nuclei_without_coulomb_field() -> None:
    T, Q = np.linspace(0, 1, 11), 1.0
    statistical = np.sqrt(T * (T + 2 * ELECTRON_MASS)) * (T + ELECTRON_MASS) * (Q - T) ** 2
    norm = quad(
        lambda t: np.sqrt(t * (t + 2 * ELECTRON_MASS)) * (t + ELECTRON_MASS) * (Q - t) ** 2,
        0,
        1,
        epsabs=0,
        epsrel=1e-11,
    )[0]
    assert beta_spectrum(T, Q, 0) == pytest.approx(statistical / norm, rel=1e-9, abs=1e-5)


def test_argon_39_against_betashape() -> None:
    reference = REFERENCE["ar39_spectrum"]
    T = np.array([row["energy_keV"] for row in reference["rows"]]) / 1000
    published = np.array([row["per_keV"] for row in reference["rows"]]) * 1000
    got = beta_spectrum(T, 0.565, 19, unique_first_forbidden_coulomb(19, A=39))
    deviation = np.abs(got / published - 1)
    assert np.all(deviation[(T >= 0.01) & (T <= 0.5)] < 0.003)
    assert np.all(deviation < 0.01)  # screening at the lower end, the endpoint's last digit at the upper
    plain = beta_spectrum(T, 0.565, 19, unique_first_forbidden)
    assert np.abs(plain / published - 1).max() > 0.02


def test_broadcasting_and_shapes() -> None:
    T = np.linspace(0, 1, 12).reshape(3, 4)
    table = beta_spectrum(T, 0.9, 20, unique_first_forbidden)
    assert table.shape == (3, 4)
    assert table[1, 2] == pytest.approx(
        float(beta_spectrum(T[1, 2], 0.9, 20, unique_first_forbidden)), rel=1e-14
    )
    assert beta_spectrum(0.1, 0.9, 20).shape == ()


def sign_changing(T: NDArray[np.float64], endpoint: float) -> NDArray[np.float64]:
    return 0.5 * endpoint - T


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: beta_spectrum(0.1, 0.0, 7), "beta_spectrum: an endpoint of 0 MeV"),
        (lambda: beta_spectrum(np.nan, 1.0, 7), r"kinetic energy T \[MeV\] is nan"),
        (lambda: beta_spectrum(0.1, 1.0, 138), "charge number 138.*whole number from 0 to 137"),
        (lambda: beta_spectrum(0.1, 1.0, -1), "charge number of the daughter is -1"),
        (lambda: beta_spectrum(0.1, 1.0, 7, sign_changing), "shape factor that is negative"),
        (lambda: beta_spectrum(0.1, 1.0, 7, lambda T, Q: T * np.nan), "not finite"),
        (lambda: beta_spectrum(0.1, 1.0, 7, lambda T, Q: np.ones(3)), "another shape"),
        (lambda: fermi_function(0.0, 7), "a kinetic energy T of 0 MeV"),
        (lambda: fermi_function(0.1, 7, A=0), "mass number A is 0"),
        (lambda: linear_in_recoil(np.inf), "slope"),
        (lambda: polynomial_in_W(1.0, np.nan), "coefficient inverse is nan"),
        (lambda: unique_first_forbidden_coulomb(200), "charge number 200"),
    ],
)
def test_bad_arguments(call: Any, message: str) -> None:
    with pytest.raises(PhysicsError, match=message):
        call()
