"""The table of moments: published beside computed, and honest about what does not come out."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.errors import PhysicsError
from nurecoil.physics.oscillation import OscillationParameters
from nurecoil.studies.moments import PUBLISHED, moments_table

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "reference" / "moments.json").read_text()
)["limits"]
TABLE = moments_table(2.8e-11)
MOMENTS = [row.moment for row in TABLE.rows]


def test_the_shipped_numbers_are_the_published_ones() -> None:
    shipped = json.loads(PUBLISHED.read_text())
    wanted = REFERENCE["reproduced"] | REFERENCE["not_reproduced"]
    assert {entry["moment"]: entry["value"] for entry in shipped["limits"]} == wanted
    mixing = shipped["mixing"]
    assert (mixing["P2"], mixing["sin2_theta13"]) == (REFERENCE["P2"], REFERENCE["sin2_theta13"])
    assert mixing["sin2_theta23"] == REFERENCE["sin2_theta23"]
    assert shipped["mu_eff"]["value"] == REFERENCE["mu_eff"]
    assert "1707.09355" in shipped["citation"] and TABLE.references == (shipped["citation"],)


@pytest.mark.parametrize("moment", MOMENTS)
def test_what_is_reproduced(moment: str) -> None:
    row = TABLE.row(moment)
    assert row.reproduced is (moment in REFERENCE["reproduced"])
    assert row.reproduced is (round(row.computed, 1) == row.published)
    assert bool(row.reason) is not row.reproduced
    assert row.ratio == row.computed / row.published
    assert row.computed == max(row.normal, row.inverted)
    assert row.computed == pytest.approx(row.published, rel=0.04)


def test_the_weaker_hierarchy() -> None:
    assert [TABLE.row(m).hierarchy for m in ("mu_e", "mu_mu", "mu_tau")] == ["either", "NH", "IH"]
    assert {TABLE.row(m).hierarchy for m in MOMENTS[3:]} == {"either"}


def test_why_mu_33_is_not_reproduced() -> None:
    """Only theta_13 enters: 2.8 / sin theta_13 = 19.3."""
    row = TABLE.row("mu_33")
    assert row.computed == pytest.approx(2.8 / math.sqrt(REFERENCE["sin2_theta13"]))
    assert "P1_2nu does not enter" in row.reason
    assert "sin2_theta13 from 0.0223 to 0.0225 would give it (here 0.0210)" in row.reason


def test_what_the_others_need() -> None:
    """Solved by hand: (2.8/3.45)^2 < 1 - c13 (1-P1) <= (2.8/3.35)^2, and alike for mu_23."""
    c13 = 1 - REFERENCE["sin2_theta13"]
    ends = {
        "mu_13": [1 - (1 - (2.8 / limit) ** 2) / c13 for limit in (3.45, 3.35)],
        "mu_23": [(1 - (2.8 / limit) ** 2) / c13 for limit in (4.95, 5.05)],
    }
    for moment, (low, high) in ends.items():
        reason = TABLE.row(moment).reason
        assert f"P1_2nu from {low:.4f} to {high:.4f} would give it (here 0.6930)" in reason
        assert "with theta_13 = 0 it gives" in reason
    assert ends["mu_13"][1] < ends["mu_23"][0], "no single P1 gives both"


def test_survival_probability_does_not_give_the_published_mass_limits() -> None:
    """P1 inverted from P2 = 0.55 misses five of the six."""
    off = [row.moment for row in TABLE.rows if round(row.from_survival, 1) != row.published]
    assert off == ["mu_11", "mu_22", "mu_33", "mu_13", "mu_23"]


def test_one_unrounded_limit_gives_all_but_mu_33() -> None:
    low = max(row.unrounded_mu_eff[0] for row in TABLE.rows if row.moment != "mu_33")
    high = min(row.unrounded_mu_eff[1] for row in TABLE.rows if row.moment != "mu_33")
    assert low < 2.81 < high
    at = moments_table(2.81e-11)
    assert [row.moment for row in at.rows if not row.reproduced] == ["mu_33"]
    assert TABLE.notes[-1].startswith("a mu_eff of 2.807 to 2.815e-11 mu_B before rounding gives 8 of the 9")


def test_eq_9_as_printed() -> None:
    P1 = 1 - OscillationParameters().sin2_theta12
    wrong = TABLE.row("mu_12").computed / math.sqrt(P1)
    assert any(f"would give {wrong:.2f} instead of 2.83" in note for note in TABLE.notes)


@given(mu_eff=st.floats(1e-13, 1e-9))
def test_limits_scale_and_ends_of_the_window_round_alike(mu_eff: float) -> None:
    table = moments_table(mu_eff)
    for row, known in zip(table.rows, TABLE.rows, strict=True):
        assert row.computed == pytest.approx(known.computed * mu_eff / 2.8e-11)
        assert row.unrounded_mu_eff == pytest.approx(known.unrounded_mu_eff)
        assert (row.ratio is None) is (row.reproduced is None)
        compared = 2.75e-11 <= mu_eff < 2.85e-11
        if not (math.isclose(mu_eff, 2.75e-11) or math.isclose(mu_eff, 2.85e-11)):
            assert (row.ratio is not None) is compared


def test_another_limit_is_not_compared() -> None:
    table = moments_table(5.4e-11)
    assert all(row.reproduced is None and row.reason == "" for row in table.rows)
    assert table.notes[-1] == "the published limits belong to mu_eff = 2.8e-11 mu_B and are not compared"


def test_plain_data() -> None:
    document = TABLE.to_json()
    assert json.loads(json.dumps(document))["rows"][0]["moment"] == "mu_e"
    assert set(document) == {"table", "mu_eff", "unit", "rows", "notes", "references", "version"}


@pytest.mark.parametrize("wrong", [0.0, -1e-11, math.nan, math.inf])
def test_refused(wrong: float) -> None:
    with pytest.raises(PhysicsError, match="a positive number"):
        moments_table(wrong)
