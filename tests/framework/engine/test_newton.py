"""The minimiser: quadratic problems against an exact solver, its stop, and what it calls no minimum."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import lsq_linear, minimize

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.newton import Minimum, box_step, minimise
from nurecoil.model.spectral import SpectralModel

Array = NDArray[np.float64]
Objective = Callable[[Array], tuple[float, Array, Array]]


def least_squares(seed: int, size: int) -> tuple[Array, Array, Array, Array, Array]:
    """A random matrix and right side, a box (some of it open) and a start inside."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(0, 1, (size + 3, size)) * rng.choice([1e-3, 1.0, 1e3], size)
    scale = 1 / np.linalg.norm(matrix, axis=0)
    right = rng.normal(0, 3, size + 3)
    lower = np.where(rng.uniform(size=size) < 0.3, -np.inf, -rng.exponential(1, size) * scale)
    upper = np.where(rng.uniform(size=size) < 0.3, np.inf, rng.exponential(1, size) * scale)
    start = np.clip(rng.normal(0, 1, size) * scale, lower, upper)
    return matrix, right, lower, upper, start


def bowl(matrix: Array, right: Array) -> Objective:
    def objective(x: Array) -> tuple[float, Array, Array]:
        rest = matrix @ x - right
        return 0.5 * float(rest @ rest), matrix.T @ rest, matrix.T @ matrix

    return objective


def is_minimum(found: Minimum, lower: Array, upper: Array, tolerance: float) -> bool:
    """Whether the gradient can be lowered no further inside the box (Karush, Kuhn and Tucker)."""
    inside = np.all(found.position >= lower) and np.all(found.position <= upper)
    at_lower, at_upper = found.position <= lower, found.position >= upper
    size = np.sqrt(np.maximum(np.diag(found.fisher), 1e-300))
    slope = found.gradient / size
    free = ~(at_lower | at_upper)
    enough = 3 * math.sqrt(tolerance) * math.sqrt(slope.size)
    return bool(
        inside
        and np.all(np.abs(slope[free]) < enough)
        and np.all(slope[at_lower] > -enough)
        and np.all(slope[at_upper] < enough)
    )


@given(seed=st.integers(0, 100_000), size=st.integers(1, 8))
def test_a_step_solves_the_quadratic_problem_in_the_box(seed: int, size: int) -> None:
    matrix, right, lower, upper, start = least_squares(seed, size)
    value, gradient, fisher = bowl(matrix, right)(start)
    step = box_step(gradient, fisher, start, lower, upper)
    rounding = 1e-15 * (np.abs(start) + np.abs(step))
    assert np.all(start + step >= lower - rounding)
    assert np.all(start + step <= upper + rounding)
    exact = lsq_linear(matrix, right, (lower, upper), method="bvls", tol=1e-14)
    reached = bowl(matrix, right)(start + step)[0]
    assert reached <= value + 1e-12
    assert reached == pytest.approx(exact.cost, rel=1e-8, abs=1e-9)


@given(seed=st.integers(0, 100_000), size=st.integers(1, 8))
def test_bowls_are_minimised_in_their_boxes(seed: int, size: int) -> None:
    matrix, right, lower, upper, start = least_squares(seed, size)
    found = minimise(bowl(matrix, right), start, lower, upper)
    exact = lsq_linear(matrix, right, (lower, upper), method="bvls", tol=1e-14)
    assert found.converged
    assert found.message == "converged"
    assert found.edm < 1e-9
    assert found.value == pytest.approx(exact.cost, abs=2e-9)
    assert is_minimum(found, lower, upper, 1e-9)
    resting = (found.position <= lower) | (found.position >= upper)
    assert np.all(resting[found.at_bound])


def likelihood(model: SpectralModel) -> tuple[Objective, Array, Array, Array]:
    """The objective of a model's free parameters, a start and the bounds."""
    compiled = CompiledModel(model)
    free = np.flatnonzero(~compiled.fixed)

    def objective(part: Array) -> tuple[float, Array, Array]:
        position = compiled.start.copy()
        position[free] = part
        value, gradient, fisher = compiled.evaluate(position)
        return value, gradient[free], fisher[np.ix_(free, free)]

    return objective, compiled.start[free], compiled.lower[free], compiled.upper[free]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_what_is_called_a_minimum_of_a_likelihood_is_one(
    random_model: Callable[[int], SpectralModel], seed: int
) -> None:
    objective, start, lower, upper = likelihood(random_model(seed))
    found = minimise(objective, start, lower, upper)
    if found.converged:  # it may give up: then MINUIT is asked
        assert is_minimum(found, lower, upper, 1e-9)
    assert found.value <= objective(start)[0]


@pytest.mark.parametrize("seed", range(6))
def test_likelihoods_are_minimised_as_scipy_does(
    random_model: Callable[[int], SpectralModel], seed: int
) -> None:
    objective, start, lower, upper = likelihood(random_model(seed))
    found = minimise(objective, start, lower, upper)
    assert found.converged
    scale = 1 / np.sqrt(np.diag(found.fisher))
    again = minimize(
        lambda x: objective(x * scale)[0],
        found.position / scale + 0.3,
        jac=lambda x: objective(x * scale)[1] * scale,
        bounds=list(zip(lower / scale, upper / scale, strict=True)),
        method="L-BFGS-B",
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 1000},
    )
    assert found.value <= again.fun + 1e-8
    assert found.value == pytest.approx(again.fun, abs=1e-5)


def quadratic(fisher: Array, at: Array) -> Objective:
    return lambda x: (0.5 * float((x - at) @ fisher @ (x - at)), fisher @ (x - at), fisher)


FREE = np.full(2, np.inf)


def test_the_stop_is_on_the_expected_decrease() -> None:
    objective = quadratic(np.diag([4.0, 1.0]), np.zeros(2))
    start = np.array([0.1, 0.2])  # EDM 0.5 (4 0.01 + 0.04) = 0.04
    lax = minimise(objective, start, -FREE, FREE, tolerance=0.05)
    assert lax.converged
    assert lax.edm == pytest.approx(0.04)
    np.testing.assert_array_equal(lax.position, start)
    strict = minimise(objective, start, -FREE, FREE, tolerance=0.03)
    assert strict.converged
    np.testing.assert_allclose(strict.position, 0.0, atol=1e-12)
    assert strict.iterations > lax.iterations


def test_a_start_at_a_corner_is_left_where_the_gradient_points_inside() -> None:
    objective = quadratic(np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([0.4, 0.7]))
    found = minimise(objective, np.zeros(2), np.zeros(2), np.ones(2))
    np.testing.assert_allclose(found.position, [0.4, 0.7], atol=1e-6)
    assert not found.at_bound.any()


def test_the_start_is_clipped_into_the_box() -> None:
    found = minimise(quadratic(np.eye(2), np.full(2, 0.5)), np.array([-7.0, 9.0]), np.zeros(2), np.ones(2))
    np.testing.assert_allclose(found.position, 0.5, atol=1e-6)


def test_a_direction_the_objective_does_not_depend_on_stays_where_it_is() -> None:
    fisher = np.diag([2.0, 0.0])
    found = minimise(quadratic(fisher, np.array([1.0, 0.0])), np.array([3.0, 5.0]), -FREE, FREE)
    assert found.converged
    np.testing.assert_allclose(found.position, [1.0, 5.0], atol=1e-6)


def test_degenerate_parameters_still_reach_the_minimum() -> None:
    fisher = np.ones((2, 2))  # only the sum matters
    found = minimise(quadratic(fisher, np.array([1.0, 2.0])), np.array([7.0, 5.0]), -FREE, FREE)
    assert found.converged
    assert found.value < 1e-9
    assert found.position.sum() == pytest.approx(3.0, abs=1e-4)
    held = minimise(quadratic(fisher, np.array([1.0, 2.0])), np.ones(2), np.zeros(2), np.array([1.0, 1.0]))
    assert held.converged
    np.testing.assert_allclose(held.position, 1.0)


def test_an_objective_that_is_not_defined_at_the_start_is_no_minimum() -> None:
    for value in (math.inf, math.nan):
        found = minimise(lambda x, v=value: (v, np.zeros(2), np.eye(2)), np.zeros(2), -FREE, FREE)
        assert not found.converged
        assert found.message == "the model is not defined at the starting point"
        assert found.edm == math.inf
        assert found.iterations == 0


def test_a_gradient_that_is_no_number_is_no_minimum() -> None:
    found = minimise(lambda x: (1.0, np.array([np.nan, 0.0]), np.eye(2)), np.zeros(2), -FREE, FREE)
    assert not found.converged
    assert found.message == "the gradient is not finite"


def test_a_wrong_gradient_is_no_minimum() -> None:
    def uphill(x: Array) -> tuple[float, Array, Array]:
        return -float(x.sum()), np.ones(2), np.eye(2)

    found = minimise(uphill, np.zeros(2), -FREE, FREE)
    assert not found.converged
    assert found.message == "no step lowers the objective"


def test_a_bottomless_objective_is_no_minimum() -> None:
    found = minimise(lambda x: (float(-x.sum()), -np.ones(2), np.eye(2)), np.zeros(2), -FREE, FREE)
    assert not found.converged
    assert found.message == "no convergence in 200 steps"
    assert found.iterations == 200
    few = minimise(
        lambda x: (float(-x.sum()), -np.ones(2), np.eye(2)), np.zeros(2), -FREE, FREE, most_iterations=3
    )
    assert few.iterations == 3
    assert few.message == "no convergence in 3 steps"


def test_a_bottomless_objective_ends_at_its_bound() -> None:
    found = minimise(
        lambda x: (float(-x.sum()), -np.ones(2), 1e-6 * np.eye(2)), np.zeros(2), -np.ones(2), np.ones(2)
    )
    assert found.converged
    assert found.at_bound.all()
    np.testing.assert_array_equal(found.position, 1.0)


@given(start=st.tuples(st.floats(-1.5, 2.0), st.floats(-1.0, 3.0)))
def test_a_curved_valley_is_followed_to_its_end(start: tuple[float, float]) -> None:
    def rosenbrock(x: Array) -> tuple[float, Array, Array]:
        rest = np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])
        slope = np.array([[-20 * x[0], 10.0], [-1.0, 0.0]])
        return 0.5 * float(rest @ rest), slope.T @ rest, slope.T @ slope

    found = minimise(rosenbrock, np.array(start), -FREE, FREE)
    assert found.converged
    np.testing.assert_allclose(found.position, 1.0, atol=1e-3)


def test_a_curvature_twice_the_expected_one_is_no_seesaw() -> None:
    def steep(x: Array) -> tuple[float, Array, Array]:
        return float(x @ x), 2 * x, 1.01 * np.eye(2)  # whole steps would end 0.98 times as far away

    found = minimise(steep, np.ones(2), -FREE, FREE)
    assert found.converged
    assert found.iterations < 25
    np.testing.assert_allclose(found.position, 0.0, atol=1e-4)


def test_a_domain_with_an_edge_is_searched_from_inside() -> None:
    # n log mu - mu for a mean that may not become negative; the first Newton step leads out of it.
    def counts(x: Array) -> tuple[float, Array, Array]:
        mean = x[0] - 2.0
        if mean <= 0:
            return math.inf, np.zeros(1), np.zeros((1, 1))
        return mean - 3 * math.log(mean), np.array([1 - 3 / mean]), np.array([[0.2]])

    found = minimise(counts, np.array([12.0]), np.array([-50.0]), np.array([50.0]))
    assert found.converged
    assert found.position[0] == pytest.approx(5.0, abs=1e-3)


def wavy(x: Array) -> tuple[float, Array, Array]:
    """A bowl whose expected curvature is a ten-thousandth of the true one across its valley."""
    value = 0.5 * float(x[0] ** 2 + 1e4 * (x[1] - np.sin(x[0])) ** 2)
    bend = x[1] - np.sin(x[0])
    gradient = np.array([x[0] - 1e4 * bend * np.cos(x[0]), 1e4 * bend])
    return value, gradient, np.eye(2)


def wavy_second(x: Array) -> Array:
    bend, slope = x[1] - np.sin(x[0]), np.cos(x[0])
    return np.array([[1 + 1e4 * (slope**2 + bend * np.sin(x[0])), -1e4 * slope], [-1e4 * slope, 1e4]])


@given(start=st.tuples(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0)))
def test_second_derivatives_help_where_the_fisher_matrix_fails(start: tuple[float, float]) -> None:
    found = minimise(wavy, np.array(start), -FREE, FREE, second=wavy_second)
    assert found.converged
    assert found.value < 1e-8
    np.testing.assert_allclose(found.position, 0.0, atol=1e-4)


def test_without_them_the_same_valley_takes_damping() -> None:
    start = np.array([1.5, -1.0])
    alone = minimise(wavy, start, -FREE, FREE)
    helped = minimise(wavy, start, -FREE, FREE, second=wavy_second)
    assert helped.converged
    assert helped.iterations < 0.5 * alone.iterations


def test_second_derivatives_are_asked_for_only_when_needed() -> None:
    def never(x: Array) -> Array:
        raise AssertionError("asked")

    found = minimise(lambda x: (float(x @ x), 2 * x, 2 * np.eye(2)), np.ones(2), -FREE, FREE, second=never)
    assert found.converged


def test_where_it_bends_down_it_goes_down() -> None:
    """Near a top the second derivative is negative: its size alone gives the length of the step."""

    def double_well(x: Array) -> tuple[float, Array, Array]:
        return float(25 * (x[0] ** 2 - 1) ** 2), np.array([100 * x[0] * (x[0] ** 2 - 1)]), np.array([[1e-6]])

    low, high = np.array([-10.0]), np.array([10.0])
    for begin in (0.01, -0.3, 0.5):
        found = minimise(
            double_well, np.array([begin]), low, high, second=lambda x: np.array([[300 * x[0] ** 2 - 100]])
        )
        assert found.converged
        assert abs(found.position[0]) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_second_derivatives_that_are_no_numbers_are_left_alone(broken: float) -> None:
    found = minimise(wavy, np.array([0.3, 0.3]), -FREE, FREE, second=lambda x: np.full((2, 2), broken))
    plain = minimise(wavy, np.array([0.3, 0.3]), -FREE, FREE)
    assert found.value == pytest.approx(plain.value, abs=1e-6)
