"""The two benchmark models in numba code written for nothing else: many toys, each fitted free and held.

One toy at a time stays in cache; value, gradient and Fisher matrix in one pass. The constants of the
likelihood are added at the end.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from .models_900 import Plain

__all__ = ["HandNumba"]

Array = NDArray[np.float64]
_FAST = nb.njit(nogil=True, fastmath=True, error_model="numpy")
_BINS = 900


class HandNumba:
    """Toys of one model.

    Args:
        model: the model; its start is where free fits begin.
    """

    def __init__(self, model: Plain) -> None:
        self.model = model
        rates, bins = model.templates.shape
        assert bins == _BINS
        table = np.zeros((rates, 10, bins))
        table[:, 0] = model.templates
        if model.start.size > rates:
            table[:, 1:4] = model.slope
            for k, (i, j) in enumerate([(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]):
                table[:, 4 + k] = model.curvature[:, i, j]
        used = np.zeros((rates, 2), dtype=np.int64)
        for row, template in enumerate(model.templates):
            filled = np.flatnonzero(template > 0)
            used[row] = filled[0], filled[-1] + 1
        self._shapes = (table.ravel(), used, np.resize(model.centre, 3))
        self._terms = (model.lower, model.upper, model.weight)

    def pairs(self, observed: Array, known: Array, held: int, at: float) -> tuple[Array, Array]:
        """Full -log L of every toy, free and with one coordinate held.

        Args:
            observed: contents ``(toys, bins)``.
            known: centres of the normal constraints ``(toys, n)``.
            held: which coordinate, a rate.
            at: where.
        """
        free, fixed = _pairs(observed, known, self.model.start, held, at, self._shapes, self._terms)
        weight = self.model.weight[self.model.weight > 0]
        constant = gammaln(observed + 1).sum(axis=1) - 0.5 * np.log(weight / (2 * math.pi)).sum()
        return free + constant, fixed + constant


@_FAST
def _pairs(observed, known, start, held, at, shapes, terms):  # type: ignore[no-untyped-def]
    toys = observed.shape[0]
    free, fixed = np.empty(toys), np.empty(toys)
    size, rates = start.size, shapes[1].shape[0]
    jacobian, weighted = np.zeros((size, _BINS)), np.empty((size, _BINS))
    for s in range(rates):
        jacobian[s] = shapes[0][10 * s * _BINS : (10 * s + 1) * _BINS]
    for toy in range(toys):
        x = start.copy()
        free[toy] = _minimise(x, -1, observed[toy], known[toy], shapes, terms, jacobian, weighted)
        x[held] = at
        fixed[toy] = _minimise(x, held, observed[toy], known[toy], shapes, terms, jacobian, weighted)
    return free, fixed


@_FAST
def _exp(x):  # type: ignore[no-untyped-def]
    """The exponential from -30 to 30: a polynomial of x/64, squared six times, in vector registers."""
    y = x * 0.015625
    p = 1 / 362880 + y * (1 / 3628800)
    p = 1 / 40320 + y * p
    p = 1 / 5040 + y * p
    p = 1 / 720 + y * p
    p = 1 / 120 + y * p
    p = 1 / 24 + y * p
    p = 1 / 6 + y * p
    p = 0.5 + y * p
    p = 1 + y * p
    p = 1 + y * p
    p *= p
    p *= p
    p *= p
    p *= p
    p *= p
    return p * p


@_FAST
def _fold(x, shapes, jacobian):  # type: ignore[no-untyped-def]
    """Morphed templates, and the derivatives of the sum by the response.

    One array in, one array out, at offsets from where the template begins: only so the loop is vectorised.
    """
    table, used, centre = shapes
    rates = used.shape[0]
    d0, d1, d2 = x[rates] - centre[0], x[rates + 1] - centre[1], x[rates + 2] - centre[2]
    for b in range(rates * _BINS, (rates + 3) * _BINS):
        jacobian[b] = 0.0
    for s in range(rates):
        first, rate = used[s, 0], x[s]
        t = table[10 * s * _BINS + first :]
        out = jacobian[s * _BINS + first :]
        j = jacobian[rates * _BINS + first :]
        for b in range(used[s, 1] - first):
            a0, a1, a2 = t[_BINS + b], t[2 * _BINS + b], t[3 * _BINS + b]
            c01, c02, c12 = t[7 * _BINS + b], t[8 * _BINS + b], t[9 * _BINS + b]
            b0 = t[4 * _BINS + b] * d0 + c01 * d1 + c02 * d2
            b1 = c01 * d0 + t[5 * _BINS + b] * d1 + c12 * d2
            b2 = c02 * d0 + c12 * d1 + t[6 * _BINS + b] * d2
            exponent = d0 * (a0 + 0.5 * b0) + d1 * (a1 + 0.5 * b1) + d2 * (a2 + 0.5 * b2)
            content = t[b] * _exp(min(max(exponent, -30.0), 30.0))
            out[b] = content
            content *= rate
            j[b] += content * (a0 + b0)
            j[_BINS + b] += content * (a1 + b1)
            j[2 * _BINS + b] += content * (a2 + b2)


@_FAST
def _evaluate(x, n, known, shapes, weight, jacobian, weighted, gradient, fisher):  # type: ignore[no-untyped-def]
    size, rates, bins = x.size, shapes[1].shape[0], _BINS
    if size > rates:
        _fold(x, shapes, jacobian.ravel())
    mean, value = np.zeros(bins), 0.0
    for s in range(rates):
        row, rate = jacobian[s], x[s]
        for b in range(bins):
            mean[b] += rate * row[b]
    for b in range(bins):
        value += mean[b] - n[b] * math.log(mean[b])
    inverse = 1 / mean
    for i in range(size):
        row, out, total = jacobian[i], weighted[i], 0.0
        for b in range(bins):
            out[b] = row[b] * inverse[b]
            total += row[b] - n[b] * out[b]
        pull = x[i] - known[i]
        gradient[i] = total + weight[i] * pull
        value += 0.5 * weight[i] * pull * pull
    np.dot(weighted, jacobian.T, fisher)
    for i in range(size):
        fisher[i, i] += weight[i]
    return value


@_FAST
def _minimise(x, held, n, known, shapes, terms, jacobian, weighted):  # type: ignore[no-untyped-def]
    lower, upper, weight = terms
    size = x.size
    gradient, fisher = np.empty(size), np.empty((size, size))
    value = _evaluate(x, n, known, shapes, weight, jacobian, weighted, gradient, fisher)
    tried, tried_gradient, tried_fisher = np.empty(size), np.empty(size), np.empty((size, size))
    for _ in range(50):
        step = _step(gradient, fisher, x, lower, upper, held)
        descent = 0.0
        for i in range(size):
            descent += gradient[i] * step[i]
        if -0.5 * descent < 1e-9:
            return value
        length = 1.0
        while True:
            for i in range(size):
                tried[i] = x[i] + length * step[i]
            new = _evaluate(tried, n, known, shapes, weight, jacobian, weighted, tried_gradient, tried_fisher)
            if new <= value + 1e-9 or length < 1e-6:
                break
            length *= 0.4
        x[:], value = tried, new
        gradient, tried_gradient = tried_gradient, gradient
        fisher, tried_fisher = tried_fisher, fisher
    return np.nan


@_FAST
def _step(gradient, fisher, x, lower, upper, held):  # type: ignore[no-untyped-def]
    """Newton's step by Cholesky's factors; coordinates that would leave the box go to its wall."""
    size = x.size
    step, free = np.zeros(size), np.empty(size, dtype=np.bool_)
    for i in range(size):
        outward = (x[i] <= lower[i] and gradient[i] >= 0) or (x[i] >= upper[i] and gradient[i] <= 0)
        free[i] = i != held and not outward
    root, right = np.empty((size, size)), np.empty(size)
    while True:
        for i in range(size):
            if not free[i]:
                for j in range(i):
                    root[i, j] = 0.0
                root[i, i], right[i] = 1.0, step[i]
                continue
            total = -gradient[i]
            for j in range(size):
                if not free[j]:
                    total -= fisher[i, j] * step[j]
            for j in range(i + 1):
                entry = fisher[i, j] if free[j] else 0.0
                for k in range(j):
                    entry -= root[i, k] * root[j, k]
                if i == j:
                    root[i, i] = math.sqrt(entry)
                else:
                    root[i, j] = entry / root[j, j]
            right[i] = total
        for i in range(size):
            total = right[i]
            for j in range(i):
                total -= root[i, j] * right[j]
            right[i] = total / root[i, i]
        for i in range(size - 1, -1, -1):
            total = right[i]
            for j in range(i + 1, size):
                total -= root[j, i] * right[j]
            right[i] = total / root[i, i]
        stopped = False
        for i in range(size):
            if free[i]:
                step[i] = right[i]
                if x[i] + right[i] < lower[i]:
                    step[i], free[i], stopped = lower[i] - x[i], False, True
                elif x[i] + right[i] > upper[i]:
                    step[i], free[i], stopped = upper[i] - x[i], False, True
        if not stopped:
            return step
