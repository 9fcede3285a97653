"""The ends of the accepted region of a belt: walked out to, bisected with more toys, read off with an error.

What toys say about one value is :mod:`nurecoil.inference.belt`'s; what is made of the two ends is
:mod:`nurecoil.inference.feldman_cousins`'s.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri
from scipy.stats import chi2

from nurecoil.errors import FitError
from nurecoil.inference.belt import Belt, BeltPoint

__all__ = ["Crossing", "End", "Search", "line_crossing"]

_OUT = 1.3
"""How much farther from the best fit the next value is where the last one is still accepted."""
_MOST_OUT, _MOST_STEPS = 20, 60
_RESOLVED = 0.01
"""An end is not sought more exactly than this share of its value or of its distance from the best fit."""
_CLOSE = 3.0
"""Errors of an end within which the values around it need not be nearer to each other."""
_EXACT, _MOST_EXTRA, _BESIDE = 2.0, 8, 0.25
"""Error of an end, in units of that share, above which values are added beside it; how many; sigmas off."""
_WINDOW = 0.4
"""Standard deviations to either side of the wanted ones in which an end is interpolated."""
_SMOOTH = 0.01
"""p-value of a straight line through points below which it does not describe them."""
_SURE = 2.5
"""Errors of a p-value from the wanted one at which a value is accepted or excluded beyond doubt."""
_MOST_TOYS = 8
"""How many times the toys a value may get where the p-value goes in steps and is near the wanted one."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A place where a level is passed, in positions that count outwards.

    Args:
        place: where.
        error: one standard deviation.
        smooth: whether a straight line through three points or more gave it.
        inner: the last position before the level.
        outer: the first one beyond it.
        run: how far one has to go for the function to rise by 1; 0 where that is not known.

    Example:
        >>> Crossing(1.5, 0.1, True, 1.0, 2.0).smooth
        True
    """

    place: float
    error: float
    smooth: bool
    inner: float
    outer: float
    run: float = 0.0


@dataclass(frozen=True, slots=True)
class End:
    """One end of an interval.

    Args:
        value: where, in the public unit.
        error: one standard deviation, from the number of toys and the distance of the values around it.
        bound: whether it is the parameter's bound, itself accepted.
        smooth: whether the p-value is a smooth curve there; otherwise it jumps.

    Example:
        >>> End(0.0, 0.0, bound=True, smooth=True).bound
        True
    """

    value: float
    error: float
    bound: bool
    smooth: bool


def line_crossing(
    around: Sequence[tuple[float, float, float]], inner: float, outer: float, wanted: float
) -> Crossing:
    """Where a rising, noisy function passes a level, by a straight line through the points around it.

    Points are left out from the farthest on as long as the line does not describe them; two always remain.
    Then the function may as well jump between these two, and a twelfth of their distance squared is part
    of the error squared.

    Args:
        around: position, function and error of at least two points, among them those at ``inner`` and
            ``outer``.
        inner: the last position below the level.
        outer: the first position above it.
        wanted: the level.

    Returns:
        The crossing.

    Example:
        >>> found = line_crossing([(x, 2.0 * x, 0.1) for x in (0.0, 1.0, 2.0, 3.0)], 1.0, 2.0, 3.0)
        >>> round(found.place, 6), round(found.error, 6), found.smooth
        (1.5, 0.025, True)
    """
    middle, width = (inner + outer) / 2, outer - inner
    points = sorted(around, key=lambda one: (one[0] not in (inner, outer), abs(one[0] - middle)))
    while True:
        x, y, error = np.array(points).T
        x = (x - middle) / width
        weight = 1 / error**2
        total = weight.sum()
        centre, height = (weight * x).sum() / total, (weight * y).sum() / total
        stretch = (weight * (x - centre) ** 2).sum()
        slope = (weight * (x - centre) * (y - height)).sum() / stretch
        away = float((weight * (y - height - slope * (x - centre)) ** 2).sum())
        if len(points) == 2 or (slope > 0 and chi2.sf(away, len(points) - 2) > _SMOOTH):
            break
        points.pop()
    if slope <= 0:  # two values on either side of the level by less than rounding
        return Crossing(middle, width / math.sqrt(12), False, inner, outer)
    share = centre + (wanted - height) / slope
    spread = math.sqrt(1 / total + (share - centre) ** 2 / stretch) / slope
    smooth = len(points) > 2
    if not smooth:
        share, spread = min(max(share, -0.5), 0.5), math.hypot(min(spread, 1.0), 1 / math.sqrt(12))
    run = width / float(slope)
    return Crossing(middle + float(share) * width, float(spread) * width, smooth, inner, outer, run)


class Search:
    """The search for one end of the accepted region: everything outwards from the best fit, up to a bound.

    Args:
        belt: the belt; values are added to it.
        sign: 1 for the upper end, -1 for the lower one.
        bound: the parameter's bound on that side.
        reach: a length of the size of the interval, for a first step where nothing has been tested.
        cl: confidence level.
        toys: toys of a value that only shows the way, and of one that decides.

    Example:
        >>> from nurecoil.inference.fit import fit
        >>> from nurecoil.testing.models import counting
        >>> belt = Belt(fit(counting(observed=3.0, background=3.0)), "signal", seed=1)
        >>> end = Search(belt, -1, 0.0, 10.0, 0.90, (100, 100)).find()
        >>> end.value, end.bound
        (0.0, True)
    """

    def __init__(
        self, belt: Belt, sign: int, bound: float, reach: float, cl: float, toys: tuple[int, int]
    ) -> None:
        self._belt, self._sign, self._bound, self._reach = belt, sign, bound, reach
        self._coarse, self._full = toys
        self._alpha, self._wanted = 1 - cl, float(ndtri((1 + cl) / 2))

    def find(self) -> End:
        """Close in on the end until it is known within its error or 1 %.

        Returns:
            The end; the bound itself where that is accepted.

        Raises:
            FitError: where no value is excluded, or the data or too many toys cannot be fitted.
        """
        centre = self._belt.centre
        if centre == self._bound:
            return End(self._bound, 0.0, bound=True, smooth=True)
        extra = 0
        for _ in range(_MOST_STEPS):
            if self._walk_out():
                return End(self._bound, 0.0, bound=True, smooth=True)
            found, few = self._read_off()
            if few:
                for value, toys in few:
                    self._belt.at(value, toys)
                continue
            value = self._sign * found.place
            near, far = (self._sign * one for one in (found.inner, found.outer))
            resolved = _RESOLVED * max(abs(value), abs(value - centre))
            if abs(far - near) <= max(_CLOSE * found.error if found.smooth else 0.0, resolved):
                beside = self._beside(found, extra)
                if not found.smooth or found.error <= _EXACT * resolved or beside is None:
                    break
                self._belt.at(beside, self._full)
                extra += 1
                continue
            share = min(max((value - near) / (far - near), 0.25), 0.75)
            self._belt.at(near + share * (far - near), self._full)
        return End(value, found.error, bound=False, smooth=found.smooth)

    def _beside(self, found: Crossing, extra: int) -> float | None:
        """A value beside the end, inwards and outwards in turn, to know it better; none after a few."""
        way = _BESIDE if extra % 2 else -_BESIDE
        value = self._sign * (found.place + way * found.run)
        inside = self._sign * self._belt.centre < self._sign * value < self._sign * self._bound
        return value if extra < _MOST_EXTRA and inside else None

    def _points(self) -> list[BeltPoint]:
        """The tested values of this side, outwards."""
        points = [p for p in self._belt.points if self._sign * (p.value - self._belt.centre) > 0]
        return points[:: self._sign]

    def _walk_out(self) -> bool:
        """Test farther out until a value is excluded; whether the bound itself is accepted."""
        centre = self._belt.centre
        for _ in range(_MOST_OUT):
            points = self._points()
            if points and points[-1].p_value <= self._alpha:
                return False
            if points and points[-1].value == self._bound:
                return self._belt.at(self._bound, self._full).p_value > self._alpha
            away = _OUT * abs(points[-1].value - centre) if points else 0.1 * self._reach
            value = centre + self._sign * away
            value = min(value, self._bound) if self._sign > 0 else max(value, self._bound)
            self._belt.at(value, self._coarse)
        raise FitError(
            f"Feldman-Cousins interval of {self._belt.poi!r}",
            f"no value up to {self._points()[-1].value:g} is excluded",
            "data that constrain the parameter",
        )

    def _read_off(self) -> tuple[Crossing, list[tuple[float, int]]]:
        """The end from the values around it, and what needs more toys first: values and how many."""
        points = self._points()
        if any(point.discrete for point in points):
            return self._steps(points)
        accepted = [i for i, point in enumerate(points) if point.p_value > self._alpha]
        if not accepted:
            inner, outer = self._sign * self._belt.centre, self._sign * points[0].value
            found = Crossing((inner + outer) / 2, (outer - inner) / math.sqrt(12), False, inner, outer)
            return found, self._short(points[:1])
        last = accepted[-1]
        low, high = last, last + 1
        while low > 0 and abs(points[low - 1].sigmas[0] - self._wanted) < _WINDOW:
            low -= 1
        while high + 1 < len(points) and abs(points[high + 1].sigmas[0] - self._wanted) < _WINDOW:
            high += 1
        around = [(self._sign * point.value, *point.sigmas) for point in points[low : high + 1]]
        found = line_crossing(around, around[last - low][0], around[last - low + 1][0], self._wanted)
        return found, self._short(points[last : last + 2])

    def _steps(self, points: list[BeltPoint]) -> tuple[Crossing, list[tuple[float, int]]]:
        """The end of a p-value in steps: between what is accepted and what is excluded beyond doubt.

        What is in doubt between them has up to :data:`_MOST_TOYS` times the toys. A step may be as long as
        all of that, so the end may be anywhere in it.
        """
        sure = [self._sure(point) for point in points]
        low = max((i for i, one in enumerate(sure) if one > 0), default=-1)
        high = next((i for i in range(low + 1, len(points)) if sure[i] < 0), len(points) - 1)
        few = self._short([points[i] for i in (low, high) if i >= 0])
        most = _MOST_TOYS * self._full
        doubted = [point for point in points[low + 1 : high] if point.drawn < most]
        few += [(point.value, min(max(2 * point.drawn, self._full), most)) for point in doubted]
        places = [self._sign * point.value for point in points]
        begin, end = places[low] if low >= 0 else self._sign * self._belt.centre, places[high]
        gaps = [(begin, places[low + 1]), (places[high - 1] if high else begin, end)]
        inner, outer = max(gaps, key=lambda gap: gap[1] - gap[0])
        return Crossing((begin + end) / 2, (end - begin) / math.sqrt(12), False, inner, outer), few

    def _short(self, points: list[BeltPoint]) -> list[tuple[float, int]]:
        """Those of the points that have fewer toys than deciding ones need."""
        return [(point.value, self._full) for point in points if point.drawn < self._full]

    def _sure(self, point: BeltPoint) -> int:
        """1 for a value that is accepted beyond doubt, -1 for one that is excluded so, 0 for others."""
        away = (point.p_value - self._alpha) / point.p_value_error
        return int(np.sign(away)) if abs(away) > _SURE else 0
