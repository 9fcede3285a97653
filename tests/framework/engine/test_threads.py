"""One thread for matrices of some hundred rows, as many as before for all others and afterwards."""

from __future__ import annotations

import pytest
from threadpoolctl import threadpool_info

from nurecoil.engine.threads import one_thread


def threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.mark.parametrize(("size", "one"), [(2, False), (39, False), (40, True), (1000, True), (1001, False)])
def test_one_thread_for_sizes_between(size: int, one: bool) -> None:
    before = threads()
    with one_thread(size):
        assert threads() == ({1} if one else before)
    assert threads() == before


def test_an_error_gives_the_threads_back() -> None:
    before = threads()
    with pytest.raises(ZeroDivisionError), one_thread(100):
        raise ZeroDivisionError
    assert threads() == before
