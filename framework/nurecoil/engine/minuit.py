"""MINUIT on the same objective: the fallback where Newton gives up, and the oracle it is held to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.newton import Minimum, Objective, box_step

__all__ = ["minimise_minuit"]

Array = NDArray[np.float64]

_MOST_CALLS = 3_000
"""Six times what fits of twenty parameters take; one that needs more has no minimum to find."""
_MOST_RUNS = 5
_TRUSTED = 1e-6


def minimise_minuit(
    objective: Objective,
    start: Array,
    lower: Array,
    upper: Array,
    *,
    tolerance: float = 1e-9,
    strategy: int = 1,
) -> Minimum:
    """Minimise with MIGRAD and the analytic gradient (James and Roos, CPC 10 (1975) 343).

    A parameter on its limit has no slope in MINUIT's own coordinates, so MIGRAD may call a point valid
    from which the objective still falls into the box. What is left to fall is therefore judged as
    Newton does, and MIGRAD started again from a step further.

    Args:
        objective: maps a position to value, gradient and Fisher matrix.
        start: where to begin, shape ``(n,)``.
        lower: lower bounds, ``-inf`` for none.
        upper: upper bounds, ``inf`` for none.
        tolerance: EDM at which to stop, in units of the objective.
        strategy: MINUIT's strategy, 0 to 2.

    Returns:
        The minimum, in the form that Newton returns.

    Example:
        >>> def bowl(x):
        ...     return float((x - 3) @ (x - 3)), 2 * (x - 3), 2 * np.eye(2)
        >>> found = minimise_minuit(bowl, np.zeros(2), np.full(2, -9.0), np.full(2, 9.0))
        >>> found.converged, found.position.round(4).tolist()
        (True, [3.0, 3.0])
    """
    from iminuit import Minuit

    start = np.clip(np.asarray(start, float), lower, upper)
    first, _, fisher = objective(start)
    diagonal = np.diag(fisher)
    step = np.where(diagonal > 0, 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0)), 1.0)
    wall = abs(first) + 1e6 if np.isfinite(first) else 1e12

    def value(scaled: Array) -> float:
        result = objective(np.clip(scaled * step, lower, upper))[0]
        return float(result) if np.isfinite(result) else wall

    def gradient(scaled: Array) -> Array:
        return np.asarray(objective(np.clip(scaled * step, lower, upper))[1] * step)

    calls = 0
    for _ in range(_MOST_RUNS):
        minuit = Minuit(value, start / step, grad=gradient)
        minuit.errordef = Minuit.LIKELIHOOD
        minuit.limits = list(zip(lower / step, upper / step, strict=True))
        minuit.strategy = strategy
        minuit.tol = tolerance / (0.002 * Minuit.LIKELIHOOD)
        minuit.migrad(ncall=_MOST_CALLS, iterate=2)
        calls += int(minuit.nfcn)
        position = np.clip(np.asarray(minuit.values, float) * step, lower, upper)
        final, slope, fisher = objective(position)
        further = box_step(slope, fisher, position, lower, upper)
        left = -float(slope @ further + 0.5 * further @ fisher @ further)
        if not minuit.valid or left < _TRUSTED:
            break
        start = np.clip(position + further, lower, upper)
    near = 1e-6 * step
    valid = bool(minuit.valid) and np.isfinite(final) and left < _TRUSTED
    return Minimum(
        position,
        float(final),
        slope,
        fisher,
        float(minuit.fmin.edm),
        calls,
        valid,
        ((position <= lower + near) & (slope > 0)) | ((position >= upper - near) & (slope < 0)),
        "converged" if valid else f"MINUIT: {_reason(minuit.fmin)}",
    )


def _reason(minimum: object) -> str:
    """MINUIT's own reasons for refusing a minimum."""
    flags = {
        "has_reached_call_limit": "call limit reached",
        "is_above_max_edm": "EDM above its limit",
        "has_parameters_at_limit": "parameters at their limits",
        "hesse_failed": "Hesse matrix failed",
    }
    found = [text for flag, text in flags.items() if getattr(minimum, flag)]
    return ", ".join(found) or "stuck on a limit from which the objective still falls"
