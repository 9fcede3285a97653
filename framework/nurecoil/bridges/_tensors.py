"""The expected contents of a channel in TensorFlow: monomials, morphs, sums. No likelihood, no zfit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    factors = _monomials(channel, compiled, index)
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
    morphs = [_morphs(group, index) for group in groups.values()]

    def contents(coordinates: Any) -> Any:
        internal = coordinates * scale
        factor = factors(internal)
        total = tf.linalg.matvec(tf.constant(still), factor, transpose_a=True)
        for rows, counts in morphs:
            total += tf.linalg.matvec(counts(internal), tf.gather(factor, rows), transpose_a=True)
        return total

    return names, contents


def _monomials(channel: Channel, compiled: CompiledModel, index: Mapping[str, int]) -> Callable[[Any], Any]:
    """The factor of every sample. Products rather than powers: their gradient is right at 0 too."""
    import tensorflow as tf

    lists = []
    for sample in channel.samples:
        members: list[int] = []
        for name, power in sample.powers.items():
            members += [index[name]] * (int(power) // int(compiled.powers[compiled.index[name]]))
        lists.append(members)
    longest = max(1, *(len(members) for members in lists))
    one = len(index)
    places = np.array([members + [one] * (longest - len(members)) for members in lists])

    def factors(internal: Any) -> Any:
        padded = tf.concat([internal, tf.ones(1, dtype=internal.dtype)], axis=0)
        product = tf.gather(padded, places[:, 0])
        for column in range(1, longest):
            product *= tf.gather(padded, places[:, column])
        return product

    return factors


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
