"""What has no exact form in HistFactory is refused by name and reason; what has one gets the right one."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from nurecoil.bridges.pyhf import document, to_pyhf
from nurecoil.errors import ModelError
from nurecoil.model.parameters import GaussianConstraint, LogNormalConstraint, PoissonConstraint
from nurecoil.model.spectral import SpectralModel

Make = Callable[[SimpleNamespace], SpectralModel]
BAD: dict[str, tuple[Make, str]] = {
    "two powers": (
        lambda t: t.spectrum(
            [t.free("signal"), t.free("flat"), t.free("slope")],
            [{"signal": 2}, {"flat": 1}, {"signal": 4, "slope": 1}],
        ),
        r"parameter 'signal' in HistFactory: it enters in powers 2 and 4.*one power.*HS3",
    ),
    "constrained square": (
        lambda t: t.spectrum(
            [t.free("signal"), t.gaussian("flat"), t.free("slope")],
            [{"signal": 1}, {"flat": 2}, {"slope": 1}],
        ),
        r"parameter 'flat' in HistFactory: it has a Gaussian constraint and enters in power 2",
    ),
    "counted square": (
        lambda t: t.spectrum(
            [t.free("signal"), t.free("flat", constraint=PoissonConstraint(9.0, 9.0)), t.free("slope")],
            [{"signal": 1}, {"flat": 2}, {"slope": 1}],
        ),
        r"parameter 'flat' in HistFactory: it has a Poisson constraint and enters in power 2",
    ),
    "joint and log-normal": (
        lambda t: t.spectrum(
            [t.free("signal"), t.free("flat", constraint=LogNormalConstraint(1.0, 1.1)), t.free("slope")],
            t.LINEAR,
            (t.joint(("flat", "slope")),),
        ),
        r"parameter 'flat' in HistFactory: it has a constraint of its own beside a joint one",
    ),
    "singular": (
        lambda t: t.spectrum(
            [t.free("signal"), t.free("flat"), t.free("slope")],
            t.LINEAR,
            (t.joint(("flat", "slope"), 1.01),),
        ),
        r"covariance constraint of flat, slope: smallest eigenvalue -",
    ),
    "all but singular, measured": (
        lambda t: t.spectrum(
            [t.free("signal"), t.free("flat"), t.free("slope")],
            [{"signal": 1}, {"flat": 1, "slope": 1}, {"slope": 1}],
            (t.joint(("flat", "slope"), 0.99999),),
        ),
        r"channel 'constraint/flat\+slope': the covariance of what is measured is singular",
    ),
    "colliding names": (
        lambda t: t.spectrum(
            [t.free("alpha.flat"), t.gaussian("flat"), t.free("slope")],
            [{"alpha.flat": 1}, {"flat": 1}, {"slope": 1}],
            poi=None,
        ),
        r"workspace: two parameters are called 'alpha.flat'",
    ),
    "no parameters": (
        lambda t: t.spectrum([t.free("unused")], [{}, {}, {}], poi=None),
        r"workspace: the model has no parameters",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_has_no_form_is_refused_by_name(name: str, toys: SimpleNamespace) -> None:
    make, message = BAD[name]
    with pytest.raises(ModelError, match=message):
        to_pyhf(make(toys))


def test_fixed_parameters_keep_their_names_or_are_folded_in(toys: SimpleNamespace) -> None:
    parameters = [toys.free("signal"), toys.free("flat", 2.0, fixed=True), toys.free("slope", fixed=True)]
    made = document(toys.spectrum(parameters, [{"signal": 1, "flat": 2}, {"flat": 1}, {"slope": 1}]))
    roles = made.spelling.roles
    assert roles.folded == ("flat",) and set(roles.factors) == {"signal", "slope"}
    data = {s["name"]: s["data"] for s in made.workspace["channels"][0]["samples"]}
    assert data["signal"] == [32.0, 16.0, 4.0] and data["flat"] == [40.0, 40.0, 40.0]
    with pytest.raises(ModelError, match=r"'flat': 3; the workspace holds it. Allowed: 2"):
        made.coordinates({"flat": 3.0})


def test_a_gaussian_constraint_is_a_straight_line(toys: SimpleNamespace) -> None:
    made = document(
        toys.spectrum([toys.free("signal"), toys.gaussian("flat", 1.5, 0.2), toys.free("slope")], toys.LINEAR)
    )
    sample = made.workspace["channels"][0]["samples"][1]
    assert sample["data"] == [30.0] * 3
    (line,) = sample["modifiers"]
    assert line["type"] == "histosys" and line["name"] == "alpha.flat"
    assert line["data"]["hi_data"] == pytest.approx([34.0] * 3)
    assert line["data"]["lo_data"] == pytest.approx([26.0] * 3)
    setting = next(
        p for p in made.workspace["measurements"][0]["config"]["parameters"] if p["name"] == "alpha.flat"
    )
    assert setting["inits"] == [0.0] and setting["bounds"][0][0] == pytest.approx(-7.5)


def test_an_unused_parameter_is_left_out(toys: SimpleNamespace) -> None:
    parameters = [toys.free("signal"), toys.free("flat"), toys.free("slope"), toys.gaussian("other")]
    made = document(toys.spectrum(parameters, toys.LINEAR))
    assert made.spelling.roles.unused == ("other",)
    assert "other" not in str(made.workspace)
    pair = toys.joint(("flat", "other"))
    tied = document(toys.spectrum([*parameters[:3], toys.free("other")], toys.LINEAR, (pair,)))
    (block,) = tied.spelling.roles.pulls
    assert block.names == ("flat",) and block.root[0, 0] == pytest.approx(0.2)


def test_a_constraint_of_a_fixed_parameter_is_a_constant(toys: SimpleNamespace) -> None:
    flat = toys.free("flat", constraint=GaussianConstraint(1.0, 0.1), fixed=True)
    made = document(toys.spectrum([toys.free("signal"), flat, toys.free("slope")], toys.LINEAR))
    assert "flat" in made.spelling.roles.factors and not made.spelling.roles.pulls
