"""Electromagnetic scattering of neutrinos on electrons: the magnetic moment and the electric charge.

Cross sections per electron for a moment of one Bohr magneton, whatever the flavour; they scale with the
square of the moment and add to the weak ones without interference (the moment flips the helicity). What the
moment means in flavour or mass bases is not decided here. A charge keeps the helicity and does interfere:
the photon is a massless vector between the neutrino's charge and the electron's.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from nurecoil.errors import PhysicsError
from nurecoil.physics._kinematics import FloatArray, physical_region, recoil_interval
from nurecoil.physics.constants import CLASSICAL_ELECTRON_RADIUS, FINE_STRUCTURE, SIN2_THETA_W
from nurecoil.physics.light_vector import light_vector, light_vector_interference
from nurecoil.physics.scattering import Flavour

__all__ = ["magnetic_moment", "magnetic_moment_integral", "millicharge", "millicharge_interference"]

_SCALE: Final = np.pi * CLASSICAL_ELECTRON_RADIUS**2
"""pi r_0^2 [cm2]."""
_PRODUCT: Final = -4 * np.pi * FINE_STRUCTURE
"""g_nu g_e of the photon between a neutrino of charge e and an electron, whose charge is -e."""


def magnetic_moment(T: ArrayLike, E: ArrayLike) -> FloatArray:
    """Differential cross section ``dsigma/dT`` of a moment of 1 mu_B.

    ``pi r_0^2 (1/T - 1/E)`` for ``0 < T <= T_max(E)`` and 0 elsewhere. Vogel and Engel, Phys. Rev. D 39
    (1989) 3378; Borexino, Phys. Rev. D 96 (2017) 091103, eq. 2.

    Args:
        T: kinetic energy of the electron [MeV].
        E: neutrino energy [MeV]; broadcasts against ``T``.

    Returns:
        Cross section per electron [cm2/MeV] for mu = 1 mu_B, of the common shape of ``T`` and ``E``. Times
        the square of the moment in mu_B it is the cross section.

    Raises:
        PhysicsError: where an energy is NaN, ``E`` is negative or infinite, or the shapes do not fit.

    Example:
        >>> print(f"{2.8e-11**2 * magnetic_moment(0.2, 0.862):.3e}")
        7.510e-46
    """
    recoil, energy, allowed = physical_region("magnetic_moment", T, E)
    with np.errstate(over="ignore"):  # at the smallest of all energies it is infinite
        return np.asarray(np.where(allowed, _SCALE * ((energy - recoil) / recoil) / energy, 0.0))


def magnetic_moment_integral(E: ArrayLike, T_low: ArrayLike, T_high: ArrayLike) -> FloatArray:
    """Cross section for recoils between two energies for a moment of 1 mu_B.

    ``pi r_0^2 [ln(T_high/T_low) - (T_high - T_low)/E]``, the integral of :func:`magnetic_moment`, with
    both ends clipped to ``[0, T_max(E)]``. It grows without bound as ``T_low`` goes to 0.

    Args:
        E: neutrino energy [MeV].
        T_low: lower end of the recoil energy [MeV], above 0.
        T_high: upper end of the recoil energy [MeV], may be infinite.

    Returns:
        Cross section per electron [cm2] for mu = 1 mu_B, of the common shape of the arguments.

    Raises:
        PhysicsError: where ``T_low`` is not above 0, an energy is NaN, ``E`` is negative or infinite,
            ``T_low`` lies above ``T_high`` or the shapes do not fit.

    Example:
        >>> print(f"{magnetic_moment_integral(0.862, 0.1, np.inf):.4e}")
        3.0912e-25
    """
    energy, low, width = recoil_interval("magnetic_moment_integral", E, T_low, T_high)
    if np.any(np.asarray(T_low, dtype=np.float64) <= 0):
        raise PhysicsError(
            "magnetic_moment_integral",
            "a lower limit T_low of 0 MeV or less, where the integral diverges",
            "T_low above 0 MeV",
            "Give the detection threshold or the lowest bin edge.",
        )
    start = np.where(width > 0, low, 1.0)
    return np.asarray(_SCALE * (np.log1p(width / start) - width / energy))


def millicharge(T: ArrayLike, E: ArrayLike) -> FloatArray:
    """Differential cross section ``dsigma/dT`` of photon exchange alone, for a neutrino of charge e.

    ``(4 pi alpha)^2`` times that of a massless vector (:func:`nurecoil.physics.light_vector.light_vector`):
    ``pi alpha^2 (2 E^2 + T^2 - 2 T E - m_e T) / (m_e E^2 T^2)``, alike for every flavour and for
    antineutrinos. Giunti and Studenikin, Rev. Mod. Phys. 87 (2015) 531 (arXiv:1403.6344).

    Args:
        T: kinetic energy of the electron [MeV].
        E: neutrino energy [MeV]; broadcasts against ``T``.

    Returns:
        Cross section per electron [cm2/MeV], of the common shape of ``T`` and ``E``. Times the square of
        the charge in units of e it is the cross section.

    Raises:
        PhysicsError: where an energy is NaN, ``E`` is negative or infinite, or the shapes do not fit.

    Example:
        >>> print(f"{1e-12**2 * millicharge(0.2, 0.862):.3e}")
        4.628e-48
    """
    return np.asarray(_PRODUCT**2 * light_vector(T, E, 0.0))


def millicharge_interference(
    T: ArrayLike,
    E: ArrayLike,
    flavour: Flavour,
    antineutrino: bool = False,
    *,
    sin2_theta_w: float = SIN2_THETA_W,
) -> FloatArray:
    """Differential cross section of the interference of photon and weak boson, for a charge of e.

    The part of the full amplitude squared that is linear in the charge q of the neutrino; the antineutrino's
    is -q. The amplitude is the tree-level one with ``-sqrt(2) pi alpha q / (G_F m_e T)`` added to
    ``g_V = g_L + g_R``, half of it to each: the electron's charge is negative, so a positive q works
    against W and Z for electron neutrinos. Giunti and Studenikin, Rev. Mod. Phys. 87 (2015) 531
    (arXiv:1403.6344); Kouzakov and Studenikin, Phys. Rev. D 95 (2017) 055013 (arXiv:1703.00401).

    Args:
        T: kinetic energy of the electron [MeV].
        E: neutrino energy [MeV]; broadcasts against ``T``.
        flavour: ``"e"``, ``"mu"`` or ``"tau"``.
        antineutrino: whether the projectile is the antineutrino.
        sin2_theta_w: sin^2 of the weak mixing angle, at low energy.

    Returns:
        Cross section per electron [cm2/MeV], of the common shape of ``T`` and ``E``. Times the charge in
        units of e it is the term.

    Raises:
        OptionError: where the flavour does not exist.
        PhysicsError: where an energy is NaN, ``E`` is negative or infinite, or the shapes do not fit.

    Example:
        >>> print(f"{1e-12 * millicharge_interference(0.2, 0.862, 'e'):.3e}")
        -3.807e-46
    """
    mixed = light_vector_interference(T, E, 0.0, flavour, antineutrino, sin2_theta_w=sin2_theta_w)
    return np.asarray(_PRODUCT * mixed)
