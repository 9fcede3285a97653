"""Toys read from files: arrays that stay on disk, files that still fill, and damaged ones."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.errors import InputError
from nurecoil.inference.toy_layout import opened
from nurecoil.inference.toy_view import count_toys, made_rows, read_toys, runs
from nurecoil.inference.toys import toys
from nurecoil.testing.models import counting

pytest.importorskip("h5py")
MODEL = counting(observed=3.0, background=9.0, background_error=2.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    toys(MODEL, 60, 3, {"signal": 4.0}, output=tmp_path / "toys.h5")
    return tmp_path / "toys.h5"


def set_status(path: Path, row: int, value: int) -> None:
    with opened(path) as (_, places), path.open("r+b") as file:
        file.seek(places["status"].at(row))
        file.write(bytes([value]))


def test_arrays_are_maps_of_the_file_that_cannot_be_written(path: Path) -> None:
    found = read_toys(path)
    assert isinstance(found.values, np.memmap) and found.file == str(path)
    with pytest.raises(ValueError, match="read-only"):
        found.values[0, 0] = 1.0
    assert found.summary() == toys(MODEL, 60, 3, {"signal": 4.0}).summary()


def test_a_file_is_read_while_it_fills(path: Path) -> None:
    seen: list[tuple[int, int]] = []
    whole = read_toys(path)

    def look(done: int, total: int) -> None:
        seen.append((done, count_toys(path)[0]))
        if seen[-1][1]:
            np.testing.assert_array_equal(read_toys(path).values[:60], whole.values[: seen[-1][1]])

    toys(MODEL, 500, 3, {"signal": 4.0}, output=path, progress=look)
    assert seen[0] == (50, 60) and seen[-1][0] == 500  # the block that was not whole is made anew
    assert all(there <= max(done, 60) for done, there in seen)


def test_a_file_without_a_toy_and_one_with_a_strange_status(path: Path) -> None:
    set_status(path, 7, 9)
    with pytest.raises(InputError, match="a toy with status 9"):
        read_toys(path)
    for row in range(60):
        set_status(path, row, 0)
    with pytest.raises(InputError, match="no toy in it is made yet"):
        read_toys(path)
    assert count_toys(path) == (0, 60)
    assert made_rows(np.zeros(3, np.uint8)).size == 0


def test_failures_are_those_that_were_written(path: Path) -> None:
    set_status(path, 7, 3)
    (one,) = read_toys(path).failures
    assert (one.toy, one.seed, one.step, one.reason) == (7, 3, "free fit", "")


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), unique=True))
def test_runs_are_every_toy_in_its_place(toys: list[tuple[int, int]]) -> None:
    seeds, numbers = (np.array([one[i] for one in toys], np.uint64) for i in (0, 1))
    found = runs(seeds, numbers)
    assert [(run.seed, run.first + k) for run in found for k in range(run.n)] == toys
    for one, other in itertools.pairwise(found):
        assert (one.seed, one.stop) != (other.seed, other.first)
