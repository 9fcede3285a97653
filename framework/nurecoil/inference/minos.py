"""Asymmetric errors: how far each parameter may go until the profiled -log L has risen by a level.

What MINUIT calls MINOS (James and Roos, CPC 10 (1975) 343). How the walk to the crossing goes is in
:mod:`nurecoil.inference.conditional`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from nurecoil.engine.silent import silent_parameters
from nurecoil.errors import OptionError
from nurecoil.inference.conditional import Conditional, Crossing, require_free, settled
from nurecoil.inference.profile import Progress
from nurecoil.inference.results import AsymmetricError, FitResult

__all__ = ["ONE_SIGMA", "asymmetric", "crossings", "error_of", "minos"]

ONE_SIGMA = 0.5
"""Rise of -log L at one standard deviation of one parameter."""


def minos(
    best: FitResult,
    names: Sequence[str] | None = None,
    *,
    level: float = ONE_SIGMA,
    progress: Progress | None = None,
) -> FitResult:
    """Asymmetric errors of fitted parameters, from conditional fits on both sides of each.

    An end is where -log L, minimised over all other parameters, has risen by ``level``: the nearest such
    point. A parameter that meets its bound first ends there, and the result says so. Parameters that
    the likelihood does not depend on at the minimum have no ends, and neither has a side on which -log L
    never rises that far. Where a conditional fit lies below the free one, the free fit is repeated from
    there.

    Args:
        best: a fit; what it held stays held.
        names: which parameters; by default all that it moved.
        level: rise of -log L at the ends: 0.5 for one standard deviation, 2 for two.
        progress: called with sides done and sides in all.

    Returns:
        The fit with its ``minos``, in public values: of a magnetic moment, not of its square.

    Raises:
        FitError: where no lowest minimum can be found.
        ModelError: for an unknown parameter.
        OptionError: for a parameter that was held, one named twice, or a level that is not positive.

    Example:
        >>> from nurecoil.inference.fit import fit
        >>> from nurecoil.testing.models import counting
        >>> result = minos(fit(counting(observed=9.0, background=4.0)))
        >>> result.minos["signal"]
        <-2.68 +3.34>
        >>> minos(fit(counting(observed=5.0, background=4.0))).minos["signal"]
        <-1 (bound) +2.58>
    """
    if not (math.isfinite(level) and level > 0):
        raise OptionError("level of asymmetric errors", str(level), "a positive rise of -log L, such as 0.5")
    chosen = [n for n, one in best.parameters.items() if not one.fixed] if names is None else list(names)
    for name in chosen:
        require_free(best, name, "asymmetric errors")
    if len(set(chosen)) < len(chosen):
        raise OptionError("asymmetric errors", "a parameter named twice", "each parameter once")

    def work(about: Conditional) -> dict[str, AsymmetricError]:
        return asymmetric(about, chosen, level, progress)

    best, found = settled(best, work)
    return dataclasses.replace(best, minos=found)


def asymmetric(
    about: Conditional, names: Sequence[str], level: float = ONE_SIGMA, progress: Progress | None = None
) -> dict[str, AsymmetricError]:
    """Asymmetric errors about a free fit.

    Args:
        about: the fit.
        names: which parameters, each one that it moves.
        level: rise of -log L at the ends.
        progress: called with sides done and sides in all.

    Returns:
        The errors by name.

    Example:
        >>> from nurecoil.inference.fit import fit
        >>> from nurecoil.testing.models import counting
        >>> asymmetric(Conditional(fit(counting(observed=9.0, background=4.0))), ["signal"])
        {'signal': <-2.68 +3.34>}
    """
    found = {}
    for number, name in enumerate(names):
        ends = crossings(about, name, level)
        found[name] = error_of(about, name, *ends)
        if progress is not None:
            progress(2 * (number + 1), 2 * len(names))
    return found


def crossings(about: Conditional, name: str, level: float = ONE_SIGMA) -> tuple[Crossing, Crossing]:
    """The two ends of a parameter's interval, with the fits there.

    Args:
        about: the free fit.
        name: the parameter.
        level: rise of -log L at the ends.

    Returns:
        The lower and the upper end.

    Example:
        >>> from nurecoil.inference.fit import fit
        >>> from nurecoil.testing.models import counting
        >>> low, high = crossings(Conditional(fit(counting(observed=0.0, background=4.0))), "signal")
        >>> low.at_bound, round(high.coordinate, 6)
        (True, 0.5)
    """
    index = about.index(name)
    if silent_parameters(about.compiled, about.origin.position)[index]:
        none = Crossing(math.nan, reason="the likelihood does not depend on it at the minimum")
        return none, none
    low, high = (about.crossing(index, sign, level) for sign in (-1, 1))
    return low, high


def error_of(about: Conditional, name: str, low: Crossing, high: Crossing) -> AsymmetricError:
    """The ends of an interval as distances from the estimate, in public values.

    Args:
        about: the free fit.
        name: the parameter.
        low: its lower end.
        high: its upper end.

    Returns:
        The distances; NaN where there is no end.

    Example:
        >>> from nurecoil.inference.fit import fit
        >>> from nurecoil.testing.models import counting
        >>> about = Conditional(fit(counting(observed=9.0, background=4.0)))
        >>> error_of(about, "signal", Crossing(4.0), Crossing(math.nan, reason="flat"))
        <-1 +nan>
    """
    index = about.index(name)
    value = about.public(index, float(about.origin.position[index]))
    ends = [
        math.nan if math.isnan(end.coordinate) else about.public(index, end.coordinate) - value
        for end in (low, high)
    ]
    words = dict.fromkeys(reason for reason in (low.reason, high.reason) if reason)
    return AsymmetricError(ends[0], ends[1], low.at_bound, high.at_bound, "; ".join(words))
