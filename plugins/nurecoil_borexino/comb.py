"""The comb: bin-to-bin structure that the hit normalisation leaves under the 210Po peak.

Counts are integers scaled to 2000 live tubes and binned again, which leaves a structure of 2 to 10 %
from bin to bin that no smooth model has. It is taken from the official best fit over its own local
smooth form, bin by bin; where the peak is far away the factor is one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import InputError, OptionError
from nurecoil.histograms.checks import Expectation
from nurecoil.histograms.read import read_histogram
from nurecoil_borexino.inputs import RELEASE
from nurecoil_borexino.options import Options

__all__ = ["COMB_RANGE", "comb_factor"]

Array = NDArray[np.float64]

COMB_RANGE = (140.0, 240.0)
"""Where the structure is visible [hits]: under the 210Po peak."""
_WINDOW, _ORDER = 21, 3


def comb_factor(options: Options, edges: Array) -> Array | None:
    """The factor for every bin, or ``None`` where the options leave it out or the data are Asimov.

    Args:
        options: the plugin's options.
        edges: bin edges in hits, shape ``(bins + 1,)``.

    Returns:
        Factors of mean one over the peak, shape ``(bins,)``.

    Raises:
        InputError: where the official fit cannot be used.
        OptionError: where the bins are not those of the official fit.
    """
    if not options.comb or options.asimov:
        return None
    location = options.official_fit or f"{RELEASE}:h_nhits_official_fit"
    expect = Expectation(observable="N_h", observable_unit="1")
    official = read_histogram(location, where="borexino.official_fit", expect=expect)
    used = (official.centres >= COMB_RANGE[0] - 15) & (official.centres <= COMB_RANGE[1] + 15)
    if used.sum() < 2 * _WINDOW or np.any(official.counts[used] <= 0):
        raise InputError(
            "borexino.official_fit",
            f"{int(used.sum())} positive bins about the 210Po peak",
            f"unit bins from {COMB_RANGE[0] - 15:g} to {COMB_RANGE[1] + 15:g} hits",
        )
    logs = np.log(official.counts[used])
    structure = np.exp(logs - np.convolve(logs, _smoothing(), mode="same"))
    centres = (edges[1:] + edges[:-1]) / 2
    inside = (centres >= COMB_RANGE[0]) & (centres <= COMB_RANGE[1])
    where = np.searchsorted(official.centres[used], centres[inside] - 1e-6)
    where = np.minimum(where, int(used.sum()) - 1)
    if np.any(np.abs(official.centres[used][where] - centres[inside]) > 1e-6) or np.any(
        np.abs(np.diff(edges)[inside] - 1) > 1e-6
    ):
        given = options.data or "the spectrum"
        raise OptionError(
            "borexino.comb",
            f"{given} has other bins under the 210Po peak than the official fit in {location}",
            "bins of one hit in both, at the same places",
            "Set borexino.comb=false, or give such histograms as borexino.data and borexino.official_fit.",
        )
    factor = np.ones(centres.size)
    factor[inside] = structure[where]
    return factor


def _smoothing() -> Array:
    """Weights of a Savitzky-Golay filter: the value in the middle of a polynomial fitted to the window.

    scipy.signal has it too, and takes longer to import than a whole fit.
    """
    reach = np.arange(_WINDOW) - _WINDOW // 2
    return np.asarray(np.linalg.pinv(np.vander(reach, _ORDER + 1, increasing=True))[0])
