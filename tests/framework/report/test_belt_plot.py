"""The belt plot: ratios, p-values, the interval in both panels, and its powers of ten."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nurecoil.inference.feldman_cousins import feldman_cousins_limit
from nurecoil.inference.fit import fit
from nurecoil.inference.method_results import MethodLimit, MethodOptions
from nurecoil.inference.profile import profile
from nurecoil.inference.results import Scan
from nurecoil.report.belt_plot import plot_belt
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
def made() -> tuple[MethodLimit, Scan]:
    model = counting(30.0, 25.0, 4.0)
    scan = profile(model, "signal")
    return feldman_cousins_limit(fit(model), scan, 0.9, MethodOptions(toys=120)), scan


def test_both_panels_show_every_tested_value_and_the_interval(made: tuple[MethodLimit, Scan]) -> None:
    limit, scan = made
    top, bottom = drawn(plot_belt(limit, scan))
    assert top.get_ylabel() == r"$q = -2\,\Delta\ln L$"
    assert bottom.get_ylabel() == "p-value"
    assert bottom.get_xlabel() == "signal [events]"
    assert top.get_title(loc="left") == f"Feldman-Cousins belt, 90 %, {limit.details['toys']:,} toys"
    grid = limit.details["grid"]
    values = [point["value"] for point in grid]
    (observed,) = [line for line in top.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(observed.get_xdata(), values)
    np.testing.assert_allclose(observed.get_ydata(), [point["q_observed"] for point in grid])
    for axes, key in ((top, "q_critical"), (bottom, "p_value")):
        (points,) = [line for line in axes.lines if line.get_marker() == "s"]
        np.testing.assert_allclose(points.get_ydata(), [point[key] for point in grid])
        (bars,) = axes.containers
        assert bars.has_yerr
        uprights = {float(np.asarray(line.get_xdata())[0]) for line in axes.lines if _upright(line)}
        assert sorted(uprights) == pytest.approx(limit.details["interval"])
    assert "asymptotic, 2.71" in words(top)
    (told,) = [text for text in words(top) if text.startswith("accepted")]
    assert told.startswith(f"accepted: [0, {limit.value:.2f}"[:16])
    assert "±" in told
    assert words(bottom) == ["1 − CL = 0.1", "from toys"]
    low, high = bottom.get_xlim()
    assert low < min(values) and max(values) < high


def _upright(line: object) -> bool:
    x = np.asarray(line.get_xdata())  # type: ignore[attr-defined]
    return x.size == 2 and x[0] == x[1]


def test_small_numbers_are_shown_in_powers_of_ten(made: tuple[MethodLimit, Scan]) -> None:
    limit, scan = made
    details = dict(limit.details)
    for key in ("interval", "interval_error"):
        details[key] = [value * 1e-12 for value in details[key]]
    details["grid"] = [point | {"value": point["value"] * 1e-12} for point in details["grid"]]
    details |= {"best": details["best"] * 1e-12, "poi": "mu_eff", "unit": "mu_B"}
    small = dataclasses.replace(scan, values=scan.values * 1e-12)
    top, bottom = drawn(plot_belt(dataclasses.replace(limit, details=details), small))
    assert bottom.get_xlabel() == r"$\mu_\mathrm{eff}$ [$10^{-11}$ $\mu_B$]"
    assert bottom.get_xlim()[1] < 10
    assert f"{limit.value / 10:.1f}" in " ".join(words(top))


def test_an_interval_off_the_bound_has_two_errors() -> None:
    point = {
        "q_observed": 1.0, "q_critical": 2.0, "q_critical_error": 0.1, "p_value": 0.3, "p_value_error": 0.02,
        "value": 2.0,
    }  # fmt: skip
    details = {
        "interval": [1.038, 4.2243], "interval_error": [0.0176, 0.0187], "grid": [point], "poi": "mu",
        "unit": "1", "cl": 0.95, "q_asymptotic": 3.84, "best": 2.0, "toys": 500,
    }  # fmt: skip
    x = np.linspace(-1.0, 6.0, 29)
    scan = Scan("mu", "1", x, (x - 2) ** 2 / 2, 2.0, 0.0)
    top, _ = drawn(plot_belt(MethodLimit(4.2243, "by toys", details), scan))
    assert "accepted: [1.038 ± 0.018, 4.224 ± 0.019]" in words(top)
    assert "critical, from toys (95 %)" in words(top)
