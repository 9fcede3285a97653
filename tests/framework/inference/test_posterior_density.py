"""The posterior's density: integrals over its coordinates give the posteriors known in closed form."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.stats import gamma, norm, truncnorm

from nurecoil.errors import ModelError
from nurecoil.inference.fit import fit
from nurecoil.inference.posterior_density import PosteriorDensity
from nurecoil.model.parameters import CovarianceConstraint, Parameter
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel
from nurecoil.testing.models import counting

Array = NDArray[np.float64]


def shares(density: PosteriorDensity, limits: list[float]) -> Array:
    """Posterior probability below limits on the only parameter, by a sum over its coordinate."""
    coarse = np.linspace(-30.0, 12.0, 421)
    logs = np.maximum([density.evaluate(np.array([one]))[0] for one in coarse], -500.0)
    z = np.linspace(coarse[0], coarse[-1], 60_001)
    values, weight = density.values(z[:, None]).ravel(), np.exp(CubicSpline(coarse, logs - logs.max())(z))
    return np.array([weight[values < limit].sum() for limit in limits]) / weight.sum()


@pytest.mark.parametrize(("observed", "background"), [(0.0, 1.0), (3.0, 1.0), (5.0, 9.0)])
def test_counting(observed: float, background: float) -> None:
    exact = gamma(observed + 1)
    levels = np.array([0.1, 0.5, 0.9])
    above = exact.cdf(background) + levels * exact.sf(background)
    limits = exact.ppf(above) - background
    density = PosteriorDensity(fit(counting(observed, background)))
    np.testing.assert_allclose(shares(density, limits.tolist()), levels, atol=5e-4)


@pytest.mark.parametrize("observed", [-2.0, 0.0, 1.5, 30.0])
def test_normal_with_a_bound(measured: Callable[..., SpectralModel], observed: float) -> None:
    exact = truncnorm(-observed, math.inf, loc=observed)
    levels = np.array([0.1, 0.5, 0.9])
    density = PosteriorDensity(fit(measured(observed)))
    np.testing.assert_allclose(shares(density, exact.ppf(levels).tolist()), levels, atol=5e-4)


@pytest.mark.parametrize(("squared", "power"), [(None, 0), ("signal", 1)])
@pytest.mark.parametrize("observed", [-1.0, 2.0])
def test_flat_in_the_parameter_though_it_is_fitted_in_its_square(
    measured: Callable[..., SpectralModel], observed: float, squared: str | None, power: int
) -> None:
    grid = np.linspace(0, 4, 40_001)
    weight = norm.pdf(grid**2, loc=observed) * grid**power
    summed = np.cumsum(weight) / weight.sum()
    levels = np.array([0.1, 0.5, 0.9])
    density = PosteriorDensity(fit(measured(observed, power=2)), squared)
    np.testing.assert_allclose(shares(density, np.interp(levels, summed, grid).tolist()), levels, atol=5e-4)


def test_gradients_are_derivatives(peak_model: SpectralModel) -> None:
    density = PosteriorDensity(fit(peak_model))
    random = np.random.default_rng(3)
    for z in random.normal(size=(3, density.size)):
        _, gradient = density.evaluate(z)
        for i, unit in enumerate(np.eye(density.size)):
            above, below = density.evaluate(z + 1e-4 * unit)[0], density.evaluate(z - 1e-4 * unit)[0]
            assert gradient[i] == pytest.approx((above - below) / 2e-4, rel=1e-3, abs=1e-3)


def test_coordinates_are_roughly_normal(peak_model: SpectralModel) -> None:
    """One width away in any coordinate the density has fallen by about one half."""
    density = PosteriorDensity(fit(peak_model))
    top = density.evaluate(np.zeros(density.size))[0]
    falls = [top - density.evaluate(sign * unit)[0] for unit in np.eye(density.size) for sign in (-1.0, 1.0)]
    assert min(falls) > 0.2 and max(falls) < 1.2


def test_draws_turn_the_coordinates(two_rates: Callable[..., SpectralModel]) -> None:
    density = PosteriorDensity(fit(two_rates()))
    random = np.random.default_rng(1)
    z = random.normal(size=(400, 2)) @ np.array([[2.0, 1.5], [0.0, 0.5]]) + 1.0
    turned = density.turned(z)
    np.testing.assert_allclose(turned.values(np.zeros(2)), density.values(z.mean(axis=0)))
    change = turned.evaluate(np.zeros(2))[0] - density.evaluate(z.mean(axis=0))[0]
    assert change == pytest.approx(0.0, abs=1e-9)
    assert density.turned(z[:10]) is density


def test_what_a_fit_held_stays_held() -> None:
    density = PosteriorDensity(fit(counting(12.0, 10.0, 2.0), fix={"background": 9.0}))
    assert density.names == ("signal",)
    with pytest.raises(ModelError, match="without free parameters"):
        PosteriorDensity(fit(counting(12.0, 10.0), fix={"signal": 1.0}))


def saturating(upper: float = math.inf) -> SpectralModel:
    """A measured sum of two rates; one is bounded by 0, the other may be negative."""
    samples = (Sample("s", np.ones(1), {"s": 1}), Sample("b", np.ones(1), {"b": 1}))
    channel = GaussianChannel("toy/x", "x", "1", samples, np.array([-3.0]), np.array([1.0]))
    pull = GaussianChannel("toy/y", "y", "1", samples[1:], np.array([0.0]), np.array([1.0]))
    parameters = {"s": Parameter("s", "Hz", 1.0, 0.0, upper), "b": Parameter("b", "Hz", 0.0)}
    return SpectralModel((channel, pull), parameters)


def test_a_posterior_that_cannot_be_normalised_is_refused() -> None:
    """A sum of two rates is measured, one is at its bound: both may grow together without end."""
    model = dataclasses.replace(saturating(), channels=saturating().channels[:1])
    best = fit(model.with_parameters(s={"fixed": True, "value": 0.0}))
    loose = dataclasses.replace(best.parameters["s"], fixed=False, at_bound=True)
    best = dataclasses.replace(best, parameters={**best.parameters, "s": loose})
    with pytest.raises(ModelError, match="flat in 's' and 'b' up to infinity"):
        PosteriorDensity(best)
    assert PosteriorDensity(fit(saturating())).names == ("s", "b")
    # bounds on both sides of one of them hold them both
    model = dataclasses.replace(saturating(9.0), channels=model.channels)
    best = dataclasses.replace(best, model=model)
    assert PosteriorDensity(best).names == ("s", "b")


def test_a_parameter_without_effect_needs_bounds(peak_model: SpectralModel) -> None:
    gone = {"peak": {"value": 0.0, "fixed": True}}
    best = fit(peak_model.with_parameters(**gone))
    assert PosteriorDensity(best).names == ("peak.mu", "peak.sigma", "flat", "bump")
    best = fit(peak_model.with_parameters(**gone, **{"peak.sigma": {"upper": math.inf}}))
    with pytest.raises(ModelError, match=r"flat in 'peak\.sigma' up to infinity"):
        PosteriorDensity(best)


def test_one_that_only_levels_off_is_refused() -> None:
    """A signal that saturates is felt at its best fit, and not any more far away."""
    model = counting(3.0, 1.0)
    flat = Sample("signal", np.array([2.0]), {}, group="signal")
    channel = model.channels[0]
    assert isinstance(channel, PoissonChannel)
    level = Levelling()
    tail = Sample("tail", level, {})
    channel = dataclasses.replace(channel, samples=(flat, tail), observed=np.array([2.5]))
    parameters = {"tail": Parameter("tail", "1", 1.0, -0.5)}
    with pytest.raises(ModelError, match="flat in 'tail' up to infinity"):
        PosteriorDensity(fit(SpectralModel((channel,), parameters)))


class Levelling:
    """One bin with ``x / (1 + x)`` events."""

    names = ("tail",)

    def evaluate(self, values: Array) -> tuple[Array, Array]:
        """Contents and derivatives."""
        x = float(values[0])
        return np.array([x / (1 + x)]), np.array([[1 / (1 + x) ** 2]])


def test_flat_in_the_square_of_what_can_be_negative(measured: Callable[..., SpectralModel]) -> None:
    with pytest.raises(ModelError, match="can be negative"):
        PosteriorDensity(fit(measured(1.0, lower=-5.0)), "signal")


def test_a_joint_constraint_holds_what_data_do_not() -> None:
    parameters = {name: Parameter(name, "1", 0.0) for name in ("a", "b")}
    sample = Sample("a", np.ones(1), {"a": 1})
    channel = GaussianChannel("toy/x", "x", "1", (sample,), np.array([1.0]), np.array([1.0]))
    tied = CovarianceConstraint(("a", "b"), (0.0, 0.0), ((1.0, 0.8), (0.8, 1.0)))
    density = PosteriorDensity(fit(SpectralModel((channel,), parameters, constraints=(tied,))))
    # a normal density in straight coordinates is exactly the standard one
    z = np.array([0.7, -1.2])
    change = density.evaluate(np.zeros(2))[0] - density.evaluate(z)[0]
    assert change == pytest.approx(0.5 * float(z @ z), rel=1e-6)
