"""Fixtures of Borexino's tests: its channel under given options, which costs no fold and no fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nurecoil.experiment import Background, RecoilChannel
from nurecoil.options import make_options
from nurecoil.shared import Sources
from nurecoil_borexino import Borexino, Options


@pytest.fixture
def channel(sun: Sources) -> Callable[..., RecoilChannel]:
    """The channel under options: ``channel(range="95,900")``; texts are read as ``--set`` does."""

    def declare(shared: Sources | None = None, **options: Any) -> RecoilChannel:
        made = Borexino(make_options("borexino", Options, options))
        (found,) = made.channels(shared or sun)
        assert isinstance(found, RecoilChannel)
        return found

    return declare


@pytest.fixture
def background(channel: Callable[..., RecoilChannel]) -> Callable[..., Background]:
    """One background under options: ``background("pileup", pileup="convolution")``."""

    def declare(name: str, **options: Any) -> Background:
        return {made.name: made for made in channel(**options).backgrounds}[name]

    return declare
