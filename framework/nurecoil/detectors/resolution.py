"""Resolution of a counting observable: the scaled Poisson density and its derivatives.

The observable is a number of hits. Its variance is larger than its mean, so a Poisson density on a
stretched axis is used; unlike a Gaussian it has the right tail five sigma above the mean, where the
14C spectrum enters the analysis window.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["scaled_poisson", "scaled_poisson_gradient"]

Array = NDArray[np.float64]


def scaled_poisson(hits: Array, mean: Array, scale: Array) -> Array:
    """Density of a scaled Poisson variable: ``hits/scale`` is Poisson with mean ``mean/scale``.

    Mean ``mean``, variance ``scale * mean``, continued to real arguments by the gamma function.
    Its use for Borexino's energy estimators is described in PRD 89 (2014) 112007, sec. VII.

    Args:
        hits: where the density is wanted, positive; broadcast with the others.
        mean: mean number of hits, positive.
        scale: variance over mean, positive.

    Returns:
        Density per hit, broadcast shape.

    Example:
        >>> x = np.arange(1.0, 400.0)
        >>> p = scaled_poisson(x, np.array(150.0), np.array(1.5))
        >>> round(float(p.sum()), 9), round(float((p * x).sum()), 6)
        (1.0, 150.0)
    """
    return _density(hits, mean, scale)[2]


def scaled_poisson_gradient(hits: Array, mean: Array, scale: Array) -> tuple[Array, Array, Array]:
    """The density of :func:`scaled_poisson` and its derivatives by mean and by scale.

    Args:
        hits: where the density is wanted, positive; broadcast with the others.
        mean: mean number of hits, positive.
        scale: variance over mean, positive.

    Returns:
        Density, its derivative by ``mean`` and its derivative by ``scale``, broadcast shapes.

    Example:
        >>> p, by_mean, by_scale = scaled_poisson_gradient(np.array(100.0), np.array(100.0), np.array(1.0))
        >>> float(by_mean)
        0.0
    """
    log_shape, inverse, density = _density(hits, mean, scale)
    ratio = hits / scale
    by_mean = density * ((hits - mean) / (mean * scale))
    digamma = log_shape + inverse * (0.5 - inverse * (1 / 12 - inverse**2 / 120))
    by_scale = density * ((ratio * (digamma - 1) + (mean / scale - 1)) / scale)
    return density, by_mean, by_scale


def _density(hits: Array, mean: Array, scale: Array) -> tuple[Array, Array, Array]:
    """Logarithm of hits over mean, scale over hits, and the density.

    Stirling's series is exact to 1e-10 from ten stretched hits on. Logarithms are taken before anything is
    broadcast: of a thousand bins and a thousand energies that is two thousand of them, not a million.
    """
    log_hits, log_scale = np.log(hits), np.log(scale)
    log_shape = log_hits - np.log(mean)
    inverse = scale / hits
    square = inverse * inverse
    exponent = (hits / scale) * (1 - log_shape)
    exponent -= inverse * (1 / 12 - square * (1 / 360 - square / 1260))
    exponent -= mean / scale + 0.5 * log_scale
    exponent -= 0.5 * (np.log(2 * np.pi) + log_hits)
    return log_shape, inverse, np.exp(exponent)
