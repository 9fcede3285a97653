"""Goodness of fit by the saturated model and by Pearson's chi2, with p-values that toys calibrate.

The statistics themselves are in :mod:`nurecoil.inference.saturated`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.data import DataSets
from nurecoil.errors import FitError, OptionError
from nurecoil.inference.ensembles import Ensemble, Fits
from nurecoil.inference.fit import fit
from nurecoil.inference.goodness import channels_with_data
from nurecoil.inference.profile import Progress
from nurecoil.inference.results import FitResult, finite_or_none
from nurecoil.inference.saturated import Parts, Reference, tail
from nurecoil.inference.toys import check_ensemble
from nurecoil.model.spectral import SpectralModel

__all__ = [
    "FEWEST_TOYS",
    "STATISTICS",
    "TOTAL",
    "GoodnessTest",
    "PartGoodness",
    "check_toys",
    "goodness",
]

Array = NDArray[np.float64]

TOTAL = "total"
"""Name of the sum of all parts."""
STATISTICS = ("saturated", "pearson")
"""The statistics that are tested."""
FEWEST_TOYS = 20
"""The fewest toys of which p-values are made."""
_BLOCK = 250
"""Toys drawn and fitted together; progress is told after each."""
_TIES = 1e-9
"""Statistics that agree to this share are one value: fits of equal data differ by rounding."""
_NOTED, _MOST_FAILURES = 0.01, 0.5


@dataclass(frozen=True, slots=True)
class PartGoodness:
    """One statistic of one part of the data.

    Args:
        part: a channel, ``constraints``, or ``total``.
        kind: ``saturated`` or ``pearson``.
        statistic: its value.
        terms: measurements in it.
        ndf: mean of the statistic by the reference: degrees of freedom, of a part its share of them.
        reference: p-value by the reference distribution, good where counts are high; NaN for a part that the
            fit follows more than it tests it.
        p_value: p-value by toys; NaN without.
        error: its binomial error.

    Example:
        >>> PartGoodness("total", "saturated", 812.0, 800, 783.0, 0.23, 0.25, 0.01)
        <total: saturated 812.0 / 783, p = 0.23, 0.250 +- 0.010 by toys>
    """

    part: str
    kind: str
    statistic: float
    terms: int
    ndf: float
    reference: float
    p_value: float = math.nan
    error: float = math.nan

    def __repr__(self) -> str:
        """Part, statistic, p-values."""
        toys = "" if math.isnan(self.p_value) else f", {self.p_value:.3f} +- {self.error:.3f} by toys"
        p_value = "" if math.isnan(self.reference) else f", p = {self.reference:.2g}"
        return f"<{self.part}: {self.kind} {self.statistic:.1f} / {self.ndf:.4g}{p_value}{toys}>"

    def to_json(self) -> dict[str, Any]:
        """Plain data; what does not exist is ``None``."""
        return {
            "part": self.part,
            "statistic_of": self.kind,
            "statistic": self.statistic,
            "terms": self.terms,
            "ndf": self.ndf,
            "p_value_reference": finite_or_none(self.reference),
            "p_value_toys": finite_or_none(self.p_value),
            "p_value_toys_error": finite_or_none(self.error),
        }


@dataclass(frozen=True, eq=False)
class GoodnessTest:
    """How well a fit describes its data.

    Args:
        best_fit: the fit.
        rows: every statistic of every part, the total last.
        toys: number of toys, 0 for none.
        seed: their seed.
        drawn: by statistic, the values of all toys whose fit converged, shape ``(toys, parts + 1)``, parts in
            the order of ``rows``.
        failures: number and reason of each toy whose fit did not.
        fixed: what the fits held, by public name.
        notes: what one has to know.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> goodness(counting(12.0, 10.0, background_error=2.0), fix={"signal": 0.0})
        <GoodnessTest: saturated 0.3 / 1, p = 0.6; pearson 0.3 / 1, p = 0.6>
    """

    best_fit: FitResult
    rows: tuple[PartGoodness, ...]
    toys: int = 0
    seed: int = 1
    drawn: Mapping[str, Array] = field(default_factory=dict)
    failures: tuple[tuple[int, str], ...] = ()
    fixed: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts, ``total`` last."""
        return tuple(row.part for row in self.rows if row.kind == STATISTICS[0])

    def of(self, kind: str, part: str = TOTAL) -> PartGoodness:
        """One row.

        Args:
            kind: the statistic.
            part: the part.

        Raises:
            OptionError: where there is none.
        """
        for row in self.rows:
            if (row.kind, row.part) == (kind, part):
                return row
        raise OptionError("goodness of fit", f"no {kind!r} of {part!r}", ", ".join(self.parts))

    def __repr__(self) -> str:
        """Both totals."""
        words = []
        for kind in STATISTICS:
            row = self.of(kind)
            toys = "" if math.isnan(row.p_value) else f" ({row.p_value:.3f} by toys)"
            words.append(f"{kind} {row.statistic:.1f} / {row.ndf:.4g}, p = {row.reference:.2g}{toys}")
        return f"<GoodnessTest: {'; '.join(words)}>"

    def to_json(self) -> dict[str, Any]:
        """Rows, fit, toys and their failures, as plain data; without the values of single toys."""
        return {
            "rows": [row.to_json() for row in self.rows],
            "toys": self.toys,
            "seed": self.seed,
            "fixed": dict(self.fixed),
            "failures": [{"toy": number, "reason": reason} for number, reason in self.failures],
            "nll": self.best_fit.nll,
            "edm": self.best_fit.edm,
            "parameters": {name: one.to_json() for name, one in self.best_fit.parameters.items()},
            "goodness_notes": list(self.notes),
        }


def goodness(
    model: SpectralModel,
    toys: int = 0,
    seed: int = 1,
    fix: Mapping[str, float] | None = None,
    *,
    progress: Progress | None = None,
) -> GoodnessTest:
    """Test how well a model describes its data, channel by channel and as a whole.

    The saturated statistic is ``2 (NLL - NLL_saturated)``: Baker and Cousins' for counts, squared pulls for
    normal measurements, constraints of fitted parameters among them. Its reference distribution, and that of
    Pearson's chi2, hold for high counts; toys drawn at the fitted values, auxiliary measurements with them,
    and each fitted like the data, give the p-value for any.

    A p-value by toys is ``(k + 1) / (n + 1)`` with ``k`` of ``n`` toys at least as far off as the data: the
    data are one of the ensemble under the hypothesis, and no p-value is zero. Channels of Asimov data beside
    measured ones test nothing: they stay at their expectation in the toys and are no part of the sums.

    Args:
        model: the model with its data.
        toys: number of toys, 0 for none.
        seed: their seed; a toy depends on it and on its own number alone.
        fix: parameters to hold, with their values.
        progress: called with toys done and toys in all.

    Returns:
        The statistics with their p-values.

    Raises:
        FitError: where the fit does not converge, or those of more than half of the toys do not.
        ModelError: for an unknown parameter.
        OptionError: for 1 to 19 toys, an impossible seed or value.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> test = goodness(counting(9.0, 3.0, background_error=0.5), 200, fix={"signal": 0.0})
        >>> test.of("saturated")
        <total: saturated 7.0 / 1, p = 0.0083, 0.010 +- 0.007 by toys>
    """
    check_toys(toys, seed)
    fixed = dict(fix or {})
    best = fit(model, fix=fixed)
    compiled = CompiledModel(best.model)
    free = [name for name in best.model.free if name not in fixed]
    parts = Parts(best.model, free)
    position = compiled.coordinates(best.values)
    expected = np.concatenate(compiled.expected(position))[None]
    values = np.array([best.values[name] for name in best.model.parameters])[None]
    data = DataSets.of(best.model)
    found = {
        "saturated": _with_total(parts.saturated(data, expected, values))[0],
        "pearson": _with_total(parts.pearson(data, expected, values))[0],
    }
    references = parts.references(compiled, position)
    drawn, failures = _toys(best, parts, fixed, toys, seed, progress) if toys else ({}, ())
    rows = []
    for column, (part, reference) in enumerate(zip((*parts.names, TOTAL), references, strict=True)):
        for kind in STATISTICS:
            values_of_toys = drawn[kind][:, column] if toys else None
            rows.append(_tested(part, kind, float(found[kind][column]), reference, values_of_toys))
    notes: tuple[str, ...] = ()
    if len(failures) > _NOTED * toys:
        notes = (
            f"{len(failures)} of {toys} toys could not be fitted and are left out of the p-values, the first "
            f"toy {failures[0][0]}: {failures[0][1]}",
        )
    return GoodnessTest(best, tuple(rows), toys, seed, drawn, failures, fixed, notes)


def check_toys(toys: int, seed: int) -> None:
    """Refuse numbers of toys and seeds that give no p-value.

    Args:
        toys: number of toys, 0 for none.
        seed: their seed.

    Raises:
        OptionError: for 1 to 19 toys, a negative number, or a seed that is no unsigned 64-bit number.

    Example:
        >>> check_toys(5, 1)
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: toys: 5. Allowed: at least 20; or 0, for none.
    """
    if toys and toys < FEWEST_TOYS:
        raise OptionError("toys", str(toys), f"at least {FEWEST_TOYS}; or 0, for none")
    check_ensemble(max(toys, 1), seed)


def _tested(part: str, kind: str, statistic: float, reference: Reference, toys: Array | None) -> PartGoodness:
    variance = reference.pearson_variance if kind == "pearson" else reference.variance
    unknown = part != TOTAL and reference.followed
    by_reference = math.nan if unknown else tail(statistic, reference.ndf, variance)
    if toys is None:
        return PartGoodness(part, kind, statistic, reference.terms, reference.ndf, by_reference)
    above = int(np.count_nonzero(toys >= statistic - _TIES * (1 + abs(statistic))))
    p_value = (above + 1) / (toys.size + 1)
    error = math.sqrt(p_value * (1 - p_value) / toys.size) if above < toys.size else 1 / toys.size
    return PartGoodness(part, kind, statistic, reference.terms, reference.ndf, by_reference, p_value, error)


def _toys(
    best: FitResult,
    parts: Parts,
    fixed: Mapping[str, float],
    toys: int,
    seed: int,
    progress: Progress | None,
) -> tuple[dict[str, Array], tuple[tuple[int, str], ...]]:
    """Both statistics of every toy that could be fitted, and which could not."""
    ensemble = Ensemble(best.model, best.values)
    waiting = _waiting(ensemble)
    truth = ensemble.expected({})
    saturated, pearson, failures = [], [], []
    for first in range(0, toys, _BLOCK):
        size = min(_BLOCK, toys - first)
        data = ensemble.draw(seed, first, size)
        if waiting.any():
            data = DataSets(np.where(waiting, truth, data.observed), data.auxiliary)
        fits = ensemble.fit(data, fixed)
        failures += [(first + row, fits.reasons.get(row, "")) for row in np.flatnonzero(~fits.ok).tolist()]
        data, expected, values = data.rows(fits.ok), _expected(ensemble, fits), fits.values[fits.ok]
        saturated.append(_with_total(parts.saturated(data, expected, values)))
        pearson.append(_with_total(parts.pearson(data, expected, values)))
        if progress is not None:
            progress(first + size, toys)
    if len(failures) > _MOST_FAILURES * toys:
        number, reason = failures[0]
        raise FitError(
            "goodness of fit",
            f"{toys - len(failures)} of {toys} toys could be fitted",
            "at least half of them",
            f"Toy {number} says: {reason}",
        )
    drawn = {"saturated": np.concatenate(saturated), "pearson": np.concatenate(pearson)}
    return drawn, tuple(failures)


def _waiting(ensemble: Ensemble) -> NDArray[np.bool_]:
    """Which contents are those of channels that wait for their data, all channels end to end."""
    counted = {channel.name for channel in channels_with_data(ensemble.model)}
    return np.concatenate([np.full(c.bins, c.name not in counted) for c in ensemble.model.channels])


def _expected(ensemble: Ensemble, fits: Fits) -> Array:
    """What every fit that converged expects, shape ``(n, bins)``."""
    compiled = ensemble.compiled
    rows = [np.concatenate(compiled.expected(position)) for position in fits.position[fits.ok]]
    return np.array(rows).reshape(len(rows), sum(channel.bins for channel in ensemble.model.channels))


def _with_total(parts: Array) -> Array:
    """The parts, and their sum behind them."""
    return np.concatenate([parts, parts.sum(axis=1, keepdims=True)], axis=1)
