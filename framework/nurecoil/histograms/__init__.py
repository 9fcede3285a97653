"""Histograms in and out: ROOT (uproot) and UHI JSON files, held as plain numpy, checked on the way in.

``histogram`` is the container, ``locations`` the way to name one in a file, ``read`` and ``write`` the
doors, ``checks`` what an input must be. uproot, hist and uhi are imported only when a file is touched.
"""

from nurecoil.histograms.checks import Expectation, check
from nurecoil.histograms.histogram import Histogram
from nurecoil.histograms.locations import Location, parse_location
from nurecoil.histograms.read import list_histograms, read_histogram, read_histograms, read_metadata
from nurecoil.histograms.write import write_histograms

__all__ = [
    "Expectation",
    "Histogram",
    "Location",
    "check",
    "list_histograms",
    "parse_location",
    "read_histogram",
    "read_histograms",
    "read_metadata",
    "write_histograms",
]
