"""q0, q_mu and q~_mu: in closed form for a normal and a Poisson number, for data and for toys."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nurecoil.inference.likelihood_ratios as module
from nurecoil.engine.solve import Solution
from nurecoil.errors import FitError, ModelError, OptionError
from nurecoil.inference.ensembles import Ensemble, Fits
from nurecoil.inference.likelihood_ratios import (
    ProfiledLikelihood,
    check_statistic,
    interest,
    null_value,
    q_mu,
    q_tilde,
    q_zero,
    statistic_of_toys,
)
from nurecoil.model.parameters import Parameter
from nurecoil.model.spectral import PoissonChannel, SpectralModel
from nurecoil.testing.models import counting

Measured = Callable[..., SpectralModel]
FEW = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)


def poisson_nll(mean: float, count: float) -> float:
    return mean - (count * math.log(mean) if count else 0.0)


@FEW
@given(st.floats(-3.0, 4.0), st.floats(0.05, 5.0))
def test_a_normal_number_on_both_sides(measured: Measured, x: float, value: float) -> None:
    likelihood = ProfiledLikelihood(measured(x, lower=-20.0))
    assert likelihood.best == pytest.approx(x, abs=1e-6)
    assert q_mu(likelihood, value) == pytest.approx(max(value - x, 0.0) ** 2, abs=1e-7)
    tilde = value**2 - 2 * value * x if x < 0 else max(value - x, 0.0) ** 2
    assert q_tilde(likelihood, value) == pytest.approx(tilde, abs=1e-7)
    assert q_zero(likelihood) == pytest.approx(max(x, 0.0) ** 2, abs=1e-7)


@FEW
@given(st.floats(-3.0, 4.0), st.floats(0.05, 3.0), st.sampled_from([1, 2]))
def test_a_bounded_one_never_goes_below_the_bound(
    measured: Measured, x: float, value: float, power: int
) -> None:
    """``signal ** power`` is measured; its estimate is bounded at 0, whatever power it is fitted in."""
    likelihood = ProfiledLikelihood(measured(x, lower=0.0, power=power))
    assert likelihood.power == power
    assert likelihood.best**power == pytest.approx(max(x, 0.0), abs=1e-6)
    there = value**power
    tilde = there**2 - 2 * there * x if x < 0 else max(there - x, 0.0) ** 2
    assert q_tilde(likelihood, value) == pytest.approx(tilde, abs=1e-7)
    assert q_mu(likelihood, value) == q_tilde(likelihood, value)
    assert q_zero(likelihood) == pytest.approx(max(x, 0.0) ** 2, abs=1e-7)


@pytest.mark.parametrize("count", [0.0, 3.0, 12.0])
def test_a_poisson_number(count: float) -> None:
    background = 4.0
    likelihood = ProfiledLikelihood(counting(count, background))
    best = max(count - background, 0.0)
    for value in (0.5, 2.0, 9.0):
        least = poisson_nll(background + best, count)
        wanted = 2 * (poisson_nll(background + value, count) - least) if best <= value else 0.0
        assert q_tilde(likelihood, value) == pytest.approx(wanted, abs=1e-7)


def test_the_sign_of_a_parameter_in_squares_means_nothing(measured: Measured) -> None:
    """``signal ** 2`` between -5 and 5: whichever side the fit ends on, the statistics are the same."""
    one = measured(4.0, lower=-5.0, power=2)
    left, right = (
        ProfiledLikelihood(one.with_parameters(signal={"value": start, "upper": 5.0}))
        for start in (-1.5, 1.5)
    )
    assert left.best == pytest.approx(right.best) == pytest.approx(2.0, abs=1e-6)
    assert q_zero(left) == pytest.approx(16.0) == q_zero(right)
    ensemble = Ensemble(one.with_parameters(signal={"value": -1.5}))
    values, _ = statistic_of_toys(ensemble, ensemble.draw(1, 0, 3), "q_zero", 0.0)
    assert np.all(values > 0)


@pytest.mark.parametrize("lower", [-20.0, 0.0])
@pytest.mark.parametrize(("name", "value"), [("q_zero", 0.0), ("q_mu", 1.2), ("q_tilde", 1.2)])
def test_toys_are_treated_like_data(measured: Measured, lower: float, name: str, value: float) -> None:
    ensemble = Ensemble(measured(0.0, lower=lower), {"signal": 0.3})
    data = ensemble.draw(2, 0, 25)
    found, failures = statistic_of_toys(ensemble, data, name, value)  # type: ignore[arg-type]
    one_by_one = {"q_mu": q_mu, "q_tilde": q_tilde, "q_zero": lambda likelihood, _: q_zero(likelihood)}[name]
    wanted = [one_by_one(ProfiledLikelihood(data.model(ensemble.model, i)), value) for i in range(25)]
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert failures == () and min(wanted) == 0.0 < max(wanted)


@pytest.mark.parametrize("which", [0, 1])
def test_a_toy_without_a_fit_keeps_its_place_and_reason(monkeypatch: pytest.MonkeyPatch, which: int) -> None:
    ensemble = Ensemble(counting(3.0, 9.0))
    true = ensemble.pairs

    def pairs(*arguments: object) -> tuple[Fits, Fits]:
        both = list(true(*arguments))  # type: ignore[arg-type]
        status, nll = both[which].status.copy(), both[which].nll.copy()
        status[2], nll[2] = 1, math.nan
        both[which] = dataclasses.replace(both[which], status=status, nll=nll, reasons={2: "made to fail"})
        return both[0], both[1]

    monkeypatch.setattr(ensemble, "pairs", pairs)
    found, failures = statistic_of_toys(ensemble, ensemble.draw(1, 0, 5), "q_tilde", 4.0)
    assert np.flatnonzero(np.isnan(found)).tolist() == [2] and failures == ("made to fail",)


def test_asimov_data_are_those_of_the_fit_at_the_value() -> None:
    likelihood = ProfiledLikelihood(counting(20.0, 9.0, background_error=3.0))
    made = likelihood.asimov(0.0)
    fitted = likelihood.values_at(0.0)["background"]
    assert fitted > 12.0
    assert made.model.channels[0].observed.tolist() == pytest.approx([fitted])
    constraint = made.model.parameters["background"].constraint
    assert constraint is not None and constraint.centre == pytest.approx(fitted)  # type: ignore[union-attr]
    assert made.best == pytest.approx(0.0, abs=1e-9) and made.values["background"] == pytest.approx(fitted)


def test_a_lower_minimum_at_a_value_replaces_the_free_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first free fit is made to stop short of the minimum."""
    true = module.solve

    def stop_short(compiled: object, start: object = None, fixed: object = None) -> Solution:
        found = true(compiled, start, fixed)  # type: ignore[arg-type]
        if fixed is not None:
            return found
        position = found.position + 1.5 * (np.array(compiled.names) == "signal")  # type: ignore[attr-defined]
        return dataclasses.replace(found, position=position, value=compiled.value(position))  # type: ignore[attr-defined]

    monkeypatch.setattr(module, "solve", stop_short)
    likelihood = ProfiledLikelihood(counting(15.0, 9.0))
    monkeypatch.setattr(module, "solve", true)
    assert likelihood.best == pytest.approx(7.5)
    likelihood.nll_at(6.5)
    assert likelihood.best == pytest.approx(6.0, abs=1e-5)


def test_doubts_are_told(measured: Measured) -> None:
    assert ProfiledLikelihood(measured(1.0)).doubts_at(2.0) == ()
    assert ProfiledLikelihood(counting(400.0, 400.0)).doubts_at(2.0) == ()
    (few,) = ProfiledLikelihood(counting(2.0, 3.0)).doubts_at(2.0)
    assert few.startswith("only 5 counts expected at signal = 2")
    bounded = counting(400.0, 400.0, background_error=50.0).with_parameters(background={"lower": 395.0})
    (bound,) = ProfiledLikelihood(bounded).doubts_at(60.0)
    assert bound.startswith("background at a bound at signal = 60")


def test_the_null_value_follows_the_bounds() -> None:
    limits = [(-1.0, 5.0, 0.0), (0.0, 5.0, 0.0), (1.0, 5.0, 1.0), (-5.0, -2.0, -2.0)]
    for lower, upper, null in limits:
        assert null_value(Parameter("x", "1", lower, lower, upper)) == null


def test_what_cannot_be_tested_is_refused(measured: Measured) -> None:
    model = measured(1.0)
    with pytest.raises(ModelError, match="no parameter of interest"):
        interest(dataclasses.replace(model, poi=None), "here")
    with pytest.raises(ModelError, match="'signal' is fixed"):
        ProfiledLikelihood(model.with_parameters(signal={"fixed": True}))
    with pytest.raises(OptionError, match=r"value -1\.0"):
        ProfiledLikelihood(model).nll_at(-1.0)
    with pytest.raises(OptionError, match="Did you mean 'q_mu'"):
        check_statistic("qmu")


def test_a_fit_that_fails_names_the_value() -> None:
    """With the signal held at 0 nothing is expected where there are counts."""
    one = counting(3.0, 1.0).with_parameters(signal={"value": 2.0})
    (channel,) = one.channels
    assert isinstance(channel, PoissonChannel)
    alone = dataclasses.replace(channel, samples=channel.samples[:1])
    likelihood = ProfiledLikelihood(dataclasses.replace(one, channels=(alone,)))
    with pytest.raises(FitError, match="fit with 'signal' at 0 events"):
        likelihood.nll_at(0.0)
