"""Gauss-Legendre nodes over the continuous spectrum of a source, private to the folds.

Everything here works in ``x = sqrt(1 - E/E_end)``, which runs from 0 at the endpoint of the spectrum to
at most 1 at zero energy: between the points of its table the density is a cubic in it (see
:class:`nurecoil.physics.source.Source`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nurecoil.physics._kinematics import FloatArray
from nurecoil.physics.source import Source

__all__ = ["Nodes", "panel_edges", "panel_nodes", "spectrum_nodes", "to_x"]


@dataclass(frozen=True, slots=True)
class Nodes:
    """Neutrino energies [MeV] and the share of the flux each stands for; arrays of one shape."""

    energy: FloatArray
    weight: FloatArray


def to_x(source: Source, energy: FloatArray) -> FloatArray:
    """The variable x of energies [MeV]; energies above the endpoint become 0."""
    return np.asarray(np.sqrt(np.clip(1 - energy / source.energy[-1], 0.0, None)))


def panel_edges(source: Source) -> FloatArray:
    """Edges of the panels in x, increasing: the points of the table."""
    return to_x(source, source.energy[::-1])


def panel_nodes(source: Source, low: FloatArray, high: FloatArray, order: int, crowd: bool = False) -> Nodes:
    """Gauss-Legendre nodes in panels of x.

    Args:
        source: a source with a tabulated density.
        low: lower edges in x, shape (p,).
        high: upper edges in x, shape (p,).
        order: nodes in a panel.
        crowd: whether the nodes crowd (quadratically) towards the upper edge, which is the lower energy:
            for integrands with a logarithm there.

    Returns:
        Nodes of shape (p, order) whose weights sum to the integral of the density over the panels.
    """
    points, weights = np.polynomial.legendre.leggauss(order)
    u, du = (points + 1) / 2, weights / 2
    if crowd:
        u, du = 1 - u**2, 2 * u * du
    width = (high - low)[:, None]
    x = low[:, None] + width * u
    end = source.energy[-1]
    energy = end * (1 - x**2)
    return Nodes(energy, width * du * 2 * end * x * source.spectrum(energy))


def spectrum_nodes(source: Source, limits: list[float], order: int) -> Nodes:
    """Lines and nodes of the whole spectrum above the smallest of some neutrino energies.

    Args:
        source: any source.
        limits: neutrino energies [MeV] at which what is integrated has a kink; below the smallest of
            them it is zero.
        order: nodes in a panel.

    Returns:
        Nodes of shape (n,); empty where the source does not reach the smallest limit.
    """
    least = min(limits)
    lines = [line for line in source.lines if line[0] > least]
    energies = [np.array([energy for energy, _ in lines])]
    weights = [np.array([share for _, share in lines])]
    if source.energy.size:
        edges = panel_edges(source)
        kinks = to_x(source, np.asarray(limits))
        inside = np.unique(np.append(edges, kinks))
        inside = inside[inside <= min(kinks.max(), edges[-1])]
        nodes = panel_nodes(source, inside[:-1], inside[1:], order)
        energies.append(nodes.energy.ravel())
        weights.append(nodes.weight.ravel())
    return Nodes(np.concatenate(energies), np.concatenate(weights))
