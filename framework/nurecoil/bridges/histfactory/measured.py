"""A normal measurement of anything, said with Poisson bins and pulls, the only words HistFactory has for it.

A bin of ``k (S + b + s a)`` expected counts, with ``a`` a pull that has a unit-normal constraint, and ``n =
k (x + b)`` observed ones: for large k its Poisson width vanishes, the pull is driven to ``(x - S)/s`` and
its constraint is the normal measurement of S. What is left of the Poisson width, ``n / k^2``, is taken off
the variance that the pulls carry, so that the residual is of third order and small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import ModelError

__all__ = ["COUNTS_PER_SIGMA", "Measurement", "measurement"]

Array = NDArray[np.float64]

COUNTS_PER_SIGMA = 1e5
"""Counts per standard deviation of the measurement: the residual falls with its square, rounding grows with
it, and here they meet."""

_REACH = 10.0
"""How many standard deviations the pulls reach: the bins stay positive as far."""


@dataclass(frozen=True)
class Measurement:
    """One or several measured values as bins.

    Args:
        channel: name of the channel that holds the bins.
        pulls: names of the pulls, one per bin.
        scale: k, counts per unit of the measured quantity, shape ``(n,)``.
        offset: b, in its unit, shape ``(n,)``.
        observed: x, shape ``(n,)``.
        root: change of every bin (rows) per unit of every pull (columns), shape ``(n, n)``.
        full: the same with the Poisson width put back: ``full @ full.T`` is the measurement's covariance.
        reach: bound on the pulls.
    """

    channel: str
    pulls: tuple[str, ...]
    scale: Array
    offset: Array
    observed: Array
    root: Array
    full: Array
    reach: float

    @property
    def counts(self) -> Array:
        """Observed counts, shape ``(n,)``."""
        return self.scale * (self.observed + self.offset)

    def sample(self, name: str) -> dict[str, Any]:
        """The HistFactory sample that carries offset and pulls."""
        base = self.scale * self.offset
        lines = (self.scale[:, None] * self.root).T
        modifiers = [
            {
                "name": pull,
                "type": "histosys",
                "data": {"hi_data": (base + line).tolist(), "lo_data": (base - line).tolist()},
            }
            for pull, line in zip(self.pulls, lines, strict=True)
        ]
        return {"name": name, "data": base.tolist(), "modifiers": modifiers}

    def conditional(self, expected: Array) -> Array:
        """The pulls at their minimum for given expectations of the measured quantity, both ``(n,)``."""
        counts = self.counts
        lines = self.scale[:, None] * self.root
        pulls = np.linalg.solve(self.full, self.observed - expected)
        for _ in range(50):
            mean = self.scale * (expected + self.offset) + lines @ pulls
            if np.any(mean <= 0):
                break
            gradient = lines.T @ (1 - counts / mean) + pulls
            curvature = (lines.T * (counts / mean**2)) @ lines + np.eye(pulls.size)
            step = np.linalg.solve(curvature, gradient)
            pulls = pulls - step
            if np.max(np.abs(step)) < 1e-14 * (1 + np.max(np.abs(pulls))):
                break
        return np.asarray(pulls)

    def value(self, expected: Array) -> float:
        """Negative log-likelihood at the conditional pulls, less its value at ``expected = observed``."""
        pulls = self.conditional(expected)
        counts = self.counts
        excess = (self.scale * (expected + self.offset + self.root @ pulls) - counts) / counts
        return float(counts @ (excess - np.log1p(excess)) + 0.5 * pulls @ pulls)

    def residual(self, sigmas: float = 3.0) -> float:
        """Largest difference from the normal -log L within so many standard deviations."""
        worst = 0.0
        for direction in self.full.T:
            for sign in (-sigmas, sigmas):
                found = self.value(self.observed + sign * direction)
                worst = max(worst, abs(found - 0.5 * sigmas**2))
        return worst


def measurement(
    channel: str, pulls: tuple[str, ...], observed: Array, covariance: Array, expected: Array
) -> Measurement:
    """Say a joint normal measurement with bins and pulls.

    Args:
        channel: name of the channel.
        pulls: names of the pulls, one per measured value.
        observed: measured values, shape ``(n,)``.
        covariance: their covariance, shape ``(n, n)``.
        expected: expectations at the starting values, shape ``(n,)``.

    Returns:
        The bins and pulls.

    Raises:
        ModelError: where the covariance is too close to singular.

    Example:
        >>> one = np.ones(1)
        >>> rate = measurement("rate", ("pull",), 66.1 * one, np.array([[4.13**2]]), 70.0 * one)
        >>> round(rate.value(72.0 * one), 6), round(0.5 * (5.9 / 4.13) ** 2, 6), rate.residual() < 1e-7
        (1.020408, 1.020408, True)
    """
    sigma = np.sqrt(np.diag(covariance))
    start = float(np.max(np.abs(np.linalg.solve(_root(channel, covariance), observed - expected))))
    reach = max(_REACH, 2 * start)
    offset = reach * sigma + np.maximum(-observed, 0.0)
    scale = COUNTS_PER_SIGMA / sigma
    poisson = np.diag((observed + offset) / scale)
    return Measurement(
        channel,
        pulls,
        scale,
        offset,
        observed,
        _root(channel, covariance - poisson),
        _root(channel, covariance),
        reach,
    )


def _root(channel: str, covariance: Array) -> Array:
    try:
        return np.asarray(np.linalg.cholesky(covariance))
    except np.linalg.LinAlgError:
        raise ModelError(
            f"channel {channel!r}",
            "the covariance of what is measured is singular, or all but singular",
            "a positive definite covariance with correlations below 0.999",
        ) from None
