"""Coordinates without bounds for parameters with them: what a gradient sampler walks in.

A parameter far from its bounds keeps its own scale, and one near a bound is stretched out smoothly. What is
sampled in these coordinates is :mod:`nurecoil.inference.posterior_density`'s.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit

from nurecoil.errors import ModelError

__all__ = ["Unbounded"]

Array = NDArray[np.float64]


class Unbounded:
    """One coordinate over all real numbers for each of ``n`` parameters with bounds.

    With ``f(x) = log(1 + exp(x))``, a parameter above ``l`` is ``l + s f(x)``; one between ``l`` and ``u`` is
    ``l + s (f(x) - f(x - w))`` with ``w = (u - l) / s``; one below ``u`` is ``u - s f(-x)``; one without
    bounds is ``s x``. Some steps ``s`` away from every bound all of them are straight lines.

    Args:
        lower: lower bounds, ``-inf`` for none, shape ``(n,)``, in the parameters' units.
        upper: upper bounds, ``inf`` for none, likewise.
        scale: how far from a bound it is felt, positive, likewise.

    Raises:
        ModelError: where a scale is not a positive number.

    Example:
        >>> above = Unbounded(np.array([0.0]), np.array([np.inf]), np.array([2.0]))
        >>> float(above.values(np.array([0.0]))[0]), float(above.values(np.array([40.0]))[0])
        (1.3862943611198906, 80.0)
    """

    def __init__(self, lower: Array, upper: Array, scale: Array) -> None:
        if not np.all(np.isfinite(scale) & (scale > 0)):
            raise ModelError("coordinates of a posterior", f"scales {scale.tolist()}", "positive numbers")
        self.lower, self.upper, self.scale = lower, upper, scale
        self.bounded = np.isfinite(lower) | np.isfinite(upper)
        self._sign = np.where(np.isfinite(lower), 1.0, np.where(np.isfinite(upper), -1.0, 1.0))
        self._base = np.where(np.isfinite(lower), lower, np.where(np.isfinite(upper), -upper, 0.0))
        with np.errstate(invalid="ignore"):
            self._width = np.where(self.bounded, (upper - lower) / scale, math.inf)
        both = np.where(np.isfinite(self._width), np.log(-np.expm1(-self._width)), 0.0)
        self._log_scale = np.log(scale) + both

    def values(self, x: Array) -> Array:
        """The parameters at coordinates.

        Args:
            x: coordinates, shape ``(..., n)``.

        Returns:
            Public values inside the bounds, same shape.
        """
        turned = x * self._sign
        beyond = turned - self._width
        risen = np.logaddexp(0.0, turned) - np.logaddexp(0.0, beyond)
        values = self._sign * (self._base + self.scale * np.where(self.bounded, risen, turned))
        return np.asarray(np.clip(values, self.lower, self.upper))

    def coordinates(self, values: Array) -> Array:
        """The coordinates of parameters that lie inside their bounds, shape ``(..., n)``.

        Values on a bound have none: theirs are infinite.
        """
        share = (self._sign * values - self._base) / self.scale
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            logs = share + np.log(-np.expm1(-share)) - np.log(-np.expm1(share - self._width))
        return np.asarray(np.where(self.bounded, self._sign * logs, share))

    def slopes(self, x: Array) -> tuple[Array, Array]:
        """Logarithms of the derivatives of the parameters by their coordinates, and the slopes of those.

        Args:
            x: coordinates, shape ``(..., n)``.

        Returns:
            ``log(d value / d x)`` and its derivative by ``x``, both of the same shape.
        """
        turned = x * self._sign
        left = self._width - turned
        logs = np.where(self.bounded, log_expit(turned) + log_expit(left), 0.0) + self._log_scale
        bend = np.where(self.bounded, self._sign * (expit(-turned) - expit(-left)), 0.0)
        return logs, bend

    def stiffness(self, x: Array) -> Array:
        """Minus the second derivative of the logarithms of :meth:`slopes`: zero or more, same shape."""
        turned = x * self._sign
        left = self._width - turned
        curved = expit(turned) * expit(-turned) + expit(left) * expit(-left)
        return np.asarray(np.where(self.bounded, curved, 0.0))
