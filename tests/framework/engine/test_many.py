"""Many fits: each what a single one finds, and none that fails stops the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.data import DataSets
from nurecoil.engine.many import solve_many
from nurecoil.engine.solve import solve
from nurecoil.inference.pseudo_data import Urn, toy_stream
from nurecoil.model.modifiers import NormSys
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel

Make = Callable[[int], SpectralModel]


def drawn(compiled: CompiledModel, n: int) -> DataSets:
    urn = Urn(compiled)
    rows = [urn.draw(toy_stream(3, number)) for number in range(n)]
    return DataSets(np.array([row[0] for row in rows]), np.array([row[1] for row in rows]))


@pytest.mark.parametrize("seed", range(6))
def test_each_is_what_a_single_fit_finds(random_model: Make, seed: int) -> None:
    compiled = CompiledModel(random_model(seed))
    data = drawn(compiled, 8)
    held = np.array([name == "mu" for name in compiled.names])
    for which in (None, held):
        found = solve_many(compiled, data, compiled.start, which)
        assert found.reasons == {}
        for row in range(len(data)):
            alone = solve(compiled.with_data(data, row), compiled.start, which)
            assert found.value[row] == pytest.approx(alone.value, abs=1e-8)


def kinked() -> CompiledModel:
    pull = Parameter("a", "1", 0.0, -5.0, 5.0, GaussianConstraint(0.0, 1.0))
    sample = Sample("s", np.array([50.0, 80.0]), {"r": 1}, modifiers=(NormSys("a", 0.7, 1.1, "1"),))
    flat = Sample("flat", np.array([20.0, 10.0]))
    channel = PoissonChannel("t/x", "x", "1", np.arange(3.0), (sample, flat), np.array([60.0, 95.0]))
    return CompiledModel(SpectralModel((channel,), {"a": pull, "r": Parameter("r", "1", 1.0, 0.0)}))


def test_models_with_kinks_are_fitted_one_by_one() -> None:
    compiled = kinked()
    data = drawn(compiled, 5)
    found = solve_many(compiled, data, compiled.start)
    for row in range(5):
        alone = solve(compiled.with_data(data, row), compiled.start)
        np.testing.assert_array_equal(found.position[row], alone.position)


def test_one_that_cannot_be_fitted_says_why_and_the_others_are() -> None:
    parameter = Parameter("a", "1", 1.0, 0.0)
    samples = (Sample("a", np.array([1.0, 0.0]), {"a": 1}),)
    channel = PoissonChannel("t/x", "x", "1", np.arange(3.0), samples, np.array([3.0, 0.0]))
    compiled = CompiledModel(SpectralModel((channel,), {"a": parameter}))
    data = DataSets(np.array([[3.0, 0.0], [3.0, 1.0], [7.0, 0.0]]), np.empty((3, 0)))
    found = solve_many(compiled, data, compiled.start)
    assert list(found.reasons) == [1] and "no events where there are some" in found.reasons[1]
    np.testing.assert_allclose(found.position[:, 0], [3.0, np.nan, 7.0], rtol=1e-5)
    assert np.isnan(found.value[1]) and np.isfinite(found.value[[0, 2]]).all()
