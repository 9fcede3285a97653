"""Products of free factors: which parameters they tie, and the minima that a first fit misses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.products import other_starts
from nurecoil.engine.solve import solve
from nurecoil.model.modifiers import BinFactors
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel

from .kernel.test_kernel import workspace

LOWEST = {57: 47.918240, 69: 63.655571, 98: 10.175180, 114: 58.653210, 141: 49.804885}
"""MINUIT's minima (strategy 1) of workspaces whose first fit ends higher."""


@pytest.mark.parametrize("seed", LOWEST)
def test_fits_that_once_ended_in_a_higher_minimum(seed: int, tmp_path: Path) -> None:
    model = workspace(seed, tmp_path)
    assert model is not None
    assert solve(CompiledModel(model)).value < LOWEST[seed] + 1e-5


def shaped(**more: Parameter) -> SpectralModel:
    """A rate times a shape of two free bins, on a known background that is enough for the data."""
    parameters = {
        "k": Parameter("k", "1", 1.0, 0.0, 10.0),
        "f[0]": Parameter("f[0]", "1", 1.0, 0.0, 10.0),
        "f[1]": Parameter("f[1]", "1", 1.0, 0.0, 10.0),
        "b": Parameter("b", "1", 1.0, 0.0),
    } | more
    samples = (
        Sample(
            "shape", np.array([5.0, 5.0]), {"k": 1}, modifiers=(BinFactors(("f[0]", "f[1]"), "shapefactor"),)
        ),
        Sample("known", np.array([30.0, 30.0])),
    )
    other = (Sample("b", np.array([9.0]), {"b": 1}),)
    channels = (
        PoissonChannel("t/x", "x", "1", np.arange(3.0), samples, np.array([24.0, 36.0])),
        PoissonChannel("t/y", "y", "1", np.arange(2.0), other, np.array([9.0])),
    )
    return SpectralModel(channels, parameters)


def test_what_is_tied() -> None:
    compiled = CompiledModel(shaped())
    assert [compiled.names[i] for i in compiled.tied] == ["k", "f[0]", "f[1]"]
    held = Parameter("k", "1", 1.0, 0.0, 10.0, GaussianConstraint(1.0, 0.1))
    assert CompiledModel(shaped(k=held)).tied.size == 0


def test_a_rate_at_zero_is_lifted_where_its_bins_would_be_used() -> None:
    compiled = CompiledModel(shaped())
    stuck = compiled.start.copy()
    stuck[compiled.index["k"]] = 0.0
    stuck[compiled.index["f[0]"]], stuck[compiled.index["f[1]"]] = 3.0, 0.1
    first = next(other_starts(compiled, stuck, ~compiled.fixed))
    assert first[compiled.index["k"]] > 0
    assert first[compiled.index["f[0]"]] == 0.0 and first[compiled.index["f[1]"]] == 10.0
    assert list(other_starts(compiled, compiled.start, ~compiled.fixed)) == []


def test_the_lower_minimum_is_found_from_a_bad_start() -> None:
    compiled = CompiledModel(shaped())
    start = compiled.coordinates({"k": 0.0, "f[0]": 3.0, "f[1]": 0.1})
    found, wanted = solve(compiled, start), solve(compiled)
    assert found.value == pytest.approx(wanted.value, abs=1e-7)
