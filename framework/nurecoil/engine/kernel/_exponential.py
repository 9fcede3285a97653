"""An exponential function that compilers turn into vector instructions; the library's is called singly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import float64, int64, njit
from numba.extending import intrinsic
from numpy.typing import NDArray

__all__ = ["exponential"]

_ROUND = 1.5 * 2.0**52
"""Added to a number, it leaves the nearest whole one in the lowest bits."""
_HIGH = float.fromhex("0x1.62e42feep-1")
"""The logarithm of 2 to 33 bits, so that multiples are exact; :data:`_LOW` is the rest."""
_LOW = float.fromhex("0x1.a39ef35793c76p-33")


@intrinsic
def _bits_of(context: Any, number: Any) -> Any:
    """The bits of a floating-point number as a whole one."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.bitcast(values[0], context.get_value_type(int64))

    return int64(float64), generate


@intrinsic
def _from_bits(context: Any, bits: Any) -> Any:
    """The floating-point number of these bits."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.bitcast(values[0], context.get_value_type(float64))

    return float64(int64), generate


@njit(nogil=True, error_model="numpy", fastmath={"contract"})
def exponential(values: NDArray[np.float64]) -> None:
    """Replace every number by its exponential; for numbers between -700 and 700.

    ``exp(v) = 2**k exp(r)`` with k the nearest whole number to ``v / ln 2`` and exp(r) by its series to the
    twelfth power, whose rest is below 2e-16 for ``|r| < 0.35``.
    """
    for i in range(values.shape[0]):
        rounded = values[i] * (1.0 / math.log(2.0)) + _ROUND
        k = rounded - _ROUND
        r = (values[i] - k * _HIGH) - k * _LOW
        series = 1.0 / 479001600.0
        series = series * r + 1.0 / 39916800.0
        series = series * r + 1.0 / 3628800.0
        series = series * r + 1.0 / 362880.0
        series = series * r + 1.0 / 40320.0
        series = series * r + 1.0 / 5040.0
        series = series * r + 1.0 / 720.0
        series = series * r + 1.0 / 120.0
        series = series * r + 1.0 / 24.0
        series = series * r + 1.0 / 6.0
        series = series * r + 0.5
        series = series * r + 1.0
        series = series * r + 1.0
        values[i] = series * _from_bits((_bits_of(rounded) + 1023) << 52)
