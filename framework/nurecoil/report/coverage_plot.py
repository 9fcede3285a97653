"""The coverage plot: how often each method covers each truth, and where its limits lie."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nurecoil.inference.coverage_results import CONVENTIONS, Coverage, CoverageRow
from nurecoil.report.style import COLOURS, axis_exponent, parameter_label, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_coverage"]

_MARKERS = "osD^vPX"
_SPREAD = 0.018
"""Distance between the methods' points of one truth, as a share of the axis."""


def plot_coverage(found: Coverage, title: str = "") -> Figure:
    """Draw coverage over the truth, with errors and the nominal line; below, median limits where known.

    Args:
        found: coverages.
        title: what was studied; the level and the number of toys stand beside it.

    Returns:
        The figure; :func:`nurecoil.report.style.save` writes it.

    Example:
        >>> from nurecoil.inference.coverage import coverage
        >>> from nurecoil.testing.models import counting
        >>> found = coverage(counting(3.0, 1.0), [0.0, 3.0], ["delta-chi2-one-sided"], n=50)
        >>> len(plot_coverage(found).axes)
        1
    """
    import matplotlib.pyplot as plt

    medians = any(math.isfinite(row.median) for row in found.rows)
    truths = np.array(found.truths)
    limits = [row.median for row in found.rows if math.isfinite(row.median)]
    exponent = axis_exponent(float(np.max(np.abs([*truths, *limits]))))
    scale = 10.0**-exponent
    reach = float(truths.max() - truths.min()) * scale or max(abs(float(truths[0])) * scale, 1.0)
    with styled():
        size = (9.5, 8.6) if medians else (9.5, 6.0)
        figure, panels = plt.subplots(
            2 if medians else 1, 1, sharex=True, figsize=size, layout="constrained", squeeze=False,
            height_ratios=(1.5, 1.0) if medians else (1.0,),
        )  # fmt: skip
        top, bottom = panels[0, 0], panels[-1, 0]
        middle, order = (len(found.methods) - 1) / 2, list(CONVENTIONS)
        for number, method in enumerate(found.methods):
            rows = [found.of(method, truth) for truth in found.truths]
            shift = (number - middle) * _SPREAD * reach
            look: dict[str, Any] = {
                "color": COLOURS[order.index(method) % len(COLOURS)],
                "marker": _MARKERS[order.index(method) % len(_MARKERS)],
                "markersize": 6.5,
            }
            _draw_coverage(top, rows, scale, shift, {**look, "label": method})
            if medians and all(math.isfinite(row.median) for row in rows):
                where = truths * scale + shift
                bottom.plot(where, [row.median * scale for row in rows], linewidth=1.0, **look)
        top.axhline(
            found.cl,
            color="black",
            linewidth=1.4,
            linestyle="--",
            zorder=1,
            label=f"nominal: {100 * found.cl:g} %",
        )
        least = min([found.cl, *(row.low for row in found.rows)])
        top.set_ylim(least - 0.15 * (1 - least), 1 + 0.08 * (1 - least))
        top.set_ylabel("coverage")
        columns = 3 if len(found.methods) != 4 else 2
        figure.legend(loc="outside lower center", frameon=False, ncols=columns, fontsize=11)
        margin = 0.08 * reach
        bottom.set_xlim(float(truths.min()) * scale - margin, float(truths.max()) * scale + margin)
        if medians:
            ends = np.array(bottom.get_xlim())
            bottom.plot(ends, ends, color="grey", linewidth=1.0, linestyle=":")
            bottom.text(
                0.98, 0.04, "dotted: limit = truth", transform=bottom.transAxes, ha="right", fontsize=10.5
            )
            bottom.set_ylim(0 if min(limits) >= 0 else None, 1.15 * scale * max(*limits, float(truths.max())))
            unit = parameter_label("", found.unit, exponent).strip()
            bottom.set_ylabel(f"median limit {unit}".strip())
        label = parameter_label(found.poi, found.unit, exponent)
        bottom.set_xlabel(f"true {label}")
        most = max(row.toys + row.failed for row in found.rows)
        words = f"{100 * found.cl:g} % limits, {most:,} toys at each truth"
        top.set_title(f"{title}: {words}" if title else words, loc="left", fontsize=13)
    return figure


def _draw_coverage(
    axes: Any, rows: list[CoverageRow], scale: float, shift: float, look: dict[str, Any]
) -> None:
    where = np.array([row.truth for row in rows]) * scale + shift
    share = np.array([row.coverage for row in rows])
    below = np.maximum(share - [row.low for row in rows], 0.0)
    above = np.maximum(np.array([row.high for row in rows]) - share, 0.0)
    axes.errorbar(
        where, share, yerr=[below, above], linestyle="none", elinewidth=1.5, capsize=3, zorder=3, **look
    )
