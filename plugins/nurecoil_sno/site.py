"""SNO+'s numbers, each with its source: target, resolution, distances, reactors, cosmogenic isotopes.

Facts only. What the plugin does with them is in its ``plugin`` module.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from nurecoil.blueprints.facts import RECALLED, Fact
from nurecoil.physics.reactor_cores import Reactor

__all__ = [
    "COSMOGENICS",
    "DENSITY",
    "DISTANCE",
    "ELECTRONS_PER_TONNE",
    "FIDUCIAL_MASS",
    "FIDUCIAL_RADIUS",
    "REACTORS",
    "REACTORS_CITATION",
    "RESOLUTION",
]

_REVIEW = "SNO+, Adv. High Energy Phys. 2016 (2016) 6194250, arXiv:1508.05759"
_SCALED = (
    "KamLAND's rate (Phys. Rev. C 81 (2010) 025807) times 2.86e-3: muon flux 3.31e-6 (SNO, Phys. Rev. D 80 "
    "(2009) 012001) over 1.49e-3 m-2 s-1, mean energy 364 (SNO+, arXiv:2511.04600) over 260 GeV to "
    "the power 0.75" + RECALLED
)

FIDUCIAL_RADIUS: Final = Fact(6.0, "m", _REVIEW, "published")
"""Radius of the acrylic vessel; all of it counts, no cut is made."""
FIDUCIAL_MASS: Final = Fact(780.0, "t", _REVIEW, "published")
"""Mass of scintillator in it."""
DENSITY: Final = Fact(0.862, "g/cm3", _REVIEW + "; 780 t in the sphere of 6.0 m", "derived")
"""Density of the scintillator."""
ELECTRONS_PER_TONNE: Final = Fact(
    3.372e29, "1/t", "linear alkyl benzene of mean formula C18H30 (138 electrons, 246.43 g/mol)", "derived"
)
"""Electrons in a tonne of scintillator."""
DISTANCE: Final = Fact(16.1, "m", "KamLAND's; no site is published", "assumed")
"""From the IsoDAR target to the centre of the detector."""
RESOLUTION: Final = Fact(0.05, "MeV^(1/2)", "about 400 photoelectrons per MeV", "assumed")
"""Relative energy resolution times the root of the energy."""

COSMOGENICS: Final[Mapping[str, Fact]] = MappingProxyType(
    {
        "C11": Fact(3.16, "cpd/kt", _SCALED, "derived"),
        "C10": Fact(0.0603, "cpd/kt", _SCALED, "derived"),
        "Be11": Fact(0.0040, "cpd/kt", _SCALED, "derived"),
    }
)
"""Production by muons, before any veto."""

REACTORS: Final = (
    Reactor("Bruce", 21.8, 240.0),
    Reactor("Pickering", 7.0, 340.0),
    Reactor("Darlington", 11.1, 350.0),
    Reactor("United States", 173.0, 700.0),
)
"""The stations of Ontario (heavy-water reactors), and one that stands for all others: 40 % of the flux."""
REACTORS_CITATION: Final = (
    "240 km: SNO+, Phys. Rev. Lett. 130 (2023) 091801; other distances, nominal powers (Pickering with four "
    "units) and the 40 % of the rest" + RECALLED
)
"""Where powers and distances come from."""
