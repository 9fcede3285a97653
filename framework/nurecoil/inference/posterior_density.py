"""The posterior density of a model in coordinates in which it looks like a normal one.

The density is the likelihood with its constraint terms, times priors that are flat in the public parameters
inside their bounds. It is centred and turned by its own second derivatives; how it is sampled is
:mod:`nurecoil.inference.sampling`'s.
"""

from __future__ import annotations

import copy
import math

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import linprog

from nurecoil.engine.batch import look
from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.many import ACCIDENTS
from nurecoil.errors import FitError, ModelError
from nurecoil.inference.results import FitResult
from nurecoil.inference.unbounded import Unbounded

__all__ = ["PosteriorDensity"]

Array = NDArray[np.float64]

_FLAT = 1e-11
"""Eigenvalue of the scaled Fisher matrix below which nothing changes in a direction."""
_FAR, _RISEN = 1e3, 12.0
"""How many scales away -log L must have risen, and by how much, where no bound is in between."""
_INSIDE = (0.5, 0.05, 1e-3)
"""How far from its bounds, in scales, every parameter may start, tried in turn."""
_MOST_STEPS, _DONE = 60, 1e-6
_DRAWS_EACH = 10
"""Draws for each parameter that a covariance is made of, at least."""


class PosteriorDensity:
    """Likelihood times flat priors, over all real numbers in as many coordinates as parameters are free.

    Args:
        best: the fit about which the coordinates are laid; what it held fixed stays fixed.
        squared: a parameter whose prior is flat in its square instead, or ``None``.

    Raises:
        FitError: where the likelihood is zero all around the best fit.
        ModelError: where the posterior cannot be normalised, or ``squared`` can be negative.

    Attributes:
        names: the free parameters, in the model's order.
        calls: how often the likelihood was evaluated.
        undefined: how often it could not be.

    Example:
        >>> from nurecoil.inference.fit import fit
        >>> from nurecoil.testing.models import counting
        >>> density = PosteriorDensity(fit(counting(observed=3.0, background=1.0)))
        >>> density.names, density.evaluate(np.zeros(1))[1].round(4).tolist()
        (('signal',), [0.0])
    """

    def __init__(self, best: FitResult, squared: str | None = None) -> None:
        self.model = best.model
        self._compiled = CompiledModel(best.model)
        self._base = self._compiled.coordinates(best.values)
        self._free = np.array([not best.parameters[name].fixed for name in self._compiled.names])
        self._index = np.flatnonzero(self._free)
        self._block = np.ix_(self._index, self._index)
        self.names = tuple(self._compiled.names[i] for i in self._index)
        if not self.names:
            raise ModelError("posterior", "a model without free parameters", "one at least")
        self._powers = self._compiled.powers[self._index]
        self._raised = bool(np.any(self._powers != 1))
        self._squared = None if squared is None else self.names.index(squared)
        definitions = [best.model.parameters[name] for name in self.names]
        self._lower = np.array([one.lower for one in definitions])
        self._upper = np.array([one.upper for one in definitions])
        if self._squared is not None and self._lower[self._squared] < 0:
            raise ModelError(f"prior of {squared!r}", "flat in the square of what can be negative",
                             "a parameter of at least 0", "Use the flat prior.")  # fmt: skip
        self.calls = self.undefined = 0
        scale = self._scales(best)
        self._check_proper(best, scale)
        self._map = Unbounded(self._lower, self._upper, scale)
        self._centre, self._turn = self._normalised(self._begin(best, scale))

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return len(self.names)

    def values(self, z: Array) -> Array:
        """Public values of the free parameters at coordinates ``(..., n)``, same shape."""
        return self._map.values(self._centre + z @ self._turn.T)

    def turned(self, z: Array) -> PosteriorDensity:
        """The same density in coordinates that the covariance of draws has turned.

        Args:
            z: draws in the present coordinates, shape ``(draws, n)``.

        Returns:
            The density; itself where there are too few draws for a covariance.
        """
        if len(z) < _DRAWS_EACH * self.size:
            return self
        x = self._centre + z @ self._turn.T
        try:
            root = np.linalg.cholesky(np.atleast_2d(np.cov(x.T)))
        except np.linalg.LinAlgError:
            return self
        made = copy.copy(self)
        made._centre, made._turn = x.mean(axis=0), root
        return made

    def evaluate(self, z: Array) -> tuple[float, Array]:
        """Logarithm of the density, up to a constant, and its gradient.

        Args:
            z: coordinates, shape ``(n,)``.

        Returns:
            The logarithm, minus infinity where the likelihood is zero or undefined; the gradient ``(n,)``.
        """
        value, down, _, _ = self._in_map(self._centre + self._turn @ z)
        return -value, -(down @ self._turn)

    def _in_map(self, x: Array) -> tuple[float, Array, Array, Array]:
        """Minus the log density and its gradient in the unturned coordinates.

        The derivatives of the internal coordinates by those come with them, and the Fisher matrix.
        """
        values = self._map.values(x)
        log_slope, bend = self._map.slopes(x)
        nll, gradient, fisher = self._likelihood(values)
        step = slope = np.exp(log_slope)
        if self._raised:
            step = slope * self._powers * np.abs(values) ** (self._powers - 1)
        value = nll - float(log_slope.sum())
        down = gradient * step - bend
        if self._squared is not None:
            squared = values[self._squared]
            value -= math.log(squared) if squared > 0 else -math.inf
            down[self._squared] -= slope[self._squared] / squared if squared > 0 else 0.0
        if not math.isfinite(value):
            return math.inf, np.zeros(x.size), step, fisher
        return value, down, step, fisher

    def _likelihood(self, values: Array) -> tuple[float, Array, Array]:
        """-log L, its gradient by internal coordinates of what is free, and the Fisher matrix of all."""
        position = self._base.copy()
        position[self._index] = values**self._powers if self._raised else values
        self.calls += 1
        try:
            nll, gradient, fisher = self._evaluate(position)
        except ACCIDENTS:
            nll = math.nan
        if not math.isfinite(nll):
            self.undefined += 1
            return math.inf, np.zeros(self.size), np.eye(self.size)
        return nll, gradient[self._index], fisher

    def _evaluate(self, position: Array) -> tuple[float, Array, Array]:
        """What the compiled model says of a place; by its kernel, where it has one."""
        compiled = self._compiled
        if compiled.arrays is None:
            return compiled.evaluate(position)
        found = look(compiled, compiled.data, position[None], self._free)
        return float(found.value[0]), found.gradient[0], found.fisher[0]

    def _scales(self, best: FitResult) -> Array:
        """Errors of the fit; where there is none, how far a parameter goes until -log L has risen by one."""
        _, gradient, fisher = self._likelihood(self._at(best))
        internal = self._base[self._index]
        bend, slope = np.diag(fisher)[self._index], np.abs(gradient)
        at_top = internal >= self._compiled.upper[self._index]
        scale = np.array([best.parameters[name].error for name in self.names])
        for i in np.flatnonzero(~(np.isfinite(scale) & (scale > 0))):
            width = self._upper[i] - self._lower[i]
            if bend[i] > 0:
                rise = 2 / (slope[i] + math.sqrt(slope[i] ** 2 + 2 * bend[i]))
                moved = self._base.copy()
                moved[self._index[i]] += -rise if at_top[i] else rise
                there, here = (self._compiled.public(one)[self._index[i]] for one in (moved, self._base))
                scale[i] = abs(there - here)
            elif math.isfinite(width):
                scale[i] = width
            else:
                raise _improper((self.names[i],))
        return scale

    def _check_proper(self, best: FitResult, scale: Array) -> None:
        """Refuse directions in which the likelihood stays as it is up to infinity."""
        here = self._at(best)
        nll, gradient, fisher = self._likelihood(here)
        self._check_directions(gradient, fisher[self._block])
        joint = {name for constraint in self.model.constraints for name in constraint.names}
        for i, name in enumerate(self.names):
            if self.model.parameters[name].constraint is not None or name in joint:
                continue
            for sign, bound in ((-1, self._lower[i]), (1, self._upper[i])):
                far = here.copy()
                far[i] += sign * _FAR * scale[i]
                if not math.isfinite(bound) and self._likelihood(far)[0] < nll + _RISEN:
                    raise _improper((name,))
        self.undefined = 0

    def _check_directions(self, gradient: Array, fisher: Array) -> None:
        """The same along straight lines in several parameters at once, as far as bounds let them go."""
        diagonal = np.diag(fisher)
        moves = np.flatnonzero(diagonal > 0)
        unit = 1 / np.sqrt(diagonal[moves])
        eigenvalues, axes = np.linalg.eigh(fisher[np.ix_(moves, moves)] * np.outer(unit, unit))
        flat = axes[:, eigenvalues < _FLAT]
        if not flat.shape[1]:
            return
        lower = np.isfinite(self._lower[moves])
        upper = np.isfinite(self._upper[moves])
        walls = np.concatenate([-flat[lower], flat[upper], (gradient[moves] * unit)[None] @ flat])
        for row in np.flatnonzero(~(lower & upper)):
            for sign in (-1.0, 1.0):
                found = linprog(-sign * flat[row], A_ub=walls, b_ub=np.full(len(walls), 1e-9), bounds=(-1, 1))
                ray = flat @ found.x if found.success else np.zeros(len(moves))
                if sign * ray[row] > 1e-3:
                    raise _improper(tuple(self.names[moves[i]] for i in np.flatnonzero(np.abs(ray) > 1e-3)))

    def _at(self, best: FitResult) -> Array:
        return np.array([best.parameters[name].value for name in self.names])

    def _begin(self, best: FitResult, scale: Array) -> Array:
        """Coordinates, not turned yet, of a place close to the best fit, off the bounds."""
        for share in _INSIDE:
            room = np.minimum(share * scale, 0.25 * (self._upper - self._lower))
            x = self._map.coordinates(np.clip(self._at(best), self._lower + room, self._upper - room))
            if math.isfinite(self._in_map(x)[0]):
                return x
        raise FitError(
            "posterior", "the likelihood is zero beside the best fit",
            "one that is not zero in the middle of the parameters' bounds", "Widen the bounds.",
        )  # fmt: skip

    def _normalised(self, x: Array) -> tuple[Array, Array]:
        """The highest place of the density, in the unturned coordinates, and the root of its covariance."""
        value, slope, step, fisher = self._in_map(x)
        root = self._root(x, step, fisher)
        for _ in range(_MOST_STEPS):
            pull = root.T @ slope
            if pull @ pull < _DONE:
                break
            for share in (1.0, 0.5, 0.25, 0.1, 0.01, 1e-3):
                there = x - share * (root @ pull)
                tried = self._in_map(there)
                if tried[0] < value:
                    break
            else:
                break
            x, (value, slope, step, fisher) = there, tried
            root = self._root(x, step, fisher)
        return x, root

    def _root(self, x: Array, step: Array, fisher: Array) -> Array:
        """The root of the covariance that the density has about a place."""
        curvature = fisher[self._block] * np.outer(step, step) + np.diag(self._map.stiffness(x))
        return _inverse_root(curvature)


def _inverse_root(matrix: Array) -> Array:
    """A triangular root of the inverse of a matrix, whose flat directions are given a large width."""
    unit = 1 / np.sqrt(np.maximum(np.diag(matrix), 1e-12))
    scaled = matrix * np.outer(unit, unit) + 1e-8 * np.eye(unit.size)
    lower = np.linalg.cholesky(scaled)
    return unit[:, None] * solve_triangular(lower, np.eye(unit.size), lower=True).T


def _improper(names: tuple[str, ...]) -> ModelError:
    which = " and ".join(repr(name) for name in names)
    return ModelError(
        "posterior",
        f"the likelihood is flat in {which} up to infinity, so that it cannot be normalised",
        "parameters that data, constraints or bounds on both sides hold",
        f"Give {names[0]!r} a constraint or bounds, or fix it.",
    )
