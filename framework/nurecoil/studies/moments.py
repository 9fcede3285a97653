"""The table of moments: a limit on mu_eff of solar neutrinos in every basis, beside Borexino's nine numbers.

Every computed number comes from the formulae of :mod:`nurecoil.physics.moments`; the published ones are read
from ``data/moments_borexino.json``. Where they differ, it is said what would make them agree: the range of
P1, of theta_13 or of the unrounded mu_eff that rounds to the printed number. Nothing is tuned to agree.
How the table is printed is in :mod:`nurecoil.cli.tables`.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import PhysicsError
from nurecoil.physics.moments import BASES, Mixture, from_effective, shares_of
from nurecoil.physics.oscillation import OscillationParameters

__all__ = ["PUBLISHED", "MomentRow", "MomentsTable", "moments_table"]

PUBLISHED: Final = Path(__file__).with_name("data") / "moments_borexino.json"
"""The published limits with their citation."""

_UNIT = 1e-11
_WHOLE = 1e-9
"""Slack when a quotient is compared with a whole number of digits."""


@dataclass(frozen=True, slots=True)
class MomentRow:
    """One moment: what is published and what the formulae give. Limits in units of 1e-11 mu_B.

    Args:
        basis: name of the basis.
        moment: name of the moment.
        where: where its limit is published, and the equation that gives it.
        published: the published limit.
        normal: computed with the mixing angles of the normal hierarchy.
        inverted: computed with those of the inverted hierarchy.
        computed: the larger of the two: the weaker bound, as the paper quotes it.
        hierarchy: the hierarchy that gives it, ``NH``, ``IH`` or ``either``.
        from_survival: the same with P1 inverted from P2; equal to ``computed`` for flavours.
        ratio: computed over published; ``None`` where the published one belongs to another mu_eff.
        reproduced: whether ``computed`` rounds to the printed digits; ``None`` as for ``ratio``.
        unrounded_mu_eff: the values of mu_eff that round to the printed limit, lower and upper end.
        reason: why it is not reproduced and what would; empty where it is.

    Example:
        >>> row = moments_table(2.8e-11).row("mu_e")
        >>> row.published, round(row.computed, 2), row.hierarchy, row.reproduced
        (3.9, 3.85, 'either', True)
    """

    basis: str
    moment: str
    where: str
    published: float
    normal: float
    inverted: float
    computed: float
    hierarchy: str
    from_survival: float
    ratio: float | None
    reproduced: bool | None
    unrounded_mu_eff: tuple[float, float]
    reason: str


@dataclass(frozen=True, slots=True)
class MomentsTable:
    """All rows, what holds for them together, and the paper.

    Args:
        mu_eff: the limit on the effective moment [mu_B].
        rows: one per moment, in the order of the paper.
        notes: conventions and findings.
        references: what to cite.

    Example:
        >>> [row.moment for row in moments_table(2.8e-11).rows if not row.reproduced]
        ['mu_33', 'mu_13', 'mu_23']
    """

    mu_eff: float
    rows: tuple[MomentRow, ...]
    notes: tuple[str, ...]
    references: tuple[str, ...]

    def row(self, moment: str) -> MomentRow:
        """The row of a moment.

        Args:
            moment: its name.

        Returns:
            The row.

        Raises:
            KeyError: where there is none.

        Example:
            >>> moments_table(2.8e-11).row("mu_12").published
            2.8
        """
        return {row.moment: row for row in self.rows}[moment]

    def to_json(self) -> dict[str, Any]:
        """Plain data for a JSON document.

        Returns:
            ``table``, ``mu_eff``, ``unit``, ``rows``, ``notes``, ``references`` and ``version``.

        Example:
            >>> moments_table(2.8e-11).to_json()["rows"][0]["moment"]
            'mu_e'
        """
        from nurecoil._version import __version__

        return {
            "table": "moments",
            "mu_eff": self.mu_eff,
            "unit": "1e-11 mu_B",
            "rows": [dataclasses.asdict(row) for row in self.rows],
            "notes": list(self.notes),
            "references": list(self.references),
            "version": __version__,
        }


def moments_table(mu_eff: float = 2.8e-11) -> MomentsTable:
    """Limits on the nine moments from a limit on mu_eff of solar neutrinos, beside the published ones.

    Borexino, Phys. Rev. D 96 (2017) 091103 (arXiv:1707.09355), eqs. 7, 8, 10, 11, 12. Mass states carry
    ``P1_2nu = cos^2 theta_12``, since the published limits come out with it and not with the value inverted
    from P2 = 0.55, which stands beside it. The paper does not print theta_12; it is the default of
    :class:`~nurecoil.physics.oscillation.OscillationParameters`.

    Args:
        mu_eff: limit on the effective moment [mu_B].

    Returns:
        The table.

    Raises:
        PhysicsError: where ``mu_eff`` is not a positive number.

    Example:
        >>> for row in moments_table(2.8e-11).rows[3:6]:
        ...     print(row.moment, row.published, f"{row.computed:.2f}", row.reproduced)
        mu_11 3.4 3.40 True
        mu_22 5.1 5.11 True
        mu_33 18.7 19.32 False
    """
    if not (math.isfinite(mu_eff) and mu_eff > 0):
        raise PhysicsError("table of moments", f"mu_eff = {mu_eff} mu_B", "a positive number")
    paper = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    mixing = paper["mixing"]
    angles = {
        name: OscillationParameters(sin2_theta13=mixing["sin2_theta13"], sin2_theta23=atmospheric)
        for name, atmospheric in mixing["sin2_theta23"].items()
    }
    same = _same_printed(mu_eff / _UNIT, paper["mu_eff"]["value"], paper["mu_eff"]["last_digit"])
    rows = tuple(_row(mu_eff, entry, mixing["P2"], angles, same) for entry in paper["limits"])
    return MomentsTable(mu_eff, rows, _notes(rows, paper, angles["NH"], same), (paper["citation"],))


def _limit(mu_eff: float, entry: Mapping[str, Any], P2: float, angles: OscillationParameters,
           mixture: Mixture = "vacuum") -> float:  # fmt: skip
    """Limit on one moment [1e-11 mu_B]."""
    shares = shares_of(entry["basis"], P2, angles, mixture)
    return float(from_effective(mu_eff, entry["basis"], shares)[entry["moment"]]) / _UNIT


def _row(
    mu_eff: float,
    entry: Mapping[str, Any],
    P2: float,
    angles: Mapping[str, OscillationParameters],
    same: bool,
) -> MomentRow:
    each = {name: _limit(mu_eff, entry, P2, one) for name, one in angles.items()}
    survival = [_limit(mu_eff, entry, P2, one, "adiabatic") for one in angles.values()]
    weaker = "NH" if each["NH"] > each["IH"] else "IH"
    computed = each[weaker]
    alike = math.isclose(each["NH"], each["IH"], rel_tol=1e-12)
    reproduced = _same_printed(computed, entry["value"], entry["last_digit"]) if same else None
    low, high = _printed_range(entry)
    window = (low / computed * mu_eff / _UNIT, high / computed * mu_eff / _UNIT)
    reason = _reason(mu_eff, entry, P2, angles[weaker], window) if reproduced is False else ""
    return MomentRow(
        basis=entry["basis"],
        moment=entry["moment"],
        where=f"{entry['where']}, from {BASES[entry['basis']].equation}",
        published=entry["value"],
        normal=each["NH"],
        inverted=each["IH"],
        computed=computed,
        hierarchy="either" if alike else weaker,
        from_survival=max(survival),
        ratio=computed / entry["value"] if same else None,
        reproduced=reproduced,
        unrounded_mu_eff=window,
        reason=reason,
    )


def _reason(
    mu_eff: float, entry: Mapping[str, Any], P2: float, angles: OscillationParameters,
    window: tuple[float, float],
) -> str:  # fmt: skip
    """What the formula gives instead, and which P1, theta_13 or mu_eff would give the printed number."""
    computed = _limit(mu_eff, entry, P2, angles)
    parts = [f"the formula gives {computed:.3f}"]
    if BASES[entry["basis"]].states == "mass":
        parts += _mass_reasons(mu_eff, entry, angles)
        survival = _limit(mu_eff, entry, P2, angles, "adiabatic")
        if not math.isclose(survival, computed, rel_tol=_WHOLE):
            parts.append(f"P1_2nu from P2 = {P2:g} gives {survival:.3f}")
    parts.append(f"a mu_eff of {window[0]:.3f} to {window[1]:.3f} before rounding would give it")
    return "; ".join(parts)


def _mass_reasons(mu_eff: float, entry: Mapping[str, Any], angles: OscillationParameters) -> list[str]:
    """Which P1 and theta_13 would give the printed number, and what theta_13 = 0 gives."""
    first, third = np.linspace(0.0, 1.0, 100001)[1:-1], np.linspace(0.0, 0.05, 50001)[1:]
    P1, reactor = 1 - angles.sin2_theta12, angles.sin2_theta13
    parts = []
    for name, tried, shares, here in (
        ("P1_2nu", first, _mixtures(first, reactor), P1),
        ("sin2_theta13", third, _mixtures(P1, third), reactor),
    ):
        found = _giving(mu_eff, entry, tried, shares)
        parts.append(f"{name} {found} (here {here:.4f})" if found else f"{name} does not enter")
    without = from_effective(mu_eff, entry["basis"], _mixtures(P1, 0.0))[entry["moment"]] / _UNIT
    if np.isfinite(without):
        found = _giving(mu_eff, entry, first, _mixtures(first, 0.0)) or "does not enter"
        parts.append(f"with theta_13 = 0 it gives {float(without):.3f}, and P1_2nu {found}")
    return parts


def _mixtures(first: Any, third: Any) -> NDArray[np.float64]:
    """Shares of the mass states for P1_2nu and sin^2 theta_13, one of them an array (n,); shape (3, n)."""
    one, three = np.broadcast_arrays(np.asarray(first, np.float64), np.asarray(third, np.float64))
    return np.stack([(1 - three) * one, (1 - three) * (1 - one), three])


def _giving(
    mu_eff: float, entry: Mapping[str, Any], tried: NDArray[np.float64], shares: NDArray[np.float64]
) -> str:
    """Which of what was tried round to the printed number, in words; empty if it has no effect."""
    limits = from_effective(mu_eff, entry["basis"], shares)[entry["moment"]] / _UNIT
    if np.ptp(limits) <= _WHOLE * np.max(limits):
        return ""
    low, high = _printed_range(entry)
    good = tried[(limits >= low) & (limits < high)]
    return f"from {good[0]:.4f} to {good[-1]:.4f} would give it" if good.size else "cannot give it"


def _notes(
    rows: Sequence[MomentRow], paper: Mapping[str, Any], angles: OscillationParameters, same: bool
) -> tuple[str, ...]:
    mixing = paper["mixing"]
    survival = shares_of("mass-dirac", mixing["P2"], angles, "adiabatic")[0] / (1 - angles.sin2_theta13)
    transition = next(row.computed for row in rows if row.moment == "mu_12")
    notes = [
        "each limit is for its moment alone, the others zero; computed: the hierarchy with the weaker bound",
        f"P2 = {mixing['P2']:g}, sin2_theta13 = {mixing['sin2_theta13']:.4f}, sin2_theta23 = "
        f"{mixing['sin2_theta23']['NH']:.2f} (NH) and {mixing['sin2_theta23']['IH']:.2f} (IH) of the paper; "
        f"it does not print theta_12: sin2_theta12 = {angles.sin2_theta12:g}",
        f"mass states: P1_2nu = cos^2 theta_12 = {1 - angles.sin2_theta12:.3f}; inverting P2 = "
        f"{mixing['P2']:g} gives {float(survival):.3f} and the column 'P1 from P2'",
        "Majorana: eq. 7. Eq. 9 as printed has cos^2(theta_13) P1_2nu for mu_12, which contradicts eq. 7 "
        f"and would give {transition / math.sqrt(1 - angles.sin2_theta12):.2f} instead of {transition:.2f}",
        "mu_eff is that of solar neutrinos; other sources have other coefficients",
    ]
    if same:
        notes.append(_common(rows))
    else:
        value = paper["mu_eff"]["value"]
        notes.append(f"the published limits belong to mu_eff = {value:g}e-11 mu_B and are not compared")
    return tuple(notes)


def _common(rows: Sequence[MomentRow]) -> str:
    """The unrounded mu_eff with which most of the printed limits come out at once, in words."""
    starts = [row.unrounded_mu_eff[0] for row in rows]
    best = max(starts, key=lambda at: sum(_inside(row, at) for row in rows))
    together = [row for row in rows if _inside(row, best)]
    end = min(row.unrounded_mu_eff[1] for row in together)
    others = ", ".join(row.moment for row in rows if row not in together) or "none"
    return (
        f"a mu_eff of {best:.3f} to {end:.3f}e-11 mu_B before rounding gives {len(together)} of the "
        f"{len(rows)} printed limits at once (not: {others}); whether the paper had it is not known"
    )


def _inside(row: MomentRow, mu_eff: float) -> bool:
    return row.unrounded_mu_eff[0] <= mu_eff < row.unrounded_mu_eff[1]


def _same_printed(value: float, published: float, last_digit: float) -> bool:
    """Whether a number rounds to a printed one."""
    return math.floor(value / last_digit + 0.5 + _WHOLE) == round(published / last_digit)


def _printed_range(entry: Mapping[str, Any]) -> tuple[float, float]:
    half = entry["last_digit"] / 2
    return entry["value"] - half, entry["value"] + half
