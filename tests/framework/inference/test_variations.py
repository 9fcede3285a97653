"""Weighted sums of profiles: what a sum of one, of equals, of a good and a bad one must be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from nurecoil.errors import ModelError
from nurecoil.inference.results import Scan
from nurecoil.inference.rules import RULES, rule
from nurecoil.inference.variations import on_grid, summed_profile


def half_normal(centre: float, width: float, nll: float = 0.0, points: int = 41) -> Scan:
    """A parabola from 0 to where it has risen by 12, above its minimum in that range."""
    x = np.linspace(0.0, max(centre, 0.0) + 6 * width, points)
    best = max(centre, 0.0)
    delta = ((x - centre) ** 2 - (best - centre) ** 2) / (2 * width**2)
    return Scan("x", "mu_B", x, delta, best, nll)


scans = st.builds(
    half_normal, st.floats(-1.0, 3.0), st.floats(0.5, 2.0), st.floats(-3.0, 3.0), st.integers(31, 61)
)
few = settings(max_examples=25)
members = st.lists(st.tuples(scans, st.floats(0.1, 5.0)), min_size=1, max_size=6)


@few
@given(scans, st.floats(0.01, 100.0))
def test_one_member_is_itself(scan: Scan, prior: float) -> None:
    found = summed_profile([scan], [prior])
    np.testing.assert_allclose(found.scan.values, scan.values)
    np.testing.assert_allclose(found.scan.delta_nll, scan.delta_nll, atol=1e-12)
    assert found.scan.best == pytest.approx(scan.best, abs=1e-9)
    assert found.scan.nll == pytest.approx(scan.nll)
    assert found.weights.tolist() == found.shares.tolist() == [1.0]
    for made in RULES.values():
        assert made.upper_limit(found.scan, 0.9) == pytest.approx(made.upper_limit(scan, 0.9), rel=1e-12)


@few
@given(scans, st.lists(st.floats(0.1, 5.0), min_size=2, max_size=5))
def test_equal_members_are_one(scan: Scan, priors: list[float]) -> None:
    found = summed_profile([scan] * len(priors), priors)
    np.testing.assert_allclose(found.scan.delta_nll, scan.delta_nll, atol=1e-12)
    np.testing.assert_allclose(found.weights, np.array(priors) / sum(priors))
    np.testing.assert_allclose(found.shares, found.weights)


@few
@given(members, st.randoms(use_true_random=False))
def test_order_does_not_matter(rows: list[tuple[Scan, float]], random: object) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    straight = summed_profile([s for s, _ in rows], [p for _, p in rows])
    mixed = summed_profile([rows[i][0] for i in order], [rows[i][1] for i in order])
    np.testing.assert_allclose(mixed.scan.delta_nll, straight.scan.delta_nll, atol=1e-10)
    np.testing.assert_allclose(mixed.weights, straight.weights[order])
    np.testing.assert_allclose(mixed.shares, straight.shares[order])


@few
@given(members)
def test_weights_add_up_and_are_prior_times_likelihood(rows: list[tuple[Scan, float]]) -> None:
    found = summed_profile([s for s, _ in rows], [p for _, p in rows])
    assert found.weights.sum() == pytest.approx(1.0) and found.shares.sum() == pytest.approx(1.0)
    wanted = np.array([p * np.exp(-s.nll) for s, p in rows])
    np.testing.assert_allclose(found.weights, wanted / wanted.sum())
    assert found.scan.delta_nll.min() >= 0


@few
@given(members, st.floats(0.6, 0.99))
def test_the_area_limit_lies_between_the_members(rows: list[tuple[Scan, float]], cl: float) -> None:
    area = rule("area")
    single = [area.upper_limit(scan, cl) for scan, _ in rows]
    found = area.upper_limit(summed_profile([s for s, _ in rows], [p for _, p in rows]).scan, cl)
    assert min(single) * (1 - 2e-3) <= found <= max(single) * (1 + 2e-3)


@few
@given(members, st.floats(-2.0, 5.0))
def test_a_common_constant_changes_nothing(rows: list[tuple[Scan, float]], constant: float) -> None:
    scans_, priors = zip(*rows, strict=True)
    minima = [scan.nll for scan in scans_]
    one = summed_profile(scans_, priors, minima)
    other = summed_profile(scans_, priors, [value + constant for value in minima])
    np.testing.assert_allclose(one.scan.delta_nll, other.scan.delta_nll, atol=1e-9)
    assert other.scan.nll - one.scan.nll == pytest.approx(constant, abs=1e-9)


@few
@given(scans, scans)
def test_one_with_a_much_worse_likelihood_has_no_effect(good: Scan, bad: Scan) -> None:
    found = summed_profile([good, bad], nll=[0.0, 40.0])
    limit = rule("area").upper_limit
    assert limit(found.scan, 0.9) == pytest.approx(limit(good, 0.9), rel=2e-3)
    assert found.weights[1] < 1e-17


def test_a_prior_of_zero_takes_a_member_out() -> None:
    good, other = half_normal(0.0, 1.0), half_normal(2.0, 1.0, nll=-100.0)
    found = summed_profile([good, other], [1.0, 0.0])
    assert found.weights.tolist() == found.shares.tolist() == [1.0, 0.0]
    assert found.scan.best == 0.0


def test_the_sum_of_two_half_normals_is_that_of_the_formula() -> None:
    rows = [half_normal(0.0, 1.0, points=121), half_normal(0.0, 2.0, points=121)]
    found = summed_profile(rows, [3.0, 1.0], [0.0, 0.0])
    x = found.scan.values
    wanted = -np.log((3 * np.exp(-(x**2) / 2) + np.exp(-(x**2) / 8)) / 4)
    np.testing.assert_allclose(found.scan.delta_nll[x < 6], wanted[x < 6], atol=2e-3)
    assert found.shares.tolist() == pytest.approx([0.6, 0.4], abs=1e-3)

    limit = rule("area").upper_limit(found.scan, 0.9)
    below = 0.6 * (2 * norm.cdf(limit) - 1) + 0.4 * (2 * norm.cdf(limit / 2) - 1)
    assert below == pytest.approx(0.9, abs=1e-4)


def test_beyond_its_ends_a_member_goes_on_straight_or_flat() -> None:
    x = np.linspace(1.0, 2.0, 11)
    rising = Scan("x", "1", x, 3 * (x - 1), 1.0, 0.0)
    found = on_grid([rising], np.array([0.0, 1.0, 1.55, 2.0, 4.0]))[0]
    np.testing.assert_allclose(found, [0.0, 0.0, 1.65, 3.0, 9.0])


def test_points_that_are_all_but_the_same_are_one() -> None:
    one = half_normal(0.0, 1.0)
    other = Scan("x", "mu_B", one.values * (1 + 1e-9), one.delta_nll, 0.0, 0.0)
    found = summed_profile([one, other])
    assert found.scan.values.size == one.values.size
    np.testing.assert_allclose(found.scan.values, one.values, rtol=1e-8)


@pytest.mark.parametrize(
    ("priors", "nll", "said"),
    [
        ([1.0], None, "one a member"),
        ([1.0, -1.0], None, "at least 0"),
        ([0.0, 0.0], None, "one of them above"),
        ([1.0, np.inf], None, "prior weights"),
        (None, [0.0], "one finite number a member"),
        (None, [0.0, np.nan], "one finite number a member"),
    ],
)
def test_what_are_no_weights(priors: list[float] | None, nll: list[float] | None, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        summed_profile([half_normal(0.0, 1.0)] * 2, priors, nll)


def test_members_must_be_of_one_parameter() -> None:
    x = np.linspace(0.0, 1.0, 5)
    with pytest.raises(ModelError, match="no members"):
        summed_profile([])
    with pytest.raises(ModelError, match=r"x \[mu_B\], y \[1\]"):
        summed_profile([half_normal(0.0, 1.0), Scan("y", "1", x, x, 0.0, 0.0)])
