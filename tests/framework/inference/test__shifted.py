"""What impacts are measured on, and how parameters are put into groups."""

from __future__ import annotations

import math

import pytest

from nurecoil.inference._shifted import ShiftedEstimate, ShiftedLimit, default_groups, group_impacts
from nurecoil.inference.conditional import Conditional
from nurecoil.inference.fit import fit
from nurecoil.testing.models import counting

from .oracles import histfactory, linear, rates


def test_groups_by_name() -> None:
    groups = default_groups(fit(histfactory(), fix={"staterror_x[2]": 1.0}), "mu")
    assert groups["staterror_x"] == tuple(f"staterror_x[{i}]" for i in (0, 1, 3, 4, 5))
    assert (groups["constrained"], groups["free"]) == (("eff", "norm", "tilt"), ("k",))
    assert set(groups["all"]) == {name for name in histfactory().parameters if name != "mu"} - {
        "staterror_x[2]"
    }
    assert set(default_groups(fit(rates()), "mu")) == {"constrained", "free", "all"}
    assert default_groups(fit(linear()), "s") == {"constrained": ("b",)}


def test_a_known_fit_is_not_made_again() -> None:
    about = Conditional(fit(linear()))
    measure = ShiftedEstimate(about, "s")
    index = about.index("b")
    end = about.crossing(index, 1, 0.5)
    known, _ = measure.shift(index, end.coordinate, end.solution)
    again, _ = measure.shift(index, end.coordinate, None)
    assert known == pytest.approx(again, abs=1e-6)
    assert math.isnan(measure.gain([index]))


def test_the_limit_is_where_the_rise_is_that_of_the_level() -> None:
    best = fit(counting(5.0, 9.0, 2.0))
    measure = ShiftedLimit(Conditional(best), "signal", 0.9)
    rise = fit(best.model, fix={"signal": measure.value}).nll - best.nll
    assert 2 * rise == pytest.approx(1.2815516**2, rel=1e-5)
    (group,) = group_impacts(measure, {"b": ["background"]})
    assert group.size == pytest.approx(measure.gain([1]))
    assert group.size > 0


def test_a_group_without_error_of_interest_says_so() -> None:
    measure = ShiftedEstimate(Conditional(fit(counting(5.0, 9.0, 2.0))), "signal")
    (group,) = group_impacts(measure, {"b": ["background"]})
    assert math.isnan(group.size)
    assert group.reason == "the parameter of interest has no error"
