"""Piecewise polynomials: as good as the functions they stand for, and never below where these never are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nurecoil.physics._piecewise import Piecewise, piecewise

Array = NDArray[np.float64]


def worst(function: Piecewise, exact: Array, x: Array) -> float:
    """The largest difference, relative to the value or to a millionth of the largest."""
    scale = np.maximum(np.abs(exact), 1e-6 * np.max(np.abs(exact)))
    return float(np.max(np.abs(function(x) - exact) / scale))


def test_smooth_functions_are_met_to_the_tolerance() -> None:
    x = np.linspace(0.0, 3.0, 2001)
    for tolerance in (1e-4, 1e-7, 1e-10):
        assert (
            worst(piecewise(lambda x: np.exp(-2 * x), [0.0, 3.0], tolerance), np.exp(-2 * x), x) < tolerance
        )


@given(power=st.floats(0.5, 3.0), low=st.floats(1e-4, 0.1))
@settings(deadline=None, max_examples=25)
def test_falling_powers_are_met_from_small_energies_on(power: float, low: float) -> None:
    x = np.geomspace(low, 10.0, 500)
    assert worst(piecewise(lambda x: x**-power, [low, 10.0]), x**-power, x) < 1e-6


@given(end=st.floats(0.2, 20.0), power=st.sampled_from([1, 2, 3]))
@settings(deadline=None, max_examples=25)
def test_what_vanishes_at_its_end_vanishes(end: float, power: int) -> None:
    def spectrum(x: Array) -> Array:
        return np.maximum(end - x, 0.0) ** power * (1 + x)

    found = piecewise(spectrum, [0.0, end])
    x = np.linspace(0.0, end, 700)
    scale = spectrum(x).max()
    np.testing.assert_allclose(found(x), spectrum(x), atol=1e-6 * scale)
    assert found(np.array([end]))[0] <= 1e-6 * scale
    assert found(np.array([-0.1, end * 1.001])).tolist() == [0.0, 0.0]


@given(
    coefficients=st.lists(st.floats(-3, 3), min_size=1, max_size=8),
    low=st.floats(-5, 5),
    width=st.floats(0.1, 10),
    cut=st.floats(0.1, 0.9),
)
def test_polynomials_are_exact(coefficients: list[float], low: float, width: float, cut: float) -> None:
    below = [coefficients[0] - 30.0, *coefficients[1:]]  # nowhere positive, so that nothing is cut at 0
    polynomial = np.polynomial.Polynomial(below, domain=[low, low + width])
    found = piecewise(polynomial, [low, low + cut * width, low + width])
    x = np.linspace(low, low + width, 101)
    size = np.abs(below).sum()
    np.testing.assert_allclose(found(x), polynomial(x), atol=1e-9 * size)


@given(seed=st.integers(0, 10_000))
@settings(deadline=None, max_examples=30)
def test_what_is_never_negative_stays_so(seed: int) -> None:
    rng = np.random.default_rng(seed)
    nodes, heights = np.sort(rng.uniform(0, 1, 12)), rng.uniform(0, 1, 12) * (rng.uniform(size=12) < 0.6)

    def table(x: Array) -> Array:
        return np.interp(x, nodes, heights, left=0.0, right=0.0)

    assert np.all(piecewise(table, [0.0, 1.0])(np.linspace(0, 1, 3001)) >= 0)


def test_negative_functions_stay_negative() -> None:
    x = np.linspace(0.0, 1.0, 11)
    np.testing.assert_allclose(piecewise(lambda x: x - 0.5, [0.0, 1.0])(x), x - 0.5, atol=1e-14)


def test_a_kink_is_met_to_a_thousandth_and_exactly_where_it_is_a_break() -> None:
    def kink(x: Array) -> Array:
        return 1 + np.abs(x - 0.37)

    x = np.linspace(0, 1, 4001)
    np.testing.assert_allclose(piecewise(kink, [0.0, 1.0])(x), kink(x), rtol=1e-3)
    away = np.abs(x - 0.37) > 0.02
    np.testing.assert_allclose(piecewise(kink, [0.0, 1.0])(x[away]), kink(x[away]), rtol=1e-7)
    np.testing.assert_allclose(piecewise(kink, [0.0, 0.37, 1.0])(x), kink(x), rtol=1e-12)


def test_a_step_at_a_break_is_not_smeared() -> None:
    """The edge of a line: what lies at the break itself belongs to one of its sides."""
    found = piecewise(lambda x: np.where(x < 0.5, 2.0, 1.0), [0.0, 0.5, 1.0])
    assert found(np.array([0.1, 0.4999999, 0.5000001, 0.9])).tolist() == pytest.approx([2, 2, 1, 1], rel=1e-9)
    assert len(found.coefficients) == 2


def test_any_shape_goes() -> None:
    found = piecewise(np.cos, [0.0, 2.0])
    x = np.linspace(0, 2, 24)
    np.testing.assert_array_equal(found(x.reshape(2, 3, 4)), found(x).reshape(2, 3, 4))
    assert found(np.float64(1.0)).shape == ()
    assert found(np.empty(0)).shape == (0,)


def test_the_function_is_asked_a_few_times_for_many_points() -> None:
    asked: list[int] = []

    def function(x: Array) -> Array:
        asked.append(x.size)
        return 1 / x

    piecewise(function, [1e-3, 0.3, 15.0])
    assert len(asked) <= 8
    assert sum(asked) < 1500


def test_a_function_that_is_no_number_somewhere_stays_none_there() -> None:
    def broken(x: Array) -> Array:
        return np.where(x > 0.8, np.nan, x)

    found = piecewise(broken, [0.0, 1.0])(np.array([0.1, 0.95]))
    assert found[0] == pytest.approx(0.1)
    assert np.isnan(found[1])


def test_an_infinite_value_is_no_warning() -> None:
    found = piecewise(lambda x: np.where(x > 0.8, np.inf, x), [0.0, 1.0])(np.array([0.1, 0.95]))
    assert found[0] == pytest.approx(0.1)
    assert not np.isfinite(found[1])
