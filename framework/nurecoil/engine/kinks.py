"""Parameters with a kink at zero, where two lines or exponentials meet (HistFactory's codes 0 and 1).

The gradient jumps, and a minimum on the kink has none that vanishes. So a fit stays on one side at a time,
with the kink as a bound, and changes sides where the other one goes downhill.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nurecoil.model.modifiers import BinFactors, HistoSys, NormSys
from nurecoil.model.spectral import Sample, SpectralModel

if TYPE_CHECKING:
    from nurecoil.engine.compiled import CompiledModel

__all__ = ["beside", "kinked_parameters", "other_side"]

Array = NDArray[np.float64]

_TINY = 1e-300
"""On one side of zero and nowhere else."""


def kinked_parameters(model: SpectralModel, index: Mapping[str, int]) -> NDArray[np.intp]:
    """Positions of the parameters with a kink.

    Args:
        model: the model.
        index: position of every parameter by name.

    Returns:
        Their positions, shape ``(k,)``.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> kinked_parameters(counting(observed=3.0, background=1.0), {}).tolist()
        []
    """
    found = {
        index[modifier.parameter]
        for channel in model.channels
        for sample in channel.samples
        for modifier in sample.modifiers
        if not isinstance(modifier, BinFactors) and _bends(modifier, sample)
    }
    return np.array(sorted(found), dtype=np.intp)


def _bends(modifier: NormSys | HistoSys, sample: Sample) -> bool:
    """Whether a modifier's slope is another on the other side of zero."""
    if isinstance(modifier, NormSys):
        return modifier.code == "1" and modifier.low * modifier.high != 1
    nominal = sample.template
    assert isinstance(nominal, np.ndarray)
    return modifier.code == "0" and not np.array_equal(modifier.high - nominal, nominal - modifier.low)


def beside(position: Array, kinks: NDArray[np.intp], sides: Array) -> Array:
    """A position off the kinks: what is at zero is just beside it, where the slope is that of its side.

    Args:
        position: internal coordinates, shape ``(n,)``.
        kinks: positions of the parameters with a kink, shape ``(k,)``.
        sides: 1 or -1 for each, shape ``(k,)``.

    Returns:
        Shape ``(n,)``; the position itself where there are no kinks.

    Example:
        >>> beside(np.array([0.0, 2.0]), np.array([0]), np.array([-1.0])).tolist()
        [-1e-300, 2.0]
    """
    if not kinks.size:
        return position
    moved = position.copy()
    moved[kinks] = np.where(position[kinks] == 0, sides * _TINY, position[kinks])
    return moved


def other_side(
    compiled: CompiledModel, position: Array, kinks: NDArray[np.intp], sides: Array, tolerance: float
) -> int | None:
    """Which of the parameters that rest on their kink would go downhill on the other side.

    Args:
        compiled: the model.
        position: internal coordinates where the fit ended, shape ``(n,)``.
        kinks: positions of the free parameters with a kink, shape ``(k,)``.
        sides: the side on which each was fitted.
        tolerance: how much -log L has to be expected to fall.

    Returns:
        Index into ``kinks`` of the one that gains most, or ``None`` where the fit is at its minimum.
    """
    resting = position[kinks] == 0
    if not resting.any():
        return None
    _, gradient, fisher = compiled.evaluate(beside(position, kinks, -sides))
    slope = gradient[kinks] * -sides
    room = np.where(sides > 0, -compiled.lower[kinks], compiled.upper[kinks]) > 0
    gain = np.where(resting & room & (slope < 0), slope**2 / (2 * np.diag(fisher)[kinks]), 0.0)
    best = int(np.argmax(gain))
    return best if gain[best] > tolerance else None
