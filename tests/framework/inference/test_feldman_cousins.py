"""Unified intervals: published tables, exact constructions, coverage, whole models with their toys."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import poisson

import nurecoil.inference.belt as belt_module
from nurecoil.engine.data import DataSets
from nurecoil.errors import FitError, ModelError, NurecoilError, OptionError
from nurecoil.inference.belt import BLOCK, Belt
from nurecoil.inference.belt_ends import Search
from nurecoil.inference.ensembles import Ensemble, Fits
from nurecoil.inference.feldman_cousins import default_toys, feldman_cousins_limit, least_toys
from nurecoil.inference.fit import fit
from nurecoil.inference.method_results import MethodLimit, MethodOptions
from nurecoil.inference.profile import profile
from nurecoil.model.spectral import SpectralModel
from nurecoil.testing.models import counting

from .belts import Closed, count_interval, normal_interval

Make = Callable[..., SpectralModel]

REFERENCE = json.loads(
    (Path(__file__).parents[2] / "reference" / "feldman_cousins_poisson.json").read_text(encoding="utf-8")
)
PUBLISHED = REFERENCE["poisson"]["rows"]


def limit(model: SpectralModel, cl: float = 0.9, toys: int = 300, seed: int = 1, **more: Any) -> MethodLimit:
    assert model.poi is not None
    scan = profile(model, model.poi)
    return feldman_cousins_limit(fit(model), scan, cl, MethodOptions(toys=toys, seed=seed, **more))


def searched(belt: Closed, cl: float, toys: tuple[int, int] = (500, 2000)) -> tuple[Any, Any]:
    """Both ends, from values one and a half steps apart."""
    ends = []
    for sign, bound in ((-1, 0.0), (1, math.inf)):
        for away in (0.8, 2.5):
            if sign > 0 or belt.centre > away:
                belt.at(belt.centre + sign * away, toys[0])
        if sign < 0 and belt.centre > 0:
            belt.at(bound, toys[0])
        ends.append(Search(belt, sign, bound, 8.0, cl, toys).find())  # type: ignore[arg-type]
    return ends[0], ends[1]


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: f"{row['count']} over {row['background']}")
def test_the_exact_construction_gives_the_published_table(row: dict[str, Any]) -> None:
    found = count_interval(row["count"], row["background"], REFERENCE["poisson"]["cl"])
    wanted = row.get("constructed", row["interval"])
    assert found == pytest.approx(wanted, abs=REFERENCE["poisson"]["last_digit"])
    if "constructed" in row:  # lengthened: the upper end of some larger background
        more = [count_interval(row["count"], b, 0.9)[1] for b in (3.5, 3.6, 3.7, 3.8)]
        assert max(more) > found[1]


def test_the_published_normal_interval() -> None:
    (row,) = REFERENCE["gaussian"]["rows"]
    assert normal_interval(row["measured"], 0.9) == pytest.approx(row["interval"], abs=0.006)


@pytest.mark.parametrize("row", [r for r in PUBLISHED if r["background"]], ids=lambda r: str(r["count"]))
def test_counts_agree_with_the_published_table(row: dict[str, Any]) -> None:
    belt = Closed(row["count"], row["background"], seed=4)
    ends = searched(belt, 0.9)
    for end, wanted in zip(ends, row.get("constructed", row["interval"]), strict=True):
        assert abs(end.value - wanted) < 3 * end.error + REFERENCE["poisson"]["last_digit"]
        assert end.error < 0.25  # a plateau of p-values at 0.1 is as long as 0.4
        assert end.bound == (wanted == 0)
    assert not ends[1].smooth


@pytest.mark.parametrize(
    ("measured", "cl"),
    [(x, 0.9) for x in (-3.0, -1.0, 0.0, 0.5, 1.0, 2.0, 2.6, 3.0)] + [(-1.0, 0.68), (1.0, 0.95), (3.0, 0.68)],
)
def test_a_normal_measurement_agrees_with_the_exact_interval(measured: float, cl: float) -> None:
    toys = default_toys(cl)
    ends = searched(Closed(measured, None, seed=6), cl, (toys // 4, toys))
    for end, wanted in zip(ends, normal_interval(measured, cl), strict=True):
        assert end.bound == (wanted == 0)
        if not end.bound:
            assert abs(end.value - wanted) < 3.5 * end.error + 0.002
            assert 0 < end.error < 0.04
            assert end.smooth


def test_the_errors_of_the_ends_are_their_spread() -> None:
    ends = [searched(Closed(0.5, None, seed), 0.9, (250, 1000))[1] for seed in range(40)]
    wanted = normal_interval(0.5, 0.9)[1]
    pulls = np.array([(end.value - wanted) / end.error for end in ends])
    assert abs(pulls.mean()) < 0.6
    assert 0.6 < pulls.std() < 1.5


def test_intervals_of_counts_cover() -> None:
    """Exact: every count that matters has its interval, counts are weighed by their probability."""
    intervals = {n: tuple(e.value for e in searched(Closed(n, 3.0, seed=n), 0.9)) for n in range(17)}
    for truth in (0.3, 0.7, 1.3, 2.2, 3.3, 4.9, 6.2):
        holding = [n for n, (low, high) in intervals.items() if low <= truth <= high]
        covered = poisson.pmf(holding, truth + 3.0).sum()
        assert 0.885 < covered < 0.99, truth


@pytest.mark.parametrize(("count", "upper"), [(0, 0.95), (3, 4.42)])
def test_a_counting_model(count: float, upper: float) -> None:
    found = limit(counting(count, 3.0), toys=500)
    low, high = found.details["interval"]
    error = found.details["interval_error"][1]
    assert (low, found.details["lower_is_bound"]) == (0.0, True)
    assert found.value == high
    assert abs(high - upper) < 3 * error + 0.01
    assert any("jumps at the upper end" in note for note in found.notes)
    assert "likelihood-ratio ordering" in found.convention
    assert "500 toys" in found.convention


def test_a_square_is_limited_as_its_root(measured: Make) -> None:
    """Likelihood ratios do not depend on how a parameter is named."""
    found = limit(measured(0.7, 1.0, power=2), toys=600)
    wanted = math.sqrt(normal_interval(0.7, 0.9)[1])
    assert abs(found.value - wanted) < 4 * found.details["interval_error"][1]
    tiny = limit(measured(0.7e-22, 1e-22, power=2).with_parameters(signal={"value": 1e-11}), toys=600)
    assert abs(tiny.value / 1e-11 - wanted) < 4 * tiny.details["interval_error"][1] / 1e-11


def test_a_parameter_of_both_signs_has_the_central_interval(measured: Make) -> None:
    found = limit(measured(1.0, 2.0, lower=-math.inf), toys=600)
    for end, error, wanted in zip(
        found.details["interval"], found.details["interval_error"], (-2.290, 4.290), strict=True
    ):
        assert abs(end - wanted) < 4 * error
    assert not found.details["lower_is_bound"]
    assert found.details["connected"]


@pytest.mark.long
def test_nuisances_widen_the_interval() -> None:
    known, unknown = limit(counting(40.0, 30.0), toys=400), limit(counting(40.0, 30.0, 6.0), toys=400)
    assert unknown.value > known.value + 2
    assert abs(unknown.value - (10 + 1.645 * math.sqrt(40 + 36))) < 2.0


def test_toys_are_of_the_conditional_fit_and_its_constraint(monkeypatch: pytest.MonkeyPatch) -> None:
    truths = []
    made = Ensemble.__init__

    def seen(self: Ensemble, model: SpectralModel, truth: Any = None) -> None:
        truths.append(dict(truth))
        made(self, model, truth)

    monkeypatch.setattr(Ensemble, "__init__", seen)
    model = counting(40.0, 30.0, 6.0)
    Belt(fit(model), "signal", seed=1).at(25.0, 10)
    conditional = fit(model, fix={"signal": 25.0})
    assert truths[-1]["signal"] == 25.0
    assert truths[-1]["background"] == pytest.approx(conditional.values["background"], rel=1e-5)
    assert truths[-1]["background"] < 26.0


def test_a_belt_adds_toys_and_never_draws_one_twice() -> None:
    model = counting(12.0, 9.0, 2.0)
    one, two = Belt(fit(model), "signal", seed=7), Belt(fit(model), "signal", seed=7)
    at_once = one.at(3.0, 300)
    two.at(3.0, 120)
    in_steps = two.at(3.0, 300)
    np.testing.assert_allclose(in_steps.q, at_once.q, atol=1e-6)
    assert two.at(3.0, 100).toys == 300
    other = one.at(4.0, 50)
    assert (at_once.first, other.first) == (0, 2**32)
    assert [point.value for point in one.points] == [3.0, 4.0]
    assert one.done == 350
    best = fit(model)
    held = fit(model, fix={"signal": 3.0})
    assert at_once.observed == pytest.approx(2 * (held.nll - best.nll), abs=1e-5)
    assert one.at(best.values["signal"], 20).p_value == 1.0


def test_it_is_the_same_again_and_another_with_another_seed() -> None:
    model = counting(30.0, 25.0, 4.0)
    first, again, other = limit(model), limit(model), limit(model, seed=2)
    assert first.details == again.details
    assert first.value != other.value
    assert abs(first.value - other.value) < 5 * math.hypot(
        first.details["interval_error"][1], other.details["interval_error"][1]
    )


def test_details_are_plain_data_and_tell_all() -> None:
    calls: list[tuple[int, int]] = []
    found = limit(counting(30.0, 25.0, 4.0), progress=lambda done, total: calls.append((done, total)))
    details = json.loads(json.dumps(found.details))
    grid = details["grid"]
    assert sum(point["toys"] + point["failed"] for point in grid) == details["toys"] == calls[-1][0]
    assert all(done <= total for done, total in calls)
    assert calls[-1][0] == calls[-1][1]
    assert len(calls) >= details["toys"] // BLOCK
    assert [point["value"] for point in grid] == sorted(point["value"] for point in grid)
    assert len({point["first_toy"] for point in grid}) == len(grid)
    assert details["q_asymptotic"] == pytest.approx(2.706, abs=1e-3)
    assert (details["poi"], details["unit"], details["cl"]) == ("signal", "events", 0.9)
    for point in grid:  # a value is accepted where its ratio is at most the critical one
        accepted = point["p_value"] > 0.1
        assert accepted == (point["q_observed"] <= point["q_critical"] + 1e-6) or point["p_value"] == 0.1
    inside = [p["value"] for p in grid if p["p_value"] - 3 * p["p_value_error"] > 0.1]
    assert max(inside) < found.value


class Failing(Ensemble):
    """Fits of toys that fail for some counts."""

    above = 22.0

    def pairs(self, data: DataSets, fix: Any) -> tuple[Fits, Fits]:
        free, held = super().pairs(data, fix)
        if len(data) == 1:
            return free, held
        bad = data.observed[:, 0] > self.above
        status = np.where(bad, 1, free.status).astype(np.int8)
        reasons = {int(row): "made to fail" for row in np.flatnonzero(bad)}
        return dataclasses.replace(free, status=status, reasons=reasons), held


def test_toys_that_fail_are_counted_and_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(belt_module, "Ensemble", Failing)
    found = limit(counting(12.0, 10.0, 2.0), toys=200)
    assert found.details["failed"] > 0
    assert f"{found.details['failed']} of {found.details['toys']} toys could not be fitted" in found.notes[-1]
    for point in found.details["grid"]:
        assert point["toys"] + point["failed"] >= 100


def test_a_model_whose_toys_cannot_be_fitted_has_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Failing, "above", 5.0)
    monkeypatch.setattr(belt_module, "Ensemble", Failing)
    with pytest.raises(FitError, match=r"toys of 'signal' = .* could not be fitted \(made to fail\)"):
        limit(counting(12.0, 10.0, 2.0), toys=200)


def test_holes_in_the_accepted_region_are_told() -> None:
    """Likelihood ratios of a made-up experiment that excludes values between 1 and 2."""

    class Holed(Closed):
        def at(self, value: float, toys: int) -> Any:
            share = 0.02 if 1 < abs(value) < 2 or abs(value) > 4 else 0.5
            exceeding = round(share * toys)
            self.q[value] = np.concatenate(
                [np.linspace(2, 3, exceeding), np.linspace(0, 1, toys - exceeding)]
            )
            return self._point(value)

        def ratio(self, x: Any, value: float) -> Any:
            return np.asarray(1.5)

    belt: Any = Holed(0.0, None, seed=1)
    for value in (0.5, 1.5, 3.0, 5.0):
        belt.at(value, 500)
    end = Search(belt, 1, math.inf, 8.0, 0.9, (500, 2000)).find()
    assert end.value == pytest.approx(4.0, rel=0.02)
    assert not end.smooth
    from nurecoil.inference.belt_ends import End
    from nurecoil.inference.feldman_cousins import _limit

    belt.done = 1
    made = _limit(belt, End(0.0, 0.0, True, True), end, 0.9, 2000, "1")
    assert not made.details["connected"]
    assert made.notes[0].startswith("the accepted region has holes (at 1.5)")


def test_an_upper_bound_that_is_not_excluded_is_no_limit() -> None:
    model = counting(10.0, 10.0).with_parameters(signal={"upper": 4.0})
    scan = profile(model, "signal", np.linspace(0, 4, 9))
    with pytest.raises(FitError, match="upper bound 4 is not excluded"):
        feldman_cousins_limit(fit(model), scan, 0.9, MethodOptions(toys=100))


def test_a_short_scan_is_walked_beyond() -> None:
    model = counting(30.0, 25.0, 4.0)
    scan = profile(model, "signal", [4.0, 6.0])
    found = feldman_cousins_limit(fit(model), scan, 0.9, MethodOptions(toys=300))
    other = limit(model)
    errors = math.hypot(found.details["interval_error"][1], other.details["interval_error"][1])
    assert abs(found.value - other.value) < 4 * errors


@pytest.mark.parametrize(("cl", "least", "default"), [(0.9, 100, 2000), (0.95, 200, 4000), (0.68, 32, 625)])
def test_how_many_toys(cl: float, least: int, default: int) -> None:
    assert (least_toys(cl), default_toys(cl)) == (least, default)


@pytest.mark.parametrize(
    ("cl", "options", "message"),
    [
        (90.0, {}, "confidence level: 90"),
        (
            0.9,
            {"toys": 99},
            "toys of a Feldman-Cousins interval: 99. Allowed: at least 100 at 90 %; 0 for 2000",
        ),
        (0.95, {"toys": 199}, "at least 200 at 95 %"),
        (0.9, {"toys": -5}, "toys of a Feldman-Cousins interval: -5"),
        (0.9, {"toys": 100, "seed": -1}, "seed of the toys: -1"),
    ],
)
def test_impossible_requests_are_refused(cl: float, options: dict[str, Any], message: str) -> None:
    model = counting(3.0, 3.0)
    with pytest.raises(OptionError, match=message):
        feldman_cousins_limit(fit(model), profile(model, "signal"), cl, MethodOptions(**options))


def test_models_without_a_free_parameter_of_interest_are_refused(two_rates: Make) -> None:
    model = two_rates()
    best, scan = fit(model), profile(model, "s")
    held = fit(model.with_parameters(s={"fixed": True}))
    bare = fit(SpectralModel(model.channels, model.parameters))
    refused: tuple[tuple[Any, Any, str], ...] = (
        (bare, scan, "no parameter of interest"),
        (held, scan, "parameter of interest 's' is fixed"),
        (fit(model, fix={"s": 1.0}), scan, "parameter of interest 's' is fixed"),
        (best, profile(model, "b"), "a scan of 'b'. Allowed: one of 's'"),
    )
    for result, one, message in refused:
        with pytest.raises(ModelError, match=message):
            feldman_cousins_limit(result, one, 0.9, MethodOptions(toys=100))


def test_data_that_cannot_be_fitted_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    true = Ensemble.fit

    def broken(self: Ensemble, data: DataSets, fix: Any = None, start: Any = None) -> Fits:
        found = true(self, data, fix, start)
        return dataclasses.replace(found, status=np.ones(len(found), np.int8), reasons={0: "made to fail"})

    monkeypatch.setattr(Ensemble, "fit", broken)
    with pytest.raises(NurecoilError, match=r"conditional fit at 'signal' = 2: made to fail"):
        Belt(fit(counting(3.0, 3.0)), "signal", seed=1).at(2.0, 10)


@pytest.mark.long
@pytest.mark.parametrize("row", [r for r in PUBLISHED if r["background"]], ids=lambda r: str(r["count"]))
def test_whole_models_agree_with_the_published_table(row: dict[str, Any]) -> None:
    found = limit(counting(float(row["count"]), 3.0), toys=0)
    for end, error, wanted in zip(
        found.details["interval"], found.details["interval_error"], row.get("constructed", row["interval"]),
        strict=True,
    ):  # fmt: skip
        assert abs(end - wanted) < 3 * error + REFERENCE["poisson"]["last_digit"]


@pytest.mark.long
def test_whole_models_with_a_nuisance_cover() -> None:
    """200 data sets at a truth, background measured beside: intervals hold it as often as they should."""
    truth = {"signal": 6.0, "background": 10.0}
    base = counting(16.0, 10.0, 2.0)
    ensemble = Ensemble(base, truth)
    data = ensemble.draw(3, 0, 200)
    holding = 0
    for row in range(len(data)):
        low, high = limit(data.model(base, row), toys=200, seed=row).details["interval"]
        holding += low <= truth["signal"] <= high
    assert abs(holding / len(data) - 0.9) < 3 * math.sqrt(0.09 / len(data))
