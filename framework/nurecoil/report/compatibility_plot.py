"""The picture of a combination: its limit, each experiment's own, and those without each."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nurecoil.report.style import COLOURS, axis_exponent, parameter_label, styled
from nurecoil.studies.compatibility import Compatibility
from nurecoil.studies.compatibility_rows import LimitRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_compatibility"]

_BEHIND = MappingProxyType({"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.85})
_COMBINED, _ALONE, _WITHOUT = COLOURS[2], COLOURS[0], COLOURS[1]


def plot_compatibility(found: Compatibility) -> Figure:
    """Draw the limits as horizontal bars, one per row of the report.

    Args:
        found: the report.

    Returns:
        The figure: bars end at the limits, hatched where a limit is an expected one; the combined limit goes
        through as a dashed line; where there is no limit, it says so.

    Example:
        >>> from nurecoil.studies.parameter_goodness import ParameterGoodness
        >>> good = ParameterGoodness(0.3, 1, 0.58, (), ())
        >>> rows = (LimitRow(("a", "b"), None, 3.0, "1", False), LimitRow(("a",), "b", 4.0, "1", False))
        >>> report = Compatibility("g", "1", 0.9, "area", rows, (), good, (), {}, 0.0)
        >>> [text.get_text() for text in plot_compatibility(report).axes[0].get_yticklabels()]
        ['a + b', 'a']
    """
    import matplotlib.pyplot as plt

    values = [row.value for row in found.limits if row.value is not None]
    reach = max(values, default=1.0) or 1.0
    exponent = axis_exponent(reach)
    scale = 10.0**-exponent
    with styled():
        height = 2.4 + 0.55 * len(found.limits)
        figure, axes = plt.subplots(figsize=(9.5, height), layout="constrained")
        for place, row in enumerate(found.limits):
            _draw(axes, place, row, scale, reach)
        if found.combined.value is not None:
            axes.axvline(found.combined.value * scale, color=_COMBINED, linewidth=1.2, linestyle="--")
        axes.set_yticks(range(len(found.limits)), [_label(row) for row in found.limits])
        axes.set_ylim(len(found.limits) - 0.4, -0.6)
        axes.tick_params(axis="y", which="both", length=0)
        axes.set_xlim(0, 1.22 * reach * scale)
        axes.set_xlabel(parameter_label(found.poi, found.unit, exponent))
        title = f"upper limits at {100 * found.cl:g} % ({found.method}); {_agreement(found)}"
        axes.set_title(title, loc="left", fontsize=13)
    return figure


def _draw(axes: Any, place: int, row: LimitRow, scale: float, reach: float) -> None:
    if row.value is None:
        axes.text(
            0.01 * reach * scale, place, "no limit", va="center", fontsize=11, color="grey", bbox=_BEHIND
        )
        return
    colour = _COMBINED if place == 0 else _ALONE if len(row.experiments) == 1 else _WITHOUT
    style: dict[str, Any] = (
        {"hatch": "///", "fill": False, "edgecolor": colour} if row.expected else {"color": colour}
    )
    axes.barh(place, row.value * scale, height=0.6, alpha=1.0 if row.expected else 0.85, **style)
    text = f"{row.value * scale:.3g}" + (" expected" if row.expected else "")
    where = (row.value + 0.012 * reach) * scale
    axes.text(where, place, text, va="center", fontsize=11, bbox=_BEHIND)


def _label(row: LimitRow) -> str:
    """The experiments; of many, what is missing."""
    if row.left_out is not None and len(row.experiments) > 1:
        return f"without {row.left_out}"
    return " + ".join(row.experiments)


def _agreement(found: Compatibility) -> str:
    good = found.goodness
    if good.statistic is None:
        return "agreement not tested"
    return rf"agreement $\chi^2$/ndf = {good.statistic:.1f}/{good.ndf}, p = {good.p_value:.2g}"
