"""The plot of pulls and impacts: order, sides, bands, pages."""

from __future__ import annotations

import pytest

from nurecoil.errors import OptionError
from nurecoil.inference.impacts import impacts
from nurecoil.report.impact_plot import PER_PAGE, pages_of, plot_impacts
from nurecoil.report.style import COLOURS
from nurecoil.testing.models import counting

from .ranked import ranking


def test_one_line_for_a_parameter_the_first_on_top() -> None:
    left, right = plot_impacts(ranking()).axes
    assert [text.get_text() for text in left.get_yticklabels()] == [
        "free", "pulled", "same.side", "far", "bound", "silent",
    ]  # fmt: skip
    assert left.get_ylim()[0] > left.get_ylim()[1]
    words = [text.get_text() for text in left.texts]
    assert any("5.3" in text and "cpd" in text for text in words)  # a free rate in numbers
    assert "+4.0" in words  # a pull beyond the axis
    assert "no effect" in [text.get_text() for text in right.texts]
    assert right.get_xlabel().startswith("shift of $")


def test_bars_for_both_sides_and_hollow_ones_for_before_the_fit() -> None:
    _, right = plot_impacts(ranking()).axes
    filled = [bar for bar in right.patches if bar.get_fill()]
    widths = [round(bar.get_width(), 6) for bar in filled]
    assert widths == [-0.9, 1.4, 0.6, -0.7, 0.3, 0.2, 0.1, -0.1, 0.05]
    assert len([bar for bar in right.patches if not bar.get_fill()]) == 6
    assert len({bar.get_facecolor()[:3] for bar in filled}) == 2
    low, high = right.get_xlim()
    assert low == -high
    assert high > 1.4
    # two shifts to one side do not hide each other
    up, down = filled[4], filled[5]
    assert up.get_y() + up.get_height() == pytest.approx(down.get_y())


def test_pulls_lie_over_the_bands() -> None:
    left, _ = plot_impacts(ranking()).axes
    assert {round(band.get_x(), 1) for band in left.patches} == {-2.0, -1.0}
    points = [line for line in left.lines if line.get_marker() == "o"]
    assert [float(line.get_xdata()[0]) for line in points] == [0.4, -0.2]  # type: ignore[index]


def test_pages_of_thirty() -> None:
    many = ranking(73)
    assert (PER_PAGE, pages_of(many), pages_of(many, 60), pages_of(many, 10)) == (30, 3, 2, 1)
    assert len(plot_impacts(many, 1).axes[0].get_yticklabels()) == 30
    last = plot_impacts(many, 3)
    assert len(last.axes[0].get_yticklabels()) == 13
    assert "(page 3 of 3)" in last._suptitle.get_text()  # type: ignore[attr-defined]
    for page in (0, 4):
        with pytest.raises(OptionError, match="1 to 3"):
            plot_impacts(many, page)


def test_small_units_and_no_rows() -> None:
    _, right = plot_impacts(ranking(quantity="limit")).axes
    assert "shift of the limit on $\\mu_\\mathrm{eff}$" in right.get_xlabel()
    empty = plot_impacts(impacts(counting(16.0, 10.0)))
    assert len(empty.axes[0].get_yticklabels()) == 0
    assert COLOURS[0] != COLOURS[2]
