"""Expected limits of the background-only model: the median and its bands, from Asimov data or from toys.

The data themselves are made in :mod:`nurecoil.inference.pseudo_data`, limits in
:mod:`nurecoil.inference.limits`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from scipy.special import ndtr

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.response import compile_response, needs_recompiling
from nurecoil.errors import FitError, ModelError, NurecoilError, OptionError
from nurecoil.inference.fit import fit
from nurecoil.inference.limits import Limit, limit
from nurecoil.inference.pseudo_data import asimov, shifted, toy, toy_stream
from nurecoil.inference.results import Scan
from nurecoil.model.spectral import SpectralModel

__all__ = ["BANDS", "Sensitivity", "ToyLimits", "sensitivity"]

Progress = Callable[[int, int], None]

BANDS = (-2, -1, 1, 2)
"""The edges of the bands, in standard deviations of the data."""
_BAND_POINTS = 17
"""Points of the scans behind the bands: their limits agree with those of 41 points to 0.3 %."""
_MOST_FAILURES = 0.01
"""The share of failed toys from which on a result says so."""


@dataclasses.dataclass(frozen=True)
class ToyLimits:
    """The limits of an ensemble of toys.

    Args:
        limits: one limit per toy that gave one, in the order of the toys.
        seed: seed of the ensemble.
        asked: number of toys.
        failures: number and reason of each toy that gave none.

    Example:
        >>> ToyLimits((1.0, 2.0), 1, 3, ((2, "no minimum"),)).failed
        0.3333333333333333
    """

    limits: tuple[float, ...]
    seed: int
    asked: int
    failures: tuple[tuple[int, str], ...] = ()

    @property
    def failed(self) -> float:
        """Share of the toys that gave no limit."""
        return len(self.failures) / self.asked

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        failures = [{"toy": index, "reason": reason} for index, reason in self.failures]
        return {"n": self.asked, "seed": self.seed, "limits": list(self.limits), "failures": failures}


@dataclasses.dataclass(frozen=True)
class Sensitivity:
    """An expected limit with its bands.

    Args:
        median: the expected limit, in ``unit``.
        unit: its unit.
        bands: standard deviations (-2, -1, 1, 2) to the limit that such data would give.
        source: whether median and bands come from ``Asimov`` data or from ``toys``.
        limit: the whole limit on the Asimov data, with scan and fit.
        toys: the limits of all toys, or ``None``.

    Example:
        >>> Sensitivity.__dataclass_fields__["median"].name
        'median'
    """

    median: float
    unit: str
    bands: Mapping[int, float]
    source: Literal["Asimov", "toys"]
    limit: Limit
    toys: ToyLimits | None = None

    def __repr__(self) -> str:
        """Expected limit, bands, level, method."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        band = f" [{self.bands[-1]:.4g}, {self.bands[1]:.4g}]" if self.bands else ""
        return (
            f"<Sensitivity {self.limit.poi} < {self.median:.4g}{band}{unit} expected at "
            f"{100 * self.limit.cl:g} % ({self.limit.method}, {self.source})>"
        )

    def to_json(self) -> dict[str, Any]:
        """The limit's document with ``median``, ``bands`` and the toys behind them."""
        return {
            "median": self.median,
            "bands": {f"{sigma:+d}": value for sigma, value in self.bands.items()},
            "bands_from": self.source,
            "toys": self.toys.to_json() if self.toys is not None else None,
            **self.limit.to_json(),
        }


def sensitivity(
    model: SpectralModel,
    method: str = "area",
    cl: float = 0.90,
    *,
    toys: int = 0,
    seed: int = 1,
    points: int = 41,
    progress: Progress | None = None,
) -> Sensitivity:
    """Expected limit of the model without signal, with bands of one and two standard deviations.

    Where the model has data, the other parameters are first fitted to them with the parameter of
    interest at zero; where it has none, they are at their starting values. The median is the limit on the
    Asimov data. The bands are the limits on data in which the fitted signal has fluctuated by one and two
    standard deviations and the other parameters with it, as its profile says (after Cowan et al., Eur. Phys.
    J. C 71 (2011) 1554, section 4.3); or, with ``toys``, quantiles of the limits on drawn data.

    Args:
        model: a model with a parameter of interest.
        method: the limit rule.
        cl: confidence level.
        toys: number of toys, 0 for Asimov bands.
        seed: seed of the toys.
        points: points of the scan.
        progress: called with limits done and limits in all.

    Returns:
        The expected limit.

    Raises:
        FitError: where a fit does not converge, or no toy gives a limit.
        ModelError: where the model has no parameter of interest.
        OptionError: for an unknown method, an impossible level or fewer than 20 toys.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> sensitivity(counting(observed=3.0, background=16.0))
        <Sensitivity signal < 7.857 [5.043, 11.9] events expected at 90 % (area, Asimov)>
    """
    if model.poi is None:
        raise ModelError("sensitivity", "the model has no parameter of interest", "a model with one")
    if toys and toys < _FEWEST_TOYS:
        raise OptionError("toys", str(toys), f"at least {_FEWEST_TOYS}, for quantiles up to two sigma; or 0")
    expected = _background_only(model)
    found = limit(expected, cl, method, points=points)
    if toys:
        drawn = _toy_limits(found.model, method, cl, toys, seed, progress)
        return _from_toys(found, drawn)
    bands = {}
    for done, sigma in enumerate(BANDS):
        value = _at_sigma(found.scan, abs(sigma))
        pulled = fit(found.model, fix={model.poi: value}).values
        data = shifted(found.model, pulled, 1 if sigma > 0 else -1)
        bands[sigma] = limit(data, cl, method, points=_BAND_POINTS).value
        if progress is not None:
            progress(done + 1, len(BANDS))
    return Sensitivity(found.value, found.unit, bands, "Asimov", found)


_FEWEST_TOYS = 20


def _background_only(model: SpectralModel) -> SpectralModel:
    """The model with Asimov data of no signal, its response compiled where the fit to data left it."""
    assert model.poi is not None
    values: Mapping[str, float] = {model.poi: 0.0}
    if not all(channel.asimov for channel in model.channels):
        result = fit(model, fix={model.poi: 0.0})
        model, values = result.model, result.values
    expected = asimov(model, values)
    compiled = CompiledModel(expected)
    return compile_response(expected) if needs_recompiling(expected, compiled, compiled.start) else expected


def _at_sigma(scan: Scan, sigma: int) -> float:
    """The value at which the Asimov profile has risen by ``sigma**2 / 2``."""
    return float(np.interp(sigma**2 / 2, scan.delta_nll, scan.values))


def _toy_limits(
    model: SpectralModel, method: str, cl: float, toys: int, seed: int, progress: Progress | None
) -> ToyLimits:
    limits: list[float] = []
    failures: list[tuple[int, str]] = []
    for index in range(toys):
        try:
            drawn = toy(model, toy_stream(seed, index))
            limits.append(limit(drawn, cl, method, points=_BAND_POINTS).value)
        except NurecoilError as error:
            failures.append((index, str(error)))
        if progress is not None:
            progress(index + 1, toys)
    return ToyLimits(tuple(limits), seed, toys, tuple(failures))


def _from_toys(found: Limit, drawn: ToyLimits) -> Sensitivity:
    if not drawn.limits:
        raise FitError(
            "sensitivity", f"none of {drawn.asked} toys gives a limit", "toys that can be fitted",
            f"The first says: {drawn.failures[0][1]}",
        )  # fmt: skip
    quantiles = np.quantile(drawn.limits, ndtr([0.0, *BANDS]))
    bands = dict(zip(BANDS, quantiles[1:].tolist(), strict=True))
    model = found.model
    if drawn.failed > _MOST_FAILURES:
        note = f"{len(drawn.failures)} of {drawn.asked} toys gave no limit and are left out of the bands"
        notes = [*model.metadata.get("notes", ()), note]
        changed = dataclasses.replace(model, metadata={**model.metadata, "notes": notes})
        best = dataclasses.replace(found.best_fit, model=changed)
        found = dataclasses.replace(found, best_fit=best)
    return Sensitivity(float(quantiles[0]), found.unit, bands, "toys", found, drawn)
