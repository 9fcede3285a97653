"""The profile plot: both panels, the limits, the published ones, and its powers of ten."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nurecoil.inference.limits import Limit, limit
from nurecoil.inference.results import FitResult
from nurecoil.report.profile_plot import plot_profiles
from nurecoil.testing.models import counting


def drawn(figure: Figure) -> tuple[Axes, Axes]:
    figure.canvas.draw()
    top, bottom = figure.axes
    return top, bottom


def words(axes: Axes) -> list[str]:
    legend = axes.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


@pytest.fixture(scope="module")
def toy() -> Limit:
    return limit(counting(3.0, 1.0))


def test_both_panels_show_the_profile_and_the_limit(toy: Limit) -> None:
    top, bottom = drawn(plot_profiles({"toy": toy}))
    assert top.get_ylabel() == r"$-2\,\Delta\ln L$"
    assert bottom.get_ylabel() == r"$L/L_\mathrm{max}$"
    assert bottom.get_xlabel() == "signal [events]"
    assert top.get_title(loc="left") == "profile likelihood, 90 % limits by the area rule"
    assert words(top) == ["toy"]
    assert words(bottom) == [f"toy: < {toy.value:.2f}"]
    (points,) = [line for line in top.lines if line.get_marker() == "."]
    np.testing.assert_allclose(points.get_xdata(), toy.scan.values)
    np.testing.assert_allclose(points.get_ydata(), 2 * toy.scan.delta_nll)
    for axes in (top, bottom):
        uprights = [line for line in axes.lines if len(set(np.asarray(line.get_xdata()).tolist())) == 1]
        assert any(np.asarray(line.get_xdata())[0] == pytest.approx(toy.value) for line in uprights)
    levels = {float(np.asarray(line.get_ydata())[0]) for line in top.lines if line.get_linestyle() == ":"}
    assert levels == {1.64, 2.71}
    # the excluded tail is shaded from the limit on
    (shade,) = bottom.collections
    assert shade.get_paths()[0].vertices[:, 0].min() == pytest.approx(toy.value, rel=1e-2)


def test_several_models_and_published_limits(fitted: FitResult) -> None:
    made = limit(fitted.model)
    top, bottom = drawn(plot_profiles({"one": made, "two": made}))
    assert words(top) == ["one", "two"]
    assert words(bottom).count("published 4.0: made up") == 2
    assert "published 5.0: also" in words(bottom)


def test_small_numbers_are_shown_in_powers_of_ten(toy: Limit) -> None:
    scan = dataclasses.replace(toy.scan, values=toy.scan.values * 1e-11)
    small = dataclasses.replace(toy, scan=scan, value=toy.value * 1e-11, poi="mu_eff", unit="mu_B")
    _, bottom = drawn(plot_profiles({"toy": small}))
    assert bottom.get_xlabel() == r"$\mu_\mathrm{eff}$ [$10^{-10}$ $\mu_B$]"
    assert words(bottom) == [f"toy: < {toy.value / 10:.2f}"]
    assert bottom.get_xlim()[1] < 10


def test_no_model_is_left_out_however_many_there_are(toy: Limit) -> None:
    top, _ = drawn(plot_profiles({f"model {i}": toy for i in range(12)}))
    assert len(words(top)) == 12
