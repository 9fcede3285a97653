"""Profile likelihoods: every point starts from its neighbour, in the power the parameter is fitted in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.response import compile_response, needs_recompiling
from nurecoil.engine.solve import Solution, solve
from nurecoil.errors import FitError, OptionError
from nurecoil.inference.fit import check_fixed
from nurecoil.inference.results import Scan
from nurecoil.model.spectral import SpectralModel

__all__ = ["DELTA_NLL_REACH", "Progress", "profile"]

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]
"""What long work calls again and again: with how much of it is done, and with how much there is."""

DELTA_NLL_REACH = 12.0
"""How far up in -log L an automatic scan goes: what is beyond holds less than 1e-5 of the area."""


def profile(
    model: SpectralModel,
    parameter: str,
    values: Sequence[float] | Array | None = None,
    *,
    points: int = 41,
    progress: Progress | None = None,
) -> Scan:
    """Profile likelihood of one parameter.

    Args:
        model: the model.
        parameter: what to scan.
        values: scan points inside its bounds; by default ``points`` equal steps from its lower bound
            (or from the point on the left where -log L has risen by
            :data:`DELTA_NLL_REACH`) to the point on the right where -log L has risen as far.
        points: number of automatic points.
        progress: called with points done and points in all.

    Returns:
        The scan, relative to the smallest -log L of the free fit and of all points.

    Raises:
        FitError: where a point does not converge, or -log L never rises.
        ModelError: for an unknown parameter.
        OptionError: for values outside the bounds or fewer than two points.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> scan = profile(counting(observed=10.0, background=10.0), "signal", [0.0, 5.0])
        >>> [round(float(value), 4) for value in scan.delta_nll]
        [0.0, 0.9453]
    """
    definition = model.require(parameter)
    if values is None and points < 2:
        raise OptionError("profile points", str(points), "at least 2")
    walker = _Walker(model, parameter)
    best = walker.free()
    if values is None:
        grid, solutions = walker.automatic(best, points, progress)
    else:
        grid = np.unique(np.asarray(values, float))
        if grid.size < 2:
            raise OptionError("profile values", f"{grid.size} different values", "at least 2")
        for value in grid:
            check_fixed(model, {parameter: float(value)})
        solutions = walker.walk(grid, best, progress)
    nll = np.array([solution.value for solution in solutions])
    lowest = min(best.value, float(nll.min()))
    compiled = walker.compiled
    where = walker.public(best) if best.value <= nll.min() else float(grid[int(np.argmin(nll))])
    fits = tuple(compiled.values(solution.position) for solution in solutions)
    return Scan(parameter, definition.unit, grid, nll - lowest, where, lowest, fits)


_MOST_FAILURES = 6
"""How many points of the walk to the end of the range may fail."""
_MOST_EXTENSIONS = 4
"""How often an automatic scan is made, with ends farther out each time."""
_LEAST_REACH = 0.75 * DELTA_NLL_REACH
"""The least that -log L has risen at the ends of an automatic scan, where they are no bounds."""


class _Walker:
    """Fits at fixed values of one parameter, each from its neighbour, on one compiled model."""

    def __init__(self, model: SpectralModel, parameter: str) -> None:
        self.model = model
        self.parameter = parameter
        self.compiled = CompiledModel(model)
        self.index = self.compiled.index[parameter]
        self.held = np.arange(len(self.compiled.names)) == self.index

    def free(self) -> Solution:
        """The fit with the parameter free; compiles the response anew where it was pulled too far."""
        self.compiled.fixed[self.index] = False
        solution = solve(self.compiled)
        if needs_recompiling(self.model, self.compiled, solution.position):
            found = self.compiled.values(solution.position)
            moved = {n: {"value": v} for n, v in found.items() if not self.model.parameters[n].fixed}
            self.model = compile_response(self.model.with_parameters(**moved))
            self.compiled = CompiledModel(self.model)
            self.compiled.fixed[self.index] = False
            solution = solve(self.compiled)
        return solution

    def public(self, solution: Solution) -> float:
        """The parameter's public value in a solution."""
        return float(self.compiled.public(solution.position)[self.index])

    def at(self, value: float, neighbour: Solution) -> Solution:
        """The conditional fit at a value, started from a neighbour's."""
        position = neighbour.position.copy()
        position[self.index] = self.compiled.coordinates({self.parameter: value})[self.index]
        try:
            return solve(self.compiled, position, self.held)
        except FitError as error:
            raise FitError(
                f"profile of {self.parameter!r} at {value:g} {self.model.parameters[self.parameter].unit}",
                error.got,
                error.allowed,
                error.remedy,
            ) from error

    def automatic(
        self, best: Solution, points: int, progress: Progress | None
    ) -> tuple[Array, list[Solution]]:
        """Equal steps from where -log L has risen far enough on the left to where it has on the right.

        The walk along the steps can find lower minima than the wide strides that sought the ends did. An end
        that has not risen far enough by then is sought on from there.
        """
        definition = self.model.parameters[self.parameter]
        bounds = {-1: definition.lower, 1: definition.upper}
        ends = {sign: self._reach(best, sign, bounds[sign]) for sign in bounds}
        for _ in range(_MOST_EXTENSIONS):
            grid = np.linspace(ends[-1], ends[1], points)
            solutions = self.walk(grid, best, progress)
            lowest = min(best.value, *(solution.value for solution in solutions))
            fell = [
                (sign, end)
                for sign, end in ((-1, solutions[0]), (1, solutions[-1]))
                if end.value - lowest < _LEAST_REACH and ends[sign] != bounds[sign]
            ]
            if not fell:
                break
            for sign, end in fell:
                ends[sign] = self._reach(best, sign, bounds[sign], end)
        return grid, solutions

    def _reach(self, best: Solution, sign: int, bound: float, begin: Solution | None = None) -> float:
        """Walk away from the best fit until -log L has risen far enough; steps at most double the way.

        Each step aims at the wanted rise by the last ones, as on a parabola: a point much farther out is one
        where nothing fits any more. One that cannot be fitted is approached in shorter steps.
        """
        _, gradient, fisher = self.compiled.evaluate(best.position)
        stiffness = max(math.sqrt(fisher[self.index, self.index]), abs(float(gradient[self.index])))
        if stiffness <= 0:
            raise FitError(
                f"profile of {self.parameter!r}",
                "the likelihood does not depend on it",
                "a parameter that the data constrain",
            )
        start, first = float(best.position[self.index]), best if begin is None else begin
        edge = float(bound)
        if math.isfinite(bound):
            edge = float(self.compiled.coordinates({self.parameter: bound})[self.index])
        if start == edge:
            return float(bound)
        neighbour, near, risen = first, float(first.position[self.index]), first.value - best.value
        step, failures = 2.0 / stiffness if begin is None else 0.1 * abs(near - start), 0
        for _ in range(60):
            far = near + sign * step
            far = min(far, edge) if sign > 0 else max(far, edge)
            try:
                found = self.at(self._public_of(far), neighbour)
            except FitError:
                failures, step = failures + 1, 0.35 * step
                if failures > _MOST_FAILURES:
                    raise
                continue
            rise = found.value - best.value
            if rise >= DELTA_NLL_REACH or far == edge:
                return self._public_of(self._refine(best, near, far, found))
            gained = math.sqrt(max(rise, 0.0)) - math.sqrt(max(risen, 0.0))
            wanted = math.sqrt(1.2 * DELTA_NLL_REACH) - math.sqrt(max(rise, 0.0))
            aimed = abs(far - near) * wanted / gained if gained > 0 else math.inf
            neighbour, near, risen, step = found, far, rise, min(aimed, abs(far - start))
        raise FitError(
            f"profile of {self.parameter!r}",
            f"-log L does not rise by {DELTA_NLL_REACH:g} up to {self._public_of(near):.3g}",
            "data that constrain the parameter",
            "Add a constraint, or widen the range of the data.",
        )

    def _refine(self, best: Solution, near: float, far: float, neighbour: Solution) -> float:
        """Bisect towards the point where the rise is between once and 1.6 times the wanted one.

        The walk up a parabola ends at 1.2 times, well inside.
        """
        for _ in range(12):
            if neighbour.value - best.value <= 1.6 * DELTA_NLL_REACH:
                break
            middle = (near + far) / 2
            tried = self.at(self._public_of(middle), neighbour)
            if tried.value - best.value < DELTA_NLL_REACH:
                near = middle
            else:
                far, neighbour = middle, tried
        return far

    def _public_of(self, coordinate: float) -> float:
        position = self.compiled.start.copy()
        position[self.index] = coordinate
        return float(self.compiled.public(position)[self.index])

    def walk(self, grid: Array, best: Solution, progress: Progress | None) -> list[Solution]:
        """Conditional fits on a grid, outwards from the best fit in both directions."""
        centre = int(np.searchsorted(grid, self.public(best)))
        solutions: dict[int, Solution] = {}
        for order in (range(centre, grid.size), range(centre - 1, -1, -1)):
            neighbour = best
            for i in order:
                neighbour = solutions[i] = self.at(float(grid[i]), neighbour)
                if progress is not None:
                    progress(len(solutions), grid.size)
        return [solutions[i] for i in range(grid.size)]
