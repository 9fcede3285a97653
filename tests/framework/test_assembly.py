"""Experiments put together: shared parameters, constraints, Asimov data, metadata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from nurecoil import plugins
from nurecoil.analysis import build
from nurecoil.assembly import Assembly, fold
from nurecoil.detectors.morph import Morph
from nurecoil.errors import ModelError, PluginError
from nurecoil.experiment import (
    Alternative,
    Background,
    CountingChannel,
    NoOptions,
    Published,
    PublishedLimit,
    RecoilChannel,
)
from nurecoil.model.parameters import CovarianceConstraint, Parameter
from nurecoil.physics.solar_options import SolarOptions
from nurecoil.shared import Sources

from .toys import (
    Change,
    Counter,
    Moment,
    Toy,
    ToyOptions,
    line,
    poisson,
)

pytestmark = pytest.mark.usefixtures("made_up")


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
    assert set(alone["options"]) == {"toy", "solar", "isodar", "moment"}


def test_joint_constraints_of_an_experiment_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    joint = CovarianceConstraint(("toy.scale", "toy.rate.flat"), (1.0, 30.0), ((0.01, 0.0), (0.0, 4.0)))
    monkeypatch.setattr(Toy, "constraints", lambda self, shared: [joint])
    assert build(["toy"]).constraints == (joint,)


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


def test_channels_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Toy(ToyOptions()).channels(None)
    monkeypatch.setattr(Toy, "channels", lambda self, shared: [*one, *one])
    with pytest.raises(ModelError, match="channel 'toy/energy' appears more than once"):
        build(["toy"])


def test_a_channel_begins_with_the_name_of_its_experiment(change: Change) -> None:
    change(Counter, name="toy/energy")
    with pytest.raises(PluginError, match="experiment 'counter': a channel named 'toy/energy'"):
        build(["toy", "counter"])


def test_an_assembly_folds_the_standard_model_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assembly = Assembly([Toy(ToyOptions())], Sources())
    first = assembly.model(Moment(NoOptions()))
    again = assembly.model(Moment(NoOptions()), like=first)
    weak = {sample.name: sample for sample in first.channels[0].samples}
    assert all(weak[s.name] is s for s in again.channels[0].samples if s.group != "signal")
    assert all(weak[s.name] is not s for s in again.channels[0].samples if s.group == "signal")


def test_folding_takes_made_plugins() -> None:
    made = [Toy(ToyOptions()), Counter(NoOptions())]
    model = fold(made, Moment(NoOptions()), Sources(SolarOptions()))
    assert model.metadata["experiments"] == ["toy", "counter"]
    assert "options" not in model.metadata
    assert Sources(SolarOptions()).solar.options == SolarOptions()


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


def test_a_joint_constraint_counts_once_and_two_of_one_parameter_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ("sun.be7", "toy.rate.flat")
    one = CovarianceConstraint(names, (1.0, 30.0), ((0.01, 0.0), (0.0, 4.0)))
    other = CovarianceConstraint(names, (1.0, 31.0), ((0.01, 0.0), (0.0, 4.0)))
    monkeypatch.setattr(Toy, "constraints", lambda self, shared: [one])
    monkeypatch.setattr(Counter, "constraints", lambda self, shared: [one])
    assert build(["toy", "counter"]).constraints == (one,)
    monkeypatch.setattr(Counter, "constraints", lambda self, shared: [other])
    with pytest.raises(ModelError, match=r"joint constraint of counter: sun\.be7, toy\.rate\.flat under"):
        build(["toy", "counter"])


def test_definitions_that_differ_say_where(change: Change) -> None:
    other = Parameter("sun.be7", "SSM", 1.0, 0.0, source="another paper")
    change(Counter, sources=(line(parameter="sun.be7"), line("pp", "sun.pp")))
    change(Toy, backgrounds=(Background("flat", np.ones(10), other),))
    with pytest.raises(ModelError, match=r"they differ in source \('' and 'another paper'\)"):
        build(["toy", "counter"])
