"""The plot of a marginal posterior: the histogram, the profile likelihood beside it, both limits."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nurecoil.inference.posterior_results import Posterior
from nurecoil.inference.results import Scan
from nurecoil.inference.sampling import Diagnostics
from nurecoil.report.posterior_plot import plot_posterior


def made(unit: float = 1.0, reach: float = 12.0) -> tuple[Posterior, Scan]:
    draws = unit * np.random.default_rng(1).exponential(size=(4000, 1))
    found = Diagnostics(np.ones(1), np.full(1, 4000.0), np.full(1, 4000.0))
    bounds = np.array([[0.0], [np.inf]])
    name, word = ("rate", "Hz") if unit == 1 else ("mu_eff", "mu_B")
    values = np.linspace(0, reach, 41)
    return Posterior((name,), (word,), draws, 4, found, name, bounds), Scan(
        name, word, values * unit, values, 0.0, 0.0
    )


def drawn(figure: Figure) -> Axes:
    figure.canvas.draw()
    (axes,) = figure.axes
    return axes


def words(axes: Axes) -> list[str]:
    legend = axes.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


def test_marginal_profile_and_both_limits() -> None:
    posterior, scan = made()
    axes = drawn(plot_posterior(posterior, scan, 0.90))
    assert axes.get_xlabel() == "rate [Hz]"
    limits = [line for line in axes.lines if len(set(np.asarray(line.get_xdata()).tolist())) == 1]
    places = [float(np.asarray(line.get_xdata())[0]) for line in limits]
    assert places == [pytest.approx(posterior.upper_limit(0.90)), pytest.approx(np.log(10), rel=1e-3)]
    assert words(axes)[2] == f"marginalised: < {places[0]:.3g} Hz"
    assert words(axes)[3] == "area under the profile: < 2.3 Hz"
    (curve,) = [line for line in axes.lines if line.get_label() == "profile likelihood"]
    assert np.trapezoid(np.asarray(curve.get_ydata()), np.asarray(curve.get_xdata())) == pytest.approx(1.0)
    assert axes.get_ylim()[1] > 1.0


def test_powers_of_ten() -> None:
    posterior, scan = made(1e-11)
    axes = drawn(plot_posterior(posterior, scan))
    assert axes.get_xlabel() == r"$\mu_\mathrm{eff}$ [$10^{-11}$ $\mu_B$]"
    assert words(axes)[3] == r"area under the profile: < 2.3 × $10^{-11}$ $\mu_B$"
    assert 5 < axes.get_xlim()[1] < 15
    (curve,) = [line for line in axes.lines if line.get_label() == "profile likelihood"]
    assert np.trapezoid(np.asarray(curve.get_ydata()), np.asarray(curve.get_xdata())) == pytest.approx(1.0)


def test_a_short_profile_has_no_limit_of_its_own() -> None:
    axes = drawn(plot_posterior(*made(reach=3.0)))
    assert len(words(axes)) == 3
