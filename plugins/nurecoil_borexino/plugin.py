"""The Borexino plugin: what it declares and which options it has.

Imports nothing heavy; the channel is built in :mod:`nurecoil_borexino.channel`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Interval

from nurecoil.experiment import (
    Alternative,
    CountingChannel,
    Experiment,
    Published,
    PublishedLimit,
    RecoilChannel,
    SharedSources,
    option,
)

__all__ = ["Borexino", "Options"]

_LIMITS = "Borexino collaboration, Phys. Rev. D 96 (2017) 091103, arXiv:1707.09355"
_SHAPE = "replaces the shipped one; FILE.root:NAME or FILE.json:NAME, "


@dataclass(frozen=True)
class Options:
    """Options of Borexino.

    Example:
        >>> Options().range
        (100.0, 900.0)
    """

    setup: Literal["public", "paper"] = option(
        "public",
        help="public: the spectrum of Nature 562 (2018) 505, TFC-subtracted; paper: Asimov data of the "
        "exposure of arXiv:1707.09355, 11C not subtracted",
    )
    data: str | None = option(None, help="observed counts: " + _SHAPE + "or 'asimov' for none")
    exposure: Annotated[float, Gt(0)] | None = option(
        None, unit="d 100t", help="live time times fiducial mass; none: that of the setup (582.33 or 963.1)"
    )
    range: tuple[float, float] = option((100.0, 900.0), unit="hits", help="first and last N_h, inclusive")
    response: Literal["compiled", "exact"] = option(
        "compiled", help="detector response in fits: a smooth morph about the best fit, or evaluated anew"
    )
    response_parameters: Literal["free", "fixed"] = option(
        "free", help="light yield, saturation and resolution: fitted, or fixed (the paper's standard fit)"
    )
    non_uniformity: Literal["constrained", "free"] = option(
        "constrained", help="quadratic term of the resolution: 0 +- 5e-4 from the 5 % at 1 MeV, or free"
    )
    pileup: Literal["figure", "convolution", "convolution-2014", "none"] = option(
        "figure",
        help="figure: shape of arXiv:1707.09279 Fig. 6a, free within 20 %; convolution: 14C twice, 137.5 +- "
        "2.8 cpd/100 t; convolution-2014: the same at 321 +- 7",
    )
    comb: bool = option(
        True, help="bin-to-bin factor of the hit normalisation, borrowed from the official fit"
    )
    templates: Literal["analytic", "monte-carlo"] = option(
        "analytic", help="neutrino and beta templates: folded here, or Borexino's Monte-Carlo shapes"
    )
    bi210_shape: Literal["alekseev", "carles"] = option(
        "alekseev",
        help="shape factor of 210Bi: 1 - 0.436 W + 0.0523 W^2, or 1 + 28.466/W + 0.578 W - 0.658 W^2",
    )
    birks: Annotated[float, Ge(0)] = option(0.0109, unit="cm/MeV", help="Birks' constant kB")
    cherenkov: Annotated[float, Interval(ge=0, lt=1)] = option(
        0.0, help="Cherenkov light as a fraction of the light at 1 MeV"
    )
    exposure_error: Annotated[float, Interval(ge=0, lt=1)] = option(
        0.0, help="relative error of the fiducial volume as a nuisance (then set gallium.fiducial_error=0)"
    )
    official_fit: str | None = option(None, help="official best fit, for the comb: " + _SHAPE + "counts")
    pileup_shape: str | None = option(None, help="pile-up: " + _SHAPE + "events/(day 100 t N_h)")
    external_shapes: str | None = option(
        None,
        help="file with h_tl208, h_bi214 and h_k40 against visible energy [MeV]; replaces the shipped one",
    )
    shape_pp: str | None = option(None, help="pp template: " + _SHAPE + "cpd/100 t per keV or per N_h")
    shape_be7: str | None = option(None, help="7Be template: as shape_pp")
    shape_pep: str | None = option(None, help="pep template: as shape_pp")
    shape_cno: str | None = option(None, help="CNO template: as shape_pp")
    shape_kr85: str | None = option(None, help="85Kr template: as shape_pp")
    shape_bi210: str | None = option(None, help="210Bi template: as shape_pp")
    shape_c11: str | None = option(None, help="11C template: as shape_pp")


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
        return [
            PublishedLimit(
                search, ("borexino",), 4.0e-11, unit, 0.9, "area", _LIMITS, "no radiochemical constraint"
            ),
            PublishedLimit(search, both, 2.6e-11, unit, 0.9, "area", _LIMITS, "standard fit, no systematics"),
            PublishedLimit(search, both, 2.8e-11, unit, 0.9, "area", _LIMITS, "with systematics"),
        ]

    def alternatives(self) -> Sequence[Alternative]:
        """The fit without the comb, which is borrowed from the official fit."""
        o = self.options
        asimov = o.data == "asimov" or (o.data is None and o.setup == "paper")
        return [Alternative("without the borrowed comb", {"comb": False})] if o.comb and not asimov else []

    def notes(self) -> Sequence[str]:
        """What is borrowed and what is modelled."""
        from nurecoil_borexino.published import notes

        return notes(self.options)
