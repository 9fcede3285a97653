"""The neutrino sources that several experiments see, with their options: the Sun, and IsoDAR's 8Li.

Experiments take them from here so that a flux means the same in all of them. What the sources are lives in
:mod:`nurecoil.physics.solar` and :mod:`nurecoil.physics.decay_at_rest`, imported once one is asked for: the
command line reads the table of options.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from nurecoil.physics.isodar_options import IsodarOptions
from nurecoil.physics.solar_options import SolarOptions

if TYPE_CHECKING:
    from nurecoil.physics.decay_at_rest import IsodarSource
    from nurecoil.physics.solar import SolarNeutrinos

__all__ = ["SHARED", "Sources"]

SHARED: Mapping[str, type] = MappingProxyType({"solar": SolarOptions, "isodar": IsodarOptions})
"""The options of every shared source, by the name that users give them under."""


class Sources:
    """The sources that experiments share, built when the first of them asks.

    Args:
        solar: options of the Sun; the oscillation parameters of all sources are among them.
        isodar: options of the decay-at-rest source.

    Example:
        >>> Sources(SolarOptions()).solar
        <SolarNeutrinos B16-GS98, radiative cross section, free fluxes: pp, be7>
    """

    def __init__(self, solar: SolarOptions | None = None, isodar: IsodarOptions | None = None) -> None:
        self._solar = SolarOptions() if solar is None else solar
        self._isodar = IsodarOptions() if isodar is None else isodar

    @cached_property
    def solar(self) -> SolarNeutrinos:
        """The Sun."""
        from nurecoil.physics.solar import SolarNeutrinos

        return SolarNeutrinos(self._solar)

    @cached_property
    def isodar(self) -> IsodarSource:
        """The 8Li decay-at-rest source."""
        from nurecoil.physics.decay_at_rest import IsodarSource

        return IsodarSource(self._isodar, self.solar.oscillation)
