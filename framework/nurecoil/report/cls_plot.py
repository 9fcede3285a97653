"""The CLs plot: observed and expected CLs against the parameter, and where they cross the level."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.inference.method_results import MethodLimit
from nurecoil.report.style import axis_exponent, parameter_label, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_cls"]

Array = NDArray[np.float64]

_BANDS = (
    ("-2", "+2", "#ffe08a", r"expected $\pm 2\sigma$"),
    ("-1", "+1", "#9bd08f", r"expected $\pm 1\sigma$"),
)
_LOWEST = 1e-3
"""The least CLs on the axis."""


def plot_cls(found: MethodLimit) -> Figure:
    """Draw CLs against the parameter of interest.

    Args:
        found: a limit by :func:`nurecoil.inference.cls.cls_limit`.

    Returns:
        The figure: observed CLs and CLsb, the median and the bands expected without a signal, the level, and
        both limits.

    Example:
        >>> from nurecoil.inference.cls import cls_limit
        >>> from nurecoil.inference.fit import fit
        >>> from nurecoil.inference.method_results import MethodOptions
        >>> from nurecoil.inference.profile import profile
        >>> from nurecoil.testing.models import counting
        >>> best = fit(counting(observed=9.0, background=10.0))
        >>> figure = plot_cls(cls_limit(best, profile(best.model, "signal"), 0.90, MethodOptions()))
        >>> len(figure.axes)
        1
    """
    import matplotlib.pyplot as plt

    details = found.details
    points = [point for point in details["points"] if point["value"] > details["null"]]
    values = np.array([point["value"] for point in points])
    exponent = axis_exponent(float(values[-1]))
    scale = 10.0**-exponent
    level = 1 - details["cl"]
    with styled():
        figure, axes = plt.subplots(figsize=(9.5, 6.6), layout="constrained")
        _bands(axes, values * scale, points)
        median = _column(points, "0")
        axes.plot(values * scale, median, color="black", linestyle="--", label="expected, median")
        _observed(axes, values * scale, points)
        axes.axhline(level, color="#bd1f01", linewidth=1.2)
        text = rf"$\mathrm{{CL}}_s = {level:.3g}$"
        place = axes.get_yaxis_transform()
        axes.text(0.985, level * 1.06, text, color="#bd1f01", ha="right", fontsize=11, transform=place)
        _limits(axes, details, scale)
        axes.set_yscale("log")
        axes.set_ylim(max(_LOWEST, 0.02 * level), 1.5)
        axes.set_xlim(details["null"] * scale, values[-1] * scale)
        axes.set_xlabel(parameter_label(details["poi"], details["unit"], exponent))
        axes.set_ylabel("p-value")
        axes.legend(loc="lower left", frameon=True, framealpha=0.92, edgecolor="none")
        source = (
            f"{details['toys']} toys of each hypothesis" if details["toys"] else "formulas of large samples"
        )
        axes.set_title(f"{100 * details['cl']:g} % CLs limit, {source}", loc="left", fontsize=13)
    return figure


def _bands(axes: Any, where: Array, points: Sequence[Mapping[str, Any]]) -> None:
    """What is expected without a signal, the wider band first."""
    for low, high, colour, label in _BANDS:
        axes.fill_between(
            where, _column(points, low), _column(points, high), color=colour, linewidth=0, label=label
        )


def _observed(axes: Any, where: Array, points: Sequence[Mapping[str, Any]]) -> None:
    """CLs and CLsb of the data; points with errors where they are from toys."""
    for key, colour, marker, label in (
        ("cls", "black", "o", r"observed $\mathrm{CL}_s$"),
        ("clsb", "#3f90da", "s", r"observed $\mathrm{CL}_{s+b}$"),
    ):
        height = np.array([point[key] for point in points])
        if points[0]["errors"]:
            errors = np.array([point["errors"][key] for point in points])
            axes.errorbar(
                where, np.maximum(height, 1e-9), errors, color=colour, marker=marker, markersize=4.5,
                linewidth=1.2, capsize=2, label=label,
            )  # fmt: skip
        else:
            axes.plot(where, height, color=colour, label=label)


def _limits(axes: Any, details: Mapping[str, Any], scale: float) -> None:
    """Upright lines at the observed and the expected limit."""
    expected = details["expected"]["0"]
    observed = details["observed"]
    error = f" $\\pm$ {details['error'] * scale:.2g}" if details["error"] else ""
    for value, style, label in (
        (observed, "-", f"observed limit {_number(observed * scale)}{error}"),
        (expected, "--", "" if expected is None else f"expected limit {_number(expected * scale)}"),
    ):
        if value is not None:
            axes.axvline(value * scale, color="grey", linewidth=1.2, linestyle=style, label=label)


def _column(points: Sequence[Mapping[str, Any]], name: str) -> Array:
    return np.array([max(point["expected"][name], 1e-9) for point in points])


def _number(value: float) -> str:
    """Four digits, without a power of ten where the axis has none."""
    digits = max(0, 3 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:.{min(digits, 6)}f}"
