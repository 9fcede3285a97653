"""Spectra of deposited energy and the quadrature they are folded with.

A :class:`Spectrum` is a density that is smooth between its breaks; :func:`quadrature` turns it into
weighted energies for a given panel width. What a detector makes of an energy is not decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import PhysicsError

__all__ = ["Spectrum", "quadrature"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Spectrum:
    """A differential spectrum of deposited energy.

    Args:
        density: maps energies [MeV] (any shape) to events per MeV (same shape).
        breaks: increasing energies [MeV] between which the density is smooth; the first and the last
            bound the support.

    Raises:
        PhysicsError: where fewer than two breaks are given or they do not increase from 0 or above.

    Example:
        >>> flat = Spectrum(lambda energy: np.ones_like(energy), (0.0, 0.5, 1.0))
        >>> float(flat.integral())
        1.0
    """

    density: Callable[[Array], Array]
    breaks: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check the support."""
        breaks = np.asarray(self.breaks, float)
        if breaks.size < 2 or not np.all(np.diff(breaks) > 0) or breaks[0] < 0:
            raise PhysicsError("spectrum", f"breaks {self.breaks} MeV", "increasing energies from 0 on")

    def integral(self, panel: float = 0.05) -> float:
        """Events in the whole support, with panels of at most ``panel`` MeV."""
        _, weight = quadrature(self, lambda energy: np.full_like(energy, panel))
        return float(weight.sum())


def quadrature(
    spectrum: Spectrum,
    panel: Callable[[Array], Array],
    low: float = 0.0,
    high: float = np.inf,
    order: int = 4,
) -> tuple[Array, Array]:
    """Gauss-Legendre energies and event weights for folding a spectrum with a smooth kernel.

    Panels never straddle a break, so edges (Compton shoulders, endpoints) are integrated exactly.

    Args:
        spectrum: the density and its breaks.
        panel: maps energies [MeV] to the panel width wanted there [MeV]; about one standard deviation
            of the kernel gives a relative accuracy of 1e-7 at order 4.
        low: energies below it are left out [MeV].
        high: energies above it are left out [MeV].
        order: points a panel.

    Returns:
        Energies [MeV] and weights [events], both of shape ``(points,)``; empty where nothing is left.

    Example:
        >>> triangle = Spectrum(lambda energy: energy, (0.0, 1.0))
        >>> energy, weight = quadrature(triangle, lambda e: np.full_like(e, 0.5))
        >>> round(float(weight.sum()), 12), energy.size
        (0.5, 8)
    """
    breaks = np.asarray(spectrum.breaks, float)
    inside = breaks[(breaks > low) & (breaks < high)]
    edges = [max(low, float(breaks[0])), *inside.tolist(), min(high, float(breaks[-1]))]
    panels: list[Array] = []
    for left, right in pairwise(edges):
        if right > left:
            panels.append(_panels(left, right, panel))
    if not panels:
        return np.empty(0), np.empty(0)
    left = np.concatenate([edge[:-1] for edge in panels])
    width = np.concatenate([np.diff(edge) for edge in panels])
    node, node_weight = np.polynomial.legendre.leggauss(order)
    energy = (left[:, None] + width[:, None] * (node + 1) / 2).ravel()
    weight = (width[:, None] * node_weight / 2).ravel()
    return energy, weight * spectrum.density(energy)


def _panels(left: float, right: float, panel: Callable[[Array], Array]) -> Array:
    """Edges from left to right whose spacing follows the wanted panel width."""
    sample = np.linspace(left, right, 129)
    middle = (sample[1:] + sample[:-1]) / 2
    needed = np.concatenate([[0.0], np.cumsum(np.diff(sample) / panel(middle))])
    count = max(1, int(np.ceil(needed[-1])))
    inner = np.interp(np.linspace(0.0, needed[-1], count + 1), needed, sample)
    inner[0], inner[-1] = left, right
    return inner
