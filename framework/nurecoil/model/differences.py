"""Two models compared part by part: what only one has, what differs, and by how much.

The order of parts makes no difference, metadata are not compared. Numbers are compared exactly; how far they
are apart tells rounding from another model. Reading models is not done here, see
:mod:`nurecoil.bridges.reading`; how numbers are compared is in :mod:`nurecoil.model._comparing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.model._comparing import Difference, compared, paired, paired_constraints, templates
from nurecoil.model.channels import Channel, GaussianChannel, PoissonChannel, Sample
from nurecoil.model.modifiers import BinFactors, HistoSys, Modifier, NormSys
from nurecoil.model.parameters import CovarianceConstraint, Parameter
from nurecoil.model.spectral import SpectralModel

__all__ = ["Difference", "differences"]

Array = NDArray[np.float64]


def differences(one: SpectralModel, other: SpectralModel) -> list[Difference]:
    """Everything in which two models differ, their metadata aside.

    Args:
        one: a model.
        other: another.

    Returns:
        The differences: parameter of interest, channels, parameters, joint constraints, each by name; none
        for equal models. With the models exchanged, the same ones exchanged.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> (found,) = differences(counting(12.0, 10.0), counting(12.6, 10.0))
        >>> found.where, found.what, found.one, found.other, found.bin
        ("channel 'toy/count'", 'observed', 12.0, 12.6, 0)
        >>> round(found.relative, 3)
        0.048
    """
    found = list(compared("model", "parameter of interest", one.poi, other.poi))
    known, new = ({channel.name: channel for channel in model.channels} for model in (one, other))
    for name in sorted({*known, *new}):
        where = f"channel {name!r}"
        a, b = known.get(name), new.get(name)
        if a is None or b is None:
            found.append(Difference(where, "channel", _there(a), _there(b)))
        else:
            found += _channels(where, a, b, (one.values, other.values))
    for name in sorted({*one.parameters, *other.parameters}):
        found += _parameters(f"parameter {name!r}", one.parameters.get(name), other.parameters.get(name))
    for names, x, y in paired_constraints(one.constraints, other.constraints):
        where = "joint constraint of " + ", ".join(names)
        if x is None or y is None:
            found.append(Difference(where, "joint constraint", _there(x), _there(y)))
            continue
        found += _joint(where, names, x, y)
    return found


def _there(part: object) -> str | None:
    """A part that only one model has, in words."""
    if part is None:
        return None
    if isinstance(part, CovarianceConstraint):
        return f"of {len(part.names)} parameters"
    if isinstance(part, NormSys):
        return f"{part.low!r} and {part.high!r}, code {part.code}"
    if isinstance(part, HistoSys):
        return f"{part.bins} bins, code {part.code}"
    if isinstance(part, BinFactors):
        return f"{sum(map(bool, part.parameters))} of {part.bins} bins"
    return repr(part).strip("<>")


def _channels(
    where: str, one: Channel, other: Channel, values: tuple[Mapping[str, float], Mapping[str, float]]
) -> Iterator[Difference]:
    yield from compared(where, "kind", type(one).__name__, type(other).__name__)
    for field in ("observable", "unit", "asimov"):
        yield from compared(where, field, getattr(one, field), getattr(other, field))
    if isinstance(one, PoissonChannel) and isinstance(other, PoissonChannel):
        yield from compared(where, "edges", one.edges, other.edges)
    yield from compared(where, "observed", one.observed, other.observed)
    if isinstance(one, GaussianChannel) and isinstance(other, GaussianChannel):
        yield from compared(where, "width", one.width, other.width)
    known, new = ({sample.name: sample for sample in channel.samples} for channel in (one, other))
    for name in sorted({*known, *new}):
        inside = f"{where}, sample {name!r}"
        a, b = known.get(name), new.get(name)
        if a is None or b is None:
            yield Difference(inside, "sample", _there(a), _there(b))
        else:
            yield from _samples(inside, a, b, values)


def _samples(
    where: str, one: Sample, other: Sample, values: tuple[Mapping[str, float], Mapping[str, float]]
) -> Iterator[Difference]:
    yield from templates(where, one.template, other.template, values)
    for name in sorted({*one.powers, *other.powers}):
        yield from compared(where, f"power of {name}", one.powers.get(name), other.powers.get(name))
    for field in ("signed", "title", "group", "provenance"):
        yield from compared(where, field, getattr(one, field), getattr(other, field))
    for (kind, name), a, b in paired(one.modifiers, other.modifiers, _key, _content):
        what = f"{kind} {name}"
        if a is None or b is None:
            yield Difference(where, what, _there(a), _there(b))
        else:
            yield from _modifiers(where, what, a, b)


def _key(modifier: Modifier) -> tuple[str, str]:
    """What makes a modifier the same one in two models."""
    if isinstance(modifier, BinFactors):
        return modifier.kind, next(filter(None, modifier.parameters), "")
    return ("normsys" if isinstance(modifier, NormSys) else "histosys"), modifier.parameter


def _content(modifier: Modifier) -> tuple[Any, ...]:
    """What equal keys are ordered by."""
    if isinstance(modifier, BinFactors):
        return modifier.parameters, tuple(modifier.errors.tolist())
    low, high = (np.atleast_1d(part).tolist() for part in (modifier.low, modifier.high))
    return tuple(low), tuple(high), modifier.code


def _modifiers(where: str, what: str, one: Modifier, other: Modifier) -> Iterator[Difference]:
    if isinstance(one, BinFactors) and isinstance(other, BinFactors):
        if one.parameters != other.parameters:
            pairs = zip(one.parameters, other.parameters, strict=False)
            place = next((i for i, (a, b) in enumerate(pairs) if a != b), None)
            if place is None or one.bins != other.bins:
                yield Difference(where, f"{what}, bins", one.bins, other.bins)
            else:
                a, b = one.parameters[place], other.parameters[place]
                yield Difference(where, f"{what}, parameter", a, b, bin=place)
        yield from compared(where, f"{what}, errors", one.errors, other.errors)
        return
    for field in ("low", "high", "code"):
        yield from compared(where, f"{what}, {field}", getattr(one, field), getattr(other, field))


def _parameters(where: str, one: Parameter | None, other: Parameter | None) -> Iterator[Difference]:
    if one is None or other is None:
        yield Difference(where, "parameter", _there(one), _there(other))
        return
    for field in fields(Parameter):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if field.name == "constraint" and a is not None and type(a) is type(b):
            for part in fields(a):
                what = f"constraint, {part.name}"
                yield from compared(where, what, getattr(a, part.name), getattr(b, part.name))
        elif a != b and field.name in ("constraint", "root"):
            left, right = (None if x is None else repr(x) for x in (a, b))
            yield Difference(where, field.name, left, right)
        else:
            yield from compared(where, field.name, a, b)


def _joint(
    where: str, names: tuple[str, ...], one: CovarianceConstraint, other: CovarianceConstraint
) -> Iterator[Difference]:
    (centre, covariance), (centre2, covariance2) = (_in_order(c, names) for c in (one, other))
    for name, a, b in zip(names, centre.tolist(), centre2.tolist(), strict=True):
        yield from compared(where, f"centre of {name}", a, b)
    for found in compared(where, "covariance", covariance.ravel(), covariance2.ravel()):
        i, j = divmod(found.bin or 0, len(names))
        yield replace(found, what=f"covariance of {names[i]} and {names[j]}", bin=None)
    yield from compared(where, "source", one.source, other.source)


def _in_order(constraint: CovarianceConstraint, names: tuple[str, ...]) -> tuple[Array, Array]:
    order = [constraint.names.index(name) for name in names]
    covariance = np.array(constraint.covariance).reshape(len(names), len(names))
    return np.array(constraint.centre)[order], covariance[np.ix_(order, order)]
