"""Reactors as data: where they are, how strong, and what they burn; light to import.

The antineutrinos they make are in :mod:`nurecoil.physics.reactor`; which reactors a detector sees is the
business of its plugin.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from nurecoil.errors import PhysicsError

__all__ = ["HEAVY_WATER_FRACTIONS", "LIGHT_WATER_FRACTIONS", "Reactor"]

LIGHT_WATER_FRACTIONS: Final[Mapping[str, float]] = MappingProxyType(
    {"U235": 0.564, "U238": 0.076, "Pu239": 0.304, "Pu241": 0.056}
)
"""Shares of the fissions in pressurised light-water reactors, mean of Daya Bay: Phys. Rev. D 100 (2019)
052004, arXiv:1808.10836."""
HEAVY_WATER_FRACTIONS: Final[Mapping[str, float]] = MappingProxyType(
    {"U235": 0.543, "U238": 0.024, "Pu239": 0.411, "Pu241": 0.022}
)
"""Shares of the fissions in heavy-water reactors: Baldoncini et al., Phys. Rev. D 91 (2015) 065002 (recalled,
not checked)."""


@dataclass(frozen=True, slots=True)
class Reactor:
    """A core or a station.

    Args:
        name: what it is called.
        power: mean thermal power [GW], positive.
        distance: to the detector [km], positive.

    Raises:
        PhysicsError: where power or distance is not a positive number.

    Example:
        >>> Reactor("Daya Bay", 17.4, 215.0).distance
        215.0
    """

    name: str
    power: float
    distance: float

    def __post_init__(self) -> None:
        """Check the numbers."""
        for word, value, unit in (("power", self.power, "GW"), ("distance", self.distance, "km")):
            if not (math.isfinite(value) and value > 0):
                raise PhysicsError(
                    f"reactor {self.name!r}", f"a {word} of {value} {unit}", "a positive number"
                )
