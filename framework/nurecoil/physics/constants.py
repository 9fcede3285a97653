"""Constants of nature and unit conversions that the physics modules share.

Values are CODATA 2018 and PDG 2022; the weak mixing angle is the low-energy value of the tree-level
formulae. Nothing here is computed from data.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "AVOGADRO",
    "CLASSICAL_ELECTRON_RADIUS",
    "ELECTRON_MASS",
    "FERMI_CONSTANT",
    "FINE_STRUCTURE",
    "HBAR_C",
    "SECONDS_PER_DAY",
    "SECONDS_PER_YEAR",
    "SIN2_THETA_W",
    "SIN2_THETA_W_MZ",
    "SNU",
]

ELECTRON_MASS: Final = 0.51099895
"""Electron mass [MeV]."""
FINE_STRUCTURE: Final = 1 / 137.035999
"""Fine-structure constant."""
HBAR_C: Final = 1.973269804e-11
"""hbar c [MeV cm]."""
FERMI_CONSTANT: Final = 1.1663787e-11
"""Fermi constant [MeV^-2]."""
CLASSICAL_ELECTRON_RADIUS: Final = 2.8179403e-13
"""Classical electron radius r_0 [cm]."""
SIN2_THETA_W: Final = 0.2387
"""sin^2 of the weak mixing angle at low energy, for tree-level formulae."""
SIN2_THETA_W_MZ: Final = 0.23122
"""sin^2 of the weak mixing angle at m_Z in the MS-bar scheme (PDG 2022), for radiative formulae."""
AVOGADRO: Final = 6.02214076e23
"""Avogadro's number [1/mol]."""
SECONDS_PER_DAY: Final = 86400.0
"""Seconds in a day."""
SECONDS_PER_YEAR: Final = 365.25 * SECONDS_PER_DAY
"""Seconds in a Julian year."""
SNU: Final = 1e-36
"""One solar neutrino unit [captures per target atom per second]."""
