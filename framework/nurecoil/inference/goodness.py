"""Goodness of fit of binned and Gaussian channels, auxiliary measurements included."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc

from nurecoil.inference.results import Goodness
from nurecoil.model.parameters import GaussianConstraint, LogNormalConstraint
from nurecoil.model.spectral import Channel, PoissonChannel, SpectralModel

__all__ = ["channels_with_data", "constraint_pulls", "pearson"]


_EMPTY = 1e-3
"""A bin that expects fewer events, and has none, tests nothing: its variance would drown all others."""


def pearson(
    model: SpectralModel,
    expected: Sequence[NDArray[np.float64]],
    free: int,
    pulls: Sequence[float] | NDArray[np.float64] = (),
) -> Goodness:
    """Pearson's chi2 with the variance that low counts give it.

    For Poisson counts of mean mu each term ``(n - mu)^2/mu`` has mean 1 and variance ``2 + 1/mu``; the
    p-value is that of the gamma distribution with the sum's mean and variance, scaled to the degrees
    of freedom. An auxiliary measurement counts as one more bin: its pull squared, one degree of freedom.
    Asimov data beside measured ones test nothing and are left out (:func:`channels_with_data`).

    Args:
        model: the model with its data.
        expected: expected contents of each channel.
        free: number of fitted parameters.
        pulls: pulls of the auxiliary measurements of fitted parameters (:func:`constraint_pulls`).

    Returns:
        Statistic, degrees of freedom, p-value.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> pearson(counting(observed=12.0, background=10.0), [np.array([10.0])], 0)
        <Goodness chi2 0.4 / 1, p = 0.52>
    """
    statistic, variance, bins = 0.0, 0.0, 0
    counted = {channel.name for channel in channels_with_data(model)}
    for channel, contents in zip(model.channels, expected, strict=True):
        if channel.name not in counted:
            continue
        if isinstance(channel, PoissonChannel):
            used = (contents > _EMPTY) | (channel.observed > 0) & (contents > 0)
            mean = contents[used]
            statistic += float(np.sum((channel.observed[used] - mean) ** 2 / mean))
            variance += float(np.sum(2 + 1 / mean))
            bins += int(used.sum())
        else:
            statistic += float(np.sum(((channel.observed - contents) / channel.width) ** 2))
            variance += 2.0 * channel.bins
            bins += channel.bins
    statistic += float(np.sum(np.square(pulls)))
    variance += 2.0 * len(pulls)
    bins += len(pulls)
    ndf = bins - free
    if ndf <= 0:
        return Goodness(statistic, ndf, float("nan") if ndf < 0 else 1.0)
    variance *= ndf / bins
    shape = ndf**2 / variance
    return Goodness(statistic, ndf, float(gammaincc(shape, statistic * shape / ndf)))


def channels_with_data(model: SpectralModel) -> tuple[Channel, ...]:
    """The channels that a goodness of fit is about: those with data; all of them where none has.

    Args:
        model: the model.

    Returns:
        Its channels, or some of them.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> len(channels_with_data(counting(observed=12.0, background=10.0)))
        1
    """
    measured = tuple(channel for channel in model.channels if not channel.asimov)
    return measured or model.channels


def constraint_pulls(model: SpectralModel, values: Mapping[str, float], free: Sequence[str]) -> list[float]:
    """Pulls of the auxiliary measurements that constrain fitted parameters.

    Args:
        model: the model.
        values: parameter values by name.
        free: names of the fitted parameters.

    Returns:
        One pull per single constraint; for a joint one the whitened residuals, one per member.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> model = counting(observed=12.0, background=10.0, background_error=2.0)
        >>> constraint_pulls(model, {"signal": 0.0, "background": 11.0}, ["signal", "background"])
        [0.5]
    """
    pulls = []
    for name in free:
        constraint, value = model.parameters[name].constraint, values[name]
        if isinstance(constraint, GaussianConstraint):
            pulls.append((value - constraint.centre) / constraint.width)
        elif isinstance(constraint, LogNormalConstraint):
            pulls.append(math.log(value / constraint.centre) / math.log(constraint.factor))
        elif constraint is not None:
            expected = constraint.scale * value
            pulls.append((expected - constraint.count) / math.sqrt(max(expected, 1e-12)))
    for joint in model.constraints:
        if any(name in free for name in joint.names):
            root = np.linalg.cholesky(np.asarray(joint.covariance, float))
            shift = [values[name] - centre for name, centre in zip(joint.names, joint.centre, strict=True)]
            pulls += np.linalg.solve(root, np.asarray(shift)).tolist()
    return pulls
