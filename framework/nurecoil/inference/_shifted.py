"""What impacts are measured on, the estimate of the parameter of interest or the limit on it; and groups.

Which parameters are held where is decided in :mod:`nurecoil.inference.impacts`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.special import ndtri

from nurecoil.engine.solve import Solution
from nurecoil.errors import FitError
from nurecoil.inference.conditional import Conditional
from nurecoil.inference.impact_results import GroupImpact
from nurecoil.inference.results import FitResult

__all__ = ["Measure", "ShiftedEstimate", "ShiftedLimit", "default_groups", "group_impacts"]


class Measure(Protocol):
    """A number that moves where parameters are held."""

    about: Conditional

    @property
    def value(self) -> float:
        """The number with nothing held."""

    def shift(self, index: int, coordinate: float, solution: Solution | None) -> tuple[float, str]:
        """How far it moves with a parameter held, and a remark; with the conditional fit, if it is known."""

    def gain(self, indices: Sequence[int]) -> float:
        """How much smaller it gets with parameters known to be their estimates; NaN where it does not."""

    def group(self, indices: Sequence[int]) -> float:
        """What a group of parameters does to it."""


class ShiftedEstimate:
    """The estimate of the parameter of interest."""

    def __init__(self, about: Conditional, poi: str) -> None:
        self.about, self.poi = about, about.index(poi)
        self.value = self._of(about.origin)

    def _of(self, solution: Solution) -> float:
        return self.about.public(self.poi, float(solution.position[self.poi]))

    def shift(self, index: int, coordinate: float, solution: Solution | None) -> tuple[float, str]:
        """The estimate in the conditional fit less that in the free one."""
        found = self.about.at({index: coordinate}, self.about.origin) if solution is None else solution
        compiled = self.about.compiled
        there = float(found.position[self.poi])
        resting = there in (compiled.lower[self.poi], compiled.upper[self.poi])
        name = compiled.names[self.poi]
        return self._of(found) - self.value, f"{name} meets its bound" if resting else ""

    def gain(self, indices: Sequence[int]) -> float:
        """An estimate gets no smaller."""
        return math.nan

    def group(self, indices: Sequence[int]) -> float:
        """The group's share of the error, from the covariance: sqrt(C_pG C_GG^-1 C_Gp)."""
        covariance, error = self.about.covariance, self.about.best.parameters
        spread = math.sqrt(covariance[self.poi, self.poi])
        public = error[self.about.compiled.names[self.poi]].error
        moved = [index for index in indices if covariance[index, index] > 0]
        if spread == 0 or not math.isfinite(public):
            return math.nan
        if not moved:
            return 0.0
        width = np.sqrt(np.diag(covariance)[moved])
        shared = covariance[self.poi, moved] / width / spread
        correlation = covariance[np.ix_(moved, moved)] / np.outer(width, width)
        part = float(shared @ np.linalg.lstsq(correlation, shared, rcond=1e-12)[0])
        return public * math.sqrt(min(max(part, 0.0), 1.0))


class ShiftedLimit:
    """The upper limit: where -2 log L has risen by the square of the one-sided normal quantile.

    The rise counts from the minimum under the same conditions.
    """

    def __init__(self, about: Conditional, poi: str, cl: float) -> None:
        self.about, self.poi = about, about.index(poi)
        self.level = float(ndtri(cl)) ** 2 / 2
        self.value = self._limit({}, about.origin)

    def _limit(self, held: Mapping[int, float], begin: Solution) -> float:
        end = self.about.crossing(self.poi, 1, self.level, origin=begin, also=held)
        name = self.about.compiled.names[self.poi]
        if end.at_bound:
            raise FitError(f"limit on {name!r}", "its upper bound lies below the limit", "a higher bound",
                           "Raise that bound.")  # fmt: skip
        if end.reason:
            raise FitError(f"limit on {name!r}", end.reason, "data that constrain it")
        return self.about.public(self.poi, end.coordinate)

    def _known(self, indices: Sequence[int]) -> float:
        """The limit with parameters held at their estimates: the minimum stays where it was."""
        key = tuple(sorted(indices))
        if key not in self._limits:
            held = {index: float(self.about.origin.position[index]) for index in indices}
            self._limits[key] = self._limit(held, self.about.origin)
        return self._limits[key]

    @cached_property
    def _limits(self) -> dict[tuple[int, ...], float]:
        return {}

    def shift(self, index: int, coordinate: float, solution: Solution | None) -> tuple[float, str]:
        """The limit with the parameter held less the one with it held at its estimate."""
        found = self.about.at({index: coordinate}, self.about.origin) if solution is None else solution
        return self._limit({index: coordinate}, found) - self._known([index]), ""

    def gain(self, indices: Sequence[int]) -> float:
        """How much lower the limit is with the parameters held at their estimates."""
        try:
            return self.value - self._known(indices)
        except FitError:
            return math.nan

    def group(self, indices: Sequence[int]) -> float:
        """The gain of a whole group."""
        return self.value - self._known(indices)


def default_groups(best: FitResult, poi: str) -> dict[str, tuple[str, ...]]:
    """Groups by name: all bins of one modifier; what shares everything before the last dot; and all.

    Bare names are ``constrained`` or ``free``.

    Args:
        best: the free fit.
        poi: the parameter of interest, which is in no group.

    Returns:
        Members by group.

    Example:
        >>> from nurecoil.inference.fit import fit
        >>> from nurecoil.testing.models import counting
        >>> default_groups(fit(counting(16.0, 10.0, background_error=2.0)), "signal")
        {'constrained': ('background',)}
    """
    joint = {name for constraint in best.model.constraints for name in constraint.names}
    found: dict[str, list[str]] = {}
    for name, one in best.parameters.items():
        if one.fixed or name == poi:
            continue
        constrained = best.model.parameters[name].constraint is not None or name in joint
        bins = re.sub(r"\[\d+\]$", "", name)
        group = bins if bins != name else name.rpartition(".")[0]
        found.setdefault(group or ("constrained" if constrained else "free"), []).append(name)
    if len(found) > 1:
        found["all"] = [name for members in found.values() for name in members]
    return {group: tuple(members) for group, members in found.items()}


def group_impacts(measure: Measure, groups: Mapping[str, Sequence[str]]) -> list[GroupImpact]:
    """What groups of parameters do, the largest first.

    Args:
        measure: what it is done to.
        groups: members by group.

    Returns:
        One result for each group.
    """
    found = []
    for name, members in groups.items():
        size, reason = math.nan, ""
        try:
            size = measure.group([measure.about.index(member) for member in members])
        except FitError as error:
            reason = f"the fit fails: {error.got}"
        if math.isnan(size) and not reason:
            reason = "the parameter of interest has no error"
        found.append(GroupImpact(name, tuple(members), size, reason))
    return sorted(found, key=lambda one: -one.size if math.isfinite(one.size) else math.inf)
