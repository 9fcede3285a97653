"""Work in chunks: in this process in order, and what is refused before anything starts."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.distribution.chunks import check_workers, run_chunks
from nurecoil.errors import OptionError


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(1, 9))))
def test_every_chunk_is_done_once_and_in_order(chunks: list[tuple[int, int]]) -> None:
    seen: list[tuple[tuple[int, int], int]] = []
    run_chunks(sum, chunks, on_done=lambda chunk, result: seen.append((chunk, result)))
    assert seen == [(chunk, sum(chunk)) for chunk in chunks]


def test_a_chunk_is_asked_for_when_the_one_before_is_done() -> None:
    told: list[str] = []

    def chunks() -> Iterator[int]:
        for number in range(3):
            told.append(f"asked {number}")
            yield number

    run_chunks(lambda chunk: chunk, chunks(), on_done=lambda chunk, _: told.append(f"done {chunk}"))
    assert told == [f"{what} {number}" for number in range(3) for what in ("asked", "done")]


def test_this_process_needs_no_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    run_chunks(abs, [-1], on_done=lambda chunk, result: None)
    monkeypatch.delitem(sys.modules, "nurecoil.distribution.dask_cluster", raising=False)
    with pytest.raises(OptionError, match=r"--workers: dask is missing .* pip install 'nurecoil\[dask\]'"):
        run_chunks(abs, [-1], workers=2, on_done=lambda chunk, result: None)


@pytest.mark.parametrize(
    ("workers", "scheduler", "said"),
    [
        (0, None, "--workers: 0. Allowed: at least 1."),
        (-3, "tcp://x:1", "--workers: -3"),
        (2, "tcp://x:1", "--scheduler: 2 workers beside it. Allowed: one of the two."),
    ],
)
def test_what_makes_no_sense_is_refused(workers: int, scheduler: str | None, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        check_workers(workers, scheduler)
    assert said in str(caught.value)
