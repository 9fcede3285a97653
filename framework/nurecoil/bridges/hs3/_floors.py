"""Samples that RooFit would cut off: contents below zero under a ``histosys``.

RooFit holds the contents of a sample with a ``histosys`` at zero or above; pyhs3, pyhf and this framework do
not. Such a sample is written on a floor, a number added in the bins concerned, and a second sample takes the
floor away again. Every factor is on both, so that their sum is the sample. Whether one needs it is decided
here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.interpolation import Shifts
from nurecoil.model.channels import Sample
from nurecoil.model.modifiers import HistoSys
from nurecoil.model.parameters import Parameter

__all__ = ["REACH", "floor_of"]

Array = NDArray[np.float64]

REACH = 10.0
"""Pull up to which contents are kept off zero, where its bounds are wider."""

_INSIDE = np.linspace(-1.0, 1.0, 41)


def floor_of(sample: Sample, parameters: Mapping[str, Parameter]) -> Array | None:
    """What has to be added to a sample so that its shifts leave it above zero.

    Args:
        sample: the sample, its template an array.
        parameters: the model's parameters.

    Returns:
        Powers of two in the bins concerned and 0 in the others, shape ``(bins,)``; ``None`` where no bin is.

    Example:
        >>> import numpy as np
        >>> pull = Parameter("a", "1", 0.0, -5.0, 5.0)
        >>> tilt = HistoSys("a", np.array([9.0, 0.0]), np.array([11.0, 1.0]))
        >>> floor_of(Sample("s", np.array([10.0, 0.5]), modifiers=(tilt,)), {"a": pull}).tolist()
        [0.0, 2.0]
    """
    shifts = [modifier for modifier in sample.modifiers if isinstance(modifier, HistoSys)]
    if not shifts:
        return None
    assert isinstance(sample.template, np.ndarray)
    lowest = sample.template.astype(float)
    compiled = Shifts.of(shifts, [sample.template] * len(shifts))
    for i, modifier in enumerate(shifts):
        pulls = _pulls(parameters[modifier.parameter])
        bends = compiled.coefficients(np.tile(pulls[:, None], len(shifts)))[0][:, i]
        lowest = lowest + np.min(
            np.outer(pulls, compiled.middle[i]) + np.outer(bends, compiled.lean[i]), axis=0
        )
    below = lowest < 0
    if not below.any():
        return None
    floor = np.zeros_like(lowest)
    floor[below] = np.exp2(np.ceil(np.log2(-lowest[below])))
    return floor


def _pulls(parameter: Parameter) -> Array:
    """Pulls between which every extreme of a shift lies, to the precision of a grid."""
    ends = np.array([max(parameter.lower, -REACH), min(parameter.upper, REACH)])
    return np.concatenate([ends, _INSIDE[(ends[0] < _INSIDE) & (ends[1] > _INSIDE)], [0.0]])
