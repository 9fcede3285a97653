"""CLs: the test of one value of the parameter of interest, and the upper limit, asymptotic or from toys.

How each is computed is in :mod:`nurecoil.inference.asymptotic_cls` and :mod:`nurecoil.inference.toy_cls`. The
method is that of Read, J. Phys. G 28 (2002) 2693, and Junk, Nucl. Instrum. Meth. A 434 (1999) 435, with the
statistic q~_mu of Cowan et al., Eur. Phys. J. C 71 (2011) 1554.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nurecoil.errors import FitError
from nurecoil.inference.asymptotic_cls import AsymptoticCls, Cls, check_value
from nurecoil.inference.likelihood_ratios import ProfiledLikelihood, Statistic, check_statistic, interest
from nurecoil.inference.method_results import MethodLimit, MethodOptions
from nurecoil.inference.profile import Progress
from nurecoil.inference.results import FitResult, Scan
from nurecoil.inference.rules import check_level
from nurecoil.inference.toy_cls import ToyCls
from nurecoil.inference.toy_p_values import check_toys, failure_notes
from nurecoil.model.roots import rooted
from nurecoil.model.spectral import SpectralModel

__all__ = ["cls_at", "cls_limit"]

_POINTS = 25
"""Values of an asymptotic limit's curve."""
_BEYOND = 1.25
"""How far the curve goes, in units of the largest of the limits, observed and expected."""


def cls_at(
    model: SpectralModel,
    value: float,
    *,
    statistic: Statistic = "q_tilde",
    toys: int = 0,
    seed: int = 1,
    progress: Progress | None = None,
) -> Cls:
    """CLs, CLsb and CLb of one value of the parameter of interest, observed and expected.

    Args:
        model: a model with a parameter of interest.
        value: public value that is tested, in its unit, not below the null value (0, or the bound nearest to
            it).
        statistic: ``q_tilde``, or ``q_mu`` where the signal may be negative.
        toys: toys of each hypothesis, or 0 for the formulas of large samples.
        seed: seed of the toys.
        progress: called with toys done and toys in all.

    Returns:
        The test.

    Raises:
        FitError: where a fit of the data does not converge, or most toys cannot be fitted.
        ModelError: where the model has no parameter of interest, or a fixed one.
        OptionError: for an impossible value, statistic, seed or number of toys.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> cls_at(counting(observed=9.0, background=10.0), 5.0)
        <Cls signal = 5 events: CLs 0.1236 (asymptotic)>
    """
    check_statistic(statistic)
    if toys:
        check_toys(toys, seed)
    model = rooted(model)
    interest(model, "CLs")
    likelihood = ProfiledLikelihood(model)
    check_value(likelihood, value)
    if toys:
        return ToyCls(likelihood, toys, seed, statistic, progress).at(value)
    return AsymptoticCls(likelihood, statistic).at(value)


def cls_limit(best: FitResult, scan: Scan, cl: float, options: MethodOptions) -> MethodLimit:
    """The CLs upper limit: the value of the parameter of interest above which CLs is below ``1 - cl``.

    For large samples CLs comes from the formulas of Cowan et al. (q~_mu). With toys these limits, observed
    and expected, are where the toys begin. The best fit used is never a negative (unphysical) signal,
    whatever the parameter's lower bound.

    Args:
        best: the free fit of a model with a parameter of interest.
        scan: its profile; says how far out to look first.
        cl: confidence level, between 0 and 1.
        options: number of toys of each hypothesis (0 for none), their seed, progress.

    Returns:
        The limit. Its details hold ``observed`` and ``expected`` limits (by fluctuation of data without
        signal, ``None`` beyond the bounds or the toys' values), ``error`` (of the number of toys), ``points``
        with CLs, CLsb, CLb and expected CLs at every value, ``toys`` and, where there are any, ``seed``,
        ``failed`` and the ``asymptotic`` limits.

    Raises:
        FitError: where a fit does not converge, or CLs does not come down to ``1 - cl`` within the bounds.
        ModelError: where the model has no parameter of interest, or a fixed one.
        OptionError: for an impossible level, seed or number of toys.

    Example:
        >>> from nurecoil.inference.fit import fit
        >>> from nurecoil.inference.profile import profile
        >>> from nurecoil.testing.models import counting
        >>> best = fit(counting(observed=9.0, background=10.0))
        >>> found = cls_limit(best, profile(best.model, "signal"), 0.90, MethodOptions())
        >>> round(found.value, 2), round(found.details["expected"]["0"], 2)
        (5.42, 6.14)
    """
    check_level(cl)
    if options.toys:
        check_toys(options.toys, options.seed)
    interest(best.model, "CLs")
    start = best.values
    if scan.fits and scan.nll < best.nll:
        start = dict(min(zip(scan.delta_nll, scan.fits, strict=True), key=lambda one: float(one[0]))[1])
    likelihood = ProfiledLikelihood(best.model, start)
    curve = AsymptoticCls(likelihood)
    first = float(scan.values[-1])
    expected = curve.expected_limits(cl, first)
    if options.toys:
        return _from_toys(curve, expected, cl, options, first)
    value = curve.limit(cl, first)
    ends = [one for one in (value, *expected.values()) if one is not None]
    far = min(likelihood.null + _BEYOND * (max(ends) - likelihood.null), likelihood.upper)
    points = [curve.at(float(one)) for one in np.linspace(likelihood.null, far, _POINTS)]
    details = _details(likelihood, cl, value, expected, points)
    return MethodLimit(
        value,
        f"CLs = {1 - cl:.3g} of q~_mu, formulas of large samples",
        details,
        (*likelihood.doubts_at(value), *_beyond(expected, likelihood, "the upper bound")),
    )


def _from_toys(
    curve: AsymptoticCls,
    expected: Mapping[int, float | None],
    cl: float,
    options: MethodOptions,
    first: float,
) -> MethodLimit:
    """The limit from toys, that begin at the limits for large samples."""
    likelihood = curve.likelihood
    try:
        observed: float | None = curve.limit(cl, first)
    except FitError:
        observed = None
    values = [one for one in (observed, *expected.values()) if one is not None]
    toys = ToyCls(likelihood, options.toys, options.seed, progress=options.progress)
    found = toys.limit(cl, values or [first])
    drawn = 2 * options.toys * len(found.tests)
    failures = [reason for test in found.tests for reason in test.failures]
    details = {
        **_details(likelihood, cl, found.value, found.expected, found.tests),
        "error": found.error,
        "toys": options.toys,
        "seed": options.seed,
        "failed": len(failures),
        "failures": list(dict.fromkeys(failures)),
        "asymptotic": {"observed": observed, "expected": _named(expected)},
    }
    notes = (*failure_notes(failures, drawn), *_beyond(found.expected, likelihood, "the values tested"))
    return MethodLimit(
        found.value,
        f"CLs = {1 - cl:.3g} of q~_mu, {options.toys} toys of each hypothesis at {len(found.tests)} values, "
        f"+- {found.error:.2g}",
        details,
        notes,
    )


def _details(
    likelihood: ProfiledLikelihood,
    cl: float,
    observed: float,
    expected: Mapping[int, float | None],
    points: Sequence[Cls],
) -> dict[str, Any]:
    """What a limit is made of, as plain data."""
    wanted = ("value", "cls", "clsb", "clb", "q", "expected", "errors")
    return {
        "poi": likelihood.poi,
        "unit": likelihood.unit,
        "cl": cl,
        "statistic": "q_tilde",
        "null": likelihood.null,
        "best": likelihood.best,
        "observed": observed,
        "expected": _named(expected),
        "error": None,
        "points": [{key: one for key, one in point.to_json().items() if key in wanted} for point in points],
        "toys": 0,
    }


def _named(expected: Mapping[int, float | None]) -> dict[str, float | None]:
    return {f"{n:+d}" if n else "0": one for n, one in expected.items()}


def _beyond(
    expected: Mapping[int, float | None], likelihood: ProfiledLikelihood, what: str
) -> tuple[str, ...]:
    """What has to be said of expected limits that were not found."""
    missing = [f"{n:+d} sigma" if n else "median" for n, one in expected.items() if one is None]
    if not missing:
        return ()
    return (f"expected CLs limits on {likelihood.poi} ({', '.join(missing)}) lie outside {what}",)
