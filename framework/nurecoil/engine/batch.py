"""Fits of many data sets of one model: the compiled kernel, and whatever it takes where that gives up.

What comes back is what :func:`nurecoil.engine.solve.solve` finds for each of them, many times as fast.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.data import DataSets

if TYPE_CHECKING:
    from nurecoil.engine.compiled import CompiledModel

__all__ = ["Looked", "Minima", "look", "minima"]

Array = NDArray[np.float64]

_PATIENCE = 5.0
"""Seconds after which it is said that the kernel is being compiled, which happens once on a machine."""


@dataclass(frozen=True, eq=False)
class Minima:
    """Where the kernel's fits ended; row ``i`` of every array is data set ``i``.

    Args:
        position: internal coordinates, shape ``(n, parameters)``.
        value: full -log L, shape ``(n,)``.
        edm: predicted distances to the minimum; infinite where a fit did not converge, shape ``(n,)``.
        steps: steps taken, shape ``(n,)``.
    """

    position: Array
    value: Array
    edm: Array
    steps: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Looked:
    """Likelihoods of many data sets, each at a place of its own.

    Args:
        value: full -log L, shape ``(n,)``.
        gradient: shape ``(n, parameters)``.
        fisher: Fisher matrices, shape ``(n, parameters, parameters)``.
        second: second derivatives, of the same shape; empty where they were not asked for.
    """

    value: Array
    gradient: Array
    fisher: Array
    second: Array = field(default_factory=lambda: np.empty((0, 0, 0)))


def minima(
    compiled: CompiledModel,
    data: DataSets,
    starts: Array,
    free: NDArray[np.bool_],
    tolerance: float,
) -> Minima:
    """Fit every data set with the kernel alone.

    Args:
        compiled: a model with a flat form (:attr:`~nurecoil.engine.compiled.CompiledModel.arrays`).
        data: the data sets.
        starts: internal coordinates to begin at, shape ``(n, parameters)`` or ``(parameters,)`` for all.
        free: which parameters move, shape ``(parameters,)``.
        tolerance: predicted distance to the minimum at which a fit stops, in units of -log L.

    Returns:
        Where each ended; those that did not converge say so.

    Example:
        >>> from nurecoil.engine.compiled import CompiledModel
        >>> from nurecoil.testing.models import counting
        >>> compiled = CompiledModel(counting(observed=12.0, background=10.0))
        >>> found = minima(compiled, compiled.data, compiled.start, ~compiled.fixed, 1e-9)
        >>> found.position.round(6).tolist()
        [[2.0, 10.0]]
    """
    with _told():
        from nurecoil.engine.kernel.fits import fit_all

        n, size = len(data), compiled.start.size
        found = Minima(np.empty((n, size)), np.empty(n), np.empty(n), np.empty(n, dtype=np.int64))
        fit_all(
            compiled.arrays,
            _plain(data.observed),
            _plain(data.auxiliary),
            _plain(np.atleast_2d(starts)),
            compiled.lower,
            compiled.upper,
            np.flatnonzero(free),
            tolerance,
            found.position,
            found.value,
            found.edm,
            found.steps,
        )
    return found


def look(
    compiled: CompiledModel, data: DataSets, position: Array, free: NDArray[np.bool_], *, second: bool = False
) -> Looked:
    """Values and derivatives of every data set at a place of its own.

    Args:
        compiled: a model with a flat form.
        data: the data sets.
        position: internal coordinates, shape ``(n, parameters)``.
        free: by which parameters derivatives are wanted; those by others are of no use.
        second: whether second derivatives are wanted.

    Returns:
        What was found.

    Example:
        >>> from nurecoil.engine.compiled import CompiledModel
        >>> from nurecoil.testing.models import counting
        >>> compiled = CompiledModel(counting(observed=12.0, background=10.0))
        >>> found = look(compiled, compiled.data, compiled.start[None], ~compiled.fixed)
        >>> found.gradient[:, 0].round(6).tolist()
        [-0.2]
    """
    with _told():
        from nurecoil.engine.kernel.fits import look_all

        n, size = position.shape
        found = Looked(
            np.empty(n),
            np.empty((n, size)),
            np.empty((n, size, size)),
            np.empty((n if second else 0, size, size)),
        )
        look_all(
            compiled.arrays,
            _plain(data.observed),
            _plain(data.auxiliary),
            _plain(position),
            free,
            found.value,
            found.gradient,
            found.fisher,
            found.second,
        )
    return found


def _plain(values: Array) -> Array:
    """As the kernel takes them: one row after the other."""
    return np.ascontiguousarray(values, dtype=np.float64)


class _told:  # noqa: N801  (read as a phrase)
    """Says on standard error what is going on where it takes long, as the first time on a machine does."""

    def __enter__(self) -> None:
        """Start the clock, the first time only."""
        self._timer: threading.Timer | None = None
        if "nurecoil.engine.kernel.fits" not in sys.modules:
            self._timer = threading.Timer(_PATIENCE, _tell)
            self._timer.daemon = True
            self._timer.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        if self._timer is not None:
            self._timer.cancel()


def _tell() -> None:
    print("nurecoil: compiling the engine, once on this machine (half a minute) ...", file=sys.stderr)
