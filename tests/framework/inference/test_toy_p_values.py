"""Shares of toys beyond the data's statistic, chunks of toys, and toys without a fit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import nurecoil.inference.toy_p_values as module
from nurecoil.errors import FitError, OptionError
from nurecoil.inference.ensembles import Ensemble
from nurecoil.inference.toy_p_values import check_toys, failure_notes, tail, tails, toys_of
from nurecoil.testing.models import counting

FEW_VALUES = arrays(float, st.integers(1, 40), elements=st.sampled_from([0.0, 0.5, 1.0, 2.5, 7.0]))


@given(FEW_VALUES, FEW_VALUES)
def test_all_tails_are_those_of_each(values: np.ndarray, observed: np.ndarray) -> None:
    wanted = [tail(values, float(one))[0] for one in observed]
    np.testing.assert_allclose(tails(values, observed), wanted, atol=1e-12)


def test_equal_statistics_count_and_so_do_those_equal_but_for_the_minimiser() -> None:
    values = np.array([1.0, 2.0 - 1e-8, 2.0, 2.0 + 1e-8, 3.0])
    assert tail(values, 2.0)[0] == 0.8


@pytest.mark.parametrize(("count", "size"), [(0, 100), (100, 100), (30, 400)])
def test_the_error_is_binomial_and_never_nothing(count: int, size: int) -> None:
    values = np.concatenate([np.ones(count), np.zeros(size - count)])
    share, error = tail(values, 1.0)
    assert share == count / size
    p = (count + 1) / (size + 2)
    assert error == pytest.approx(math.sqrt(p * (1 - p) / size)) and error > 0


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ensemble = Ensemble(counting(3.0, 9.0, 2.0))
    done: list[int] = []
    whole, _ = toys_of(ensemble, "q_tilde", 4.0, 25, seed=3, first=10)
    monkeypatch.setattr(module, "_CHUNK", 10)
    parts, _ = toys_of(ensemble, "q_tilde", 4.0, 25, 3, 10, done.append)
    np.testing.assert_allclose(parts, whole, atol=1e-9)
    assert done == [10, 10, 5]


@pytest.mark.parametrize("failed", [3, 60])
def test_failures_are_counted_and_too_many_are_an_error(monkeypatch: pytest.MonkeyPatch, failed: int) -> None:
    def statistic(ensemble: Any, data: Any, name: str, value: float) -> tuple[np.ndarray, tuple[str, ...]]:
        values = np.arange(float(len(data)))
        values[:failed] = math.nan
        return values, ("made to fail",) * failed

    monkeypatch.setattr(module, "statistic_of_toys", statistic)
    ensemble = Ensemble(counting(3.0, 9.0))
    if failed == 60:
        with pytest.raises(FitError, match=r"60 of 100 could not be fitted \(the first: made to fail\)"):
            toys_of(ensemble, "q_mu", 1.0, 100, 1, 0)
        return
    values, reasons = toys_of(ensemble, "q_mu", 1.0, 100, 1, 0)
    assert values.size == 97 and np.isfinite(values).all() and reasons == ("made to fail",) * 3
    assert failure_notes(reasons, 100)[0].startswith("3 of 100 toys could not be fitted")
    assert failure_notes(reasons, 300) == ()


@pytest.mark.parametrize(("toys", "seed"), [(-5, 1), (99, 1), (100, -1), (100, 2**64)])
def test_impossible_numbers_are_refused(toys: int, seed: int) -> None:
    with pytest.raises(OptionError, match="toys"):
        check_toys(toys, seed)
