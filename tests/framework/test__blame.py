"""Blame: whose code raised is in the error, and our own errors keep theirs."""

from __future__ import annotations

import pytest

from nurecoil._blame import Blame
from nurecoil.errors import FitError, NurecoilError, PluginError


def test_a_strangers_exception_is_named_and_kept_as_the_cause() -> None:
    with pytest.raises(PluginError) as caught, Blame("experiment", "toy"):
        raise KeyError("h")
    assert caught.value.where == "experiment 'toy'"
    assert caught.value.got == "KeyError: 'h'"
    assert isinstance(caught.value.__cause__, KeyError)


def test_our_own_errors_pass() -> None:
    with pytest.raises(FitError, match="fit: none") as caught, Blame("search", "toy"):
        raise FitError("fit", "none")
    assert isinstance(caught.value, NurecoilError)


def test_the_inner_blame_wins() -> None:
    with (
        pytest.raises(PluginError, match="search 'inner'"),
        Blame("experiment", "outer"),
        Blame("search", "inner"),
    ):
        raise ValueError


def test_interrupts_are_no_ones_fault() -> None:
    with pytest.raises(KeyboardInterrupt), Blame("search", "toy"):
        raise KeyboardInterrupt


def test_what_goes_well_goes_through() -> None:
    with Blame("search", "toy"):
        value = 1
    assert value == 1
