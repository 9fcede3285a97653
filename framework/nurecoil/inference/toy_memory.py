"""Toys that stay in memory while they are made; the counterpart of a file of toys."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import cast

import numpy as np
from numpy.typing import NDArray

from nurecoil.inference.ensembles import Ensemble
from nurecoil.inference.toy_results import Step, ToyFailure, Toys
from nurecoil.inference.toy_rows import STEPS, ToyRows

__all__ = ["ToyMemory", "collected"]


class ToyMemory:
    """Tables for toys, each toy not made yet.

    Args:
        n: how many toys.
        parameters: how many free parameters they have.

    Example:
        >>> memory, one = ToyMemory(2, 1), np.ones(1)
        >>> memory.write(1, ToyRows(one[:, None], one[:, None], one, one, np.ones(1, np.uint8)))
        >>> memory.status().tolist()
        [0, 1]
    """

    def __init__(self, n: int, parameters: int) -> None:
        self._values, self._errors = np.full((2, n, parameters), math.nan)
        self._nll, self._nll_fixed = np.full((2, n), math.nan)
        self._status = np.zeros(n, np.uint8)
        self._reasons: dict[int, str] = {}

    def status(self) -> NDArray[np.uint8]:
        """A key of :data:`nurecoil.inference.toy_rows.STEPS` for every toy, 0 for those not made yet."""
        return self._status.copy()

    def write(self, start: int, rows: ToyRows) -> None:
        """Keep toys.

        Args:
            start: row of the first.
            rows: the toys.
        """
        place = slice(start, start + len(rows))
        self._values[place], self._errors[place] = rows.values, rows.errors
        self._nll[place], self._nll_fixed[place] = rows.nll, rows.nll_fixed
        self._status[place] = rows.status
        self._reasons |= {start + row: reason for row, reason in rows.reasons.items()}

    def rows(self) -> ToyRows:
        """All of them, once they are made.

        Returns:
            The toys, in their order.
        """
        reasons = dict(sorted(self._reasons.items()))
        return ToyRows(self._values, self._errors, self._nll, self._nll_fixed, self._status, reasons)


def collected(ensemble: Ensemble, fix: Mapping[str, float], seed: int, first: int, found: ToyRows) -> Toys:
    """The result of an ensemble from its rows.

    Args:
        ensemble: what the toys were drawn from.
        fix: what the second fit held.
        seed: seed of the toys.
        first: number of the first.
        found: the toys.

    Returns:
        All toys, failed ones too.

    Example:
        >>> from nurecoil.inference.toy_rows import rows
        >>> from nurecoil.testing.models import counting
        >>> ensemble = Ensemble(counting(observed=3.0, background=9.0))
        >>> collected(ensemble, {}, 1, 0, rows(ensemble, {}, 1, 0, 3))
        <Toys: 3 of seed 1, 1 parameters, fitted free, 0 failed>
    """
    base, compiled = ensemble.model, ensemble.compiled
    names = base.free
    status = np.array([STEPS[int(code)] for code in found.status])
    failures = tuple(
        ToyFailure(first + row, seed, cast(Step, status[row]), reason)
        for row, reason in sorted(found.reasons.items())
    )
    return Toys(
        names,
        tuple(base.parameters[name].unit for name in names),
        compiled.powers[[compiled.index[name] for name in names]],
        np.array([base.values[name] for name in names]),
        found.values,
        found.errors,
        found.nll,
        found.nll_fixed,
        status,
        dict(fix),
        seed,
        first,
        failures,
        base.poi,
        base.metadata,
    )
