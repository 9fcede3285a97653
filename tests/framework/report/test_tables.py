"""Tables: digits, states, units, computed beside published."""

from __future__ import annotations

import dataclasses
import math

import pytest
from rich.console import Console
from rich.table import Table

from nurecoil.inference.fit import fit
from nurecoil.inference.limits import limit, limits
from nurecoil.inference.minos import minos
from nurecoil.inference.profile import profile
from nurecoil.inference.results import AsymmetricError, FitResult
from nurecoil.inference.sensitivity import sensitivity
from nurecoil.report.tables import (
    bands_table,
    exclusion_table,
    goodness_line,
    limits_table,
    parameters_table,
    published_limits_table,
    rates_table,
    scan_table,
    significant,
    titled_table,
    unit_word,
)
from nurecoil.studies.exclusion import Exclusion
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


def test_both_sides_of_asymmetric_errors() -> None:
    best = minos(fit(counting(5.0, 4.0)))
    table = parameters_table(best)
    assert [column.header for column in table.columns] == [
        "parameter", "value", "error", "lower", "upper", "unit", "state",
    ]  # fmt: skip
    signal, background = rows(table)
    assert signal[3:5] == ["bound", "+2.6"]
    assert background[3:5] == ["", ""]
    lost = {"signal": AsymmetricError(math.nan, 1.5, reason="no end")}
    assert rows(parameters_table(dataclasses.replace(best, minos=lost)))[0][3:5] == ["", "+1.5"]


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
    assert all(row[2] == "" and row[3] == "events" and row[4] for row in rows(table))
    assert rows(limits_table([])) == []


def test_an_error_stands_beside_a_limit_that_has_one() -> None:
    (one,) = limits(counting(3.0, 1.0), methods=["area"])
    made = dataclasses.replace(one, value=5.7234, details={"interval_error": [None, 0.123]})
    ((_, value, error, *_),) = rows(limits_table([made]))
    assert (value, error) == ("signal < 5.72", "0.1")


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


@pytest.mark.parametrize("toys", [0, 20])
def test_bands_about_the_median(toys: int) -> None:
    found = sensitivity(counting(16.0, 16.0), toys=toys, points=9)
    table = bands_table(found)
    source = "20 toys, seed 1" if toys else "Asimov data"
    assert table.title == f"expected 90 % upper limits on signal [events] ({source})"
    assert [row[0] for row in rows(table)] == ["-2 sigma", "-1 sigma", "median", "+1 sigma", "+2 sigma"]
    assert rows(table)[2][1] == f"{found.median:.4g}"
    assert rows(table)[4][1] == f"{found.bands[2]:.4g}"


def test_curves_side_by_side() -> None:
    one = Exclusion(
        experiments=("a", "b"), search="s", poi="g", unit="1", over="s.mass", over_unit="MeV",
        values=(0.0, 2.0), limits=(1e-6, None), reasons=((2.0, "why"),), method="area", cl=0.9,
        expected=False, options={}, notes=(), references=(), seconds=1.0,
    )  # fmt: skip
    other = dataclasses.replace(one, experiments=("c",), limits=(2.5e-6, 3e-6), expected=True)
    table = exclusion_table([one, other])
    assert table.title == "90 % upper limits on g (area)"
    assert [column.header for column in table.columns] == ["mass [MeV]", "a + b", "c (expected)"]
    assert rows(table) == [["0", "1e-06", "2.5e-06"], ["2", "", "3e-06"]]


def test_every_table_looks_alike() -> None:
    table = titled_table("a title that is longer than its columns", ("flux", "right"), ("remark", "left"))
    assert [(column.justify, column.no_wrap) for column in table.columns] == [
        ("right", True),
        ("left", False),
    ]
    assert table.title in text(table)
    assert (unit_word("1"), unit_word("MeV")) == ("", "MeV")
