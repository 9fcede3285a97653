"""Coverage against closed forms: one number with a normal error, and counts."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from nurecoil.engine.data import DataSets
from nurecoil.errors import FitError, ModelError, OptionError
from nurecoil.inference.coverage import check_request, coverage, judged
from nurecoil.inference.coverage_results import CONVENTIONS, Coverage, CoverageRow
from nurecoil.inference.coverage_toys import ToysAtTruth, TruthStudy
from nurecoil.inference.ensembles import Ensemble
from nurecoil.inference.rules import RULES
from nurecoil.model.spectral import SpectralModel
from nurecoil.testing.models import counting

Measure = Callable[..., SpectralModel]
CHEAP = ("delta-chi2-one-sided", "delta-chi2-two-sided", "feldman-cousins")
ALL = tuple(CONVENTIONS)


def limit_on(x: float, method: str) -> float:
    """The 90 % limit on a number of at least 0 that was measured as ``x`` with a unit normal error."""
    if method == "area":
        return float(x - ndtri(0.1 * ndtr(x)))
    reach = float(ndtri(0.9 if method.endswith("one-sided") else 0.95))
    return x + reach if x >= 0 else x + math.hypot(x, reach)


def exact(method: str, truth: float) -> float:
    """Coverage of that limit."""
    if method == "feldman-cousins":
        return 0.9
    if limit_on(-30.0, method) >= truth:
        return 1.0
    edge = float(brentq(lambda x: limit_on(x, method) - truth, -30.0, 30.0))
    return float(ndtr(truth - edge))


def agrees(row: CoverageRow, wanted: float, sigmas: float = 3.3) -> None:
    """Within the binomial error of the exact coverage, and that of a critical value."""
    spread = math.sqrt(wanted * (1 - wanted) / row.toys * (2 if row.method == "feldman-cousins" else 1))
    assert row.coverage == pytest.approx(wanted, abs=sigmas * spread + 1e-12), row


@pytest.mark.parametrize("truth", [0.0, 1.0, 6.0])
def test_coverage_of_a_measured_number(measured: Measure, truth: float) -> None:
    found = coverage(measured(1.5), [truth], CHEAP, n=500, seed=3)
    for row in found.rows:
        agrees(row, exact(row.method, truth))
        assert row.failed == 0 and math.isnan(row.median)
    assert found.of("delta-chi2-one-sided", truth).coverage >= 0.85


def test_far_from_the_bound_rules_cover_what_they_are_known_for() -> None:
    assert exact("delta-chi2-two-sided", 30.0) == pytest.approx(0.95, abs=1e-9)
    assert exact("delta-chi2-one-sided", 30.0) == pytest.approx(0.90, abs=1e-9)
    assert exact("area", 8.0) == pytest.approx(0.90, abs=1e-6)
    assert exact("area", 0.0) == exact("delta-chi2-one-sided", 0.0) == 1.0


@pytest.mark.parametrize("truth", [0.0, 2.0])
def test_area_rules_read_the_limit_off_every_profile(measured: Measure, truth: float) -> None:
    """Each limit is that of the closed form, and the coverage follows."""
    study = TruthStudy(measured(1.5), truth, ["area", "delta-chi2-one-sided"], 0.9)
    toys = study.run(1, 0, 60)
    data = study.ensemble.draw(1, study.stream, 60).observed[:, 0]
    for method, limits in toys.limits.items():
        wanted = [limit_on(x, method) for x in data]
        np.testing.assert_allclose(limits, wanted, rtol=0.006)
    (row,) = judged(toys, ["area"], 0.9)
    assert row.covered == sum(limit_on(x, "area") >= truth for x in data)
    assert row.median == pytest.approx(np.median(toys.limits["area"]))
    assert row.mean == pytest.approx(np.mean(toys.limits["area"]))


def test_without_signal_the_area_rule_always_covers(measured: Measure) -> None:
    found = coverage(measured(0.3), [0.0], ["area", "area-squared"], n=50)
    for row in found.rows:
        assert row.coverage == row.high == 1.0
        assert 0.95 < row.low < 1.0
        assert row.median > 1.0


def test_the_cheap_form_of_a_crossing_is_the_crossing(measured: Measure) -> None:
    study = TruthStudy(measured(1.0, power=2), 1.2, ["area", *CHEAP[:2]], 0.9)
    toys = study.run(2, 0, 80)
    for method in CHEAP[:2]:
        (row,) = judged(toys, [method], 0.9)
        assert row.covered == np.count_nonzero(toys.limits[method] >= 1.2)


def poisson_coverage(truth: float, background: float, threshold: float) -> float:
    """Coverage of the delta chi2 limit on a signal over a known background."""
    counts = np.arange(0, 3 * int(truth + background) + 20)
    best = np.maximum(counts - background, 0.0)
    mean, fitted = truth + background, best + background
    q = 2 * (mean - fitted - counts * np.log(mean / fitted))
    covers = (best >= truth) | (q <= threshold)
    return float(stats.poisson.pmf(counts, mean)[covers].sum())


@pytest.mark.parametrize(("truth", "background"), [(0.5, 3.0), (4.0, 3.0), (30.0, 400.0)])
def test_coverage_of_counts(truth: float, background: float) -> None:
    found = coverage(counting(background, background), [truth], CHEAP[:2], n=500, seed=5)
    for method, quantile in zip(CHEAP[:2], (0.9, 0.95), strict=True):
        agrees(found.of(method, truth), poisson_coverage(truth, background, float(ndtri(quantile)) ** 2))


def test_feldman_cousins_of_few_counts_never_covers_too_little() -> None:
    found = coverage(counting(3.0, 3.0), [0.5], ["feldman-cousins"], n=500, seed=2)
    (row,) = found.rows
    mean, counts = 3.5, np.arange(40)
    fitted = np.maximum(counts, 3.0)
    q = 2 * (mean - fitted - counts * np.log(mean / fitted))
    chances = stats.poisson.pmf(counts, mean)
    order = np.argsort(q)
    reached = int(np.searchsorted(np.cumsum(chances[order]), 0.9))
    assert row.critical == pytest.approx(q[order][reached], abs=1e-5)
    agrees(row, float(np.cumsum(chances[order])[reached]))


def test_nuisances_are_at_their_best_under_the_truth() -> None:
    model = counting(20.0, 10.0, background_error=2.0)
    study = TruthStudy(model, 0.0, [], 0.9)
    # (b - 10) / 4 + 1 - 20 / b = 0
    assert study.values["background"] == pytest.approx(3 + math.sqrt(89), abs=2e-4)
    assert study.ensemble.model.values == pytest.approx(study.values)


@pytest.mark.long
@pytest.mark.parametrize("truth", [0.0, 1.0, 2.0, 6.0])
def test_ninety_per_cent_over_ten_thousand_toys(measured: Measure, truth: float) -> None:
    found = coverage(measured(1.5), [truth], CHEAP, n=10_000, seed=1)
    for row in found.rows:
        agrees(row, exact(row.method, truth), 3.0)


@pytest.mark.long
@pytest.mark.parametrize("truth", [1.0, 6.0])
def test_the_area_rule_over_ten_thousand_toys(measured: Measure, truth: float) -> None:
    (row,) = coverage(measured(1.5), [truth], ["area"], n=10_000, seed=1).rows
    agrees(row, exact("area", truth), 3.0)


@pytest.mark.long
def test_high_counts_over_ten_thousand_toys() -> None:
    """A count of thousands: 90 and 95 %, as for a normal error, up to the steps of whole counts."""
    truth, background = 500.0, 10_000.0
    found = coverage(counting(background, background), [truth], CHEAP, n=10_000, seed=1)
    for method, quantile in zip(CHEAP[:2], (0.9, 0.95), strict=True):
        wanted = poisson_coverage(truth, background, float(ndtri(quantile)) ** 2)
        assert wanted == pytest.approx(quantile, abs=2e-3)
        agrees(found.of(method, truth), wanted, 3.0)
    agrees(found.of("feldman-cousins", truth), 0.9, 3.0)


def test_thresholds_are_those_of_the_rules(measured: Measure) -> None:
    """A truth just inside and just outside the limit of the rule itself."""
    for method in CHEAP[:2]:
        reach = float(ndtri(0.9 if method.endswith("one-sided") else 0.95))
        q = np.array([(reach - 1e-4) ** 2, (reach + 1e-4) ** 2])
        toys = ToysAtTruth(1.0, 0, q, np.zeros(2), {})
        assert judged(toys, [method], 0.9)[0].covered == 1
        assert RULES[method].convention.count(f"{reach**2:.2f}") == 1


def test_toys_do_not_depend_on_what_else_is_studied(
    measured: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = measured(1.0)
    alone = coverage(model, [2.0], ["feldman-cousins"], n=60)
    monkeypatch.setattr("nurecoil.inference.coverage.BLOCK", 25)
    told: list[tuple[int, int]] = []
    both = coverage(
        model, [1.0, 2.0, 1.0], ["delta-chi2-one-sided", "feldman-cousins"], n=60,
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    one, other = alone.of("feldman-cousins", 2.0), both.of("feldman-cousins", 2.0)
    assert one == dataclasses.replace(other, critical=one.critical)
    assert one.critical == pytest.approx(other.critical, rel=1e-9)
    assert both.truths == (1.0, 2.0)
    assert told == [(done, 240) for done in (50, 100, 120, 170, 220, 240)]


def test_toys_of_the_critical_value_are_others(measured: Measure) -> None:
    study = TruthStudy(measured(1.0), 2.0, [], 0.9)
    other = TruthStudy(measured(1.0), 3.0, [], 0.9)
    q = study.run(1, 0, 30).q
    assert not np.intersect1d(q, study.others(1, 0, 30)).size
    shift = study.ensemble.draw(1, study.stream, 30).observed - 2
    assert not np.isclose(shift, other.ensemble.draw(1, other.stream, 30).observed - 3).any()


def test_blocks_join() -> None:
    study = TruthStudy(counting(3.0, 1.0), 2.0, ["area"], 0.9)
    whole, late, early = study.run(1, 0, 12), study.run(1, 5, 7), study.run(1, 0, 5)
    joined = ToysAtTruth.joined([late, early])
    np.testing.assert_allclose(joined.q, whole.q, atol=1e-9)
    np.testing.assert_allclose(joined.limits["area"], whole.limits["area"], rtol=1e-6)


def failing(monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    """Let every so many-th free fit fail."""
    true = Ensemble.pairs

    def fails(self: Ensemble, data: DataSets, fix: Any) -> Any:
        free, fixed = true(self, data, fix)
        bad = np.arange(len(data)) < share * len(data)
        reasons = {int(row): "made to fail" for row in np.flatnonzero(bad)}
        return dataclasses.replace(free, status=bad.astype(np.int8), reasons=reasons), fixed

    monkeypatch.setattr(Ensemble, "pairs", fails)


def test_failures_are_counted_and_told(measured: Measure, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, 0.1)
    found = coverage(measured(1.0), [1.0], ["delta-chi2-one-sided", "area"], n=40)
    for row in found.rows:
        assert (row.failed, row.toys) == (4, 36)
    first = TruthStudy(measured(1.0), 1.0, [], 0.9).stream
    assert found.failures == tuple((1.0, first + row, "made to fail") for row in range(4))
    assert any("4 of 40 toys" in note for note in found.notes)


def test_a_point_of_a_profile_that_fails_costs_the_limit(
    measured: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = Ensemble.profile

    def fails(self: Ensemble, data: DataSets, name: str, values: Any) -> Any:
        found = true(self, data, name, values)
        found[0, 3] = math.nan
        return found

    monkeypatch.setattr(Ensemble, "profile", fails)
    found = coverage(measured(1.0), [1.0], ["delta-chi2-one-sided", "area"], n=20)
    assert found.of("area", 1.0).failed == 1 and found.of("delta-chi2-one-sided", 1.0).failed == 0
    assert "a point of its profile" in found.failures[0][2]


def test_too_many_failures_are_an_error(measured: Measure, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, 0.6)
    with pytest.raises(FitError, match=r"8 of 20 toys have an answer.*made to fail"):
        coverage(measured(1.0), [1.0], ["area"], n=20)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"n": 19}, "toys: 19. Allowed: at least 20"),
        ({"n": 2**41}, "toys: 2199023255552. Allowed: at most"),
        ({"seed": -1}, "seed of the toys: -1"),
        ({"methods": ["aera"]}, "coverage method: 'aera' is not known.*Did you mean 'area'"),
        ({"methods": []}, "coverage method: none"),
        ({"cl": 90.0}, "confidence level: 90"),
        ({"cl": 0.4, "methods": ["delta-chi2-one-sided"]}, "0.4 for delta-chi2-one-sided"),
        ({"points": 5}, "profile points: 5"),
        ({"truths": []}, "truth: none"),
        ({"truths": [-1.0]}, r"parameter 'signal': value -1.0. Allowed: a value in \[0, inf\]"),
        ({"truths": [math.nan]}, "parameter 'signal': value nan"),
    ],
)
def test_what_cannot_be_studied(words: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        coverage(counting(3.0, 1.0), **{"truths": [1.0], "n": 20, **words})


def test_a_parameter_of_interest_is_needed() -> None:
    model = counting(3.0, 1.0)
    with pytest.raises(ModelError, match="no parameter of interest"):
        coverage(dataclasses.replace(model, poi=None), [1.0])
    with pytest.raises(ModelError, match="'signal' is fixed"):
        coverage(model.with_parameters(signal={"fixed": True}), [1.0])


def test_every_method_that_is_known_is_asked_for() -> None:
    check_request(ALL, 0.9, 20, 1)
    assert set(RULES) < set(ALL)


def test_the_document_is_plain() -> None:
    found = coverage(counting(3.0, 1.0), [1.0], ["delta-chi2-one-sided"], n=20)
    (row,) = found.to_json()["rows"]
    assert row["median"] is None and row["critical"] is None and row["toys"] == 20
    assert found.to_json()["conventions"].keys() == {"delta-chi2-one-sided"}


def test_a_row_that_is_not_there() -> None:
    found = Coverage("mu", "1", 0.9, (CoverageRow(0.0, "area", 20, 20, 0, 0.95, 1.0),), 1)
    with pytest.raises(OptionError, match="no row of 'area' at 1"):
        found.of("area", 1.0)
