"""Exclusion curves of several experiments on one picture."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from nurecoil.errors import OptionError
from nurecoil.report.style import COLOURS, label_with_unit, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nurecoil.studies.exclusion import Exclusion

__all__ = ["plot_exclusions"]


def plot_exclusions(curves: Sequence[Exclusion]) -> Figure:
    """Draw limits against the option that was scanned; what lies above a curve is excluded.

    The limit at zero has no place on a logarithmic axis: it is a bar at the left edge.

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
        values = np.array([value for one in curves for value in one.values if value > 0])
        logarithmic = values.size > 1 and values.max() > 10 * values.min()
        for colour, one in zip(cycle(COLOURS), curves, strict=False):
            _draw(axes, one, colour, logarithmic, float(values.min()) if values.size else 1.0)
        if logarithmic:
            axes.set_xscale("log")
            axes.set_xlim(values.min() / 2.2, values.max())
        axes.set_yscale("log")
        axes.margins(y=0.12)
        option = first.over.partition(".")[2]
        symbol = "m_V" if option == "mass" and "vector" in first.search else option
        axes.set_xlabel(label_with_unit(symbol, first.over_unit))
        axes.set_ylabel(label_with_unit(first.poi, first.unit))
        axes.legend(loc="upper left", frameon=False)
        axes.set_title(
            f"{first.search}: {100 * first.cl:g} % upper limits ({first.method})", loc="left", fontsize=13
        )
    return figure


def _draw(axes: Any, one: Exclusion, colour: str, logarithmic: bool, least: float) -> None:
    pairs = [(v, y) for v, y in zip(one.values, one.limits, strict=True) if y is not None]
    shown = np.array([pair for pair in pairs if pair[0] > 0 or not logarithmic])
    style = "--" if one.expected else "-"
    if shown.size:
        axes.plot(shown[:, 0], shown[:, 1], style, color=colour, label=one.label)
        if not one.expected:
            axes.fill_between(shown[:, 0], shown[:, 1], shown[:, 1].max() * 1e3, color=colour, alpha=0.07)
            low, high = shown[:, 1].min(), shown[:, 1].max()
            axes.set_ylim(
                min(axes.get_ylim()[0], low / 1.5) if axes.get_ylim()[0] > 0 else low / 1.5, high * 2
            )
    for value, height in pairs:
        if value == 0 and logarithmic:
            axes.plot([least / 2.2, least / 1.4], [height, height], "-", color=colour, linewidth=3.0)
            axes.annotate("0", (least / 1.75, height), textcoords="offset points", xytext=(0, 5),
                          ha="center", fontsize=10, color=colour)  # fmt: skip
