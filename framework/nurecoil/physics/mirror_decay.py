"""Neutrinos of the mirror decays 8B -> 8Be* e+ nu_e and 8Li -> 8Be* e- antinu_e, from one strength.

Both decays lead to the same broad 2+ states of 8Be, whose strength is taken from the measured spectrum of 8B
neutrinos and folded with the phase space of 8Li. The resulting table ships with the package; the source made
of it is in :mod:`nurecoil.physics.decay_at_rest`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import nnls

from nurecoil.errors import PhysicsError
from nurecoil.physics._kinematics import FloatArray, checked
from nurecoil.physics.beta import fermi_function
from nurecoil.physics.constants import ELECTRON_MASS

__all__ = [
    "BORON8",
    "LITHIUM8",
    "Closure",
    "MirrorDecay",
    "Strength",
    "closure",
    "decay_spectrum",
    "final_states",
    "fit_strength",
]


@dataclass(frozen=True, slots=True)
class MirrorDecay:
    """One of the two beta decays to 8Be.

    Args:
        name: the nucleus that decays.
        endpoint: kinetic energy of electron or positron plus energy of the neutrino, for a decay to the
            ground state of 8Be [MeV].
        positron: whether a positron is emitted.

    Example:
        >>> print(f"{BORON8.endpoint:.4f} {LITHIUM8.endpoint:.4f}")
        16.9579 16.0041
    """

    name: str
    endpoint: float
    positron: bool


BORON8: Final = MirrorDecay("8B", 17.9799 - 2 * ELECTRON_MASS, True)
"""8B: the difference of the atomic masses less two electron masses. Mass excesses of 22921.6 keV (8B),
20945.80 keV (8Li) and 4941.67 keV (8Be): Wang et al., Chinese Phys. C 45 (2021) 030003 (AME2020)."""
LITHIUM8: Final = MirrorDecay("8Li", 16.00413, False)
"""8Li: the difference of the atomic masses (AME2020, as for :data:`BORON8`)."""

_BERYLLIUM_CHARGE: Final = 4
_BERYLLIUM_MASS: Final = 8
_STEP: Final = 0.1
_HIGHEST: Final = 16.9
_SMOOTHNESS: Final = 3e-3
_ORDER: Final = 8
_PHASE_SPACE_ORDER: Final = 64
_SLOWEST: Final = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Strength:
    """Strength of the transitions to 8Be as a function of its excitation energy.

    Between its points it is linear, outside them zero.

    Args:
        excitation: excitation energies of 8Be [MeV], increasing from 0 or above, shape (n,).
        strength: decays of 8B per excitation energy and phase space [1/MeV] (the phase space in units of the
            electron mass), at least 0, shape (n,). Folded spectra do not depend on its scale.

    Raises:
        PhysicsError: where the shapes differ, energies do not increase, a strength is negative, all of them
            are zero or a number is not finite.

    Example:
        >>> Strength(np.array([2.0, 3.0, 4.0]), np.array([0.0, 1.0, 0.0])).strength
        array([0., 1., 0.])
    """

    excitation: FloatArray
    strength: FloatArray

    def __post_init__(self) -> None:
        """Check the points and freeze copies of them."""
        where = "strength of 8Be"
        for name in ("excitation", "strength"):
            values = np.array(checked(where, name, getattr(self, name), least=0))
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        if self.excitation.ndim != 1 or self.excitation.size < 2:
            raise PhysicsError(where, f"shape {self.excitation.shape}", "(n,), n > 1")
        if self.excitation.shape != self.strength.shape:
            got = f"shapes {self.excitation.shape} and {self.strength.shape}"
            raise PhysicsError(where, got, "excitation and strength of one shape")
        if np.any(np.diff(self.excitation) <= 0):
            raise PhysicsError(where, "excitation energies that do not increase", "sorted energies")
        if not np.any(self.strength > 0):
            raise PhysicsError(where, "no strength above 0", "at least one")


@dataclass(frozen=True, slots=True)
class Closure:
    """How well the spectrum folded from a strength agrees with the one it was taken from.

    Args:
        deviation: largest difference of the two densities over the peak of the published one.
        mean: mean energy of the folded spectrum, over the published points [MeV].
        published_mean: mean energy of the published spectrum [MeV].
    """

    deviation: float
    mean: float
    published_mean: float


def decay_spectrum(E: ArrayLike, strength: Strength, decay: MirrorDecay) -> FloatArray:
    """Spectrum of the neutrinos of one of the two decays, normalised to 1.

    The sum over excitation energies of allowed spectra ``S(Ex) p W E^2 F(+-4, W)`` with
    ``W = m_e + Q - Ex - E``, the Fermi function of :func:`nurecoil.physics.beta.fermi_function` and massless
    neutrinos. The recoil of the nucleus (below 20 keV), weak magnetism and other terms of recoil order, and
    radiative corrections are left out. What of them is in the spectrum that the strength was taken from goes
    into the strength, and weak magnetism has the opposite sign in the mirror decay: a slope of 0.5 (1.0) %
    per MeV of the electron's energy would lower the mean energy of 8Li by 0.05 (0.10) MeV. The method:
    Bahcall et al., Phys. Rev. C 54 (1996) 411, with the neutrinos of 8B in place of the alpha particles.

    Args:
        E: energies of the neutrino [MeV], any shape, any sign.
        strength: strength of the transitions to 8Be.
        decay: :data:`BORON8` or :data:`LITHIUM8`.

    Returns:
        Neutrinos per MeV and decay [1/MeV], of the shape of ``E``; zero below 0 and above the endpoint.

    Raises:
        PhysicsError: where an energy is not finite or no strength lies below the endpoint.

    Example:
        >>> level = Strength(np.array([2.9, 3.0, 3.1]), np.array([0.0, 1.0, 0.0]))
        >>> print(decay_spectrum([2.0, 6.0, 13.2], level, LITHIUM8).round(4))
        [0.0355 0.1358 0.    ]
    """
    energy = checked("decay_spectrum", "neutrino energy E [MeV]", E)
    inside = (energy > 0) & (energy < decay.endpoint)
    flat = np.where(inside, energy, decay.endpoint / 2).ravel()
    folded = _kernel(flat, strength.excitation, decay) @ strength.strength
    norm = _decays(strength, decay)
    return np.asarray(np.where(inside, folded.reshape(energy.shape) / norm, 0.0))


def final_states(Ex: ArrayLike, strength: Strength, decay: MirrorDecay) -> FloatArray:
    """Share of the decays per excitation energy of 8Be: the strength times the phase space.

    Args:
        Ex: excitation energies [MeV], any shape, finite.
        strength: strength of the transitions to 8Be.
        decay: :data:`BORON8` or :data:`LITHIUM8`.

    Returns:
        Density, normalised to 1 [1/MeV], of the shape of ``Ex``; zero above the endpoint.

    Raises:
        PhysicsError: where an energy is not finite or no strength lies below the endpoint.

    Example:
        >>> level = Strength(np.array([2.0, 3.0, 4.0]), np.array([0.0, 1.0, 0.0]))
        >>> print(final_states([2.5, 3.5], level, BORON8).round(3))
        [0.588 0.416]
    """
    excitation = checked("final_states", "excitation energy Ex [MeV]", Ex)
    return np.asarray(_integrand(excitation, strength, decay) / _decays(strength, decay))


def fit_strength(energy: ArrayLike, density: ArrayLike, *, smoothness: float = _SMOOTHNESS) -> Strength:
    """Strength from the spectrum of 8B neutrinos: least squares with a strength of at least 0.

    What is fitted is the share of decays at excitation energies every 0.1 MeV up to 16.9 MeV, 0 at 0 MeV.
    Added to the sum of squared differences (in units of the spectrum's peak) is ``smoothness^2`` times the
    integral of the squared second derivative of that share [MeV^-5]; scipy's ``nnls`` finds the minimum.

    Args:
        energy: energies of the published 8B neutrinos [MeV], increasing, shape (n,).
        density: their density, shape (n,), at least 0, any scale.
        smoothness: weight of the second derivative [MeV^2.5], above 0.

    Returns:
        The strength, normalised such that the decays of 8B integrate to 1.

    Raises:
        PhysicsError: where the spectrum is malformed or ends above or far below the endpoint of 8B (a
            spectrum in another unit, or of another isotope), or ``smoothness`` is not positive.

    Example:
        >>> level = Strength(np.array([2.0, 3.0, 4.0]), np.array([0.0, 1.0, 0.0]))
        >>> E = np.linspace(0, 15, 76)
        >>> back = fit_strength(E, decay_spectrum(E, level, BORON8))
        >>> closure(back, E, decay_spectrum(E, level, BORON8)).deviation < 5e-3
        True
    """
    where = "fit_strength"
    points, values = _checked_spectrum(where, energy, density)
    weight = float(checked(where, "smoothness", smoothness))
    if not weight > 0:
        raise PhysicsError(where, f"smoothness {weight:g}", "a number above 0")
    grid = np.asarray(np.arange(0, round(_HIGHEST / _STEP) + 1) * _STEP, dtype=np.float64)
    per_decay = 1 / _phase_space(grid, BORON8)
    kernel = _kernel(points, grid, BORON8) * per_decay
    second = np.diff(np.eye(grid.size), 2, axis=0) / _STEP**1.5
    peak = values.max()
    # the first point stays 0: its column is left out
    matrix = np.vstack([kernel / peak, weight * second])[:, 1:]
    share, _ = nnls(matrix, np.concatenate([values / peak, np.zeros(len(second))]), maxiter=100 * grid.size)
    found = Strength(grid, np.append(0.0, share) * per_decay)
    return Strength(grid, found.strength / _decays(found, BORON8))


def closure(strength: Strength, energy: ArrayLike, density: ArrayLike) -> Closure:
    """Compare the 8B spectrum of a strength with a published one.

    Args:
        strength: strength of the transitions to 8Be.
        energy: energies of the published 8B neutrinos [MeV], increasing, shape (n,).
        density: their density, shape (n,), at least 0; both spectra are compared at an area of 1.

    Returns:
        Largest deviation and mean energies.

    Raises:
        PhysicsError: where the spectrum is malformed.

    Example:
        >>> level = Strength(np.array([2.0, 3.0, 4.0]), np.array([0.0, 1.0, 0.0]))
        >>> E = np.linspace(0, 15, 151)
        >>> closure(level, E, 7 * decay_spectrum(E, level, BORON8)).deviation < 1e-4
        True
    """
    points, values = _checked_spectrum("closure", energy, density)
    folded = decay_spectrum(points, strength, BORON8)
    return Closure(
        deviation=float(np.abs(folded - values).max() / values.max()),
        mean=float(np.trapezoid(points * folded, points) / np.trapezoid(folded, points)),
        published_mean=float(np.trapezoid(points * values, points)),
    )


def _checked_spectrum(where: str, energy: ArrayLike, density: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Points and densities of area 1 of a published 8B spectrum."""
    points = checked(where, "energy [MeV]", energy, least=0)
    values = checked(where, "density [1/MeV]", density, least=0)
    if points.ndim != 1 or points.shape != values.shape or points.size < 3:
        got = f"shapes {points.shape} and {values.shape} of energy and density"
        raise PhysicsError(where, got, "two alike, (n,), n > 2")
    if np.any(np.diff(points) <= 0) or not np.any(values > 0):
        raise PhysicsError(where, "energies that do not increase or a density of 0", "a spectrum")
    last = float(points[values > 0][-1])
    if not 0.8 * BORON8.endpoint <= last <= BORON8.endpoint:
        raise PhysicsError(
            where,
            f"a spectrum that ends at {last:g} MeV",
            f"{0.8 * BORON8.endpoint:.1f} to {BORON8.endpoint:.1f} MeV, where that of 8B ends",
            "Give neutrino energies of 8B in MeV.",
        )
    return points, values / np.trapezoid(values, points)


def _allowed(energy: FloatArray, kinetic: FloatArray, decay: MirrorDecay) -> FloatArray:
    """``p W E^2 F`` in units of the electron mass."""
    moving = np.maximum(kinetic, _SLOWEST)
    momentum = np.sqrt(moving * (moving + 2 * ELECTRON_MASS)) / ELECTRON_MASS
    coulomb = fermi_function(moving, _BERYLLIUM_CHARGE, decay.positron, _BERYLLIUM_MASS)
    return np.asarray(momentum * (1 + moving / ELECTRON_MASS) * (energy / ELECTRON_MASS) ** 2 * coulomb)


def _kernel(energy: FloatArray, grid: FloatArray, decay: MirrorDecay) -> FloatArray:
    """Density at each energy, shape (n,), for a strength of 1 at each point of the grid: (n, grid.size).

    Gauss-Legendre quadrature between the points of the grid, cut where the energy is used up.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_ORDER)
    low, high = grid[:-1], grid[1:]
    width = np.clip((decay.endpoint - energy)[:, None], low, high) - low
    excitation = low[:, None] + width[..., None] * (nodes + 1) / 2
    kinetic = np.where(width[..., None] > 0, decay.endpoint - energy[:, None, None] - excitation, 1.0)
    values = _allowed(energy[:, None, None], kinetic, decay) * width[..., None] * weights / 2
    rising = (excitation - low[:, None]) / (high - low)[:, None]
    kernel = np.zeros((energy.size, grid.size))
    kernel[:, :-1] += np.sum(values * (1 - rising), axis=-1)
    kernel[:, 1:] += np.sum(values * rising, axis=-1)
    return kernel


def _phase_space(excitation: FloatArray, decay: MirrorDecay) -> FloatArray:
    """Integral of the allowed spectrum over the neutrino energy [MeV], of the shape of ``excitation``."""
    nodes, weights = np.polynomial.legendre.leggauss(_PHASE_SPACE_ORDER)
    root, share = (nodes + 1) / 2, weights / 2
    available = np.maximum(decay.endpoint - excitation, 0.0)[..., None]
    kinetic = available * root**2
    values = _allowed(available - kinetic, kinetic, decay)
    return np.asarray(np.sum(2 * share * root * available * values, axis=-1))


def _integrand(excitation: FloatArray, strength: Strength, decay: MirrorDecay) -> FloatArray:
    """Strength times phase space."""
    between = np.interp(excitation, strength.excitation, strength.strength, left=0.0, right=0.0)
    return np.asarray(between * _phase_space(excitation, decay))


def _decays(strength: Strength, decay: MirrorDecay) -> float:
    """Integral of strength times phase space over the excitation energy."""
    nodes, weights = np.polynomial.legendre.leggauss(_ORDER)
    edges = np.minimum(strength.excitation, decay.endpoint)
    width = np.diff(edges)[:, None]
    excitation = edges[:-1, None] + width * (nodes + 1) / 2
    total = float(np.sum(width * weights / 2 * _integrand(excitation, strength, decay)))
    if not total > 0:
        allowed = f"some below {decay.endpoint:g} MeV"
        raise PhysicsError("strength of 8Be", f"no strength that {decay.name} can reach", allowed)
    return total
