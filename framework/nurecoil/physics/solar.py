"""The Sun: its eight neutrino sources at the Earth, for a solar model and a set of oscillation parameters.

Puts together the tables of the shipped file ``data/solar.root``, the survival probabilities of
:mod:`nurecoil.physics.oscillation` and a weak cross section. Options live in
:mod:`nurecoil.physics.solar_options`, which is light to import.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from scipy.interpolate import CubicSpline

from nurecoil.errors import OptionError, unknown_name
from nurecoil.model.parameters import CovarianceConstraint, GaussianConstraint, Parameter
from nurecoil.physics._kinematics import FloatArray
from nurecoil.physics._weak import WEAK
from nurecoil.physics.oscillation import (
    OscillationParameters,
    flavour_shares,
    mass_shares,
    two_flavour_survival,
)
from nurecoil.physics.scattering import Flavour
from nurecoil.physics.solar_options import FLUX_NAMES, SolarOptions
from nurecoil.physics.source import Source
from nurecoil.physics.tables import Table, read_table

__all__ = ["BE7_LINES", "PEP_LINE", "SolarNeutrinos"]

BE7_LINES: Final = ((0.8618, 0.8956), (0.3843, 0.1044))
"""The lines of 7Be: energy [MeV] and share."""
PEP_LINE: Final = ((1.442, 1.0),)
"""The line of pep: energy [MeV] and share."""

_DATA = Path(__file__).with_name("data") / "solar.root"
_TITLES = {
    "pp": "pp neutrinos",
    "pep": "pep neutrinos",
    "hep": "hep neutrinos",
    "be7": "7Be neutrinos",
    "b8": "8B neutrinos",
    "n13": "13N neutrinos",
    "o15": "15O neutrinos",
    "f17": "17F neutrinos",
}
_LINES = {"be7": BE7_LINES, "pep": PEP_LINE}
_LINE_CITATIONS = {
    "be7": (
        "J. N. Bahcall, Phys. Rev. D 49 (1994) 3923, arXiv:astro-ph/9401024, doi:10.1103/PhysRevD.49.3923",
        "D. R. Tilley et al., Nucl. Phys. A 708 (2002) 3, doi:10.1016/S0375-9474(02)00597-3",
    ),
    "pep": ("J. N. Bahcall, Neutrino Astrophysics, Cambridge University Press (1989)",),
}
# SF-III gives no production profiles: the B16 model whose 8B flux, the core's thermometer, is nearest.
_PROFILE_OF = {
    "B16-GS98": "gs98",
    "B16-AGSS09": "agss09",
    "SF3-GS98": "gs98",
    "SF3-AGSS09": "agss09",
    "SF3-C11": "agss09",
    "SF3-AAG21": "agss09",
    "SF3-MB22m": "gs98",
    "SF3-MB22p": "gs98",
}
_OSCILLATION_CITATION = (
    "Particle Data Group, Chin. Phys. C 40 (2016) 100001 and 2017 update, doi:10.1088/1674-1137/40/10/100001"
)
_SURVIVAL_GRID = np.concatenate([[0.0], np.geomspace(1e-3, 30.0, 600)])


@dataclass(frozen=True, slots=True)
class _Shares:
    """Flavour shares of one source: a spline of P2 in the energy [MeV], and the mixing."""

    survival: CubicSpline
    parameters: OscillationParameters

    def __call__(self, E: FloatArray) -> dict[Flavour, FloatArray]:
        return flavour_shares(self.survival(E), self.parameters)


@dataclass(frozen=True, slots=True)
class _MassShares:
    """Probabilities of the mass states of one source, from the same spline of P2."""

    survival: CubicSpline
    parameters: OscillationParameters

    def __call__(self, E: FloatArray) -> FloatArray:
        return mass_shares(self.survival(E), self.parameters)


class SolarNeutrinos:
    """The solar neutrino sources under one set of options.

    Sources are built when they are first asked for and kept.

    Args:
        options: solar model, cross section, prior on the fluxes, oscillation parameters.

    Example:
        >>> sun = SolarNeutrinos()
        >>> sun
        <SolarNeutrinos B16-GS98, radiative cross section, free fluxes: pp, be7>
        >>> sun.source("be7")
        <Source be7 (solar): 4.93e+09 cm-2 s-1, lines at 861.8, 384.3 keV, scaled by solar.flux.be7>
    """

    def __init__(self, options: SolarOptions | None = None) -> None:
        self.options = SolarOptions() if options is None else options
        self._sources: dict[str, Source] = {}
        self._tables: dict[str, Table] = {}

    def __repr__(self) -> str:
        """Model, cross section and prior in one line."""
        options = self.options
        prior = f"free fluxes: {', '.join(options.free)}" if options.flux_prior == "free" else "SSM fluxes"
        return f"<SolarNeutrinos {options.ssm}, {options.cross_section} cross section, {prior}>"

    @property
    def oscillation(self) -> OscillationParameters:
        """The oscillation parameters of the options."""
        options = self.options
        return OscillationParameters(
            options.sin2_theta12, options.sin2_theta13, options.sin2_theta23, options.delta_m21_sq
        )

    def source(self, name: str) -> Source:
        """One source.

        Args:
            name: ``pp``, ``pep``, ``hep``, ``be7``, ``b8``, ``n13``, ``o15`` or ``f17``.

        Returns:
            The source, the same object each time.

        Raises:
            OptionError: where no source has that name.

        Example:
            >>> round(SolarNeutrinos().source("pp").endpoint, 5)
            0.42341
        """
        if name not in FLUX_NAMES:
            raise unknown_name(OptionError, "solar source", name, FLUX_NAMES)
        if name not in self._sources:
            self._sources[name] = self._build(name)
        return self._sources[name]

    def sources(self, names: Iterable[str] | None = None) -> dict[str, Source]:
        """Several sources by name.

        Args:
            names: which ones, ``None`` for all eight.

        Returns:
            The sources, in the order asked for.

        Raises:
            OptionError: where no source has one of the names.

        Example:
            >>> list(SolarNeutrinos().sources(["pp", "be7"]))
            ['pp', 'be7']
        """
        return {name: self.source(name) for name in (FLUX_NAMES if names is None else names)}

    def two_flavour_survival(self, name: str, E: FloatArray) -> FloatArray:
        """Two-flavour survival probability of a source, averaged over where it is made.

        Args:
            name: name of the source.
            E: neutrino energies [MeV], any shape.

        Returns:
            P2, in the shape of ``E``.

        Raises:
            OptionError: where no source has that name.

        Example:
            >>> round(float(SolarNeutrinos().two_flavour_survival("be7", np.array(0.862))), 2)
            0.55
        """
        if name not in FLUX_NAMES:
            raise unknown_name(OptionError, "solar source", name, FLUX_NAMES)
        profile = self._profile()
        density = 10 ** profile["log10_electron_density"]
        return two_flavour_survival(E, profile[name], density, self.oscillation)

    @property
    def constraints(self) -> tuple[CovarianceConstraint, ...]:
        """What ties all eight fluxes together: the model's covariance with SF-III, else nothing."""
        return self.constraints_on(FLUX_NAMES)

    def constraints_on(self, names: Iterable[str]) -> tuple[CovarianceConstraint, ...]:
        """The part of the covariance that concerns some of the fluxes (the others integrated out).

        Args:
            names: names of the sources that a model has.

        Returns:
            One constraint with SF-III where ``flux_prior`` is ``ssm``, nothing otherwise: B16 fluxes
            have no correlations and carry their Gaussian constraint in the parameter.

        Raises:
            OptionError: where no source has one of the names.

        Example:
            >>> sun = SolarNeutrinos(SolarOptions(ssm="SF3-GS98", flux_prior="ssm"))
            >>> sun.constraints_on(["pp", "be7"])[0].names
            ('solar.flux.pp', 'solar.flux.be7')
        """
        chosen = tuple(names)
        for name in chosen:
            if name not in FLUX_NAMES:
                raise unknown_name(OptionError, "solar source", name, FLUX_NAMES)
        if self.options.flux_prior != "ssm" or not self.options.ssm.startswith("SF3-") or not chosen:
            return ()
        fluxes = self._fluxes()
        correlations = self._table(fluxes.name.replace("fluxes_", "correlations_"))
        rows = [fluxes.row(name) for name in chosen]
        matrix = np.column_stack([correlations[name] for name in chosen])[rows]
        error = fluxes["fractional_error"][rows]
        covariance = tuple(tuple(float(v) for v in row) for row in error[:, None] * matrix * error)
        return (
            CovarianceConstraint(
                names=tuple(f"solar.flux.{name}" for name in chosen),
                centre=(1.0,) * len(chosen),
                covariance=covariance,
                source=fluxes.reference,
            ),
        )

    def parameter(self, name: str) -> Parameter:
        """The parameter that scales a flux, in units of the solar model's flux.

        Args:
            name: name of the source.

        Returns:
            ``solar.flux.<name>``, value 1, at least 0; free, fixed or constrained as the options say.

        Raises:
            OptionError: where no source has that name.

        Example:
            >>> SolarNeutrinos(SolarOptions(flux_prior="ssm")).parameter("be7").constraint
            GaussianConstraint(centre=1.0, width=0.06)
        """
        if name not in FLUX_NAMES:
            raise unknown_name(OptionError, "solar source", name, FLUX_NAMES)
        fluxes = self._fluxes()
        row = fluxes.row(name)
        flux = float(fluxes["flux"][row])
        with_ssm = self.options.flux_prior == "ssm"
        constraint = None
        if with_ssm and self.options.ssm.startswith("B16-"):
            constraint = GaussianConstraint(1.0, float(fluxes["fractional_error"][row]))
        return Parameter(
            f"solar.flux.{name}",
            "SSM",
            1.0,
            lower=0.0,
            constraint=constraint,
            fixed=not with_ssm and name not in self.options.free,
            description=f"flux of {_TITLES[name]} over that of {self.options.ssm}, {flux:.4g} cm-2 s-1",
            source=fluxes.reference,
        )

    def _build(self, name: str) -> Source:
        fluxes = self._fluxes()
        weak, weak_citation = WEAK[self.options.cross_section]
        citations = [fluxes.reference]
        energy = density = np.empty(0)
        if name in _LINES:
            citations += _LINE_CITATIONS[name]
        else:
            kind = f"b8_{self.options.b8_spectrum}" if name == "b8" else name
            spectrum = self._table(f"spectra_{kind}")
            energy, density = spectrum["energy"], spectrum["density"]
            citations.append(spectrum.reference)
        profile = self._profile().reference
        if not self.options.ssm.startswith("B16-"):
            model = _PROFILE_OF[self.options.ssm].upper()
            profile += f" (production profile of B16-{model}, borrowed for {self.options.ssm})"
        citations.append(profile)
        if self.oscillation == OscillationParameters():
            citations.append(_OSCILLATION_CITATION)
        citations.append(weak_citation)
        survival = self._survival(name)
        return Source(
            name=name,
            family="solar",
            title=_TITLES[name],
            flux=float(fluxes["flux"][fluxes.row(name)]),
            lines=_LINES.get(name, ()),
            energy=energy,
            density=density,
            probabilities=_Shares(survival, self.oscillation),
            weak=weak,
            parameter=self.parameter(name),
            citations=tuple(dict.fromkeys(citations)),
            mass_shares=_MassShares(survival, self.oscillation),
        )

    def _survival(self, name: str) -> CubicSpline:
        """P2 as a spline through exact values, good to 1e-8 up to 30 MeV."""
        return CubicSpline(_SURVIVAL_GRID, self.two_flavour_survival(name, _SURVIVAL_GRID))

    def _fluxes(self) -> Table:
        return self._table("fluxes_" + self.options.ssm.lower().replace("-", "_"))

    def _profile(self) -> Table:
        return self._table("production_" + _PROFILE_OF[self.options.ssm])

    def _table(self, name: str) -> Table:
        if name not in self._tables:
            self._tables[name] = read_table(_DATA, name)
        return self._tables[name]
