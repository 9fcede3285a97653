"""Neutrino capture on nuclei that radiochemical experiments count: a source folded with a cross section.

Only electron neutrinos are captured. The cross section of 71Ga and the measured rates are data of the
gallium plugin; nothing here knows them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline

from nurecoil.errors import PhysicsError
from nurecoil.physics._kinematics import checked
from nurecoil.physics._quadrature import spectrum_nodes
from nurecoil.physics.constants import SNU
from nurecoil.physics.source import Source

__all__ = ["GALLIUM_THRESHOLD", "capture_rate"]

GALLIUM_THRESHOLD: Final = 0.233
"""Threshold of nu_e + 71Ga -> e- + 71Ge [MeV]."""


def capture_rate(
    source: Source,
    energy: ArrayLike,
    cross_section: ArrayLike,
    *,
    threshold: float = GALLIUM_THRESHOLD,
    order: int = 4,
) -> float:
    """Captures per target atom, in solar neutrino units.

    ``R = flux int dE phi(E) P_e(E) sigma(E)`` (Borexino, Phys. Rev. D 96 (2017) 091103, eq. 3). Between
    the points of the table the logarithm of the cross section is a cubic spline of the energy, as
    Bahcall, Phys. Rev. C 56 (1997) 3391 recommends for the cross section; below its first point it is
    continued down to the threshold.

    Args:
        source: the source, its flux at the nominal value.
        energy: energies of the table [MeV], increasing, shape (n,), n > 2.
        cross_section: capture cross section [cm2], positive, shape (n,).
        threshold: below this neutrino energy [MeV] nothing is captured.
        order: nodes in an interval of the source's table.

    Returns:
        Rate [SNU], 1 SNU = 1e-36 captures per atom and second.

    Raises:
        PhysicsError: where the table is malformed, or ends below the source's endpoint.

    Example:
        >>> from nurecoil.physics.solar import SolarNeutrinos
        >>> pep = SolarNeutrinos().source("pep")
        >>> print(f"{capture_rate(pep, [0.5, 1.0, 1.5, 2.0], [1e-44, 1e-44, 1e-44, 1e-44]):.3f} SNU")
        0.746 SNU
    """
    where = "capture_rate"
    at = checked(where, "energy [MeV]", energy, least=0)
    sigma = checked(where, "cross section [cm2]", cross_section)
    if at.ndim != 1 or at.shape != sigma.shape or at.size < 3 or np.any(np.diff(at) <= 0):
        raise PhysicsError(
            where,
            f"a table of {at.shape} energies and {sigma.shape} cross sections",
            "two alike, (n,) with n > 2, energies increasing",
        )
    if np.any(sigma <= 0):
        raise PhysicsError(where, f"a cross section of {sigma.min():g} cm2", "positive numbers")
    if source.antineutrino:
        raise PhysicsError(where, f"antineutrinos of {source.name!r}", "a source of neutrinos")
    if source.endpoint > at[-1]:
        raise PhysicsError(
            where,
            f"a table up to {at[-1]:g} MeV for {source.name!r}, which reaches {source.endpoint:g} MeV",
            "a table that covers the source",
        )
    logarithm = CubicSpline(at, np.log(sigma))
    if source.endpoint <= threshold:
        return 0.0
    nodes = spectrum_nodes(source, [threshold], order)
    survival = source.probabilities(nodes.energy).get("e", np.zeros_like(nodes.energy))
    return float(source.flux * np.sum(nodes.weight * survival * np.exp(logarithm(nodes.energy))) / SNU)
