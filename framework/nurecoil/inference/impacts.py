"""Impacts: how far each parameter moves the parameter of interest, or the limit on it, ranked by size.

What comes out is in :mod:`nurecoil.inference.impact_results`; pulls in :mod:`nurecoil.inference.pulls`; what
the shifts are measured on, and groups, in :mod:`nurecoil.inference._shifted`.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping, Sequence
from typing import Literal

from nurecoil.engine.solve import Solution
from nurecoil.errors import FitError, ModelError, OptionError, unknown_name
from nurecoil.inference._shifted import Measure, ShiftedEstimate, ShiftedLimit, default_groups, group_impacts
from nurecoil.inference.conditional import Conditional, Crossing, require_free, settled
from nurecoil.inference.fit import fit
from nurecoil.inference.impact_results import Impact, Impacts, Quantity
from nurecoil.inference.minos import crossings, error_of
from nurecoil.inference.profile import Progress
from nurecoil.inference.pulls import Prior, priors, pull_of
from nurecoil.inference.results import AsymmetricError, FitResult
from nurecoil.inference.rules import check_level
from nurecoil.model.roots import rooted
from nurecoil.model.spectral import SpectralModel

__all__ = ["QUANTITIES", "check_impacts", "impacts"]

QUANTITIES = ("auto", "estimate", "limit")
"""What shifts can be asked for: of the estimate, of the limit, or of whichever says something."""

_METHOD = "delta-chi2-one-sided"


def impacts(
    model: SpectralModel,
    *,
    quantity: Literal["auto", "estimate", "limit"] = "auto",
    cl: float = 0.90,
    groups: Mapping[str, Sequence[str]] | None = None,
    progress: Progress | None = None,
) -> Impacts:
    """Rank the parameters by what they do to the parameter of interest.

    Each is held one error above and below its estimate, all others are fitted again, and the shift is what
    the parameter of interest does. Errors are asymmetric ones; where a side has no crossing the error from
    the second derivatives stands in, and one that meets its bound is held there. Constrained parameters are
    held one error before the fit away as well.

    The estimate of a coupling that rests on its bound does not move. Then the shift is that of its upper
    limit, by the rule ``delta-chi2-one-sided``, against the limit with the parameter held at its estimate:
    far from the bound both shifts agree. ``gain`` says how much lower the limit would be if the parameter
    were known. The result's ``quantity`` and ``why`` tell which of both it is.

    Args:
        model: a model with a parameter of interest.
        quantity: ``estimate``, ``limit``, or ``auto``: the limit where the parameter of interest rests on its
            bound, otherwise the estimate.
        cl: confidence level of the limit, between 0.5 and 1.
        groups: name of each group to its members; by default by the parts of their names.
        progress: called with parameters done and parameters in all.

    Returns:
        The ranking.

    Raises:
        FitError: where the free fit fails, or no limit is found.
        ModelError: without a parameter of interest, or for an unknown member of a group.
        OptionError: for an unknown quantity, a level outside its range, or a group with a parameter that is
            fixed or the one of interest.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> found = impacts(counting(16.0, 10.0, background_error=2.0))
        >>> found
        <Impacts on the estimate of signal (6 events): 1 parameters, first background>
        >>> found.rows
        (<Impact of background: -2 +2>,)
    """
    check_impacts(quantity, cl)
    model = rooted(model)
    poi = _poi(model)
    began = time.perf_counter()
    best = fit(model)
    members = default_groups(best, poi) if groups is None else _checked(groups, best, poi)

    def work(about: Conditional) -> Impacts:
        return _ranked(about, poi, quantity, cl, members, progress)

    best, found = settled(best, work)
    return dataclasses.replace(found, seconds=time.perf_counter() - began)


def check_impacts(quantity: str, cl: float) -> None:
    """Refuse what cannot be ranked by, before anything is fitted.

    Args:
        quantity: what is to be shifted.
        cl: confidence level of the limit.

    Raises:
        OptionError: for an unknown quantity or a level outside its range.

    Example:
        >>> check_impacts("limit", 0.4)
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: confidence level: 0.4 for an upper limit. Allowed: a number above 0.5.
    """
    if quantity not in QUANTITIES:
        raise unknown_name(OptionError, "quantity of impacts", quantity, QUANTITIES)
    check_level(cl)
    if cl <= 0.5:
        raise OptionError("confidence level", f"{cl} for an upper limit", "a number above 0.5")


def _ranked(
    about: Conditional,
    poi: str,
    quantity: str,
    cl: float,
    groups: Mapping[str, Sequence[str]],
    progress: Progress | None,
) -> Impacts:
    best = about.best
    resting = best.parameters[poi].at_bound
    chosen: Quantity = "limit" if quantity == "limit" or (quantity == "auto" and resting) else "estimate"
    why = "asked for"
    if quantity == "auto":
        why = f"{poi} rests on its bound" if resting else f"{poi} is off its bounds"
    measure: Measure = ShiftedLimit(about, poi, cl) if chosen == "limit" else ShiftedEstimate(about, poi)
    known = priors(best.model)
    names = [name for name, one in best.parameters.items() if not one.fixed and name != poi]
    rows, errors = [], {}
    for number, name in enumerate(names):
        row = _row(about, measure, name, known.get(name))
        rows.append(row)
        if row.errors == "minos":
            errors[name] = row.error
        if progress is not None:
            progress(number + 1, len(names))
    errors[poi] = error_of(about, poi, *crossings(about, poi))
    rows.sort(key=lambda row: (not math.isfinite(row.size), -row.size if math.isfinite(row.size) else 0.0))
    limited = chosen == "limit"
    return Impacts(
        poi,
        best.model.parameters[poi].unit,
        chosen,
        measure.value,
        AsymmetricError(math.nan, math.nan) if limited else errors[poi],
        cl if limited else None,
        _METHOD if limited else None,
        why,
        tuple(rows),
        tuple(group_impacts(measure, groups)),
        tuple(name for name, one in best.parameters.items() if one.fixed),
        dataclasses.replace(best, minos=errors),
        tuple(best.model.metadata.get("notes", ())),
    )


def _row(about: Conditional, measure: Measure, name: str, prior: Prior | None) -> Impact:
    """One parameter: its errors, its pull, the shifts."""
    best, index = about.best, about.index(name)
    parameter, estimate = best.model.parameters[name], best.parameters[name]
    here = float(about.origin.position[index])
    reasons: list[str] = []
    held, shifts, origin = [], [], []
    ends = crossings(about, name)
    for sign, end in zip((-1, 1), ends, strict=True):
        place, source = _end(about, name, sign, end, reasons)
        held.append(place)
        origin.append(source)
        shifts.append(_shift(measure, index, place, end.solution if source == "minos" else None, reasons))
    error = error_of(about, name, *ends)
    if "hesse" in origin:
        values = [math.nan if math.isnan(one) else about.public(index, one) - estimate.value for one in held]
        error = AsymmetricError(values[0], values[1], ends[0].at_bound, ends[1].at_bound, error.reason)
    before = [math.nan, math.nan]
    if prior is not None:
        pull = prior.pull(estimate.value)
        for k, sign in enumerate((-1, 1)):
            value = min(max(prior.value(pull + sign), parameter.lower), parameter.upper)
            place = about.internal(index, value)
            if place != here:
                before[k] = _shift(measure, index, place, None, reasons)
    return Impact(
        name,
        parameter.unit,
        estimate.value,
        error,
        "hesse" if "hesse" in origin else "minos" if "minos" in origin else "",
        None if prior is None else pull_of(prior, estimate.value, error),
        shifts[1],
        shifts[0],
        before[1],
        before[0],
        measure.gain([index]) if any(map(math.isfinite, shifts)) else math.nan,
        "; ".join(dict.fromkeys(reasons)),
    )


def _end(
    about: Conditional, name: str, sign: int, end: Crossing, reasons: list[str]
) -> tuple[float, Literal["minos", "hesse", ""]]:
    """Internal coordinate at which to hold a parameter on one side, and by which error; NaN for none."""
    index = about.index(name)
    here = float(about.origin.position[index])
    bound = "lower bound" if sign < 0 else "upper bound"
    if end.at_bound:
        reasons.append(f"rests on its {bound}" if end.coordinate == here else f"cut short by its {bound}")
        return (math.nan, "") if end.coordinate == here else (end.coordinate, "minos")
    if not end.reason:
        return end.coordinate, "minos"
    reasons.append(end.reason)
    spread = math.sqrt(about.covariance[index, index])
    if spread == 0:
        return math.nan, ""
    low, high = float(about.compiled.lower[index]), float(about.compiled.upper[index])
    return min(max(here + sign * spread, low), high), "hesse"


def _shift(
    measure: Measure, index: int, place: float, solution: Solution | None, reasons: list[str]
) -> float:
    """What holding a parameter does to the quantity; NaN where it cannot be had."""
    if math.isnan(place):
        return math.nan
    try:
        shift, remark = measure.shift(index, place, solution)
    except FitError as error:
        reasons.append(f"the fit fails: {error.got}")
        return math.nan
    if remark:
        reasons.append(remark)
    return shift


def _checked(groups: Mapping[str, Sequence[str]], best: FitResult, poi: str) -> Mapping[str, Sequence[str]]:
    for group, members in groups.items():
        for name in members:
            require_free(best, name, f"group {group!r}")
            if name == poi:
                raise OptionError(f"group {group!r}", f"{poi!r} is of interest itself", "other parameters")
    return groups


def _poi(model: SpectralModel) -> str:
    if model.poi is None:
        raise ModelError(
            "impacts", "the model has no parameter of interest", "a model with one",
            "Build it with a search, or name one (--poi NAME beside --workspace).",
        )  # fmt: skip
    if model.parameters[model.poi].fixed:
        raise ModelError("impacts", f"parameter of interest {model.poi!r} is fixed", "a free one")
    return model.poi
