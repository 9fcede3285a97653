"""Value, gradient and Fisher matrix of a model for one data set, in one pass over its channels.

The reference in numpy is :class:`nurecoil.engine.compiled.CompiledModel`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nurecoil.engine.kernel import arrays as t
from nurecoil.engine.kernel.arrays import Arrays
from nurecoil.engine.kernel.samples import FAST, Workspace, add, dot, multiply, sample_at

__all__ = ["constant", "evaluate", "expectation", "other_gammas", "project"]

Array = NDArray[np.float64]


@njit(nogil=True, error_model="numpy")
def expectation(a: Arrays, w: Workspace, c: int, x: Array, active: NDArray[np.bool_]) -> None:
    """Fill the workspace with a channel's expected contents and its Jacobian by active parameters."""
    for b in range(a.channels[c, t.BINS_END] - a.channels[c, t.BINS]):
        w.mean[b] = 0.0
    own = a.own[a.channels[c, t.OWN] : a.channels[c, t.OWN_END]]
    for i in range(own.shape[0]):
        for b in range(own[i, t.FIRST], own[i, t.LAST]):
            w.jacobian[i, b] = 0.0
    for s in range(a.channels[c, t.SAMPLES], a.channels[c, t.SAMPLES_END]):
        factor, felt = sample_at(a, w, s, x, active)
        if not felt:
            continue
        row = a.samples[s]
        low, high = row[t.BEGIN], row[t.END]
        filled = w.filled[: high - low]
        add(w.mean[low:high], factor, filled)
        for f in range(row[t.FACTORS], row[t.FACTORS_END]):
            if active[a.factors[f, t.OF]]:
                add(w.jacobian[a.factors[f, t.ROW], low:high], w.factor[3, f - row[t.FACTORS]], filled)
        for m in range(row[t.PULLS], row[t.PULLS_END]):
            if active[a.pulls[m, t.OF]]:
                logs = w.logs[m - row[t.PULLS], : high - low]
                _add_product(w.jacobian[a.pulls[m, t.ROW], low:high], factor, filled, logs)
        if row[t.SHIFTS_END] > row[t.SHIFTS] or row[t.GAMMAS_END] > row[t.GAMMAS]:
            _add_modifiers(a, w, row, x, factor)


@njit(nogil=True, error_model="numpy", fastmath=FAST)
def _add_product(target: Array, scale: float, one: Array, other: Array) -> None:
    for i in range(one.shape[0]):
        target[i] += scale * one[i] * other[i]


@njit(nogil=True, error_model="numpy")
def _add_modifiers(a: Arrays, w: Workspace, row: NDArray[np.int64], x: Array, factor: float) -> None:
    """Derivatives by the pulls of shifts and by bin factors; such samples fill their whole channel."""
    length = row[t.END]
    gammas = row[t.GAMMAS_END] > row[t.GAMMAS]
    for h in range(row[t.SHIFTS], row[t.SHIFTS_END]):
        place, slope = a.shifts[h, t.PLACE], w.shift[1, h - row[t.SHIFTS]]
        target = w.jacobian[a.shifts[h, t.ROW]]
        for b in range(length):
            change = factor * (a.lines[place + b] + slope * a.lines[place + length + b])
            target[b] += change * w.gamma[b] if gammas else change
    for g in range(row[t.GAMMAS], row[t.GAMMAS_END]):
        for b in range(length):
            i = a.links[a.gammas[g] + b, t.ROW]
            if i >= 0:
                w.jacobian[i, b] += factor * w.contents[b] * other_gammas(a, row, g, g, b, x)


@njit(nogil=True, error_model="numpy")
def other_gammas(a: Arrays, row: NDArray[np.int64], one: int, two: int, b: int, x: Array) -> float:
    """Product of a bin's factors without those of two sets."""
    product = 1.0
    for g in range(row[t.GAMMAS], row[t.GAMMAS_END]):
        i = a.links[a.gammas[g] + b, t.OF]
        if g != one and g != two and i >= 0:
            product *= x[i]
    return product


@njit(nogil=True, error_model="numpy")
def evaluate(
    a: Arrays,
    w: Workspace,
    observed: Array,
    auxiliary: Array,
    x: Array,
    active: NDArray[np.bool_],
    gradient: Array,
    fisher: Array,
) -> float:
    """-log L without its constant, with gradient and Fisher matrix of the active parameters.

    Infinite where the model is not defined.
    """
    for i in range(x.shape[0]):
        gradient[i] = 0.0
        for j in range(x.shape[0]):
            fisher[i, j] = 0.0
    value = _constraints(a, auxiliary, x, gradient, fisher)
    for c in range(a.channels.shape[0]):
        if not value < math.inf:
            return math.inf
        expectation(a, w, c, x, active)
        begin, end = a.channels[c, t.BINS], a.channels[c, t.BINS_END]
        if a.channels[c, t.GAUSSIAN] == 1:
            value += _gaussian(w.mean, w.residual, w.weight, observed[begin:end], a.widths[begin:end])
        else:
            value += _poisson(w.mean, w.residual, w.weight, observed[begin:end])
        own = a.own[a.channels[c, t.OWN] : a.channels[c, t.OWN_END]]
        for i in range(own.shape[0]):
            if not active[own[i, t.PARAMETER]]:
                continue
            low, high = own[i, t.FIRST], own[i, t.LAST]
            gradient[own[i, t.PARAMETER]] += dot(w.jacobian[i, low:high], w.residual[low:high])
        project(own, active, w.jacobian, w.weight, w.loose, fisher)
    return value if value < math.inf else math.inf


@njit(nogil=True, error_model="numpy")
def _gaussian(mean: Array, residual: Array, weight: Array, observed: Array, width: Array) -> float:
    total = 0.0
    for b in range(observed.shape[0]):
        weight[b] = 1.0 / (width[b] * width[b])
        shift = mean[b] - observed[b]
        residual[b] = shift * weight[b]
        total += 0.5 * shift * residual[b]
    return total


@njit(nogil=True, error_model="numpy")
def _poisson(mean: Array, residual: Array, weight: Array, observed: Array) -> float:
    """Poisson -log L over the saturated one, which large counts do not round away."""
    total = 0.0
    for b in range(observed.shape[0]):
        expected, count = mean[b], observed[b]
        if expected > 0.0:
            inverse = 1.0 / expected
            weight[b] = inverse
            residual[b] = 1.0 - count * inverse
            if count > 0.0:
                excess = (expected - count) / count
                log = math.log1p(excess) if excess > -0.5 else math.log(expected / count)
                total += count * (excess - log)
            else:
                total += expected
        elif expected == 0.0 and count == 0.0:
            weight[b] = 0.0
            residual[b] = 1.0
        else:
            total = math.inf
    return total


@njit(nogil=True, error_model="numpy")
def project(
    own: NDArray[np.int64],
    active: NDArray[np.bool_],
    jacobian: Array,
    weight: Array,
    loose: Array,
    total: Array,
) -> None:
    """Add a channel's squared Jacobian; every product over the bins that both parameters move."""
    for i in range(own.shape[0]):
        if not active[own[i, t.PARAMETER]]:
            continue
        low, high = own[i, t.FIRST], own[i, t.LAST]
        multiply(loose[low:high], jacobian[i, low:high], weight[low:high])
        p = own[i, t.PARAMETER]
        for j in range(i + 1):
            left, right = max(low, own[j, t.FIRST]), min(high, own[j, t.LAST])
            if left < right and active[own[j, t.PARAMETER]]:
                q = own[j, t.PARAMETER]
                found = dot(loose[left:right], jacobian[j, left:right])
                total[p, q] += found
                if p != q:
                    total[q, p] += found


@njit(nogil=True, error_model="numpy")
def _constraints(a: Arrays, auxiliary: Array, x: Array, gradient: Array, fisher: Array) -> float:
    total = 0.0
    for k in range(a.terms.shape[0]):
        i, scale, measured = a.terms[k, t.OF], a.scales[k], auxiliary[a.terms[k, t.AT]]
        kind = a.terms[k, t.KIND]
        if kind == t.NORMAL:
            pull = (x[i] - measured) / scale
            total += 0.5 * pull * pull
            gradient[i] += pull / scale
            fisher[i, i] += 1.0 / (scale * scale)
        elif kind == t.POISSON and x[i] == 0.0 and measured == 0.0:
            gradient[i] += scale
        elif not x[i] > 0.0:
            return math.inf
        elif kind == t.POISSON:
            total += scale * x[i] - measured * math.log(scale * x[i])
            gradient[i] += scale - measured / x[i]
            fisher[i, i] += scale / x[i]
        else:
            pull = (math.log(x[i]) - math.log(measured)) / scale
            total += 0.5 * pull * pull
            gradient[i] += pull / (scale * x[i])
            fisher[i, i] += 1.0 / (scale * x[i]) ** 2
    for j in range(a.joints.shape[0]):
        members = a.members[a.joints[j, t.MEMBERS] : a.joints[j, t.MEMBERS_END]]
        at, size = a.joints[j, t.JOINT_AT], members.shape[0]
        for k in range(size):
            weights = a.lines[a.joints[j, t.JOINT_PLACE] + k * size :]
            slope = 0.0
            for m in range(size):
                slope += weights[m] * (x[members[m]] - auxiliary[at + m])
                fisher[members[k], members[m]] += weights[m]
            gradient[members[k]] += slope
            total += 0.5 * slope * (x[members[k]] - auxiliary[at + k])
    return total


@njit(nogil=True, error_model="numpy")
def constant(a: Arrays, observed: Array, auxiliary: Array) -> float:
    """The part of -log L that a data set fixes."""
    total = float(a.constant[0])
    for c in range(a.channels.shape[0]):
        if a.channels[c, t.GAUSSIAN] == 0:
            for b in range(a.channels[c, t.BINS], a.channels[c, t.BINS_END]):
                total += _saturated(observed[b])
    for k in range(a.terms.shape[0]):
        measured = auxiliary[a.terms[k, t.AT]]
        if a.terms[k, t.KIND] == t.POISSON:
            total += math.lgamma(measured + 1.0)
        elif a.terms[k, t.KIND] == t.LOG_NORMAL:
            total += math.log(a.scales[k] * measured) + 0.5 * math.log(2.0 * math.pi)
    return total


@njit(nogil=True, error_model="numpy")
def _saturated(n: float) -> float:
    """-log of the Poisson probability of n where n is expected; Stirling's series from 16 on."""
    if n == 0.0:
        return 0.0
    if n < 16.0:
        return math.lgamma(n + 1.0) + n - n * math.log(n)
    v = 1.0 / n
    u = v * v
    series = v * (1.0 / 12.0 - u * (1.0 / 360.0 - u * (1.0 / 1260.0 - u * (1.0 / 1680.0 - u / 1188.0))))
    return 0.5 * math.log(2.0 * math.pi * n) + series
