"""Scintillation light of electrons: Birks quenching and Cherenkov light on a tabulated energy loss.

The result is the visible energy of an electron, before light yield and saturation
(:mod:`nurecoil.detectors.scintillator`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from nurecoil.errors import PhysicsError
from nurecoil.physics.constants import ELECTRON_MASS

__all__ = ["LINEAR_ALKYLBENZENE", "PSEUDOCUMENE", "Material", "Quenching", "collision_stopping_power"]

Array = NDArray[np.float64]
_LOWEST = 1e-4
_HIGHEST = 30.0


@dataclass(frozen=True, slots=True)
class Material:
    """A scintillator as the Bethe formula sees it.

    Args:
        name: what it is.
        density: mass density [g/cm3].
        charge_to_mass: Z/A averaged over the molecule [mol/g].
        mean_excitation: mean excitation energy I [MeV].
        refractive_index: for Cherenkov light, dimensionless.

    Example:
        >>> PSEUDOCUMENE.density
        0.88
    """

    name: str
    density: float
    charge_to_mass: float
    mean_excitation: float
    refractive_index: float


PSEUDOCUMENE = Material("pseudocumene (C9H12)", 0.88, 66 / 120.19, 62.5e-6, 1.50)
"""Borexino's scintillator; I from Bragg additivity of C and H (ICRU 37)."""
LINEAR_ALKYLBENZENE = Material("linear alkylbenzene (C18H30)", 0.86, 138 / 246.4, 59.4e-6, 1.48)
"""The scintillator of JUNO and SNO+."""


def collision_stopping_power(energy: Array, material: Material) -> Array:
    """Collision energy loss of electrons after Bethe, Berger and Seltzer (ICRU 37, eq. 2.7).

    Below 1 keV, where the formula turns over, the loss is continued as ``E^-1/2``; no visible light
    that the detectors of this framework trigger on comes from there.

    Args:
        energy: electron kinetic energy [MeV], positive, any shape.
        material: the scintillator.

    Returns:
        Energy loss [MeV/cm], shape of ``energy``.

    Example:
        >>> loss = collision_stopping_power(np.array([1.0]), PSEUDOCUMENE)
        >>> round(float(loss[0]), 2)
        1.66
    """
    energy = np.asarray(energy, float)
    used = np.maximum(energy, 1e-3)
    tau = used / ELECTRON_MASS
    beta2 = tau * (tau + 2) / (tau + 1) ** 2
    excitation = material.mean_excitation / ELECTRON_MASS
    shape = 1 - beta2 + (tau**2 / 8 - (2 * tau + 1) * np.log(2)) / (tau + 1) ** 2
    bracket = np.log(tau**2 * (tau + 2) / (2 * excitation**2)) + shape
    loss = 0.1535354 * material.charge_to_mass * material.density / beta2 * bracket
    return np.asarray(loss * np.sqrt(used / np.maximum(energy, 1e-12)))


@dataclass(frozen=True)
class Quenching:
    """Visible energy of electrons with Birks quenching and an optional Cherenkov part.

    ``E_v(T) = int_0^T dE / (1 + kB dE/dx) + f_C C(T)`` with
    ``C(T) = int_0^T (1 - 1/(n beta)^2) dE/(dE/dx)`` normalised to 1 MeV at T = 1 MeV. Birks,
    Proc. Phys. Soc. A 64 (1951) 874; the form is that of Borexino, PRD 89 (2014) 112007, sec. VII.

    Args:
        birks: kB [cm/MeV], not negative.
        cherenkov: f_C, Cherenkov light as a fraction of the light at 1 MeV, not negative.
        material: the scintillator.

    Raises:
        PhysicsError: where ``birks`` or ``cherenkov`` is negative or an energy lies outside 0-30 MeV.

    Example:
        >>> light = Quenching(birks=0.0109)
        >>> [round(float(v), 3) for v in light.visible(np.array([0.1, 1.0]))]
        [0.091, 0.972]
    """

    birks: float
    cherenkov: float = 0.0
    material: Material = PSEUDOCUMENE

    def __post_init__(self) -> None:
        """Refuse negative light."""
        for name, value in (("birks", self.birks), ("cherenkov", self.cherenkov)):
            if not (np.isfinite(value) and value >= 0):
                raise PhysicsError(f"quenching {name}", f"{value}", "a number of at least 0")

    def visible(self, energy: Array) -> Array:
        """Visible energy [MeV] of electrons of kinetic energy ``energy`` [MeV]."""
        energy = np.asarray(energy, float)
        if energy.size and not (np.min(energy) >= 0 and np.max(energy) <= _HIGHEST):
            raise PhysicsError(
                "quenching",
                f"energies {np.min(energy):g} to {np.max(energy):g} MeV",
                f"0 to {_HIGHEST:g} MeV",
            )
        factor = self._factor(np.log(np.maximum(energy, _LOWEST)))
        return np.asarray(energy * factor)

    @cached_property
    def _factor(self) -> CubicSpline:
        grid = np.log(np.geomspace(_LOWEST, _HIGHEST, 1201))
        middle = np.exp((grid[1:] + grid[:-1]) / 2)
        points = np.stack([np.exp(grid[:-1]), middle, np.exp(grid[1:])])
        loss = collision_stopping_power(points, self.material)
        tau = points / ELECTRON_MASS
        beta2 = tau * (tau + 2) / (tau + 1) ** 2
        cherenkov = np.maximum(0.0, 1 - 1 / (self.material.refractive_index**2 * beta2)) / loss
        step = np.diff(grid)

        def integrate(integrand: Array, start: float) -> Array:
            simpson = (integrand * points * np.array([[1.0], [4.0], [1.0]])).sum(axis=0) * step / 6
            return start + np.concatenate([[0.0], np.cumsum(simpson)])

        scintillation = integrate(1 / (1 + self.birks * loss), _LOWEST / (1 + self.birks * loss[0, 0]))
        light = integrate(cherenkov, 0.0)
        light = light / np.interp(0.0, grid, light)
        return CubicSpline(grid, (scintillation + self.cherenkov * light) / np.exp(grid))
