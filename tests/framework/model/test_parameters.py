"""Parameters and constraints: what they refuse, and how shared ones are joined."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from nurecoil.errors import ModelError
from nurecoil.model.parameters import (
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    Parameter,
    PoissonConstraint,
    merge_parameters,
)

NAN, INF = math.nan, math.inf


def parameter(**changes: Any) -> Parameter:
    fields = {"name": "a.rate", "unit": "cpd", "value": 1.0, "lower": 0.0, "upper": 5.0}
    return Parameter(**(fields | changes))


@pytest.mark.parametrize(
    ("make", "where", "got", "allowed"),
    [
        (lambda: parameter(name=""), "parameter ''", "an empty or padded name", "letters, digits"),
        (lambda: parameter(name=" a"), "parameter ' a'", "an empty or padded name", "letters, digits"),
        (lambda: parameter(lower=NAN), "parameter 'a.rate'", "bounds [nan, 5.0]", "lower < upper"),
        (lambda: parameter(upper=NAN), "parameter 'a.rate'", "bounds [0.0, nan]", "lower < upper"),
        (lambda: parameter(lower=5.0), "parameter 'a.rate'", "bounds [5.0, 5.0]", "lower < upper"),
        (lambda: parameter(lower=6.0), "parameter 'a.rate'", "bounds [6.0, 5.0]", "lower < upper"),
        (lambda: parameter(value=NAN), "parameter 'a.rate'", "value nan", "a number in [0.0, 5.0]"),
        (lambda: parameter(value=INF, upper=INF), "parameter 'a.rate'", "value inf", "a number in"),
        (lambda: parameter(value=5.1), "parameter 'a.rate'", "value 5.1", "a number in [0.0, 5.0]"),
        (lambda: parameter(value=-0.1), "parameter 'a.rate'", "value -0.1", "a number in [0.0, 5.0]"),
        (
            lambda: parameter(value=0.0, constraint=LogNormalConstraint(1.0, 1.2)),
            "parameter 'a.rate'",
            "value 0.0 with a log-normal constraint",
            "a value above 0",
        ),
        (
            lambda: parameter(value=-1.0, lower=-2.0, constraint=PoissonConstraint(1.0, 1.0)),
            "parameter 'a.rate'",
            "value -1.0 with a Poisson constraint",
            "a value of at least 0",
        ),
        (lambda: GaussianConstraint(NAN, 1.0), "Gaussian constraint centre", "nan", "a finite number"),
        (lambda: GaussianConstraint(0.0, 0.0), "Gaussian constraint width", "0.0", "a positive number"),
        (lambda: GaussianConstraint(0.0, -1.0), "Gaussian constraint width", "-1.0", "a positive number"),
        (lambda: GaussianConstraint(0.0, INF), "Gaussian constraint width", "inf", "a positive number"),
        (lambda: LogNormalConstraint(0.0, 1.2), "log-normal constraint centre", "0.0", "a positive number"),
        (lambda: LogNormalConstraint(1.0, 1.0), "log-normal constraint", "factor 1.0", "a number above 1"),
        (lambda: LogNormalConstraint(1.0, NAN), "log-normal constraint", "factor nan", "a number above 1"),
        (lambda: PoissonConstraint(1.0, 0.0), "Poisson constraint scale", "0.0", "a positive number"),
        (lambda: PoissonConstraint(-1.0, 1.0), "Poisson constraint", "count -1.0", "a number of at least 0"),
        (lambda: PoissonConstraint(NAN, 1.0), "Poisson constraint", "count nan", "a number of at least 0"),
    ],
)
def test_what_is_wrong_says_where_what_and_what_is_allowed(
    make: Callable[[], object], where: str, got: str, allowed: str
) -> None:
    with pytest.raises(ModelError) as caught:
        make()
    assert caught.value.where == where
    assert caught.value.got == got
    assert caught.value.allowed is not None
    assert caught.value.allowed.startswith(allowed)


def covariance(**changes: Any) -> CovarianceConstraint:
    fields: dict[str, Any] = {
        "names": ("a", "b"),
        "centre": (1.0, 2.0),
        "covariance": ((1.0, 0.1), (0.1, 2.0)),
    }
    return CovarianceConstraint(**(fields | changes))


@pytest.mark.parametrize(
    ("changes", "got"),
    [
        ({"names": ("a", "a")}, "a repeated name"),
        ({"names": ("a", "b", "c")}, "shapes that differ"),
        ({"centre": (1.0,)}, "shapes that differ"),
        ({"covariance": ((1.0, 0.1),)}, "shapes that differ"),
        ({"covariance": ((1.0,), (0.1, 2.0))}, "shapes that differ"),
        ({"covariance": ((1.0, 0.1), (0.2, 2.0))}, "elements 0.1 and 0.2"),
        ({"covariance": ((NAN, 0.1), (0.1, 2.0))}, "nan among its numbers"),
        ({"covariance": ((1.0, 0.1), (0.1, INF))}, "inf among its numbers"),
        ({"centre": (NAN, 1.0)}, "nan among its numbers"),
    ],
)
def test_malformed_covariances_are_refused(changes: dict[str, Any], got: str) -> None:
    with pytest.raises(ModelError) as caught:
        covariance(**changes)
    assert caught.value.got == got
    assert caught.value.where == "covariance constraint of " + ", ".join(changes.get("names", ("a", "b")))
    assert caught.value.allowed


def test_rounding_does_not_make_a_covariance_asymmetric() -> None:
    assert covariance(covariance=((1.0, 0.1), (0.1 * (1 + 1e-12), 2.0))).names == ("a", "b")


def test_states_show_in_the_repr() -> None:
    assert repr(parameter()) == "<Parameter a.rate = 1 cpd, in [0, 5], free>"
    assert repr(parameter(fixed=True, unit="1")) == "<Parameter a.rate = 1, in [0, 5], fixed>"
    constrained = parameter(constraint=GaussianConstraint(1.0, 0.1), upper=INF)
    assert repr(constrained) == "<Parameter a.rate = 1 cpd, in [0, inf], constrained by GaussianConstraint>"
    assert repr(parameter(constraint=GaussianConstraint(1.0, 0.1), fixed=True)).endswith("fixed>")


def test_survives_pickling() -> None:
    one = parameter(constraint=LogNormalConstraint(1.0, 1.3))
    assert pickle.loads(pickle.dumps(one)) == one
    assert pickle.loads(pickle.dumps(covariance())) == covariance()


def test_parameters_are_joined_in_the_order_they_appear() -> None:
    shared, own, other = parameter(name="solar.flux.pp"), parameter(name="a.x"), parameter(name="b.y")
    merged = merge_parameters([("a", [own, shared]), ("b", [shared, other])])
    assert list(merged) == ["a.x", "solar.flux.pp", "b.y"]
    assert merged["solar.flux.pp"] is shared


@pytest.mark.parametrize(
    "change",
    [
        {"value": 2.0},
        {"unit": "1"},
        {"lower": 0.5},
        {"fixed": True},
        {"constraint": GaussianConstraint(1.0, 0.1)},
        {"description": "another thing"},
    ],
)
def test_two_definitions_of_one_name_are_both_shown(change: dict[str, Any]) -> None:
    one, two = parameter(name="solar.flux.pp"), parameter(name="solar.flux.pp", **change)
    with pytest.raises(ModelError) as caught:
        merge_parameters([("borexino/nhits", [one]), ("juno/energy", [two])])
    message = str(caught.value)
    assert message.startswith("shared parameter 'solar.flux.pp': two definitions: borexino/nhits has ")
    assert repr(one) in message
    assert f"juno/energy has {two!r}" in message
    assert "Allowed: one definition." in message


def test_one_owner_may_not_contradict_itself_either() -> None:
    with pytest.raises(ModelError, match=r"two definitions: a has .* a has "):
        merge_parameters([("a", [parameter(), parameter(value=2.0)])])
