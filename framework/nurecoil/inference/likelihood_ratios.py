"""Profile likelihood ratios of the parameter of interest: q0, q_mu and q~_mu, of data and of toys.

Defined in Cowan, Cranmer, Gross and Vitells, Eur. Phys. J. C 71 (2011) 1554 (arXiv:1007.1727). How they are
distributed is in :mod:`nurecoil.inference.asymptotics`; what follows from them, in
:mod:`nurecoil.inference.cls` and :mod:`nurecoil.inference.significance`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.compiled import CompiledModel, entered_powers
from nurecoil.engine.data import DataSets
from nurecoil.engine.solve import Solution, solve
from nurecoil.errors import FitError, ModelError, OptionError, unknown_name
from nurecoil.inference.ensembles import Ensemble
from nurecoil.inference.fit import check_fixed
from nurecoil.inference.pseudo_data import asimov
from nurecoil.model.parameters import Parameter
from nurecoil.model.spectral import PoissonChannel, SpectralModel

__all__ = [
    "STATISTICS",
    "ProfiledLikelihood",
    "Statistic",
    "check_statistic",
    "interest",
    "null_value",
    "q_mu",
    "q_tilde",
    "q_zero",
    "statistic_of_toys",
]

Array = NDArray[np.float64]
Statistic = Literal["q_mu", "q_tilde"]

STATISTICS: tuple[Statistic, ...] = ("q_tilde", "q_mu")
"""The statistics that a value of the parameter can be tested with."""

_FEW = 20.0
"""Counts in all bins below which the formulas of large samples are not to be trusted."""
_LOWER = 1e-7
"""How much lower in -log L a fit at a value has to be to say that the free one missed the minimum."""


def interest(model: SpectralModel, where: str) -> Parameter:
    """The parameter of interest, which a test needs free.

    Args:
        model: the model.
        where: what asks for it, for the message.

    Returns:
        The parameter.

    Raises:
        ModelError: where there is none, or it is fixed.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> interest(counting(3.0, 1.0), "significance").name
        'signal'
    """
    if model.poi is None:
        raise ModelError(
            where, "the model has no parameter of interest", "a model with one",
            "Build it with a search, or name one (--poi NAME beside --workspace).",
        )  # fmt: skip
    found = model.parameters[model.poi]
    if found.fixed:
        raise ModelError(where, f"parameter of interest {model.poi!r} is fixed", "a free one")
    return found


def null_value(parameter: Parameter) -> float:
    """The value that stands for no signal: 0, or the bound nearest to it.

    Args:
        parameter: the parameter of interest.

    Returns:
        The public value, in the parameter's unit.

    Example:
        >>> null_value(Parameter("mu", "1", 1.0, 0.0, 10.0)), null_value(Parameter("mu", "1", 1.0, 0.5, 2.0))
        (0.0, 0.5)
    """
    return min(max(0.0, parameter.lower), parameter.upper)


def check_statistic(name: str) -> None:
    """Refuse what is no statistic.

    Raises:
        OptionError: with the names of those there are.

    Example:
        >>> check_statistic("q_tilde")
    """
    if name not in STATISTICS:
        raise unknown_name(OptionError, "test statistic", name, STATISTICS)


class ProfiledLikelihood:
    """One data set's likelihood with everything but the parameter of interest profiled.

    Every fit starts from the nearest one that was made before, in the power that the parameter is fitted in;
    values are public. Where a fit at a value finds a lower minimum than the free one did, the free fit is
    made again from there.

    Args:
        model: a model with a free parameter of interest and its data.
        start: public values to begin the free fit at, in place of the starting values.

    Attributes:
        poi: name of the parameter of interest; ``unit`` is its unit.
        lower: its lower bound; ``upper`` its upper one.
        null: the value that stands for no signal.
        power: the power that it is fitted in.

    Raises:
        FitError: where the free fit does not converge.
        ModelError: without a parameter of interest, or with a fixed one.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> likelihood = ProfiledLikelihood(counting(observed=12.0, background=10.0))
        >>> round(likelihood.best, 6), round(likelihood.nll_at(4.0) - likelihood.nll, 6)
        (2.0, 0.150192)
    """

    def __init__(self, model: SpectralModel, start: Mapping[str, float] | None = None) -> None:
        parameter = interest(model, "likelihood ratio")
        self.model = model
        self.poi = parameter.name
        self.unit = parameter.unit
        self.lower, self.upper = parameter.lower, parameter.upper
        self.null = null_value(parameter)
        self._compiled = CompiledModel(model)
        self._index = self._compiled.index[self.poi]
        self.power = int(self._compiled.powers[self._index])
        self._held = np.arange(len(self._compiled.names)) == self._index
        self._mirrored = _mirrored(model, self.poi)
        self._free = solve(self._compiled, self._compiled.coordinates(start or {}))
        self._fits: dict[float, Solution] = {}

    @property
    def best(self) -> float:
        """Public value of the parameter of interest at the minimum, in its unit."""
        found = float(self._compiled.public(self._free.position)[self._index])
        return abs(found) if self._mirrored else found

    @property
    def nll(self) -> float:
        """The smallest -log L."""
        return self._free.value

    @property
    def values(self) -> dict[str, float]:
        """Public values of all parameters at the minimum."""
        return self._compiled.values(self._free.position)

    def nll_at(self, value: float) -> float:
        """The smallest -log L with the parameter of interest held.

        Args:
            value: public value, in its unit.

        Returns:
            -log L.

        Raises:
            FitError: where the fit does not converge.
            OptionError: for a value outside the bounds.
        """
        found = self._at(value)
        if found.value < self._free.value - _LOWER:
            self._free = solve(self._compiled, found.position)
        return found.value

    def values_at(self, value: float) -> dict[str, float]:
        """Public values of all parameters where the parameter of interest is held; see :meth:`nll_at`."""
        return self._compiled.values(self._at(value).position)

    def asimov(self, value: float) -> ProfiledLikelihood:
        """The likelihood of Asimov data at a value, the other parameters as these data want them there.

        Args:
            value: public value of the parameter of interest.

        Returns:
            The likelihood; its auxiliary measurements are at the truth too.

        Raises:
            FitError: where the fit at that value does not converge.
        """
        truth = self.values_at(value)
        return ProfiledLikelihood(asimov(self.model, truth), truth)

    def doubts_at(self, value: float) -> tuple[str, ...]:
        """Why the formulas of large samples may not hold at a public value: few counts, other bounds.

        Args:
            value: public value of the parameter of interest.

        Returns:
            Notes, none where there is nothing to say.

        Raises:
            FitError: where the fit at that value does not converge.
        """
        found = self._at(value)
        names = [name for name, rests in zip(self._compiled.names, found.at_bound, strict=True) if rests]
        contents = zip(self.model.channels, self._compiled.expected(found.position), strict=True)
        counted = [float(one.sum()) for channel, one in contents if isinstance(channel, PoissonChannel)]
        where = f"at {self.poi} = {value:.4g}"
        notes = []
        if names:
            notes.append(
                f"{', '.join(names)} at a bound {where}: the formulas of large samples know no such bound, "
                "toys tell"
            )
        if len(counted) == len(self.model.channels) and sum(counted) < _FEW:
            notes.append(
                f"only {sum(counted):.3g} counts expected {where}: the formulas of large samples are off, "
                "toys tell"
            )
        return tuple(notes)

    def _at(self, value: float) -> Solution:
        if value not in self._fits:
            check_fixed(self.model, {self.poi: value})
            nearest = min(self._fits, key=lambda one: abs(one - value), default=math.inf)
            near = self._free if abs(self.best - value) <= abs(nearest - value) else self._fits[nearest]
            position = near.position.copy()
            position[self._index] = self._compiled.coordinates({self.poi: value})[self._index]
            try:
                self._fits[value] = solve(self._compiled, position, self._held)
            except FitError as error:
                unit = "" if self.unit == "1" else f" {self.unit}"
                where = f"fit with {self.poi!r} at {value:g}{unit}"
                raise FitError(where, error.got, error.allowed, error.remedy) from error
        return self._fits[value]


def q_zero(likelihood: ProfiledLikelihood) -> float:
    """The statistic of a discovery: how much worse the data are described without a signal.

    Cowan et al., Eq. (12): ``-2 ln lambda(0)``, and 0 where the best fit is not above the null value.

    Args:
        likelihood: the data's likelihood.

    Returns:
        q0, 0 or more.

    Raises:
        FitError: where a fit does not converge.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> round(q_zero(ProfiledLikelihood(counting(observed=16.0, background=9.0))), 6)
        4.411653
    """
    at_null = likelihood.nll_at(likelihood.null)
    return 0.0 if likelihood.best <= likelihood.null else max(2 * (at_null - likelihood.nll), 0.0)


def q_mu(likelihood: ProfiledLikelihood, value: float) -> float:
    """The statistic of an upper limit, Cowan et al., Eq. (14).

    ``-2 ln lambda(mu)``, and 0 where the best fit is above the value: a larger signal is no evidence against
    it. The best fit is one within the parameter's bounds; where these leave out negative values, q_mu is
    q~_mu.

    Args:
        likelihood: the data's likelihood.
        value: public value that is tested.

    Returns:
        q_mu, 0 or more.

    Raises:
        FitError: where a fit does not converge.
        OptionError: for a value outside the bounds.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> likelihood = ProfiledLikelihood(counting(observed=12.0, background=10.0))
        >>> round(q_mu(likelihood, 4.0), 6), q_mu(likelihood, 1.0)
        (0.300384, 0.0)
    """
    held = likelihood.nll_at(value)
    return 0.0 if likelihood.best > value else max(2 * (held - likelihood.nll), 0.0)


def q_tilde(likelihood: ProfiledLikelihood, value: float) -> float:
    """The statistic of an upper limit on a signal that cannot be negative, Cowan et al., Eq. (16).

    As :func:`q_mu`, but where the best fit is below the null value the ratio is to the likelihood there. The
    parameter's own lower bound may be lower.

    Args:
        likelihood: the data's likelihood.
        value: public value that is tested, not below the null value.

    Returns:
        q~_mu, 0 or more.

    Raises:
        FitError: where a fit does not converge.
        OptionError: for a value outside the bounds.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> round(q_tilde(ProfiledLikelihood(counting(observed=0.0, background=3.0)), 2.5), 6)
        5.0
    """
    held = likelihood.nll_at(value)
    if likelihood.best > value:
        return 0.0
    below = likelihood.best < likelihood.null
    reference = likelihood.nll_at(likelihood.null) if below else likelihood.nll
    return max(2 * (held - reference), 0.0)


def statistic_of_toys(
    ensemble: Ensemble, data: DataSets, name: Statistic | Literal["q_zero"], value: float
) -> tuple[Array, tuple[str, ...]]:
    """One of the statistics for many toys.

    Args:
        ensemble: whose model the toys are of.
        data: the toys.
        name: ``q_zero``, ``q_mu`` or ``q_tilde``.
        value: public value that is tested; the null value for ``q_zero``.

    Returns:
        The statistic, shape ``(n,)``, NaN for a toy that could not be fitted; and why, for each of those.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> ensemble = Ensemble(counting(observed=3.0, background=9.0))
        >>> values, failures = statistic_of_toys(ensemble, ensemble.draw(1, 0, 5), "q_tilde", 4.0)
        >>> values.shape, failures
        ((5,), ())
    """
    parameter = interest(ensemble.model, "toys")
    poi, null = parameter.name, null_value(parameter)
    free, held = ensemble.pairs(data, {poi: value})
    best = free.of(poi)
    if _mirrored(ensemble.model, poi):
        best = np.abs(best)
    reasons = {**held.reasons, **free.reasons}
    reference = free.nll.copy()
    below = np.flatnonzero(free.ok & (best < null))
    if name == "q_tilde" and below.size:
        bounded = ensemble.fit(data.rows(below), {poi: null}, free.position[below])
        reference[below] = np.where(bounded.ok, bounded.nll, math.nan)
        reasons |= {int(below[row]): reason for row, reason in bounded.reasons.items()}
    found = np.maximum(2 * (held.nll - reference), 0.0)
    found[best <= null if name == "q_zero" else best > value] = 0.0
    failed = ~(free.ok & held.ok & np.isfinite(reference))
    found[failed] = math.nan
    return found, tuple(reasons.get(int(row), "no minimum") for row in np.flatnonzero(failed))


def _mirrored(model: SpectralModel, poi: str) -> bool:
    """Whether the likelihood cannot tell the parameter's sign, so that a fit may end on either side."""
    constrained = model.parameters[poi].constraint is not None
    joint = any(poi in constraint.names for constraint in model.constraints)
    powers = entered_powers(model)[poi]
    return bool(powers) and not constrained and not joint and all(power % 2 == 0 for power in powers)
