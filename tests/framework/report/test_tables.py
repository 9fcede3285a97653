"""Tables: digits, states, units, computed beside published."""

from __future__ import annotations

import math

import pytest
from rich.console import Console
from rich.table import Table

from nurecoil.inference.fit import fit
from nurecoil.inference.limits import limit, limits
from nurecoil.inference.profile import profile
from nurecoil.inference.results import FitResult
from nurecoil.report.tables import (
    goodness_line,
    limits_table,
    parameters_table,
    published_limits_table,
    rates_table,
    scan_table,
    significant,
)
from nurecoil.testing.models import counting


def rows(table: Table) -> list[list[str]]:
    """The cells of a table, row by row."""
    return [list(cells) for cells in zip(*(column.cells for column in table.columns), strict=True)]  # type: ignore[arg-type]


def text(table: Table) -> str:
    console = Console(width=160)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (255.8231, 0.76, "255.82"),
        (255.8231, 7.6, "255.8"),
        (255.8231, 76.0, "256"),
        (255823.1, 7600.0, "255823"),
        (0.0123456, 0.0004, "0.01235"),
        (4.0163e-11, 1e-12, "4.016e-11"),
        (12.3456, None, "12.35"),
        (12.3456, math.nan, "12.35"),
        (12.3456, 0.0, "12.35"),
        (None, None, ""),
        (math.nan, 1.0, ""),
        (math.inf, None, ""),
        (-3.14159, 0.2, "-3.14"),
    ],
)
def test_numbers_have_as_many_digits_as_they_deserve(
    value: float | None, error: float | None, shown: str
) -> None:
    assert significant(value, error) == shown


def test_parameters_with_their_states(fitted: FitResult) -> None:
    table = {row[0]: row[1:] for row in rows(parameters_table(fitted))}
    assert list(table) == list(fitted.parameters)
    assert table["toy.width"] == ["1", "", "", "fixed"]
    assert table["toy.rate.kr85"][2:] == ["cpd/100 t", "constrained"]
    assert table["solar.flux.pp"][3] == ""
    error = fitted.parameters["solar.flux.pp"].error
    assert table["solar.flux.pp"][1] == significant(error, error)
    bound = fit(counting(0.0, 3.0))
    assert rows(parameters_table(bound))[0] == ["signal", "0", "", "events", "at its bound"]


def test_rates_beside_the_published_ones(fitted: FitResult) -> None:
    table = rates_table(fitted)
    assert table is not None
    ((name, value, error, published, published_error, unit, remark),) = rows(table)
    assert (name, published, published_error, unit) == ("toy.rate.kr85", "6.8", "1.8", "cpd/100 t")
    assert float(value) == pytest.approx(6.5 * fitted.values["toy.rate.kr85"], rel=2e-2)
    assert float(error) == pytest.approx(6.5 * fitted.parameters["toy.rate.kr85"].error, rel=5e-2)
    assert remark == "a made-up one"
    assert rates_table(fit(counting(3.0, 1.0))) is None


def test_limits_by_every_rule() -> None:
    found = limits(counting(3.0, 1.0))
    table = limits_table(found)
    assert table.title == "upper limits at 90 %"
    assert [row[0] for row in rows(table)] == [one.method for one in found]
    assert rows(table)[0][1] == f"signal < {found[0].value:.4g}"
    assert all(row[2] == "events" and row[3] for row in rows(table))
    assert rows(limits_table([])) == []


def test_limits_beside_the_published_ones(fitted: FitResult) -> None:
    made, alone = limit(fitted.model), limit(counting(3.0, 1.0))
    table = rows(published_limits_table({"toy": made, "other": alone}))
    assert table == [
        ["toy", f"mu_eff < {made.value:.3g}", "4", "mu_B", "area", "made up"],
        ["", "", "5", "mu_B", "", "also"],
        ["other", f"signal < {alone.value:.3g}", "", "events", "area", ""],
    ]


def test_scans_point_by_point() -> None:
    scan = profile(counting(10.0, 10.0), "signal", [0.0, 5.0])
    table = scan_table(scan.to_json())
    assert table.title == "profile of signal, best at 0 events"
    assert rows(table) == [["0", "events", "0.0000"], ["5", "events", "1.8907"]]


def test_the_line_of_the_goodness(fitted: FitResult) -> None:
    line = goodness_line(fitted)
    good = fitted.goodness
    assert line.startswith(f"chi2/ndf = {good.statistic:.1f}/{good.ndf}, p = {good.p_value:.3g}, -log L = ")
    assert line.endswith(f"(newton, {fitted.iterations} iterations)")


def test_tables_fit_a_terminal(fitted: FitResult) -> None:
    rates = rates_table(fitted)
    assert rates is not None
    for table in (parameters_table(fitted), rates, limits_table(limits(counting(3.0, 1.0)))):
        shown = text(table)
        assert "…" not in shown
        assert all(len(line) <= 160 for line in shown.splitlines())
