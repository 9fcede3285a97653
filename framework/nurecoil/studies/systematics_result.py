"""What a systematic study returns: its members, the sum of their profiles, and what each axis does alone.

The study itself is in :mod:`nurecoil.studies.systematics`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nurecoil.inference.limits import Limit
from nurecoil.inference.results import Scan
from nurecoil.inference.rules import rule
from nurecoil.studies.variation_members import Member
from nurecoil.variation import Variation

__all__ = ["AxisRow", "MemberRow", "Systematics"]


@dataclass(frozen=True)
class MemberRow:
    """A member of the sum.

    Args:
        member: its choices and its prior weight.
        limits: limit by rule, in the unit of the parameter of interest; empty where it failed.
        limit: the first rule's limit with scan and fit, or ``None``.
        excess: -log of the maximum likelihood relative to a perfect description of the data.
        delta: ``excess`` above the smallest of all members.
        weight: prior times maximum likelihood, normalised over all members.
        share: its share in the area under the sum.
        reason: why it failed, or nothing.

    Example:
        >>> MemberRow.__dataclass_fields__["weight"].name
        'weight'
    """

    member: Member
    limits: Mapping[str, float]
    limit: Limit | None = None
    excess: float | None = None
    delta: float | None = None
    weight: float = 0.0
    share: float = 0.0
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain data, the profile among them."""
        scan = None if self.limit is None else self.limit.scan
        return {
            "choices": dict(self.member.choices),
            "standard": self.member.standard,
            "options": dict(self.member.options),
            "factors": dict(self.member.factors),
            "prior": self.member.prior,
            "best_fit": None if scan is None else scan.best,
            "limits": dict(self.limits),
            "excess_nll": self.excess,
            "delta_nll": self.delta,
            "weight": self.weight,
            "share": self.share,
            "p_value": None if self.limit is None else self.limit.best_fit.goodness.to_json()["p_value"],
            "scan": None if scan is None else scan.to_json(),
            "reason": self.reason,
        }


@dataclass(frozen=True)
class AxisRow:
    """What one axis does alone, every other axis at its standard choice.

    Args:
        axis: its name.
        members: how many members were summed.
        limit: the limit of their sum by the first rule.
        lowest: the smallest limit of a single choice.
        highest: the largest.

    Example:
        >>> AxisRow("pile-up", 3, 3.3, 2.7, 4.2).limit
        3.3
    """

    axis: str
    members: int
    limit: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Systematics:
    """A weighted sum of profiles with everything that went into it.

    Args:
        poi: the parameter of interest.
        unit: its unit.
        cl: confidence level of the limits.
        methods: the limit rules; the first is the one that ratios are taken of.
        axes: what was varied.
        rows: one row a member, the standard one first.
        scan: the profile of the sum.
        limits: the sum's limit by rule.
        alone: what each axis does alone.
        expected: whether the data are Asimov data of the standard member, all of them.
        metadata: experiments, search, options, notes and references of the standard member.
        notes: what has to be known to use the sum.
        seconds: wall time.

    Example:
        >>> Systematics.__dataclass_fields__["rows"].name
        'rows'
    """

    poi: str
    unit: str
    cl: float
    methods: tuple[str, ...]
    axes: tuple[Variation, ...]
    rows: tuple[MemberRow, ...]
    scan: Scan
    limits: Mapping[str, float]
    alone: tuple[AxisRow, ...]
    expected: bool
    metadata: Mapping[str, Any]
    notes: tuple[str, ...]
    seconds: float

    @property
    def method(self) -> str:
        """The first rule."""
        return self.methods[0]

    @property
    def standard(self) -> MemberRow:
        """The member with every axis at its standard choice."""
        return self.rows[0]

    @property
    def limit(self) -> float:
        """The limit of the sum by the first rule."""
        return self.limits[self.method]

    @property
    def ratio(self) -> float:
        """The limit of the sum over that of the standard member, by the first rule."""
        return self.limit / self.standard.limits[self.method]

    @property
    def failures(self) -> tuple[MemberRow, ...]:
        """Members without a profile; they are not in the sum."""
        return tuple(row for row in self.rows if row.reason)

    @property
    def published(self) -> list[dict[str, Any]]:
        """Published limits of the same search and experiments."""
        found = self.metadata.get("published_limits", ())
        return [dict(row) for row in found if row.get("unit", self.unit) == self.unit]

    def __repr__(self) -> str:
        """Limit of the sum beside the standard one."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        failed = f", {len(self.failures)} failed" if self.failures else ""
        return (
            f"<Systematics of {len(self.rows)} members{failed}: {self.poi} < {self.limit:.4g}{unit} at "
            f"{100 * self.cl:g} % ({self.method}), {self.ratio:.3f} times the standard "
            f"{self.standard.limits[self.method]:.4g}>"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data: ``limit``, ``ratio``, ``rows``, ``axes``, the sum's ``scan`` and what they rest on."""
        from nurecoil._version import __version__

        keys = ("experiments", "search", "options", "provenance", "references")
        return {
            "poi": self.poi,
            "unit": self.unit,
            "cl": self.cl,
            "method": self.method,
            "convention": rule(self.method).convention,
            **{key: self.metadata.get(key) for key in keys},
            "expected": self.expected,
            "limit": self.limit,
            "limits": dict(self.limits),
            "standard": self.standard.limits[self.method],
            "ratio": self.ratio,
            "published": self.published,
            "axes": [_axis_json(axis) for axis in self.axes],
            "alone": [
                {"axis": row.axis, "members": row.members, "limit": row.limit, "lowest": row.lowest,
                 "highest": row.highest, "ratio": row.limit / self.standard.limits[self.method]}
                for row in self.alone
            ],
            "rows": [row.to_json() for row in self.rows],
            "scan": self.scan.to_json(),
            "notes": [*self.metadata.get("notes", ()), *self.notes],
            "version": __version__,
            "seconds": self.seconds,
        }  # fmt: skip


def _axis_json(axis: Variation) -> dict[str, Any]:
    choices = [
        {"label": one.label, "options": dict(one.options), "factors": dict(one.factors), "prior": prior}
        for one, prior in zip(axis.choices, axis.priors, strict=True)
    ]
    return {"name": axis.name, "other_data": axis.other_data, "source": axis.source, "choices": choices}
