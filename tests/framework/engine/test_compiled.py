"""The compiled likelihood against one written down a second time, and its derivatives against differences."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nurecoil.engine.compiled import CompiledModel, channel_nll
from nurecoil.errors import ModelError
from nurecoil.model.parameters import CovarianceConstraint, GaussianConstraint, Parameter
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel

Array = NDArray[np.float64]
Make = Callable[[int], SpectralModel]
Second = Callable[[SpectralModel, Mapping[str, float]], float]
SecondExpected = Callable[[SpectralModel, Mapping[str, float]], list[Array]]


def point(compiled: CompiledModel, seed: int) -> Array:
    """A random point inside the bounds, in internal coordinates."""
    rng = np.random.default_rng(seed)
    moved = compiled.start + rng.uniform(-0.3, 0.5, compiled.start.size)
    return np.asarray(np.clip(moved, compiled.lower + 0.05, compiled.upper))


def public(compiled: CompiledModel, position: Array) -> dict[str, float]:
    return dict(zip(compiled.names, compiled.public(position).tolist(), strict=True))


def gradient_of(function: Callable[[Array], float | Array], position: Array, step: float) -> Array:
    """Differences of fourth order, one row per coordinate."""
    rows = []
    for i in range(position.size):
        shift = np.where(np.arange(position.size) == i, step, 0.0)
        near = np.asarray(function(position + shift)) - np.asarray(function(position - shift))
        far = np.asarray(function(position + 2 * shift)) - np.asarray(function(position - 2 * shift))
        rows.append((8 * near - far) / (12 * step))
    return np.array(rows)


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), at=st.integers(0, 10_000))
def test_the_value_is_that_of_scipy(random_model: Make, second_nll: Second, seed: int, at: int) -> None:
    model = random_model(seed)
    compiled = CompiledModel(model)
    position = point(compiled, at)
    exact = second_nll(model, public(compiled, position))
    assert compiled.value(position) == pytest.approx(exact, rel=1e-11)
    assert compiled.evaluate(position)[0] == pytest.approx(exact, rel=1e-11)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), at=st.integers(0, 10_000))
def test_expected_contents_and_their_components(
    random_model: Make, second_expected: SecondExpected, seed: int, at: int
) -> None:
    model = random_model(seed)
    compiled = CompiledModel(model)
    position = point(compiled, at)
    exact = second_expected(model, public(compiled, position))
    found = zip(compiled.expected(position), exact, compiled.components(position), strict=True)
    for one, two, parts in found:
        np.testing.assert_allclose(one, two, rtol=1e-12)
        np.testing.assert_allclose(parts.sum(axis=0), two, rtol=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), at=st.integers(0, 10_000))
def test_gradient_and_fisher_matrix_are_those_of_differences(random_model: Make, seed: int, at: int) -> None:
    model = random_model(seed)
    compiled = CompiledModel(model)
    position = point(compiled, at)
    _, gradient, fisher = compiled.evaluate(position)
    found = gradient_of(compiled.value, position, 1e-3)
    np.testing.assert_allclose(gradient, found, rtol=0, atol=1e-7 * np.max(np.abs(found)))
    # what is left of the second derivatives where the data are the expectation
    exact = np.zeros_like(fisher)
    for number, (channel, mean) in enumerate(zip(model.channels, compiled.expected(position), strict=True)):
        slope = gradient_of(lambda x, n=number: compiled.expected(x)[n], position, 1e-3)
        weight = 1 / mean if isinstance(channel, PoissonChannel) else channel.width**-2
        exact += (slope * weight) @ slope.T
    exact += compiled.constraints.evaluate(position)[2]
    np.testing.assert_allclose(fisher, exact, rtol=0, atol=1e-6 * np.max(np.abs(exact)))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), at=st.integers(0, 10_000))
def test_information_is_the_matrix_of_second_derivatives(random_model: Make, seed: int, at: int) -> None:
    compiled = CompiledModel(random_model(seed))
    position = point(compiled, at)
    found = gradient_of(lambda x: compiled.evaluate(x)[1], position, 1e-3)
    assert not compiled.open.any()
    information = compiled.information(position)
    np.testing.assert_allclose(information, found, rtol=0, atol=1e-6 * np.max(np.abs(found)))


def one_bin(powers: list[dict[str, int]], *parameters: Parameter, **more: object) -> CompiledModel:
    samples = tuple(Sample(f"s{i}", np.ones(2), p) for i, p in enumerate(powers))
    samples = (*samples, Sample("flat", np.full(2, 5.0)))
    channel = PoissonChannel("toy/x", "x", "1", np.arange(3.0), samples, np.array([5.0, 6.0]))
    return CompiledModel(SpectralModel((channel,), {p.name: p for p in parameters}, **more))  # type: ignore[arg-type]


COUPLING = Parameter("g", "1", 0.5, lower=0.0)


@pytest.mark.parametrize(
    ("powers", "fitted"),
    [
        ([{"g": 1}], 1),
        ([{"g": 2}], 2),
        ([{"g": 4}], 4),
        ([{"g": 2}, {"g": 4}], 2),
        ([{"g": 4}, {"g": 6}], 2),
        ([{"g": 2}, {"g": 3}], 1),
        ([{"g": 2}, {"g": 1}], 1),
        ([{"g": 3}], 3),
        ([], 1),
    ],
)
def test_the_lowest_power_present_is_fitted(powers: list[dict[str, int]], fitted: int) -> None:
    compiled = one_bin(powers, COUPLING)
    assert compiled.powers.tolist() == [fitted]
    assert compiled.start[0] == pytest.approx(0.5**fitted)
    assert compiled.coordinates({"g": 0.3})[0] == pytest.approx(0.3**fitted)
    assert compiled.public(np.array([0.3**fitted]))[0] == pytest.approx(0.3)
    mean = 5 + sum(0.3 ** power["g"] for power in powers)
    np.testing.assert_allclose(compiled.expected(np.array([0.3**fitted]))[0], mean, rtol=1e-12)


def test_constrained_and_two_sided_parameters_stay_themselves() -> None:
    squared = [{"g": 2}]
    constrained = Parameter("g", "1", 0.5, lower=0.0, constraint=GaussianConstraint(0.5, 0.1))
    assert one_bin(squared, constrained).powers.tolist() == [1]
    assert one_bin(squared, Parameter("g", "1", 0.5)).powers.tolist() == [1]
    joint = CovarianceConstraint(("g",), (0.5,), ((0.01,),))
    assert one_bin(squared, COUPLING, constraints=(joint,)).powers.tolist() == [1]
    other = Parameter("h", "1", 0.5, lower=0.0)
    assert one_bin([{"g": 2, "h": 4}], COUPLING, other).powers.tolist() == [2, 4]


def test_a_square_has_a_slope_at_zero() -> None:
    compiled = one_bin([{"g": 2}], Parameter("g", "1", 0.0, lower=0.0))
    _, gradient, fisher = compiled.evaluate(np.zeros(1))
    assert gradient[0] == pytest.approx(2 - 11 / 5)
    assert fisher[0, 0] == pytest.approx(2 / 5)


@given(
    value=st.floats(1e-12, 10.0),
    power=st.sampled_from([2, 3, 4, 6]),
)
def test_bounds_and_starting_values_come_back_within_the_bounds(value: float, power: int) -> None:
    compiled = one_bin([{"g": power}], Parameter("g", "1", value, lower=0.0, upper=value))
    back = float(compiled.public(compiled.upper)[0])
    assert back == pytest.approx(value, rel=1e-14)
    assert back <= value
    low = one_bin([{"g": power}], Parameter("g", "1", value, lower=value, upper=20.0))
    assert float(low.public(low.lower)[0]) >= value


def two_bins(observed: list[float], first: Array | None = None) -> CompiledModel:
    parameters = [Parameter("a", "1", 1.0, -10, 10), Parameter("b", "1", 1.0, -10, 10)]
    samples = (
        Sample("a", np.array([1.0, 0.0]) if first is None else first, {"a": 1}, signed=True),
        Sample("b", np.array([0.0, 1.0]), {"b": 1}),
    )
    channel = PoissonChannel("toy/x", "x", "1", np.arange(3.0), samples, np.array(observed))
    return CompiledModel(SpectralModel((channel,), {p.name: p for p in parameters}))


@pytest.mark.parametrize(
    ("observed", "position", "inside"),
    [
        ([1.0, 1.0], [1.0, 1.0], True),
        ([1.0, 1.0], [-0.1, 1.0], False),
        ([0.0, 1.0], [-0.1, 1.0], False),
        ([1.0, 1.0], [0.0, 1.0], False),
        ([0.0, 1.0], [0.0, 1.0], True),
        ([1.0, 1.0], [math.nan, 1.0], False),
    ],
)
def test_outside_its_domain_the_value_is_infinite(
    observed: list[float], position: list[float], inside: bool
) -> None:
    compiled = two_bins(observed)
    at = np.array(position)
    assert math.isfinite(compiled.value(at)) == inside
    assert math.isfinite(compiled.evaluate(at)[0]) == inside
    if not inside:
        assert compiled.evaluate(at)[0] == math.inf
        assert (
            channel_nll(compiled.model.channels[0], compiled.expected(at)[0], np.array(observed)) == math.inf
        )


def test_an_empty_bin_without_expectation_costs_nothing_and_pulls_upwards() -> None:
    compiled = two_bins([0.0, 1.0])
    value, gradient, fisher = compiled.evaluate(np.array([0.0, 1.0]))
    assert value == pytest.approx(1.0)
    np.testing.assert_allclose(gradient, [1.0, 0.0])
    np.testing.assert_allclose(fisher, [[0.0, 0.0], [0.0, 1.0]])


def test_a_gaussian_channel_alone() -> None:
    channel = GaussianChannel(
        "g/r", "r", "SNU", (Sample("s", np.array([2.0]), {"a": 1}),), np.array([66.1]), np.array([4.0])
    )
    compiled = CompiledModel(SpectralModel((channel,), {"a": Parameter("a", "1", 30.0)}))
    value, gradient, fisher = compiled.evaluate(np.array([30.0]))
    pull = (60 - 66.1) / 4
    assert value == pytest.approx(0.5 * pull**2 + math.log(4) + 0.5 * math.log(2 * math.pi))
    assert channel_nll(channel, np.array([60.0]), channel.observed) == pytest.approx(0.5 * pull**2)
    np.testing.assert_allclose(gradient, [pull * 2 / 4])
    np.testing.assert_allclose(fisher, [[0.25]])


def test_values_of_unknown_parameters_are_refused() -> None:
    with pytest.raises(ModelError, match="parameter: 'gg' is not known"):
        one_bin([{"g": 2}], COUPLING).coordinates({"gg": 1.0})


@pytest.mark.parametrize("count", [1.0, 30.0, 4e9])
@pytest.mark.parametrize("ratio", [1e-300, 1e-20, 1e-3, 0.4999, 0.5001, 1.0, 2.0, 1e6])
def test_counts_far_from_their_expectation_have_a_value(count: float, ratio: float) -> None:
    """Without overflow, loss of digits or warning from next to nothing to far too much."""
    channel = PoissonChannel("t/x", "x", "1", np.arange(3.0), (), np.array([count, 0.0]))
    value = channel_nll(channel, np.array([count * ratio, 2.5]), channel.observed)
    exact = count * (ratio - 1 - math.log(ratio)) + 2.5
    assert value == pytest.approx(exact, rel=1e-12)


def test_large_counts_do_not_round_small_differences_away() -> None:
    channel = PoissonChannel("t/x", "x", "1", np.arange(2.0), (), np.array([1e15]))
    assert channel_nll(channel, np.array([1e15 + 1e7]), channel.observed) == pytest.approx(0.05, rel=1e-6)
