"""What a correlation map does to a combination, and joint constraints of the inputs."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from nurecoil.combining.combination import combine
from nurecoil.combining.correlations import Relation
from nurecoil.errors import ModelError
from nurecoil.inference.fit import nll
from nurecoil.model.parameters import (
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    PoissonConstraint,
)

from .combining import THREE, TWO, fluxes, make, mu, pull, pulled


def test_same_ties_different_names() -> None:
    one, two = pulled("A", "jes_1", 0.1), pulled("B", "jes_2", 0.2)
    both = combine([one, two], ["a", "b"], [Relation("jes", "same", ("b:jes_2", "a:jes_1"))])
    assert list(both.parameters) == ["mu", "jes"]
    expected = nll(one, {"jes_1": 0.6}) + nll(two, {"jes_2": 0.6}) + stats.norm.logpdf(0.6)
    assert nll(both, {"jes": 0.6}) == pytest.approx(expected, rel=1e-13)


def test_same_needs_one_definition_or_the_one_to_keep() -> None:
    one, two = pulled("A", "j", 0.1), pulled("B", "k", 0.2, upper=8.0)
    with pytest.raises(ModelError, match="They differ in upper"):
        combine([one, two], ["a", "b"], [Relation("jes", "same", ("a:j", "b:k"))])
    both = combine([one, two], ["a", "b"], [Relation("jes", "same", ("a:j", "b:k"), keep="b:k")])
    assert both.parameters["jes"].upper == 8.0
    odd = pulled("B", "k", 0.2, unit="MeV")
    with pytest.raises(ModelError, match="one unit"):
        combine([one, odd], ["a", "b"], [Relation("jes", "same", ("a:j", "b:k"), keep="b:k")])


def test_renamed_takes_one_out() -> None:
    one, two = pulled("A", "jes", 0.1), pulled("B", "jes", 0.2, upper=8.0)
    both = combine([one, two], ["a", "b"], [Relation("jes.second", "renamed", ("b:jes",))])
    assert list(both.parameters) == ["mu", "jes", "jes.second"]


@pytest.mark.parametrize("names", [("jes", "jes"), ("jes_1", "jes_2")])
def test_correlated_pulls_have_the_joint_density(names: tuple[str, str]) -> None:
    one, two = pulled("A", names[0], 0.1), pulled("B", names[1], 0.2)
    tie = Relation("energy scale", "correlated", (f"a:{names[0]}", f"b:{names[1]}"), correlation=0.5)
    both = combine([one, two], ["a", "b"], [tie])
    new = ("a.jes", "b.jes") if names[0] == names[1] else names
    assert both.constraints[0].names == new
    at = {new[0]: 0.8, new[1]: -0.4}
    joint = stats.multivariate_normal([0.0, 0.0], [[1.0, 0.5], [0.5, 1.0]]).logpdf([0.8, -0.4])
    apart = stats.norm.logpdf(0.8) + stats.norm.logpdf(-0.4)
    expected = nll(one, {names[0]: 0.8}) + nll(two, {names[1]: -0.4}) + apart - joint
    assert nll(both, at) == pytest.approx(expected, rel=1e-13)


def test_physical_parameters_are_correlated_in_their_units() -> None:
    one = make("A", parameters=[mu(name="x", constraint=GaussianConstraint(1.0, 0.2))], powers={"x": 1})
    two = make(
        "B", parameters=[mu(name="y", unit="t", constraint=GaussianConstraint(4.0, 3.0))], powers={"y": 1}
    )
    tie = Relation("t", "correlated", ("a:x", "b:y"), correlation=-0.25)
    joint = combine([one, two], ["a", "b"], [tie]).constraints[0]
    assert joint.centre == (1.0, 4.0)
    assert np.array(joint.covariance) == pytest.approx(np.array([[0.04, -0.15], [-0.15, 9.0]]), rel=1e-14)


def test_a_shared_parameter_is_correlated_under_its_own_name() -> None:
    models = [pulled("A", "jes", 0.1), pulled("B", "jes", 0.2), pulled("C", "other", 0.2)]
    tie = Relation("t", "correlated", ("jes", "c:other"), correlation=0.3)
    both = combine(models, ["a", "b", "c"], [tie])
    assert list(both.parameters) == ["mu", "jes", "other"]
    assert both.constraints[0].names == ("jes", "other")


def test_a_matrix_correlates_several() -> None:
    models = [pulled(c, f"j{c}", 0.1) for c in "ABC"]
    rows = ((1.0, 0.5, 0.1), (0.5, 1.0, 0.2), (0.1, 0.2, 1.0))
    tie = Relation("t", "correlated", ("a:jA", "b:jB", "c:jC"), correlation=rows)
    assert combine(models, ["a", "b", "c"], [tie]).constraints[0].covariance == rows


REFUSED = {
    "no constraint, so there is no error": mu(name="x"),
    "log-normal": mu(name="x", constraint=LogNormalConstraint(1.0, 1.2)),
    "Poisson": mu(name="x", constraint=PoissonConstraint(10.0, 10.0)),
    "fixed, so it moves with nothing": mu(name="x", constraint=GaussianConstraint(1.0, 0.1), fixed=True),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_cannot_be_correlated_says_why(said: str) -> None:
    one, two = make("A", parameters=[REFUSED[said]], powers={"x": 1}), pulled("B", "y", 0.1)
    tie = Relation("t", "correlated", ("a:x", "b:y"), correlation=0.5)
    with pytest.raises(ModelError, match=said):
        combine([one, two], ["a", "b"], [tie])


def test_what_is_under_a_joint_constraint_is_not_correlated_again() -> None:
    tie = Relation("t", "correlated", ("a:x", "b:y"), correlation=0.5)
    with pytest.raises(ModelError, match="'x': it stands under a joint constraint already"):
        combine([fluxes("A", "zx", TWO), pulled("B", "y", 0.1)], ["a", "b"], [tie])


@pytest.mark.parametrize(
    ("relations", "said"),
    [
        ([("q", "same", ("c:jes", "b:jes"))], "label of 'c:jes': 'c' is not known"),
        ([("q", "same", ("a:jse", "b:jes"))], "Did you mean 'jes'"),
        ([("q", "same", ("jes", "b:jes"))], "member without 'label:': 'jes' is not known"),
        ([("q", "same", ("a:jes", "a:mu"))], "two parameters of 'a'"),
        ([("q", "independent", ("a:jes",)), ("r", "renamed", ("a:jes",))], "'a:jes' in two entries: 'q'"),
        ([("q", "correlated", ("a:jes", "b:only"))], "speaks of a:jes but not of b:jes"),
        ([("q", "same", ("a:jes", "b:only"))], 'Add "b:jes" to its members'),
        ([("mu", "renamed", ("b:jes",))], "'mu' would name both"),
        ([("q", "correlated", ("jes", "nothing"))], "'nothing' is not known"),
        ([("q", "correlated", ("jes", "b:only")), ("r", "correlated", ("jes", "b:second"))], "'jes' in two"),
        ([("q", "same", ("a:jes[*]", "b:jes"))], r"members with and without \[\*\]"),
        ([("q[*]", "same", ("a:jes[*]", "b:jes[*]"))], "is not known"),
    ],
)
def test_statements_that_fit_nothing_or_each_other_are_refused(relations: Any, said: str) -> None:
    one = pulled("A", "jes", 0.1)
    more = {name: pull(name) for name in ("only", "second")}
    two = pulled("B", "jes", 0.2)
    two = dataclasses.replace(two, parameters={**two.parameters, **more})
    made = [Relation(n, k, m, correlation=0.5 if k == "correlated" else None) for n, k, m in relations]
    with pytest.raises(ModelError, match=said):
        combine([one, two], ["a", "b"], made)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": " x"}, "padded heading"),
        ({"kind": "smae"}, "Did you mean 'same'"),
        ({"members": ("a:x", "a:x")}, "'a:x' more than once"),
        ({"members": ("a:x",)}, "1 members of 'same'"),
        ({"kind": "renamed"}, "exactly one"),
        ({"keep": "c:x"}, "keep = 'c:x'"),
        ({"kind": "independent", "keep": "a:x"}, "keep = 'a:x'"),
        ({"correlation": 0.5}, "a correlation of 0.5 in 'same'"),
        ({"kind": "correlated"}, "a correlation of None"),
        ({"kind": "correlated", "correlation": 1.0}, "smallest eigenvalue"),
        ({"kind": "correlated", "correlation": -1.5}, "smallest eigenvalue"),
        ({"kind": "correlated", "correlation": math.nan}, "no finite number"),
        ({"kind": "correlated", "correlation": ((1.0, 0.5),)}, "2 rows of 2 numbers"),
        ({"kind": "correlated", "correlation": ((1.0, 0.5), (0.4, 1.0))}, "not symmetric"),
        ({"kind": "correlated", "correlation": ((2.0, 0.5), (0.5, 1.0))}, "ones on its diagonal"),
    ],
)
def test_statements_that_contradict_themselves_are_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        Relation(**{"name": "x", "kind": "same", "members": ("a:x", "b:x")} | fields)


def test_three_can_not_all_be_anticorrelated() -> None:
    members = ("a:x", "b:x", "c:x")
    with pytest.raises(ModelError, match=r"between all 3: above -0.5 and below 1"):
        Relation("x", "correlated", members, correlation=-0.5)
    assert Relation("x", "correlated", members, correlation=-0.49).correlation == -0.49


def test_equal_joint_constraints_count_once() -> None:
    both = combine([fluxes("A", "xyz", THREE), fluxes("B", "zyx", THREE)], ["a", "b"])
    assert both.constraints == (THREE,)


def test_a_part_of_a_joint_constraint_is_the_same_measurement() -> None:
    one, two = fluxes("A", "zx", TWO), fluxes("B", "xyz", THREE)
    both = combine([one, two], ["a", "b"])
    assert both.constraints == (THREE,)
    at = {"x": 1.2, "y": 0.8, "z": 1.1}
    part = stats.multivariate_normal(TWO.centre, TWO.covariance).logpdf([1.1, 1.2])
    expected = nll(one, {"x": 1.2, "z": 1.1}) + nll(two, at) + part
    assert nll(both, at) == pytest.approx(expected, rel=1e-13)


def test_joint_constraints_that_overlap_otherwise_are_refused() -> None:
    other = CovarianceConstraint(("x", "w"), (1.0, 1.0), ((0.04, 0.0), (0.0, 1.0)))
    with pytest.raises(ModelError, match="joint constraint of x: two that differ: b has"):
        combine([fluxes("A", "xw", other), fluxes("B", "xyz", THREE)], ["a", "b"])
    moved = dataclasses.replace(TWO, centre=(0.9, 1.01))
    with pytest.raises(ModelError, match="joint constraint of"):
        combine([fluxes("A", "zx", moved), fluxes("B", "xyz", THREE)], ["a", "b"])
    with pytest.raises(ModelError, match="under a joint constraint in a and not in b"):
        combine([fluxes("A", "zx", TWO), fluxes("B", "zx", None)], ["a", "b"])


def test_joint_constraints_go_apart_with_their_parameters() -> None:
    moved = dataclasses.replace(TWO, centre=(0.9, 1.01))
    apart = [Relation(name, "independent", (f"a:{name}", f"b:{name}")) for name in "xz"]
    both = combine([fluxes("A", "zx", TWO), fluxes("B", "zx", moved)], ["a", "b"], apart)
    assert [one.names for one in both.constraints] == [("a.z", "a.x"), ("b.z", "b.x")]
