"""Parameters in even powers: a fit does not take the zero of their gradient for a minimum."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.saddles import even_parameters, lower_place
from nurecoil.engine.solve import hesse, solve
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel


def squared(g: Parameter, observed: float = 150.0, *powers: int, strength: float = 100.0) -> CompiledModel:
    signal = [Sample(f"s{power}", np.array([strength]), {"g": power}) for power in powers or (2,)]
    samples = (*signal, Sample("flat", np.array([50.0]), {"b": 1}))
    channel = PoissonChannel("t/x", "x", "1", np.arange(2.0), samples, np.array([observed]))
    b = Parameter("b", "1", 1.0, 0.0, constraint=GaussianConstraint(1.0, 0.01))
    return CompiledModel(SpectralModel((channel,), {"g": g, "b": b}))


PRIOR = GaussianConstraint(0.0, 1.0)


@pytest.mark.parametrize("minimiser", ["newton", "minuit"])
@pytest.mark.parametrize("strength", [1e-6, 100.0, 1e12])
def test_a_coupling_without_a_lower_bound_leaves_its_zero(minimiser: str, strength: float) -> None:
    compiled = squared(Parameter("g", "1", 0.0), strength=strength)
    solution = solve(compiled, minimiser=minimiser)
    assert abs(solution.position[0]) == pytest.approx(math.sqrt(100 / strength), rel=1e-3)
    assert hesse(compiled, solution)[0, 0] > 0


@pytest.mark.parametrize(
    ("parameter", "sign"),
    [
        (Parameter("g", "1", 0.0, 0.0, constraint=PRIOR), 1),
        (Parameter("g", "1", 0.0, constraint=PRIOR), 1),
        (Parameter("g", "1", 0.0, -5.0, 0.0), -1),
    ],
)
def test_constraints_and_bounds_are_heeded(parameter: Parameter, sign: int) -> None:
    compiled = squared(parameter)
    solution = solve(compiled)
    assert 0.9 < sign * solution.position[0] < 1.01
    assert abs(compiled.evaluate(solution.position)[1][0]) < 1e-2


def test_a_bound_close_by_is_where_it_ends() -> None:
    solution = solve(squared(Parameter("g", "1", 0.0, -1e-3, 1e-3)))
    assert solution.position[0] == 1e-3
    assert solution.at_bound[0]


@pytest.mark.parametrize("observed", [50.0, 40.0])
def test_a_zero_that_is_the_minimum_stays(observed: float) -> None:
    solution = solve(squared(Parameter("g", "1", 0.0), observed))
    assert solution.position[0] == 0.0


def test_held_parameters_are_left_alone() -> None:
    compiled = squared(Parameter("g", "1", 0.0))
    held = np.array([True, False])
    assert solve(compiled, compiled.start, held).position[0] == 0.0
    assert solve(squared(Parameter("g", "1", 0.0, fixed=True))).position[0] == 0.0


def test_measured_sums_count_too() -> None:
    signal = Sample("s", np.array([2.0]), {"g": 2})
    channel = GaussianChannel("t/x", "x", "1", (signal,), np.array([8.0]), np.array([0.1]))
    solution = solve(CompiledModel(SpectralModel((channel,), {"g": Parameter("g", "1", 0.0)})))
    assert solution.position[0] == pytest.approx(2.0, rel=1e-4)


def even(compiled: CompiledModel) -> list[int]:
    return even_parameters(compiled.model, compiled.powers).tolist()


def test_which_parameters_are_even() -> None:
    free, bounded = Parameter("g", "1", 0.0), Parameter("g", "1", 0.0, 0.0)
    assert even(squared(free)) == [0]
    assert even(squared(free, 150.0, 2, 4)) == [0]
    assert even(squared(free, 150.0, 2, 3)) == []
    assert even(squared(bounded)) == []  # fitted in its square


def test_a_coupling_without_strength_has_nowhere_to_go() -> None:
    compiled = squared(Parameter("g", "1", 0.0), strength=0.0)
    assert lower_place(compiled, compiled.start, ~compiled.fixed) is None
