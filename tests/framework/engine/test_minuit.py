"""MINUIT on the same objectives: it agrees with Newton, and it says why where it gives up."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.minuit import minimise_minuit
from nurecoil.engine.solve import Solution, hesse, solve
from nurecoil.model.spectral import SpectralModel

Array = NDArray[np.float64]
Make = Callable[[int], SpectralModel]


def distance(compiled: CompiledModel, one: Solution, two: Solution) -> float:
    """Largest difference of two solutions in standard deviations."""
    sigma = np.sqrt(np.diag(hesse(compiled, one)))
    fisher = np.diag(compiled.evaluate(one.position)[2])
    scale = np.where(sigma > 0, sigma, 1 / np.sqrt(np.maximum(fisher, 1e-12)))
    return float(np.max(np.abs(one.position - two.position) / scale))


@pytest.mark.parametrize("seed", range(30))
def test_both_minimisers_find_the_same_minimum(random_model: Make, seed: int) -> None:
    compiled = CompiledModel(random_model(seed))
    newton, minuit = solve(compiled), solve(compiled, minimiser="minuit")
    assert (newton.minimiser, minuit.minimiser) == ("newton", "minuit")
    assert newton.value == pytest.approx(minuit.value, abs=1e-6)
    assert distance(compiled, newton, minuit) < 1e-3


@pytest.mark.long
@pytest.mark.parametrize("seed", range(30, 230))
def test_newtons_minimum_is_the_lower_one_and_minuits_is_one(random_model: Make, seed: int) -> None:
    # A few of these models have two valleys, and the minimisers may walk down different ones.
    compiled = CompiledModel(random_model(seed))
    newton, minuit = solve(compiled), solve(compiled, minimiser="minuit")
    assert newton.value <= minuit.value + 1e-8
    from_there = solve(compiled, minuit.position)
    assert from_there.value == pytest.approx(minuit.value, abs=1e-6)
    assert distance(compiled, from_there, minuit) < 1e-3


def test_bounds_are_respected_and_seen() -> None:
    def bowl(x: Array) -> tuple[float, Array, Array]:
        return float((x - 3) @ (x - 3)), 2 * (x - 3), 2 * np.eye(3)

    low, high = np.array([-5.0, 4.0, -np.inf]), np.array([1.0, 9.0, np.inf])
    found = minimise_minuit(bowl, np.array([0.0, 5.0, 0.0]), low, high)
    assert found.converged
    np.testing.assert_allclose(found.position, [1.0, 4.0, 3.0], atol=1e-4)
    assert found.at_bound.tolist() == [True, True, False]


@pytest.mark.parametrize("start", [0.0, 1e-9])
def test_a_start_on_a_limit_is_no_trap(start: float) -> None:
    # On its limit a parameter has no slope in MINUIT's coordinates, and MIGRAD calls that a minimum.
    def counts(x: Array) -> tuple[float, Array, Array]:
        mean = x + 3
        return float((mean - 5 * np.log(mean)).sum()), 1 - 5 / mean, np.diag(1 / mean)

    found = minimise_minuit(counts, np.array([start, 2.0]), np.zeros(2), np.full(2, np.inf))
    assert found.converged
    np.testing.assert_allclose(found.position, 2.0, atol=1e-4)
    assert not found.at_bound.any()


def test_a_wrong_gradient_is_no_minimum_and_says_why() -> None:
    def uphill(x: Array) -> tuple[float, Array, Array]:
        return -float(x.sum()), np.ones(2), np.eye(2)

    found = minimise_minuit(uphill, np.zeros(2), -np.full(2, 1e3), np.full(2, 1e3))
    assert not found.converged
    assert found.message.startswith("MINUIT: ")
    assert len(found.message) > len("MINUIT: ")


def test_a_domain_with_an_edge_is_a_wall() -> None:
    def counts(x: Array) -> tuple[float, Array, Array]:
        mean = x[0] - 2.0
        if mean <= 0:
            return math.inf, np.zeros(1), np.zeros((1, 1))
        return mean - 3 * math.log(mean), np.array([1 - 3 / mean]), np.array([[3 / mean**2]])

    found = minimise_minuit(counts, np.array([12.0]), np.array([-50.0]), np.array([50.0]))
    assert found.converged
    assert found.position[0] == pytest.approx(5.0, abs=1e-3)
