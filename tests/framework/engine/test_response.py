"""Compiling the response of a toy detector: what comes out, how well it closes, when it is done anew."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from nurecoil.detectors.morph import Morph
from nurecoil.detectors.scintillator import HitBins, HitTemplate, PeakTemplate
from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.response import (
    MORPH_RANGE,
    Closure,
    compile_response,
    needs_recompiling,
    response_closure,
)
from nurecoil.engine.solve import hesse, solve
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel

Array = NDArray[np.float64]

NAMES = ("toy.yield", "toy.saturation", "toy.linear", "toy.constant", "toy.quadratic")
TRUTH = {
    "toy.yield": 430.0, "toy.saturation": 0.1, "toy.linear": 1.5, "toy.constant": 0.0, "toy.quadratic": 1e-4,
    "peak.mu": 190.0, "peak.sigma": 15.0, "rate": 1.0, "peak": 1.0, "flat": 1.0, "mu": 0.0,
}  # fmt: skip


def toy(shift: float = 0.0) -> SpectralModel:
    """A spectrum with an edge, a peak, a flat background; data at a light yield off by ``shift``."""
    bins = HitBins.of(np.arange(99.5, 320.5, 4.0))
    energy = np.linspace(0.15, 0.7, 90)
    size = bins.edges.size - 1
    shoulder = HitTemplate(bins, energy, 3e3 * np.where(energy < 0.55, 1.2 - energy, 0.2), NAMES)
    recoil = HitTemplate(bins, energy, 300 / energy, NAMES)
    samples = (
        Sample("shoulder", shoulder, {"rate": 1}),
        Sample("peak", PeakTemplate(bins, 3e4, ("peak.mu", "peak.sigma")), {"peak": 1}),
        Sample("flat", np.full(size, 100.0), {"flat": 1}),
        Sample("em", recoil, {"rate": 1, "mu": 2}, group="signal"),
    )
    parameters = [
        Parameter("toy.yield", "hits/MeV", 430.0, 300, 600),
        Parameter("toy.saturation", "1/MeV", 0.1, 0.0, 0.2, GaussianConstraint(0.1, 0.01)),
        Parameter("toy.linear", "1", 1.5, 0.8, 3.0),
        Parameter("toy.constant", "hits^2", 0.0, -200, 400, fixed=True),
        Parameter("toy.quadratic", "1/hits", 1e-4, 0.0, 0.05, GaussianConstraint(1e-4, 1e-4)),
        Parameter("peak.mu", "hits", 190.0, 150, 250),
        Parameter("peak.sigma", "hits", 15.0, 5, 40),
        *(Parameter(name, "1", 1.0, 0.0) for name in ("rate", "peak", "flat")),
        Parameter("mu", "mu_B", 0.0, 0.0),
    ]
    channel = PoissonChannel("toy/hits", "hits", "1", bins.edges, samples, np.ones(size))
    sum_ = GaussianChannel(
        "sum/rate", "rate", "1", (Sample("rate", np.ones(1), {"rate": 1}),), np.ones(1), np.full(1, 0.05)
    )
    model = SpectralModel((channel, sum_), {p.name: p for p in parameters}, poi="mu")
    compiled = CompiledModel(model)
    mean = compiled.expected(compiled.coordinates({**TRUTH, "toy.yield": 430.0 + shift}))
    data = np.random.default_rng(11).poisson(mean[0])
    return model.with_observed({"toy/hits": data, "sum/rate": mean[1]})


@pytest.fixture(scope="module")
def exact() -> SpectralModel:
    return toy()


@pytest.fixture(scope="module")
def compiled(exact: SpectralModel) -> SpectralModel:
    return compile_response(exact)


def morphs(model: SpectralModel) -> list[Morph]:
    return [s.template for c in model.channels for s in c.samples if isinstance(s.template, Morph)]


def test_every_response_becomes_a_morph_about_the_best_fit(
    exact: SpectralModel, compiled: SpectralModel
) -> None:
    solution = solve(CompiledModel(exact))
    assert [isinstance(s.template, Morph) for s in compiled.channels[0].samples] == [True, True, False, True]
    assert compiled.channels[1] is exact.channels[1] or compiled.channels[1] == exact.channels[1]
    index = CompiledModel(exact).index
    for morph, sample in zip(
        morphs(compiled), [exact.channels[0].samples[i] for i in (0, 1, 3)], strict=True
    ):
        assert morph.exact is sample.template
        np.testing.assert_allclose(morph.centre, solution.position[[index[name] for name in morph.names]])
        assert np.all(morph.step > 0)
    moved = [name for name in exact.free if compiled.values[name] != exact.values[name]]
    assert "toy.yield" in moved
    assert compiled.values["toy.constant"] == 0.0


def test_the_compiled_model_has_the_same_minimum(exact: SpectralModel, compiled: SpectralModel) -> None:
    slow, fast = CompiledModel(exact), CompiledModel(compiled)
    one, two = solve(slow), solve(fast)
    assert two.value == pytest.approx(one.value, abs=1e-6)
    sigma = np.sqrt(np.diag(hesse(slow, one)))
    moved = sigma > 0
    assert np.max(np.abs(one.position - two.position)[moved] / sigma[moved]) < 1e-3
    np.testing.assert_allclose(np.sqrt(np.diag(hesse(fast, two)))[moved], sigma[moved], rtol=2e-2)


def test_the_closure_is_small_and_travels_with_the_model(
    exact: SpectralModel, compiled: SpectralModel
) -> None:
    note = compiled.metadata["response"]
    assert note["form"] == "compiled"
    assert set(note["centre"]) == set(note["step"]) == {*NAMES, "peak.mu", "peak.sigma"}
    closure = Closure(**note["closure"])
    assert 0 < closure.per_bin < 0.02
    assert 0 < closure.chi2 < 1e-3
    assert 0 < closure.nll < 5e-2
    fast = CompiledModel(compiled)
    solution = solve(CompiledModel(exact))
    again = response_closure(exact, compiled, solution.position, hesse(CompiledModel(exact), solution))
    # the walk of the compilation is along the Fisher matrix, which is not quite the covariance
    for name in ("per_bin", "chi2", "nll"):
        assert getattr(again, name) == pytest.approx(getattr(closure, name), rel=0.25)
    # twice the distance, far more than twice the error
    far = response_closure(exact, compiled, solution.position, 4 * hesse(CompiledModel(exact), solution))
    assert far.per_bin > 3 * closure.per_bin
    assert fast.names == CompiledModel(exact).names


def test_a_model_against_itself_closes_exactly(exact: SpectralModel, compiled: SpectralModel) -> None:
    position = solve(CompiledModel(exact)).position
    spread = np.eye(position.size) * 1e-8
    assert response_closure(compiled, compiled, position, spread) == Closure(0.0, 0.0, 0.0)
    static = dataclasses.replace(exact, channels=(exact.channels[1],), poi=None)
    assert response_closure(static, static, position, spread) == Closure(0.0, 0.0, 0.0)


def test_without_a_response_there_is_nothing_to_compile(exact: SpectralModel) -> None:
    static = dataclasses.replace(exact, channels=(exact.channels[1],), poi=None)
    assert compile_response(static) is static
    read = dataclasses.replace(morphs(compile_response(exact))[0], exact=None)
    samples = (dataclasses.replace(exact.channels[0].samples[0], template=read),)
    only = PoissonChannel(
        "t/x", "x", "1", np.arange(read.counts.size + 1.0), samples, np.ones(read.counts.size)
    )
    frozen = dataclasses.replace(exact, channels=(only,), poi=None)
    assert compile_response(frozen) is frozen


def test_a_known_minimum_is_used(exact: SpectralModel) -> None:
    solution = solve(CompiledModel(exact))
    elsewhere = solution.position.copy()
    elsewhere[CompiledModel(exact).index["toy.yield"]] += 1.0
    made = compile_response(exact, dataclasses.replace(solution, position=elsewhere))
    assert made.metadata["response"]["centre"]["toy.yield"] == elsewhere[0]
    assert made.values["toy.yield"] == elsewhere[0]


def test_leaving_the_range_asks_for_another_compilation(compiled: SpectralModel) -> None:
    fast = CompiledModel(compiled)
    centre, step = compiled.metadata["response"]["centre"], compiled.metadata["response"]["step"]
    for name in centre:
        for sign in (-1, 1):
            position = fast.start.copy()
            position[fast.index[name]] = centre[name] + sign * 0.99 * MORPH_RANGE * step[name]
            assert not needs_recompiling(compiled, fast, position)
            position[fast.index[name]] = centre[name] + sign * 1.01 * MORPH_RANGE * step[name]
            assert needs_recompiling(compiled, fast, position)


def test_what_has_no_exact_form_is_never_recompiled(compiled: SpectralModel) -> None:
    samples = tuple(
        dataclasses.replace(s, template=dataclasses.replace(s.template, exact=None))
        if isinstance(s.template, Morph)
        else s
        for s in compiled.channels[0].samples
    )
    read = dataclasses.replace(
        compiled, channels=(dataclasses.replace(compiled.channels[0], samples=samples),)
    )
    fast = CompiledModel(read)
    assert not needs_recompiling(read, fast, fast.start + 1.0)


def test_compiling_a_compiled_model_starts_from_the_exact_one() -> None:
    # Data that pull the light yield far out of the first compilation's range.
    first = compile_response(toy())
    data = toy(shift=30.0).channels[0].observed
    pulled = first.with_observed({"toy/hits": data})
    fast = CompiledModel(pulled)
    solution = solve(fast)
    assert needs_recompiling(pulled, fast, solution.position)
    second = compile_response(pulled)
    again = solve(CompiledModel(second))
    exact = toy(shift=30.0)
    truth = solve(CompiledModel(exact))
    assert not needs_recompiling(second, CompiledModel(second), again.position)
    assert again.value == pytest.approx(truth.value, abs=1e-5)
    assert second.values["toy.yield"] == pytest.approx(460.0, abs=4.0)
    assert math.isfinite(second.metadata["response"]["closure"]["nll"])


def test_compiling_like_another_keeps_its_expansion(exact: SpectralModel, compiled: SpectralModel) -> None:
    again = compile_response(exact, like=compiled)
    for one, other in zip(morphs(again), morphs(compiled), strict=True):
        assert one is other
    assert again.metadata["response"] == compiled.metadata["response"]
    assert again.values == compiled.values


def test_what_is_new_is_compiled_about_the_same_point(exact: SpectralModel, compiled: SpectralModel) -> None:
    other = toy(3.0)  # other data and templates of its own: the point is that of the first all the same
    made = compile_response(other, like=compiled)
    for one, known, sample in zip(
        morphs(made), morphs(compiled), [other.channels[0].samples[i] for i in (0, 1, 3)], strict=True
    ):
        assert one is not known
        assert one.exact is sample.template
        np.testing.assert_array_equal(one.centre, known.centre)
        np.testing.assert_allclose(one.counts, known.counts, rtol=1e-12)


def test_a_like_model_without_the_response_parameters_is_of_no_use(
    exact: SpectralModel, compiled: SpectralModel
) -> None:
    lacking = {**compiled.metadata["response"], "centre": {}}
    other = dataclasses.replace(compiled, metadata={**compiled.metadata, "response": lacking})
    for useless in (other, exact):
        made = compile_response(exact, like=useless)
        assert made.metadata["response"]["centre"] == pytest.approx(compiled.metadata["response"]["centre"])
