"""The kernel against its reference in numpy: values, derivatives, fits, and how models are laid out."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyhf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nurecoil.bridges.reading import read
from nurecoil.detectors.morph import LARGEST_EXPONENT, Morph
from nurecoil.engine.batch import look, minima
from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.data import DataSets
from nurecoil.engine.kernel._exponential import exponential
from nurecoil.engine.kernel.arrays import lay_out
from nurecoil.engine.solve import EDM_TOLERANCE
from nurecoil.model.parameters import Parameter
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel
from nurecoil.testing.models import counting

from ...bridges.peers.test_random_workspaces import CODES, build
from ...report.inspected import everything, wide

Array = NDArray[np.float64]
Make = Callable[[int], SpectralModel]


def near(model: SpectralModel, seed: int) -> tuple[CompiledModel, Array]:
    """A model compiled, and a place inside its bounds near its start."""
    compiled = CompiledModel(model)
    rng = np.random.default_rng(seed)
    size = compiled.start.size
    place = compiled.start * rng.uniform(0.9, 1.1, size) + 0.05 * rng.uniform(-1, 1, size)
    return compiled, np.clip(place, compiled.lower, compiled.upper)


def compare(model: SpectralModel, seed: int) -> None:
    """Everything the kernel computes, to rounding."""
    compiled, place = near(model, seed)
    every = np.ones(place.size, dtype=bool)
    found = look(compiled, compiled.data, place[None], every, second=True)
    value, gradient, fisher = compiled.evaluate(place)
    if not np.isfinite(value):
        assert found.value[0] == np.inf
        return
    assert found.value[0] == pytest.approx(value, rel=1e-12, abs=1e-12)
    unit = np.sqrt(np.maximum(np.diag(fisher), 1e-300))
    assert np.max(np.abs(found.gradient[0] - gradient) / np.maximum(unit, np.abs(gradient))) < 1e-10
    scale = np.maximum(np.outer(unit, unit), np.abs(fisher))
    assert np.max(np.abs(found.fisher[0] - fisher) / scale) < 1e-10
    second = compiled.information(place)
    scale = np.maximum(np.outer(unit, unit), np.abs(second).max())
    assert np.max(np.abs(found.second[0] - second) / scale) < 1e-10


@pytest.mark.parametrize("seed", range(24))
def test_random_spectra_have_the_values_and_derivatives_of_the_reference(
    random_model: Make, seed: int
) -> None:
    compare(random_model(seed), seed)


@pytest.mark.parametrize("seed", range(6))
def test_every_modifier_and_constraint_at_once(seed: int) -> None:
    compare(everything(), seed)
    compare(wide(3, 7), seed)


def workspace(seed: int, folder: Path) -> SpectralModel | None:
    """A HistFactory model put together at random; ``None`` where pyhf refuses it."""
    try:
        document = build(seed)
    except (AssertionError, pyhf.exceptions.InvalidModel, pyhf.exceptions.InvalidNameReuse):
        return None
    path = folder / f"{seed}.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return read(path, **({"modifier_settings": CODES} if seed % 2 else {}))


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(0, 99))
def test_random_workspaces(seed: int, place: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model = workspace(seed, Path(folder))
    if model is not None:
        compare(model, place)


def test_several_factors_and_zeros() -> None:
    parameters = [Parameter(name, "1", value, 0.0) for name, value in (("a", 0.0), ("b", 2.0), ("c", 3.0))]
    samples = (
        Sample("abc", np.array([1.0, 2.0]), {"a": 1, "b": 2, "c": 3}),
        Sample("flat", np.array([5.0, 6.0]), {"b": 1}),
        Sample("empty", np.zeros(2), {"c": 1}),
    )
    channel = PoissonChannel("t/x", "x", "1", np.arange(3.0), samples, np.array([9.0, 0.0]))
    model = SpectralModel((channel,), {p.name: p for p in parameters})
    compiled = CompiledModel(model)
    every = np.ones(3, dtype=bool)
    for a in (0.0, 0.1):
        place = np.array([a, 2.0, 3.0])
        found = look(compiled, compiled.data, place[None], every, second=True)
        value, gradient, fisher = compiled.evaluate(place)
        assert found.value[0] == pytest.approx(value, rel=1e-14)
        np.testing.assert_allclose(found.gradient[0], gradient, rtol=1e-12)
        np.testing.assert_allclose(found.fisher[0], fisher, rtol=1e-12)
        np.testing.assert_allclose(found.second[0], compiled.information(place), rtol=1e-12)


def test_derivatives_by_parameters_that_are_not_asked_for_are_left_out(random_model: Make) -> None:
    compiled, place = near(random_model(3), 3)
    every = np.ones(place.size, dtype=bool)
    some = every.copy()
    some[::2] = False
    whole = look(compiled, compiled.data, place[None], every, second=True)
    part = look(compiled, compiled.data, place[None], some, second=True)
    index = np.flatnonzero(some)
    assert part.value == whole.value
    np.testing.assert_allclose(part.gradient[0, index], whole.gradient[0, index], rtol=1e-12, atol=1e-12)
    for one, other in ((part.fisher, whole.fisher), (part.second, whole.second)):
        block = np.ix_(index, index)
        np.testing.assert_allclose(one[0][block], other[0][block], rtol=1e-11, atol=1e-9)


def test_a_morph_far_from_its_centre_stays_put() -> None:
    steep = Morph(("d",), np.zeros(1), np.full(3, 9.0), np.array([[40.0, 1.0, -40.0]]), np.zeros((1, 1, 3)))
    channel = PoissonChannel("t/x", "x", "1", np.arange(4.0), (Sample("s", steep),), np.full(3, 5.0))
    model = SpectralModel((channel,), {"d": Parameter("d", "1", 0.0, -2.0, 2.0)})
    compiled = CompiledModel(model)
    place = np.array([1.5])  # the exponents are 60, 1.5 and -60
    assert 40 * place[0] > LARGEST_EXPONENT
    value, gradient, fisher = compiled.evaluate(place)
    found = look(compiled, compiled.data, place[None], np.ones(1, dtype=bool))
    assert found.value[0] == pytest.approx(value, rel=1e-12)
    assert found.gradient[0] == pytest.approx(gradient, rel=1e-12)
    assert found.fisher[0] == pytest.approx(fisher, rel=1e-12)


def test_many_data_sets_are_fitted_as_each_alone(random_model: Make) -> None:
    compiled = CompiledModel(random_model(4))
    rng = np.random.default_rng(1)
    mean = np.maximum(np.concatenate(compiled.expected(compiled.start)), 0.0)
    data = DataSets(
        rng.poisson(mean, (30, mean.size)).astype(float), np.repeat(compiled.data.auxiliary, 30, 0)
    )
    free = ~compiled.fixed
    together = minima(compiled, data, compiled.start, free, EDM_TOLERANCE)
    for row in (0, 7, 29):
        alone = minima(compiled, data.rows([row]), compiled.start, free, EDM_TOLERANCE)
        np.testing.assert_array_equal(together.position[row], alone.position[0])
        assert together.value[row] == alone.value[0]
        one = compiled.with_data(data, row)
        assert together.value[row] == pytest.approx(one.value(together.position[row]), rel=1e-12)
    assert np.all(together.edm < EDM_TOLERANCE)


def test_a_start_outside_the_domain_is_no_minimum() -> None:
    compiled = CompiledModel(counting(observed=3.0, background=0.0))
    found = minima(compiled, compiled.data, np.zeros(2), ~compiled.fixed, EDM_TOLERANCE)
    assert found.edm[0] == np.inf


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=40))
def test_the_exponential_function(values: list[float]) -> None:
    found = np.array(values)
    exponential(found)
    np.testing.assert_allclose(found, np.exp(values), rtol=6e-16)


def test_what_is_laid_out_is_as_large_as_what_is_filled() -> None:
    peak = np.zeros(50)
    peak[20:25] = 3.0
    samples = (Sample("peak", peak, {"a": 1}), Sample("flat", np.ones(50), {"b": 1}))
    channel = PoissonChannel("t/x", "x", "1", np.arange(51.0), samples, np.ones(50))
    parameters = {name: Parameter(name, "1", 1.0, 0.0) for name in ("a", "b")}
    model = SpectralModel((channel,), parameters)
    found = lay_out(model, {"a": 0, "b": 1}, np.ones(2, dtype=int))
    assert found.lines.size == 55
    assert found.own.tolist() == [[0, 20, 25], [1, 0, 50]]
