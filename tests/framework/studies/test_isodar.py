"""The slides' two tables: twelve rows, each near an earlier calculation and near the slides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nurecoil.inference.rules import RULES
from nurecoil.studies.isodar import BEFORE_CUTS, PUBLISHED, SEARCHES, IsodarTable, isodar_table

REFERENCE = json.loads((Path(__file__).parents[2] / "reference" / "isodar_slides.json").read_text())
LETTERS = {"magnetic-moment": "mu", "light-vector": "g"}


@pytest.fixture(scope="module")
def table() -> IsodarTable:
    return isodar_table()


def test_the_shipped_numbers_are_the_slides() -> None:
    shipped = json.loads(PUBLISHED.read_text())["rows"]
    for row, other in zip(shipped, REFERENCE["slides"]["rows"], strict=True):
        assert [row["experiment"], row["threshold"], row["events"]] == [
            other["experiment"],
            other["threshold"],
            other["events"],
        ]
        assert [row[search] for search in SEARCHES] == [other[LETTERS[search]] for search in SEARCHES]


def test_every_row_is_near_both_calculations(table: IsodarTable) -> None:
    assert len(table.rows) == 12
    expected = {(row["experiment"], row["threshold"]): row for row in REFERENCE["slides"]["rows"]}
    for row in table.rows:
        given = expected[row.experiment, row.threshold]
        assert row.published == given[LETTERS[row.search]]
        assert row.computed == pytest.approx(given[f"computed_{LETTERS[row.search]}"], rel=0.12)
        assert row.computed_before_cuts == pytest.approx(row.published, rel=0.20)
        assert row.ratio == pytest.approx(row.published / row.computed)
        assert row.ratio_before_cuts == pytest.approx(row.published / row.computed_before_cuts)


def test_counts_have_the_quoted_ratios(table: IsodarTable) -> None:
    kamland, juno = table.count_ratios
    assert kamland["computed"] == pytest.approx(0.40, rel=0.04)
    assert juno["computed"] == pytest.approx(1.40, rel=0.02)


def test_first_principles_are_known_at_kamland_alone(table: IsodarTable) -> None:
    counts = {(row.experiment, row.threshold): row.events_first_principles for row in table.rows}
    for row in REFERENCE["first_principles"]["rows"]:
        assert counts["kamland", row["above"]] == pytest.approx(row["events"], rel=0.10)
    assert counts["kamland", 1.0] == pytest.approx(BEFORE_CUTS * 7500, rel=0.05)
    assert counts["juno", 0.2] is counts["sno", 0.2] is None


def test_our_limits_follow_every_rule_and_weaken_with_the_threshold(table: IsodarTable) -> None:
    for row in table.rows:
        assert list(row.ours) == list(RULES)
        assert row.ours["delta-chi2-one-sided"] < row.ours["delta-chi2-two-sided"]
    moment = [row.ours["area"] for row in table.rows if row.search == "magnetic-moment"]
    assert moment[1] < moment[0] and moment[4] < moment[3] < moment[2]


def test_it_is_one_document(table: IsodarTable) -> None:
    document = json.loads(json.dumps(table.to_json()))
    assert document["table"] == "isodar" and len(document["rows"]) == 12
    assert {"experiment", "threshold", "search", "published", "computed", "ratio"} <= set(document["rows"][0])
    assert any("unpublished" in one for one in document["references"])
