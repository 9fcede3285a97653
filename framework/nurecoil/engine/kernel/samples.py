"""What one sample expects at a place, and what every one of its modifiers does there.

Formulas: :mod:`nurecoil.engine.channels` and :mod:`nurecoil.engine.modifiers`, which are the reference.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nurecoil.detectors.morph import LARGEST_EXPONENT
from nurecoil.engine.kernel import arrays as t
from nurecoil.engine.kernel._exponential import exponential
from nurecoil.engine.kernel.arrays import Arrays

__all__ = ["FAST", "Workspace", "add", "dot", "multiply", "sample_at", "workspace"]

Array = NDArray[np.float64]

FAST = {"reassoc", "contract", "nsz"}
"""Sums may be taken in any order; what is infinite or no number stays so."""


class Workspace(NamedTuple):
    """Room for the numbers of one channel at one place; nothing here lasts.

    Args:
        mean: expected contents of the channel, shape ``(bins,)``.
        residual: derivative of -log L by the contents.
        weight: weight of the Fisher matrix.
        loose: for whatever comes by.
        jacobian: shape ``(own parameters, bins)``.
        contents: template and shifts of the sample.
        gamma: its bin factors.
        filled: contents times bin factors.
        logs: logarithmic derivatives of its morph, shape ``(parameters, bins)``.
        factor: value, slope, second derivative and derivative of the product, shape ``(4, factors)``.
        shift: coefficient of the lean, its slope and bend, shape ``(3, shifts)``.
    """

    mean: Array
    residual: Array
    weight: Array
    loose: Array
    jacobian: Array
    contents: Array
    gamma: Array
    filled: Array
    logs: Array
    factor: Array
    shift: Array


@njit(nogil=True, error_model="numpy")
def workspace(size: NDArray[np.int64]) -> Workspace:
    """Room for a model."""
    bins = max(size[1], 1)
    lines = np.zeros((7, bins))
    return Workspace(
        lines[0],
        lines[1],
        lines[2],
        lines[3],
        np.zeros((max(size[2], 1), bins)),
        lines[4],
        lines[5],
        lines[6],
        np.zeros((max(size[3], 1), bins)),
        np.zeros((4, max(size[4], 1))),
        np.zeros((3, max(size[5], 1))),
    )


@njit(nogil=True, error_model="numpy", fastmath=FAST)
def dot(one: Array, other: Array) -> float:
    """Sum of products."""
    total = 0.0
    for i in range(one.shape[0]):
        total += one[i] * other[i]
    return total


@njit(nogil=True, error_model="numpy", fastmath=FAST)
def add(target: Array, scale: float, values: Array) -> None:
    """Add a multiple."""
    for i in range(values.shape[0]):
        target[i] += scale * values[i]


@njit(nogil=True, error_model="numpy", fastmath=FAST)
def multiply(target: Array, one: Array, other: Array) -> None:
    """Products, element by element."""
    for i in range(one.shape[0]):
        target[i] = one[i] * other[i]


@njit(nogil=True, error_model="numpy")
def sample_at(a: Arrays, w: Workspace, s: int, x: Array, active: NDArray[np.bool_]) -> tuple[float, bool]:
    """Fill the workspace with a sample at a place.

    Returns its factor, and whether it has an effect: a sample with a factor of zero that is not active has
    none, and the workspace is left as it is.
    """
    row = a.samples[s]
    factors = a.factors[row[t.FACTORS] : row[t.FACTORS_END]]
    product = _factors(factors, a.curves[row[t.FACTORS] :], w.factor, x)
    for k in range(factors.shape[0]):
        if w.factor[0, k] == 0.0 and not active[factors[k, t.OF]]:
            return product, False
    length = row[t.END] - row[t.BEGIN]
    counts = a.lines[row[t.CONTENTS] : row[t.CONTENTS] + length]
    filled = w.filled[:length]
    n = row[t.PULLS_END] - row[t.PULLS]
    if n > 0:
        pulls, centres = a.pulls[row[t.PULLS] : row[t.PULLS_END]], a.centres[row[t.PULLS] : row[t.PULLS_END]]
        slopes = a.lines[row[t.SLOPES] : row[t.SLOPES] + n * length]
        curvatures = a.lines[row[t.CURVATURES] : row[t.CURVATURES] + n * (n + 1) // 2 * length]
        _morph(pulls, centres, counts, slopes, curvatures, x, active, w.logs, w.loose[:length], filled)
        return product, True
    contents = w.contents[:length]
    for b in range(length):
        contents[b] = counts[b]
    for h in range(row[t.SHIFTS], row[t.SHIFTS_END]):
        pull, place = x[a.shifts[h, t.OF]], a.shifts[h, t.PLACE]
        k = h - row[t.SHIFTS]
        _shift(w.shift, k, pull, a.shifts[h, t.SMOOTH])
        add(contents, pull, a.lines[place : place + length])
        add(contents, w.shift[0, k], a.lines[place + length : place + 2 * length])
    if row[t.GAMMAS_END] == row[t.GAMMAS]:
        for b in range(length):
            filled[b] = contents[b]
        return product, True
    gamma = w.gamma[:length]
    for b in range(length):
        gamma[b] = 1.0
    for g in range(row[t.GAMMAS], row[t.GAMMAS_END]):
        for b in range(length):
            i = a.links[a.gammas[g] + b, t.OF]
            if i >= 0:
                gamma[b] *= x[i]
    multiply(filled, contents, gamma)
    return product, True


@njit(nogil=True, error_model="numpy")
def _factors(factors: NDArray[np.int64], curves: Array, found: Array, x: Array) -> float:
    """Values and derivatives of the factors of a sample; returns their product."""
    n = factors.shape[0]
    product = 1.0
    for k in range(n):
        u, order = x[factors[k, t.OF]], factors[k, t.ORDER]
        value, slope, bend = u, 1.0, 0.0
        if order > 1:
            bend = order * (order - 1.0)
            slope = 1.0 * order
            for _ in range(order - 2):
                bend *= u
            for _ in range(order - 1):
                slope *= u
                value *= u
        elif order == 0 and factors[k, t.SMOOTH] == 1 and abs(u) < 1.0:
            value, slope, bend = 0.0, 0.0, 0.0
            for m in range(6, 0, -1):
                c = curves[k, 1 + m]
                value = (value + c) * u
                slope = slope * u + m * c
                if m > 1:
                    bend = bend * u + m * (m - 1) * c
            value += 1.0
        elif order == 0:
            steep = -curves[k, 0] if u < 0.0 else curves[k, 1]
            value = math.exp(steep * u)
            slope = value * steep
            bend = slope * steep
        found[0, k], found[1, k], found[2, k] = value, slope, bend
        product *= value
    for k in range(n):
        others = found[1, k]
        for j in range(n):
            if j != k:
                others *= found[0, j]
        found[3, k] = others
    return product


@njit(nogil=True, error_model="numpy")
def _shift(found: Array, k: int, pull: float, smooth: int) -> None:
    """Coefficient of a shift's lean, with two derivatives."""
    square = pull * pull
    if smooth == 1 and square < 1.0:
        found[0, k] = square * (15.0 + square * (3.0 * square - 10.0))
        found[1, k] = pull * (30.0 + square * (18.0 * square - 40.0))
        found[2, k] = 30.0 + square * (90.0 * square - 120.0)
    else:
        sign = 0.0 if pull == 0.0 else math.copysign(1.0, pull)
        found[0, k], found[1, k], found[2, k] = 8.0 * abs(pull), 8.0 * sign, 0.0


@njit(nogil=True, error_model="numpy")
def _morph(
    pulls: NDArray[np.int64],
    centres: Array,
    counts: Array,
    slopes: Array,
    curvatures: Array,
    x: Array,
    active: NDArray[np.bool_],
    logs: Array,
    exponent: Array,
    contents: Array,
) -> None:
    """Contents of a morph, and its logarithmic derivatives by active parameters."""
    n, length = pulls.shape[0], counts.shape[0]
    for b in range(length):
        exponent[b] = 0.0
    pair = 0
    for i in range(n):
        shift = x[pulls[i, t.OF]] - centres[i]
        wanted = active[pulls[i, t.OF]] or shift != 0.0
        if wanted:
            for b in range(length):
                logs[i, b] = slopes[i * length + b]
        for j in range(i + 1):
            other = x[pulls[j, t.OF]] - centres[j]
            curvature = curvatures[pair * length : (pair + 1) * length]
            if wanted and other != 0.0:
                add(logs[i, :length], other, curvature)
            if j != i and shift != 0.0 and (active[pulls[j, t.OF]] or other != 0.0):
                add(logs[j, :length], shift, curvature)
            pair += 1
    for i in range(n):
        shift = 0.5 * (x[pulls[i, t.OF]] - centres[i])
        if shift != 0.0:
            add(exponent, shift, logs[i, :length])
            add(exponent, shift, slopes[i * length : (i + 1) * length])
    beyond = False
    for b in range(length):
        beyond |= abs(exponent[b]) > LARGEST_EXPONENT
    if beyond:  # contents stay put there, and so must their derivatives
        for b in range(length):
            if abs(exponent[b]) > LARGEST_EXPONENT:
                exponent[b] = math.copysign(LARGEST_EXPONENT, exponent[b])
                for i in range(n):
                    logs[i, b] = 0.0
    exponential(exponent)
    multiply(contents, counts, exponent)
