"""Upper limits on the parameter of interest: one fit, one scan, any number of methods.

The methods themselves are where :mod:`nurecoil.inference.methods` says.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nurecoil.engine.response import compile_response
from nurecoil.errors import ModelError
from nurecoil.inference.fit import fit
from nurecoil.inference.method_results import MethodOptions
from nurecoil.inference.methods import BEYOND, check_method
from nurecoil.inference.profile import Progress, profile
from nurecoil.inference.results import FitResult, Scan
from nurecoil.inference.rules import RULES, check_level
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
        method: the method's name.
        convention: what the method does, in words.
        scan: the profile, which the rules read their limits from.
        best_fit: the free fit.
        seconds: wall time since the fit began.
        details: what else the method has found, as plain data: intervals, toys, expected limits, diagnostics.
        notes: what one has to know to use it.

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
    details: Mapping[str, Any] = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = ()

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
            "notes": [*metadata.get("notes", ()), *self.notes],
            **({"details": dict(self.details)} if self.details else {}),
            "provenance": list(metadata.get("provenance", ())),
            "references": list(metadata.get("references", ())),
            "version": __version__,
            "seconds": self.seconds,
        }


class Limits(tuple[Limit, ...]):
    """Limits by several methods, of one fit and one scan.

    Example:
        >>> Limits()
        <Limits: >
    """

    def __repr__(self) -> str:
        """Method and value of each."""
        return "<Limits: " + ", ".join(f"{one.method} {one.value:.4g}" for one in self) + ">"

    def to_json(self) -> dict[str, Any]:
        """One row per method beside the first one's whole document."""
        rows = [
            {
                "method": one.method,
                "value": one.value,
                "unit": one.unit,
                "cl": one.cl,
                "convention": one.convention,
                "details": dict(one.details),
                "notes": list(one.notes),
            }
            for one in self
        ]
        return {"rows": rows, **(self[0].to_json() if self else {})}


def limit(
    model: SpectralModel,
    cl: float = 0.90,
    method: str = "area",
    *,
    points: int = 41,
    toys: int = 0,
    seed: int = 1,
    progress: Progress | None = None,
) -> Limit:
    """Upper limit on the parameter of interest.

    Args:
        model: a model with a parameter of interest.
        cl: confidence level, between 0 and 1.
        method: ``area`` (flat in the parameter, Borexino's), ``area-squared``, ``delta-chi2-one-sided``,
            ``delta-chi2-two-sided``, ``cls``, ``feldman-cousins`` or ``bayes``.
        points: points of the scan.
        toys: for CLs the toys of each hypothesis, 0 for the formulas of large samples; for Feldman-Cousins
            those of each value that decides, 0 for as many as its precision needs.
        seed: seed of toys and draws.
        progress: called with work done and work in all, of each method anew.

    Returns:
        The limit with its scan and best fit.

    Raises:
        FitError: where the fit or a point of the scan does not converge, or a method finds no limit.
        ModelError: where the model has no parameter of interest, or a fixed one.
        OptionError: for an unknown method, an impossible level, seed or number of toys, or where what the
            method needs is not installed.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> limit(counting(observed=0.0, background=1.0), cl=0.90, method="area")
        <Limit signal < 2.303 events at 90 % (area)>
    """
    return limits(model, cl, [method], points=points, toys=toys, seed=seed, progress=progress)[0]


def limits(
    model: SpectralModel,
    cl: float = 0.90,
    methods: Iterable[str] | None = None,
    *,
    points: int = 41,
    toys: int = 0,
    seed: int = 1,
    progress: Progress | None = None,
) -> Limits:
    """Upper limits by several methods, side by side, from one fit and one scan.

    Methods that need more than a profile (:data:`nurecoil.inference.methods.BEYOND`) work on the compiled
    form of an exact detector response.

    Args:
        model: a model with a parameter of interest.
        cl: confidence level, between 0 and 1.
        methods: names of methods; by default the rules that a profile alone answers.
        points: points of the scan.
        toys: as for :func:`limit`.
        seed: seed of toys and draws.
        progress: called with work done and work in all, of each method anew.

    Returns:
        One limit per method.

    Raises:
        FitError: where the fit or a point of the scan does not converge, or a method finds no limit.
        ModelError: where the model has no parameter of interest, or a fixed one.
        OptionError: for an unknown method, an impossible level, seed or number of toys, or where what a
            method needs is not installed.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> found = limits(counting(observed=0.0, background=1.0))
        >>> [round(one.value, 2) for one in found]
        [2.3, 3.89, 0.82, 1.35]
    """
    chosen = [check_method(name) for name in (RULES if methods is None else methods)]
    check_level(cl)
    model = rooted(model)
    poi = _poi(model)
    began = time.perf_counter()
    best = fit(model)
    scan = profile(best.model, poi, points=points, progress=progress)
    options = MethodOptions(toys, seed, progress)
    fast: FitResult | None = None
    unit = model.parameters[poi].unit
    found: list[Limit] = []
    for name in chosen:
        details: Mapping[str, Any] = {}
        notes: tuple[str, ...] = ()
        if name in RULES:
            value, convention = RULES[name].upper_limit(scan, cl), RULES[name].convention
        else:
            if fast is None:
                fast = _compiled(best)
            made = BEYOND[name].compute(fast, scan, cl, options)
            value, convention, details, notes = made.value, made.convention, made.details, made.notes
        seconds = time.perf_counter() - began
        found.append(Limit(value, unit, poi, cl, name, convention, scan, best, seconds, details, notes))
    return Limits(found)


def _compiled(best: FitResult) -> FitResult:
    """The fit with the detector response compiled, for methods that fit thousands of times."""
    model = compile_response(best.model)
    return best if model is best.model else fit(model)


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
