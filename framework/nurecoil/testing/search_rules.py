"""The rules of a search, in the order in which they are told; each asks one thing of the plugin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from nurecoil.model.parameters import Parameter
from nurecoil.physics.scattering import maximum_recoil
from nurecoil.physics.source import FLAVOURS, Source
from nurecoil.search import Term
from nurecoil.testing import exchange, plugin_rules
from nurecoil.testing.rules import Kept, Rule, told

if TYPE_CHECKING:
    from nurecoil.testing.cases import SearchCase

__all__ = ["SEARCH_RULES"]


def _parameters(case: SearchCase) -> Iterator[str]:
    found = list(case.search.parameters())
    if not all(isinstance(one, Parameter) for one in found):
        yield f"parameters() gives {found!r}"
        return
    names = [parameter.name for parameter in found]
    if case.search.poi not in names:
        yield f"its parameter of interest {case.search.poi!r} is not among {', '.join(names) or 'none'}"
    for parameter in found:
        if "." in parameter.name:
            yield f"{parameter.name} has a dot: such names belong to experiments and shared sources"
        if parameter.name == case.search.poi and parameter.fixed:
            yield f"its parameter of interest {parameter.name} is fixed"
    if len(set(names)) != len(names):
        yield f"its parameters {', '.join(names)} are not all different"
    yield from plugin_rules.worded(found)


def _terms(case: SearchCase) -> Iterator[str]:
    own = {parameter.name for parameter in case.search.parameters()}
    felt = []
    for source in case.sources:
        terms = list(case.search.terms(source))
        if terms:
            felt.append(source.name)
        if not all(isinstance(term, Term) for term in terms):
            yield f"terms({source.name}) gives {terms!r}"
            continue
        names = [term.name for term in terms]
        if len(set(names)) != len(names):
            yield f"its terms of {source.name}, {', '.join(names)}, are not all different"
        for term in terms:
            where = f"the term {term.name} of {source.name}"
            for name, power in term.powers:
                if name not in own or isinstance(power, bool) or not isinstance(power, int) or power < 1:
                    yield f"{where} scales with {name!r} to the power {power!r}"
            yield from _cross_section(where, term, source)
    yield Kept(f"felt by {', '.join(felt)}") if felt else "no source of the experiment feels it"


def _cross_section(where: str, term: Term, source: Source) -> Iterator[str]:
    """A cross section gives one finite number for every pair of energies that is possible."""
    energy = np.linspace(0.05, 1.0, 12) * source.endpoint
    recoil = maximum_recoil(energy)[:, None] * np.array([1e-3, 0.1, 0.5, 0.999])
    shares = source.probabilities(energy)
    for flavour in (one for one in FLAVOURS if np.any(shares.get(one, 0.0))):
        value = np.asarray(term.cross_section(recoil, energy[:, None], flavour, source.antineutrino))
        kind = f"{'anti' if source.antineutrino else ''}nu_{flavour}"
        if np.broadcast_shapes(value.shape, recoil.shape) != recoil.shape:
            yield f"{where} for {kind} has shape {value.shape} for energies of shape {recoil.shape}"
        elif not np.all(np.isfinite(value)):
            yield f"{where} for {kind} is not finite everywhere"
        elif not term.signed and np.any(value < 0):
            yield f"{where} for {kind} is negative and not declared signed"


def _acts(case: SearchCase) -> Iterator[str]:
    from nurecoil.bridges._coordinates import spreads

    model = case.model
    if model.poi != case.search.poi:
        yield f"the model's parameter of interest is {model.poi!r}, not {case.search.poi!r}"
    spread = spreads(model).get(case.search.poi, 0.0)
    if not spread > 0:
        yield f"the likelihood on {case.experiment} does not depend on {case.search.poi}"
    unit = model.parameters[case.search.poi].unit
    unit = "" if unit == "1" else f" {unit}"
    yield Kept(f"on {case.experiment}; {case.search.poi} resolved to {spread:.2g}{unit}")


def _sources(case: SearchCase) -> Iterator[str]:
    one: object = case.search.of_one_source
    if not isinstance(one, bool):
        yield f"of_one_source is {one!r}"
    before = [(source.name, source.flux, source.parameter) for source in case.sources]
    case.search.check_sources(list(case.sources))
    if before != [(source.name, source.flux, source.parameter) for source in case.sources]:
        yield "check_sources changes what it is given"


def _results(case: SearchCase) -> Iterator[str]:
    from nurecoil.errors import NurecoilError
    from nurecoil.inference.limits import limit

    try:
        document = limit(case.model).to_json()
    except NurecoilError as error:
        yield f"a limit on {case.experiment} fails: {told(error)}"
        return
    yield from plugin_rules.stated(case.model, tuple(case.plugin.citations), document)


SEARCH_RULES: tuple[Rule, ...] = (
    Rule(
        "loads",
        "Register a subclass of nurecoil.search.Search under the name that its class has.",
        plugin_rules.loads,
    ),
    plugin_rules.LIGHT,
    plugin_rules.DESCRIBED,
    plugin_rules.OPTIONS,
    Rule(
        "parameters",
        "Give couplings plain names without a dot, units and descriptions, the parameter of interest among "
        "them and free.",
        _parameters,
    ),
    Rule("acts on recoils", "Act on at least one installed experiment.", _acts),
    Rule(
        "terms",
        "Give terms whose cross sections are finite for every possible recoil, not negative unless signed, "
        "in whole powers of the search's own parameters.",
        _terms,
    ),
    Rule("sources", "Let check_sources accept the sources it acts on, and change nothing.", _sources),
    plugin_rules.DETERMINISTIC,
    plugin_rules.SILENT,
    Rule("results", "Let a limit succeed and carry references, provenance and notes.", _results),
    Rule("pyhf", "Let the likelihood be the same in pyhf, or have it refused with a reason.", exchange.pyhf),
    Rule("zfit", "Let the likelihood be the same in zfit.", exchange.zfit),
)
"""Every rule of a search."""
