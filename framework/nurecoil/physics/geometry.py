"""Solid angle of a detector: the mean inverse squared distance of its fiducial volume from a point source.

A source that emits N neutrinos in all directions sends ``N / (4 pi) <1/d^2>`` of them per area through the
volume. Spheres and upright cylinders only; efficiency and target mass are the plugins' business.
"""

from __future__ import annotations

import itertools
import math
from typing import Final

import numpy as np
from numpy.polynomial.polynomial import polyval
from scipy.integrate import quad
from scipy.special import xlogy

from nurecoil.errors import PhysicsError
from nurecoil.physics._kinematics import checked

__all__ = ["cylinder_mean_inverse_square", "sphere_mean_inverse_square"]

_SMALL: Final = 0.5
"""Below this ratio of radius to distance a series replaces an expression in which terms cancel."""
_SERIES: Final = 3 / (4 * np.arange(1, 31) ** 2 - 1)
_PRECISION: Final = 1e-11


def sphere_mean_inverse_square(radius: float, distance: float) -> float:
    """Mean of ``1/d^2`` over a sphere, seen from a point outside.

    ``3 / (2 R^3) [R - (D^2 - R^2) / (2 D) ln((D + R) / (D - R))]``, the integral in spherical coordinates
    about the centre; for small ``x = R/D`` its series ``3/D^2 sum_k x^(2k-2) / (4 k^2 - 1)``.

    Args:
        radius: radius ``R`` of the sphere [cm], at least 0.
        distance: distance ``D`` of the source from its centre [cm], above 0 and at least ``radius``.

    Returns:
        The mean [cm-2].

    Raises:
        PhysicsError: where the source is inside the sphere or a length is negative or not finite.

    Example:
        >>> print(f"{1610**2 * sphere_mean_inverse_square(650, 1610):.4f}")
        1.0351
    """
    where = "sphere_mean_inverse_square"
    size = _length(where, "radius [cm]", radius)
    far = _length(where, "distance [cm]", distance)
    if far == 0 or far < size:
        raise PhysicsError(
            where,
            f"a source {far:g} cm from the centre of a sphere of {size:g} cm",
            "sources outside the volume",
        )
    ratio = size / far
    if ratio < _SMALL:
        shape = float(polyval(ratio**2, _SERIES))
    else:
        gap = (far - size) / far
        log = np.log1p(ratio) - xlogy(gap, gap) / gap if gap > 0 else 0.0
        shape = 1.5 / ratio**3 * float(ratio - gap * (1 + ratio) / 2 * log)
    return shape / far**2


def cylinder_mean_inverse_square(radius: float, height: float, distance: float, offset: float = 0.0) -> float:
    """Mean of ``1/d^2`` over an upright cylinder, seen from a point outside.

    Over azimuth and radius the integral is elementary: at a height ``h`` above the source it is
    ``pi ln[(X + sqrt(X^2 + 4 rho^2 h^2)) / (2 h^2)]`` with ``X = R^2 - rho^2 + h^2``. Over the height it is
    adaptive quadrature (scipy's ``quad``), good to 1e-10.

    Args:
        radius: radius ``R`` of the cylinder [cm], above 0.
        height: its full height [cm], above 0.
        distance: distance ``rho`` of the source from its axis [cm], at least 0.
        offset: height of the source above the middle of the cylinder [cm], any sign.

    Returns:
        The mean [cm-2].

    Raises:
        PhysicsError: where the source is inside the cylinder or a length is out of range or not finite.

    Example:
        >>> print(f"{1610**2 * cylinder_mean_inverse_square(650, 1300, 1610):.4f}")
        1.0238
    """
    where = "cylinder_mean_inverse_square"
    size = _length(where, "radius [cm]", radius)
    tall = _length(where, "height [cm]", height)
    rho = _length(where, "distance [cm]", distance)
    above = float(checked(where, "offset [cm]", offset))
    if size == 0 or tall == 0:
        raise PhysicsError(where, f"a cylinder of radius {size:g} cm and height {tall:g} cm", "both above 0")
    if rho < size and abs(above) < tall / 2:
        got = f"a source {rho:g} cm from the axis and {above:g} cm above the middle of a cylinder of radius "
        raise PhysicsError(where, f"{got}{size:g} cm and height {tall:g} cm", "sources outside the volume")
    # the variable is the share of the height, so that thin discs lose no digits; at the height of the source
    # the slice changes fast where the source is close
    level = 0.5 + above / tall
    ends = [0.0, level, 1.0] if 0 < level < 1 else [0.0, 1.0]
    total = math.fsum(
        quad(_slice, a, b, args=(tall, level, size, rho), epsabs=0.0, epsrel=_PRECISION, limit=400)[0]
        for a, b in itertools.pairwise(ends)
    )
    return 2 * total / size**2


def _slice(share: float, height: float, level: float, radius: float, rho: float) -> float:
    """Integral of ``1/d^2`` over the disc at a share of the height, over 2 pi; the source is at ``level``.

    Both forms are the same logarithm; each is free of cancellation where it is used.
    """
    h = height * (share - level)
    inner = h**2 - rho**2
    outer = inner + radius**2
    slope = (inner + outer) / (h**2 + rho**2 + math.hypot(outer, 2 * rho * h))
    if inner + outer >= 0:
        return 0.5 * math.log1p(radius**2 * (1 + slope) / (2 * h**2))
    return -0.5 * math.log1p(-(radius**2) * (1 - slope) / (2 * rho**2))


def _length(where: str, name: str, value: float) -> float:
    """A length that is finite and at least 0."""
    return float(checked(where, name, value, least=0))
