"""The search for a light vector boson between neutrinos and electrons, of any mass up to 100 MeV.

The terms themselves, :func:`vector_terms`, serve every vector whose charges are known
(:mod:`nurecoil.searches.b_l_vector`). Cross sections are in :mod:`nurecoil.physics.light_vector`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from nurecoil.errors import OptionError
from nurecoil.experiment import option
from nurecoil.search import Search, Term

if TYPE_CHECKING:
    from annotated_types import Interval

    from nurecoil.model.parameters import Parameter
    from nurecoil.physics.source import Source

__all__ = ["CHARGES", "LightVector", "vector_terms"]

CHARGES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "universal": MappingProxyType({"e": 1.0, "mu": 1.0, "tau": 1.0}),
        "b-l": MappingProxyType({"e": 1.0, "mu": 1.0, "tau": 1.0}),
        "l_e-l_mu": MappingProxyType({"e": 1.0, "mu": -1.0, "tau": 0.0}),
        "l_e-l_tau": MappingProxyType({"e": 1.0, "mu": 0.0, "tau": -1.0}),
    }
)
"""Charge of the neutrino times charge of the electron, by scheme and flavour (B-L: -1 times -1)."""

_OTHER = 1e-6


@dataclass(frozen=True)
class Options:
    """Options of the search.

    Raises:
        OptionError: where an option is given that changes nothing under the others.

    Example:
        >>> Options().mass, Options().interference
        (0.0, False)
        >>> Options(sign=-1)
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: light-vector.sign: -1 without interference, where ...
    """

    mass: Annotated[float, Interval(ge=0, le=100)] = option(0.0, unit="MeV", help="mass of the vector")
    interference: bool = option(
        False,
        help="false: the vector's own term alone; true: the full amplitude, with interference",
    )
    sign: Literal[1, -1] = option(1, help="sign of g_nu g_e, which the interference goes with")
    charges: Literal["universal", "b-l", "l_e-l_mu", "l_e-l_tau"] = option(
        "universal", help="charges of the neutrino flavours and of the electron, in units of the couplings"
    )
    couplings: Literal["equal", "neutrino", "electron"] = option(
        "equal", help="which coupling is searched for: g of both, g_nu, or g_e"
    )
    other_coupling: Annotated[float, Interval(gt=0, le=1)] = option(
        _OTHER, help="value of the coupling that is held where only one is searched for"
    )

    def __post_init__(self) -> None:
        """Refuse what would be ignored."""
        if self.sign < 0 and not self.interference:
            raise OptionError(
                "light-vector.sign",
                "-1 without interference, where no sign matters",
                "1",
                "Add light-vector.interference=true, or leave the sign out.",
            )
        if self.couplings == "equal" and self.other_coupling != _OTHER:
            raise OptionError(
                "light-vector.other_coupling",
                f"{self.other_coupling:g} with equal couplings, where there is no other",
                f"{_OTHER:g}",
                "Add light-vector.couplings=neutrino or =electron, or leave it out.",
            )


class LightVector(Search):
    """A vector of mass m_V that couples to neutrinos with g_nu and to electrons with g_e.

    Its own term goes with (g_nu g_e)^2; with ``interference`` a second one goes with g_nu g_e. The
    coupling is one of nature: every neutrino feels it, and the yield scales with the fitted flux.

    Example:
        >>> LightVector(Options(couplings="electron")).poi
        'g_e'
    """

    name: ClassVar[str] = "light-vector"
    title: ClassVar[str] = "light vector boson between neutrinos and electrons"
    citations: ClassVar[tuple[str, ...]] = (
        "R. Harnik, J. Kopp and P. Machado, JCAP 07 (2012) 026, arXiv:1202.6073 (cross section)",
        "S. Bilmis et al., Phys. Rev. D 92 (2015) 033009, arXiv:1502.07763 (interference)",
    )
    Options: ClassVar[type] = Options

    @property
    def poi(self) -> str:
        """``g``, ``g_nu`` or ``g_e``."""
        return {"equal": "g", "neutrino": "g_nu", "electron": "g_e"}[self.options.couplings]

    def parameters(self) -> Sequence[Parameter]:
        """The coupling searched for, at least 0, and the one that is held."""
        from nurecoil.model.parameters import Parameter

        words = {
            "g": "coupling of the vector to neutrinos and to electrons",
            "g_nu": "coupling of the vector to neutrinos",
            "g_e": "coupling of the vector to electrons",
        }
        names = ["g"] if self.options.couplings == "equal" else ["g_nu", "g_e"]
        held = self.options.other_coupling
        return [
            Parameter(name, "1", 0.0, lower=0.0, description=words[name])
            if name == self.poi
            else Parameter(name, "1", held, lower=0.0, fixed=True, description=words[name])
            for name in names
        ]

    def terms(self, source: Source) -> Sequence[Term]:
        """The vector's own term and, where asked for, the interference."""
        chosen = self.options
        product = (("g", 2),) if chosen.couplings == "equal" else (("g_nu", 1), ("g_e", 1))
        charges = CHARGES[chosen.charges]
        if chosen.sign < 0:
            charges = {flavour: -charge for flavour, charge in charges.items()}
        return vector_terms(product, chosen.mass, charges, interference=chosen.interference)

    def notes(self) -> Sequence[str]:
        """Convention, sign, charges, mass and the coupling that is held."""
        chosen = self.options
        if chosen.interference:
            sign = ">" if chosen.sign > 0 else "<"
            convention = f"its own term and the interference with W and Z, g_nu g_e {sign} 0"
        else:
            convention = "its own term alone, no interference"
        held = {"equal": "g_nu = g_e = g", "neutrino": "g_e held at", "electron": "g_nu held at"}
        other = "" if chosen.couplings == "equal" else f" {chosen.other_coupling:g}"
        return [
            f"light vector: {convention}; mass {chosen.mass:g} MeV; charges {chosen.charges}; "
            f"{held[chosen.couplings]}{other}"
        ]


def vector_terms(
    product: tuple[tuple[str, int], ...], mass: float, charges: Mapping[str, float], *, interference: bool
) -> list[Term]:
    """The terms of a vector boson.

    Args:
        product: what ``g_nu g_e`` consists of, pairs of a parameter and its power.
        mass: mass of the vector [MeV].
        charges: charge of the neutrino times charge of the electron, by flavour.
        interference: whether the term linear in ``g_nu g_e`` is one of them.

    Returns:
        ``vector``, with twice the powers of ``product``, and ``interference``.

    Example:
        >>> [term.powers for term in vector_terms((("g", 2),), 0.0, CHARGES["b-l"], interference=True)]
        [(('g', 4),), (('g', 2),)]
    """
    squared = tuple((name, 2 * power) for name, power in product)
    found = [Term("vector", partial(_own, mass, dict(charges)), squared)]
    if interference:
        found.append(Term("interference", partial(_mixed, mass, dict(charges)), product, signed=True))
    return found


def _own(mass: float, charges: Mapping[str, float], T: Any, E: Any, flavour: str, antineutrino: bool) -> Any:
    from nurecoil.physics.light_vector import light_vector

    return charges[flavour] ** 2 * light_vector(T, E, mass)


def _mixed(
    mass: float, charges: Mapping[str, float], T: Any, E: Any, flavour: Any, antineutrino: bool
) -> Any:
    from nurecoil.physics.light_vector import light_vector_interference

    return charges[flavour] * light_vector_interference(T, E, mass, flavour, antineutrino)
