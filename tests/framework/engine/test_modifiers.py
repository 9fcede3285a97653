"""Modifiers in the engine: values against pyhf's interpolators, derivatives against differences."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np
import pyhf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nurecoil.engine.channels import CompiledChannel
from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.modifiers import CompiledModifiers
from nurecoil.model.modifiers import BinFactors, HistoSys, Modifier, NormSys
from nurecoil.model.parameters import GaussianConstraint, Parameter, PoissonConstraint
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel

Array = NDArray[np.float64]
Seeds = st.integers(0, 100_000)


def interpolated(code: str, low: Array, nominal: Array, high: Array, pull: float) -> Array:
    """pyhf's interpolation of one set of contents at one pull."""
    named = getattr(pyhf.interpolators, f"code{code}")
    return np.asarray(named([[[low, nominal, high]]], subscribe=False)(np.array([[pull]])))[0, 0, 0]


def reference(sample: Sample, values: Mapping[str, float]) -> Array:
    """Expected contents of a sample, factor by factor."""
    assert isinstance(sample.template, np.ndarray)
    contents, factor = sample.template.copy(), np.ones(sample.template.size)
    for name, power in sample.powers.items():
        factor *= values[name] ** power
    for modifier in sample.modifiers:
        if isinstance(modifier, NormSys):
            ends = np.array([modifier.low]), np.ones(1), np.array([modifier.high])
            factor *= interpolated(modifier.code, *ends, values[modifier.parameter])
        elif isinstance(modifier, HistoSys):
            ends = modifier.low, sample.template, modifier.high
            contents = contents + interpolated(modifier.code, *ends, values[modifier.parameter])
        else:
            factor *= [values[name] if name else 1.0 for name in modifier.parameters]
    return np.asarray(factor * contents)


def one_of(rng: np.random.Generator, contents: Array, sets: dict[str, tuple[str, ...]]) -> Modifier:
    """A random modifier; factors of bins are of one of the channel's sets."""
    kind = int(rng.integers(3))
    pull = f"pull{rng.integers(3)}"
    if kind == 0:
        return NormSys(pull, *rng.uniform(0.7, 1.4, 2).tolist(), code=rng.choice(["1", "4"]))  # type: ignore[arg-type]
    if kind == 1:
        low, high = contents * rng.uniform(0.85, 1.1, (2, contents.size))
        return HistoSys(pull, low, high, code=rng.choice(["0", "4p"]))  # type: ignore[arg-type]
    name = str(rng.choice(list(sets)))
    return BinFactors(sets[name], rng.choice(["shapesys", "staterror", "shapefactor"]))  # type: ignore[arg-type]


def build(seed: int) -> SpectralModel:
    """Channels of a few bins and samples with modifiers at random, the same pulls and sets here and there."""
    rng = np.random.default_rng(seed)
    parameters = {
        "mu": Parameter("mu", "1", 0.9, 0.0),
        "k": Parameter("k", "1", 1.1, 0.0),
    }
    for number in range(3):
        name = f"pull{number}"
        parameters[name] = Parameter(name, "1", 0.0, -5.0, 5.0, GaussianConstraint(rng.normal(0, 0.3), 1.0))
    poisson = bool(rng.integers(2))
    channels = []
    for place in range(int(rng.integers(1, 4))):
        bins = int(rng.integers(1, 6))
        sets = {}
        for number in range(2):
            names = [f"gamma{place}{number}[{b}]" for b in range(bins)]
            if bins > 2 and rng.integers(2):
                names[1] = names[0]  # two bins, one factor
            for name in names:
                bound = PoissonConstraint(40.0, 42.0) if poisson else GaussianConstraint(1.02, 0.1)
                parameters[name] = Parameter(name, "1", 1.0, 0.0, 10.0, None if number else bound)
            used = [name if rng.uniform() < 0.8 else "" for name in names]
            sets[f"gamma{place}{number}"] = tuple(used)
        samples = []
        for number in range(int(rng.integers(1, 4))):
            contents = rng.uniform(5, 60, bins)
            powers = [{}, {"mu": 1}, {"mu": 2, "k": 1}, {"k": 1}][int(rng.integers(4))]
            modifiers = tuple(one_of(rng, contents, sets) for _ in range(int(rng.integers(5))))
            samples.append(Sample(f"s{number}", contents, powers, modifiers=modifiers))
        samples.append(Sample("flat", np.full(bins, 5.0)))
        edges = np.arange(bins + 1.0)
        channels.append(PoissonChannel(f"toy/{place}", "x", "1", edges, tuple(samples), np.zeros(bins)))
    model = SpectralModel(tuple(channels), parameters)
    return model.with_observed(
        {
            channel.name: rng.poisson(sum(reference(s, model.values) for s in channel.samples)).astype(float)
            for channel in channels
        }
    )


def point(compiled: CompiledModel, seed: int, kinks: float = 0.02) -> Array:
    """Internal coordinates inside the bounds; pulls not within ``kinks`` of where interpolations change."""
    rng = np.random.default_rng(seed)
    position = compiled.start.copy()
    for i, name in enumerate(compiled.names):
        if name.startswith("pull"):
            position[i] = rng.uniform(-2.2, 2.2)
            for kink in (-1.0, 0.0, 1.0):
                if abs(position[i] - kink) < kinks:
                    position[i] = kink + kinks
        else:
            position[i] = rng.uniform(0.6, 1.5)
    return position


def differences(function: Callable[[Array], float | Array], position: Array, step: float = 2e-3) -> Array:
    """Differences of fourth order, one row per coordinate."""
    rows = []
    for i in range(position.size):
        shift = np.where(np.arange(position.size) == i, step, 0.0)
        near = np.asarray(function(position + shift)) - np.asarray(function(position - shift))
        far = np.asarray(function(position + 2 * shift)) - np.asarray(function(position - 2 * shift))
        rows.append((8 * near - far) / (12 * step))
    return np.array(rows)


@settings(max_examples=40, deadline=None)
@given(seed=Seeds, at=Seeds)
def test_expected_contents_are_those_of_pyhfs_interpolators(seed: int, at: int) -> None:
    model = build(seed)
    compiled = CompiledModel(model)
    position = point(compiled, at, kinks=0.0)
    values = compiled.values(position)
    for channel, parts, total in zip(
        model.channels, compiled.components(position), compiled.expected(position), strict=True
    ):
        exact = np.array([reference(sample, values) for sample in channel.samples])
        np.testing.assert_allclose(parts, exact, rtol=1e-11, atol=1e-11)
        np.testing.assert_allclose(total, exact.sum(axis=0), rtol=1e-11)


@settings(max_examples=25, deadline=None)
@given(seed=Seeds, at=Seeds)
def test_gradient_and_fisher_matrix_are_those_of_differences(seed: int, at: int) -> None:
    compiled = CompiledModel(build(seed))
    position = point(compiled, at)
    value, gradient, fisher = compiled.evaluate(position)
    assert value == pytest.approx(compiled.value(position), rel=1e-12)
    found = differences(compiled.value, position)
    np.testing.assert_allclose(gradient, found, rtol=0, atol=1e-7 * max(1.0, np.max(np.abs(found))))
    exact = compiled.constraints.evaluate(position)[2]
    for number, mean in enumerate(compiled.expected(position)):
        slope = differences(lambda x, n=number: compiled.expected(x)[n], position)  # type: ignore[misc]
        exact = exact + (slope / mean) @ slope.T
    np.testing.assert_allclose(fisher, exact, rtol=0, atol=1e-7 * np.max(np.abs(exact)))


@settings(max_examples=25, deadline=None)
@given(seed=Seeds, at=Seeds)
def test_information_is_the_matrix_of_second_derivatives(seed: int, at: int) -> None:
    model = build(seed)
    compiled = CompiledModel(model)
    position = point(compiled, at)
    found = differences(lambda x: compiled.evaluate(x)[1], position)
    information = compiled.information(position)
    np.testing.assert_allclose(information, information.T, rtol=1e-12, atol=1e-9)
    assert not compiled.open.any()
    np.testing.assert_allclose(information, found, rtol=0, atol=1e-6 * max(1.0, np.max(np.abs(found))))


@settings(max_examples=15, deadline=None)
@given(seed=Seeds, at=Seeds, weights=Seeds)
def test_bends_are_the_second_derivatives_of_the_expectation(seed: int, at: int, weights: int) -> None:
    model = build(seed)
    whole = CompiledModel(model)
    index = {name: i for i, name in enumerate(whole.names)}
    position = point(whole, at)
    rng = np.random.default_rng(weights)
    for source in model.channels:
        channel = CompiledChannel(source, index, whole.powers)
        weight = rng.normal(0, 1, source.bins)

        def slope(x: Array, channel: CompiledChannel = channel, weight: Array = weight) -> Array:
            return np.asarray(channel.evaluate(x)[1] @ weight)

        np.testing.assert_allclose(channel.evaluate(position)[0], channel.expected(position), rtol=1e-12)
        found = differences(slope, position)
        scale = max(1.0, np.max(np.abs(found)))
        np.testing.assert_allclose(channel.bends(position, weight), found, rtol=0, atol=1e-8 * scale)


def single(modifiers: tuple[Modifier, ...], powers: Mapping[str, int] | None = None) -> CompiledModel:
    """Two bins with some modifiers beside a flat sample."""
    names = [n for m in modifiers for n in m.parameters if n] + list(powers or {})
    parameters = {n: Parameter(n, "1", 1.0, -8.0, 8.0) for n in dict.fromkeys(names)}
    samples = (
        Sample("one", np.array([10.0, 20.0]), dict(powers or {}), modifiers=modifiers),
        Sample("flat", np.full(2, 50.0)),
    )
    channel = PoissonChannel("toy/x", "x", "1", np.arange(3.0), samples, np.array([63.0, 68.0]))
    return CompiledModel(SpectralModel((channel,), parameters))


GAMMAS = BinFactors(("g[0]", "g[1]"), "staterror")
OTHERS = BinFactors(("h[0]", ""), "shapesys")


def test_factors_at_zero_have_their_slopes() -> None:
    """Products of the others, not the whole divided by one's own value."""
    compiled = single((GAMMAS, OTHERS, NormSys("a", 0.9, 1.2)), {"mu": 1})
    position = np.zeros(len(compiled.names))
    position[compiled.index["g[1]"]] = 2.0
    position[compiled.index["mu"]] = 3.0
    contents, jacobian = compiled.channels[0].evaluate(position)
    np.testing.assert_allclose(contents, [50.0, 50.0 + 2 * 3 * 20])
    np.testing.assert_allclose(jacobian[compiled.index["g[1]"]], [0.0, 60.0])
    np.testing.assert_allclose(jacobian[compiled.index["g[0]"]], [0.0, 0.0])
    np.testing.assert_allclose(jacobian[compiled.index["mu"]], [0.0, 40.0])
    found = differences(lambda x: compiled.channels[0].evaluate(x)[1] @ np.ones(2), position)
    np.testing.assert_allclose(compiled.channels[0].bends(position, np.ones(2)), found, atol=1e-7)


def test_a_factor_that_stands_in_two_sets_of_a_sample_counts_twice() -> None:
    compiled = single((GAMMAS, BinFactors(("g[0]", "g[1]"), "shapefactor")))
    position = np.array([1.5, 0.5])
    contents, jacobian = compiled.channels[0].evaluate(position)
    np.testing.assert_allclose(contents, [50 + 10 * 1.5**2, 50 + 20 * 0.25])
    np.testing.assert_allclose(np.diag(jacobian), [2 * 1.5 * 10, 2 * 0.5 * 20])
    np.testing.assert_allclose(np.diag(compiled.channels[0].bends(position, np.ones(2))), [20.0, 40.0])


def test_bins_without_a_factor_stay() -> None:
    compiled = single((OTHERS,))
    np.testing.assert_allclose(compiled.expected(np.array([4.0]))[0], [90.0, 70.0])


@pytest.mark.parametrize("pull", [-3.0, -1.0, -0.4, 0.0, 0.4, 1.0, 3.0])
def test_one_pull_as_rate_and_shape_of_a_sample(pull: float) -> None:
    shape = HistoSys("a", np.array([9.0, 21.0]), np.array([12.0, 17.0]))
    compiled = single((NormSys("a", 0.9, 1.2), shape), {"mu": 1})
    position = compiled.coordinates({"a": pull, "mu": 1.3})
    (channel,) = compiled.model.channels
    exact = sum(reference(sample, {"a": pull, "mu": 1.3}) for sample in channel.samples)
    np.testing.assert_allclose(compiled.expected(position)[0], exact, rtol=1e-13)


@pytest.mark.parametrize("kink", [-1.0, 1.0])
@pytest.mark.parametrize("modifier", [
    NormSys("a", 0.8, 1.5), HistoSys("a", np.array([8.0, 25.0]), np.array([11.0, 13.0])),
], ids=["normsys", "histosys"])  # fmt: skip
def test_smooth_interpolations_have_no_kink(kink: float, modifier: Modifier) -> None:
    """Value, slope and second derivative go on at a pull of one sigma."""
    channel = single((modifier,)).channels[0]
    below, above = (np.array([kink + side]) for side in (-1e-9, 1e-9))
    for one, two in zip(channel.evaluate(below), channel.evaluate(above), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-7)
    weight = np.array([1.0, 0.3])
    np.testing.assert_allclose(
        channel.bends(below, weight), channel.bends(above, weight), rtol=1e-6, atol=1e-6
    )


def test_a_channel_without_modifiers_changes_nothing() -> None:
    plain = Sample("plain", np.ones(2))
    found = CompiledModifiers([plain], {}, 2).at(np.empty(0))
    assert np.all(found.norm == 1.0)
    assert np.all(found.bins == 1.0)
    assert np.all(found.shift == 0.0)


def test_components_add_up_to_the_expectation() -> None:
    model = build(11)
    compiled = CompiledModel(model)
    position = point(compiled, 3)
    for parts, total in zip(compiled.components(position), compiled.expected(position), strict=True):
        np.testing.assert_allclose(parts.sum(axis=0), total, rtol=1e-13)
    bare = dataclasses.replace(
        model,
        channels=tuple(
            dataclasses.replace(c, samples=tuple(dataclasses.replace(s, modifiers=()) for s in c.samples))
            for c in model.channels
        ),
    )
    changed = CompiledModel(bare).expected(position)
    assert any(
        not np.allclose(one, two) for one, two in zip(changed, compiled.expected(position), strict=True)
    )
