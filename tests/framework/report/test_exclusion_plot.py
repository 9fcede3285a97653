"""Exclusion curves drawn: every limit on the picture, 0 beside the axis; expected limits exclude nothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib.collections import FillBetweenPolyCollection

from nurecoil.errors import OptionError
from nurecoil.report.exclusion_plot import plot_exclusions
from nurecoil.studies.exclusion import Exclusion

MASSES = (0.0, 0.01, 0.1, 1.0, 10.0)


def curve(*experiments: str, limits: tuple[float | None, ...], **changes: object) -> Exclusion:
    made = Exclusion(
        experiments=experiments, search="light-vector", poi="g", unit="1", over="light-vector.mass",
        over_unit="MeV", values=MASSES, limits=limits, reasons=(), method="area", cl=0.9, expected=False,
        options={}, notes=(), references=(), seconds=1.0,
    )  # fmt: skip
    return dataclasses.replace(made, **changes)


LOW = curve("borexino", "gallium", limits=(1e-6, 1e-6, 1.1e-6, 3e-6, 3e-5))
HIGH = curve("borexino", limits=(2e-6, 2e-6, 2.2e-6, 6e-6, 6e-5))
EXPECTED = curve("juno", limits=(4e-7, 4e-7, 5e-7, 1e-6, 9e-6), expected=True)


def test_every_limit_is_on_the_picture() -> None:
    (axes,) = plot_exclusions([LOW, HIGH, EXPECTED]).axes
    low, high = axes.get_ylim()
    assert low < 4e-7
    assert high > 6e-5
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    by_label = {line.get_label(): line for line in axes.lines}
    for one in (LOW, HIGH, EXPECTED):
        line = by_label[one.label]
        np.testing.assert_array_equal(line.get_xdata(), MASSES[1:])
        np.testing.assert_array_equal(line.get_ydata(), one.limits[1:])
        assert line.get_linestyle() == ("--" if one.expected else "-")
    assert len({by_label[one.label].get_color() for one in (LOW, HIGH, EXPECTED)}) == 3
    assert axes.get_xlim()[1] == 10.0
    assert "90 % upper limits (area)" in axes.get_title(loc="left")
    assert axes.get_xlabel() == "$m_V$ [MeV]"


def test_zero_has_its_place_beside_a_logarithmic_axis() -> None:
    (axes,) = plot_exclusions([LOW]).axes
    bars = [line for line in axes.lines if max(line.get_xdata()) < 0.01 and len(line.get_ydata()) == 2]
    assert any(list(bar.get_ydata()) == [1e-6, 1e-6] for bar in bars)
    assert "0" in [text.get_text() for text in axes.texts]
    without = dataclasses.replace(LOW, values=MASSES[1:], limits=LOW.limits[1:])
    (axes,) = plot_exclusions([without]).axes
    assert axes.get_xlim()[0] == 0.01
    assert not axes.texts


def shade(one: FillBetweenPolyCollection) -> np.ndarray:
    return np.concatenate([path.vertices for path in one.get_paths()])


def test_what_data_exclude_is_shaded_and_nothing_else() -> None:
    (axes,) = plot_exclusions([HIGH, EXPECTED, LOW]).axes
    shades = [one for one in axes.collections if isinstance(one, FillBetweenPolyCollection)]
    assert min(shade(one)[:, 1].min() for one in shades) == pytest.approx(1e-6)
    assert any(one.get_label() == "excluded" for one in shades)
    (axes,) = plot_exclusions([EXPECTED]).axes
    assert not axes.collections


def test_a_value_without_a_limit_is_a_gap() -> None:
    broken = dataclasses.replace(LOW, limits=(None, 1e-6, None, 3e-6, 3e-5))
    (axes,) = plot_exclusions([broken]).axes
    (line,) = [line for line in axes.lines if line.get_label() == LOW.label]
    assert np.isnan(line.get_ydata()).tolist() == [False, True, False, False]


def test_a_short_range_is_linear_and_zero_on_its_axis() -> None:
    near = dataclasses.replace(LOW, values=(0.0, 1.0, 2.0, 3.0, 4.0), over="juno.threshold", over_unit="MeV")
    (axes,) = plot_exclusions([near]).axes
    assert axes.get_xscale() == "linear"
    (line,) = axes.lines
    assert line.get_xdata()[0] == 0.0
    assert axes.get_xlabel() == "threshold [MeV]"


@pytest.mark.parametrize("change", [{"search": "other"}, {"over": "light-vector.x"}, {"poi": "g_nu"}])
def test_curves_of_different_things_are_not_drawn_together(change: dict[str, str]) -> None:
    with pytest.raises(OptionError, match=r"exclusion plot: .* as the first curve"):
        plot_exclusions([LOW, dataclasses.replace(HIGH, **change)])
