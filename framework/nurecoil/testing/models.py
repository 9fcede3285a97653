"""Small models with known answers, for examples and tests."""

from __future__ import annotations

import numpy as np

from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel

__all__ = ["counting"]


def counting(observed: float, background: float, background_error: float | None = None) -> SpectralModel:
    """One bin with a signal and a background.

    Args:
        observed: observed count.
        background: expected background count.
        background_error: width of a Gaussian constraint on the background, or ``None`` where it is
            known exactly.

    Returns:
        A model with the parameter of interest ``signal`` [events], bounded at 0.

    Example:
        >>> counting(3.0, 1.0)
        <SpectralModel: toy/count (1 bins); 2 parameters, 1 free; POI signal>
    """
    constraint = GaussianConstraint(background, background_error) if background_error else None
    parameters = [
        Parameter("signal", "events", 0.0, lower=0.0),
        Parameter(
            "background",
            "events",
            background,
            lower=0.0,
            constraint=constraint,
            fixed=constraint is None,
        ),
    ]
    samples = (
        Sample("signal", np.ones(1), {"signal": 1}, group="signal"),
        Sample("background", np.ones(1), {"background": 1}),
    )
    channel = PoissonChannel("toy/count", "count", "1", np.array([0.0, 1.0]), samples, np.array([observed]))
    return SpectralModel((channel,), {p.name: p for p in parameters}, poi="signal")
