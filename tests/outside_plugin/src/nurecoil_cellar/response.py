"""Templates of the cellar: recoils sorted into bins as they are, and a background that falls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.spectrum import Spectrum, quadrature

__all__ = ["Falling", "Sharp"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sharp:
    """A detector that measures energies exactly."""

    edges: Array  # (bins + 1,), keV

    def template(self, spectrum: Spectrum) -> Still:
        """The counts in each bin."""
        breaks = tuple(sorted({*spectrum.breaks, *self._inside(spectrum)}))
        cut = Spectrum(spectrum.density, breaks)
        energy, weight = quadrature(cut, lambda T: np.full_like(T, 0.02))
        return Still(np.histogram(1e3 * energy, self.edges, weights=weight)[0])

    def _inside(self, spectrum: Spectrum) -> list[float]:
        edges = self.edges / 1e3
        return edges[(edges > spectrum.breaks[0]) & (edges < spectrum.breaks[-1])].tolist()


@dataclass(frozen=True)
class Still:
    """A template that depends on nothing."""

    counts: Array
    names: tuple[str, ...] = ()

    def evaluate(self, values: Sequence[float] | Array) -> tuple[Array, Array]:
        """Counts, and no derivatives."""
        return self.counts, np.zeros((0, self.counts.size))


@dataclass(frozen=True)
class Falling:
    """An exponential in the energy, one event in the range."""

    edges: Array  # (bins + 1,), keV
    names: tuple[str, ...]

    def evaluate(self, values: Sequence[float] | Array) -> tuple[Array, Array]:
        """Counts, and their derivative by the slope."""
        above = (self.edges - self.edges[0]) / 1e3
        fall = np.exp(-values[0] * above)
        total, total_slope = 1 - fall[-1], above[-1] * fall[-1]
        counts = -np.diff(fall) / total
        slope = np.diff(above * fall) / total - counts * total_slope / total
        return counts, slope[None, :]
