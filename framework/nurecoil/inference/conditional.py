"""Fits with parameters held, each from a neighbour's, and where -log L has risen by a level on the way.

Asymmetric errors, contours and impacts are walks of such fits about one free fit; what they make of them is
in files of their own. Everything here is in internal coordinates (mu^2 for a magnetic moment).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.solve import Solution, hesse, solve
from nurecoil.errors import FitError, OptionError
from nurecoil.inference.fit import fit
from nurecoil.inference.results import FitResult
from nurecoil.model.parameters import Parameter

__all__ = ["Conditional", "Crossing", "require_free", "settled"]

Array = NDArray[np.float64]
Found = TypeVar("Found")

_MOST_STEPS, _MOST_FAILURES, _MOST_MINIMA = 60, 12, 5
_LOWER = 1e-6
"""How far below the free fit, in -log L, a conditional one tells that the free fit stopped too early."""
_SHARE = 1e-7
"""To what share of the last step a crossing is found."""
_NONE: Mapping[int, float] = MappingProxyType({})


@dataclass(frozen=True)
class Crossing:
    """Where a walk away from a fit ended.

    Args:
        coordinate: internal coordinate of the parameter that was moved; NaN where there is no crossing.
        solution: the conditional fit there; ``None`` where there is no crossing.
        at_bound: whether the parameter met its bound before -log L had risen by the level.
        reason: why there is no crossing, empty where there is one.

    Example:
        >>> Crossing(math.nan, reason="the likelihood is flat").at_bound
        False
    """

    coordinate: float
    solution: Solution | None = field(default=None, repr=False)
    at_bound: bool = False
    reason: str = ""


class _LowerMinimum(Exception):  # noqa: N818  (an answer on its way up, never an error of the user's)
    """A conditional fit lies below the free one."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self.values = values
        super().__init__()


class Conditional:
    """A free fit and the conditional fits about it, on one compiled model.

    Args:
        best: the free fit; parameters that it held stay held at their values.

    Attributes:
        compiled: the compiled model.
        origin: the free fit as a solution of the engine.
        covariance: of the internal coordinates, zero rows for parameters without an error.

    Raises:
        FitError: where the fit cannot be repeated.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> about = Conditional(fit(counting(observed=9.0, background=4.0)))
        >>> end = about.crossing(about.index("signal"), 1, 0.5)
        >>> round(end.coordinate - 5.0, 3)
        3.342
    """

    def __init__(self, best: FitResult) -> None:
        self.best = best
        self.compiled = CompiledModel(best.model)
        self._held = np.array([best.parameters[name].fixed for name in self.compiled.names])
        self.origin = solve(self.compiled, self.compiled.coordinates(best.values), self._held)
        self.covariance = hesse(self.compiled, self.origin)

    def index(self, name: str) -> int:
        """Place of a parameter in all arrays."""
        return self.compiled.index[name]

    def public(self, index: int, coordinate: float) -> float:
        """A parameter's public value at an internal coordinate."""
        position = self.compiled.start.copy()
        position[index] = coordinate
        return float(self.compiled.public(position)[index])

    def internal(self, index: int, value: float) -> float:
        """A parameter's internal coordinate at a public value."""
        return float(self.compiled.coordinates({self.compiled.names[index]: value})[index])

    def values(self, solution: Solution) -> dict[str, float]:
        """Public values by name in a solution."""
        return self.compiled.values(solution.position)

    def at(self, coordinates: Mapping[int, float], neighbour: Solution) -> Solution:
        """The fit with parameters held at internal coordinates, started from a neighbour's.

        Raises:
            FitError: where it fails.
        """
        position, held = neighbour.position.copy(), self._held.copy()
        for index, coordinate in coordinates.items():
            position[index], held[index] = coordinate, True
        found = solve(self.compiled, position, held)
        if found.value < self.origin.value - _LOWER:
            raise _LowerMinimum(self.values(found))
        return found

    def crossing(
        self,
        index: int,
        sign: int,
        level: float,
        *,
        origin: Solution | None = None,
        also: Mapping[int, float] = _NONE,
    ) -> Crossing:
        """Walk one parameter away from a fit until -log L has risen by a level; the nearest crossing counts.

        The steps aim at the level by the last ones, as on a parabola; a point that cannot be fitted is
        approached in shorter ones. Between the last two the crossing is found by Brent's method on the square
        root of the rise, which is nearly straight.

        Args:
            index: the parameter's place.
            sign: 1 to walk upwards, -1 downwards.
            level: the wanted rise of -log L, positive.
            origin: where the walk begins and the rise counts from; by default the free fit.
            also: further parameters to hold, place to internal coordinate.

        Returns:
            The crossing, the bound met on the way, or why there is neither.
        """
        begin = self.origin if origin is None else origin
        edge = float((self.compiled.upper if sign > 0 else self.compiled.lower)[index])
        start = near = float(begin.position[index])
        if start == edge:
            return Crossing(edge, begin, at_bound=True)
        walk = _Walk(self, index, begin, math.sqrt(level), dict(also))
        step, failures, height = self._first_step(index, begin, level), 0, -math.sqrt(level)
        for _ in range(_MOST_STEPS):
            far = near + sign * step
            far = min(far, edge) if sign > 0 else max(far, edge)
            try:
                reached = walk.height(far)
            except FitError as error:
                failures, step = failures + 1, 0.35 * step
                if failures > _MOST_FAILURES:
                    return Crossing(math.nan, reason=f"the fit fails before -log L rises: {error.got}")
                continue
            if reached >= 0:
                return walk.between(near, far)
            if far == edge:
                return Crossing(edge, walk.last, at_bound=True)
            gained = reached - height
            aimed = -1.1 * abs(far - near) * reached / gained if gained > 0 else math.inf
            near, height, step = far, reached, min(aimed, 2 * abs(far - start))
        return Crossing(
            math.nan, reason=f"-log L does not rise by {level:g} up to {self.public(index, near):.3g}"
        )

    def _first_step(self, index: int, begin: Solution, level: float) -> float:
        """About the way to the level: by the covariance, or by slope and curvature where there is none."""
        if self.covariance[index, index] > 0:
            return math.sqrt(2 * level * self.covariance[index, index])
        _, gradient, fisher = self.compiled.evaluate(begin.position)
        stiffness = max(math.sqrt(max(fisher[index, index], 0.0)), abs(float(gradient[index])))
        if stiffness > 0:
            return math.sqrt(2 * level) / stiffness
        span = float(self.compiled.upper[index] - self.compiled.lower[index])
        return 0.01 * span if math.isfinite(span) else 1.0


class _Walk:
    """Fits along one parameter, each from the last, by the root of their rise less the wanted one."""

    def __init__(
        self, about: Conditional, index: int, begin: Solution, wanted: float, also: Mapping[int, float]
    ) -> None:
        self.about, self.index, self.begin, self.wanted, self.also = about, index, begin, wanted, also
        self.last = begin
        self._known: dict[float, Solution] = {float(begin.position[index]): begin}

    def height(self, coordinate: float) -> float:
        """Root of the rise at a coordinate, less the wanted one."""
        if coordinate not in self._known:
            held = {**self.also, self.index: coordinate}
            self.last = self._known[coordinate] = self.about.at(held, self.last)
        return math.sqrt(max(self._known[coordinate].value - self.begin.value, 0.0)) - self.wanted

    def between(self, near: float, far: float) -> Crossing:
        """The crossing between two coordinates, below the level at the first and above it at the second."""

        def along(share: float) -> float:  # coordinates of 1e-22 are below brentq's own tolerance
            return self.height(near + share * (far - near) if share < 1 else far)

        try:
            share = float(brentq(along, 0.0, 1.0, xtol=_SHARE, rtol=_SHARE))
            coordinate = near + share * (far - near) if share < 1 else far
            self.height(coordinate)
        except FitError as error:
            return Crossing(math.nan, reason=f"the fit fails near the crossing: {error.got}")
        return Crossing(coordinate, self._known[coordinate])


def settled(best: FitResult, work: Callable[[Conditional], Found]) -> tuple[FitResult, Found]:
    """Do something about a free fit; where that comes upon a lower minimum, fit from there and begin again.

    Args:
        best: the free fit.
        work: what to do about it.

    Returns:
        The free fit that it was done about in the end, and what came out.

    Raises:
        FitError: where every minimum leads to a lower one, several times over.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> result, value = settled(fit(counting(3.0, 1.0)), lambda about: about.origin.value)
        >>> value == result.nll
        True
    """
    held = {name: one.value for name, one in best.parameters.items() if one.fixed}
    for _ in range(_MOST_MINIMA):
        try:
            return best, work(Conditional(best))
        except _LowerMinimum as lower:
            moved = {name: value for name, value in lower.values.items() if name not in held}
            best = fit(best.model, fix=held, start=moved)
    raise FitError(
        "fit",
        f"conditional fits lie below the free one, {_MOST_MINIMA} times over",
        "a likelihood whose lowest minimum a fit finds",
        "Start closer to it, or narrow the parameters' bounds.",
    )


def require_free(best: FitResult, name: str, where: str) -> Parameter:
    """The definition of a parameter that the fit moved.

    Args:
        best: the fit.
        name: the parameter.
        where: what it is wanted for, for the message.

    Returns:
        Its definition.

    Raises:
        ModelError: for an unknown parameter; the nearest names are offered.
        OptionError: for one that was held.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> require_free(fit(counting(3.0, 1.0)), "signal", "contour").unit
        'events'
    """
    parameter = best.model.require(name)
    if best.parameters[name].fixed:
        raise OptionError(where, f"parameter {name!r} is held fixed", "a parameter that the fit moves")
    return parameter
