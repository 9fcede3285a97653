"""A run of consecutive toys as columns: drawn, fitted free and with parameters held, and what failed.

What one worker does for one chunk, and nothing more: which chunks there are is
:mod:`nurecoil.inference.toys`'s business, how toys are drawn and fitted is that of
:mod:`nurecoil.inference.ensembles`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.data import DataSets
from nurecoil.engine.many import ACCIDENTS
from nurecoil.inference.ensembles import Ensemble, Fits

__all__ = ["STEPS", "ToyRows", "joined", "rows"]

Array = NDArray[np.float64]

STEPS = MappingProxyType({1: "ok", 2: "draw", 3: "free fit", 4: "fixed fit"})
"""Status of a toy in words; 0 is one that has not been made yet."""
_OK, _DRAW, _FREE, _HELD = STEPS


@dataclass(frozen=True, eq=False)
class ToyRows:
    """Consecutive toys of one ensemble; row ``i`` of every array is one toy.

    Args:
        values: estimates of the free fit, in the parameters' units, shape ``(n, free parameters)``; NaN where
            there is none.
        errors: their errors, same shape; NaN at a bound, too.
        nll: full -log L at the free fit's minimum, shape ``(n,)``.
        nll_fixed: the same with parameters held, shape ``(n,)``; NaN where there was no second fit.
        status: a key of :data:`STEPS` for every toy, shape ``(n,)``.
        reasons: why, for every row that failed.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> rows(Ensemble(counting(observed=3.0, background=9.0)), {}, seed=1, first=0, n=3).status.tolist()
        [1, 1, 1]
    """

    values: Array
    errors: Array
    nll: Array
    nll_fixed: Array
    status: NDArray[np.uint8]
    reasons: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of toys."""
        return len(self.nll)


def rows(ensemble: Ensemble, fix: Mapping[str, float], seed: int, first: int, n: int) -> ToyRows:
    """Draw and fit consecutive toys. One that fails keeps its row and says why.

    Args:
        ensemble: what the toys are drawn from.
        fix: what the second fit holds, by public name and value; where empty, there is no second fit.
        seed: seed of the toys.
        first: number of the first.
        n: how many.

    Returns:
        Their estimates; the columns are the model's free parameters, in the model's order.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> found = rows(Ensemble(counting(observed=3.0, background=9.0)), {"signal": 4.0}, 1, 10, 2)
        >>> found.values.shape, bool((found.nll_fixed >= found.nll).all())
        ((2, 1), True)
    """
    step = _DRAW
    try:
        data = ensemble.draw(seed, first, n)
        step = _FREE
        return _fitted(ensemble, fix, data)
    except ACCIDENTS as accident:
        if n == 1:
            return _failed(ensemble, step, str(accident))
    return joined([rows(ensemble, fix, seed, first + row, 1) for row in range(n)])


def joined(parts: Sequence[ToyRows]) -> ToyRows:
    """Toys one after the other.

    Args:
        parts: one or more, of one ensemble.

    Returns:
        All their toys.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> ensemble = Ensemble(counting(observed=3.0, background=9.0))
        >>> len(joined([rows(ensemble, {}, 1, 0, 2), rows(ensemble, {}, 1, 2, 3)]))
        5
    """
    reasons: dict[int, str] = {}
    start = 0
    for part in parts:
        reasons |= {start + row: reason for row, reason in part.reasons.items()}
        start += len(part)
    return ToyRows(
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.errors for part in parts]),
        np.concatenate([part.nll for part in parts]),
        np.concatenate([part.nll_fixed for part in parts]),
        np.concatenate([part.status for part in parts]),
        reasons,
    )


def _fitted(ensemble: Ensemble, fix: Mapping[str, float], data: DataSets) -> ToyRows:
    """Both fits of every toy, and the errors of the free one."""
    n = len(data)
    free, held = ensemble.pairs(data, fix) if fix else (ensemble.fit(data), None)
    errors, undefined = ensemble.described(data, free)
    columns = [free.names.index(name) for name in ensemble.model.free]
    status = np.full(n, _OK, np.uint8)
    reasons: dict[int, str] = {}
    for step, fits in ((_HELD, held), (_FREE, free)):  # the step that failed first is the one that counts
        if fits is not None:
            status[~fits.ok] = step
            reasons |= {int(row): _reason(fits, int(row)) for row in np.flatnonzero(~fits.ok)}
    for row, reason in undefined.items():
        status[row], reasons[row] = _FREE, reason
    lost = status == _FREE
    return ToyRows(
        np.where(lost[:, None], math.nan, free.values[:, columns]),
        np.where(lost[:, None], math.nan, errors[:, columns]),
        np.where(lost, math.nan, free.nll),
        np.full(n, math.nan) if held is None else np.where(lost | ~held.ok, math.nan, held.nll),
        status,
        reasons,
    )


def _reason(fits: Fits, row: int) -> str:
    return fits.reasons.get(row) or "the fit did not converge"


def _failed(ensemble: Ensemble, step: int, reason: str) -> ToyRows:
    """One toy of which there is nothing but why."""
    none = np.full((1, len(ensemble.model.free)), math.nan)
    one = np.full(1, math.nan)
    return ToyRows(none, none, one, one, np.array([step], np.uint8), {0: reason})
