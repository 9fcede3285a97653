"""The limit rules on profiles whose limits have closed forms, and the scans they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from nurecoil.errors import FitError, ModelError, OptionError
from nurecoil.inference.results import Scan
from nurecoil.inference.rules import RULES, area, area_squared, check_level, rule

Array = NDArray[np.float64]
LEVELS = st.floats(0.6, 0.99)


def scan(values: Array, delta_nll: Array) -> Scan:
    return Scan("x", "1", values, delta_nll, float(values[int(np.argmin(delta_nll))]), 0.0)


def parabola(best: float = 0.0, sigma: float = 1.0, reach: float = 6.0, low: float = 0.0) -> Scan:
    values = np.linspace(low, best + reach * sigma, 121)
    return scan(values, (values - best) ** 2 / (2 * sigma**2))


@given(cl=LEVELS, sigma=st.floats(1e-12, 1e6))
def test_a_half_normal(cl: float, sigma: float) -> None:
    made = parabola(sigma=sigma)
    assert area(made, cl) == pytest.approx(sigma * stats.norm.ppf((1 + cl) / 2), rel=2e-4)
    one, two = RULES["delta-chi2-one-sided"], RULES["delta-chi2-two-sided"]
    assert one.upper_limit(made, cl) == pytest.approx(sigma * stats.norm.ppf(cl), rel=5e-3)
    assert two.upper_limit(made, cl) == pytest.approx(sigma * stats.norm.ppf((1 + cl) / 2), rel=1e-3)
    # x exp(-x^2 / 2) integrates to 1 - exp(-x^2 / 2)
    assert area_squared(made, cl) == pytest.approx(sigma * math.sqrt(-2 * math.log(1 - cl)), rel=2e-4)


@given(cl=LEVELS, best=st.floats(-2.0, 4.0))
def test_a_normal_cut_at_zero(cl: float, best: float) -> None:
    made = parabola(best, reach=6 + max(0.0, -best))
    made = scan(made.values, made.delta_nll - made.delta_nll.min())
    exact = stats.truncnorm.ppf(cl, -best, math.inf, loc=best)
    assert area(made, cl) == pytest.approx(exact, rel=1e-3)


@given(cl=LEVELS)
def test_an_exponential(cl: float) -> None:
    values = np.linspace(0.0, 20.0, 81)
    assert area(scan(values, values), cl) == pytest.approx(-math.log(1 - cl), rel=1e-3)
    assert area_squared(scan(values, values), cl) == pytest.approx(stats.gamma.ppf(cl, 2), rel=1e-3)
    crossing = RULES["delta-chi2-two-sided"].upper_limit(scan(values, values), cl)
    assert crossing == pytest.approx(stats.chi2.ppf(cl, 1) / 2, rel=1e-6)


def test_a_parameter_of_both_signs_has_a_whole_normal() -> None:
    values = np.linspace(-5.0, 7.0, 121)
    made = scan(values, (values - 1) ** 2 / 2)
    assert area(made, 0.9) == pytest.approx(1 + stats.norm.ppf(0.9), rel=1e-3)
    with pytest.raises(ModelError, match="negative values"):
        area_squared(made, 0.9)


def test_the_largest_crossing_counts() -> None:
    values = np.linspace(0.0, 10.0, 201)
    humps = 3 * np.sin(values * np.pi / 4) ** 2 + np.maximum(0, values - 8) ** 2
    assert 8 < RULES["delta-chi2-two-sided"].upper_limit(scan(values, humps), 0.9) < 9


def test_more_confidence_is_a_higher_limit() -> None:
    made = parabola(1.0)
    for one in RULES.values():
        found = [one.upper_limit(made, cl) for cl in (0.6, 0.68, 0.9, 0.95, 0.99)]
        assert np.all(np.diff(found) > 0)


@pytest.mark.parametrize("cl", [0.1, 0.5])
def test_the_one_sided_rule_is_above_the_best_fit(cl: float) -> None:
    with pytest.raises(OptionError, match=r"for delta-chi2-one-sided\. Allowed: a number above 0\.5"):
        RULES["delta-chi2-one-sided"].upper_limit(parabola(1.0), cl)
    assert RULES["delta-chi2-two-sided"].upper_limit(parabola(1.0), cl) > 1.0


@pytest.mark.parametrize("name", ["area", "area-squared"])
def test_an_area_needs_the_whole_likelihood(name: str) -> None:
    short = parabola(reach=3.9)
    with pytest.raises(FitError, match=r"the scan ends at Delta NLL = 7\.6.*Allowed: a scan up to .* 8"):
        RULES[name].upper_limit(short, 0.9)
    cut = parabola(reach=6.0, low=-1.0)  # ends on the left where the likelihood is not negligible
    with pytest.raises(FitError, match=r"the scan ends at Delta NLL = 0\.5"):
        area(cut, 0.9)


def test_a_crossing_needs_a_scan_up_to_it() -> None:
    with pytest.raises(FitError, match=r"the scan ends at Delta NLL = 0\.5\. Allowed: a scan up to 1\.35"):
        RULES["delta-chi2-two-sided"].upper_limit(parabola(reach=1.0), 0.9)
    assert RULES["delta-chi2-one-sided"].upper_limit(parabola(reach=1.3), 0.9) == pytest.approx(
        1.2816, rel=1e-3
    )


@pytest.mark.parametrize("name", RULES)
def test_a_scan_that_steps_over_the_minimum_is_refused(name: str) -> None:
    values = np.array([0.0, 100.0])
    coarse = Scan("x", "1", values, (values - 50) ** 2 / 200, 50.0, 0.0)
    with pytest.raises(FitError, match=r"no point of the scan lies below .* Scan more points"):
        RULES[name].upper_limit(coarse, 0.9)


def test_names_and_conventions() -> None:
    assert list(RULES) == ["area", "area-squared", "delta-chi2-one-sided", "delta-chi2-two-sided"]
    for name, one in RULES.items():
        assert rule(name) is one
        assert one.name == name
        assert one.convention
    with pytest.raises(OptionError) as caught:
        rule("aera")
    assert str(caught.value) == (
        "limit method: 'aera' is not known. Allowed: area, area-squared, delta-chi2-one-sided, "
        "delta-chi2-two-sided. Did you mean 'area'?"
    )


@pytest.mark.parametrize("cl", [0.0, 1.0, 90, -0.1, math.nan])
def test_levels_lie_between_0_and_1(cl: float) -> None:
    with pytest.raises(OptionError, match=r"confidence level: .* Allowed: a number between 0 and 1"):
        check_level(cl)
