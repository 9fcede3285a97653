"""CLs from toys: against sums of Poisson probabilities, and what the toys are drawn from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm, poisson

import nurecoil.inference.toy_cls as module
from nurecoil.errors import FitError
from nurecoil.inference.asymptotics import SIGMAS
from nurecoil.inference.ensembles import Ensemble
from nurecoil.inference.likelihood_ratios import ProfiledLikelihood
from nurecoil.inference.toy_cls import ToyCls
from nurecoil.model.spectral import SpectralModel
from nurecoil.testing.models import counting


def exact_cls(count: int, background: float, signal: float) -> float:
    """The ratio of two sums of Poisson probabilities: q~_mu falls with the count, to 0 at the mean."""
    if count >= background + signal:
        return 1.0
    return float(poisson.cdf(count, background + signal) / poisson.cdf(count, background))


def exact_limit(count: int, background: float, cl: float) -> float:
    return float(brentq(lambda signal: exact_cls(count, background, signal) - (1 - cl), 0.0, 60.0))


@pytest.mark.parametrize(
    ("count", "background", "signal"), [(0, 0.5, 2.0), (0, 3.0, 2.303), (3, 1.0, 4.0), (2, 4.0, 3.0)]
)
def test_a_counting_experiment_is_a_ratio_of_sums(count: int, background: float, signal: float) -> None:
    test = ToyCls(ProfiledLikelihood(counting(count, background)), 4000, seed=5).at(signal)
    assert abs(test.clsb - poisson.cdf(count, background + signal)) < 4 * test.errors["clsb"]
    assert abs(test.clb - poisson.cdf(count, background)) < 4 * test.errors["clb"]
    assert abs(test.cls - exact_cls(count, background, signal)) < 4 * test.errors["cls"]
    assert test.cls == pytest.approx(test.clsb / test.clb)
    counts = np.arange(60)
    below = poisson.cdf(counts, background)
    for n in SIGMAS:  # the count at that quantile, or one of its neighbours where the toys sit on the edge
        k = int(np.searchsorted(below, norm.cdf(n)))
        near = [exact_cls(max(k + i, 0), background, signal) for i in (-1, 0, 1)]
        assert min(near) - 0.03 < test.expected[n] < max(near) + 0.03


@pytest.mark.parametrize(
    ("count", "background", "cl"),
    [
        (3, 1.0, 0.90),
        *(
            pytest.param(*one, marks=pytest.mark.long)
            for one in ((0, 0.001, 0.9), (0, 3.0, 0.9), (2, 4.0, 0.95))
        ),
    ],
)
def test_limits_of_a_counting_experiment(count: int, background: float, cl: float) -> None:
    """With no count it is ``-ln(1 - cl)``, 2.303 at 90 %, whatever the background."""
    wanted = exact_limit(count, background, cl)
    if count == 0:
        assert wanted == pytest.approx(-math.log(1 - cl), rel=1e-9)
    curve = ToyCls(ProfiledLikelihood(counting(count, background)), 2000, seed=2)
    found = curve.limit(cl, [1.5, 3.0, 5.0])
    assert abs(found.value - wanted) < 4 * found.error < 0.9 * wanted
    values = [test.value for test in found.tests]
    assert values == sorted(values)
    assert all(test.toys == 2000 and test.errors["cls"] > 0 for test in found.tests)


@pytest.mark.long
def test_expected_limits_of_a_counting_experiment() -> None:
    """Quantiles of the limits at every count, between whose neighbours the toys may step."""
    counts = np.arange(40)
    limits = np.array([exact_limit(int(count), 6.0, 0.9) for count in counts])
    found = ToyCls(ProfiledLikelihood(counting(6.0, 6.0)), 2000, seed=3).limit(
        0.9, [2.0, 4.0, 6.0, 8.0, 11.0]
    )
    for n in SIGMAS:
        k = int(np.searchsorted(poisson.cdf(counts, 6.0), norm.cdf(n)))
        got = found.expected[n]
        assert got is not None and limits[max(k - 1, 0)] - 0.3 < got < limits[k + 1] + 0.3


def test_toys_know_what_the_data_say_of_the_other_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each hypothesis is drawn at the data's fit under it, its constraints' centres there too."""
    made: list[tuple[SpectralModel, Mapping[str, float]]] = []

    class Spy(Ensemble):
        def __init__(self, model: SpectralModel, truth: Mapping[str, float] | None = None) -> None:
            super().__init__(model, truth)
            made.append((self.model, dict(truth or {})))
            self.centres = self.draw(1, 0, 2000).auxiliary[:, 0]
            assert abs(self.centres.mean() - (truth or {})["background"]) < 4 * 3.0 / math.sqrt(2000)

    monkeypatch.setattr(module, "Ensemble", Spy)
    likelihood = ProfiledLikelihood(counting(20.0, 9.0, background_error=3.0))
    ToyCls(likelihood, 100).at(8.0)
    truths = [truth for _, truth in made]
    assert truths == [likelihood.values_at(0.0), likelihood.values_at(8.0)]
    assert truths[0]["background"] > truths[1]["background"] > 9.5
    assert [truth["signal"] for truth in truths] == [0.0, 8.0]


def test_the_same_seed_gives_the_same_test_and_another_one_another() -> None:
    likelihood = ProfiledLikelihood(counting(5.0, 4.0, 1.0))
    first, again, other = (ToyCls(likelihood, 200, seed).at(4.0) for seed in (1, 1, 2))
    assert first.to_json() == again.to_json() != other.to_json()
    assert repr(first).endswith("(toys)>") and "+-" in repr(first)


def test_progress_counts_every_toy() -> None:
    seen: list[tuple[int, int]] = []
    curve = ToyCls(ProfiledLikelihood(counting(5.0, 4.0)), 100, progress=lambda *both: seen.append(both))
    found = curve.limit(0.9, [5.0, 6.0])
    assert [done for done, _ in seen] == [100 * (i + 1) for i in range(2 * len(found.tests))]
    assert all(done <= total for done, total in seen)


@pytest.mark.long
def test_the_limit_is_found_from_a_bad_start() -> None:
    for start in ([0.3, 0.5], [40.0, 60.0]):
        found = ToyCls(ProfiledLikelihood(counting(3.0, 1.0)), 1000, seed=4).limit(0.9, start)
        assert abs(found.value - exact_limit(3, 1.0, 0.9)) < 4 * found.error


def test_a_limit_beyond_the_bound_is_told() -> None:
    model = counting(3.0, 1.0).with_parameters(signal={"upper": 3.0})
    with pytest.raises(FitError, match=r"CLs from 200 toys is 0\.\d+ at 3, above 0\.1"):
        ToyCls(ProfiledLikelihood(model), 200).limit(0.9, [2.0])


def test_data_below_every_toy_are_told() -> None:
    with pytest.raises(FitError, match="none of 100 toys without signal is as far down"):
        ToyCls(ProfiledLikelihood(counting(10.0, 100.0)), 100).at(5.0)


def test_failures_reach_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    true = module.toys_of

    def toys(*arguments: Any) -> tuple[np.ndarray, tuple[str, ...]]:
        values, _ = true(*arguments)
        return values[4:], ("made to fail",) * 4

    monkeypatch.setattr(module, "toys_of", toys)
    test = ToyCls(ProfiledLikelihood(counting(5.0, 4.0)), 100).at(4.0)
    assert test.failures == ("made to fail",) * 8
    assert test.to_json()["failed"] == 8 and test.to_json()["failures"] == ["made to fail"]
    assert test.notes == ("8 of 200 toys could not be fitted and are left out (the first: made to fail)",)
