"""Morphs laid end to end: the same contents and slopes as one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nurecoil.detectors.morph import Morph
from nurecoil.engine.morphs import EMPTY, group_morphs

Array = NDArray[np.float64]
BINS = 7
INDEX = {"a": 3, "b": 0, "c": 2}


def random_morph(rng: np.random.Generator, names: tuple[str, ...], centre: float) -> Morph:
    counts = rng.uniform(0, 5, BINS) * (rng.uniform(size=BINS) < 0.6)
    n = len(names)
    half = rng.normal(0, 0.1, (n, n, BINS))
    return Morph(
        names, np.full(n, centre), counts, rng.normal(0, 0.3, (n, BINS)), half + half.transpose(1, 0, 2)
    )


@given(seed=st.integers(0, 10_000))
def test_groups_give_what_their_morphs_give(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kinds = [(("a", "b"), 0.0), (("b", "a"), 0.0), (("c",), 0.0), (("a", "b"), 0.5)]
    rows = [
        (row, random_morph(rng, *kinds[int(rng.integers(len(kinds)))]))
        for row in range(int(rng.integers(1, 7)))
    ]
    position = rng.normal(0, 0.5, 4)
    factors = rng.uniform(0, 2, 8)
    templates, jacobian = np.zeros((8, BINS)), np.zeros((4, BINS))
    groups = group_morphs(rows, INDEX)
    assert len(groups) == len({(morph.names, morph.centre[0]) for _, morph in rows})
    for group in groups:
        counts, logarithmic = group.evaluate(position, templates)
        group.add_slopes(jacobian, factors, counts, logarithmic)
    exact = np.zeros((4, BINS))
    for row, morph in rows:
        where = [INDEX[name] for name in morph.names]
        contents, slopes = morph.evaluate(position[where])
        np.testing.assert_allclose(templates[row], contents, rtol=1e-12)
        exact[where] += factors[row] * slopes
    np.testing.assert_allclose(jacobian, exact, rtol=1e-10, atol=1e-12)


def test_ends_that_hold_next_to_nothing_are_left_out() -> None:
    counts = np.array([0.5 * EMPTY, 2 * EMPTY, 1.0, 0.0, 1.0, 0.0, 0.1 * EMPTY])
    morph = Morph(("a",), np.zeros(1), counts, np.ones((1, BINS)), np.zeros((1, 1, BINS)))
    (group,) = group_morphs([(0, morph)], INDEX)
    assert group.spans == ((0, slice(0, 4), slice(1, 5)),)
    templates = np.zeros((1, BINS))
    group.evaluate(np.zeros(4), templates)
    np.testing.assert_array_equal(templates[0], [0, 2 * EMPTY, 1, 0, 1, 0, 0])


@given(seed=st.integers(0, 10_000))
def test_groups_and_morphs_agree_where_exponents_are_cut(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [(row, random_morph(rng, ("a", "b"), 0.0)) for row in range(3)]
    position = rng.normal(0, 60, 4)
    templates, jacobian = np.zeros((3, BINS)), np.zeros((4, BINS))
    (group,) = group_morphs(rows, INDEX)
    group.add_slopes(jacobian, np.ones(3), *group.evaluate(position, templates))
    exact = np.zeros((4, BINS))
    for row, morph in rows:
        contents, slopes = morph.evaluate(position[[INDEX["a"], INDEX["b"]]])
        np.testing.assert_allclose(templates[row], contents, rtol=1e-9)
        exact[[INDEX["a"], INDEX["b"]]] += slopes
    np.testing.assert_allclose(jacobian, exact, rtol=1e-9, atol=1e-9 * np.abs(exact).max(initial=1.0))


def test_an_empty_morph_has_no_second_derivatives() -> None:
    morph = Morph(("a",), np.zeros(1), np.zeros(BINS), np.ones((1, BINS)), np.ones((1, 1, BINS)))
    (group,) = group_morphs([(0, morph)], INDEX)
    filled = group.evaluate(np.ones(4), np.zeros((1, BINS)))
    bends = np.zeros((4, 4))
    group.add_bends(bends, np.ones(1), np.zeros((4, 1)), filled, np.ones(BINS))
    np.testing.assert_array_equal(bends, 0.0)
