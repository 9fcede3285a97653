"""The fit plot: data, components, total and pulls of every Poisson channel."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import ModelError
from nurecoil.inference.results import FitResult
from nurecoil.model.spectral import PoissonChannel
from nurecoil.report.style import COLOURS, label_with_unit, save, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_fit", "save_fits"]

Array = NDArray[np.float64]

_STYLES = {"neutrino": "-", "signal": "-", "background": (0, (5, 1.5))}
_SIGNAL_COLOUR = "#d01c8b"
_LEAST_EVENTS = 25.0
_SINGULAR = {"hits": "hit", "bins": "bin"}


def plot_fit(result: FitResult, channel: str | None = None, *, overlay: FitResult | None = None) -> Figure:
    """Draw a channel's data with the fitted components, and the pulls below.

    Data and pulls are drawn in groups of bins that hold at least 25 expected events; curves bin by bin.

    Args:
        result: a fit.
        channel: which Poisson channel; the first by default.
        overlay: a second fit of the same model (for example at the limit) whose signal is drawn too.

    Returns:
        The figure; :func:`nurecoil.report.style.save` writes it.

    Raises:
        ModelError: where there is no such channel, or none with binned counts.

    Example:
        >>> from nurecoil.inference.fit import fit
        >>> from nurecoil.testing.models import counting
        >>> figure = plot_fit(fit(counting(observed=12.0, background=10.0)))
        >>> len(figure.axes)
        2
    """
    import matplotlib.pyplot as plt

    drawn = _channel(result, channel)
    total = result.total(drawn.name)
    groups = _groups(total)
    with styled():
        figure, (top, bottom) = plt.subplots(
            2, 1, sharex=True, figsize=(11.0, 8.6), height_ratios=(3.2, 1.0), layout="constrained"
        )
        _draw_components(top, result, drawn, overlay)
        _draw_data(top, drawn, groups)
        _draw_pulls(bottom, drawn, total, groups)
        kind = "Asimov data" if drawn.asimov else "data"
        good = result.goodness
        top.set_title(
            f"{drawn.name}: {drawn.observed.sum():,.0f} events ({kind}), "
            rf"$\chi^2$/ndf = {good.statistic:.0f}/{good.ndf}, $p$ = {good.p_value:.2g}",
            loc="left",
            fontsize=13,
        )
        handles, labels = top.get_legend_handles_labels()
        order = sorted(range(len(labels)), key=lambda i: labels[i] not in ("data", "Asimov data"))
        top.legend(
            [handles[i] for i in order],
            [labels[i] for i in order],
            ncols=3,
            loc="upper right",
            handlelength=1.8,
            columnspacing=1.2,
        )
    return figure


def save_fits(result: FitResult, folder: Path, *, overlay: FitResult | None = None) -> list[Path]:
    """Draw every channel of counts into a folder: ``fit.png`` the first, ``fit_CHANNEL.png`` the others.

    Args:
        result: a fit.
        folder: where to; it exists.
        overlay: as in :func:`plot_fit`.

    Returns:
        The files.

    Raises:
        ModelError: where there is no channel with binned counts.
        OptionError: where a file cannot be written.

    Example:
        >>> import tempfile
        >>> from nurecoil.inference.fit import fit
        >>> from nurecoil.testing.models import counting
        >>> with tempfile.TemporaryDirectory() as place:
        ...     [path.name for path in save_fits(fit(counting(observed=12.0, background=10.0)), Path(place))]
        ['fit.png']
    """
    names: list[str | None] = [
        channel.name for channel in result.model.channels if isinstance(channel, PoissonChannel)
    ]
    written: list[Path] = []
    for name in names or [None]:
        plain = "" if not written else "_" + re.sub(r"[^A-Za-z0-9.-]+", "_", str(name))[:60]
        path = folder / f"fit{plain}.png"
        while path in written:
            path = path.with_stem(path.stem + "_")
        save(plot_fit(result, name, overlay=overlay), path)
        written.append(path)
    return written


def _channel(result: FitResult, name: str | None) -> PoissonChannel:
    if name is not None:
        found = result.model.channel(name)
        if isinstance(found, PoissonChannel):
            return found
        raise ModelError("fit plot", f"{name!r} is a measured sum, not a spectrum", "a Poisson channel")
    for channel in result.model.channels:
        if isinstance(channel, PoissonChannel):
            return channel
    raise ModelError("fit plot", "no Poisson channel in the model", "a model with a spectrum")


def _groups(total: Array) -> NDArray[np.intp]:
    """First bins of the groups in which data are drawn: neighbours are merged where counts are low."""
    starts, held = [0], 0.0
    for bin_, expected in enumerate(total):
        if held >= _LEAST_EVENTS:
            starts.append(bin_)
            held = 0.0
        held += float(expected)
    if held < _LEAST_EVENTS and len(starts) > 1:
        starts.pop()
    return np.array(starts, dtype=np.intp)


def _merged(channel: PoissonChannel, contents: Array, groups: NDArray[np.intp]) -> tuple[Array, Array, Array]:
    """Centres, widths and summed contents of the groups."""
    edges = np.append(channel.edges[groups], channel.edges[-1])
    return (edges[1:] + edges[:-1]) / 2, np.diff(edges), np.add.reduceat(contents, groups)


def _draw_components(
    axes: Any, result: FitResult, channel: PoissonChannel, overlay: FitResult | None
) -> None:
    edges, width = channel.edges, np.diff(channel.edges)
    density = result.total(channel.name) / width
    floor = 0.3 * float(density[density > 0].min()) if np.any(density > 0) else 0.1
    contents = {name: counts / width for name, counts in result.expected[channel.name].items()}
    axes.stairs(density, edges, color="black", linewidth=1.8, label="total", zorder=4)
    shown = [s for s in channel.samples if s.group != "signal" and contents[s.name].max() > floor]
    for number, sample in enumerate(shown):
        style = _STYLES[sample.group] if number < len(COLOURS) else ":"
        shade = COLOURS[number % len(COLOURS)]
        label = sample.title or sample.name
        line = {"color": shade, "linestyle": style, "linewidth": 1.7}
        axes.stairs(contents[sample.name], edges, label=label, zorder=3, **line)
    signal = _signal(overlay or result, channel)
    if signal is not None and signal[0].max() > 0:
        axes.stairs(signal[0] / width, edges, color=_SIGNAL_COLOUR, linewidth=2.4, label=signal[1], zorder=5)
    peak = max(float((channel.observed / width).max()), float(density.max()))
    axes.set_ylim(floor, 4 * max(peak, 2 * floor))
    axes.set_yscale("log")
    axes.set_ylabel(_density_label(channel))


def _density_label(channel: PoissonChannel) -> str:
    """What the curves show: events per bin where bins are one wide, else per unit of the axis."""
    if channel.unit in ("", "1"):
        unit_bins = np.allclose(np.diff(channel.edges), 1.0)
        return "events / bin" if unit_bins else f"events / unit of {channel.observable}"
    return f"events / {_SINGULAR.get(channel.unit, channel.unit)}"


def _draw_data(axes: Any, channel: PoissonChannel, groups: NDArray[np.intp]) -> None:
    centre, width, counts = _merged(channel, channel.observed, groups)
    axes.errorbar(
        centre,
        counts / width,
        yerr=np.sqrt(counts) / width,
        fmt="none" if channel.asimov else ".",
        color="black",
        markersize=4,
        elinewidth=0.9,
        zorder=6,
        label="Asimov data" if channel.asimov else "data",
    )


def _signal(result: FitResult, channel: PoissonChannel) -> tuple[Array, str] | None:
    """The summed signal of a fit and its label."""
    names = [sample.name for sample in channel.samples if sample.group == "signal"]
    poi = result.model.poi
    if not names or poi is None:
        return None
    estimate = result.parameters[poi]
    unit = "" if estimate.unit == "1" else f" {label_with_unit(estimate.unit, '1')}"
    label = f"signal at {label_with_unit(poi, '1')} = {estimate.value:.3g}{unit}"
    return np.sum([result.expected[channel.name][name] for name in names], axis=0), label


def _draw_pulls(axes: Any, channel: PoissonChannel, total: Array, groups: NDArray[np.intp]) -> None:
    centre, _, expected = _merged(channel, total, groups)
    observed = _merged(channel, channel.observed, groups)[2]
    pull = (observed - expected) / np.sqrt(np.maximum(expected, 1e-12))
    axes.axhspan(-2, 2, color="#f0f0f0", zorder=0)
    axes.axhspan(-1, 1, color="#dcdcdc", zorder=0)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.plot(centre, pull, ".", color="#3f90da", markersize=4.0)
    reach = max(3.5, min(8.0, 1.1 * float(np.max(np.abs(pull), initial=0.0))))
    axes.set_ylim(-reach, reach)
    axes.set_xlim(channel.edges[0], channel.edges[-1])
    axes.set_ylabel(r"pull [$\sigma$]")
    axes.set_xlabel(label_with_unit(channel.observable, channel.unit))
