"""The same likelihood in zfit: value, gradient and minimum. Importing zfit takes ten seconds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import nurecoil as nr
from nurecoil.bridges.zfit import ZfitLikelihood, to_zfit
from nurecoil.detectors.scintillator import HitBins, PeakTemplate
from nurecoil.engine.compiled import CompiledModel
from nurecoil.errors import ModelError
from nurecoil.model.parameters import GaussianConstraint, LogNormalConstraint, PoissonConstraint
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel

zfit = pytest.importorskip("zfit")


@pytest.fixture(scope="module")
def big(combined: SpectralModel) -> ZfitLikelihood:
    return to_zfit(combined)


def value(likelihood: ZfitLikelihood, values: dict[str, float]) -> float:
    likelihood.set_values(values)
    return float(likelihood.loss.value(full=True))


def test_the_big_model_at_random_points(
    combined: SpectralModel, big: ZfitLikelihood, random_points: Callable[..., Any]
) -> None:
    ours, theirs = nr.nll(combined), value(big, combined.values)
    assert theirs == pytest.approx(ours, abs=1e-8)
    worst = 0.0
    for point in random_points(combined):
        change = nr.nll(combined, point) - ours
        worst = max(worst, abs(value(big, point) - theirs - change) / abs(change))
    print(f"\nzfit, 20 points: largest relative difference {worst:.1e}")
    assert worst < 1e-8


def test_the_gradient_of_the_big_model(
    combined: SpectralModel, big: ZfitLikelihood, random_points: Callable[..., Any]
) -> None:
    compiled = CompiledModel(combined)
    index = [compiled.index[name] for name in combined.free]
    units = np.array([big.coordinates[n].scale ** big.coordinates[n].power for n in combined.free])
    worst = 0.0
    for point in random_points(combined, 3):
        big.set_values(point)
        theirs = np.array(big.loss.gradient([big.parameters[name] for name in combined.free])) / units
        _, ours, fisher = compiled.evaluate(compiled.coordinates(point))
        sigma = 1 / np.sqrt(np.diag(fisher)[index])
        worst = max(worst, float(np.max(np.abs(theirs - ours[index]) * sigma)))
    print(f"\nzfit, gradient: largest difference {worst:.1e} per sigma")
    assert worst < 1e-7


def test_the_minimum_of_the_big_model(
    combined: SpectralModel,
    big: ZfitLikelihood,
    random_points: Callable[..., Any],
    distances: Callable[..., dict[str, float]],
) -> None:
    (start,) = random_points(combined, 1, sigmas=0.3)
    assert start["mu_eff"] > 0
    big.set_values(start)
    result = zfit.minimize.Minuit(gradient="zfit", tol=1e-6, mode=0).minimize(big.loss)
    found = distances(combined, big.values(), nr.fit(combined).values)
    print(f"\nzfit with Minuit: EDM {result.edm:.1e}, farthest parameter {max(found.values()):.1e} sigma")
    assert result.converged and max(found.values()) < 1e-3


def test_the_pdf_of_a_channel(combined: SpectralModel, big: ZfitLikelihood) -> None:
    big.set_values(combined.values)
    (pdf,) = big.loss.model
    compiled = CompiledModel(combined)
    expected = compiled.expected(compiled.start)[0]
    assert np.array(pdf.counts()) == pytest.approx(expected, rel=1e-10)
    assert np.array(pdf.rel_counts()) == pytest.approx(expected / expected.sum(), rel=1e-10)
    assert float(pdf.get_yield().value()) == pytest.approx(expected.sum(), rel=1e-12)
    drawn = np.array(pdf.sample(n=100_000).values())
    assert drawn.sum() == 100_000 and np.abs(drawn / 1e5 - expected / expected.sum()).max() < 0.002


def test_every_sort_of_constraint_and_template(
    toys: SimpleNamespace, random_points: Callable[..., Any]
) -> None:
    (bent,) = toys.bent(0.5).channels
    powers = [
        {"mu_eff": 2, "flat": 1, "exposure": 1},
        {"flat": 1, "exposure": 1},
        {"slope": 1, "exposure": 1},
    ]
    samples = tuple(dataclasses.replace(s, powers=p) for s, p in zip(bent.samples, powers, strict=True))
    radio = dataclasses.replace(
        toys.SUM, samples=tuple(dataclasses.replace(s, powers={"flat": 1}) for s in toys.SUM.samples)
    )
    parameters = [
        toys.free("mu_eff", 0.5),
        toys.free("flat", constraint=PoissonConstraint(27.0, 25.0)),
        toys.free("slope", constraint=GaussianConstraint(1.0, 0.3)),
        toys.free("tilt", 0.1, -3.0),
        toys.free("exposure", constraint=LogNormalConstraint(1.02, 1.05)),
    ]
    model = SpectralModel(
        (dataclasses.replace(bent, samples=samples), radio),
        {p.name: p for p in parameters},
        (toys.joint(("slope", "tilt")),),
        "mu_eff",
    )
    likelihood = to_zfit(model)
    for point in random_points(model, 6):
        assert value(likelihood, point) == pytest.approx(nr.nll(model, point), rel=1e-12)
        assert likelihood.values() == pytest.approx({**model.values, **point}, rel=1e-12)


@pytest.mark.long
def test_every_small_model_is_the_same_likelihood(
    any_model: SpectralModel, random_points: Callable[..., Any]
) -> None:
    likelihood = to_zfit(any_model)
    for point in random_points(any_model, 4):
        assert value(likelihood, point) == pytest.approx(nr.nll(any_model, point), rel=1e-10, abs=1e-9)
        assert likelihood.values() == pytest.approx({**any_model.values, **point}, rel=1e-12)


def test_powers_that_do_not_cross_to_histfactory_do_to_zfit(
    toys: SimpleNamespace, random_points: Callable[..., Any]
) -> None:
    parameters = [toys.free("g", 0.7), toys.gaussian("flat"), toys.free("slope")]
    model = toys.spectrum(parameters, [{"g": 2}, {"flat": 2, "g": 4}, {"slope": 1, "flat": 1}], poi="g")
    likelihood = to_zfit(model)
    assert likelihood.parameters["g"].name == "g2"
    for point in random_points(model, 4):
        assert value(likelihood, point) == pytest.approx(nr.nll(model, point), rel=1e-12)


def test_the_gradient_at_zero_is_a_number(toys: SimpleNamespace) -> None:
    parameters = [toys.free("mu_eff", 0.0), toys.free("flat"), toys.free("slope", 0.0)]
    model = toys.spectrum(parameters, [{"mu_eff": 2, "slope": 1}, {"flat": 1}, {"slope": 1}], poi="mu_eff")
    likelihood = to_zfit(model)
    gradient = likelihood.loss.gradient([likelihood.parameters[name] for name in model.free])
    _, ours, _ = CompiledModel(model).evaluate(CompiledModel(model).start)
    assert np.array(gradient) == pytest.approx(ours, rel=1e-12)


def test_measured_sums_alone_are_a_loss_too(toys: SimpleNamespace, random_points: Callable[..., Any]) -> None:
    parameters = {name: toys.gaussian(name) for name in ("signal", "flat")}
    model = SpectralModel((toys.SUM,), parameters, poi="signal")
    likelihood = to_zfit(model)
    for point in random_points(model, 4):
        assert value(likelihood, point) == pytest.approx(nr.nll(model, point), rel=1e-12)
    zfit.minimize.Minuit(gradient="zfit", tol=1e-6, mode=0).minimize(likelihood.loss)
    assert likelihood.values() == pytest.approx(nr.fit(model).values, rel=2e-4)


def test_two_calls_share_nothing(toys: SimpleNamespace) -> None:
    model = toys.bent(0.5)
    one, two = to_zfit(model), to_zfit(model)
    before = float(two.loss.value(full=True))
    one.set_values({"signal": 2.0, "tilt": 0.2})
    assert float(two.loss.value(full=True)) == before == pytest.approx(nr.nll(model), rel=1e-12)
    changed = nr.nll(model, {"signal": 2.0, "tilt": 0.2})
    assert float(one.loss.value(full=True)) == pytest.approx(changed, rel=1e-12)
    loss, parameters = one
    assert loss is one.loss and parameters is one.parameters


def test_fixed_parameters_do_not_float(toys: SimpleNamespace) -> None:
    parameters = [toys.free("signal"), toys.free("flat", fixed=True), toys.free("slope")]
    likelihood = to_zfit(toys.spectrum(parameters, toys.LINEAR))
    assert {p.name for p in likelihood.loss.get_params()} == {"signal", "slope"}
    assert not likelihood.parameters["flat"].floating


def test_names_that_zfit_refuses_are_replaced(toys: SimpleNamespace) -> None:
    names = ["_rate", "rate/1", "rate 1", "true"]
    powers = [{"_rate": 1}, {"rate/1": 1, "true": 1}, {"rate 1": 1}]
    model = toys.spectrum([toys.free(name) for name in names], powers, poi=None)
    likelihood = to_zfit(model)
    assert [likelihood.parameters[n].name for n in names] == ["p_rate", "rate_1", "rate_1_", "true_"]
    assert float(likelihood.loss.value(full=True)) == pytest.approx(nr.nll(model), rel=1e-12)


def test_an_exact_response_is_compiled(toys: SimpleNamespace) -> None:
    bins = HitBins.of(np.arange(160.5, 220.5))
    peak = PeakTemplate(bins, 1.0, ("position", "width"))
    data = np.random.default_rng(5).poisson(peak.evaluate([190.0, 15.0])[0] * 3000 + 20).astype(float)
    samples = (Sample("peak", peak, {"peak": 1}), Sample("flat", np.ones(59), {"flat": 1}))
    channel = PoissonChannel("toy/hits", "hits", "1", bins.edges, samples, data)
    starts = {"peak": 2900.0, "flat": 20.0, "position": 189.0, "width": 14.0}
    model = SpectralModel((channel,), {n: toys.free(n, v) for n, v in starts.items()}, poi="peak")
    likelihood = to_zfit(model)
    assert likelihood.model is not model
    assert likelihood.values() == pytest.approx(nr.fit(model).values, rel=1e-5)
    assert float(likelihood.loss.value(full=True)) == pytest.approx(nr.fit(model).nll, abs=1e-6)


def test_wrong_values_are_named(toys: SimpleNamespace) -> None:
    likelihood = to_zfit(toys.bent())
    with pytest.raises(ModelError, match=r"'sginal' is not known.*Did you mean 'signal'"):
        likelihood.set_values({"sginal": 1.0})
    with pytest.raises(ModelError, match=r"parameter 'signal': -1.0. Allowed: a value in \[0, inf\]"):
        likelihood.set_values({"slope": 2.0, "signal": -1.0})
    assert likelihood.values()["slope"] == 1.0


def test_a_template_of_another_kind_is_refused(toys: SimpleNamespace) -> None:
    from nurecoil.bridges._tensors import expectation

    model = toys.bent()
    (channel,) = model.channels
    bins = HitBins.of(np.arange(160.5, 164.5))
    other = Sample("peak", PeakTemplate(bins, 1.0, ("tilt", "slope")))
    channel = dataclasses.replace(channel, samples=(other,))
    with pytest.raises(ModelError, match=r"a template of type PeakTemplate.*Compile the response first"):
        expectation(channel, CompiledModel(model), {"tilt": 1.0, "slope": 1.0})
