"""An expensive smooth function as a piecewise polynomial that is cheap to evaluate anywhere.

Chebyshev interpolation on panels that are halved until the last coefficients are small: far fewer values of
the function than a fine quadrature asks for. Knows no physics.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.polynomial.chebyshev import chebvander

from nurecoil.physics._kinematics import FloatArray

__all__ = ["Piecewise", "piecewise"]

_DEGREE: Final = 16
_NODES: Final = -np.cos(np.pi * np.arange(_DEGREE + 1) / _DEGREE)
_TO_COEFFICIENTS: Final = np.linalg.inv(chebvander(_NODES, _DEGREE))
_DEEPEST: Final = 7
"""How often a panel is halved: what has not converged then is kept as it is (kinks of a table)."""
_NEGLIGIBLE: Final = 1e-6
"""Share of the largest value below which a panel may be as inaccurate as the tolerance of the whole."""


@dataclass(frozen=True)
class Piecewise:
    """A piecewise Chebyshev series.

    Args:
        edges: edges of the panels, increasing, shape ``(n + 1,)``.
        coefficients: of each panel, shape ``(n, degree + 1)``.
        least: values are never below it: 0 for a function that was negative nowhere it was asked (a dip
            between two such points is lost), minus infinity otherwise.
    """

    edges: FloatArray
    coefficients: FloatArray
    least: float

    def __call__(self, x: FloatArray) -> FloatArray:
        """Values in the shape of ``x``; 0 outside the panels."""
        at = np.asarray(x, dtype=np.float64)
        low, high = self.edges[0], self.edges[-1]
        panel = np.clip(np.searchsorted(self.edges, at, side="right") - 1, 0, len(self.coefficients) - 1)
        left, right = self.edges[panel], self.edges[panel + 1]
        u = np.clip((2 * at - left - right) / (right - left), -1, 1)
        terms = self.coefficients[panel]
        # Clenshaw's recurrence, with coefficients that differ from point to point
        first, second = np.zeros_like(at), np.zeros_like(at)
        for order in range(terms.shape[-1] - 1, 0, -1):
            first, second = terms[..., order] + 2 * u * first - second, first
        value = terms[..., 0] + u * first - second
        return np.where((at >= low) & (at <= high), np.maximum(value, self.least), 0.0)


def piecewise(
    function: Callable[[FloatArray], FloatArray], breaks: Sequence[float], tolerance: float = 1e-7
) -> Piecewise:
    """Interpolate a function that is smooth between breaks.

    Args:
        function: maps points to values; asked for many at once.
        breaks: increasing points; the first and the last bound the range, none is straddled.
        tolerance: of the last coefficients, relative to the largest value in a panel (or to a millionth of
            the largest anywhere).

    Returns:
        The interpolant. About a kink that is no break it is off by up to a thousandth, and not a number where
        the function is none. A feature much narrower than a seventeenth of a panel can go unseen.

    Example:
        >>> steep = piecewise(lambda x: 1 / x, [0.01, 1.0, 10.0])
        >>> x = np.geomspace(0.01, 10, 1000)
        >>> bool(np.max(np.abs(steep(x) * x - 1)) < 1e-7)
        True
    """
    waiting = [(float(a), float(b), 0) for a, b in pairwise(breaks)]
    # a step inside the first and last node: an edge of a line belongs to both of its sides
    done: list[tuple[float, float, FloatArray]] = []
    largest, smallest = 0.0, 0.0
    while waiting:
        left = np.array([panel[0] for panel in waiting])
        right = np.array([panel[1] for panel in waiting])
        inset = 1e-12 * (right - left)
        points = (left + right)[:, None] / 2 + (right - left - inset)[:, None] / 2 * _NODES
        values = np.asarray(function(points.ravel())).reshape(points.shape)
        with np.errstate(invalid="ignore"):  # what is no number anywhere in a panel is none in all of it
            coefficients = values @ _TO_COEFFICIENTS.T
        largest = max(largest, float(np.max(np.abs(values), initial=0.0)))
        smallest = min(smallest, float(np.min(values, initial=0.0)))
        scale = np.maximum(np.max(np.abs(values), axis=1), _NEGLIGIBLE * largest)
        good = np.max(np.abs(coefficients[:, -3:]), axis=1) <= tolerance * scale
        further = []
        for (low, high, depth), row, fine in zip(waiting, coefficients, good, strict=True):
            if fine or depth >= _DEEPEST:
                done.append((low, high, row))
            else:
                # towards 0 a function like 1/x needs panels that shrink with x
                middle = float(np.sqrt(low * high)) if low > 0 and high > 4 * low else (low + high) / 2
                further += [(low, middle, depth + 1), (middle, high, depth + 1)]
        waiting = further
    done.sort(key=lambda panel: panel[0])
    edges = np.array([done[0][0], *(panel[1] for panel in done)])
    least = 0.0 if smallest == 0 else -np.inf
    return Piecewise(edges, np.array([panel[2] for panel in done]), least)
