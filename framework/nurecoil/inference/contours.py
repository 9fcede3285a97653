"""Two-parameter contours: the edge of where the profiled -log L of two parameters stays below a level.

A grid of conditional fits finds the shape, however many pieces it has; every point of its edge is then moved
onto the level by further fits. Errors of one parameter are in :mod:`nurecoil.inference.minos`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from nurecoil.engine.solve import Solution
from nurecoil.errors import FitError, OptionError
from nurecoil.inference._edges import Surface, outlines
from nurecoil.inference.conditional import Conditional, require_free, settled
from nurecoil.inference.fit import fit
from nurecoil.inference.profile import Progress
from nurecoil.inference.results import FitResult, finite_or_none
from nurecoil.inference.rules import check_level
from nurecoil.model.roots import rooted
from nurecoil.model.spectral import SpectralModel

__all__ = ["Contour", "ContourLevel", "check_contour", "contour", "contour_of"]

Array = NDArray[np.float64]

_MARGIN = 0.06
"""How far beyond the largest contour the grid goes, as a share of its width."""
_LEAST_POINTS = 8


@dataclass(frozen=True, slots=True)
class ContourLevel:
    """One contour.

    Args:
        cl: joint confidence level of the two parameters.
        delta_chi2: the rise of -2 log L at the contour: the quantile of chi2 with two degrees of freedom.
        outlines: closed polygons, one for each piece, shape ``(points, 2)``, the last point the first again,
            in the parameters' units; along a bound where the region ends there.
        holes: closed polygons inside them that do not belong to the region.
        at_bounds: the bounds along which it runs: ``(parameter, "lower" or "upper")``.

    Example:
        >>> ContourLevel(0.68, 2.28, (np.zeros((4, 2)),), (), ())
        <ContourLevel 68 %: 1 piece, 4 points>
    """

    cl: float
    delta_chi2: float
    outlines: tuple[Array, ...]
    holes: tuple[Array, ...]
    at_bounds: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        """Level, pieces, points."""
        pieces = "1 piece" if len(self.outlines) == 1 else f"{len(self.outlines)} pieces"
        return f"<ContourLevel {100 * self.cl:g} %: {pieces}, {sum(map(len, self.outlines))} points>"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "cl": self.cl,
            "delta_chi2": self.delta_chi2,
            "outlines": [one.tolist() for one in self.outlines],
            "holes": [one.tolist() for one in self.holes],
            "at_bounds": [list(one) for one in self.at_bounds],
        }


@dataclass(frozen=True)
class Contour:
    """Contours of two parameters.

    Args:
        parameters: the two, the first along the horizontal axis.
        units: theirs.
        best: their values in the free fit.
        levels: the contours, the smallest first.
        grid: the values of either parameter at which fits were made, increasing.
        delta_nll: profiled -log L above the free fit's on that grid, shape ``(first, second)``; NaN where a
            fit failed.
        best_fit: the free fit.
        notes: what one has to know to use it.
        seconds: wall time.

    Example:
        >>> Contour.__dataclass_fields__["levels"].name
        'levels'
    """

    parameters: tuple[str, str]
    units: tuple[str, str]
    best: tuple[float, float]
    levels: tuple[ContourLevel, ...]
    grid: tuple[Array, Array] = field(repr=False)
    delta_nll: Array = field(repr=False)
    best_fit: FitResult = field(repr=False)
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    def __repr__(self) -> str:
        """Parameters, best fit, levels."""
        levels = ", ".join(f"{100 * one.cl:g} %" for one in self.levels)
        return (
            f"<Contour of {self.parameters[0]} and {self.parameters[1]} at {levels}; "
            f"best at {self.best[0]:.4g}, {self.best[1]:.4g}>"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "parameters": list(self.parameters),
            "units": list(self.units),
            "best": list(self.best),
            "levels": [one.to_json() for one in self.levels],
            "grid": [one.tolist() for one in self.grid],
            "delta_nll": [[finite_or_none(value) for value in row] for row in self.delta_nll],
            "nll": self.best_fit.nll,
            "notes": list(self.notes),
            "seconds": self.seconds,
        }


def contour(
    model: SpectralModel,
    one: str,
    two: str,
    cls: Sequence[float] = (0.68, 0.90),
    *,
    points: int = 25,
    progress: Progress | None = None,
) -> Contour:
    """Contours of two parameters at joint confidence levels.

    Inside a contour -2 log L, minimised over all other parameters, is less than the quantile of chi2 with
    two degrees of freedom above its minimum (S. S. Wilks, Ann. Math. Stat. 9 (1938) 60; 2.28 at 68 %, 4.61 at
    90 %). The region is found on a grid: it may have several pieces, and where it ends at a bound its outline
    runs along that. The grid reaches as far as the profile of either parameter stays below the level without
    a break; pieces beyond are not looked for.

    Args:
        model: the model; its parameter of interest by its root's name too (``mu_eff`` of a file's ``mu2``).
        one: the parameter along the horizontal axis.
        two: the other one.
        cls: confidence levels, each between 0 and 1.
        points: fits along each axis of the grid.
        progress: called with fits done and fits about to be made in all.

    Returns:
        The contours, in public values.

    Raises:
        FitError: where the free fit fails, or a parameter is not constrained by the data.
        ModelError: for an unknown parameter.
        OptionError: for a parameter that is fixed, the same one twice, levels outside their range or too few
            points.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> found = contour(counting(16.0, 10.0, background_error=2.0), "signal", "background", points=9)
        >>> found
        <Contour of signal and background at 68 %, 90 %; best at 6, 10>
        >>> [f"{one.delta_chi2:.2f}" for one in found.levels]
        ['2.28', '4.61']
    """
    check_contour(one, two, cls, points)
    known = model if one in model.parameters and two in model.parameters else rooted(model)
    for name in (one, two):
        known.require(name)
    return contour_of(fit(known), one, two, cls, points=points, progress=progress)


def contour_of(
    best: FitResult,
    one: str,
    two: str,
    cls: Sequence[float] = (0.68, 0.90),
    *,
    points: int = 25,
    progress: Progress | None = None,
) -> Contour:
    """Contours about a fit that is known already; arguments, result and errors are those of :func:`contour`.

    Parameters that the fit held stay held.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> best = fit(counting(16.0, 10.0, background_error=2.0))
        >>> contour_of(best, "signal", "background", [0.9], points=8).levels[0].cl
        0.9
    """
    check_contour(one, two, cls, points)
    for name in (one, two):
        require_free(best, name, "contour")
    began = time.perf_counter()
    levels = sorted(set(cls))

    def work(about: Conditional) -> tuple[_Grid, list[ContourLevel], list[str]]:
        return _trace(about, (one, two), levels, points, progress)

    best, (grid, found, notes) = settled(best, work)
    units = (best.model.parameters[one].unit, best.model.parameters[two].unit)
    return Contour(
        (one, two), units, (best.values[one], best.values[two]), tuple(found), grid.values, grid.delta, best,
        tuple(notes), time.perf_counter() - began,
    )  # fmt: skip


def check_contour(one: str, two: str, cls: Sequence[float], points: int) -> None:
    """Refuse what no contour can be made of, before anything is fitted.

    Args:
        one: a parameter.
        two: the other one.
        cls: confidence levels.
        points: fits along each axis.

    Raises:
        OptionError: for the same parameter twice, levels outside their range or too few points.

    Example:
        >>> check_contour("g", "g", [0.9], 25)
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: contour: 'g' and 'g'. Allowed: two different parameters.
    """
    if one == two:
        raise OptionError("contour", f"{one!r} and {two!r}", "two different parameters")
    if not len(cls):
        raise OptionError("contour", "no confidence level", "at least one, such as 0.90")
    for cl in cls:
        check_level(cl)
    if points < _LEAST_POINTS:
        raise OptionError("contour points", str(points), f"at least {_LEAST_POINTS}")


def _trace(
    about: Conditional,
    names: tuple[str, str],
    cls: Sequence[float],
    points: int,
    progress: Progress | None,
) -> tuple[_Grid, list[ContourLevel], list[str]]:
    """The grid about a free fit, and the contours on it with every point on its level."""
    thresholds = [float(chi2.ppf(cl, 2)) for cl in cls]
    grid = _Grid(about, names, thresholds[-1] / 2, points, progress)
    surface = Surface(grid.values, grid.delta, grid.rise)
    found, off = [], 0
    for cl, threshold in zip(cls, thresholds, strict=True):
        pieces, holes, missed = outlines(surface, threshold / 2)
        off += missed
        sides = _bounds_met(pieces, names, grid)
        found.append(ContourLevel(cl, threshold, tuple(pieces), tuple(holes), sides))
    notes = []
    failed = int(np.count_nonzero(~np.isfinite(grid.delta)))
    if failed:
        notes.append(
            f"{failed} of {grid.delta.size} fits of the grid failed; contours leave out their places"
        )
    if any(_leaves(one, grid) for level in found for one in level.outlines):
        notes.append("a contour reaches the end of the grid where no bound is; there is more of it beyond")
    if off:
        notes.append(f"{off} points of contours lie where the grid says and were not moved onto the level")
    return grid, found, notes


class _Grid:
    """Conditional fits on a grid about the largest contour, walked from the best fit outwards.

    The contour of two parameters reaches as far along each as the profile of that one alone stays below the
    same level, so the ends of that profile are the ends of the grid.
    """

    def __init__(
        self,
        about: Conditional,
        names: tuple[str, str],
        level: float,
        points: int,
        progress: Progress | None,
    ) -> None:
        self.about, self.names = about, names
        self.index = (about.index(names[0]), about.index(names[1]))
        ends = [self._ends(name, level) for name in names]
        self.values = (np.linspace(*ends[0], points), np.linspace(*ends[1], points))
        definitions = [about.best.model.parameters[name] for name in names]
        self.bounds = tuple(
            (low == one.lower, high == one.upper) for (low, high), one in zip(ends, definitions, strict=True)
        )
        self.fits: dict[tuple[int, int], Solution] = {}
        self.delta = np.full((points, points), np.nan)
        self._walk(progress)

    def rise(self, first: float, second: float) -> float:
        """The rise of -log L at public values, from the nearest fit of the grid; NaN where it fails."""
        place = (self._nearest(0, first), self._nearest(1, second))
        found = self._fit(first, second, self.fits.get(place, self.about.origin))
        return np.nan if found is None else found.value - self.about.origin.value

    def _nearest(self, axis: int, value: float) -> int:
        return int(np.argmin(np.abs(self.values[axis] - value)))

    def _fit(self, first: float, second: float, neighbour: Solution) -> Solution | None:
        values = zip(self.index, (first, second), strict=True)
        held = {index: self.about.internal(index, float(value)) for index, value in values}
        try:
            return self.about.at(held, neighbour)
        except FitError:
            return None

    def _ends(self, name: str, level: float) -> tuple[float, float]:
        """Ends of the grid along one parameter: those of its own profile and a margin, within its bounds."""
        index = self.about.index(name)
        ends = []
        for sign in (-1, 1):
            end = self.about.crossing(index, sign, level)
            if end.reason:
                raise FitError(f"contour of {name!r}", end.reason, "a parameter that the data constrain",
                               "Lower the confidence level, or give it a constraint.")  # fmt: skip
            ends.append(self.about.public(index, end.coordinate))
        margin = _MARGIN * (ends[1] - ends[0])
        definition = self.about.best.model.parameters[name]
        return max(ends[0] - margin, definition.lower), min(ends[1] + margin, definition.upper)

    def _walk(self, progress: Progress | None) -> None:
        """Rows outwards from the best fit's, each from its middle outwards, every fit from a neighbour's."""
        values = self.about.values(self.about.origin)
        middle = [self._nearest(axis, values[name]) for axis, name in enumerate(self.names)]
        rows, columns = self.delta.shape
        for row in (*range(middle[0], rows), *range(middle[0] - 1, -1, -1)):
            before = row - 1 if row > middle[0] else row + 1
            for column in (*range(middle[1], columns), *range(middle[1] - 1, -1, -1)):
                inner = column - 1 if column > middle[1] else column + 1
                places = ((row, inner), (before, column)) if column != middle[1] else ((before, column),)
                near = next((self.fits[one] for one in places if one in self.fits), self.about.origin)
                found = self._fit(self.values[0][row], self.values[1][column], near)
                if found is not None:
                    self.fits[row, column] = found
                    self.delta[row, column] = found.value - self.about.origin.value
            if progress is not None:
                progress(self.delta.size - int(np.count_nonzero(np.isnan(self.delta))), self.delta.size)


def _leaves(piece: Array, grid: _Grid) -> bool:
    """Whether a region runs into an end of the grid that is no bound."""
    return any(
        not grid.bounds[axis][side] and bool(np.any(piece[:, axis] == grid.values[axis][side]))
        for axis in (0, 1)
        for side in (0, -1)
    )


def _bounds_met(pieces: Sequence[Array], names: tuple[str, str], grid: _Grid) -> tuple[tuple[str, str], ...]:
    """The bounds along which a region runs."""
    met = []
    for axis, name in enumerate(names):
        for side, word in ((0, "lower"), (-1, "upper")):
            end = grid.values[axis][side]
            if grid.bounds[axis][side] and any(np.any(piece[:, axis] == end) for piece in pieces):
                met.append((name, word))
    return tuple(met)
