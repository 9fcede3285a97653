"""The DUNE plugin: can liquid argon see a magnetic moment under its own radioactivity?

Facts are in :mod:`nurecoil_dune.site`, options in :mod:`nurecoil_dune.options`; the channel is built in
:mod:`nurecoil_dune.channel`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nurecoil.experiment import CountingChannel, Experiment, RecoilChannel, SharedSources
from nurecoil_dune.options import Options

__all__ = ["DUNE", "Options"]


class DUNE(Experiment):
    """Recoils of 8Li antineutrinos in a module of liquid argon, under 42Ar/42K and 39Ar.

    Example:
        >>> DUNE(Options()).name
        'dune'
    """

    name: ClassVar[str] = "dune"
    title: ClassVar[str] = "DUNE feasibility: 8Li antineutrinos in liquid argon under 42K and 39Ar"
    citations: ClassVar[tuple[str, ...]] = (
        "DUNE collaboration, JINST 15 (2020) T08008, arXiv:2002.02967 (detector)",
        "A. Bungau et al., Phys. Rev. Lett. 109 (2012) 141802, arXiv:1205.4419 (IsoDAR)",
    )
    Options: ClassVar[type] = Options

    def channels(self, shared: SharedSources) -> Sequence[RecoilChannel | CountingChannel]:
        """The spectrum of recoils."""
        from nurecoil_dune.channel import argon_channel

        return [argon_channel(self.options, shared)]

    def notes(self) -> Sequence[str]:
        """Where the counts come from and what is suppressed."""
        o = self.options
        decays = {"K42": f"{o.k42_decays:.3g} decays of 42K", "Ar39": f"{o.ar39_decays:.3g} decays of 39Ar"}
        named = " and ".join(text for name, text in decays.items() if name in o.isotopes) or "no decays"
        suppressed = f", suppressed {o.rejection:g} times" if o.rejection != 1 else ""
        return [
            f"dune: {o.events:g} elastic scatters without threshold in 5 yr, {named}{suppressed}",
            "dune: the IsoDAR sensitivity slides have 250000 scatters and 1e+10 decays of 42K; natural argon "
            "has 14 times as much 42Ar",
        ]
