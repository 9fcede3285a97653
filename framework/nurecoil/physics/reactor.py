"""Reactor antineutrinos at a detector: emission per fission, flux, and flavour after vacuum oscillation.

Emission is modelled, not measured: conversion spectra above 2 MeV, a summation calculation below. Reactors as
data are in :mod:`nurecoil.physics.reactor_cores`; recoils are :mod:`nurecoil.physics.recoil`'s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from nurecoil.errors import OptionError, PhysicsError, unknown_name
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.physics._kinematics import FloatArray, checked
from nurecoil.physics.constants import HBAR_C
from nurecoil.physics.oscillation import OscillationParameters, VacuumMassShares, flavour_shares
from nurecoil.physics.radiative import radiative
from nurecoil.physics.reactor_cores import LIGHT_WATER_FRACTIONS, Reactor
from nurecoil.physics.scattering import Flavour
from nurecoil.physics.source import CrossSection, Source

__all__ = ["ENERGY_PER_FISSION", "FISSILE", "fission_spectrum", "reactor_source"]

ENERGY_PER_FISSION: Final = {"U235": 202.36, "U238": 205.99, "Pu239": 211.12, "Pu241": 214.26}
"""Thermal energy per fission [MeV]: Ma et al., Phys. Rev. C 88 (2013) 014605, arXiv:1212.6625."""
FISSILE: Final = tuple(ENERGY_PER_FISSION)
"""The nuclei whose fission products are counted."""

_POLYNOMIAL: Final = {
    "U235": (4.367, -4.577, 2.100, -5.294e-1, 6.186e-2, -2.777e-3),
    "U238": (4.833e-1, 1.927e-1, -1.283e-1, -6.762e-3, 2.233e-3, -1.536e-4),
    "Pu239": (4.757, -5.392, 2.563, -6.596e-1, 7.820e-2, -3.536e-3),
    "Pu241": (2.990, -2.882, 1.278, -3.343e-1, 3.905e-2, -1.754e-3),
}
"""Logarithm of the emission [1/(MeV fission)] in powers of the energy [MeV], 2 to 8 MeV."""
_LOW_ENERGY: Final = (0.0, 7.813e-3, 1.563e-2, 3.12e-2, 6.25e-2, 0.125, 0.25, 0.5, 0.75, 1.0, 1.5)
_LOW: Final = {
    "U235": (0.0, 0.024, 0.092, 0.35, 0.61, 1.98, 2.16, 2.66, 2.66, 2.41, 1.69),
    "U238": (0.0, 0.089, 0.35, 1.32, 0.65, 2.02, 2.18, 2.91, 2.96, 2.75, 1.97),
    "Pu239": (0.0, 0.14, 0.56, 2.13, 0.64, 1.99, 2.08, 2.63, 2.58, 2.32, 1.48),
    "Pu241": (0.0, 0.20, 0.79, 3.00, 0.59, 1.85, 2.14, 2.82, 2.90, 2.63, 1.75),
}
"""Emission [1/(MeV fission)] at the energies of the table of Vogel and Engel; it vanishes at 0."""
_JOIN: Final = 2.0
_END: Final = 10.0
_BEYOND_JOIN: Final = (2.0, 2.25, 2.5)
"""Points of the polynomial [MeV] that give the interpolation below 2 MeV its slope there."""
_MEV_PER_GWS: Final = 1e9 / 1.602176634e-13
_CM_PER_KM: Final = 1e5
_SMEARED: Final = 0.03
"""Relative half-width in energy over which oscillations are averaged."""
_SUM_TOLERANCE: Final = 1e-6
_CITATIONS: Final = (
    "P. Huber, Phys. Rev. C 84 (2011) 024617, arXiv:1106.0687 (235U, 239Pu, 241Pu from 2 MeV)",
    "Th. A. Mueller et al., Phys. Rev. C 83 (2011) 054615, arXiv:1101.2663 (238U from 2 MeV)",
    "P. Vogel and J. Engel, Phys. Rev. D 39 (1989) 3378 (below 1.5 MeV)",
    "X. B. Ma et al., Phys. Rev. C 88 (2013) 014605, arXiv:1212.6625 (energy per fission)",
)


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    """Flavour shares after vacuum oscillation from several reactors, as functions of the energy [MeV]."""

    distances: FloatArray
    weights: FloatArray
    parameters: OscillationParameters

    def __call__(self, E: FloatArray) -> dict[Flavour, FloatArray]:
        energy = np.maximum(np.asarray(E, dtype=np.float64), 1e-6)[..., None]
        phase = 1e-12 * self.parameters.delta_m21_sq * _CM_PER_KM * self.distances / (2 * HBAR_C * energy)
        cosine = np.cos(phase) * np.sinc(_SMEARED * phase / np.pi) @ self.weights
        sine_squared = 4 * self.parameters.sin2_theta12 * (1 - self.parameters.sin2_theta12)
        return flavour_shares(1 - sine_squared * (1 - cosine) / 2, self.parameters)


def fission_spectrum(E: ArrayLike, isotope: str) -> FloatArray:
    """Antineutrinos of one fission and its products in equilibrium.

    From 2 MeV on the exponential of a polynomial: Huber, Phys. Rev. C 84 (2011) 024617, table III, for 235U,
    239Pu and 241Pu; Mueller et al., Phys. Rev. C 83 (2011) 054615, table VI, for 238U. It was fitted from 2
    to 8 MeV and is **extrapolated to 10 MeV** (1e-4 of the antineutrinos are above 8 MeV). Below 1.5 MeV the
    summation of Vogel and Engel, Phys. Rev. D 39 (1989) 3378, table II; from there to 2 MeV an interpolation,
    since the two differ by up to 7 % at 2 MeV. Antineutrinos of 239U and 239Np from captures on 238U (all
    below 1.3 MeV) and of spent fuel are not in it; in a light-water reactor 5.6 per fission remain.

    Args:
        E: antineutrino energies [MeV], any shape.
        isotope: ``U235``, ``U238``, ``Pu239`` or ``Pu241``.

    Returns:
        Antineutrinos per MeV and fission, in the shape of ``E``; zero outside 0 to 10 MeV.

    Raises:
        OptionError: where the isotope is not one of the four.
        PhysicsError: where an energy is NaN.

    Example:
        >>> fission_spectrum([0.5, 4.0], "U235").round(3)
        array([2.66 , 0.292])
    """
    energy = checked("fission_spectrum", "antineutrino energy [MeV]", E, infinite=True)
    if isotope not in _POLYNOMIAL:
        raise unknown_name(OptionError, "fissile isotope", isotope, FISSILE)
    inside = np.clip(energy, 0.0, _END)
    high = np.exp(polyval(inside, _POLYNOMIAL[isotope]))
    low = _below_join(isotope)(np.minimum(inside, _JOIN))
    values = np.where(inside < _JOIN, low, high)
    return np.asarray(np.where((energy >= 0) & (energy <= _END), values, 0.0))


def reactor_source(
    site: str,
    reactors: Sequence[Reactor],
    *,
    fractions: Mapping[str, float] = LIGHT_WATER_FRACTIONS,
    oscillation: OscillationParameters | None = None,
    weak: CrossSection = radiative,
    uncertainty: float = 0.05,
    parameter: Parameter | None = None,
    citations: Sequence[str] = (),
) -> Source:
    """Antineutrinos of all reactors at one detector.

    ``flux(E) = sum_r P_r / (4 pi L_r^2 sum_i f_i e_i) sum_i f_i S_i(E)`` with the spectra of
    :func:`fission_spectrum` and the energies per fission of Ma et al., Phys. Rev. C 88 (2013) 014605.
    Electron antineutrinos survive with ``P_ee = sin^4 theta_13 + cos^4 theta_13 [1 - sin^2 2theta_12
    sin^2(Delta m^2_21 L / 4E)]``: vacuum, the fast oscillation of ``Delta m^2_31`` averaged, each baseline on
    its own, smoothed over +-3 % of the energy, which recoils do not resolve. The rest is split as in
    :func:`nurecoil.physics.oscillation.flavour_shares`.

    Args:
        site: scope of the parameter, the plugin's name, for example ``kamland``.
        reactors: cores or stations with their mean thermal power; at least one.
        fractions: share of the fissions by nucleus; they sum to 1.
        oscillation: mixing angles and solar splitting; left out, the defaults.
        weak: the Standard Model cross section.
        uncertainty: relative width of the flux's constraint; 0.05 covers the models' disagreement with
            measured yields, not unknown powers.
        parameter: scales the flux; left out, ``<site>.reactor_flux``, constrained to 1 by ``uncertainty``.
        citations: where powers and distances come from.

    Returns:
        The source ``reactor`` of family ``reactor``, 0 to 10 MeV; its flux is of all flavours.

    Raises:
        OptionError: where a nucleus is not one of the four.
        PhysicsError: where there is no reactor, or the fractions are negative or do not sum to 1.

    Example:
        >>> source = reactor_source("juno", [Reactor("Yangjiang", 17.4, 52.5), Reactor("Taishan", 9.2, 52.7)])
        >>> f"{source.flux:.3g}", source.parameter.name
        ('1.31e+07', 'juno.reactor_flux')
    """
    where = f"reactor antineutrinos at {site}"
    if not reactors:
        raise PhysicsError(where, "no reactor", "at least one", "Leave the source out instead.")
    shares = _checked_fractions(where, fractions)
    mixing = OscillationParameters() if oscillation is None else oscillation
    energy = _grid()
    emission = np.sum([share * fission_spectrum(energy, name) for name, share in shares.items()], axis=0)
    per_fission = float(np.trapezoid(emission, energy))
    mean_energy = math.fsum(share * ENERGY_PER_FISSION[name] for name, share in shares.items())
    powers = np.array([reactor.power for reactor in reactors])
    distances = np.array([reactor.distance for reactor in reactors])
    fluence = powers / (4 * np.pi * (distances * _CM_PER_KM) ** 2)
    if parameter is None:
        parameter = Parameter(
            f"{site}.reactor_flux",
            "1",
            1.0,
            lower=0.0,
            constraint=GaussianConstraint(1.0, uncertainty),
            description=f"flux of reactor antineutrinos at {site} over the modelled one",
            source="modelled: Huber-Mueller above 2 MeV, Vogel-Engel below; width assumed",
        )
    return Source(
        name="reactor",
        family="reactor",
        title="reactor antineutrinos (modelled)",
        flux=float(fluence.sum()) * _MEV_PER_GWS / mean_energy * per_fission,
        energy=energy,
        density=emission / per_fission,
        probabilities=_Shares(distances, fluence / fluence.sum(), mixing),
        antineutrino=True,
        weak=weak,
        parameter=parameter,
        citations=(*_CITATIONS, *citations),
        mass_shares=VacuumMassShares(mixing),
    )


def _checked_fractions(where: str, fractions: Mapping[str, float]) -> dict[str, float]:
    """Fission fractions, refused where they are not shares of the four nuclei."""
    for name in fractions:
        if name not in FISSILE:
            raise unknown_name(OptionError, "fissile isotope", name, FISSILE)
    total = math.fsum(fractions.values())
    if not abs(total - 1) <= _SUM_TOLERANCE or min(fractions.values()) < 0:
        raise PhysicsError(
            where, f"fission fractions {dict(fractions)}", "shares of at least 0 that sum to 1"
        )
    return dict(fractions)


@cache
def _below_join(isotope: str) -> PchipInterpolator:
    """Emission below 2 MeV, continuous with the polynomial there."""
    join = np.array(_BEYOND_JOIN)
    values = np.concatenate([_LOW[isotope], np.exp(polyval(join, _POLYNOMIAL[isotope]))])
    return PchipInterpolator(np.concatenate([_LOW_ENERGY, join]), values)


def _grid() -> FloatArray:
    """Energies of the source's table [MeV]: dense where the summed spectra have their edges."""
    low = np.concatenate([np.linspace(a, b, 9) for a, b in pairwise(_LOW_ENERGY[:8])])
    return np.unique(np.concatenate([low, np.linspace(0.5, _END, 381)]))
