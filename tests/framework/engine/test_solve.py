"""From a model to a minimum: the order of the attempts, the errors of a fit that failed, the covariance."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from iminuit import Minuit
from numpy.typing import NDArray

from nurecoil.engine import solve as module
from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.newton import Minimum
from nurecoil.engine.solve import hesse, solve
from nurecoil.errors import FitError
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel

Array = NDArray[np.float64]
Make = Callable[[int], SpectralModel]


def spectrum(observed: Array, *parameters: Parameter, **templates: list[float]) -> CompiledModel:
    """One channel; every template is scaled by the parameter of its name, where there is one."""
    known = {p.name for p in parameters}
    samples = tuple(
        Sample(name, np.array(contents), {name: 1} if name in known else {}, signed=True)
        for name, contents in templates.items()
    )
    channel = PoissonChannel("t/x", "x", "1", np.arange(observed.size + 1.0), samples, observed)
    return CompiledModel(SpectralModel((channel,), {p.name: p for p in parameters}))


def two(observed: tuple[float, float] = (12.0, 7.0), **changes: Any) -> CompiledModel:
    a = Parameter("a", "1", **({"value": 5.0, "lower": 0.0} | changes))
    return spectrum(np.array(observed), a, Parameter("b", "1", 5.0, lower=0.0), a=[1.0, 0.0], b=[0.0, 1.0])


def test_a_counting_experiment_ends_at_its_counts() -> None:
    solution = solve(two())
    np.testing.assert_allclose(solution.position, [12.0, 7.0], rtol=1e-5)
    assert solution.minimiser == "newton"
    assert solution.edm < 1e-9
    assert solution.free.tolist() == [True, True]
    assert not solution.at_bound.any()


def test_held_parameters_stay() -> None:
    held = np.array([True, False])
    solution = solve(two(), np.array([9.0, 1.0]), held)
    np.testing.assert_allclose(solution.position, [9.0, 7.0], rtol=1e-5)
    assert solution.free.tolist() == [False, True]
    fixed = solve(two(fixed=True))
    np.testing.assert_allclose(fixed.position, [5.0, 7.0], rtol=1e-5)


@pytest.mark.parametrize("minimiser", ["newton", "minuit"])
def test_nothing_free_is_a_value(minimiser: str) -> None:
    compiled = two()
    solution = solve(compiled, np.array([3.0, 4.0]), np.array([True, True]), minimiser=minimiser)
    assert solution.value == pytest.approx(compiled.value(np.array([3.0, 4.0])), rel=1e-15)
    assert hesse(compiled, solution).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_bounds_that_hold_are_seen() -> None:
    solution = solve(two(upper=10.0))
    assert solution.position[0] == 10.0
    assert solution.at_bound.tolist() == [True, False]


def test_a_hopeless_start_is_given_up_for_the_models_own() -> None:
    compiled = two()
    nowhere = np.array([0.0, 0.0])  # no expectation where there are events
    assert compiled.value(nowhere) == math.inf
    solution = solve(compiled, nowhere)
    assert solution.minimiser == "newton"
    np.testing.assert_allclose(solution.position, [12.0, 7.0], rtol=1e-5)


def minimum(converged: bool, position: Array, value: float = 1.0, message: str = "tired") -> Minimum:
    size = position.size
    return Minimum(
        position,
        value,
        np.arange(size, 0, -1.0),
        np.eye(size),
        1e-12 if converged else 0.5,
        7,
        converged,
        np.zeros(size, dtype=bool),
        "converged" if converged else message,
    )


class Attempts:
    """Stands in for a minimiser and writes down where it was started."""

    def __init__(self, *converged: bool) -> None:
        self.converged = list(converged)
        self.starts: list[list[float]] = []

    def __call__(self, objective: object, start: Array, *args: object, **more: object) -> Minimum:
        self.starts.append(start.tolist())
        return minimum(self.converged.pop(0), start + 0.5, message=f"tired {len(self.starts)}")


def test_minuit_comes_after_both_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_by_kernel", lambda *words: None)
    newton, minuit = Attempts(False, False, True), Attempts(True)
    monkeypatch.setattr(module, "minimise", newton)
    monkeypatch.setattr(module, "minimise_minuit", minuit)
    solution = solve(two(), np.array([1.0, 2.0]))
    assert newton.starts[:2] == [[1.0, 2.0], [5.0, 5.0]]
    assert minuit.starts == [[1.5, 2.5]]  # where the first attempt ended
    assert newton.starts[2] == [2.0, 3.0]  # polished where MINUIT ended
    assert solution.minimiser == "minuit"
    assert solution.position.tolist() == [2.5, 3.5]


def test_newton_converging_late_is_still_newton(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_by_kernel", lambda *words: None)
    newton, minuit = Attempts(False, True), Attempts()
    monkeypatch.setattr(module, "minimise", newton)
    monkeypatch.setattr(module, "minimise_minuit", minuit)
    assert solve(two(), np.array([1.0, 2.0])).minimiser == "newton"
    assert minuit.starts == []


def test_minuit_alone_starts_where_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    minuit = Attempts(True)
    monkeypatch.setattr(module, "minimise", Attempts())
    monkeypatch.setattr(module, "minimise_minuit", minuit)
    assert solve(two(), np.array([1.0, 2.0]), minimiser="minuit").minimiser == "minuit"
    assert minuit.starts == [[1.0, 2.0]]


def test_what_minuit_alone_cannot_polish_is_what_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_by_kernel", lambda *words: None)
    monkeypatch.setattr(module, "minimise", Attempts(False, False, False))
    monkeypatch.setattr(module, "minimise_minuit", Attempts(True))
    solution = solve(two(), np.array([1.0, 2.0]))
    assert solution.position.tolist() == [2.0, 3.0]
    assert solution.edm == 0.5  # Newton's opinion of it


def test_a_fit_that_failed_says_what_was_tried_and_what_pulls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_by_kernel", lambda *words: None)
    monkeypatch.setattr(module, "minimise", Attempts(False, False))
    monkeypatch.setattr(module, "minimise_minuit", Attempts(False))
    with pytest.raises(FitError) as caught:
        solve(two(), np.array([1.0, 2.0]))
    assert str(caught.value) == (
        "fit: no minimum found (tired 1; tired 2); EDM 0.5, largest gradients in a, b. "
        "Allowed: an EDM below 1e-09. Fix or constrain one of them, or start closer."
    )
    assert caught.value.exit_status == 1


@pytest.mark.parametrize("minimiser", ["newton", "minuit"])
def test_events_where_none_are_expected_are_an_error_of_their_own(minimiser: str) -> None:
    compiled = spectrum(np.array([3.0, 2.0]), Parameter("a", "1", 1.0, 0.0), a=[1.0, 0.0])
    with pytest.raises(FitError, match="the model predicts no events where there are some"):
        solve(compiled, minimiser=minimiser)


def test_a_minimum_on_the_edge_of_the_domain_is_one() -> None:
    # Bins without events pull a signed template down until the first of them expects nothing.
    a = Parameter("a", "1", 0.0, -np.inf, 0.9)
    compiled = spectrum(np.zeros(2), a, a=[1.0, -0.5], flat=[100.0, 100.0])
    solution = solve(compiled)
    assert solution.position[0] == pytest.approx(-100.0, abs=1e-6)
    assert solution.value == pytest.approx(150.0, abs=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_the_covariance_is_that_of_minuits_hesse(random_model: Make, seed: int) -> None:
    compiled = CompiledModel(random_model(seed))
    solution = solve(compiled)
    index = np.flatnonzero(solution.free & ~solution.at_bound)
    found = hesse(compiled, solution)
    # in coordinates without correlations, where MINUIT's own differences are good to a per cent
    root = np.linalg.cholesky(found[np.ix_(index, index)])

    def value(coordinates: Array) -> float:
        position = solution.position.copy()
        position[index] += root @ coordinates
        return compiled.value(position)

    minuit = Minuit(value, np.zeros(index.size))
    minuit.errordef = Minuit.LIKELIHOOD
    minuit.strategy = 2
    minuit.hesse()
    assert minuit.covariance is not None
    np.testing.assert_allclose(np.array(minuit.covariance), np.eye(index.size), atol=2e-2)
    others = np.setdiff1d(np.arange(solution.position.size), index)
    assert not found[others].any()
    assert not found[:, others].any()


@pytest.mark.parametrize("seed", range(12))
def test_the_covariance_is_the_inverse_of_the_second_derivatives(random_model: Make, seed: int) -> None:
    compiled = CompiledModel(random_model(seed))
    solution = solve(compiled)
    index = np.flatnonzero(solution.free & ~solution.at_bound)
    found = hesse(compiled, solution)[np.ix_(index, index)]
    scale = np.sqrt(np.diag(found))
    second = np.empty_like(found)
    for row, i in enumerate(index):
        shift = np.zeros(solution.position.size)
        shift[i] = 1e-2 * scale[row]
        near, far = (
            compiled.evaluate(solution.position + n * shift)[1][index]
            - compiled.evaluate(solution.position - n * shift)[1][index]
            for n in (1, 2)
        )
        second[row] = (8 * near - far) / (12 * shift[i])
    np.testing.assert_allclose((found @ second) * np.outer(1 / scale, scale), np.eye(index.size), atol=1e-5)


def test_the_covariance_of_counts_is_their_number() -> None:
    compiled = two((12.0, 7.0))
    np.testing.assert_allclose(hesse(compiled, solve(compiled)), np.diag([12.0, 7.0]), rtol=1e-5)


def test_a_parameter_that_does_nothing_is_named() -> None:
    idle = Parameter("idle", "1", 1.0, lower=0.0)
    compiled = spectrum(np.array([3.0]), Parameter("a", "1", 1.0, 0.0), idle, a=[1.0])
    with pytest.raises(FitError) as caught:
        hesse(compiled, solve(compiled))
    assert "the likelihood does not depend on 'idle'" in str(caught.value)
    assert "Fix 'idle', or give it a constraint." in str(caught.value)


def test_a_constraint_is_enough_for_a_covariance() -> None:
    idle = Parameter("idle", "1", 1.0, lower=0.0, constraint=GaussianConstraint(2.0, 0.3))
    compiled = spectrum(np.array([3.0]), Parameter("a", "1", 1.0, 0.0), idle, a=[1.0])
    solution = solve(compiled)
    assert solution.position[1] == pytest.approx(2.0)
    assert hesse(compiled, solution)[1, 1] == pytest.approx(0.09)


def test_close_to_the_edge_of_the_domain_the_covariance_is_still_one() -> None:
    # log-normal constraints are not defined at 0: differences must not step over it
    from nurecoil.model.parameters import LogNormalConstraint

    tiny = Parameter("a", "1", 1e-9, lower=0.0, constraint=LogNormalConstraint(1e-9, 2.0))
    compiled = spectrum(np.array([3.0]), tiny, a=[1.0], flat=[3.0])
    found = hesse(compiled, solve(compiled))
    assert math.sqrt(found[0, 0]) == pytest.approx(1e-9 * math.log(2.0), rel=1e-3)


def test_where_second_derivatives_are_no_covariance_the_fisher_matrix_stands_in() -> None:
    # g^2 at g = 0, where the data want more: the likelihood is at a maximum in g
    g = Parameter("g", "1", 0.0, lower=0.0, constraint=GaussianConstraint(0.0, 0.5))
    samples = (Sample("signal", np.array([100.0]), {"g": 2}), Sample("flat", np.array([50.0])))
    channel = PoissonChannel("t/x", "x", "1", np.arange(2.0), samples, np.array([150.0]))
    compiled = CompiledModel(SpectralModel((channel,), {"g": g}))
    top = dataclasses.replace(solve(compiled), position=np.zeros(1))
    np.testing.assert_allclose(hesse(compiled, top), [[0.25]])


def test_solutions_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        solve(two()).value = 0.0  # type: ignore[misc]
