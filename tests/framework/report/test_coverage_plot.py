"""The coverage plot: every method at every truth, the nominal line, limits where there are any."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer

from nurecoil.inference.coverage_results import Coverage, CoverageRow
from nurecoil.report.coverage_plot import plot_coverage


def row(truth: float, method: str, covered: int, median: float = math.nan) -> CoverageRow:
    share = covered / 100
    return CoverageRow(truth, method, covered, 100, 0, share - 0.04, min(share + 0.03, 1.0), median, median)


def found(truths: tuple[float, ...] = (0.0, 2e-11, 4e-11), scale: float = 1.0) -> Coverage:
    rows = []
    for number, truth in enumerate(truths):
        rows.append(row(truth * scale, "area", 100 - 20 * number, (3e-11 + truth) * scale))
        rows.append(row(truth * scale, "feldman-cousins", 91 - number))
    return Coverage("mu_eff", "mu_B", 0.9, tuple(rows), 1)


def points(axes: Axes) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    shown = {}
    for container in axes.containers:
        assert isinstance(container, ErrorbarContainer)
        line = container.lines[0]
        shown[str(container.get_label())] = (np.asarray(line.get_xdata()), np.asarray(line.get_ydata()))
    return shown


def test_points_errors_and_the_nominal_line() -> None:
    figure = plot_coverage(found(), "Borexino + gallium")
    figure.canvas.draw()
    top, bottom = figure.axes
    shown = points(top)
    assert set(shown) == {"area", "feldman-cousins"}
    np.testing.assert_allclose(shown["area"][0], [0, 2, 4], atol=0.1)
    np.testing.assert_allclose(shown["area"][1], [1.0, 0.8, 0.6])
    np.testing.assert_allclose(shown["feldman-cousins"][1], [0.91, 0.90, 0.89])
    assert (shown["area"][0] != shown["feldman-cousins"][0]).all()
    levels = [line for line in top.lines if line.get_linestyle() == "--"]
    assert [float(np.asarray(line.get_ydata())[0]) for line in levels] == [0.9]
    low, high = top.get_ylim()
    assert low < 0.56 and 1.0 < high < 1.1
    assert top.get_title(loc="left") == "Borexino + gallium: 90 % limits, 100 toys at each truth"
    assert bottom.get_xlabel() == r"true $\mu_\mathrm{eff}$ [$10^{-11}$ $\mu_B$]"
    (legend,) = figure.legends
    texts = {text.get_text() for text in legend.get_texts()}
    assert texts == {"area", "feldman-cousins", "nominal: 90 %"}


def test_limits_are_drawn_where_all_of_a_method_are_known() -> None:
    figure = plot_coverage(found())
    figure.canvas.draw()
    _, bottom = figure.axes
    drawn = [line for line in bottom.lines if line.get_linestyle() == "-"]
    assert len(drawn) == 1
    np.testing.assert_allclose(np.asarray(drawn[0].get_ydata()), [3, 5, 7])
    assert bottom.get_ylim()[1] > 7


def test_without_limits_there_is_one_panel() -> None:
    some = found()
    rows = tuple(one for one in some.rows if one.method == "feldman-cousins")
    figure = plot_coverage(Coverage("mu_eff", "mu_B", 0.9, rows, 1))
    assert len(figure.axes) == 1


@pytest.mark.parametrize("truths", [(0.0,), (3e-11,)])
def test_one_truth(truths: tuple[float, ...]) -> None:
    figure = plot_coverage(found(truths))
    figure.canvas.draw()
    low, high = figure.axes[0].get_xlim()
    assert low < truths[0] * 1e11 < high


def test_colours_belong_to_the_methods() -> None:
    both = plot_coverage(found()).axes[0].containers[1].lines[0].get_color()  # type: ignore[attr-defined]
    rows = tuple(one for one in found().rows if one.method == "feldman-cousins")
    alone = plot_coverage(Coverage("mu_eff", "mu_B", 0.9, rows, 1)).axes[0].containers[0]
    assert alone.lines[0].get_color() == both  # type: ignore[attr-defined]
