"""The channel of a detector beside a decay-at-rest source: bins, response, neutrinos, backgrounds.

What a site is and which options it has lives in :mod:`nurecoil.blueprints.isodar_options`.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from nurecoil.blueprints.deposits import deposit_spectrum
from nurecoil.blueprints.facts import Fact
from nurecoil.blueprints.inputs import binned_response, flux_spectrum, named_backgrounds
from nurecoil.blueprints.isodar_options import COSMOGENIC, IsodarOptionsOfSite, IsodarSite
from nurecoil.detectors.energy import EnergyResponse, Resolution
from nurecoil.detectors.matrix import MatrixResponse
from nurecoil.detectors.spectrum import Spectrum
from nurecoil.errors import OptionError
from nurecoil.experiment import Background, RecoilChannel, SharedSources
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.physics.constants import SECONDS_PER_DAY, SECONDS_PER_YEAR
from nurecoil.physics.decay_at_rest import flux_parameter
from nurecoil.physics.geometry import sphere_mean_inverse_square
from nurecoil.physics.reactor import reactor_source
from nurecoil.physics.recoil import recoil_rate
from nurecoil.physics.scattering import maximum_recoil
from nurecoil.physics.source import Source

__all__ = ["first_principles", "isodar_channel"]

Array = NDArray[np.float64]

_DAYS_PER_YEAR = SECONDS_PER_YEAR / SECONDS_PER_DAY
_QUOTED_YEARS = 5.0
_UNKNOWN_RATE = 0.2
"""Relative error of a rate that is published without one."""


def isodar_channel(
    name: str, site: IsodarSite, options: IsodarOptionsOfSite, shared: SharedSources
) -> RecoilChannel:
    """The spectrum of recoils under the given options.

    Args:
        name: the experiment's name.
        site: what is known about the detector.
        options: its options.
        shared: the shared sources.

    Returns:
        The channel; solar and reactor neutrinos are its spectators.

    Raises:
        InputError: where an input file cannot be used.
        OptionError: where no recoil reaches the threshold, or options contradict each other.

    Example:
        >>> from nurecoil.plugins import load_experiment
        >>> from nurecoil.shared import Sources
        >>> options = IsodarOptionsOfSite(threshold=3.0, backgrounds=("none",))
        >>> channel = isodar_channel("kamland", load_experiment("kamland").site, options, Sources())
        >>> channel.name, [source.name for source in channel.sources], channel.edges[:2].round(9).tolist()
        ('kamland/energy', ['li8'], [3.0, 3.1])
    """
    _check(name, site, options)
    source = _source(name, site, options, shared)
    scale = _energy_scale(name, options)
    response, observed = binned_response(
        name, options, _highest(shared), _resolution(site, options),
        scale=scale.name if scale else None, efficiency=options.efficiency,
    )  # fmt: skip
    edges = response.edges
    mass = _mass(site, options)
    spectators = _spectators(name, site, options, shared, response)
    names = [source.name for source in spectators]
    replaced, file_told = named_backgrounds(
        f"{name}.background_file", options.background_file, edges, [*COSMOGENIC, *names]
    )
    backgrounds = [_given(name, key, counts) for key, counts in replaced.items() if key not in names]
    for isotope in COSMOGENIC:
        if isotope in options.backgrounds and isotope not in replaced:
            backgrounds.append(_cosmogenic(name, isotope, site.cosmogenics[isotope], options, mass, response))
    return RecoilChannel(
        name=f"{name}/energy",
        observable="T",
        observable_unit="MeV",
        edges=edges,
        observed=observed,
        electrons=site.electrons_per_tonne.value * mass,
        live_time=options.live_time * SECONDS_PER_YEAR,
        sources=(source,),
        spectators=spectators,
        response=response,
        parameters=(scale,) if scale is not None else (),
        backgrounds=tuple(one for one in backgrounds if np.any(_contents(one))),
        recoil_range=response.energy_range,
        weak_templates={s.name: replaced[s.name] for s in spectators if s.name in replaced},
        compiled=scale is not None,
        provenance=(
            f"counts: {options.data} (a file of the user's)"
            if options.data
            else "counts: none, Asimov data (modelled)",
            f"energy response: {options.response} (a file of the user's)"
            if options.response
            else f"energy response: {site.resolution.citation} ({_word(site.resolution)})",
            *([f"reactors: {site.reactors_citation} (modelled)"] if "reactor" in options.backgrounds else []),
            *file_told,
        ),
    )


def first_principles(
    site: IsodarSite, options: IsodarOptionsOfSite, shared: SharedSources, above: float
) -> float:
    """Elastic scatters from source strength, solid angle and mass, before any cut.

    Args:
        site: what is known about the detector.
        options: live time, distance and radius are taken from them.
        shared: the shared sources.
        above: lowest recoil energy [MeV].

    Returns:
        Events in the live time.

    Raises:
        OptionError: where the source lies inside the fiducial sphere.

    Example:
        >>> from nurecoil.plugins import load_experiment
        >>> from nurecoil.shared import Sources
        >>> kamland = load_experiment("kamland")
        >>> f"{first_principles(kamland.site, kamland.Options(), Sources(), above=3.0):.3g}"
        '7.99e+03'
    """
    _check("site", site, options)
    parameter = Parameter("isodar.flux", "1", 1.0, lower=0.0)
    source = shared.isodar.source(parameter, _solid_angle(site, options))
    return _events(source, site, options, above)


def _check(name: str, site: IsodarSite, options: IsodarOptionsOfSite) -> None:
    """Refuse options that contradict each other, before anything is built."""
    chosen = options.backgrounds
    if "none" in chosen and len(set(chosen)) > 1:
        others = ", ".join(one for one in chosen if one != "none")
        raise OptionError(
            f"{name}.backgrounds", f"none beside {others}", "none alone, or backgrounds by name"
        )
    if options.reactor_spectrum is not None and "reactor" not in chosen:
        raise OptionError(
            f"{name}.reactor_spectrum", "a spectrum for a background that is left out",
            f"none, or {name}.backgrounds with reactor in it",
        )  # fmt: skip
    if options.response is not None and options.scale_error > 0:
        raise OptionError(
            f"{name}.scale_error", f"{options.scale_error:g} beside a response matrix", "0",
            "A matrix has no energy scale to move.",
        )  # fmt: skip
    radius, distance = _radius(site, options), _distance(site, options)
    if radius >= distance:
        raise OptionError(
            f"{name}.distance", f"a source {distance:g} m from the centre of a sphere of {radius:g} m",
            f"a source outside the fiducial volume: {name}.distance above {name}.radius",
        )  # fmt: skip


def _source(name: str, site: IsodarSite, options: IsodarOptionsOfSite, shared: SharedSources) -> Source:
    """The source with the flux that gives the wanted number of events."""
    parameter = flux_parameter(name, options.flux_error)
    source = shared.isodar.source(parameter, _solid_angle(site, options))
    above, wanted = options.threshold, options.events
    if wanted is None and options.normalisation == "quoted":
        above, quoted = site.quoted
        wanted = quoted * options.live_time / _QUOTED_YEARS
    highest = _highest(shared)
    for where, energy in ((f"{name}.threshold", options.threshold), (f"{name}.normalisation", above)):
        if energy >= highest:
            raise OptionError(
                where, f"recoils above {energy:g} MeV, which {source.title} do not have",
                f"below {highest:.4g} MeV",
            )  # fmt: skip
    if wanted is None:
        return source
    found = _events(source, site, options, above)
    # the response applies the efficiency, which a count of events has already
    return dataclasses.replace(source, flux=source.flux * wanted / (found * options.efficiency))


def _highest(shared: SharedSources) -> float:
    """Largest recoil [MeV] but for the one in 1e5 from antineutrinos beyond the effective endpoint."""
    return float(maximum_recoil(shared.isodar.effective_endpoint))


def _events(source: Source, site: IsodarSite, options: IsodarOptionsOfSite, above: float) -> float:
    electrons = site.electrons_per_tonne.value * _mass(site, options)
    live = options.live_time * SECONDS_PER_YEAR
    return electrons * live * recoil_rate(source, source.weak, above)


def _radius(site: IsodarSite, options: IsodarOptionsOfSite) -> float:
    return options.radius if options.radius is not None else site.radius.value


def _mass(site: IsodarSite, options: IsodarOptionsOfSite) -> float:
    """Fiducial mass [t]."""
    return site.mass.value * (_radius(site, options) / site.radius.value) ** 3


def _distance(site: IsodarSite, options: IsodarOptionsOfSite) -> float:
    return options.distance if options.distance is not None else site.distance.value


def _solid_angle(site: IsodarSite, options: IsodarOptionsOfSite) -> float:
    return sphere_mean_inverse_square(100 * _radius(site, options), 100 * _distance(site, options))


def _energy_scale(name: str, options: IsodarOptionsOfSite) -> Parameter | None:
    """The energy scale as a nuisance, or ``None`` where it is known."""
    if options.scale_error == 0:
        return None
    return Parameter(
        f"{name}.energy_scale", "1", 1.0, 0.8, 1.2,
        GaussianConstraint(1.0, options.scale_error), description="energy scale over its nominal value",
    )  # fmt: skip


def _resolution(site: IsodarSite, options: IsodarOptionsOfSite) -> Resolution:
    stochastic = site.resolution.value if options.resolution is None else options.resolution
    return Resolution(stochastic, options.resolution_constant)


def _spectators(
    name: str,
    site: IsodarSite,
    options: IsodarOptionsOfSite,
    shared: SharedSources,
    response: EnergyResponse | MatrixResponse,
) -> tuple[Source, ...]:
    """Neutrinos that are a background, as far as their recoils reach the bins."""
    found: list[Source] = []
    if "solar" in options.backgrounds:
        found += shared.solar.sources().values()
    if "reactor" in options.backgrounds and site.reactors:
        made = reactor_source(
            name, site.reactors, oscillation=shared.solar.oscillation, citations=(site.reactors_citation,)
        )
        if options.reactor_spectrum is not None:
            made = flux_spectrum(f"{name}.reactor_spectrum", options.reactor_spectrum, made)
        found.append(made)
    low = response.energy_range[0]
    return tuple(source for source in found if source.maximum_recoil > low)


def _cosmogenic(
    name: str,
    isotope: str,
    rate: Fact,
    options: IsodarOptionsOfSite,
    mass: float,
    response: EnergyResponse | MatrixResponse,
) -> Background:
    decays = mass / 1000 * options.live_time * _DAYS_PER_YEAR * (1 - options.veto)
    one = deposit_spectrum(isotope)
    spectrum = Spectrum(lambda energy: decays * one.density(energy), one.breaks)
    error = rate.error if rate.error is not None else _UNKNOWN_RATE * rate.value
    parameter = Parameter(
        f"{name}.rate.{isotope.lower()}",
        "cpd/kt",
        rate.value,
        lower=0.0,
        constraint=GaussianConstraint(rate.value, error),
        description=f"production of {isotope} by muons",
        source=rate.citation,
    )
    title = f"{isotope[-2:]}{isotope[:-2]}"
    return Background(
        isotope.lower(), response.template(spectrum), parameter, title=title,
        provenance=f"{_word(rate)}: {rate.citation}",
    )  # fmt: skip


def _given(name: str, key: str, counts: Array) -> Background:
    """A background that a file gives, with its counts for the live time, known to 20 %."""
    parameter = Parameter(
        f"{name}.scale.{key.lower()}", "1", 1.0, lower=0.0,
        constraint=GaussianConstraint(1.0, _UNKNOWN_RATE), description=f"{key} over the counts of its file",
    )  # fmt: skip
    return Background(key.lower(), counts, parameter, title=key, provenance="a file of the user's")


def _contents(background: Background) -> Array:
    template = background.template
    return template if isinstance(template, np.ndarray) else np.asarray(template.evaluate([1.0])[0])


def _word(fact: Fact) -> str:
    """How well a number is known, in the words of provenance."""
    return {"published": "published", "derived": "modelled", "assumed": "modelled"}[fact.status]
