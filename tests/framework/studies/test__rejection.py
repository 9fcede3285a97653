"""Which samples rejection divides, and models at other rejections without folding them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.engine.compiled import CompiledModel
from nurecoil.model.parameters import Parameter
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel
from nurecoil.studies._rejection import Rejected, divided_samples


def toy(rejection: float, power: float = 1.0, tail: float = 50.0) -> SpectralModel:
    samples = (
        Sample("signal", np.array([3.0, 2.0]), {"s": 1}, group="signal"),
        Sample("sun", np.array([5.0, 9.0]), {"sun": 1}, group="neutrino"),
        Sample("k42", np.array([1000.0, 100.0]) / rejection**power, {"k42": 1}),
        Sample("ar39", np.array([tail, 0.0]) / rejection**power, {"ar39": 1}),
    )
    names = ("s", "sun", "k42", "ar39")
    parameters = {n: Parameter(n, "1", 0.0 if n == "s" else 1.0, lower=0.0) for n in names}
    channel = PoissonChannel("toy/x", "x", "1", np.arange(3.0), samples, np.zeros(2), asimov=True)
    return SpectralModel((channel,), parameters, poi="s")


def contents(model: SpectralModel) -> list[float]:
    compiled = CompiledModel(model)
    return [float(value) for value in compiled.expected(compiled.start)[0]]


@given(st.floats(1.0, 1e12))
def test_a_factor_does_what_folding_does(rejection: float) -> None:
    model = Rejected(toy, 1.0, 1e12)
    assert model.divided == frozenset({("toy/x", "k42"), ("toy/x", "ar39")})
    assert contents(model.at(rejection)) == pytest.approx(contents(toy(rejection)), rel=1e-12)


def test_other_dependences_are_folded_each_time() -> None:
    asked: list[float] = []

    def build(rejection: float) -> SpectralModel:
        asked.append(rejection)
        return toy(rejection, power=0.5)

    model = Rejected(build, 1.0, 100.0)
    assert model.divided is None and model.clean() is None
    assert contents(model.at(25.0)) == pytest.approx(contents(toy(5.0)))
    assert asked == [1.0, 100.0, 25.0]
    assert not model.same_as(model)


def test_what_is_known_from_another_threshold_is_not_folded_again() -> None:
    asked: list[float] = []

    def build(rejection: float) -> SpectralModel:
        asked.append(rejection)
        return toy(rejection)

    first = Rejected(build, 1.0, 10.0)
    assert Rejected(build, 1.0, 10.0, first).divided == first.divided
    assert asked == [1.0, 10.0, 1.0]


def test_nothing_left() -> None:
    clean = Rejected(toy, 1.0, 10.0).clean()
    assert clean is not None
    assert [sample.name for sample in clean.channels[0].samples] == ["signal", "sun"]
    assert list(clean.parameters) == ["s", "sun"]


def test_a_background_that_expects_nothing_makes_no_difference() -> None:
    none = Rejected(lambda rejection: toy(rejection, tail=1e-9), 1.0, 10.0)
    some = Rejected(lambda rejection: toy(rejection, tail=1e-3), 1.0, 10.0)
    assert none.same_as(none) and some.same_as(some)
    assert not none.same_as(some) and not some.same_as(none)


def test_models_that_differ_otherwise() -> None:
    changed = toy(10.0).with_parameters(sun={"value": 2.0})
    assert divided_samples(toy(1.0), changed, 10.0) is None
    assert divided_samples(toy(1.0), toy(9.0), 10.0) is None
    assert divided_samples(toy(1.0), toy(1.0), 10.0) == frozenset()
