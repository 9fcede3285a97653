"""What a gamma meets in pseudocumene: cross sections from 10 keV to 4 MeV, as functions and as tables.

Coherent scattering, which takes no energy, and the binding of the scattering electron are left out. How
gammas travel is in ``gamma_transport``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nurecoil.detectors.quenching import PSEUDOCUMENE, Quenching
from nurecoil.errors import InputError
from nurecoil.physics.constants import ELECTRON_MASS

__all__ = ["HIGHEST", "LOWEST", "LOWEST_ELECTRON", "Attenuation", "attenuation", "tables"]

Array = NDArray[np.float64]

LOWEST, HIGHEST = 0.01, 4.0
"""Gamma energies between which the cross sections are known [MeV]."""
LOWEST_ELECTRON = 1e-4
"""Electron energy where the table of light begins [MeV]."""
_POINTS = 4001
_BARN_MOLE = 0.602214076  # Avogadro's number times a barn [cm2/mol]
_CARBONS, _HYDROGENS, _ELECTRONS = 9, 12, 66
_RADIUS_SQUARED = 0.0794078  # square of the classical electron radius [b], CODATA

# M. J. Berger and J. H. Hubbell, XCOM, NIST Standard Reference Database 8 (version 3.1): cross sections
# per atom [b] against energy [MeV]. Hydrogen's photoelectric effect is 1e-4 of carbon's here: left out.
_PHOTO_ENERGY = [0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8]
_PHOTO_ENERGY += [1.0, 1.25, 1.5, 2.0, 3.0, 4.0]
_PHOTO_CARBON = [41.4, 11.14, 4.341, 1.138, 0.4374, 0.2079, 0.1131, 0.04327, 0.02057, 5.397e-3, 2.121e-3]
_PHOTO_CARBON += [5.944e-4, 2.536e-4, 1.364e-4, 8.482e-5, 4.277e-5, 2.659e-5, 1.665e-5, 1.209e-5, 7.631e-6]
_PHOTO_CARBON += [4.282e-6, 2.947e-6]
_PAIR_ENERGY = [1.25, 1.5, 2.0, 2.044, 3.0, 4.0]
_PAIR_CARBON = [2.870e-4, 1.594e-3, 6.356e-3, 6.852e-3, 1.820e-2, 2.955e-2]
_PAIR_HYDROGEN = [7.805e-6, 4.385e-5, 1.758e-4, 1.895e-4, 5.048e-4, 8.202e-4]
_TRIPLET_ENERGY = [3.0, 4.0]
_TRIPLET_CARBON = [2.421e-4, 9.885e-4]
_TRIPLET_HYDROGEN = [4.035e-5, 1.647e-4]


@dataclass(frozen=True, slots=True)
class Attenuation:
    """Linear attenuation coefficients of pseudocumene [1/cm], each of the shape of the energies."""

    compton: Array
    photo: Array
    pair: Array

    @property
    def total(self) -> Array:
        """Their sum [1/cm]; no coherent scattering."""
        return self.compton + self.photo + self.pair


def attenuation(energy: ArrayLike) -> Attenuation:
    """Attenuation of gammas in pseudocumene.

    Compton scattering after Klein and Nishina, Z. Phys. 52 (1929) 853, on free electrons; photoelectric
    effect and pair production (on nuclei and on electrons) from XCOM, the former interpolated in the
    logarithms, the latter after division by ``(1 - threshold/E)^3``, as XCOM does.

    Args:
        energy: gamma energies [MeV], 0.01 to 4, any shape.

    Returns:
        The coefficients of the three processes [1/cm].

    Raises:
        InputError: where an energy lies outside of that range.

    Example:
        >>> round(float(1 / attenuation(2.614511).total), 1)
        27.0
    """
    e = np.asarray(energy, float)
    if e.size and not (np.min(e) >= LOWEST and np.max(e) <= HIGHEST):
        raise InputError("attenuation", f"energies {np.min(e):g} to {np.max(e):g} MeV", "0.01 to 4 MeV")
    k = e / ELECTRON_MASS
    log = np.log1p(2 * k)
    bracket = (1 + k) / k**2 * (2 * (1 + k) / (1 + 2 * k) - log / k) + log / (2 * k)
    compton = 2 * np.pi * _RADIUS_SQUARED * (bracket - (1 + 3 * k) / (1 + 2 * k) ** 2)
    photo = np.exp(np.interp(np.log(e), np.log(_PHOTO_ENERGY), np.log(_PHOTO_CARBON)))
    pair = np.zeros_like(e)
    for threshold, table, carbon, hydrogen in (
        (2 * ELECTRON_MASS, _PAIR_ENERGY, _PAIR_CARBON, _PAIR_HYDROGEN),
        (4 * ELECTRON_MASS, _TRIPLET_ENERGY, _TRIPLET_CARBON, _TRIPLET_HYDROGEN),
    ):
        points = np.asarray(table)
        molecule = _CARBONS * np.asarray(carbon) + _HYDROGENS * np.asarray(hydrogen)
        reduced = np.log(molecule / (1 - threshold / points) ** 3)
        pair += np.exp(np.interp(np.log(e), np.log(points), reduced)) * np.maximum(1 - threshold / e, 0) ** 3
    molecules = _BARN_MOLE * PSEUDOCUMENE.density * PSEUDOCUMENE.charge_to_mass / _ELECTRONS
    return Attenuation(_ELECTRONS * molecules * compton, _CARBONS * molecules * photo, molecules * pair)


def tables(quenching: Quenching) -> Array:
    """What the compiled transport looks up, evenly spaced in the logarithm of the energy.

    Args:
        quenching: the visible energy of an electron.

    Returns:
        Four rows: total attenuation [1/cm], the share of Compton scattering in it, that of Compton
        scattering and photoelectric effect together (three over gamma energies ``LOWEST`` to ``HIGHEST``),
        and the visible energy of an electron over its energy (``LOWEST_ELECTRON`` to ``HIGHEST``).

    Example:
        >>> tables(Quenching(birks=0.0109)).shape
        (4, 4001)
    """
    energy = np.geomspace(LOWEST, HIGHEST, _POINTS)
    mu = attenuation(energy)
    electron = np.geomspace(LOWEST_ELECTRON, HIGHEST, _POINTS)
    light = quenching.visible(electron) / electron
    return np.stack([mu.total, mu.compton / mu.total, 1 - mu.pair / mu.total, light])
