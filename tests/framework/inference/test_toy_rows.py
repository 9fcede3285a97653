"""A chunk of toys: what each row is, what failures look like, and that its size makes no difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nurecoil.engine.data import DataSets
from nurecoil.errors import FitError
from nurecoil.inference.ensembles import Ensemble, Fits
from nurecoil.inference.fit import fit
from nurecoil.inference.toy_rows import STEPS, joined, rows
from nurecoil.testing.models import counting

FIX = {"signal": 4.0}


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return Ensemble(counting(observed=3.0, background=9.0, background_error=2.0), FIX)


def test_a_row_is_the_fit_of_its_own_toy(ensemble: Ensemble) -> None:
    found = rows(ensemble, FIX, seed=7, first=3, n=4)
    assert found.values.shape == found.errors.shape == (4, len(ensemble.model.free))
    assert found.status.dtype == np.uint8 and found.status.tolist() == [1] * 4
    for row in range(4):
        drawn = ensemble.draw(7, 3 + row, 1).model(ensemble.model, 0)
        free, held = fit(drawn), fit(drawn, fix=FIX)
        for column, name in enumerate(ensemble.model.free):
            one = free.parameters[name]
            assert found.values[row, column] == pytest.approx(one.value, abs=1e-5)
            assert found.errors[row, column] == pytest.approx(one.error, rel=1e-4, nan_ok=True)
        assert found.nll[row] == pytest.approx(free.nll, abs=1e-8)
        assert found.nll_fixed[row] == pytest.approx(held.nll, abs=1e-8)


def test_without_held_parameters_there_is_one_fit(ensemble: Ensemble) -> None:
    found = rows(ensemble, {}, 7, 3, 4)
    assert np.isnan(found.nll_fixed).all()
    np.testing.assert_array_equal(found.values, rows(ensemble, FIX, 7, 3, 4).values)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_the_size_of_a_chunk_changes_no_digit(ensemble: Ensemble, size: int) -> None:
    whole = rows(ensemble, FIX, 1, 0, 60)
    parts = joined([rows(ensemble, FIX, 1, first, min(size, 60 - first)) for first in range(0, 60, size)])
    for name in ("values", "errors", "nll", "nll_fixed", "status"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))


def failing_draws(ensemble: Ensemble, bad: set[int], monkeypatch: pytest.MonkeyPatch) -> None:
    true = Ensemble.draw

    def draw(self: Ensemble, seed: int, first: int, n: int) -> DataSets:
        if bad & set(range(first, first + n)):
            raise FitError("draw", "made to fail")
        return true(self, seed, first, n)

    monkeypatch.setattr(Ensemble, "draw", draw)


def test_a_toy_that_cannot_be_drawn_keeps_its_row(
    ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = rows(ensemble, FIX, 1, 10, 5)
    failing_draws(ensemble, {12}, monkeypatch)
    found = rows(ensemble, FIX, 1, 10, 5)
    assert [STEPS[int(one)] for one in found.status] == ["ok", "ok", "draw", "ok", "ok"]
    assert dict(found.reasons) == {2: "draw: made to fail."}
    rest = [0, 1, 3, 4]
    np.testing.assert_array_equal(found.values[rest], whole.values[rest])
    for table in (found.values, found.errors, found.nll, found.nll_fixed):
        assert np.isnan(table[2]).all()


@pytest.mark.parametrize(("which", "step"), [(0, "free fit"), (1, "fixed fit")])
def test_a_fit_that_fails_is_told(
    ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch, which: int, step: str
) -> None:
    whole = rows(ensemble, FIX, 1, 0, 3)
    true = Ensemble.pairs

    def pairs(self: Ensemble, data: DataSets, fix: Any) -> tuple[Fits, Fits]:
        both = true(self, data, fix)
        one = both[which]
        status = one.status.copy()
        status[1] = 1
        broken = Fits(one.names, one.position, one.values, one.nll, one.edm, status, {1: "no minimum"})
        return (broken, both[1]) if which == 0 else (both[0], broken)

    monkeypatch.setattr(Ensemble, "pairs", pairs)
    found = rows(ensemble, FIX, 1, 0, 3)
    assert [STEPS[int(one)] for one in found.status] == ["ok", step, "ok"]
    assert dict(found.reasons) == {1: "no minimum"}
    assert np.isnan(found.nll_fixed[1]) and np.isnan(found.nll[1]) == (which == 0)
    np.testing.assert_array_equal(np.isnan(found.values[1]), which == 0)
    np.testing.assert_array_equal(found.values[[0, 2]], whole.values[[0, 2]])


def test_an_accident_of_one_toy_leaves_the_others(
    ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    true, which = Ensemble.described, ensemble.draw(1, 1, 1).auxiliary[0, 0]

    def described(self: Ensemble, data: DataSets, fits: Fits) -> Any:
        if which in data.auxiliary:
            raise FitError("errors", "made to fail")
        return true(self, data, fits)

    monkeypatch.setattr(Ensemble, "described", described)
    found = rows(ensemble, FIX, 1, 0, 3)
    assert [STEPS[int(one)] for one in found.status] == ["ok", "free fit", "ok"]


def test_mistakes_in_code_are_no_failures(ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(self: Ensemble, seed: int, first: int, n: int) -> DataSets:
        raise TypeError("a mistake")

    monkeypatch.setattr(Ensemble, "draw", draw)
    with pytest.raises(TypeError, match="a mistake"):
        rows(ensemble, FIX, 1, 0, 3)
