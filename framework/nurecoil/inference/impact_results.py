"""What a ranking of parameters by their impact returns: rows, groups, and all of it as plain data.

How impacts are computed is in :mod:`nurecoil.inference.impacts`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from nurecoil.inference.pulls import Pull
from nurecoil.inference.results import AsymmetricError, FitResult, finite_or_none

__all__ = ["GroupImpact", "Impact", "Impacts", "Quantity"]

Quantity = Literal["estimate", "limit"]


@dataclass(frozen=True, slots=True)
class Impact:
    """What one parameter does to the parameter of interest.

    Args:
        parameter: its name.
        unit: its unit.
        value: its estimate.
        error: its errors after the fit, in its unit.
        errors: where they come from: ``minos``, ``hesse``, or empty where it has none.
        pull: its pull, ``None`` for one without a constraint.
        up: shift of the quantity with the parameter held one error above its estimate; NaN for none.
        down: the same one error below.
        prefit_up: shift with the parameter held one error before the fit above its estimate; NaN for none.
        prefit_down: the same below.
        gain: how much lower the limit would be if the parameter were known to be its estimate; NaN for an
            impact on an estimate.
        reason: what is missing, and why; which side a bound has cut short.

    Example:
        >>> Impact("b", "1", 3.0, AsymmetricError(-1.0, 1.0), "minos", None, -0.5, 0.25).size
        0.5
    """

    parameter: str
    unit: str
    value: float
    error: AsymmetricError
    errors: str
    pull: Pull | None
    up: float
    down: float
    prefit_up: float = math.nan
    prefit_down: float = math.nan
    gain: float = math.nan
    reason: str = ""

    @property
    def size(self) -> float:
        """The larger of both shifts; NaN where there is none."""
        return max((abs(one) for one in (self.up, self.down) if math.isfinite(one)), default=math.nan)

    def __repr__(self) -> str:
        """Name and shifts."""
        return f"<Impact of {self.parameter}: {self.up:+.3g} {self.down:+.3g}>"

    def to_json(self) -> dict[str, Any]:
        """Plain data; what does not exist is ``None``."""
        shifts = ("up", "down", "prefit_up", "prefit_down", "gain")
        return {
            "parameter": self.parameter,
            "unit": self.unit,
            "value": self.value,
            "error": self.error.to_json(),
            "errors": self.errors,
            "pull": None if self.pull is None else self.pull.to_json(),
            **{name: finite_or_none(getattr(self, name)) for name in shifts},
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class GroupImpact:
    """What several parameters do together.

    Args:
        name: the group.
        parameters: its members.
        size: of an estimate, the group's share of the error, to be subtracted in quadrature; of a limit, how
            much lower it would be if all members were known to be their estimates. NaN where there is none.
        reason: why there is none.

    Example:
        >>> GroupImpact("rates", ("a", "b"), 0.5)
        <GroupImpact of rates (2 parameters): 0.5>
    """

    name: str
    parameters: tuple[str, ...]
    size: float
    reason: str = ""

    def __repr__(self) -> str:
        """Name, number of members, size."""
        return f"<GroupImpact of {self.name} ({len(self.parameters)} parameters): {self.size:.3g}>"

    def to_json(self) -> dict[str, Any]:
        """Plain data; a size that does not exist is ``None``."""
        return {
            "name": self.name,
            "parameters": list(self.parameters),
            "size": finite_or_none(self.size),
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Impacts:
    """A ranking of parameters.

    Args:
        poi: the parameter of interest.
        unit: its unit, which the shifts have too.
        quantity: what is shifted: its ``estimate``, or the upper ``limit`` on it.
        value: the estimate or the limit.
        error: errors of the estimate; NaN on both sides for a limit.
        cl: confidence level of the limit, ``None`` for an estimate.
        method: the limit's rule, ``None`` for an estimate.
        why: why this quantity.
        rows: every parameter that the fit moved, the largest impact first, those without one last.
        groups: groups of them, the largest first.
        fixed: parameters that the fit held: they have no impact.
        best_fit: the free fit, with its asymmetric errors.
        notes: what one has to know to use it.
        seconds: wall time.

    Example:
        >>> Impacts.__dataclass_fields__["quantity"].name
        'quantity'
    """

    poi: str
    unit: str
    quantity: Quantity
    value: float
    error: AsymmetricError
    cl: float | None
    method: str | None
    why: str
    rows: tuple[Impact, ...]
    groups: tuple[GroupImpact, ...]
    fixed: tuple[str, ...]
    best_fit: FitResult = field(repr=False)
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    def top(self, number: int) -> Sequence[Impact]:
        """The largest impacts."""
        return self.rows[:number]

    def __repr__(self) -> str:
        """Quantity, number of rows, the first."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        first = f", first {self.rows[0].parameter}" if self.rows else ""
        return (
            f"<Impacts on the {self.quantity} of {self.poi} ({self.value:.4g}{unit}): "
            f"{len(self.rows)} parameters{first}>"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "poi": self.poi,
            "unit": self.unit,
            "quantity": self.quantity,
            "value": self.value,
            "error": self.error.to_json() if self.quantity == "estimate" else None,
            "cl": self.cl,
            "method": self.method,
            "why": self.why,
            "rows": [row.to_json() for row in self.rows],
            "groups": [group.to_json() for group in self.groups],
            "fixed": list(self.fixed),
            "best_fit": self.best_fit.values[self.poi],
            "nll": self.best_fit.nll,
            "goodness": self.best_fit.goodness.to_json(),
            "notes": list(self.notes),
            "seconds": self.seconds,
        }
