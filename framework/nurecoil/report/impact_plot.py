"""The plot of pulls and impacts: on the left what the fit did to each parameter, on the right what each does.

Parameters are ranked by impact, thirty to a page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nurecoil.errors import OptionError
from nurecoil.inference.impact_results import Impact, Impacts
from nurecoil.report.impact_tables import impacts_line
from nurecoil.report.style import COLOURS, axis_exponent, parameter_label, styled
from nurecoil.report.tables import significant, unit_word

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["PER_PAGE", "pages_of", "plot_impacts"]

PER_PAGE = 30
"""Parameters on one page."""

_UP, _DOWN, _ONE, _TWO = COLOURS[2], COLOURS[0], "#d9ead3", "#fff2cc"
_PULLS = 2.5
_LONGEST = 34
"""Characters of a name that is not shortened."""


def pages_of(found: Impacts, top: int | None = None) -> int:
    """How many pages a ranking takes.

    Args:
        found: the ranking.
        top: how many parameters are shown, all by default.

    Returns:
        The number of pages, at least 1.

    Example:
        >>> from nurecoil.inference.impacts import impacts
        >>> from nurecoil.testing.models import counting
        >>> pages_of(impacts(counting(16.0, 10.0, background_error=2.0)))
        1
    """
    return max(1, math.ceil(len(found.rows[:top]) / PER_PAGE))


def plot_impacts(found: Impacts, page: int = 1, top: int | None = None) -> Figure:
    """Draw pulls and impacts, one line for a parameter.

    Args:
        found: the ranking.
        page: which page, from 1.
        top: how many parameters are shown on all pages, all by default.

    Returns:
        The figure: on the left pulls with their errors after the fit over bands of one and two standard
        deviations before it, and estimates in numbers for parameters without a constraint; on the right bars
        for the shift with the parameter one error up and one down, hollow ones for the error before the fit.

    Raises:
        OptionError: for a page that is not there.

    Example:
        >>> from nurecoil.inference.impacts import impacts
        >>> from nurecoil.testing.models import counting
        >>> figure = plot_impacts(impacts(counting(16.0, 10.0, background_error=2.0)))
        >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
        ['background']
    """
    import matplotlib.pyplot as plt

    pages = pages_of(found, top)
    if not 1 <= page <= pages:
        raise OptionError("page of impacts", str(page), f"1 to {pages}")
    rows = found.rows[:top][(page - 1) * PER_PAGE : page * PER_PAGE]
    everything = [size for row in found.rows for size in _shifts(row)]
    exponent = axis_exponent(max(everything, default=1.0))
    scale = 10.0**-exponent
    reach = 1.12 * max((size for row in rows for size in _shifts(row)), default=1.0) * scale or 1.0
    count = max(len(rows), 1)
    with styled():
        figure, (left, right) = plt.subplots(
            1,
            2,
            sharey=True,
            figsize=(12.5, 2.4 + 0.36 * count),
            layout="constrained",
            width_ratios=(1, 1.25),
        )
        _pull_frame(left, count)
        for place, row in enumerate(rows):
            _draw_pull(left, place, row)
            _draw_impact(right, place, row, scale, reach)
        right.axvline(0, color="black", linewidth=0.8)
        right.set_xlim(-reach, reach)
        what = "the limit on " if found.quantity == "limit" else ""
        right.set_xlabel("shift of " + what + parameter_label(found.poi, found.unit, exponent))
        left.set_yticks(range(len(rows)), [_short(row.parameter) for row in rows])
        left.set_ylim(count - 0.4, -0.6)
        for axes in (left, right):
            axes.tick_params(axis="y", which="both", length=0)
            axes.tick_params(axis="x", which="both", top=False)
        _legend(figure, any(_hollow(row) for row in rows))
        number = f" (page {page} of {pages})" if pages > 1 else ""
        figure.suptitle(impacts_line(found) + number, fontsize=12.5, x=0.01, ha="left")
    return figure


def _shifts(row: Impact) -> Sequence[float]:
    every = (row.up, row.down, row.prefit_up, row.prefit_down)
    return [abs(size) for size in every if math.isfinite(size)]


def _pull_frame(axes: Any, count: int) -> None:
    for width, colour in ((2, _TWO), (1, _ONE)):
        axes.axvspan(-width, width, color=colour, linewidth=0, zorder=0)
    axes.axvline(0, color="0.5", linewidth=0.8, linestyle=":")
    axes.set_xlim(-_PULLS, _PULLS)
    axes.set_xlabel(r"pull $(\hat\theta-\theta_0)/\sigma_0$")
    axes.set_xticks([-2, -1, 0, 1, 2])


def _draw_pull(axes: Any, place: int, row: Impact) -> None:
    """A point with its errors; one far out as an arrow with its number; without a constraint the estimate."""
    if row.pull is None:
        axes.text(
            0, place, _estimate(row), ha="center", va="center", fontsize=10, color="0.15",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.9},
        )  # fmt: skip
        return
    pull = row.pull
    if abs(pull.value) > _PULLS:
        side = math.copysign(_PULLS, pull.value)
        axes.annotate(
            f"{pull.value:+.1f}", (side, place), (0.72 * side, place), ha="center", va="center", fontsize=10,
            arrowprops={"arrowstyle": "->", "color": "black"},
        )  # fmt: skip
        return
    ends = [[abs(side) if math.isfinite(side) else 0.0] for side in (pull.lower, pull.upper)]
    axes.errorbar(
        pull.value,
        place,
        xerr=np.array(ends),
        fmt="o",
        color="black",
        markersize=4.5,
        capsize=2.5,
        linewidth=1.4,
    )


def _estimate(row: Impact) -> str:
    """An estimate with its errors in few characters."""
    lower, upper = row.error.lower, row.error.upper
    sizes = [abs(side) for side in (lower, upper) if math.isfinite(side) and side != 0]
    value = significant(row.value, min(sizes, default=math.nan))
    if not sizes:
        return f"{value} {unit_word(row.unit)}".rstrip()
    down, up = (significant(abs(side), abs(side)) or "?" for side in (lower, upper))
    errors = rf"$\pm${up}" if down == up else rf"$_{{-{down}}}^{{+{up}}}$"
    return f"{value} {errors} {unit_word(row.unit)}".rstrip()


def _draw_impact(axes: Any, place: int, row: Impact, scale: float, reach: float) -> None:
    """Bars from zero; where both point the same way they share the line's height."""
    same = row.up * row.down > 0
    for value, before, colour, side in (
        (row.up, row.prefit_up, _UP, -1),
        (row.down, row.prefit_down, _DOWN, 1),
    ):
        style = {"height": 0.36 if same else 0.72}
        where = place + side * 0.18 if same else place
        if math.isfinite(before):
            axes.barh(
                where, before * scale, fill=False, edgecolor=colour, linewidth=1.1, linestyle="--", **style
            )
        if math.isfinite(value):
            axes.barh(where, value * scale, color=colour, alpha=0.85, linewidth=0, **style)
    if not math.isfinite(row.size):
        axes.text(0.02 * reach, place, row.reason, va="center", fontsize=9, color="grey")


def _hollow(row: Impact) -> bool:
    return math.isfinite(row.prefit_up) or math.isfinite(row.prefit_down)


def _legend(figure: Any, hollow: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[Any] = [
        Line2D([], [], color="black", marker="o", markersize=4.5, label="pull"),
        Patch(color=_ONE, label=r"$\pm1\,\sigma$ before the fit"),
        Patch(color=_TWO, label=r"$\pm2\,\sigma$"),
        Patch(color=_UP, label=r"$\hat\theta+\sigma$"),
        Patch(color=_DOWN, label=r"$\hat\theta-\sigma$"),
    ]
    if hollow:
        entries.append(
            Patch(fill=False, edgecolor="0.3", linestyle="--", label=r"$\hat\theta\pm\sigma$ before the fit")
        )
    figure.legend(handles=entries, loc="outside lower center", ncols=len(entries), fontsize=10.5)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST // 2 - 1]}…{name[-_LONGEST // 2 :]}"
