"""What a study of coverage comes to: one row per truth and method; when a method covers, in words.

Toys are counted in :mod:`nurecoil.inference.coverage`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from nurecoil.errors import OptionError
from nurecoil.inference.results import finite_or_none

__all__ = ["CONVENTIONS", "Coverage", "CoverageRow"]

CONVENTIONS: Mapping[str, str] = MappingProxyType(
    {
        "area": "the limit of each toy's profile lies at or above the truth",
        "area-squared": "the limit of each toy's profile lies at or above the truth",
        "delta-chi2-one-sided": "the best fit lies above the truth, or the truth below the threshold",
        "delta-chi2-two-sided": "the best fit lies above the truth, or the truth below the threshold",
        "feldman-cousins": "the truth lies in the interval: 2 Delta NLL is at most its quantile in "
        "other toys of the truth",
    }
)
"""The methods, and when each covers."""


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """Coverage of one method at one truth.

    Args:
        truth: value of the parameter of interest.
        method: the method.
        covered: toys whose limit (or interval) covers the truth.
        toys: toys that have an answer.
        failed: toys that have none; they are left out.
        low: lower end of the 68.3 % Wilson interval of the coverage.
        high: its upper end. Both hold the error of Feldman-Cousins' critical value too.
        mean: mean limit, in the parameter's unit; NaN where no limits were read off.
        median: median limit.
        critical: Feldman-Cousins' critical value of ``2 Delta NLL``; NaN for other methods.

    Example:
        >>> row = CoverageRow(0.0, "area", 90, 100, 0, 0.866, 0.926, 2.0, 1.9)
        >>> row.coverage, round(row.error, 3)
        (0.9, 0.03)
    """

    truth: float
    method: str
    covered: int
    toys: int
    failed: int
    low: float
    high: float
    mean: float = math.nan
    median: float = math.nan
    critical: float = math.nan

    @property
    def coverage(self) -> float:
        """Share of the toys that are covered."""
        return self.covered / self.toys

    @property
    def error(self) -> float:
        """Half the width of the interval of the coverage."""
        return (self.high - self.low) / 2

    def to_json(self) -> dict[str, Any]:
        """Plain data; what does not exist is ``None``."""
        return {
            "truth": self.truth,
            "method": self.method,
            "coverage": self.coverage,
            "low": self.low,
            "high": self.high,
            "covered": self.covered,
            "toys": self.toys,
            "failed": self.failed,
            "mean": finite_or_none(self.mean),
            "median": finite_or_none(self.median),
            "critical": finite_or_none(self.critical),
        }


@dataclass(frozen=True)
class Coverage:
    """Coverage of several methods at several truths.

    Args:
        poi: the parameter of interest.
        unit: its unit.
        cl: the confidence level the methods were asked for.
        rows: one per truth and method, truth by truth.
        seed: seed of the toys.
        failures: truth, number and reason of every toy that lacks an answer.
        metadata: the model's.
        notes: what one has to know.

    Example:
        >>> Coverage("mu", "1", 0.9, (CoverageRow(0.0, "area", 20, 20, 0, 0.95, 1.0),), 1)
        <Coverage of mu at 90 %: area 1.000 at 0>
    """

    poi: str
    unit: str
    cl: float
    rows: tuple[CoverageRow, ...]
    seed: int
    failures: tuple[tuple[float, int, str], ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = ()

    @property
    def truths(self) -> tuple[float, ...]:
        """The truths, in the order of the rows."""
        return tuple(dict.fromkeys(row.truth for row in self.rows))

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods, in the order of the rows."""
        return tuple(dict.fromkeys(row.method for row in self.rows))

    def of(self, method: str, truth: float) -> CoverageRow:
        """One row.

        Raises:
            OptionError: where there is none.
        """
        for row in self.rows:
            if (row.method, row.truth) == (method, truth):
                return row
        known = f"{', '.join(self.methods)} at {', '.join(f'{one:g}' for one in self.truths)}"
        raise OptionError("coverage", f"no row of {method!r} at {truth:g}", known)

    def __repr__(self) -> str:
        """Method, coverage and truth of each row."""
        rows = ", ".join(f"{row.method} {row.coverage:.3f} at {row.truth:.3g}" for row in self.rows)
        return f"<Coverage of {self.poi} at {100 * self.cl:g} %: {rows}>"

    def to_json(self) -> dict[str, Any]:
        """Rows, seed and failures as plain data."""
        return {
            "poi": self.poi,
            "unit": self.unit,
            "cl": self.cl,
            "seed": self.seed,
            "rows": [row.to_json() for row in self.rows],
            "conventions": {method: CONVENTIONS[method] for method in self.methods},
            "failures": [{"truth": t, "toy": toy, "reason": why} for t, toy, why in self.failures],
            "coverage_notes": list(self.notes),
        }
