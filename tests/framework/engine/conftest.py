"""Random models and a likelihood written down a second time, for the tests of the engine."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.special import gammaln

from nurecoil.detectors.morph import Morph
from nurecoil.model.parameters import (
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    Parameter,
    PoissonConstraint,
)
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel

Array = NDArray[np.float64]


def expected(model: SpectralModel, values: Mapping[str, float]) -> list[Array]:
    """Expected contents of every channel, sample by sample and factor by factor."""
    totals = []
    for channel in model.channels:
        total = np.zeros(channel.bins)
        for sample in channel.samples:
            contents = sample.template
            if not isinstance(contents, np.ndarray):
                contents = contents.evaluate([values[name] for name in contents.names])[0]
            for name, power in sample.powers.items():
                contents = contents * values[name] ** power
            total = total + contents
        totals.append(total)
    return totals


def nll(model: SpectralModel, values: Mapping[str, float]) -> float:
    """Minus log likelihood with every constant, from scipy's distributions."""
    total = 0.0
    for channel, mean in zip(model.channels, expected(model, values), strict=True):
        if isinstance(channel, PoissonChannel):
            total -= float(np.sum(channel.observed * np.log(mean) - mean - gammaln(channel.observed + 1)))
        else:
            total -= float(stats.norm.logpdf(channel.observed, mean, channel.width).sum())
    for name, parameter in model.parameters.items():
        c = parameter.constraint
        if isinstance(c, GaussianConstraint):
            total -= float(stats.norm.logpdf(c.centre, values[name], c.width))
        elif isinstance(c, LogNormalConstraint):
            total -= float(stats.lognorm.logpdf(c.centre, math.log(c.factor), scale=values[name]))
        elif isinstance(c, PoissonConstraint):
            mean = c.scale * values[name]
            total -= float(c.count * math.log(mean) - mean - gammaln(c.count + 1))
    for joint in model.constraints:
        at = [values[name] for name in joint.names]
        total -= float(stats.multivariate_normal.logpdf(joint.centre, at, np.array(joint.covariance)))
    return total


def _shape(rng: np.random.Generator, bins: int) -> Array:
    x = np.linspace(0, 1, bins)
    kind = rng.integers(3)
    if kind == 0:
        return np.exp(-x * rng.uniform(0.5, 4))
    if kind == 1:
        return np.exp(-0.5 * ((x - rng.uniform(0.1, 0.9)) / rng.uniform(0.1, 0.3)) ** 2)
    return 0.1 + rng.uniform(0, 1) * x


def _constraint(rng: np.random.Generator, kind: int, value: float) -> object:
    if kind == 0:
        return GaussianConstraint(value * rng.normal(1, 0.1), 0.1 * value)
    if kind == 1:
        return LogNormalConstraint(value * rng.normal(1, 0.1), 1.1)
    return PoissonConstraint(float(rng.poisson(80)), 80 / value)


def build(seed: int) -> SpectralModel:
    """A model with rates, a coupling in squares, nuisances of every kind, and data near its truth."""
    rng = np.random.default_rng(seed)
    bins = int(rng.integers(8, 30))
    rates = [f"rate.{i}" for i in range(int(rng.integers(2, 5)))]
    truth = {name: float(rng.uniform(0.5, 2)) for name in rates}
    truth |= {"mu": float(rng.choice([0.0, 0.8])), "tilt": 0.0, "bend": 0.0, "norm.a": 1.0, "norm.b": 1.0}
    parameters = []
    for i, name in enumerate(rates):
        constraint = _constraint(rng, i % 3, truth[name]) if i >= 1 else None
        upper = truth[name] * 1.02 if rng.uniform() < 0.15 and constraint is None else math.inf
        parameters.append(Parameter(name, "1", truth[name], 0.0, upper, constraint))  # type: ignore[arg-type]
    parameters += [
        Parameter("mu", "mu_B", truth["mu"], 0.0),
        Parameter("tilt", "1", 0.0, -5, 5, GaussianConstraint(rng.normal(0, 1), 1.0)),
        Parameter("bend", "1", 0.0, -5, 5, GaussianConstraint(0.0, 1.0), fixed=bool(rng.integers(2))),
        Parameter("norm.a", "1", 1.0, 0.0),
        Parameter("norm.b", "1", 1.0, 0.0),
    ]
    x = np.linspace(-1, 1, bins)
    slope = np.stack([0.05 * x, 0.05 * x**2])
    curvature = 0.005 * rng.normal(0, 1, (2, 2, bins))
    samples = []
    for i, name in enumerate(rates):
        contents = float(rng.uniform(200, 2000)) * _shape(rng, bins)
        template: Array | Morph = contents
        if i < 2:
            bent = (curvature + curvature.transpose(1, 0, 2)) / 2
            template = Morph(("tilt", "bend"), np.zeros(2), contents, slope, bent)
        samples.append(Sample(f"s{i}", template, {name: 1} | ({"norm.a": 1} if i == 0 else {})))
    strength = float(rng.uniform(100, 300))
    signal = strength * _shape(rng, bins)
    samples.append(Sample("signal", signal, {"mu": 2, "norm.b": 1}))
    if seed % 3 == 0:
        samples.append(Sample("quartic", 0.5 * strength * _shape(rng, bins), {"mu": 4}))
    if seed % 3 == 1:
        # a share of the signal's own shape: expectations stay positive where nothing else is
        samples.append(Sample("signed", -0.1 * signal, {"mu": 2}, signed=True))
    channels: list[PoissonChannel | GaussianChannel] = [
        PoissonChannel("toy/x", "x", "1", np.arange(bins + 1.0), tuple(samples), np.ones(bins))
    ]
    if seed % 2:
        sums = tuple(Sample(name, np.array([10.0, 3.0]), {name: 1}) for name in rates)
        width = np.array([1.0, 0.5])
        channels.append(GaussianChannel("sum/rate", "rate", "SNU", sums, np.zeros(2), width))
    joint = CovarianceConstraint(("norm.a", "norm.b"), (1.0, 1.0), ((0.0025, 0.001), (0.001, 0.0036)))
    model = SpectralModel(tuple(channels), {p.name: p for p in parameters}, (joint,), poi="mu")
    observed = {}
    for channel, mean in zip(model.channels, expected(model, truth), strict=True):
        data = rng.poisson(mean) if isinstance(channel, PoissonChannel) else rng.normal(mean, channel.width)
        observed[channel.name] = np.asarray(data, float)
    return model.with_observed(observed)


@pytest.fixture(scope="session")
def random_model() -> Callable[[int], SpectralModel]:
    """Seed to model."""
    return build


@pytest.fixture(scope="session")
def second_nll() -> Callable[[SpectralModel, Mapping[str, float]], float]:
    """The likelihood of a model at public values, written down a second time."""
    return nll


@pytest.fixture(scope="session")
def second_expected() -> Callable[[SpectralModel, Mapping[str, float]], list[Array]]:
    """The expected contents of a model at public values, written down a second time."""
    return expected
