"""Limits by several methods side by side, above them the profile that they look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import PchipInterpolator

from nurecoil.inference.limits import Limits
from nurecoil.report.style import COLOURS, axis_exponent, parameter_label, styled
from nurecoil.report.tables import limit_error

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_limits"]

_REACH = 9.0


def plot_limits(limits: Limits, label: str = "") -> Figure:
    """Draw limits by several methods in one picture.

    Args:
        limits: limits of one parameter, of one fit and scan.
        label: what they are of, for the title.

    Returns:
        The figure: above ``-2 Delta ln L``, below a line for every method, with bands of expected limits
        where a method has them, intervals where it has two ends, and published limits as vertical lines.

    Example:
        >>> from nurecoil.inference.limits import limits
        >>> from nurecoil.testing.models import counting
        >>> figure = plot_limits(limits(counting(observed=3.0, background=1.0)), "toy")
        >>> [text.get_text() for text in figure.axes[1].get_yticklabels()][:2]
        ['area', 'area-squared']
    """
    import matplotlib.pyplot as plt

    first = limits[0]
    scan = first.scan
    published = [row["value"] for row in first.published]
    shown = scan.values[scan.delta_nll < _REACH / 2 + 1]
    reach = 1.08 * max(float(shown.max()), *(one.value for one in limits), *published, 0.0)
    exponent = axis_exponent(reach)
    scale = 10.0**-exponent
    rows = np.arange(len(limits))
    with styled():
        figure, (top, bottom) = plt.subplots(
            2, 1, sharex=True, figsize=(10.5, 4.4 + 0.55 * len(limits)), layout="constrained",
            height_ratios=(3.0, 0.55 * len(limits) + 0.6),
        )  # fmt: skip
        fine = np.linspace(scan.values[0], scan.values[-1], 1200)
        top.plot(fine * scale, 2 * PchipInterpolator(scan.values, scan.delta_nll)(fine), color="black")
        top.set_ylim(0, _REACH)
        top.set_ylabel(r"$-2\,\Delta\ln L$")
        words = f"{label}: " if label else ""
        kind = "expected upper limits" if any(c.asimov for c in first.model.channels) else "upper limits"
        bands = "; bands: 1 and 2 sigma of data without signal" if _has_bands(limits) else ""
        top.set_title(f"{words}{kind} at {100 * first.cl:g} %{bands}", loc="left", fontsize=13)
        for row, one in zip(rows, limits, strict=True):
            colour = COLOURS[row % len(COLOURS)]
            expected = {k: v for k, v in one.details.get("expected", {}).items() if v is not None}
            for low, high, shade in (("-2", "+2", 0.18), ("-1", "+1", 0.32)):
                if low in expected and high in expected:
                    ends = np.array([expected[low], expected[high]]) * scale
                    bottom.barh(row, ends[1] - ends[0], 0.5, ends[0], color=colour, alpha=shade, linewidth=0)
            interval = one.details.get("interval")
            begin = interval[0] if interval else float(scan.values[0])
            bottom.plot(np.array([begin, one.value]) * scale, [row, row], color=colour, linewidth=2.4)
            error = limit_error(one) * scale
            bottom.errorbar(one.value * scale, row, xerr=error, fmt="o", color=colour, capsize=3)
            bottom.annotate(
                f"{one.value * scale:.3g}", (one.value * scale, row), (7, 5), textcoords="offset points",
                fontsize=11,
            )  # fmt: skip
            top.axvline(one.value * scale, color=colour, linewidth=1.2)
        for number, entry in enumerate(first.published):
            for axes in (top, bottom):
                axes.axvline(
                    entry["value"] * scale, color="grey", linewidth=1.2, linestyle=("--", ":")[number % 2],
                    label=f"published {entry['value'] * scale:.2g}: {entry['remark']}",
                )  # fmt: skip
        if first.published:
            top.legend(loc="upper left", frameon=True, framealpha=0.92, edgecolor="none")
        bottom.set_yticks(rows, [one.method for one in limits])
        bottom.set_ylim(len(limits) - 0.4, -0.6)
        bottom.tick_params(axis="y", which="both", left=False, right=False)
        bottom.set_xlim(float(scan.values[0]) * scale, reach * scale)
        bottom.set_xlabel(parameter_label(first.poi, first.unit, exponent))
    return figure


def _has_bands(limits: Limits) -> bool:
    return any(one.details.get("expected") for one in limits)
