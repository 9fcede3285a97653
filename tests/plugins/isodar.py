"""What the tests of the experiments beside 8Li share: the slides' numbers and how they are computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nurecoil.analysis import build
from nurecoil.inference.limits import limit

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "isodar_slides.json").read_text()
)
SEARCHES = {"mu": "magnetic-moment", "g": "light-vector"}
_TREE = {"isodar": {"cross_section": "tree"}}


def rows(experiment: str) -> list[dict[str, Any]]:
    """The slides' rows of one experiment."""
    return [row for row in REFERENCE["slides"]["rows"] if row["experiment"] == experiment]


def expected(experiment: str, search: str, **options: Any) -> float:
    """Limit on Asimov data by the slides' rule, with tree-level cross sections."""
    made = build([experiment], search, {experiment: options, **_TREE})
    return limit(made, 0.90, "delta-chi2-one-sided", points=25).value


def check_rows(experiment: str) -> None:
    """Hold an experiment against the computed column, and at 2.8 times the counts against the slides."""
    slides = REFERENCE["slides"]
    for row in rows(experiment):
        common = {"threshold": row["threshold"], "resolution": 0, "backgrounds": "none"}
        for quantity, search in SEARCHES.items():
            quoted = expected(experiment, search, events=row["events"], **common)
            more = slides["first_principles_factor"] * row["events"]
            scaled = expected(experiment, search, events=more, **common)
            told = f"{experiment} > {row['threshold']} MeV, {quantity}: {quoted:.3g}, {scaled:.3g}"
            assert abs(quoted / row[f"computed_{quantity}"] - 1) < slides["tolerance_computed"], told
            assert abs(scaled / row[quantity] - 1) < slides["tolerance_slides"], told
