"""Options of DUNE's feasibility study; plain data, light to import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from nurecoil.experiment import option

if TYPE_CHECKING:
    from annotated_types import Interval

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """Options of the study.

    Example:
        >>> Options().rejection
        1.0
    """

    threshold: Annotated[float, Interval(gt=0, le=20)] = option(
        0.2, unit="MeV", help="lowest reconstructed recoil energy"
    )
    bin_width: Annotated[float, Interval(ge=0.005, le=5)] = option(0.1, unit="MeV", help="width of the bins")
    rejection: Annotated[float, Interval(ge=1, le=1e15)] = option(
        1.0, help="factor by which the decays of argon are suppressed (purification, pointing, fiducial cuts)"
    )
    events: Annotated[float, Interval(gt=0, le=1e9)] = option(
        250_000.0, unit="1", help="elastic scatters without threshold in five years"
    )
    isotopes: tuple[Literal["K42", "Ar39"], ...] = option(
        ("K42", "Ar39"), help="isotopes of argon whose decays are a background, the main one first"
    )
    k42_decays: Annotated[float, Interval(ge=0, le=1e20)] = option(
        1e10, unit="1", help="42Ar/42K decays in five years before rejection; 0: none"
    )
    k42_shape: Literal["first-forbidden", "allowed"] = option(
        "first-forbidden", help="beta spectrum of 42K: unique first forbidden, or allowed"
    )
    ar39_decays: Annotated[float, Interval(ge=0, le=1e20)] = option(
        1e15, unit="1", help="39Ar decays in five years before rejection; 0: none"
    )
    background_error: Annotated[float, Interval(ge=0, le=10)] = option(
        0.0, help="relative error of the decay rates from elsewhere; 0: they float freely"
    )
    solar: bool = option(True, help="solar neutrinos as a background")
    mass: Annotated[float, Interval(gt=0, le=1e6)] = option(10.0, unit="kt", help="fiducial mass")
    live_time: Annotated[float, Interval(gt=0, le=100)] = option(5.0, unit="yr", help="live time")
    flux_error: Annotated[float, Interval(ge=0, lt=1)] = option(
        0.007, help="relative error of the antineutrino flux; 0: known"
    )
    resolution: Annotated[float, Interval(ge=0, le=1)] = option(
        0.10, help="relative energy resolution, the same at every energy; 0: perfect"
    )
    data: str | None = option(None, help="counts FILE:NAME over the energy [MeV]; else Asimov data")
    response: str | None = option(
        None, help="matrix FILE:NAME, deposited by reconstructed energy [MeV], in place of the resolution"
    )
    background_file: str | None = option(
        None, help="FILE with counts in the bins; a histogram named after a background replaces it"
    )
