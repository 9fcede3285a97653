"""Marginalisation on models with exact posteriors, against the area rule, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import lognorm, norm, poisson

from nurecoil.errors import ModelError, OptionError
from nurecoil.inference.bayes import bayes_limit, posterior
from nurecoil.inference.limits import Limit, limit
from nurecoil.inference.method_results import MethodLimit, MethodOptions
from nurecoil.model.parameters import (
    Constraint,
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    Parameter,
    PoissonConstraint,
)
from nurecoil.model.spectral import GaussianChannel, Sample, SpectralModel
from nurecoil.testing.models import counting

pytest.importorskip("nutpie")

QUICK = {"draws": 400, "tune": 150, "rounds": 1}


@pytest.fixture(scope="module")
def nothing() -> tuple[Limit, MethodLimit, list[tuple[int, int]]]:
    """No events: the limits are that of an exponential, ln 10 at 90 %, profiled or marginalised."""
    found = limit(counting(0.0, 1.0))
    told: list[tuple[int, int]] = []
    options = MethodOptions(seed=7, progress=lambda done, of: told.append((done, of)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(posterior.__kwdefaults__, "draws", 1500)
        patch.setitem(posterior.__kwdefaults__, "tune", 200)
        return found, bayes_limit(found.best_fit, found.scan, 0.90, options), told


def test_no_events(nothing: tuple[Limit, MethodLimit, list[tuple[int, int]]]) -> None:
    area, made, told = nothing
    error = made.details["limit_error"]
    assert 0.02 < error < 0.1
    assert made.value == pytest.approx(np.log(10), abs=3 * error)
    assert made.value == pytest.approx(area.value, abs=3 * error)
    assert made.convention == "marginalised, prior flat in signal (6000 draws)"
    assert made.notes == ()
    assert told[-1][0] == told[-1][1] == 7600
    assert told == sorted(told)


def test_details_are_plain_data(nothing: tuple[Limit, MethodLimit, list[tuple[int, int]]]) -> None:
    details = json.loads(json.dumps(dict(nothing[1].details), allow_nan=False))
    assert (details["draws"], details["chains"], details["seed"]) == (6000, 4, 7)
    assert details["converged"] and details["worst"]["r_hat"]["value"] < 1.01
    assert details["worst"]["ess_tail"]["value"] > 2000
    assert set(details["parameters"]) == {"signal"}
    assert details["parameters"]["signal"]["median"] == pytest.approx(np.log(2), abs=0.08)
    assert details["marginal"]["edges"][0] == 0


def test_seeds_repeat() -> None:
    made = [posterior(counting(3.0, 1.0), draws=50, tune=50, rounds=1, seed=seed) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(made[0].samples, made[1].samples)
    assert not np.any(made[0].samples == made[2].samples)
    assert not made[0].converged
    assert "not converged after 200 draws" in made[0].notes[0]


def exact(model: SpectralModel, constraint: Constraint, cl: float) -> float:
    """The limit of a counting model by a sum over signal and background."""
    signal, background = np.linspace(0, 30, 1201)[:, None], np.linspace(1e-3, 30, 1500)[None]
    if isinstance(constraint, GaussianConstraint):
        weight = norm.pdf(background, constraint.centre, constraint.width)
    elif isinstance(constraint, LogNormalConstraint):  # of ln(centre) about ln(background)
        weight = norm.pdf(np.log(constraint.centre), np.log(background), np.log(constraint.factor))
    else:
        weight = poisson.pmf(constraint.count, constraint.scale * background)
    observed = model.channels[0].observed[0]
    density = (poisson.pmf(observed, signal + background) * weight).sum(axis=1)
    summed = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return float(np.interp(cl, summed / summed[-1], signal.ravel()))


@pytest.mark.parametrize(
    "constraint", [GaussianConstraint(4.0, 1.5), LogNormalConstraint(4.0, 1.5), PoissonConstraint(6.0, 1.5)]
)
def test_a_background_with_a_constraint(constraint: Constraint) -> None:
    model = counting(5.0, 4.0, 1.5).with_parameters(background={"constraint": constraint})
    found = posterior(model, **QUICK)
    wanted = exact(model, constraint, 0.90)
    assert found.limit_error(0.90) < 0.06 * wanted
    assert found.upper_limit(0.90) == pytest.approx(wanted, abs=3 * found.limit_error(0.90))


def test_a_log_normal_constraint_has_a_flat_prior_before_it() -> None:
    """The posterior of a parameter that no data see: log-normal, its median up by the width squared."""
    width = np.log(1.5)
    sample = Sample("seen", np.ones(1), {"seen": 1})
    channel = GaussianChannel("toy/x", "x", "1", (sample,), np.array([1.0]), np.array([1.0]))
    held = Parameter("held", "1", 4.0, 0.0, constraint=LogNormalConstraint(4.0, 1.5))
    model = SpectralModel((channel,), {"seen": Parameter("seen", "1", 1.0), "held": held})
    found = posterior(model, **QUICK)
    for share in (0.16, 0.84):
        wanted = lognorm(width, scale=4.0 * np.exp(width**2)).ppf(share)
        assert found.upper_limit(share, "held") == pytest.approx(
            wanted, abs=4 * found.limit_error(share, "held")
        )


def test_two_correlated_normal_parameters() -> None:
    """A measured sum and a joint constraint: everything is normal, and the profile is the marginal."""
    covariance = np.array([[1.0, 0.6], [0.6, 2.0]])
    samples = tuple(Sample(name, np.ones(1), {name: 1}) for name in ("a", "b"))
    channel = GaussianChannel("toy/x", "x", "1", samples, np.array([3.0]), np.array([0.5]))
    tied = CovarianceConstraint(("a", "b"), (1.0, 1.0), tuple(map(tuple, covariance.tolist())))
    parameters = {name: Parameter(name, "Hz", 1.0) for name in ("a", "b")}
    model = SpectralModel((channel,), parameters, constraints=(tied,), poi="a")
    found = posterior(model, **QUICK)
    weight = np.linalg.inv(covariance)
    spread = np.linalg.inv(weight + 1 / 0.5**2)
    mean = spread @ (weight @ [1.0, 1.0] + 3.0 / 0.5**2)
    correlation = spread[0, 1] / np.sqrt(spread[0, 0] * spread[1, 1])
    assert np.corrcoef(found.samples.T)[0, 1] == pytest.approx(correlation, abs=0.06)
    for i, name in enumerate(("a", "b")):
        for share in (0.05, 0.5, 0.9):
            wanted = norm.ppf(share, mean[i], np.sqrt(spread[i, i]))
            error = found.limit_error(share, name)
            assert found.upper_limit(share, name) == pytest.approx(wanted, abs=4 * error)
    area = limit(model).value
    assert found.upper_limit(0.90) == pytest.approx(area, abs=4 * found.limit_error(0.90))


@pytest.mark.parametrize(("prior", "method"), [("flat", "area"), ("flat-squared", "area-squared")])
def test_a_coupling_that_enters_squared(
    measured: Callable[..., SpectralModel], prior: str, method: str
) -> None:
    """One parameter: marginal and profile are the same, and so are the limits with the same prior."""
    model = measured(0.5, power=2)
    found = posterior(model, prior=prior, **QUICK)
    assert found.upper_limit(0.9) == pytest.approx(
        limit(model, method=method).value, abs=4 * found.limit_error(0.9)
    )


def test_impossible_requests() -> None:
    model = counting(3.0, 1.0)
    with pytest.raises(OptionError, match="Did you mean 'flat'"):
        posterior(model, prior="flatt")
    with pytest.raises(OptionError, match="draws of a posterior: 5"):
        posterior(model, draws=5)
    with pytest.raises(OptionError, match="chains of a posterior: 1"):
        posterior(model, chains=1)
    with pytest.raises(OptionError, match="rounds of a posterior: 0"):
        posterior(model, rounds=0)
    with pytest.raises(OptionError, match="seed of a posterior: -1"):
        posterior(model, seed=-1)
    with pytest.raises(ModelError, match="'background' is not free"):
        posterior(model, poi="background")
    area = limit(model)
    with pytest.raises(OptionError, match="between 0 and 1"):
        bayes_limit(area.best_fit, area.scan, 90, MethodOptions())
