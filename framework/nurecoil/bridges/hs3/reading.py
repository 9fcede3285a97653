"""HS3 files into the neutral model: channels, constraints and choices of any file with ``histfactory_dist``.

HS3 is the HEP Statistics Serialization Standard, read here as it is written by hand, by pyhs3, by RooFit
(``RooJSONFactoryWSTool``) and by :mod:`nurecoil.bridges.hs3.writing`. The parts are read by the private
``_read_*`` modules; this one puts them together. Files are :mod:`nurecoil.bridges.reading`'s.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from nurecoil.bridges.hs3._read_channels import read_channel
from nurecoil.bridges.hs3._read_choice import Choice, Pair, choose
from nurecoil.bridges.hs3._read_dialect import dialect_of
from nurecoil.bridges.hs3._read_modifiers import Reading
from nurecoil.bridges.hs3._read_own import Own, as_ours
from nurecoil.bridges.hs3._read_place import Place
from nurecoil.bridges.hs3._read_quantities import Points, Quantities
from nurecoil.bridges.hs3._read_terms import Terms
from nurecoil.bridges.origins import with_origin
from nurecoil.errors import InputError, NurecoilError
from nurecoil.model.channels import Channel
from nurecoil.model.parameters import Constraint, GaussianConstraint, Parameter
from nurecoil.model.spectral import SpectralModel

__all__ = ["model_from_hs3"]

_HISTOGRAM = "histfactory_dist"
_ROOM = 8.0
"""Widths to the end of a range below which cutting a normal distribution there is worth a note."""


def model_from_hs3(document: Mapping[str, Any], where: str, *, analysis: str | None = None) -> SpectralModel:
    """Read an HS3 document into the neutral model.

    Every constraint counts once: those that modifiers bring along, those they name (``constraint_name``) and
    those that the likelihood lists, the last two being the same where they have the same name. What tools
    read differently is read as the tool that wrote the file does (``metadata.packages``).

    Args:
        document: the document, as ``json`` reads it. It is not changed.
        where: what to call it in messages, best the file's name.
        analysis: name of the analysis to read. By default the first; where that one has Asimov data and
            another one differs from it in data alone, the other, and ``metadata["notes"]`` says so.

    Returns:
        The model. Parameters are called as in the file, their unit is ``"1"`` unless the file is ours;
        ``metadata["origin"]`` has file, format, digest, maker and analysis.

    Raises:
        InputError: for anything that is wrong, missing or not understood, with its JSON path.
        ModelError: where the parts contradict each other.
        OptionError: for an analysis that does not exist.

    Example:
        >>> axes = [{"name": "x", "min": 0, "max": 2, "nbins": 2}]
        >>> flat = {"name": "flat", "data": {"contents": [10, 20]},
        ...         "modifiers": [{"name": "rate", "type": "normfactor", "parameter": "rate"}]}
        >>> model_from_hs3({
        ...     "metadata": {"hs3_version": "0.2"},
        ...     "distributions": [
        ...         {"name": "sr", "type": "histfactory_dist", "axes": axes, "samples": [flat]}
        ...     ],
        ...     "data": [{"name": "seen", "type": "binned", "axes": axes, "contents": [9, 21]}],
        ...     "likelihoods": [{"name": "all", "distributions": ["sr"], "data": ["seen"]}],
        ... }, "ws.json")
        <SpectralModel: sr (2 bins); 1 parameters, 1 free; POI None>
    """
    place = Place(document, where)
    place.mapping()
    with np.errstate(all="ignore"):  # whatever overflows is looked for and ends in an error of ours
        return _read(document, place, analysis)


def _read(document: Mapping[str, Any], place: Place, analysis: str | None) -> SpectralModel:
    """The model of a document; messages name ``place``."""
    choice = choose(place, analysis)
    own = Own.of(place)
    reading = Reading(
        dialect_of(place), Quantities(choice.functions, choice.points), choice.points, released=own.released
    )
    channels = _channels(reading, choice, own)
    poi = None if choice.poi is None else choice.poi.text()
    constraints, joint = reading.constraints.finish()
    names = _used(channels, [*constraints, *(name for one in joint for name in one.names), *own.used])
    if choice.poi is not None and poi not in names:
        raise choice.poi.unknown(str(poi), names)
    parameters = {name: _parameter(reading, name, constraints.get(name), place) for name in names}
    notes = [*choice.notes, *(f"{name!r} is a further parameter of interest" for name in choice.further)]
    notes += _cut(reading, constraints)
    if own.stale:
        notes.append("misc.nurecoil belongs to another version of this document and was left aside")
    model = SpectralModel(
        tuple(_grouped(channels, poi)),
        parameters,
        tuple(joint),
        poi,
        _metadata(own, notes),
    )
    more = {"made_by": _maker(document), "analysis": choice.name, "others": choice.others}
    return with_origin(as_ours(model, own), document, place.where, "hs3", **more)


def _grouped(channels: Iterable[Channel], poi: str | None) -> list[Channel]:
    """Channels whose samples with the parameter of interest as a factor are signals."""
    return [
        dataclasses.replace(
            channel,
            samples=tuple(
                dataclasses.replace(sample, group="signal") if poi in sample.powers else sample
                for sample in channel.samples
            ),
        )
        for channel in channels
    ]


def _channels(reading: Reading, choice: Choice, own: Own) -> list[Channel]:
    """Channels of the chosen likelihood; constraints go to ``reading``."""
    order: list[tuple[Pair, Channel | None]] = []
    histograms: dict[str, Channel] = {}
    pairs = [pair for pair in choice.pairs if pair.distribution.need("name").value not in own.skipped]
    for pair in pairs:
        if pair.distribution.need("type").value == _HISTOGRAM:
            histograms[pair.distribution.path] = _histogram(reading, pair)
    if not histograms and not own:
        raise Place(None, choice.pairs[0].distribution.where if choice.pairs else "HS3").fail(
            f"no {_HISTOGRAM} in the likelihood of {choice.name!r}", f"one {_HISTOGRAM} or more"
        )
    kept = _used(histograms.values(), [*reading.constraints.parameters(), *own.parameters])
    if choice.poi is not None:
        kept.append(choice.poi.text())
    terms = Terms(reading, kept, own.channels)
    listed = {pair.distribution.path for pair in choice.pairs}
    for pair in pairs:
        found = histograms.get(pair.distribution.path)
        order.append((pair, found if found is not None else terms.read(pair.distribution, pair.data)))
    for name, asker in reading.constraints.asked.items():
        if name not in choice.distributions:
            raise asker.unknown(name, list(choice.distributions))
        distribution = choice.distributions[name]
        if distribution.path not in listed:
            order.append((Pair(distribution, None), terms.read(distribution, None)))
    return [channel for _, channel in order if channel is not None]


def _histogram(reading: Reading, pair: Pair) -> Channel:
    if pair.data is None or not isinstance(pair.data.value, Mapping):
        raise pair.distribution.fail(
            "a histogram without binned data in the likelihood", "the name of its data"
        )
    asimov = "asimov" in pair.data.need("name").text().lower()
    return read_channel(reading, pair.distribution, pair.data, asimov)


def _used(channels: Iterable[Channel], further: Iterable[str]) -> list[str]:
    """Parameters in the order in which they are met."""
    met = (name for channel in channels for sample in channel.samples for name in sample.depends_on)
    return list(dict.fromkeys([*met, *further]))


def _parameter(reading: Reading, name: str, constraint: Constraint | None, document: Place) -> Parameter:
    """A parameter with value, bounds and constraint; one without a value starts at its natural one."""
    points: Points = reading.points
    entry = next(iter([*points.entries.get(name, []), *points.bounds.get(name, [])]), document)
    lower, upper = points.range(name)
    value = points.value(name)
    fixed = points.const(name)
    if value is None:
        natural = reading.starts.get(name, 1.0)
        centre = constraint.centre if isinstance(constraint, GaussianConstraint) else natural
        value = min(max(centre, lower), upper)
    if lower == upper:
        fixed, lower, upper = True, -math.inf, math.inf
    if fixed and not lower <= value <= upper:
        lower, upper = min(lower, value), max(upper, value)
    if not lower <= value <= upper:
        raise entry.fail(
            f"value {value:g} of {name!r} outside its bounds [{lower:g}, {upper:g}]", "a value inside"
        )
    try:
        return Parameter(name, "1", value, lower, upper, constraint, fixed)
    except NurecoilError as error:
        raise InputError(
            f"{document.where}: {entry.path or 'parameter_points'}", error.got, error.allowed
        ) from None


def _cut(reading: Reading, constraints: Mapping[str, Constraint]) -> list[str]:
    """A note on the constraints that RooFit cuts off, at the ends of their nominal values' ranges."""
    found = []
    for name, constraint in constraints.items() if reading.dialect == "root" else ():
        if isinstance(constraint, GaussianConstraint):
            ends = reading.points.range(f"nom_{name}")
            room = min(abs(end - constraint.centre) for end in ends) / constraint.width
            if room < _ROOM:
                found.append(f"{name} ({room:.3g} widths)")
    if not found:
        return []
    return [
        "RooFit normalises these Gaussian constraints over the ranges of their nominal values, which end "
        f"near: {', '.join(found)}. Here they are whole; close to the ends RooFit's likelihood differs."
    ]


def _metadata(own: Own, notes: list[str]) -> dict[str, Any]:
    """What the file says of itself beyond the standard, our notes behind its own."""
    known = {key: value for key, value in own.metadata.items() if key != "origin"}
    own_notes = known.get("notes")
    listed = own_notes if isinstance(own_notes, list) else []
    return {**known, "notes": [*listed, *(note for note in notes if note not in listed)]}


def _maker(document: Mapping[str, Any]) -> str | None:
    """Name and version of the packages that a file says to come from."""
    metadata = document.get("metadata")
    packages = metadata.get("packages") if isinstance(metadata, Mapping) else None
    said = [
        " ".join(str(item[key]) for key in ("name", "version") if key in item)
        for item in (packages if isinstance(packages, list) else [])
        if isinstance(item, Mapping)
    ]
    return ", ".join(said) or None
