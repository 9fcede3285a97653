"""The goodness plot: both statistics of the data in the distributions of the toys and of the reference."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from nurecoil.inference.goodness_toys import STATISTICS, TOTAL, GoodnessTest, PartGoodness
from nurecoil.report.style import COLOURS, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_goodness"]

_TITLES = {"saturated": "saturated model", "pearson": r"Pearson's $\chi^2$"}
_LABELS = {
    "saturated": r"$2\,(\mathrm{NLL}-\mathrm{NLL}_\mathrm{saturated})$",
    "pearson": r"$\sum\,(n-\mu)^2/\mu$ and squared pulls",
}
_TAIL = 1e-4
"""Share of the reference left out beyond either end of the axis."""
_OBSERVED = "#d01c8b"


def plot_goodness(test: GoodnessTest, part: str = TOTAL) -> Figure:
    """Draw the statistics of one part of the data, in total by default.

    Args:
        test: a test.
        part: a channel, ``constraints`` or ``total``.

    Returns:
        The figure: left the saturated statistic, right Pearson's. :func:`nurecoil.report.style.save` writes
        it.

    Raises:
        OptionError: where there is no such part.

    Example:
        >>> from nurecoil.inference.goodness_toys import goodness
        >>> from nurecoil.testing.models import counting
        >>> figure = plot_goodness(goodness(counting(9.0, 3.0, 0.5), 100, fix={"signal": 0.0}))
        >>> len(figure.axes)
        2
    """
    import matplotlib.pyplot as plt

    rows = [test.of(kind, part) for kind in STATISTICS]
    with styled():
        figure, panels = plt.subplots(1, 2, figsize=(13.0, 5.6), layout="constrained")
        for axes, row in zip(panels, rows, strict=True):
            _draw(axes, test, row)
        toys = f", {test.toys:,} toys" if test.toys else ""
        figure.suptitle(f"goodness of fit, {part}{toys}", x=0.01, ha="left", fontsize=14)
    return figure


def _draw(axes: Any, test: GoodnessTest, row: PartGoodness) -> None:
    drawn = test.drawn[row.kind][:, test.parts.index(row.part)] if test.toys else np.empty(0)
    chi2 = row.ndf > 0.5 and not math.isnan(row.reference)
    ends = [row.statistic, *drawn.tolist()]
    if chi2:
        ends += [float(stats.chi2.ppf(share, row.ndf)) for share in (_TAIL, 1 - _TAIL)]
    low, high = min(ends), max(ends)
    room = 0.04 * (high - low) or 1.0
    low, high = max(low - room, 0.0), high + room
    bins = max(12, min(60, round(math.sqrt(max(drawn.size, 1)))))
    edges = np.linspace(low, high, bins + 1)
    width = edges[1] - edges[0]
    top = 0.0
    if drawn.size:
        counts = np.histogram(drawn, edges)[0]
        axes.stairs(counts, edges, fill=True, color=COLOURS[0], alpha=0.35, label="toys")
        axes.stairs(counts, edges, color=COLOURS[0], linewidth=1.3)
        beyond = drawn >= row.statistic
        axes.stairs(np.histogram(drawn[beyond], edges)[0], edges, fill=True, color=COLOURS[0], alpha=0.6)
        top = float(counts.max())
    if chi2:
        fine = np.linspace(max(low, 1e-3 * high), high, 600)
        curve = stats.chi2.pdf(fine, row.ndf) * (drawn.size * width if drawn.size else 1.0)
        axes.plot(fine, curve, color="black", linewidth=1.6, label=rf"$\chi^2$ of {row.ndf:.4g} degrees")
        if row.ndf >= 2 or not drawn.size:
            top = max(top, float(curve.max()))
    axes.axvline(row.statistic, color=_OBSERVED, linewidth=2.2, label=_words(row))
    axes.set_xlim(low, high)
    axes.set_ylim(0, 1.42 * top if top else 1.0)
    axes.set_xlabel(_LABELS[row.kind])
    axes.set_ylabel("toys" if drawn.size else "density")
    axes.set_title(_TITLES[row.kind], loc="left", fontsize=13)
    axes.legend(loc="upper right", frameon=True, framealpha=0.9, edgecolor="none")


def _words(row: PartGoodness) -> str:
    """The observed value and its p-values."""
    words = [f"data: {row.statistic:.1f}"]
    if not math.isnan(row.p_value):
        words.append(rf"$p = {row.p_value:.3f} \pm {row.error:.3f}$ (toys)")
    if not math.isnan(row.reference):
        words.append(rf"$p = {row.reference:.3f}$ (reference)")
    return "\n".join(words)
