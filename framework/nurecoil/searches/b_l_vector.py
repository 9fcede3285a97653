"""The search for a gauge boson of baryon minus lepton number (B-L) in electron recoils.

A vector whose charges are fixed by theory; the terms are those of :mod:`nurecoil.searches.light_vector`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from nurecoil.experiment import option
from nurecoil.search import Search, Term
from nurecoil.searches.light_vector import CHARGES, vector_terms

if TYPE_CHECKING:
    from annotated_types import Interval

    from nurecoil.model.parameters import Parameter
    from nurecoil.physics.source import Source

__all__ = ["BLVector"]


@dataclass(frozen=True)
class Options:
    """Options of the search.

    Example:
        >>> Options(mass=1.0).mass
        1.0
    """

    mass: Annotated[float, Interval(ge=0, le=100)] = option(0.0, unit="MeV", help="mass of the boson")


class BLVector(Search):
    """Neutrinos and electrons both have B-L charge -1: full amplitude, constructive for electron neutrinos.

    Example:
        >>> BLVector(Options()).poi
        'g_b_l'
    """

    name: ClassVar[str] = "b-l-vector"
    title: ClassVar[str] = "gauge boson of B-L, interference with W and Z included"
    citations: ClassVar[tuple[str, ...]] = (
        "R. Harnik, J. Kopp and P. Machado, JCAP 07 (2012) 026, arXiv:1202.6073 (cross section)",
        "S. Bilmis et al., Phys. Rev. D 92 (2015) 033009, arXiv:1502.07763 (B-L, interference)",
    )
    Options: ClassVar[type] = Options

    @property
    def poi(self) -> str:
        """``g_b_l``, the gauge coupling."""
        return "g_b_l"

    def parameters(self) -> Sequence[Parameter]:
        """The gauge coupling, at least 0; fits move its square."""
        from nurecoil.model.parameters import Parameter

        return [Parameter(self.poi, "1", 0.0, lower=0.0, description="gauge coupling of B-L")]

    def terms(self, source: Source) -> Sequence[Term]:
        """The boson's own term and the interference."""
        return vector_terms(((self.poi, 2),), self.options.mass, CHARGES["b-l"], interference=True)

    def notes(self) -> Sequence[str]:
        """Convention and mass."""
        return [
            "B-L vector: its own term and the interference with W and Z; charges -1 of neutrinos and "
            f"electrons; mass {self.options.mass:g} MeV"
        ]
