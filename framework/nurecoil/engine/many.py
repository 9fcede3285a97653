"""From many data sets to a trustworthy minimum of each: the kernel first, then everything a single fit tries.

A fit that fails has its reason, and never stops the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.batch import minima
from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.data import DataSets
from nurecoil.engine.saddles import even_parameters
from nurecoil.engine.solve import EDM_TOLERANCE, solve
from nurecoil.errors import NurecoilError

__all__ = ["ACCIDENTS", "Solutions", "solve_many"]

Array = NDArray[np.float64]

ACCIDENTS = (NurecoilError, ArithmeticError, ValueError)
"""What the numbers of a data set can run into (``LinAlgError`` is a ``ValueError``); not mistakes in code."""


@dataclass(frozen=True, eq=False)
class Solutions:
    """Minima of many data sets; row ``i`` of every array is data set ``i``, NaN where its fit failed.

    Args:
        position: internal coordinates, shape ``(n, parameters)``.
        value: full -log L, shape ``(n,)``.
        edm: predicted distances to the minimum, shape ``(n,)``.
        reasons: why, for every row that failed.
    """

    position: Array
    value: Array
    edm: Array
    reasons: dict[int, str]


def solve_many(
    compiled: CompiledModel, data: DataSets, starts: Array, held: NDArray[np.bool_] | None = None
) -> Solutions:
    """Minimise the negative log-likelihood of every data set.

    Models with a kink at zero (HistFactory's codes 0 and 1) or with an exact response are fitted one by one,
    and so are data sets at which a factor of a product of free ones comes to a bound.

    Args:
        compiled: the model.
        data: the data sets.
        starts: internal coordinates to begin at, shape ``(n, parameters)`` or ``(parameters,)`` for all.
        held: parameters to hold besides those the model fixes, shape ``(parameters,)``.

    Returns:
        A solution for each.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> compiled = CompiledModel(counting(observed=12.0, background=10.0))
        >>> data = DataSets(np.array([[12.0], [25.0]]), np.empty((2, 0)))
        >>> solve_many(compiled, data, compiled.start).position[:, 0].round(6).tolist()
        [2.0, 15.0]
    """
    starts = np.broadcast_to(starts, (len(data), compiled.start.size))
    free = ~compiled.fixed if held is None else ~(compiled.fixed | held)
    again = np.ones(len(data), dtype=bool)
    if compiled.arrays is None or free[compiled.kinks].any():
        value, edm = np.full((2, len(data)), math.nan)
        found = Solutions(np.full(starts.shape, math.nan), value, edm, {})
    else:
        made = minima(compiled, data, starts, free, EDM_TOLERANCE)
        again = ~(np.isfinite(made.edm) & np.isfinite(made.value))
        even = even_parameters(compiled.model, compiled.powers)
        again |= np.any(made.position[:, even[free[even]]] == 0, axis=1)
        tied = compiled.tied[free[compiled.tied]]
        at = made.position[:, tied]
        again |= np.any((at <= compiled.lower[tied]) | (at >= compiled.upper[tied]), axis=1)
        found = Solutions(made.position, made.value, made.edm, {})
    for row in np.flatnonzero(again):
        try:
            one = solve(compiled.with_data(data, int(row)), starts[row], held)
        except ACCIDENTS as error:
            found.position[row], found.value[row], found.edm[row] = math.nan, math.nan, math.nan
            found.reasons[int(row)] = str(error)
        else:
            found.position[row], found.value[row], found.edm[row] = one.position, one.value, one.edm
    return found
