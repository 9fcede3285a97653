"""Magnetic moments in other bases: from fundamental moments to the effective one of a source, and back.

What an experiment measures is ``mu_eff^2``, a mean over the neutrinos that arrive. Every basis writes it as
``sum_i c_i mu_i^2`` with coefficients that depend on what arrives: shares of the flavours
(:func:`~nurecoil.physics.oscillation.flavour_shares`) or of the mass states
(:func:`~nurecoil.physics.oscillation.mass_shares`). Therefore mu_eff of one source is not that of another,
while the fundamental moments belong to nature. The cross section is in
:mod:`nurecoil.physics.electromagnetic`; no source and no detector is known here.

Equations are those of Borexino, Phys. Rev. D 96 (2017) 091103 (arXiv:1707.09355).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from nurecoil.errors import OptionError, PhysicsError, unknown_name
from nurecoil.physics._kinematics import FloatArray, checked
from nurecoil.physics.oscillation import OscillationParameters, VacuumMassShares, flavour_shares, mass_shares

__all__ = [
    "BASES",
    "Basis",
    "BasisName",
    "Mixture",
    "basis_of",
    "coefficients",
    "effective",
    "from_effective",
    "shares_of",
]

BasisName = Literal["flavour", "mass-dirac", "mass-majorana"]
"""The bases of fundamental moments."""
Mixture = Literal["adiabatic", "vacuum"]
"""Where the two-flavour share of mass state 1 comes from: inverted from P2, or ``cos^2 theta_12``."""

_SHARE_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Basis:
    """A basis of fundamental moments.

    Args:
        name: its name.
        moments: names of its moments; with three of them.
        states: whether shares of ``flavour`` or of ``mass`` states weight them.
        weights: coefficient of each squared moment (rows) per share of each state (columns).
        equation: the equation it comes from.

    Example:
        >>> BASES["mass-majorana"].weights[0]
        (1.0, 1.0, 0.0)
    """

    name: BasisName
    moments: tuple[str, str, str]
    states: Literal["flavour", "mass"]
    weights: tuple[tuple[float, float, float], ...]
    equation: str


_EACH = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
_PAIRS = ((1.0, 1.0, 0.0), (1.0, 0.0, 1.0), (0.0, 1.0, 1.0))

BASES: Mapping[BasisName, Basis] = MappingProxyType(
    {
        "flavour": Basis("flavour", ("mu_e", "mu_mu", "mu_tau"), "flavour", _EACH, "eq. 12"),
        "mass-dirac": Basis("mass-dirac", ("mu_11", "mu_22", "mu_33"), "mass", _EACH, "eq. 8"),
        "mass-majorana": Basis("mass-majorana", ("mu_12", "mu_13", "mu_23"), "mass", _PAIRS, "eq. 7"),
    }
)
"""Basis by name.

For Majorana neutrinos a transition moment ``mu_jk`` acts on state j and on state k (eq. 7), so its
coefficient is ``P_j + P_k``. Eq. 9, which rewrites eq. 7, is printed with ``cos^2 theta_13 P1_2nu mu_12^2``;
``P1 + P2`` of eq. 7 is ``cos^2 theta_13``, and only that gives the limit on mu_12 of eq. 11. The other two
coefficients of eq. 9 agree with eq. 7. Therefore eq. 7 is used.
"""


def basis_of(name: str) -> Basis:
    """A basis by its name.

    Args:
        name: ``flavour``, ``mass-dirac`` or ``mass-majorana``.

    Returns:
        The basis.

    Raises:
        OptionError: where there is none of that name.

    Example:
        >>> basis_of("flavour").moments
        ('mu_e', 'mu_mu', 'mu_tau')
    """
    for known, basis in BASES.items():
        if known == name:
            return basis
    raise unknown_name(OptionError, "basis of moments", name, BASES)


def shares_of(
    basis: str, P2: ArrayLike, parameters: OscillationParameters, mixture: Mixture = "adiabatic"
) -> FloatArray:
    """Shares of the states of a basis in solar neutrinos with a survival probability.

    For mass states there are two conventions. ``adiabatic`` inverts ``P2`` and agrees with it:
    P1_2nu = 0.63 at P2 = 0.55. ``vacuum`` takes ``P1_2nu = cos^2 theta_12``, the limit of low energies: the
    published limits of eqs. 10 and 11 come out with it. A neutrino that has not oscillated, near its
    source, has the ``vacuum`` shares ``|U_ei|^2`` exactly.

    Args:
        basis: name of the basis.
        P2: two-flavour survival probabilities, any shape.
        parameters: mixing angles.
        mixture: convention for the mass states; without effect on flavours.

    Returns:
        Shares of e, mu, tau or of 1, 2, 3, shape ``(3, *P2.shape)``; they sum to 1.

    Raises:
        OptionError: for an unknown basis or mixture.
        PhysicsError: where P2 is no mixture of mass states.

    Example:
        >>> shares_of("mass-dirac", 0.55, OscillationParameters(), "vacuum").round(3)
        array([0.678, 0.301, 0.021])
    """
    found = basis_of(basis)
    if mixture not in ("adiabatic", "vacuum"):
        raise unknown_name(OptionError, "mixture of mass states", mixture, ("adiabatic", "vacuum"))
    if found.states == "flavour":
        return np.stack(list(flavour_shares(P2, parameters).values()))
    if mixture == "adiabatic":
        return mass_shares(P2, parameters)
    return VacuumMassShares(parameters)(np.asarray(P2, dtype=np.float64))


def coefficients(basis: str, shares: ArrayLike) -> dict[str, FloatArray]:
    """Coefficient of each squared moment in ``mu_eff^2``.

    Flavour, eq. 12: the share of each flavour. Dirac, eq. 8 (diagonal moments): the share of each mass
    state. Majorana, eq. 7 (transition moments): the sum of two shares. States arrive incoherently; near a
    source, where they are coherent, the interference of different Majorana moments depends on unknown
    phases and averages to zero.

    Args:
        basis: name of the basis.
        shares: shares of the states of the basis, shape ``(3, ...)``.

    Returns:
        By name of the moment, in the shape of the shares without the first axis.

    Raises:
        OptionError: for an unknown basis.
        PhysicsError: where the shares are not three that are at least 0 and sum to 1.

    Example:
        >>> {name: round(float(c), 3) for name, c in coefficients("mass-majorana", [0.6, 0.3, 0.1]).items()}
        {'mu_12': 0.9, 'mu_13': 0.7, 'mu_23': 0.4}
    """
    found = basis_of(basis)
    given = checked("shares of the states", "a share", shares)
    if given.ndim < 1 or given.shape[0] != 3:
        raise PhysicsError("shares of the states", f"shape {given.shape}", "shape (3, ...)")
    total = given.sum(axis=0)
    if np.any(given < 0) or not np.all(np.abs(total - 1) < _SHARE_TOLERANCE):
        raise PhysicsError(
            "shares of the states",
            f"a smallest one of {given.min():.6g} and sums from {total.min():.6g} to {total.max():.6g}",
            "shares of at least 0 that sum to 1",
        )
    weighted = np.tensordot(np.array(found.weights), given, axes=1)
    return {name: np.asarray(weighted[row]) for row, name in enumerate(found.moments)}


def effective(basis: str, moments: Mapping[str, float], shares: ArrayLike) -> FloatArray:
    """Effective moment of a source, ``sqrt(sum_i c_i mu_i^2)``.

    Args:
        basis: name of the basis.
        moments: moment [mu_B] by name; those left out are zero.
        shares: shares of the states of the basis, shape ``(3, ...)``.

    Returns:
        mu_eff [mu_B], in the shape of the shares without the first axis.

    Raises:
        OptionError: for an unknown basis or moment.
        PhysicsError: where the shares are no shares, or a moment is not finite.

    Example:
        >>> print(f"{float(effective('flavour', {'mu_e': 2e-11, 'mu_tau': 1e-11}, [0.5, 0.25, 0.25])):.3g}")
        1.5e-11
    """
    factors = coefficients(basis, shares)
    for name in moments:
        if name not in factors:
            raise unknown_name(OptionError, f"moments of the basis {basis}", name, factors)
    squares = [
        factors[name] * checked("effective moment", f"{name} [mu_B]", value) ** 2
        for name, value in moments.items()
    ]
    shape = next(iter(factors.values())).shape
    return np.asarray(np.sqrt(np.sum([np.zeros(shape), *squares], axis=0)), dtype=np.float64)


def from_effective(mu_eff: float, basis: str, shares: ArrayLike) -> dict[str, FloatArray]:
    """What a limit on the effective moment says of each fundamental moment alone, ``mu_eff / sqrt(c_i)``.

    All terms are positive, so that each is bounded by the whole; the others are zero where the bound is
    reached (Borexino, Phys. Rev. D 96 (2017) 091103, eqs. 10 and 11 and section V).

    Args:
        mu_eff: limit on the effective moment [mu_B], at least 0.
        basis: name of the basis.
        shares: shares of the states of the basis, shape ``(3, ...)``.

    Returns:
        Limit [mu_B] by name of the moment; infinite where no neutrino feels it.

    Raises:
        OptionError: for an unknown basis.
        PhysicsError: where the shares are no shares, or the limit is negative or not finite.

    Example:
        >>> shares = shares_of("flavour", 0.55, OscillationParameters())
        >>> [f"{1e11 * limit:.2f}" for limit in from_effective(2.8e-11, "flavour", shares).values()]
        ['3.85', '5.82', '5.70']
    """
    limit = checked("limit on the effective moment", "mu_eff [mu_B]", mu_eff, least=0)
    found = {}
    for name, factor in coefficients(basis, shares).items():
        felt = factor > 0
        found[name] = np.where(felt, limit / np.sqrt(np.where(felt, factor, 1.0)), np.inf)
    return found
