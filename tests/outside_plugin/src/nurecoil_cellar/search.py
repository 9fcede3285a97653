"""The search: an amplitude that falls with the recoil energy and interferes with the weak one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nurecoil.experiment import option
from nurecoil.search import Search, Term

if TYPE_CHECKING:
    from nurecoil.model.parameters import Parameter
    from nurecoil.physics.source import Source

__all__ = ["Options", "SteepTail"]


@dataclass(frozen=True)
class Options:
    """Options of the search."""

    sign: Literal[-1, 1] = option(-1, help="sign of the interference")


class SteepTail(Search):
    """Adds h * sign * 1e-46 cm2 / T and h^2 * 1e-46 cm2 MeV / T^2."""

    name: ClassVar[str] = "steep-tail"
    title: ClassVar[str] = "a tail that falls steeply (toy)"
    citations: ClassVar[tuple[str, ...]] = ("B. Nobody, J. Toy Phys. 7 (2026) 2",)
    Options: ClassVar[type] = Options

    @property
    def poi(self) -> str:
        """The coupling."""
        return "h"

    def parameters(self) -> Sequence[Parameter]:
        """The coupling, at least 0."""
        from nurecoil.model.parameters import Parameter

        return [Parameter("h", "1", 0.0, lower=0.0, description="strength of the tail")]

    def terms(self, source: Source) -> Sequence[Term]:
        """Interference and square."""
        sign = self.options.sign

        def interference(T: Any, E: Any, flavour: str, antineutrino: bool) -> Any:
            return sign * 1e-46 / T + 0 * E

        def square(T: Any, E: Any, flavour: str, antineutrino: bool) -> Any:
            return 1e-46 / T**2 + 0 * E

        return [Term("mixed", interference, (("h", 1),), signed=True), Term("tail", square, (("h", 2),))]
