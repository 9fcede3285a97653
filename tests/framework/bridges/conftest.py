"""The big model, built once, small models with every sort of parameter, and what compares two likelihoods."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import nurecoil as nr
from nurecoil.bridges._coordinates import spreads
from nurecoil.bridges.pyhf import Document
from nurecoil.detectors.morph import Morph
from nurecoil.engine.compiled import CompiledModel
from nurecoil.model.parameters import (
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    Parameter,
    PoissonConstraint,
)
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel

# Read by TensorFlow when it is imported: one thread, no GPU, no chatter.
for name, value in {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}.items():
    os.environ.setdefault(name, value)

Points = Iterator[dict[str, float]]


SIGNAL, FLAT, SLOPE = np.array([8.0, 4.0, 1.0]), np.array([20.0, 20.0, 20.0]), np.array([30.0, 10.0, 3.0])


class Peer:
    """A document evaluated and fitted by pyhf."""

    def __init__(self, made: Document, **settings_: Any) -> None:
        import pyhf

        self.document = made
        self.workspace = pyhf.Workspace(made.workspace)
        self.model = self.workspace.model(**settings_)
        self.data = np.array(self.workspace.data(self.model))
        self.names = self.model.config.par_names

    def nll(self, values: Mapping[str, float]) -> float:
        at = self.document.coordinates(values)
        return -float(self.model.logpdf([at[name] for name in self.names], self.data)[0])

    def fit(self, optimizer: Any) -> dict[str, float]:
        import pyhf

        pyhf.set_backend("numpy", optimizer)
        try:
            found = pyhf.infer.mle.fit(self.data, self.model)
        finally:
            pyhf.set_backend("numpy")
        return self.document.public(dict(zip(self.names, found.tolist(), strict=True)))


def spectrum(
    parameters: list[Parameter],
    powers: list[dict[str, int]],
    joint: tuple[CovarianceConstraint, ...] = (),
    poi: str | None = "signal",
    gaussian: GaussianChannel | None = None,
) -> SpectralModel:
    """Three bins with a signal, a flat and a sloping background, with the given factors."""
    templates = (SIGNAL, FLAT, SLOPE)
    samples = tuple(
        Sample(name, template, factors)
        for name, template, factors in zip(("signal", "flat", "slope"), templates, powers, strict=False)
    )
    observed = np.array([61.0, 33.0, 24.0])
    channel = PoissonChannel("toy/x", "x", "1", np.arange(4.0), samples, observed)
    channels = (channel,) if gaussian is None else (channel, gaussian)
    return SpectralModel(channels, {p.name: p for p in parameters}, joint, poi)


def free(name: str, value: float = 1.0, lower: float = 0.0, **more: Any) -> Parameter:
    return Parameter(name, "1", value, lower, **more)


def gaussian(name: str, centre: float = 1.0, width: float = 0.2, **more: Any) -> Parameter:
    return free(name, centre, constraint=GaussianConstraint(centre, width), **more)


def joint(names: tuple[str, ...], rho: float = 0.6) -> CovarianceConstraint:
    size = len(names)
    matrix = 0.04 * (np.full((size, size), rho) + (1 - rho) * np.eye(size))
    return CovarianceConstraint(names, (1.1,) * size, tuple(map(tuple, matrix.tolist())))


SUM = GaussianChannel(
    "radio/rate",
    "rate",
    "SNU",
    (
        Sample("signal", np.array([20.0, 1.0]), {"signal": 1}),
        Sample("flat", np.array([30.0, -0.5]), {"flat": 1}, signed=True),
    ),
    np.array([55.0, -0.3]),
    np.array([4.0, 0.8]),
)


def bent(curvature: float = 0.0, **more: Any) -> SpectralModel:
    """A spectrum whose sloping background tilts with a response parameter."""
    morph = Morph(
        ("tilt",),
        np.array([0.1]),
        SLOPE,
        np.array([[3.0, 0.0, -2.0]]),
        np.full((1, 1, 3), curvature),
        np.array([0.1]),
    )
    model = spectrum(
        [free("signal"), gaussian("flat"), free("slope"), free("tilt", 0.1, -3.0, **more)], LINEAR
    )
    (channel,) = model.channels
    samples = tuple(
        dataclasses.replace(s, template=morph) if s.name == "slope" else s for s in channel.samples
    )
    return dataclasses.replace(model, channels=(dataclasses.replace(channel, samples=samples),))


LINEAR = [{"signal": 1}, {"flat": 1}, {"slope": 1}]
EXACT: dict[str, SpectralModel] = {
    "norm factors": spectrum([free("signal"), free("flat"), free("slope")], LINEAR),
    "no parameter of interest": spectrum([free("signal"), free("flat"), free("slope")], LINEAR, poi=None),
    "fixed": spectrum([free("signal"), free("flat", fixed=True), free("slope")], LINEAR),
    "fixed and folded": spectrum(
        [free("signal"), free("flat", 1.1, fixed=True), free("slope")],
        [{"signal": 1, "flat": 2}, {"flat": 1}, {"slope": 1}],
    ),
    "square": spectrum(
        [Parameter("mu_eff", "mu_B", 2e-11, 0.0), free("flux"), free("slope")],
        [{"mu_eff": 2, "flux": 1}, {"flux": 1}, {"slope": 1}],
        poi="mu_eff",
    ),
    "fourth power, either sign": spectrum(
        [free("g", 0.9, lower=-2.0, upper=2.0), free("flat"), free("slope")],
        [{"g": 4}, {"flat": 1}, {"slope": 1}],
        poi="g",
    ),
    "cube, either sign": spectrum(
        [free("g", 0.9, lower=-0.5, upper=2.0), free("flat"), free("slope")],
        [{"g": 3}, {"flat": 1}, {"slope": 1}],
        poi="g",
    ),
    "two squares of one stem": spectrum(
        [free("mu_11"), free("mu_22"), free("slope")],
        [{"mu_11": 2}, {"mu_22": 2}, {"slope": 1}],
        poi="mu_11",
    ),
    "gaussian constraint": spectrum([free("signal"), gaussian("flat"), free("slope")], LINEAR),
    "gaussian constraint about zero": spectrum(
        [free("signal"), free("flat", 0.5, constraint=GaussianConstraint(0.0, 0.7)), free("slope")], LINEAR
    ),
    "gaussian constraint times a factor": spectrum(
        [free("signal"), gaussian("flat"), free("slope")],
        [{"signal": 2, "flat": 1}, {"flat": 1}, {"slope": 1}],
    ),
    "constraint of a fixed parameter": spectrum(
        [free("signal"), gaussian("flat", fixed=True), free("slope")], LINEAR
    ),
    "constrained parameter of interest": spectrum([gaussian("signal"), free("flat"), free("slope")], LINEAR),
    "joint constraint": spectrum(
        [free("signal"), free("flat"), free("slope")], LINEAR, (joint(("flat", "slope")),)
    ),
    "joint and own constraint": spectrum(
        [free("signal"), gaussian("flat", 0.9, 0.3), free("slope")], LINEAR, (joint(("flat", "slope")),)
    ),
    "two joint constraints in a chain": spectrum(
        [free("signal"), free("flat"), free("slope")],
        LINEAR,
        (joint(("flat", "slope")), joint(("slope", "signal"), -0.3)),
    ),
    "joint constraint with a fixed member": spectrum(
        [free("signal"), free("flat"), free("slope", 1.3, fixed=True)],
        LINEAR,
        (joint(("flat", "slope", "signal")),),
    ),
    "poisson constraint": spectrum(
        [free("signal"), free("flat", constraint=PoissonConstraint(27.0, 25.0)), free("slope")], LINEAR
    ),
    "poisson constraint of a fixed parameter": spectrum(
        [free("signal"), free("flat", constraint=PoissonConstraint(27.0, 25.0), fixed=True), free("slope")],
        LINEAR,
    ),
    "log-normal constraint": spectrum(
        [free("signal"), free("flat", 1.1, constraint=LogNormalConstraint(1.2, 1.5)), free("slope")], LINEAR
    ),
    "log-normal constraint in a square": spectrum(
        [
            free("signal"),
            free("flat", 1.1, lower=0.2, constraint=LogNormalConstraint(1.2, 1.5)),
            gaussian("slope"),
        ],
        [{"signal": 1, "flat": 2}, {"flat": 1}, {"slope": 1, "flat": 1}],
    ),
    "signed template": SpectralModel(
        (
            PoissonChannel(
                "toy/x",
                "x",
                "1",
                np.arange(3.0),
                (
                    Sample("interference", np.array([-2.0, 1.0]), {"g": 1}, signed=True),
                    Sample("flat", np.array([20.0, 20.0]), {"flat": 1}),
                ),
                np.array([17.0, 25.0]),
            ),
        ),
        {"g": free("g", 0.5), "flat": gaussian("flat", 1.0, 0.1)},
        poi="g",
    ),
}
MEASURED: dict[str, SpectralModel] = {
    "gaussian channel": spectrum([free("signal"), free("flat"), free("slope")], LINEAR, gaussian=SUM),
    "gaussian channel of constrained factors": spectrum(
        [free("signal"), gaussian("flat"), free("slope")], LINEAR, gaussian=SUM
    ),
    "two constrained factors in one sample": spectrum(
        [free("signal"), gaussian("flat"), gaussian("exposure", 1.0, 0.02)],
        [{"signal": 1, "exposure": 1}, {"flat": 1, "exposure": 1}],
    ),
    "two members of one joint constraint in one sample": spectrum(
        [free("signal"), free("flat"), free("slope")],
        [{"signal": 1}, {"flat": 1, "slope": 1}, {"slope": 1}],
        (joint(("flat", "slope")),),
    ),
}


@pytest.fixture(scope="session")
def toys() -> SimpleNamespace:
    """Builders of small models."""
    return SimpleNamespace(
        spectrum=spectrum,
        free=free,
        gaussian=gaussian,
        joint=joint,
        bent=bent,
        SUM=SUM,
        SLOPE=SLOPE,
        LINEAR=LINEAR,
    )


@pytest.fixture(params=EXACT)
def exact(request: pytest.FixtureRequest) -> SpectralModel:
    """Models that HistFactory says exactly."""
    return EXACT[request.param]


@pytest.fixture(params=MEASURED)
def measured(request: pytest.FixtureRequest) -> SpectralModel:
    """Models with something that only a scaled bin can measure."""
    return MEASURED[request.param]


@pytest.fixture(params=[*EXACT, *MEASURED])
def any_model(request: pytest.FixtureRequest) -> SpectralModel:
    """All of them."""
    return {**EXACT, **MEASURED}[request.param]


@pytest.fixture(scope="session")
def peer() -> type[Peer]:
    """A document evaluated by pyhf."""
    return Peer


@pytest.fixture(scope="session")
def worst() -> Callable[..., float]:
    """Largest difference between the engine's and a peer's differences from the start."""

    def measure(model: SpectralModel, other: Any, points: Any) -> float:
        ours, theirs = nr.nll(model), other.nll({})
        found = 0.0
        for point in points:
            change = nr.nll(model, point) - ours
            found = max(found, abs(other.nll(point) - theirs - change) / max(abs(change), 1.0))
        return found

    return measure


@pytest.fixture(scope="session")
def combined() -> SpectralModel:
    """Borexino and gallium, response compiled."""
    return nr.build(["borexino", "gallium"], search="magnetic-moment")


@pytest.fixture(scope="session")
def toy(combined: SpectralModel) -> SpectralModel:
    """The same with toy data of a moment of 5e-11 mu_B, so that the minimum is not on a bound."""
    rng = np.random.default_rng(0)
    compiled = CompiledModel(combined)
    contents = compiled.expected(compiled.coordinates({"mu_eff": 5e-11}))
    data = {}
    for channel, expected in zip(combined.channels, contents, strict=True):
        gaussian = isinstance(channel, GaussianChannel)
        drawn = rng.normal(expected, channel.width) if gaussian else rng.poisson(expected)
        data[channel.name] = drawn.astype(float)
    return combined.with_observed(data)


@pytest.fixture(scope="session")
def random_points() -> Callable[..., Points]:
    """Points about a model's start: every free parameter within its bounds, some sigma away."""

    def draw(model: SpectralModel, count: int = 20, seed: int = 7, sigmas: float = 1.0) -> Points:
        rng = np.random.default_rng(seed)
        widths = spreads(model)
        for _ in range(count):
            point = {}
            for name in model.free:
                parameter = model.parameters[name]
                value = parameter.value + sigmas * widths[name] * rng.normal()
                if value < parameter.lower:
                    value = 2 * parameter.lower - value
                point[name] = float(min(value, parameter.upper))
            yield point

    return draw


@pytest.fixture(scope="session")
def distances() -> Callable[[SpectralModel, dict[str, float], dict[str, float]], dict[str, float]]:
    """How far two points are apart in every free parameter, in sigma of the power it is fitted in."""

    def measure(model: SpectralModel, one: dict[str, float], two: dict[str, float]) -> dict[str, float]:
        compiled, widths = CompiledModel(model), spreads(model)
        powers = dict(zip(compiled.names, compiled.powers.tolist(), strict=True))
        return {
            n: abs(one[n] ** powers[n] - two[n] ** powers[n]) / widths[n] ** powers[n] for n in model.free
        }

    return measure
