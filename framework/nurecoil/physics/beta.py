"""Beta spectra: Fermi function, shape factors and spectra of single transitions, normalised to 1.

Energy spectra of the electron or positron alone; which isotopes there are lives in
:mod:`nurecoil.physics.beta_isotopes`, quenching and resolution are the detector's business.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import loggamma, roots_legendre

from nurecoil.errors import PhysicsError
from nurecoil.physics._kinematics import FloatArray, checked
from nurecoil.physics.constants import ELECTRON_MASS, FINE_STRUCTURE, HBAR_C

__all__ = [
    "Shape",
    "allowed",
    "beta_spectrum",
    "fermi_function",
    "linear_in_recoil",
    "polynomial_in_W",
    "unique_first_forbidden",
    "unique_first_forbidden_coulomb",
]

Shape = Callable[[FloatArray, float], FloatArray]
"""A shape factor: kinetic energies [MeV] and endpoint [MeV] to positive numbers, up to a constant."""

_FERMI: Final = 1e-13
"""One fermi [cm]."""
_SLOWEST: Final = 1e-12
"""Kinetic energy [MeV] that stands in for zero, where the Fermi function has a limit only times momentum."""
_NODES: Final = 256
"""Gauss-Legendre points of the normalisation, in the square root of the energy."""


def fermi_function(
    T: ArrayLike, Z_daughter: int, positron: bool = False, A: float | None = None
) -> FloatArray:
    """Coulomb factor of beta decay: relativistic, point charge evaluated at the nuclear radius.

    ``F = 2 (1 + gamma) (2 p R)^(2 gamma - 2) exp(pi eta) |Gamma(gamma + i eta)|^2 / Gamma(2 gamma + 1)^2``
    with ``gamma = sqrt(1 - (alpha Z)^2)``, ``eta = +-alpha Z W/p`` (minus for positrons), ``W`` and ``p`` the
    total energy and momentum of the electron in units of m_e, and the radius
    ``R = 1.121 A^(1/3) + 2.426 A^(-1/3) - 6.614/A`` fm (Elton; at least 0.84 fm). Fermi, Z. Phys. 88 (1934)
    161; Hayen et al., Rev. Mod. Phys. 90 (2018) 015008. Screening, exchange and the extended charge are left
    out.

    Args:
        T: kinetic energy of the electron or positron [MeV], above 0, any shape.
        Z_daughter: charge number of the daughter nucleus, 0 to 137.
        positron: whether a positron is emitted.
        A: mass number; left out, that of the valley of stability at this charge. It scales ``F`` by a
            constant and drops out of normalised spectra.

    Returns:
        The factor, a pure number, of the shape of ``T``.

    Raises:
        PhysicsError: where an energy is not a positive number, the charge is out of range or ``A`` is not
            at least 1.

    Example:
        >>> print(f"{fermi_function(0.05, 7, A=14):.4f} {fermi_function(0.05, 5, positron=True, A=11):.4f}")
        1.4654 0.7550
    """
    where = "fermi_function"
    energy = checked(where, "kinetic energy T [MeV]", T, least=0)
    if np.any(energy == 0):
        raise PhysicsError(where, "a kinetic energy T of 0 MeV", "energies above 0", "Leave it out.")
    charge = _checked_charge(where, Z_daughter)
    return np.asarray(np.exp(_log_coulomb(energy, charge, positron, _nuclear_radius(where, charge, A))))


def allowed(T: FloatArray, endpoint: float) -> FloatArray:
    """Shape factor of an allowed transition: 1.

    Args:
        T: kinetic energy [MeV].
        endpoint: largest kinetic energy [MeV]; unused.

    Returns:
        Ones, of the shape of ``T``.

    Example:
        >>> allowed(np.array([0.1, 0.2]), 0.3)
        array([1., 1.])
    """
    return np.ones_like(T)


def unique_first_forbidden(T: FloatArray, endpoint: float) -> FloatArray:
    """Shape factor of a unique first-forbidden transition: ``p^2 + q^2`` in units of m_e.

    ``p`` is the momentum of the electron, ``q`` that of the neutrino. The Coulomb factor in front of ``p^2``
    is taken as 1, which makes spectra too hard: by 2 % in the mean energy of 85Kr, 0.6 % for 39Ar. Better is
    :func:`unique_first_forbidden_coulomb`. Konopinski and Uhlenbeck, Phys. Rev. 60 (1941) 308.

    Args:
        T: kinetic energy [MeV].
        endpoint: largest kinetic energy [MeV].

    Returns:
        The factor, a pure number, of the shape of ``T``.

    Example:
        >>> print(unique_first_forbidden(np.array([0.0]), 0.51099895))
        [1.]
    """
    return np.asarray((T * (T + 2 * ELECTRON_MASS) + (endpoint - T) ** 2) / ELECTRON_MASS**2)


def unique_first_forbidden_coulomb(Z_daughter: int, positron: bool = False, A: float | None = None) -> Shape:
    """Shape factor of a unique first-forbidden transition in the Coulomb field: ``q^2 + lambda_2 p^2``.

    ``lambda_2 = (F_1/F_0) (2 + gamma_2) / (2 + 2 gamma_1)`` with ``F_(k-1) = [k (2k-1)!!]^2 4^k
    (2 p R)^(2 gamma_k - 2k) exp(pi eta) |Gamma(gamma_k + i eta)|^2 / Gamma(2 gamma_k + 1)^2`` and
    ``gamma_k = sqrt(k^2 - (alpha Z)^2)``, in units of m_e: Behrens and Buehring, Electron Radial Wave
    Functions and Nuclear Beta-Decay (Oxford, 1982); Mougeot, Phys. Rev. C 91 (2015) 055504.

    Args:
        Z_daughter: charge number of the daughter nucleus, 0 to 137.
        positron: whether a positron is emitted.
        A: mass number; left out, that of the valley of stability at this charge.

    Returns:
        The shape factor, a function of kinetic energy and endpoint.

    Raises:
        PhysicsError: where the charge is out of range or ``A`` is not at least 1.

    Example:
        >>> shape = unique_first_forbidden_coulomb(37, A=85)
        >>> print(shape(np.array([0.01, 0.1, 0.5]), 0.6871).round(4))
        [1.8497 1.7551 2.8121]
    """
    where = "unique_first_forbidden_coulomb"
    charge = _checked_charge(where, Z_daughter)
    radius = _nuclear_radius(where, charge, A)

    def shape(T: FloatArray, endpoint: float) -> FloatArray:
        moving = np.maximum(T, _SLOWEST)
        ratio = _log_coulomb(moving, charge, positron, radius, 2)
        ratio -= _log_coulomb(moving, charge, positron, radius, 1)
        electron = moving * (moving + 2 * ELECTRON_MASS) * np.exp(ratio)
        return np.asarray((electron + (endpoint - T) ** 2) / ELECTRON_MASS**2)

    return shape


def linear_in_recoil(slope: float) -> Shape:
    """Shape factor ``1 + slope (Q - T)``, as measured for 14C.

    Args:
        slope: slope [1/MeV]; 1.24 for 14C (Kuzminov and Osetrova, Phys. At. Nucl. 63 (2000) 1292).

    Returns:
        The shape factor, a function of kinetic energy and endpoint.

    Raises:
        PhysicsError: where the slope is not a finite number.

    Example:
        >>> print(linear_in_recoil(1.24)(np.array([0.05]), 0.15))
        [1.124]
    """
    slope = float(checked("linear_in_recoil", "slope [1/MeV]", slope))

    def shape(T: FloatArray, endpoint: float) -> FloatArray:
        return np.asarray(1 + slope * (endpoint - T))

    return shape


def polynomial_in_W(  # noqa: N802, W is the letter of every paper
    linear: float, inverse: float = 0.0, quadratic: float = 0.0
) -> Shape:
    """Shape factor ``1 + linear W + inverse/W + quadratic W^2``, W the total energy in units of m_e.

    The usual way to write measured shape factors of first-forbidden transitions (Behrens and Szybisz, Physics
    Data 6-1 (1976)). For 210Bi: ``(-0.4363, 0, 0.0523)`` (Alekseev et al., Phys. Rev. C 102 (2020) 064329) or
    ``(0.578, 28.466, -0.658)`` (Daniel, Nucl. Phys. 31 (1962) 293).

    Args:
        linear: coefficient of ``W``.
        inverse: coefficient of ``1/W``.
        quadratic: coefficient of ``W^2``.

    Returns:
        The shape factor, a function of kinetic energy and endpoint.

    Raises:
        PhysicsError: where a coefficient is not a finite number.

    Example:
        >>> print(polynomial_in_W(-0.4363, quadratic=0.0523)(np.array([0.0]), 1.1612))
        [0.616]
    """
    a, b, c = (
        float(checked("polynomial_in_W", f"coefficient {name}", value))
        for name, value in (("linear", linear), ("inverse", inverse), ("quadratic", quadratic))
    )

    def shape(T: FloatArray, endpoint: float) -> FloatArray:
        W = 1 + T / ELECTRON_MASS
        return np.asarray(1 + a * W + b / W + c * W**2)

    return shape


def beta_spectrum(
    T: ArrayLike, endpoint: float, Z: int, shape: Shape = allowed, positron: bool = False
) -> FloatArray:
    """Spectrum ``dN/dT`` of one beta transition, normalised to 1 between 0 and the endpoint.

    ``p W (Q - T)^2 F(Z, T) C(T)`` for ``0 <= T <= Q`` and 0 elsewhere, with the Fermi function of
    :func:`fermi_function` and a shape factor ``C``; the neutrino is massless and the nucleus does not recoil.

    Args:
        T: kinetic energy of the electron or positron [MeV], any shape.
        endpoint: largest kinetic energy ``Q`` [MeV], above 0.
        Z: charge number of the daughter nucleus.
        shape: the shape factor, for example :func:`unique_first_forbidden`.
        positron: whether a positron is emitted.

    Returns:
        Decays per MeV and decay [1/MeV], of the shape of ``T``.

    Raises:
        PhysicsError: where an energy is NaN, the endpoint is not a positive number, the charge is out of
            range or the shape factor is not a positive number somewhere between 0 and the endpoint.

    Example:
        >>> print(f"{beta_spectrum(0.05, 0.156476, 7, linear_in_recoil(1.24)):.3f}")
        10.135
    """
    where = "beta_spectrum"
    energy = checked(where, "kinetic energy T [MeV]", T, infinite=True)
    top = float(checked(where, "endpoint [MeV]", endpoint))
    if top <= 0:
        raise PhysicsError(where, f"an endpoint of {top:g} MeV", "a number above 0")
    charge = _checked_charge(where, Z)
    root, weights = _normalisation_rule()
    density = _unnormalised(root**2 * top, top, charge, shape, positron)
    norm = 2 * np.sum(weights * root * density) * top
    inside = (energy >= 0) & (energy <= top)
    spectrum = _unnormalised(np.where(inside, energy, top / 2), top, charge, shape, positron)
    return np.asarray(np.where(inside, spectrum / norm, 0.0))


@cache
def _normalisation_rule() -> tuple[FloatArray, FloatArray]:
    """Points and weights of an integral from 0 to 1."""
    nodes, weights = roots_legendre(_NODES)
    return np.asarray((nodes + 1) / 2), np.asarray(weights / 2)


def _unnormalised(T: FloatArray, endpoint: float, charge: int, shape: Shape, positron: bool) -> FloatArray:
    """``p W (Q - T)^2 F C`` in units of m_e, with the nuclear radius as unit of length."""
    moving = np.maximum(T, _SLOWEST)
    factor = np.asarray(shape(moving, endpoint), dtype=np.float64)
    if factor.shape != moving.shape or not np.all(factor >= 0) or not np.all(np.isfinite(factor)):
        raise PhysicsError(
            "beta_spectrum",
            "a shape factor that is negative, not finite or of another shape than the energies",
            f"numbers of at least 0 between 0 and {endpoint:g} MeV",
            "Check its coefficients.",
        )
    momentum = np.sqrt(moving * (moving + 2 * ELECTRON_MASS)) / ELECTRON_MASS
    total = 1 + moving / ELECTRON_MASS
    phase_space = momentum * total * ((endpoint - T) / ELECTRON_MASS) ** 2
    return np.asarray(phase_space * factor * np.exp(_log_coulomb(moving, charge, positron, 1.0)))


def _log_coulomb(T: FloatArray, charge: int, positron: bool, radius: float, k: int = 1) -> FloatArray:
    """Logarithm of ``F_(k-1) (k + gamma_k)/(2k)``; for k = 1 the Fermi function, for k = 2 lambda_2 times it.

    The radius is in units of the electron's reduced Compton wavelength.
    """
    momentum = np.sqrt(T * (T + 2 * ELECTRON_MASS)) / ELECTRON_MASS
    strength = FINE_STRUCTURE * charge
    gamma = np.sqrt(k**2 - strength**2)
    eta = (-strength if positron else strength) * (1 + T / ELECTRON_MASS) / momentum
    double_factorial = 1 if k == 1 else 3
    return np.asarray(
        np.log((k * double_factorial) ** 2 * 4**k * (k + gamma) / (2 * k))
        + 2 * (gamma - k) * np.log(2 * momentum * radius)
        + np.pi * eta
        + 2 * np.real(loggamma(gamma + 1j * eta))
        - 2 * loggamma(2 * gamma + 1)
    )


def _nuclear_radius(where: str, charge: int, mass_number: float | None) -> float:
    """Nuclear radius in units of the electron's reduced Compton wavelength."""
    if mass_number is None:
        number = _stable_mass_number(charge)
    else:
        number = float(checked(where, "mass number A", mass_number, least=1))
    radius = 1.121 * number ** (1 / 3) + 2.426 * number ** (-1 / 3) - 6.614 / number
    return float(max(radius, 0.84) * _FERMI * ELECTRON_MASS / HBAR_C)


def _checked_charge(where: str, charge: int) -> int:
    """The charge number of a daughter nucleus, refused where the point-charge formula has no meaning."""
    number = float(checked(where, "charge number of the daughter", charge, least=0))
    if number != int(number) or number > 137:
        raise PhysicsError(where, f"charge number {charge} of the daughter", "a whole number from 0 to 137")
    return int(number)


def _stable_mass_number(charge: int) -> float:
    """Mass number on the valley of stability, ``Z = A/(1.98 + 0.0155 A^(2/3))``, at least 1."""
    numbers = np.arange(1.0, 400.0)
    return float(numbers[np.argmin(np.abs(numbers / (1.98 + 0.0155 * numbers ** (2 / 3)) - charge))])
