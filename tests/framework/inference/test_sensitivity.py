"""Asimov data and expected limits: the truth comes back, the auxiliary measurements move with it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Container, Mapping
from itertools import count, pairwise
from typing import Any

import numpy as np
import pytest
from scipy import stats

import nurecoil.inference.sensitivity as sensitivity_module
from nurecoil.engine.response import compile_response
from nurecoil.errors import FitError, ModelError, OptionError
from nurecoil.inference.fit import fit
from nurecoil.inference.limits import Limit, limit
from nurecoil.inference.pseudo_data import asimov
from nurecoil.inference.sensitivity import BANDS, check_toys, sensitivity
from nurecoil.model.parameters import (
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    Parameter,
    PoissonConstraint,
)
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel
from nurecoil.testing.models import counting

Make = Callable[..., SpectralModel]


def everything() -> SpectralModel:
    """A model with a constraint of every kind and a channel of each."""
    parameters = [
        Parameter("mu", "mu_B", 0.0, 0.0),
        Parameter("gauss", "1", 1.0, 0.0, constraint=GaussianConstraint(1.2, 0.1)),
        Parameter("log", "1", 1.0, 0.0, constraint=LogNormalConstraint(0.9, 1.1)),
        Parameter("count", "1", 1.0, 0.0, constraint=PoissonConstraint(80.0, 90.0)),
        Parameter("joint.a", "1", 1.0, 0.0),
        Parameter("joint.b", "1", 1.0, 0.0),
        Parameter("free", "1", 1.0, 0.0),
        Parameter("fixed", "1", 2.0, constraint=GaussianConstraint(1.0, 1.0), fixed=True),
    ]
    rng = np.random.default_rng(4)
    names = ("gauss", "log", "count", "joint.a", "joint.b", "free", "fixed")
    samples = [Sample(name, rng.uniform(10, 100, 12), {name: 1}) for name in names]
    samples.append(Sample("signal", rng.uniform(10, 100, 12), {"mu": 2}, group="signal"))
    channel = PoissonChannel(
        "t/x", "x", "1", np.arange(13.0), tuple(samples), rng.poisson(300, 12).astype(float)
    )
    sums = GaussianChannel(
        "t/sum", "r", "1", (Sample("free", np.full(1, 3.0), {"free": 1}),), np.full(1, 2.0), np.full(1, 0.5)
    )
    joint = CovarianceConstraint(("joint.a", "joint.b"), (1.1, 0.8), ((0.04, 0.01), (0.01, 0.09)))
    return SpectralModel((channel, sums), {p.name: p for p in parameters}, (joint,), poi="mu")


TRUTH = {
    "mu": 0.7, "gauss": 1.3, "log": 0.8, "count": 1.1, "joint.a": 0.9, "joint.b": 1.4,
    "free": 0.6, "fixed": 2.0,
}  # fmt: skip


def test_the_fit_of_asimov_data_returns_the_truth() -> None:
    made = asimov(everything(), TRUTH)
    result = fit(made, start={name: 1.0 for name in made.free})
    assert result.values == pytest.approx(TRUTH, rel=2e-4)
    assert result.goodness.statistic == pytest.approx(0.0, abs=1e-6)
    assert fit(made).values == pytest.approx(TRUTH, rel=1e-12)
    assert made.values == pytest.approx(TRUTH, rel=1e-15)


def test_auxiliary_measurements_are_what_the_truth_predicts() -> None:
    made = asimov(everything(), TRUTH)
    assert made.parameters["gauss"].constraint == GaussianConstraint(1.3, 0.1)
    assert made.parameters["log"].constraint == LogNormalConstraint(0.8, 1.1)
    assert made.parameters["count"].constraint == PoissonConstraint(90.0 * 1.1, 90.0)
    assert made.parameters["fixed"].constraint == GaussianConstraint(2.0, 1.0)
    assert made.constraints[0].centre == (0.9, 1.4)
    assert made.constraints[0].covariance == everything().constraints[0].covariance
    assert made.channels[1].observed.tolist() == pytest.approx([1.8])
    assert all(channel.asimov for channel in made.channels)
    assert not any(channel.asimov for channel in everything().channels)


def test_values_left_out_are_the_starting_values() -> None:
    made = asimov(counting(3.0, 1.0), {"signal": 4.0})
    assert made.channels[0].observed.tolist() == [5.0]
    assert asimov(counting(3.0, 1.0)).channels[0].observed.tolist() == [1.0]
    with pytest.raises(ModelError, match="'signl' is not known"):
        asimov(counting(3.0, 1.0), {"signl": 4.0})


def test_a_rate_of_zero_measured_in_counts_is_no_counts() -> None:
    parameter = Parameter("rate", "1", 0.0, 0.0, constraint=PoissonConstraint(2.0, 5.0))
    samples = (Sample("s", np.ones(1), {"rate": 1}), Sample("flat", np.ones(1)))
    channel = PoissonChannel("t/x", "x", "1", np.arange(2.0), samples, np.ones(1))
    made = asimov(SpectralModel((channel,), {"rate": parameter}))
    assert made.parameters["rate"].constraint == PoissonConstraint(0.0, 5.0)
    result = fit(made, start={"rate": 1.0})
    assert result.values["rate"] == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize("method", ["area", "delta-chi2-two-sided"])
def test_the_expected_limit_of_a_measurement(measured: Make, method: str) -> None:
    # whatever was observed, background-only data are at zero: a half normal
    for observed in (-1.0, 0.0, 3.0):
        found = sensitivity(measured(observed, 2.0), method)
        assert found.median == pytest.approx(2 * stats.norm.ppf(0.95), rel=1e-3)
        assert found.limit.value == found.median
        assert found.unit == "1"


def test_nuisances_are_those_that_the_data_prefer() -> None:
    model = counting(16.0, 10.0, 2.0)
    found = sensitivity(model)
    conditional = fit(model, fix={"signal": 0.0})
    assert conditional.values["background"] > 11.0
    by_hand = limit(asimov(conditional.model, conditional.values))
    assert found.median == pytest.approx(by_hand.value, rel=1e-9)
    starting = sensitivity(asimov(model))
    assert starting.median == pytest.approx(limit(asimov(model)).value, rel=1e-9)
    assert starting.median < found.median


def test_a_model_without_data_stands_for_itself() -> None:
    made = asimov(counting(0.0, 4.0), {"signal": 3.0})
    assert sensitivity(made).median == pytest.approx(sensitivity(asimov(counting(0.0, 4.0))).median, rel=1e-6)


def test_a_compiled_response_stays_compiled(peak_model: SpectralModel) -> None:
    exact = sensitivity(peak_model, points=9)
    compiled = sensitivity(compile_response(peak_model), points=9)
    assert compiled.limit.model.metadata["response"]["form"] == "compiled"
    assert compiled.median == pytest.approx(exact.median, rel=1e-2)


def test_it_shows_and_stores_itself() -> None:
    found = sensitivity(counting(3.0, 1.0))
    assert repr(found) == "<Sensitivity signal < 3.272 [2.303, 4.912] events expected at 90 % (area, Asimov)>"
    document = found.to_json()
    assert document["median"] == document["value"] == found.median
    assert document["asimov"] == ["toy/count"]
    assert document["bands"] == {f"{sigma:+d}": found.bands[sigma] for sigma in BANDS}
    assert (document["bands_from"], document["toys"]) == ("Asimov", None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "aera"}, "limit method: 'aera' is not known"),
        ({"cl": 90.0}, "confidence level"),
        ({"toys": 19}, "toys: 19. Allowed: at least 20, for quantiles up to two sigma; or 0."),
        ({"toys": -20}, "toys: -20"),
        ({"toys": 20, "seed": -1}, "seed of the toys: -1. Allowed: a whole number from 0"),
        ({"seed": 2**64}, "seed of the toys: 18446744073709551616"),
    ],
)
def test_impossible_requests_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        sensitivity(counting(3.0, 1.0), **arguments)  # type: ignore[arg-type]


def test_without_a_parameter_of_interest_there_is_no_expected_limit(two_rates: Make) -> None:
    model = two_rates()
    with pytest.raises(ModelError, match="sensitivity: the model has no parameter of interest"):
        sensitivity(SpectralModel(model.channels, model.parameters))
    assert math.isfinite(sensitivity(model).median)


def in_order(bands: Mapping[int, float], median: float) -> bool:
    rising = [bands[-2], bands[-1], median, bands[1], bands[2]]
    return all(low <= high * (1 + 1e-3) for low, high in pairwise(rising))


@pytest.mark.parametrize(
    ("method", "threshold"), [("delta-chi2-one-sided", 1.2816), ("delta-chi2-two-sided", 1.6449)]
)
@pytest.mark.parametrize("width", [0.5, 2e-11])
def test_the_bands_of_a_measurement_are_those_of_its_formula(
    measured: Make, method: str, threshold: float, width: float
) -> None:
    """At ``x`` below 0 the best fit stays at 0: ``(s - x)^2 - x^2`` reaches the threshold's square."""
    found = sensitivity(measured(0.3 * width, width), method)
    for sigma, value in {**found.bands, 0: found.median}.items():
        limit_ = sigma + threshold if sigma >= 0 else sigma + math.hypot(sigma, threshold)
        assert value == pytest.approx(limit_ * width, rel=2e-3), sigma
    assert in_order(found.bands, found.median)


def test_the_bands_of_an_area(measured: Make) -> None:
    found = sensitivity(measured(1.0, 1.0))
    for sigma, value in found.bands.items():
        tail = 0.1 * stats.norm.sf(-sigma)
        assert value == pytest.approx(sigma + stats.norm.isf(tail), rel=3e-3), sigma


def test_a_signal_of_both_signs_fluctuates_to_the_right_place(measured: Make) -> None:
    found = sensitivity(measured(1.0, 1.0, lower=-math.inf))
    for sigma, value in found.bands.items():
        assert value == pytest.approx(sigma + stats.norm.ppf(0.9), abs=5e-3), sigma


def test_bands_of_a_square_are_fluctuations_of_the_data(measured: Make) -> None:
    found = sensitivity(measured(1.0, 1.0, power=2), "delta-chi2-two-sided")
    for sigma, value in found.bands.items():
        limit_ = sigma + 1.6449 if sigma >= 0 else sigma + math.hypot(sigma, 1.6449)
        assert value == pytest.approx(math.sqrt(limit_), rel=3e-3), sigma


def test_nuisances_widen_what_the_data_can_do() -> None:
    known, unknown = sensitivity(counting(100.0, 100.0)), sensitivity(counting(100.0, 100.0, 20.0))
    assert in_order(known.bands, known.median)
    assert in_order(unknown.bands, unknown.median)
    assert unknown.bands[1] / known.bands[1] == pytest.approx(math.hypot(10, 20) / 10, rel=0.1)


def test_a_bound_too_near_leaves_no_bands() -> None:
    model = counting(100.0, 100.0).with_parameters(signal={"upper": 18.0})
    with pytest.raises(FitError, match=r"bands of 'signal'.* a rise by 2, at 2 sigma"):
        sensitivity(model, "delta-chi2-two-sided")


def test_bands_out_of_order_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    heights = iter([1.0, 2.0, 3.0, 4.0, 3.5])
    true = sensitivity_module.limit

    def falling(*arguments: Any, **more: Any) -> Limit:
        return dataclasses.replace(true(*arguments, **more), value=next(heights))

    monkeypatch.setattr(sensitivity_module, "limit", falling)
    found = sensitivity(counting(3.0, 1.0))
    note = "the limit does not rise with the data: take the bands from toys"
    assert note in found.to_json()["notes"]
    monkeypatch.undo()
    assert note not in sensitivity(counting(3.0, 1.0)).to_json()["notes"]


@pytest.mark.parametrize("method", ["area", "delta-chi2-two-sided"])
def test_toys_agree_with_asimov_bands(method: str) -> None:
    model = counting(400.0, 400.0, 15.0)
    quick, slow = sensitivity(model, method), sensitivity(model, method, toys=200, seed=5)
    assert (quick.source, slow.source) == ("Asimov", "toys")
    assert slow.median == pytest.approx(quick.median, rel=0.08)
    for sigma, tolerance in {-2: 0.12, -1: 0.1, 1: 0.1, 2: 0.15}.items():
        assert slow.bands[sigma] == pytest.approx(quick.bands[sigma], rel=tolerance), sigma
    assert slow.limit.value == quick.limit.value


def test_quantiles_are_those_of_the_limits() -> None:
    found = sensitivity(counting(50.0, 50.0), toys=40, seed=2)
    assert found.toys is not None
    limits = np.array(found.toys.limits)
    assert found.median == pytest.approx(np.median(limits))
    assert found.bands == pytest.approx({s: np.quantile(limits, stats.norm.cdf(s)) for s in BANDS})
    assert found.to_json()["toys"] == {"n": 40, "seed": 2, "limits": limits.tolist(), "failures": []}
    assert "toys)>" in repr(found)


def test_a_toy_depends_on_seed_and_number_alone() -> None:
    model = counting(30.0, 30.0, 3.0)

    def limits(toys: int, seed: int) -> tuple[float, ...]:
        found = sensitivity(model, toys=toys, seed=seed, points=9).toys
        assert found is not None
        return found.limits

    assert limits(20, 4) == limits(23, 4)[:20]
    assert limits(20, 4) != limits(20, 5)


def fail(monkeypatch: pytest.MonkeyPatch, which: Container[int], kind: type[Exception]) -> None:
    """Let some toys fail; the first limit of all is that of the Asimov data."""
    calls = count(-1)
    true = sensitivity_module.limit

    def failing(*arguments: Any, **more: Any) -> Limit:
        if (number := next(calls)) in which:
            raise kind("fit", f"made to fail {number}", "nothing")
        return true(*arguments, **more)

    monkeypatch.setattr(sensitivity_module, "limit", failing)


def test_failures_are_recorded_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sensitivity(counting(30.0, 30.0), toys=30).toys
    fail(monkeypatch, (3, 7), FitError)
    found = sensitivity(counting(30.0, 30.0), toys=30)
    assert whole is not None and found.toys is not None
    assert [index for index, _ in found.toys.failures] == [3, 7]
    assert found.toys.limits == tuple(v for i, v in enumerate(whole.limits) if i not in (3, 7))
    assert found.toys.failed == pytest.approx(2 / 30)
    document = found.to_json()
    assert document["toys"]["failures"][0]["toy"] == 3
    (note,) = document["notes"]
    assert note.startswith("2 of 30 toys gave no limit and are left out, the first toy 3: fit: made")


def test_too_few_that_succeed_are_no_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, range(14, 100), FitError)
    with pytest.raises(FitError, match=r"14 of 30 toys give .*half of them.*Toy 14 says: fit: made"):
        sensitivity(counting(30.0, 30.0), toys=30)


def test_what_is_no_failed_fit_is_no_accident_of_a_toy(monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, (3,), ModelError)
    with pytest.raises(ModelError, match="made to fail 3"):
        sensitivity(counting(30.0, 30.0), toys=30)


@pytest.mark.parametrize(("toys", "total"), [(0, 5), (20, 21)])
def test_progress_counts_every_limit(toys: int, total: int) -> None:
    seen: list[tuple[int, int]] = []
    sensitivity(counting(3.0, 1.0), toys=toys, points=9, progress=lambda *now: seen.append(now))
    assert seen == [(number, total) for number in range(1, total + 1)]


@pytest.mark.parametrize("toys", [0, 20, 10_000])
def test_numbers_of_toys_that_give_bands(toys: int) -> None:
    check_toys(toys, 0)
