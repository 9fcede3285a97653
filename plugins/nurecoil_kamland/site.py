"""KamLAND's numbers, each with its source: target, resolution, distances, reactors, cosmogenic isotopes.

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
    "REACTOR_POWER_BEFORE_2011",
    "RESOLUTION",
    "RESOLUTION_UPGRADED",
    "VERTEX_RESOLUTION",
]

_ISODAR = "Bungau et al., Phys. Rev. Lett. 109 (2012) 141802, arXiv:1205.4419, table I"
_SPALLATION = "KamLAND, Phys. Rev. C 81 (2010) 025807, arXiv:0907.0066, table V" + RECALLED
_RESTARTED = "nominal thermal power of the units licensed to run in 2025, distance from coordinates"

FIDUCIAL_RADIUS: Final = Fact(6.5, "m", _ISODAR + RECALLED, "published")
"""Radius of the sphere of scintillator that counts."""
FIDUCIAL_MASS: Final = Fact(897.0, "t", _ISODAR + RECALLED, "published")
"""Its mass; with the density below the sphere holds 897 t."""
DENSITY: Final = Fact(0.780, "g/cm3", "KamLAND, Phys. Rev. C 81 (2010) 025807" + RECALLED, "published")
"""Density of the scintillator."""
ELECTRONS_PER_TONNE: Final = Fact(
    3.429e29,
    "1/t",
    "80 % dodecane (C12H26, 0.749 g/cm3) and 20 % pseudocumene (C9H12, 0.876 g/cm3) by volume, KamLAND, "
    "Phys. Rev. C 81 (2010) 025807" + RECALLED,
    "derived",
)
"""Electrons in a tonne of scintillator."""
DISTANCE: Final = Fact(16.1, "m", "Conrad et al., Phys. Rev. D 89 (2014) 072010, arXiv:1307.5081" + RECALLED,
                       "published")  # fmt: skip
"""From the IsoDAR target to the centre of the detector."""
RESOLUTION: Final = Fact(0.064, "MeV^(1/2)", _ISODAR + RECALLED, "published")
"""Relative energy resolution times the root of the energy."""
RESOLUTION_UPGRADED: Final = Fact(
    0.03, "MeV^(1/2)", "IsoDAR@KamLAND CDR II, arXiv:1710.09325, abstract", "published"
)
"""The same after the planned upgrade of the detector."""
VERTEX_RESOLUTION: Final = Fact(0.12, "m MeV^(1/2)", _ISODAR + RECALLED, "published")
"""Resolution of the position times the root of the energy."""

COSMOGENICS: Final[Mapping[str, Fact]] = MappingProxyType(
    {
        "C11": Fact(1106.0, "cpd/kt", _SPALLATION, "published", 178.0),
        "C10": Fact(21.1, "cpd/kt", _SPALLATION, "published", 1.8),
        "Be11": Fact(1.4, "cpd/kt", _SPALLATION, "published", 0.3),
    }
)
"""Production by muons, before any veto. For 11Be, 1.1 is the yield in 1e-7 cm2/(mu g)."""

REACTORS: Final = (
    Reactor("Takahama", 10.2, 191.0),
    Reactor("Ohi", 6.85, 179.0),
    Reactor("Mihama", 2.44, 146.0),
    Reactor("Shimane", 2.44, 401.0),
    Reactor("Onagawa", 2.44, 430.0),
    Reactor("Ikata", 2.66, 560.0),
    Reactor("Genkai", 6.85, 754.0),
    Reactor("Sendai", 5.32, 831.0),
    Reactor("Hanul", 24.8, 710.0),
    Reactor("Wolsong", 11.8, 709.0),
    Reactor("Kori and Saeul", 19.4, 733.0),
    Reactor("Hanbit", 16.8, 987.0),
)
"""Japanese stations that were restarted, and Korean ones; all their power all the time, an upper end."""
REACTORS_CITATION: Final = f"assumed: {_RESTARTED}; IAEA PRIS" + RECALLED
"""Where powers and distances come from."""
REACTOR_POWER_BEFORE_2011: Final = Fact(
    80.0,
    "GW",
    "power that was seen at the flux-weighted 180 km before the shutdown of 2011; KamLAND, Phys. Rev. Lett. "
    "94 (2005) 081801 for the distance, the power" + RECALLED,
    "assumed",
)
"""Effective thermal power of Japan's reactors as KamLAND first measured them, at 180 km."""
