"""Fits with answers in closed form, the likelihood against scipy's, and what a fit refuses."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.response import compile_response, needs_recompiling
from nurecoil.errors import FitError, ModelError, OptionError
from nurecoil.inference import fit as module
from nurecoil.inference.fit import fit, nll
from nurecoil.model.parameters import CovarianceConstraint, GaussianConstraint, Parameter
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel
from nurecoil.testing.models import counting

Make = Callable[..., SpectralModel]


def test_a_counting_experiment() -> None:
    result = fit(counting(observed=12.0, background=10.0))
    signal = result.parameters["signal"]
    assert signal.value == pytest.approx(2.0, abs=1e-5)
    assert signal.error == pytest.approx(math.sqrt(12), rel=1e-5)
    assert signal.unit == "events"
    assert result.parameters["background"].fixed
    assert math.isnan(result.parameters["background"].error)
    assert result.nll == pytest.approx(-stats.poisson.logpmf(12, 12.0), abs=1e-9)
    assert result.edm < 1e-9
    assert result.minimiser == "newton"
    assert result.values == {"signal": signal.value, "background": 10.0}
    assert result.seconds > 0


def test_a_signal_that_wants_to_be_negative_rests_on_its_bound() -> None:
    result = fit(counting(observed=7.0, background=10.0))
    assert result.values["signal"] == 0.0
    assert result.parameters["signal"].at_bound
    assert math.isnan(result.parameters["signal"].error)
    assert result.covariance.names == ()
    assert result.nll == pytest.approx(-stats.poisson.logpmf(7, 10.0))


def test_a_background_with_an_error() -> None:
    result = fit(counting(observed=16.0, background=10.0, background_error=2.0))
    assert result.values["background"] == pytest.approx(10.0, abs=1e-4)
    assert result.values["signal"] == pytest.approx(6.0, abs=1e-4)
    assert result.parameters["signal"].error == pytest.approx(math.sqrt(16 + 4), rel=1e-4)
    assert result.covariance.correlation("signal", "background") == pytest.approx(
        -2 / math.sqrt(20), rel=1e-4
    )


def test_two_rates_by_hand(two_rates: Make) -> None:
    result = fit(two_rates())
    assert result.values == pytest.approx({"s": 20.0, "b": 10.0, "idle": 7.0}, rel=1e-5)
    assert result.parameters["s"].error == pytest.approx(math.sqrt(30 + 20 / 4), rel=1e-5)
    assert result.parameters["b"].error == pytest.approx(math.sqrt(20 / 4), rel=1e-5)
    np.testing.assert_allclose(result.expected["toy/x"]["signal"], [20, 0], atol=1e-3)
    np.testing.assert_allclose(result.total("toy/x"), [30, 20], rtol=1e-6)
    assert result.goodness.ndf == 0
    text = repr(result)
    assert text.startswith("<FitResult: -log L 5.")
    assert "2 free parameters, chi2 0.0 / 0" in text
    assert text.endswith("newton>")
    document = result.to_json()
    assert document["parameters"]["idle"] == {
        "value": 7.0, "error": None, "unit": "1", "fixed": True, "at_bound": False,
    }  # fmt: skip
    assert document["covariance"]["names"] == ["s", "b"]


def test_measurements_are_averaged() -> None:
    samples = (Sample("a", np.array([1.0, 1.0, 2.0]), {"a": 1}),)
    channel = GaussianChannel("m/x", "x", "1", samples, np.array([3.0, 5.0, 7.0]), np.array([1.0, 2.0, 0.5]))
    prior = GaussianConstraint(2.0, 0.7)
    model = SpectralModel((channel,), {"a": Parameter("a", "1", 0.0, constraint=prior)})
    result = fit(model)
    weight = np.array([1, 1 / 4, 4 / 0.25, 1 / 0.49])
    exact = weight @ [3, 5, 3.5, 2] / weight.sum()
    assert result.values["a"] == pytest.approx(exact, rel=1e-6)
    assert result.parameters["a"].error == pytest.approx(weight.sum() ** -0.5, rel=1e-6)
    chi2 = (exact - np.array([3, 5, 3.5, 2])) ** 2 @ weight  # the prior is a measurement, too
    assert result.goodness.statistic == pytest.approx(chi2)
    assert result.goodness.ndf == 3


def test_a_correlated_prior_pulls_both() -> None:
    parameters = {name: Parameter(name, "1", 0.0) for name in ("a", "b")}
    channel = GaussianChannel(
        "m/x", "x", "1", (Sample("a", np.ones(1), {"a": 1}),), np.array([2.0]), np.ones(1)
    )
    joint = CovarianceConstraint(("a", "b"), (0.0, 0.0), ((1.0, 0.8), (0.8, 1.0)))
    result = fit(SpectralModel((channel,), parameters, (joint,)))
    assert result.values == pytest.approx({"a": 1.0, "b": 0.8}, rel=1e-5)
    assert result.parameters["b"].error == pytest.approx(math.sqrt(1 - 0.64 / 2), rel=1e-5)


def test_a_square_is_fitted_as_one_and_reported_as_itself(measured: Make) -> None:
    result = fit(measured(9.0, 0.6, power=2))
    estimate = result.parameters["signal"]
    assert estimate.value == pytest.approx(3.0, rel=1e-6)
    assert estimate.error == pytest.approx(0.6 / (2 * 3), rel=1e-5)
    zero = fit(measured(-1.0, 0.6, power=2)).parameters["signal"]
    assert zero.value == 0.0
    assert zero.at_bound


@pytest.mark.parametrize(("observed", "background"), [(0.0, 0.5), (3.0, 1.0), (250.0, 240.0)])
def test_the_likelihood_is_that_of_scipy(observed: float, background: float) -> None:
    model = counting(observed, background, 0.3)
    for signal in (0.0, 2.5):
        exact = -stats.poisson.logpmf(observed, signal + background + 0.1)
        exact -= stats.norm.logpdf(background, background + 0.1, 0.3)
        assert nll(model, {"signal": signal, "background": background + 0.1}) == pytest.approx(
            exact, rel=1e-12
        )
    assert nll(model) == nll(model, {}) == nll(model, model.values)


def test_values_outside_the_bounds_have_no_likelihood() -> None:
    model = counting(3.0, 1.0)
    for value in (-0.1, math.nan, math.inf):
        with pytest.raises(OptionError, match=r"parameter 'signal': value .*a value in \[0, inf\] events"):
            nll(model, {"signal": value})
    with pytest.raises(ModelError, match=r"'signl' is not known.*Did you mean 'signal'"):
        nll(model, {"signl": 1.0})


def test_parameters_are_held_where_asked(two_rates: Make) -> None:
    result = fit(two_rates(), fix={"b": 8.0})
    assert result.values["b"] == 8.0
    assert result.parameters["b"].fixed
    assert result.values["s"] == pytest.approx(22.0, rel=1e-5)
    assert fit(two_rates(), fix={"idle": 9.0}).values["idle"] == 9.0


def test_starting_values_do_not_matter_where_there_is_one_minimum(two_rates: Make) -> None:
    for start in ({"s": 0.0, "b": 1000.0}, {"s": 1e4}, {"b": 1e-3}):
        for minimiser in ("newton", "minuit"):
            result = fit(two_rates(), start=start, minimiser=minimiser)
            assert result.minimiser == minimiser
            assert result.values == pytest.approx({"s": 20.0, "b": 10.0, "idle": 7.0}, rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"minimiser": "newtn"}, OptionError, r"minimiser: 'newtn' is not known.*minuit, newton.*'newton'"),
        ({"fix": {"c": 1.0}}, ModelError, "parameter: 'c' is not known"),
        ({"start": {"c": 1.0}}, ModelError, "parameter: 'c' is not known"),
        ({"fix": {"s": -1.0}}, OptionError, r"parameter 's': value -1\.0\. Allowed: a value in \[0, inf\]"),
        ({"fix": {"s": math.nan}}, OptionError, "parameter 's': value nan"),
    ],
)
def test_what_a_fit_refuses(
    two_rates: Make, arguments: dict[str, object], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        fit(two_rates(), **arguments)  # type: ignore[arg-type]


def test_bounds_of_a_number_without_unit_are_said_without_one() -> None:
    sample = Sample("s", np.array([1.0, 2.0]), {"s": 1})
    channel = PoissonChannel("t/x", "x", "1", np.arange(3.0), (sample,), np.array([1.0, 1.0]))
    with pytest.raises(OptionError, match=r"a value in \[0, inf\]\.$"):
        fit(SpectralModel((channel,), {"s": Parameter("s", "1", 1.0, 0.0)}), fix={"s": -1.0})


def test_events_without_expectation_are_a_failed_fit() -> None:
    sample = Sample("s", np.array([1.0, 0.0]), {"s": 1})
    channel = PoissonChannel("t/x", "x", "1", np.arange(3.0), (sample,), np.array([1.0, 1.0]))
    model = SpectralModel((channel,), {"s": Parameter("s", "1", 1.0, 0.0)})
    with pytest.raises(FitError) as caught:
        fit(model)
    assert caught.value.exit_status == 1
    assert "predicts no events where there are some" in str(caught.value)


def test_a_parameter_the_data_do_not_see_is_named() -> None:
    model = counting(3.0, 1.0)
    idle = Parameter("idle", "1", 1.0)
    idled = SpectralModel(model.channels, {**model.parameters, "idle": idle}, poi="signal")
    with pytest.raises(FitError, match="the likelihood does not depend on 'idle'"):
        fit(idled)


def test_a_pull_out_of_range_compiles_the_response_anew(peak_model: SpectralModel) -> None:
    compiled = compile_response(peak_model)
    best = fit(compiled)
    assert best.model is compiled
    exact = fit(peak_model)
    assert best.nll == pytest.approx(exact.nll, abs=1e-6)
    centre = compiled.metadata["response"]["centre"]["peak.mu"]
    for shift in (0.2, 3.0):
        held = {"peak.mu": centre + shift}
        slow, fast = fit(peak_model, fix=held), fit(compiled, fix=held)
        assert fast.nll == pytest.approx(slow.nll, abs=1e-3)
        assert (fast.model is compiled) == (shift == 0.2)
        assert fast.parameters["peak.mu"].fixed
    # compiled where the fit was done, not at the best fit
    assert fast.model.metadata["response"]["centre"]["peak.mu"] == pytest.approx(centre + 3.0)
    recompiled = CompiledModel(fast.model)
    assert not needs_recompiling(fast.model, recompiled, recompiled.coordinates(fast.values))
    assert not fast.model.parameters["peak.mu"].fixed


def test_a_response_that_never_stays_in_range_is_a_failed_fit(
    peak_model: SpectralModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "needs_recompiling", lambda *_: True)
    with pytest.raises(FitError, match=r"the response leaves the range of its compiled form.*Use the exact"):
        fit(compile_response(peak_model))


def test_a_square_at_rounding_is_at_its_bound() -> None:
    """Asimov data without signal: the root of 1e-20 is no moment, and has no error."""
    signal = Parameter("mu", "1", 1e-9, lower=0.0, description="a moment")
    samples = (Sample("s", np.full(2, 5.0), {"mu": 2}), Sample("b", np.full(2, 100.0)))
    data = PoissonChannel("toy/x", "x", "1", np.arange(3.0), samples, np.full(2, 100.0))
    found = fit(SpectralModel((data,), {"mu": signal}, poi="mu")).parameters["mu"]
    assert found.at_bound and np.isnan(found.error)
    above = PoissonChannel("toy/x", "x", "1", np.arange(3.0), samples, np.full(2, 120.0))
    moved = fit(SpectralModel((above,), {"mu": signal}, poi="mu")).parameters["mu"]
    assert not moved.at_bound and moved.value == pytest.approx(2.0) and moved.error > 0
