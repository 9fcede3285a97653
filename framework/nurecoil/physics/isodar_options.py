"""The options of a source of 8Li antineutrinos, shared by every experiment beside it.

Plain standard library: the command line reads this module before anything heavy is imported. What the
options do is in :mod:`nurecoil.physics.decay_at_rest`; mixing angles are options of the Sun.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import get_args

from nurecoil.errors import OptionError, unknown_name
from nurecoil.physics.solar_options import WeakCrossSection

__all__ = ["IsodarOptions"]


@dataclass(frozen=True, slots=True)
class IsodarOptions:
    """Options of the antineutrinos from 8Li decaying at rest.

    The defaults are those of the IsoDAR proposal, Bungau et al., Phys. Rev. Lett. 109 (2012) 141802
    (arXiv:1205.4419), table I: 10 mA of 60 MeV protons for 90 % of 5 years, 14.6 antineutrinos per 1000 of
    them, which is 1.29e23 (numbers recalled, not checked with the paper).

    Args:
        antineutrinos: antineutrinos produced in ``run`` years, above 0.
        run: how long it takes to produce them, pauses included [yr], above 0.
        spectrum: a histogram ``FILE:NAME`` over the antineutrino energy [MeV] in place of the 8Li
            spectrum, ROOT or UHI; ``None`` for the 8Li spectrum.
        cross_section: the Standard Model cross section: with radiative corrections or at tree level.

    Raises:
        OptionError: where a choice does not exist or a number leaves its range.

    Example:
        >>> IsodarOptions().run
        5.0
        >>> IsodarOptions(run=0.0)
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: isodar.run: 0.0 yr. Allowed: a number above 0.
    """

    antineutrinos: float = field(
        default=1.29e23, metadata={"unit": "1", "help": "antineutrinos produced in 'run'"}
    )
    run: float = field(default=5.0, metadata={"unit": "yr", "help": "calendar time of the run"})
    spectrum: str | None = field(
        default=None, metadata={"help": "histogram FILE:NAME [MeV] in place of the 8Li spectrum"}
    )
    cross_section: WeakCrossSection = field(
        default="radiative", metadata={"help": "Standard Model cross section on electrons"}
    )

    def __post_init__(self) -> None:
        """Check the choice and the numbers."""
        allowed = get_args(WeakCrossSection)
        if self.cross_section not in allowed:
            raise unknown_name(OptionError, "isodar.cross_section", str(self.cross_section), allowed)
        for name, unit in (("antineutrinos", ""), ("run", " yr")):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise OptionError(f"isodar.{name}", f"{value}{unit}", "a number above 0")
        if self.spectrum is not None and not self.spectrum.strip():
            raise OptionError("isodar.spectrum", "an empty text", "FILE:NAME of a histogram, or none")
