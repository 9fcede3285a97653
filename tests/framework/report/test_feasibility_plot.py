"""The feasibility plot and table: what differs is shown, what does not is left out."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console

from nurecoil.report.feasibility_plot import feasibility_table, plot_feasibility
from nurecoil.studies.feasibility_result import Feasibility, Line, Row


def rows(curve: str, cut: float, *limits: float | None) -> tuple[Row, ...]:
    return tuple(Row(curve, cut, 100.0**i, limit) for i, limit in enumerate(limits))


@pytest.fixture
def study() -> Feasibility:
    lines = (
        Line("42K", 0.2, rows("42K", 0.2, 4e-11, 3e-11, 2e-11), 1e-11, "needed", 300.0),
        Line("42K", 3.6, rows("42K", 3.6, 4e-11, 4e-11, 4e-11), 4e-11, "never"),
        Line("42K + 39Ar", 0.2, rows("42K + 39Ar", 0.2, None, 4e-11, 3e-11), None, "out of range"),
        Line("42K + 39Ar", 3.6, rows("42K + 39Ar", 3.6, 4e-11, 4e-11, 4e-11), 4e-11, "never", None, "42K"),
    )
    return Feasibility("dune", "magnetic-moment", "mu_eff", "mu_B", 0.9, "area", "", 2.8e-11,
                       "Borexino, a paper", {}, lines, {}, 1.0)  # fmt: skip


def test_the_picture(study: Feasibility) -> None:
    figure = plot_feasibility(study)
    figure.canvas.draw()
    (axes,) = figure.axes
    assert axes.get_xscale() == "log" and axes.get_xlim() == (1.0, 1e4)
    assert axes.get_ylabel() == r"expected limit on $\mu_\mathrm{eff}$ [$10^{-11}$ $\mu_B$]"
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["$^{42}$K only", "$^{42}$K + $^{39}$Ar"]
    assert (
        sum(line.get_marker() in ("o", "D") for line in axes.lines) == 3
    )  # the fourth is the same as another
    (cross,) = [line for line in axes.lines if line.get_marker() == "x"]
    assert np.asarray(cross.get_xydata()).tolist() == [[300.0, pytest.approx(2.8)]]
    assert "Borexino: 2.8" in [text.get_text() for text in axes.texts]
    gap = next(line for line in axes.lines if line.get_marker() == "D")
    assert np.asarray(gap.get_xdata()).tolist() == [100.0, 1e4]


def test_the_table(study: Feasibility) -> None:
    console = Console(width=160, record=True, file=None, quiet=False)
    with console.capture() as capture:
        console.print(feasibility_table(study))
    text = capture.get()
    assert text.count("42K + 39Ar") == 1
    by_first = {line.split()[0]: line.split() for line in text.splitlines() if line.split()}
    assert by_first["1"] == ["1", "4e-11", "4e-11"]
    assert by_first["no"][2:] == ["1e-11", "4e-11"]
    assert by_first["for"][2:] == ["3e+02", "none", "will", "do", ">", "1e+04"]
