"""The fit plot: what is in it, what its axes say, which channels it cannot draw."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

from nurecoil.errors import ModelError
from nurecoil.inference.fit import fit
from nurecoil.inference.pseudo_data import asimov
from nurecoil.inference.results import FitResult
from nurecoil.model.spectral import PoissonChannel, SpectralModel
from nurecoil.report.fit_plot import plot_fit, save_fits
from nurecoil.testing.models import counting


def stairs(axes: Axes) -> dict[str, StepPatch]:
    return {str(p.get_label()): p for p in axes.patches if isinstance(p, StepPatch)}


def panels(figure: Figure) -> tuple[Axes, Axes]:
    top, bottom = figure.axes
    return top, bottom


def drawn(figure: Figure) -> tuple[Axes, Axes]:
    figure.canvas.draw()  # layout and text: what warns, warns here
    return panels(figure)


def test_components_total_and_data_are_there(fitted: FitResult) -> None:
    top, _ = drawn(plot_fit(fitted))
    curves = stairs(top)
    assert {"total", "pp neutrinos", "$^{85}$Kr"} <= set(curves)
    assert "nothing" not in curves  # too small to be seen
    legend = top.get_legend()
    assert legend is not None
    words = [text.get_text() for text in legend.get_texts()]
    assert words[0] == "data"
    assert set(words) == {"data", *curves}
    channel = fitted.model.channels[0]
    assert isinstance(channel, PoissonChannel)
    width = np.diff(channel.edges)
    values, edges, _ = curves["total"].get_data()
    np.testing.assert_allclose(values, fitted.total("toy/nhits") / width)
    np.testing.assert_array_equal(edges, channel.edges)
    values, _, _ = curves["pp neutrinos"].get_data()
    np.testing.assert_allclose(values, fitted.expected["toy/nhits"]["pp"] / width)


def test_axes_have_their_quantities_and_units(fitted: FitResult) -> None:
    top, bottom = panels(plot_fit(fitted))
    assert top.get_yscale() == "log"
    assert top.get_ylabel() == "events / hit"
    assert bottom.get_xlabel() == "$N_h$ [hits]"
    assert bottom.get_ylabel() == r"pull [$\sigma$]"
    assert bottom.get_xlim() == (100.0, 140.0)
    title = top.get_title(loc="left")
    events = fitted.model.channels[0].observed.sum()
    assert title.startswith(f"toy/nhits: {events:,.0f} events (data), ")
    assert f"$p$ = {fitted.goodness.p_value:.2g}" in title


@pytest.mark.parametrize(
    ("unit", "edges", "label"),
    [
        ("1", np.arange(11.0), "events / bin"),
        ("", np.arange(11.0), "events / bin"),
        ("1", np.arange(11.0) / 2, "events / unit of N_h"),
        ("MeV", np.arange(11.0) / 2, "events / MeV"),
        ("s", np.arange(11.0), "events / s"),
        ("hits", np.arange(11.0), "events / hit"),
    ],
)
def test_densities_are_per_unit_of_the_axis(
    fitted: FitResult, unit: str, edges: np.ndarray, label: str
) -> None:
    channel = dataclasses.replace(fitted.model.channels[0], unit=unit, edges=edges)
    model = dataclasses.replace(fitted.model, channels=(channel, fitted.model.channels[1]))
    top, _ = panels(plot_fit(dataclasses.replace(fitted, model=model)))
    assert top.get_ylabel() == label


def test_data_and_pulls_are_those_of_groups_with_enough_events(fitted: FitResult) -> None:
    top, bottom = panels(plot_fit(fitted))
    channel, total = fitted.model.channels[0], fitted.total("toy/nhits")
    assert isinstance(channel, PoissonChannel)
    (pulls,) = [line for line in bottom.lines if line.get_marker() == "."]
    centres, values = np.asarray(pulls.get_xdata()), np.asarray(pulls.get_ydata())
    bars = [one for one in top.collections if isinstance(one, LineCollection)]
    assert len(bars) == 1
    assert len(bars[0].get_segments()) == centres.size
    # every bin of this spectrum holds enough events for itself
    assert total.min() > 25
    np.testing.assert_allclose(centres, (channel.edges[1:] + channel.edges[:-1]) / 2)
    np.testing.assert_allclose(values, (channel.observed - total) / np.sqrt(total))


def test_bins_with_few_events_are_drawn_together() -> None:
    flat = counting(4.0, 4.0).channels[0]
    assert isinstance(flat, PoissonChannel)
    samples = tuple(dataclasses.replace(s, template=np.ones(20)) for s in flat.samples)
    channel = dataclasses.replace(flat, edges=np.arange(21.0), samples=samples, observed=np.full(20, 4.0))
    model = SpectralModel((channel,), counting(4.0, 4.0).parameters, poi="signal")
    _, bottom = panels(plot_fit(fit(model)))
    (pulls,) = [line for line in bottom.lines if line.get_marker() == "."]
    np.testing.assert_allclose(np.asarray(pulls.get_xdata()), [3.5, 13.5])  # 7 bins hold 28, 13 the rest
    np.testing.assert_allclose(np.asarray(pulls.get_ydata()), 0.0, atol=1e-6)


def test_the_signal_of_a_second_fit_is_drawn_on_top(fitted: FitResult, at_limit: FitResult) -> None:
    top, _ = drawn(plot_fit(fitted, overlay=at_limit))
    curves = stairs(top)
    (label,) = [name for name in curves if name.startswith("signal at")]
    assert label == r"signal at $\mu_\mathrm{eff}$ = 2 $\mu_B$"
    values, _, _ = curves[label].get_data()
    width = np.diff(fitted.model.channels[0].edges)  # type: ignore[union-attr]
    np.testing.assert_allclose(values, at_limit.expected["toy/nhits"]["pp.em"] / width)
    np.testing.assert_allclose(values, 4 * 5)


def test_without_a_signal_none_is_drawn(fitted: FitResult) -> None:
    top, _ = panels(plot_fit(fit(dataclasses.replace(fitted.model, poi=None))))
    assert not any(name.startswith("signal at") for name in stairs(top))


def test_a_pure_number_keeps_its_digits() -> None:
    model = counting(13.11, 10.0).with_parameters(signal={"unit": "1"})
    top, _ = panels(plot_fit(fit(model)))
    assert "signal at signal = 3.11" in stairs(top)


def test_asimov_data_are_called_so(fitted: FitResult) -> None:
    top, _ = drawn(plot_fit(fit(asimov(fitted.model))))
    assert "(Asimov data)" in top.get_title(loc="left")
    legend = top.get_legend()
    assert legend is not None
    assert legend.get_texts()[0].get_text() == "Asimov data"


def test_an_empty_spectrum_can_be_drawn_too() -> None:
    drawn(plot_fit(fit(counting(0.0, 0.0))))


def test_channels_are_chosen_by_name(fitted: FitResult) -> None:
    assert panels(plot_fit(fitted, "toy/nhits"))[0].get_title(loc="left").startswith("toy/nhits")
    with pytest.raises(ModelError, match=r"channel: 'toy/nhit' is not known.*Did you mean 'toy/nhits'"):
        plot_fit(fitted, "toy/nhit")
    with pytest.raises(ModelError, match=r"'gallium/rate' is a measured sum, not a spectrum"):
        plot_fit(fitted, "gallium/rate")


def test_a_model_without_a_spectrum_cannot_be_drawn(fitted: FitResult) -> None:
    alone = SpectralModel(
        (fitted.model.channels[1],), {"solar.flux.pp": fitted.model.parameters["solar.flux.pp"]}
    )
    with pytest.raises(ModelError, match="no Poisson channel in the model"):
        plot_fit(fit(alone))


def test_every_channel_of_counts_is_drawn(tmp_path: Path) -> None:
    one = counting(4.0, 4.0)
    names = ("a/x", "b x", "b/x")
    channels = tuple(dataclasses.replace(one.channels[0], name=name) for name in names)
    found = save_fits(fit(dataclasses.replace(one, channels=channels)), tmp_path)
    assert [path.name for path in found] == ["fit.png", "fit_b_x.png", "fit_b_x_.png"]
    assert all(path.stat().st_size > 1000 for path in found)
