"""The search for an electric charge of the neutrino in electron recoils."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nurecoil.errors import OptionError
from nurecoil.experiment import option
from nurecoil.search import Search, Term

if TYPE_CHECKING:
    from nurecoil.model.parameters import Parameter
    from nurecoil.physics.source import Source

__all__ = ["Millicharge"]


@dataclass(frozen=True)
class Options:
    """Options of the search.

    Raises:
        OptionError: where a sign is given that changes nothing.

    Example:
        >>> Options().sign
        1
    """

    interference: bool = option(
        True, help="true: the full amplitude, interference with W and Z as well; false: photon exchange alone"
    )
    sign: Literal[1, -1] = option(1, help="sign of the neutrino's charge, which the interference goes with")

    def __post_init__(self) -> None:
        """Refuse what would be ignored."""
        if self.sign < 0 and not self.interference:
            raise OptionError(
                "millicharge.sign",
                "-1 without interference, where no sign matters",
                "1",
                "Add millicharge.interference=true, or leave the sign out.",
            )


class Millicharge(Search):
    """A charge q of every neutrino flavour, in units of e; antineutrinos have the opposite one.

    Photon exchange goes with q^2, its interference with W and Z with q: destructive for electron neutrinos
    of positive charge.

    Example:
        >>> Millicharge(Options()).poi
        'q'
    """

    name: ClassVar[str] = "millicharge"
    title: ClassVar[str] = "electric charge of the neutrino"
    citations: ClassVar[tuple[str, ...]] = (
        "C. Giunti and A. Studenikin, Rev. Mod. Phys. 87 (2015) 531, arXiv:1403.6344 (charges of neutrinos)",
        "K. Kouzakov and A. Studenikin, Phys. Rev. D 95 (2017) 055013, arXiv:1703.00401 (cross section)",
    )
    Options: ClassVar[type] = Options

    @property
    def poi(self) -> str:
        """``q``, the size of the charge in units of e."""
        return "q"

    def parameters(self) -> Sequence[Parameter]:
        """The size of the charge, at least 0."""
        from nurecoil.model.parameters import Parameter

        return [
            Parameter(self.poi, "e", 0.0, lower=0.0, description="size of the neutrino's electric charge")
        ]

    def terms(self, source: Source) -> Sequence[Term]:
        """Photon exchange and, unless switched off, its interference."""
        found = [Term("charge", _own, ((self.poi, 2),))]
        if self.options.interference:
            mixed = _mixed if self.options.sign > 0 else _mixed_of_negative
            found.append(Term("interference", mixed, ((self.poi, 1),), signed=True))
        return found

    def notes(self) -> Sequence[str]:
        """Convention and sign."""
        if not self.options.interference:
            return ["millicharge: photon exchange alone, no interference; one charge for every flavour"]
        return [
            "millicharge: photon exchange and its interference with W and Z; one "
            f"{'positive' if self.options.sign > 0 else 'negative'} charge for every flavour of neutrino"
        ]


def _own(T: Any, E: Any, flavour: str, antineutrino: bool) -> Any:
    from nurecoil.physics.electromagnetic import millicharge

    return millicharge(T, E)


def _mixed(T: Any, E: Any, flavour: Any, antineutrino: bool) -> Any:
    from nurecoil.physics.electromagnetic import millicharge_interference

    return millicharge_interference(T, E, flavour, antineutrino)


def _mixed_of_negative(T: Any, E: Any, flavour: str, antineutrino: bool) -> Any:
    return -_mixed(T, E, flavour, antineutrino)
