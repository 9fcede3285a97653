"""Exclusion curves: points and units, one limit a value, folded experiments used again, failures kept."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nurecoil.studies.exclusion as exclusion_module
from nurecoil.analysis import Request, build
from nurecoil.errors import FitError, OptionError
from nurecoil.inference.limits import Limit, limit
from nurecoil.studies.exclusion import Exclusion, exclusion, option_of, scan_points

ONE = {"kamland": {"backgrounds": ("none",)}}
SITE = {**ONE, "juno": {"backgrounds": ("none",)}}


def ask(*experiments: str, search: str | None = "light-vector", **options: Any) -> Request:
    """Sites without backgrounds: quick to fold."""
    given_ = {name: SITE[name] for name in experiments if name in SITE} | options
    return Request.of(experiments, search, given_)


@pytest.fixture(scope="module")
def curve() -> Exclusion:
    return exclusion(ask("kamland"), "mass", [10.0, 0.0, 1.0, 10.0])


def test_a_curve_has_the_limits_of_its_values(curve: Exclusion) -> None:
    assert curve.values == (0.0, 1.0, 10.0)
    for value, found in zip(curve.values, curve.limits, strict=True):
        model = build(["kamland"], "light-vector", {**ONE, "light-vector": {"mass": value}})
        assert found == pytest.approx(limit(model).value, rel=1e-3)


def test_a_curve_says_what_it_is(curve: Exclusion) -> None:
    assert (curve.over, curve.over_unit, curve.poi, curve.unit) == ("light-vector.mass", "MeV", "g", "1")
    assert (curve.experiments, curve.expected, curve.label) == (("kamland",), True, "kamland (expected)")
    assert (curve.method, curve.cl, curve.reasons) == ("area", 0.9, ())
    assert curve.options["light-vector"]["mass"] == 0.0
    assert curve.options["kamland"]["backgrounds"] == ("none",)
    assert any("universal" in note for note in curve.notes)
    assert not any("mass" in note for note in curve.notes)
    assert curve.references
    low, high = curve.limits[0], curve.limits[-1]
    assert repr(curve).startswith("<Exclusion kamland (expected): 3 values of light-vector.mass, ")
    assert repr(curve).endswith(f"g < {low:.3g} to {high:.3g}>")


def test_rows_are_keyed_by_the_option(curve: Exclusion) -> None:
    document = curve.to_json()
    assert document["rows"][1] == {"mass": 1.0, "limit": curve.limits[1]}
    assert document["label"] == curve.label
    assert len(document["rows"]) == 3


def test_a_heavy_vector_is_a_contact_interaction() -> None:
    """Far above the momentum transfer the cross section goes as g^4/m^4: the limit is proportional to m."""
    found = exclusion(ask("kamland"), "mass", [50.0, 100.0])
    low, high = found.limits
    assert low is not None and high is not None
    assert high / low == pytest.approx(2.0, rel=0.01)


def test_options_of_experiments_can_be_scanned() -> None:
    found = exclusion(ask("kamland"), "kamland.threshold", [1.0, 3.0])
    low, high = found.limits
    assert low is not None and high is not None
    assert (found.over, found.over_unit) == ("kamland.threshold", "MeV")
    assert low < high
    direct = build(["kamland"], "light-vector", {"kamland": {"threshold": 3.0, "backgrounds": ("none",)}})
    assert high == pytest.approx(limit(direct).value, rel=1e-3)
    assert not any("above 3 MeV" in note for note in found.notes)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the limits of some masses fail."""

    def fail(*which: int) -> None:
        calls = iter(range(100))

        def broken(*arguments: Any, **more: Any) -> Limit:
            if (number := next(calls)) in which:
                raise FitError("fit", f"made to fail {number}", "nothing")
            return limit(*arguments, **more)

        monkeypatch.setattr(exclusion_module, "limit", broken)

    return fail


@pytest.mark.parametrize("which", [(0,), (1,), (2,), (0, 2)])
def test_a_failed_value_is_kept_with_its_reason(
    curve: Exclusion, failing: Callable[..., None], which: tuple[int, ...]
) -> None:
    failing(*which)
    seen: list[tuple[int, int]] = []
    found = exclusion(ask("kamland"), "mass", [0.0, 1.0, 10.0], progress=lambda *now: seen.append(now))
    for number, (value, wanted) in enumerate(zip(found.limits, curve.limits, strict=True)):
        assert value == (None if number in which else pytest.approx(wanted, rel=1e-3))
    assert [value for value, _ in found.reasons] == [curve.values[number] for number in which]
    assert all("made to fail" in reason for _, reason in found.reasons)
    assert found.to_json()["reasons"][0]["value"] == curve.values[which[0]]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_where_everything_fails_there_is_no_curve(failing: Callable[..., None]) -> None:
    failing(0, 1)
    with pytest.raises(FitError, match="made to fail 1"):
        exclusion(ask("kamland"), "mass", [0.0, 1.0])


def test_values_are_checked_before_anything_is_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Request, "assembly", lambda self: pytest.fail("folded"))
    with pytest.raises(OptionError, match=r"light-vector.mass: .*101"):
        exclusion(ask("kamland"), "mass", [0.0, 101.0])
    with pytest.raises(OptionError, match=r"light-vector.mass: .*-1"):
        exclusion(ask("kamland"), "mass", [-1.0, 1.0])
    with pytest.raises(OptionError, match="scan over mass: no values"):
        exclusion(ask("kamland"), "mass", [])


def test_recoils_are_needed() -> None:
    with pytest.raises(OptionError, match="gallium and no recoils for light-vector to act on"):
        exclusion(ask("gallium"), "mass", [0.0, 1.0])


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ("mas", "option of light-vector: 'mas' is not known.*Did you mean 'mass'"),
        ("junoo.threshold", "--over junoo.threshold: 'junoo' is not known"),
        ("kamland.threshold", "--over kamland.threshold: 'kamland' is not known"),
        ("charges", "an option that takes no numbers .now universal.*describe light-vector"),
        ("interference", "takes no numbers .now false"),
        ("juno.backgrounds", "takes no numbers"),
        ("", "option of light-vector: '' is not known"),
    ],
)
def test_what_cannot_be_scanned(over: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        option_of(ask("juno"), over)


def test_what_can_be_scanned() -> None:
    assert option_of(ask("juno"), "mass") == ("light-vector", "mass", "MeV")
    assert option_of(ask("juno"), "juno.threshold") == ("juno", "threshold", "MeV")
    with pytest.raises(OptionError, match="--search: no search"):
        option_of(ask("juno", search=None), "mass")


@given(low=st.floats(1e-3, 1e3), factor=st.floats(1.001, 1e4), points=st.integers(2, 50))
def test_points_go_from_end_to_end(low: float, factor: float, points: int) -> None:
    high = low * factor
    found = scan_points(f"{low!r}:{high!r}", points, None, "1")
    assert len(found) == points
    assert (found[0], found[-1]) == pytest.approx((low, high))
    steps = np.diff(found) if factor <= 10 else np.diff(np.log(found))
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "points", "spacing", "wanted"),
    [
        ("0:100MeV", 4, None, (0.0, 0.01, 1.0, 100.0)),
        ("0:100", 3, "linear", (0.0, 50.0, 100.0)),
        ("1:100", 3, "log", (1.0, 10.0, 100.0)),
        ("1:2", 3, "log", (1.0, math.sqrt(2), 2.0)),
        ("1:100keV", 3, None, (1e-3, 1e-2, 1e-1)),
        ("1keV:0.1", 3, None, (1e-3, 1e-2, 1e-1)),
        ("500 keV : 1 MeV", 2, None, (0.5, 1.0)),
        ("0:5", 2, None, (0.0, 5.0)),
        ("-2:2", 5, None, (-2.0, -1.0, 0.0, 1.0, 2.0)),
        ("3,1,2", 60, None, (3.0, 1.0, 2.0)),
        ("1,10keV,2", 60, None, (1e-3, 1e-2, 2.0)),
        ("0, 1e-2", 60, None, (0.0, 0.01)),
    ],
)
def test_texts_and_their_points(
    text: str, points: int, spacing: str | None, wanted: tuple[float, ...]
) -> None:
    assert scan_points(text, points, spacing, "MeV") == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "points", "spacing", "said"),
    [
        ("5:1", 9, None, "--over: 5:1. Allowed: LOW < HIGH"),
        ("1:1", 9, None, "LOW < HIGH"),
        ("1:", 9, None, "LOW:HIGH or A,B,C"),
        ("1:2:3", 9, None, "LOW:HIGH or A,B,C"),
        ("1,,2", 9, None, "LOW:HIGH or A,B,C"),
        ("7", 9, None, "2 to 2000 different values. For one value, `nurecoil limit"),
        ("7,7.0", 9, None, "different values"),
        ("a:b", 9, None, "--over: 'b'. Allowed: a number .MeV."),
        ("0:inf", 9, None, "'inf'. Allowed: a number"),
        ("0:nan", 9, None, "'nan'"),
        ("0:10kg", 9, None, "unit 'kg' in '10kg'. Allowed: eV, keV, MeV, GeV"),
        ("0:10furlong", 9, None, "unit 'furlong'"),
        ("0:10", 9, "lgo", "--spacing: 'lgo' is not known.*Did you mean 'log'"),
        ("-1:10", 9, "log", "--spacing: log from -1"),
        ("0:10", 1, None, "--points: 1. Allowed: 2 to 2000"),
        ("0:10", 2001, None, "--points: 2001"),
    ],
)
def test_texts_that_are_no_points(text: str, points: int, spacing: str | None, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        scan_points(text, points, spacing, "MeV")


def test_a_plain_number_takes_no_unit() -> None:
    with pytest.raises(OptionError, match=r"unit 'MeV' in '2MeV'. Allowed: a pure number"):
        scan_points("1:2MeV", 9, None, "1")


def test_curves_are_frozen(curve: Exclusion) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        curve.cl = 0.5  # type: ignore[misc]


@pytest.mark.long
def test_borexino_folded_once_gives_the_limits_of_separate_builds() -> None:
    """Its response is compiled about the best fit of the first mass; the others' own are elsewhere."""
    request = Request.of(["borexino", "gallium"], "light-vector")
    found = exclusion(request, "mass", [0.0, 0.3, 3.0, 30.0], points=41)
    for value, one in zip(found.values, found.limits, strict=True):
        model = build(["borexino", "gallium"], "light-vector", {"light-vector": {"mass": value}})
        assert one == pytest.approx(limit(model).value, rel=1e-3), value
    assert not found.expected
    coarse = exclusion(request, "mass", [0.0, 3.0])
    assert coarse.limits[1] == pytest.approx(found.limits[2], rel=2e-3)
