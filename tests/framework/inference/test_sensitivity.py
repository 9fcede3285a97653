"""Asimov data and expected limits: the truth comes back, the auxiliary measurements move with it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from nurecoil.engine.response import compile_response
from nurecoil.errors import ModelError, OptionError
from nurecoil.inference.fit import fit
from nurecoil.inference.limits import limit
from nurecoil.inference.pseudo_data import asimov
from nurecoil.inference.sensitivity import sensitivity
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
    assert repr(found) == "<Sensitivity signal < 3.272 events expected at 90 % (area, Asimov)>"
    document = found.to_json()
    assert document["median"] == document["value"] == found.median
    assert document["asimov"] == ["toy/count"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"method": "aera"}, "limit method: 'aera' is not known"), ({"cl": 90.0}, "confidence level")],
)
def test_impossible_requests_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        sensitivity(counting(3.0, 1.0), **arguments)  # type: ignore[arg-type]


def test_without_a_parameter_of_interest_there_is_no_expected_limit(two_rates: Make) -> None:
    model = two_rates()
    with pytest.raises(ModelError, match="sensitivity: the model has no parameter of interest"):
        sensitivity(SpectralModel(model.channels, model.parameters))
    assert math.isfinite(sensitivity(model).median)
