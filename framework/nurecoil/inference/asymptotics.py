"""How likelihood ratios are distributed for large samples, and the p-values and CLs that follow.

Formulas alone, after Cowan, Cranmer, Gross and Vitells, Eur. Phys. J. C 71 (2011) 1554 (arXiv:1007.1727).
What they are fed with comes from :mod:`nurecoil.inference.likelihood_ratios`.

Two numbers say everything. The *reach* ``(mu - mu_0) / sigma`` is how far the tested value is from the null
value; the *distance* ``(mu - mu') / sigma`` how far it is from the true one. Both are roots of a likelihood
ratio on Asimov data (Eqs. 29 and 30), so that they need no sigma, and do not depend on whether a parameter is
counted as itself or as its square.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri

__all__ = [
    "SIGMAS",
    "asimov_sigma",
    "cls_values",
    "expected_cls",
    "expected_reach",
    "f_q_mu",
    "f_q_tilde",
    "f_q_zero",
    "log_cls",
    "p_of_z",
    "score",
    "z_of_p",
]

Array = NDArray[np.float64]

SIGMAS = (-2, -1, 0, 1, 2)
"""The fluctuations of data without signal, in standard deviations, that expected results are given for."""


def f_q_zero(q: float | Array, strength: float = 0.0) -> Array:
    """Cumulative distribution of q0, Cowan et al., section 3.5: ``Phi(sqrt(q0) - mu'/sigma)``.

    Without a signal it is that of half a chi2 of one degree of freedom and half a delta function at 0.

    Args:
        q: q0, 0 or more.
        strength: true signal over sigma.

    Returns:
        Probability of a smaller or equal one.

    Example:
        >>> float(f_q_zero(0.0)), round(float(1 - f_q_zero(9.0)), 6)
        (0.5, 0.00135)
    """
    return np.asarray(ndtr(np.sqrt(q) - strength))


def f_q_mu(q: float | Array, distance: float = 0.0) -> Array:
    """Cumulative distribution of q_mu, Cowan et al., Eq. (57): ``Phi(sqrt(q_mu) - (mu - mu')/sigma)``.

    Args:
        q: q_mu, 0 or more.
        distance: tested minus true value over sigma.

    Returns:
        Probability of a smaller or equal one.

    Example:
        >>> round(float(1 - f_q_mu(1.644854**2)), 6)
        0.05
    """
    return np.asarray(ndtr(np.sqrt(q) - distance))


def f_q_tilde(q: float | Array, reach: float, distance: float = 0.0) -> Array:
    """Cumulative distribution of q~_mu, Cowan et al., Eq. (65).

    ``Phi(sqrt(q) - (mu - mu')/sigma)`` up to ``q = mu^2/sigma^2``, beyond that (data that want a negative
    signal) ``Phi((q - (mu^2 - 2 mu mu')/sigma^2) / (2 mu/sigma))``.

    Args:
        q: q~_mu, 0 or more.
        reach: tested value over sigma, above 0.
        distance: tested minus true value over sigma.

    Returns:
        Probability of a smaller or equal one.

    Example:
        >>> round(float(f_q_tilde(4.0, 2.0)), 6), round(float(f_q_tilde(4.0, 2.0, 2.0)), 6)
        (0.97725, 0.5)
    """
    return np.asarray(ndtr(score(q, reach) - distance))


def score(q: float | Array, reach: float) -> Array:
    """What is normally distributed about the distance, for q~_mu: see :func:`f_q_tilde`.

    Args:
        q: q~_mu, 0 or more.
        reach: tested value over sigma, 0 or more.

    Returns:
        ``(mu - mu_hat)/sigma``; below 0 it is cut off at 0.

    Example:
        >>> float(score(1.0, 2.0)), float(score(8.0, 2.0))
        (1.0, 3.0)
    """
    q = np.asarray(q, float)
    if reach <= 0:
        return np.sqrt(q)
    return np.where(q <= reach**2, np.sqrt(q), (q + reach**2) / (2 * reach))


def cls_values(q: float, reach: float, *, bounded: bool = True) -> tuple[float, float, float]:
    """CLs, CLsb and CLb of an observed statistic.

    CLsb is the probability of a statistic at least as large with the tested signal, CLb without one, and CLs
    their ratio (Read, J. Phys. G 28 (2002) 2693).

    Args:
        q: the statistic.
        reach: root of the statistic on Asimov data without signal.
        bounded: whether the statistic is q~_mu (or else q_mu).

    Returns:
        CLs, CLsb, CLb. Where the tested value is the null value, both are the same.

    Example:
        >>> [round(one, 6) for one in cls_values(4.0, 2.0)]
        [0.0455, 0.02275, 0.5]
    """
    at = float(score(q, reach)) if bounded else math.sqrt(q)
    return (
        math.exp(log_cls(q, reach, bounded=bounded)),
        float(ndtr(-at)),
        float(ndtr(reach - at)),
    )


def log_cls(q: float, reach: float, *, bounded: bool = True) -> float:
    """Logarithm of CLs, which keeps its digits where CLb is small; see :func:`cls_values`.

    Example:
        >>> round(log_cls(4.0, 2.0), 6)
        -3.090037
    """
    at = float(score(q, reach)) if bounded else math.sqrt(q)
    return float(log_ndtr(-at) - log_ndtr(reach - at))


def expected_cls(reach: float) -> dict[int, tuple[float, float, float]]:
    """CLs, CLsb and CLb of data without signal that fluctuate by some standard deviations.

    Upwards (positive) they look like a signal, and CLs is large.

    Args:
        reach: root of the statistic on Asimov data without signal.

    Returns:
        Fluctuation (:data:`SIGMAS`) to CLs, CLsb and CLb.

    Example:
        >>> {n: round(found[0], 4) for n, found in expected_cls(2.0).items()}
        {-2: 0.0014, -1: 0.0085, 0: 0.0455, 1: 0.1886, 2: 0.5117}
    """
    return {
        n: (
            math.exp(float(log_ndtr(n - reach) - log_ndtr(float(n)))),
            float(ndtr(n - reach)),
            float(ndtr(float(n))),
        )
        for n in SIGMAS
    }


def expected_reach(alpha: float, fluctuation: int) -> float:
    """The reach at which expected CLs is ``alpha``: where the expected limit is.

    Args:
        alpha: one minus the confidence level.
        fluctuation: of the data without signal, in standard deviations.

    Returns:
        ``Phi^-1(1 - alpha Phi(N)) + N``; Cowan et al., Eq. (89), with the CLb of CLs.

    Example:
        >>> round(expected_reach(0.05, 0), 6)
        1.959964
    """
    return float(-ndtri(alpha * ndtr(float(fluctuation)))) + fluctuation


def asimov_sigma(q: float, value: float, truth: float, power: int = 1) -> float:
    """Standard deviation of the estimate, from Asimov data: Cowan et al., Eq. (30).

    It is that of the coordinate that is fitted: for a parameter that enters in squares alone (a magnetic
    moment) the estimate of the *square* is normally distributed about its truth, that of the parameter is
    not, least of all near 0. With ``power = 2`` this is the standard deviation of the square, in the square
    of the unit.

    Args:
        q: ``-2 ln lambda`` of the value on Asimov data of the truth.
        value: tested public value.
        truth: public value of the Asimov data.
        power: the power that the parameter is fitted in.

    Returns:
        ``|value^power - truth^power| / sqrt(q)``; infinite where q is 0.

    Example:
        >>> asimov_sigma(4.0, 3.0, 0.0), asimov_sigma(4.0, 3.0, 0.0, power=2)
        (1.5, 4.5)
    """
    there, here = (math.copysign(abs(one) ** power, one) for one in (value, truth))
    return abs(there - here) / math.sqrt(q) if q > 0 else math.inf


def z_of_p(p: float) -> float:
    """The one-sided p-value in standard deviations, ``Phi^-1(1 - p)``.

    Example:
        >>> round(z_of_p(0.00135), 3)
        3.0
    """
    return float(-ndtri(p))


def p_of_z(z: float | Array) -> Array:
    """The one-sided p-value of a number of standard deviations.

    Example:
        >>> round(float(p_of_z(5.0)), 9)
        2.87e-07
    """
    return np.asarray(ndtr(-np.asarray(z, float)))
