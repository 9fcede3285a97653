"""One experiment at one threshold under any background rejection, folded as seldom as can be.

Rejection divides some samples of a model and leaves the others alone. Which ones is found out by folding
twice and comparing; after that a model at another rejection is a matter of a factor. What is made of the
models is in :mod:`nurecoil.studies.feasibility`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from nurecoil.engine.compiled import CompiledModel
from nurecoil.model.spectral import Channel, PoissonChannel, Sample, SpectralModel

__all__ = ["Rejected", "divided_samples"]

Build = Callable[[float], SpectralModel]
Divided = frozenset[tuple[str, str]]

_SAME = 1e-9
_ROUNDING = 1e-12
"""Share of a template's largest content below which its bins are taken for zero."""
_NEGLIGIBLE = 1e-9


class Rejected:
    """The model of an experiment as a function of the background rejection.

    Args:
        build: folds the model at a rejection.
        start: the rejection that is folded first, the smallest of interest.
        probe: a larger one, to find out what rejection does.
        like: the same experiment at another threshold: where it has every sample of this one, what it has
            found out is taken over.

    Attributes:
        first: the model at ``start``.
        divided: the samples that rejection divides; ``None`` where it does something else, so that every
            rejection is folded.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> model = Rejected(lambda rejection: counting(1.0, 1.0), 1.0, 10.0)
        >>> model.divided, model.at(10.0).poi
        (frozenset(), 'signal')
    """

    def __init__(self, build: Build, start: float, probe: float, like: Rejected | None = None) -> None:
        self._build, self._start = build, start
        self.first = build(start)
        keys = {key for key, _ in _samples(self.first)}
        if like is not None and keys <= {key for key, _ in _samples(like.first)}:
            self.divided: Divided | None = None if like.divided is None else like.divided & keys
        else:
            self.divided = divided_samples(self.first, build(probe), probe / start)

    def at(self, rejection: float) -> SpectralModel:
        """The model at a rejection.

        Args:
            rejection: the rejection, in the unit of the experiment's option.

        Returns:
            The model.
        """
        if rejection == self._start:
            return self.first
        if self.divided is None:
            return self._build(rejection)
        return _multiplied(self.first, self.divided, self._start / rejection)

    def clean(self) -> SpectralModel | None:
        """The model with nothing left of what rejection divides; ``None`` where that is not known."""
        return None if self.divided is None else _without(self.first, self.divided)

    def same_as(self, other: Rejected) -> bool:
        """Whether both are the same, but for backgrounds that expect less than 1e-9 of every bin."""
        if self.divided is None or other.divided is None:
            return False
        return _equal(_relevant(self.first, self.divided), _relevant(other.first, other.divided))


def divided_samples(one: SpectralModel, other: SpectralModel, ratio: float) -> Divided | None:
    """The samples that are smaller in one of two models by a factor, where all else is the same.

    Args:
        one: a model.
        other: the same under a larger rejection.
        ratio: by what rejection is larger.

    Returns:
        Channel and sample of each, or ``None`` where the models differ in another way.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> divided_samples(counting(1.0, 1.0), counting(1.0, 2.0), 10.0) is None
        True
    """
    mine, theirs = dict(_samples(one)), dict(_samples(other))
    if mine.keys() != theirs.keys() or not _alike(one, other):
        return None
    found = set()
    for key, sample in mine.items():
        left, right = sample.template, theirs[key].template
        if sample.powers != theirs[key].powers:
            return None
        if left is right:
            continue
        if not (isinstance(left, np.ndarray) and isinstance(right, np.ndarray)):
            return None
        slack = _ROUNDING * float(np.abs(left).max())
        if np.allclose(left, right, rtol=_SAME, atol=slack):
            continue
        if not np.allclose(left, ratio * right, rtol=_SAME, atol=slack):
            return None
        found.add(key)
    return frozenset(found)


def _samples(model: SpectralModel) -> list[tuple[tuple[str, str], Sample]]:
    return [((channel.name, sample.name), sample) for channel in model.channels for sample in channel.samples]


def _alike(one: SpectralModel, other: SpectralModel) -> bool:
    """Whether two models have the same bins, parameters and constraints."""
    bins = [
        [(c.name, c.edges.tolist() if isinstance(c, PoissonChannel) else c.bins) for c in model.channels]
        for model in (one, other)
    ]
    return (
        bins[0] == bins[1]
        and one.poi == other.poi
        and dict(one.parameters) == dict(other.parameters)
        and one.constraints == other.constraints
    )


def _equal(one: SpectralModel, other: SpectralModel) -> bool:
    return _alike(one, other) and divided_samples(one, other, 1.0) is not None


def _multiplied(model: SpectralModel, divided: Divided, factor: float) -> SpectralModel:
    def scaled(channel: Channel) -> Channel:
        samples = tuple(
            dataclasses.replace(sample, template=np.asarray(sample.template) * factor)
            if (channel.name, sample.name) in divided
            else sample
            for sample in channel.samples
        )
        return dataclasses.replace(channel, samples=samples)

    return dataclasses.replace(model, channels=tuple(scaled(channel) for channel in model.channels))


def _without(model: SpectralModel, gone: Divided) -> SpectralModel:
    """The model without some samples and without the parameters that only they needed."""
    channels = tuple(
        dataclasses.replace(c, samples=tuple(s for s in c.samples if (c.name, s.name) not in gone))
        for c in model.channels
    )
    needed = {name for channel in channels for sample in channel.samples for name in sample.depends_on}
    needed |= {name for constraint in model.constraints for name in constraint.names}
    dropped = {name for key, sample in _samples(model) if key in gone for name in sample.depends_on} - needed
    parameters = {name: one for name, one in model.parameters.items() if name not in dropped}
    return dataclasses.replace(model, channels=channels, parameters=parameters)


def _relevant(model: SpectralModel, divided: Divided) -> SpectralModel:
    """The model without those of its rejected samples that are next to nothing in every bin."""
    compiled = CompiledModel(model)
    gone = set()
    for channel, parts in zip(model.channels, compiled.components(compiled.start), strict=True):
        small = np.all(parts <= _NEGLIGIBLE * parts.sum(axis=0), axis=1)
        gone |= {
            (channel.name, sample.name)
            for sample, none in zip(channel.samples, small, strict=True)
            if none and (channel.name, sample.name) in divided
        }
    return _without(model, frozenset(gone))
