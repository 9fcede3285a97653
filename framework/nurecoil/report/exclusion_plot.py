"""Exclusion curves of several experiments on one picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from nurecoil.errors import OptionError
from nurecoil.report.style import COLOURS, label_with_unit, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nurecoil.studies.exclusion import Exclusion

__all__ = ["plot_exclusions"]

_STRIP = 3.5
"""Width of the strip for 0 beside a logarithmic axis, as a factor."""
_FEW = 15
"""The most points that are marked one by one."""


def plot_exclusions(curves: Sequence[Exclusion]) -> Figure:
    """Draw limits against the option that was scanned.

    Observed limits are full lines, the region above the lowest of them is shaded; expected ones are dashed.
    The limit at zero has no place on a logarithmic axis: it is in a strip of its own at the left.

    Args:
        curves: at least one; all of one search, over one option.

    Returns:
        The figure.

    Raises:
        OptionError: where the curves are of different searches or options.

    Example:
        >>> plot_exclusions([])
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: exclusion plot: no curves. Allowed: at least one.
    """
    import matplotlib.pyplot as plt

    if not curves:
        raise OptionError("exclusion plot", "no curves", "at least one")
    first = curves[0]
    for other in curves[1:]:
        if (other.search, other.over, other.poi) != (first.search, first.over, first.poi):
            raise OptionError(
                "exclusion plot",
                f"{other.poi} of {other.search} over {other.over}",
                f"{first.poi} of {first.search} over {first.over}, as the first curve",
            )
    with styled():
        figure, axes = plt.subplots(figsize=(9.5, 7.2), layout="constrained")
        positive = np.array([value for one in curves for value in one.values if value > 0])
        logarithmic = positive.size > 1 and bool(positive.max() > 10 * positive.min())
        axes.set_yscale("log")
        if logarithmic:
            axes.set_xscale("log")
            zero = any(0 in one.values for one in curves)
            axes.set_xlim(positive.min() / (_STRIP if zero else 1.0), positive.max())
            if zero:
                _strip(axes, float(positive.min()), float(positive.max()))
        least = float(positive.min()) if logarithmic else None
        for colour, one in zip(cycle(COLOURS), curves, strict=False):
            _draw(axes, one, colour, least)
        limits = np.array([limit for one in curves for limit in one.limits if limit is not None])
        low, high = float(limits.min()), float(limits.max())
        room = (high / low) ** 0.06 * 1.15
        axes.set_ylim(low / room, high * room**2)
        if not logarithmic:
            axes.margins(x=0.0)
        _excluded(axes, curves, least)
        axes.grid(which="major", color="0.85", linewidth=0.7)
        axes.set_axisbelow(True)
        option = first.over.partition(".")[2]
        symbol = "m_V" if option == "mass" and "vector" in first.search else option.replace("_", " ")
        axes.set_xlabel(label_with_unit(symbol, first.over_unit))
        axes.set_ylabel(label_with_unit(first.poi, first.unit))
        axes.legend(loc="best", frameon=True, framealpha=0.9, edgecolor="none", fontsize=12.5)
        axes.set_title(
            f"{first.search}: {100 * first.cl:g} % upper limits ({first.method})", loc="left", fontsize=13
        )
    return figure


def _draw(axes: Any, one: Exclusion, colour: str, least: float | None) -> None:
    """One curve, with a gap where there is no limit; the limit at 0 beside a logarithmic axis."""
    heights = np.array([np.nan if limit is None else limit for limit in one.limits])
    values = np.array(one.values)
    line = "--" if one.expected else "-"
    shown = values > 0 if least is not None else np.ones(values.size, bool)
    few = shown.sum() <= _FEW
    axes.plot(
        values[shown],
        heights[shown],
        line,
        marker="o" if few else "",
        markersize=4.0,
        color=colour,
        linewidth=2.0,
        label=one.label,
    )
    if least is not None:
        for height in heights[values == 0]:
            axes.plot(
                [least / _STRIP, least / _STRIP**0.4], [height, height], line, color=colour, linewidth=2.0
            )


def _strip(axes: Any, least: float, most: float) -> None:
    """The place of 0 beside a logarithmic axis: a strip of its own, without the axis's ticks."""
    decades = np.arange(np.floor(np.log10(least)), np.ceil(np.log10(most)) + 1)
    ticks = np.outer(10.0**decades, np.arange(2, 10)).ravel()
    axes.set_xticks(ticks[(ticks > least) & (ticks < most)], minor=True, labels=[])
    axes.axvline(least / _STRIP**0.2, color="0.5", linewidth=0.8, linestyle=":")
    axes.text(
        least / _STRIP**0.7,
        -0.012,
        "0",
        transform=axes.get_xaxis_transform(),
        ha="center",
        va="top",
        fontsize=12,
    )


def _excluded(axes: Any, curves: Sequence[Exclusion], least: float | None) -> None:
    """A shade over what the data of any experiment exclude; expected limits exclude nothing."""
    measured = [dict(zip(one.values, one.limits, strict=True)) for one in curves if not one.expected]
    if not measured:
        return
    values = np.array(sorted({value for found in measured for value in found}))
    lowest = np.array([_lowest(found.get(value) for found in measured) for value in values])
    style = {"color": "0.5", "alpha": 0.13, "zorder": 0, "linewidth": 0}
    top = axes.get_ylim()[1]
    shown = values > 0 if least is not None else np.ones(values.size, bool)
    axes.fill_between(values[shown], lowest[shown], top, label="excluded", **style)
    if least is not None:
        for height in lowest[values == 0]:
            axes.fill_between([least / _STRIP, least / _STRIP**0.4], [height, height], top, **style)


def _lowest(limits: Iterable[float | None]) -> float:
    """The lowest limit at one value, NaN where there is none."""
    return min((limit for limit in limits if limit is not None), default=float("nan"))
