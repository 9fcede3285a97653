"""Small models with answers in closed form, and one with a response."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from nurecoil.detectors.scintillator import HitBins, PeakTemplate
from nurecoil.model.parameters import Constraint, Parameter
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel


def measure(observed: float, width: float = 1.0, lower: float = 0.0, power: int = 1) -> SpectralModel:
    """One number with a normal error, and what it measures: ``signal ** power``."""
    sample = Sample("signal", np.ones(1), {"signal": power}, group="signal")
    channel = GaussianChannel("toy/x", "x", "1", (sample,), np.array([observed]), np.array([width]))
    return SpectralModel((channel,), {"signal": Parameter("signal", "1", 0.5, lower)}, poi="signal")


def rates(constraint: Constraint | None = None) -> SpectralModel:
    """Two bins, two rates of which the second is seen in both: a fit that can be done by hand."""
    samples = (
        Sample("signal", np.array([1.0, 0.0]), {"s": 1}, group="signal"),
        Sample("background", np.array([1.0, 2.0]), {"b": 1}),
    )
    channel = PoissonChannel("toy/x", "x", "1", np.arange(3.0), samples, np.array([30.0, 20.0]))
    parameters = [
        Parameter("s", "events", 1.0, 0.0),
        Parameter("b", "events", 5.0, 0.0, constraint=constraint),
        Parameter("idle", "1", 7.0, fixed=True),
    ]
    return SpectralModel((channel,), {p.name: p for p in parameters}, poi="s")


def peak() -> SpectralModel:
    """A bump beside a peak of free place and width on a flat background, the peak's response exact."""
    bins = HitBins.of(np.arange(99.5, 300.5, 2.0))
    size = bins.edges.size - 1
    samples = (
        Sample("peak", PeakTemplate(bins, 1.0, ("peak.mu", "peak.sigma")), {"peak": 1}),
        Sample("bump", np.exp(-0.5 * ((bins.edges[1:] - 220) / 20) ** 2), {"bump": 1}, group="signal"),
        Sample("flat", np.ones(size), {"flat": 1}),
    )
    parameters = [
        Parameter("peak.mu", "hits", 190.0, 120.0, 280.0),
        Parameter("peak.sigma", "hits", 15.0, 5.0, 40.0),
        Parameter("peak", "events", 1e4, 0.0),
        Parameter("flat", "events", 10.0, 0.0),
        Parameter("bump", "events", 0.0, 0.0),
    ]
    channel = PoissonChannel("toy/hits", "hits", "1", bins.edges, samples, np.ones(size))
    model = SpectralModel((channel,), {p.name: p for p in parameters}, poi="bump")
    mean = samples[0].template.evaluate([192.0, 14.5])[0] * 1e4 + 10  # type: ignore[union-attr]
    return model.with_observed({"toy/hits": np.random.default_rng(5).poisson(mean)})


@pytest.fixture
def measured() -> Callable[..., SpectralModel]:
    """Makes a model of one measured number."""
    return measure


@pytest.fixture
def two_rates() -> Callable[..., SpectralModel]:
    """Makes a model of two rates in two bins."""
    return rates


@pytest.fixture(scope="session")
def peak_model() -> SpectralModel:
    """A model with an exact response."""
    return peak()
