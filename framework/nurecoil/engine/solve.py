"""From a compiled model to a trustworthy minimum: Newton, other starts, MINUIT, or an error."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.batch import look, minima
from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.kinks import beside, other_side
from nurecoil.engine.minuit import minimise_minuit
from nurecoil.engine.newton import Minimum, minimise
from nurecoil.engine.products import other_starts
from nurecoil.engine.saddles import lower_place
from nurecoil.engine.silent import silent_parameters
from nurecoil.engine.threads import one_thread
from nurecoil.errors import FitError

__all__ = ["EDM_TOLERANCE", "Solution", "hesse", "solve"]

Array = NDArray[np.float64]

_FLAT = 1e-11
_ACROSS = 0.3
"""How far beyond its kink a parameter starts on the other side."""
_MOST_VALLEYS = 10
"""How often a fit may move to a lower minimum."""
_LOWER = 1e-7
"""By how much in -log L a minimum is lower than another."""
_MOST_SIDES = 20
"""How often, for each parameter with a kink, a fit may change sides."""
EDM_TOLERANCE = 1e-9
"""Predicted distance to the minimum, in units of -log L, at which a fit stops."""


@dataclass(frozen=True)
class Solution:
    """A minimum over all parameters of a model.

    Args:
        position: internal coordinates, shape ``(n,)``.
        value: full negative log-likelihood.
        edm: predicted distance to the minimum.
        iterations: steps (Newton) or calls (MINUIT) of the attempt that converged.
        free: which parameters moved, shape ``(n,)``.
        at_bound: which of them rest on a bound, shape ``(n,)``.
        minimiser: ``newton`` or ``minuit``.
    """

    position: Array
    value: float
    edm: float
    iterations: int
    free: NDArray[np.bool_]
    at_bound: NDArray[np.bool_]
    minimiser: str


def solve(
    compiled: CompiledModel,
    start: Array | None = None,
    fixed: NDArray[np.bool_] | None = None,
    *,
    minimiser: str = "newton",
) -> Solution:
    """Minimise the negative log-likelihood of a compiled model.

    The kernel first (:mod:`nurecoil.engine.batch`), where the model has a flat form; then Newton in numpy,
    from ``start`` and from the model's own start; MINUIT where all fail. A minimum
    that is not one never comes back: where a parameter that enters in even powers has stopped at zero and
    the likelihood is better beside it, the fit goes on from there.

    Args:
        compiled: the model.
        start: internal coordinates to begin at, or the model's own.
        fixed: parameters to hold besides those the model fixes, shape ``(n,)``.
        minimiser: ``newton`` (with MINUIT as the fallback) or ``minuit`` alone.

    Returns:
        The solution.

    Raises:
        FitError: where nothing converged; the message names the parameters that pull most.
    """
    with one_thread(compiled.start.size):
        found = _by_kernel(compiled, start, fixed) if minimiser == "newton" else None
        if found is None:
            found = _solve_sides(compiled, start, fixed, minimiser)
        lower = lower_place(compiled, found.position, found.free)
        if lower is not None:
            found = _solve_sides(compiled, lower, fixed, minimiser)
        return _lowest(compiled, found, fixed, minimiser) if compiled.tied.size else found


def _lowest(
    compiled: CompiledModel, found: Solution, fixed: NDArray[np.bool_] | None, minimiser: str
) -> Solution:
    """The lowest minimum among those that products of free factors have."""
    for _ in range(_MOST_VALLEYS):
        better = None
        for start in other_starts(compiled, found.position, found.free):
            with contextlib.suppress(FitError):
                tried = _by_kernel(compiled, start, fixed) or _solve_sides(compiled, start, fixed, minimiser)
                if tried.value < found.value - _LOWER and (better is None or tried.value < better.value):
                    better = tried
        if better is None:
            break
        found = better
    return found


def _by_kernel(
    compiled: CompiledModel, start: Array | None, fixed: NDArray[np.bool_] | None
) -> Solution | None:
    """The kernel's minimum; ``None`` where it finds none, or cannot run the model."""
    free = ~compiled.fixed if fixed is None else ~(compiled.fixed | fixed)
    if compiled.arrays is None or free[compiled.kinks].any():
        return None
    found = minima(compiled, compiled.data, compiled.start if start is None else start, free, EDM_TOLERANCE)
    if not (np.isfinite(found.edm[0]) and np.isfinite(found.value[0])):
        return None
    position, edm = found.position[0], float(found.edm[0])
    at_bound = np.zeros(free.size, dtype=bool)
    touching = free & ((position <= compiled.lower) | (position >= compiled.upper))
    if touching.any():
        slope = look(compiled, compiled.data, found.position, free).gradient[0]
        at_bound |= touching & (position <= compiled.lower) & (slope > 0)
        at_bound |= touching & (position >= compiled.upper) & (slope < 0)
    steps = int(found.steps[0])
    return Solution(position, float(found.value[0]), edm, steps, free, at_bound, "newton")


def _solve_sides(
    compiled: CompiledModel, start: Array | None, fixed: NDArray[np.bool_] | None, minimiser: str
) -> Solution:
    """Minimise on one side of every kink, and change sides while the other one is lower.

    The two sides may have a minimum each, so every parameter is sent to its other side once more at the end.
    """
    held = compiled.fixed if fixed is None else compiled.fixed | fixed
    kinks = compiled.kinks[~held[compiled.kinks]]
    if not kinks.size:
        box = compiled.lower, compiled.upper
        return _solve(compiled, start, fixed, minimiser, box, kinks, np.empty(0))
    position = compiled.start if start is None else np.asarray(start, float)
    found, sides = _valley(compiled, position, _sides_of(compiled, position, kinks), kinks, fixed, minimiser)
    waiting = list(range(kinks.size))
    while waiting:
        k = waiting.pop()
        across = found.position.copy()
        across[kinks[k]] = -sides[k] * _ACROSS
        across = np.clip(across, compiled.lower, compiled.upper)
        if across[kinks[k]] == 0:
            continue
        try:
            tried, other = _valley(
                compiled, across, _sides_of(compiled, across, kinks), kinks, fixed, minimiser
            )
        except FitError:
            continue
        if tried.value < found.value - EDM_TOLERANCE:
            found, sides = tried, other
            waiting = [i for i in range(kinks.size) if i != k]
    bound = (found.position <= compiled.lower) | (found.position >= compiled.upper)
    return replace(found, at_bound=found.at_bound & bound)


def _sides_of(compiled: CompiledModel, position: Array, kinks: NDArray[np.intp]) -> Array:
    """The side of every kink on which a position lies, 1 or -1; one that bounds leave where there is one."""
    sides = np.where(position[kinks] < 0, -1.0, 1.0)
    sides[compiled.upper[kinks] <= 0] = -1.0
    sides[compiled.lower[kinks] >= 0] = 1.0
    return sides


def _valley(
    compiled: CompiledModel,
    position: Array,
    sides: Array,
    kinks: NDArray[np.intp],
    fixed: NDArray[np.bool_] | None,
    minimiser: str,
) -> tuple[Solution, Array]:
    """A minimum, changing sides while the other one goes downhill; and the sides it is on."""
    lower, upper = compiled.lower.copy(), compiled.upper.copy()
    for _ in range(_MOST_SIDES * kinks.size):
        lower[kinks] = np.where(sides > 0, np.maximum(compiled.lower[kinks], 0.0), compiled.lower[kinks])
        upper[kinks] = np.where(sides < 0, np.minimum(compiled.upper[kinks], 0.0), compiled.upper[kinks])
        found = _solve(compiled, position, fixed, minimiser, (lower, upper), kinks, sides)
        position = found.position
        change = other_side(compiled, position, kinks, sides, EDM_TOLERANCE)
        if change is None:
            return found, sides
        sides[change] *= -1
    names = ", ".join(compiled.names[i] for i in kinks)
    raise FitError("fit", f"it goes to and fro between the two sides of {names}", "a minimum on one of them",
                   "Use the smooth interpolation, code 4p.")  # fmt: skip


def _solve(
    compiled: CompiledModel,
    start: Array | None,
    fixed: NDArray[np.bool_] | None,
    minimiser: str,
    box: tuple[Array, Array],
    kinks: NDArray[np.intp],
    sides: Array,
) -> Solution:
    origin = compiled.start if start is None else np.asarray(start, float)
    free = ~compiled.fixed if fixed is None else ~(compiled.fixed | fixed)
    index = np.flatnonzero(free)
    base = origin.copy()

    def objective(part: Array) -> tuple[float, Array, Array]:
        position = base.copy()
        position[index] = part
        value, gradient, fisher = compiled.evaluate(beside(position, kinks, sides))
        return value, gradient[index], fisher[np.ix_(index, index)]

    def second(part: Array) -> Array:
        position = base.copy()
        position[index] = part
        return compiled.information(position)[np.ix_(index, index)]

    lower, upper = box[0][index], box[1][index]
    starts = [origin[index]] if start is None else [origin[index], compiled.start[index]]
    attempts: list[Minimum] = []
    if minimiser == "newton" or not index.size:  # MINUIT takes no fewer than one parameter
        for begin in starts:
            attempts.append(minimise(objective, begin, lower, upper, tolerance=EDM_TOLERANCE, second=second))
            if attempts[-1].converged:
                return _solution(attempts[-1], base, index, "newton")
    begins = [attempt.position for attempt in attempts[:1]] + starts
    usable = [begin for begin in begins if np.isfinite(objective(begin)[0])]
    if usable:
        found = minimise_minuit(objective, usable[0], lower, upper, tolerance=EDM_TOLERANCE)
        if found.converged and minimiser == "newton":
            polished = minimise(objective, found.position, lower, upper, tolerance=EDM_TOLERANCE)
            found = replace(found, edm=polished.edm) if not polished.converged else polished
        attempts.append(found)
        if found.converged:
            return _solution(found, base, index, "minuit")
    raise _failure(compiled, attempts, index)


def hesse(compiled: CompiledModel, solution: Solution) -> Array:
    """Covariance from the inverse second derivatives.

    They have a closed form except where a template is exact: rows of its parameters are differences of the
    exact gradient. Parameters at a bound, fixed ones and those without effect at the minimum
    (:mod:`nurecoil.engine.silent`) have no row of their own: theirs are zero.

    Args:
        compiled: the model.
        solution: its minimum.

    Returns:
        Covariance of the internal coordinates, shape ``(n, n)``.

    Raises:
        FitError: where the matrix of second derivatives is singular.
    """
    with one_thread(compiled.start.size):
        return _hesse(compiled, solution)


def _hesse(compiled: CompiledModel, solution: Solution) -> Array:
    position = solution.position
    index = np.flatnonzero(solution.free & ~solution.at_bound & ~silent_parameters(compiled, position))
    covariance = np.zeros((position.size, position.size))
    if not index.size:
        return covariance
    fisher = compiled.evaluate(position)[2][np.ix_(index, index)]
    diagonal = np.diag(fisher)
    if np.any(diagonal <= 0):
        name = compiled.names[index[int(np.argmin(diagonal))]]
        raise FitError(
            "covariance", f"the likelihood does not depend on {name!r}", "data that constrain it",
            f"Fix {name!r}, or give it a constraint.",
        )  # fmt: skip
    step = 1e-3 / np.sqrt(diagonal)
    second = compiled.information(position)[np.ix_(index, index)]
    for row in np.flatnonzero(compiled.open[index]):
        i = index[row]
        shift = np.zeros_like(position)
        room = min(step[row], position[i] - compiled.lower[i], compiled.upper[i] - position[i])
        shift[i] = room if room > 0.01 * step[row] else step[row]
        above = compiled.evaluate(position + shift)[1][index]
        below = compiled.evaluate(position - shift)[1][index]
        second[row] = second[:, row] = (above - below) / (2 * shift[i])
    unit = 1 / np.sqrt(diagonal)
    scaled = (second + second.T) / 2 * np.outer(unit, unit)
    if not np.all(np.isfinite(scaled)) or np.linalg.eigvalsh(scaled)[0] < _FLAT:
        scaled = fisher * np.outer(unit, unit)
    eigenvalues, directions = np.linalg.eigh(scaled)
    if eigenvalues[0] < _FLAT:
        names = [compiled.names[i] for i in index[np.abs(directions[:, 0]) > 0.1]]
        raise FitError(
            "covariance",
            f"the data cannot tell {' and '.join(names)} apart",
            "data that constrain each of them",
            f"Fix {names[0]!r}, or give it a constraint.",
        )
    inverse = np.linalg.pinv(scaled, rcond=1e-14, hermitian=True)
    covariance[np.ix_(index, index)] = inverse * np.outer(unit, unit)
    return covariance


def _solution(found: Minimum, base: Array, index: NDArray[np.intp], minimiser: str) -> Solution:
    position = base.copy()
    position[index] = found.position
    free = np.zeros(base.size, dtype=bool)
    free[index] = True
    at_bound = np.zeros(base.size, dtype=bool)
    at_bound[index] = found.at_bound
    return Solution(position, found.value, found.edm, found.iterations, free, at_bound, minimiser)


def _failure(compiled: CompiledModel, attempts: list[Minimum], index: NDArray[np.intp]) -> FitError:
    if not attempts or not np.isfinite(attempts[0].value):
        return FitError(
            "fit",
            "the model predicts no events where there are some at the starting values",
            "a start at which every bin with events has a positive expectation",
            "Change the starting values or the range, or add the missing background.",
        )
    last = min(attempts, key=lambda attempt: attempt.value)
    spread = np.sqrt(np.maximum(np.diag(last.fisher), 1e-300))
    pulls = np.where(last.at_bound, 0.0, np.abs(last.gradient) / spread)
    worst = [compiled.names[index[i]] for i in np.argsort(-pulls)[:3] if pulls[i] > 0]
    return FitError(
        "fit",
        f"no minimum found ({'; '.join(dict.fromkeys(a.message for a in attempts))}); EDM {last.edm:.2g}, "
        f"largest gradients in {', '.join(worst)}",
        f"an EDM below {EDM_TOLERANCE:g}",
        "Fix or constrain one of them, or start closer.",
    )
