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
from nurecoil_borexino.plugin import Options

__all__ = ["EXPOSURE", "RELEASE", "Spectrum", "read_spectrum", "shipped"]

Array = NDArray[np.float64]

RELEASE = Path(__file__).parent / "data" / "borexino_phase2.root"
"""The converted open data."""
EXPOSURE = {"public": 582.3264, "paper": 963.1}
"""Exposure of each setup [d 100 t]: of the release, and 1270.6 d x 75.8 t (arXiv:1707.09355)."""
_LAST = {"public": 950.5, "paper": 950.5}
_PAPER_FIRST = 84.5


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
    low, high = options.range
    if not low < high:
        raise OptionError("borexino.range", f"{low:g},{high:g}", "two ends, the lower first")
    expect = Expectation(observable="N_h", observable_unit="1", counts_unit="events")
    if options.data == "asimov" or (options.data is None and options.setup == "paper"):
        edges = np.arange(_PAPER_FIRST, _LAST[options.setup] + 0.5)
        bins = Histogram("asimov", edges, np.zeros(edges.size - 1), observable="N_h")
        chosen = _select(bins, low, high)
        return Spectrum(chosen.edges, None, "observed: none, Asimov data of the starting values (modelled)")
    location = f"{RELEASE}:h_nhits" if options.data is None else options.data
    found = read_histogram(location, where="borexino.data", expect=expect)
    chosen = _select(found, low, high)
    if found.edges[0] <= 0:
        raise InputError("borexino.data", f"an axis from {found.edges[0]:g}", "numbers of hits above 0")
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


def _select(histogram: Histogram, low: float, high: float) -> Histogram:
    try:
        return histogram.select(low, high)
    except OptionError as error:
        raise OptionError("borexino.range", error.got, error.allowed, error.remedy) from error
