"""The same likelihood in pyhf: at random points and at the minimum, small models and the big one."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyhf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nurecoil as nr
from nurecoil.bridges.histfactory.sidecar import approximations
from nurecoil.bridges.pyhf import EXACT_LOG_NORMAL, document, to_pyhf
from nurecoil.errors import ModelError
from nurecoil.model.parameters import GaussianConstraint, LogNormalConstraint, PoissonConstraint
from nurecoil.model.spectral import SpectralModel

RESPONSE = (
    "borexino.light_yield",
    "borexino.saturation",
    "borexino.resolution_linear",
    "borexino.resolution_quadratic",
    "borexino.c11_offset",
    "borexino.po210_position",
    "borexino.po210_width",
)


def held(model: SpectralModel) -> SpectralModel:
    """Borexino with its response fixed where it is."""
    return model.with_parameters(**{name: {"fixed": True} for name in RESPONSE})


def test_every_exact_form_is_the_same_likelihood(
    exact: SpectralModel,
    peer: type[Any],
    worst: Callable[..., float],
    random_points: Callable[..., Any],
) -> None:
    other = peer(document(exact), modifier_settings=EXACT_LOG_NORMAL)
    assert worst(exact, other, random_points(exact)) < 1e-11


def test_every_measured_form_is_the_same_where_its_pulls_are_at_their_minimum(
    measured: SpectralModel,
    peer: type[Any],
    worst: Callable[..., float],
    random_points: Callable[..., Any],
) -> None:
    made = document(measured)
    assert worst(measured, peer(made), random_points(measured)) < 1e-8
    sizes = [a["largest_nll_difference"]["within_3_sigma"] for a in approximations(made)]
    assert sizes and max(sizes) < 1e-7


def test_there_and_back(any_model: SpectralModel, random_points: Callable[..., Any]) -> None:
    made = document(any_model)
    for point in random_points(any_model, 3):
        full = {**any_model.values, **point}
        for public, factor in made.spelling.roles.factors.items():
            if factor.power % 2 == 0:
                full[public] = abs(full[public])
        assert made.public(made.coordinates(point)) == pytest.approx(full, rel=1e-12, abs=1e-14)


def test_pyhf_takes_every_modifier_and_starts_where_the_model_does(
    any_model: SpectralModel, peer: type[Any]
) -> None:
    made = document(any_model)
    for channel in made.workspace["channels"]:
        for sample in channel["samples"]:
            keys = [(modifier["type"], modifier["name"]) for modifier in sample["modifiers"]]
            assert len(keys) == len(set(keys)), "pyhf drops a repeated modifier in silence"
    pyhf.schema.validate(made.workspace, "workspace.json")
    config = peer(made).model.config
    start = made.coordinates()
    assert config.suggested_init() == pytest.approx([start[name] for name in config.par_names])
    for value, (low, high) in zip(config.suggested_init(), config.suggested_bounds(), strict=True):
        assert np.isfinite([low, high]).all() and low <= value <= high
    fixed = dict(zip(config.par_names, config.suggested_fixed(), strict=True))
    for public, factor in made.spelling.roles.factors.items():
        assert fixed[factor.name] == any_model.parameters[public].fixed


def test_the_big_model_with_its_response_frozen(
    combined: SpectralModel,
    peer: type[Any],
    worst: Callable[..., float],
    random_points: Callable[..., Any],
) -> None:
    made = document(combined)
    assert set(made.spelling.resolved.moved) == set(RESPONSE)
    other = peer(made)
    assert other.model.config.poi_name == "mu2"
    assert made.spelling.roles.factors["mu_eff"].label == "(1e-11 mu_B)^2"
    found = worst(held(combined), other, random_points(held(combined)))
    print(f"\npyhf, response frozen, 20 points: largest relative difference {found:.1e}")
    assert found < 1e-8


def test_the_minimum_of_the_big_model(
    toy: SpectralModel, peer: type[Any], distances: Callable[..., dict[str, float]]
) -> None:
    best = nr.fit(held(toy))
    assert best.values["mu_eff"] > 2e-11
    minuit = pyhf.optimize.minuit_optimizer(tolerance=1e-3, strategy=2)  # SLSQP stops 0.3 sigma away
    found = distances(held(toy), peer(document(toy)).fit(minuit), best.values)
    print(f"\npyhf with MINUIT: farthest parameter {max(found.values()):.1e} sigma")
    assert max(found.values()) < 1e-3


def test_minuit_on_the_big_model(
    toy: SpectralModel,
    random_points: Callable[..., Any],
    distances: Callable[..., dict[str, float]],
) -> None:
    best = nr.fit(toy)
    (start,) = random_points(toy, 1, sigmas=0.5)
    found = distances(toy, nr.fit(toy, start=start, minimiser="minuit").values, best.values)
    print(f"\nMINUIT: farthest parameter {max(found.values()):.1e} sigma")
    assert max(found.values()) < 1e-3


def test_unknown_and_missing_values_are_named(toys: SimpleNamespace) -> None:
    model = toys.spectrum([toys.free("signal"), toys.gaussian("flat"), toys.free("slope")], toys.LINEAR)
    made = document(model)
    with pytest.raises(ModelError, match=r"'flta' is not known.*Did you mean 'flat'"):
        made.coordinates({"flta": 1.0})
    with pytest.raises(ModelError, match=r"no value of alpha.flat"):
        made.public({"signal": 1.0, "slope": 1.0})


def test_log_normal_under_the_default_interpolation_is_off_by_what_is_said(
    toys: SimpleNamespace, peer: type[Any]
) -> None:
    flat = toys.free("flat", 1.1, constraint=LogNormalConstraint(1.2, 1.5))
    made = document(toys.spectrum([toys.free("signal"), flat, toys.free("slope")], toys.LINEAR))
    (said,) = approximations(made)
    stated = said["largest_relative_difference_of_the_factor"]
    peers = peer(made, modifier_settings=EXACT_LOG_NORMAL), peer(made)
    found = 0.0
    for pull in np.linspace(-1, 1, 41):
        at = {**made.coordinates(), "alpha.flat": float(pull), "signal": 0.0, "slope": 0.0}
        right, code4 = (p.model.expected_actualdata([at[n] for n in p.names]) for p in peers)
        found = max(found, float(np.max(np.abs(code4 / right - 1))))
    assert 1e-9 < stated < 1e-6
    assert found == pytest.approx(stated, rel=0.02)


KINDS = st.sampled_from(["free", "fixed", "gaussian", "poisson", "log-normal"])
CONSTRAINTS = {
    "gaussian": GaussianConstraint(1.0, 0.2),
    "poisson": PoissonConstraint(30.0, 28.0),
    "log-normal": LogNormalConstraint(1.1, 1.3),
}


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_model_is_the_same_likelihood(
    data: st.DataObject, toys: SimpleNamespace, peer: type[Any], worst: Callable[..., float]
) -> None:
    names = ["signal", "flat", "slope"]
    kinds = {name: data.draw(KINDS, label=name) for name in names}
    starts = {name: data.draw(st.floats(0.5, 1.5), label=f"start of {name}") for name in names}
    parameters = [
        toys.free(n, starts[n], fixed=kinds[n] == "fixed", constraint=CONSTRAINTS.get(kinds[n]))
        for n in names
    ]
    order = {
        n: data.draw(st.integers(1, 4), label=f"power of {n}") for n in names if kinds[n] in ("free", "fixed")
    }
    powers = [{name: order.get(name, 1)} for name in names]
    shared = data.draw(st.sampled_from(names), label="shared")
    for factors, name in itertools.product(powers, names):
        if name == shared and name not in factors and data.draw(st.booleans()):
            factors[name] = order.get(name, 1)
    linear = set(order.values()) <= {1} and data.draw(st.booleans(), label="gaussian channel")
    model = toys.spectrum(parameters, powers, gaussian=toys.SUM if linear else None)
    made = document(model)
    values = st.floats(0.6, 1.4)
    points = [{name: data.draw(values) for name in model.free} for _ in range(3)]
    # Far from what was measured the pulls are large, and the residual grows with their cube.
    tolerance = 1e-6 if made.spelling.measured else 1e-10
    assert worst(model, peer(made, modifier_settings=EXACT_LOG_NORMAL), points) < tolerance


def test_the_workspace_is_pyhfs_own(toys: SimpleNamespace) -> None:
    model = toys.spectrum([toys.free("signal"), toys.free("flat"), toys.free("slope")], toys.LINEAR, poi=None)
    workspace = to_pyhf(model)
    assert isinstance(workspace, pyhf.Workspace)
    assert workspace.measurement_names == ["nurecoil"]
    assert workspace.model().config.poi_name is None


def test_importing_the_bridges_imports_no_peer() -> None:
    code = (
        "import sys, nurecoil.bridges.pyhf, nurecoil.bridges.zfit, nurecoil.bridges.files\n"
        "print([name for name in ('pyhf', 'zfit', 'tensorflow', 'iminuit') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
