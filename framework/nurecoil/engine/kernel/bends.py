"""Second derivatives of -log L at a place, all in closed form.

The reference in numpy is :meth:`nurecoil.engine.compiled.CompiledModel.information`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nurecoil.engine.kernel import arrays as t
from nurecoil.engine.kernel.arrays import Arrays
from nurecoil.engine.kernel.likelihood import expectation, other_gammas, project
from nurecoil.engine.kernel.samples import FAST, Workspace, dot, multiply, sample_at

__all__ = ["information"]

Array = NDArray[np.float64]


@njit(nogil=True, error_model="numpy")
def information(
    a: Arrays,
    w: Workspace,
    observed: Array,
    auxiliary: Array,
    x: Array,
    active: NDArray[np.bool_],
    total: Array,
) -> None:
    """Fill ``total``, shape ``(parameters, parameters)``, with the second derivatives by active parameters.

    Rows and columns of the others hold numbers of no use.
    """
    for i in range(x.shape[0]):
        for j in range(x.shape[0]):
            total[i, j] = 0.0
    _constraints(a, auxiliary, x, total)
    for c in range(a.channels.shape[0]):
        expectation(a, w, c, x, active)
        begin, end = a.channels[c, t.BINS], a.channels[c, t.BINS_END]
        for b in range(end - begin):
            expected, count = w.mean[b], observed[begin + b]
            if a.channels[c, t.GAUSSIAN] == 1:
                w.weight[b] = 1.0 / (a.widths[begin + b] * a.widths[begin + b])
                w.residual[b] = (expected - count) * w.weight[b]
            elif expected > 0.0:
                w.weight[b] = count / (expected * expected)
                w.residual[b] = 1.0 - count / expected
            else:
                w.weight[b], w.residual[b] = 0.0, 1.0
        own = a.own[a.channels[c, t.OWN] : a.channels[c, t.OWN_END]]
        project(own, active, w.jacobian, w.weight, w.loose, total)
        for s in range(a.channels[c, t.SAMPLES], a.channels[c, t.SAMPLES_END]):
            factor, felt = sample_at(a, w, s, x, active)
            if not felt:
                continue
            row = a.samples[s]
            _factors(a, w, row, total)
            if row[t.PULLS_END] > row[t.PULLS]:
                _morph(a, w, row, active, factor, total)
            else:
                _modifiers(a, w, row, x, factor, total)


@njit(nogil=True, error_model="numpy")
def _both(total: Array, p: int, q: int, value: float) -> None:
    total[p, q] += value
    total[q, p] += value


@njit(nogil=True, error_model="numpy")
def _once(total: Array, p: int, q: int, value: float) -> None:
    """Add a symmetric pair that was counted once: its diagonal stands for itself."""
    total[p, q] += value
    if p != q:
        total[q, p] += value


@njit(nogil=True, error_model="numpy")
def _factors(a: Arrays, w: Workspace, row: NDArray[np.int64], total: Array) -> None:
    """Factors of a sample among themselves."""
    load = dot(w.filled[: row[t.END] - row[t.BEGIN]], w.residual[row[t.BEGIN] : row[t.END]])
    of = a.factors[row[t.FACTORS] : row[t.FACTORS_END], t.OF]
    for f in range(of.shape[0]):
        for g in range(f + 1):
            product = load
            for k in range(of.shape[0]):
                if k != f and k != g:
                    product *= w.factor[0, k]
            if f == g:
                total[of[f], of[f]] += product * w.factor[2, f]
            else:
                _both(total, of[f], of[g], product * w.factor[1, f] * w.factor[1, g])


@njit(nogil=True, error_model="numpy")
def _morph(
    a: Arrays, w: Workspace, row: NDArray[np.int64], active: NDArray[np.bool_], factor: float, total: Array
) -> None:
    """The parameters of a morph among themselves and with the factors."""
    length = row[t.END] - row[t.BEGIN]
    loaded = w.loose[:length]
    multiply(loaded, w.residual[row[t.BEGIN] : row[t.END]], w.filled[:length])
    of = a.pulls[row[t.PULLS] : row[t.PULLS_END], t.OF]
    place = row[t.CURVATURES]
    for i in range(of.shape[0]):
        if not active[of[i]]:
            place += (i + 1) * length
            continue
        steep = dot(loaded, w.logs[i, :length])
        for f in range(row[t.FACTORS], row[t.FACTORS_END]):
            _both(total, a.factors[f, t.OF], of[i], w.factor[3, f - row[t.FACTORS]] * steep)
        for j in range(i + 1):
            if active[of[j]]:
                bend = dot(loaded, a.lines[place : place + length])
                bend += _triple(loaded, w.logs[i, :length], w.logs[j, :length])
                _once(total, of[i], of[j], factor * bend)
            place += length


@njit(nogil=True, error_model="numpy", fastmath=FAST)
def _triple(one: Array, two: Array, three: Array) -> float:
    total = 0.0
    for b in range(one.shape[0]):
        total += one[b] * two[b] * three[b]
    return total


@njit(nogil=True, error_model="numpy")
def _modifiers(
    a: Arrays, w: Workspace, row: NDArray[np.int64], x: Array, factor: float, total: Array
) -> None:
    """Shifts and bin factors with everything; such samples fill their whole channel."""
    length, begin = row[t.END], row[t.FACTORS]
    gammas = row[t.GAMMAS_END] > row[t.GAMMAS]
    for h in range(row[t.SHIFTS], row[t.SHIFTS_END]):
        k, place, p = h - row[t.SHIFTS], a.shifts[h, t.PLACE], a.shifts[h, t.OF]
        steep, bent = 0.0, 0.0
        for b in range(length):
            weight = w.residual[b] * (w.gamma[b] if gammas else 1.0)
            lean = a.lines[place + length + b]
            steep += weight * (a.lines[place + b] + w.shift[1, k] * lean)
            bent += weight * lean
        total[p, p] += factor * w.shift[2, k] * bent
        for f in range(begin, row[t.FACTORS_END]):
            _both(total, a.factors[f, t.OF], p, w.factor[3, f - begin] * steep)
    for g in range(row[t.GAMMAS], row[t.GAMMAS_END]):
        for b in range(length):
            p = a.links[a.gammas[g] + b, t.OF]
            if p < 0:
                continue
            others = other_gammas(a, row, g, g, b, x) * w.residual[b]
            for f in range(begin, row[t.FACTORS_END]):
                _both(total, a.factors[f, t.OF], p, w.factor[3, f - begin] * others * w.contents[b])
            for h in range(row[t.SHIFTS], row[t.SHIFTS_END]):
                place = a.shifts[h, t.PLACE] + b
                slope = a.lines[place] + w.shift[1, h - row[t.SHIFTS]] * a.lines[place + length]
                _both(total, a.shifts[h, t.OF], p, factor * others * slope)
            for k in range(row[t.GAMMAS], g):
                q = a.links[a.gammas[k] + b, t.OF]
                if q >= 0:
                    rest = other_gammas(a, row, g, k, b, x) * w.residual[b]
                    _both(total, p, q, factor * w.contents[b] * rest)


@njit(nogil=True, error_model="numpy")
def _constraints(a: Arrays, auxiliary: Array, x: Array, total: Array) -> None:
    for k in range(a.terms.shape[0]):
        i, scale, measured = a.terms[k, t.OF], a.scales[k], auxiliary[a.terms[k, t.AT]]
        kind = a.terms[k, t.KIND]
        if kind == t.NORMAL:
            total[i, i] += 1.0 / (scale * scale)
        elif kind == t.POISSON and x[i] > 0.0:
            total[i, i] += measured / (x[i] * x[i])
        elif x[i] > 0.0:
            pull = (math.log(x[i]) - math.log(measured)) / scale
            total[i, i] += (1.0 - pull * scale) / (scale * x[i]) ** 2
    for j in range(a.joints.shape[0]):
        members = a.members[a.joints[j, t.MEMBERS] : a.joints[j, t.MEMBERS_END]]
        place, size = a.joints[j, t.JOINT_PLACE], members.shape[0]
        for k in range(size):
            for m in range(size):
                total[members[k], members[m]] += a.lines[place + k * size + m]
