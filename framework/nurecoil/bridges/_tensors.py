"""The expected contents of a channel in TensorFlow: monomials, morphs, sums. No likelihood, no zfit.

HistFactory's modifiers are in :mod:`nurecoil.bridges._tensor_modifiers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.bridges._tensor_modifiers import norm_factors, product_of, shaped_rows, shaped_templates
from nurecoil.detectors.morph import LARGEST_EXPONENT, Morph
from nurecoil.engine.compiled import CompiledModel
from nurecoil.errors import ModelError
from nurecoil.model.spectral import Channel

__all__ = ["expectation"]

Array = NDArray[np.float64]


def expectation(
    channel: Channel, compiled: CompiledModel, units: Mapping[str, float]
) -> tuple[tuple[str, ...], Callable[[Any], Any]]:
    """The expected contents of a channel as a function of a tensor.

    Args:
        channel: the channel; its templates are arrays or morphs.
        compiled: the model it belongs to: it says in which power every parameter is fitted.
        units: value of every parameter's unit coordinate, in internal coordinates.

    Returns:
        The parameters that it depends on, and a function that maps their coordinates, a tensor of shape
        ``(n,)`` in that order, to the expected contents, a tensor of shape ``(bins,)``.

    Raises:
        ModelError: where a template is neither an array nor a morph.
    """
    import tensorflow as tf

    names = tuple(dict.fromkeys(name for sample in channel.samples for name in sample.depends_on))
    index = {name: i for i, name in enumerate(names)}
    scale = np.array([units[name] for name in names])
    factors, norms = _monomials(channel, compiled, index), norm_factors(channel, index)
    rows = shaped_rows(channel)
    shaped = shaped_templates(channel, rows, index) if rows.size else None
    still = np.zeros((len(channel.samples), channel.bins))
    groups: dict[tuple[tuple[str, ...], bytes], list[tuple[int, Morph]]] = {}
    for row, sample in enumerate(channel.samples):
        template = sample.template
        if isinstance(template, np.ndarray):
            still[row] = template
        elif isinstance(template, Morph):
            groups.setdefault((template.names, template.centre.tobytes()), []).append((row, template))
        else:
            raise ModelError(
                f"Channel {channel.name!r} sample {sample.name!r}",
                f"a template of type {type(template).__name__}",
                "an array or a compiled response in TensorFlow",
                "Compile the response first (engine.response.compile_response).",
            )
    still[rows] = 0.0
    morphs = [_morphs(group, index) for group in groups.values()]

    def contents(coordinates: Any) -> Any:
        internal = coordinates * scale
        factor = factors(internal) if norms is None else factors(internal) * norms(internal)
        total = tf.linalg.matvec(tf.constant(still), factor, transpose_a=True)
        for members, counts in morphs:
            total += tf.linalg.matvec(counts(internal), tf.gather(factor, members), transpose_a=True)
        if shaped is not None:
            total += tf.linalg.matvec(shaped(internal), tf.gather(factor, rows), transpose_a=True)
        return total

    return names, contents


def _monomials(channel: Channel, compiled: CompiledModel, index: Mapping[str, int]) -> Callable[[Any], Any]:
    """The powers in every sample's factor. Products: their gradient is right at 0 too."""
    lists = []
    for sample in channel.samples:
        members: list[int] = []
        for name, power in sample.powers.items():
            members += [index[name]] * (int(power) // int(compiled.powers[compiled.index[name]]))
        lists.append(members)
    return product_of(lists, len(index))


def _morphs(
    group: list[tuple[int, Morph]], index: Mapping[str, int]
) -> tuple[NDArray[np.intp], Callable[[Any], Any]]:
    """The rows of morphs that share parameters and centre, and their contents ``(samples, bins)``."""
    import tensorflow as tf

    first = group[0][1]
    places = np.array([index[name] for name in first.names], dtype=np.intp)
    counts = np.stack([morph.counts for _, morph in group])
    slope = np.stack([morph.slope for _, morph in group], axis=1)
    curvature = np.stack([morph.curvature for _, morph in group], axis=2)

    def contents(internal: Any) -> Any:
        shift = tf.gather(internal, places) - first.centre
        bend = tf.tensordot(shift, tf.constant(curvature), axes=1)
        exponent = tf.tensordot(shift, slope + 0.5 * bend, axes=1)
        return counts * tf.exp(tf.clip_by_value(exponent, -LARGEST_EXPONENT, LARGEST_EXPONENT))

    return np.array([row for row, _ in group], dtype=np.intp), contents
