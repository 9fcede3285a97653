"""Methods by name: all there are, what is missing, and several at once."""

from __future__ import annotations

import pytest

import nurecoil.inference.methods as module
from nurecoil.errors import OptionError
from nurecoil.inference.limits import limit, limits
from nurecoil.inference.methods import BEYOND, METHODS, check_method
from nurecoil.inference.rules import RULES
from nurecoil.testing.models import counting


def test_the_rules_come_first() -> None:
    assert (*RULES, "cls", "feldman-cousins", "bayes") == METHODS


def test_unknown_ones_are_refused_with_the_nearest() -> None:
    with pytest.raises(OptionError, match="Did you mean 'feldman-cousins'"):
        check_method("feldman-cousin")


def test_what_is_not_installed_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(OptionError, match=r"nutpie is not installed.*pip install 'nurecoil\[bayes\]'"):
        check_method("bayes")
    assert check_method("cls") == "cls"


@pytest.mark.parametrize("name", BEYOND)
def test_every_place_exists(name: str) -> None:
    place = BEYOND[name].place
    imported, _, function = place.partition(":")
    assert callable(getattr(__import__(imported, fromlist=[function]), function))


def test_several_methods_share_fit_and_scan() -> None:
    model = counting(observed=0.0, background=3.0)
    found = limits(model, 0.9, ["cls", "area", "feldman-cousins"], toys=200, seed=3)
    assert [one.method for one in found] == ["cls", "area", "feldman-cousins"]
    assert found[1].value == pytest.approx(2.303, abs=1e-3)
    assert abs(found[0].value - 2.303) < 5 * found[0].details["error"]
    assert found[0].scan is found[2].scan and found[0].best_fit is found[1].best_fit
    assert found[2].to_json()["details"]["interval"][0] == 0.0
    rows = found.to_json()["rows"]
    assert [bool(row["details"]) for row in rows] == [True, False, True]
    again = limit(model, 0.9, "feldman-cousins", toys=200, seed=3)
    assert again.value == found[2].value
