"""Fixtures that tests of the in-tree plugins share: the Sun, models, fits and limits, each made once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nurecoil.analysis import build
from nurecoil.histograms.histogram import Histogram
from nurecoil.histograms.write import write_histograms
from nurecoil.inference.fit import fit
from nurecoil.inference.limits import Limits, limits
from nurecoil.inference.results import FitResult
from nurecoil.model.spectral import SpectralModel
from nurecoil.physics.solar_options import SolarOptions
from nurecoil.shared import Sources

MOMENT = "magnetic-moment"
Write = Callable[..., str]


@pytest.fixture(scope="session")
def sun() -> Sources:
    """The shared sources under default options."""
    return Sources(SolarOptions())


@pytest.fixture(scope="session")
def exact() -> SpectralModel:
    """Borexino's public spectrum with the moment, response exact."""
    return build(["borexino"], MOMENT, {"borexino": {"response": "exact"}})


@pytest.fixture(scope="session")
def alone() -> SpectralModel:
    """Borexino's public spectrum with the moment, as users get it."""
    return build(["borexino"], MOMENT)


@pytest.fixture(scope="session")
def combined() -> SpectralModel:
    """Borexino and gallium with the moment, as users get it."""
    return build(["borexino", "gallium"], MOMENT)


@pytest.fixture(scope="session")
def fit_alone(alone: SpectralModel) -> FitResult:
    """The fit of Borexino."""
    return fit(alone)


@pytest.fixture(scope="session")
def limits_alone(alone: SpectralModel) -> Limits:
    """Limits of Borexino by every rule."""
    return limits(alone)


@pytest.fixture(scope="session")
def limits_combined(combined: SpectralModel) -> Limits:
    """Limits of Borexino and gallium by every rule."""
    return limits(combined)


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """Write a histogram and give its location: ``written("h", edges, counts, suffix=".json")``."""

    def write(name: str, edges: Any, counts: Any, *, suffix: str = ".root", **words: Any) -> str:
        path = tmp_path / f"{name}{suffix}"
        made = Histogram(name, np.asarray(edges, float), np.asarray(counts, float), **words)
        write_histograms(path, [made])
        return f"{path}:{name}"

    return write
