"""p-values from toys: their statistics, shares of them beyond the data's, and what failed.

What is tested is the business of :mod:`nurecoil.inference.toy_cls` and
:mod:`nurecoil.inference.significance`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import FitError, OptionError
from nurecoil.inference.ensembles import Ensemble
from nurecoil.inference.likelihood_ratios import Statistic, statistic_of_toys
from nurecoil.inference.toys import check_ensemble

__all__ = ["FEWEST_TOYS", "check_toys", "failure_notes", "tail", "tails", "toys_of"]

Array = NDArray[np.float64]

FEWEST_TOYS = 100
"""The fewest toys that p-values are taken from: of those at a limit, some ten decide it."""
_CHUNK = 1000
"""Toys that are in memory at once."""
_TIE = 1e-6
"""Statistics as close as this are equal: counts are discrete, and minima are found to 1e-9."""
_MOST_FAILURES = 0.5
"""The share of toys without a fit from which on the others stand for nothing."""
_TOLD_FAILURES = 0.01
"""The share of toys without a fit that is worth a note."""


def toys_of(
    ensemble: Ensemble,
    statistic: Statistic | Literal["q_zero"],
    value: float,
    toys: int,
    seed: int,
    first: int,
    count: Callable[[int], None] = lambda done: None,
) -> tuple[Array, tuple[str, ...]]:
    """A statistic of many toys, a chunk at a time.

    Args:
        ensemble: what they are drawn from.
        statistic: ``q_zero``, ``q_mu`` or ``q_tilde``.
        value: public value that is tested.
        toys: how many.
        seed: their seed.
        first: number of the first.
        count: called with the size of every chunk that is done.

    Returns:
        The statistic of the toys that could be fitted, and why the others could not.

    Raises:
        FitError: where more than half of them could not.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> values, failures = toys_of(Ensemble(counting(3.0, 9.0)), "q_zero", 0.0, 20, seed=1, first=0)
        >>> values.size, failures
        (20, ())
    """
    found: list[Array] = []
    failures: list[str] = []
    for begin in range(0, toys, _CHUNK):
        size = min(_CHUNK, toys - begin)
        data = ensemble.draw(seed, first + begin, size)
        values, reasons = statistic_of_toys(ensemble, data, statistic, value)
        found.append(values[np.isfinite(values)])
        failures.extend(reasons)
        count(size)
    if len(failures) > _MOST_FAILURES * toys:
        raise FitError(
            "toys",
            f"{len(failures)} of {toys} could not be fitted (the first: {failures[0]})",
            "a model that its own toys can be fitted with",
            "Constrain or fix the parameters that the data cannot tell.",
        )
    return np.concatenate(found), tuple(failures)


def tail(values: Array, observed: float) -> tuple[float, float]:
    """Share of the toys at least as large as the data's statistic, with its binomial error.

    Args:
        values: statistic of the toys, shape ``(n,)``.
        observed: that of the data.

    Returns:
        The share ``k/n``, and ``sqrt(p (1 - p)/n)`` with ``p = (k + 1)/(n + 2)``, which is never 0.

    Example:
        >>> share, error = tail(np.arange(100.0), 90.0)
        >>> share, round(error, 4)
        (0.1, 0.0311)
    """
    count, size = int(np.count_nonzero(values >= observed - _TIE)), values.size
    likely = (count + 1) / (size + 2)
    return count / size, math.sqrt(likely * (1 - likely) / size)


def check_toys(toys: int, seed: int) -> None:
    """Refuse numbers of toys that no p-value can be taken from, and impossible seeds.

    Raises:
        OptionError: where there are fewer than :data:`FEWEST_TOYS`, or the seed is no unsigned 64-bit number.

    Example:
        >>> check_toys(1000, 1)
    """
    if toys < FEWEST_TOYS:
        raise OptionError(
            "toys", str(toys), f"at least {FEWEST_TOYS}, or 0 for the formulas of large samples"
        )
    check_ensemble(2 * toys, seed)


def failure_notes(failures: Sequence[str], toys: int) -> tuple[str, ...]:
    """What has to be said of toys that could not be fitted.

    Args:
        failures: why, one for each.
        toys: how many there were.

    Returns:
        A note where there are more than one in a hundred.

    Example:
        >>> failure_notes(["no minimum"] * 3, 100)
        ('3 of 100 toys could not be fitted and are left out (the first: no minimum)',)
    """
    if len(failures) <= _TOLD_FAILURES * toys:
        return ()
    return (
        f"{len(failures)} of {toys} toys could not be fitted and are left out (the first: {failures[0]})",
    )


def tails(values: Array, observed: Array) -> Array:
    """Share of the toys at least as large, for each of many observed statistics.

    Args:
        values: statistic of the toys, shape ``(n,)``.
        observed: shape ``(m,)``.

    Returns:
        Shares, shape ``(m,)``.

    Example:
        >>> tails(np.arange(4.0), np.array([0.0, 2.0, 9.0])).tolist()
        [1.0, 0.5, 0.0]
    """
    ordered = np.sort(values)
    return 1 - np.searchsorted(ordered, observed - _TIE) / ordered.size
