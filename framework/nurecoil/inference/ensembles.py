"""Toys of a model at a truth, drawn and fitted many at a time.

Every method that needs toys (tests of hypotheses, Feldman-Cousins, coverage, goodness) works on an
:class:`Ensemble`; what it asks of the toys is its own business.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.morph import Morph
from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.data import DataSets
from nurecoil.engine.many import ACCIDENTS, Solutions, solve_many
from nurecoil.engine.response import MORPH_RANGE, compile_response, needs_recompiling, out_of_range
from nurecoil.engine.solve import Solution, solve
from nurecoil.errors import ModelError
from nurecoil.inference.ensemble_errors import public_errors
from nurecoil.inference.fit import check_fixed, fit
from nurecoil.inference.pseudo_data import Urn, asimov, toy_stream
from nurecoil.model.spectral import PoissonChannel, SpectralModel

__all__ = ["Ensemble", "Fits"]

Array = NDArray[np.float64]

_REACH = 2 * MORPH_RANGE
"""How far, in steps of the morph, a toy may pull a compiled response before it gets one of its own.

Data and fits of an ensemble share one response: it is the model there. Twice the range of single fits, which
answer for the exact response, costs nothing that quantiles could show (decision 0033).
"""
_LOWER = 1e-6
"""How much lower in -log L the fixed fit has to be to say that the free one missed the minimum."""


@dataclass(frozen=True, eq=False)
class Fits:
    """Fits of many data sets; row ``i`` of every array is data set ``i``.

    Args:
        names: every parameter of the model, fixed ones too.
        position: internal coordinates at the minimum, shape ``(n, parameters)``; NaN where a fit failed.
        values: public values, same shape.
        nll: full -log L at the minimum, shape ``(n,)``.
        edm: predicted distances to the minimum, shape ``(n,)``.
        status: 0 where the fit converged, 1 where it failed, shape ``(n,)``.
        reasons: why, for every row that failed.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> ensemble = Ensemble(counting(observed=3.0, background=9.0), {"signal": 4.0})
        >>> found = ensemble.fit(ensemble.draw(seed=1, first=0, n=3))
        >>> len(found), found.ok.tolist(), found.of("background").tolist()
        (3, [True, True, True], [9.0, 9.0, 9.0])
    """

    names: tuple[str, ...]
    position: Array
    values: Array
    nll: Array
    edm: Array
    status: NDArray[np.int8]
    reasons: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of data sets."""
        return len(self.nll)

    @property
    def ok(self) -> NDArray[np.bool_]:
        """Which fits converged, shape ``(n,)``."""
        return np.asarray(self.status == 0)

    def of(self, name: str) -> Array:
        """Public values of one parameter, shape ``(n,)``."""
        return np.asarray(self.values[:, self.names.index(name)])

    def __repr__(self) -> str:
        """Data sets, parameters, failures."""
        return f"<Fits: {len(self)} of {len(self.names)} parameters, {int((~self.ok).sum())} failed>"


class Ensemble:
    """Toys of one model at one truth.

    Args:
        model: the model; its data play no part.
        truth: public values that replace its starting values. An exact detector response is compiled about
            the truth (:func:`nurecoil.engine.response.compile_response`).

    Attributes:
        model: the model with the truth as its starting values.
        compiled: its compiled form.

    Raises:
        ModelError: for an unknown parameter, or where the truth predicts what no data can be drawn from.
        OptionError: for a value outside its bounds.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> ensemble = Ensemble(counting(observed=3.0, background=9.0), {"signal": 4.0})
        >>> free, held = ensemble.pairs(ensemble.draw(seed=1, first=0, n=100), {"signal": 4.0})
        >>> bool(np.all(held.nll >= free.nll))
        True
    """

    def __init__(self, model: SpectralModel, truth: Mapping[str, float] | None = None) -> None:
        check_fixed(model, truth or {})
        self.model = _at_truth(model, truth or {})
        self.compiled = CompiledModel(self.model)
        self._urn = Urn(self.compiled)

    def draw(self, seed: int, first: int, n: int) -> DataSets:
        """Draw consecutive toys. Each depends on seed, number and truth alone.

        Args:
            seed: seed of the ensemble, from 0 to 2**64 - 1.
            first: number of the first toy.
            n: how many.

        Returns:
            Their data.

        Raises:
            OptionError: where a seed or number does not exist.
        """
        drawn = [self._urn.draw(toy_stream(seed, first + row)) for row in range(n)]
        return DataSets(np.array([one[0] for one in drawn]), np.array([one[1] for one in drawn]))

    def expected(self, values: Mapping[str, float]) -> Array:
        """Expected contents of all channels end to end at public values, shape ``(bins,)``."""
        return np.concatenate(self.compiled.expected(self.compiled.coordinates(values)))

    def fit(self, data: DataSets, fix: Mapping[str, float] | None = None, start: Array | None = None) -> Fits:
        """Fit every data set, with some parameters held.

        Where a free fit pulls a compiled response far out of its range (:data:`_REACH`), it is compiled anew
        for that data set.

        Args:
            data: the data sets.
            fix: what to hold, by public name and value.
            start: internal coordinates to begin at, shape ``(parameters,)`` or ``(n, parameters)``; the
                truth by default, and where they are no numbers.

        Returns:
            The fits.

        Raises:
            ModelError: for an unknown parameter.
            OptionError: for a value outside its bounds.
        """
        found = self._solve(data, fix or {}, start)
        if not fix:
            for row in self._strayed(found):
                self._again(data, int(row), found)
        return self._fits(found)

    def pairs(self, data: DataSets, fix: Mapping[str, float]) -> tuple[Fits, Fits]:
        """Fit every data set free and with some parameters held.

        Both fits of a data set use the same compiled response, and the free one is never above the other.

        Args:
            data: the data sets.
            fix: what the second fit holds, by public name and value.

        Returns:
            Free and held fits.

        Raises:
            ModelError: for an unknown parameter.
            OptionError: for a value outside its bounds.
        """
        free = self._solve(data, {}, None)
        held = self._solve(data, fix, free.position)
        lower = np.flatnonzero(free.value - held.value > _LOWER)
        if lower.size:
            better = self._solve(data.rows(lower), {}, held.position[lower])
            _replace(free, lower, better)
        for row in self._strayed(free):
            self._again(data, int(row), free, (held, fix))
        for row in np.flatnonzero(free.value - held.value > _LOWER):
            free.reasons[int(row)] = "the minimum with parameters held lies below the free one"
            free.position[row], free.value[row], free.edm[row] = math.nan, math.nan, math.nan
        return self._fits(free), self._fits(held)

    def profile(
        self, data: DataSets, name: str, values: Sequence[float] | Array, start: Array | None = None
    ) -> Array:
        """-log L of every data set with one parameter held at one value after the other.

        Every fit starts from its neighbour's minimum.

        Args:
            data: the data sets.
            name: the parameter.
            values: public values.
            start: where the first fit begins, as in :meth:`fit`.

        Returns:
            Full -log L, shape ``(n, values)``; NaN where a fit failed.

        Raises:
            ModelError: for an unknown parameter.
            OptionError: for a value outside its bounds.
        """
        found = np.full((len(data), len(values)), math.nan)
        for column, value in enumerate(values):
            made = self._solve(data, {name: float(value)}, start)
            found[:, column], start = made.value, made.position
        return found

    def errors(self, data: DataSets, fits: Fits) -> Array:
        """Errors from the inverse second derivatives at the minima of free fits.

        Args:
            data: the data sets.
            fits: their free fits.

        Returns:
            In the units of the parameters, shape ``(n, parameters)``; NaN for fixed parameters, at bounds,
            where a parameter has no effect, and where there is no minimum.
        """
        return self.described(data, fits)[0]

    def described(self, data: DataSets, fits: Fits) -> tuple[Array, dict[int, str]]:
        """Errors as :meth:`errors`, and which fits have none as the data cannot tell parameters apart.

        Args:
            data: the data sets.
            fits: their free fits.

        Returns:
            The errors, and why there are none, by row.
        """
        return public_errors(self.compiled, data, fits.position)

    def __repr__(self) -> str:
        """Model and truth of the parameter of interest."""
        poi = self.model.poi
        at = "" if poi is None else f" at {poi} = {self.model.parameters[poi].value:g}"
        return f"<Ensemble{at} of {self.model!r}>"

    def _solve(self, data: DataSets, fix: Mapping[str, float], start: Array | None) -> Solutions:
        check_fixed(self.model, fix)
        compiled = self.compiled
        held = np.array([name in fix for name in compiled.names])
        begin = compiled.start if start is None else np.where(np.isfinite(start), start, compiled.start)
        return solve_many(compiled, data, np.where(held, compiled.coordinates(fix), begin), held)

    def _strayed(self, found: Solutions) -> NDArray[np.intp]:
        """The data sets whose fits have left a compiled response behind."""
        return np.flatnonzero(out_of_range(self.model, self.compiled, found.position, _REACH))

    def _again(
        self,
        data: DataSets,
        row: int,
        free: Solutions,
        other: tuple[Solutions, Mapping[str, float]] | None = None,
    ) -> None:
        """Fit one data set with a response of its own."""
        drawn = data.model(self.model, row)
        try:
            compiled = CompiledModel(fit(drawn).model)
            one = solve(compiled)
            free.position[row], free.value[row], free.edm[row] = one.position, one.value, one.edm
            free.reasons.pop(row, None)
            if other is None:
                return
            held, fix = other
            which = np.array([name in fix for name in compiled.names])
            start = np.where(which, compiled.coordinates(fix), one.position)
            two = solve(compiled, start, which)
            held.position[row], held.value[row], held.edm[row] = two.position, two.value, two.edm
            held.reasons.pop(row, None)
        except ACCIDENTS as error:
            for found in (free,) if other is None else (free, other[0]):
                found.position[row], found.value[row], found.edm[row] = math.nan, math.nan, math.nan
                found.reasons[row] = str(error)

    def _fits(self, found: Solutions) -> Fits:
        compiled = self.compiled
        with np.errstate(invalid="ignore"):
            values = compiled.public(found.position)
        status = np.where(np.isfinite(found.value), 0, 1).astype(np.int8)
        return Fits(
            compiled.names, found.position, values, found.value, found.edm, status, dict(found.reasons)
        )


def _replace(found: Solutions, rows: NDArray[np.intp], better: Solutions) -> None:
    """Take over solutions of some rows."""
    for k, row in enumerate(rows.tolist()):
        if k not in better.reasons:
            found.position[row], found.value[row] = better.position[k], better.value[k]
            found.edm[row] = better.edm[k]
            found.reasons.pop(row, None)


def _at_truth(model: SpectralModel, given: Mapping[str, float]) -> SpectralModel:
    """The model with the truth as its starting values, its response compiled about it."""
    base = model.with_parameters(**{name: {"value": value} for name, value in given.items()})
    compiled = CompiledModel(base)
    for channel, expected in zip(base.channels, compiled.expected(compiled.start), strict=True):
        least = 0.0 if isinstance(channel, PoissonChannel) else -math.inf
        bad = ~(np.isfinite(expected) & (expected >= least))
        if bad.any():
            bin_ = int(np.argmax(bad))
            raise ModelError(
                f"Channel {channel.name!r} bin {bin_}",
                f"the truth predicts {expected[bin_]:g}, from which nothing can be drawn",
                "a finite number" + (", 0 or more" if least == 0 else ""),
                "Change the starting values, or those that are fixed.",
            )
    exact = any(not isinstance(s.template, np.ndarray | Morph) for c in base.channels for s in c.samples)
    if not exact and not needs_recompiling(base, compiled, compiled.start):
        return base
    start = compiled.start
    at_bound = ~compiled.fixed & ((start <= compiled.lower) | (start >= compiled.upper))
    here = Solution(start, compiled.value(start), 0.0, 0, ~compiled.fixed, at_bound, "newton")
    made = compile_response(asimov(base), at=here)
    return made.with_parameters(**{name: {"value": value} for name, value in base.values.items()})
