"""Stationary points that are no minima: a parameter that enters in even powers only has one at zero.

Where such a parameter is fitted as itself (it is constrained, or may be negative), the gradient vanishes
at zero whatever the data say, and so does the predicted distance to the minimum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.compiled import CompiledModel, entered_powers
from nurecoil.model.spectral import PoissonChannel, SpectralModel

__all__ = ["even_parameters", "lower_place"]

Array = NDArray[np.float64]

_SIZES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


def even_parameters(model: SpectralModel, powers: NDArray[np.int_]) -> NDArray[np.intp]:
    """Positions of the parameters that are fitted as themselves and enter in even powers only.

    Args:
        model: the model.
        powers: power in which each parameter is fitted, shape ``(n,)``.

    Returns:
        Their positions, shape ``(k,)``.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> even_parameters(counting(observed=3.0, background=1.0), np.ones(2, dtype=int)).tolist()
        []
    """
    found = [
        i
        for i, found_powers in enumerate(entered_powers(model).values())
        if powers[i] == 1 and found_powers and all(power % 2 == 0 for power in found_powers)
    ]
    return np.array(found, dtype=np.intp)


def lower_place(compiled: CompiledModel, position: Array, free: NDArray[np.bool_]) -> Array | None:
    """A place from which a fit that stopped at such a zero goes on downhill.

    The parameter is tried at values that change the expectation by about a standard deviation of the
    data, somewhat less and somewhat more.

    Args:
        compiled: the model.
        position: internal coordinates where the fit stopped, shape ``(n,)``.
        free: which parameters may move, shape ``(n,)``.

    Returns:
        The lowest place found, or ``None`` where the stop was a minimum.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> compiled = CompiledModel(counting(observed=3.0, background=1.0))
        >>> lower_place(compiled, compiled.start, ~compiled.fixed) is None
        True
    """
    if not np.any(free & (position == 0)):
        return None
    even = even_parameters(compiled.model, compiled.powers)
    stopped = [i for i in even if free[i] and position[i] == 0]
    if not stopped:
        return None
    best, lowest = None, compiled.value(position)
    lowest -= 1e-9 + 1e-12 * abs(lowest)
    for i in stopped:
        end = compiled.upper[i] if compiled.upper[i] > 0 else compiled.lower[i]
        unit = float(np.clip(np.sign(end), compiled.lower[i], compiled.upper[i]))
        change = _change(compiled, position, i, unit)
        if change == 0:
            continue
        for size in _SIZES:
            tried = position.copy()
            tried[i] = np.clip(unit * size / np.sqrt(change), compiled.lower[i], compiled.upper[i])
            value = compiled.value(tried)
            if value < lowest:
                best, lowest = tried, value
    return best


def _change(compiled: CompiledModel, position: Array, i: int, unit: float) -> float:
    """How far the expectation moves, in standard deviations of the data, at one unit of a parameter."""
    moved = position.copy()
    moved[i] = unit
    total = 0.0
    for channel, one, two in zip(
        compiled.model.channels, compiled.expected(position), compiled.expected(moved), strict=True
    ):
        variance = np.maximum(one, 1.0) if isinstance(channel, PoissonChannel) else channel.width**2
        total += float(np.sum((two - one) ** 2 / variance))
    return float(np.sqrt(total))
