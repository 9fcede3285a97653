"""The two benchmark models minimised by numpy code that is written for nothing else.

Value, gradient and Fisher matrix of exactly these models, Newton steps in a box, no covariance.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from .models_900 import Plain

__all__ = ["HandNumpy"]

Array = NDArray[np.float64]


class HandNumpy:
    """One model's likelihood over arrays that are allocated once.

    Args:
        model: the model.
    """

    def __init__(self, model: Plain) -> None:
        self.model = model
        self.size = model.start.size
        self._rates, bins = model.templates.shape
        self._jacobian = np.empty((self.size, bins))
        self._weighted = np.empty((self.size, bins))
        self._jacobian[: self._rates] = model.templates
        self._key, self._last = b"", (math.nan, np.empty(0), np.empty(0))
        self._ratio = np.empty(bins)
        known = model.weight[model.weight > 0]
        self.constant = float(gammaln(model.observed + 1).sum() - 0.5 * np.log(known / (2 * math.pi)).sum())
        moves = self.size - self._rates
        self._curvature = model.curvature.reshape(self._rates, moves, -1) if moves else None

    def evaluate(self, position: Array) -> tuple[float, Array, Array]:
        """Value without constants, gradient and Fisher matrix."""
        value, gradient, mean = self.slopes(position)
        np.divide(self._jacobian, mean, out=self._weighted)
        fisher = self._weighted @ self._jacobian.T
        fisher.flat[:: self.size + 1] += self.model.weight
        return value, gradient, fisher

    def value(self, position: Array) -> float:
        """Value without constants."""
        return self.slopes(position)[0]

    def gradient(self, position: Array) -> Array:
        """Gradient."""
        return self.slopes(position)[1]

    def slopes(self, position: Array) -> tuple[float, Array, Array]:
        """Value without constants, gradient and expected contents; those of the last position are kept."""
        key = position.tobytes()
        if key != self._key:
            self._key, self._last = key, self._slopes(position)
        return self._last

    def _slopes(self, position: Array) -> tuple[float, Array, Array]:
        model, jacobian, bins = self.model, self._jacobian, self._ratio.size
        if self._curvature is not None:
            shift = position[self._rates :] - model.centre
            bend = np.matmul(shift, self._curvature).reshape(model.slope.shape)
            bend *= 0.5
            bend += model.slope
            exponent = np.matmul(shift, bend)
            bend *= 2
            bend -= model.slope
            np.multiply(np.exp(exponent, out=exponent), model.templates, out=jacobian[: self._rates])
            bend *= jacobian[: self._rates, None]
            moved = position[: self._rates] @ bend.reshape(self._rates, -1)
            jacobian[self._rates :] = moved.reshape(-1, bins)
        mean = position[: self._rates] @ jacobian[: self._rates]
        pull = position - model.known
        loaded = model.weight * pull
        value = mean.sum() - model.observed @ np.log(mean) + 0.5 * (loaded @ pull)
        np.divide(model.observed, mean, out=self._ratio)
        gradient = jacobian @ (1 - self._ratio) + loaded
        return float(value), gradient, mean

    def of(self, observed: Array, known: Array) -> HandNumpy:
        """The same model with other data."""
        return HandNumpy(dataclasses.replace(self.model, observed=observed, known=known))

    def minimise(self, start: Array | None = None, held: int | None = None) -> tuple[float, Array]:
        """The minimum: full -log L and where it is.

        Args:
            start: where to begin, or the model's own start.
            held: a coordinate that does not move.
        """
        lower, upper = self.model.lower, self.model.upper
        position = (self.model.start if start is None else start).copy()
        value, gradient, fisher = self.evaluate(position)
        for _ in range(50):
            free = ((position > lower) | (gradient < 0)) & ((position < upper) | (gradient > 0))
            if held is not None:
                free[held] = False
            step = _step(gradient, fisher, position, lower, upper, free)
            if -0.5 * (gradient @ step) < 1e-9:
                return value + self.constant, position
            length = 1.0
            while True:
                tried = position + length * step
                found = self.evaluate(tried)
                if found[0] <= value + 1e-9 or length < 1e-6:
                    break
                length *= 0.4
            position, (value, gradient, fisher) = tried, found
        raise RuntimeError("no minimum")


def _step(gradient: Array, fisher: Array, position: Array, lower: Array, upper: Array, free: Array) -> Array:
    """Newton's step, coordinates that would leave the box going to its wall."""
    step = np.zeros_like(position)
    while True:
        if free.all():
            step = np.linalg.solve(fisher, -gradient)
        else:
            right = -gradient[free] - fisher[free][:, ~free] @ step[~free]
            step[free] = np.linalg.solve(fisher[free][:, free], right)
        below, above = position + step < lower, position + step > upper
        if not (below.any() or above.any()):
            return step
        step = np.where(below, lower - position, np.where(above, upper - position, step))
        free = free & ~below & ~above
