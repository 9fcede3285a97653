"""Inputs that a user may replace, from ROOT or UHI files: counts, bins and response, backgrounds, fluxes.

Reading itself is done by :mod:`nurecoil.histograms`, response matrices by :mod:`nurecoil.detectors.matrix`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.energy import EnergyResponse, Resolution
from nurecoil.detectors.matrix import MatrixResponse, read_matrix
from nurecoil.errors import InputError, OptionError
from nurecoil.histograms import Expectation, read_histogram, read_histograms
from nurecoil.physics.source import Source

__all__ = [
    "BinnedOptions",
    "binned_response",
    "flux_spectrum",
    "named_backgrounds",
    "observed_counts",
    "uniform_bins",
]

Array = NDArray[np.float64]

_LARGEST_ENERGY = 100.0
"""Above this a spectrum is taken for one in another unit [MeV]."""


class BinnedOptions(Protocol):
    """The options that say in which bins an experiment counts, and what it counted.

    Example:
        >>> hasattr(BinnedOptions, "threshold")
        True
    """

    @property
    def threshold(self) -> float:
        """Lowest reconstructed recoil energy [MeV]."""
        ...

    @property
    def bin_width(self) -> float:
        """Width of the bins [MeV]."""
        ...

    @property
    def data(self) -> str | None:
        """Counts ``FILE:NAME``, or ``None``."""
        ...

    @property
    def response(self) -> str | None:
        """Response matrix ``FILE:NAME``, or ``None``."""
        ...


def uniform_bins(threshold: float, highest: float, width: float) -> Array:
    """Bins from a threshold on that hold everything up to an energy.

    Args:
        threshold: first edge [MeV].
        highest: largest recoil [MeV], above the threshold.
        width: width of the bins [MeV].

    Returns:
        Edges [MeV]; the last is the first that is not below ``highest``.

    Example:
        >>> uniform_bins(0.2, 0.45, 0.1).round(9).tolist()
        [0.2, 0.3, 0.4, 0.5]
    """
    count = max(1, int(np.ceil((highest - threshold) / width - 1e-9)))
    return np.asarray(threshold + width * np.arange(count + 1))


def observed_counts(owner: str, location: str, threshold: float, edges: Array | None) -> tuple[Array, Array]:
    """Counts that a user gives, from the threshold on.

    Args:
        owner: the experiment, whose options ``data`` and ``threshold`` errors name.
        location: ``FILE:NAME`` of counts over the reconstructed energy [MeV].
        threshold: bins that begin below it are left out [MeV].
        edges: the bins that the counts must have after that (those of a response matrix) [MeV], or
            ``None``.

    Returns:
        Edges [MeV], shape ``(bins + 1,)``, and counts, shape ``(bins,)``.

    Raises:
        InputError: where the file cannot be used, or its bins are others than ``edges``.
        OptionError: where no bin is above the threshold.

    Example:
        >>> import tempfile
        >>> from nurecoil.histograms import Histogram, write_histograms
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_histograms(f"{folder}/mine.root", [Histogram("data", [0, 1, 2, 3], [9, 8, 7])])
        ...     edges, counts = observed_counts("juno", f"{folder}/mine.root:data", 0.5, None)
        >>> edges.tolist(), counts.tolist()
        ([1.0, 2.0, 3.0], [8.0, 7.0])
    """
    where = f"{owner}.data"
    given = read_histogram(location, where=where, expect=Expectation(observable_unit="MeV"))
    used = given.edges[:-1] >= threshold * (1 - 1e-9)
    if not used.any():
        raise OptionError(
            f"{owner}.threshold", f"{threshold:g} MeV, above every bin of {location}",
            f"at most {given.edges[-2]:g} MeV",
        )  # fmt: skip
    first = int(np.argmax(used))
    kept, counts = given.edges[first:], given.counts[first:]
    if edges is not None and (kept.shape != edges.shape or not np.allclose(kept, edges, rtol=1e-9, atol=0)):
        raise InputError(
            f"{where}, {location}",
            f"{kept.size - 1} bins from {kept[0]:g} to {kept[-1]:g} MeV",
            f"the {edges.size - 1} bins of {owner}.response from {edges[0]:g} to {edges[-1]:g} MeV",
        )
    return kept, np.asarray(counts, float)


def binned_response(
    owner: str,
    options: BinnedOptions,
    highest: float,
    resolution: Resolution,
    *,
    scale: str | None = None,
    efficiency: float = 1.0,
) -> tuple[EnergyResponse | MatrixResponse, Array | None]:
    """What a detector makes of recoils, and what it counted.

    A response matrix brings its own bins, else the counts do, else they are uniform from the threshold on.

    Args:
        owner: the experiment, whose options errors name.
        options: threshold, width of the bins, counts and response matrix.
        highest: largest recoil [MeV], above the threshold.
        resolution: the energy resolution where no matrix is given.
        scale: name of the parameter that scales the energy, or ``None``; a matrix has none.
        efficiency: share of the events that is kept.

    Returns:
        The response, and the counts in its bins, or ``None`` for Asimov data.

    Raises:
        InputError: where a file cannot be used.
        OptionError: where no bin is above the threshold.

    Example:
        >>> from types import SimpleNamespace
        >>> options = SimpleNamespace(threshold=0.2, bin_width=0.1, data=None, response=None)
        >>> response, counts = binned_response("juno", options, 0.45, Resolution(0.03))
        >>> response.edges.round(9).tolist(), counts
        ([0.2, 0.3, 0.4, 0.5], None)
    """
    threshold = options.threshold
    if options.response is not None:
        read = read_matrix(options.response, where=f"{owner}.response", efficiency=efficiency)
        matrix = read.above(threshold, where=f"{owner}.threshold")
        if options.data is None:
            return matrix, None
        return matrix, observed_counts(owner, options.data, threshold, matrix.edges)[1]
    edges, observed = uniform_bins(threshold, highest, options.bin_width), None
    if options.data is not None:
        edges, observed = observed_counts(owner, options.data, threshold, None)
    return EnergyResponse(edges, resolution, scale, efficiency), observed


def named_backgrounds(
    where: str, path: str | None, edges: Array, known: Sequence[str] = ()
) -> tuple[dict[str, Array], list[str]]:
    """Backgrounds that a file gives: every histogram in it is one, under its own name.

    Args:
        where: the option to name in errors.
        path: the file, or ``None`` for none.
        edges: the channel's bins [MeV], which the histograms must have.
        known: names of backgrounds in the spelling that comes back, whatever the case in the file.

    Returns:
        Counts by name, and a line of provenance for each.

    Raises:
        InputError: where the file or a histogram in it cannot be used, or two have one name.

    Example:
        >>> import tempfile
        >>> from nurecoil.histograms import Histogram, write_histograms
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_histograms(f"{folder}/mine.json", [Histogram("c11", [0, 1, 2], [5, 4])])
        ...     found, told = named_backgrounds(
        ...         "juno.background_file", f"{folder}/mine.json", np.arange(3.0), ["C11"]
        ...     )
        >>> {name: counts.tolist() for name, counts in found.items()}
        {'C11': [5.0, 4.0]}
    """
    if path is None:
        return {}, []
    read = read_histograms(path, where=where, expect=Expectation(edges=edges, observable_unit="MeV"))
    if not read:
        raise InputError(where, f"{path} holds no histogram", "one histogram per background")
    spelt = {name.lower(): name for name in known}
    found: dict[str, Array] = {}
    for name, histogram in read.items():
        short = name.rpartition("/")[2]
        key = spelt.get(short.lower(), short)
        if key.lower() in {other.lower() for other in found}:
            raise InputError(f"{where}, {path}", f"two histograms {key!r}", "one for each background")
        found[key] = np.asarray(histogram.counts, float)
    return found, [f"background {name}: {path} (a file of the user's)" for name in found]


def flux_spectrum(where: str, location: str, source: Source) -> Source:
    """A source with flux and spectrum from a file; flavours, parameter and cross section are kept.

    The density stands at the centres of the bins and is 0 at both ends.

    Args:
        where: the option to name in errors.
        location: ``FILE:NAME`` of a histogram over the energy [MeV]: flux in each bin [cm-2 s-1], or, where
            its metadata say ``"additive": False``, flux per energy [cm-2 s-1 MeV-1].
        source: the source to change.

    Returns:
        The changed source.

    Raises:
        InputError: where the file cannot be used, holds no flux, or is not in MeV.

    Example:
        >>> import tempfile
        >>> from nurecoil.histograms import Histogram, write_histograms
        >>> from nurecoil.physics.solar import SolarNeutrinos
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_histograms(f"{folder}/mine.root", [Histogram("flux", [1, 2, 3], [2e6, 1e6])])
        ...     flux_spectrum("toy.spectrum", f"{folder}/mine.root:flux", SolarNeutrinos().source("b8"))
        <Source b8 (solar): 3e+06 cm-2 s-1, spectrum up to 3 MeV, scaled by solar.flux.b8>
    """
    given = read_histogram(location, where=where, expect=Expectation(observable_unit="MeV"))
    edges = given.edges
    if edges[0] < 0 or edges[-1] > _LARGEST_ENERGY:
        raise InputError(
            f"{where}, {location}", f"energies from {edges[0]:g} to {edges[-1]:g} MeV",
            f"0 to {_LARGEST_ENERGY:g} MeV", "Give the energy in MeV, not keV.",
        )  # fmt: skip
    flux = given.counts if given.additive else given.counts * given.widths
    total = float(flux.sum())
    if total <= 0:
        raise InputError(f"{where}, {location}", "an empty spectrum", "a flux above 0")
    energy = np.concatenate([edges[:1], given.centres, edges[-1:]])
    density = np.concatenate([[0.0], flux / given.widths, [0.0]])
    return dataclasses.replace(
        source,
        flux=total,
        lines=(),
        energy=energy,
        density=density / np.trapezoid(density, energy),
        citations=(f"flux of {location}", *source.citations),
    )
