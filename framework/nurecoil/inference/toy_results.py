"""What an ensemble of toys came to: every toy's estimates, what failed, and means, spreads and pulls.

Nothing is drawn or fitted here: that is :mod:`nurecoil.inference.toys`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nurecoil._version import __version__
from nurecoil.inference.results import finite_or_none

__all__ = ["MOST_FAILURES", "Spread", "Step", "ToyFailure", "Toys"]

Array = NDArray[np.float64]

Step = Literal["draw", "free fit", "fixed fit"]
"""What can fail in a toy, in this order."""

MOST_FAILURES = 0.01
"""The share of failed toys above which a result says that the others may not stand for all."""
_STATED = ("experiments", "search", "options", "provenance", "references", "origin")
"""What the document repeats of the model's metadata."""


@dataclass(frozen=True, slots=True)
class ToyFailure:
    """A toy that was not drawn or not fitted.

    Args:
        toy: its number.
        seed: seed of its ensemble; both together draw it again.
        step: where it failed.
        reason: the message.

    Example:
        >>> ToyFailure(7, 1, "free fit", "no minimum found").to_json()["toy"]
        7
    """

    toy: int
    seed: int
    step: Step
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"toy": self.toy, "seed": self.seed, "step": self.step, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Spread:
    """The estimates of one parameter over an ensemble. What cannot be had is NaN.

    Args:
        truth: what the toys were drawn at, in ``unit``.
        mean: mean of the estimates.
        spread: their standard deviation.
        pull_mean: mean of (estimate - truth) / error, in the power that is fitted.
        pull_width: standard deviation of these pulls.
        pulls: how many there are: an estimate at a bound has no error and no pull.
        unit: the parameter's unit.

    Example:
        >>> Spread(1.0, 1.1, 0.2, 0.5, 1.0, 100, "cpd").to_json()["mean"]
        1.1
    """

    truth: float
    mean: float
    spread: float
    pull_mean: float
    pull_width: float
    pulls: int
    unit: str = "1"

    def to_json(self) -> dict[str, Any]:
        """Plain data; what is NaN is ``None``."""
        numbers = ("truth", "mean", "spread", "pull_mean", "pull_width")
        found = {name: finite_or_none(getattr(self, name)) for name in numbers}
        return {**found, "pulls": self.pulls, "unit": self.unit}


@dataclass(frozen=True, eq=False)
class Toys:
    """An ensemble of fitted toys; row ``i`` of every array is toy ``first + i``.

    Args:
        parameters: the model's free parameters, in the order of the columns.
        units: their units.
        powers: the power in which each is fitted, shape ``(parameters,)``: 2 for a magnetic moment.
        truth: what the data were drawn at, shape ``(parameters,)``, in the parameters' units.
        values: estimates of the free fit, shape ``(n, parameters)``; NaN where there is none.
        errors: their errors, same shape; NaN at a bound, too.
        nll: full -log L at the free fit's minimum, shape ``(n,)``.
        nll_fixed: the same with :attr:`fixed` held, shape ``(n,)``.
        status: ``ok``, or the :data:`Step` that failed, shape ``(n,)``.
        fixed: what the second fit held; empty where there was none.
        seed: seed of the ensemble.
        first: number of the first toy.
        failures: every toy that failed.
        poi: the model's parameter of interest.
        metadata: the model's.

    Example:
        >>> from nurecoil.inference.toys import toys
        >>> from nurecoil.testing.models import counting
        >>> found = toys(counting(observed=3.0, background=9.0), 5, fix={"signal": 4.0})
        >>> found.values.shape, found.status.tolist() == ["ok"] * 5
        ((5, 1), True)
    """

    parameters: tuple[str, ...]
    units: tuple[str, ...]
    powers: NDArray[np.int_]
    truth: Array
    values: Array
    errors: Array
    nll: Array
    nll_fixed: Array
    status: NDArray[np.str_]
    fixed: Mapping[str, float]
    seed: int
    first: int = 0
    failures: tuple[ToyFailure, ...] = ()
    poi: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of toys, failed ones too."""
        return int(self.nll.size)

    @property
    def failed(self) -> float:
        """Share of the toys that failed."""
        return len(self.failures) / len(self)

    @property
    def rise(self) -> Array:
        """Twice the rise of -log L from the free to the fixed fit, shape ``(n,)``; NaN where one failed."""
        return np.asarray(2 * (self.nll_fixed - self.nll))

    @property
    def pulls(self) -> Array:
        """(estimate - truth) / error, shape ``(n, parameters)``; NaN where there is no error.

        Of a parameter that is fitted in a power, estimate, truth and error are those of the power: there the
        likelihood is nearly a parabola.
        """
        size = self.powers * np.abs(self.values) ** (self.powers - 1) * self.errors
        moved = _powers(self.values, self.powers) - _powers(self.truth, self.powers)
        return np.asarray(moved / np.where(size > 0, size, math.nan))

    @property
    def notes(self) -> tuple[str, ...]:
        """What one has to know to use the ensemble: failures, where they are more than a few."""
        if self.failed <= MOST_FAILURES:
            return ()
        one = self.failures[0]
        return (
            f"{len(self.failures)} of {len(self)} toys failed ({_percent(self.failed)} %, more than "
            f"{100 * MOST_FAILURES:g} %): the others may not stand for all. Toy {one.toy}, {one.step}: "
            f"{one.reason}",
        )

    def summary(self) -> dict[str, Spread]:
        """Mean, spread and pulls of every free parameter over the toys that have them."""
        pulls = self.pulls
        return {
            name: Spread(
                float(self.truth[i]),
                *_moments(self.values[:, i]),
                *_moments(pulls[:, i]),
                int(np.isfinite(pulls[:, i]).sum()),
                self.units[i],
            )
            for i, name in enumerate(self.parameters)
        }

    def __repr__(self) -> str:
        """Number, seed, what was fitted, failures."""
        held = ", ".join(f"{name} = {value:g}" for name, value in self.fixed.items())
        fits = f"fitted free and with {held}" if held else "fitted free"
        many = f" (more than {100 * MOST_FAILURES:g} %)" if self.notes else ""
        since = f" from toy {self.first}" if self.first else ""
        return (
            f"<Toys: {len(self)} of seed {self.seed}{since}, {len(self.parameters)} parameters, {fits}, "
            f"{len(self.failures)} failed{many}>"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data: the summary and, under ``toys``, every toy; NaN is ``None``."""
        return {
            "n": len(self),
            "seed": self.seed,
            "first": self.first,
            "fixed": dict(self.fixed),
            "poi": self.poi,
            "parameters": {name: spread.to_json() for name, spread in self.summary().items()},
            "failed": self.failed,
            "failures": [failure.to_json() for failure in self.failures],
            "notes": [*self.metadata.get("notes", ()), *self.notes],
            **{key: self.metadata[key] for key in _STATED if key in self.metadata},
            "version": __version__,
            "toys": {
                "toy": list(range(self.first, self.first + len(self))),
                "status": self.status.tolist(),
                "nll": _plain(self.nll),
                "nll_fixed": _plain(self.nll_fixed),
                "values": {n: _plain(self.values[:, i]) for i, n in enumerate(self.parameters)},
                "errors": {n: _plain(self.errors[:, i]) for i, n in enumerate(self.parameters)},
            },
        }


def _percent(share: float) -> str:
    """Two digits, without a power of ten."""
    return f"{100 * share:.0f}" if share > 0.1 else f"{100 * share:.2g}"


def _powers(values: Array, powers: NDArray[np.int_]) -> Array:
    """Powers that keep the sign, as the engine's internal coordinates do."""
    return np.asarray(np.sign(values) * np.abs(values) ** powers)


def _moments(values: Array) -> tuple[float, float]:
    """Mean and standard deviation of what is finite; NaN where there is too little of it."""
    finite = values[np.isfinite(values)]
    mean = float(finite.mean()) if finite.size else math.nan
    return mean, float(finite.std(ddof=1)) if finite.size > 1 else math.nan


def _plain(values: Array) -> list[float | None]:
    return [finite_or_none(value) for value in values.tolist()]
