"""Goodness of fit of binned and Gaussian channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma

from nurecoil.inference.results import Goodness
from nurecoil.model.spectral import PoissonChannel, SpectralModel

__all__ = ["pearson"]


def pearson(model: SpectralModel, expected: Sequence[NDArray[np.float64]], free: int) -> Goodness:
    """Pearson's chi2 with the variance that low counts give it.

    For Poisson counts of mean mu each term ``(n - mu)^2/mu`` has mean 1 and variance ``2 + 1/mu``; the
    p-value is that of the gamma distribution with the sum's mean and variance, scaled to the degrees
    of freedom.

    Args:
        model: the model with its data.
        expected: expected contents of each channel.
        free: number of fitted parameters.

    Returns:
        Statistic, degrees of freedom, p-value.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> pearson(counting(observed=12.0, background=10.0), [np.array([10.0])], 0)
        <Goodness chi2 0.4 / 1, p = 0.52>
    """
    statistic, variance, bins = 0.0, 0.0, 0
    for channel, contents in zip(model.channels, expected, strict=True):
        if isinstance(channel, PoissonChannel):
            used = contents > 0
            mean = contents[used]
            statistic += float(np.sum((channel.observed[used] - mean) ** 2 / mean))
            variance += float(np.sum(2 + 1 / mean))
            bins += int(used.sum())
        else:
            statistic += float(np.sum(((channel.observed - contents) / channel.width) ** 2))
            variance += 2.0 * channel.bins
            bins += channel.bins
    ndf = bins - free
    if ndf <= 0:
        return Goodness(statistic, ndf, float("nan") if ndf < 0 else 1.0)
    variance *= ndf / bins
    shape = ndf**2 / variance
    return Goodness(statistic, ndf, float(gamma.sf(statistic, shape, scale=ndf / shape)))
