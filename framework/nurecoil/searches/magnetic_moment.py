"""The search for magnetic moments of neutrinos in electron recoils: the effective one, or those of nature.

Which fundamental moments there are and what each source feels of them is in :mod:`nurecoil.physics.moments`,
the cross section in :mod:`nurecoil.physics.electromagnetic`. Here they become terms and parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nurecoil.errors import OptionError, unknown_name
from nurecoil.experiment import option
from nurecoil.search import Search, Term

if TYPE_CHECKING:
    from nurecoil.model.parameters import Parameter
    from nurecoil.physics.moments import Basis
    from nurecoil.physics.source import Source

__all__ = ["MagneticMoment"]

_EFFECTIVE = "mu_eff"
_PAPERS_SOURCES = ("pp", "be7")


@dataclass(frozen=True)
class Options:
    """Options of the search.

    Example:
        >>> Options().basis
        'effective'
    """

    basis: Literal["effective", "flavour", "mass-dirac", "mass-majorana"] = option(
        "effective", help="which moments are the parameters; only mu_eff belongs to one kind of source"
    )
    component: str | None = option(
        None, help="the moment to search for; none for the first of the basis (mu_e, mu_11, mu_12)"
    )
    profiled: tuple[str, ...] = option(
        (), help="further moments of the basis that float, 'all' for the rest; all others are zero"
    )
    sources: tuple[str, ...] | None = option(
        None,
        help="sources that feel the moment, 'all' for every one; none for every one, but with the effective "
        "basis of the solar ones pp and be7 only, as in arXiv:1707.09355",
    )


class MagneticMoment(Search):
    """A magnetic moment adds ``pi r_0^2 mu^2 (1/T - 1/E)`` to the cross section of its neutrinos.

    In the effective basis every neutrino of a source feels ``mu_eff``. In the others a source feels each
    moment with a coefficient that its flavours or mass states give, at each energy; the moments are the
    same for every experiment. The signal scales with the fitted flux: yield = flux * mu^2 * template.

    Raises:
        OptionError: where the component or a profiled moment is not in the basis, or is named twice.

    Example:
        >>> MagneticMoment(Options()).poi
        'mu_eff'
        >>> MagneticMoment(Options(basis="flavour", component="mu_tau")).poi
        'mu_tau'
    """

    name: ClassVar[str] = "magnetic-moment"
    title: ClassVar[str] = "effective magnetic moment of the neutrino"
    citations: ClassVar[tuple[str, ...]] = (
        "Borexino collaboration, Phys. Rev. D 96 (2017) 091103, arXiv:1707.09355 (eq. 2 and the limit)",
        "P. Vogel and J. Engel, Phys. Rev. D 39 (1989) 3378 (cross section)",
    )
    Options: ClassVar[type] = Options

    def __init__(self, options: Any) -> None:
        """Keep the validated options and see that the moments fit the basis."""
        super().__init__(options)
        self._component, self._profiled = self._chosen()

    @property
    def poi(self) -> str:
        """The component searched for, in Bohr magnetons."""
        return self._component

    @property
    def of_one_source(self) -> bool:
        """True for the effective moment, a mean over what arrives from one kind of source."""
        return bool(self.options.basis == "effective")

    def parameters(self) -> Sequence[Parameter]:
        """The moments that are not zero, each at least 0; fits move their squares."""
        from nurecoil.model.parameters import Parameter

        kind = "effective magnetic moment of the neutrino"
        if not self.of_one_source:
            kind = f"magnetic moment of the neutrino, {self.options.basis} basis"
        return [
            Parameter(name, "mu_B", 0.0, lower=0.0, description=kind)
            for name in (self._component, *self._profiled)
        ]

    def terms(self, source: Source) -> Sequence[Term]:
        """A term for each moment that the source feels: ``em``, or named like the moment.

        Raises:
            OptionError: in a mass basis, where the mass states of the source are not known.
        """
        if not self._feels(source):
            return []
        if self.of_one_source:
            return [Term("em", _cross_section, ((self.poi, 2),))]
        return [
            Term(name, weighted, ((name, 2),))
            for name in (self._component, *self._profiled)
            if (weighted := self._weighted(name, source)) is not None
        ]

    def check_sources(self, sources: Sequence[Source]) -> None:
        """Refuse named sources that no experiment sees, and moments that no source feels.

        Raises:
            OptionError: where a named source is not there; where sources of different kinds would share
                one effective moment; where no source feels a moment that was asked for; where a mass
                basis meets a source whose mass states are not known.
        """
        known = {source.name for source in sources}
        for name in self.options.sources or ():
            if name != "all" and name not in known:
                raise unknown_name(OptionError, f"{self.name}.sources", name, [*known, "all"])
        feeling = [source for source in sources if self._feels(source)]
        if self.of_one_source:
            self._check_one_kind(feeling)
        named = {self._component: "component", **dict.fromkeys(self.options.profiled, "profiled")}
        named.pop("all", None)
        for moment, field in named.items():
            if not any(moment in term.powers[0] for source in feeling for term in self.terms(source)):
                raise self._unfelt(moment, field, sources)

    def notes(self) -> Sequence[str]:
        """The basis, which sources feel the moments, and the conventions behind the coefficients."""
        chosen = self.options.sources
        if chosen is None:
            felt = "every one"
            if self.of_one_source:
                felt = f"{', '.join(_PAPERS_SOURCES)} where the Sun is the source, else the source itself"
        else:
            felt = ", ".join(chosen)
        if self.of_one_source:
            felt += "; neutrinos that are a background do not"
        first = f"sources that feel the moment: {felt}; the yield scales with the fitted flux"
        return [first] if self.of_one_source else [self._basis_note(), first, *self._convention_notes()]

    def _basis_note(self) -> str:
        found = self._basis()
        floating = ", ".join(self._profiled)
        zero = ", ".join(m for m in found.moments if m not in (self._component, *self._profiled))
        return (
            f"{found.name} basis ({found.equation} of arXiv:1707.09355): {self._component} is searched for"
            + (f", {floating} float" if floating else "")
            + (f", zero: {zero}" if zero else "")
        )

    def _convention_notes(self) -> list[str]:
        if self.options.basis == "flavour":
            return []
        found = [
            "the mass states of solar neutrinos are those of the survival probability at each energy "
            "(P1 = 0.63 where P2 = 0.55); the limits of arXiv:1707.09355 come out with P1 = cos^2 theta_12"
        ]
        if self.options.basis == "mass-majorana":
            found.append(
                "coefficients of eq. 7, not of eq. 9 as printed: there mu_12 has cos^2(theta_13) P1, which "
                "contradicts eq. 7 (cos^2(theta_13)) and the published limit on mu_12"
            )
            if self._profiled:
                found.append(
                    "several Majorana moments float: near a source the mass states are coherent, and the "
                    "interference of the moments, which depends on unknown CP phases, is averaged out"
                )
        return found

    def _basis(self) -> Basis:
        from nurecoil.physics.moments import basis_of

        return basis_of(self.options.basis)

    def _chosen(self) -> tuple[str, tuple[str, ...]]:
        """The component searched for and the moments that float beside it."""
        known = (_EFFECTIVE,) if self.of_one_source else self._basis().moments
        where = f"in the {self.options.basis} basis"
        component = known[0] if self.options.component is None else self.options.component
        if component not in known:
            raise unknown_name(OptionError, f"{self.name}.component {where}", component, known)
        rest = [moment for moment in known if moment != component]
        for moment in self.options.profiled:
            if moment == component:
                raise OptionError(
                    f"{self.name}.profiled {where}",
                    f"{moment!r}, which is the component searched for",
                    ", ".join([*rest, "all"] if rest else ["nothing"]),
                    f"Leave it out, or search for another: --set {self.name}.component=NAME.",
                )
            if not rest or moment not in (*rest, "all"):
                allowed = [*rest, "all"] if rest else []
                raise unknown_name(OptionError, f"{self.name}.profiled {where}", moment, allowed)
        if "all" in self.options.profiled:
            return component, tuple(rest)
        return component, tuple(dict.fromkeys(self.options.profiled))

    def _feels(self, source: Source) -> bool:
        chosen = self.options.sources
        if chosen is None:
            return not self.of_one_source or source.family != "solar" or source.name in _PAPERS_SOURCES
        return "all" in chosen or source.name in chosen

    def _weighted(self, moment: str, source: Source) -> Callable[..., Any] | None:
        """The cross section of a moment for a source; ``None`` where it is zero at every energy."""
        if self._basis().states == "flavour":
            return _of_flavour(moment, source)
        if source.mass_shares is None:
            raise OptionError(
                f"{self.name}.basis = {self.options.basis}",
                f"the source {source.name!r}, whose mass states are not known",
                "sources with mass_shares",
                f"Take --set {self.name}.basis=flavour, or leave the source out of {self.name}.sources.",
            )
        return _of_mass(moment, self.options.basis, source)

    def _check_one_kind(self, feeling: Sequence[Source]) -> None:
        kinds: dict[str, list[str]] = {}
        for source in feeling:
            kinds.setdefault(source.family, []).append(source.name)
        if len(kinds) > 1:
            got = "; ".join(f"{', '.join(dict.fromkeys(names))} ({kind})" for kind, names in kinds.items())
            raise OptionError(
                f"{self.name}.basis = effective",
                f"sources of different kinds: {got}. mu_eff is a mean over the neutrinos that arrive, so "
                "that of one source is not that of another: solar neutrinos are a mixture of flavours, "
                "weighted with their survival probability P3; a source of 8Li gives electron antineutrinos "
                "alone",
                "sources of one kind",
                f"Fit a moment of nature: --set {self.name}.basis=flavour (or mass-dirac, mass-majorana).",
            )

    def _unfelt(self, moment: str, field: str, sources: Sequence[Source]) -> OptionError:
        there = ", ".join(dict.fromkeys(source.name for source in sources)) or "none"
        chosen = self.options.sources
        asked = "" if chosen is None else f", chosen: {', '.join(chosen) or 'none'}"
        return OptionError(
            f"{self.name}.{'sources' if self.of_one_source else field}",
            f"no source feels {moment} (sources there: {there}{asked})",
            "a moment that at least one source feels",
            f"Choose other sources (--set {self.name}.sources=all), another moment or another experiment.",
        )


def _cross_section(T: Any, E: Any, flavour: str, antineutrino: bool) -> Any:
    from nurecoil.physics.electromagnetic import magnetic_moment

    return magnetic_moment(T, E)


def _of_flavour(moment: str, source: Source) -> Callable[..., Any] | None:
    """The moment of one flavour; the framework weights it with the share of the flavour."""
    import numpy as np

    carrier = moment.removeprefix("mu_")
    shares = {str(flavour): share for flavour, share in source.probabilities(_energies(source)).items()}
    if not np.any(np.asarray(shares.get(carrier, 0.0)) > 0):
        return None

    def cross_section(T: Any, E: Any, flavour: str, antineutrino: bool) -> Any:
        value = _cross_section(T, E, flavour, antineutrino)
        return value if flavour == carrier else np.zeros_like(value)

    return cross_section


def _of_mass(moment: str, basis: str, source: Source) -> Callable[..., Any] | None:
    """The moment of mass states; the same for each flavour, so that their shares sum out."""
    import numpy as np

    from nurecoil.physics.moments import coefficients

    shares = source.mass_shares
    if shares is None or not np.any(coefficients(basis, shares(_energies(source)))[moment] > 0):
        return None

    def cross_section(T: Any, E: Any, flavour: str, antineutrino: bool) -> Any:
        energy = np.asarray(E, dtype=np.float64)
        return coefficients(basis, shares(energy))[moment] * _cross_section(T, E, flavour, antineutrino)

    return cross_section


def _energies(source: Source) -> Any:
    """Energies [MeV] at which the source has neutrinos: its lines and points of its table."""
    import numpy as np

    energies = [energy for energy, _ in source.lines]
    if source.energy.size:
        energies += [float(energy) for energy in np.linspace(source.energy[0], source.energy[-1], 9)[1:]]
    return np.array(energies)
