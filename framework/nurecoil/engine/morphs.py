"""Morphs compiled to arrays: those of the same parameters end to end, each cropped to where it is filled.

The morph itself, one template at a time, is :class:`nurecoil.detectors.morph.Morph`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.morph import LARGEST_EXPONENT, Morph

__all__ = ["EMPTY", "MorphGroup", "group_morphs"]

Array = NDArray[np.float64]

EMPTY = 1e-13
"""Contents below this share of a template's largest one, at its ends, are left out."""


@dataclass(frozen=True)
class MorphGroup:
    """Morphs of the same parameters and centre, laid end to end: one contraction serves them all.

    Args:
        parameters: positions of the parameters, shape ``(n,)``.
        centre: their values at the centre, shape ``(n,)``.
        counts: contents at the centre, shape ``(length,)``.
        slope: logarithmic slopes, shape ``(n, length)``.
        curvature: logarithmic curvatures, shape ``(n, n * length)``.
        spans: for each sample its row, its place in the arrays and its first and last bin.
    """

    parameters: NDArray[np.intp]
    centre: Array
    counts: Array
    slope: Array
    curvature: Array
    spans: tuple[tuple[int, slice, slice], ...]

    def evaluate(self, position: Array, templates: Array) -> tuple[Array, Array]:
        """Fill the samples' rows of ``templates``.

        Args:
            position: internal coordinates.
            templates: shape ``(samples, bins)``, written to.

        Returns:
            Contents ``(length,)`` and logarithmic derivatives ``(n, length)``.
        """
        shift = position[self.parameters] - self.centre
        bend = (shift @ self.curvature).reshape(self.slope.shape)
        exponent = shift @ (0.5 * bend + self.slope)
        bend += self.slope
        beyond = np.abs(exponent) > LARGEST_EXPONENT
        if beyond.any():  # contents stay put there, and so must their derivatives
            np.clip(exponent, -LARGEST_EXPONENT, LARGEST_EXPONENT, out=exponent)
            bend[:, beyond] = 0.0
        np.exp(exponent, out=exponent)
        exponent *= self.counts
        for row, place, bins in self.spans:
            templates[row, bins] = exponent[place]
        return exponent, bend

    def add_slopes(self, jacobian: Array, factors: Array, counts: Array, logarithmic: Array) -> None:
        """Add the derivatives of all samples to the Jacobian ``(parameters, bins)`` of their channel."""
        total = np.zeros((self.parameters.size, jacobian.shape[1]))
        weighted = counts.copy()
        for row, place, _ in self.spans:
            weighted[place] *= factors[row]
        slopes = logarithmic * weighted
        for _, place, bins in self.spans:
            total[:, bins] += slopes[:, place]
        jacobian[self.parameters] += total

    def add_bends(
        self, bends: Array, factors: Array, factor_slopes: Array, filled: tuple[Array, Array], weight: Array
    ) -> None:
        """Add weighted second derivatives of all samples, summed over bins.

        Args:
            bends: shape ``(all parameters, all parameters)``, added to.
            factors: of every sample of the channel.
            factor_slopes: their derivatives, shape ``(all parameters, samples)``.
            filled: what :meth:`evaluate` returned.
            weight: shape ``(bins,)``.
        """
        counts, logarithmic = filled
        size = self.parameters.size
        weighted = counts.copy()
        rows = [row for row, _, _ in self.spans]
        slopes = np.empty((size, len(rows)))
        for column, (row, place, bins) in enumerate(self.spans):
            weighted[place] *= weight[bins]
            slopes[:, column] = logarithmic[:, place] @ weighted[place]
            weighted[place] *= factors[row]
        mixed = factor_slopes[:, rows] @ slopes.T
        bends[:, self.parameters] += mixed
        bends[self.parameters] += mixed.T
        own = (logarithmic * weighted) @ logarithmic.T
        own += self.curvature.reshape(size, size, weighted.size) @ weighted
        bends[np.ix_(self.parameters, self.parameters)] += own


def group_morphs(rows: Sequence[tuple[int, Morph]], index: Mapping[str, int]) -> list[MorphGroup]:
    """Lay morphs of the same parameters and centre end to end.

    Args:
        rows: pairs of a sample's row and its morph.
        index: position of every parameter by name.

    Returns:
        One group for each set of parameters and centre.
    """
    found: dict[tuple[tuple[str, ...], bytes], list[tuple[int, Morph]]] = {}
    for row, morph in rows:
        found.setdefault((morph.names, morph.centre.tobytes()), []).append((row, morph))
    return [_lay(group, index) for group in found.values()]


def _lay(group: list[tuple[int, Morph]], index: Mapping[str, int]) -> MorphGroup:
    first = group[0][1]
    size = len(first.names)
    spans: list[tuple[int, slice, slice]] = []
    start = 0
    for row, morph in group:
        used = np.flatnonzero(np.abs(morph.counts) > EMPTY * np.max(np.abs(morph.counts), initial=0.0))
        bins = slice(int(used[0]), int(used[-1]) + 1) if used.size else slice(0, 0)
        length = bins.stop - bins.start
        spans.append((row, slice(start, start + length), bins))
        start += length
    cut = [(morph, bins) for (_, morph), (_, _, bins) in zip(group, spans, strict=True)]
    curvature = np.concatenate([morph.curvature[:, :, bins] for morph, bins in cut], axis=2)
    return MorphGroup(
        np.array([index[name] for name in first.names], dtype=np.intp),
        first.centre,
        np.concatenate([morph.counts[bins] for morph, bins in cut]),
        np.concatenate([morph.slope[:, bins] for morph, bins in cut], axis=1),
        np.ascontiguousarray(curvature).reshape(size, size * start),
        tuple(spans),
    )
