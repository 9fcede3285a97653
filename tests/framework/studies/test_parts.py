"""Parts of a combination: which channels, parameters and constraints come along."""

from __future__ import annotations

import numpy as np
import pytest

from nurecoil.errors import ModelError
from nurecoil.inference.fit import fit
from nurecoil.model.parameters import CovarianceConstraint, Parameter
from nurecoil.model.spectral import SpectralModel
from nurecoil.studies.parts import experiments_of, marginal, part, shared_by

from .conftest import measured, model_of

JOINT = CovarianceConstraint(
    ("a", "b", "c"), (1.0, 2.0, 3.0), ((0.04, 0.01, 0.0), (0.01, 0.09, 0.02), (0.0, 0.02, 0.16)), "somebody"
)


def combination() -> SpectralModel:
    return model_of(
        measured("one", [1.0, 3.0], 0.1, {"a": [1, 0], "b": [0, 1], "g": [1, 0]}),
        measured("two", [5.0, 1.0], 0.1, {"b": [1, 0], "c": [1, 0], "two.own": [0, 1]}),
        parameters=[Parameter("g", "1", 0.0, 0.0)],
        constraints=[JOINT],
        poi="g",
        published=[1],
        published_limits=[2],
        response={"form": "compiled"},
        notes=["kept"],
    )


def test_a_part_has_what_its_channels_use() -> None:
    one, two = (part(combination(), [name]) for name in ("one", "two"))
    assert experiments_of(combination()) == ("one", "two")
    assert (list(one.parameters), one.poi) == (["a", "b", "g"], "g")
    assert (list(two.parameters), two.poi) == (["b", "c", "two.own"], None)
    assert shared_by([one, two]) == ("b",)
    assert [channel.name for channel in two.channels] == ["two/number"]


def test_what_belongs_to_the_whole_stays_behind() -> None:
    metadata = part(combination(), ["two"]).metadata
    assert metadata == {"experiments": ["two"], "published": [], "published_limits": [], "notes": ["kept"]}


def test_joint_constraints_are_marginalised() -> None:
    (joint,) = part(combination(), ["two"]).constraints
    assert (joint.names, joint.centre, joint.source) == (("b", "c"), (2.0, 3.0), "somebody")
    assert joint.covariance == ((0.09, 0.02), (0.02, 0.16))
    assert marginal(JOINT, ["x"]) is None
    assert marginal(JOINT, JOINT.names) == JOINT


def test_the_marginal_says_what_the_joint_constraint_says_of_its_members() -> None:
    """Fitting with the whole constraint or with its marginal gives the same, with nothing else known of a."""
    channel = measured("two", 5.5, 0.1, {"b": 1, "c": 1})
    names = [Parameter(name, "1", 0.0) for name in "abc"]
    free = measured("one", 0.0, 1e6, {"a": 1})
    whole = fit(model_of(free, channel, parameters=names, constraints=[JOINT]))
    alone = fit(part(model_of(free, channel, parameters=names, constraints=[JOINT]), ["two"]))
    for name in "bc":
        assert alone.parameters[name].value == pytest.approx(whole.parameters[name].value, rel=1e-6)
        assert alone.parameters[name].error == pytest.approx(whole.parameters[name].error, rel=1e-6)


def test_all_of_them_are_the_whole() -> None:
    whole, again = combination(), part(combination(), ["two", "one"])
    assert list(again.parameters) == list(whole.parameters)
    assert again.constraints == whole.constraints
    for one, two in zip(whole.channels, again.channels, strict=True):
        np.testing.assert_array_equal(one.observed, two.observed)


def test_unknown_experiments_are_refused() -> None:
    with pytest.raises(ModelError, match=r"experiment of the combination: 'tow' is not known.*'two'"):
        part(combination(), ["tow"])
