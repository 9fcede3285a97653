"""Figures are closed after each test; two fits to draw."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest

from nurecoil.inference.fit import fit
from nurecoil.inference.results import FitResult
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    before = set(plt.get_fignums())
    yield
    for number in set(plt.get_fignums()) - before:
        plt.close(number)


def spectrum() -> SpectralModel:
    """A falling spectrum in wide and narrow bins, a signal, a sum measured beside it, published rates."""
    edges = np.array([100.0, 101, 102, 103, 105, 107, 110, 115, 120, 130, 140])
    centre, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    falling, flat = 400 * np.exp(-(centre - 100) / 10) * width, 20 * width
    samples = (
        Sample("pp", falling, {"solar.flux.pp": 1}, title="pp neutrinos", group="neutrino"),
        Sample("kr85", flat, {"toy.rate.kr85": 1}, title="$^{85}$Kr"),
        Sample("nothing", np.full(10, 1e-9), {}),
        Sample("pp.em", 5 * width, {"mu_eff": 2}, title="pp (em)", group="signal"),
    )
    parameters = [
        Parameter("solar.flux.pp", "SSM", 1.0, 0.0),
        Parameter("toy.rate.kr85", "cpd/100 t", 1.0, 0.0, constraint=GaussianConstraint(1.0, 0.5)),
        Parameter("mu_eff", "mu_B", 0.0, 0.0),
        Parameter("toy.width", "1", 1.0, fixed=True),
    ]
    observed = np.random.default_rng(6).poisson(falling + flat).astype(float)
    channel = PoissonChannel("toy/nhits", "N_h", "hits", edges, samples, observed)
    rate = Sample("pp", np.array([70.0]), {"solar.flux.pp": 1})
    sum_ = GaussianChannel("gallium/rate", "rate", "SNU", (rate,), np.array([66.1]), np.array([4.1]))
    metadata = {
        "published": [
            {
                "parameter": "toy.rate.kr85", "value": 6.8, "error": 1.8, "unit": "cpd/100 t", "scale": 6.5,
                "citation": "arXiv:0000.00000", "remark": "a made-up one",
            }
        ],
        "published_limits": [{"value": 4.0, "remark": "made up"}, {"value": 5.0, "remark": "also"}],
    }  # fmt: skip
    return SpectralModel((channel, sum_), {p.name: p for p in parameters}, poi="mu_eff", metadata=metadata)


@pytest.fixture(scope="session")
def fitted() -> FitResult:
    """A fit of a spectrum and a sum."""
    return fit(spectrum())


@pytest.fixture(scope="session")
def at_limit() -> FitResult:
    """The same with the coupling held at 2."""
    return fit(spectrum(), fix={"mu_eff": 2.0})
