"""The profile plot: -2 Delta log L and the likelihood itself, with the limits drawn in."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from nurecoil.inference.limits import Limit
from nurecoil.report.style import COLOURS, axis_exponent, parameter_label, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_profiles"]

Array = NDArray[np.float64]

_REACH = 9.0


def plot_profiles(limits: Mapping[str, Limit]) -> Figure:
    """Draw the profiles of one parameter in several models, each with its limit and the published one.

    Args:
        limits: label to limit; all of the same parameter.

    Returns:
        The figure: above ``2 Delta NLL``, below ``exp(-Delta NLL)`` with the excluded tail shaded.

    Example:
        >>> from nurecoil.inference.limits import limit
        >>> from nurecoil.testing.models import counting
        >>> figure = plot_profiles({"toy": limit(counting(observed=3.0, background=1.0))})
        >>> len(figure.axes)
        2
    """
    import matplotlib.pyplot as plt

    first = next(iter(limits.values()))
    reach = max(float(one.scan.values[one.scan.delta_nll < _REACH / 2 + 1].max()) for one in limits.values())
    exponent = axis_exponent(reach)
    scale = 10.0**-exponent
    with styled():
        figure, (top, bottom) = plt.subplots(
            2, 1, sharex=True, figsize=(9.5, 8.6), layout="constrained", height_ratios=(1.15, 1.0)
        )
        for colour, (label, one) in zip(cycle(COLOURS), limits.items(), strict=False):
            _draw(top, bottom, label, one, scale, colour)
        for level, text in ((1.64, "1.64"), (2.71, "2.71")):
            top.axhline(level, color="grey", linewidth=0.8, linestyle=":")
            place = top.get_yaxis_transform()
            top.text(0.02, level + 0.08, text, fontsize=10, color="grey", transform=place)
        top.set_ylim(0, _REACH)
        top.set_ylabel(r"$-2\,\Delta\ln L$")
        bottom.set_ylim(0, 1.25)
        bottom.set_xlim(float(first.scan.values[0]) * scale, reach * scale)
        bottom.set_ylabel(r"$L/L_\mathrm{max}$")
        bottom.set_xlabel(parameter_label(first.poi, first.unit, exponent))
        for axes, place in ((top, "upper left"), (bottom, "upper right")):
            axes.legend(loc=place, frameon=True, framealpha=0.92, edgecolor="none")
        title = f"profile likelihood, {100 * first.cl:g} % limits by the {first.method} rule"
        top.set_title(title, loc="left", fontsize=13)
    return figure


def _draw(top: Any, bottom: Any, label: str, one: Limit, scale: float, colour: str) -> None:
    scan = one.scan
    fine = np.linspace(scan.values[0], scan.values[-1], 1200)
    curve = PchipInterpolator(scan.values, scan.delta_nll)(fine)
    top.plot(fine * scale, 2 * curve, color=colour, label=label)
    top.plot(scan.values * scale, 2 * scan.delta_nll, ".", color=colour, markersize=5)
    bottom.plot(fine * scale, np.exp(-curve), color=colour)
    excluded = fine >= one.value
    bottom.fill_between(
        fine[excluded] * scale, np.exp(-curve[excluded]), color=colour, alpha=0.25, linewidth=0
    )
    text = f"{label}: < {one.value * scale:.2f}"
    for axes in (top, bottom):
        axes.axvline(one.value * scale, color=colour, linewidth=1.4, label=text if axes is bottom else None)
    for number, row in enumerate(one.published):
        words = f"published {row['value'] * scale:.1f}: {row['remark']}"
        bottom.axvline(
            row["value"] * scale, color=colour, linewidth=1.1, linestyle=("--", ":")[number % 2], label=words
        )
