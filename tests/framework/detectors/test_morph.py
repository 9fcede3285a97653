"""The compiled response: exact at its centre, closed to second order, plain data."""

from __future__ import annotations

import dataclasses
import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nurecoil.detectors.morph import LARGEST_EXPONENT, Morph, compile_morph
from nurecoil.detectors.scintillator import RESPONSE_QUANTITIES, HitBins, HitTemplate, PeakTemplate
from nurecoil.errors import ModelError
from nurecoil.model.spectral import Template

Array = NDArray[np.float64]

CENTRE = np.array([427.0, 0.11, 1.53, 0.0, 3e-4])
STEP = np.array([2.0, 2e-3, 0.05, 1.0, 5e-5])


def spectrum() -> HitTemplate:
    energy = np.linspace(0.1, 0.8, 60)
    return HitTemplate(HitBins.of(np.arange(99.5, 250.5)), energy, 1 - energy, RESPONSE_QUANTITIES)


@dataclass
class Exponential:
    """A template whose logarithm is quadratic: a morph must reproduce it everywhere."""

    slope: Array
    curvature: Array
    names: tuple[str, ...] = ("a", "b")

    def evaluate(self, values: Array) -> tuple[Array, Array]:
        d = np.asarray(values, float)
        bend = np.einsum("ijb,j->ib", self.curvature, d)
        counts = 10 * np.exp(d @ (self.slope + 0.5 * bend))
        return counts, counts * (self.slope + bend)


def quadratic() -> Exponential:
    rng = np.random.default_rng(3)
    half = rng.normal(0, 0.05, (2, 2, 7))
    return Exponential(rng.normal(0, 0.2, (2, 7)), half + half.transpose(1, 0, 2))


def test_at_the_centre_it_is_exact() -> None:
    template = spectrum()
    morph = compile_morph(template, CENTRE, STEP)
    exact, fast = template.evaluate(CENTRE), morph.evaluate(CENTRE)
    np.testing.assert_array_equal(fast[0], exact[0])
    np.testing.assert_allclose(fast[1], exact[1], rtol=1e-12, atol=1e-300)


@given(shift=st.tuples(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0)))
def test_a_quadratic_exponent_is_reproduced_everywhere(shift: tuple[float, float]) -> None:
    template = quadratic()
    morph = compile_morph(template, np.array([0.3, -0.2]), np.array([0.5, 1.0]))
    for one, two in zip(template.evaluate(np.array(shift)), morph.evaluate(shift), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-11, atol=1e-11)


def test_the_error_is_of_third_order() -> None:
    template = spectrum()
    morph = compile_morph(template, CENTRE, 1e-3 * STEP)
    errors = []
    for size in (1.0, 0.5, 0.25):
        at = CENTRE + size * STEP * np.array([1, 0.5, -1, 0, 1])
        errors.append(float(np.max(np.abs(morph.evaluate(at)[0] / template.evaluate(at)[0] - 1))))
    assert errors[0] < 5e-3
    assert errors[1] < errors[0] / 6
    assert errors[2] < errors[1] / 6


@given(shift=st.tuples(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0)))
def test_its_own_derivatives_are_exact(shift: tuple[float, float]) -> None:
    morph = compile_morph(quadratic(), np.zeros(2), np.ones(2))
    _, jacobian = morph.evaluate(shift)
    for row, step in enumerate(np.eye(2) * 1e-4):
        found = (morph.evaluate(shift + step)[0] - morph.evaluate(shift - step)[0]) / 2e-4
        np.testing.assert_allclose(jacobian[row], found, rtol=1e-6, atol=1e-6)


def test_empty_bins_stay_empty() -> None:
    bins = HitBins.of(np.arange(99.5, 900.5))
    line = HitTemplate(bins, np.array([0.4]), np.array([10.0]), RESPONSE_QUANTITIES)
    empty = line.evaluate(CENTRE)[0] == 0
    assert empty.any()
    counts, jacobian = compile_morph(line, CENTRE, STEP).evaluate(CENTRE + 2 * STEP)
    assert not counts[empty].any()
    assert not jacobian[:, empty].any()
    assert np.all(np.isfinite(counts))


def test_a_step_over_the_edge_of_the_domain_is_taken_from_the_other_side() -> None:
    template = spectrum()
    centre = CENTRE.copy()
    centre[4] = 0.0
    wide = STEP.copy()
    wide[4] = 0.02  # below: a variance that is negative above 76 hits
    assert np.isnan(template.evaluate(centre - np.array([0, 0, 0, 0, 0.02]))[0]).all()
    morph = compile_morph(template, centre, wide)
    slope = compile_morph(template, centre, STEP)
    assert np.all(np.isfinite(morph.curvature))
    np.testing.assert_array_equal(morph.slope, slope.slope)
    at = centre + np.array([0, 0, 0, 0, 0.002])
    assert np.max(np.abs(morph.evaluate(at)[0] / template.evaluate(at)[0] - 1)) < 0.1


def test_a_template_without_neighbours_is_refused() -> None:
    class Spike:
        names = ("a",)

        def evaluate(self, values: Array) -> tuple[Array, Array]:
            here = float(values[0]) == 1.0
            return np.full(3, 1.0 if here else np.nan), np.full((1, 3), 1.0 if here else np.nan)

    with pytest.raises(ModelError, match=r"compiled response in a: .*not a number.*Constrain the parameter"):
        compile_morph(Spike(), np.array([1.0]), np.array([0.1]))


@pytest.mark.parametrize("step", [[1.0, 0.0], [1.0, -1.0], [1.0, np.nan]])
def test_steps_must_be_positive(step: list[float]) -> None:
    peak = PeakTemplate(HitBins.of(np.arange(99.5, 300.5)), 1e3, ("mu", "sigma"))
    with pytest.raises(ModelError, match=r"compiled response: steps .* Allowed: positive steps"):
        compile_morph(peak, np.array([190.0, 15.0]), np.array(step))


def test_shapes_must_fit() -> None:
    good = compile_morph(quadratic(), np.zeros(2), np.ones(2))
    for change in (
        {"centre": np.zeros(3)},
        {"slope": np.zeros((2, 6))},
        {"curvature": np.zeros((2, 7))},
        {"names": ("a",)},
    ):
        with pytest.raises(ModelError, match=r"morph of a.*: shapes .* Allowed: shapes"):
            dataclasses.replace(good, **change)


def test_far_away_it_stays_finite() -> None:
    morph = Morph(("a",), np.zeros(1), np.ones(2), np.array([[1.0, -1.0]]), np.zeros((1, 1, 2)))
    np.testing.assert_allclose(morph.evaluate([1e3])[0], np.exp([LARGEST_EXPONENT, -LARGEST_EXPONENT]))


def test_it_is_plain_data() -> None:
    morph = compile_morph(quadratic(), np.zeros(2), np.ones(2))
    assert isinstance(morph, Template)
    assert isinstance(morph.exact, Exponential)
    copy = pickle.loads(pickle.dumps(dataclasses.replace(morph, exact=None)))
    np.testing.assert_array_equal(copy.evaluate([0.3, 0.4])[0], morph.evaluate([0.3, 0.4])[0])
    read = Morph(copy.names, copy.centre, copy.counts, copy.slope, copy.curvature)
    assert read.step.size == 0
    assert read.exact is None


@given(shift=st.floats(-8.0, 8.0))
def test_beyond_the_largest_exponent_contents_and_derivatives_stay_put(shift: float) -> None:
    """The derivative is that of the contents, there too: else a fit would follow a slope that is none."""
    slope = np.array([[10.0, -10.0, 0.1]])
    morph = Morph(("a",), np.zeros(1), np.array([1.0, 2.0, 3.0]), slope, np.zeros((1, 1, 3)))
    if abs(abs(10 * shift) - LARGEST_EXPONENT) < 1e-3:
        return
    contents, derivatives = morph.evaluate([shift])
    above, below = morph.evaluate([shift + 1e-6])[0], morph.evaluate([shift - 1e-6])[0]
    np.testing.assert_allclose(derivatives[0], (above - below) / 2e-6, rtol=1e-5, atol=1e-7)
    assert np.all(contents <= np.array([1.0, 2.0, 3.0]) * np.exp(LARGEST_EXPONENT))
    assert (derivatives[0, 0] == 0) == (10 * abs(shift) > LARGEST_EXPONENT)
