"""The significance plot: shares of q0 by the formula and from toys, the data's, and what is beyond."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import StepPatch

from nurecoil.inference.asymptotics import f_q_zero
from nurecoil.inference.significance import Significance, significance
from nurecoil.report.significance_plot import plot_significance
from nurecoil.testing.models import counting


def drawn(found: Significance) -> tuple[Axes, list[str]]:
    figure = plot_significance(found)
    figure.canvas.draw()
    (axes,) = figure.axes
    legend = axes.get_legend()
    assert legend is not None
    return axes, [text.get_text() for text in legend.get_texts()]


def steps(axes: Axes) -> list[StepPatch]:
    return [patch for patch in axes.patches if isinstance(patch, StepPatch)]


@pytest.mark.parametrize("count", [16.0, 4.0, 90.0])
def test_the_formula_and_what_is_beyond(count: float) -> None:
    found = significance(counting(count, 9.0))
    axes, words = drawn(found)
    formula, beyond = steps(axes)
    values, edges, _ = formula.get_data()
    assert values.sum() == pytest.approx(float(f_q_zero(edges[-1])))
    assert values[0] > 0.5 and edges[0] == 0.0 and edges[-1] >= max(9.0, found.q0)
    shaded, ends, _ = beyond.get_data()
    assert ends[0] == found.q0 and len(shaded) == len(ends) - 1
    np.testing.assert_allclose(shaded, values[-len(shaded) :])
    assert words[-1] == f"data: $q_0$ = {found.q0:.3g}"
    assert axes.get_xlabel() == "$q_0$" and axes.get_yscale() == "log"
    low, high = axes.get_ylim()
    assert low < max(values[-1], 1e-11) and high > 1


def test_toys_beside_the_formula() -> None:
    found = significance(counting(14.0, 9.0), toys=500)
    assert found.toys is not None
    axes, words = drawn(found)
    (points,) = axes.containers
    shares = np.asarray(points[0].get_ydata())
    assert shares.sum() == pytest.approx(1.0) and shares[0] > 0.4
    assert words[-1] == "500 toys without signal"
    title = axes.get_title(loc="left")
    assert title.startswith("signal = 0: p = ") and r"$\pm$" in title and title.endswith("from toys")


def test_a_signal_beyond_all_toys() -> None:
    axes, _ = drawn(significance(counting(60.0, 9.0), toys=100))
    assert axes.get_title(loc="left").endswith("p < 0.03 (95 %) from toys")
    assert axes.get_xlim()[1] > 60
