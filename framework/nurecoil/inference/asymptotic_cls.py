"""CLs of large samples: the test of one value of the parameter of interest, and the limits that follow.

What users call is in :mod:`nurecoil.inference.cls`, the same from toys in
:mod:`nurecoil.inference.toy_cls`, the formulas in :mod:`nurecoil.inference.asymptotics`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from scipy.optimize import brentq

from nurecoil.errors import FitError, OptionError
from nurecoil.inference.asymptotics import (
    SIGMAS,
    asimov_sigma,
    cls_values,
    expected_cls,
    expected_reach,
    log_cls,
)
from nurecoil.inference.likelihood_ratios import (
    ProfiledLikelihood,
    Statistic,
    check_statistic,
    q_mu,
    q_tilde,
)
from nurecoil.inference.results import finite_or_none

__all__ = ["AsymptoticCls", "Cls", "check_value"]

_MOST_DOUBLINGS = 40
"""How often the end of the search for a limit may go twice as far out."""
_TOLERANCE = 1e-10
"""Of a limit, as a share of the range that it is sought in."""


@dataclass(frozen=True)
class Cls:
    """The test of one value of the parameter of interest.

    Args:
        poi: the parameter.
        unit: its unit.
        value: the value tested, in that unit.
        cls: CLsb over CLb.
        clsb: probability of data less compatible with the value than those observed, if it is true.
        clb: the same where there is no signal.
        expected: fluctuation of data without signal (-2 to 2 standard deviations; upwards they look like a
            signal) to the CLs that they give.
        statistic: ``q_tilde`` or ``q_mu``.
        q: its value.
        best: the best fit of the parameter, in its unit.
        source: whether the probabilities are ``asymptotic`` or from ``toys``.
        pull: best fit minus tested value over :func:`~nurecoil.inference.asymptotics.asimov_sigma`, in the
            power that the parameter is fitted in; NaN where it is from toys.
        errors: one standard deviation of ``cls``, ``clsb`` and ``clb`` for the number of toys; empty where
            there are none.
        toys: toys of each hypothesis; 0 where there are none.
        failures: why toys could not be fitted, one reason for each; these have been left out.
        notes: what one has to know to use it.

    Example:
        >>> Cls("mu", "1", 2.0, 0.05, 0.03, 0.6, {}, "q_tilde", 3.5, 0.2, "asymptotic")
        <Cls mu = 2: CLs 0.05 (asymptotic)>
    """

    poi: str
    unit: str
    value: float
    cls: float
    clsb: float
    clb: float
    expected: Mapping[int, float]
    statistic: Statistic
    q: float
    best: float
    source: Literal["asymptotic", "toys"]
    pull: float = math.nan
    errors: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    toys: int = 0
    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Value, CLs, source."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        error = f" +- {self.errors['cls']:.2g}" if self.errors else ""
        return f"<Cls {self.poi} = {self.value:.4g}{unit}: CLs {self.cls:.4g}{error} ({self.source})>"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "poi": self.poi,
            "unit": self.unit,
            "value": self.value,
            "cls": self.cls,
            "clsb": self.clsb,
            "clb": self.clb,
            "expected": {f"{n:+d}" if n else "0": one for n, one in self.expected.items()},
            "statistic": self.statistic,
            "q": self.q,
            "best": self.best,
            "source": self.source,
            "pull": finite_or_none(self.pull),
            "errors": dict(self.errors),
            "toys": self.toys,
            "failed": len(self.failures),
            "failures": list(dict.fromkeys(self.failures)),
            "notes": list(self.notes),
        }


class AsymptoticCls:
    """CLs of one data set as a function of the parameter of interest, for large samples.

    Needs two likelihoods: that of the data and that of Asimov data without signal, whose other parameters are
    those of the data's fit without signal. As the roots of the latter's ratios say how wide the distributions
    are (:mod:`nurecoil.inference.asymptotics`), it is all the same whether the parameter is fitted as itself
    or as its square.

    Args:
        likelihood: of the data.
        statistic: ``q_tilde`` or ``q_mu``.

    Raises:
        FitError: where the fit without signal does not converge.
        OptionError: for an unknown statistic.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> curve = AsymptoticCls(ProfiledLikelihood(counting(observed=100.0, background=100.0)))
        >>> round(curve.limit(0.95), 2), round(curve.expected_limit(0.95, 0), 2)
        (20.9, 20.9)
    """

    def __init__(self, likelihood: ProfiledLikelihood, statistic: Statistic = "q_tilde") -> None:
        check_statistic(statistic)
        self.likelihood = likelihood
        self.statistic = statistic
        self._asimov = likelihood.asimov(likelihood.null)

    def observed(self, value: float) -> float:
        """The statistic of the data at a public value."""
        return (q_tilde if self.statistic == "q_tilde" else q_mu)(self.likelihood, value)

    def reach(self, value: float) -> float:
        """Root of the statistic of the Asimov data at a public value; 0 at the null value."""
        if value <= self.likelihood.null:
            return 0.0
        return math.sqrt(q_tilde(self._asimov, value))

    def at(self, value: float) -> Cls:
        """The test of a value.

        Args:
            value: public value, not below the null value.

        Returns:
            The test.

        Raises:
            FitError: where a fit does not converge.
            OptionError: for a value outside the bounds, or below the null value.
        """
        check_value(self.likelihood, value)
        likelihood, q, reach = self.likelihood, self.observed(value), self.reach(value)
        cls, clsb, clb = cls_values(q, reach, bounded=self.statistic == "q_tilde")
        power = likelihood.power
        best, there = (math.copysign(abs(one) ** power, one) for one in (likelihood.best, value))
        sigma = asimov_sigma(reach**2, value, likelihood.null, power)
        return Cls(
            likelihood.poi,
            likelihood.unit,
            value,
            cls,
            clsb,
            clb,
            {n: found[0] for n, found in expected_cls(reach).items()},
            self.statistic,
            q,
            likelihood.best,
            "asymptotic",
            (best - there) / sigma if math.isfinite(sigma) else math.nan,
        )

    def limit(self, cl: float, reach: float | None = None) -> float:
        """The value above which CLs is below ``1 - cl``.

        Args:
            cl: confidence level.
            reach: where to look for the limit at first: a public value, farther out if need be.

        Returns:
            The limit, in the parameter's unit.

        Raises:
            FitError: where CLs does not come down to ``1 - cl`` within the bounds.
        """
        wanted = math.log1p(-cl)
        bounded = self.statistic == "q_tilde"

        def excess(value: float) -> float:
            return log_cls(self.observed(value), self.reach(value), bounded=bounded) - wanted

        return self._crossing(excess, reach, lambda value: self.at(value).cls, cl)

    def expected_limit(self, cl: float, fluctuation: int, reach: float | None = None) -> float:
        """The limit that data without signal give; arguments, result and errors as of :meth:`limit`.

        Args:
            cl: confidence level.
            fluctuation: of the data, in standard deviations.
            reach: where to look at first.
        """
        wanted = expected_reach(1 - cl, fluctuation)

        def excess(value: float) -> float:
            return wanted - self.reach(value)

        def cls(value: float) -> float:
            return expected_cls(self.reach(value))[fluctuation][0]

        return self._crossing(excess, reach, cls, cl)

    def expected_limits(self, cl: float, reach: float | None = None) -> dict[int, float | None]:
        """All expected limits, ``None`` for one that lies beyond the upper bound."""
        found: dict[int, float | None] = {}
        for n in SIGMAS:
            try:
                found[n] = self.expected_limit(cl, n, reach)
            except FitError:
                found[n] = None
        return found

    def _crossing(
        self,
        excess: Callable[[float], float],
        reach: float | None,
        cls: Callable[[float], float],
        cl: float,
    ) -> float:
        """Where a falling function of the public value, positive at the null value, is 0."""
        null, upper = self.likelihood.null, self.likelihood.upper
        far = self._first(reach)
        for _ in range(_MOST_DOUBLINGS):
            if excess(far) <= 0:
                break
            if far >= upper:
                raise FitError(
                    f"CLs limit on {self.likelihood.poi!r}",
                    f"CLs is {cls(far):.3g} at the upper bound {upper:g}, above {1 - cl:.3g}",
                    "a limit below that bound",
                    "Raise the parameter's upper bound.",
                )
            far = min(null + 2 * (far - null), upper)
        else:
            raise FitError(
                f"CLs limit on {self.likelihood.poi!r}",
                f"CLs is still {cls(far):.3g} at {far:.3g}, above {1 - cl:.3g}",
                "data that constrain the parameter",
            )
        # as a share of the range: moments of 1e-11 are below brentq's own tolerance
        share = brentq(lambda part: excess(null + part * (far - null)), 0.0, 1.0, xtol=_TOLERANCE)
        return null + float(share) * (far - null)

    def _first(self, reach: float | None) -> float:
        """Where to look at first: as asked for, or twice as far as the best fit or the starting value."""
        likelihood = self.likelihood
        if reach is None or not reach > likelihood.null:
            start = likelihood.model.parameters[likelihood.poi].value
            width = max(abs(likelihood.best - likelihood.null), abs(start - likelihood.null))
            reach = likelihood.null + (2 * width if width > 0 else 1.0)
        return min(reach, likelihood.upper)


def check_value(likelihood: ProfiledLikelihood, value: float) -> None:
    """Refuse a value that cannot be tested against no signal.

    Raises:
        OptionError: where it is below the null value, or outside the bounds.
    """
    if not (likelihood.null <= value <= likelihood.upper and math.isfinite(value)):
        unit = "" if likelihood.unit == "1" else f" {likelihood.unit}"
        raise OptionError(
            f"test of {likelihood.poi!r}",
            f"value {value:g}",
            f"a value in [{likelihood.null:g}, {likelihood.upper:g}]{unit}",
        )
