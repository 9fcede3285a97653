"""Pulls and constraints: where a fit moved what auxiliary measurements say, and how much better it knows it.

How a parameter moves the parameter of interest is in :mod:`nurecoil.inference.impacts`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nurecoil.inference.results import AsymmetricError, FitResult, finite_or_none
from nurecoil.model.parameters import (
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    PoissonConstraint,
)
from nurecoil.model.spectral import SpectralModel

__all__ = ["Prior", "Pull", "priors", "pull_of", "pulls"]


@dataclass(frozen=True, slots=True)
class Prior:
    """What auxiliary measurements alone say about a parameter.

    Args:
        centre: theta_0, the value they favour.
        width: sigma_0, one standard deviation; of the parameter's logarithm where ``logarithmic``.
        logarithmic: whether it is the logarithm that is normal.

    Example:
        >>> round(Prior(2.0, math.log(1.1), logarithmic=True).value(1.0), 9)
        2.2
    """

    centre: float
    width: float
    logarithmic: bool = False

    def pull(self, value: float) -> float:
        """How many standard deviations a value is away from the centre; negative below it."""
        if self.logarithmic:
            return math.log(value / self.centre) / self.width if value > 0 else -math.inf
        return (value - self.centre) / self.width

    def value(self, pull: float) -> float:
        """The value that many standard deviations away from the centre."""
        return (
            self.centre * math.exp(pull * self.width) if self.logarithmic else self.centre + pull * self.width
        )


@dataclass(frozen=True, slots=True)
class Pull:
    """The pull of a constrained parameter, in units of its error before the fit.

    Args:
        value: ``(theta_hat - theta_0) / sigma_0``.
        lower: lower error after the fit, 0 or negative, in units of the one before it; NaN for none.
        upper: the upper one.
        constraint: error after over error before the fit: 1 where the data say nothing, less where they do;
            the mean of both sides, or the one there is.

    Example:
        >>> Pull(0.5, -0.8, 0.9, 0.85)
        <Pull +0.50 -0.80 +0.90>
    """

    value: float
    lower: float
    upper: float
    constraint: float

    def __repr__(self) -> str:
        """Pull with its errors."""
        return f"<Pull {self.value:+.2f} {self.lower:+.2f} {self.upper:+.2f}>"

    def to_json(self) -> dict[str, Any]:
        """Plain data; what does not exist is ``None``."""
        return {
            "value": finite_or_none(self.value),
            "lower": finite_or_none(self.lower),
            "upper": finite_or_none(self.upper),
            "constraint": finite_or_none(self.constraint),
        }


def priors(model: SpectralModel) -> dict[str, Prior]:
    """What is known about the parameters before the fit, from their constraints.

    A Gaussian constraint has centre and width; a log-normal one is normal in the logarithm; an auxiliary
    count n of ``scale theta`` has centre n/scale and width sqrt(n)/scale (none where n = 0). Of a joint
    constraint each member has its centre and the root of its variance, correlations aside. A parameter with
    a constraint of its own that belongs to a joint one too has the first.

    Args:
        model: the model.

    Returns:
        The priors by name, of constrained parameters only.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> priors(counting(12.0, 10.0, background_error=2.0))
        {'background': Prior(centre=10.0, width=2.0, logarithmic=False)}
    """
    found: dict[str, Prior] = {}
    for joint in model.constraints:
        found |= _joint(joint)
    for name, parameter in model.parameters.items():
        constraint = parameter.constraint
        if isinstance(constraint, GaussianConstraint):
            found[name] = Prior(constraint.centre, constraint.width)
        elif isinstance(constraint, LogNormalConstraint):
            found[name] = Prior(constraint.centre, math.log(constraint.factor), logarithmic=True)
        elif isinstance(constraint, PoissonConstraint) and constraint.count > 0:
            found[name] = Prior(
                constraint.count / constraint.scale, math.sqrt(constraint.count) / constraint.scale
            )
    return found


def _joint(joint: CovarianceConstraint) -> dict[str, Prior]:
    return {
        name: Prior(joint.centre[i], math.sqrt(joint.covariance[i][i])) for i, name in enumerate(joint.names)
    }


def pull_of(prior: Prior, value: float, error: AsymmetricError) -> Pull:
    """The pull of an estimate with its errors.

    An end at a bound is no error after the fit and counts for nothing.

    Args:
        prior: what was known before the fit.
        value: the estimate.
        error: its errors after the fit.

    Returns:
        The pull.

    Example:
        >>> pull_of(Prior(10.0, 2.0), 11.0, AsymmetricError(-1.0, 1.5))
        <Pull +0.50 -0.50 +0.75>
    """
    pull = prior.pull(value)
    lower = math.nan if error.lower_at_bound else prior.pull(value + error.lower) - pull
    upper = math.nan if error.upper_at_bound else prior.pull(value + error.upper) - pull
    sides = [abs(side) for side in (lower, upper) if math.isfinite(side)]
    return Pull(pull, lower, upper, sum(sides) / len(sides) if sides else math.nan)


def pulls(best: FitResult) -> Mapping[str, Pull]:
    """Pulls of every constrained parameter that a fit moved.

    Errors are the asymmetric ones where the fit has them (:func:`nurecoil.inference.minos.minos`), otherwise
    those from the second derivatives.

    Args:
        best: the fit.

    Returns:
        The pulls by name.

    Example:
        >>> from nurecoil.inference.fit import fit
        >>> from nurecoil.testing.models import counting
        >>> pulls(fit(counting(0.0, 10.0, background_error=2.0)))["background"]
        <Pull -2.00 -1.00 +1.00>
    """
    found = {}
    for name, prior in priors(best.model).items():
        estimate = best.parameters[name]
        if not estimate.fixed:
            hesse = AsymmetricError(-estimate.error, estimate.error)
            found[name] = pull_of(prior, estimate.value, best.minos.get(name, hesse))
    return found
