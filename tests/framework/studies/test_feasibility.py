"""The feasibility study: section by section of its promises, on DUNE and on what cannot be studied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nurecoil.analysis import build
from nurecoil.errors import OptionError
from nurecoil.inference.limits import limit
from nurecoil.inference.pseudo_data import asimov
from nurecoil.studies.feasibility import default_curves, feasibility
from nurecoil.studies.feasibility_result import Feasibility

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "reference" / "dune_feasibility.json").read_text()
)
CONVENTION: dict[str, dict[str, Any]] = {
    "isodar": {"cross_section": "tree"},
    "dune": {"solar": False, "resolution": 0.0, "k42_shape": "allowed"},
}
ONLY_K42 = {"42K": {"dune": {"isotopes": ("K42",)}}}


@pytest.fixture(scope="module")
def study() -> Feasibility:
    return feasibility(
        "dune", thresholds=[3.6, 0.2], rejections=[1e6, 1, 100, 1e3, 1e4], options=CONVENTION, curves=ONLY_K42
    )


@pytest.mark.parametrize(
    "point", REFERENCE["points"], ids=lambda point: f"{point['threshold']:g}-{point['rejection']:g}"
)
def test_the_prototype_comes_out(study: Feasibility, point: dict[str, float]) -> None:
    rows = {row.rejection: row.limit for row in study.line("42K", point["threshold"]).rows}
    assert rows[point["rejection"]] == pytest.approx(point["limit"], rel=REFERENCE["tolerance"])


def test_a_scaled_model_is_the_folded_one(study: Feasibility) -> None:
    at = {"dune": {**CONVENTION["dune"], "isotopes": ("K42",), "threshold": 0.2, "rejection": 1e4}}
    model = build(["dune"], "magnetic-moment", {**CONVENTION, **at})
    wanted = limit(asimov(model, {"mu_eff": 0.0}), 0.9, "delta-chi2-one-sided").value
    found = study.line("42K", 0.2).rows[3]
    assert found.rejection == 1e4
    assert found.limit == pytest.approx(wanted, rel=3e-3)


def test_the_rejection_for_the_target_gives_it(study: Feasibility) -> None:
    line = study.line("42K", 0.2)
    assert (study.target, line.verdict) == (2.8e-11, "needed") and line.needed is not None
    again = feasibility(
        "dune", thresholds=[0.2], rejections=[line.needed, 1e6], options=CONVENTION, curves=ONLY_K42
    )
    assert again.rows[0].limit == pytest.approx(2.8e-11, rel=3e-3)
    assert f"a rejection of {line.needed:.2g} gives 2.8e-11 mu_B" in study.sentence(line)


def test_above_the_endpoint_no_rejection_helps(study: Feasibility) -> None:
    line = study.line("42K", 3.6)
    values = [row.limit for row in line.rows]
    assert line.floor is not None and values == [pytest.approx(line.floor, rel=1e-9)] * 5
    assert (line.verdict, line.needed) == ("never", None)
    assert "no rejection beats 2.8e-11 mu_B" in study.sentence(line)


def test_limits_fall_towards_the_floor(study: Feasibility) -> None:
    line = study.line("42K", 0.2)
    values = [row.limit for row in line.rows if row.limit is not None]
    assert values == sorted(values, reverse=True) and len(values) == 5
    assert line.floor is not None and line.floor <= values[-1] * (1 + 1e-6)


def test_other_targets() -> None:
    asked: dict[str, Any] = {"thresholds": [0.2], "rejections": [1e3, 1e4], "curves": ONLY_K42}
    easy = feasibility("dune", options=CONVENTION, target=9e-11, **asked)
    far = feasibility("dune", options=CONVENTION, target=1.1e-11, **asked)
    never = feasibility("dune", options=CONVENTION, target=1e-12, **asked)
    assert [one.lines[0].verdict for one in (easy, far, never)] == ["none needed", "out of range", "never"]
    assert "at a rejection of 1000 already" in easy.sentence(easy.lines[0])
    assert "more than 10000" in far.sentence(far.lines[0])
    assert easy.citation == ""


def test_argon_39_is_a_curve_of_its_own_below_its_endpoint() -> None:
    found = feasibility("dune", thresholds=[0.2, 1.0], rejections=[1e8, 1e10], options=CONVENTION)
    assert list(found.curves) == ["42K", "42K + 39Ar"]
    low, high = found.line("42K + 39Ar", 0.2), found.line("42K + 39Ar", 1.0)
    assert low.same_as == "" and high.same_as == "42K"
    assert [row.limit for row in high.rows] == [row.limit for row in found.line("42K", 1.0).rows]
    with_argon, without = low.rows[0].limit, found.line("42K", 0.2).rows[0].limit
    assert with_argon is not None and without is not None and with_argon > 1.001 * without
    assert "the same as 42K" in found.sentence(high)


def test_progress_and_document(study: Feasibility) -> None:
    told: list[tuple[int, int]] = []
    found = feasibility(
        "dune", thresholds=[2.0], rejections=[1, 10], options=CONVENTION,
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert told[-1][0] == told[-1][1] == 6
    document = found.to_json()
    assert json.loads(json.dumps(document))["rows"] == document["rows"]
    assert len(document["rows"]) == 4 and len(document["lines"]) == 2
    assert (document["method"], document["unit"]) == ("delta-chi2-one-sided", "mu_B")
    assert "1707.09355" in document["target_citation"]


def test_isotopes_that_are_asked_for_are_one_curve() -> None:
    assert default_curves("dune", {"dune": {"isotopes": "K42"}}) == {"dune": {}}


@pytest.mark.parametrize(
    ("experiment", "more", "said"),
    [
        ("gallium", {}, "no option 'threshold' and no option 'rejection'. Allowed: .*dune"),
        ("dune", {"rejections": [10.0]}, "feasibility rejections: 10. Allowed: at least 2"),
        ("dune", {"rejections": [-1.0, 10.0]}, "different positive numbers"),
        ("dune", {"rejections": [0.1, 10.0]}, "dune.rejection"),
        ("dune", {"thresholds": []}, "feasibility thresholds: none"),
        ("dune", {"thresholds": [0.2, 50.0]}, "dune.threshold"),
        ("dune", {"curves": {}}, "at least one"),
        ("dune", {"curves": {"x": {"dune": {"isotopes": "K40"}}}}, "K40"),
        ("dune", {"method": "aera"}, "Did you mean 'area'"),
        ("dune", {"cl": 90.0}, "confidence level"),
        ("dune", {"target": -1.0}, "feasibility target"),
    ],
)
def test_what_cannot_be_studied(experiment: str, more: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        feasibility(experiment, **more)


def test_a_threshold_above_every_recoil() -> None:
    with pytest.raises(OptionError, match=r"dune\.threshold: .*19 MeV"):
        feasibility("dune", thresholds=[19.0], rejections=[1, 10])
