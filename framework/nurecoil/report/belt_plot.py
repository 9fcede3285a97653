"""The belt plot of a Feldman-Cousins interval: observed and critical likelihood ratios, and the p-values.

Nothing is computed here; what is drawn is in the details of the limit and in the profile.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from nurecoil.inference.method_results import MethodLimit
from nurecoil.inference.results import Scan
from nurecoil.report.style import COLOURS, axis_exponent, parameter_label, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_belt"]

Array = NDArray[np.float64]

_OBSERVED, _CRITICAL, _ACCEPTED, _ASYMPTOTIC = COLOURS[0], COLOURS[2], COLOURS[1], COLOURS[8]


def plot_belt(limit: MethodLimit, scan: Scan) -> Figure:
    """Draw how a Feldman-Cousins interval came about.

    Args:
        limit: what :func:`nurecoil.inference.feldman_cousins.feldman_cousins_limit` returned.
        scan: the profile it began from, drawn as the curve of the observed likelihood ratio.

    Returns:
        The figure: above, ``q = 2 (nll(value) - nll(best))`` of the data and its critical value, from toys
        and the asymptotic one; below, the p-values and 1 - cl. The interval is shaded in both.

    Example:
        >>> point = {"q_observed": 1.0, "q_critical": 2.0, "q_critical_error": 0.1, "p_value": 0.3,
        ...          "p_value_error": 0.02, "value": 1.0}
        >>> details = {"interval": [0.0, 2.0], "interval_error": [0.0, 0.1], "grid": [point], "poi": "mu",
        ...            "unit": "1", "cl": 0.9, "q_asymptotic": 2.706, "best": 0.0, "toys": 500}
        >>> x = np.linspace(0.0, 4.0, 9)
        >>> figure = plot_belt(MethodLimit(2.0, "by toys", details), Scan("mu", "1", x, x**2 / 2, 0.0, 0.0))
        >>> figure.axes[1].get_ylabel()
        'p-value'
    """
    import matplotlib.pyplot as plt

    details = limit.details
    grid = {key: np.array([point[key] for point in details["grid"]]) for key in details["grid"][0]}
    low, high = _range(details, grid["value"], scan)
    exponent = axis_exponent(max(abs(low), abs(high)))
    scale = 10.0**-exponent
    with styled():
        figure, (top, bottom) = plt.subplots(
            2, 1, sharex=True, figsize=(9.5, 8.6), layout="constrained", height_ratios=(1.5, 1.0)
        )
        _ratios(top, grid, details, scan, (low, high), scale)
        _p_values(bottom, grid, 1 - details["cl"], scale)
        for axes, label in ((top, _interval_label(details, scale)), (bottom, None)):
            begin, end = (value * scale for value in details["interval"])
            axes.axvspan(begin, end, color=_ACCEPTED, alpha=0.16, linewidth=0, label=label)
            for edge in (begin, end):
                axes.axvline(edge, color=_ACCEPTED, linewidth=1.4)
        bottom.set_xlim(low * scale, high * scale)
        bottom.set_xlabel(parameter_label(details["poi"], details["unit"], exponent))
        for axes in (top, bottom):
            axes.legend(loc="best", frameon=True, framealpha=0.92, edgecolor="none")
        title = f"Feldman-Cousins belt, {100 * details['cl']:g} %, {details['toys']:,} toys"
        top.set_title(title, loc="left", fontsize=13)
    return figure


def _range(details: Any, values: Array, scan: Scan) -> tuple[float, float]:
    """Everything tested, the best fit and the interval, with a margin, not far beyond a bound."""
    begin, end = details["interval"]
    low = min(float(values.min()), details["best"], begin)
    high = max(float(values.max()), details["best"], end)
    margin = 0.04 * (high - low)
    return low - (0.4 * margin if low <= scan.values[0] else margin), high + margin


def _ratios(
    axes: Any, grid: dict[str, Array], details: Any, scan: Scan, ends: tuple[float, float], scale: float
) -> None:
    fine = np.linspace(max(ends[0], scan.values[0]), min(ends[1], scan.values[-1]), 800)
    curve = 2 * PchipInterpolator(scan.values, scan.delta_nll)(fine)
    axes.plot(fine * scale, curve, color=_OBSERVED, label="observed")
    axes.plot(grid["value"] * scale, grid["q_observed"], "o", color=_OBSERVED, markersize=5)
    axes.errorbar(
        grid["value"] * scale, grid["q_critical"], yerr=grid["q_critical_error"], fmt="s", color=_CRITICAL,
        markersize=4.5, capsize=2.5, linewidth=1.2, label=f"critical, from toys ({100 * details['cl']:g} %)",
    )  # fmt: skip
    asymptotic = details["q_asymptotic"]
    axes.axhline(
        asymptotic, color=_ASYMPTOTIC, linewidth=1.1, linestyle="--", label=f"asymptotic, {asymptotic:.2f}"
    )
    reach = max(float(np.max(grid["q_critical"] + grid["q_critical_error"])), asymptotic)
    axes.set_ylim(0, max(2.0 * reach, 1.3 * asymptotic))
    axes.set_ylabel(r"$q = -2\,\Delta\ln L$")


def _p_values(axes: Any, grid: dict[str, Array], wanted: float, scale: float) -> None:
    axes.errorbar(
        grid["value"] * scale, grid["p_value"], yerr=grid["p_value_error"], fmt="s", color=_CRITICAL,
        markersize=4.5, capsize=2.5, linewidth=1.2, label="from toys",
    )  # fmt: skip
    axes.axhline(wanted, color=_ASYMPTOTIC, linewidth=1.1, linestyle="--", label=f"1 − CL = {wanted:.3g}")
    axes.set_ylim(0, min(max(1.15 * float(np.max(grid["p_value"])), 3 * wanted), 1.05))
    axes.set_ylabel("p-value")


def _interval_label(details: Any, scale: float) -> str:
    """The interval with the errors of its ends to two digits; an end at a bound has none."""
    ends = []
    for value, error in zip(details["interval"], details["interval_error"], strict=True):
        digits = max(1 - math.floor(math.log10(error * scale)), 0) if error > 0 else 0
        told = f"{value * scale:.{digits}f} ± {error * scale:.{digits}f}"
        ends.append(told if error > 0 else f"{value * scale:.3g}")
    return f"accepted: [{ends[0]}, {ends[1]}]"
