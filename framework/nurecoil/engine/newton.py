"""The minimiser: scaled Fisher/Newton steps with bounds by active set and a stop on the EDM.

It knows an objective by its value, gradient and Fisher matrix and nothing of models. MINUIT, the
fallback and cross-check, is in :mod:`nurecoil.engine.minuit`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Minimum", "box_step", "minimise"]

Array = NDArray[np.float64]
Objective = Callable[[Array], tuple[float, Array, Array]]

_LEAST_DECREASE = 0.1
_FISHER_ITERATIONS = 25
"""Steps along the Fisher matrix after which second derivatives take over; most fits take fewer than ten."""
_LARGEST_DAMPING = 1e12


@dataclass(frozen=True)
class Minimum:
    """Where a minimisation ended and whether that is a minimum.

    Args:
        position: the parameters, shape ``(n,)``.
        value: the objective there.
        gradient: its gradient, shape ``(n,)``.
        fisher: the Fisher matrix, shape ``(n, n)``.
        edm: predicted distance to the minimum in units of the objective, bounds respected.
        iterations: steps taken.
        converged: whether ``edm`` fell below the tolerance.
        at_bound: which parameters rest on a bound that holds them, shape ``(n,)``.
        message: what ended the minimisation.
    """

    position: Array
    value: float
    gradient: Array
    fisher: Array
    edm: float
    iterations: int
    converged: bool
    at_bound: NDArray[np.bool_]
    message: str


def minimise(
    objective: Objective,
    start: Array,
    lower: Array,
    upper: Array,
    *,
    tolerance: float = 1e-9,
    most_iterations: int = 200,
    second: Callable[[Array], Array] | None = None,
) -> Minimum:
    """Minimise a negative log-likelihood inside a box.

    Each step solves the quadratic model ``g.p + p.F.p/2`` within the bounds (:func:`box_step`), scaled
    by the diagonal of F. A step that does not lower the objective is shortened, then the diagonal is
    damped; the stop is on the model's predicted decrease, the EDM. Where no step along the Fisher matrix
    lowers the objective and the second derivatives are known, they take its place from there on, each
    eigenvalue with its absolute value: far from the data a response bends more than its slopes tell. So
    they do after many steps: where a signal cancels (interference), Fisher steps go to and fro.

    Args:
        objective: maps a position to value, gradient ``(n,)`` and Fisher matrix ``(n, n)``; an
            infinite value marks a point outside the model's domain.
        start: where to begin, clipped into the box, shape ``(n,)``.
        lower: lower bounds, ``-inf`` for none.
        upper: upper bounds, ``inf`` for none.
        tolerance: EDM at which to stop, in units of the objective.
        most_iterations: steps after which it gives up.
        second: maps a position to the matrix of second derivatives ``(n, n)``, where it has a closed form.

    Returns:
        The :class:`Minimum`; ``converged`` tells whether to trust it.

    Example:
        >>> def bowl(x):
        ...     return float((x - 3) @ (x - 3)), 2 * (x - 3), 2 * np.eye(2)
        >>> found = minimise(bowl, np.zeros(2), np.array([-5.0, -5.0]), np.array([5.0, 1.0]))
        >>> found.position.tolist(), found.at_bound.tolist(), found.converged
        ([3.0, 1.0], [False, True], True)
    """
    position = np.clip(np.asarray(start, float), lower, upper)
    value, gradient, fisher = objective(position)
    damping = 0.0
    message = f"no convergence in {most_iterations} steps"
    edm = np.inf
    iterations = 0
    bent = False
    if not np.isfinite(value):
        most_iterations, message = 0, "the model is not defined at the starting point"
    while iterations < most_iterations:
        iterations += 1
        bent |= second is not None and iterations > _FISHER_ITERATIONS
        if not (np.all(np.isfinite(gradient)) and np.all(np.isfinite(fisher))):
            message = "the gradient is not finite"
            break
        curvature = _curvature(second(position), fisher) if bent and second is not None else fisher
        step = box_step(gradient, _damped(curvature, damping), position, lower, upper)
        if damping == 0.0:
            edm = max(0.0, -float(gradient @ step + 0.5 * step @ curvature @ step))
            if edm < tolerance:
                message = "converged"
                break
        accepted = _search(objective, position, step, value, gradient, lower, upper)
        if accepted is None and second is not None and not bent:
            bent, damping = True, 0.0
            continue
        if accepted is None:
            damping = max(10 * damping, 1e-6)
            if damping > _LARGEST_DAMPING:
                message = "no step lowers the objective"
                break
            continue
        position, value, gradient, fisher = accepted
        damping = damping / 100 if damping > 1e-8 else 0.0
    resting = ((position <= lower) & (gradient > 0)) | ((position >= upper) & (gradient < 0))
    return Minimum(
        position,
        float(value),
        gradient,
        fisher,
        edm,
        iterations,
        message == "converged",
        resting,
        message,
    )


def box_step(gradient: Array, fisher: Array, position: Array, lower: Array, upper: Array) -> Array:
    """The minimum of the quadratic model inside the box, by an active set.

    Args:
        gradient: shape ``(n,)``.
        fisher: positive semi-definite, shape ``(n, n)``.
        position: where the model was made, inside the box.
        lower: lower bounds.
        upper: upper bounds.

    Returns:
        The step, shape ``(n,)``; ``position + step`` lies inside the box, up to rounding.

    Example:
        >>> step = box_step(np.array([-4.0]), np.eye(1), np.zeros(1), np.zeros(1), np.ones(1))
        >>> step.tolist()
        [1.0]
    """
    diagonal = np.sqrt(np.maximum(np.diag(fisher), 0.0))
    unit = np.where(diagonal > 0, 1 / np.where(diagonal > 0, diagonal, 1.0), 1.0)
    slope = gradient * unit
    curvature = fisher * np.outer(unit, unit)
    curvature[np.diag_indices_from(curvature)] += 1e-12 + (diagonal == 0)
    low, high = (lower - position) / unit, (upper - position) / unit
    step = np.zeros_like(slope)
    free = ~(((low >= 0) & (slope > 0)) | ((high <= 0) & (slope < 0)))
    for _ in range(5 * slope.size + 5):
        index = np.flatnonzero(free)
        if index.size:
            held = curvature[np.ix_(index, ~free)] @ step[~free]
            wanted = _solve(curvature[np.ix_(index, index)], -slope[index] - held)
            move = wanted - step[index]
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                room = np.where(
                    move > 0,
                    (high[index] - step[index]) / move,
                    np.where(move < 0, (low[index] - step[index]) / move, np.inf),
                )
            first = int(np.argmin(room))
            if room[first] < 1.0:
                step[index] += max(room[first], 0.0) * move
                hit = index[first]
                step[hit] = high[hit] if move[first] > 0 else low[hit]
                free[hit] = False
                continue
            step[index] = wanted
        pull = slope + curvature @ step
        release = ~free & (((step <= low) & (pull < -1e-12)) | ((step >= high) & (pull > 1e-12)))
        if not release.any():
            break
        free[int(np.argmax(np.where(release, np.abs(pull), -1.0)))] = True
    return np.clip(position + step * unit, lower, upper) - position


def _solve(matrix: Array, right: Array) -> Array:
    """Solve a symmetric system; where it is singular take the shortest least-squares solution."""
    try:
        return np.asarray(np.linalg.solve(matrix, right))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(matrix, right, rcond=1e-12)[0])


def _damped(fisher: Array, damping: float) -> Array:
    if damping == 0.0:
        return fisher
    diagonal = np.diag(fisher)
    return np.asarray(fisher + damping * np.diag(np.where(diagonal > 0, diagonal, 1.0)))


def _curvature(second: Array, fisher: Array) -> Array:
    """Second derivatives with the absolute values of their eigenvalues, in units of the Fisher matrix.

    The Fisher matrix itself where they are no numbers.
    """
    if not np.all(np.isfinite(second)):
        return fisher
    diagonal = np.sqrt(np.maximum(np.diag(fisher), 0.0))
    unit = np.where(diagonal > 0, diagonal, 1.0)
    values, axes = np.linalg.eigh(second / np.outer(unit, unit))
    size = np.abs(values)
    size[size < 1e-10] = 1.0  # a straight line (bins without events) is left to the Fisher matrix
    return np.asarray((axes * size) @ axes.T * np.outer(unit, unit))


def _move(position: Array, step: Array, lower: Array, upper: Array) -> Array:
    """Take a step; what ends within rounding of a bound rests on it, so that it is seen to."""
    moved = position + step
    near = 4 * np.finfo(float).eps * (np.abs(position) + np.abs(step))
    moved = np.where(moved - lower <= near, lower, moved)
    return np.where(upper - moved <= near, upper, moved)


def _search(
    objective: Objective,
    position: Array,
    step: Array,
    value: float,
    gradient: Array,
    lower: Array,
    upper: Array,
) -> tuple[Array, float, Array, Array] | None:
    """Shorten the step until the objective falls enough; ``None`` where it never does.

    Enough is a tenth of what the slope promises: where the curvature is twice the Fisher matrix, whole
    steps would go to and fro across the valley.
    """
    descent = float(gradient @ step)
    if not descent < 0:
        return None
    noise = 1e-14 * abs(value)
    length = 1.0
    for _ in range(8):
        tried = _move(position, length * step, lower, upper)
        new_value, new_gradient, new_fisher = objective(tried)
        if np.isfinite(new_value) and new_value <= value + _LEAST_DECREASE * length * descent + noise:
            return tried, new_value, new_gradient, new_fisher
        length *= 0.35
    return None
