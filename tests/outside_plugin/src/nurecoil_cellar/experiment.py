"""The experiment: a tank without resolution, a background that falls, and counts that were drawn once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from nurecoil.experiment import (
    Alternative,
    Background,
    CountingChannel,
    Experiment,
    Published,
    RecoilChannel,
    SharedSources,
    option,
)

if TYPE_CHECKING:
    from annotated_types import Interval

__all__ = ["Cellar", "Options"]

_COUNTS = Path(__file__).parent / "data" / "counts.root"


@dataclass(frozen=True)
class Options:
    """Options of the cellar."""

    bins: Annotated[int, Interval(ge=5, le=200)] = option(40, help="number of bins, for Asimov data")
    data: Literal["toy", "asimov"] = option("toy", help="the shipped counts, or what is expected")
    mass: Annotated[float, Interval(gt=0, le=1e5)] = option(300.0, unit="t", help="fiducial mass")


class Cellar(Experiment):
    """Recoils between 0.1 and 1.3 MeV in a tank under a house."""

    name: ClassVar[str] = "cellar"
    title: ClassVar[str] = "a tank in a cellar (toy)"
    citations: ClassVar[tuple[str, ...]] = ("A. Nobody, J. Toy Phys. 7 (2026) 1",)
    Options: ClassVar[type] = Options

    def channels(self, shared: SharedSources) -> Sequence[RecoilChannel | CountingChannel]:
        """One spectrum in keV."""
        import numpy as np

        from nurecoil.histograms.read import read_histogram
        from nurecoil.model.parameters import GaussianConstraint, Parameter
        from nurecoil_cellar.response import Falling, Sharp

        edges, observed = np.linspace(100.0, 1300.0, self.options.bins + 1), None
        if self.options.data == "toy":
            drawn = read_histogram(_COUNTS, where="cellar.data")
            edges, observed = drawn.edges, drawn.counts
        slope = Parameter("cellar.slope", "1/MeV", 2.0, 0.5, 5.0, description="slope of the background")
        rate = Parameter(
            "cellar.rate.rock", "events", 3e4, lower=0.0, description="events of the rock in the range"
        )
        fiducial = Parameter(
            "cellar.exposure",
            "1",
            1.0,
            lower=0.5,
            constraint=GaussianConstraint(1.0, 0.02),
            description="fiducial mass over its nominal value",
        )
        return [
            RecoilChannel(
                name="cellar/energy",
                observable="recoil energy",
                observable_unit="keV",
                edges=edges,
                observed=observed,
                electrons=3e29 * self.options.mass,
                live_time=3.15576e7,
                sources=(shared.solar.source("be7"), shared.solar.source("pep")),
                spectators=(shared.solar.source("b8"),),
                response=Sharp(edges),
                parameters=(slope,),
                backgrounds=(
                    Background(
                        "rock", Falling(edges, (slope.name,)), rate, provenance="an exponential (toy)"
                    ),
                ),
                recoil_range=(0.1, 1.3),
                exposure_parameter=fiducial,
                compiled=True,
                provenance=(f"counts: {self.options.data} (toy)",),
            )
        ]

    def published(self, shared: SharedSources) -> Sequence[Published]:
        """A value to print beside."""
        return [
            Published("cellar.rate.rock", 3e4, 1e3, "events", citation="A. Nobody, J. Toy Phys. 7 (2026) 1")
        ]

    def alternatives(self) -> Sequence[Alternative]:
        """The fit of what is expected."""
        return [Alternative("of Asimov data", {"data": "asimov"})] if self.options.data == "toy" else []

    def notes(self) -> Sequence[str]:
        """That nothing is measured."""
        return ["cellar: every number is made up"]
