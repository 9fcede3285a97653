"""Tables of impacts: digits, bounds, what is missing, how many rows."""

from __future__ import annotations

from rich.table import Table

from nurecoil.inference.impacts import impacts
from nurecoil.report.impact_tables import groups_table, impacts_line, impacts_table
from nurecoil.testing.models import counting

from .ranked import ranking


def rows(table: Table) -> list[list[str]]:
    """The cells of a table, row by row."""
    return [list(cells) for cells in zip(*(column.cells for column in table.columns), strict=True)]  # type: ignore[arg-type]


def test_rows_of_every_kind() -> None:
    table = impacts_table(ranking())
    assert table.title == "impacts on the estimate of mu_eff [mu_B]"
    found = {row[1]: row for row in rows(table)}
    assert found["free"] == ["1", "free", "5.3", "-3.5", "2.5", "", "", "-0.9", "+1.4", ""]
    assert found["pulled"][5:9] == ["+0.40", "0.85", "+0.6", "-0.7"]
    assert found["bound"] == ["5", "bound", "0", "bound", "0.50", "", "", "+0.05", "", "rests"]
    assert found["silent"] == ["6", "silent", "1", "", "", "", "", "", "", "no effect"]


def test_only_the_first_rows_and_how_many_there_are() -> None:
    table = impacts_table(ranking(40), top=3)
    assert table.title == "impacts on the estimate of mu_eff [mu_B], 3 of 40"
    assert [row[1] for row in rows(table)] == ["free", "pulled", "same.side"]


def test_a_limit_has_gains() -> None:
    found = impacts(counting(5.0, 9.0, background_error=2.0))
    table = impacts_table(found)
    assert [column.header for column in table.columns][-2:] == ["gain", "remark"]
    assert rows(table)[0][-2] == f"{found.rows[0].gain:+.3g}"
    assert impacts_line(found) == (
        f"shifts of the limit signal < {found.value:.4g} events at 90 % (delta-chi2-one-sided): "
        "signal rests on its bound"
    )


def test_groups() -> None:
    table = groups_table(ranking())
    assert table is not None
    assert table.title == "groups: part of the error"
    assert rows(table) == [["rates", "2", "0.5", "mu_B", ""], ["none", "1", "", "", "no error"]]
    gains = groups_table(ranking(quantity="limit"))
    assert gains is not None
    assert gains.title == "groups: gain of the limit"
    assert groups_table(impacts(counting(16.0, 10.0))) is None


def test_the_line_of_an_estimate_has_both_errors() -> None:
    assert impacts_line(ranking()) == "shifts of the estimate mu_eff = 3.0 -2.0 +1.5 mu_B (why)"
