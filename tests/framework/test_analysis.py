"""Folding experiments with a search: made-up plugins, what comes out, and who is named when one fails."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace
from typing import Annotated, Any, ClassVar

import numpy as np
import pytest
from annotated_types import Gt
from numpy.typing import NDArray

from nurecoil import analysis, plugins
from nurecoil.analysis import Sources, build, declared_parameters, fold
from nurecoil.detectors.morph import Morph
from nurecoil.detectors.spectrum import Spectrum, quadrature
from nurecoil.errors import InputError, ModelError, NurecoilError, OptionError, PluginError
from nurecoil.experiment import (
    Alternative,
    Background,
    CountingChannel,
    Experiment,
    NoOptions,
    Published,
    PublishedLimit,
    RecoilChannel,
    option,
)
from nurecoil.model.parameters import CovarianceConstraint, Parameter
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, SpectralModel
from nurecoil.physics.electromagnetic import magnetic_moment
from nurecoil.physics.recoil import recoil_rate
from nurecoil.physics.scattering import tree_level
from nurecoil.physics.solar_options import SolarOptions
from nurecoil.physics.source import Source
from nurecoil.search import Search, Term

Array = NDArray[np.float64]

EDGES = np.linspace(0.2, 0.7, 11)
ELECTRONS, LIVE_TIME = 3e31, 1e7
SCALE = Parameter("toy.scale", "1", 1.0, 0.5, 2.0)
EXPOSURE = Parameter("toy.mass", "1", 1.0, 0.0)


def line(name: str = "be7", parameter: str = "sun.be7", **changes: Any) -> Source:
    fields: dict[str, Any] = {
        "name": name,
        "family": "made up",
        "title": f"{name} neutrinos",
        "flux": 5e9,
        "lines": ((0.862, 1.0),),
        "probabilities": lambda E: {"e": np.ones_like(E)},
        "weak": tree_level,
        "parameter": Parameter(parameter, "SSM", 1.0, 0.0),
        "citations": ("A. Nobody",),
    }
    return Source(**(fields | changes))


class Folded:
    """Recoils in bins; a scale multiplies them."""

    names = ("toy.scale",)

    def __init__(self, counts: Array) -> None:
        self.counts = counts

    def evaluate(self, values: Any) -> tuple[Array, Array]:
        return self.counts * float(values[0]), self.counts[None]


class Perfect:
    """A detector without resolution."""

    def __init__(self, edges: Array = EDGES) -> None:
        self.edges = edges

    def template(self, spectrum: Spectrum) -> Folded:
        parts = [
            quadrature(spectrum, lambda e: np.full_like(e, 0.002), low, high)[1].sum()
            for low, high in pairwise(self.edges)
        ]
        return Folded(np.array(parts))


@dataclass(frozen=True)
class ToyOptions:
    flat: Annotated[float, Gt(0)] = option(10.0, unit="keV", help="made-up energy")


class Toy(Experiment):
    name: ClassVar[str] = "toy"
    title: ClassVar[str] = "a toy"
    citations: ClassVar[tuple[str, ...]] = ("T. Toy", "A. Nobody")
    Options: ClassVar[type] = ToyOptions
    changes: ClassVar[dict[str, Any]] = {}

    def channels(self, shared: Any) -> Sequence[RecoilChannel | CountingChannel]:
        flat = Parameter("toy.rate.flat", "events", 30.0, 0.0)
        fields: dict[str, Any] = {
            "name": "toy/energy",
            "observable": "energy",
            "observable_unit": "MeV",
            "edges": EDGES,
            "observed": np.full(10, 60.0),
            "electrons": ELECTRONS,
            "live_time": LIVE_TIME,
            "sources": (line(),),
            "response": Perfect(),
            "parameters": (SCALE,),
            "backgrounds": (
                Background("flat", np.ones(10), flat, title="flat one", provenance="toy: made up"),
                Background("fixed", np.full(10, 2.0), None),
            ),
            "recoil_range": (0.1, 1.0),
            "provenance": ("energies: made up",),
        }
        return [RecoilChannel(**(fields | type(self).changes))]


class Counter(Experiment):
    name: ClassVar[str] = "counter"
    title: ClassVar[str] = "a counter"
    changes: ClassVar[dict[str, Any]] = {}

    def channels(self, shared: Any) -> Sequence[RecoilChannel | CountingChannel]:
        fields: dict[str, Any] = {
            "name": "counter/rate",
            "observable": "rate",
            "unit": "SNU",
            "observed": 66.0,
            "width": 4.0,
            "sources": (line(), line("pp", "sun.pp")),
            "capture": lambda source: {"be7": 30.0, "pp": 40.0}[source.name],
            "provenance": ("rates: made up",),
        }
        return [CountingChannel(**(fields | type(self).changes))]


class Moment(Search):
    name: ClassVar[str] = "moment"
    title: ClassVar[str] = "a moment"
    citations: ClassVar[tuple[str, ...]] = ("M. Moment",)
    poi: Any = "mu_eff"

    def parameters(self) -> Sequence[Parameter]:
        return [Parameter("mu_eff", "mu_B", 0.0, 0.0)]

    def terms(self, source: Source) -> Sequence[Term]:
        return [Term("em", lambda T, E, flavour, antineutrino: magnetic_moment(T, E), (("mu_eff", 2),))]

    def notes(self) -> Sequence[str]:
        return ["a note of the search"]


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugins of this file in place of the installed ones."""
    experiments = {"toy": Toy, "counter": Counter}
    monkeypatch.setattr(plugins, "load_experiment", experiments.__getitem__)
    monkeypatch.setattr(plugins, "load_search", {"moment": Moment}.__getitem__)
    entries = [SimpleNamespace(name=n, kind="experiment") for n in experiments]
    entries.append(SimpleNamespace(name="moment", kind="search"))
    monkeypatch.setattr(plugins, "installed", lambda: entries)


Change = Callable[..., None]


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch) -> Change:
    """Change fields of the channel that a made-up experiment declares."""

    def set_(kind: type, **fields: Any) -> None:
        monkeypatch.setattr(kind, "changes", fields)

    return set_


def poisson(model: SpectralModel) -> PoissonChannel:
    channel = model.channels[0]
    assert isinstance(channel, PoissonChannel)
    return channel


def test_the_parts_become_a_model() -> None:
    model = build(["toy", "counter"], "moment")
    channel = poisson(model)
    assert [s.name for s in channel.samples] == ["be7", "be7.em", "flat", "fixed"]
    assert [dict(s.powers) for s in channel.samples] == [
        {"sun.be7": 1},
        {"sun.be7": 1, "mu_eff": 2},
        {"toy.rate.flat": 1},
        {},
    ]
    assert [s.group for s in channel.samples] == ["neutrino", "signal", "background", "background"]
    assert [s.title for s in channel.samples] == ["be7 neutrinos", "be7 neutrinos (em)", "flat one", "fixed"]
    assert channel.samples[0].provenance == "A. Nobody"
    assert channel.samples[2].provenance == "toy: made up"
    assert (channel.observable, channel.unit, channel.asimov) == ("energy", "MeV", False)
    counting = model.channels[1]
    assert isinstance(counting, GaussianChannel)
    assert [s.name for s in counting.samples] == ["be7", "pp"]
    assert [s.template.tolist() for s in counting.samples] == [[30.0], [40.0]]  # type: ignore[union-attr]
    assert (counting.observed.tolist(), counting.width.tolist()) == ([66.0], [4.0])
    assert list(model.parameters) == ["sun.be7", "toy.scale", "toy.rate.flat", "sun.pp", "mu_eff"]
    assert model.poi == "mu_eff"


def test_templates_are_rates_times_electrons_and_time() -> None:
    model = build(["toy"], "moment")
    source = line()
    weak, em = (s.template.evaluate([1.0])[0] for s in poisson(model).samples[:2])  # type: ignore[union-attr]

    def moment(T: Any, E: Any, flavour: str, antineutrino: bool) -> Any:
        return magnetic_moment(T, E)

    for cross_section, counts in ((tree_level, weak), (moment, em)):
        exact = [recoil_rate(source, cross_section, low, high) for low, high in pairwise(EDGES)]
        np.testing.assert_allclose(counts, ELECTRONS * LIVE_TIME * np.array(exact), rtol=1e-5)
    assert weak[-1] < 0.5 * weak[-2]  # the Compton edge is in the last bin


def test_without_a_search_there_is_the_standard_model_alone() -> None:
    model = build("toy")
    assert [s.name for s in poisson(model).samples] == ["be7", "flat", "fixed"]
    assert model.poi is None
    assert model.metadata["search"] is None


def test_a_factor_on_the_exposure_is_a_factor_on_every_neutrino(change: Change) -> None:
    change(Toy, exposure_parameter=EXPOSURE)
    model = build(["toy"], "moment")
    assert [dict(s.powers) for s in poisson(model).samples] == [
        {"sun.be7": 1, "toy.mass": 1},
        {"sun.be7": 1, "toy.mass": 1, "mu_eff": 2},
        {"toy.rate.flat": 1},
        {},
    ]
    assert "toy.mass" in model.parameters


def test_powers_of_one_coupling_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    cross_section = Moment(NoOptions()).terms(line())[0].cross_section
    term = Term("vv", cross_section, (("mu_eff", 1), ("mu_eff", 1), ("sun.be7", 1)))
    monkeypatch.setattr(Moment, "terms", lambda self, source: [term])
    assert dict(poisson(build(["toy"], "moment")).samples[1].powers) == {"sun.be7": 2, "mu_eff": 2}


def test_signed_terms_stay_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    def negative(T: Any, E: Any, flavour: str, antineutrino: bool) -> Any:
        return -magnetic_moment(T, E)

    for signed in (True, False):
        term = Term("int", negative, (("mu_eff", 2),), signed=signed)
        monkeypatch.setattr(Moment, "terms", lambda self, source, term=term: [term])
        if signed:
            assert poisson(build(["toy"], "moment")).samples[1].signed
        else:
            with pytest.raises(ModelError, match=r"template of 'be7\.int' is -.*not declared signed"):
                build(["toy"], "moment")


def test_collaboration_shapes_stand_in_for_folded_ones(change: Change) -> None:
    change(Toy, weak_templates={"be7": np.arange(10.0)})
    samples = poisson(build(["toy"], "moment")).samples
    assert samples[0].template.tolist() == list(range(10))  # type: ignore[union-attr]
    assert isinstance(samples[1].template, Folded)


def test_channels_without_data_hold_asimov_data(change: Change) -> None:
    change(Toy, observed=None)
    model = build(["toy", "counter"], "moment")
    channel = poisson(model)
    assert channel.asimov
    assert not model.channels[1].asimov
    weak = channel.samples[0].template.evaluate([1.0])[0]  # type: ignore[union-attr]
    np.testing.assert_allclose(channel.observed, weak + 30 + 2)


def test_a_compiled_response_is_compiled(change: Change) -> None:
    change(Toy, compiled=True, observed=None)
    model = build(["toy"])
    assert isinstance(poisson(model).samples[0].template, Morph)
    assert model.metadata["response"]["form"] == "compiled"


def test_what_only_the_tail_of_the_resolution_reaches_is_no_signal(change: Change) -> None:
    class Tail(Perfect):
        def template(self, spectrum: Spectrum) -> Folded:
            return Folded(super().template(spectrum).counts * 1e-8)

    change(Toy, response=Tail())
    with pytest.raises(ModelError, match=r"the signal templates 'be7\.em' are zero in every bin"):
        build(["toy"], "moment")


def test_a_threshold_above_the_endpoint_is_no_signal(change: Change) -> None:
    change(Toy, recoil_range=(1.0, 2.0), response=Perfect(np.linspace(1.0, 2.0, 11)))
    with pytest.raises(ModelError, match=r"zero in every bin.*Lower the threshold"):
        build(["toy"], "moment")


def test_results_will_carry_what_the_plugins_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Toy, "notes", lambda self: ["a note", "a note of the search"])
    monkeypatch.setattr(Toy, "alternatives", lambda self: [Alternative("without", {"flat": 1.0})])
    published = [Published("toy.rate.flat", 1.0, None, "1"), Published("not.there", 1.0, None, "1")]
    monkeypatch.setattr(Toy, "published", lambda self, shared: published)
    limits = [
        PublishedLimit("moment", ("toy",), 1.0, "mu_B", 0.9, "area"),
        PublishedLimit("moment", ("counter", "toy"), 2.0, "mu_B", 0.9, "area"),
        PublishedLimit("vector", ("toy",), 3.0, "1", 0.9, "area"),
    ]
    monkeypatch.setattr(Toy, "published_limits", lambda self: limits)
    alone, both = build(["toy"], "moment").metadata, build(["toy", "counter"], "moment").metadata
    assert alone["experiments"] == ["toy"]
    assert both["experiments"] == ["toy", "counter"]
    assert alone["search"] == "moment"
    assert alone["references"] == ["T. Toy", "A. Nobody", "M. Moment"]
    assert both["provenance"] == ["energies: made up", "rates: made up"]
    assert alone["notes"] == ["a note", "a note of the search"]
    assert [row["parameter"] for row in alone["published"]] == ["toy.rate.flat"]
    assert [row["value"] for row in alone["published_limits"]] == [1.0]
    assert [row["value"] for row in both["published_limits"]] == [2.0]
    assert alone["alternatives"] == [{"label": "without", "options": {"toy": {"flat": 1.0}}}]
    assert alone["options"]["toy"] == {"flat": 10.0}
    assert alone["options"]["solar"]["ssm"] == SolarOptions().ssm
    assert set(alone["options"]) == {"toy", "solar", "moment"}


def test_joint_constraints_of_an_experiment_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    joint = CovarianceConstraint(("toy.scale", "toy.rate.flat"), (1.0, 30.0), ((0.01, 0.0), (0.0, 4.0)))
    monkeypatch.setattr(Toy, "constraints", lambda self, shared: [joint])
    assert build(["toy"]).constraints == (joint,)


def test_options_reach_the_plugins() -> None:
    model = build(["toy"], options={"toy": {"flat": "0.5 MeV"}})
    assert model.metadata["options"]["toy"]["flat"] == 500.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([],), "experiments: none. Allowed: at least one, each once"),
        ((["toy", "toy"],), "experiments: toy, toy. Allowed: at least one, each once"),
        ((["toy"], None, {"toi": {}}), r"options: 'toi' is not known.*Did you mean 'toy'"),
        (
            (["toy"], None, {"counter": {}}),
            r"options of counter: the model does not use it.*Add the experiment",
        ),
        (
            (["toy"], None, {"moment": {}}),
            r"options of moment: the model does not use it.*Add the search moment",
        ),
        ((["toy"], None, {"toy": {"flt": 1}}), r"option of toy: 'flt' is not known.*Did you mean 'flat'"),
        ((["toy"], None, {"toy": {"flat": -1.0}}), r"toy\.flat: .*Allowed: number > 0 \[keV\]"),
        ((["toy"], None, {"solar": {"ssm": "B16-GS99"}}), r"solar\.ssm: 'B16-GS99' is not known.*B16-GS98"),
        ((["counter"], "moment"), "counter and no recoils for moment to act on"),
    ],
)
def test_impossible_requests_are_refused(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        build(*arguments)


def broken(*_: Any, **__: Any) -> Any:
    raise ZeroDivisionError("division by zero")


@pytest.mark.parametrize(
    "method",
    ["__init__", "channels", "constraints", "notes", "published", "published_limits", "alternatives"],
)
def test_an_experiment_that_breaks_is_named(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setattr(Toy, method, broken)
    with pytest.raises(PluginError) as caught:
        build(["counter", "toy"])
    assert str(caught.value) == (
        "experiment 'toy': ZeroDivisionError: division by zero. Allowed: a plugin that keeps the contract "
        "of nurecoil.experiment.Experiment. Report this to the plugin's author; the other plugins are not "
        "affected."
    )
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize("method", ["__init__", "terms", "parameters", "check_sources", "notes"])
def test_a_search_that_breaks_is_named(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setattr(Moment, method, broken)
    with pytest.raises(PluginError, match=r"search 'moment': ZeroDivisionError.*nurecoil\.search\.Search"):
        build(["toy"], "moment")


def test_a_cross_section_that_breaks_is_the_searchs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Moment, "terms", lambda self, source: [Term("em", broken, (("mu_eff", 2),))])
    with pytest.raises(PluginError, match="search 'moment': ZeroDivisionError"):
        build(["toy"], "moment")


def test_a_cross_section_that_is_no_number_names_its_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    def nan(T: Any, E: Any, flavour: str, antineutrino: bool) -> Any:
        return np.full(np.broadcast(T, E).shape, np.nan)

    monkeypatch.setattr(Moment, "terms", lambda self, source: [Term("em", nan, (("mu_eff", 2),))])
    with pytest.raises(ModelError, match=r"Channel 'toy/energy' bin 0: template of 'be7\.em' is nan"):
        build(["toy"], "moment")


class Broken(Perfect):
    """A response that fails when it is asked to fold."""

    template = broken


class Late(Perfect):
    """A response whose templates fail when they are evaluated."""

    def template(self, spectrum: Spectrum) -> Any:
        return SimpleNamespace(names=("toy.scale",), evaluate=broken)


@pytest.mark.parametrize(
    ("fields", "kind", "message"),
    [
        ({"response": Broken()}, PluginError, "experiment 'toy': ZeroDivisionError"),
        ({"response": Late()}, PluginError, "experiment 'toy': ZeroDivisionError"),
        ({"response": None}, PluginError, "experiment 'toy': AttributeError"),
        ({"observed": "many"}, PluginError, "experiment 'toy': ValueError"),
        ({"observed": np.ones(9)}, ModelError, r"Channel 'toy/energy': observed of shape \(9,\)"),
        ({"observed": np.full(10, -1.0)}, ModelError, "Channel 'toy/energy' bin 0: observed count -1"),
        ({"observed": np.full(10, np.nan)}, ModelError, "Channel 'toy/energy' bin 0: observed is nan"),
        ({"edges": EDGES[::-1]}, ModelError, "Channel 'toy/energy' bin 0: edges"),
        ({"sources": (line(), line())}, ModelError, "sample 'be7' appears more than once"),
        ({"parameters": ()}, ModelError, r"sample 'be7': 'toy\.scale' is not known"),
        ({"weak_templates": {"be7": np.ones(9)}}, ModelError, r"template of 'be7' has shape \(9,\)"),
        ({"weak_templates": {"be7": [1.0] * 10}}, (ModelError, PluginError), "be7|toy"),
        (
            {"weak_templates": {"be": np.ones(10)}},
            PluginError,
            r"weak templates of toy/energy: 'be' is not known",
        ),
        (
            {"backgrounds": (Background("flat", -np.ones(10), None, provenance="mine.root:h"),)},
            ModelError,
            r"bin 0: template of 'flat' is -1; this sample is not declared signed.*Check mine\.root:h",
        ),
    ],
)
def test_a_broken_declaration_is_one_clear_error(
    change: Change, fields: dict[str, Any], kind: type[NurecoilError], message: str
) -> None:
    change(Toy, **fields)
    with pytest.raises(kind, match=message):
        build(["toy"])


@pytest.mark.parametrize(
    ("fields", "kind", "message"),
    [
        ({"capture": broken}, PluginError, "experiment 'counter': ZeroDivisionError"),
        ({"capture": lambda s: "many"}, PluginError, "experiment 'counter': ValueError"),
        (
            {"capture": lambda s: math.nan},
            ModelError,
            "Channel 'counter/rate' bin 0: template of 'be7' is nan",
        ),
        ({"width": 0.0}, ModelError, r"Channel 'counter/rate': widths \[0\.\]"),
        ({"observed": math.nan}, ModelError, "Channel 'counter/rate' bin 0: observed is nan"),
        ({"sources": ()}, ModelError, "Channel 'counter/rate': no samples"),
    ],
)
def test_a_broken_counter_is_one_clear_error(
    change: Change, fields: dict[str, Any], kind: type[NurecoilError], message: str
) -> None:
    change(Counter, **fields)
    with pytest.raises(kind, match=message):
        build(["counter"])


def test_our_own_errors_pass_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(self: Any, shared: Any) -> Any:
        raise InputError("mine.root", "no histogram 'h'", "h_nhits")

    monkeypatch.setattr(Toy, "channels", missing)
    with pytest.raises(InputError, match=r"mine\.root: no histogram 'h'\. Allowed: h_nhits"):
        build(["toy"])


@pytest.mark.parametrize("found", [[], [object()], None])
def test_what_is_no_channel_is_refused(monkeypatch: pytest.MonkeyPatch, found: Any) -> None:
    monkeypatch.setattr(Toy, "channels", lambda self, shared: found)
    with pytest.raises(PluginError, match="experiment 'toy'"):
        build(["toy"])


def test_shared_parameters_must_agree(change: Change) -> None:
    change(Counter, sources=(line(parameter="sun.be7", title="be7", flux=5e9), line("pp", "sun.pp")))
    assert len(build(["toy", "counter"]).parameters) == 4
    other = line()
    other = line(parameter="sun.be7")
    object.__setattr__(other, "parameter", Parameter("sun.be7", "SSM", 1.0, 0.5))
    change(Counter, sources=(other, line("pp", "sun.pp")))
    with pytest.raises(ModelError) as caught:
        build(["toy", "counter"])
    message = str(caught.value)
    assert message.startswith(
        "shared parameter 'sun.be7': two definitions: toy/energy has <Parameter sun.be7"
    )
    assert "counter/rate has <Parameter sun.be7 = 1 SSM, in [0.5, inf], free>" in message


def test_one_channel_may_not_contradict_itself(change: Change) -> None:
    one = Parameter("toy.rate", "1", 1.0, 0.0)
    two = Parameter("toy.rate", "1", 2.0, 0.0)
    change(Toy, backgrounds=(Background("a", np.ones(10), one), Background("b", np.ones(10), two)))
    with pytest.raises(ModelError, match=r"shared parameter 'toy\.rate': two definitions: toy/energy has"):
        build(["toy"])
    change(Toy, backgrounds=(Background("a", np.ones(10), one), Background("b", np.ones(10), one)))
    assert "toy.rate" in build(["toy"]).parameters


def test_channels_of_one_name_are_refused(change: Change) -> None:
    change(Counter, name="toy/energy")
    with pytest.raises(ModelError, match="channel 'toy/energy' appears more than once"):
        build(["toy", "counter"])


def test_parameters_are_declared_without_folding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Perfect, "template", broken)
    assert [p.name for p in declared_parameters("toy")] == ["sun.be7", "toy.scale", "toy.rate.flat"]


def test_folding_takes_made_plugins() -> None:
    made = [Toy(ToyOptions()), Counter(NoOptions())]
    model = fold(made, Moment(NoOptions()), Sources(SolarOptions()))
    assert model.metadata["experiments"] == ["toy", "counter"]
    assert "options" not in model.metadata
    assert analysis.Sources(SolarOptions()).solar.options == SolarOptions()


def test_solar_fluxes_bring_their_covariance(monkeypatch: pytest.MonkeyPatch) -> None:
    class Sun(Counter):
        def channels(self, shared: Any) -> Sequence[RecoilChannel | CountingChannel]:
            sources = tuple(shared.solar.sources(["pp", "be7"]).values())
            return [CountingChannel("counter/rate", "rate", "SNU", 66.0, 4.0, sources, lambda source: 10.0)]

    monkeypatch.setattr(plugins, "load_experiment", {"counter": Sun}.__getitem__)
    options = {"solar": {"ssm": "SF3-GS98", "flux_prior": "ssm"}}
    (joint,) = build(["counter"], options=options).constraints
    assert joint.names == ("solar.flux.pp", "solar.flux.be7")
    assert build(["counter"]).constraints == ()
