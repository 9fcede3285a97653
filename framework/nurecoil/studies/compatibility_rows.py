"""The rows of a compatibility report: limits, shared parameters, joint constraints.

Nothing is computed here; that is done in :mod:`nurecoil.studies.compatibility`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nurecoil.inference.results import Estimate

__all__ = ["JointRow", "LimitRow", "Lone", "SharedRow"]


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit of the combination, of one experiment, or of all but one.

    Args:
        experiments: whose limit it is.
        left_out: the experiment that is missing, where it is one only.
        value: the limit, in ``unit``; ``None`` where there is none.
        unit: its unit.
        expected: whether any of them has no data, so that its Asimov data stand in.
        reason: why there is no limit, or whose data are Asimov data; empty otherwise.

    Example:
        >>> LimitRow(("gallium",), "borexino", None, "mu_B", False, "nothing to act on").value is None
        True
    """

    experiments: tuple[str, ...]
    left_out: str | None
    value: float | None
    unit: str
    expected: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Lone:
    """A shared parameter as one experiment alone measures it, constraints included.

    Args:
        estimate: value and error; ``None`` where the experiment alone cannot be fitted.
        difference: its value minus the combined one, in units of the combined error.
        pull: the same in units of the error of the difference, ``sqrt(alone^2 - combined^2)``, since the
            combination contains the experiment; ``None`` where the experiment adds all there is.
        reason: why there is no estimate, or that it rests on Asimov data; empty otherwise.

    Example:
        >>> Lone(None, None, None, "too many fluxes").reason
        'too many fluxes'
    """

    estimate: Estimate | None
    difference: float | None
    pull: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SharedRow:
    """A free parameter that several experiments share.

    Args:
        parameter: its name.
        unit: its unit.
        combined: value and error in the combination.
        alone: experiment to its own measurement.
        constraint_pull: combined value minus the centre of its constraint, in widths of the constraint (of
            its diagonal element in a joint one); ``None`` where it has none.

    Example:
        >>> SharedRow("solar.flux.pp", "SSM", Estimate(1.0, 0.1, "SSM"), {}, None).unit
        'SSM'
    """

    parameter: str
    unit: str
    combined: Estimate
    alone: Mapping[str, Lone]
    constraint_pull: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain data; of an experiment without an estimate only the reason is there."""
        return {
            "parameter": self.parameter,
            "unit": self.unit,
            "combined": self.combined.to_json(),
            "alone": {
                name: {
                    **(dict.fromkeys(("value", "error")) if one.estimate is None else one.estimate.to_json()),
                    "difference": one.difference,
                    "pull": one.pull,
                    "reason": one.reason,
                }
                for name, one in self.alone.items()
            },
            "constraint_pull": self.constraint_pull,
        }


@dataclass(frozen=True, slots=True)
class JointRow:
    """A joint constraint that the combination carries.

    Args:
        names: the parameters.
        experiments: the experiments that have any of them.
        correlation: the largest correlation coefficient in it, with its sign; 0 for a single parameter.
        between: the two parameters it is between.
        source: the citation it comes from.

    Example:
        >>> JointRow(("a", "b"), ("toy",), -0.5, ("a", "b"), "").correlation
        -0.5
    """

    names: tuple[str, ...]
    experiments: tuple[str, ...]
    correlation: float
    between: tuple[str, ...]
    source: str
