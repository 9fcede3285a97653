"""How two parts of models are compared: numbers, arrays, templates, and what stands opposite what.

Which parts there are is :mod:`nurecoil.model.differences`'s to know.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.morph import Morph
from nurecoil.model.channels import Template
from nurecoil.model.parameters import CovarianceConstraint

__all__ = ["Difference", "compared", "paired", "paired_constraints", "templates"]

Array = NDArray[np.float64]
Part = TypeVar("Part")
Values = Mapping[str, float]

_WORDS = ("observable", "title", "group", "provenance", "description", "source")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which two models differ.

    Args:
        where: the part, as in ``channel 'SR', sample 'signal'``.
        what: what of it differs; the part's kind where only one model has it.
        one: what the one model says: a number, a word, ``None`` for nothing. Of an array: the content with
            the largest relative difference.
        other: what the other says.
        relative: how far apart, relative to the larger of the two (the largest of an array's); ``None`` where
            these are no finite numbers.
        bin: which content of the array, counted from 0; ``None`` for what is no array.
        differing: how many contents of the array differ; ``None`` for what is no array.

    Example:
        >>> found = Difference("parameter 'mu'", "value", 1.0, 2.0, relative=0.5)
        >>> found.swapped.one, found.swapped.other, found.words
        (2.0, 1.0, False)
    """

    where: str
    what: str
    one: float | str | None
    other: float | str | None
    relative: float | None = None
    bin: int | None = None
    differing: int | None = None

    @property
    def words(self) -> bool:
        """Whether it is in words for people only, which no likelihood depends on."""
        return self.what in _WORDS

    @property
    def swapped(self) -> Difference:
        """The same with the models exchanged."""
        return dataclasses.replace(self, one=self.other, other=self.one)

    def to_json(self) -> dict[str, Any]:
        """The difference as plain data."""
        return {**dataclasses.asdict(self), "words": self.words}


def compared(where: str, what: str, one: Any, other: Any) -> Iterator[Difference]:
    """The difference between two words, numbers or arrays, where there is one.

    Args:
        where: the part.
        what: what of it.
        one: what the one says.
        other: what the other says.

    Yields:
        At most one difference.

    Example:
        >>> (found,) = compared("here", "edges", np.array([0.0, 1.0, 4.0]), np.array([0.0, 2.0, 4.0]))
        >>> found.bin, found.differing, found.relative
        (1, 1, 0.5)
    """
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        yield from _arrays(where, what, np.asarray(one, float), np.asarray(other, float))
    elif one != other:
        numbers = all(isinstance(x, float | int) and not isinstance(x, bool) for x in (one, other))
        relative = _relative(float(one), float(other)) if numbers else None
        left, right = (str(x) if isinstance(x, bool) else x for x in (one, other))
        yield Difference(where, what, left, right, relative)


def _arrays(where: str, what: str, one: Array, other: Array) -> Iterator[Difference]:
    if one.shape != other.shape:
        yield Difference(where, f"{what}, number", one.size, other.size)
        return
    unlike = np.flatnonzero((one != other) & ~(np.isnan(one) & np.isnan(other)))
    if unlike.size:
        pairs = zip(one[unlike].tolist(), other[unlike].tolist(), unlike.tolist(), strict=True)
        left, right, place = max(pairs, key=lambda pair: _far(_relative(pair[0], pair[1])))
        yield Difference(where, what, left, right, _relative(left, right), place, int(unlike.size))


def _far(relative: float | None) -> float:
    """For the order: what has no number is farthest."""
    return math.inf if relative is None else relative


def _relative(one: float, other: float) -> float | None:
    if not (math.isfinite(one) and math.isfinite(other)):
        return None
    largest = max(abs(one), abs(other))
    if largest == 0:
        return 0.0
    apart = abs(one - other)
    return apart / largest if math.isfinite(apart) else abs(one / largest - other / largest)


def templates(
    where: str, one: Array | Template, other: Array | Template, values: tuple[Values, Values]
) -> Iterator[Difference]:
    """The differences between two templates.

    Args:
        where: the sample.
        one: a template.
        other: another.
        values: the starting values of both models, at which templates that have no numbers of their own are
            evaluated.

    Yields:
        At most one difference for each part of the template.
    """
    if one is other:
        return
    kinds = (_template_kind(one), _template_kind(other))
    if kinds[0] != kinds[1]:
        yield Difference(where, "template", *kinds)
    elif isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        yield from compared(where, "template", one, other)
    elif set(one.names) != set(other.names):
        left, right = (", ".join(sorted(template.names)) for template in (one, other))
        yield Difference(where, "template, parameters", left, right)
    elif isinstance(one, Morph) and isinstance(other, Morph):
        for (what, a), (_, b) in zip(_numbers(one), _numbers(other), strict=True):
            yield from compared(where, f"template{what}", a, b)
    else:
        what = "template at the start"
        found = [d for at in values for d in compared(where, what, _contents(one, at), _contents(other, at))]
        if found:
            yield max(found, key=lambda d: (_far(d.relative), d.bin or 0, d.differing or 0))


def _template_kind(template: Array | Template) -> str:
    if isinstance(template, np.ndarray):
        return "contents"
    return "compiled response" if isinstance(template, Morph) else "exact response"


def _numbers(morph: Morph) -> list[tuple[str, Array]]:
    names = morph.names
    order = sorted(range(len(names)), key=lambda i: names[i])
    found = [("", morph.counts)]
    found += [(f", centre of {names[i]}", morph.centre[i : i + 1]) for i in order]
    found += [(f", slope by {names[i]}", morph.slope[i]) for i in order]
    pairs = [(i, j) for place, i in enumerate(order) for j in order[place:]]
    return found + [(f", curvature by {names[i]} and {names[j]}", morph.curvature[i, j]) for i, j in pairs]


def _contents(template: Template, values: Values) -> Array:
    with np.errstate(all="ignore"):
        return template.evaluate([values[name] for name in template.names])[0]


def paired(
    one: Iterable[Part],
    other: Iterable[Part],
    key: Callable[[Part], tuple[str, ...]],
    content: Callable[[Part], Any],
) -> Iterator[tuple[tuple[str, ...], Part | None, Part | None]]:
    """Parts with equal keys, side by side, in the order of the keys.

    Parts that share a key within a model stand opposite their equals first, the rest in the order of their
    contents.

    Args:
        one: parts of the one.
        other: parts of the other.
        key: what makes parts the same.
        content: everything else about a part, in order.

    Yields:
        Key and the parts of both, ``None`` where one has none.

    Example:
        >>> list(paired(["a1", "b3"], ["a2", "a1"], key=lambda part: (part[0],), content=str))
        [(('a',), 'a1', 'a1'), (('a',), None, 'a2'), (('b',), 'b3', None)]
    """
    sides: list[dict[tuple[str, ...], list[Part]]] = [{}, {}]
    for side, parts in zip(sides, (one, other), strict=True):
        for part in parts:
            side.setdefault(key(part), []).append(part)
    for name in sorted({*sides[0], *sides[1]}):
        left, right = (sorted(side.get(name, []), key=content) for side in sides)
        if len(left) == len(right) == 1:
            yield name, left[0], right[0]
            continue
        for part in list(left):
            match = next((p for p in right if content(p) == content(part)), None)
            if match is not None:
                yield name, part, match
                left.remove(part)
                right.remove(match)
        for i in range(max(len(left), len(right))):
            yield name, left[i] if i < len(left) else None, right[i] if i < len(right) else None


def paired_constraints(
    one: Sequence[CovarianceConstraint], other: Sequence[CovarianceConstraint]
) -> Iterator[tuple[tuple[str, ...], CovarianceConstraint | None, CovarianceConstraint | None]]:
    """Joint constraints of the same parameters, side by side.

    Args:
        one: those of the one model.
        other: those of the other.

    Yields:
        The sorted names and both constraints, ``None`` where one model has none.
    """
    yield from paired(one, other, lambda c: tuple(sorted(c.names)), _ordered)


def _ordered(constraint: CovarianceConstraint) -> tuple[Any, ...]:
    order = sorted(range(len(constraint.names)), key=lambda i: constraint.names[i])
    rows = tuple(constraint.covariance[i][j] for i in order for j in order)
    return tuple(constraint.centre[i] for i in order), rows, constraint.source
