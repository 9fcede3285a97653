"""Elastic neutrino-electron scattering in the Standard Model at tree level, and its kinematics.

Differential and integrated cross sections per electron, free and at rest. Radiative corrections live in
:mod:`nurecoil.physics.radiative`, what lies beyond the Standard Model in
:mod:`nurecoil.physics.electromagnetic` and :mod:`nurecoil.physics.light_vector`.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from nurecoil.errors import OptionError, unknown_name
from nurecoil.physics._kinematics import FloatArray, checked, physical_region, recoil_interval, recoil_limit
from nurecoil.physics.constants import ELECTRON_MASS, FERMI_CONSTANT, HBAR_C, SIN2_THETA_W

__all__ = [
    "WEAK_SCALE",
    "Flavour",
    "couplings",
    "maximum_recoil",
    "minimum_neutrino_energy",
    "tree_level",
    "tree_level_integral",
]

Flavour = Literal["e", "mu", "tau"]
"""A neutrino flavour; whether it is an antineutrino is said beside it."""

WEAK_SCALE: Final = 2 * FERMI_CONSTANT**2 * ELECTRON_MASS / np.pi * HBAR_C**2
"""2 G_F^2 m_e / pi, the scale of every weak cross section on electrons [cm2/MeV]."""


def couplings(
    flavour: Flavour, antineutrino: bool = False, *, sin2_theta_w: float = SIN2_THETA_W
) -> tuple[float, float]:
    """Left and right couplings of the electron as this neutrino sees them.

    ``g_L = 1/2 + sin2_theta_w`` for nu_e (charged and neutral current) and ``-1/2 + sin2_theta_w`` for
    nu_mu and nu_tau, ``g_R = sin2_theta_w``; antineutrinos see them swapped. 't Hooft, Phys. Lett. B 37
    (1971) 195.

    Args:
        flavour: ``"e"``, ``"mu"`` or ``"tau"``.
        antineutrino: whether the projectile is the antineutrino.
        sin2_theta_w: sin^2 of the weak mixing angle, at low energy.

    Returns:
        The coupling of the flat term and the coupling of the (1 - T/E)^2 term.

    Raises:
        OptionError: where the flavour does not exist.

    Example:
        >>> couplings("mu", sin2_theta_w=0.24)
        (-0.26, 0.24)
    """
    if flavour not in get_args(Flavour):
        raise unknown_name(OptionError, "neutrino flavour", str(flavour), get_args(Flavour))
    left = (0.5 if flavour == "e" else -0.5) + sin2_theta_w
    return (sin2_theta_w, left) if antineutrino else (left, sin2_theta_w)


def maximum_recoil(E: ArrayLike) -> FloatArray:
    """Largest kinetic energy of an electron that a neutrino can hit: ``2 E^2 / (m_e + 2 E)``.

    Args:
        E: neutrino energy [MeV], any shape.

    Returns:
        Kinetic energy [MeV], of the shape of ``E``.

    Raises:
        PhysicsError: where an energy is negative or not finite.

    Example:
        >>> print(f"{maximum_recoil(0.862):.4f}")
        0.6649
    """
    return recoil_limit(checked("maximum_recoil", "neutrino energy E [MeV]", E, least=0))


def minimum_neutrino_energy(T: ArrayLike) -> FloatArray:
    """Smallest neutrino energy that gives an electron this recoil: ``[T + sqrt(T^2 + 2 m_e T)] / 2``.

    Args:
        T: kinetic energy of the electron [MeV], any shape.

    Returns:
        Neutrino energy [MeV], of the shape of ``T``.

    Raises:
        PhysicsError: where an energy is negative or not finite.

    Example:
        >>> print(f"{minimum_neutrino_energy(maximum_recoil(0.862)):.6f}")
        0.862000
    """
    recoil = checked("minimum_neutrino_energy", "recoil energy T [MeV]", T, least=0)
    return np.asarray((recoil + np.sqrt(recoil * (recoil + 2 * ELECTRON_MASS))) / 2)


def tree_level(
    T: ArrayLike,
    E: ArrayLike,
    flavour: Flavour,
    antineutrino: bool = False,
    *,
    sin2_theta_w: float = SIN2_THETA_W,
) -> FloatArray:
    """Differential cross section ``dsigma/dT`` at lowest order.

    ``(2 G_F^2 m_e / pi) [g_L^2 + g_R^2 (1 - T/E)^2 - g_L g_R m_e T / E^2]`` for ``0 < T <= T_max(E)`` and
    0 elsewhere. 't Hooft, Phys. Lett. B 37 (1971) 195; Bahcall, Rev. Mod. Phys. 59 (1987) 505.

    Args:
        T: kinetic energy of the electron [MeV].
        E: neutrino energy [MeV]; broadcasts against ``T``.
        flavour: ``"e"``, ``"mu"`` or ``"tau"``.
        antineutrino: whether the projectile is the antineutrino.
        sin2_theta_w: sin^2 of the weak mixing angle, at low energy.

    Returns:
        Cross section per electron [cm2/MeV], of the common shape of ``T`` and ``E``.

    Raises:
        OptionError: where the flavour does not exist.
        PhysicsError: where an energy is NaN, ``E`` is negative or infinite, or the shapes do not fit.

    Example:
        >>> print(f"{tree_level(0.3, 0.862, 'e'):.4e}")
        9.1939e-45
    """
    left, right = couplings(flavour, antineutrino, sin2_theta_w=sin2_theta_w)
    recoil, energy, allowed = physical_region("tree_level", T, E)
    z = recoil / energy
    shape = left**2 + right**2 * (1 - z) ** 2 - left * right * ELECTRON_MASS * z / energy
    return np.asarray(np.where(allowed, WEAK_SCALE * shape, 0.0))


def tree_level_integral(
    E: ArrayLike,
    T_low: ArrayLike,
    T_high: ArrayLike,
    flavour: Flavour,
    antineutrino: bool = False,
    *,
    sin2_theta_w: float = SIN2_THETA_W,
) -> FloatArray:
    """Cross section for recoils between two energies at lowest order: the integral of :func:`tree_level`.

    With ``u = 1 - T_low/E``, ``v = 1 - T_high/E`` and both ends clipped to ``[0, T_max(E)]`` it is
    ``(2 G_F^2 m_e / pi) (T_high - T_low) [g_L^2 + g_R^2 (u^2 + u v + v^2)/3 - g_L g_R m_e (T_low + T_high)
    / (2 E^2)]``, a form that stays exact for narrow bins.

    Args:
        E: neutrino energy [MeV].
        T_low: lower end of the recoil energy [MeV].
        T_high: upper end of the recoil energy [MeV], may be infinite.
        flavour: ``"e"``, ``"mu"`` or ``"tau"``.
        antineutrino: whether the projectile is the antineutrino.
        sin2_theta_w: sin^2 of the weak mixing angle, at low energy.

    Returns:
        Cross section per electron [cm2], of the common shape of ``E``, ``T_low`` and ``T_high``.

    Raises:
        OptionError: where the flavour does not exist.
        PhysicsError: where an energy is NaN, ``E`` is negative or infinite, ``T_low`` lies above ``T_high``
            or the shapes do not fit.

    Example:
        >>> print(f"{tree_level_integral(0.862, 0.0, np.inf, 'e'):.3e}")
        6.069e-45
    """
    left, right = couplings(flavour, antineutrino, sin2_theta_w=sin2_theta_w)
    energy, low, width = recoil_interval("tree_level_integral", E, T_low, T_high)
    high = low + width
    upper, lower = 1 - low / energy, 1 - high / energy
    mean = (
        left**2
        + right**2 * (upper**2 + upper * lower + lower**2) / 3
        - left * right * ELECTRON_MASS / energy * (low + high) / (2 * energy)
    )
    return np.asarray(WEAK_SCALE * width * mean)
