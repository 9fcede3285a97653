"""The Borexino plugin: what it declares.

Imports nothing heavy; options are in :mod:`nurecoil_borexino.options`, the channel is built in
:mod:`nurecoil_borexino.channel`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from nurecoil.experiment import (
    Alternative,
    CountingChannel,
    Experiment,
    Published,
    PublishedLimit,
    RecoilChannel,
    SharedSources,
)
from nurecoil_borexino.options import Options

if TYPE_CHECKING:
    from nurecoil.variation import Variation

__all__ = ["Borexino"]

_LIMITS = "Borexino collaboration, Phys. Rev. D 96 (2017) 091103, arXiv:1707.09355"


class Borexino(Experiment):
    """The electron-recoil spectrum of Borexino's Phase II, Dec 2011 to May 2016.

    Example:
        >>> Borexino(Options()).name
        'borexino'
    """

    name: ClassVar[str] = "borexino"
    title: ClassVar[str] = "Borexino Phase-II: electron recoils of solar neutrinos, 0.19-2.6 MeV"
    citations: ClassVar[tuple[str, ...]] = (
        "Borexino collaboration, Nature 562 (2018) 505, doi:10.1038/s41586-018-0624-y (spectrum, open data)",
        "Borexino collaboration, Phys. Rev. D 100 (2019) 082004, arXiv:1707.09279 (rates, pile-up)",
        _LIMITS + " (components, free parameters)",
    )
    Options: ClassVar[type] = Options

    def channels(self, shared: SharedSources) -> Sequence[RecoilChannel | CountingChannel]:
        """The spectrum of hits."""
        from nurecoil_borexino.channel import hit_channel

        return [hit_channel(self.options, shared)]

    def published(self, shared: SharedSources) -> Sequence[Published]:
        """The rates of Phase II."""
        from nurecoil_borexino.published import published_rates

        return published_rates(self.options, shared)

    def published_limits(self) -> Sequence[PublishedLimit]:
        """The limits on the magnetic moment, with and without gallium."""
        search, unit = "magnetic-moment", "mu_B"
        both = ("borexino", "gallium")
        declared = (
            (("borexino",), 4.0e-11, "no radiochemical constraint"),
            (both, 2.6e-11, "standard fit, no systematics"),
            (both, 2.8e-11, "with systematics"),
        )
        return [
            PublishedLimit(search, names, value, unit, 0.9, "area", _LIMITS, remark, "mu_eff")
            for names, value, remark in declared
        ]

    def alternatives(self) -> Sequence[Alternative]:
        """The fit without the comb, which is borrowed from the official fit."""
        o = self.options
        return [Alternative("without the borrowed comb", {"comb": False})] if o.comb and not o.asimov else []

    def variations(self, shared: SharedSources) -> Sequence[Variation]:
        """Estimator, pile-up and what the fit holds."""
        from nurecoil_borexino.systematics import variations

        return variations(self.options, shared)

    def notes(self) -> Sequence[str]:
        """What is borrowed and what is modelled."""
        from nurecoil_borexino.published import notes

        return notes(self.options)
