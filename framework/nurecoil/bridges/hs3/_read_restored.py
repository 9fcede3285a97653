"""What our own HS3 files spell in a roundabout way, for other tools' sake, put back as it was.

Joint constraints written as whitened rows, kinds of bin factors, samples on a floor, measurements of several
values, names of samples: ``misc.nurecoil`` says how they were. The likelihood is the same with or without.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from nurecoil.bridges.hs3._read_place import Place
from nurecoil.errors import InputError, NurecoilError
from nurecoil.model.channels import Channel, GaussianChannel, PoissonChannel, Sample
from nurecoil.model.modifiers import BinFactors, HistoSys, Modifier
from nurecoil.model.parameters import CovarianceConstraint

__all__ = ["joint_constraints", "restored_channels"]


def joint_constraints(place: Place | None) -> list[tuple[CovarianceConstraint, tuple[str, ...]]]:
    """Joint constraints under their public names, and the distributions that stand for each.

    Args:
        place: ``misc.nurecoil``, or ``None``.

    Raises:
        InputError: where they are not what we write.
    """
    listed = None if place is None else place.get("joint")
    found = []
    for item in [] if listed is None else listed.items():
        item.only(("names", "centre", "covariance", "source", "distributions"))
        names = item.need("names").texts()
        rows = tuple(tuple(row.numbers(len(names)).tolist()) for row in item.need("covariance").items())
        centre = tuple(item.need("centre").numbers(len(names)).tolist())
        try:
            constraint = CovarianceConstraint(names, centre, rows, str(item.need("source").value))
        except InputError:
            raise
        except NurecoilError as error:
            raise item.fail(error.got, error.allowed) from None
        found.append((constraint, item.need("distributions").texts()))
    return found


def restored_channels(channels: list[Channel], place: Place) -> list[Channel]:
    """Channels as they were before they were spelt.

    Args:
        channels: channels under the names of their distributions, parameters under public names.
        place: ``misc.nurecoil``.

    Returns:
        Channels under public names.

    Raises:
        InputError: where the file's words do not fit its distributions.
    """
    said = place.get("channels")
    by_name = {channel.name: channel for channel in channels}
    named = place.get("names")
    names = {} if named is None else named.mapping()
    owner: dict[str, str] = {}
    groups: dict[str, tuple[Place, tuple[str, ...]]] = {}
    for public in {} if said is None else said.mapping():
        assert said is not None
        entry = said.need(str(public))
        listed = entry.get("distributions")
        known = [str(written) for written, name in names.items() if name == public] or [str(public)]
        parts = tuple(known[:1]) if listed is None else listed.texts()
        for part in parts:
            if part not in by_name or part in owner:
                raise (listed or entry).fail(f"{part!r:.60}", "a distribution of the likelihood, named once")
            owner[part] = str(public)
        groups[str(public)] = (entry, parts)
    made: dict[str, Channel] = {}
    for channel in channels:
        public = owner.get(channel.name, channel.name)
        if public not in groups:
            made[public] = channel
        elif public not in made:
            entry, parts = groups[public]
            made[public] = _restored(entry, public, [by_name[part] for part in parts])
    return list(made.values())


def _restored(entry: Place, public: str, parts: list[Channel]) -> Channel:
    first = parts[0]
    known = entry.get("samples")
    if isinstance(first, PoissonChannel):
        if len(parts) > 1:
            raise entry.fail("several distributions of counts", "one")
        samples = tuple(_sample(sample, known) for sample in first.samples)
        return dataclasses.replace(first, name=public, samples=_off_the_floor(samples, entry, known))
    names = [] if known is None else [str(name) for name in known.mapping()]
    values = []
    for part in parts:
        if not isinstance(part, GaussianChannel) or part.bins != 1 or len(part.samples) != len(first.samples):
            raise entry.fail(
                "distributions of several kinds", "normal distributions of sums of as many terms"
            )
        values.append(part)
    if len(names) != len(first.samples):
        names = [sample.name for sample in first.samples]
    samples = tuple(
        dataclasses.replace(
            sample,
            name=names[i],
            template=np.array([float(np.asarray(part.samples[i].template)[0]) for part in values]),
            signed=any(part.samples[i].signed for part in values),
        )
        for i, sample in enumerate(first.samples)
    )
    observed = np.concatenate([part.observed for part in values])
    width = np.concatenate([part.width for part in values])
    return dataclasses.replace(values[0], name=public, samples=samples, observed=observed, width=width)


def _sample(sample: Sample, known: Place | None) -> Sample:
    """A sample whose bin factors have their kinds and errors back."""
    entry = None if known is None else known.get(sample.name)
    listed = None if entry is None else entry.get("bin_factors")
    if listed is None:
        return sample
    kinds = listed.items()
    own = [modifier for modifier in sample.modifiers if isinstance(modifier, BinFactors)]
    if len(kinds) != len(own):
        raise listed.fail(f"{len(kinds)} entries for {len(own)} sets of bin factors", "as many")
    words = iter(kinds)
    modifiers: list[Modifier] = []
    for modifier in sample.modifiers:
        if isinstance(modifier, BinFactors):
            said = next(words)
            said.only(("kind", "errors"))
            kind: Any = said.need("kind").text()
            try:
                modifier = BinFactors(modifier.parameters, kind, said.need("errors").numbers())
            except InputError:
                raise
            except NurecoilError as error:
                raise said.fail(error.got, error.allowed) from None
        modifiers.append(modifier)
    return dataclasses.replace(sample, modifiers=tuple(modifiers))


def _off_the_floor(samples: tuple[Sample, ...], entry: Place, known: Place | None) -> tuple[Sample, ...]:
    """Samples whose floors are taken off again, without those that did it."""
    floors: dict[str, str] = {}
    for sample in samples:
        said = None if known is None else known.get(sample.name)
        floor = None if said is None else said.get("floor")
        if floor is not None:
            floors[sample.name] = floor.text()
    by_name: Mapping[str, Sample] = {sample.name: sample for sample in samples}
    made = []
    for sample in samples:
        if sample.name in floors.values():
            continue
        if sample.name in floors:
            below = by_name.get(floors[sample.name])
            if below is None:
                raise entry.fail(f"no sample {floors[sample.name]!r:.60}", "the floor of another")
            added = -np.asarray(below.template, float)
            modifiers = tuple(
                dataclasses.replace(one, low=one.low - added, high=one.high - added)
                if isinstance(one, HistoSys)
                else one
                for one in sample.modifiers
            )
            template = np.asarray(sample.template, float) - added
            signed = sample.signed or bool(np.any(template < 0))
            sample = dataclasses.replace(sample, template=template, modifiers=modifiers, signed=signed)
        made.append(sample)
    return tuple(made)
