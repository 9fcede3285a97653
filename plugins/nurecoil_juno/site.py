"""JUNO's numbers, each with its source: target, resolution, distances, reactors, cosmogenic isotopes.

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

_YELLOW_BOOK = "JUNO, J. Phys. G 43 (2016) 030401, arXiv:1507.05613"
_STATUS = "JUNO, Phys. Sci. Forum 8 (2023) 25, doi:10.3390/psf2023008025"
_SOLAR = (
    "predicted for 20 kt, KamLAND's yields scaled: JUNO, Chin. Phys. C 45 (2021) 023004, arXiv:2006.11760, "
    "table 3" + RECALLED
)

FIDUCIAL_RADIUS: Final = Fact(17.7, "m", "arXiv:2405.07321 and Nucl. Sci. Tech. 33 (2022) 58: 35.4 m across",
                              "published")  # fmt: skip
"""Inner radius of the acrylic sphere; all of it counts, no cut is made."""
FIDUCIAL_MASS: Final = Fact(20_000.0, "t", "arXiv:2405.07321 and " + _STATUS, "published")
"""Mass of scintillator in it."""
DENSITY: Final = Fact(0.859, "g/cm3", _YELLOW_BOOK + RECALLED, "published")
"""Density of the scintillator."""
ELECTRONS_PER_TONNE: Final = Fact(
    3.372e29, "1/t", "linear alkyl benzene of mean formula C18H30 (138 electrons, 246.43 g/mol)", "derived"
)
"""Electrons in a tonne of scintillator."""
DISTANCE: Final = Fact(
    22.7, "m", "radius of the sphere and 5 m of shielding; no site is published", "assumed"
)
"""From the IsoDAR target to the centre of the detector."""
RESOLUTION: Final = Fact(0.03, "MeV^(1/2)", _STATUS, "published")
"""Relative energy resolution times the root of the energy."""

COSMOGENICS: Final[Mapping[str, Fact]] = MappingProxyType(
    {
        "C11": Fact(46065 / 20, "cpd/kt", _SOLAR, "published"),
        "C10": Fact(878 / 20, "cpd/kt", _SOLAR, "published"),
        "Be11": Fact(59 / 20, "cpd/kt", _SOLAR, "published"),
    }
)
"""Production by muons, before any veto."""

REACTORS: Final = (
    Reactor("Yangjiang 1", 2.9, 52.75),
    Reactor("Yangjiang 2", 2.9, 52.84),
    Reactor("Yangjiang 3", 2.9, 52.42),
    Reactor("Yangjiang 4", 2.9, 52.51),
    Reactor("Yangjiang 5", 2.9, 52.12),
    Reactor("Yangjiang 6", 2.9, 52.21),
    Reactor("Taishan 1", 4.6, 52.76),
    Reactor("Taishan 2", 4.6, 52.63),
    Reactor("Daya Bay", 17.4, 215.0),
)
"""Cores within 250 km; 26.6 GW at 52.5 km. Taishan 3 and 4 are not built."""
REACTORS_CITATION: Final = _YELLOW_BOOK + ", table 1-2, full power"
"""Where powers and distances come from; compared with a public implementation, not with the paper."""
