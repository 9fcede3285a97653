"""Steps inside a box: the minimum of a quadratic model between bounds, by an active set.

The reference in numpy is :func:`nurecoil.engine.newton.box_step`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nurecoil.engine.kernel.samples import FAST

__all__ = ["Room", "box_step", "room"]

Array = NDArray[np.float64]


class Room(NamedTuple):
    """Room for the steps of ``n`` parameters; nothing here lasts.

    Args:
        unit: scale of every parameter, shape ``(n,)``.
        slope: gradient in units of the scales.
        low: distance to the lower bound in these units; ``high`` to the upper one.
        high: see ``low``.
        step: the step so far.
        wanted: the step of the free parameters, first the right-hand side.
        pull: slope of the quadratic model where the step has come to.
        matrix: scaled second derivatives, shape ``(n, n)``.
        root: triangular root of those of the free parameters.
        free: positions of the free parameters.
        moves: which are free.
    """

    unit: Array
    slope: Array
    low: Array
    high: Array
    step: Array
    wanted: Array
    pull: Array
    matrix: Array
    root: Array
    free: NDArray[np.int64]
    moves: NDArray[np.bool_]


@njit(nogil=True, error_model="numpy")
def room(n: int) -> Room:
    """Room for ``n`` parameters."""
    return Room(
        np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n),
        np.zeros((n, n)), np.zeros((n, n)), np.zeros(n, np.int64), np.zeros(n, np.bool_),
    )  # fmt: skip


@njit(nogil=True, error_model="numpy", fastmath=FAST)
def _less(row: Array, other: Array, n: int) -> float:
    total = 0.0
    for k in range(n):
        total += row[k] * other[k]
    return total


@njit(nogil=True, error_model="numpy")
def _solve(r: Room, m: int) -> bool:
    """Solve for the free parameters by Cholesky's root; ``wanted`` holds the right-hand side first.

    Returns whether the matrix is positive definite.
    """
    root = r.root
    for i in range(m):
        p = r.free[i]
        row = root[i]
        for j in range(i + 1):
            value = r.matrix[p, r.free[j]] - _less(row, root[j], j)
            if i == j:
                if not value > 1e-14:
                    return False
                row[i] = math.sqrt(value)
            else:
                row[j] = value / root[j, j]
    for i in range(m):
        r.wanted[i] = (r.wanted[i] - _less(root[i], r.wanted, i)) / root[i, i]
    for i in range(m - 1, -1, -1):
        value = r.wanted[i] / root[i, i]
        r.wanted[i] = value
        for k in range(i):
            r.wanted[k] -= root[i, k] * value
    return True


@njit(nogil=True, error_model="numpy")
def box_step(
    r: Room,
    gradient: Array,
    fisher: Array,
    damping: float,
    x: Array,
    lower: Array,
    upper: Array,
    index: NDArray[np.int64],
    step: Array,
) -> bool:
    """Fill ``step`` with the minimum of the quadratic model inside the box, for the parameters ``index``.

    Returns whether it was found: not so where the matrix is singular.
    """
    n = index.shape[0]
    for i in range(n):
        p = index[i]
        diagonal = fisher[p, p] * (1.0 + damping)
        r.unit[i] = 1.0 / math.sqrt(diagonal) if diagonal > 0.0 else 1.0
    for i in range(n):
        p, unit = index[i], r.unit[i]
        r.slope[i] = gradient[p] * unit
        for j in range(i + 1):
            value = fisher[p, index[j]] * unit * r.unit[j]
            r.matrix[i, j] = value
            r.matrix[j, i] = value
        r.matrix[i, i] = 1.0 + 1e-12
        r.low[i], r.high[i] = (lower[p] - x[p]) / unit, (upper[p] - x[p]) / unit
        r.step[i] = 0.0
        r.moves[i] = not ((r.low[i] >= 0.0 and r.slope[i] > 0.0) or (r.high[i] <= 0.0 and r.slope[i] < 0.0))
    for _ in range(5 * n + 5):
        m = 0
        for i in range(n):
            if r.moves[i]:
                r.free[m] = i
                m += 1
        if m > 0:
            for k in range(m):
                i = r.free[k]
                held = 0.0
                for j in range(n):
                    if not r.moves[j]:
                        held += r.matrix[i, j] * r.step[j]
                r.wanted[k] = -r.slope[i] - held
            if not _solve(r, m):
                return False
            nearest, hit, up = 1.0, -1, False
            for k in range(m):
                i = r.free[k]
                move = r.wanted[k] - r.step[i]
                if move > 0.0:
                    share = (r.high[i] - r.step[i]) / move
                elif move < 0.0:
                    share = (r.low[i] - r.step[i]) / move
                else:
                    continue
                if share < nearest:
                    nearest, hit, up = share, i, move > 0.0
            if hit >= 0:
                share = max(nearest, 0.0)
                for k in range(m):
                    i = r.free[k]
                    r.step[i] += share * (r.wanted[k] - r.step[i])
                r.step[hit] = r.high[hit] if up else r.low[hit]
                r.moves[hit] = False
                continue
            for k in range(m):
                r.step[r.free[k]] = r.wanted[k]
        worst, released = 0.0, -1
        for i in range(n):
            if r.moves[i]:
                continue
            pull = r.slope[i] + _less(r.matrix[i], r.step, n)
            low = r.step[i] <= r.low[i] and pull < -1e-12
            high = r.step[i] >= r.high[i] and pull > 1e-12
            if (low or high) and abs(pull) > worst:
                worst, released = abs(pull), i
        if released < 0:
            break
        r.moves[released] = True
    for i in range(n):
        p = index[i]
        moved = min(max(x[p] + r.step[i] * r.unit[i], lower[p]), upper[p])
        step[p] = moved - x[p]
    return True
