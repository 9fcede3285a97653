"""Asymmetric errors against MINUIT's MINOS, in closed form, at bounds; and what they refuse."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.errors import ModelError, OptionError
from nurecoil.inference.fit import fit
from nurecoil.inference.minos import minos
from nurecoil.inference.results import AsymmetricError
from nurecoil.model.parameters import Parameter
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel
from nurecoil.testing.models import counting

from .oracles import MODELS, linear, minuit, rates


@pytest.mark.parametrize("which", MODELS)
def test_every_side_is_that_of_minuit(which: str) -> None:
    model = MODELS[which]()
    ours = minos(fit(model))
    oracle = minuit(model)
    oracle.minos()
    compared = 0
    for name, error in ours.minos.items():
        theirs = oracle.merrors[name]
        sides = (
            (error.lower, theirs.lower, error.lower_at_bound, theirs.at_lower_limit),
            (error.upper, theirs.upper, error.upper_at_bound, theirs.at_upper_limit),
        )
        for mine, other, stopped, limited in sides:
            assert stopped == limited, name
            if not stopped:
                assert mine == pytest.approx(other, rel=1e-3), name
                compared += 1
    assert compared >= 2 * len(ours.minos) - (which == "bounded")


@pytest.mark.long
def test_where_minuit_is_stuck_at_a_bound_the_rise_is_still_a_half() -> None:
    """MINOS of MINUIT ends too early where another parameter rests on its limit: it has no slope there."""
    model = rates(seed=0, coupling=0.0)
    best = fit(model)
    assert best.parameters["mu"].at_bound
    for name, error in minos(best).minos.items():
        for side, stopped in ((error.lower, error.lower_at_bound), (error.upper, error.upper_at_bound)):
            if stopped:
                continue
            held = {name: best.values[name] + side}
            rises = [
                fit(model, fix=held, start={"mu": mu}).nll - best.nll for mu in (0.0, 0.5) if name != "mu"
            ]
            rises.append(fit(model, fix=held, minimiser="minuit").nll - best.nll)
            assert min(rises) == pytest.approx(0.5, abs=1e-4), name
            assert max(rises) == pytest.approx(0.5, abs=1e-4), name


@given(st.integers(1, 60), st.floats(0.1, 5.0))
def test_a_count_in_closed_form(observed: int, level: float) -> None:
    """n log(n/m) + m - n = level at both ends of the mean m, the lower one cut off at the background."""
    background = 0.5
    error = minos(fit(counting(float(observed), background)), level=level).minos["signal"]

    def rise(mean: float) -> float:
        return observed * math.log(observed / mean) + mean - observed

    assert rise(observed + error.upper) == pytest.approx(level, rel=1e-5)
    if error.lower_at_bound:
        assert error.lower == pytest.approx(background - observed)
        assert rise(background) <= level
    else:
        assert rise(observed + error.lower) == pytest.approx(level, rel=1e-5)


@given(st.floats(0.2, 4.0), st.floats(-3.0, 8.0))
def test_normal_errors_are_symmetric_and_those_of_hesse(sigmas: float, observed: float) -> None:
    best = fit(linear(observed=observed))
    for name, error in minos(best, level=sigmas**2 / 2).minos.items():
        wanted = sigmas * best.parameters[name].error
        assert (-error.lower, error.upper) == pytest.approx((wanted, wanted), rel=1e-5)


def test_public_values_of_a_coupling_that_is_fitted_squared() -> None:
    best = minos(fit(rates()), ["mu"])
    assert set(best.minos) == {"mu"}
    error = best.minos["mu"]
    assert error.lower < 0 < error.upper
    for side in (error.lower, error.upper):
        held = fit(best.model, fix={"mu": best.values["mu"] + side})
        assert held.nll - best.nll == pytest.approx(0.5, abs=1e-5)


def test_a_parameter_at_its_bound_has_one_side() -> None:
    error = minos(fit(counting(2.0, 4.0))).minos["signal"]
    assert (error.lower, error.lower_at_bound, error.upper_at_bound, error.reason) == (0.0, True, False, "")
    assert error.upper > 0


def test_one_without_effect_has_none_and_says_why() -> None:
    samples = (
        Sample("s", np.array([1.0, 0.0]), {"s": 1, "shape": 1}),
        Sample("b", np.array([1.0, 1.0]), {"b": 1}),
    )
    channel = PoissonChannel("toy/x", "x", "1", np.arange(3.0), samples, np.array([2.0, 9.0]))
    parameters = {name: Parameter(name, "1", 1.0, 0.0) for name in ("s", "shape", "b")}
    found = minos(fit(SpectralModel((channel,), parameters)))
    silent = found.minos["shape"] if found.parameters["s"].at_bound else found.minos["s"]
    assert math.isnan(silent.lower)
    assert math.isnan(silent.upper)
    assert silent.reason == "the likelihood does not depend on it at the minimum"
    assert json.loads(json.dumps(found.to_json()["minos"]))["b"]["lower"] < 0


def test_the_document_gains_a_key_and_changes_in_nothing_else() -> None:
    best = fit(counting(9.0, 4.0))
    before, after = best.to_json(), minos(best).to_json()
    assert "minos" not in before
    assert after.pop("minos") == {
        "signal": {
            "lower": pytest.approx(-2.676, abs=1e-3), "upper": pytest.approx(3.342, abs=1e-3),
            "lower_at_bound": False, "upper_at_bound": False, "reason": "",
        }
    }  # fmt: skip
    assert after == before


def test_held_parameters_have_none_and_progress_is_told() -> None:
    seen: list[tuple[int, int]] = []
    found = minos(fit(linear(), fix={"b": 0.5}), progress=lambda *done: seen.append(done))
    assert set(found.minos) == {"s"}
    assert seen == [(2, 2)]


@pytest.mark.parametrize("level", [0.0, -1.0, math.nan, math.inf])
def test_levels_that_are_none(level: float) -> None:
    with pytest.raises(OptionError, match="a positive rise of -log L"):
        minos(fit(counting(9.0, 4.0)), level=level)


def test_names_that_have_no_error() -> None:
    best = fit(counting(9.0, 4.0))
    with pytest.raises(ModelError, match="Did you mean 'signal'"):
        minos(best, ["sginal"])
    with pytest.raises(OptionError, match="'background' is held fixed"):
        minos(best, ["background"])
    with pytest.raises(OptionError, match="a parameter named twice"):
        minos(best, ["signal", "signal"])


def test_sides_in_words() -> None:
    assert repr(AsymmetricError(-1.0, 2.0, upper_at_bound=True)) == "<-1 +2 (bound)>"
    assert AsymmetricError(math.nan, 2.0, reason="flat").to_json()["lower"] is None
