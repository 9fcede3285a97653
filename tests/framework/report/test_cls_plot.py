"""The CLs plot: curves, bands, level and limits, for large samples and from toys."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib.axes import Axes

from nurecoil.inference.cls import cls_limit
from nurecoil.inference.fit import fit
from nurecoil.inference.method_results import MethodLimit, MethodOptions
from nurecoil.inference.profile import profile
from nurecoil.report.cls_plot import plot_cls
from nurecoil.testing.models import counting


def made(toys: int = 0) -> MethodLimit:
    best = fit(counting(9.0, 10.0))
    return cls_limit(best, profile(best.model, "signal"), 0.95, MethodOptions(toys=toys))


def drawn(found: MethodLimit) -> tuple[Axes, list[str]]:
    figure = plot_cls(found)
    figure.canvas.draw()
    (axes,) = figure.axes
    legend = axes.get_legend()
    assert legend is not None
    return axes, [text.get_text() for text in legend.get_texts()]


@pytest.fixture(scope="module")
def found() -> MethodLimit:
    return made()


def test_the_curves_are_those_of_the_limit(found: MethodLimit) -> None:
    axes, words = drawn(found)
    points = found.details["points"][1:]
    lines = {str(line.get_label()): line for line in axes.lines}
    for label, key in ((r"observed $\mathrm{CL}_s$", "cls"), (r"observed $\mathrm{CL}_{s+b}$", "clsb")):
        np.testing.assert_allclose(lines[label].get_xdata(), [point["value"] for point in points])
        np.testing.assert_allclose(lines[label].get_ydata(), [point[key] for point in points])
    np.testing.assert_allclose(
        lines["expected, median"].get_ydata(), [point["expected"]["0"] for point in points]
    )
    assert axes.get_xlabel() == "signal [events]" and axes.get_yscale() == "log"
    assert axes.get_title(loc="left") == "95 % CLs limit, formulas of large samples"
    assert f"observed limit {found.value:.3f}" in words
    uprights = [float(np.asarray(line.get_xdata())[0]) for line in axes.lines if line.get_color() == "grey"]
    assert uprights == pytest.approx([found.value, found.details["expected"]["0"]])


def test_the_bands_hold_what_is_expected(found: MethodLimit) -> None:
    axes, words = drawn(found)
    wide, narrow = axes.collections
    last = found.details["points"][-1]["expected"]
    assert words[:2] == [r"expected $\pm 2\sigma$", r"expected $\pm 1\sigma$"]
    for band, low, high in ((wide, "-2", "+2"), (narrow, "-1", "+1")):
        vertices = band.get_paths()[0].vertices
        ends = vertices[vertices[:, 0] == vertices[:, 0].max(), 1]
        assert (ends.min(), ends.max()) == pytest.approx((last[low], last[high]))


def test_toys_are_points_with_errors() -> None:
    found = made(toys=300)
    axes, words = drawn(found)
    assert axes.get_title(loc="left") == "95 % CLs limit, 300 toys of each hypothesis"
    assert len(axes.containers) == 2
    (observed, *_) = axes.containers
    points = [point for point in found.details["points"] if point["value"] > 0]
    np.testing.assert_allclose(observed[0].get_ydata(), [max(point["cls"], 1e-9) for point in points])
    assert any(word.startswith("observed limit") and r"$\pm$" in word for word in words)


def test_small_numbers_are_shown_in_powers_of_ten(found: MethodLimit) -> None:
    details = dict(found.details)
    scaled = {n: None if one is None else one * 1e-11 for n, one in details["expected"].items()}
    scaled["0"] = None
    points = [{**point, "value": point["value"] * 1e-11} for point in details["points"]]
    details |= {"points": points, "expected": scaled, "observed": found.value * 1e-11,
                "poi": "mu_eff", "unit": "mu_B"}  # fmt: skip
    axes, words = drawn(dataclasses.replace(found, details=details))
    assert axes.get_xlabel() == r"$\mu_\mathrm{eff}$ [$10^{-10}$ $\mu_B$]"
    assert f"observed limit {found.value / 10:.4f}" in words
    assert not any(word.startswith("expected limit") for word in words)
