"""The response of a liquid scintillator that counts hits: energy scale, resolution, folding.

An energy becomes a visible energy (:mod:`nurecoil.detectors.quenching`), that a mean number of hits
(:class:`HitScale`), and that a scaled Poisson density over the bins (:class:`HitTemplate`). All
nuisance parameters keep their analytic derivatives. The compiled form is in
:mod:`nurecoil.detectors.morph`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.resolution import scaled_poisson_gradient
from nurecoil.errors import PhysicsError

__all__ = ["RESPONSE_QUANTITIES", "HitBins", "HitScale", "HitTemplate", "PeakTemplate"]

Array = NDArray[np.float64]

RESPONSE_QUANTITIES = ("light_yield", "saturation", "linear", "constant", "quadratic")
"""The five quantities of the response, in the order every array of them follows."""


@dataclass(frozen=True)
class HitBins:
    """The bins of a hit spectrum and the points at which densities are evaluated in them.

    A bin of one hit is evaluated at its centre, as a count is; a wider one at its whole number of
    unit steps.

    Args:
        edges: bin edges in hits, increasing, the first above zero, shape ``(bins + 1,)``.

    Example:
        >>> HitBins.of(np.array([99.5, 100.5, 104.5])).points.tolist()
        [100.0, 101.0, 102.0, 103.0, 104.0]
    """

    edges: Array
    points: Array
    widths: Array
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, edges: Array) -> HitBins:
        """Place the evaluation points in the bins between ``edges``."""
        edges = np.asarray(edges, float)
        if edges.ndim != 1 or edges.size < 2 or not np.all(np.diff(edges) > 0) or edges[0] <= 0:
            raise PhysicsError("hit bins", "edges that do not increase from above 0", "increasing edges")
        steps = np.maximum(1, np.rint(np.diff(edges))).astype(int)
        pieces = [
            left + (np.arange(count) + 0.5) * (right - left) / count
            for left, right, count in zip(edges[:-1], edges[1:], steps, strict=True)
        ]
        widths = np.repeat(np.diff(edges) / steps, steps)
        starts = np.concatenate([[0], np.cumsum(steps)[:-1]]).astype(np.intp)
        return cls(edges, np.concatenate(pieces), widths, starts)

    def collect(self, density: Array) -> Array:
        """Sum densities at the points (last axis) into bin contents (last axis)."""
        if self.starts.size == self.points.size:
            return np.asarray(density * self.widths)
        return np.add.reduceat(density * self.widths, self.starts, axis=-1)

    def collect_part(self, density: Array, points: slice) -> tuple[int, int, Array]:
        """The same for a range of points: first bin, last bin (exclusive) and their contents."""
        if self.starts.size == self.points.size:
            return points.start, points.stop, np.asarray(density * self.widths[points])
        full = np.zeros((*density.shape[:-1], self.points.size))
        full[..., points] = density
        return 0, int(self.starts.size), self.collect(full)


@dataclass(frozen=True, slots=True)
class HitScale:
    """The five response quantities at one point, with the moments they imply.

    Mean hits at visible energy ``E_v``: ``m = Y E_v (1 - s E_v) / (1 - s)``, so that Y is the yield at
    1 MeV; the saturation s [1/MeV] is the occupancy of the phototubes. Variance over mean:
    ``v = f + c/m + q m`` with f the equalised single-photon term (2000 over the live tubes, widened by
    the single-electron response), c the intrinsic width and q the non-uniformity of light collection.

    Args:
        light_yield: Y, hits at a visible energy of 1 MeV, positive.
        saturation: s [1/MeV], below 1/E_v everywhere it is used.
        linear: f, positive.
        constant: c [hits^2].
        quadratic: q, not negative.

    Example:
        >>> scale = HitScale(427.0, 0.11, 1.5, 0.0, 0.0)
        >>> round(float(scale.mean(np.array([1.0]))[0]), 6)
        427.0
    """

    light_yield: float
    saturation: float
    linear: float
    constant: float
    quadratic: float

    def mean(self, visible: Array) -> Array:
        """Mean number of hits at visible energies [MeV]."""
        return np.asarray(
            self.light_yield * visible * (1 - self.saturation * visible) / (1 - self.saturation)
        )

    def variance_over_mean(self, mean: Array) -> Array:
        """Variance over mean of the number of hits at mean numbers of hits."""
        return np.asarray(self.linear + self.constant / mean + self.quadratic * mean)


@dataclass(frozen=True)
class HitTemplate:
    """Expected bin contents of one component as a function of the response, with its Jacobian.

    Args:
        bins: the bins.
        visible: visible energies of the quadrature [MeV], shape ``(points,)``, positive.
        weight: events at each of them, shape ``(points,)``.
        names: the parameters of the model that stand for the response quantities, in the order of
            :data:`RESPONSE_QUANTITIES`, followed by the offset's where ``offset`` is true.
        offset: whether a visible energy [MeV] common to all points (the two annihilation gammas of a
            positron) is a parameter.
        factor: bin-wise factor, shape ``(bins,)``, or ``None``.

    Example:
        >>> bins = HitBins.of(np.arange(99.5, 300.5))
        >>> line = HitTemplate(bins, np.array([0.45]), np.array([100.0]), RESPONSE_QUANTITIES)
        >>> counts, jacobian = line.evaluate(np.array([427.0, 0.11, 1.5, 0.0, 0.0]))
        >>> counts.shape, jacobian.shape, round(float(counts.sum()), 3)
        ((200,), (5, 200), 100.0)
    """

    bins: HitBins
    visible: Array
    weight: Array
    names: tuple[str, ...]
    offset: bool = False
    factor: Array | None = None

    def evaluate(self, values: Sequence[float] | Array) -> tuple[Array, Array]:
        """Bin contents and their derivatives.

        Args:
            values: the parameters in the order of ``names``.

        Returns:
            Contents of shape ``(bins,)`` and derivatives of shape ``(len(names), bins)``; NaN where the
            variance would not be positive.
        """
        scale = HitScale(*(float(value) for value in values[:5]))
        visible = self.visible + (float(values[5]) if self.offset else 0.0)
        mean = scale.mean(visible)
        used = (mean > 1.0) & (visible < 0.5 / scale.saturation if scale.saturation > 0 else True)
        visible, mean, weight = visible[used], mean[used], self.weight[used]
        counts = np.zeros(self.bins.edges.size - 1)
        jacobian = np.zeros((len(self.names), counts.size))
        ratio = scale.variance_over_mean(mean)
        if not np.all(ratio > 0):
            return counts * np.nan, jacobian * np.nan
        for part in _blocks(mean, ratio, self.bins.points):
            self._add(part, scale, visible, mean, ratio, weight, counts, jacobian)
        if self.factor is not None:
            counts *= self.factor
            jacobian *= self.factor
        return counts, jacobian

    def _add(
        self,
        part: tuple[slice, slice],
        scale: HitScale,
        visible: Array,
        mean: Array,
        ratio: Array,
        weight: Array,
        counts: Array,
        jacobian: Array,
    ) -> None:
        """Fold the quadrature points of one block into the bins they reach."""
        nodes, points = part
        hits = self.bins.points[points]
        m, v, w, e = mean[nodes], ratio[nodes], weight[nodes], visible[nodes]
        density, by_mean, by_scale = scaled_poisson_gradient(hits, m[:, None], v[:, None])
        along_mean = by_mean + by_scale * (scale.quadratic - scale.constant / m**2)[:, None]
        s = scale.saturation
        slope = scale.light_yield / (1 - s)
        rows = [
            w @ density,
            (w * m / scale.light_yield) @ along_mean,
            (w * slope * e * (1 - e) / (1 - s)) @ along_mean,
            w @ by_scale,
            (w / m) @ by_scale,
            (w * m) @ by_scale,
        ]
        if self.offset:
            rows.append((w * slope * (1 - 2 * s * e)) @ along_mean)
        first, last, collected = self.bins.collect_part(np.stack(rows), points)
        counts[first:last] += collected[0]
        jacobian[:, first:last] += collected[1:]


@dataclass(frozen=True)
class PeakTemplate:
    """A mono-energetic peak whose position and width are parameters of their own.

    Args:
        bins: the bins.
        events: events in the whole peak.
        names: the parameters for position and width, both in hits.
        factor: bin-wise factor, shape ``(bins,)``, or ``None``.

    Example:
        >>> bins = HitBins.of(np.arange(99.5, 300.5))
        >>> counts, jacobian = PeakTemplate(bins, 10.0, ("mu", "sigma")).evaluate([190.0, 15.0])
        >>> round(float(counts.sum()), 6), jacobian.shape
        (10.0, (2, 200))
    """

    bins: HitBins
    events: float
    names: tuple[str, str]
    factor: Array | None = None

    def evaluate(self, values: Sequence[float] | Array) -> tuple[Array, Array]:
        """Bin contents, shape ``(bins,)``, and derivatives by position and width, ``(2, bins)``.

        NaN where position or width is not positive.
        """
        position, width = float(values[0]), float(values[1])
        if not (position > 0 and width > 0):
            bins = self.bins.edges.size - 1
            return np.full(bins, np.nan), np.full((2, bins), np.nan)
        scale = width**2 / position
        density, by_mean, by_scale = scaled_poisson_gradient(
            self.bins.points, np.array(position), np.array(scale)
        )
        rows = np.stack([density, by_mean - by_scale * scale / position, by_scale * 2 * width / position])
        collected = self.events * self.bins.collect(rows)
        if self.factor is not None:
            collected = collected * self.factor
        return collected[0], collected[1:]


def _blocks(mean: Array, ratio: Array, points: Array) -> list[tuple[slice, slice]]:
    """Groups of neighbouring quadrature points with the range of bins that they reach.

    A point reaches ten standard deviations to the left and fourteen to the right, where the density
    has fallen below 1e-16 of its peak.
    """
    blocks: list[tuple[slice, slice]] = []
    spread = np.sqrt(ratio * mean)
    for start in range(0, mean.size, 24):
        nodes = slice(start, min(start + 24, mean.size))
        low = np.min(mean[nodes] - 10 * spread[nodes])
        high = np.max(mean[nodes] + 14 * spread[nodes])
        first, last = np.searchsorted(points, [low, high])
        if last > first:
            blocks.append((nodes, slice(int(first), int(last))))
    return blocks
