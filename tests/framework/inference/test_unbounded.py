"""Coordinates without bounds: they invert, stay inside, and have the slopes they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.errors import ModelError
from nurecoil.inference.unbounded import Unbounded

BOUNDS = [(-math.inf, math.inf), (1.0, math.inf), (-math.inf, 2.0), (-3.0, 5.0), (0.0, 1e-3)]


def of(bounds: tuple[float, float], scale: float) -> Unbounded:
    return Unbounded(np.array([bounds[0]]), np.array([bounds[1]]), np.array([scale]))


@given(st.sampled_from(BOUNDS), st.floats(0.01, 100.0), st.floats(-12.0, 12.0))
def test_values_lie_inside_and_come_back(bounds: tuple[float, float], scale: float, x: float) -> None:
    made = of(bounds, scale)
    value = made.values(np.array([x]))
    assert bounds[0] <= value[0] <= bounds[1]
    width = (bounds[1] - bounds[0]) / scale
    if math.isinf(width) or x < width + 12:  # farther on all digits of the distance to the bound are lost
        again = made.values(made.coordinates(value))
        np.testing.assert_allclose(again, value, rtol=1e-9, atol=1e-12)


@given(st.sampled_from(BOUNDS), st.floats(0.1, 10.0), st.floats(-6.0, 6.0))
def test_slopes_are_derivatives(bounds: tuple[float, float], scale: float, x: float) -> None:
    made, step = of(bounds, scale), 1e-4
    above, below = np.array([x + step]), np.array([x - step])
    logs, bend = made.slopes(np.array([x]))
    slope = (made.values(above) - made.values(below)) / (2 * step)
    np.testing.assert_allclose(slope, np.exp(logs), rtol=1e-4, atol=1e-8 * scale)
    found = (made.slopes(above)[0] - made.slopes(below)[0]) / (2 * step)
    np.testing.assert_allclose(found, bend, rtol=1e-5, atol=1e-7)
    stiff = -(made.slopes(above)[1] - made.slopes(below)[1]) / (2 * step)
    np.testing.assert_allclose(made.stiffness(np.array([x])), stiff, rtol=1e-5, atol=1e-7)


def test_far_from_its_bounds_a_parameter_is_straight() -> None:
    made = of((0.0, 100.0), 1.0)
    np.testing.assert_allclose(made.values(np.array([[30.0], [60.0]])).ravel(), [30.0, 60.0], rtol=1e-9)
    np.testing.assert_allclose(made.slopes(np.array([50.0]))[0], 0.0, atol=1e-12)


def test_on_a_bound_there_is_no_coordinate() -> None:
    assert of((1.0, math.inf), 1.0).coordinates(np.array([1.0]))[0] == -math.inf
    assert of((-3.0, 5.0), 1.0).coordinates(np.array([5.0]))[0] == math.inf


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, math.inf])
def test_scales_are_positive(scale: float) -> None:
    with pytest.raises(ModelError, match="positive numbers"):
        of((0.0, 1.0), scale)
