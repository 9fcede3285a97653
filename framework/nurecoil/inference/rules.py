"""The rules that turn a profile likelihood into an upper limit, each under its own name.

A 90 % limit differs by 10-20 % between them, so a result always says which one it used. A rule is a
function of a :class:`~nurecoil.inference.results.Scan` and a confidence level, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq
from scipy.special import ndtri

from nurecoil.errors import FitError, ModelError, OptionError, unknown_name
from nurecoil.inference.results import Scan

__all__ = ["RULES", "Rule", "area", "area_squared", "check_level", "delta_chi2", "rule"]

Array = NDArray[np.float64]

_FINE = 20_001
_NEGLIGIBLE = 8.0
_RESOLVED = 2.0


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit rule.

    Args:
        name: what users ask for.
        convention: one sentence part that results print.
        upper_limit: maps a scan and a confidence level to the limit.

    Example:
        >>> RULES["area"].convention
        'area under exp(-Delta NLL), prior flat in the parameter'
    """

    name: str
    convention: str
    upper_limit: Callable[[Scan, float], float]


def area(scan: Scan, cl: float) -> float:
    """The point below which ``cl`` of the area under ``exp(-Delta NLL)`` lies, flat in the parameter.

    Borexino's rule: arXiv:1707.09355, Fig. 2; values below the physical bound are not considered.

    Args:
        scan: a profile from the physical bound to where the likelihood is negligible.
        cl: confidence level, between 0 and 1.

    Returns:
        The limit, in the scan's unit.

    Raises:
        FitError: where the scan ends before the likelihood is negligible.

    Example:
        >>> x = np.linspace(0, 8, 81)
        >>> half_normal = Scan("x", "1", x, x**2 / 2, 0.0, 0.0)
        >>> round(area(half_normal, 0.90), 3)
        1.645
    """
    return _quantile(scan, cl, lambda value: np.ones_like(value))


def area_squared(scan: Scan, cl: float) -> float:
    """The area rule with a prior flat in the square of the parameter.

    Args:
        scan: a profile from the physical bound to where the likelihood is negligible.
        cl: confidence level, between 0 and 1.

    Returns:
        The limit on the parameter itself, in the scan's unit.

    Raises:
        FitError: where the scan ends before the likelihood is negligible.

    Example:
        >>> x = np.linspace(0, 8, 81)
        >>> round(area_squared(Scan("x", "1", x, x**2 / 2, 0.0, 0.0), 0.90), 3)
        2.146
    """
    return _quantile(scan, cl, lambda value: 2 * value)


def delta_chi2(threshold: Callable[[float], float]) -> Callable[[Scan, float], float]:
    """A rule that takes the largest crossing of a threshold in ``2 Delta NLL``.

    Args:
        threshold: maps the confidence level to the threshold.

    Returns:
        The rule's function.

    Example:
        >>> x = np.linspace(0, 8, 81)
        >>> one_sided = delta_chi2(lambda cl: 1.64)
        >>> round(one_sided(Scan("x", "1", x, x**2 / 2, 0.0, 0.0), 0.9), 3)
        1.281
    """

    def upper_limit(scan: Scan, cl: float) -> float:
        wanted = threshold(cl) / 2
        below = np.flatnonzero(scan.delta_nll < wanted)
        if not below.size:
            raise _too_coarse(scan, wanted)
        last = int(below[-1])
        if last + 1 >= scan.values.size:
            raise FitError(
                f"limit on {scan.parameter!r}",
                f"the scan ends at Delta NLL = {scan.delta_nll[-1]:.3g}",
                f"a scan up to {wanted:.3g}",
                "Scan further; where the scan ends at the parameter's upper bound, raise that bound.",
            )
        curve = _curve(scan)
        left, right = float(scan.values[last]), float(scan.values[last + 1])

        def excess(share: float) -> float:  # of the step: moments of 1e-11 are below brentq's own tolerance
            return float(curve(left + share * (right - left))) - wanted

        return left + float(brentq(excess, 0.0, 1.0)) * (right - left)

    return upper_limit


def rule(name: str) -> Rule:
    """The rule of that name.

    Raises:
        OptionError: where there is none; the known ones are listed.

    Example:
        >>> rule("area").name
        'area'
    """
    try:
        return RULES[name]
    except KeyError:
        raise unknown_name(OptionError, "limit method", name, RULES) from None


def check_level(cl: float) -> None:
    """Refuse what is no confidence level.

    Raises:
        OptionError: where it is not between 0 and 1.

    Example:
        >>> check_level(90)
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: confidence level: 90. Allowed: a number between 0 and 1, such as 0.90.
    """
    if not 0 < cl < 1:
        raise OptionError("confidence level", str(cl), "a number between 0 and 1, such as 0.90")


def _one_sided(cl: float) -> float:
    """Square of the one-sided normal quantile; below one half it would lie on the other side."""
    if cl <= 0.5:
        raise OptionError("confidence level", f"{cl} for delta-chi2-one-sided", "a number above 0.5")
    return float(ndtri(cl)) ** 2


def _too_coarse(scan: Scan, wanted: float) -> FitError:
    return FitError(
        f"limit on {scan.parameter!r}",
        f"no point of the scan lies below Delta NLL = {wanted:.3g}, the lowest at {scan.delta_nll.min():.3g}",
        "a scan that resolves the minimum",
        "Scan more points.",
    )


def _curve(scan: Scan) -> PchipInterpolator:
    return PchipInterpolator(scan.values, scan.delta_nll)


def _quantile(scan: Scan, cl: float, prior: Callable[[Array], Array]) -> float:
    ends = [scan.delta_nll[-1]] if scan.values[0] >= 0 else [scan.delta_nll[0], scan.delta_nll[-1]]
    if min(ends) < _NEGLIGIBLE:
        raise FitError(
            f"limit on {scan.parameter!r}",
            f"the scan ends at Delta NLL = {min(ends):.3g}, where the likelihood is not negligible",
            f"a scan up to Delta NLL = {_NEGLIGIBLE:g}",
            "Scan further; where the scan ends at the parameter's bound, move that bound.",
        )
    if np.count_nonzero(scan.delta_nll < _RESOLVED) < 2:
        raise _too_coarse(scan, _RESOLVED)
    if scan.values[0] < 0 and prior(np.array([1.0]))[0] != 1:
        raise ModelError(f"limit on {scan.parameter!r}", "negative values", "a parameter of at least 0")
    value = np.linspace(scan.values[0], scan.values[-1], _FINE)
    weight = np.exp(-_curve(scan)(value)) * prior(value)
    step = (weight[1:] + weight[:-1]) / 2 * np.diff(value)
    summed = np.concatenate([[0.0], np.cumsum(step)])
    return float(np.interp(cl, summed / summed[-1], value))


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        made.name: made
        for made in (
            Rule("area", "area under exp(-Delta NLL), prior flat in the parameter", area),
            Rule("area-squared", "area under exp(-Delta NLL), prior flat in its square", area_squared),
            Rule(
                "delta-chi2-one-sided",
                "2 Delta NLL reaches the square of the one-sided normal quantile (1.64 at 90 %)",
                delta_chi2(_one_sided),
            ),
            Rule(
                "delta-chi2-two-sided",
                "2 Delta NLL reaches the square of the two-sided normal quantile (2.71 at 90 %)",
                delta_chi2(lambda cl: float(ndtri((1 + cl) / 2)) ** 2),
            ),
        )
    }
)
"""Every rule by name."""
