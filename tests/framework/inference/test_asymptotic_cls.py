"""CLs of large samples: in closed form for one number with a normal error; limits, bounds, units."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from nurecoil.errors import FitError, OptionError
from nurecoil.inference.asymptotic_cls import AsymptoticCls
from nurecoil.inference.asymptotics import SIGMAS
from nurecoil.inference.likelihood_ratios import ProfiledLikelihood
from nurecoil.model.parameters import Parameter
from nurecoil.model.spectral import GaussianChannel, Sample, SpectralModel

Measured = Callable[..., SpectralModel]
FEW = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
ESTIMATE = st.floats(-3.0, 4.0)


def limit(x: float, cl: float) -> float:
    """Where ``Phi(x - mu) / Phi(x)`` is ``1 - cl``."""
    return float(x - ndtri((1 - cl) * ndtr(x)))


@FEW
@given(ESTIMATE, st.floats(0.05, 5.0), st.sampled_from([-20.0, 0.0]), st.sampled_from(["q_tilde", "q_mu"]))
def test_a_normal_number(measured: Measured, x: float, value: float, lower: float, name: str) -> None:
    likelihood = ProfiledLikelihood(measured(x, lower=lower))
    test = AsymptoticCls(likelihood, name).at(value)  # type: ignore[arg-type]
    seen = min(x, value)
    if lower == 0.0 and name == "q_mu" and x < 0:
        return  # q_mu with a bound is q~_mu, without its distribution
    assert test.clsb == pytest.approx(ndtr(seen - value), abs=1e-6)
    assert test.clb == pytest.approx(ndtr(seen), abs=1e-6)
    assert test.cls == pytest.approx(ndtr(seen - value) / ndtr(seen), abs=1e-6)
    for n in SIGMAS:
        assert test.expected[n] == pytest.approx(ndtr(n - value) / ndtr(n), abs=1e-6)
    assert test.pull == pytest.approx(max(x, lower) - value, abs=1e-5)


@FEW
@given(ESTIMATE, st.floats(0.5, 0.99))
def test_limits_of_a_normal_number(measured: Measured, x: float, cl: float) -> None:
    curve = AsymptoticCls(ProfiledLikelihood(measured(x)))
    assert curve.limit(cl) == pytest.approx(limit(x, cl), rel=1e-5)
    for n, found in curve.expected_limits(cl).items():
        assert found == pytest.approx(limit(float(n), cl), rel=1e-5)


@pytest.mark.parametrize("x", [-1.0, 0.5, 2.0])
def test_a_parameter_in_squares_has_the_root_of_the_limit(measured: Measured, x: float) -> None:
    """Nothing depends on whether the parameter is counted as itself or as its square."""
    curve = AsymptoticCls(ProfiledLikelihood(measured(x, power=2)))
    assert curve.limit(0.9) ** 2 == pytest.approx(limit(x, 0.9), rel=1e-6)
    for n in SIGMAS:
        assert curve.expected_limit(0.9, n) ** 2 == pytest.approx(limit(n, 0.9), rel=1e-6)
    assert curve.at(1.5).pull == pytest.approx(max(x, 0.0) - 1.5**2, abs=1e-5)


def test_moments_of_1e_11_are_found_as_well_as_ones(measured: Measured) -> None:
    one = measured(0.7, power=2)
    (channel,) = one.channels
    assert isinstance(channel, GaussianChannel)
    (sample,) = channel.samples
    small = dataclasses.replace(sample, template=np.array([1e22]))
    channel = dataclasses.replace(channel, samples=(small,))
    model = dataclasses.replace(one, channels=(channel,)).with_parameters(signal={"value": 0.0})
    curve = AsymptoticCls(ProfiledLikelihood(model))
    assert curve.limit(0.9) == pytest.approx(1e-11 * math.sqrt(limit(0.7, 0.9)), rel=1e-6)


def test_a_null_value_other_than_zero(measured: Measured) -> None:
    model = measured(2.0).with_parameters(signal={"value": 1.5, "lower": 1.0})
    curve = AsymptoticCls(ProfiledLikelihood(model))
    assert curve.limit(0.9) == pytest.approx(1.0 + limit(1.0, 0.9), rel=1e-6)
    assert curve.at(1.0).cls == 1.0 and math.isnan(curve.at(1.0).pull)
    with pytest.raises(OptionError, match=r"value 0\.5"):
        curve.at(0.5)


def test_limits_beyond_the_upper_bound(measured: Measured) -> None:
    model = measured(0.0).with_parameters(signal={"upper": 1.5})
    curve = AsymptoticCls(ProfiledLikelihood(model))
    with pytest.raises(FitError, match=r"CLs is 0\.134 at the upper bound 1\.5, above 0\.1"):
        curve.limit(0.9)
    found = curve.expected_limits(0.9)
    assert [n for n, one in found.items() if one is None] == [0, 1, 2]
    assert found[-1] == pytest.approx(limit(-1, 0.9), rel=1e-6)


def test_a_parameter_that_the_data_do_not_constrain_has_no_limit(measured: Measured) -> None:
    """A background takes up whatever the signal does."""
    one = measured(5.0)
    (channel,) = one.channels
    (signal,) = channel.samples
    minus = Sample("background", np.ones(1), {"background": 1})
    channel = dataclasses.replace(channel, samples=(signal, minus))
    parameters = {**one.parameters, "background": Parameter("background", "1", 1.0, -1e300)}
    model = dataclasses.replace(one, channels=(channel,), parameters=parameters)
    with pytest.raises(FitError, match=r"CLs is still 1 at .*, above 0\.1"):
        AsymptoticCls(ProfiledLikelihood(model)).limit(0.9)


def test_the_test_says_what_it_is(measured: Measured) -> None:
    test = AsymptoticCls(ProfiledLikelihood(measured(0.5))).at(2.0)
    assert repr(test) == "<Cls signal = 2: CLs 0.09662 (asymptotic)>"
    document = test.to_json()
    assert list(document["expected"]) == ["-2", "-1", "0", "+1", "+2"]
    assert document["errors"] == {} and document["toys"] == 0
    assert document["cls"] == pytest.approx(document["clsb"] / document["clb"])
