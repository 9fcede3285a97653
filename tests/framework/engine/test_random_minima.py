"""Minima of models put together at random, against MINUIT: none above it, none silently wrong."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.solve import Solution, solve
from nurecoil.errors import FitError
from nurecoil.model.spectral import SpectralModel

from .kernel.test_kernel import workspace

Make = Callable[[int], SpectralModel]

_ABOVE = 1e-4
"""In -log L; MINUIT's own minima are good to less."""


def solution(compiled: CompiledModel, minimiser: str) -> Solution | None:
    try:
        return solve(compiled, minimiser=minimiser)
    except FitError:
        return None


def workspaces(n: int, first: int) -> Iterator[tuple[str, SpectralModel]]:
    """HistFactory models with one to three channels and every modifier, in either interpolation."""
    seed = first
    with tempfile.TemporaryDirectory() as folder:
        while n:
            model = workspace(seed, Path(folder))
            if model is not None:
                n -= 1
                yield f"workspace {seed}", model
            seed += 1


def check(models: Iterator[tuple[str, SpectralModel]]) -> None:
    above, failed, judged = [], [], 0
    for name, model in models:
        compiled = CompiledModel(model)
        ours, peer = solution(compiled, "newton"), solution(compiled, "minuit")
        if ours is None:
            failed.append(name)
        elif peer is not None:
            judged += 1
            if ours.value > peer.value + _ABOVE:
                above.append((name, ours.value - peer.value))
    assert above == []
    assert failed == []
    assert judged


def test_a_few(random_model: Make) -> None:
    check((f"spectrum {seed}", random_model(seed)) for seed in range(8))
    check(workspaces(8, 95))


@pytest.mark.long
def test_two_hundred(random_model: Make) -> None:
    check((f"spectrum {seed}", random_model(seed)) for seed in range(100))
    check(workspaces(100, 0))
