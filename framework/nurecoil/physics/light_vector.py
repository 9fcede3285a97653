"""A light vector boson between neutrinos and electrons: its own term and its interference with the weak one.

The full amplitude is the tree-level one with ``g_nu g_e / [2 sqrt(2) G_F (m_V^2 + 2 m_e T)]`` added to both
``g_L`` and ``g_R``. Its square is the weak term (:mod:`nurecoil.physics.scattering`), plus ``g_nu g_e`` times
:func:`light_vector_interference`, plus ``(g_nu g_e)^2`` times :func:`light_vector`. Harnik, Kopp and
Machado, JCAP 07 (2012) 026 (arXiv:1202.6073). Which terms a search takes is its own business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import ArrayLike

from nurecoil.errors import PhysicsError
from nurecoil.physics._kinematics import (
    BoolArray,
    FloatArray,
    broadcast,
    checked,
    physical_region,
    recoil_interval,
)
from nurecoil.physics.constants import ELECTRON_MASS, FERMI_CONSTANT, HBAR_C, SIN2_THETA_W
from nurecoil.physics.scattering import WEAK_SCALE, Flavour, couplings

__all__ = [
    "light_vector",
    "light_vector_integral",
    "light_vector_interference",
    "light_vector_interference_integral",
]

_PURE_SCALE: Final = ELECTRON_MASS / (4 * np.pi) * HBAR_C**2
"""m_e / (4 pi), in cm2 MeV3."""
_MIXED_SCALE: Final = WEAK_SCALE / (2 * np.sqrt(2) * FERMI_CONSTANT)
"""Scale of the interference, in cm2 MeV."""

_NARROW: Final = 0.5
"""Below this ratio of width to start the moments are summed as series."""
_ORDERS: Final = np.arange(1, 40)
_SQUARE_SERIES: Final = (
    np.where(_ORDERS >= 2, 1 / _ORDERS, 0.0),
    np.where(_ORDERS >= 3, 1 - 2 / _ORDERS, 0.0),
)
_SINGLE_SERIES: Final = (
    np.where(_ORDERS >= 2, 1 - 1 / _ORDERS, 0.0),
    np.where(_ORDERS >= 3, (_ORDERS - 1) / 2 - 1 + 1 / _ORDERS, 0.0),
)


def light_vector(T: ArrayLike, E: ArrayLike, mass: ArrayLike) -> FloatArray:
    """Differential cross section ``dsigma/dT`` of the vector alone, for ``g_nu g_e = 1``.

    ``m_e (2 E^2 + T^2 - 2 T E - m_e T) / [4 pi E^2 (m_V^2 + 2 m_e T)^2]`` for ``0 < T <= T_max(E)`` and 0
    elsewhere; the same for every flavour and for antineutrinos. Harnik, Kopp and Machado, JCAP 07 (2012) 026
    (arXiv:1202.6073).

    Args:
        T: kinetic energy of the electron [MeV].
        E: neutrino energy [MeV]; broadcasts against ``T``.
        mass: mass of the vector [MeV], 0 or more; broadcasts too.

    Returns:
        Cross section per electron [cm2/MeV], of the common shape. Times ``(g_nu g_e)^2`` it is the cross
        section.

    Raises:
        PhysicsError: where a number is NaN, ``E`` or ``mass`` is negative or infinite, or the shapes do not
            fit.

    Example:
        >>> print(f"{1e-6**4 * light_vector(0.2, 0.862, 0.0):.3e}")
        5.504e-46
    """
    recoil, energy, allowed, propagator = _propagator("light_vector", T, E, mass)
    z = recoil / energy
    shape = 1 + (1 - z) ** 2 - ELECTRON_MASS * z / energy
    return np.asarray(np.where(allowed, _PURE_SCALE * shape / propagator / propagator, 0.0))


def light_vector_integral(E: ArrayLike, mass: ArrayLike, T_low: ArrayLike, T_high: ArrayLike) -> FloatArray:
    """Cross section of the vector alone for recoils between two energies, for ``g_nu g_e = 1``.

    The integral of :func:`light_vector` in closed form, with both ends clipped to ``[0, T_max(E)]``. Written
    in moments of the distance from ``T_low``, it stays exact for any mass and any width.

    Args:
        E: neutrino energy [MeV].
        mass: mass of the vector [MeV], 0 or more.
        T_low: lower end of the recoil energy [MeV]; above 0 where ``mass`` is 0.
        T_high: upper end of the recoil energy [MeV], may be infinite.

    Returns:
        Cross section per electron [cm2], of the common shape of the arguments.

    Raises:
        PhysicsError: where a massless vector meets ``T_low`` of 0 or less (the integral diverges), a number
            is NaN, ``E`` or ``mass`` is negative or infinite, ``T_low`` lies above ``T_high`` or the shapes
            do not fit.

    Example:
        >>> print(f"{1e-6**4 * light_vector_integral(0.862, 0.0, 0.1, np.inf):.3e}")
        1.827e-46
    """
    energy, low, width, start = _interval("light_vector_integral", E, mass, T_low, T_high)
    limit_inverse = (ELECTRON_MASS / energy + 2) / (2 * energy)
    value = 2 * (1 - low * limit_inverse) + (low / energy) ** 2
    slope = 2 * (low / energy**2 - limit_inverse)
    ratio = width / start
    first, second = _moments(ratio, _SQUARE_SERIES, _square_moments)
    total = value * ratio / (start + width) + slope * first + start / energy**2 * second
    return np.asarray(_PURE_SCALE / (4 * ELECTRON_MASS**2) * total)


def light_vector_interference(
    T: ArrayLike,
    E: ArrayLike,
    mass: ArrayLike,
    flavour: Flavour,
    antineutrino: bool = False,
    *,
    sin2_theta_w: float = SIN2_THETA_W,
) -> FloatArray:
    """Differential cross section of the interference of vector and weak boson, for ``g_nu g_e = 1``.

    The part of the full amplitude squared that is linear in ``g_nu g_e``: ``(2 G_F^2 m_e / pi) [2 g_L +
    2 g_R (1 - T/E)^2 - (g_L + g_R) m_e T / E^2] / [2 sqrt(2) G_F (m_V^2 + 2 m_e T)]`` with tree-level
    couplings, for ``0 < T <= T_max(E)`` and 0 elsewhere. It is positive for nu_e, and changes sign with
    flavour and recoil for others.

    Args:
        T: kinetic energy of the electron [MeV].
        E: neutrino energy [MeV]; broadcasts against ``T``.
        mass: mass of the vector [MeV], 0 or more; broadcasts too.
        flavour: ``"e"``, ``"mu"`` or ``"tau"``.
        antineutrino: whether the projectile is the antineutrino.
        sin2_theta_w: sin^2 of the weak mixing angle, at low energy.

    Returns:
        Cross section per electron [cm2/MeV], of the common shape. Times ``g_nu g_e`` it is the term.

    Raises:
        OptionError: where the flavour does not exist.
        PhysicsError: where a number is NaN, ``E`` or ``mass`` is negative or infinite, or the shapes do not
            fit.

    Example:
        >>> print(f"{1e-6**2 * light_vector_interference(0.2, 0.862, 0.0, 'e'):.3e}")
        4.152e-45
    """
    left, right = couplings(flavour, antineutrino, sin2_theta_w=sin2_theta_w)
    recoil, energy, allowed, propagator = _propagator("light_vector_interference", T, E, mass)
    z = recoil / energy
    shape = 2 * left + 2 * right * (1 - z) ** 2 - (left + right) * ELECTRON_MASS * z / energy
    return np.asarray(np.where(allowed, _MIXED_SCALE * shape / propagator, 0.0))


def light_vector_interference_integral(
    E: ArrayLike,
    mass: ArrayLike,
    T_low: ArrayLike,
    T_high: ArrayLike,
    flavour: Flavour,
    antineutrino: bool = False,
    *,
    sin2_theta_w: float = SIN2_THETA_W,
) -> FloatArray:
    """Cross section of the interference for recoils between two energies, for ``g_nu g_e = 1``.

    The integral of :func:`light_vector_interference` in closed form, as :func:`light_vector_integral`.

    Args:
        E: neutrino energy [MeV].
        mass: mass of the vector [MeV], 0 or more.
        T_low: lower end of the recoil energy [MeV]; above 0 where ``mass`` is 0.
        T_high: upper end of the recoil energy [MeV], may be infinite.
        flavour: ``"e"``, ``"mu"`` or ``"tau"``.
        antineutrino: whether the projectile is the antineutrino.
        sin2_theta_w: sin^2 of the weak mixing angle, at low energy.

    Returns:
        Cross section per electron [cm2], of the common shape of the arguments.

    Raises:
        OptionError: where the flavour does not exist.
        PhysicsError: as :func:`light_vector_integral`.

    Example:
        >>> print(f"{1e-6**2 * light_vector_interference_integral(0.862, 0.0, 0.1, np.inf, 'e'):.3e}")
        1.450e-45
    """
    left, right = couplings(flavour, antineutrino, sin2_theta_w=sin2_theta_w)
    where = "light_vector_interference_integral"
    energy, low, width, start = _interval(where, E, mass, T_low, T_high)
    rest = 1 - low / energy
    pull = (left + right) * ELECTRON_MASS / energy**2
    value = 2 * left + 2 * right * rest**2 - pull * low
    slope = -4 * right * rest / energy - pull
    ratio = width / start
    first, second = _moments(ratio, _SINGLE_SERIES, _single_moments)
    total = value * np.log1p(ratio) + slope * start * first + 2 * right * (start / energy) ** 2 * second
    return np.asarray(_MIXED_SCALE / (2 * ELECTRON_MASS) * total)


def _propagator(
    where: str, T: ArrayLike, E: ArrayLike, mass: ArrayLike
) -> tuple[FloatArray, FloatArray, BoolArray, FloatArray]:
    """Checked recoil and neutrino energy, the allowed region, and ``m_V^2 + 2 m_e T`` [MeV2]."""
    recoil, energy, allowed = physical_region(where, T, E)
    vector = checked(where, "mass of the vector [MeV]", mass, least=0)
    recoil, energy, vector = broadcast(where, recoil=recoil, energy=energy, mass=vector)
    return recoil, energy, np.broadcast_to(allowed, recoil.shape), vector**2 + 2 * ELECTRON_MASS * recoil


def _interval(
    where: str, E: ArrayLike, mass: ArrayLike, T_low: ArrayLike, T_high: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Checked neutrino energy, lower end, width and ``T_low + m_V^2/(2 m_e)`` of an interval [MeV]."""
    energy, low, width = recoil_interval(where, E, T_low, T_high)
    vector = checked(where, "mass of the vector [MeV]", mass, least=0)
    energy, low, width, vector = broadcast(where, energy=energy, low=low, width=width, mass=vector)
    start = low + vector**2 / (2 * ELECTRON_MASS)
    if np.any((start == 0) & (width > 0)):
        raise PhysicsError(
            where,
            "a massless vector and a lower limit T_low of 0 MeV or less, where the integral diverges",
            "T_low above 0 MeV, or a mass above 0 MeV",
            "Give the detection threshold or the lowest bin edge.",
        )
    return energy, low, width, np.where(start > 0, start, 1.0)


def _moments(
    ratio: FloatArray,
    series: tuple[FloatArray, FloatArray],
    direct: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
) -> tuple[FloatArray, FloatArray]:
    """Integrals over v from 0 to ``ratio`` of ``v`` and ``v^2`` times a power of ``1/(1 + v)``.

    The closed forms lose their digits where ``ratio`` is small; there the series in ``ratio/(1 + ratio)``
    takes over, all of whose terms are positive.
    """
    narrow = ratio < _NARROW
    small = np.where(narrow, ratio, 0.0)
    small = small / (1 + small)
    first, second = direct(np.where(narrow, 1.0, ratio))
    return (
        np.where(narrow, small * polyval(small, series[0]), first),
        np.where(narrow, small * polyval(small, series[1]), second),
    )


def _square_moments(ratio: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Integrals of ``v/(1+v)^2`` and ``v^2/(1+v)^2``."""
    log, edge = np.log1p(ratio), ratio / (1 + ratio)
    return log - edge, ratio - 2 * log + edge


def _single_moments(ratio: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Integrals of ``v/(1+v)`` and ``v^2/(1+v)``."""
    log = np.log1p(ratio)
    return ratio - log, ratio * (ratio / 2 - 1) + log
