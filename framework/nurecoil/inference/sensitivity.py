"""Expected limits of the background-only model: the median and its bands, from Asimov data or from toys.

The data themselves are made in :mod:`nurecoil.inference.pseudo_data`, limits in
:mod:`nurecoil.inference.limits`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, Literal

import numpy as np
from scipy.special import ndtr

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.response import compile_response, needs_recompiling
from nurecoil.errors import FitError, ModelError, OptionError
from nurecoil.inference.fit import fit
from nurecoil.inference.limits import Limit, limit
from nurecoil.inference.profile import Progress
from nurecoil.inference.pseudo_data import STREAMS, asimov, shifted, toy, toy_stream
from nurecoil.inference.results import Scan
from nurecoil.model.roots import rooted
from nurecoil.model.spectral import SpectralModel

__all__ = ["BANDS", "FEWEST_TOYS", "Sensitivity", "ToyLimits", "check_toys", "sensitivity"]

BANDS = (-2, -1, 1, 2)
"""The edges of the bands, in standard deviations of the data."""
FEWEST_TOYS = 20
"""The fewest toys whose quantiles reach two standard deviations: 1 in 44 lies beyond on each side."""
_BAND_POINTS = 17
"""Points of the scans behind the bands: their limits agree with those of 41 points to 0.3 %."""
_MOST_FAILURES = 0.5
"""The share of toys without a limit from which on the others stand for nothing."""
_DISORDER = 0.01
"""Share by which a limit may lie on the wrong side of its neighbour's before the result says so."""


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
        bands: standard deviations (-2, -1, 1, 2) to the limit that such data would give, in ``unit``.
        source: whether median and bands come from ``Asimov`` data or from ``toys``.
        limit: the whole limit on the Asimov data, with scan and fit; its notes say what failed.
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
        """The document of the limit on the Asimov data, with ``median``, ``bands`` and their toys."""
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
    J. C 71 (2011) 1554, section 4.3); downwards the data are mirrored about the Asimov data. With ``toys``
    median and bands are quantiles of the limits on drawn data instead.

    For one number measured with a normal error the data are at -2, -1, 1 and 2 errors, and the bands exact.
    Where few counts are expected they are approximate, and toys tell.

    Args:
        model: a model with a parameter of interest.
        method: the limit rule.
        cl: confidence level, between 0 and 1.
        toys: number of toys, 0 for Asimov bands.
        seed: seed of the toys; a toy depends on it and on its own number alone.
        points: points of the scan of the Asimov data.
        progress: called with limits done and limits in all.

    Returns:
        The expected limit.

    Raises:
        FitError: where a fit to Asimov data does not converge, or less than half of the toys give a limit.
        ModelError: where the model has no parameter of interest.
        OptionError: for an unknown method, an impossible level, 1 to 19 toys or an impossible seed.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> sensitivity(counting(observed=3.0, background=16.0))
        <Sensitivity signal < 7.985 [5.335, 11.82] events expected at 90 % (area, Asimov)>
    """
    model = rooted(model)
    if model.poi is None:
        raise ModelError("sensitivity", "the model has no parameter of interest", "a model with one")
    check_toys(toys, seed)
    expected = _background_only(model)
    found = limit(expected, cl, method, points=points)
    told = _counter(progress, 1 + (toys or len(BANDS)))
    told()
    if toys:
        return _from_toys(found, _toy_limits(found.model, method, cl, toys, seed, told))
    bands = {}
    for sigma in BANDS:
        value = _at_sigma(found.scan, abs(sigma))
        pulled = fit(found.model, fix={model.poi: value}).values
        data = shifted(found.model, pulled, 1 if sigma > 0 else -1)
        bands[sigma] = limit(data, cl, method, points=_BAND_POINTS).value
        told()
    rising = np.array([bands[-2], bands[-1], found.value, bands[1], bands[2]])
    if np.any(rising[1:] < rising[:-1] * (1 - _DISORDER)):
        found = _noted(found, "the limit does not rise with the data: take the bands from toys")
    return Sensitivity(found.value, found.unit, bands, "Asimov", found)


def check_toys(toys: int, seed: int) -> None:
    """Refuse numbers of toys and seeds that give no bands.

    Args:
        toys: number of toys, 0 for none.
        seed: their seed.

    Raises:
        OptionError: for 1 to 19 toys, a negative number, or a seed that is no unsigned 64-bit number.

    Example:
        >>> check_toys(5, 1)
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: toys: 5. Allowed: at least 20, for quantiles up to two sigma; or 0.
    """
    if toys and toys < FEWEST_TOYS:
        raise OptionError("toys", str(toys), f"at least {FEWEST_TOYS}, for quantiles up to two sigma; or 0")
    if not 0 <= seed < STREAMS:
        raise OptionError("seed of the toys", str(seed), "a whole number from 0 to 2**64 - 1")


def _counter(progress: Progress | None, total: int) -> Callable[[], None]:
    """A function that tells ``progress`` of one limit more whenever it is called."""
    done = count(1)

    def told() -> None:
        number = next(done)
        if progress is not None:
            progress(number, total)

    return told


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
    """The least value above the truth, 0, at which the Asimov profile has risen by ``sigma**2 / 2``.

    Interpolated in the root of the rise, which is straight for a parabola.
    """
    right = scan.values > 0
    values = np.array([0.0, *scan.values[right]])
    rise = np.sqrt(np.maximum([0.0, *scan.delta_nll[right]], 0.0))
    wanted = sigma / np.sqrt(2.0)
    above = np.flatnonzero(rise >= wanted)
    if not above.size:
        raise FitError(
            f"bands of {scan.parameter!r}",
            f"-log L rises by {float(rise.max()) ** 2:.3g} at most, up to the bound {scan.values[-1]:.4g}",
            f"a rise by {wanted**2:.3g}, at {sigma} sigma",
            "Widen the range of the parameter.",
        )
    last = int(above[0])
    share = (wanted - rise[last - 1]) / (rise[last] - rise[last - 1])
    return float(values[last - 1] + share * (values[last] - values[last - 1]))


def _toy_limits(
    model: SpectralModel, method: str, cl: float, toys: int, seed: int, told: Callable[[], None]
) -> ToyLimits:
    limits: list[float] = []
    failures: list[tuple[int, str]] = []
    for index in range(toys):
        try:
            drawn = toy(model, toy_stream(seed, index))
            limits.append(limit(drawn, cl, method, points=_BAND_POINTS).value)
        except FitError as error:
            failures.append((index, str(error)))
        told()
    return ToyLimits(tuple(limits), seed, toys, tuple(failures))


def _from_toys(found: Limit, drawn: ToyLimits) -> Sensitivity:
    if drawn.failed > _MOST_FAILURES:
        raise FitError(
            "sensitivity",
            f"{len(drawn.limits)} of {drawn.asked} toys give a limit",
            "at least half of them",
            f"Toy {drawn.failures[0][0]} says: {drawn.failures[0][1]}",
        )
    quantiles = np.quantile(drawn.limits, ndtr([0.0, *BANDS]))
    bands = dict(zip(BANDS, quantiles[1:].tolist(), strict=True))
    if drawn.failures:
        index, reason = drawn.failures[0]
        number = f"{len(drawn.failures)} of {drawn.asked} toys"
        found = _noted(found, f"{number} gave no limit and are left out, the first toy {index}: {reason}")
    return Sensitivity(float(quantiles[0]), found.unit, bands, "toys", found, drawn)


def _noted(found: Limit, note: str) -> Limit:
    """The limit with one note more."""
    model = found.model
    notes = [*model.metadata.get("notes", ()), note]
    changed = dataclasses.replace(model, metadata={**model.metadata, "notes": notes})
    return dataclasses.replace(found, best_fit=dataclasses.replace(found.best_fit, model=changed))
