"""Belts whose toys need no fits, and the exact construction they are compared with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, poisson

from nurecoil.inference.belt import BeltPoint

Array = NDArray[np.float64]


class Closed:
    """A belt of one number, its likelihood ratio in closed form; has what a search asks of a belt."""

    poi = "signal"

    def __init__(self, observed: float, background: float | None, seed: int) -> None:
        self.background = background
        self.observed = observed
        self.centre = max(observed - (background or 0.0), 0.0)
        self.random = np.random.default_rng(seed)
        self.q: dict[float, Array] = {}

    def ratio(self, x: Array | float, value: float) -> Array:
        """Of a normal measurement (no background), or of a count."""
        if self.background is None:
            return np.asarray((x - value) ** 2 - np.minimum(x, 0.0) ** 2)
        return count_ratios(np.asarray(x), value, self.background)

    def at(self, value: float, toys: int) -> BeltPoint:
        have = self.q.get(value, np.zeros(0))
        n = max(toys - have.size, 0)
        if self.background is None:
            x = self.random.normal(value, 1.0, n)
        else:
            x = self.random.poisson(value + self.background, n).astype(float)
        self.q[value] = np.concatenate([have, self.ratio(x, value)])
        return self._point(value)

    def _point(self, value: float) -> BeltPoint:
        return BeltPoint(value, float(self.ratio(self.observed, value)), self.q[value], 0, 0)

    @property
    def points(self) -> tuple[BeltPoint, ...]:
        return tuple(self._point(value) for value in sorted(self.q))


def count_ratios(counts: Array, value: Array | float, background: float) -> Array:
    """Likelihood ratios of counts, twice the logarithm."""
    best = np.maximum(counts, background)
    return np.asarray(2 * (poisson.logpmf(counts, best) - poisson.logpmf(counts, value + background)))


def count_interval(count: int, background: float, cl: float, step: float = 0.005) -> tuple[float, float]:
    """The exact interval of a count: outermost accepted values of a grid."""
    counts = np.arange(80.0)
    values = np.arange(step if background == 0 else 0.0, 2 * count + 4.0, step)
    q = count_ratios(counts, values[:, None], background)
    shares = np.where(q >= q[:, [count]] - 1e-9, poisson.pmf(counts, values[:, None] + background), 0.0)
    accepted = values[shares.sum(axis=1) > 1 - cl]
    return (0.0 if accepted[0] <= step else float(accepted[0])), float(accepted[-1])


def normal_p_values(values: Array, measured: float) -> Array:
    """The exact p-values of means of at least 0, above 0, of a normal measurement."""
    q = np.maximum((measured - values) ** 2 - min(measured, 0.0) ** 2, 0.0)
    low = values - np.sqrt(q)
    low = np.where(low < 0, (values**2 - q) / (2 * values), low)
    return np.asarray(1 - norm.cdf(np.sqrt(q)) + norm.cdf(low - values))


def normal_interval(measured: float, cl: float) -> tuple[float, float]:
    """The exact interval of a mean of at least 0, of a normal measurement."""
    fine = np.linspace(1e-5, 9.0, 18001)
    accepted = fine[normal_p_values(fine, measured) > 1 - cl]
    return (0.0 if accepted[0] == fine[0] else float(accepted[0])), float(accepted[-1])
