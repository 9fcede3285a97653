"""Products of free factors, whose likelihood can have several minima: a rate times a shape of free bins.

Where one factor has come down to zero the others have no effect, and what they have come to be may be what
keeps it there. So a fit that ends with such a factor on a bound is tried again from elsewhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nurecoil.model.modifiers import BinFactors
from nurecoil.model.spectral import Sample, SpectralModel

if TYPE_CHECKING:
    from nurecoil.engine.compiled import CompiledModel

__all__ = ["other_starts", "tied_parameters"]

Array = NDArray[np.float64]

_FLAT = 1e-9
"""Second derivatives, over what a unit of the parameter would have, below which there is none."""
_FAR = 10.0
"""How many times its start a factor without a bound is sent up."""
_FIRST = 0.1
"""Where a factor that was at zero begins again, as a share of its start."""


def tied_parameters(model: SpectralModel, index: Mapping[str, int]) -> NDArray[np.intp]:
    """Positions of the unconstrained factors whose products the data cannot well take apart.

    These are two of which one enters only where the other does, and free bins with the factors beside them.

    Args:
        model: the model.
        index: position of every parameter by name.

    Returns:
        Their positions, shape ``(k,)``.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> tied_parameters(counting(observed=3.0, background=1.0), {"signal": 0, "background": 1}).tolist()
        []
    """
    joint = {name for constraint in model.constraints for name in constraint.names}
    held = {name for name, p in model.parameters.items() if p.constraint is not None or p.fixed}
    samples = [
        (set(sample.powers) - joint - held, _bins(sample) - joint - held)
        for channel in model.channels
        for sample in channel.samples
    ]
    found: set[str] = set()
    for norms, bins in samples:
        if norms and bins:
            found |= norms | bins
    enters: dict[str, set[int]] = {}
    for row, (norms, _) in enumerate(samples):
        for name in norms:
            enters.setdefault(name, set()).add(row)
    for name, other in itertools.permutations(enters, 2):
        if enters[name] <= enters[other]:
            found |= {name, other}
    return np.array(sorted(index[name] for name in found), dtype=np.intp)


def _bins(sample: Sample) -> set[str]:
    """The parameters of a sample's bin factors."""
    return {name for m in sample.modifiers if isinstance(m, BinFactors) for name in m.parameters if name}


def other_starts(compiled: CompiledModel, position: Array, free: NDArray[np.bool_]) -> Iterator[Array]:
    """Places from which a fit that ended with a tied parameter on a bound may find a lower minimum.

    First, for each such parameter at zero, the place where the others that have no effect now would make it
    rise: the signs of the mixed second derivatives say where. Then those on bounds at their starts; at the
    other end of their range, the rest of the tied ones at their starts; and all of these at their starts.

    Args:
        compiled: the model.
        position: internal coordinates where the fit ended, shape ``(n,)``.
        free: which parameters move.

    Yields:
        Internal coordinates.
    """
    tied = compiled.tied[free[compiled.tied]]
    resting = tied[(position[tied] <= compiled.lower[tied]) | (position[tied] >= compiled.upper[tied])]
    if not resting.size:
        return
    low = np.maximum(compiled.lower, 0.0)
    high = np.where(np.isfinite(compiled.upper), compiled.upper, _FAR * np.abs(compiled.start))
    zero = resting[position[resting] == 0]
    if zero.size:
        second = compiled.information(position)
        unit = np.maximum(np.abs(compiled.start), 1e-300)
        flat = tied[np.abs(np.diag(second)[tied]) * unit[tied] ** 2 < _FLAT]
        for i in zero:
            start = position.copy()
            start[i] = np.clip(_FIRST * compiled.start[i], compiled.lower[i], compiled.upper[i])
            for j in flat[flat != i]:
                start[j] = high[j] if second[i, j] < 0 else low[j] if second[i, j] > 0 else compiled.start[j]
            yield start
    start = position.copy()
    start[resting] = compiled.start[resting]
    yield start
    start = position.copy()
    start[tied] = compiled.start[tied]
    start[resting] = np.where(position[resting] <= low[resting], high[resting], low[resting])
    yield start
    start = position.copy()
    start[tied] = compiled.start[tied]
    yield start
