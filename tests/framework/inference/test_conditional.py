"""Walks of conditional fits: crossings in closed form, bounds on the way, fits that fail, lower minima."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nurecoil.engine import solve as solve_module
from nurecoil.engine.solve import Solution
from nurecoil.errors import FitError, ModelError, OptionError
from nurecoil.inference import conditional as module
from nurecoil.inference.conditional import Conditional, require_free, settled
from nurecoil.inference.fit import fit
from nurecoil.model.parameters import Parameter
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel
from nurecoil.testing.models import counting

from .oracles import linear, rates


def test_a_normal_likelihood_rises_by_a_half_at_one_error() -> None:
    best = fit(linear())
    about = Conditional(best)
    for name in ("s", "b"):
        for sign in (-1, 1):
            end = about.crossing(about.index(name), sign, 0.5)
            assert end.coordinate == pytest.approx(
                best.values[name] + sign * best.parameters[name].error, rel=1e-6
            )
            assert end.solution is not None
            assert end.solution.value - best.nll == pytest.approx(0.5, abs=1e-6)
            two = about.crossing(about.index(name), sign, 2.0)
            assert two.coordinate == pytest.approx(
                best.values[name] + 2 * sign * best.parameters[name].error, rel=1e-6
            )


def test_the_walk_goes_in_the_fitted_power() -> None:
    best = fit(rates())
    about = Conditional(best)
    index = about.index("mu")
    end = about.crossing(index, 1, 0.5)
    assert about.public(index, end.coordinate) == pytest.approx(math.sqrt(end.coordinate))
    assert about.internal(index, about.public(index, end.coordinate)) == pytest.approx(end.coordinate)
    held = fit(best.model, fix={"mu": about.public(index, end.coordinate)})
    assert held.nll - best.nll == pytest.approx(0.5, abs=1e-5)


def test_a_parameter_held_beside_it_narrows_the_interval() -> None:
    about = Conditional(fit(linear()))
    s, b = about.index("s"), about.index("b")
    held = {b: float(about.origin.position[b])}
    free, alone = (about.crossing(s, 1, 0.5, also=also).coordinate for also in ({}, held))
    rho = about.covariance[s, b] / math.sqrt(about.covariance[s, s] * about.covariance[b, b])
    here = float(about.origin.position[s])
    assert (alone - here) / (free - here) == pytest.approx(math.sqrt(1 - rho**2), rel=1e-6)


def test_what_the_fit_held_stays_held() -> None:
    best = fit(linear(), fix={"b": 0.9})
    end = Conditional(best).crossing(0, 1, 0.5)
    assert end.solution is not None
    assert end.solution.position[1] == 0.9
    assert end.coordinate - best.values["s"] == pytest.approx(math.sqrt(1 / (1 + 1 / 4)), rel=1e-6)


def test_bounds_on_the_way() -> None:
    about = Conditional(fit(counting(5.0, 4.0)))
    low = about.crossing(0, -1, 0.5)
    assert (low.coordinate, low.at_bound, low.reason) == (0.0, True, "")
    resting = Conditional(fit(counting(2.0, 4.0)))
    low, high = (resting.crossing(0, sign, 0.5) for sign in (-1, 1))
    assert (low.coordinate, low.at_bound) == (0.0, True)
    # n log((4+s)/4) at n = 2: the rise from the bound, not from the minimum beyond it
    assert high.coordinate - 2 * math.log(1 + high.coordinate / 4) == pytest.approx(0.5, abs=1e-6)


def test_a_likelihood_that_never_rises_is_told() -> None:
    samples = (Sample("a", np.array([1.0]), {"a": 1}), Sample("b", np.array([1.0]), {"b": 1}))
    channel = PoissonChannel("toy/x", "x", "1", np.arange(2.0), samples, np.array([9.0]))
    parameters = {"a": Parameter("a", "1", 4.0, 0.0), "b": Parameter("b", "1", 5.0, 0.0)}
    best = fit(SpectralModel((channel,), parameters), fix={"b": 5.0})
    about = Conditional(best)
    about._held[1] = False  # what no fit of ours would leave free: the two cannot be told apart
    end = about.crossing(0, -1, 0.5)
    assert (end.coordinate, end.at_bound) == (0.0, True)
    up = about.crossing(0, 1, 5.0)
    assert not up.reason
    assert about.values(up.solution)["b"] == 0.0  # type: ignore[arg-type]


def test_fits_that_fail_are_approached_and_then_told(monkeypatch: pytest.MonkeyPatch) -> None:
    about = Conditional(fit(linear()))
    here, sigma = float(about.origin.position[0]), math.sqrt(about.covariance[0, 0])
    whole = module.solve

    def fails_beyond(reach: float) -> None:
        def solve(compiled: object, position: np.ndarray, held: np.ndarray) -> Solution:
            if held[0] and position[0] > here + reach * sigma:
                raise FitError("fit", "no minimum found", "an EDM below 1e-09")
            return whole(compiled, position, held)  # type: ignore[arg-type]

        monkeypatch.setattr(module, "solve", solve)

    fails_beyond(1.2)
    assert about.crossing(0, 1, 0.5).coordinate == pytest.approx(here + sigma, rel=1e-6)
    assert about.crossing(0, 1, 0.7).coordinate == pytest.approx(here + math.sqrt(1.4) * sigma, rel=1e-6)
    fails_beyond(0.9)
    end = about.crossing(0, 1, 0.5)
    assert math.isnan(end.coordinate)
    assert end.reason == "the fit fails before -log L rises: no minimum found"
    assert solve_module.solve is whole


def test_a_lower_minimum_on_the_way_is_fitted_and_all_begun_again() -> None:
    best = fit(linear())
    stuck = fit(linear(), fix={"s": best.values["s"] + 1.0})
    seen = []

    def work(about: Conditional) -> float:
        seen.append(about.origin.value)
        if len(seen) == 1:
            raise module._LowerMinimum(best.values)
        return about.origin.value

    found, value = settled(fit(linear()), work)
    assert value == pytest.approx(best.nll)
    assert found.values == pytest.approx(best.values)
    assert len(seen) == 2
    about = Conditional(stuck)
    about._held[0] = False
    with pytest.raises(module._LowerMinimum):
        about.at({1: best.values["b"]}, about.origin)


def test_lower_minima_without_end_are_an_error() -> None:
    def work(about: Conditional) -> None:
        raise module._LowerMinimum(about.best.values)

    with pytest.raises(FitError, match="conditional fits lie below the free one, 5 times over"):
        settled(fit(linear()), work)


def test_names_that_no_fit_moved() -> None:
    best = fit(counting(12.0, 10.0))
    with pytest.raises(ModelError, match="Did you mean 'signal'"):
        require_free(best, "sgnal", "contour")
    with pytest.raises(OptionError, match="contour: parameter 'background' is held fixed"):
        require_free(best, "background", "contour")
