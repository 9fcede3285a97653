"""The search for an effective neutrino magnetic moment in electron recoils."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from nurecoil.errors import OptionError, unknown_name
from nurecoil.experiment import option
from nurecoil.search import Search, Term

if TYPE_CHECKING:
    from nurecoil.model.parameters import Parameter
    from nurecoil.physics.source import Source

__all__ = ["MagneticMoment"]


@dataclass(frozen=True)
class Options:
    """Options of the search.

    Example:
        >>> Options().sources
        ('pp', 'be7')
    """

    sources: tuple[str, ...] = option(
        ("pp", "be7"),
        help="solar sources that feel the moment, as in arXiv:1707.09355; 'all' for every one",
    )


class MagneticMoment(Search):
    """An effective magnetic moment mu_eff adds ``pi r_0^2 mu_eff^2 (1/T - 1/E)`` to every cross section.

    The signal scales with the fitted flux of its source: yield = flux * mu_eff^2 * template.

    Example:
        >>> MagneticMoment(Options()).poi
        'mu_eff'
    """

    name: ClassVar[str] = "magnetic-moment"
    title: ClassVar[str] = "effective magnetic moment of the neutrino"
    citations: ClassVar[tuple[str, ...]] = (
        "Borexino collaboration, Phys. Rev. D 96 (2017) 091103, arXiv:1707.09355 (eq. 2 and the limit)",
        "P. Vogel and J. Engel, Phys. Rev. D 39 (1989) 3378 (cross section)",
    )
    Options: ClassVar[type] = Options

    @property
    def poi(self) -> str:
        """``mu_eff``, in Bohr magnetons."""
        return "mu_eff"

    def parameters(self) -> Sequence[Parameter]:
        """The moment, at least 0; fits move its square."""
        from nurecoil.model.parameters import Parameter

        return [
            Parameter(
                self.poi, "mu_B", 0.0, lower=0.0, description="effective magnetic moment of the neutrino"
            )
        ]

    def terms(self, source: Source) -> Sequence[Term]:
        """One term for a source that feels the moment, alike for every flavour."""
        if not self._feels(source):
            return []
        return [Term("em", _cross_section, ((self.poi, 2),))]

    def check_sources(self, sources: Sequence[Source]) -> None:
        """Refuse a named source that no experiment sees.

        Raises:
            OptionError: where a named source is not there.
        """
        known = {source.name for source in sources}
        for name in self.options.sources:
            if name != "all" and name not in known:
                raise unknown_name(OptionError, f"{self.name}.sources", name, [*known, "all"])

    def notes(self) -> Sequence[str]:
        """Which sources feel the moment."""
        felt = ", ".join(self.options.sources)
        return [f"sources that feel the moment: {felt}; the yield scales with the fitted flux"]

    def _feels(self, source: Source) -> bool:
        return "all" in self.options.sources or source.name in self.options.sources


def _cross_section(T: Any, E: Any, flavour: str, antineutrino: bool) -> Any:
    from nurecoil.physics.electromagnetic import magnetic_moment

    return magnetic_moment(T, E)
