"""Level lines of known surfaces: on the level, closed, along walls, with holes and gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.inference._edges import Surface, outlines


def surface(height, low=(-2.0, -2.0), high=(2.0, 2.0), points=15):  # type: ignore[no-untyped-def]
    axes = tuple(np.linspace(a, b, points) for a, b in zip(low, high, strict=True))
    return Surface(axes, height(*np.meshgrid(*axes, indexing="ij")), lambda a, b: float(height(a, b)))


@given(st.floats(0.3, 1.2), st.floats(-0.8, 0.8), st.floats(0.2, 1.5))
def test_an_ellipse_is_on_its_level(width: float, rho: float, level: float) -> None:
    def height(x, y):  # type: ignore[no-untyped-def]
        return (x**2 + (y / width) ** 2 - 2 * rho * x * y / width) / (1 - rho**2)

    (ring,), holes, missed = outlines(surface(height), level)
    assert (holes, missed) == ([], 0)
    np.testing.assert_allclose(height(*ring.T), level, rtol=3e-4)
    np.testing.assert_array_equal(ring[0], ring[-1])
    assert (ring[:, 0].max(), ring[:, 0].min()) == pytest.approx((level**0.5, -(level**0.5)), rel=0.005)


def test_walls_end_a_region_and_its_corners_are_exact() -> None:
    def height(x, y):  # type: ignore[no-untyped-def]
        return x**2 + y**4

    (ring,), _, missed = outlines(surface(height, low=(0.0, -2.0)), 1.0)
    assert missed == 0
    assert ring[:, 0].min() == 0.0
    wall = ring[ring[:, 0] == 0.0]
    assert (wall[:, 1].min(), wall[:, 1].max()) == pytest.approx((-1.0, 1.0), abs=1e-4)


def test_a_hole_and_two_pieces() -> None:
    (outer,), (hole,), _ = outlines(surface(lambda x, y: (np.hypot(x, y) - 1) ** 2, points=31), 0.09)
    assert np.hypot(*outer.T).mean() == pytest.approx(1.3, abs=0.01)
    assert np.hypot(*hole.T).mean() == pytest.approx(0.7, abs=0.01)
    pieces, _, _ = outlines(surface(lambda x, y: (x**2 - 1) ** 2 + y**2, points=31), 0.3)
    assert len(pieces) == 2


def test_a_place_without_height_is_left_out() -> None:
    def height(x, y):  # type: ignore[no-untyped-def]
        return np.where(x > 0.9, np.nan, x**2 + y**2)

    rings, _, missed = outlines(surface(height, points=41), 1.0)
    points = np.concatenate(rings)
    assert np.isfinite(points).all()
    assert points[:, 0].max() <= 0.95
    assert missed >= 0


def test_a_point_that_cannot_be_placed_stays_and_is_counted() -> None:
    known = surface(lambda x, y: x**2 + y**2)
    (ring,), _, missed = outlines(Surface(known.values, known.heights, lambda a, b: float("nan")), 1.0)
    assert missed == len(ring) - 1
    assert np.hypot(*ring.T) == pytest.approx(1.0, abs=0.05)


def test_nothing_below_the_level() -> None:
    assert outlines(surface(lambda x, y: x**2 + y**2 + 5), 1.0) == ([], [], 0)
