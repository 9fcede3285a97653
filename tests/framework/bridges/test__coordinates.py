"""Powers cross under unique names and in units that make them of order one."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.bridges._coordinates import Coordinate, coordinates, spreads
from nurecoil.bridges.pyhf import document
from nurecoil.engine.compiled import CompiledModel
from nurecoil.model.spectral import SpectralModel


@pytest.mark.parametrize(
    ("value", "spread", "scale"),
    [(0.0, 3.2e-11, 1e-11), (4e-12, 1e-12, 1e-12), (0.0, 0.0, 1.0), (0.0, 1e-11, 1e-11), (7.0, 2.0, 1.0)],
)
def test_scales_are_the_power_of_ten_below(
    value: float, spread: float, scale: float, toys: SimpleNamespace
) -> None:
    parameters = [toys.free("mu_eff", value), toys.free("flat"), toys.free("slope")]
    model = toys.spectrum(parameters, [{"mu_eff": 2}, {"flat": 1}, {"slope": 1}], poi=None)
    made = coordinates(model, {"mu_eff": 2, "flat": 1}, {"mu_eff": spread, "flat": 1e-9})
    assert (made["mu_eff"].name, made["mu_eff"].scale) == ("mu2", scale)
    assert made["flat"] == Coordinate("flat", "flat", 1, 1.0, "1")


def test_names_stay_unique(toys: SimpleNamespace, peer: type[Any]) -> None:
    two = [toys.free("mu_11"), toys.free("mu_22"), toys.free("slope")]
    model = toys.spectrum(two, [{"mu_11": 2}, {"mu_22": 2}, {"slope": 1}], poi="mu_11")
    names = {one.name for one in document(model).spelling.roles.factors.values()}
    assert names == {"mu_11^2", "mu_22^2", "slope"}
    taken = [toys.free("mu_eff"), toys.free("mu2"), toys.free("slope")]
    model = toys.spectrum(taken, [{"mu_eff": 2}, {"mu2": 1}, {"slope": 1}], poi="mu_eff")
    assert peer(document(model)).model.config.poi_name == "mu_eff^2"
    scoped = [toys.free("sterile.theta_14"), toys.free("flat"), toys.free("slope")]
    model = toys.spectrum(scoped, [{"sterile.theta_14": 4}, {"flat": 1}, {"slope": 1}], poi=None)
    assert document(model).spelling.roles.factors["sterile.theta_14"].name == "sterile.theta4"


@given(value=st.floats(-1e3, 1e3), power=st.integers(1, 4), exponent=st.integers(-12, 3))
def test_there_and_back(value: float, power: int, exponent: int) -> None:
    one = Coordinate("g", "g4", power, 10.0**exponent if power > 1 else 1.0, "1")
    wanted = value if power % 2 else abs(value)
    assert one.back(one.across(value)) == pytest.approx(wanted, rel=1e-12, abs=1e-60)


def test_spreads_are_those_of_the_inverse_fisher_matrix(
    exact: SpectralModel, random_points: Callable[..., Any]
) -> None:
    compiled = CompiledModel(exact)
    fisher = compiled.evaluate(compiled.start)[2]
    index = np.flatnonzero(~compiled.fixed)
    variance = np.diag(np.linalg.inv(fisher[np.ix_(index, index)]))
    wanted = {
        compiled.names[i]: v ** (0.5 / compiled.powers[i]) for i, v in zip(index, variance, strict=True)
    }
    assert spreads(exact) == pytest.approx(wanted, rel=1e-6)


def test_what_the_likelihood_does_not_know_has_no_spread(toys: SimpleNamespace) -> None:
    model = toys.spectrum([*map(toys.free, ("signal", "flat", "slope", "other"))], toys.LINEAR)
    assert spreads(model)["other"] == 0.0 < spreads(model)["flat"]
