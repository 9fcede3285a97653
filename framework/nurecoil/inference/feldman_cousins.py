"""Feldman-Cousins: unified intervals by toys, for any model with nuisance parameters.

Where the search begins and what is said of its result stands here; what toys say about one value is
:mod:`nurecoil.inference.belt`'s, how an end is found :mod:`nurecoil.inference.belt_ends`'s.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtri

from nurecoil.errors import FitError, ModelError, OptionError
from nurecoil.inference.belt import Belt
from nurecoil.inference.belt_ends import End, Search
from nurecoil.inference.method_results import MethodLimit, MethodOptions
from nurecoil.inference.results import FitResult, Scan
from nurecoil.inference.rules import check_level
from nurecoil.inference.toys import check_ensemble

__all__ = ["default_toys", "feldman_cousins_limit", "least_toys"]

_COARSE = (0.5, 0.3, 1.45)
"""First values, by the root of the observed ratio over its asymptotic limit: from, in steps of, up to."""
_NOTED_FAILURES = 0.01


def feldman_cousins_limit(best: FitResult, scan: Scan, cl: float, options: MethodOptions) -> MethodLimit:
    """The upper end of the unified interval of Feldman and Cousins, by toys.

    A value is accepted where at least ``1 - cl`` of its toys have a likelihood ratio ``q = 2 (nll(value) -
    nll(best))`` as large as the data's (Feldman and Cousins, Phys. Rev. D 57 (1998) 3873, section IV;
    ties belong to the toys). Nuisance parameters: :class:`nurecoil.inference.belt.Belt`. The
    first values are spread over the region where the observed ratio is near its asymptotic limit; each end is
    then bisected, with more toys, until the last two values around it are nearer to each other than three
    errors of the end or 1 %, and up to eight more are added where its error is above 2 %. The end is read off
    a line through the p-values around it in standard deviations, its error follows from the number of toys.
    Where p-values jump (few counts) the end is bisected to 1 %, values in doubt have up to eight times the
    toys, and all that stays in doubt is part of the error.

    Args:
        best: the free fit of the data.
        scan: the profile of the parameter of interest; it says where to begin.
        cl: confidence level, between 0 and 1.
        options: ``toys`` of each value that decides on an end, failed ones among them
            (0: :func:`default_toys`); other values have a quarter.

    Returns:
        The limit, in the public unit. Details: ``interval`` [lower, upper], ``interval_error``,
        ``lower_is_bound``, ``connected``, ``best``, ``toys`` drawn in all, ``toys_per_point``, ``failed``,
        ``q_asymptotic`` and ``grid``: of every tested value the observed and critical ratio (with the error
        of the latter), p-value and its error, toys that converged, that failed, number of the first.

    Raises:
        FitError: where the data, or half of the toys at a value, cannot be fitted, or no value up to the
            parameter's upper bound is excluded.
        ModelError: where there is no free parameter of interest, or the scan is one of another parameter.
        OptionError: for an impossible level or seed, or fewer toys than :func:`least_toys`.

    Example:
        >>> from nurecoil.inference.fit import fit
        >>> from nurecoil.inference.profile import profile
        >>> from nurecoil.testing.models import counting
        >>> model = counting(observed=3.0, background=3.0)
        >>> found = feldman_cousins_limit(fit(model), profile(model, "signal"), 0.90, MethodOptions(toys=200))
        >>> bool(3.9 < found.value < 4.9), found.details["lower_is_bound"]
        (True, True)
    """
    check_level(cl)
    poi = _poi(best, scan)
    full = options.toys or default_toys(cl)
    if full < least_toys(cl):
        raise OptionError(
            "toys of a Feldman-Cousins interval", str(options.toys),
            f"at least {least_toys(cl)} at {100 * cl:g} %; 0 for {default_toys(cl)}",
        )  # fmt: skip
    check_ensemble(full, options.seed)
    coarse = max(full // 4, least_toys(cl))
    definition = best.model.parameters[poi]
    first = _first_values(scan, best.values[poi], cl, (definition.lower, definition.upper))
    belt = Belt(best, poi, options.seed, coarse * len(first) + 10 * full, options.progress)
    for value in first:
        belt.at(value, coarse)
    reach = float(scan.values[-1] - scan.values[0])
    upper = Search(belt, 1, definition.upper, reach, cl, (coarse, full)).find()
    if upper.bound:
        raise FitError(
            f"Feldman-Cousins limit on {poi!r}", f"its upper bound {definition.upper:g} is not excluded",
            "an upper bound beyond the limit", "Raise that bound.",
        )  # fmt: skip
    lower = Search(belt, -1, definition.lower, reach, cl, (coarse, full)).find()
    if options.progress is not None:
        options.progress(belt.done, belt.done)
    return _limit(belt, lower, upper, cl, full, definition.unit)


def default_toys(cl: float) -> int:
    """Toys of each deciding value where none are asked for: 200 of them beyond the wanted share.

    Example:
        >>> default_toys(0.90), default_toys(0.95)
        (2000, 4000)
    """
    return _toys(200, cl)


def least_toys(cl: float) -> int:
    """The fewest toys that can decide on a value: 10 of them beyond the wanted share.

    Example:
        >>> least_toys(0.90)
        100
    """
    return _toys(10, cl)


def _toys(beyond: int, cl: float) -> int:
    return math.ceil(beyond / min(cl, 1 - cl) - 1e-6)


def _first_values(scan: Scan, centre: float, cl: float, bounds: tuple[float, float]) -> list[float]:
    """Values where the observed ratio is near its asymptotic limit, even steps in its root; finite bounds."""
    wanted = float(ndtri((1 + cl) / 2))
    begin, step, most = (wanted * share for share in _COARSE)
    fine = np.linspace(scan.values[0], scan.values[-1], 4001)
    root = np.sqrt(2 * np.maximum(PchipInterpolator(scan.values, scan.delta_nll)(fine), 0.0))
    middle = int(np.argmin(np.abs(fine - centre)))
    found = []
    for way in (slice(middle, None), slice(middle, None, -1)):
        x, height = fine[way], root[way]
        climbed = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(height)))])
        targets = np.arange(begin, climbed[-1], step)
        index = np.searchsorted(climbed, targets)
        found += [float(x[i]) for i in index if 0.9 * begin <= height[i] <= most]
    for end, bound in ((0, bounds[0]), (-1, bounds[1])):
        if scan.values[end] == bound and bound != centre and root[end] <= most:
            found.append(float(bound))
    return sorted({value for value in found if value != centre})


def _poi(best: FitResult, scan: Scan) -> str:
    """The parameter of interest, refused where it is none, held or not the scan's."""
    model = best.model
    if model.poi is None:
        raise ModelError(
            "Feldman-Cousins limit", "the model has no parameter of interest", "a model with one",
            "Build it with a search, or name one (--poi NAME beside --workspace).",
        )  # fmt: skip
    if model.parameters[model.poi].fixed or best.parameters[model.poi].fixed:
        got = f"parameter of interest {model.poi!r} is fixed"
        raise ModelError("Feldman-Cousins limit", got, "a free one")
    if scan.parameter != model.poi:
        raise ModelError("Feldman-Cousins limit", f"a scan of {scan.parameter!r}", f"one of {model.poi!r}")
    return model.poi


def _limit(belt: Belt, lower: End, upper: End, cl: float, full: int, unit: str) -> MethodLimit:
    """The result, with everything that one has to know about it."""
    points, wanted = belt.points, float(ndtri((1 + cl) / 2))
    inside = [p for p in points if lower.value + 2 * lower.error < p.value < upper.value - 2 * upper.error]
    holes = [p.value for p in inside if p.sigmas[0] - 3 * p.sigmas[1] > wanted]
    failed = sum(p.failed for p in points)
    notes = []
    if holes:
        told = ", ".join(f"{value:.4g}" for value in holes)
        notes.append(f"the accepted region has holes (at {told}): its outermost ends are given")
    for words, end in (("lower", lower), ("upper", upper)):
        if not end.smooth:
            notes.append(f"the p-value jumps at the {words} end, as it does with few counts: it is bracketed")
    if failed > _NOTED_FAILURES * belt.done:
        notes.append(f"{failed} of {belt.done} toys could not be fitted and are left out of the p-values")
    convention = (
        f"Feldman-Cousins: upper end of the {100 * cl:g} % interval by likelihood-ratio ordering, nuisance "
        f"parameters at their conditional best fit, {full} toys at each of the values around an end"
    )
    details = {
        "interval": [lower.value, upper.value],
        "interval_error": [lower.error, upper.error],
        "lower_is_bound": lower.bound,
        "connected": not holes,
        "best": belt.centre,
        "poi": belt.poi,
        "unit": unit,
        "cl": cl,
        "toys": belt.done,
        "toys_per_point": full,
        "failed": failed,
        "q_asymptotic": wanted**2,
        "grid": [point.to_json(cl) for point in points],
    }
    return MethodLimit(upper.value, convention, details, tuple(notes))
