"""Antineutrinos of 8Li decaying at rest, as a detector near the accelerator sees them.

Puts together the spectrum of the shipped file ``data/lithium8.root`` (modelled in
:mod:`nurecoil.physics.mirror_decay`), the source's strength and a weak cross section. Options live in
:mod:`nurecoil.physics.isodar_options`, the detector's solid angle in :mod:`nurecoil.physics.geometry`.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import numpy as np

from nurecoil.errors import InputError, PhysicsError
from nurecoil.histograms import Expectation, Histogram, read_histogram
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.physics._kinematics import FloatArray
from nurecoil.physics._weak import WEAK
from nurecoil.physics.constants import SECONDS_PER_YEAR
from nurecoil.physics.isodar_options import IsodarOptions
from nurecoil.physics.mirror_decay import Closure
from nurecoil.physics.oscillation import OscillationParameters, VacuumMassShares
from nurecoil.physics.scattering import Flavour
from nurecoil.physics.source import Source
from nurecoil.physics.tables import read_table

__all__ = ["IsodarSource", "flux_parameter"]

_DATA = Path(__file__).with_name("data") / "lithium8.root"
_BEYOND: Final = 1e-3
"""Share of the antineutrinos above the effective endpoint."""
_LARGEST_ENERGY: Final = 100.0
"""Above this a replaced spectrum is taken for one in another unit [MeV]."""
_FEWEST_BINS: Final = 3
_PROPOSAL: Final = (
    "A. Bungau et al., Phys. Rev. Lett. 109 (2012) 141802, "
    "arXiv:1205.4419, doi:10.1103/PhysRevLett.109.141802"
)


class IsodarSource:
    """The antineutrinos of 8Li under one set of options.

    Args:
        options: strength of the source, its spectrum and the cross section.
        oscillation: mixing angles; at baselines of tens of metres all antineutrinos stay antinu_e, and the
            angles only tell their mass states.

    Raises:
        InputError: where the histogram of ``options.spectrum`` cannot be read or is no spectrum in MeV.

    Example:
        >>> lithium = IsodarSource()
        >>> lithium
        <IsodarSource 8Li: 1.29e+23 antineutrinos in 5 yr, mean 6.359 MeV, radiative cross section>
        >>> flux = Parameter("isodar.flux", "1", 1.0, lower=0.0)
        >>> lithium.source(flux, 1 / 1610**2)
        <Source li8 (isodar): antineutrinos, 2.51e+07 cm-2 s-1, spectrum up to ... MeV, scaled by isodar.flux>
    """

    def __init__(
        self, options: IsodarOptions | None = None, oscillation: OscillationParameters | None = None
    ) -> None:
        self.options = IsodarOptions() if options is None else options
        self.oscillation = OscillationParameters() if oscillation is None else oscillation
        self._closure: Closure | None = None
        if self.options.spectrum is None:
            table = read_table(_DATA, "spectrum")
            self._energy, self._density = table["energy"], table["density"]
            self._citation = f"{table.reference} ({table.title}: modelled)"
            self._closure = Closure(
                **{k: float(v[0]) for k, v in read_table(_DATA, "closure").columns.items()}
            )
        else:
            where = "isodar.spectrum"
            given = read_histogram(
                self.options.spectrum, where=where, expect=Expectation(observable_unit="MeV")
            )
            self._energy, self._density = _spectrum_of(given, f"{where}, {self.options.spectrum}")
            self._citation = f"spectrum of {self.options.spectrum}"

    def __repr__(self) -> str:
        """Spectrum, strength, mean energy and cross section in one line."""
        options = self.options
        return (
            f"<IsodarSource {options.spectrum or '8Li'}: {options.antineutrinos:.4g} antineutrinos in "
            f"{options.run:g} yr, mean {self.mean_energy:.4g} MeV, {options.cross_section} cross section>"
        )

    @property
    def mean_energy(self) -> float:
        """Mean energy of the antineutrinos [MeV]."""
        return float(np.trapezoid(self._energy * self._density, self._energy))

    @property
    def endpoint(self) -> float:
        """Largest energy of the table [MeV]; beyond it lie fewer than 1e-6 of the 8Li antineutrinos."""
        return float(self._energy[-1])

    @property
    def effective_endpoint(self) -> float:
        """Energy above which one in a thousand of the antineutrinos lies [MeV]."""
        pieces = np.diff(self._energy) * (self._density[1:] + self._density[:-1]) / 2
        beyond = np.append(np.cumsum(pieces[::-1])[::-1], 0.0)
        return float(np.interp(-_BEYOND, -beyond, self._energy))

    @property
    def closure(self) -> Closure | None:
        """How well the strength behind the 8Li spectrum gives that of 8B; ``None`` for a replaced one."""
        return self._closure

    def flux(self, mean_inverse_square: float) -> float:
        """Antineutrinos at the detector, averaged over its volume and the calendar time of the run.

        Args:
            mean_inverse_square: mean of the inverse squared distance [cm-2], above 0; see
                :mod:`nurecoil.physics.geometry`.

        Returns:
            Flux [cm-2 s-1].

        Raises:
            PhysicsError: where the mean is not a positive number.

        Example:
            >>> print(f"{IsodarSource().flux(1 / 1610**2):.3e}")
            2.510e+07
        """
        if not (math.isfinite(mean_inverse_square) and mean_inverse_square > 0):
            raise PhysicsError(
                "isodar",
                f"a mean inverse squared distance of {mean_inverse_square} cm-2",
                "a positive number",
            )
        rate = self.options.antineutrinos / (self.options.run * SECONDS_PER_YEAR)
        return rate / (4 * math.pi) * mean_inverse_square

    def source(self, parameter: Parameter, mean_inverse_square: float) -> Source:
        """The source as one detector sees it.

        Args:
            parameter: what scales the flux, 1 for that of the options.
            mean_inverse_square: mean of the inverse squared distance over the detector [cm-2], above 0.

        Returns:
            A source ``li8`` of pure antinu_e.

        Raises:
            PhysicsError: where the mean is not a positive number.

        Example:
            >>> flux = Parameter("isodar.flux", "1", 1.0, lower=0.0)
            >>> source = IsodarSource(IsodarOptions(cross_section="tree")).source(flux, 1e-6)
            >>> source.mass_shares(np.array(6.0)).round(3)
            array([0.678, 0.301, 0.021])
        """
        weak, weak_citation = WEAK[self.options.cross_section]
        citations = (_PROPOSAL, self._citation, weak_citation)
        return Source(
            name="li8",
            family="isodar",
            title="8Li antineutrinos",
            flux=self.flux(mean_inverse_square),
            energy=self._energy,
            density=self._density,
            probabilities=_pure_electron,
            antineutrino=True,
            weak=weak,
            parameter=parameter,
            citations=citations,
            mass_shares=VacuumMassShares(self.oscillation),
        )


def flux_parameter(scope: str, error: float) -> Parameter:
    """The parameter of an experiment that scales the antineutrinos at its place.

    Args:
        scope: scope of the parameter, the experiment's name.
        error: relative error of the flux, at least 0; 0 holds the parameter fixed.

    Returns:
        ``<scope>.isodar_flux``, 1 for the nominal flux, at least 0.

    Example:
        >>> flux_parameter("juno", 0.007).constraint
        GaussianConstraint(centre=1.0, width=0.007)
    """
    return Parameter(
        f"{scope}.isodar_flux",
        "1",
        1.0,
        lower=0.0,
        constraint=GaussianConstraint(1.0, error) if error > 0 else None,
        fixed=error == 0,
        description="antineutrino flux over its nominal value",
    )


def _pure_electron(E: FloatArray) -> dict[Flavour, FloatArray]:
    """Shares of the flavours before any oscillation."""
    return {"e": np.ones_like(E, dtype=np.float64)}


def _spectrum_of(histogram: Histogram, where: str) -> tuple[FloatArray, FloatArray]:
    """Energies and densities, 0 at both ends, of area 1 (trapezoidal), of a histogram over MeV.

    The density stands at the bin centres; empty bins at the ends are left out.
    """
    filled = np.flatnonzero(histogram.counts > 0)
    edges = histogram.edges
    if edges[0] < 0:
        raise InputError(where, f"bins from {edges[0]:g} MeV on", "energies of at least 0 MeV")
    if filled.size < _FEWEST_BINS:
        raise InputError(
            where, f"{filled.size} bins above 0", f"at least {_FEWEST_BINS}", "Give a finer histogram."
        )
    first, last = int(filled[0]), int(filled[-1]) + 1
    if edges[last] > _LARGEST_ENERGY:
        raise InputError(
            where,
            f"a spectrum up to {edges[last]:g} MeV",
            f"at most {_LARGEST_ENERGY:g} MeV",
            "Give the energy in MeV, not keV.",
        )
    counts, widths = histogram.counts[first:last], histogram.widths[first:last]
    inner = counts / widths if histogram.additive else counts
    energy = np.concatenate([edges[first : first + 1], histogram.centres[first:last], edges[last : last + 1]])
    density = np.concatenate([[0.0], inner, [0.0]])
    return energy, density / np.trapezoid(density, energy)
