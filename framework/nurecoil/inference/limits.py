"""Upper limits on the parameter of interest: one fit, one scan, any number of rules.

The rules themselves are in :mod:`nurecoil.inference.rules`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from nurecoil.errors import ModelError
from nurecoil.inference.fit import fit
from nurecoil.inference.profile import Progress, profile
from nurecoil.inference.results import FitResult, Scan
from nurecoil.inference.rules import RULES, check_level, rule
from nurecoil.model.roots import rooted
from nurecoil.model.spectral import SpectralModel

__all__ = ["Limit", "Limits", "limit", "limits"]


@dataclass(frozen=True)
class Limit:
    """An upper limit with everything that belongs to it.

    Args:
        value: the limit, in ``unit``.
        unit: its unit.
        poi: the parameter of interest.
        cl: the confidence level.
        method: the rule's name.
        convention: what the rule does, in words.
        scan: the profile it was read from.
        best_fit: the free fit.
        seconds: wall time of fit and scan.

    Example:
        >>> Limit.__dataclass_fields__["method"].name
        'method'
    """

    value: float
    unit: str
    poi: str
    cl: float
    method: str
    convention: str
    scan: Scan
    best_fit: FitResult
    seconds: float

    @property
    def model(self) -> SpectralModel:
        """The model, compiled about its best fit where it was recompiled."""
        return self.best_fit.model

    @property
    def published(self) -> list[dict[str, Any]]:
        """Published limits on this parameter of interest: the model's, as far as they have its unit."""
        rows = self.model.metadata.get("published_limits", ())
        return [dict(row) for row in rows if row.get("unit", self.unit) == self.unit]

    def __repr__(self) -> str:
        """Parameter, limit, level, method."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"<Limit {self.poi} < {self.value:.4g}{unit} at {100 * self.cl:g} % ({self.method})>"

    def to_json(self) -> dict[str, Any]:
        """The limit's document: value, method, fit, goodness, scan, provenance, references."""
        from nurecoil._version import __version__

        metadata = self.model.metadata
        asimov = [channel.name for channel in self.model.channels if channel.asimov]
        return {
            "value": self.value,
            "unit": self.unit,
            "poi": self.poi,
            "cl": self.cl,
            "method": self.method,
            "convention": self.convention,
            "experiments": list(metadata.get("experiments", ())),
            "search": metadata.get("search"),
            "options": metadata.get("options", {}),
            "asimov": asimov,
            "best_fit": self.best_fit.values[self.poi],
            "parameters": {n: e.to_json() for n, e in self.best_fit.parameters.items()},
            "nll": self.best_fit.nll,
            "edm": self.best_fit.edm,
            "goodness": self.best_fit.goodness.to_json(),
            "scan": self.scan.to_json(),
            "published": self.published,
            "rates": comparison(self.best_fit),
            "response": metadata.get("response", {"form": "exact"}),
            "notes": list(metadata.get("notes", ())),
            "provenance": list(metadata.get("provenance", ())),
            "references": list(metadata.get("references", ())),
            "version": __version__,
            "seconds": self.seconds,
        }


class Limits(tuple[Limit, ...]):
    """Limits of several rules on one scan.

    Example:
        >>> Limits()
        <Limits: >
    """

    def __repr__(self) -> str:
        """Method and value of each."""
        return "<Limits: " + ", ".join(f"{one.method} {one.value:.4g}" for one in self) + ">"

    def to_json(self) -> dict[str, Any]:
        """One row per rule beside the first rule's whole document."""
        rows = [{"method": o.method, "value": o.value, "unit": o.unit, "cl": o.cl} for o in self]
        return {"rows": rows, **(self[0].to_json() if self else {})}


def limit(
    model: SpectralModel,
    cl: float = 0.90,
    method: str = "area",
    *,
    points: int = 41,
    progress: Progress | None = None,
) -> Limit:
    """Upper limit on the parameter of interest.

    Args:
        model: a model with a parameter of interest.
        cl: confidence level, between 0 and 1.
        method: the rule: ``area`` (flat in the parameter, Borexino's), ``area-squared``,
            ``delta-chi2-one-sided`` or ``delta-chi2-two-sided``.
        points: points of the scan.
        progress: called with points done and points in all.

    Returns:
        The limit with its scan and best fit.

    Raises:
        FitError: where the fit or a point of the scan does not converge.
        ModelError: where the model has no parameter of interest, or a fixed one.
        OptionError: for an unknown method or an impossible level.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> limit(counting(observed=0.0, background=1.0), cl=0.90, method="area")
        <Limit signal < 2.303 events at 90 % (area)>
    """
    return limits(model, cl, [method], points=points, progress=progress)[0]


def limits(
    model: SpectralModel,
    cl: float = 0.90,
    methods: Iterable[str] | None = None,
    *,
    points: int = 41,
    progress: Progress | None = None,
) -> Limits:
    """Upper limits by several rules, side by side, from one scan.

    Args:
        model: a model with a parameter of interest.
        cl: confidence level, between 0 and 1.
        methods: names of rules; all of them by default.
        points: points of the scan.
        progress: called with points done and points in all.

    Returns:
        One limit per rule.

    Raises:
        FitError: where the fit or a point of the scan does not converge.
        ModelError: where the model has no parameter of interest, or a fixed one.
        OptionError: for an unknown method or an impossible level.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> found = limits(counting(observed=0.0, background=1.0))
        >>> [round(one.value, 2) for one in found]
        [2.3, 3.89, 0.82, 1.35]
    """
    rules = [rule(name) for name in (RULES if methods is None else methods)]
    check_level(cl)
    model = rooted(model)
    poi = _poi(model)
    began = time.perf_counter()
    best = fit(model)
    scan = profile(best.model, poi, points=points, progress=progress)
    unit = model.parameters[poi].unit
    found = [(made, made.upper_limit(scan, cl)) for made in rules]
    seconds = time.perf_counter() - began
    return Limits(
        Limit(value, unit, poi, cl, made.name, made.convention, scan, best, seconds) for made, value in found
    )


def comparison(result: FitResult) -> list[dict[str, Any]]:
    """Fitted parameters beside the published values the model carries.

    Args:
        result: a fit.

    Returns:
        One row per published value: name, unit, fitted value and error, published value and error,
        citation, remark.
    """
    rows = []
    for entry in result.model.metadata.get("published", ()):
        if entry["parameter"] not in result.parameters:  # a file holds a pull in its place
            continue
        estimate = result.parameters[entry["parameter"]]
        error = estimate.error * entry["scale"]
        rows.append(
            {
                "parameter": entry["parameter"],
                "unit": entry["unit"],
                "fitted": estimate.value * entry["scale"],
                "error": error if error == error else None,
                "published": entry["value"],
                "published_error": entry["error"],
                "citation": entry["citation"],
                "remark": entry["remark"],
            }
        )
    return rows


def _poi(model: SpectralModel) -> str:
    if model.poi is None:
        raise ModelError(
            "limit", "the model has no parameter of interest", "a model with one",
            "Build it with a search, or name one (--poi NAME beside --workspace).",
        )  # fmt: skip
    if model.parameters[model.poi].fixed:
        raise ModelError("limit", f"parameter of interest {model.poi!r} is fixed", "a free one")
    return model.poi
