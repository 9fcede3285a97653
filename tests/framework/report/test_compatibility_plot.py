"""The picture of a combination: bars that end at the limits, what is expected, what is missing."""

from __future__ import annotations

import dataclasses

import pytest
from matplotlib.axes import Axes
from matplotlib.container import BarContainer

from nurecoil.report.compatibility_plot import plot_compatibility
from nurecoil.studies.compatibility import Compatibility
from nurecoil.studies.compatibility_rows import LimitRow
from nurecoil.studies.parameter_goodness import ParameterGoodness

ROWS = (
    LimitRow(("a", "b", "c"), None, 2e-11, "mu_B", True, "Asimov data of b: an expected limit"),
    LimitRow(("a",), None, 4e-11, "mu_B", False),
    LimitRow(("b",), None, 3e-11, "mu_B", True),
    LimitRow(("c",), None, None, "mu_B", False, "no recoils"),
    LimitRow(("b", "c"), "a", 2.5e-11, "mu_B", True),
)


@pytest.fixture
def report() -> Compatibility:
    good = ParameterGoodness(0.34, 1, 0.56, (), ())
    return Compatibility("mu_eff", "mu_B", 0.9, "area", ROWS, (), good, (), {}, 0.0)


def drawn(found: Compatibility) -> Axes:
    figure = plot_compatibility(found)
    figure.canvas.draw()
    (axes,) = figure.axes
    return axes


def bars(axes: Axes) -> list[tuple[float, float, str | None]]:
    patches = [patch for one in axes.containers if isinstance(one, BarContainer) for patch in one.patches]
    return [
        (patch.get_width(), patch.get_y() + patch.get_height() / 2, patch.get_hatch()) for patch in patches
    ]


def test_bars_end_at_the_limits_and_expected_ones_are_hatched(report: Compatibility) -> None:
    found = bars(drawn(report))
    assert [width for width, *_ in found] == pytest.approx([2.0, 4.0, 3.0, 2.5])
    assert [place for _, place, _ in found] == pytest.approx([0, 1, 2, 4])
    assert [bool(hatch) for *_, hatch in found] == [True, False, True, True]


def test_words(report: Compatibility) -> None:
    axes = drawn(report)
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels == ["a + b + c", "a", "b", "c", "without a"]
    assert [text.get_text() for text in axes.texts] == [
        "2 expected", "4", "3 expected", "no limit", "2.5 expected",
    ]  # fmt: skip
    assert axes.get_xlabel() == r"$\mu_\mathrm{eff}$ [$10^{-11}$ $\mu_B$]"
    assert axes.get_title(loc="left") == (
        r"upper limits at 90 % (area); agreement $\chi^2$/ndf = 0.3/1, p = 0.56"
    )


def test_the_combined_limit_goes_through_and_is_on_top(report: Compatibility) -> None:
    axes = drawn(report)
    (line,) = axes.lines
    assert line.get_xdata() == pytest.approx([2.0, 2.0])
    low, high = axes.get_ylim()
    assert low > high


def test_everyday_numbers_have_no_power_and_an_untested_agreement_says_so(report: Compatibility) -> None:
    rows = (LimitRow(("a", "b"), None, 3.0, "1", False), LimitRow(("a",), "b", 4.0, "1", False))
    undefined = ParameterGoodness(None, None, None, (), (), "nothing shared")
    axes = drawn(dataclasses.replace(report, poi="g", unit="1", limits=rows, goodness=undefined))
    assert axes.get_xlabel() == "$g$"
    assert axes.get_title(loc="left").endswith("agreement not tested")
    assert [width for width, *_ in bars(axes)] == [3.0, 4.0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a + b", "a"]
