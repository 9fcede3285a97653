"""The plot of a systematic study: the members' profiles thin, their weighted sum thick, limits drawn in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nurecoil.inference.variations import on_grid
from nurecoil.report.style import COLOURS, axis_exponent, parameter_label, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nurecoil.studies.systematics_result import Systematics

__all__ = ["plot_systematics"]

_REACH = 9.0
_FINE = 800
_SUM = "black"
_UNDER_LEGEND = 0.84


def plot_systematics(found: Systematics) -> Figure:
    """Draw the profiles of all members, coloured by their choice on the first axis, and the sum.

    Args:
        found: the study.

    Returns:
        The figure: above ``2 Delta NLL``, below the likelihoods, members and sum each relative to its own
        maximum; the sum's tail beyond the limit is shaded.

    Example:
        >>> plot_systematics.__name__
        'plot_systematics'
    """
    import matplotlib.pyplot as plt

    scan = found.scan
    reach = float(scan.values[scan.delta_nll < _REACH / 2 + 1].max())
    exponent = axis_exponent(reach)
    scale = 10.0**-exponent
    fine = np.linspace(float(scan.values[0]), reach, _FINE)
    total = on_grid([scan], fine)[0]
    axis = _coloured(found)
    with styled():
        figure, (top, bottom) = plt.subplots(
            2, 1, sharex=True, figsize=(10.5, 9.2), layout="constrained", height_ratios=(1.0, 1.05)
        )
        _members(top, bottom, found, axis, fine, scale)
        top.plot(fine * scale, 2 * total, color=_SUM, linewidth=3.4, label="weighted sum")
        bottom.plot(fine * scale, np.exp(-total), color=_SUM, linewidth=3.4)
        beyond = fine >= found.limit
        bottom.fill_between(fine[beyond] * scale, np.exp(-total[beyond]), color=_SUM, alpha=0.18, linewidth=0)
        _lines(top, bottom, found, scale)
        top.set_ylim(0, _REACH)
        top.set_ylabel(r"$-2\,\Delta\ln L$")
        bottom.set_ylim(0, 1.55)
        bottom.set_xlim(float(fine[0]) * scale, reach * scale)
        bottom.set_ylabel(r"$L/L_\mathrm{max}$")
        bottom.set_xlabel(parameter_label(found.poi, found.unit, exponent))
        top.legend(loc="upper left", frameon=True, framealpha=0.92, edgecolor="none")
        bottom.legend(loc="upper center", ncols=2, frameon=True, framealpha=0.92, edgecolor="none")
        what = "Asimov data, " if found.expected else ""
        number = sum(1 for row in found.rows if row.limit is not None)
        title = f"{what}{number} members, {100 * found.cl:g} % limits by the {found.method} rule"
        top.set_title(title, loc="left", fontsize=13)
    return figure


def _coloured(found: Systematics) -> str | None:
    """The axis that the colours stand for: the one whose choices' limits differ most."""
    spreads = {row.axis: row.highest - row.lowest for row in found.alone}
    names = [axis.name for axis in found.axes]
    return max(names, key=lambda name: spreads.get(name, 0.0)) if names else None


def _members(top: Any, bottom: Any, found: Systematics, axis: str | None, fine: Any, scale: float) -> None:
    labels: list[str] = []
    for row in found.rows:
        if row.limit is None:
            continue
        choice = row.member.choices.get(axis, "") if axis is not None else ""
        new = choice not in labels
        if new:
            labels.append(choice)
        colour = COLOURS[labels.index(choice) % len(COLOURS)]
        curve = on_grid([row.limit.scan], fine)[0]
        thin = {"color": colour, "linewidth": 0.9, "alpha": 0.75}
        top.plot(fine * scale, 2 * curve, label=choice if new else None, **thin)
        bottom.plot(fine * scale, np.exp(-curve), **thin)


def _lines(top: Any, bottom: Any, found: Systematics, scale: float) -> None:
    """The limits in both, the published ones below; in the lower frame they end under the legend."""
    standard = found.standard.limits[found.method]
    rows = ((found.limit, _SUM, 2.2, "weighted sum"), (standard, COLOURS[4], 1.6, "standard member"))
    for value, colour, width, word in rows:
        top.axvline(value * scale, color=colour, linewidth=width)
        label = f"{word}: < {value * scale:.2f}"
        bottom.axvline(value * scale, ymax=_UNDER_LEGEND, color=colour, linewidth=width, label=label)
    for number, row in enumerate(found.published):
        style = ("--", ":")[number % 2]
        label = f"published {row['value'] * scale:.1f}: {row['remark']}"
        words = {"color": "grey", "linewidth": 1.6, "linestyle": style, "label": label}
        bottom.axvline(row["value"] * scale, ymax=_UNDER_LEGEND, **words)
