"""The beta emitters this project meets: their transitions, endpoints and shapes, each with its source.

A frozen table and what is computed from it. Spectra of the electron or positron alone: photons that come with
a transition are named but not added. The formulae live in :mod:`nurecoil.physics.beta`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from nurecoil.errors import OptionError, unknown_name
from nurecoil.physics._kinematics import FloatArray
from nurecoil.physics.beta import (
    Shape,
    allowed,
    beta_spectrum,
    linear_in_recoil,
    polynomial_in_W,
    unique_first_forbidden_coulomb,
)
from nurecoil.physics.constants import ELECTRON_MASS

__all__ = ["ISOTOPES", "BetaBranch", "BetaIsotope", "isotope", "isotope_spectrum"]


@dataclass(frozen=True, slots=True)
class BetaBranch:
    """One beta transition of an isotope.

    Args:
        endpoint: largest kinetic energy of the electron or positron [MeV].
        intensity: transitions per decay of the isotope.
        shape: shape factor.
        photons: summed energy of the photons that come with it [MeV].
    """

    endpoint: float
    intensity: float
    shape: Shape
    photons: float = 0.0


@dataclass(frozen=True, slots=True)
class BetaIsotope:
    """A beta emitter: the transitions that matter here, and where their numbers come from.

    Args:
        name: element and mass number, as in ``"Kr85"``.
        Z_daughter: charge number of the daughter nucleus.
        A: mass number.
        branches: the transitions, main one first.
        citation: source of endpoints, intensities and shape factor.
        positron: whether positrons are emitted.
    """

    name: str
    Z_daughter: int
    A: int
    branches: tuple[BetaBranch, ...]
    citation: str
    positron: bool = False


_EVALUATIONS: Final = "Wang et al., Chinese Phys. C 45 (2021) 030003 (AME2020)"
_BI210: Final = polynomial_in_W(-0.4363, quadratic=0.0523)

ISOTOPES: Final[Mapping[str, BetaIsotope]] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            BetaIsotope(
                "C14",
                7,
                14,
                (BetaBranch(0.156476, 1.0, linear_in_recoil(1.24)),),
                f"endpoint: {_EVALUATIONS}; shape: Kuzminov and Osetrova, Phys. At. Nucl. 63 (2000) 1292",
            ),
            BetaIsotope(
                "Kr85",
                37,
                85,
                (BetaBranch(0.6871, 0.99566, unique_first_forbidden_coulomb(37, A=85)),),
                "endpoint: Singh and Chen, Nucl. Data Sheets 116 (2014) 1; intensity: ICRP Publication 107 "
                "(2008)",
            ),
            BetaIsotope(
                "Bi210",
                84,
                210,
                (BetaBranch(1.1612, 1.0, _BI210),),
                f"endpoint: {_EVALUATIONS}; shape: Alekseev et al., Phys. Rev. C 102 (2020) 064329",
            ),
            BetaIsotope(
                "C11",
                5,
                11,
                (BetaBranch(0.9604, 0.99767, allowed, photons=2 * ELECTRON_MASS),),
                f"endpoint: {_EVALUATIONS}; intensity: ICRP Publication 107 (2008)",
                positron=True,
            ),
            BetaIsotope(
                "C10",
                5,
                10,
                (
                    BetaBranch(1.90768, 0.98534, allowed, photons=0.71838 + 2 * ELECTRON_MASS),
                    BetaBranch(0.88601, 0.014645, allowed, photons=1.74005 + 2 * ELECTRON_MASS),
                ),
                f"endpoint: {_EVALUATIONS}; intensities: Ajzenberg-Selove, Nucl. Phys. A 413 "
                "(1984) 1; levels: Tilley et al., Nucl. Phys. A 745 (2004) 155 (recalled, not checked)",
                positron=True,
            ),
            BetaIsotope(
                "Be11",
                5,
                11,
                (
                    BetaBranch(11.5092, 0.547, allowed),
                    BetaBranch(9.3845, 0.314, allowed, photons=2.1247),
                    BetaBranch(6.4891, 0.00282, allowed, photons=5.0201),
                    BetaBranch(4.7174, 0.0647, allowed, photons=6.7918),
                    BetaBranch(3.5314, 0.0400, allowed, photons=7.9778),
                    BetaBranch(1.6362, 0.031, allowed),
                ),
                "endpoint, levels and intensities: Kelley et al., Nucl. Phys. A 880 (2012) 88 (levels and "
                "intensities, table 11.29, recalled, not checked); first-forbidden branches (to 0, 2.12 "
                "and 5.02 MeV) are given the allowed shape; the last branch (to 9.87 MeV) ends in alpha and "
                "7Li, which are taken as invisible",
            ),
            BetaIsotope(
                "Ar39",
                19,
                39,
                (BetaBranch(0.565, 1.0, unique_first_forbidden_coulomb(19, A=39)),),
                f"endpoint: {_EVALUATIONS}; transition: Kostensalo, Suhonen and Zuber, J. Phys. G 45 (2018) "
                "025202",
            ),
            BetaIsotope(
                "K42",
                20,
                42,
                (
                    BetaBranch(3.525, 0.819, unique_first_forbidden_coulomb(20, A=42)),
                    BetaBranch(2.0003, 0.1764, allowed, photons=1.5247),
                ),
                f"endpoint: {_EVALUATIONS}; level and intensities: ICRP Publication 107 (2008); the branch "
                "to the 2+ level is non-unique first forbidden and is given the allowed shape",
            ),
        )
    }
)
"""The beta emitters of this project, by name."""


def isotope(name: str) -> BetaIsotope:
    """Look up a beta emitter of :data:`ISOTOPES`.

    Args:
        name: element and mass number, as in ``"Kr85"``.

    Returns:
        Its transitions.

    Raises:
        OptionError: where the isotope is not in the table; the message offers the nearest names.

    Example:
        >>> isotope("Ar39").branches[0].endpoint
        0.565
    """
    if name not in ISOTOPES:
        raise unknown_name(OptionError, "beta emitter", name, ISOTOPES)
    return ISOTOPES[name]


def isotope_spectrum(T: ArrayLike, name: str, *, shape: Shape | None = None) -> FloatArray:
    """Spectrum ``dN/dT`` of the electrons or positrons of an isotope, normalised to 1.

    The transitions of the table weighted by their intensities; photons that come with them are not added.

    Args:
        T: kinetic energy of the electron or positron [MeV], any shape.
        name: element and mass number, as in ``"Kr85"``.
        shape: a shape factor for every transition, for example :func:`nurecoil.physics.beta.allowed`;
            left out, those of the table.

    Returns:
        Emissions per MeV and emission [1/MeV], of the shape of ``T``.

    Raises:
        OptionError: where the isotope is not in the table.
        PhysicsError: where an energy is NaN.

    Example:
        >>> print(f"{isotope_spectrum(0.2, 'Ar39'):.3f}")
        2.531
    """
    emitter = isotope(name)
    total = sum(branch.intensity for branch in emitter.branches)
    spectra = [
        branch.intensity
        / total
        * beta_spectrum(T, branch.endpoint, emitter.Z_daughter, shape or branch.shape, emitter.positron)
        for branch in emitter.branches
    ]
    return np.asarray(np.sum(spectra, axis=0))
