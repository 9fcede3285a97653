"""HistFactory's modifiers in TensorFlow: the same factors and shifts as the engine's, safe to differentiate.

What a modifier does is compiled by :mod:`nurecoil.engine.interpolation`; here it is written with tensors. The
branch that ``tf.where`` does not take still has a gradient, and where that overflows, zero times it is NaN:
polynomials are therefore given their argument clipped. Monomials and morphs are
:mod:`nurecoil.bridges._tensors`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.interpolation import Factors, Shifts
from nurecoil.model.channels import Channel, Sample
from nurecoil.model.modifiers import BinFactors, HistoSys, NormSys

__all__ = ["norm_factors", "product_of", "shaped_rows", "shaped_templates"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def product_of(lists: Sequence[Sequence[int]], one: int) -> Callable[[Any], Any]:
    """Products of some of a tensor's elements. Their gradient is right where a factor is 0, too.

    Args:
        lists: positions of the factors of every product; none for a product of 1.
        one: a position behind the last, where the tensor is 1.

    Returns:
        A function that maps a tensor of shape ``(one,)`` to the products, of shape ``(len(lists),)``.
    """
    import tensorflow as tf

    longest = max(1, *(len(members) for members in lists))
    places = np.array([[*members, *[one] * (longest - len(members))] for members in lists])

    def product(values: Any) -> Any:
        padded = tf.concat([values, tf.ones(1, dtype=values.dtype)], axis=0)
        found = tf.gather(padded, places[:, 0])
        for column in range(1, longest):
            found *= tf.gather(padded, places[:, column])
        return found

    return product


def norm_factors(channel: Channel, index: Mapping[str, int]) -> Callable[[Any], Any] | None:
    """What the ``normsys`` of a channel's samples multiply them with.

    Args:
        channel: the channel.
        index: position of every parameter by name.

    Returns:
        A function of internal coordinates, of shape ``(samples,)``; ``None`` where there is no ``normsys``.
    """
    import tensorflow as tf

    modifiers: list[NormSys] = []
    rows: list[list[int]] = []
    for sample in channel.samples:
        own = [modifier for modifier in sample.modifiers if isinstance(modifier, NormSys)]
        rows.append(list(range(len(modifiers), len(modifiers) + len(own))))
        modifiers += own
    if not modifiers:
        return None
    places = np.array([index[modifier.parameter] for modifier in modifiers], dtype=np.intp)
    lines = Factors.of(modifiers)
    product = product_of(rows, len(modifiers))

    def factors(internal: Any) -> Any:
        pulls = tf.gather(internal, places)
        outside = tf.exp(pulls * tf.where(pulls < 0, -lines.logs[0], lines.logs[1]))
        within = tf.clip_by_value(pulls, -1.0, 1.0)
        inside = tf.zeros_like(pulls)
        for coefficient in lines.coefficients[::-1]:
            inside = within * (coefficient + inside)
        return product(tf.where(lines.smooth & (tf.abs(pulls) < 1), 1 + inside, outside))

    return factors


def shaped_rows(channel: Channel) -> Index:
    """The samples whose bins change one by one, those with a ``histosys`` or factors of bins.

    Args:
        channel: the channel.

    Returns:
        Their positions in it; their templates are arrays (:mod:`nurecoil.model.validate`).
    """
    kinds = (HistoSys, BinFactors)
    rows = [r for r, s in enumerate(channel.samples) if any(isinstance(m, kinds) for m in s.modifiers)]
    return np.array(rows, dtype=np.intp)


def shaped_templates(channel: Channel, rows: Index, index: Mapping[str, int]) -> Callable[[Any], Any]:
    """The templates of samples with modifiers of single bins: shifted, then times the factors of bins.

    Args:
        channel: the channel.
        rows: positions of these samples (:func:`shaped_rows`), at least one.
        index: position of every parameter by name.

    Returns:
        A function of internal coordinates, of shape ``(len(rows), bins)``.
    """
    import tensorflow as tf

    samples = [channel.samples[row] for row in rows]
    nominal = np.array([sample.template for sample in samples])
    shifts = _shifts(samples, nominal, index)
    bins = _bin_factors(samples, channel.bins, index)

    def contents(internal: Any) -> Any:
        found = tf.constant(nominal)
        if shifts is not None:
            found += shifts(internal)
        return found if bins is None else found * bins(internal)

    return contents


def _shifts(
    samples: Sequence[Sample], nominal: Array, index: Mapping[str, int]
) -> Callable[[Any], Any] | None:
    """The sum of every sample's ``histosys``, of shape ``(samples, bins)``."""
    import tensorflow as tf

    found = [(row, m) for row, s in enumerate(samples) for m in s.modifiers if isinstance(m, HistoSys)]
    if not found:
        return None
    rows = np.array([row for row, _ in found])
    places = np.array([index[modifier.parameter] for _, modifier in found], dtype=np.intp)
    lines = Shifts.of([modifier for _, modifier in found], [nominal[row] for row in rows])

    def shifts(internal: Any) -> Any:
        pulls = tf.gather(internal, places)
        within = tf.clip_by_value(pulls, -1.0, 1.0)
        square = within * within
        inside = square * (15 + square * (3 * square - 10))
        bent = tf.where(lines.smooth & (tf.abs(pulls) < 1), inside, 8 * tf.abs(pulls))
        moved = pulls[:, None] * lines.middle + bent[:, None] * lines.lean
        return tf.math.unsorted_segment_sum(moved, rows, len(samples))

    return shifts


def _bin_factors(
    samples: Sequence[Sample], bins: int, index: Mapping[str, int]
) -> Callable[[Any], Any] | None:
    """The product of every sample's factors of bins, of shape ``(samples, bins)``."""
    import tensorflow as tf

    one = len(index)
    lists: list[list[int]] = []
    for sample in samples:
        sets = [modifier.parameters for modifier in sample.modifiers if isinstance(modifier, BinFactors)]
        lists += [[index[names[bin_]] for names in sets if names[bin_]] for bin_ in range(bins)]
    if not any(lists):
        return None
    product = product_of(lists, one)
    return lambda internal: tf.reshape(product(internal), (len(samples), bins))
