"""Coverage of limit methods: how often a limit on data drawn at a truth lies above that truth.

The toys of one truth are :mod:`nurecoil.inference.coverage_toys`'s, the rules of a profile
:mod:`nurecoil.inference.rules`'s.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import binomtest

from nurecoil.errors import FitError, ModelError, OptionError, unknown_name
from nurecoil.inference.belt import BeltPoint
from nurecoil.inference.coverage_results import CONVENTIONS, Coverage, CoverageRow
from nurecoil.inference.coverage_toys import MOST_TOYS, ToysAtTruth, TruthStudy
from nurecoil.inference.fit import check_fixed
from nurecoil.inference.profile import Progress
from nurecoil.inference.rules import check_level
from nurecoil.inference.toys import check_ensemble
from nurecoil.model.roots import rooted
from nurecoil.model.spectral import SpectralModel

__all__ = [
    "BLOCK",
    "FEWEST_TOYS",
    "check_request",
    "coverage",
    "judged",
    "read_off",
]

Array = NDArray[np.float64]

_AREAS = ("area", "area-squared")
_ONE_SIDED = "delta-chi2-one-sided"
_BELT = "feldman-cousins"
FEWEST_TOYS = 20
"""The fewest toys that say anything of a coverage near 90 %."""
BLOCK = 250
"""Toys drawn and fitted together; progress is told after each block."""
_SIGMA = 0.6826894921370859
_NOTED, _MOST_FAILURES = 0.01, 0.5


def coverage(
    model: SpectralModel,
    truths: Iterable[float],
    methods: Iterable[str] = ("area",),
    cl: float = 0.90,
    n: int = 1000,
    seed: int = 1,
    *,
    points: int = 25,
    progress: Progress | None = None,
) -> Coverage:
    """Measure how often limit methods cover the truth.

    At each truth the other parameters are at their best fit to the model's data under it; data and auxiliary
    measurements are drawn there, and each toy is fitted free, at the truth, and where a method needs its
    profile, along it. When a method covers,
    :data:`nurecoil.inference.coverage_results.CONVENTIONS` says. Delta chi2 rules and
    Feldman-Cousins need no profile; limits of the former are told where an area rule has one made.

    Feldman-Cousins' critical value at a truth is the quantile of ``2 Delta NLL`` in an ensemble of its own,
    as large as the first; its error is part of the coverage's.

    Args:
        model: a model with a parameter of interest.
        truths: its values to draw toys at.
        methods: ``area``, ``area-squared``, ``delta-chi2-one-sided``, ``delta-chi2-two-sided``,
            ``feldman-cousins``.
        cl: confidence level.
        n: toys at each truth.
        seed: their seed; a toy depends on it, its place among those of its truth and the truth alone.
        points: points of a toy's profile.
        progress: called with toys done and toys in all.

    Returns:
        The coverage of every method at every truth.

    Raises:
        FitError: where a conditional fit does not converge, or less than half of the toys have an answer.
        ModelError: where the model has no parameter of interest, or a fixed one.
        OptionError: for too few toys or points, an unknown method, a truth outside the bounds, or none.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> coverage(counting(3.0, 1.0), [0.0], ["delta-chi2-one-sided"], n=50)
        <Coverage of signal at 90 %: delta-chi2-one-sided 1.000 at 0>
    """
    model = rooted(model)
    asked, wanted = list(dict.fromkeys(methods)), list(dict.fromkeys(map(float, truths)))
    check_request(asked, cl, n, seed, points)
    _check_model(model, wanted)
    total = len(wanted) * n * (2 if _BELT in asked else 1)
    rows: list[CoverageRow] = []
    failures: list[tuple[float, int, str]] = []
    done = 0
    for truth in wanted:
        study = TruthStudy(model, truth, read_off(asked), cl, points)
        blocks, critical = [], []
        for first in range(0, n, BLOCK):
            size = min(BLOCK, n - first)
            blocks.append(study.run(seed, first, size))
            done += size
            if _BELT in asked:
                critical.append(study.others(seed, first, size))
                done += size
            if progress is not None:
                progress(done, total)
        toys = ToysAtTruth.joined(blocks)
        rows += judged(toys, asked, cl, np.concatenate(critical) if critical else np.empty(0))
        failures += [(truth, number, reason) for number, reason in toys.failures]
    assert model.poi is not None
    unit = model.parameters[model.poi].unit
    notes = tuple(
        f"{row.failed} of {row.failed + row.toys} toys at {row.truth:g} have no answer by {row.method} and "
        "are left out"
        for row in rows
        if row.failed > _NOTED * (row.failed + row.toys)
    )
    return Coverage(model.poi, unit, cl, tuple(rows), seed, tuple(failures), model.metadata, notes)


def check_request(methods: Iterable[str], cl: float, n: int, seed: int, points: int = 25) -> None:
    """Refuse what no coverage can be measured of, before anything is built.

    Args:
        methods: names of methods.
        cl: confidence level.
        n: number of toys.
        seed: their seed.
        points: points of each profile.

    Raises:
        OptionError: for an unknown method or none, an impossible level, too few toys or points, an impossible
            seed.

    Example:
        >>> check_request(["area"], 0.9, 3, 1)
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: toys: 3. Allowed: at least 20 at each truth.
    """
    asked = list(methods)
    if not asked:
        raise OptionError("coverage method", "none", ", ".join(CONVENTIONS))
    for method in asked:
        if method not in CONVENTIONS:
            raise unknown_name(OptionError, "coverage method", method, CONVENTIONS)
    check_level(cl)
    if _ONE_SIDED in asked and cl <= 0.5:
        raise OptionError("confidence level", f"{cl} for {_ONE_SIDED}", "a number above 0.5")
    if n < FEWEST_TOYS:
        raise OptionError("toys", str(n), f"at least {FEWEST_TOYS} at each truth")
    check_ensemble(n, seed)
    if points < 9:
        raise OptionError("profile points", str(points), "at least 9")
    if n > MOST_TOYS:
        raise OptionError("toys", str(n), f"at most {MOST_TOYS} at each truth")


def read_off(methods: Iterable[str]) -> list[str]:
    """The rules whose limits are read off a profile: all rules asked for, where an area rule is among them.

    Example:
        >>> read_off(["area", "feldman-cousins", "delta-chi2-one-sided"])
        ['area', 'delta-chi2-one-sided']
        >>> read_off(["delta-chi2-one-sided"])
        []
    """
    asked = list(methods)
    return [name for name in asked if name != _BELT] if set(asked) & set(_AREAS) else []


def judged(
    toys: ToysAtTruth, methods: Iterable[str], cl: float, critical: Array | None = None
) -> list[CoverageRow]:
    """What the toys of one truth say of each method.

    Args:
        toys: the toys, with limits by the rules that need a profile.
        methods: the methods.
        cl: confidence level.
        critical: ``2 Delta NLL`` of other toys of the same truth, for Feldman-Cousins.

    Returns:
        One row per method.

    Raises:
        FitError: where less than half of the toys have an answer.

    Example:
        >>> toys = ToysAtTruth(1.0, 0, np.array([0.0, 9.0]), np.array([1.0, 0.1]), {})
        >>> judged(toys, ["delta-chi2-two-sided"], 0.9)[0].coverage
        0.5
    """
    rows = []
    for method in methods:
        limits = toys.limits.get(method, np.empty(0))
        threshold, others = math.nan, math.inf
        if method in _AREAS:
            known, covers = np.isfinite(limits), limits >= toys.truth
        else:
            known = np.isfinite(toys.q)
            if method == _BELT:
                drawn = np.asarray(critical, float)
                drawn = drawn[np.isfinite(drawn)]
                if not drawn.size:
                    raise FitError(f"coverage of {method}", "no toys for its critical value", "fitted toys")
                threshold = BeltPoint(toys.truth, 0.0, drawn, 0, 0).critical(cl)[0]
                covers, others = toys.q <= threshold + _TIE, float(drawn.size)
            else:
                above = toys.best >= toys.truth
                covers = above | (toys.q <= _threshold(method, cl))
        rows.append(_row(toys, method, known, covers, limits, threshold, others))
    return rows


_TIE = 1e-6
"""Likelihood ratios closer than this are equal: toys of few counts repeat each other."""


def _row(
    toys: ToysAtTruth,
    method: str,
    known: NDArray[np.bool_],
    covers: NDArray[np.bool_],
    limits: Array,
    critical: float,
    others: float,
) -> CoverageRow:
    answers = int(known.sum())
    if answers < _MOST_FAILURES * len(toys) or not answers:
        told = f"Toy {toys.failures[0][0]} says: {toys.failures[0][1]}" if toys.failures else None
        raise FitError(
            f"coverage of {method} at {toys.truth:g}",
            f"{answers} of {len(toys)} toys have an answer",
            "at least half of them",
            told,
        )
    covered = int((covers & known).sum())
    low, high = _wilson(covered, answers, others)
    finite = limits[np.isfinite(limits)]
    mean, median = (float(np.mean(finite)), float(np.median(finite))) if finite.size else (math.nan, math.nan)
    failed = len(toys) - answers
    return CoverageRow(toys.truth, method, covered, answers, failed, low, high, mean, median, critical)


def _threshold(method: str, cl: float) -> float:
    """Where a delta chi2 rule draws the line in ``2 Delta NLL``: as in :mod:`nurecoil.inference.rules`."""
    return float(ndtri(cl if method == _ONE_SIDED else (1 + cl) / 2)) ** 2


def _wilson(covered: int, toys: int, others: float) -> tuple[float, float]:
    """Wilson interval; widened where the threshold itself has the binomial error of other toys."""
    found = binomtest(covered, toys).proportion_ci(_SIGMA, method="wilson")
    share = covered / toys
    widen = math.sqrt(1 + toys / others)
    low, high = share - (share - float(found.low)) * widen, share + (float(found.high) - share) * widen
    return max(low, 0.0), min(high, 1.0)


def _check_model(model: SpectralModel, truths: Iterable[float]) -> None:
    if model.poi is None:
        raise ModelError(
            "coverage", "the model has no parameter of interest", "a model with one",
            "Build it with a search, or name one (--poi NAME beside --workspace).",
        )  # fmt: skip
    if model.parameters[model.poi].fixed:
        raise ModelError("coverage", f"parameter of interest {model.poi!r} is fixed", "a free one")
    wanted = list(truths)
    if not wanted:
        raise OptionError("truth", "none", f"values of {model.poi!r}")
    for truth in wanted:
        check_fixed(model, {model.poi: truth})
