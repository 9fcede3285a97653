"""Channels of counts: a ``histfactory_dist`` of an HS3 file with its data.

What modifiers do to a sample is :mod:`nurecoil.bridges.hs3._read_modifiers`'s.
"""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from nurecoil.bridges.hs3._read_modifiers import Draft, Reading, read_modifiers, stat_names
from nurecoil.bridges.hs3._read_place import Place
from nurecoil.model.channels import PoissonChannel, Sample
from nurecoil.model.modifiers import BinFactors, HistoSys, Modifier, NormSys

__all__ = ["Axes", "read_axes", "read_channel", "read_counts"]

Array = NDArray[np.float64]
Axes = list[tuple[str, Array | tuple[float, float, int]]]
"""Name and edges of every axis, or its lower end, upper end and number of bins."""


def read_axes(place: Place, size: int) -> Axes:
    """Axes of something binned.

    Args:
        place: the list of axes.
        size: number of bins that they have to have together.

    Raises:
        InputError: where they have another, or are not understood. Nothing is made of announced sizes.
    """
    axes: Axes = []
    total = 1
    for axis in place.items():
        axis.only(("name", "min", "max", "nbins", "edges"))
        name, edges, bins = axis.need("name").text(), axis.get("edges"), axis.get("nbins")
        if edges is not None and bins is not None:
            raise axis.fail("'edges' and 'nbins'", "one of them")
        if edges is not None:
            numbers = edges.numbers()
            if numbers.size < 2 or np.any(np.diff(numbers) <= 0):
                raise edges.fail("edges that do not increase", "two edges or more, each above the last")
            axes.append((name, numbers))
            total *= numbers.size - 1
            continue
        count = axis.need("nbins").whole()
        low, high = axis.need("min").number(), axis.need("max").number()
        if count < 1 or not low < high or not math.isfinite((high - low) / count):
            raise axis.fail(f"{count} bins from {low:g} to {high:g}", "a bin or more, min below max")
        axes.append((name, (low, high, count)))
        total *= count
    if not axes or total != size:
        raise place.fail(f"{total if axes else 0} bins for {size} contents", "as many bins as contents")
    names = [name for name, _ in axes]
    if len(set(names)) != len(names):
        raise place.fail("an axis named twice", "each name once")
    return axes


def _edges(axes: Axes, size: int) -> tuple[str, Array]:
    """Name and edges of the one axis that the neutral model has; several are rolled out to bin numbers."""
    if len(axes) > 1:
        return " x ".join(name for name, _ in axes), np.arange(size + 1.0)
    name, binning = axes[0]
    if isinstance(binning, tuple):
        return name, np.linspace(*binning[:2], size + 1)
    return name, binning


def read_counts(place: Place, size: int) -> Array:
    """Observed counts, shape ``(bins,)``: binned data, or single entries with weights on one axis.

    Args:
        place: the data.
        size: number of bins of the distribution.

    Raises:
        InputError: where they do not fit, or are not understood.
    """
    kind = place.need("type").text()
    if kind != "binned":
        raise place.fail(f"type {kind!r} for a binned distribution", "'binned'")
    place.only(("name", "type", "axes", "contents", "uncertainty"))
    counts = place.need("contents").numbers(size)
    if np.any(counts < 0):
        bin_ = int(np.argmax(counts < 0))
        raise place.fail(f"{counts[bin_]:g} events in bin {bin_}", "0 or more")
    return counts


def read_channel(reading: Reading, place: Place, data: Place, asimov: bool) -> PoissonChannel:
    """Read a channel; the constraints that its modifiers bring go to ``reading``.

    Args:
        reading: what is known and found.
        place: the ``histfactory_dist``.
        data: its data.
        asimov: whether these stand in for data.

    Raises:
        InputError: for what is not understood or does not fit.
    """
    place.only(("name", "type", "axes", "samples", "barlow_beeston_method"))
    name = place.need("name").text()
    samples = place.need("samples").items()
    if not samples:
        raise place.fail("no samples", "one sample or more")
    size = len(samples[0].need("data").need("contents").numbers())
    axes = read_axes(place.need("axes"), size)
    observable, edges = _edges(axes, size)
    counts = read_counts(data, size)
    _same_binning(axes, data)
    drafts = [_draft(item, i, size, name) for i, item in enumerate(samples)]
    repeated = [one for one, times in Counter(draft.name for draft in drafts).items() if times > 1]
    if repeated:
        raise place.need("samples").fail(f"sample {repeated[0]!r} more than once", "each name once")
    full = _full(reading, place)
    if not full:
        _relative_errors(reading, drafts)
    for draft in drafts:
        read_modifiers(reading, draft)
    made = tuple(_sample(draft) for draft in drafts)
    return PoissonChannel(name, observable, "1", edges, made, counts, asimov)


def _full(reading: Reading, place: Place) -> bool:
    """Whether every sample has statistical factors of its own, and says their errors."""
    method = place.get("barlow_beeston_method")
    if method is not None and method.text() not in ("lite", "full"):
        raise method.fail(f"{method.text()!r:.60}", "'lite', 'full'")
    return method is not None and method.value == "full"


def _draft(place: Place, number: int, size: int, channel: str) -> Draft:
    place.only(("name", "data", "modifiers"))
    data = place.need("data")
    data.only(("contents", "errors"))
    named, errors = place.get("name"), data.get("errors")
    return Draft(
        f"sample{number}" if named is None else named.text(),
        data.need("contents").numbers(size),
        None if errors is None else np.abs(errors.numbers(size)),
        place,
        channel,
    )


def _relative_errors(reading: Reading, drafts: list[Draft]) -> None:
    """Errors of the sum of all samples with a staterror, relative to it."""
    found: list[tuple[Draft, Place, tuple[str, ...]]] = []
    for draft in drafts:
        listed = draft.place.get("modifiers")
        for place in [] if listed is None else listed.items():
            if place.need("type").value == "staterror":
                if place.get("data") is not None:
                    raise place.fail("'data' of a staterror", "errors in the sample's data",
                                     "Only barlow_beeston_method 'full' has them here.")  # fmt: skip
                found.append((draft, place, stat_names(reading, draft, place)))
    if not found:
        return
    names = found[0][2]
    for draft, place, own in found:
        if own != names:
            raise place.fail(
                "parameters other than at the channel's first staterror", "the same in all samples"
            )
        if draft.relative:
            raise place.fail("a second staterror of one sample", "one")
        draft.relative = {names: np.empty(0)}
    total = np.sum([draft.contents for draft, _, _ in found], axis=0)
    squares = np.sum([_statistical(reading, draft, place) ** 2 for draft, place, _ in found], axis=0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        relative = np.where(total > 0, np.sqrt(squares) / total, 0.0)
    if reading.dialect == "pyhs3" and np.any((relative == 0) & (total > 0)):
        bin_ = int(np.argmax((relative == 0) & (total > 0)))
        raise found[0][1].fail(f"no error in bin {bin_}, where pyhs3 divides by it", "errors above 0")
    if not np.all(np.isfinite(relative)):
        raise found[0][1].fail("errors that are not finite relative to the contents", "finite errors")
    for draft, _, _ in found:
        draft.relative = {names: relative}


def _statistical(reading: Reading, draft: Draft, place: Place) -> Array:
    """Statistical errors of a sample: RooFit takes roots of the contents where the file has none."""
    if draft.errors is None:
        if reading.dialect != "root":
            raise place.fail("a staterror, but the sample has no 'errors'", "data.errors, one for each bin")
        draft.errors = np.sqrt(np.abs(draft.contents))
    return draft.errors


def _sample(draft: Draft) -> Sample:
    contents = draft.contents * draft.scale
    modifiers = tuple(_scaled(modifier, draft.scale) for modifier in draft.modifiers)
    if not np.all(np.isfinite(contents)):
        raise draft.place.fail("contents that are not finite with the factors in front", "finite numbers")
    return Sample(draft.name, contents, dict(draft.powers), bool(np.any(contents < 0)), modifiers=modifiers)


def _scaled(modifier: Modifier, scale: float) -> Modifier:
    if scale == 1 or isinstance(modifier, NormSys):
        return modifier
    if isinstance(modifier, HistoSys):
        return HistoSys(modifier.parameter, modifier.low * scale, modifier.high * scale, modifier.code)
    return BinFactors(modifier.parameters, modifier.kind, modifier.errors * abs(scale))


def _same_binning(axes: Axes, data: Place) -> None:
    """Refuse data on other axes than the distribution's."""
    listed = data.get("axes")
    if listed is None:
        return
    size = math.prod(edges[2] if isinstance(edges, tuple) else edges.size - 1 for _, edges in axes)
    other = read_axes(listed, size)
    if [name for name, _ in other] != [name for name, _ in axes]:
        raise listed.fail(
            f"axes {[name for name, _ in other]}", f"the distribution's, {[name for name, _ in axes]}"
        )
    for (name, one), (_, another) in zip(axes, other, strict=True):
        left, right = (np.linspace(*e[:2], e[2] + 1) if isinstance(e, tuple) else e for e in (one, another))
        if left.shape != right.shape or not np.allclose(
            left, right, rtol=1e-6, atol=1e-9 * float(np.ptp(left))
        ):
            raise listed.fail(f"other bins in {name!r} than the distribution", "the same edges")
