"""Minima on the kink of a piecewise interpolation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.solve import solve
from nurecoil.model.modifiers import HistoSys, NormSys
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel


def one_sided(seed: int, code: str = "0") -> SpectralModel:
    """A background whose pulls move it the same way on both sides, and a signal."""
    rng = np.random.default_rng(seed)
    nominal = rng.uniform(50, 100, 5)
    parameters = {"mu": Parameter("mu", "1", 1.0, 0.0, 10.0)}
    modifiers: list[HistoSys | NormSys] = []
    for k in range(2):
        change = rng.normal(0, 8, 5)
        other = nominal + change * rng.uniform(0.5, 1.5)
        modifiers.append(HistoSys(f"a{k}", nominal + change, other, code))  # type: ignore[arg-type]
        parameters[f"a{k}"] = Parameter(f"a{k}", "1", 0.0, -5, 5, GaussianConstraint(0.0, 1.0))
    if code == "0":
        modifiers.append(NormSys("b", 1.05, 1.2, "1"))
        parameters["b"] = Parameter("b", "1", 0.0, -5, 5, GaussianConstraint(0.0, 1.0))
    background = Sample("background", nominal, modifiers=tuple(modifiers))
    signal = Sample("signal", rng.uniform(5, 20, 5), {"mu": 1})
    observed = rng.poisson(nominal + signal.template).astype(float)
    channel = PoissonChannel("sr", "x", "1", np.arange(6.0), (background, signal), observed)
    return SpectralModel((channel,), parameters, poi="mu")


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_nothing_beside_the_minimum_is_lower(seed: int) -> None:
    compiled = CompiledModel(one_sided(seed))
    found = solve(compiled)
    rng = np.random.default_rng(seed)
    for size in (1e-4, 1e-2, 0.3):
        for _ in range(20):
            moved = found.position + size * rng.normal(0, 1, found.position.size)
            moved = np.clip(moved, compiled.lower, compiled.upper)
            assert compiled.value(moved) >= found.value - 1e-9
    simplex = minimize(compiled.value, found.position + 0.05, method="Nelder-Mead",
                       bounds=list(zip(compiled.lower, compiled.upper, strict=True)))  # fmt: skip
    assert found.value <= simplex.fun + 1e-9


def test_a_parameter_on_its_kink_is_not_at_a_bound() -> None:
    compiled = CompiledModel(one_sided(3))
    found = solve(compiled)
    kinks = compiled.kinks
    assert (found.position[kinks] == 0).any()
    assert not found.at_bound[kinks].any()


def test_which_parameters_have_one() -> None:
    assert len(CompiledModel(one_sided(1)).kinks) == 3
    assert len(CompiledModel(one_sided(1, code="4p")).kinks) == 0


@pytest.mark.parametrize(("code", "kink"), [("1", True), ("4", False)])
@pytest.mark.parametrize(("low", "high"), [(0.5, 2.0), (0.9, 1.2)])
def test_a_factor_and_its_inverse_have_none(code: str, kink: bool, low: float, high: float) -> None:
    sample = Sample("one", np.ones(2), modifiers=(NormSys("a", low, high, code),))  # type: ignore[arg-type]
    channel = PoissonChannel("sr", "x", "1", np.arange(3.0), (sample,), np.ones(2))
    compiled = CompiledModel(SpectralModel((channel,), {"a": Parameter("a", "1", 0.0)}))
    assert bool(compiled.kinks.size) == (kink and low * high != 1)
