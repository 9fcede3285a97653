"""Errors of many fits at once, from the inverse second derivatives at their minima."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.batch import look
from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.data import DataSets
from nurecoil.engine.many import ACCIDENTS
from nurecoil.engine.silent import silent_parameters
from nurecoil.engine.solve import Solution, hesse
from nurecoil.inference.fit import at_zero, public_slope

__all__ = ["public_errors"]

Array = NDArray[np.float64]

_LEAST = 1e-11
"""The smallest eigenvalue of scaled second derivatives that are not singular."""
_BLOCK = 64
"""Fits whose matrices are held at a time."""


def public_errors(compiled: CompiledModel, data: DataSets, position: Array) -> tuple[Array, dict[int, str]]:
    """Errors at the minima of many data sets.

    Args:
        compiled: the model.
        data: the data sets.
        position: internal coordinates of the minima, shape ``(n, parameters)``; NaN where there is none.

    Returns:
        In the units of the parameters, shape ``(n, parameters)``, NaN where there is no error; and why, for
        every row whose second derivatives are singular.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> compiled = CompiledModel(counting(observed=25.0, background=9.0))
        >>> public_errors(compiled, compiled.data, np.array([[16.0, 9.0]]))[0][:, 0].tolist()
        [5.0]
    """
    found = np.full(position.shape, math.nan)
    reasons: dict[int, str] = {}
    good = np.flatnonzero(np.isfinite(position).all(axis=1))
    for begin in range(0, good.size, _BLOCK):
        rows = good[begin : begin + _BLOCK]
        for row, spread in zip(
            rows.tolist(), _spreads(compiled, data.rows(rows), position[rows]), strict=True
        ):
            if isinstance(spread, str):
                reasons[row] = spread
            else:
                found[row] = spread
    return found, reasons


def _spreads(compiled: CompiledModel, data: DataSets, position: Array) -> list[Array | str]:
    """Public errors of a block, all of whose positions are minima; where there are none, why."""
    if compiled.arrays is None:
        return [_alone(compiled, data, row, position[row]) for row in range(len(data))]
    free = ~compiled.fixed
    seen = look(compiled, data, position, free, second=True)
    found: list[Array | str] = []
    for row, x in enumerate(position):
        resting = _resting(compiled, x, seen.gradient[row])
        moved = free & ~resting & ~silent_parameters(compiled, x)
        index = np.flatnonzero(moved)
        diagonal = np.diag(seen.fisher[row])[index]
        if not np.all(diagonal > 0):
            found.append(_alone(compiled, data, row, x))
            continue
        unit = 1 / np.sqrt(diagonal)
        scaled = seen.second[row][np.ix_(index, index)] * np.outer(unit, unit)
        try:
            root = np.linalg.cholesky(scaled - _LEAST * np.eye(index.size))
        except np.linalg.LinAlgError:
            found.append(_alone(compiled, data, row, x))
            continue
        spread = np.zeros(free.size)
        spread[index] = np.sqrt(np.sum(np.linalg.inv(root) ** 2, axis=0)) * unit
        found.append(_public(compiled, x, spread, moved))
    return found


def _resting(compiled: CompiledModel, position: Array, slope: Array) -> NDArray[np.bool_]:
    """Which parameters rest on a bound that holds them."""
    low = (position <= compiled.lower) & (slope > 0)
    high = (position >= compiled.upper) & (slope < 0)
    return np.asarray(~compiled.fixed & (low | high))


def _alone(compiled: CompiledModel, data: DataSets, row: int, position: Array) -> Array | str:
    """Errors of one fit, by everything that a single fit tries."""
    one = compiled.with_data(data, row)
    free = ~compiled.fixed
    resting = _resting(compiled, position, one.evaluate(position)[1])
    solution = Solution(position, 0.0, 0.0, 0, free, resting, "newton")
    try:
        variance = np.diag(hesse(one, solution))
    except ACCIDENTS as error:
        return str(error)
    moved = free & ~resting & ~silent_parameters(compiled, position)
    return _public(compiled, position, np.sqrt(np.maximum(variance, 0.0)), moved)


def _public(compiled: CompiledModel, position: Array, spread: Array, moved: NDArray[np.bool_]) -> Array:
    slope = public_slope(compiled, position)
    use = moved & ~at_zero(compiled, position, spread) & np.isfinite(slope) & (spread > 0)
    return np.where(use, spread * np.where(use, slope, 0.0), math.nan)
