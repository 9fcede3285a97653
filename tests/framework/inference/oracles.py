"""Models for the tests of errors, contours and impacts, and MINUIT on their likelihood in public values."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from iminuit import Minuit
from numpy.typing import NDArray

from nurecoil.engine.compiled import CompiledModel
from nurecoil.model.modifiers import BinFactors, HistoSys, NormSys
from nurecoil.model.parameters import (
    Constraint,
    GaussianConstraint,
    LogNormalConstraint,
    Parameter,
    PoissonConstraint,
)
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel
from nurecoil.testing.models import counting

Array = NDArray[np.float64]


def named(*parameters: Parameter) -> dict[str, Parameter]:
    return {parameter.name: parameter for parameter in parameters}


def linear(correlated: bool = True, lower: float = -math.inf, observed: float = 3.0) -> SpectralModel:
    """Two measurements of ``s + b`` and ``s - b/2``, b constrained: every answer is linear algebra."""
    samples = (
        Sample("s", np.array([1.0, 1.0]), {"s": 1}, group="signal", signed=True),
        Sample("b", np.array([1.0, -0.5 if correlated else 0.0]), {"b": 1}, signed=True),
    )
    channel = GaussianChannel("toy/x", "x", "1", samples, np.array([observed, 1.0]), np.array([1.0, 2.0]))
    parameters = named(
        Parameter("s", "events", 1.0, lower),
        Parameter("b", "1", 0.5, constraint=GaussianConstraint(0.5, 0.8)),
    )
    return SpectralModel((channel,), parameters, poi="s")


def histfactory(bins: int = 6, seed: int = 3) -> SpectralModel:
    """A signal over two backgrounds with normsys, histosys and a factor for every bin."""
    x = np.linspace(-1, 1, bins)
    bump, flat, falling = 30 * np.exp(-0.5 * (x / 0.3) ** 2), np.full(bins, 60.0), 80 * np.exp(-1.5 * (x + 1))
    errors = 0.05 * falling
    gammas = tuple(f"staterror_x[{i}]" for i in range(bins))
    samples = (
        Sample("signal", bump, {"mu": 1}, group="signal", modifiers=(NormSys("eff", 0.9, 1.12),)),
        Sample("flat", flat, {}, modifiers=(NormSys("norm", 0.92, 1.1),)),
        Sample(
            "falling",
            falling,
            {"k": 1},
            modifiers=(
                HistoSys("tilt", falling * (1 - 0.1 * x), falling * (1 + 0.12 * x)),
                BinFactors(gammas, "staterror", errors),
            ),
        ),
    )
    unit = GaussianConstraint(0.0, 1.0)
    parameters = named(
        Parameter("mu", "1", 1.0, 0.0, 10.0),
        Parameter("k", "1", 1.0, 0.0, 10.0),
        *(Parameter(name, "1", 0.0, -5.0, 5.0, unit) for name in ("eff", "norm", "tilt")),
        *(Parameter(name, "1", 1.0, 1e-10, 10.0, GaussianConstraint(1.0, 0.05)) for name in gammas),
    )
    mean = 1.2 * bump + 1.05 * flat + falling * (1 + 0.05 * x)
    observed = np.random.default_rng(seed).poisson(mean).astype(float)
    channel = PoissonChannel("toy/x", "x", "1", np.arange(bins + 1.0), samples, observed)
    return SpectralModel((channel,), parameters, poi="mu")


def bounded() -> SpectralModel:
    """Two overlapping rates, both cut off by bounds within a standard deviation or two."""
    samples = (
        Sample("s", np.array([4.0, 3.0, 2.0, 1.0]), {"s": 1}, group="signal"),
        Sample("b", np.array([1.0, 2.0, 3.0, 4.0]), {"b": 1}),
    )
    observed = np.array([9.0, 14.0, 16.0, 23.0])
    channel = PoissonChannel("toy/x", "x", "1", np.arange(5.0), samples, observed)
    parameters = named(Parameter("s", "1", 1.0, 0.0), Parameter("b", "1", 5.0, 0.0, 6.0))
    return SpectralModel((channel,), parameters, poi="s")


def rates(seed: int = 1, coupling: float = 2.0) -> SpectralModel:
    """Twelve rates of shapes that overlap, in 120 bins, as Borexino's are; the coupling enters squared."""
    random = np.random.default_rng(seed)
    x = np.linspace(0, 1, 120)
    shapes: dict[str, Array] = {
        "c14": 4000 * np.exp(-x / 0.04),
        "pp": 600 * np.exp(-x / 0.12),
        "be7": 300 / (1 + np.exp((x - 0.5) / 0.03)),
        "pep": 40 / (1 + np.exp((x - 0.8) / 0.03)),
        "kr85": 150 * np.maximum(1 - x / 0.55, 0) * (0.3 + x),
        "bi210": 200 * np.maximum(1 - x / 0.9, 0) * (0.2 + x),
        "po210": 900 * np.exp(-0.5 * ((x - 0.35) / 0.03) ** 2),
        "c11": 120 * np.exp(-0.5 * ((x - 0.9) / 0.15) ** 2),
        "tl208": 30 * x,
        "bi214": 30 * np.exp(-0.5 * ((x - 0.7) / 0.2) ** 2),
        "pileup": 500 * np.exp(-0.5 * ((x - 0.1) / 0.05) ** 2),
    }
    constraints: dict[str, Constraint] = {
        "c14": GaussianConstraint(1.0, 0.05),
        "pep": LogNormalConstraint(1.0, 1.2),
        "pileup": PoissonConstraint(100.0, 100.0),
        "tl208": GaussianConstraint(1.0, 0.3),
    }
    samples = [Sample(name, shape, {name: 1}) for name, shape in shapes.items()]
    samples.append(Sample("signal", 6 / (x + 0.02), {"mu": 2, "pp": 1}, group="signal"))
    parameters = [Parameter(name, "cpd", 1.0, 0.0, constraint=constraints.get(name)) for name in shapes]
    parameters.append(Parameter("mu", "mu_B", 0.5, 0.0))
    mean = np.sum(list(shapes.values()), axis=0) + coupling**2 * samples[-1].template
    channel = PoissonChannel(
        "toy/x", "x", "1", np.arange(121.0), tuple(samples), random.poisson(mean).astype(float)
    )
    return SpectralModel((channel,), named(*parameters), poi="mu")


MODELS: dict[str, Callable[[], SpectralModel]] = {
    "counting": lambda: counting(observed=9.0, background=4.0, background_error=1.5),
    "Gaussian": linear,
    "HistFactory": histfactory,
    "bounded": bounded,
    "twelve rates": rates,
}


def minuit(model: SpectralModel) -> Minuit:
    """MINUIT's own minimum of the model's likelihood, in public values and within their bounds."""
    compiled = CompiledModel(model)

    def nll(values: Array) -> float:
        value = compiled.value(compiled.internal(np.asarray(values)))
        return value if math.isfinite(value) else 1e10

    found = Minuit(nll, list(model.values.values()), name=list(model.parameters))
    found.errordef = Minuit.LIKELIHOOD
    found.strategy, found.tol = 2, 1e-3
    for name, parameter in model.parameters.items():
        found.limits[name] = (parameter.lower, parameter.upper)
        found.fixed[name] = parameter.fixed
    found.migrad()
    assert found.valid
    return found
