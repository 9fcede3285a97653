"""Parameters that have no effect at a point because whatever they move is multiplied by zero there.

Where a rate rests at 0, the position and width of its template mean nothing; the likelihood is flat in them
and they have no error. One that moves nothing anywhere is a mistake of the model and not meant here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from nurecoil.engine.compiled import CompiledModel

__all__ = ["silent_parameters"]


def silent_parameters(compiled: CompiledModel, position: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which parameters have no effect at a point, though they have one elsewhere.

    Args:
        compiled: the model.
        position: internal coordinates, shape ``(n,)``.

    Returns:
        Shape ``(n,)``: true where samples depend on the parameter, every one of them has another factor that
        is 0, and no constraint holds it.

    Example:
        >>> from nurecoil.engine.compiled import CompiledModel
        >>> from nurecoil.testing.models import counting
        >>> compiled = CompiledModel(counting(observed=3.0, background=1.0))
        >>> silent_parameters(compiled, compiled.start).tolist()
        [False, False]
    """
    model = compiled.model
    moves = np.zeros(len(compiled.names), dtype=bool)
    felt = np.zeros(len(compiled.names), dtype=bool)
    for channel in model.channels:
        for sample in channel.samples:
            zero = {name for name in sample.powers if position[compiled.index[name]] == 0.0}
            for name in sample.depends_on:
                moves[compiled.index[name]] = True
                if not zero - {name}:
                    felt[compiled.index[name]] = True
    held = [parameter.constraint is not None for parameter in model.parameters.values()]
    joint = {name for constraint in model.constraints for name in constraint.names}
    constrained = np.array(held) | np.array([name in joint for name in compiled.names])
    return np.asarray(moves & ~felt & ~constrained)
