"""What inference returns: typed results with units, a one-line repr and a JSON form.

Nothing is computed here. Limits have their own containers in :mod:`nurecoil.inference.limits`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.model.spectral import SpectralModel

__all__ = ["AsymmetricError", "Covariance", "Estimate", "FitResult", "Goodness", "Scan", "finite_or_none"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A fitted (or fixed) parameter.

    Args:
        value: the estimate, in ``unit``.
        error: one standard deviation from the inverse Hessian; NaN for fixed parameters, for those that
            rest on a bound and for those without effect (the width of a peak whose rate is 0).
        unit: the unit.
        fixed: whether the fit held it.
        at_bound: whether it rests on a bound.

    Example:
        >>> Estimate(6.8, 1.8, "cpd/100 t")
        <6.8 +- 1.8 cpd/100 t>
    """

    value: float
    error: float
    unit: str = "1"
    fixed: bool = False
    at_bound: bool = False

    def __repr__(self) -> str:
        """Value, error, unit, state."""
        state = " (fixed)" if self.fixed else " (at its bound)" if self.at_bound else ""
        error = f" +- {self.error:.3g}" if math.isfinite(self.error) else ""
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"<{self.value:.5g}{error}{unit}{state}>"

    def to_json(self) -> dict[str, Any]:
        """Plain data; an error that does not exist is ``None``."""
        return {
            "value": self.value,
            "error": finite_or_none(self.error),
            "unit": self.unit,
            "fixed": self.fixed,
            "at_bound": self.at_bound,
        }


@dataclass(frozen=True, slots=True)
class AsymmetricError:
    """The two sides of an interval about an estimate, in the parameter's unit.

    They come from :mod:`nurecoil.inference.minos`.

    Args:
        lower: from the estimate to the lower end, 0 or negative; NaN where there is none.
        upper: from the estimate to the upper end, 0 or positive; NaN where there is none.
        lower_at_bound: whether the lower end is the parameter's bound, met before -log L had risen enough.
        upper_at_bound: the same of the upper end.
        reason: why a side has no end, empty where both have.

    Example:
        >>> AsymmetricError(-1.5, 2.25)
        <-1.5 +2.25>
    """

    lower: float
    upper: float
    lower_at_bound: bool = False
    upper_at_bound: bool = False
    reason: str = ""

    def __repr__(self) -> str:
        """Both sides, and which of them end at a bound."""
        ends = [" (bound)" if stopped else "" for stopped in (self.lower_at_bound, self.upper_at_bound)]
        return f"<{self.lower:.3g}{ends[0]} +{self.upper:.3g}{ends[1]}>"

    def to_json(self) -> dict[str, Any]:
        """Plain data; a side that does not exist is ``None``."""
        return {
            "lower": finite_or_none(self.lower),
            "upper": finite_or_none(self.upper),
            "lower_at_bound": self.lower_at_bound,
            "upper_at_bound": self.upper_at_bound,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Goodness:
    """Goodness of fit.

    Args:
        statistic: Pearson's chi2 over all bins, Gaussian channels and constraint pulls included.
        ndf: bins and constraints minus free parameters.
        p_value: probability of a larger statistic; its variance includes the 1/mu of low counts.

    Example:
        >>> Goodness(812.0, 783, 0.23)
        <Goodness chi2 812.0 / 783, p = 0.23>
    """

    statistic: float
    ndf: int
    p_value: float

    def __repr__(self) -> str:
        """Statistic, degrees of freedom, p-value."""
        return f"<Goodness chi2 {self.statistic:.1f} / {self.ndf}, p = {self.p_value:.2g}>"

    def to_json(self) -> dict[str, Any]:
        """Plain data; a p-value that does not exist is ``None``."""
        return {"statistic": self.statistic, "ndf": self.ndf, "p_value": finite_or_none(self.p_value)}


@dataclass(frozen=True, slots=True)
class Covariance:
    """Covariance of the parameters that have an error.

    Args:
        names: the parameters.
        matrix: shape ``(n, n)``, in the parameters' units.

    Example:
        >>> Covariance(("a", "b"), np.diag([1.0, 4.0])).correlation("a", "b")
        0.0
    """

    names: tuple[str, ...]
    matrix: Array

    def correlation(self, one: str, two: str) -> float:
        """Correlation coefficient of two parameters."""
        i, j = self.names.index(one), self.names.index(two)
        return float(self.matrix[i, j] / math.sqrt(self.matrix[i, i] * self.matrix[j, j]))

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"names": list(self.names), "matrix": self.matrix.tolist()}


@dataclass(frozen=True)
class FitResult:
    """The outcome of a fit.

    Args:
        model: the model that was fitted (recompiled where a pull asked for it).
        parameters: every parameter by name.
        nll: full negative log-likelihood at the minimum.
        edm: predicted distance to the minimum.
        covariance: of the free parameters that do not rest on a bound.
        goodness: goodness of fit.
        expected: channel name to sample name to contents at the minimum.
        minimiser: ``newton`` or ``minuit``.
        iterations: steps taken.
        seconds: wall time.
        minos: asymmetric errors by name, where they were asked for.

    Example:
        >>> FitResult.__dataclass_fields__["edm"].name
        'edm'
    """

    model: SpectralModel
    parameters: Mapping[str, Estimate]
    nll: float
    edm: float
    covariance: Covariance
    goodness: Goodness
    expected: Mapping[str, Mapping[str, Array]]
    minimiser: str
    iterations: int
    seconds: float
    minos: Mapping[str, AsymmetricError] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, float]:
        """Every parameter's value by name."""
        return {name: estimate.value for name, estimate in self.parameters.items()}

    def total(self, channel: str) -> Array:
        """Expected contents of a channel at the minimum, shape ``(bins,)``."""
        return np.asarray(sum(self.expected[channel].values()))

    def __repr__(self) -> str:
        """NLL, EDM, goodness."""
        free = len(self.covariance.names)
        return (
            f"<FitResult: -log L {self.nll:.4f}, EDM {self.edm:.1e}, {free} free parameters, "
            f"chi2 {self.goodness.statistic:.1f} / {self.goodness.ndf} (p = {self.goodness.p_value:.2g}), "
            f"{self.minimiser}>"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data, without the model's templates; ``minos`` where asymmetric errors were asked for."""
        minos = {"minos": {name: error.to_json() for name, error in self.minos.items()}} if self.minos else {}
        return {
            "parameters": {name: estimate.to_json() for name, estimate in self.parameters.items()},
            **minos,
            "nll": self.nll,
            "edm": self.edm,
            "covariance": self.covariance.to_json(),
            "goodness": self.goodness.to_json(),
            "minimiser": self.minimiser,
            "iterations": self.iterations,
            "seconds": self.seconds,
        }


@dataclass(frozen=True)
class Scan:
    """A profile likelihood.

    Args:
        parameter: what was scanned.
        unit: its unit.
        values: increasing scan points, shape ``(points,)``.
        delta_nll: -log L above the smallest value found, shape ``(points,)``.
        best: value of the parameter at the smallest -log L.
        nll: the smallest -log L.
        fits: parameter values of every point (name to value).

    Example:
        >>> Scan("mu", "1", np.array([0.0, 1.0]), np.array([0.0, 0.5]), 0.0, 10.0)
        <Scan of mu: 2 points in [0, 1], best at 0>
    """

    parameter: str
    unit: str
    values: Array
    delta_nll: Array
    best: float
    nll: float
    fits: tuple[Mapping[str, float], ...] = field(default=(), repr=False)

    def __repr__(self) -> str:
        """Parameter, range, best value."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        return (
            f"<Scan of {self.parameter}: {self.values.size} points in "
            f"[{self.values[0]:.4g}, {self.values[-1]:.4g}]{unit}, best at {self.best:.4g}>"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "parameter": self.parameter,
            "unit": self.unit,
            "values": self.values.tolist(),
            "delta_nll": self.delta_nll.tolist(),
            "best": self.best,
        }


def finite_or_none(value: float) -> float | None:
    """A number for JSON: ``None`` where it is not finite.

    Example:
        >>> finite_or_none(float("nan")) is None
        True
    """
    return float(value) if math.isfinite(value) else None
