"""The goodness plot: toys, the chi2 they are compared with, and the data."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nurecoil.errors import OptionError
from nurecoil.inference.goodness_toys import GoodnessTest, goodness
from nurecoil.report.goodness_plot import plot_goodness
from nurecoil.testing.models import counting


@pytest.fixture(scope="module")
def tested() -> GoodnessTest:
    return goodness(counting(9.0, 3.0, background_error=0.5), 120, fix={"signal": 0.0})


def drawn(figure: Figure) -> tuple[Axes, Axes]:
    figure.canvas.draw()
    left, right = figure.axes
    return left, right


def words(axes: Axes) -> str:
    legend = axes.get_legend()
    assert legend is not None
    return "\n".join(text.get_text() for text in legend.get_texts())


def test_both_statistics_stand_in_their_toys(tested: GoodnessTest) -> None:
    for axes, kind in zip(drawn(plot_goodness(tested)), ("saturated", "pearson"), strict=True):
        row = tested.of(kind)
        (upright,) = [line for line in axes.lines if len(set(np.asarray(line.get_xdata()).tolist())) == 1]
        assert float(np.asarray(upright.get_xdata())[0]) == row.statistic
        filled = axes.patches[0].get_data()  # type: ignore[attr-defined]
        assert filled.values.sum() == 120
        beyond = axes.patches[2].get_data()  # type: ignore[attr-defined]
        assert beyond.values.sum() == np.count_nonzero(tested.drawn[kind][:, -1] >= row.statistic)
        assert f"{row.p_value:.3f}" in words(axes) and f"{row.reference:.3f}" in words(axes)
        assert r"$\chi^2$ of 1 degrees" in words(axes)
        low, high = axes.get_xlim()
        assert low <= tested.drawn[kind].min() and tested.drawn[kind][:, -1].max() <= high


def test_the_curve_is_the_chi2_of_as_many_toys(tested: GoodnessTest) -> None:
    left, _ = drawn(plot_goodness(tested))
    (curve,) = [line for line in left.lines if len(np.asarray(line.get_xdata())) == 600]
    x, y = np.asarray(curve.get_xdata()), np.asarray(curve.get_ydata())
    width = float(np.diff(left.patches[0].get_data().edges)[0])  # type: ignore[attr-defined]
    # of a chi2 with one degree of freedom, 95.0 % lie below 3.84 and 68.3 % below 1
    between = (x > 1) & (x < 3.84)
    assert np.trapezoid(y[between], x[between]) / width / 120 == pytest.approx(0.950 - 0.683, abs=0.01)


def test_a_part_that_the_fit_follows_has_no_curve(tested: GoodnessTest) -> None:
    left, _ = drawn(plot_goodness(tested, "constraints"))
    assert "degrees" not in words(left) and "reference" not in words(left) and "(toys)" in words(left)


def test_without_toys_there_is_the_curve_alone() -> None:
    found = goodness(counting(9.0, 3.0, background_error=0.5), fix={"signal": 0.0})
    left, _ = drawn(plot_goodness(found))
    assert not left.patches and left.get_ylabel() == "density"
    assert "(reference)" in words(left) and "(toys)" not in words(left)


def test_an_unknown_part(tested: GoodnessTest) -> None:
    with pytest.raises(OptionError, match="nothing"):
        plot_goodness(tested, "nothing")
