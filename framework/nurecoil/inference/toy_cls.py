"""CLs from toys: the test of one value of the parameter of interest, and the limit that follows.

Toys of both hypotheses, each drawn with the other parameters where the data want them for it (auxiliary
measurements fluctuate about these too) and fitted like the data. The same for large samples is in
:mod:`nurecoil.inference.asymptotic_cls`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from nurecoil.errors import FitError
from nurecoil.inference.asymptotic_cls import Cls, check_value
from nurecoil.inference.asymptotics import SIGMAS, expected_reach
from nurecoil.inference.ensembles import Ensemble
from nurecoil.inference.likelihood_ratios import (
    ProfiledLikelihood,
    Statistic,
    check_statistic,
    q_mu,
    q_tilde,
)
from nurecoil.inference.profile import Progress
from nurecoil.inference.toy_p_values import check_toys, failure_notes, tail, tails, toys_of

__all__ = ["ToyCls", "ToyLimit"]

Array = NDArray[np.float64]

_MOST_REFINEMENTS = 4
"""How many values are tested beside those that the asymptotic limits suggest."""
_MOST_EXTENSIONS = 2
"""How many more, on either side, where an expected limit lies beyond them."""
_MOST_SEARCHES = 8
"""How many more where these lie all on one side of the limit."""
_NEAR = 0.35
"""How near to the wanted CLs, in standard deviations, are the points that a limit is read from."""


@dataclass(frozen=True)
class ToyLimit:
    """A CLs limit from toys.

    Args:
        value: the limit, in the parameter's unit.
        error: its standard deviation for the number of toys.
        expected: fluctuation of data without signal to the limit that they give; ``None`` for one outside the
            values tested.
        tests: the tests that it was read from, in increasing order.

    Example:
        >>> ToyLimit(2.3, 0.1, {0: 3.1}, ()).error
        0.1
    """

    value: float
    error: float
    expected: Mapping[int, float | None]
    tests: tuple[Cls, ...]


class ToyCls:
    """CLs of one data set as a function of the parameter of interest, from toys.

    The toys with signal have the same numbers at every value, and those without others, so that CLs is as
    smooth in the value as the toys allow.

    Args:
        likelihood: of the data.
        toys: toys of each hypothesis, at least :data:`~nurecoil.inference.toy_p_values.FEWEST_TOYS`.
        seed: their seed.
        statistic: ``q_tilde`` or ``q_mu``.
        progress: called with toys done and toys in all, as far as these are known.

    Raises:
        FitError: where the fit without signal does not converge.
        ModelError: where nothing can be drawn without signal.
        OptionError: for an impossible number, seed or statistic.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> curve = ToyCls(ProfiledLikelihood(counting(observed=0.0, background=1.0)), 200)
        >>> bool(abs(curve.at(2.0).clsb - np.exp(-3.0)) < 0.05)
        True
    """

    def __init__(
        self,
        likelihood: ProfiledLikelihood,
        toys: int,
        seed: int = 1,
        statistic: Statistic = "q_tilde",
        progress: Progress | None = None,
    ) -> None:
        check_toys(toys, seed)
        check_statistic(statistic)
        self.likelihood, self.toys, self.seed, self.statistic = likelihood, toys, seed, statistic
        self._without = Ensemble(likelihood.model, likelihood.values_at(likelihood.null))
        self._progress, self._done, self._all = progress, 0, 2 * toys
        self._tests: dict[float, Cls] = {}

    def at(self, value: float) -> Cls:
        """The test of a value.

        p-values are shares of the toys whose statistic is at least the data's. Errors are binomial, with
        ``(k + 1)/(n + 2)`` for the probability: none is 0 because no toy, or every one, was beyond. The
        expected CLs are quantiles of what the toys without signal give when they stand for the data.

        Args:
            value: public value, not below the null value.

        Returns:
            The test.

        Raises:
            FitError: where a fit of the data does not converge, half of the toys do not, or no toy without
                signal is as far down as the data.
            OptionError: for a value outside the bounds, or below the null value.
        """
        if value not in self._tests:
            self._tests[value] = self._at(value)
        return self._tests[value]

    def limit(self, cl: float, values: Sequence[float]) -> ToyLimit:
        """The value above which CLs is below ``1 - cl``, from tests of a few values.

        The values given are tested, then some where the limit seems to be. It is where a straight line
        through the points near the wanted CLs crosses it, CLs counted in standard deviations; its error is
        that of CLs there over the slope. As the toys at all values share their numbers, more values make it
        no smaller.

        Args:
            cl: confidence level.
            values: where to begin: the limits for large samples.

        Returns:
            The limit, with its error and the expected ones.

        Raises:
            FitError: as :meth:`at`, or where CLs does not come down to ``1 - cl`` within the bounds.
        """
        null, upper = self.likelihood.null, self.likelihood.upper
        first = sorted({min(value, upper) for value in values if value > null})
        self._all = 2 * self.toys * (len(first) + _MOST_REFINEMENTS)
        for value in first:
            self.at(value)
        wanted = _deviations(1 - cl)
        for _ in range(_MOST_SEARCHES):
            tested = [self._tests[value] for value in sorted(self._tests)]
            if tested[-1].cls < 1 - cl and tested[0].cls >= 1 - cl:
                break
            if tested[-1].cls >= 1 - cl:
                if tested[-1].value >= upper:
                    break
                self.at(min(null + 1.6 * (tested[-1].value - null), upper))
            else:
                self.at(null + 0.5 * (tested[0].value - null))
        if min(test.cls for test in self._tests.values()) >= 1 - cl:
            last = self._tests[max(self._tests)]
            raise FitError(
                f"CLs limit on {self.likelihood.poi!r}",
                f"CLs from {self.toys} toys is {last.cls:.3g} at {last.value:.4g}, above {1 - cl:.3g}",
                "a limit below the parameter's upper bound",
                "Raise that bound.",
            )
        for _ in range(_MOST_REFINEMENTS):
            guess = min(max(self._line(wanted)[0], null), upper)
            distance = min(abs(guess - value) for value in self._tests)
            if not guess > null or distance < 0.02 * (guess - null):
                break
            self.at(guess)
        self._reach_bands(1 - cl)
        value, slope = self._line(wanted)
        tests = tuple(self._tests[one] for one in sorted(self._tests))
        nearest = min(tests, key=lambda test: abs(test.value - value))
        density = math.exp(-0.5 * wanted**2) / math.sqrt(2 * math.pi)
        error = nearest.errors["cls"] / (2 * density) / slope
        return ToyLimit(value, error, self._expected(tests, 1 - cl), tests)

    def _reach_bands(self, alpha: float) -> None:
        """Test a few values more where a band of expected CLs ends before it has come down to ``alpha``."""
        null, upper = self.likelihood.null, self.likelihood.upper
        for _ in range(_MOST_EXTENSIONS):
            lowest, highest = self._tests[min(self._tests)], self._tests[max(self._tests)]
            if lowest.expected[SIGMAS[0]] < alpha:
                self.at(null + 0.7 * (lowest.value - null))
            if highest.expected[SIGMAS[-1]] >= alpha and highest.value < upper:
                self.at(min(null + 1.25 * (highest.value - null), upper))

    def _line(self, wanted: float) -> tuple[float, float]:
        """Where the points near the wanted CLs cross it, and the slope there."""
        tests = [self._tests[one] for one in sorted(self._tests)]
        where = np.array([test.value for test in tests])
        height = np.array([_deviations(max(test.cls, 0.5 * test.errors["cls"])) for test in tests])
        order = np.argsort(np.abs(height - wanted), kind="stable")
        near = np.abs(height[order] - wanted) < _NEAR
        chosen = order[: max(int(near.sum()), 2)]
        below, above = np.flatnonzero(height < wanted), np.flatnonzero(height >= wanted)
        if near.sum() < 3 and below.size and above.size:  # too few near by: the two on either side
            chosen = np.array(
                [below[-1], above[above > below[-1]][0] if (above > below[-1]).any() else above[0]]
            )
        slope, offset = np.polyfit(where[chosen], height[chosen], 1)
        if not slope > 0:  # noise between two values that are too close: the whole range tells
            slope, offset = np.polyfit(where, height, 1)
        if not slope > 0:
            raise FitError(
                f"CLs limit on {self.likelihood.poi!r}",
                f"CLs from {self.toys} toys does not fall with the value",
                "toys enough to see it fall",
                "Ask for more toys.",
            )
        return float((wanted - offset) / slope), float(slope)

    def _expected(self, tests: Sequence[Cls], alpha: float) -> dict[int, float | None]:
        """Expected limits: where each band comes down to ``alpha``, between the values tested.

        A band is counted in the reach that it stands for, in which it is a straight line for large samples.
        """
        found: dict[int, float | None] = {}
        where = np.array([test.value for test in tests])
        for n in SIGMAS:
            height = np.array([expected_reach(max(test.expected[n], 1e-9), n) for test in tests])
            found[n] = _crossing(where, height, expected_reach(alpha, n))
        return found

    def _at(self, value: float) -> Cls:
        check_value(self.likelihood, value)
        likelihood = self.likelihood
        observed = (q_tilde if self.statistic == "q_tilde" else q_mu)(likelihood, value)
        with_signal = Ensemble(likelihood.model, likelihood.values_at(value))
        signal, failed = toys_of(with_signal, self.statistic, value, self.toys, self.seed, 0, self._count)
        none, more = toys_of(
            self._without, self.statistic, value, self.toys, self.seed, self.toys, self._count
        )
        clsb, clsb_error = tail(signal, observed)
        clb, clb_error = tail(none, observed)
        if clb == 0:
            raise FitError(
                f"CLs of {likelihood.poi!r} at {value:.4g}",
                f"none of {none.size} toys without signal is as far down as the data",
                "a CLb that the toys can tell from 0",
                "Ask for more toys, or for none: the asymptotic CLs has no such end.",
            )
        share = clsb / clb
        errors = {
            "cls": math.hypot(clsb_error, share * clb_error) / clb,
            "clsb": clsb_error,
            "clb": clb_error,
        }
        of_toys = tails(signal, none) / tails(none, none)
        bands = np.quantile(of_toys, ndtr(np.array(SIGMAS, float)))
        return Cls(
            likelihood.poi,
            likelihood.unit,
            value,
            share,
            clsb,
            clb,
            dict(zip(SIGMAS, bands.tolist(), strict=True)),
            self.statistic,
            observed,
            likelihood.best,
            "toys",
            errors=errors,
            toys=self.toys,
            failures=(*failed, *more),
            notes=failure_notes((*failed, *more), 2 * self.toys),
        )

    def _count(self, done: int) -> None:
        self._done += done
        if self._progress is not None:
            self._progress(self._done, max(self._all, self._done))


def _deviations(cls: float) -> float:
    """CLs in standard deviations of a two-sided test: a straight line in the value for large samples."""
    return float(-ndtri(min(cls, 1.0) / 2))


def _crossing(where: Array, height: Array, wanted: float) -> float | None:
    """Where a rising line through points first stays above a height; ``None`` where it does not cross it."""
    below = np.flatnonzero(height < wanted)
    if not below.size or below[-1] + 1 >= where.size:
        return None
    i = int(below[-1])
    share = (wanted - height[i]) / (height[i + 1] - height[i])
    return float(where[i] + share * (where[i + 1] - where[i]))
