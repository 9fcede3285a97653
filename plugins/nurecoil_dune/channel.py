"""DUNE's channel: recoils in argon, beta spectra of 42K and 39Ar, solar neutrinos."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from nurecoil.blueprints.deposits import deposit_spectrum
from nurecoil.blueprints.inputs import binned_response, named_backgrounds
from nurecoil.detectors.energy import Resolution
from nurecoil.detectors.spectrum import Spectrum
from nurecoil.errors import OptionError
from nurecoil.experiment import Background, RecoilChannel, SharedSources
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.physics.beta import allowed
from nurecoil.physics.constants import SECONDS_PER_YEAR
from nurecoil.physics.decay_at_rest import flux_parameter
from nurecoil.physics.recoil import recoil_rate
from nurecoil.physics.scattering import maximum_recoil
from nurecoil.physics.source import Source
from nurecoil_dune import site
from nurecoil_dune.options import Options

__all__ = ["argon_channel"]

Array = NDArray[np.float64]

_ARGON = ("K42", "Ar39")
"""Backgrounds that the rejection suppresses."""
_YEARS = 5.0
"""Live time that the counts of the options are for."""


def argon_channel(options: Options, shared: SharedSources) -> RecoilChannel:
    """The spectrum of recoils under the given options.

    Args:
        options: the plugin's options.
        shared: the shared sources.

    Returns:
        The channel.

    Raises:
        InputError: where an input file cannot be used.
        OptionError: where no recoil reaches the threshold.
    """
    electrons = site.ELECTRONS_PER_TONNE.value * options.mass * 1000
    live = options.live_time * SECONDS_PER_YEAR
    source = _source(options, shared, electrons)
    highest = float(maximum_recoil(shared.isodar.effective_endpoint))
    if options.threshold >= highest:
        raise OptionError(
            "dune.threshold",
            f"recoils above {options.threshold:g} MeV, which {source.title} do not have",
            f"below {highest:.4g} MeV",
        )
    response, observed = binned_response("dune", options, highest, Resolution(0.0, options.resolution))
    edges = response.edges
    low = response.energy_range[0]
    sun = shared.solar.sources().values() if options.solar else ()
    spectators = tuple(one for one in sun if one.maximum_recoil > low)
    names = [one.name for one in spectators]
    replaced, told = named_backgrounds(
        "dune.background_file", options.background_file, edges, [*_ARGON, *names]
    )
    shape = allowed if options.k42_shape == "allowed" else None
    decays = {"K42": (options.k42_decays, shape), "Ar39": (options.ar39_decays, None)}
    counts = {
        key: given / (options.rejection if key in _ARGON else 1.0)
        for key, given in replaced.items()
        if key not in names and (key not in _ARGON or key in options.isotopes)
    }
    for isotope, (number, form) in decays.items():
        wanted = number * options.live_time / _YEARS / options.rejection
        if isotope in options.isotopes and isotope not in replaced and wanted > 0:
            spectrum = _times(deposit_spectrum(isotope, shape=form), wanted)
            counts[isotope] = np.asarray(response.template(spectrum))
    return RecoilChannel(
        name="dune/energy",
        observable="T",
        observable_unit="MeV",
        edges=edges,
        observed=observed,
        electrons=electrons,
        live_time=live,
        sources=(source,),
        spectators=spectators,
        response=response,
        parameters=(),
        backgrounds=tuple(_background(key, some, options) for key, some in counts.items() if np.any(some)),
        recoil_range=response.energy_range,
        weak_templates={name: counts for name, counts in replaced.items() if name in names},
        provenance=(
            f"counts: {options.data} (a file of the user's)"
            if options.data
            else "counts: none, Asimov data (modelled)",
            f"energy response: {options.response or site.RESOLUTION.citation} (modelled)",
            *told,
        ),
    )


def _times(spectrum: Spectrum, factor: float) -> Spectrum:
    return Spectrum(lambda energy: factor * spectrum.density(energy), spectrum.breaks)


def _source(options: Options, shared: SharedSources, electrons: float) -> Source:
    """The antineutrinos, as many as give the wanted number of recoils without threshold."""
    parameter = flux_parameter("dune", options.flux_error)
    source = shared.isodar.source(parameter, 1e-6)
    found = electrons * _YEARS * SECONDS_PER_YEAR * recoil_rate(source, source.weak)
    return dataclasses.replace(source, flux=source.flux * options.events / found)


def _background(name: str, counts: Array, options: Options) -> Background:
    error = options.background_error
    parameter = Parameter(
        f"dune.scale.{name.lower()}",
        "1",
        1.0,
        lower=0.0,
        constraint=GaussianConstraint(1.0, error) if error > 0 else None,
        description=f"decays of {name} that are left over their nominal number",
    )
    return Background(name.lower(), counts, parameter, title=name, provenance="modelled: beta spectrum")
