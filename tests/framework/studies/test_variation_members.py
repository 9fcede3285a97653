"""Members of a systematic study: axes declared, chosen and multiplied; what their choices change."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.analysis import Request
from nurecoil.errors import ModelError, OptionError, PluginError
from nurecoil.studies.variation_members import (
    SOLAR_MODEL,
    Member,
    axes_of,
    chosen_axes,
    member_model,
    members_of,
)
from nurecoil.testing.models import counting
from nurecoil.variation import Choice, Variation

from .varied import Varied, asked, varied

__all__ = ["varied"]


def axis(name: str, *priors: float, other_data: bool = False) -> Variation:
    choices = tuple(Choice(f"{name}{i}", {f"{name}.x": i}, {}, prior) for i, prior in enumerate(priors))
    return Variation(name, choices, other_data)


@given(st.lists(st.lists(st.floats(0.1, 3.0), min_size=1, max_size=3), min_size=1, max_size=3))
def test_members_are_the_product_of_the_axes(priors: list[list[float]]) -> None:
    axes = [axis(f"a{i}", *row) for i, row in enumerate(priors)]
    found = members_of(axes)
    assert len(found) == math.prod(len(row) for row in priors)
    assert len({member.label for member in found}) == len(found)
    assert sum(member.prior for member in found) == pytest.approx(1.0)
    assert [member.standard for member in found] == [True] + [False] * (len(found) - 1)


def test_a_member_has_what_its_choices_change() -> None:
    axes = [axis("a", 1.0, 3.0), Variation("b", (Choice("as held"), Choice("up", {}, {"p": 1.1}, 1.0)))]
    last = members_of(axes)[-1]
    assert (last.choices, last.options, last.factors) == ({"a": "a1", "b": "up"}, {"a.x": 1}, {"p": 1.1})
    assert last.prior == pytest.approx(0.375) and last.data == () and last.label == "a1, up"


def test_two_axes_do_not_change_one_thing() -> None:
    with pytest.raises(PluginError, match=r"'a' and 'b'.*both change o\.x"):
        members_of([Variation(name, (Choice("0"), Choice("1", {"o.x": 1}))) for name in "ab"])


def test_data_are_told_by_the_choices_that_have_their_own() -> None:
    found = members_of([axis("d", 1.0, 1.0, other_data=True), axis("a", 1.0, 1.0)])
    assert [member.data for member in found] == [("d0",), ("d0",), ("d1",), ("d1",)]


def test_axes_come_from_the_experiments_and_those_with_other_data_first(varied: type[Varied]) -> None:
    for data, wanted in ((True, ["shape", "held"]), (False, ["exposure", "shape", "held"])):
        assembly = asked(data=data).assembly()
        assert [one.name for one in axes_of(assembly, assembly.model())] == wanted


@pytest.mark.parametrize(("ssm", "labels"), [
    ("B16-GS98", ["high metallicity (B16-GS98)", "low metallicity (B16-AGSS09)"]),
    ("SF3-AGSS09", ["low metallicity (SF3-AGSS09)", "high metallicity (SF3-GS98)"]),
    ("SF3-MB22m", ["as chosen (SF3-MB22m)"]),
])  # fmt: skip
def test_the_sun_has_another_metallicity(ssm: Any, labels: list[str]) -> None:
    assembly = Request.of(["gallium"], None, {"solar": {"ssm": ssm}}).assembly()
    (found,) = axes_of(assembly, assembly.model())
    assert found.name == SOLAR_MODEL and [choice.label for choice in found.choices] == labels


@pytest.mark.parametrize("declared", [[3], [Variation("shape", (Choice("x"),))] * 1])
def test_what_is_no_variation_is_told(
    varied: type[Varied], monkeypatch: pytest.MonkeyPatch, declared: list[Any]
) -> None:
    other = [Variation("shape", (Choice("y"),))]
    monkeypatch.setattr(Varied, "variations", lambda self, shared: declared + other)
    assembly = asked().assembly()
    with pytest.raises(PluginError, match=r"a variation 3|declared differently"):
        axes_of(assembly, assembly.model())


def test_axes_are_chosen_by_name() -> None:
    axes = [axis("a", 1.0), axis("b", 1.0)]
    assert chosen_axes(axes, ["b", "a"]) == tuple(axes) and chosen_axes(axes, ["b"]) == (axes[1],)
    with pytest.raises(OptionError, match=r"axis: 'c' is not known\. Allowed: a, b"):
        chosen_axes(axes, ["c"])
    with pytest.raises(OptionError, match="axes: none"):
        chosen_axes([], None)


def test_a_members_options_are_validated(varied: type[Varied]) -> None:
    def member(**options: Any) -> Member:
        named = {name.replace("__", "."): value for name, value in options.items()}
        return Member({}, named, {}, 1.0, (), False)

    made = member(toy__shape="rising").request(asked(exposure=3.0))
    assert (made.options["toy"].shape, made.options["toy"].exposure) == ("rising", 3.0)
    for wrong in (member(toy__shape="round"), member(toy__form="flat"), member(sun__ssm="x")):
        with pytest.raises(OptionError):
            wrong.request(asked())


def test_held_parameters_are_moved_and_stay_inside_their_bounds() -> None:
    model = counting(observed=3.0, background=10.0)
    moved, notes = member_model(model, Member({}, {}, {"background": 1.2}, 1.0, (), False))
    assert moved.parameters["background"].value == pytest.approx(12.0) and notes == ()
    moved, notes = member_model(model, Member({}, {}, {"background": -0.5}, 1.0, (), False))
    assert moved.parameters["background"].value == 0.0 and "stays at its bound 0" in notes[0]
    with pytest.raises(ModelError, match="a parameter that the fit moves"):
        member_model(model, Member({}, {}, {"signal": 1.2}, 1.0, (), False))
    with pytest.raises(ModelError, match="not known"):
        member_model(model, Member({}, {}, {"foreground": 1.2}, 1.0, (), False))
