"""Fits, profiles and limits of imported HistFactory files against pyhf with MINUIT."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nurecoil.engine.compiled import CompiledModel
from nurecoil.inference.fit import fit, nll
from nurecoil.inference.limits import limit
from nurecoil.inference.profile import profile
from nurecoil.inference.results import FitResult, Scan
from nurecoil.inference.rules import area

from .histfactory_zoo import ZOO
from .pyhf_peer import PyhfPeer


def distances(result: FitResult, theirs: dict[str, float]) -> dict[str, float]:
    """How far MINUIT's values are from ours, in sigma; at a bound in the curvature's own width."""
    compiled = CompiledModel(result.model)
    widths = 1 / np.sqrt(np.diag(compiled.information(compiled.coordinates(result.values))))
    found = {}
    for name, width in zip(compiled.names, widths, strict=True):
        estimate = result.parameters[name]
        if not estimate.fixed:
            sigma = float(width) if estimate.at_bound else estimate.error
            found[name] = abs(estimate.value - theirs[name]) / sigma
    return found


def agree(model: Any, peer: PyhfPeer, tolerance: float) -> float:
    """Fit with both; the farthest parameter in sigma, after all that has to hold is asserted."""
    ours = fit(model)
    theirs, value = peer.fit(tolerance)
    for name, estimate in ours.parameters.items():
        assert estimate.fixed == peer.fixed[name]
    assert ours.nll < value + 1e-6
    assert ours.nll == pytest.approx(peer.nll(ours.values), rel=1e-9)
    assert ours.nll == pytest.approx(nll(model, ours.values), rel=1e-12)
    expected = peer.expected(ours.values)
    assert ours.expected.keys() == expected.keys()
    for channel, samples in ours.expected.items():
        for sample, contents in samples.items():
            there = expected[channel][sample]
            np.testing.assert_allclose(contents, there, rtol=1e-10, atol=1e-10 * np.abs(there).max())
    far = distances(ours, theirs)
    return max(far.values(), default=0.0)


@pytest.mark.parametrize("name", ZOO)
def test_the_minimum_is_minuits(name: str, pair: Callable[..., Any]) -> None:
    farthest = agree(*pair(name), tolerance=1e-3)
    print(f"\n{name}: farthest parameter {farthest:.1e} sigma")
    assert farthest < 1e-3


@pytest.mark.parametrize("name", ["norm_systematics", "shape_systematics", "one_pull_everywhere"])
def test_the_minimum_is_minuits_with_the_other_interpolations(name: str, pair: Callable[..., Any]) -> None:
    assert agree(*pair(name, other=True), tolerance=1e-3) < 1e-3


def test_the_minimum_of_nine_hundred_bins(pair: Callable[..., Any]) -> None:
    assert agree(*pair("nine_hundred_bins"), tolerance=1e-2) < 1e-3


@pytest.mark.long
def test_the_minimum_of_five_channels(pair: Callable[..., Any]) -> None:
    assert agree(*pair("five_channels"), tolerance=1e-2) < 1e-3


def test_the_minimum_of_five_channels_is_one_in_pyhf(pair: Callable[..., Any]) -> None:
    """The short form: no step of a hundredth of a sigma along any parameter goes down in pyhf."""
    model, peer = pair("five_channels")
    best = fit(model)
    bottom = peer.nll(best.values)
    assert bottom == pytest.approx(best.nll, rel=1e-9)
    for name, estimate in best.parameters.items():
        if not estimate.fixed:
            sides = [
                peer.nll({**best.values, name: estimate.value + s * estimate.error}) for s in (-0.01, 0.01)
            ]
            slope = (
                sides[1] - sides[0]
            ) / 0.02  # per sigma; the shift of the minimum, in sigma, is at most that
            assert min(sides) > bottom
            assert abs(slope) < 1e-3


def test_a_limit_where_the_best_value_is_at_its_bound(pair: Callable[..., Any]) -> None:
    model, peer = pair("interest_at_its_bound")
    best = fit(model)
    assert best.values["mu"] == 0.0
    assert best.parameters["mu"].at_bound
    scan = profile(model, "mu", points=21)
    _, bottom = peer.fit()
    there = np.array([peer.fit(fix={"mu": float(at)})[1] for at in scan.values]) - bottom
    np.testing.assert_allclose(scan.delta_nll, there, atol=2e-6)
    theirs = area(Scan("mu", "1", scan.values, there, 0.0, bottom), 0.90)
    assert area(scan, 0.90) == pytest.approx(theirs, rel=1e-5)
    found = limit(model, cl=0.90, method="delta-chi2-one-sided").value
    assert 2 * (peer.fit(fix={"mu": found})[1] - bottom) == pytest.approx(1.6424, abs=2e-3)


def test_a_parameter_of_interest_that_is_fixed_stays(pair: Callable[..., Any]) -> None:
    model, _ = pair("fixed_interest")
    peer = PyhfPeer(ZOO["fixed_interest"]())
    best = fit(model)
    assert best.values["mu"] == 1.5
    assert best.parameters["mu"].fixed
    freed = fit(model.with_parameters(mu={"fixed": False}))
    assert freed.nll < best.nll
    peer.fixed["mu"] = False
    assert max(distances(freed, peer.fit()[0]).values()) < 1e-3
