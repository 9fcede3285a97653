"""The response of a detector that measures energy: a scale, a Gaussian resolution, bins.

Recoils become a spectrum of reconstructed energy. Where nothing moves, the result is a plain array; with an
energy scale as a nuisance it is a template with its analytic derivative. Detectors that count hits are in
:mod:`nurecoil.detectors.scintillator`, measured response matrices in :mod:`nurecoil.detectors.matrix`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from nurecoil.detectors.spectrum import Spectrum, quadrature
from nurecoil.errors import PhysicsError

__all__ = ["EnergyResponse", "Resolution", "ScaledEnergyTemplate"]

Array = NDArray[np.float64]

_REACH = 6.0
"""How many standard deviations a smeared energy reaches; one in 1e9 lies further off."""
_LEAST_RECOIL = 1e-4
"""Below this [MeV] electrons are not free: no recoil is asked for there."""
_LARGEST_RECOIL = 1e3
"""No source has recoils beyond this [MeV]."""
_SHARP = 1e-3
"""A resolution below this share of a bin moves less than 1e-6 of the events and counts as none."""
_SCALE_RANGE = (0.8, 1.2)
"""Scales for which every energy that can reach the bins is folded."""
_SCALE_WIDTH = 0.1
"""Share of a bin by which events are smeared at least where the scale moves them from bin to bin."""
_SMOOTH = 0.25
"""Panels are no longer than this share of the energy: spectra may fall like 1/E."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """Standard deviation of the reconstructed energy: ``sqrt(a^2 E + b^2 E^2 + c^2)``, all in MeV.

    Args:
        stochastic: a [MeV^(1/2)]; 0.03 means 3 % at 1 MeV.
        constant: b [1].
        noise: c [MeV].

    Raises:
        PhysicsError: where one of them is negative or no number.

    Example:
        >>> round(float(Resolution(0.03, 0.01).at(np.array(4.0))), 4)
        0.0721
    """

    stochastic: float
    constant: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        for value in (self.stochastic, self.constant, self.noise):
            if not (np.isfinite(value) and value >= 0):
                raise PhysicsError("energy resolution", f"a term of {value}", "numbers of at least 0")

    @property
    def perfect(self) -> bool:
        """Whether it is zero everywhere."""
        return self.stochastic == self.constant == self.noise == 0

    def at(self, energy: Array) -> Array:
        """One standard deviation [MeV] at energies [MeV], the same shape."""
        return np.asarray(
            np.sqrt(self.stochastic**2 * energy + (self.constant * energy) ** 2 + self.noise**2)
        )


@dataclass(frozen=True)
class EnergyResponse:
    """Folds spectra of deposited energy into bins of reconstructed energy.

    Args:
        edges: bin edges of the reconstructed energy [MeV], shape ``(bins + 1,)``.
        resolution: the resolution.
        scale: the parameter that multiplies every energy, or ``None`` where the scale is known.
        efficiency: events that are kept, as a share.

    Raises:
        PhysicsError: where the edges do not increase from 0 or above, or the efficiency is not in (0, 1].

    Example:
        >>> flat = Spectrum(lambda T: np.full_like(T, 10.0), (0.0, 5.0))
        >>> EnergyResponse(np.array([1.0, 2.0, 4.0]), Resolution(0.0)).template(flat).round(6).tolist()
        [10.0, 20.0]
        >>> EnergyResponse(np.array([1.0, 2.0, 4.0]), Resolution(0.1), "toy.scale").template(flat).names
        ('toy.scale',)
    """

    edges: Array
    resolution: Resolution
    scale: str | None = None
    efficiency: float = 1.0

    def __post_init__(self) -> None:
        """Check the bins."""
        edges = np.asarray(self.edges, float)
        if edges.ndim != 1 or edges.size < 2 or not np.all(np.diff(edges) > 0) or edges[0] < 0:
            raise PhysicsError(
                "energy bins", "edges that do not increase from 0 on", "increasing edges [MeV]"
            )
        if not 0 < self.efficiency <= 1:
            raise PhysicsError("efficiency", f"{self.efficiency}", "a number above 0 and at most 1")

    @property
    def energy_range(self) -> tuple[float, float]:
        """Deposited energies [MeV] that can reach the bins."""
        low, high = float(self.edges[0]), float(self.edges[-1])
        least, most = (1.0, 1.0) if self.scale is None else _SCALE_RANGE
        if self.scale is None and self.resolution.perfect:
            return max(low, _LEAST_RECOIL), high
        energy = np.geomspace(_LEAST_RECOIL, _LARGEST_RECOIL, 8000)
        reach = _REACH * self._width(energy)
        inside = np.flatnonzero((energy * most + reach > low) & (energy * least - reach < high))
        return float(energy[max(inside[0] - 1, 0)]), float(energy[min(inside[-1] + 1, energy.size - 1)])

    def template(self, spectrum: Spectrum) -> Array | ScaledEnergyTemplate:
        """Expected contents of a spectrum of deposited energy.

        Args:
            spectrum: events per MeV.

        Returns:
            Contents of shape ``(bins,)``, or a template where the energy scale is a parameter.
        """
        edges = np.asarray(self.edges, float)
        if self.scale is not None:
            energy, weight = quadrature(spectrum, lambda at: self._panel(self._width(at), at))
            width = self._width(energy)
            return ScaledEnergyTemplate(edges, energy, weight * self.efficiency, width, self.scale)
        low, high = spectrum.breaks[0], spectrum.breaks[-1]
        least = float(np.min(np.diff(edges)))
        sharp = bool(self.resolution.at(np.array(high)) < _SHARP * least)
        # no panel straddles an edge, and beside it panels shrink to the resolution
        inner = [float(edge) for edge in edges if low < edge < high]
        fine = Spectrum(spectrum.density, tuple(sorted({*spectrum.breaks, *inner})))

        def panel(at: Array) -> Array:
            off = np.min(np.abs(at[:, None] - edges), axis=1)
            return self._panel(np.maximum(self._width(at), np.inf if sharp else off / 4), at)

        energy, weight = quadrature(fine, panel)
        weight = weight * self.efficiency
        if sharp:
            return np.asarray(np.histogram(energy, edges, weights=weight)[0], float)
        return _smeared(edges, energy, weight, self._width(energy))

    def _width(self, energy: Array) -> Array:
        """One standard deviation [MeV]; with a scale, no less than what moves events smoothly."""
        least = 0.0 if self.scale is None else _SCALE_WIDTH * float(np.min(np.diff(self.edges)))
        return np.maximum(self.resolution.at(energy), least)

    def _panel(self, kernel: Array, energy: Array) -> Array:
        """Panels [MeV] that resolve the kernel and the spectrum, which may fall like 1/E."""
        return np.minimum(kernel, np.maximum(_SMOOTH * energy, _LEAST_RECOIL))


@dataclass(frozen=True)
class ScaledEnergyTemplate:
    """Events at given energies, smeared into bins, with the energy scale as the one parameter.

    Args:
        edges: bin edges [MeV], shape ``(bins + 1,)``.
        energy: deposited energies [MeV], shape ``(points,)``.
        weight: events at each, shape ``(points,)``; may be negative (interference).
        width: standard deviation of each [MeV], shape ``(points,)``, above 0; the scale does not move it.
        scale: name of the parameter.

    Example:
        >>> line = ScaledEnergyTemplate(
        ...     np.array([0.5, 1.0, 1.5]), np.array([1.0]), np.array([8.0]), np.array([0.1]), "toy.scale"
        ... )
        >>> contents, slope = line.evaluate([1.0])
        >>> contents.round(3).tolist(), slope.shape
        ([4.0, 4.0], (1, 2))
    """

    edges: Array
    energy: Array
    weight: Array
    width: Array
    scale: str

    @property
    def names(self) -> tuple[str, ...]:
        """The scale's name."""
        return (self.scale,)

    def evaluate(self, values: Sequence[float] | Array) -> tuple[Array, Array]:
        """Contents, shape ``(bins,)``, and their derivative by the scale, shape ``(1, bins)``.

        Args:
            values: the scale, one number.

        Returns:
            Contents [events] and derivative [events].
        """
        scale = float(values[0])
        pulls = (self.edges - scale * self.energy[:, None]) / self.width[:, None]
        density = np.exp(-(pulls**2) / 2) / np.sqrt(2 * np.pi)
        by_scale = -(self.weight * self.energy / self.width) @ density
        return _smeared(self.edges, scale * self.energy, self.weight, self.width), np.diff(by_scale)[None, :]


def _smeared(edges: Array, energy: Array, weight: Array, width: Array) -> Array:
    """Contents of the bins, shape ``(bins,)``, of weighted energies, each with its own width.

    Shares are differences of the tail on their own side of the energy: far bins lose no digits to rounding
    and never fall below 0, even under 1e15 decays.
    """
    pulls = (edges - energy[:, None]) / width[:, None]
    tail = ndtr(-np.abs(pulls))
    above, below = pulls[:, :-1] > 0, pulls[:, 1:] <= 0
    outside = np.where(above, tail[:, :-1] - tail[:, 1:], tail[:, 1:] - tail[:, :-1])
    return np.asarray(weight @ np.where(above | below, outside, 1 - tail[:, 1:] - tail[:, :-1]))
