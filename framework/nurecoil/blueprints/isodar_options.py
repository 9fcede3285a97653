"""What an experiment at a decay-at-rest source declares: its facts and its options. Plain data.

The plugins' base class is in :mod:`nurecoil.blueprints.isodar_site`, the channel is built in
:mod:`nurecoil.blueprints.isodar_channel`. Imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from nurecoil.experiment import option

if TYPE_CHECKING:
    from annotated_types import Interval

    from nurecoil.blueprints.facts import Fact
    from nurecoil.physics.reactor_cores import Reactor

__all__ = ["BACKGROUNDS", "COSMOGENIC", "IsodarOptionsOfSite", "IsodarSite"]

COSMOGENIC = ("C11", "C10", "Be11")
"""Isotopes made by muons that a site knows."""
BACKGROUNDS = ("solar", "reactor", *COSMOGENIC)
"""Backgrounds that a site knows."""


@dataclass(frozen=True)
class IsodarSite:
    """What is known about a detector beside the source.

    Args:
        electrons_per_tonne: electrons in a tonne of scintillator.
        mass: fiducial mass [t].
        radius: radius of the fiducial sphere [m].
        distance: from the target of the source to the centre of the detector [m].
        resolution: relative energy resolution times the root of the energy [MeV^(1/2)].
        quoted: elastic scatters that a sensitivity study takes for five years, with the recoil energy
            [MeV] above which they are counted.
        quoted_citation: where that count comes from.
        cosmogenics: production by muons [cpd/kt] by isotope.
        reactors: reactors in reach.
        reactors_citation: where their powers and distances come from.

    Example:
        >>> IsodarSite.__dataclass_fields__["distance"].name
        'distance'
    """

    electrons_per_tonne: Fact
    mass: Fact
    radius: Fact
    distance: Fact
    resolution: Fact
    quoted: tuple[float, float]
    quoted_citation: str
    cosmogenics: Mapping[str, Fact]
    reactors: tuple[Reactor, ...]
    reactors_citation: str


@dataclass(frozen=True)
class IsodarOptionsOfSite:
    """Options that every experiment at the source has; ``None`` stands for the site's own number.

    Example:
        >>> IsodarOptionsOfSite().bin_width
        0.1
    """

    threshold: Annotated[float, Interval(gt=0, le=20)] = option(
        1.0, unit="MeV", help="lowest reconstructed recoil energy"
    )
    bin_width: Annotated[float, Interval(ge=0.005, le=5)] = option(0.1, unit="MeV", help="width of the bins")
    normalisation: Literal["quoted", "first-principles"] = option(
        "quoted",
        help="events from the count of the sensitivity study, or from source strength, distance and mass",
    )
    events: Annotated[float, Interval(gt=0, le=1e9)] | None = option(
        None, unit="1", help="elastic scatters above the threshold in the live time, in place of either"
    )
    live_time: Annotated[float, Interval(gt=0, le=100)] = option(5.0, unit="yr", help="live time")
    efficiency: Annotated[float, Interval(gt=0, le=1)] = option(
        1.0, help="share of the events that is kept; a quoted count has it already"
    )
    flux_error: Annotated[float, Interval(ge=0, lt=1)] = option(
        0.007, help="relative error of the antineutrino flux (from inverse beta decays); 0: known"
    )
    resolution: Annotated[float, Interval(ge=0, le=1)] | None = option(
        None, unit="1", help="relative energy resolution at 1 MeV, falls with the root of E; 0: perfect"
    )
    resolution_constant: Annotated[float, Interval(ge=0, le=1)] = option(
        0.0, help="constant term of the relative energy resolution"
    )
    scale_error: Annotated[float, Interval(ge=0, le=0.2)] = option(
        0.0, help="relative error of the energy scale; 0: known"
    )
    backgrounds: tuple[Literal["solar", "reactor", "C11", "C10", "Be11", "none"], ...] = option(
        BACKGROUNDS, help="what there is beside the signal, with commas; 'none' for nothing"
    )
    veto: Annotated[float, Interval(ge=0, lt=1)] = option(
        0.0, help="share of the cosmogenic decays that vetoes after muons remove"
    )
    distance: Annotated[float, Interval(gt=0, le=1e4)] | None = option(
        None, unit="m", help="from the source to the centre of the detector"
    )
    radius: Annotated[float, Interval(gt=0, le=100)] | None = option(
        None, unit="m", help="radius of the fiducial sphere; the mass goes with its cube"
    )
    data: str | None = option(None, help="counts FILE:NAME over the energy [MeV]; else Asimov data")
    response: str | None = option(
        None, help="matrix FILE:NAME, deposited by reconstructed energy [MeV], in place of the resolution"
    )
    background_file: str | None = option(
        None, help="FILE with counts in the bins; a histogram named after a background replaces it"
    )
    reactor_spectrum: str | None = option(
        None, help="FILE:NAME of the reactor flux [cm-2 s-1] over the energy [MeV], in place of the modelled"
    )
