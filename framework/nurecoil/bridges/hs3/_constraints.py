"""Constraints as distributions of an HS3 document, so that RooFit and pyhs3 count each exactly once.

Both take a unit normal constraint with every ``normsys`` and ``histosys``, and pyhs3 cannot be told not to.
A pull that is constrained otherwise gets a Poisson distribution that saw nothing and expected ``C - pull**2
/ 2``: its likelihood takes the implied constraint back, and what is known about the pull stands beside it.
pyhs3 has no joint normal distribution, so that one is written as unit normal measurements of whitened sums.
Modifiers and channels are written elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from nurecoil.bridges.hs3._functions import Functions
from nurecoil.bridges.hs3._names import Names
from nurecoil.errors import ModelError
from nurecoil.model.modifiers import BinFactors
from nurecoil.model.parameters import (
    Constraint,
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
)
from nurecoil.model.spectral import SpectralModel

__all__ = ["IMPLIED", "LEVEL", "Constraints", "whitened"]

Array = NDArray[np.float64]
Json = dict[str, Any]

IMPLIED = GaussianConstraint(0.0, 1.0)
"""What every ``normsys`` and ``histosys`` brings along."""

LEVEL = 200.0
"""What is expected at a pull of 0 where an implied constraint is taken back: enough for pulls up to 20."""


@dataclass
class Constraints:
    """Constraints in the making.

    Args:
        model: the model, as it is written.
        names: the document's names.
        functions: the document's functions.
        written: the distributions in order.
        released: pull to the distribution that takes its implied constraint back.
        joint: distributions of every joint constraint of several parameters, in order.
    """

    model: SpectralModel
    names: Names
    functions: Functions
    written: list[Json] = field(default_factory=list)
    released: dict[str, str] = field(default_factory=dict)
    joint: list[tuple[CovarianceConstraint, list[str]]] = field(default_factory=list)

    def write(self) -> None:
        """Write every constraint: those of single parameters in their order, then joint ones.

        Raises:
            ModelError: where a covariance matrix is not positive definite.
        """
        pulls = {
            modifier.parameter
            for channel in self.model.channels
            for sample in channel.samples
            for modifier in sample.modifiers
            if not isinstance(modifier, BinFactors)
        }
        further: dict[str, list[Constraint]] = {}
        for joint in self.model.constraints:
            if len(joint.names) == 1:
                further.setdefault(joint.names[0], []).append(_single(joint))
        for public, parameter in self.model.parameters.items():
            own = parameter.constraint
            if public in pulls and own != IMPLIED:
                self._release(public)
            elif public in pulls:
                own = None
            for constraint in [own, *further.get(public, [])]:
                if constraint is not None:
                    self._write(public, constraint)
        for joint in self.model.constraints:
            if len(joint.names) > 1:
                self.joint.append((joint, self._rows(joint)))

    def _write(self, public: str, constraint: Constraint) -> None:
        parameter = self.names.parameter(public)
        name = self.names.fresh(f"{parameter}_constraint")
        if isinstance(constraint, GaussianConstraint):
            seen = self.functions.nominal(name, constraint.centre)
            width = self.functions.number(f"{name}_sigma", constraint.width)
            self._normal(name, seen, parameter, width)
        elif isinstance(constraint, LogNormalConstraint):
            logs = {k: self.functions.number(f"{name}_{k}", value) for k, value in _logs(constraint).items()}
            self.written.append({"name": name, "type": "lognormal_dist", "x": parameter, **logs})
        else:
            mean = parameter
            if constraint.scale != 1:
                mean = self.functions.term(f"{name}_mean", constraint.scale, {public: 1})
            self._poisson(name, self.functions.nominal(name, constraint.count), mean)

    def _release(self, public: str) -> None:
        """Take back the constraint that modifiers of a pull imply."""
        name = self.names.fresh(f"{self.names.parameter(public)}_released")
        level = self.functions.term(f"{name}_level", LEVEL, {})
        square = self.functions.term(f"{name}_square", -0.5, {public: 2})
        self._poisson(name, 0.0, self.functions.sum(f"{name}_mean", [level, square]))
        self.released[public] = name

    def _rows(self, joint: CovarianceConstraint) -> list[str]:
        """Unit normal measurements of sums that together are the joint one."""
        rows = whitened(joint)
        centre = np.array(joint.centre)
        made = []
        for i, row in enumerate(rows):
            name = self.names.fresh(f"joint_{len(self.joint)}_row_{i}")
            terms = [
                self.functions.term(f"{name}_{self.names.parameter(public)}", weight, {public: 1})
                for public, weight in zip(joint.names, row.tolist(), strict=True)
                if weight
            ]
            seen = self.functions.nominal(name, float(row @ centre))
            self._normal(name, seen, self.functions.sum(f"{name}_mean", terms), 1.0)
            made.append(name)
        return made

    def _normal(self, name: str, x: str, mean: str, sigma: str | float) -> None:
        self.written.append({"name": name, "type": "gaussian_dist", "x": x, "mean": mean, "sigma": sigma})

    def _poisson(self, name: str, x: str | float, mean: str) -> None:
        self.written.append({"name": name, "type": "poisson_dist", "x": x, "mean": mean, "integer": False})


def whitened(joint: CovarianceConstraint) -> Array:
    """Rows of weights whose sums of parameters are independent and have unit variance.

    Args:
        joint: a joint normal constraint.

    Returns:
        The inverse of the covariance's lower Cholesky factor, shape ``(n, n)``.

    Raises:
        ModelError: where the covariance is not positive definite.

    Example:
        >>> whitened(CovarianceConstraint(("a", "b"), (1.0, 1.0), ((4.0, 0.0), (0.0, 0.25)))).tolist()
        [[0.5, 0.0], [0.0, 2.0]]
    """
    covariance = np.array(joint.covariance)
    try:
        root = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        raise ModelError(
            f"covariance constraint of {', '.join(joint.names)}",
            f"smallest eigenvalue {np.linalg.eigvalsh(covariance)[0]:.3g}",
            "a positive definite matrix",
        ) from None
    rows: Array = solve_triangular(root, np.eye(len(root)), lower=True)
    return rows + 0.0


def _single(joint: CovarianceConstraint) -> GaussianConstraint:
    """A joint constraint of one parameter as what it is."""
    variance = joint.covariance[0][0]
    if not variance > 0:
        raise ModelError(f"covariance constraint of {joint.names[0]}", f"variance {variance:g}", "above 0")
    return GaussianConstraint(joint.centre[0], math.sqrt(variance))


def _logs(constraint: LogNormalConstraint) -> dict[str, float]:
    """Logarithms of a log-normal constraint, which is a density of the parameter for both tools.

    Its factor ``1 / x`` moves the centre by the width squared and is a constant otherwise. Logarithms are
    taken until they stay what they are when the numbers are read back from them.
    """
    sigma = _settled(math.log(constraint.factor), lambda width: math.log(math.exp(width)))
    shift = sigma**2
    start = math.log(constraint.centre) + shift
    mu = _settled(start, lambda middle: math.log(math.exp(middle - shift)) + shift)
    return {"mu": mu, "sigma": sigma}


def _settled(start: float, again: Callable[[float], float]) -> float:
    """Where going there and back leads; of several that it goes around in, the least."""
    seen: list[float] = []
    value = start
    while value not in seen:
        seen.append(value)
        value = again(value)
    return min(seen[seen.index(value) :])
