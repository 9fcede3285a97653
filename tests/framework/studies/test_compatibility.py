"""The report of a combination: made-up experiments through the whole way, and closed forms."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pytest

from nurecoil import plugins
from nurecoil.analysis import Request, build
from nurecoil.detectors.spectrum import quadrature
from nurecoil.errors import ModelError, OptionError
from nurecoil.experiment import Background, CountingChannel, Experiment, RecoilChannel
from nurecoil.inference.limits import limit
from nurecoil.inference.rules import RULES
from nurecoil.model.parameters import CovarianceConstraint, GaussianConstraint, Parameter
from nurecoil.studies.compatibility import Compatibility, compare, compatibility
from nurecoil.studies.parameter_goodness import CITATION

from ..toys import Moment
from .conftest import measured, model_of

EDGES = np.linspace(0.2, 0.7, 6)


class Spectrum(Experiment):
    """Recoils of 7Be neutrinos over a flat background; a detector without resolution."""

    observed: ClassVar[Any] = None

    def channels(self, shared: Any) -> Sequence[RecoilChannel | CountingChannel]:
        flat = Parameter(f"{self.name}.rate.flat", "events", 30.0, 0.0)
        return [
            RecoilChannel(
                name=f"{self.name}/energy",
                observable="energy",
                observable_unit="MeV",
                edges=EDGES,
                observed=self.observed,
                electrons=3e31,
                live_time=3e7,
                sources=tuple(shared.solar.sources(["be7", "pep"]).values()),
                response=Perfect(),
                parameters=(),
                backgrounds=(Background("flat", np.ones(5), flat),),
                recoil_range=(0.1, 1.0),
            )
        ]


class Perfect:
    """Recoils go to the bin of their energy."""

    def template(self, spectrum: Any) -> Any:
        return np.array(
            [
                quadrature(spectrum, lambda e: np.full_like(e, 0.002), low, high)[1].sum()
                for low, high in pairwise(EDGES)
            ]
        )


class One(Spectrum):
    name: ClassVar[str] = "one"
    title: ClassVar[str] = "a spectrum with data"
    observed: ClassVar[Any] = np.array([2440.0, 2310.0, 2150.0, 2120.0, 1350.0])


class Two(Spectrum):
    name: ClassVar[str] = "two"
    title: ClassVar[str] = "a spectrum to come"


class Rate(Experiment):
    name: ClassVar[str] = "rate"
    title: ClassVar[str] = "a capture rate"

    def channels(self, shared: Any) -> Sequence[RecoilChannel | CountingChannel]:
        sources = tuple(shared.solar.sources(["be7"]).values())
        return [CountingChannel("rate/rate", "rate", "SNU", 66.0, 4.0, sources, lambda source: 64.0)]


@pytest.fixture(scope="module")
def made_up() -> Any:
    """The plugins of this file in place of the installed ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugins, "load_experiment", {"one": One, "two": Two, "rate": Rate}.__getitem__)
        patch.setattr(plugins, "load_search", {"moment": Moment}.__getitem__)
        yield


PRIOR = {"solar": {"ssm": "SF3-GS98", "flux_prior": "ssm"}}


@pytest.fixture(scope="module")
def report(made_up: None) -> Compatibility:
    return compatibility(Request.of(["one", "two", "rate"], "moment"), points=21)


def test_a_row_for_all_for_each_and_without_each(report: Compatibility) -> None:
    assert [(row.experiments, row.left_out) for row in report.limits] == [
        (("one", "two", "rate"), None),
        (("one",), None),
        (("two",), None),
        (("rate",), None),
        (("two", "rate"), "one"),
        (("one", "rate"), "two"),
        (("one", "two"), "rate"),
    ]
    assert report.combined is report.limits[0]


def test_each_limit_is_that_of_the_experiments_built_by_themselves(report: Compatibility) -> None:
    for row in report.limits:
        if row.experiments == ("rate",):
            assert (row.value, row.reason) == (None, "no recoils that moment acts on")
            continue
        assert row.value == pytest.approx(limit(build(row.experiments, "moment"), points=21).value, rel=1e-6)
        assert row.unit == "mu_B"


def test_limits_that_rest_on_asimov_data_are_expected_ones(report: Compatibility) -> None:
    for row in report.limits:
        assert row.expected == ("two" in row.experiments)
        if row.expected:
            assert row.reason == "Asimov data of two: an expected limit"
    assert report.goodness.remarks[-1] == "two without data, not among the data sets of the test"
    assert [one.name for one in report.goodness.data_sets] == ["one", "rate"]


def test_shared_parameters(report: Compatibility) -> None:
    assert [row.parameter for row in report.shared] == ["solar.flux.be7", "mu_eff"]
    flux, moment = report.shared
    assert list(flux.alone) == ["one", "two", "rate"]
    assert list(moment.alone) == ["one", "two"]
    assert flux.alone["rate"].estimate is not None
    assert flux.alone["rate"].estimate.value == pytest.approx(66 / 64)
    assert flux.alone["two"].reason == "Asimov data hold what was assumed, so its pulls are no test"
    assert flux.alone["one"].reason == ""
    assert flux.constraint_pull is None


@pytest.mark.parametrize("method", list(RULES))
def test_every_rule(made_up: None, method: str) -> None:
    found = compatibility(Request.of(["one", "rate"], "moment"), method, 0.95, points=21)
    assert [row.left_out for row in found.limits] == [None, "rate", "one"]
    wanted = limit(build(["one", "rate"], "moment"), 0.95, method, points=21).value
    assert found.combined.value == pytest.approx(wanted, rel=1e-9)
    assert found.to_json()["convention"] == RULES[method].convention


def test_joint_constraints_of_solar_fluxes(made_up: None) -> None:
    found = compatibility(Request.of(["one", "rate"], "moment", PRIOR), points=21)
    (row,) = found.constraints
    assert (set(row.names), row.experiments) == ({"solar.flux.be7", "solar.flux.pep"}, ("one", "rate"))
    assert set(row.between) == set(row.names)
    assert "SF-III" in row.source
    assert {one.name: one.parameters for one in found.goodness.data_sets} == {
        "one": 4,  # two fluxes, the moment, the background
        "rate": 1,
        "constraints": 2,
    }
    assert found.goodness.ndf == 3
    (flux,) = found.shared
    assert flux.constraint_pull is not None
    joint = build(["one", "rate"], "moment", PRIOR).constraints[0]
    (first, tied), (_, second) = joint.covariance
    assert row.correlation == pytest.approx(tied / math.sqrt(first * second))
    assert -0.8 < row.correlation < -0.7
    i = joint.names.index("solar.flux.be7")
    shift = flux.constraint_pull * math.sqrt(joint.covariance[i][i])
    assert flux.combined.value == pytest.approx(joint.centre[i] + shift)


def test_differences_and_pulls() -> None:
    """Weighted means: the pull of the difference is that of the two independent measurements."""
    known = Parameter("b", "1", 0.0, constraint=GaussianConstraint(0.5, 0.1))
    channels = (
        measured("one", [1.0, 5.0], [0.3, 0.1], {"a": [1, 0], "b": [1, 0], "g": [0, 1]}),
        measured("two", [2.0], 0.4, {"a": 1, "b": 0}),
    )
    found = compare(model_of(*channels, parameters=[known], poi="g"), "delta-chi2-two-sided")
    row = {one.parameter: one for one in found.shared}["a"]
    mine, theirs = (0.5, math.hypot(0.3, 0.1)), (2.0, 0.4)
    error = 1 / math.sqrt(1 / mine[1] ** 2 + 1 / theirs[1] ** 2)
    mean = error**2 * (mine[0] / mine[1] ** 2 + theirs[0] / theirs[1] ** 2)
    assert row.combined.value == pytest.approx(mean)
    for name, (value, _) in {"one": mine, "two": theirs}.items():
        alone = row.alone[name]
        assert alone.estimate is not None and alone.pull is not None
        assert alone.estimate.value == pytest.approx(value)
        assert alone.difference == pytest.approx((value - mean) / error)
        sign = 1 if name == "two" else -1
        assert alone.pull == pytest.approx(sign * 1.5 / math.hypot(mine[1], theirs[1]))
    constrained = {one.parameter: one for one in found.shared}["b"]
    assert constrained.constraint_pull == pytest.approx((constrained.combined.value - 0.5) / 0.1)
    assert constrained.alone["two"].pull is not None  # its constraint alone measures it there


def test_an_experiment_that_measures_a_parameter_alone_has_no_pull() -> None:
    channels = (
        measured("one", [1.0, 5.0], 0.3, {"a": [1, 0], "g": [0, 1]}),
        measured("two", [2.0], 0.4, {"a": 0.0}),
    )
    row = compare(model_of(*channels, poi="g"), "delta-chi2-two-sided").shared[0]
    assert row.parameter == "a"
    assert row.alone["one"].difference == pytest.approx(0.0, abs=1e-6)
    assert row.alone["one"].pull is None
    assert row.alone["two"].estimate is None


def test_constraints_without_correlation_and_of_one_parameter() -> None:
    one = CovarianceConstraint(("a",), (1.0,), ((0.1,),), "somebody")
    channels = (
        measured("one", [1.0, 5.0], 0.3, {"a": [1, 0], "g": [0, 1]}),
        measured("two", 2.0, 0.4, {"a": 1}),
    )
    (row,) = compare(model_of(*channels, constraints=[one], poi="g"), "delta-chi2-two-sided").constraints
    assert (row.correlation, row.between, row.experiments) == (0.0, (), ("one", "two"))


def test_the_document(report: Compatibility) -> None:
    document = report.to_json()
    plain = json.loads(json.dumps(document))
    assert plain["limits"][3] == {
        "experiments": ["rate"],
        "left_out": None,
        "value": None,
        "unit": "mu_B",
        "expected": False,
        "reason": "no recoils that moment acts on",
    }
    assert plain["experiments"] == ["one", "two", "rate"]
    assert plain["search"] == "moment"
    assert plain["options"]["solar"]["ssm"] == "B16-GS98"
    assert plain["shared"][0]["alone"]["rate"]["value"] == pytest.approx(66 / 64)
    assert plain["shared"][0]["combined"]["value"] == report.shared[0].combined.value
    assert plain["goodness"]["ndf"] == 1
    assert CITATION in plain["references"] and "M. Moment" in plain["references"]
    assert plain["notes"] == ["a note of the search"]
    assert plain["version"]
    assert repr(report).startswith("<Compatibility of one, two, rate: mu_eff < ")


def test_too_few_with_data_leave_the_test_undefined(made_up: None) -> None:
    found = compatibility(Request.of(["two", "rate"], "moment"), points=21)
    assert found.goodness.reason == "fewer than two experiments have data"
    assert found.goodness.p_value is None
    assert repr(found).endswith("not defined>")


@pytest.mark.parametrize(
    ("experiments", "search", "method", "cl", "message"),
    [
        (["one"], "moment", "area", 0.9, "experiments: one. Allowed: at least two"),
        (["one", "rate"], None, "area", 0.9, "search: no search"),
        (["one", "rate"], "moment", "aera", 0.9, "Did you mean 'area'"),
        (["one", "rate"], "moment", "area", 90.0, "confidence level: 90.0"),
    ],
)
def test_impossible_requests_are_refused_before_anything_is_built(
    made_up: None, monkeypatch: pytest.MonkeyPatch, experiments: list[str], search: Any, method: str,
    cl: float, message: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(Request, "assembly", lambda self: pytest.fail("built"))
    with pytest.raises(OptionError, match=message):
        compatibility(Request.of(experiments, search), method, cl)


def test_a_combination_without_a_search_is_refused(made_up: None) -> None:
    with pytest.raises(ModelError, match="compatibility: the model has no parameter of interest"):
        compare(build(["one", "rate"]))


def test_two_definitions_of_a_shared_parameter_are_one_error(
    made_up: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Other(Rate):
        def channels(self, shared: Any) -> Sequence[RecoilChannel | CountingChannel]:
            changed = Parameter("solar.flux.be7", "SSM", 1.0, 0.5)
            (channel,) = super().channels(shared)
            (be7,) = channel.sources
            other = dataclasses.replace(be7, parameter=changed)
            return [dataclasses.replace(channel, sources=(other,))]

    monkeypatch.setattr(plugins, "load_experiment", {"one": One, "rate": Other}.__getitem__)
    with pytest.raises(ModelError, match=r"two definitions: one/energy has .*rate/rate has .*\[0\.5, inf\]"):
        compatibility(Request.of(["one", "rate"], "moment"))
