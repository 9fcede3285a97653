"""The significance plot: q0 of toys without signal, its distribution for large samples, and the data's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.inference.asymptotics import p_of_z
from nurecoil.inference.significance import Significance, ToySignificance
from nurecoil.report.style import COLOURS, label_with_unit, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_significance"]

Array = NDArray[np.float64]

_BINS = 40
_FLOOR = 1e-12
"""The least share on the axis."""
_HEADROOM = 30.0
"""Where the axis of shares ends: the legend has its place above 1."""
_LEAST_REACH = 9.0
"""How far the axis goes at least: three standard deviations."""


def plot_significance(found: Significance) -> Figure:
    """Draw the distribution of q0 without a signal, and the data's q0.

    Args:
        found: a significance, with toys or without.

    Returns:
        The figure: the share of data without signal in every bin of q0 (the bin at 0 holds the half that has
        no excess), from toys with their errors and from the formula of large samples; the data's q0, with
        what lies beyond it shaded.

    Example:
        >>> from nurecoil.inference.significance import significance
        >>> from nurecoil.testing.models import counting
        >>> len(plot_significance(significance(counting(observed=16.0, background=9.0))).axes)
        1
    """
    import matplotlib.pyplot as plt

    reach = max(_LEAST_REACH, 1.25 * found.q0)
    if found.toys is not None and found.toys.values.size:
        reach = max(reach, 1.02 * float(found.toys.values.max()))
    edges = np.linspace(0.0, reach, _BINS + 1)
    with styled():
        figure, axes = plt.subplots(figsize=(9.5, 6.6), layout="constrained")
        _formula(axes, edges, found.q0)
        if found.toys is not None:
            _toys(axes, edges, found.toys)
            least = 0.3 / max(found.toys.values.size, 1)
        else:
            least = max(_FLOOR, 0.2 * float(_shares(edges)[-1]))
        axes.set_yscale("log")
        axes.set_ylim(least, _HEADROOM)
        axes.set_xlim(0.0, reach)
        axes.axvline(found.q0, color="black", linewidth=2.0, label=f"data: $q_0$ = {found.q0:.3g}")
        axes.set_xlabel("$q_0$")
        axes.set_ylabel("share of data without signal, per bin")
        axes.legend(loc="upper right", frameon=True, framealpha=0.92, edgecolor="none")
        axes.set_title(_title(found), loc="left", fontsize=13)
    return figure


def _title(found: Significance) -> str:
    """What is tested, and the p-values."""
    title = f"{label_with_unit(found.poi, '1')} = {found.null:g}: p = {found.p_value:.2g}"
    title += f" ({found.z:.2f}$\\,\\sigma$) for large samples"
    toys = found.toys
    if toys is None:
        return title
    if toys.p_value == 0:
        return f"{title}; p < {3 / toys.values.size:.1g} (95 %) from toys"
    return f"{title}; p = {toys.p_value:.3g} $\\pm$ {toys.error:.1g} from toys"


def _formula(axes: Any, edges: Array, q0: float) -> None:
    """Half a chi2 of one degree of freedom and half at 0, bin by bin; beyond the data's q0 shaded."""
    shares = _shares(edges)
    label = r"$\frac{1}{2}\chi^2_1 + \frac{1}{2}\delta(0)$ (large samples)"
    axes.stairs(shares, edges, color=COLOURS[0], linewidth=1.8, label=label)
    beyond = np.concatenate([[q0], edges[edges > q0]])
    inside = shares[np.searchsorted(edges, q0, side="right") - 1 :]
    axes.stairs(inside, beyond, baseline=1e-12, fill=True, color=COLOURS[0], alpha=0.25, label="p-value")


def _shares(edges: Array) -> Array:
    """Share of data without signal in every bin of q0; the first holds those without excess."""
    above = p_of_z(np.sqrt(edges))
    shares = above[:-1] - above[1:]
    shares[0] = 1 - above[1]
    return shares


def _toys(axes: Any, edges: Array, toys: ToySignificance) -> None:
    counts, _ = np.histogram(toys.values, edges)
    filled = counts > 0
    middle = (edges[1:] + edges[:-1]) / 2
    size = toys.values.size
    axes.errorbar(
        middle[filled],
        counts[filled] / size,
        np.sqrt(counts[filled] * (1 - counts[filled] / size)) / size,
        fmt="o",
        color=COLOURS[2],
        markersize=5,
        capsize=2,
        linewidth=1.2,
        label=f"{size} toys without signal",
    )
