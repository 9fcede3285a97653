"""What Borexino's fit varies to learn its systematic uncertainty: arXiv:1707.09355, section III.

Estimator and pile-up are choices, what fits hold is moved within its errors. The solar model, the paper's
third choice, is an axis that the framework adds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nurecoil.experiment import SharedSources
from nurecoil.model.parameters import GaussianConstraint
from nurecoil.physics.solar import SolarNeutrinos
from nurecoil.variation import Choice, Variation, sigma_points
from nurecoil_borexino.options import Options

__all__ = ["SATURATION_ERROR", "variations"]

_PAPER = "arXiv:1707.09355, section III"
_PILEUP = (
    ("figure", "synthetic", 1.0),
    ("convolution", "14C twice, 137.5 cpd", 0.5),
    ("convolution-2014", "14C twice, 321 cpd", 0.5),
)
"""Option, label and prior. Two methods, equally probable; the published rates share the second's half."""
_FLUXES = {"pep": ("pep",), "8B": ("b8",), "CNO": ("n13", "o15", "f17")}
"""Fluxes that fits hold, by what moves together: 13N and 15O are 98 % correlated in SF-III."""
_PILEUP_ERROR = 2.8 / 137.5
_K40_ERROR = 0.6
SATURATION_ERROR = 0.039
"""Relative error of the saturation, 0.0042 of 0.1075 /MeV: that of the fit to the public spectrum."""


def variations(options: Options, shared: SharedSources) -> tuple[Variation, ...]:
    """The axes under the given options; the first choice of each is the options' own.

    Args:
        options: the plugin's options.
        shared: the shared sources, for the errors of the solar model.

    Returns:
        Estimator (Asimov data of the paper's setup only), pile-up, energy scale where it is held, and the
        held parameters.

    Example:
        >>> from nurecoil.shared import Sources
        >>> [axis.name for axis in variations(Options(), Sources())]
        ['pile-up', 'held parameters']
    """
    found = []
    if options.setup == "paper" and options.asimov:
        other = "dt2" if options.estimator == "dt1" else "dt1"
        words = {"dt1": "230 ns", "dt2": "400 ns"}
        choices = (Choice(words[options.estimator]), Choice(words[other], {"borexino.estimator": other}))
        found.append(Variation("estimator", choices, other_data=True, source=_PAPER))
    if options.pileup != "none" and options.pileup_shape is None:
        found.append(_pileup_axis(options))
    if options.response_parameters == "fixed":
        free = Choice("fitted", {"borexino.response_parameters": "free"})
        found.append(Variation("energy scale", (Choice("held"), free), source=_PAPER))
    held = _held(options, shared)
    if held:
        found.append(sigma_points("held parameters", held, source=f"{_PAPER}; errors: see the documents"))
    return tuple(found)


def _pileup_axis(options: Options) -> Variation:
    """Methods of modelling pile-up. An error set for the figure's belongs to that choice alone."""
    choices = []
    for pileup, label, prior in sorted(_PILEUP, key=lambda row: row[0] != options.pileup):
        changed: dict[str, object] = {}
        if pileup != options.pileup:
            changed = {"borexino.pileup": pileup, "borexino.pileup_error": Options.pileup_error}
        choices.append(Choice(label, changed, prior=prior))
    return Variation("pile-up", tuple(choices), source=_PAPER)


def _held(options: Options, shared: SharedSources) -> dict[str, Mapping[str, float]]:
    """Held parameters by label, with relative errors."""
    sun = shared.solar.options
    held: dict[str, Mapping[str, float]] = {}
    if sun.flux_prior == "free":
        with_errors = SolarNeutrinos(replace(sun, flux_prior="ssm"))
        for label, fluxes in _FLUXES.items():
            moved = {f"solar.flux.{n}": _flux_error(with_errors, n) for n in fluxes if n not in sun.free}
            if moved:
                held[label] = moved
    if options.setup == "paper":
        held["40K"] = {"borexino.rate.k40": _K40_ERROR}
        if options.pileup != "none":
            held["pile-up rate"] = {"borexino.rate.pileup": _PILEUP_ERROR}
        held["saturation"] = {"borexino.saturation": SATURATION_ERROR}
    return held


def _flux_error(sun: SolarNeutrinos, name: str) -> float:
    """Relative error of a flux in the solar model."""
    single = sun.parameter(name).constraint
    if isinstance(single, GaussianConstraint):
        return single.width
    (joint,) = sun.constraints_on((name,))
    return float(joint.covariance[0][0] ** 0.5)
