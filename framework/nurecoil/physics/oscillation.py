"""Flavours and mass states of solar neutrinos at the Earth: adiabatic MSW conversion, production averaged.

Large-mixing-angle solution, three flavours; the mixing angles and the mass states without matter, which other
sources need, are here too. The regeneration inside the Earth (day-night effect,
below 1 % under 1 MeV) and the eccentricity of the orbit are left out; crossing between the levels is
negligible (< 1e-4). Where in the Sun neutrinos are made is in :mod:`nurecoil.physics.solar`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nurecoil.errors import PhysicsError
from nurecoil.physics._kinematics import FloatArray
from nurecoil.physics.constants import AVOGADRO, FERMI_CONSTANT, HBAR_C
from nurecoil.physics.scattering import Flavour

__all__ = [
    "OscillationParameters",
    "VacuumMassShares",
    "flavour_shares",
    "mass_shares",
    "matter_potential",
    "three_flavour_survival",
    "two_flavour_survival",
]

_ROUNDING = 1e-7
"""How far P2 may leave its range before it is an error: more than the spline of a solar source ever does."""


@dataclass(frozen=True, slots=True)
class OscillationParameters:
    """Mixing angles and the solar mass splitting.

    The defaults are those of the Particle Data Group, Chin. Phys. C 40 (2016) 100001 and 2017 update
    (normal ordering): the set from which Borexino's limit on the magnetic moment
    (Phys. Rev. D 96 (2017) 091103) takes its sin^2 theta_13 and sin^2 theta_23.

    Args:
        sin2_theta12: sine squared of the solar angle.
        sin2_theta13: sine squared of the reactor angle.
        sin2_theta23: sine squared of the atmospheric angle.
        delta_m21_sq: solar mass splitting [eV2], positive.

    Raises:
        PhysicsError: where a sine squared leaves [0, 1] or the splitting is not positive.

    Example:
        >>> OscillationParameters().sin2_theta13
        0.021
    """

    sin2_theta12: float = 0.307
    sin2_theta13: float = 0.0210
    sin2_theta23: float = 0.51
    delta_m21_sq: float = 7.53e-5

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("sin2_theta12", "sin2_theta13", "sin2_theta23"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise PhysicsError("oscillation parameters", f"{name} = {value}", "a number in [0, 1]")
        if not (math.isfinite(self.delta_m21_sq) and self.delta_m21_sq > 0):
            raise PhysicsError(
                "oscillation parameters", f"delta_m21_sq = {self.delta_m21_sq} eV2", "a positive number"
            )


@dataclass(frozen=True, slots=True)
class VacuumMassShares:
    """Probabilities ``|U_ei|^2`` of the mass states in what is made as nu_e and never passes dense matter.

    They are the same at every energy: ``cos^2 theta_12 cos^2 theta_13``, ``sin^2 theta_12 cos^2 theta_13``
    and ``sin^2 theta_13``, of antineutrinos too. Called with energies [MeV] of any shape it gives the states
    1, 2 and 3, shape ``(3, *E.shape)``.

    Args:
        parameters: mixing angles.

    Example:
        >>> VacuumMassShares(OscillationParameters())(np.array(6.0)).round(3)
        array([0.678, 0.301, 0.021])
    """

    parameters: OscillationParameters

    def __call__(self, E: ArrayLike) -> FloatArray:
        """The probabilities at these energies [MeV]."""
        solar, reactor = self.parameters.sin2_theta12, self.parameters.sin2_theta13
        shares = np.array([(1 - reactor) * (1 - solar), (1 - reactor) * solar, reactor])
        return np.asarray(np.multiply.outer(shares, np.ones(np.shape(E))), dtype=np.float64)


def matter_potential(electron_density: ArrayLike) -> FloatArray:
    """Potential of electron neutrinos in matter, ``V = sqrt(2) G_F n_e``.

    Wolfenstein, Phys. Rev. D 17 (1978) 2369.

    Args:
        electron_density: electrons per volume over Avogadro's number [mol/cm3], any shape.

    Returns:
        Potential [MeV], the same shape.

    Example:
        >>> f"{float(matter_potential(101.0)):.2e}"
        '7.71e-18'
    """
    density = np.asarray(electron_density, dtype=np.float64) * AVOGADRO
    return math.sqrt(2) * FERMI_CONSTANT * density * HBAR_C**3


def two_flavour_survival(
    E: ArrayLike, weights: ArrayLike, electron_density: ArrayLike, parameters: OscillationParameters
) -> FloatArray:
    """Survival probability of two flavours, averaged over production.

    ``P2 = 1/2 + 1/2 cos 2theta_12 <cos 2theta_M>`` with
    ``cos 2theta_M = (cos 2theta_12 - A) / sqrt((cos 2theta_12 - A)^2 + sin^2 2theta_12)`` and
    ``A = 2 E V cos^2 theta_13 / Delta m^2_21`` (Parke, Phys. Rev. Lett. 57 (1986) 1275, without crossing;
    effective density for three flavours: Kuo and Pantaleone, Rev. Mod. Phys. 61 (1989) 937).

    Args:
        E: neutrino energies [MeV], any shape, at least 0.
        weights: share of the source made in each zone, shape (n,), any norm.
        electron_density: electron density of each zone over Avogadro's number [mol/cm3], shape (n,).
        parameters: mixing angles and mass splitting.

    Returns:
        P2, in the shape of ``E``.

    Raises:
        PhysicsError: where energies are negative, shapes differ, or weights are negative or all zero.

    Example:
        >>> import numpy as np
        >>> p2 = two_flavour_survival([0.0, 10.0], np.ones(1), np.array([100.0]), OscillationParameters())
        >>> p2.round(3)
        array([0.574, 0.333])
    """
    energy = np.asarray(E, dtype=np.float64)
    share = np.asarray(weights, dtype=np.float64)
    density = np.asarray(electron_density, dtype=np.float64)
    if not np.all(energy >= 0):
        raise PhysicsError("survival probability", "a neutrino energy below 0 or NaN", "energies [MeV] >= 0")
    if share.ndim != 1 or share.shape != density.shape:
        raise PhysicsError(
            "survival probability",
            f"shapes {share.shape} of weights and {density.shape} of densities",
            "two alike, (n,)",
        )
    if not np.all(share >= 0) or not share.sum() > 0 or not np.all(density >= 0):
        raise PhysicsError(
            "survival probability", "production weights or electron densities below 0 or NaN", "at least 0"
        )
    cosine = 1 - 2 * parameters.sin2_theta12
    sine_squared = 4 * parameters.sin2_theta12 * (1 - parameters.sin2_theta12)
    potential = 1e12 * matter_potential(density) * (1 - parameters.sin2_theta13) / parameters.delta_m21_sq
    difference = cosine - 2 * energy[..., None] * potential
    in_matter = difference / np.sqrt(difference**2 + sine_squared)
    return np.asarray(0.5 + 0.5 * cosine * (in_matter @ (share / share.sum())))


def three_flavour_survival(P2: ArrayLike, parameters: OscillationParameters) -> FloatArray:
    """Survival probability of three flavours, ``P3 = sin^4 theta_13 + cos^4 theta_13 P2``.

    Borexino, Phys. Rev. D 96 (2017) 091103, below eq. 12.

    Args:
        P2: two-flavour survival probabilities, any shape.
        parameters: mixing angles.

    Returns:
        P3, the same shape.

    Example:
        >>> round(float(three_flavour_survival(0.55, OscillationParameters())), 4)
        0.5276
    """
    sine = parameters.sin2_theta13
    return sine**2 + (1 - sine) ** 2 * np.asarray(P2, dtype=np.float64)


def flavour_shares(P2: ArrayLike, parameters: OscillationParameters) -> dict[Flavour, FloatArray]:
    """Shares of the three flavours at the Earth.

    The mass states arrive as an incoherent mixture; what is not nu_e is split between nu_mu and nu_tau
    with ``cos^2 theta_23`` and ``sin^2 theta_23``, as in eq. 12 of Borexino, Phys. Rev. D 96 (2017) 091103
    (exact for theta_13 = 0).

    Args:
        P2: two-flavour survival probabilities, any shape.
        parameters: mixing angles.

    Returns:
        Shares of ``e``, ``mu`` and ``tau``, each in the shape of ``P2``; they sum to 1.

    Example:
        >>> shares = flavour_shares(0.55, OscillationParameters())
        >>> [round(float(value), 3) for value in shares.values()]
        [0.528, 0.231, 0.241]
    """
    electron = three_flavour_survival(P2, parameters)
    others = 1 - electron
    return {
        "e": electron,
        "mu": others * (1 - parameters.sin2_theta23),
        "tau": others * parameters.sin2_theta23,
    }


def mass_shares(P2: ArrayLike, parameters: OscillationParameters) -> FloatArray:
    """Probabilities of the mass states of solar neutrinos at the Earth.

    The states arrive as an incoherent mixture, so that ``P2 = P1_2nu cos^2 theta_12 + P2_2nu sin^2 theta_12``
    with ``P1_2nu + P2_2nu = 1``. This is solved for the two; in three flavours they carry
    ``cos^2 theta_13`` and the third state ``sin^2 theta_13`` (Borexino, Phys. Rev. D 96 (2017) 091103,
    section IV, above eq. 8).

    Args:
        P2: two-flavour survival probabilities, any shape, between ``sin^2`` and ``cos^2 theta_12``.
        parameters: mixing angles.

    Returns:
        Probabilities of the states 1, 2 and 3, shape ``(3, *P2.shape)``; they sum to 1.

    Raises:
        PhysicsError: where a ``P2`` lies outside the range of mixtures, or theta_12 is maximal, where
            every mixture has P2 = 1/2.

    Example:
        >>> mass_shares(0.55, OscillationParameters()).round(3)
        array([0.616, 0.363, 0.021])
    """
    survival = np.asarray(P2, dtype=np.float64)
    sine = parameters.sin2_theta12
    cosine = 1 - 2 * sine
    if abs(cosine) < _ROUNDING:
        raise PhysicsError(
            "mass states",
            f"sin2_theta12 = {sine}, where P2 = 1/2 for every mixture of mass states",
            "an angle that is not maximal",
        )
    low, high = min(sine, 1 - sine), max(sine, 1 - sine)
    inside = (survival >= low - _ROUNDING) & (survival <= high + _ROUNDING)
    if not np.all(inside):
        worst = float(survival[~inside].ravel()[0])
        raise PhysicsError(
            "mass states",
            f"P2 = {worst:.6g}",
            f"{low:.6g} to {high:.6g}, between sin^2 and cos^2 of theta_12, for a mixture of mass states",
        )
    first = np.clip((survival - sine) / cosine, 0.0, 1.0)
    rest = 1 - parameters.sin2_theta13
    third = np.full_like(first, parameters.sin2_theta13)
    return np.stack([rest * first, rest * (1 - first), third])
