"""Folding experiments with a search: made-up plugins, what comes out, and who is named when one fails."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nurecoil.analysis import build, declared_parameters
from nurecoil.detectors.spectrum import Spectrum
from nurecoil.errors import InputError, ModelError, NurecoilError, OptionError, PluginError
from nurecoil.experiment import (
    Background,
)
from nurecoil.model.spectral import GaussianChannel

from .toys import (
    EDGES,
    Change,
    Counter,
    Moment,
    Perfect,
    Toy,
    broken,
    line,
    poisson,
)

pytestmark = pytest.mark.usefixtures("made_up")


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


def test_without_a_search_there_is_the_standard_model_alone() -> None:
    model = build("toy")
    assert [s.name for s in poisson(model).samples] == ["be7", "flat", "fixed"]
    assert model.poi is None
    assert model.metadata["search"] is None


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


def test_parameters_are_declared_without_folding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Perfect, "template", broken)
    assert [p.name for p in declared_parameters("toy")] == ["sun.be7", "toy.scale", "toy.rate.flat"]
