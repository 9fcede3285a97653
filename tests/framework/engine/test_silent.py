"""Parameters without effect where a rate is 0: told apart from those that nothing depends on."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nurecoil.detectors.scintillator import HitBins, PeakTemplate
from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.response import compile_response
from nurecoil.engine.silent import silent_parameters
from nurecoil.engine.solve import hesse, solve
from nurecoil.inference.fit import fit
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel


def model(events: float, *, mu: GaussianConstraint | None = None) -> SpectralModel:
    """A peak over a flat background; ``events`` are what the data have of it, negative for a dip."""
    bins = HitBins.of(np.arange(99.5, 160.0))
    peak = PeakTemplate(bins, 1.0, ("mu", "sigma"))
    parameters = [
        Parameter("rate", "events", 50.0, lower=0.0),
        Parameter("flat", "events", 20.0, lower=0.0),
        Parameter("mu", "hits", 130.0, 110.0, 150.0, constraint=mu),
        Parameter("sigma", "hits", 8.0, 4.0, 12.0),
    ]
    samples = (Sample("peak", peak, {"rate": 1}), Sample("flat", np.ones(60), {"flat": 1}))
    observed = 20.0 + events * peak.evaluate([130.0, 8.0])[0]
    channel = PoissonChannel("toy/x", "x", "hits", bins.edges, samples, observed)
    return SpectralModel((channel,), {one.name: one for one in parameters})


def test_a_peak_of_no_events_has_no_place() -> None:
    compiled = CompiledModel(model(-30.0))
    solution = solve(compiled)
    assert solution.position[0] == 0.0
    assert silent_parameters(compiled, solution.position).tolist() == [False, False, True, True]
    covariance = hesse(compiled, solution)
    assert covariance[1, 1] > 0
    assert np.count_nonzero(covariance) == 1


def test_a_peak_of_events_has_one() -> None:
    compiled = CompiledModel(model(400.0))
    assert not silent_parameters(compiled, solve(compiled).position).any()


def test_what_a_constraint_holds_is_never_silent() -> None:
    compiled = CompiledModel(model(-30.0, mu=GaussianConstraint(130.0, 2.0)))
    solution = solve(compiled)
    assert silent_parameters(compiled, solution.position).tolist() == [False, False, False, True]
    assert hesse(compiled, solution)[2, 2] == pytest.approx(4.0, rel=1e-6)


def test_a_fit_gives_it_no_error_and_goes_on() -> None:
    result = fit(model(-30.0))
    assert result.parameters["rate"].at_bound
    for name in ("mu", "sigma"):
        one = result.parameters[name]
        assert math.isnan(one.error)
        assert not (one.fixed or one.at_bound)
    assert result.covariance.names == ("flat",)


def test_its_step_in_a_compiled_response_is_a_part_of_its_range() -> None:
    step = compile_response(model(-30.0)).metadata["response"]["step"]
    assert step == pytest.approx({"mu": 0.4, "sigma": 0.08})
