"""Experiments put together: what they declare is folded, and a search is put on top.

A neutral :class:`~nurecoil.model.spectral.SpectralModel` comes out. Names and options are resolved before, in
:mod:`nurecoil.analysis`; one channel is folded in :mod:`nurecoil.folding`. No inference here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from nurecoil._blame import Blame
from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.response import compile_response
from nurecoil.errors import ModelError, OptionError, PluginError
from nurecoil.experiment import CountingChannel, Experiment, RecoilChannel, SharedSources
from nurecoil.folding import channel_parameters, fold_counting, fold_recoils, with_signal
from nurecoil.model.parameters import CovarianceConstraint, Parameter, merge_parameters
from nurecoil.model.spectral import Channel, PoissonChannel, SpectralModel
from nurecoil.physics.source import Source
from nurecoil.search import Search

__all__ = ["Assembly", "ask", "fold"]


def fold(experiments: Sequence[Experiment], search: Search | None, shared: SharedSources) -> SpectralModel:
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
        >>> from nurecoil.plugins import load_experiment
        >>> from nurecoil.shared import Sources
        >>> gallium = load_experiment("gallium")
        >>> fold([gallium(gallium.Options())], None, Sources())
        <SpectralModel: gallium/rate (1 bins); 8 parameters, 2 free; POI None>
    """
    return Assembly(experiments, shared).model(search)


class Assembly:
    """Experiments that have been asked and folded once; any number of searches can be put on them.

    A scan over the mass of a mediator folds backgrounds and the Standard Model once, and the detector's
    response is compiled once: only the signal is made anew.

    Args:
        experiments: the experiments, with their options.
        shared: the shared sources.

    Raises:
        NurecoilError: whatever a plugin refuses; anything else that it raises comes back as a PluginError
            that names it.

    Example:
        >>> from nurecoil.plugins import load_experiment
        >>> from nurecoil.shared import Sources
        >>> gallium = load_experiment("gallium")
        >>> Assembly([gallium(gallium.Options())], Sources()).model()
        <SpectralModel: gallium/rate (1 bins); 8 parameters, 2 free; POI None>
    """

    def __init__(self, experiments: Sequence[Experiment], shared: SharedSources) -> None:
        self.experiments = tuple(experiments)
        self.shared = shared
        self._declared = [(experiment, ask(experiment, shared)) for experiment in experiments]
        self._folded: list[Channel] = []
        for experiment, found in self._declared:
            with Blame("experiment", experiment.name):
                self._folded += [
                    fold_recoils(channel) if isinstance(channel, RecoilChannel) else fold_counting(channel)
                    for channel in found
                ]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the experiments."""
        return tuple(experiment.name for experiment in self.experiments)

    def model(self, search: Search | None = None, like: SpectralModel | None = None) -> SpectralModel:
        """The experiments with a search.

        Args:
            search: the search, or ``None``.
            like: a model of this assembly whose response is compiled: its expansion point is used again,
                and what has not changed is not compiled anew.

        Returns:
            The model, its response compiled where the experiments' options say so.

        Raises:
            FitError: where a response is to be compiled and the exact model cannot be fitted.
            ModelError: where parts contradict each other.
            OptionError: where the search does not fit the experiments.
            PluginError: where the search raises.
        """
        channels, owned, poi = self._channels(search), self._owned(), None
        if search is not None:
            with Blame("search", search.name):
                owned.append((search.name, search.parameters()))
                poi = search.poi
        parameters = merge_parameters(owned)
        constraints = _constraints(self._declared, self.shared)
        metadata = _metadata(self._declared, search, self.shared, parameters)
        with Blame("experiment", ", ".join(self.names)):
            filled = _with_asimov(channels, parameters)
            model = SpectralModel(filled, parameters, constraints, poi, metadata)
        wanted = any(getattr(channel, "compiled", False) for _, found in self._declared for channel in found)
        if not wanted:
            return model
        # about the Standard Model's best fit: the same for every mass and sign of a search
        return compile_response(model, held=(poi,) if poi is not None else (), like=like)

    def _channels(self, search: Search | None) -> tuple[Channel, ...]:
        if search is None:
            return tuple(self._folded)
        declared = [channel for _, found in self._declared for channel in found]
        sources = {id(s): s for c in declared if isinstance(c, RecoilChannel) for s in c.sources}
        if not sources:
            raise OptionError(
                "experiments",
                f"{', '.join(self.names)} and no recoils for {search.name} to act on",
                "at least one experiment with a spectrum of recoils",
                "Add one; `nurecoil list` shows what there is.",
            )
        with Blame("search", search.name):
            search.check_sources(list(sources.values()))
        channels: list[Channel] = []
        owners = [experiment.name for experiment, found in self._declared for _ in found]
        for owner, channel, folded in zip(owners, declared, self._folded, strict=True):
            with Blame("experiment", owner):
                if isinstance(channel, RecoilChannel) and isinstance(folded, PoissonChannel):
                    channels.append(with_signal(folded, channel, search))
                else:
                    channels.append(folded)
        return tuple(channels)

    def _owned(self) -> list[tuple[str, Sequence[Parameter]]]:
        owned: list[tuple[str, Sequence[Parameter]]] = []
        for experiment, found in self._declared:
            with Blame("experiment", experiment.name):
                owned += [(channel.name, channel_parameters(channel)) for channel in found]
        return owned

    def __repr__(self) -> str:
        """Experiments and channels."""
        channels = ", ".join(channel.name for channel in self._folded)
        return f"<Assembly of {', '.join(self.names)}: {channels}>"


def ask(experiment: Experiment, shared: SharedSources) -> list[RecoilChannel | CountingChannel]:
    """The channels of an experiment, with a first look at them.

    Args:
        experiment: the experiment.
        shared: the shared sources.

    Returns:
        At least one channel.

    Raises:
        PluginError: where it has none, or something else, or a channel's name is not ``experiment/...``.

    Example:
        >>> from nurecoil.plugins import load_experiment
        >>> from nurecoil.shared import Sources
        >>> gallium = load_experiment("gallium")
        >>> [channel.name for channel in ask(gallium(gallium.Options()), Sources())]
        ['gallium/rate']
    """
    with Blame("experiment", experiment.name):
        found = list(experiment.channels(shared))
        where = f"experiment {experiment.name!r}"
        if not found or not all(isinstance(c, RecoilChannel | CountingChannel) for c in found):
            raise PluginError(where, f"channels {found!r}", "RecoilChannel or CountingChannel")
        for channel in found:
            if not channel.name.startswith(f"{experiment.name}/"):
                raise PluginError(where, f"a channel named {channel.name!r}", f"{experiment.name}/OBSERVABLE")
        return found


def _arriving(channel: RecoilChannel | CountingChannel) -> Sequence[Source]:
    """Every neutrino source of a channel, spectators among them."""
    return (*channel.sources, *(channel.spectators if isinstance(channel, RecoilChannel) else ()))


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
    shared: SharedSources,
) -> tuple[CovarianceConstraint, ...]:
    found: list[CovarianceConstraint] = []
    for experiment, _ in declared:
        with Blame("experiment", experiment.name):
            for constraint in experiment.constraints(shared):
                _check_joint(experiment.name, constraint, found)
                if constraint not in found:
                    found.append(constraint)
    solar = {s.name: None for _, cs in declared for c in cs for s in _arriving(c) if s.family == "solar"}
    if solar:
        found += shared.solar.constraints_on(solar)
    return tuple(found)


def _check_joint(owner: str, constraint: CovarianceConstraint, known: Sequence[CovarianceConstraint]) -> None:
    """Refuse a second joint measurement of a parameter: the same one is counted once, another is no other."""
    for other in known:
        both = [name for name in constraint.names if name in other.names]
        if both and constraint != other:
            raise ModelError(
                f"joint constraint of {owner}",
                f"{', '.join(both)} under another one: centres {constraint.centre} and {other.centre}",
                "one joint constraint a parameter",
                "Give both experiments the same options, or rename what is not shared.",
            )


def _metadata(
    declared: Sequence[tuple[Experiment, Sequence[RecoilChannel | CountingChannel]]],
    search: Search | None,
    shared: SharedSources,
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
                if search is None or one.search != search.name or set(one.experiments) != set(names):
                    continue
                if one.parameter in ("", search.poi):
                    limits.append(dataclasses.asdict(one))
            for channel in channels:
                provenance += channel.provenance
                for source in _arriving(channel):
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
