"""A feasibility study as a picture and as a table: the limit against background rejection, line by line.

The study itself is :mod:`nurecoil.studies.feasibility`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.interpolate import PchipInterpolator

from nurecoil.report.style import COLOURS, axis_exponent, parameter_label, styled
from nurecoil.report.tables import label_of, titled_table
from nurecoil.studies.feasibility_result import Feasibility, Line

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table

__all__ = ["feasibility_table", "isotopes", "plot_feasibility"]

_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.6)), (0, (1, 1.2)), (0, (5, 1.2, 1, 1.2)))
_MARKERS = "oDsv"
_BARE: dict[str, Any] = {"frameon": False, "borderaxespad": 1.3, "fontsize": 12.5, "alignment": "left"}


def plot_feasibility(found: Feasibility) -> Figure:
    """Draw the limit against background rejection: a colour per threshold, a dash per curve.

    Lines that are the same as another curve's are left out. The bars at the right edge are the limits
    without any of the rejected background; crosses are the rejections that give the target.

    Args:
        found: the study.

    Returns:
        The figure.

    Example:
        >>> from nurecoil.studies.feasibility_result import Line, Row
        >>> rows = tuple(Row("toy", 1.0, 10.0**power, 4.0 - power) for power in range(3))
        >>> line = Line("toy", 1.0, rows, 1.5, "needed", 20.0)
        >>> study = Feasibility("toy", "signal", "s", "1", 0.9, "area", "", 2.5, "", {}, (line,), {}, 0.0)
        >>> [text.get_text() for text in plot_feasibility(study).axes[0].get_legend().get_texts()]
        ['above 1 MeV']
    """
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    shown = [line for line in found.lines if not line.same_as]
    values = [row.limit for row in found.rows if row.limit is not None]
    values += [line.floor for line in shown if line.floor is not None]
    values += [found.target] if found.target is not None else []
    largest = max(values, default=1.0)
    exponent = axis_exponent(largest)
    thresholds = sorted({line.threshold for line in shown})
    curves = list(dict.fromkeys(line.curve for line in shown))
    colours = {cut: COLOURS[i % len(COLOURS)] for i, cut in enumerate(thresholds)}
    with styled():
        figure, axes = plt.subplots(figsize=(10.5, 7.4), layout="constrained")
        for line in shown:
            style = curves.index(line.curve) % len(_DASHES)
            _draw(axes, line, 10.0**-exponent, colours[line.threshold], style, found.target)
        axes.set_xscale("log")
        rejections = [row.rejection for row in found.rows]
        axes.set_xlim(min(rejections), max(rejections))
        axes.set_ylim(0.55 * min(values, default=0.0) * 10.0**-exponent, 1.2 * largest * 10.0**-exponent)
        axes.set_xlabel("background rejection")
        axes.set_ylabel("expected limit on " + parameter_label(found.poi, found.unit, exponent))
        if found.target is not None:
            _draw_target(axes, found, 10.0**-exponent)
        handles = [
            Line2D([], [], color=colours[cut], linewidth=2.4, label=f"above {cut:g} MeV")
            for cut in thresholds
        ]
        axes.add_artist(axes.legend(handles=handles, loc="lower left", title="recoils", **_BARE))
        if len(curves) > 1:
            names = [
                Line2D([], [], color="black", linestyle=_DASHES[i % len(_DASHES)],
                       marker=_MARKERS[i % len(_MARKERS)], markersize=5, label=isotopes(curve, only=i == 0))
                for i, curve in enumerate(curves)
            ]  # fmt: skip
            axes.legend(handles=names, loc="upper right", title="background", handlelength=4.0, **_BARE)
        title = f"{found.experiment}, {found.search}: {100 * found.cl:g} % by {found.method}, Asimov data"
        axes.set_title(title, loc="left", fontsize=13)
    return figure


def feasibility_table(found: Feasibility) -> Table:
    """The limits: one row per rejection, one column per curve and threshold that differs from the others.

    Args:
        found: the study.

    Returns:
        The table; its last rows are the limit without the background and the rejection for the target.
    """
    shown = [line for line in found.lines if not line.same_as]
    title = f"expected {100 * found.cl:g} % limits on {label_of(found.poi, found.unit)} ({found.method})"
    headings = ("rejection", *(f"{line.curve}\n> {line.threshold:g} MeV" for line in shown))
    table = titled_table(title, *((heading, "right") for heading in headings))
    for index, rejection in enumerate(row.rejection for row in found.lines[0].rows):
        limits = [line.rows[index].limit for line in shown]
        table.add_row(f"{rejection:.3g}", *(_number(value) for value in limits))
    table.add_section()
    table.add_row("no background", *(_number(line.floor) for line in shown))
    if found.target is not None:
        table.add_row(f"for {found.target:.3g}", *(_takes(line) for line in shown))
    return table


def isotopes(text: str, *, only: bool = False) -> str:
    """Mass numbers raised, for labels; with a word where nothing else is on.

    Example:
        >>> isotopes("42K + 39Ar"), isotopes("42K", only=True)
        ('$^{42}$K + $^{39}$Ar', '$^{42}$K only')
    """
    raised, count = re.subn(r"\b(\d+)([A-Z][a-z]?)\b", r"$^{\1}$\2", text)
    return f"{raised} only" if only and count == 1 else raised


def _draw(axes: Any, line: Line, scale: float, colour: str, style: int, target: float | None) -> None:
    points = np.array([(row.rejection, row.limit) for row in line.rows if row.limit is not None])
    if not points.size:
        return
    x, y = np.log10(points[:, 0]), points[:, 1] * scale
    look = {"color": colour, "linestyle": _DASHES[style], "linewidth": 2.0}
    if x.size > 1:
        fine = np.linspace(x[0], x[-1], 400)
        axes.plot(10**fine, PchipInterpolator(x, y)(fine), **look)
    axes.plot(points[:, 0], y, _MARKERS[style % len(_MARKERS)], color=colour, markersize=4.5, clip_on=False)
    if line.floor is not None:
        axes.plot([0.985, 1.0], [line.floor * scale] * 2, color=colour, linewidth=4,
                  transform=axes.get_yaxis_transform(), solid_capstyle="butt")  # fmt: skip
    if line.needed is not None and target is not None:
        axes.plot(
            line.needed, target * scale, "x", color=colour, markersize=11, markeredgewidth=2.6, zorder=5
        )


def _draw_target(axes: Any, found: Feasibility, scale: float) -> None:
    target = float(found.target or 0.0) * scale
    axes.axhline(target, color="black", linewidth=1.2, linestyle=(0, (8, 3)), zorder=1)
    citation = found.citation.partition(",")[0]
    words = f"{citation + ': ' if citation else ''}{target:.3g}"
    axes.annotate(words, (1, target), xycoords=axes.get_yaxis_transform(), xytext=(-14, 4),
                  textcoords="offset points", ha="right", fontsize=11.5)  # fmt: skip


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _takes(line: Line) -> str:
    if line.verdict == "needed" and line.needed is not None:
        return f"{line.needed:.2g}"
    if line.verdict == "out of range" and line.rows:
        return f"> {line.rows[-1].rejection:.3g}"
    return {"none needed": "any", "never": "none will do"}.get(line.verdict, "not known")
