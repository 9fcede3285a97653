"""The options of Borexino: inputs, response, pile-up, and what stands in for each shipped histogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from nurecoil.experiment import option

if TYPE_CHECKING:
    from annotated_types import Interval

__all__ = ["Options"]

_SHAPE = "replaces the shipped one; FILE.root:NAME or FILE.json:NAME, "


@dataclass(frozen=True)
class Options:
    """Options of Borexino.

    Example:
        >>> Options().setup
        'public'
    """

    setup: Literal["public", "paper"] = option(
        "public",
        help="public: the spectrum of Nature 562 (2018) 505, TFC-subtracted; paper: Asimov data of the "
        "exposure of arXiv:1707.09355, 11C not subtracted",
    )
    estimator: Literal["dt1", "dt2"] = option(
        "dt1",
        help="phototubes hit in 230 ns (dt1) or 400 ns (dt2) from the start of an event; dt2 in the paper's "
        "setup only",
    )
    data: str | None = option(None, help="observed counts: " + _SHAPE + "or 'asimov' for none")
    exposure: Annotated[float, Interval(ge=1e-3, le=1e6)] | None = option(
        None, unit="d 100t", help="live time times fiducial mass; none: that of the setup (582.33 or 963.1)"
    )
    range: tuple[float, float] | None = option(
        None, unit="hits", help="first and last N_h, inclusive; none: that of the setup (100,900 or 85,950)"
    )
    response: Literal["compiled", "exact"] = option(
        "compiled", help="detector response in fits: a smooth morph about the best fit, or evaluated anew"
    )
    response_parameters: Literal["free", "fixed"] = option(
        "free", help="light yield, saturation and resolution: fitted, or fixed (the paper's standard fit)"
    )
    non_uniformity: Literal["constrained", "free"] = option(
        "constrained", help="quadratic term of the resolution: constrained to 0 +- 5e-4, or free"
    )
    pileup: Literal["figure", "convolution", "convolution-2014", "none"] = option(
        "figure",
        help="figure: shape of arXiv:1707.09279 Fig. 6a, free within pileup_error; convolution: 14C twice, "
        "137.5 +- 2.8 cpd/100 t; convolution-2014: the same at 321 +- 7",
    )
    pileup_error: Annotated[float, Interval(ge=0, le=10)] = option(
        0.2, help="relative error of the figure's pile-up; 0: held at it"
    )
    comb: bool = option(
        True, help="bin-to-bin factor of the hit normalisation, borrowed from the official fit"
    )
    templates: Literal["analytic", "monte-carlo"] = option(
        "analytic", help="neutrino and beta templates: folded here, or Borexino's Monte-Carlo shapes"
    )
    bi210_shape: Literal["alekseev", "daniel"] = option(
        "alekseev",
        help="shape factor of 210Bi: 1 - 0.436 W + 0.0523 W^2, or 1 + 28.466/W + 0.578 W - 0.658 W^2",
    )
    birks: Annotated[float, Interval(ge=0, le=0.1)] = option(0.0109, unit="cm/MeV", help="Birks' constant kB")
    cherenkov: Annotated[float, Interval(ge=0, le=0.2)] = option(
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
    shape_pp: str | None = option(
        None,
        help="pp template: " + _SHAPE + "against keV or N_h; divided by zero_threshold_rate of its metadata "
        "[cpd/100 t], else by its integral",
    )
    shape_be7: str | None = option(None, help="7Be template: as shape_pp")
    shape_pep: str | None = option(None, help="pep template: as shape_pp")
    shape_cno: str | None = option(None, help="CNO template: as shape_pp")
    shape_kr85: str | None = option(None, help="85Kr template: as shape_pp")
    shape_bi210: str | None = option(None, help="210Bi template: as shape_pp")
    shape_c11: str | None = option(None, help="11C template: as shape_pp")

    @property
    def asimov(self) -> bool:
        """Whether there are no observed counts, so that the Asimov data of the starting values stand in."""
        return self.data == "asimov" or (self.data is None and self.setup == "paper")
