"""Constraint terms compiled to arrays: value, gradient and Fisher matrix of the auxiliary data."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from nurecoil.engine.data import auxiliary_parameters
from nurecoil.errors import ModelError
from nurecoil.model.parameters import (
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    PoissonConstraint,
)
from nurecoil.model.spectral import SpectralModel

__all__ = ["CompiledConstraints"]

Array = NDArray[np.float64]
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


class CompiledConstraints:
    """Every constraint of a model. Constrained parameters are always fitted in power one.

    Args:
        model: the model; constraints of fixed parameters are kept as constants of the likelihood.
        index: position of every parameter by name.

    Raises:
        ModelError: where a covariance matrix is not positive definite.
    """

    def __init__(self, model: SpectralModel, index: Mapping[str, int]) -> None:
        self._size = len(index)
        gaussian: list[tuple[int, float, float]] = []
        self._normal: list[int] = []
        self._other: list[int] = []
        self._others: list[tuple[int, LogNormalConstraint | PoissonConstraint]] = []
        for at, (name, constraint) in enumerate(auxiliary_parameters(model)):
            if isinstance(constraint, GaussianConstraint):
                gaussian.append((index[name], constraint.centre, constraint.width))
                self._normal.append(at)
            else:
                self._others.append((index[name], constraint))
                self._other.append(at)
        self._where = np.array([row[0] for row in gaussian], dtype=np.intp)
        self._centre = np.array([row[1] for row in gaussian])
        self._width = np.array([row[2] for row in gaussian])
        self._constant = float(np.log(self._width).sum()) + _HALF_LOG_2PI * len(gaussian)
        self._joint = [_joint(constraint, index) for constraint in model.constraints]
        self._constant += sum(constant for *_, constant in self._joint)

    def with_measured(self, measured: Array) -> CompiledConstraints:
        """The same with other measurements, in the order of :class:`nurecoil.engine.data.DataSets`."""
        made = copy.copy(self)
        made._centre = measured[self._normal]
        made._others = []
        for (i, constraint), at in zip(self._others, self._other, strict=True):
            value = float(measured[at])
            if isinstance(constraint, PoissonConstraint):
                made._others.append((i, dataclasses.replace(constraint, count=value)))
            else:
                made._others.append((i, dataclasses.replace(constraint, centre=value)))
        made._joint, place = [], len(self._normal) + len(self._other)
        for where, _, weight, constant in self._joint:
            made._joint.append((where, measured[place : place + where.size], weight, constant))
            place += where.size
        return made

    def value(self, position: Array) -> float:
        """Negative log-likelihood of the auxiliary data, constants included."""
        pull = (position[self._where] - self._centre) / self._width
        total = 0.5 * float(pull @ pull) + self._constant
        for where, centre, weight, _ in self._joint:
            shift = position[where] - centre
            total += 0.5 * float(shift @ weight @ shift)
        for i, constraint in self._others:
            total += _other(constraint, float(position[i]))[0]
        return total

    def evaluate(self, position: Array) -> tuple[float, Array, Array]:
        """Value, gradient ``(n,)`` and Fisher matrix ``(n, n)``."""
        gradient = np.zeros(self._size)
        fisher = np.zeros((self._size, self._size))
        pull = (position[self._where] - self._centre) / self._width
        total = 0.5 * float(pull @ pull) + self._constant
        gradient[self._where] += pull / self._width
        fisher[self._where, self._where] += 1 / self._width**2
        for where, centre, weight, _ in self._joint:
            shift = position[where] - centre
            slope = weight @ shift
            total += 0.5 * float(shift @ slope)
            gradient[where] += slope
            fisher[np.ix_(where, where)] += weight
        for i, constraint in self._others:
            value, slope_, curvature = _other(constraint, float(position[i]))
            total += value
            gradient[i] += slope_
            fisher[i, i] += curvature
        return total, gradient, fisher

    def information(self, position: Array) -> Array:
        """Second derivatives of the value, shape ``(n, n)``; :meth:`evaluate` has what to expect of them."""
        total = self.evaluate(position)[2]
        for i, constraint in self._others:
            value = float(position[i])
            expected = _other(constraint, value)[2]
            total[i, i] += _bend(constraint, value) - expected
        return total


def _joint(
    constraint: CovarianceConstraint, index: Mapping[str, int]
) -> tuple[NDArray[np.intp], Array, Array, float]:
    covariance = np.asarray(constraint.covariance, float)
    names = ", ".join(constraint.names)
    try:
        root = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        raise ModelError(
            f"covariance constraint of {names}",
            f"smallest eigenvalue {np.linalg.eigvalsh(covariance)[0]:.3g}",
            "a positive definite matrix",
        ) from None
    where = np.array([index[name] for name in constraint.names], dtype=np.intp)
    constant = float(np.log(np.diag(root)).sum()) + _HALF_LOG_2PI * where.size
    return where, np.asarray(constraint.centre, float), np.linalg.inv(covariance), constant


def _other(constraint: LogNormalConstraint | PoissonConstraint, value: float) -> tuple[float, float, float]:
    """Value, slope and expected curvature of a constraint that is not normal in its parameter."""
    if value == 0 and isinstance(constraint, PoissonConstraint) and constraint.count == 0:
        return 0.0, constraint.scale, 0.0
    if not value > 0:
        return math.inf, 0.0, 0.0
    if isinstance(constraint, LogNormalConstraint):
        width = math.log(constraint.factor)
        pull = (math.log(value) - math.log(constraint.centre)) / width
        constant = math.log(width * constraint.centre) + _HALF_LOG_2PI
        return 0.5 * pull**2 + constant, pull / (width * value), 1 / (width * value) ** 2
    expected = constraint.scale * value
    constant = float(gammaln(constraint.count + 1))
    return (
        expected - constraint.count * math.log(expected) + constant,
        constraint.scale - constraint.count / value,
        constraint.scale / value,
    )


def _bend(constraint: LogNormalConstraint | PoissonConstraint, value: float) -> float:
    """Second derivative of a constraint that is not normal in its parameter."""
    if not value > 0:
        return 0.0
    if isinstance(constraint, PoissonConstraint):
        return constraint.count / value**2
    width = math.log(constraint.factor)
    pull = (math.log(value) - math.log(constraint.centre)) / width
    return (1 - pull * width) / (width * value) ** 2
