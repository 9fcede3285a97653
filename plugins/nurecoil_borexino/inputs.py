"""Reading Borexino's inputs: the shipped files, or what the user puts in their place.

Every input is a histogram in ROOT or UHI JSON, checked for its axis and units. What the templates are
made of is in :mod:`nurecoil_borexino.backgrounds` and :mod:`nurecoil_borexino.shapes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import InputError, OptionError
from nurecoil.histograms.checks import Expectation
from nurecoil.histograms.histogram import Histogram
from nurecoil.histograms.read import read_histogram
from nurecoil_borexino.options import Options

__all__ = ["EXPOSURE", "RANGE", "RELEASE", "Spectrum", "read_spectrum", "shipped"]

Array = NDArray[np.float64]

RELEASE = Path(__file__).parent / "data" / "borexino_phase2.root"
"""The converted open data."""
EXPOSURE = {"public": 582.3264, "paper": 963.1}
"""Exposure of each setup [d 100 t]: of the release, and 1270.6 d x 75.8 t (arXiv:1707.09355)."""
RANGE = {"public": (100.0, 900.0), "paper": (85.0, 950.0)}
"""Range of each setup [hits]: below 100 the official fit of the release is poor itself; from 0.19 MeV on."""
_ASIMOV_AXIS = (70.5, 1000.5)


@dataclass(frozen=True)
class Spectrum:
    """The bins of the fit, the counts in them and where they come from.

    Args:
        edges: bin edges in hits.
        observed: counts, or ``None`` for Asimov data.
        provenance: one line.

    Example:
        >>> Spectrum(np.array([99.5, 100.5]), None, "Asimov").observed is None
        True
    """

    edges: Array
    observed: Array | None
    provenance: str


def read_spectrum(options: Options) -> Spectrum:
    """The observed spectrum in the range of the options.

    Args:
        options: the plugin's options.

    Returns:
        Bins and counts.

    Raises:
        InputError: where the file or histogram cannot be used.
        OptionError: where the range lies outside it or is the wrong way round.
    """
    low, high = RANGE[options.setup] if options.range is None else options.range
    if not low < high:
        allowed = "two numbers of hits, the lower first, such as 100,900"
        raise OptionError("borexino.range", f"{low:g},{high:g}", allowed)
    expect = Expectation(observable="N_h", observable_unit="1", counts_unit="events")
    if options.asimov:
        edges = np.arange(_ASIMOV_AXIS[0], _ASIMOV_AXIS[1] + 0.5)
        bins = Histogram("asimov", edges, np.zeros(edges.size - 1), observable="N_h")
        chosen = _select(bins, low, high, options)
        return Spectrum(chosen.edges, None, "observed: none, Asimov data of the starting values (modelled)")
    location = f"{RELEASE}:h_nhits" if options.data is None else options.data
    found = read_histogram(location, where="borexino.data", expect=expect)
    chosen = _select(found, low, high, options)
    if chosen.edges[0] <= 0:
        raise InputError(
            "borexino.data", f"a bin from {chosen.edges[0]:g} hits on", "numbers of hits above 0"
        )
    if not chosen.counts.any():
        raise InputError(
            "borexino.data",
            f"{location} has no events from {low:g} to {high:g} hits",
            "a spectrum with events",
        )
    shown = "Nature 562 (2018) 505, Fig. 2a (published)" if options.data is None else options.data
    return Spectrum(chosen.edges, chosen.counts, f"observed counts: {shown}")


def shipped(name: str) -> Histogram:
    """A histogram of the converted release.

    Args:
        name: its name in the file.

    Returns:
        The histogram.

    Raises:
        InputError: where the file does not hold it.
    """
    return read_histogram(f"{RELEASE}:{name}", where=f"borexino release {name}")


def _select(histogram: Histogram, low: float, high: float, options: Options) -> Histogram:
    try:
        return histogram.select(low, high)
    except OptionError as error:
        by_default = f" (the default of borexino.setup={options.setup})" if options.range is None else ""
        ends = f"{histogram.edges[0]:g} to {histogram.edges[-1]:g} hits"
        raise OptionError(
            "borexino.range",
            f"{low:g},{high:g}{by_default}; {options.data or 'the spectrum'} has bins from {ends}",
            "ends within them, with at least one bin between",
            "Set borexino.range=FIRST,LAST accordingly.",
        ) from error
