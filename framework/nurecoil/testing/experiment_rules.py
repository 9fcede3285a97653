"""The rules of an experiment, in the order in which they are told.

Each asks one thing of the plugin. Templates are looked at in :mod:`nurecoil.testing.template_rules`, exchange
formats in :mod:`nurecoil.testing.exchange`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from nurecoil.errors import FitError, ModelError, OptionError, PluginError
from nurecoil.experiment import Alternative, CountingChannel, Published, PublishedLimit, RecoilChannel
from nurecoil.testing import exchange, plugin_rules, template_rules
from nurecoil.testing.rules import Kept, Rule, told
from nurecoil.variation import Variation

if TYPE_CHECKING:
    from nurecoil.testing.cases import ExperimentCase

__all__ = ["EXPERIMENT_RULES", "KINDS_OF_INPUT"]

KINDS_OF_INPUT = ("published", "digitised", "modelled", "toy")
"""The words of which every line of provenance says one."""


def _builds(case: ExperimentCase) -> Iterator[str]:
    yield Kept(repr(case.model).strip("<>"))


def _channels(case: ExperimentCase) -> Iterator[str]:
    names = [channel.name for channel in case.channels]
    if len(set(names)) != len(names):
        yield f"its channels {', '.join(names)} are not all different"
    for channel in case.channels:
        if not re.fullmatch(rf"{re.escape(case.name)}/\S+", channel.name):
            yield f"a channel is named {channel.name!r}, not '{case.name}/OBSERVABLE'"
        if not channel.observable.strip():
            yield f"{channel.name} names no observable"
        if not channel.sources:
            yield f"{channel.name} has no sources"
        yield from _recoils(channel) if isinstance(channel, RecoilChannel) else _counting(channel)


def _recoils(channel: RecoilChannel) -> Iterator[str]:
    edges = np.asarray(channel.edges)
    if edges.ndim != 1 or edges.size < 2 or not np.all(np.isfinite(edges)) or not np.all(np.diff(edges) > 0):
        yield f"the edges of {channel.name} do not increase"
    if not channel.observable_unit.strip():
        yield f"{channel.name} gives no unit of {channel.observable} (it is '1' for none)"
    if channel.observed is not None:
        observed = np.asarray(channel.observed)
        if observed.shape != (edges.size - 1,):
            yield f"{channel.name} observes {observed.shape} counts in {edges.size - 1} bins"
        elif not np.all(np.isfinite(observed)) or np.any(observed < 0):
            yield f"the counts of {channel.name} are not all finite and at least 0"
    for what in ("electrons", "live_time"):
        value = getattr(channel, what)
        if not (np.isfinite(value) and value > 0):
            yield f"{what} of {channel.name} is {value}"
    low, high = channel.recoil_range
    if not (0 <= low < high and np.isfinite(high)):
        yield f"recoil_range of {channel.name} is {low}, {high} MeV"


def _counting(channel: CountingChannel) -> Iterator[str]:
    if not channel.unit.strip():
        yield f"{channel.name} gives no unit"
    if not (np.isfinite(channel.observed) and np.isfinite(channel.width) and channel.width > 0):
        yield f"{channel.name} measures {channel.observed} +- {channel.width}"


def _parameters(case: ExperimentCase) -> Iterator[str]:
    yield from plugin_rules.worded(list(case.model.parameters.values()))
    shared = {source.parameter.name: source for source in case.sources}
    for name in case.model.parameters:
        scope = name.partition(".")[0] if "." in name else ""
        allowed = {case.name, shared[name].family} if name in shared else {case.name}
        if scope not in allowed:
            yield f"{name} lies outside its scope '{case.name}.*'"
    for source in case.sources:
        if source.family == "solar" and case.assembly.shared.solar.source(source.name) is not source:
            yield f"the solar source {source.name} is not the shared one"


def _provenance(case: ExperimentCase) -> Iterator[str]:
    for channel in case.channels:
        if not channel.provenance:
            yield f"{channel.name} has no provenance"
        lines = [(f"the provenance of {channel.name}", line) for line in channel.provenance]
        if isinstance(channel, RecoilChannel):
            lines += [
                (f"the background {b.name} of {channel.name}", b.provenance) for b in channel.backgrounds
            ]
        for where, line in lines:
            if not any(re.search(rf"\b{kind}\b", line) for kind in KINDS_OF_INPUT):
                yield f"{where} says {line!r}, which is none of {', '.join(KINDS_OF_INPUT)}"


def _beside(case: ExperimentCase) -> Iterator[str]:
    from nurecoil.options import make_options

    experiment = case.assembly.experiments[0]
    wanted: tuple[tuple[str, Any, type], ...] = (
        ("published", experiment.published(case.assembly.shared), Published),
        ("published_limits", experiment.published_limits(), PublishedLimit),
        ("alternatives", experiment.alternatives(), Alternative),
        ("variations", experiment.variations(case.assembly.shared), Variation),
    )
    for what, found, kind in wanted:
        for one in found:
            if not isinstance(one, kind):
                yield f"{what} gives {one!r}, which is no {kind.__name__}"
            elif isinstance(one, Alternative):
                given = {**case.options.get(case.name, {}), **one.options}
                make_options(case.name, case.plugin.Options, given)
            elif isinstance(one, Variation):
                yield from _varied(case, one)
            elif isinstance(one, Published | PublishedLimit) and not one.citation.strip():
                yield f"{what} gives {one.value:g} {one.unit} without a citation"


def _varied(case: ExperimentCase, axis: Variation) -> Iterator[str]:
    """Options are validated as users' are; what is moved must be there, and held by the fit."""
    from nurecoil.options import make_options
    from nurecoil.shared import SHARED

    for choice in axis.choices:
        where = f"{axis.name!r}, choice {choice.label!r},"
        for name, value in choice.options.items():
            owner, _, option = name.rpartition(".")
            if owner not in (case.name, *SHARED):
                yield f"{where} sets {name}, no option of {case.name} or a shared source"
                continue
            kind = case.plugin.Options if owner == case.name else SHARED[owner]
            make_options(owner, kind, {**case.options.get(owner, {}), option: value})
        for name in choice.factors:
            parameter = case.model.parameters.get(name)
            if parameter is None or not (parameter.fixed or choice.options):
                yield f"{where} moves {name}, which the fit does not hold"


def _results(case: ExperimentCase) -> Iterator[str]:
    from nurecoil.inference.fit import fit

    meta, found = case.model.metadata, {}
    try:
        result = fit(case.model)
    except FitError as error:  # one measured sum cannot tell several fluxes apart, and need not
        if error.where != "covariance":
            raise
        yield Kept(f"no fit of its own: {error.got}")
    else:
        meta, found = result.model.metadata, result.to_json()
    document = {**found, **{key: meta[key] for key in ("references", "provenance", "notes")}}
    cited = (*case.plugin.citations, *(one for source in case.sources for one in source.citations))
    yield from plugin_rules.stated(case.model, cited, document)


def _searches(case: ExperimentCase) -> Iterator[str]:
    """With a search that refuses the experiment, or that is at fault itself, the rule is kept."""
    from nurecoil import plugins

    tried: list[str] = []
    case.model  # noqa: B018  (what does not build alone is told once)
    for entry in plugins.searches():
        if entry.status != "ok":
            continue
        try:
            case.with_search(entry.name)
        except OptionError:
            tried.append(f"{entry.name} does not act on it")
        except ModelError as error:
            if not error.where.startswith("parameter of interest"):
                yield f"with {entry.name}: {told(error)}"
            else:
                tried.append(f"{entry.name} does not reach it")
        except PluginError as error:
            if not error.where.startswith("search"):
                yield f"with {entry.name}: {told(error)}"
            else:
                tried.append(f"{entry.name} is at fault itself")
        except Exception as error:  # a stranger's code may raise anything
            yield f"with {entry.name}: {told(error)}"
        else:
            tried.append(entry.name)
    yield Kept("tried: " + (", ".join(tried) or "none is installed"))


EXPERIMENT_RULES: tuple[Rule, ...] = (
    Rule(
        "loads",
        "Register a subclass of nurecoil.experiment.Experiment under the name that its class has.",
        plugin_rules.loads,
    ),
    plugin_rules.LIGHT,
    plugin_rules.DESCRIBED,
    plugin_rules.OPTIONS,
    Rule("builds alone", "Build a model with the Standard Model alone.", _builds),
    Rule(
        "channels",
        "Give every channel a name, an observable with its unit, increasing edges and sound numbers.",
        _channels,
    ),
    Rule(
        "templates",
        "Let every template be finite and not negative, with contents (bins,) and derivatives (names, bins).",
        template_rules.templates,
    ),
    Rule(
        "derivatives",
        "Return the derivatives of the contents: the minimiser trusts them.",
        template_rules.derivatives,
    ),
    Rule(
        "parameters",
        "Give every parameter a unit ('1' for none), a description and a name in the experiment's own scope; "
        "take shared sources from `shared`.",
        _parameters,
    ),
    Rule(
        "provenance",
        "Say of every input where it comes from and that it is published, digitised, modelled or toy.",
        _provenance,
    ),
    plugin_rules.DETERMINISTIC,
    plugin_rules.SILENT,
    Rule(
        "beside results",
        "Give published values with citations, alternatives and variations with options that exist, and move "
        "parameters that the fit holds.",
        _beside,
    ),
    Rule("results", "Let a fit succeed and its result carry references, provenance and notes.", _results),
    Rule("searches", "Build a model with every installed search that acts on it.", _searches),
    Rule(
        "histograms", "Let data and templates go through ROOT and UHI files unchanged.", exchange.histograms
    ),
    Rule("pyhf", "Let the likelihood be the same in pyhf, or have it refused with a reason.", exchange.pyhf),
    Rule("zfit", "Let the likelihood be the same in zfit.", exchange.zfit),
)
"""Every rule of an experiment."""
