"""Derivatives by differences alone, against derivatives that are known."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.model.parameters import GaussianConstraint, LogNormalConstraint, Parameter
from nurecoil.testing.template_rules import difference, step


@given(st.floats(0.2, 5.0), st.floats(-1.0, 1.0), st.floats(1e-3, 1.0))
def test_the_difference_is_the_derivative(a: float, b: float, width: float) -> None:
    x = np.linspace(0.0, 2.0, 7)
    template = SimpleNamespace(
        names=("a", "b"), evaluate=lambda v: (np.exp(-v[0] * x) + np.sin(v[1] * x), None)
    )
    for index, exact in enumerate((-x * np.exp(-a * x), x * np.cos(b * x))):
        found, error = difference(template, np.array([a, b]), index, width)  # type: ignore[arg-type]
        np.testing.assert_allclose(found, exact, atol=1e-6 * np.abs(exact).max() + 10 * error.max())


def test_a_kink_has_a_large_error() -> None:
    template = SimpleNamespace(names=("a",), evaluate=lambda v: (np.abs(v), None))
    found, error = difference(template, np.array([1e-4]), 0, 0.1)  # type: ignore[arg-type]
    assert found == pytest.approx([1.0]) or error.max() > 0.01


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        (Parameter("p", "1", 2.0, constraint=GaussianConstraint(2.0, 0.3)), 0.3),
        (Parameter("p", "1", 2.0, constraint=LogNormalConstraint(2.0, 1.5)), 1.0),
        (Parameter("p", "1", 2.0, 1.0, 2.0, GaussianConstraint(2.0, 0.3)), 0.05),
        (Parameter("p", "1", 500.0), 5.0),
        (Parameter("p", "1", 0.0, 0.0, math.inf), 0.01),
    ],
)
def test_steps(parameter: Parameter, expected: float) -> None:
    assert step(parameter) == pytest.approx(expected)
