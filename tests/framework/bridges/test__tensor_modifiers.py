"""HistFactory's modifiers in TensorFlow: the engine's numbers and slopes, alone and in a zfit loss."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nurecoil as nr
from nurecoil.bridges._tensors import expectation
from nurecoil.bridges.zfit import ZfitLikelihood, to_zfit
from nurecoil.engine.compiled import CompiledModel
from nurecoil.model.modifiers import BinFactors, HistoSys, Modifier, NormSys
from nurecoil.model.parameters import GaussianConstraint, PoissonConstraint
from nurecoil.model.spectral import SpectralModel

zfit = pytest.importorskip("zfit")
tf = pytest.importorskip("tensorflow")

PULL = GaussianConstraint(0.0, 1.0)
PULLS = (-3.0, -1.0, -0.999, -0.4, 0.0, 0.4, 1.0, 2.5)
"""Outside, inside and at both ends of the polynomials, and at the kink of straight lines."""
GAMMAS = ("gamma[0]", "gamma[1]", "")
TILT = (np.array([31.0, 9.0, 2.0]), np.array([27.0, 12.0, 5.0]))
SETS: dict[str, dict[str, tuple[Modifier, ...]]] = {
    "normsys 1": {"flat": (NormSys("alpha", 0.8, 1.3, "1"),)},
    "normsys 4": {"flat": (NormSys("alpha", 0.8, 1.3, "4"),)},
    "histosys 0": {"slope": (HistoSys("alpha", *TILT, "0"),)},
    "histosys 4p": {"slope": (HistoSys("alpha", *TILT, "4p"),)},
    "shapesys": {"flat": (BinFactors(GAMMAS, "shapesys"),)},
    "staterror of two samples": {
        "flat": (BinFactors(GAMMAS, "staterror"),),
        "slope": (BinFactors(GAMMAS, "staterror"),),
    },
    "shapefactor shared by bins": {"slope": (BinFactors(("", "factor", "factor"), "shapefactor"),)},
    "all of them": {
        "signal": (NormSys("alpha", 0.9, 1.2, "1"), NormSys("beta", 1.1, 0.95, "4")),
        "flat": (
            NormSys("alpha", 0.7, 1.2, "4"),
            HistoSys("beta", np.array([19.0, 21.0, 20.5]), np.array([21.0, 19.5, 20.0]), "0"),
            HistoSys("alpha", np.array([19.0, 20.0, 19.5]), np.array([20.8, 19.7, 21.0]), "4p"),
            BinFactors(GAMMAS, "shapesys"),
            BinFactors(("factor",) * 3, "shapefactor"),
        ),
        "slope": (HistoSys("beta", *TILT, "4p"), BinFactors(GAMMAS, "staterror")),
    },
}


def modified(toys: SimpleNamespace, sets: dict[str, tuple[Modifier, ...]]) -> SpectralModel:
    """The spectrum of three samples with modifiers, its parameters those that these need."""
    plain = toys.spectrum([toys.free("signal", 0.7), toys.free("flat"), toys.free("slope")], toys.LINEAR)
    (channel,) = plain.channels
    samples = tuple(dataclasses.replace(s, modifiers=sets.get(s.name, ())) for s in channel.samples)
    known = [
        toys.free("alpha", 0.0, -5.0, upper=5.0, constraint=PULL),
        toys.free("beta", 0.0, -5.0, upper=5.0, constraint=PULL),
        toys.free("gamma[0]", 1.0, constraint=PoissonConstraint(90.0, 100.0)),
        toys.free("gamma[1]", 1.0, constraint=GaussianConstraint(1.0, 0.15)),
        toys.free("factor", 1.0),
    ]
    used = {name for modifiers in sets.values() for one in modifiers for name in one.parameters}
    parameters = {**plain.parameters, **{p.name: p for p in known if p.name in used}}
    return SpectralModel((dataclasses.replace(channel, samples=samples),), parameters, poi="signal")


def value(likelihood: ZfitLikelihood, values: dict[str, float]) -> float:
    likelihood.set_values(values)
    return float(likelihood.loss.value(full=True))


def compare(model: SpectralModel, likelihood: ZfitLikelihood, point: dict[str, float]) -> None:
    """Value and gradient are the engine's, to 1e-9."""
    assert value(likelihood, point) == pytest.approx(nr.nll(model, point), rel=1e-12, abs=1e-9)
    compiled = CompiledModel(model)
    units = np.array([likelihood.coordinates[n].scale ** likelihood.coordinates[n].power for n in model.free])
    theirs = np.array(likelihood.loss.gradient([likelihood.parameters[n] for n in model.free])) / units
    ours = compiled.evaluate(compiled.coordinates(point))[1][[compiled.index[n] for n in model.free]]
    assert theirs == pytest.approx(ours, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("kind", SETS)
def test_contents_and_slopes_of_modifiers(toys: SimpleNamespace, kind: str) -> None:
    model = modified(toys, SETS[kind])
    compiled = CompiledModel(model)
    names, contents = expectation(model.channels[0], compiled, dict.fromkeys(model.parameters, 1.0))
    where = [compiled.index[name] for name in names]
    rng = np.random.default_rng(2)
    for pull in PULLS:
        position = rng.uniform(0.5, 1.5, len(compiled.names))
        for name, shift in (("alpha", pull), ("beta", -0.7 * pull)):
            if name in compiled.index:
                position[compiled.index[name]] = shift
        at = tf.Variable(position[where])
        weight = rng.uniform(-1, 1, 3)
        with tf.GradientTape() as tape:
            found = contents(at)
            total = tf.reduce_sum(found * weight)
        (ours,) = compiled.expected(position)
        slopes = compiled.channels[0].evaluate(position[sorted(where)])[1] @ weight
        assert np.array(found) == pytest.approx(ours, rel=1e-13)
        order = np.argsort(np.argsort(where))
        assert np.array(tape.gradient(total, at)) == pytest.approx(slopes[order], rel=1e-12, abs=1e-11)


@pytest.mark.long
@pytest.mark.parametrize("kind", SETS)
def test_modifiers(toys: SimpleNamespace, random_points: Callable[..., Any], kind: str) -> None:
    model = modified(toys, SETS[kind])
    likelihood = to_zfit(model)
    for point in random_points(model, 3):
        compare(model, likelihood, point)
    for pull in PULLS:
        point = {name: pull for name in ("alpha", "beta") if name in model.parameters}
        compare(model, likelihood, {**model.values, **point})


@settings(max_examples=40, deadline=None)
@given(
    pulls=st.tuples(*[st.floats(-3, 3, allow_subnormal=False) | st.sampled_from(PULLS)] * 2),
    factors=st.tuples(*[st.floats(0.05, 3, allow_subnormal=False)] * 3),
)
def test_modifiers_anywhere(
    mixed: tuple[SpectralModel, ZfitLikelihood],
    pulls: tuple[float, float],
    factors: tuple[float, float, float],
) -> None:
    names = ("alpha", "beta", "gamma[0]", "gamma[1]", "factor")
    compare(*mixed, dict(zip(names, (*pulls, *factors), strict=True)))


@pytest.fixture(scope="module")
def mixed(toys: SimpleNamespace) -> tuple[SpectralModel, ZfitLikelihood]:
    model = modified(toys, SETS["all of them"])
    return model, to_zfit(model)


def test_the_minimum_with_modifiers(toys: SimpleNamespace) -> None:
    sets = {
        "flat": (NormSys("alpha", 0.8, 1.3), BinFactors(GAMMAS, "shapesys")),
        "slope": (HistoSys("alpha", *TILT),),
    }
    model = modified(toys, sets).with_parameters(slope={"constraint": GaussianConstraint(1.0, 0.1)})
    likelihood = to_zfit(model)
    zfit.minimize.Minuit(gradient="zfit", tol=1e-6, mode=0).minimize(likelihood.loss)
    ours = nr.fit(model)
    assert likelihood.values() == pytest.approx(ours.values, abs=1e-3)
    assert float(likelihood.loss.value(full=True)) == pytest.approx(ours.nll, abs=1e-6)


def test_modifiers_of_a_measured_sum(toys: SimpleNamespace, random_points: Callable[..., Any]) -> None:
    shift = HistoSys("alpha", np.array([28.0, -0.8]), np.array([31.0, -0.1]))
    signal, flat = toys.SUM.samples
    samples = (
        dataclasses.replace(signal, modifiers=(NormSys("alpha", 0.9, 1.1),)),
        dataclasses.replace(flat, modifiers=(shift, BinFactors(("gamma[0]", ""), "staterror"))),
    )
    parameters = [
        toys.gaussian("signal"), toys.gaussian("flat"), toys.free("alpha", 0.0, -5.0, constraint=PULL),
        toys.gaussian("gamma[0]"),
    ]  # fmt: skip
    model = SpectralModel(
        (dataclasses.replace(toys.SUM, samples=samples),), {p.name: p for p in parameters}, poi="signal"
    )
    likelihood = to_zfit(model)
    for point in [*random_points(model, 3), {"alpha": 0.0}, {"alpha": -1.7}]:
        assert value(likelihood, {**model.values, **point}) == pytest.approx(nr.nll(model, point), abs=1e-9)


def test_a_norm_on_a_morph(toys: SimpleNamespace, random_points: Callable[..., Any]) -> None:
    model = toys.bent(0.5)
    (channel,) = model.channels
    norm = (NormSys("alpha", 0.8, 1.3),)
    samples = tuple(dataclasses.replace(s, modifiers=norm) for s in channel.samples)
    alpha = toys.free("alpha", 0.0, -5.0, constraint=PULL)
    model = dataclasses.replace(
        model,
        channels=(dataclasses.replace(channel, samples=samples),),
        parameters={**model.parameters, "alpha": alpha},
    )
    likelihood = to_zfit(model)
    for point in random_points(model, 3):
        compare(model, likelihood, point)


def test_gradients_do_not_overflow_in_the_branch_not_taken(toys: SimpleNamespace) -> None:
    sets = {"flat": (NormSys("alpha", 1.2, 1.0),), "slope": (HistoSys("alpha", *TILT),)}
    model = modified(toys, sets)
    (channel,) = model.channels
    names, contents = expectation(channel, CompiledModel(model), dict.fromkeys(model.parameters, 1.0))
    place = names.index("alpha")
    for pull in (1e60, 1e100):
        at = tf.Variable([pull if name == "alpha" else 1.0 for name in names], dtype=tf.float64)
        for bin_ in range(3):
            with tf.GradientTape() as tape:
                found = contents(at)[bin_]
            slope = np.array(tape.gradient(found, at))
            assert np.isfinite(slope).all()
            assert slope[place] == pytest.approx(TILT[1][bin_] - toys.SLOPE[bin_], rel=1e-12)


def test_no_auxiliary_counts_at_a_rate_of_zero(toys: SimpleNamespace) -> None:
    sets = {"flat": (BinFactors(("gamma[0]", "", ""), "shapesys"),)}
    none = PoissonConstraint(0.0, 4.0)
    model = modified(toys, sets).with_parameters(**{"gamma[0]": {"constraint": none, "value": 0.0}})
    compare(model, to_zfit(model), {"gamma[0]": 0.0})
