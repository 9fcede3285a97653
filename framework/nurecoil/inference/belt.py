"""A confidence belt from toys: at each tested value, what toys of it say about what was observed.

One value of the parameter of interest at a time: the conditional fit of the data, toys drawn at it, the
likelihood ratio of each, the p-value of the observed one. Which values are tested and how an interval is read
off is :mod:`nurecoil.inference.feldman_cousins`'s business.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from nurecoil.engine.data import DataSets
from nurecoil.errors import FitError
from nurecoil.inference.ensembles import Ensemble
from nurecoil.inference.profile import Progress
from nurecoil.inference.results import FitResult

__all__ = ["BLOCK", "Belt", "BeltPoint"]

Array = NDArray[np.float64]

BLOCK = 250
"""Toys that are drawn and fitted in one go."""
_STRIDE = 2**32
"""How far apart the numbers of the first toys of two tested values are."""
_TIE = 1e-6
"""Likelihood ratios closer than this are equal: toys of few counts repeat the data exactly."""
_DISTINCT = 0.1
"""Share of different likelihood ratios below which toys are those of few counts."""
_LEAST_CONVERGED = 0.5
"""Share of a point's toys that has to converge."""


@dataclass(frozen=True, eq=False, slots=True)
class BeltPoint:
    """One tested value: the observed likelihood ratio and those of its toys.

    Args:
        value: the tested value, in the public unit of the parameter of interest.
        observed: ``q = 2 (nll(value) - nll(best))`` of the data, 0 or more.
        q: the same of every toy whose fits converged, shape ``(toys,)``.
        failed: toys whose fits did not.
        first: number of the first toy.

    Example:
        >>> point = BeltPoint(2.0, 2.0, np.array([0.1, 0.5, 2.0, 3.0]), 0, 0)
        >>> point.p_value, point.critical(0.75)[0]
        (0.5, 2.0)
    """

    value: float
    observed: float
    q: Array
    failed: int
    first: int

    @property
    def toys(self) -> int:
        """Toys whose fits converged."""
        return int(self.q.size)

    @property
    def drawn(self) -> int:
        """All toys, failed ones too."""
        return self.toys + self.failed

    @property
    def exceeding(self) -> int:
        """Toys at least as far from the tested value as the data, by the likelihood ratio."""
        return int(np.count_nonzero(self.q >= self.observed - _TIE))

    @property
    def p_value(self) -> float:
        """Share of toys at least as far away as the data: the value is accepted where it is above 1 - cl."""
        return self.exceeding / self.toys

    @property
    def p_value_error(self) -> float:
        """Binomial error of the p-value, of one toy more and half of one exceeding: never 0."""
        p = (self.exceeding + 0.5) / (self.toys + 1)
        return math.sqrt(p * (1 - p) / self.toys)

    @property
    def sigmas(self) -> tuple[float, float]:
        """The p-value as a two-sided number of standard deviations, with its error.

        Where the likelihood ratio has its asymptotic distribution this is ``sqrt(q)``, linear in the
        parameter; p-values of 0 and 1 stay finite.
        """
        p = (self.exceeding + 0.5) / (self.toys + 1)
        z = float(norm.isf(p / 2))
        return z, self.p_value_error / (2 * float(norm.pdf(z)))

    @property
    def discrete(self) -> bool:
        """Whether the toys repeat each other, as those of few counts do: p-values jump with the value."""
        return np.unique(np.round(self.q / _TIE)).size < _DISTINCT * self.toys

    def critical(self, cl: float) -> tuple[float, float]:
        """The likelihood ratio that a share ``cl`` of the toys does not exceed, and its error.

        Args:
            cl: confidence level, between 0 and 1.

        Returns:
            The quantile and half the distance between the quantiles one binomial error to either side.
        """
        spread = math.sqrt(cl * (1 - cl) / self.toys)
        shares = np.clip([cl, cl - spread, cl + spread], 0.0, 1.0)
        middle, low, high = np.quantile(self.q, shares, method="inverted_cdf")
        return float(middle), float(high - low) / 2

    def to_json(self, cl: float) -> dict[str, Any]:
        """The point as plain data, with the critical likelihood ratio of a confidence level."""
        critical, error = self.critical(cl)
        return {
            "value": self.value,
            "q_observed": self.observed,
            "q_critical": critical,
            "q_critical_error": error,
            "p_value": self.p_value,
            "p_value_error": self.p_value_error,
            "toys": self.toys,
            "failed": self.failed,
            "first_toy": self.first,
        }


class Belt:
    """The tested values of one parameter of interest, each with as many toys as it was given so far.

    Toys of a value are drawn where the data's conditional fit puts the nuisance parameters, and constraints
    are centred there (the profile construction, as in NOvA, JINST 20 (2025) T02001, arXiv:2207.14353).
    Data and toys are fitted alike, on the same compiled response.

    Args:
        best: the free fit of the data.
        poi: the parameter that is tested, free in the fit.
        seed: seed of the toys. The n-th tested value has toys from number ``n * 2**32`` on.
        budget: toys that are expected in all, for the progress.
        progress: called with toys done and toys expected.

    Example:
        >>> from nurecoil.inference.fit import fit
        >>> from nurecoil.testing.models import counting
        >>> belt = Belt(fit(counting(observed=3.0, background=3.0)), "signal", seed=1)
        >>> point = belt.at(2.0, 50)
        >>> point.toys, round(point.observed, 3)
        (50, 0.935)
    """

    def __init__(
        self, best: FitResult, poi: str, seed: int, budget: int = 0, progress: Progress | None = None
    ) -> None:
        self.poi = poi
        self.centre = best.values[poi]
        self.seed = seed
        self._data = DataSets.of(best.model)
        self._base = Ensemble(best.model, best.values)
        self._best = self._base.compiled.start
        self._places: dict[float, _Place] = {}
        self._budget = budget
        self._progress = progress
        self._done = 0

    @property
    def points(self) -> tuple[BeltPoint, ...]:
        """Every tested value, increasing."""
        return tuple(self._places[value].point() for value in sorted(self._places))

    @property
    def done(self) -> int:
        """Toys drawn so far, failed ones too."""
        return self._done

    def at(self, value: float, toys: int) -> BeltPoint:
        """Test a value with at least this many toys; those it has already count.

        Args:
            value: the value, inside the parameter's bounds.
            toys: how many toys it is to have, failed ones among them.

        Returns:
            The point as it is now.

        Raises:
            FitError: where the data cannot be fitted at the value, or half of its toys cannot.
        """
        place = self._places.get(value)
        if place is None:
            place = self._places[value] = self._placed(value)
        while place.drawn < toys:
            n = min(BLOCK, toys - place.drawn)
            self._done += n
            place.add(self.seed, n)
            if self._progress is not None:
                self._progress(self._done, max(self._budget, self._done))
        if place.drawn and place.failed > _LEAST_CONVERGED * place.drawn:
            raise FitError(
                f"toys of {self.poi!r} = {value:g}",
                f"{place.failed} of {place.drawn} could not be fitted ({place.reason})",
                "a model that can be fitted to its own toys",
            )
        return place.point()

    def _placed(self, value: float) -> _Place:
        """A new tested value: conditional fit, toys' truth, observed likelihood ratio."""
        fix = {self.poi: value}
        near = min(self._places, key=lambda other: abs(other - value), default=None)
        start = self._best if near is None else self._places[near].position
        conditional = self._base.fit(self._data, fix, start)
        if not conditional.ok[0]:
            raise self._not_fitted(value, conditional.reasons.get(0, ""))
        truth = {}
        for name, found in zip(conditional.names, conditional.values[0].tolist(), strict=True):
            parameter = self._base.model.parameters[name]
            truth[name] = min(max(found, parameter.lower), parameter.upper)
        ensemble = Ensemble(self._base.model, truth | fix)
        free, fixed = ensemble.pairs(self._data, fix)
        again = ensemble.fit(self._data, None, self._best)  # the free minimum as seen from the best fit
        if not fixed.ok[0]:
            raise self._not_fitted(value, fixed.reasons.get(0, ""))
        if not (free.ok[0] or again.ok[0]):
            raise self._not_fitted(value, free.reasons.get(0, ""))
        lowest = min(float(fits.nll[0]) for fits in (free, again) if fits.ok[0])
        observed = max(2 * (float(fixed.nll[0]) - lowest), 0.0)
        first = _STRIDE * len(self._places)
        return _Place(self.poi, value, ensemble, conditional.position[0], observed, first)

    def _not_fitted(self, value: float, why: str) -> FitError:
        where = f"conditional fit at {self.poi!r} = {value:g}"
        return FitError(where, why or "no minimum found", "data that can be fitted")


class _Place:
    """A tested value while toys are added to it."""

    def __init__(
        self, poi: str, value: float, ensemble: Ensemble, position: Array, observed: float, first: int
    ) -> None:
        self.value, self.position, self.observed = value, position, observed
        self._fix, self._ensemble, self._first = {poi: value}, ensemble, first
        self._q: list[Array] = []
        self.drawn = self.failed = 0
        self.reason = ""

    def add(self, seed: int, n: int) -> None:
        """Draw and fit the next toys."""
        data = self._ensemble.draw(seed, self._first + self.drawn, n)
        free, fixed = self._ensemble.pairs(data, self._fix)
        good = free.ok & fixed.ok
        self._q.append(np.maximum(2 * (fixed.nll[good] - free.nll[good]), 0.0))
        self.drawn += n
        self.failed += int(np.count_nonzero(~good))
        for reasons in (free.reasons, fixed.reasons):
            self.reason = self.reason or next(iter(reasons.values()), "")

    def point(self) -> BeltPoint:
        """What is known by now."""
        q = np.concatenate(self._q) if self._q else np.zeros(0)
        return BeltPoint(self.value, self.observed, q, self.failed, self._first)
