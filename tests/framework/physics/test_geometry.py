"""Mean inverse squared distances: closed forms in many digits, limits, sums over points."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial.legendre import leggauss

from nurecoil.errors import PhysicsError
from nurecoil.physics.geometry import cylinder_mean_inverse_square, sphere_mean_inverse_square


def exact_sphere(radius: float, distance: float) -> float:
    with mpmath.workdps(80):
        R, D = mpmath.mpf(radius), mpmath.mpf(distance)
        log = mpmath.log((D + R) / (D - R)) if D > R else mpmath.mpf(0)
        return float(3 / (2 * R**3) * (R - (D**2 - R**2) / (2 * D) * log))


def summed_cylinder(radius: float, height: float, distance: float, offset: float) -> float:
    """Gauss-Legendre in radius and height, trapezoidal (exact for periodic functions) in azimuth."""
    nodes, weights = leggauss(60)
    r = radius * np.sqrt((nodes + 1) / 2)[:, None, None]
    z = (height / 2 * nodes - offset)[:, None]
    phi = np.linspace(0, 2 * np.pi, 256, endpoint=False)
    square = (r * np.cos(phi) - distance) ** 2 + (r * np.sin(phi)) ** 2 + z**2
    return float(np.einsum("i,j,ij->", weights / 2, weights / 2, (1 / square).mean(axis=-1)))


@given(radius=st.floats(1e-3, 1e4), ratio=st.floats(1e-9, 1.0))
def test_sphere_in_many_digits(radius: float, ratio: float) -> None:
    distance = radius / ratio
    if distance < radius:
        distance = radius
    assert sphere_mean_inverse_square(radius, distance) == pytest.approx(
        exact_sphere(radius, distance), rel=1e-13, abs=0
    )


@given(excess=st.floats(0, 1e-3) | st.floats(1e-15, 1e-9))
def test_sphere_touched_by_the_source(excess: float) -> None:
    distance = 650 * (1 + excess)
    assert sphere_mean_inverse_square(650, distance) == pytest.approx(exact_sphere(650, distance), rel=1e-13)


def test_sphere_limits() -> None:
    assert sphere_mean_inverse_square(0, 1610) == pytest.approx(1 / 1610**2, rel=1e-15)
    assert sphere_mean_inverse_square(1e-200, 1610) == pytest.approx(1 / 1610**2, rel=1e-15)
    assert sphere_mean_inverse_square(650, 650) == pytest.approx(1.5 / 650**2, rel=1e-15)
    # next to leading order: <1/d^2> = (1 + R^2 / (5 D^2)) / D^2
    assert sphere_mean_inverse_square(1, 100) * 1e4 - 1 == pytest.approx(1e-4 / 5, rel=1e-3)


@given(radius=st.floats(1, 1e3), ratio=st.floats(0.01, 0.99), factor=st.floats(1.001, 2))
def test_sphere_falls_with_distance_and_exceeds_its_centre(
    radius: float, ratio: float, factor: float
) -> None:
    near = sphere_mean_inverse_square(radius, radius / ratio)
    assert 1 < near * (radius / ratio) ** 2 <= 1.5
    assert sphere_mean_inverse_square(radius, factor * radius / ratio) < near


@settings(max_examples=40, deadline=None)
@given(
    radius=st.floats(1, 20),
    shape=st.floats(0.1, 3),
    gap=st.floats(0.3, 5),
    offset=st.floats(-30, 30),
)
def test_cylinder_beside_the_source(radius: float, shape: float, gap: float, offset: float) -> None:
    distance, height = radius * (1 + gap), shape * radius
    expected = summed_cylinder(radius, height, distance, offset)
    got = cylinder_mean_inverse_square(radius, height, distance, offset)
    assert got == pytest.approx(expected, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(radius=st.floats(1, 5), height=st.floats(1, 5), share=st.floats(0, 1), gap=st.floats(0.5, 5))
def test_cylinder_below_the_source(radius: float, height: float, share: float, gap: float) -> None:
    offset = height / 2 + gap * radius
    expected = summed_cylinder(radius, height, share * radius, offset)
    got = cylinder_mean_inverse_square(radius, height, share * radius, offset)
    assert got == pytest.approx(expected, rel=1e-5)
    assert cylinder_mean_inverse_square(radius, height, share * radius, -offset) == pytest.approx(got)


def test_cylinder_on_its_axis_in_elementary_functions() -> None:
    radius, height, offset = 2.0, 3.0, 4.0

    def antiderivative(h: float) -> float:
        return float(h * np.log(1 + (radius / h) ** 2) + 2 * radius * np.arctan(h / radius))

    low, high = offset - height / 2, offset + height / 2
    expected = (antiderivative(high) - antiderivative(low)) / (radius**2 * height)
    assert cylinder_mean_inverse_square(radius, height, 0, offset) == pytest.approx(expected, rel=1e-10)


def test_cylinder_limits() -> None:
    assert cylinder_mean_inverse_square(1e-6, 1e-6, 3, 4) == pytest.approx(1 / 25, rel=1e-11)
    assert cylinder_mean_inverse_square(650, 1300, 1e7) == pytest.approx(1e-14, rel=1e-7)
    # a stack of discs is the whole; a long thin rod seen from its side is arctan
    parts = [cylinder_mean_inverse_square(2, 1, 3, offset) for offset in (-0.5, 0.5)]
    assert np.mean(parts) == pytest.approx(cylinder_mean_inverse_square(2, 2, 3), rel=1e-9)
    rod = cylinder_mean_inverse_square(1e-4, 20, 2)
    assert rod == pytest.approx(np.arctan(10 / 2) / (2 * 10), rel=1e-7)


@pytest.mark.parametrize(
    ("distance", "offset"), [(1.0, 0.0), (1.0, 0.3), (0.0, 1.0), (0.5, -1.0), (1.0, 1.0)]
)
def test_cylinder_touched_by_the_source(distance: float, offset: float) -> None:
    at = cylinder_mean_inverse_square(1, 2, distance, offset)
    scale = 1 + 1e-7
    away = cylinder_mean_inverse_square(1, 2, scale * distance, scale * offset)
    assert np.isfinite(at) and at == pytest.approx(away, rel=1e-4)


@pytest.mark.parametrize(
    ("radius", "distance", "message"),
    [
        (650, 600, "outside the volume"),
        (0, 0, "outside the volume"),
        (-1, 600, "radius"),
        (650, np.inf, "distance"),
        (np.nan, 600, "radius"),
    ],
)
def test_bad_spheres(radius: float, distance: float, message: str) -> None:
    with pytest.raises(PhysicsError, match=message):
        sphere_mean_inverse_square(radius, distance)


@pytest.mark.parametrize(
    ("radius", "height", "distance", "offset", "message"),
    [
        (1, 2, 0.5, 0.5, "outside the volume"),
        (1, 2, 0.0, -0.99, "outside the volume"),
        (0, 2, 3.0, 0.0, "both above 0"),
        (1, 0, 3.0, 0.0, "both above 0"),
        (1, -2, 3.0, 0.0, "height"),
        (1, 2, -3.0, 0.0, "distance"),
        (1, 2, 3.0, np.nan, "offset"),
    ],
)
def test_bad_cylinders(radius: float, height: float, distance: float, offset: float, message: str) -> None:
    with pytest.raises(PhysicsError, match=message):
        cylinder_mean_inverse_square(radius, height, distance, offset)
