"""Elastic neutrino-electron scattering with one-loop electroweak and QED corrections.

The calculation of Bahcall, Kamionkowski and Sirlin, Phys. Rev. D 51 (1995) 6146 (arXiv:astro-ph/9502003),
"BKS" below. Lowest order and kinematics live in :mod:`nurecoil.physics.scattering`.
"""

from __future__ import annotations

from typing import Final, get_args

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import ArrayLike
from scipy.special import spence

from nurecoil.errors import OptionError, unknown_name
from nurecoil.physics._kinematics import FloatArray, checked, physical_region, recoil_limit
from nurecoil.physics.constants import ELECTRON_MASS, FINE_STRUCTURE, SIN2_THETA_W_MZ
from nurecoil.physics.scattering import WEAK_SCALE, Flavour

__all__ = ["ELECTRON_KAPPA", "MUON_KAPPA", "RHO_NC", "radiative", "radiative_couplings"]

RHO_NC: Final = 1.0126
"""Strength of the neutral current, BKS appendix A; known to 0.0016."""
ELECTRON_KAPPA: Final = (0.9791, 0.0097)
"""kappa(T) of nu_e as (constant, coefficient of I(T)), BKS appendix A; known to 0.0025."""
MUON_KAPPA: Final = (0.9970, -0.00037)
"""kappa(T) of nu_mu and nu_tau as (constant, coefficient of I(T)), BKS appendix A; known to 0.0025."""

_LEAST_RECOIL: Final = 1e-200
"""Below, in MeV, ratios of recoils to energies are no numbers any more."""
_SOFTEST_PHOTON: Final = 1e-8
"""Energy of the softest photon that is told from none, as a fraction of the largest recoil energy."""
_SMALL: Final = 0.05
"""Below this argument series replace expressions in which terms cancel."""
_ORDERS: Final = np.arange(1, 16)
_VACUUM_SERIES: Final = np.concatenate(([0.0], 3 / (2 * _ORDERS + 1) - 1 / (2 * _ORDERS + 3)))
_RAPIDITY_SERIES: Final = np.concatenate(([0.0], 1 / (2 * _ORDERS + 1)))


def radiative_couplings(
    T: ArrayLike, flavour: Flavour, *, sin2_theta_w: float = SIN2_THETA_W_MZ
) -> tuple[FloatArray, FloatArray]:
    """Couplings of the electron with the electroweak corrections in them.

    ``g_L = 1 - rho (1/2 - kappa(T) s)`` for nu_e, ``-rho (1/2 - kappa(T) s)`` for nu_mu and nu_tau, and
    ``g_R = rho kappa(T) s``, with ``s`` the sin^2 of the weak mixing angle at m_Z: BKS appendix A (which
    has both couplings with the opposite sign).

    Args:
        T: kinetic energy of the electron [MeV], 0 or more.
        flavour: ``"e"``, ``"mu"`` or ``"tau"``.
        sin2_theta_w: sin^2 of the weak mixing angle at m_Z in the MS-bar scheme.

    Returns:
        ``g_L`` and ``g_R`` of the neutrino, of the shape of ``T``.

    Raises:
        OptionError: where the flavour does not exist.
        PhysicsError: where an energy is negative or not finite.

    Example:
        >>> left, right = radiative_couplings(0.3, "e")
        >>> print(f"{left:.4f} {right:.4f}")
        0.7230 0.2293
    """
    if flavour not in get_args(Flavour):
        raise unknown_name(OptionError, "neutrino flavour", str(flavour), get_args(Flavour))
    constant, slope = ELECTRON_KAPPA if flavour == "e" else MUON_KAPPA
    recoil = checked("radiative_couplings", "recoil energy T [MeV]", T, least=0)
    kappa = constant + slope * _vacuum_polarisation(recoil)
    right = np.asarray(RHO_NC * kappa * sin2_theta_w)
    return np.asarray(right - RHO_NC / 2 + (1.0 if flavour == "e" else 0.0)), right


def radiative(
    T: ArrayLike,
    E: ArrayLike,
    flavour: Flavour,
    antineutrino: bool = False,
    *,
    sin2_theta_w: float = SIN2_THETA_W_MZ,
) -> FloatArray:
    """Differential cross section ``dsigma/dT`` with electroweak and QED corrections.

    BKS eq. A1: ``(2 G_F^2 m_e/pi) {g_L^2 [1 + (alpha/pi) f_-] + g_R^2 (1-z)^2 [1 + (alpha/pi) f_+]
    - g_L g_R (m_e z/E) [1 + (alpha/pi) f_+-]}`` with ``z = T/E``, the couplings of
    :func:`radiative_couplings` and the QED functions of BKS appendix B, in which photons of every energy are
    emitted and not seen. It is 0 outside ``0 < T <= T_max(E)``.

    Antineutrinos exchange ``g_L`` and ``g_R`` everywhere: the QED functions belong to the helicity structure
    (``f_-`` to the flat term, ``f_+`` to the (1-z)^2 term), not to the coupling in front, so ``f_-`` then
    goes with ``g_R^2`` and ``f_+`` with ``g_L^2``; rho and kappa are those of the neutrino.

    At ``T_max`` no photon can be emitted, and the one-photon formula diverges like ``ln(T_max - T)``. The
    logarithm is cut where the photon has 1e-8 of ``T_max``, which leaves the cross section finite and smooth
    and changes it by less than 3e-7 farther than 0.1 % from ``T_max``. For antinu_e the lowest order
    vanishes at ``T_max`` of E = 0.55 MeV; there (0.49 < E < 0.61 MeV, last 0.1 % before ``T_max``) the
    correction would make the sum negative, by less than 1e-3 of its value at T = 0, and the result is 0.

    The default mixing angle (PDG 2022) gives totals 0.13 % below (nu_e) or 0.15 % above (nu_mu) those of
    the value 0.2317 that was current in 1995.

    Args:
        T: kinetic energy of the electron [MeV].
        E: neutrino energy [MeV]; broadcasts against ``T``.
        flavour: ``"e"``, ``"mu"`` or ``"tau"``.
        antineutrino: whether the projectile is the antineutrino.
        sin2_theta_w: sin^2 of the weak mixing angle at m_Z in the MS-bar scheme.

    Returns:
        Cross section per electron [cm2/MeV], of the common shape of ``T`` and ``E``.

    Raises:
        OptionError: where the flavour does not exist.
        PhysicsError: where an energy is NaN, ``E`` is negative or infinite, or the shapes do not fit.

    Example:
        >>> print(f"{radiative(0.3, 0.862, 'e'):.4e}")
        8.7690e-45
    """
    recoil, energy, allowed = physical_region("radiative", T, E)
    recoil = np.maximum(recoil, _LEAST_RECOIL)
    flat, falling = radiative_couplings(recoil, flavour, sin2_theta_w=sin2_theta_w)
    if antineutrino:
        flat, falling = falling, flat
    minus, plus, mixed = _qed(recoil, energy)
    z = recoil / energy
    order = FINE_STRUCTURE / np.pi
    shape = (
        flat**2 * (1 + order * minus)
        + falling**2 * ((1 - z) ** 2 + order * plus)
        - flat * falling * ELECTRON_MASS * z / energy * (1 + order * mixed)
    )
    return np.asarray(np.where(allowed, WEAK_SCALE * np.maximum(shape, 0.0), 0.0))


def _qed(recoil: FloatArray, energy: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The functions ``f_-``, ``(1-z)^2 f_+`` and ``f_+-`` of BKS appendix B."""
    z = recoil / energy
    rest = 1 - z
    total = recoil + ELECTRON_MASS
    momentum = np.sqrt(recoil * (recoil + 2 * ELECTRON_MASS))
    beta = momentum / total
    collinear = _collinear(beta)
    log_z, log_rest = np.log(z), np.log1p(-z)
    soft = _log_photon_room(recoil, energy, momentum)
    spence_rest = _dilogarithm(rest)

    minus = (
        collinear * (2 * soft - log_rest - log_z / 2 - 5 / 12)
        + (_dilogarithm(z) - _dilogarithm(beta)) / 2
        - log_rest**2 / 2
        - (11 / 12 + z / 2) * log_rest
        + z * (log_z + np.log(2 * energy / ELECTRON_MASS) / 2)
        - (31 / 18 + log_z / 12) * beta
        - 11 / 12 * z
        + z**2 / 24
    )
    plus = (
        collinear * (rest**2 * (2 * soft - log_rest - log_z / 2 - 2 / 3) - (z**2 * log_z + rest) / 2)
        - rest**2 / 2 * (log_rest**2 + beta * (spence_rest - log_z * log_rest))
        + log_rest * (z**2 / 2 * log_z + rest / 3 * (2 * z - 0.5))
        - z**2 / 2 * spence_rest
        - z * (1 - 2 * z) / 3 * log_z
        - z * rest / 6
        - beta / 12 * (log_z + rest * (115 - 109 * z) / 6)
    )
    return np.asarray(minus), np.asarray(plus), np.asarray(2 * collinear * soft)


def _log_photon_room(recoil: FloatArray, energy: FloatArray, momentum: FloatArray) -> FloatArray:
    """``ln(1 - z - m_e/(E_e + l))`` of BKS, written as a product in which ``T_max - T`` is a factor."""
    limit = recoil_limit(energy)
    room = limit - recoil + _SOFTEST_PHOTON * limit
    scale = (2 * energy + ELECTRON_MASS) / energy**2
    return np.asarray(np.log(recoil * scale * room / (momentum + recoil * (1 + ELECTRON_MASS / energy))))


def _collinear(beta: FloatArray) -> FloatArray:
    """``(E_e/l) ln[(E_e + l)/m_e] - 1``, the factor of the collinear logarithm, as artanh(beta)/beta - 1."""
    square = beta**2
    small = square < _SMALL
    safe = np.where(small, 0.5, beta)
    return np.asarray(np.where(small, polyval(square, _RAPIDITY_SERIES), np.arctanh(safe) / safe - 1))


def _vacuum_polarisation(recoil: FloatArray) -> FloatArray:
    """``I(T)`` of BKS appendix A, with ``1/x^2 = T/(T + 2 m_e)``."""
    inverse_square = recoil / (recoil + 2 * ELECTRON_MASS)
    small = inverse_square < _SMALL
    safe = np.where(small, 0.5, inverse_square)
    root = np.sqrt(safe)
    direct = 1 / 3 + (3 - 1 / safe) * (np.arctanh(root) / root - 1)
    return np.asarray(np.where(small, polyval(inverse_square, _VACUUM_SERIES), direct) / 6)


def _dilogarithm(x: FloatArray) -> FloatArray:
    """``L(x)``, the integral of ``ln|1 - t| / t`` from 0 to x, for ``0 <= x <= 1``."""
    return np.asarray(-spence(1 - x))
