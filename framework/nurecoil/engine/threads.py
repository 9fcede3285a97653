"""Linear algebra in one thread, where more only get into each other's way.

Fits solve matrices of some ten to some hundred parameters. There the threads of a BLAS save nothing on an
idle machine, and on a busy one they wait for each other, for many times as long as the work takes.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

__all__ = ["one_thread"]

_LEAST, _MOST = 40, 1000
"""Numbers of parameters between which it matters: below, a BLAS has no threads; above, they are of use."""


@contextlib.contextmanager
def one_thread(size: int) -> Iterator[None]:
    """Let numpy's BLAS use one thread for matrices of some hundred rows.

    Args:
        size: rows of the matrices.

    Example:
        >>> import numpy as np
        >>> with one_thread(100):
        ...     float(np.linalg.solve(np.eye(100), np.ones(100)).sum())
        100.0
    """
    if not _LEAST <= size <= _MOST:
        yield
        return
    with _pools().limit(limits=1, user_api="blas"):
        yield


@functools.cache
def _pools() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
