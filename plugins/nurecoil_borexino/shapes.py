"""Templates that are given rather than folded: Borexino's Monte-Carlo shapes, or a user's own.

A shape against reconstructed energy [keV] is brought to hits with the energy axis of the release; a
shape against N_h is taken bin by bin. A shape whose metadata tell its rate over all energies
(``zero_threshold_rate``) is divided by that, any other by its integral. The Monte-Carlo shape of 85Kr, cut
at 88 keV, tells none: its integral is divided by the share of the decays above.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.spectrum import Spectrum
from nurecoil.errors import InputError
from nurecoil.histograms.histogram import Histogram
from nurecoil.histograms.read import read_histogram
from nurecoil.physics.beta_isotopes import isotope, isotope_spectrum
from nurecoil_borexino.inputs import RELEASE, shipped
from nurecoil_borexino.options import Options

__all__ = ["Shape", "replaced_shape"]

Array = NDArray[np.float64]

_RATE = "zero_threshold_rate"
"""The word in a shape's metadata that says for which rate [cpd/100 t], all energies, it was made."""
_CUT = {"kr85": "Kr85"}
"""Monte-Carlo shapes that a threshold cuts and that do not tell their rate, with the nuclide."""
_NAMES = {"pp", "be7", "pep", "cno", "kr85", "bi210", "c11"}


@dataclass(frozen=True)
class Shape:
    """A given template.

    Args:
        counts: expected counts for one cpd/100 t, shape ``(bins,)``.
        provenance: one line.
    """

    counts: Array
    provenance: str


def replaced_shape(
    options: Options, name: str, edges: Array, exposure: float, factor: Array | None
) -> Shape | None:
    """The given template of a component, where the options give one.

    Args:
        options: the plugin's options.
        name: ``pp``, ``be7``, ``pep``, ``cno``, ``kr85``, ``bi210`` or ``c11``.
        edges: bin edges in hits.
        exposure: [d 100 t].
        factor: the comb, or ``None``.

    Returns:
        The shape for one cpd/100 t, or ``None`` where the component is folded.

    Raises:
        InputError: where the shape's axis is neither hits nor keV, or it is empty in the range.
    """
    location = getattr(options, f"shape_{name}") if name in _NAMES else None
    given = location is not None
    if location is None:
        if options.templates != "monte-carlo" or name not in _NAMES:
            return None
        location = f"{RELEASE}:h_mc_{name}"
    where = f"borexino.shape_{name}" if given else f"borexino.templates, {name}"
    found = read_histogram(location, where=where)
    density = _density_in_hits(found, edges, where)
    if not density.sum() > 0:
        raise InputError(
            where, f"a shape that is zero from {edges[0]:g} to {edges[-1]:g} hits", "a positive one"
        )
    norm = float(found.metadata.get(_RATE, 0.0)) or float(_contents(found).sum())
    if name in _CUT and not given:
        norm /= _share_above(_CUT[name], found.edges[0] / 1000)
    counts = exposure * density / norm
    if factor is not None:
        counts = counts * factor
    source = location if given else "Monte-Carlo shape, EPJC 80 (2020) 1091, arXiv:2005.12829 (published)"
    return Shape(counts, source)


def _density_in_hits(shape: Histogram, edges: Array, where: str) -> Array:
    """Contents of the hit bins: the integral of the shape over each."""
    summed = np.concatenate([[0.0], np.cumsum(_contents(shape))])
    if shape.observable_unit == "keV":
        scale, width = shipped("h_energy_scale"), shipped("h_energy_width")
        borders = np.concatenate([scale.counts - width.counts / 2, [scale.counts[-1] + width.counts[-1] / 2]])
        energy = np.interp(edges, scale.edges, borders)
        inside = (edges >= scale.edges[0] - 1e-9) & (edges <= scale.edges[-1] + 1e-9)
        if not inside.all():
            raise InputError(
                where,
                f"bins from {edges[0]:g} to {edges[-1]:g} hits",
                "the release's energy axis, 92 to 950",
                "Give the shape against N_h, or narrow borexino.range.",
            )
    elif shape.observable in (None, "N_h") and shape.observable_unit in (None, "", "1", "hits"):
        energy = edges
    else:
        raise InputError(
            where,
            f"axis {shape.observable or 'without a name'} [{shape.observable_unit or 'no unit'}]",
            "N_h without a unit, or an energy in keV",
            "Convert it first; nothing is converted silently.",
        )
    return np.diff(np.interp(energy, shape.edges, summed))


def _share_above(nuclide: str, energy: float) -> float:
    """The share of a nuclide's beta electrons above an energy [MeV]."""
    endpoint = max(branch.endpoint for branch in isotope(nuclide).branches)
    every, above = (
        Spectrum(lambda T: isotope_spectrum(T, nuclide), (low, endpoint)).integral() for low in (0.0, energy)
    )
    return above / every


def _contents(shape: Histogram) -> Array:
    """Events per bin, of contents that are events or a density per unit of the axis."""
    return shape.counts if shape.additive else shape.counts * shape.widths
