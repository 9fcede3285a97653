"""HistFactory's interpolations: how a factor or a shift goes with its pull, with two derivatives.

Codes and formulas: Cranmer et al., CERN-OPEN-2012-016, section 4.1, and ROOT's ``FlexibleInterpVar`` and
``PiecewiseInterpolation``. Which pull acts on which sample is :mod:`nurecoil.engine.modifiers`'s to know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nurecoil.model.modifiers import HistoSys, NormSys

__all__ = ["Factors", "Shifts"]

Array = NDArray[np.float64]
Triple = tuple[Array, Array, Array]

_ORDERS = np.arange(1, 7)


@dataclass(frozen=True)
class Factors:
    """The factors of several ``normsys``.

    Args:
        logs: logarithm of the factor at -1 and at 1, shape ``(2, n)``.
        smooth: which of them are polynomials between -1 and 1, shape ``(n,)``.
        coefficients: of the polynomials' first to sixth powers, shape ``(6, n)``.
    """

    logs: Array
    smooth: NDArray[np.bool_]
    coefficients: Array

    @classmethod
    def of(cls, modifiers: Sequence[NormSys]) -> Factors:
        """Compile modifiers.

        Args:
            modifiers: at least one.

        Returns:
            Their factors, in the same order.

        Example:
            >>> line = Factors.of([NormSys("a", 0.8, 1.25)])
            >>> [round(float(part[0]), 5) for part in line.evaluate(np.array([1.0]))]
            [1.25, 0.27893, 0.06224]
        """
        ends = np.array([[modifier.low, modifier.high] for modifier in modifiers]).T
        logs = np.log(ends)
        rows, right = [], []
        for side, end in enumerate((-1.0, 1.0)):
            steep = end * logs[side]
            rows += [end**_ORDERS, _ORDERS * end ** (_ORDERS - 1), _ORDERS * (_ORDERS - 1) * end**_ORDERS]
            right += [ends[side] - 1, ends[side] * steep, ends[side] * steep**2]
        coefficients = np.linalg.solve(np.array(rows), np.array(right))
        return cls(logs, np.array([modifier.code == "4" for modifier in modifiers]), coefficients)

    def evaluate(self, pulls: Array) -> Triple:
        """Factors and their first and second derivatives at the pulls, three arrays of shape ``(n,)``."""
        steep = np.where(pulls < 0, -self.logs[0], self.logs[1])
        factor = np.exp(steep * pulls)
        slope = factor * steep
        bend = slope * steep
        inside = self.smooth & (np.abs(pulls) < 1)
        if inside.any():
            a, c = pulls[inside], self.coefficients[:, inside]
            powers = a ** np.arange(7)[:, None]
            factor[inside] = 1 + np.sum(c * powers[1:], axis=0)
            slope[inside] = np.sum(c * _ORDERS[:, None] * powers[:-1], axis=0)
            bend[inside] = np.sum(c[1:] * (_ORDERS * (_ORDERS - 1))[1:, None] * powers[:-2], axis=0)
        return factor, slope, bend


@dataclass(frozen=True)
class Shifts:
    """The shifts of several ``histosys``: at a pull a, ``a * middle + c(a) * lean`` whatever the code.

    Args:
        middle: half the change from -1 to 1, shape ``(n, bins)``.
        lean: what the two sides differ by, a sixteenth of it, shape ``(n, bins)``.
        smooth: which of them are polynomials between -1 and 1, shape ``(n,)``.
    """

    middle: Array
    lean: Array
    smooth: NDArray[np.bool_]

    @classmethod
    def of(cls, modifiers: Sequence[HistoSys], nominal: Sequence[Array]) -> Shifts:
        """Compile modifiers.

        Args:
            modifiers: at least one.
            nominal: the template that each changes, of shape ``(bins,)``.

        Returns:
            Their shifts, in the same order.

        Example:
            >>> tilt = Shifts.of([HistoSys("a", np.array([9.0]), np.array([14.0]))], [np.array([10.0])])
            >>> value, slope, bend = tilt.coefficients(np.array([2.0]))
            >>> float(2.0 * tilt.middle[0, 0] + value[0] * tilt.lean[0, 0])
            8.0
        """
        pairs = list(zip(modifiers, nominal, strict=True))
        up = np.array([modifier.high - contents for modifier, contents in pairs])
        down = np.array([contents - modifier.low for modifier, contents in pairs])
        smooth = np.array([modifier.code == "4p" for modifier in modifiers])
        return cls(0.5 * (up + down), 0.0625 * (up - down), smooth)

    def coefficients(self, pulls: Array) -> Triple:
        """The coefficient c and its first two derivatives at the pulls, three arrays of shape ``(n,)``."""
        square = pulls * pulls
        inside = self.smooth & (square < 1)
        return (
            np.where(inside, square * (15 + square * (3 * square - 10)), 8 * np.abs(pulls)),
            np.where(inside, pulls * (30 + square * (18 * square - 40)), 8 * np.sign(pulls)),
            np.where(inside, 30 + square * (90 * square - 120), 0.0),
        )
