"""A neutrino source as a detector sees it: flux, spectrum, flavours and the parameter that scales it.

A :class:`Source` is plain data with a few derived quantities. What neutrinos do in a detector is in
:mod:`nurecoil.physics.recoil`; which sources the Sun has is in :mod:`nurecoil.physics.solar`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from nurecoil.errors import PhysicsError
from nurecoil.model.parameters import Parameter
from nurecoil.physics._kinematics import FloatArray
from nurecoil.physics.scattering import Flavour, maximum_recoil

__all__ = ["FLAVOURS", "CrossSection", "Probabilities", "Source"]

CrossSection = Callable[[FloatArray, FloatArray, Flavour, bool], FloatArray]
"""``(T, E, flavour, antineutrino) -> dsigma/dT`` [cm2/MeV]; T and E [MeV] broadcast."""
Probabilities = Callable[[FloatArray], Mapping[Flavour, FloatArray]]
"""Energies [MeV] to the share of each flavour at the detector; shapes agree, shares sum to 1."""

FLAVOURS: Final[tuple[Flavour, ...]] = get_args(Flavour)
"""The flavours a neutrino can have."""

_NORM_TOLERANCE = 5e-3
_LINE_TOLERANCE = 1e-6
_SHARE_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Source:
    """Neutrinos of one kind at the detector.

    The spectrum is a sum of lines and a tabulated density. Between its points the density is a
    shape-preserving cubic (PCHIP) in ``sqrt(1 - E/E_end)``: a beta spectrum is smooth in that variable
    even at its endpoint, where it may vanish like a square root. The interpolant is scaled such that
    lines and integral sum to 1 exactly; with the trapezoidal rule the table has to come within 0.5 %.

    Args:
        name: short name, for example ``be7``.
        family: what produces it, for example ``solar``.
        title: what it is, in words for plots and tables.
        flux: all flavours, at the detector [cm-2 s-1], positive.
        lines: pairs of energy [MeV] and share of the flux.
        energy: energies of the tabulated density [MeV], increasing, shape (n,); empty for none.
        density: the tabulated density [1/MeV], shape (n,).
        probabilities: share of each flavour at the detector as a function of energy.
        antineutrino: whether these are antineutrinos.
        weak: the Standard Model cross section that goes with it.
        parameter: the flux in units of ``flux``.
        citations: the papers that the numbers come from.
        mass_shares: energies [MeV] to the probabilities of the three mass states at the detector, shape
            ``(3, *E.shape)``, or ``None`` where they are not known.

    Raises:
        PhysicsError: where the flux is not positive, the spectrum is malformed or not normalised, or
            the probabilities name an unknown flavour, leave [0, 1] or do not sum to 1.

    Example:
        >>> import numpy as np
        >>> from nurecoil.model.parameters import Parameter
        >>> from nurecoil.physics.scattering import tree_level
        >>> pep = Source(
        ...     name="pep", family="solar", title="pep neutrinos", flux=1.44e8, lines=((1.442, 1.0),),
        ...     probabilities=lambda E: {"e": np.ones_like(E)}, weak=tree_level,
        ...     parameter=Parameter("solar.flux.pep", "SSM", 1.0, lower=0.0),
        ... )
        >>> pep
        <Source pep (solar): 1.44e+08 cm-2 s-1, line at 1442 keV, scaled by solar.flux.pep>
        >>> round(pep.maximum_recoil, 4)
        1.225
    """

    name: str
    family: str
    title: str
    flux: float
    lines: tuple[tuple[float, float], ...] = ()
    energy: FloatArray = field(default_factory=lambda: np.empty(0))
    density: FloatArray = field(default_factory=lambda: np.empty(0))
    probabilities: Probabilities
    antineutrino: bool = False
    weak: CrossSection
    parameter: Parameter
    citations: tuple[str, ...] = ()
    mass_shares: Callable[[FloatArray], FloatArray] | None = None
    _shape: PchipInterpolator | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        """Check the definition, freeze the arrays, build the interpolant."""
        where = f"source {self.name!r}"
        if not self.name.strip():
            raise PhysicsError("source", "an empty name", "a short name")
        if not (math.isfinite(self.flux) and self.flux > 0):
            raise PhysicsError(where, f"flux {self.flux} cm-2 s-1", "a positive number")
        for column in ("energy", "density"):
            values = np.array(getattr(self, column), dtype=np.float64)
            values.setflags(write=False)
            object.__setattr__(self, column, values)
        in_lines = _check_lines(where, self.lines)
        _check_table(where, self.energy, self.density)
        if not self.lines and not self.energy.size:
            raise PhysicsError(where, "neither lines nor a tabulated density", "at least one of them")
        in_table = float(np.trapezoid(self.density, self.energy))
        tolerance = _NORM_TOLERANCE if in_table > 0 else _LINE_TOLERANCE
        if abs(in_lines + in_table - 1) > tolerance or in_lines > 1 + _LINE_TOLERANCE:
            raise PhysicsError(
                where,
                f"lines {in_lines:.6g} and trapezoidal integral {in_table:.6g} of the density sum to "
                f"{in_lines + in_table:.6g}",
                "a sum of 1",
                "Normalise the shares of the lines and the density [1/MeV].",
            )
        if in_table > 0:
            object.__setattr__(self, "_shape", _interpolant(self.energy, self.density, 1 - in_lines))
        _check_shares(where, self.probabilities, self._sample())

    def __repr__(self) -> str:
        """Name, family, flux, spectrum and parameter in one line."""
        parts = []
        if self.lines:
            energies = ", ".join(f"{1e3 * energy:.6g}" for energy, _ in self.lines)
            parts.append(f"line{'s' if len(self.lines) > 1 else ''} at {energies} keV")
        if self.energy.size:
            parts.append(f"spectrum up to {self.energy[-1]:.6g} MeV")
        kind = "antineutrinos, " if self.antineutrino else ""
        return (
            f"<Source {self.name} ({self.family}): {kind}{self.flux:.4g} cm-2 s-1, "
            f"{' and '.join(parts)}, scaled by {self.parameter.name}>"
        )

    @property
    def endpoint(self) -> float:
        """Largest neutrino energy of the source [MeV]."""
        energies = [energy for energy, _ in self.lines]
        if self.energy.size:
            energies.append(float(self.energy[-1]))
        return max(energies)

    @property
    def maximum_recoil(self) -> float:
        """Largest kinetic energy of a recoil electron [MeV], ``2 E^2 / (m_e + 2 E)`` at the endpoint."""
        return float(maximum_recoil(self.endpoint))

    def spectrum(self, E: ArrayLike) -> FloatArray:
        """The continuous part of the spectrum; lines are not in it.

        Args:
            E: neutrino energies [MeV], any shape.

        Returns:
            Density [1/MeV], the same shape; zero outside the table.

        Example:
            >>> import numpy as np
            >>> from nurecoil.physics.solar import SolarNeutrinos
            >>> pp = SolarNeutrinos().source("pp")
            >>> pp.spectrum([0.2, 0.43]).round(2)
            array([2.95, 0.  ])
        """
        energies = np.asarray(E, dtype=np.float64)
        if self._shape is None:
            return np.zeros_like(energies)
        low, high = self.energy[0], self.energy[-1]
        inside = (energies >= low) & (energies <= high)
        x = np.sqrt(1 - np.clip(energies, low, high) / high)
        return np.where(inside, np.maximum(self._shape(x), 0.0), 0.0)

    def _sample(self) -> FloatArray:
        """A few energies inside the spectrum, to try the probabilities at."""
        energies = [energy for energy, _ in self.lines]
        if self.energy.size:
            energies += [float(value) for value in np.linspace(self.energy[0], self.energy[-1], 7)[1:]]
        return np.array(energies)


def _check_lines(where: str, lines: tuple[tuple[float, float], ...]) -> float:
    """Sum of the lines' shares, after a look at each of them."""
    for energy, share in lines:
        if not (math.isfinite(energy) and energy > 0 and 0 < share <= 1):
            raise PhysicsError(
                where, f"a line at {energy} MeV with share {share}", "a positive energy and a share in (0, 1]"
            )
    return math.fsum(share for _, share in lines)


def _check_table(where: str, energy: FloatArray, density: FloatArray) -> None:
    if energy.ndim != 1 or energy.shape != density.shape or energy.size == 1:
        raise PhysicsError(
            where,
            f"shapes {energy.shape} and {density.shape} of energy and density",
            "two alike, (n,), n > 1",
        )
    if not (np.all(np.isfinite(energy)) and np.all(np.isfinite(density))):
        raise PhysicsError(where, "a tabulated spectrum with NaN or infinity", "finite numbers")
    if energy.size and (energy[0] < 0 or np.any(np.diff(energy) <= 0)):
        raise PhysicsError(
            where, "energies of the spectrum that do not increase from 0 or above", "sorted energies"
        )
    if np.any(density < 0):
        worst = int(np.argmin(density))
        raise PhysicsError(
            where, f"density {density[worst]} at {energy[worst]} MeV", "densities of at least 0"
        )


def _check_shares(where: str, probabilities: Probabilities, energies: FloatArray) -> None:
    """Try the probabilities at some energies of the source."""
    shares = probabilities(energies)
    unknown = sorted(set(shares) - set(FLAVOURS))
    if unknown:
        raise PhysicsError(where, f"probabilities of {', '.join(unknown)}", ", ".join(FLAVOURS))
    values = np.array([np.broadcast_to(value, energies.shape) for value in shares.values()])
    total = values.sum(axis=0) if values.size else np.zeros_like(energies)
    if not np.all(np.abs(total - 1) < _SHARE_TOLERANCE) or values.min() < 0:
        worst = int(np.argmax(np.where(np.isnan(total), np.inf, np.abs(total - 1))))
        raise PhysicsError(
            where,
            f"flavour probabilities that sum to {total[worst]} at {energies[worst]:.6g} MeV",
            "shares of at least 0 that sum to 1",
        )


def _interpolant(energy: FloatArray, density: FloatArray, target: float) -> PchipInterpolator:
    """PCHIP of the density in x = sqrt(1 - E/E_end), scaled to an integral over E."""
    end = energy[-1]
    x = np.sqrt(1 - energy[::-1] / end)
    shape = PchipInterpolator(x, density[::-1])
    # dE = 2 E_end x dx, and a cubic times x is integrated exactly by three Gauss-Legendre points
    nodes, weights = np.polynomial.legendre.leggauss(3)
    half = np.diff(x)[:, None] / 2
    at = x[:-1, None] + half * (1 + nodes)
    shape.c *= target / np.sum(half * weights * 2 * end * at * shape(at))
    return shape
