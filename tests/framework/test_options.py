"""Options: from typed words to a validated dataclass, and one clear error for each thing that is wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Gt, Interval
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.errors import OptionError, PluginError
from nurecoil.experiment import option
from nurecoil.options import UNITS, ends_in_unit, make_options, merged, parse_number, parse_settings


@dataclass(frozen=True)
class Options:
    """Options of every kind."""

    threshold: Annotated[float, Gt(0)] = option(0.2, unit="MeV", help="lowest energy of arXiv:1707.09355")
    live_time: float = option(1.0, unit="yr", help="live time")
    mass: Annotated[float, Interval(ge=0, lt=5)] | None = option(None, unit="kt", help="fiducial mass")
    bins: int = option(10, help="number of bins")
    range: tuple[float, float] = option((100.0, 900.0), help="range in hits")
    sources: tuple[str, ...] = option(("pp", "be7"), help="sources")
    response: Literal["exact", "compiled"] = option("compiled", help="form of the response")
    comb: bool = option(True, help="comb factor")
    data: Path | None = option(None, help="spectrum")
    form: Literal["exact"] | None = option(None, help="form or none")
    rates: tuple[Annotated[float, Gt(0)], ...] = option((1.0,), unit="d", help="")


def make(**given: Any) -> Options:
    made = make_options("toy", Options, given)
    assert isinstance(made, Options)
    return made


def test_settings_are_read_owner_by_owner() -> None:
    parsed = parse_settings(["a.x=1", " b.y = 2 , 3 ", "a.z=p=q.r", "a.x=4", "a.f=in/x.root:h"])
    assert parsed == {"a": {"x": "4", "z": "p=q.r", "f": "in/x.root:h"}, "b": {"y": "2 , 3"}}
    assert parse_settings([]) == {}


@pytest.mark.parametrize("setting", ["x=1", "a.x", ".x=1", "a.=1", "=1", "", "a.b"])
def test_what_is_no_setting_is_refused(setting: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_settings([setting])
    assert caught.value.where == f"--set {setting}"
    assert caught.value.got == "no OWNER.OPTION=VALUE"
    assert "describe" in str(caught.value.remedy)


def test_nothing_given_is_every_default() -> None:
    assert make() == Options()
    assert make_options("toy", Options) == Options()


@pytest.mark.parametrize(
    ("name", "given", "made"),
    [
        ("threshold", "0.3", 0.3),
        ("threshold", "300 keV", 0.3),
        ("threshold", "3e2keV", 0.3),
        ("threshold", "3.e5 eV", 0.3),
        ("threshold", ".3 MeV", 0.3),
        ("threshold", 0.35, 0.35),
        ("threshold", 1, 1.0),
        ("live_time", "365.25 d", 1.0),
        ("live_time", "31557600 s", 1.0),
        ("mass", "none", None),
        ("mass", "NONE", None),
        ("mass", None, None),
        ("mass", "897 t", 0.897),
        ("bins", "12", 12),
        ("range", "95,900", (95.0, 900.0)),
        ("range", " 95 , 900 ", (95.0, 900.0)),
        ("range", [95, 900], (95.0, 900.0)),
        ("range", (95, 900), (95.0, 900.0)),
        ("sources", "pp", ("pp",)),
        ("sources", "pp,be7,", ("pp", "be7")),
        ("sources", "", ()),
        ("response", "exact", "exact"),
        ("comb", "false", False),
        ("comb", "no", False),
        ("comb", False, False),
        ("data", "mine.root", Path("mine.root")),
        ("data", "none", None),
        ("rates", "1 d, 86400 s", (1.0, 1.0)),
    ],
)
def test_words_become_values(name: str, given: Any, made: Any) -> None:
    found = getattr(make(**{name: given}), name)
    assert found == (pytest.approx(made, rel=1e-14) if isinstance(made, float) else made)
    assert type(found) is type(made) or isinstance(made, Path)


@given(value=st.floats(1e-6, 1e6), unit=st.sampled_from(sorted(UNITS)))
def test_units_are_converted_or_refused(value: float, unit: str) -> None:
    kind, size = UNITS[unit]
    if kind == "energy":
        assert make(threshold=f"{value!r} {unit}").threshold == pytest.approx(value * size, rel=1e-12)
    else:
        with pytest.raises(OptionError, match=r"toy\.threshold: unit .*Allowed: eV, keV, MeV, GeV"):
            make(threshold=f"{value!r} {unit}")


@pytest.mark.parametrize(
    ("name", "given", "got", "allowed"),
    [
        ("threshold", "0", "'0' (input should be greater than 0)", "number > 0 [MeV]"),
        ("threshold", "-1 MeV", "'-1 MeV' (input should be greater than 0)", "number > 0 [MeV]"),
        ("threshold", "many", "'many' (input should be a valid number", "number > 0 [MeV]"),
        ("threshold", "1 parsec", "unit 'parsec' in '1 parsec'", "eV, keV, MeV, GeV"),
        ("threshold", "nan", "'nan' (input should be a finite number)", "number > 0 [MeV]"),
        ("threshold", math.inf, "'inf' (input should be a finite number)", "number > 0 [MeV]"),
        ("live_time", "inf", "'inf' (input should be a finite number)", "number [yr]"),
        ("mass", "5", "'5' (input should be less than 5)", "number >= 0, < 5 | none [kt]"),
        ("bins", "1.5", "'1.5' (", "whole number"),
        ("bins", "3 MeV", "unit 'MeV' in '3 MeV'", "a pure number"),
        ("range", "95", "'95' (too few values)", "number, number"),
        ("range", "95,100,200", "'95,100,200' (", "number, number"),
        ("range", "a,b", "'a,b' (input should be a valid number", "number, number"),
        ("range", (1.0, math.nan), "'1,nan' (input should be a finite number)", "number, number"),
        ("response", "exat", "'exat' is not known", "compiled, exact"),
        ("form", "exat", "'exat' is not known", "exact, none"),
        ("comb", "perhaps", "'perhaps' (input should be a valid boolean", "true or false"),
        ("rates", "1,-1", "'1,-1' (input should be greater than 0)", "number > 0, any number of them [d]"),
    ],
)
def test_what_is_wrong_says_what_is_allowed(name: str, given: Any, got: str, allowed: str) -> None:
    with pytest.raises(OptionError) as caught:
        make(**{name: given})
    assert caught.value.where == f"toy.{name}"
    assert caught.value.got.startswith(got)
    assert caught.value.allowed == allowed
    assert caught.value.exit_status == 2


def test_the_help_is_quoted_as_it_is_written() -> None:
    with pytest.raises(OptionError, match=r"\[MeV\]\. Lowest energy of arXiv:1707\.09355\.$"):
        make(threshold=0)
    with pytest.raises(OptionError) as caught:
        make(rates="0")
    assert caught.value.remedy is None


def test_misspelt_options_and_words_offer_the_nearest() -> None:
    with pytest.raises(OptionError) as caught:
        make(treshold=0.3)
    assert str(caught.value).startswith("option of toy: 'treshold' is not known. Allowed: bins, comb, data, ")
    assert str(caught.value.remedy).startswith("Did you mean 'threshold'")
    with pytest.raises(OptionError, match=r"toy\.response: 'exat' is not known.*Did you mean 'exact'\?"):
        make(response="exat")


@given(text=st.text(max_size=12))
def test_any_text_is_a_value_or_an_option_error(text: str) -> None:
    for name in ("threshold", "mass", "bins", "range", "sources", "response", "comb", "data", "rates"):
        try:
            made = make(**{name: text})
        except OptionError as error:
            assert error.where == f"toy.{name}"
        else:
            value = getattr(made, name)
            for number in value if isinstance(value, tuple) else (value,):
                assert not isinstance(number, float) or math.isfinite(number)


def test_a_type_that_does_not_exist_is_the_plugins_fault() -> None:
    @dataclass(frozen=True)
    class Odd:
        thing: Nowhere = option(1, help="a thing")  # type: ignore[name-defined]  # noqa: F821

    assert make_options("odd", Odd) == Odd()
    with pytest.raises(PluginError, match=r"odd\.thing: its type 'Nowhere' cannot be resolved"):
        make_options("odd", Odd, {"thing": "2"})


@given(value=st.floats(0, 1e6), unit=st.sampled_from(["eV", "keV", "MeV", "GeV"]))
def test_a_number_alone_is_converted_as_an_option_is(value: float, unit: str) -> None:
    assert parse_number("--over", f"{value!r} {unit}", "keV") == pytest.approx(
        value * UNITS[unit][1] / UNITS["keV"][1]
    )
    assert parse_number("--over", f"{value!r}", "keV") == value
    assert ends_in_unit(f"{value!r}{unit}") == unit
    assert ends_in_unit(f"{value!r}") == ""


@pytest.mark.parametrize(
    ("text", "unit", "said"),
    [
        ("ten", "MeV", "--over: 'ten'. Allowed: a number [MeV]."),
        ("", "1", "--over: ''. Allowed: a number."),
        ("inf", "1", "--over: 'inf'. Allowed: a number."),
        ("1e999", "1", "--over: '1e999'. Allowed: a number."),
        ("nan", "s", "--over: 'nan'. Allowed: a number [s]."),
        ("3 kg", "MeV", "--over: unit 'kg' in '3 kg'. Allowed: eV, keV, MeV, GeV."),
        ("3 MeV", "1", "--over: unit 'MeV' in '3 MeV'. Allowed: a pure number."),
    ],
)
def test_what_is_no_number_alone(text: str, unit: str, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_number("--over", text, unit)
    assert str(caught.value) == said


SEVERAL = st.dictionaries(
    st.sampled_from("abc"), st.dictionaries(st.sampled_from("xyz"), st.integers(), max_size=3)
)


@given(SEVERAL, SEVERAL)
def test_changes_win_and_nothing_else_is_lost(one: dict[str, Any], two: dict[str, Any]) -> None:
    before = ({k: dict(v) for k, v in one.items()}, {k: dict(v) for k, v in two.items()})
    found = merged(one, two)
    assert set(found) == set(one) | set(two)
    for owner, values in found.items():
        assert values == {**one.get(owner, {}), **two.get(owner, {})}
    assert (one, two) == before
