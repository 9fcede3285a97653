"""Borexino's response: from deposited energy to hits, with its five nuisance quantities."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.quenching import Quenching
from nurecoil.detectors.scintillator import HitBins, HitScale, HitTemplate
from nurecoil.detectors.spectrum import Spectrum, quadrature
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil_borexino.estimator import light_ratio
from nurecoil_borexino.options import Options

__all__ = ["HitResponse", "response_parameters"]

Array = NDArray[np.float64]

NAMES = (
    "borexino.light_yield",
    "borexino.saturation",
    "borexino.resolution_linear",
    "borexino.resolution_constant",
    "borexino.resolution_quadratic",
)
"""The parameters, in the order of :data:`nurecoil.detectors.scintillator.RESPONSE_QUANTITIES`."""
_PHASE2 = "arXiv:1707.09279"
_NON_UNIFORMITY = GaussianConstraint(0.0, 5e-4)
"""2.2 % of the energy, one sigma: a choice, explained where the decisions of the project are written down."""


def response_parameters(options: Options) -> tuple[Parameter, ...]:
    """The nuisance parameters of the response.

    Starting values are those of the fit to the public spectrum. The constant term of the variance is
    fixed at 0; the quadratic one is constrained by the known resolution at 1 MeV, because without radial
    data it trades with the shape of the external gammas; the rest is free unless the options fix them.
    The paper's setup fixes the saturation too, which the collaboration knows from calibration.

    Args:
        options: the plugin's options.

    Returns:
        Five parameters in the order of :data:`NAMES`.
    """
    fixed = options.response_parameters == "fixed"
    paper = options.setup == "paper"
    constraint = _NON_UNIFORMITY if options.non_uniformity == "constrained" else None
    yield_, saturation, linear, constant, quadratic = NAMES

    def parameter(
        name: str, unit: str, value: float, upper: float, text: str, lower: float = 0.0, held: bool = fixed
    ) -> Parameter:
        return Parameter(name, unit, value, lower, upper, fixed=held, description=text, source=_PHASE2)

    return (
        parameter(
            yield_,
            "hits/MeV",
            436.0 * light_ratio(options, "electron"),
            600.0,
            "light yield at a visible energy of 1 MeV",
            300.0,
        ),
        parameter(saturation, "1/MeV", 0.1075, 0.2, "saturation of the hit count", held=fixed or paper),
        parameter(linear, "1", 1.53, 3.0, "variance over mean at small hit counts", 0.8),
        parameter(constant, "hits^2", 0.0, 400.0, "constant term of the variance", -200.0, True),
        replace(
            parameter(quadratic, "1/hits", 0.0, 0.05, "non-uniformity: quadratic term of the variance"),
            constraint=None if fixed else constraint,
        ),
    )


@dataclass(frozen=True)
class HitResponse:
    """Folds spectra of deposited energy into bins of hits.

    Args:
        bins: the bins.
        quenching: visible energy of electrons.
        nominal: the response at its starting values; it places the quadrature points.
        factor: the comb, shape ``(bins,)``, or ``None``.

    Example:
        >>> HitResponse.__dataclass_fields__["factor"].name
        'factor'
    """

    bins: HitBins
    quenching: Quenching
    nominal: HitScale
    factor: Array | None

    @property
    def energy_range(self) -> tuple[float, float]:
        """Electron energies [MeV] that can reach the bins."""
        energy = np.geomspace(0.01, 4.0, 400)
        mean = self.nominal.mean(self.quenching.visible(energy))
        spread = np.sqrt(self.nominal.variance_over_mean(mean) * mean)
        reach = (mean + 15 * spread > self.bins.edges[0]) & (mean - 12 * spread < self.bins.edges[-1])
        return float(energy[reach][0]), float(energy[reach][-1])

    def template(self, spectrum: Spectrum) -> HitTemplate:
        """Electrons of a spectrum of kinetic energies [events/MeV]."""
        return self._fold(spectrum, *self.energy_range, NAMES, offset=False)

    def positron_template(self, spectrum: Spectrum, offset: str) -> HitTemplate:
        """Positrons: the light of the two annihilation gammas is a parameter of its own [MeV]."""
        return self._fold(spectrum, 0.0, self.energy_range[1], (*NAMES, offset), offset=True)

    def visible_template(self, visible: Array, events: Array) -> HitTemplate:
        """Events at given visible energies [MeV], where the quenching is in the energies already."""
        used = (visible > 0) & (events > 0)
        return HitTemplate(self.bins, visible[used], events[used], NAMES, factor=self.factor)

    def _fold(
        self, spectrum: Spectrum, low: float, high: float, names: tuple[str, ...], *, offset: bool
    ) -> HitTemplate:
        energy, weight = quadrature(spectrum, self._panel, low, high)
        visible = self.quenching.visible(energy)
        return HitTemplate(self.bins, visible, weight, names, offset, self.factor)

    def _panel(self, energy: Array) -> Array:
        """One standard deviation of the resolution, in energy."""
        mean = np.maximum(self.nominal.mean(self.quenching.visible(np.maximum(energy, 0.02))), 5.0)
        return np.asarray(np.sqrt(self.nominal.variance_over_mean(mean) * mean) / self.nominal.light_yield)
