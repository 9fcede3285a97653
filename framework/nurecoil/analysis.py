"""Where experiments and a search meet: their parts are folded into one neutral model.

The way of the data goes down from here: plugins are asked for their parts, recoil spectra are folded
with the detectors, and a :class:`~nurecoil.model.spectral.SpectralModel` comes out. No inference here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from nurecoil import plugins
from nurecoil._blame import Blame, terms_of
from nurecoil.detectors.spectrum import Spectrum
from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.response import compile_response
from nurecoil.errors import NurecoilError, OptionError, PluginError, unknown_name
from nurecoil.experiment import CountingChannel, Experiment, RecoilChannel
from nurecoil.model.parameters import CovarianceConstraint, Parameter, merge_parameters
from nurecoil.model.spectral import Channel, GaussianChannel, PoissonChannel, Sample, SpectralModel
from nurecoil.options import make_options
from nurecoil.physics.recoil import recoil_spectrum
from nurecoil.physics.scattering import maximum_recoil
from nurecoil.physics.solar import SolarNeutrinos
from nurecoil.physics.solar_options import SolarOptions
from nurecoil.physics.source import CrossSection, Source
from nurecoil.search import Search

__all__ = ["Sources", "build", "declared_parameters", "fold"]

_SHARED = {"solar": SolarOptions}
_UNSEEN = 1e-6


class Sources:
    """The sources that experiments share, built when the first of them asks.

    Args:
        solar: options of the Sun.

    Example:
        >>> Sources(SolarOptions()).solar
        <SolarNeutrinos B16-GS98, radiative cross section, free fluxes: pp, be7>
    """

    def __init__(self, solar: SolarOptions) -> None:
        self._solar = solar

    @cached_property
    def solar(self) -> SolarNeutrinos:
        """The Sun."""
        return SolarNeutrinos(self._solar)


def build(
    experiments: Sequence[str],
    search: str | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
) -> SpectralModel:
    """Build the model of one or several experiments, with a search or without.

    Args:
        experiments: names of experiment plugins, each once.
        search: name of a search plugin, or ``None`` for the Standard Model alone.
        options: by experiment, by search and by shared source (``solar``): option to value.

    Returns:
        The model, its response exact or compiled as the experiments' options say. Channels without
        data hold the Asimov data of the starting values.

    Raises:
        FitError: where a response is to be compiled and the exact model cannot be fitted.
        InputError: where an input cannot be used.
        ModelError: where parts contradict each other.
        OptionError: for an unknown or impossible option.
        PluginError: for an unknown or broken plugin; the message names it.

    Example:
        >>> build(["gallium"], options={"solar": {"ssm": "B16-AGSS09"}})
        <SpectralModel: gallium/rate (1 bins); 8 parameters, 2 free; POI None>
    """
    names = [experiments] if isinstance(experiments, str) else list(experiments)
    if not names or len(set(names)) != len(names):
        raise OptionError("experiments", ", ".join(names) or "none", "at least one, each once")
    classes = {name: plugins.load_experiment(name) for name in names}
    searched = plugins.load_search(search) if search is not None else None
    given = {owner: dict(values) for owner, values in (options or {}).items()}
    owners = {**{name: c.Options for name, c in classes.items()}, **_SHARED}
    if searched is not None and search is not None:
        owners[search] = searched.Options
    for owner in given:
        if owner not in owners:
            raise _no_owner(owner, owners)
    made = {owner: make_options(owner, kind, given.get(owner)) for owner, kind in owners.items()}
    shared = Sources(made["solar"])
    parts, theory = [], None
    for name in names:
        with Blame("experiment", name):
            parts.append(classes[name](made[name]))
    if searched is not None and search is not None:
        with Blame("search", search):
            theory = searched(made[search])
    model = fold(parts, theory, shared)
    stated = {owner: dataclasses.asdict(value) for owner, value in made.items()}
    return dataclasses.replace(model, metadata={**model.metadata, "options": stated})


def _no_owner(owner: str, owners: Mapping[str, type]) -> NurecoilError:
    """The error for options of something that the model does not have."""
    kinds = {entry.name: entry.kind for entry in plugins.installed()}
    if owner not in kinds:
        return unknown_name(OptionError, "options", owner, owners)
    remedy = f"Add the {kinds[owner]} {owner}, or leave its options out."
    return OptionError(f"options of {owner}", "the model does not use it", ", ".join(sorted(owners)), remedy)


def fold(experiments: Sequence[Experiment], search: Search | None, shared: Sources) -> SpectralModel:
    """Fold experiments with a search into a model.

    Args:
        experiments: the experiments, with their options.
        search: the search, or ``None``.
        shared: the shared sources.

    Returns:
        The model.

    Raises:
        NurecoilError: whatever a plugin or the model refuses; anything else that a plugin raises comes
            back as a PluginError that names it.

    Example:
        >>> fold([plugins.load_experiment("gallium")(None)], None, Sources(SolarOptions()))
        Traceback (most recent call last):
        ...
        nurecoil.errors.PluginError: experiment 'gallium': ...
    """
    declared = [(experiment, _ask(experiment, shared)) for experiment in experiments]
    sources = {
        id(s): s for _, found in declared for c in found if isinstance(c, RecoilChannel) for s in c.sources
    }
    if search is not None:
        if not sources:
            raise OptionError(
                "experiments",
                f"{', '.join(e.name for e in experiments)} and no recoils for {search.name} to act on",
                "at least one experiment with a spectrum of recoils",
                "Add one; `nurecoil list` shows what there is.",
            )
        with Blame("search", search.name):
            search.check_sources(list(sources.values()))
    owned: list[tuple[str, Sequence[Parameter]]] = []
    channels: list[Channel] = []
    for experiment, found in declared:
        for channel in found:
            with Blame("experiment", experiment.name):
                owned += [(channel.name, _parameters(channel))]
                channels.append(
                    _fold_recoils(channel, search)
                    if isinstance(channel, RecoilChannel)
                    else _fold_counting(channel)
                )
    poi = None
    if search is not None:
        with Blame("search", search.name):
            owned.append((search.name, search.parameters()))
            poi = search.poi
    parameters = merge_parameters(owned)
    constraints = _constraints(declared, shared, parameters)
    metadata = _metadata(declared, search, shared, parameters)
    with Blame("experiment", ", ".join(experiment.name for experiment in experiments)):
        filled = _with_asimov(tuple(channels), parameters)
        model = SpectralModel(filled, parameters, constraints, poi, metadata)
    wanted = any(getattr(channel, "compiled", False) for _, found in declared for channel in found)
    return compile_response(model) if wanted else model


def declared_parameters(experiment: str) -> list[Parameter]:
    """The parameters of an experiment under its default options, without folding anything.

    Args:
        experiment: name of an experiment plugin.

    Returns:
        Its own and the shared parameters, in the order of its channels.

    Raises:
        InputError: where a shipped input cannot be used.
        PluginError: for an unknown or broken plugin.

    Example:
        >>> [parameter.name for parameter in declared_parameters("gallium")][:2]
        ['solar.flux.pp', 'solar.flux.pep']
    """
    kind = plugins.load_experiment(experiment)
    found = kind(make_options(experiment, kind.Options))
    channels = _ask(found, Sources(make_options("solar", SolarOptions)))
    return list(merge_parameters((channel.name, _parameters(channel)) for channel in channels).values())


def _ask(experiment: Experiment, shared: Sources) -> list[RecoilChannel | CountingChannel]:
    with Blame("experiment", experiment.name):
        found = list(experiment.channels(shared))
        if not found or not all(isinstance(c, RecoilChannel | CountingChannel) for c in found):
            raise PluginError(
                f"experiment {experiment.name!r}", f"channels {found!r}", "RecoilChannel or CountingChannel"
            )
        return found


def _parameters(channel: RecoilChannel | CountingChannel) -> list[Parameter]:
    found = [source.parameter for source in channel.sources]
    if isinstance(channel, RecoilChannel):
        found += channel.parameters
        if channel.exposure_parameter is not None:
            found.append(channel.exposure_parameter)
        for background in channel.backgrounds:
            found += background.parameters
            if background.rate is not None:
                found.append(background.rate)
    return found


def _fold_recoils(channel: RecoilChannel, search: Search | None) -> PoissonChannel:
    samples = []
    for name in channel.weak_templates:
        if name not in {source.name for source in channel.sources}:
            known = [source.name for source in channel.sources]
            raise unknown_name(PluginError, f"weak templates of {channel.name}", name, known)
    exposure = {} if channel.exposure_parameter is None else {channel.exposure_parameter.name: 1}
    for source in channel.sources:
        yields = {source.parameter.name: 1, **exposure}
        template = channel.weak_templates.get(source.name)
        if template is None:
            template = channel.response.template(_recoils(channel, source, source.weak))
        cited = "; ".join(source.citations)
        samples.append(Sample(source.name, template, yields, False, source.title, "neutrino", cited))
        for term in terms_of(search, source):
            template = _signal(channel, source, term.cross_section)
            powers = dict(yields)
            for factor, power in term.powers:
                powers[factor] = powers.get(factor, 0) + power
            title = f"{source.title} ({term.name})"
            name = f"{source.name}.{term.name}"
            samples.append(Sample(name, template, powers, term.signed, title, "signal", cited))
    for background in channel.backgrounds:
        powers = {background.rate.name: 1} if background.rate is not None else {}
        samples.append(
            Sample(
                background.name,
                background.template,
                powers,
                title=background.title or background.name,
                provenance=background.provenance,
            )
        )
    edges = np.asarray(channel.edges, float)
    observed = channel.observed
    return PoissonChannel(
        channel.name,
        channel.observable,
        channel.observable_unit,
        edges,
        tuple(samples),
        np.zeros(edges.size - 1) if observed is None else np.asarray(observed, float),
        asimov=observed is None,
    )


def _recoils(channel: RecoilChannel, source: Source, cross_section: CrossSection) -> Spectrum:
    """The recoils [events/MeV] of one source and one term, with breaks at the edges of lines."""
    low, high = channel.recoil_range
    scale = channel.electrons * channel.live_time
    ends = [float(maximum_recoil(energy)) for energy, _ in source.lines]
    inside = [end for end in (*ends, source.maximum_recoil) if low < end < high]
    last = max(inside) if inside and source.maximum_recoil < high else high
    return Spectrum(
        lambda T: scale * recoil_spectrum(source, cross_section, T), tuple(sorted({low, *inside, last}))
    )


def _signal(channel: RecoilChannel, source: Source, cross_section: CrossSection) -> Any:
    """The template of a search's term; zero where only the far tail of the resolution reaches the bins."""
    recoils = _recoils(channel, source, cross_section)
    template = channel.response.template(recoils)
    values = {parameter.name: parameter.value for parameter in channel.parameters}
    contents = np.asarray(template.evaluate([values[name] for name in template.names])[0])
    if np.abs(contents).sum() < _UNSEEN * abs(recoils.integral()):
        return np.zeros(contents.shape)
    return template


def _fold_counting(channel: CountingChannel) -> GaussianChannel:
    samples = tuple(
        Sample(
            source.name,
            np.array([float(channel.capture(source))]),
            {source.parameter.name: 1},
            title=source.title,
            group="neutrino",
            provenance="; ".join(source.citations),
        )
        for source in channel.sources
    )
    return GaussianChannel(
        channel.name,
        channel.observable,
        channel.unit,
        samples,
        np.array([float(channel.observed)]),
        np.array([float(channel.width)]),
    )


def _with_asimov(channels: tuple[Channel, ...], parameters: Mapping[str, Parameter]) -> tuple[Channel, ...]:
    """Fill channels without data with what the starting values predict."""
    if not any(channel.asimov for channel in channels):
        return channels
    compiled = CompiledModel(SpectralModel(channels, parameters))
    expected = compiled.expected(compiled.start)
    return tuple(
        dataclasses.replace(channel, observed=contents) if channel.asimov else channel
        for channel, contents in zip(channels, expected, strict=True)
    )


def _constraints(
    declared: Sequence[tuple[Experiment, Sequence[RecoilChannel | CountingChannel]]],
    shared: Sources,
    parameters: Mapping[str, Parameter],
) -> tuple[CovarianceConstraint, ...]:
    found: list[CovarianceConstraint] = []
    for experiment, _ in declared:
        with Blame("experiment", experiment.name):
            found += experiment.constraints(shared)
    solar = {s.name: None for _, cs in declared for c in cs for s in c.sources if s.family == "solar"}
    if solar:
        found += shared.solar.constraints_on(solar)
    return tuple(found)


def _metadata(
    declared: Sequence[tuple[Experiment, Sequence[RecoilChannel | CountingChannel]]],
    search: Search | None,
    shared: Sources,
    parameters: Mapping[str, Parameter],
) -> dict[str, Any]:
    names = [experiment.name for experiment, _ in declared]
    references: list[str] = []
    provenance: list[str] = []
    notes: list[str] = []
    published: list[dict[str, Any]] = []
    limits: list[dict[str, Any]] = []
    alternatives: list[dict[str, Any]] = []
    for experiment, channels in declared:
        with Blame("experiment", experiment.name):
            references += experiment.citations
            notes += experiment.notes()
            for other in experiment.alternatives():
                options = {experiment.name: dict(other.options)}
                alternatives.append({"label": other.label, "options": options})
            published += [
                dataclasses.asdict(p) for p in experiment.published(shared) if p.parameter in parameters
            ]
            for one in experiment.published_limits():
                if search is not None and one.search == search.name and set(one.experiments) == set(names):
                    limits.append(dataclasses.asdict(one))
            for channel in channels:
                provenance += channel.provenance
                for source in channel.sources:
                    references += source.citations
    if search is not None:
        with Blame("search", search.name):
            references += search.citations
            notes += search.notes()
    return {
        "experiments": names,
        "search": search.name if search is not None else None,
        "references": list(dict.fromkeys(references)),
        "provenance": list(dict.fromkeys(provenance)),
        "notes": list(dict.fromkeys(notes)),
        "published": published,
        "published_limits": limits,
        "alternatives": alternatives,
    }
