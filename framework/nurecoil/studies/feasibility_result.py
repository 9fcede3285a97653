"""What a feasibility study returns: limits by curve, threshold and rejection, and what it takes, in words.

Nothing is computed here; the study is :mod:`nurecoil.studies.feasibility`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

__all__ = ["Feasibility", "Line", "Options", "Row", "Verdict"]

Options = Mapping[str, Mapping[str, Any]]
"""By owner: option to value."""
Verdict = Literal["needed", "none needed", "never", "out of range", "not known"]
"""What a line says about the target."""


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One expected limit.

    Args:
        curve: which backgrounds are on, by the curve's name.
        threshold: threshold [MeV].
        rejection: factor by which the backgrounds are divided.
        limit: the expected limit in the study's unit; ``None`` where there is none.
        reason: why there is none; else empty.

    Example:
        >>> Row("42K", 0.2, 1e4, 1.4e-11).limit
        1.4e-11
    """

    curve: str
    threshold: float
    rejection: float
    limit: float | None
    reason: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One curve at one threshold: its limits, and what it takes to beat the target.

    Args:
        curve: name of the curve.
        threshold: threshold [MeV].
        rows: the limits, rejection increasing.
        floor: the limit with nothing left of the backgrounds that are rejected; ``None`` if not known.
        verdict: ``needed``: the rejection in ``needed`` gives the target; ``none needed``: the smallest
            rejection asked for is enough; ``never``: not even the floor gives it; ``out of range``: more than
            the largest rejection asked for; ``not known``: without target, or limits are missing.
        needed: the rejection, where the verdict is ``needed``.
        same_as: name of a curve that is the same at this threshold; else empty.

    Example:
        >>> Line("42K", 3.6, (), 3.6e-11, "never").needed is None
        True
    """

    curve: str
    threshold: float
    rows: tuple[Row, ...]
    floor: float | None
    verdict: Verdict
    needed: float | None = None
    same_as: str = ""


@dataclasses.dataclass(frozen=True)
class Feasibility:
    """Limits against threshold and rejection.

    Args:
        experiment: name of the experiment.
        search: name of the search.
        poi: the parameter that is limited.
        unit: its unit.
        cl: confidence level.
        method: the limit rule.
        convention: what the rule does, in words.
        target: the limit to beat, in ``unit``, or ``None``.
        citation: where the target comes from; empty where it was given.
        curves: name to the options that make it.
        lines: one per curve and threshold.
        metadata: options, notes, provenance and references of the last curve's first model.
        seconds: wall time.

    Example:
        >>> Feasibility.__dataclass_fields__["lines"].name
        'lines'
    """

    experiment: str
    search: str
    poi: str
    unit: str
    cl: float
    method: str
    convention: str
    target: float | None
    citation: str
    curves: Mapping[str, Options]
    lines: tuple[Line, ...]
    metadata: Mapping[str, Any]
    seconds: float

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every limit of every line."""
        return tuple(row for line in self.lines for row in line.rows)

    def line(self, curve: str, threshold: float) -> Line:
        """The line of a curve at a threshold [MeV].

        Raises:
            KeyError: where there is none.
        """
        return {(line.curve, line.threshold): line for line in self.lines}[curve, threshold]

    def sentence(self, line: Line) -> str:
        """What a line says about the target, in words."""
        at = f"{line.curve}, threshold {line.threshold:g} MeV: "
        if line.same_as:
            return f"{at}the same as {line.same_as}, which is all that reaches this far"
        parts = [self._verdict(line)] if self.target is not None else []
        if line.floor is not None:
            parts.append(f"with none of the background left {line.floor:.3g}{_spaced(self.unit)}")
        return at + ("; ".join(parts) or "no limit")

    def _verdict(self, line: Line) -> str:
        goal = f"{self.target:g}{_spaced(self.unit)}"
        if line.verdict == "needed":
            return f"a rejection of {line.needed:.2g} gives {goal}, a larger one beats it"
        if line.verdict == "none needed":
            return f"{goal} is beaten at a rejection of {line.rows[0].rejection:g} already"
        if line.verdict == "never":
            return f"no rejection beats {goal}"
        if line.verdict == "out of range":
            return f"{goal} needs a rejection of more than {line.rows[-1].rejection:g}"
        return f"what {goal} needs is not known"

    def __repr__(self) -> str:
        """Experiment, search, rule and how many limits."""
        return (
            f"<Feasibility of {self.experiment} for {self.search}: {len(self.rows)} expected limits on "
            f"{self.poi} at {100 * self.cl:g} % ({self.method})>"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data: ``rows`` as they are, ``lines`` without them."""
        from nurecoil._version import __version__

        return {
            **{
                name: getattr(self, name)
                for name in ("experiment", "search", "poi", "unit", "cl", "method", "convention", "target")
            },
            "target_citation": self.citation,
            "curves": {name: {o: dict(v) for o, v in made.items()} for name, made in self.curves.items()},
            "rows": [dataclasses.asdict(row) for row in self.rows],
            "lines": [
                {
                    "curve": line.curve,
                    "threshold": line.threshold,
                    "floor": line.floor,
                    "verdict": line.verdict,
                    "needed": line.needed,
                    "same_as": line.same_as,
                    "words": self.sentence(line),
                }
                for line in self.lines
            ],
            **{name: self.metadata.get(name) for name in ("options", "notes", "provenance", "references")},
            "version": __version__,
            "seconds": self.seconds,
        }


def _spaced(unit: str) -> str:
    return "" if unit == "1" else f" {unit}"
