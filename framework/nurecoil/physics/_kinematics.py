"""Checks of energies and the kinematic limits that every recoil formula of this package shares.

Private: the public face of the kinematics is in :mod:`nurecoil.physics.scattering`. No cross section here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nurecoil.errors import PhysicsError
from nurecoil.physics.constants import ELECTRON_MASS

__all__ = [
    "BoolArray",
    "FloatArray",
    "broadcast",
    "checked",
    "physical_region",
    "recoil_interval",
    "recoil_limit",
]

FloatArray = NDArray[np.float64]
"""An array of 64-bit floats."""
BoolArray = NDArray[np.bool_]
"""An array of truth values."""


def checked(
    where: str, name: str, values: ArrayLike, *, least: float = -np.inf, infinite: bool = False
) -> FloatArray:
    """Turn an argument into a float64 array and refuse what is not a number in its range.

    Args:
        where: name of the public function, for the message.
        name: name of its argument, with the unit, for the message.
        values: what the caller gave.
        least: smallest value allowed.
        infinite: whether infinities are allowed too.

    Returns:
        The values, of the shape given.

    Raises:
        PhysicsError: where a value is not a number, NaN, infinite or below ``least``.

    Example:
        >>> checked("tree_level", "T [MeV]", 0.3)
        array(0.3)
    """
    allowed = "numbers" if infinite else "finite numbers"
    if least > -np.inf:
        allowed += f" of at least {least:g}"
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PhysicsError(where, f"{name} is {values!r}", allowed) from error
    good = (array >= least) & (infinite | np.isfinite(array))
    if not np.all(good):
        first = int(np.flatnonzero(~good.ravel())[0])
        place = f" at position {first}" if array.ndim else ""
        raise PhysicsError(where, f"{name} is {array.ravel()[first]:g}{place}", allowed)
    return array


def broadcast(where: str, **arrays: FloatArray) -> tuple[FloatArray, ...]:
    """Stretch arrays to one shape, as numpy does, with an error that names them.

    Args:
        where: name of the public function, for the message.
        **arrays: the arrays, by the names of the arguments.

    Returns:
        Read-only views of one shape, in the order given.

    Raises:
        PhysicsError: where the shapes do not fit together.

    Example:
        >>> a, b = broadcast("tree_level", T=np.zeros((3, 1)), E=np.zeros(4))
        >>> a.shape, b.shape
        ((3, 4), (3, 4))
    """
    try:
        return tuple(np.broadcast_arrays(*arrays.values()))
    except ValueError as error:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise PhysicsError(
            where,
            f"shapes that do not fit together: {shapes}",
            "shapes that numpy can broadcast",
            "Give one of them a new axis, as in T[:, None].",
        ) from error


def recoil_limit(energy: FloatArray) -> FloatArray:
    """Largest recoil energy [MeV] at a neutrino energy [MeV] that has been checked."""
    return np.asarray(2 * energy**2 / (ELECTRON_MASS + 2 * energy))


def physical_region(where: str, T: ArrayLike, E: ArrayLike) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Check and broadcast a recoil and a neutrino energy and say where scattering is possible.

    Args:
        where: name of the public function, for the message.
        T: kinetic energy of the electron [MeV], any sign, not NaN.
        E: neutrino energy [MeV], finite, zero or more.

    Returns:
        ``T`` and ``E`` of one shape, with a harmless allowed pair wherever ``0 < T <= T_max(E)`` does not
        hold, so that formulae need no guards, and the mask of that region.

    Raises:
        PhysicsError: where an energy is NaN, ``E`` negative or infinite, or the shapes do not fit.

    Example:
        >>> physical_region("tree_level", [-1.0, 0.3], 0.862)[2]
        array([False,  True])
    """
    recoil, energy = broadcast(
        where,
        T=checked(where, "recoil energy T [MeV]", T, infinite=True),
        E=checked(where, "neutrino energy E [MeV]", E, least=0),
    )
    inside = (recoil > 0) & (recoil <= recoil_limit(energy))
    return np.where(inside, recoil, 0.25), np.where(inside, energy, 1.0), inside


def recoil_interval(
    where: str, E: ArrayLike, T_low: ArrayLike, T_high: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Check and broadcast an interval of recoil energies and clip it to ``[0, T_max(E)]``.

    Args:
        where: name of the public function, for the message.
        E: neutrino energy [MeV], finite, zero or more.
        T_low: lower end [MeV], not NaN.
        T_high: upper end [MeV], not NaN, at least ``T_low``.

    Returns:
        Neutrino energy (1 where no recoil is possible), lower end and width of the interval, of one shape.

    Raises:
        PhysicsError: where an energy is NaN, ``E`` negative or infinite, the ends are in the wrong order or
            the shapes do not fit.

    Example:
        >>> energy, low, width = recoil_interval("tree_level_integral", 0.862, 0.2, 5.0)
        >>> print(f"{low + width:.4f}")
        0.6649
    """
    energy, low, high = broadcast(
        where,
        E=checked(where, "neutrino energy E [MeV]", E, least=0),
        T_low=checked(where, "lower limit T_low [MeV]", T_low, infinite=True),
        T_high=checked(where, "upper limit T_high [MeV]", T_high, infinite=True),
    )
    wrong = np.flatnonzero((low > high).ravel())
    if wrong.size:
        first = int(wrong[0])
        got = f"T_low = {low.ravel()[first]:g} MeV above T_high = {high.ravel()[first]:g} MeV"
        raise PhysicsError(where, got, "T_low <= T_high", "Exchange the limits.")
    limit = recoil_limit(energy)
    lower = np.clip(low, 0.0, limit)
    return np.where(limit > 0, energy, 1.0), lower, np.clip(high, 0.0, limit) - lower
