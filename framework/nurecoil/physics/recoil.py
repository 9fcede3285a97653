"""Recoil spectra and rates: a source folded with a cross section, per electron of the target.

The fold knows no detector and no particular cross section. Integrals over the neutrino energy start
exactly at the smallest energy that gives the recoil; lines enter as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from nurecoil.errors import PhysicsError
from nurecoil.physics._kinematics import FloatArray, checked
from nurecoil.physics._quadrature import Nodes, panel_edges, panel_nodes, spectrum_nodes, to_x
from nurecoil.physics.scattering import Flavour, maximum_recoil, minimum_neutrino_energy
from nurecoil.physics.source import CrossSection, Source

__all__ = ["recoil_rate", "recoil_spectrum"]

_CHUNK = 500_000
_CONVERGED = 1e-4
_CROWD = 4


def recoil_spectrum(
    source: Source, cross_section: CrossSection, T: ArrayLike, *, order: int = 3
) -> FloatArray:
    """Recoil spectrum of a source, per electron of the target.

    ``dR/dT = flux * sum_f int_{E_min(T)} dE phi(E) P_f(E) dsigma(T, E, f)/dT`` (e.g. Bahcall, Rev. Mod.
    Phys. 59 (1987) 505). The integral is Gauss-Legendre quadrature in each interval of the source's table,
    the last one cut at ``E_min(T)``; there the nodes crowd, because radiative corrections have a logarithm
    at ``T_max(E)``. Relative error below 1e-5 (1e-6 at tree level).

    Args:
        source: the source, its flux at the nominal value.
        cross_section: ``(T, E, flavour, antineutrino)`` to dsigma/dT [cm2/MeV]; asked only where the
            recoil is possible.
        T: kinetic energies of the electron [MeV], any shape, at least 0.
        order: nodes in an interval of the table.

    Returns:
        Rate per electron [1/(s MeV)], in the shape of ``T``; zero above the source's maximum recoil.

    Raises:
        PhysicsError: where an energy is negative, NaN or infinite.

    Example:
        >>> from nurecoil.physics.scattering import tree_level
        >>> from nurecoil.physics.solar import SolarNeutrinos
        >>> rate = recoil_spectrum(SolarNeutrinos().source("pp"), tree_level, [0.1, 0.2, 0.3])
        >>> [f"{value:.3e}" for value in rate]
        ['2.301e-34', '6.345e-35', '0.000e+00']
    """
    recoil = checked("recoil_spectrum", "recoil energy T [MeV]", T, least=0)
    flat = recoil.ravel()
    rate = _lines_spectrum(source, cross_section, flat)
    if source.energy.size:
        step = max(1, _CHUNK // (order * source.energy.size))
        for start in range(0, flat.size, step):
            part = slice(start, start + step)
            rate[part] += _table_spectrum(source, cross_section, flat[part], order)
    return source.flux * rate.reshape(recoil.shape)


def recoil_rate(
    source: Source,
    cross_section: CrossSection,
    T_low: float = 0.0,
    T_high: float | None = None,
    *,
    order: int = 3,
) -> float:
    """Rate of recoils between two energies, per electron of the target.

    The recoil energy is integrated first, up to the Compton edge of each neutrino energy, so that the
    edges of lines cost no accuracy; above a threshold the variable is ``log T``, which takes ``1/T``.

    Args:
        source: the source, its flux at the nominal value.
        cross_section: ``(T, E, flavour, antineutrino)`` to dsigma/dT [cm2/MeV].
        T_low: smallest kinetic energy of the electron [MeV].
        T_high: largest one [MeV], ``None`` for no limit.
        order: nodes in an interval of the source's table; the recoil energy gets eight times as many.

    Returns:
        Rate per electron [1/s].

    Raises:
        PhysicsError: where the energies are not ``0 <= T_low < T_high``, or ``T_low`` is 0 and the
            integral diverges there (magnetic moment).

    Example:
        >>> from nurecoil.physics.scattering import tree_level
        >>> from nurecoil.physics.solar import SolarNeutrinos
        >>> be7 = SolarNeutrinos().source("be7")
        >>> print(f"{86400 * 3.307e31 * recoil_rate(be7, tree_level):.1f} per day and 100 t")
        49.6 per day and 100 t
    """
    low = float(checked("recoil_rate", "T_low [MeV]", T_low, least=0))
    high = np.inf if T_high is None else float(checked("recoil_rate", "T_high [MeV]", T_high, least=0))
    if not low < high:
        raise PhysicsError("recoil_rate", f"T_low {low} and T_high {high} MeV", "0 <= T_low < T_high")
    if low >= source.maximum_recoil:
        return 0.0
    limits = [low, high] if high < source.maximum_recoil else [low]
    nodes = spectrum_nodes(source, [float(minimum_neutrino_energy(limit)) for limit in limits], order)
    points = 8 * order
    if low > 0:
        points += 2 * int(np.log(source.maximum_recoil / low))
    rate = _total(source, cross_section, nodes, low, high, points)
    if low == 0:
        finer = _total(source, cross_section, nodes, low, high, 2 * points)
        if not abs(finer - rate) <= _CONVERGED * abs(finer):
            raise PhysicsError(
                "recoil_rate",
                f"an integral that does not converge at T = 0 (sums {rate:.6g}, then {finer:.6g} cm2)",
                "cross sections that stay finite there",
                "Give T_low above 0.",
            )
        rate = finer
    return source.flux * rate


def _lines_spectrum(source: Source, cross_section: CrossSection, recoil: FloatArray) -> FloatArray:
    """Sum over the lines of share times flavour-averaged dsigma/dT [cm2/MeV]."""
    total = np.zeros_like(recoil)
    for energy, share in source.lines:
        seen = np.flatnonzero(recoil <= maximum_recoil(energy))
        at = np.full(seen.size, energy)
        total[seen] += share * _averaged(source, cross_section, recoil[seen], at, source.probabilities(at))
    return total


def _table_spectrum(
    source: Source, cross_section: CrossSection, recoil: FloatArray, order: int
) -> FloatArray:
    """The same for the tabulated density: whole panels above E_min(T), and the last ones apart."""
    edges = panel_edges(source)
    grid = panel_nodes(source, edges[:-1], edges[1:], order)
    energy, weight = grid.energy.ravel(), grid.weight.ravel()
    shares = source.probabilities(energy)
    reach = np.minimum(to_x(source, minimum_neutrino_energy(recoil)), edges[-1])
    cut = np.clip(np.searchsorted(edges, reach, side="right") - 1, 0, edges.size - 2)
    whole = np.maximum(cut - 1, 0)
    at_recoil, at_node = np.nonzero(np.arange(energy.size) < order * whole[:, None])
    at_each = {flavour: share[at_node] for flavour, share in shares.items()}
    sigma = _averaged(source, cross_section, recoil[at_recoil], energy[at_node], at_each)
    total = np.zeros_like(recoil)
    np.add.at(total, at_recoil, weight[at_node] * sigma)
    for low, high in ((edges[whole], edges[cut]), (edges[cut], reach)):
        some = np.flatnonzero(high > low)
        last = panel_nodes(source, low[some], high[some], _CROWD * order, crowd=True)
        at_last = last.energy.ravel()
        sigma = _averaged(
            source,
            cross_section,
            np.repeat(recoil[some], _CROWD * order),
            at_last,
            source.probabilities(at_last),
        )
        total[some] += np.sum(last.weight * sigma.reshape(last.weight.shape), axis=1)
    return total


def _total(
    source: Source, cross_section: CrossSection, nodes: Nodes, low: float, high: float, points: int
) -> float:
    """Sum over neutrino energies of weight times the cross section between two recoil energies [cm2]."""
    roots, weights = np.polynomial.legendre.leggauss(points)
    u, du = (roots + 1) / 2, weights / 2
    u, du = u**2 * (3 - 2 * u), 6 * u * (1 - u) * du
    top = np.minimum(maximum_recoil(nodes.energy), high)[:, None]
    if low > 0:
        span = np.log(top / low)
        recoil = low * np.exp(span * u)
        jacobian = span * recoil * du
    else:
        recoil = top * u
        jacobian = top * du
    energy = np.repeat(nodes.energy, points)
    shares = {
        flavour: np.repeat(share, points) for flavour, share in source.probabilities(nodes.energy).items()
    }
    sigma = _averaged(source, cross_section, recoil.ravel(), energy, shares).reshape(recoil.shape)
    return float(np.sum(nodes.weight[:, None] * jacobian * sigma))


def _averaged(
    source: Source,
    cross_section: CrossSection,
    recoil: FloatArray,
    energy: FloatArray,
    shares: Mapping[Flavour, FloatArray],
) -> FloatArray:
    """``sum_f P_f(E) dsigma(T, E, f)/dT`` [cm2/MeV]; flavours that do not occur are not asked for."""
    total = np.zeros_like(energy)
    for flavour, share in shares.items():
        if np.any(share > 0):
            total += share * cross_section(recoil, energy, flavour, source.antineutrino)
    return total
