"""Level lines of a surface that is known on a grid and costly elsewhere: found on the grid, then made exact.

What the surface is, this module does not know (:mod:`nurecoil.inference.contours`). The ends of the grid are
walls: a region that reaches them ends there, and its outline runs along them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from contourpy import FillType, contour_generator
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline

__all__ = ["Surface", "outlines"]

Array = NDArray[np.float64]

_FINER = 4
"""How many times finer than the grid the spline through it is searched for level lines."""
_SPACING = 0.025
"""Distance of neighbouring points of an outline, as a share of its widths."""
_EXACT = 2e-4
"""How close to the level, as a share of it, a point is moved."""
_MOST_MOVES = 6
_FARTHEST = 1.5
"""How far, in steps of the grid, a point may be moved."""
_WELL_BELOW = 0.95
"""Share of the level below which a point on a wall is one of the region's own, not of its edge."""


@dataclass(frozen=True, eq=False)
class Surface:
    """Heights on a grid, and what gives the height anywhere.

    Args:
        values: increasing places along both axes.
        heights: heights on the grid, shape ``(first, second)``; NaN where there is none.
        height: the height at two places, NaN where there is none.

    Example:
        >>> x = np.linspace(-1.0, 1.0, 9)
        >>> Surface((x, x), np.add.outer(x**2, x**2), lambda a, b: a * a + b * b).heights.shape
        (9, 9)
    """

    values: tuple[Array, Array]
    heights: Array
    height: Callable[[float, float], float]


def outlines(surface: Surface, level: float) -> tuple[list[Array], list[Array], int]:
    """Closed polygons about where a surface lies below a level.

    Args:
        surface: the surface.
        level: the level.

    Returns:
        Outer polygons and holes, each ``(points, 2)`` with the last point the first again, and the number of
        their points that could not be moved onto the level.

    Example:
        >>> x = np.linspace(-2.0, 2.0, 11)
        >>> bowl = Surface((x, x), np.add.outer(x**2, x**2), lambda a, b: a * a + b * b)
        >>> (circle,), holes, missed = outlines(bowl, 1.0)
        >>> bool(np.abs(np.hypot(*circle.T) - 1).max() < 1e-3), holes, missed
        (True, [], 0)
    """
    return _Tracer(surface).trace(level)


class _Tracer:
    """Level lines of one surface; inside, both axes run from 0 to 1."""

    def __init__(self, surface: Surface) -> None:
        self.surface = surface
        self.low = np.array([one[0] for one in surface.values])
        self.span = np.array([one[-1] - one[0] for one in surface.values])
        self.first, self.second = (
            (one - low) / span for one, low, span in zip(surface.values, self.low, self.span, strict=True)
        )
        self.whole = bool(np.all(np.isfinite(surface.heights)))
        filled = surface.heights
        if not self.whole:
            filled = np.where(np.isfinite(filled), filled, 2 * np.nanmax(filled))
        degree = 3 if self.whole else 1
        self.spline = RectBivariateSpline(self.first, self.second, filled, kx=degree, ky=degree)
        self.farthest = _FARTHEST / (min(surface.heights.shape) - 1)

    def trace(self, level: float) -> tuple[list[Array], list[Array], int]:
        """Outer polygons, holes, and how many of their points are not on the level."""
        if self.whole:
            first, second = (
                np.linspace(0.0, 1.0, _FINER * (size - 1) + 1) for size in self.surface.heights.shape
            )
            heights = np.asarray(self.spline(first, second))
        else:
            first, second, heights = self.first, self.second, self.surface.heights
        lines = contour_generator(
            first, second, np.ma.masked_invalid(heights.T), fill_type=FillType.OuterOffset, corner_mask=True
        )
        outer: list[Array] = []
        holes: list[Array] = []
        missed = 0
        for points, offsets in zip(*lines.filled(-math.inf, level), strict=True):
            for number in range(len(offsets) - 1):
                ring = _spaced(np.clip(points[offsets[number] : offsets[number + 1] - 1], 0.0, 1.0))
                placed = [self._placed(point, level) for point in ring]
                missed += sum(found is None for found in placed)
                moved = [point if found is None else found for point, found in zip(ring, placed, strict=True)]
                closed = self._public(np.array([*moved, moved[0]]))
                (holes if number else outer).append(closed)
        return outer, holes, missed

    def _public(self, points: Array) -> Array:
        """Places of the surface's own; its walls without rounding."""
        ends = np.array([one[-1] for one in self.surface.values])
        return np.where(points == 1.0, ends, self.low + points * self.span)

    def _height(self, point: Array) -> float:
        first, second = self._public(point)
        return self.surface.height(float(first), float(second))

    def _placed(self, point: Array, level: float) -> Array | None:
        """A point moved along the slope onto the level; ``None`` where it is not found nearby.

        One on a wall moves along it, and one that is only the wall's stays.
        """
        walled = _walled(point)
        near = self._guess(point)
        if walled.all() or (walled.any() and near < _WELL_BELOW * level):
            return point
        slope = np.where(walled, 0.0, self._slope(point))
        steepness = float(np.hypot(*slope))
        past, height = 0.0, self._height(point)
        if abs(height - level) < _EXACT * level:
            return point
        if not (math.isfinite(height) and steepness > 0):
            return None
        way = self._within((level - height) / steepness)
        for _ in range(_MOST_MOVES):
            tried = np.clip(point + way * slope / steepness, 0.0, 1.0)
            reached = self._height(tried)
            if abs(reached - level) < _EXACT * level:
                return np.asarray(tried)
            if not math.isfinite(reached) or reached == height:
                return None
            further = way + (level - reached) * (way - past) / (reached - height)
            past, height, way = way, reached, self._within(further)
        return None

    def _guess(self, point: Array) -> float:
        """The spline's height."""
        return float(self.spline.ev(point[:1], point[1:])[0])

    def _slope(self, point: Array) -> Array:
        """The spline's slope, by differences over a part of the grid's step: a linear one has kinks."""
        steps = 0.1 * self.farthest * np.eye(2)
        pairs = [(np.clip(point + step, 0, 1), np.clip(point - step, 0, 1)) for step in steps]
        return np.array([(self._guess(a) - self._guess(b)) / float(np.abs(a - b).sum()) for a, b in pairs])

    def _within(self, way: float) -> float:
        return float(min(max(way, -self.farthest), self.farthest))


def _walled(points: Array) -> NDArray[np.bool_]:
    return np.asarray((points == 0.0) | (points == 1.0))


def _spaced(ring: Array) -> Array:
    """The points of a ring about :data:`_SPACING` apart; where it meets or leaves a wall none is left out."""
    walls = _walled(ring)
    ends = np.any(walls != np.roll(walls, 1, axis=0), axis=1)
    ends |= np.any(walls != np.roll(walls, -1, axis=0), axis=1)
    width = np.maximum(np.ptp(ring, axis=0), 1e-12)
    kept = [ring[0]]
    for point, end in zip(ring[1:], ends[1:], strict=True):
        if end or np.hypot(*((point - kept[-1]) / width)) >= _SPACING:
            kept.append(point)
    filled = []
    for here, there in zip(kept, [*kept[1:], kept[0]], strict=True):
        along_wall = bool(np.any(_walled(here) & _walled(there)))
        pieces = 1 if along_wall else max(1, math.ceil(np.hypot(*((there - here) / width)) / _SPACING - 0.5))
        filled += [here + (there - here) * part / pieces for part in range(pieces)]
    return np.array(filled)
