"""Profiles of several models of the same data, summed with weights: systematic uncertainty by variation.

Pure: scans go in, a scan comes out, and the limit rules of :mod:`nurecoil.inference.rules` apply to it as to
any other. Which models there are, and their fits, is the business of :mod:`nurecoil.studies.systematics`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.special import logsumexp

from nurecoil.errors import ModelError
from nurecoil.inference.results import Scan

__all__ = ["SummedProfile", "on_grid", "summed_profile"]

Array = NDArray[np.float64]

_TOO_NEAR = 1e-4
"""Points of different scans nearer than this share of the range to each other count as one."""
_SAME = 1e-12
"""Best values nearer than this share of the range are the same."""


@dataclass(frozen=True, slots=True)
class SummedProfile:
    """A weighted sum of profile likelihoods.

    Args:
        scan: its profile: ``values`` are the points of all members, ``delta_nll`` is -log of the sum above
            its minimum, ``nll`` the -log of the prior-weighted mean likelihood there.
        weights: prior times maximum likelihood of every member, of sum one, shape ``(members,)``.
        shares: the share of every member in the area under the sum, flat in the parameter, shape
            ``(members,)``.

    Example:
        >>> SummedProfile.__dataclass_fields__["weights"].name
        'weights'
    """

    scan: Scan
    weights: Array
    shares: Array


def summed_profile(
    scans: Sequence[Scan], priors: Sequence[float] | None = None, nll: Sequence[float] | None = None
) -> SummedProfile:
    """The sum over members k of ``prior_k exp(-NLL_k(mu))``, as a profile.

    That is what arXiv:1707.09355, section III, does for Borexino: profiles of all configurations of the fit,
    weighted with prior weights times each profile's maximum likelihood.

    Args:
        scans: the members' profiles of one parameter, relative to their own minimum.
        priors: prior weights, not negative; equal ones by default.
        nll: -log of the maximum likelihood of every member, all relative to the same; the scans' own by
            default, which is right where all members describe the same data and the same auxiliary
            measurements.

    Returns:
        The sum with the members' weights. Between its points a member is interpolated in ``Delta NLL``;
        beyond its ends it goes on as a straight line.

    Raises:
        ModelError: without members, for different parameters or units, or priors that are no weights.

    Example:
        >>> x = np.linspace(0.0, 8.0, 81)
        >>> one, other = (Scan("x", "1", x, (x / s) ** 2 / 2, 0.0, 0.0) for s in (1.0, 2.0))
        >>> found = summed_profile([one, other], nll=[0.0, np.log(3.0)])
        >>> found.weights.round(3).tolist(), found.shares.round(3).tolist()
        ([0.75, 0.25], [0.6, 0.4])
        >>> round(float(found.scan.delta_nll[-1]), 3)
        9.386
    """
    weight = _checked(scans, priors)
    minima = np.array([scan.nll for scan in scans] if nll is None else nll, float)
    if minima.shape != (len(scans),) or not np.all(np.isfinite(minima)):
        raise ModelError("summed profile", f"minima {minima.tolist()}", "one finite number a member")
    grid = _common_grid(scans)
    used = np.flatnonzero(weight > 0)
    counted = [scan for scan, one in zip(scans, weight, strict=True) if one > 0]
    log = np.log(weight[used]) - minima[used]
    exponents = log[:, None] - on_grid(counted, grid)
    total = -logsumexp(exponents, axis=0)
    best, lowest = _minimum(counted, log, grid, total)
    area = np.zeros(len(scans))
    area[used] = np.trapezoid(np.exp(exponents + lowest), grid, axis=1)
    weights = np.zeros(len(scans))
    weights[used] = np.exp(log - logsumexp(log))
    first = scans[0]
    scan = Scan(first.parameter, first.unit, grid, np.maximum(total - lowest, 0.0), best, lowest)
    return SummedProfile(scan, weights, area / area.sum())


def on_grid(scans: Sequence[Scan], grid: Array) -> Array:
    """``Delta NLL`` of scans at other values.

    Args:
        scans: the scans.
        grid: increasing values of their parameter.

    Returns:
        Shape ``(scans, values)``. Inside a scan monotone cubics through its points; beyond its ends a
        straight line with the slope of the last step, or flat where that would fall.

    Example:
        >>> x = np.linspace(0.0, 2.0, 21)
        >>> on_grid([Scan("x", "1", x, x**2, 0.0, 0.0)], np.array([1.0, 3.0])).round(3).tolist()
        [[1.0, 7.9]]
    """
    rows = np.empty((len(scans), grid.size))
    for row, scan in zip(rows, scans, strict=True):
        x, y = scan.values, scan.delta_nll
        row[:] = PchipInterpolator(x, y)(np.clip(grid, x[0], x[-1]))
        left = max((y[0] - y[1]) / (x[1] - x[0]), 0.0)
        right = max((y[-1] - y[-2]) / (x[-1] - x[-2]), 0.0)
        row += left * np.maximum(x[0] - grid, 0.0) + right * np.maximum(grid - x[-1], 0.0)
    return rows


def _checked(scans: Sequence[Scan], priors: Sequence[float] | None) -> Array:
    """Prior weights of sum one."""
    if not scans:
        raise ModelError("summed profile", "no members", "at least one")
    kinds = {(scan.parameter, scan.unit) for scan in scans}
    if len(kinds) > 1:
        names = ", ".join(sorted(f"{name} [{unit}]" for name, unit in kinds))
        raise ModelError("summed profile", f"profiles of {names}", "profiles of one parameter in one unit")
    weight: Array = np.ones(len(scans)) if priors is None else np.array(priors, float)
    sound = weight.shape == (len(scans),) and bool(np.all(np.isfinite(weight) & (weight >= 0)))
    if not (sound and weight.sum() > 0):
        raise ModelError("summed profile", f"prior weights {weight.tolist()}",
                         "one a member, at least 0 and one of them above")  # fmt: skip
    normalised: Array = weight / weight.sum()
    return normalised


def _common_grid(scans: Sequence[Scan]) -> Array:
    """The points of all members; of several that are all but the same, the first, and always both ends."""
    points = np.unique(np.concatenate([scan.values for scan in scans]))
    near = _TOO_NEAR * (points[-1] - points[0])
    kept = [points[0]]
    for point in points[1:-1]:
        if point - kept[-1] > near and points[-1] - point > near:
            kept.append(point)
    return np.array([*kept, points[-1]])


def _minimum(scans: Sequence[Scan], log: Array, grid: Array, total: Array) -> tuple[float, float]:
    """Where -log of the sum is smallest, among its points and the members' best values, and how small."""
    found = [(float(total.min()), float(grid[int(np.argmin(total))]))]
    best = np.array([scan.best for scan in scans])
    order = np.argsort(best)
    delta = on_grid(scans, best[order])[:, np.argsort(order)]
    same = np.abs(best[:, None] - best[None, :]) <= _SAME * (grid[-1] - grid[0])
    delta[same] = 0.0
    at_best = -logsumexp(log[:, None] - delta, axis=0)
    k = int(np.argmin(at_best))
    if at_best[k] < found[0][0]:
        found.insert(0, (float(at_best[k]), float(best[k])))
    return found[0][1], found[0][0]
