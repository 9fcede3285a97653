"""The fit plot: data, components, total and pulls of every Poisson channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.inference.results import FitResult
from nurecoil.model.spectral import PoissonChannel
from nurecoil.report.style import COLOURS, label_with_unit, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_fit"]

Array = NDArray[np.float64]

_SMALLEST_SHARE = 1e-4
_STYLES = {"neutrino": "-", "signal": "-", "background": (0, (5, 1.5))}


def plot_fit(result: FitResult, channel: str | None = None, *, overlay: FitResult | None = None) -> Figure:
    """Draw a channel's data with the fitted components, and the pulls below.

    Args:
        result: a fit.
        channel: which Poisson channel; the first by default.
        overlay: a second fit of the same model (for example at the limit) whose signal is drawn too.

    Returns:
        The figure; :func:`nurecoil.report.style.save` writes it.

    Raises:
        ModelError: where there is no such channel.

    Example:
        >>> from nurecoil.inference.fit import fit
        >>> from nurecoil.testing.models import counting
        >>> figure = plot_fit(fit(counting(observed=12.0, background=10.0)))
        >>> len(figure.axes)
        2
    """
    import matplotlib.pyplot as plt

    drawn = _channel(result, channel)
    with styled():
        figure, (top, bottom) = plt.subplots(
            2, 1, sharex=True, figsize=(11.0, 8.6), height_ratios=(3.2, 1.0), layout="constrained"
        )
        _draw_components(top, result, drawn, overlay)
        _draw_pulls(bottom, result, drawn)
        kind = "Asimov data" if drawn.asimov else "data"
        good = result.goodness
        top.set_title(
            f"{drawn.name}: {drawn.observed.sum():,.0f} events ({kind}), "
            rf"$\chi^2$/ndf = {good.statistic:.0f}/{good.ndf}, $p$ = {good.p_value:.2g}",
            loc="left",
            fontsize=13,
        )
    return figure


def _channel(result: FitResult, name: str | None) -> PoissonChannel:
    if name is not None:
        found = result.model.channel(name)
        if isinstance(found, PoissonChannel):
            return found
    return next(c for c in result.model.channels if isinstance(c, PoissonChannel))


def _draw_components(
    axes: Any, result: FitResult, channel: PoissonChannel, overlay: FitResult | None
) -> None:
    edges = channel.edges
    centres = (edges[1:] + edges[:-1]) / 2
    total = result.total(channel.name)
    asimov = channel.asimov
    axes.errorbar(
        centres,
        channel.observed,
        yerr=np.sqrt(channel.observed),
        fmt="none" if asimov else ".",
        color="black",
        markersize=3.5,
        elinewidth=0.7,
        zorder=1,
        label="Asimov data" if asimov else "data",
    )
    axes.stairs(total, edges, color="black", linewidth=1.8, label="total", zorder=4)
    colour = 0
    lines = []
    for sample in channel.samples:
        contents = result.expected[channel.name][sample.name]
        if contents.sum() < _SMALLEST_SHARE * total.sum() and sample.group != "neutrino":
            continue
        if contents.max() < 0.3 * max(_floor(total), 1e-9):
            continue
        lines.append((sample, contents, COLOURS[colour % len(COLOURS)]))
        colour += 1
    for number, (sample, contents, shade) in enumerate(lines):
        style = _STYLES[sample.group] if number < len(COLOURS) else ":"
        axes.stairs(
            contents, edges, color=shade, linestyle=style, label=sample.title or sample.name, zorder=3
        )
    if overlay is not None:
        _draw_signal(axes, overlay, channel)
    axes.set_yscale("log")
    low = 0.3 * _floor(total)
    axes.set_ylim(low, 4 * max(float(channel.observed.max()), float(total.max())))
    width = np.diff(edges)
    per = "bin" if not np.allclose(width, width[0]) else f"{width[0]:g} {channel.unit}".replace(" 1", "")
    axes.set_ylabel(f"events / {per}")
    axes.legend(ncols=3, loc="upper right", handlelength=1.8, columnspacing=1.2)


def _draw_signal(axes: Any, overlay: FitResult, channel: PoissonChannel) -> None:
    signal = [s.name for s in channel.samples if s.group == "signal"]
    poi = overlay.model.poi
    if not signal or poi is None:
        return
    contents = np.sum([overlay.expected[channel.name][name] for name in signal], axis=0)
    estimate = overlay.parameters[poi]
    axes.stairs(
        contents,
        channel.edges,
        color="#d01c8b",
        linewidth=2.4,
        label=f"signal at {label_with_unit(poi, '1')} = {estimate.value:.3g} "
        f"{label_with_unit(estimate.unit, '1')}".rstrip(" 1"),
        zorder=5,
    )


def _draw_pulls(axes: Any, result: FitResult, channel: PoissonChannel) -> None:
    total = result.total(channel.name)
    edges = channel.edges
    pull = (channel.observed - total) / np.sqrt(np.maximum(total, 1e-12))
    axes.axhspan(-2, 2, color="#f0f0f0", zorder=0)
    axes.axhspan(-1, 1, color="#dcdcdc", zorder=0)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.plot((edges[1:] + edges[:-1]) / 2, pull, ".", color="#3f90da", markersize=3.0)
    reach = max(3.5, min(6.0, 1.1 * float(np.max(np.abs(pull), initial=0.0))))
    axes.set_ylim(-reach, reach)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylabel(r"pull [$\sigma$]")
    axes.set_xlabel(label_with_unit(channel.observable, channel.unit))


def _floor(total: Array) -> float:
    positive = total[total > 0]
    return float(positive.min()) if positive.size else 1.0
