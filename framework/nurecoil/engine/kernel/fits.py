"""Fits of many data sets, one after another, each with everything it needs close by.

The steps are those of :func:`nurecoil.engine.newton.minimise` along the Fisher matrix. What does not converge
by them says so; :mod:`nurecoil.engine.batch` sees to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nurecoil.engine.kernel.arrays import Arrays
from nurecoil.engine.kernel.bends import information
from nurecoil.engine.kernel.likelihood import constant, evaluate
from nurecoil.engine.kernel.samples import Workspace, workspace
from nurecoil.engine.kernel.sources import digest
from nurecoil.engine.kernel.steps import Room, box_step, room

__all__ = ["fit_all", "look_all"]

Array = NDArray[np.float64]

_MOST_STEPS = 40
_LEAST_DECREASE = 0.1
_NEAR = 4 * float(np.finfo(float).eps)


@njit(nogil=True, error_model="numpy")
def _fit_all(
    a: Arrays,
    observed: Array,
    auxiliary: Array,
    starts: Array,
    lower: Array,
    upper: Array,
    index: NDArray[np.int64],
    tolerance: float,
    position: Array,
    value: Array,
    edm: Array,
    steps: NDArray[np.int64],
) -> None:
    """Fit every data set from its start.

    Args:
        a: the model.
        observed: shape ``(n, bins)``.
        auxiliary: shape ``(n, measurements)``.
        starts: internal coordinates, shape ``(n, parameters)`` or ``(1, parameters)`` for all alike.
        lower: lower bounds, shape ``(parameters,)``; ``upper`` likewise.
        upper: see ``lower``.
        index: positions of the parameters that move.
        tolerance: predicted distance to the minimum at which a fit stops.
        position: written to: internal coordinates at the end, shape ``(n, parameters)``.
        value: written to: -log L there.
        edm: written to: predicted distance to the minimum; infinite where a fit did not converge.
        steps: written to: steps taken.
    """
    n = starts.shape[1]
    w, r = workspace(a.size), room(index.shape[0])
    gradient, step, trial, best_gradient = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    fisher, best_fisher = np.zeros((n, n)), np.zeros((n, n))
    active = np.zeros(n, np.bool_)
    for k in range(index.shape[0]):
        active[index[k]] = True
    for row in range(observed.shape[0]):
        x = position[row]
        for i in range(n):
            x[i] = starts[row % starts.shape[0], i]
        for k in range(index.shape[0]):
            i = index[k]
            x[i] = min(max(x[i], lower[i]), upper[i])
        found, left, taken = _minimise(
            a, w, r, observed[row], auxiliary[row], x, lower, upper, index, active, tolerance,
            gradient, fisher, best_gradient, best_fisher, step, trial,
        )  # fmt: skip
        value[row] = found + constant(a, observed[row], auxiliary[row])
        edm[row], steps[row] = left, taken


@njit(nogil=True, error_model="numpy")
def _minimise(
    a: Arrays,
    w: Workspace,
    r: Room,
    observed: Array,
    auxiliary: Array,
    x: Array,
    lower: Array,
    upper: Array,
    index: NDArray[np.int64],
    active: NDArray[np.bool_],
    tolerance: float,
    gradient: Array,
    fisher: Array,
    new_gradient: Array,
    new_fisher: Array,
    step: Array,
    trial: Array,
) -> tuple[float, float, int]:
    """Minimise from ``x``, which ends at the minimum; returns value, distance (or infinity) and steps."""
    value = evaluate(a, w, observed, auxiliary, x, active, gradient, fisher)
    damping, edm = 0.0, math.inf
    if not value < math.inf:
        return math.inf, math.inf, 0
    for taken in range(_MOST_STEPS):
        for i in range(step.shape[0]):
            step[i] = 0.0
        if not box_step(r, gradient, fisher, damping, x, lower, upper, index, step):
            return value, math.inf, taken
        descent, bent = 0.0, 0.0
        for k in range(index.shape[0]):
            i = index[k]
            descent += gradient[i] * step[i]
            for m in range(index.shape[0]):
                bent += step[i] * fisher[i, index[m]] * step[index[m]]
        if damping == 0.0:
            edm = max(0.0, -(descent + 0.5 * bent))
            if edm < tolerance:
                return value, edm, taken
        if not descent < 0.0:
            return value, math.inf, taken
        noise = 1e-14 * abs(value)
        length, accepted = 1.0, False
        for _ in range(8):
            _move(x, length, step, lower, upper, index, trial)
            new = evaluate(a, w, observed, auxiliary, trial, active, new_gradient, new_fisher)
            if new <= value + _LEAST_DECREASE * length * descent + noise:
                accepted = True
                break
            length *= 0.35
        if accepted:
            value = new
            for i in range(x.shape[0]):
                x[i], gradient[i] = trial[i], new_gradient[i]
                for j in range(x.shape[0]):
                    fisher[i, j] = new_fisher[i, j]
            damping = damping / 100.0 if damping > 1e-8 else 0.0
        else:
            damping = max(10.0 * damping, 1e-6)
            if damping > 1e3:
                return value, math.inf, taken
    return value, math.inf, _MOST_STEPS


@njit(nogil=True, error_model="numpy")
def _move(
    x: Array, length: float, step: Array, lower: Array, upper: Array, index: NDArray[np.int64], trial: Array
) -> None:
    """Take a step; what ends within rounding of a bound rests on it."""
    for i in range(x.shape[0]):
        trial[i] = x[i]
    for k in range(index.shape[0]):
        i = index[k]
        moved = x[i] + length * step[i]
        near = _NEAR * (abs(x[i]) + abs(length * step[i]))
        if moved - lower[i] <= near:
            moved = lower[i]
        elif upper[i] - moved <= near:
            moved = upper[i]
        trial[i] = moved


@njit(nogil=True, error_model="numpy")
def _look_all(
    a: Arrays,
    observed: Array,
    auxiliary: Array,
    position: Array,
    active: NDArray[np.bool_],
    value: Array,
    gradient: Array,
    fisher: Array,
    second: Array,
) -> None:
    """Everything about every data set at a place of its own.

    Args:
        a: the model.
        observed: shape ``(n, bins)``.
        auxiliary: shape ``(n, measurements)``.
        position: internal coordinates, shape ``(n, parameters)``.
        active: whose derivatives are wanted, shape ``(parameters,)``.
        value: written to: -log L, shape ``(n,)``.
        gradient: written to, shape ``(n, parameters)``.
        fisher: written to: Fisher matrices, shape ``(n, parameters, parameters)``.
        second: written to: second derivatives, of the same shape; empty where nobody asks.
    """
    w = workspace(a.size)
    for row in range(observed.shape[0]):
        data, measured, x = observed[row], auxiliary[row], position[row]
        found = evaluate(a, w, data, measured, x, active, gradient[row], fisher[row])
        value[row] = found + constant(a, observed[row], auxiliary[row])
        if row < second.shape[0]:
            information(a, w, data, measured, x, active, second[row])


def _entries(sources: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The two functions that Python calls, the only ones whose compiled form is kept on disk.

    numba looks a compiled form up by the file of the function alone, and by the values that it closes over:
    so it closes over a digest of all files of the kernel.
    """

    @njit(nogil=True, cache=True, error_model="numpy")
    def fit_all(a, o, x, s, lower, upper, index, tolerance, position, value, edm, steps):  # type: ignore[no-untyped-def]
        if sources >= 0:
            _fit_all(a, o, x, s, lower, upper, index, tolerance, position, value, edm, steps)

    @njit(nogil=True, cache=True, error_model="numpy")
    def look_all(a, o, x, position, active, value, gradient, fisher, second):  # type: ignore[no-untyped-def]
        if sources >= 0:
            _look_all(a, o, x, position, active, value, gradient, fisher, second)

    return fit_all, look_all


fit_all, look_all = _entries(digest())
