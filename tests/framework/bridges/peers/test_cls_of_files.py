"""CLs, its limits and the statistics behind it, of HistFactory files, against pyhf with MINUIT."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyhf
import pytest
from pyhf.infer.test_statistics import q0, qmu, qmu_tilde

from nurecoil.inference.asymptotic_cls import AsymptoticCls, Cls
from nurecoil.inference.cls import cls_at
from nurecoil.inference.likelihood_ratios import ProfiledLikelihood, q_zero
from nurecoil.inference.significance import significance

from .histfactory_zoo import ZOO
from .pyhf_peer import PyhfPeer, minuit

WITHOUT = {"no_interest", "fixed_interest"}
"""Those without a parameter of interest that could be tested."""
TOLERANCE = 1e-4
"""As the work that this belongs to asks for; what is found is a hundredth of it."""
SEVEN = ("uncorrelated", "correlated", "one_pull_everywhere", "statistics_of_two_channels", "empty_bins",
       "zero_uncertainties", "interest_at_its_bound")  # fmt: skip
"""Counting with shapesys, with normsys and histosys, two channels with staterror, few counts, at a bound."""


@contextlib.contextmanager
def quiet_minuit() -> Iterator[None]:
    """MINUIT to the last digits, without pyhf's word on parameters that may be negative."""
    logger = logging.getLogger("pyhf")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with minuit(tolerance=1e-6, strategy=2):
            yield
    finally:
        logger.setLevel(before)


def configured(peer: PyhfPeer, **bounds: tuple[float, float]) -> dict[str, Any]:
    """What pyhf's tests take, with other bounds for some parameters."""
    boxes = [bounds.get(name, box) for name, box in peer.bounds.items()]
    return {
        "par_bounds": boxes,
        "init_pars": list(peer.start.values()),
        "fixed_params": list(peer.fixed.values()),
    }


def numbers(test: Cls) -> list[float]:
    return [test.cls, test.clsb, test.clb, *(test.expected[n] for n in (-2, -1, 0, 1, 2))]


def theirs(peer: PyhfPeer, value: float, name: str, **settings: Any) -> list[float]:
    found, tails, band = pyhf.infer.hypotest(
        value,
        peer.data,
        peer.model,
        test_stat=name,
        return_tail_probs=True,
        return_expected_set=True,
        **settings,
    )
    return [float(one) for one in (found, *tails, *band)]


def bounded(pair: Callable[..., Any], name: str) -> tuple[ProfiledLikelihood, PyhfPeer, dict[str, Any]]:
    """A file's likelihood and its peer, their signal at least 0: pyhf's q~_mu goes below."""
    model, peer = pair(name)
    low, high = peer.bounds[model.poi]
    likelihood = ProfiledLikelihood(model.with_parameters(**{model.poi: {"lower": max(low, 0.0)}}))
    return likelihood, peer, configured(peer, **{model.poi: (max(low, 0.0), high)})


def agree(pair: Callable[..., Any], name: str) -> None:
    likelihood, peer, settings = bounded(pair, name)
    curve = AsymptoticCls(likelihood)
    edge = min(curve.limit(0.95), likelihood.upper / 1.3)
    worst = worst_q = 0.0
    with quiet_minuit():
        for value in (0.3 * edge, edge, 1.3 * edge):
            ours = curve.at(value)
            q = float(qmu_tilde(value, peer.data, peer.model, *_order(settings)))
            worst_q = max(worst_q, abs(q - ours.q))
            found = np.array(theirs(peer, value, "qtilde", **settings))
            worst = max(worst, float(np.abs(found - numbers(ours)).max()))
    print(f"\n{name}: CLs, CLsb, CLb and expected to {worst:.1e}, q~ to {worst_q:.1e}")
    assert worst < TOLERANCE and worst_q < TOLERANCE


def _order(settings: dict[str, Any]) -> tuple[Any, Any, Any]:
    return settings["init_pars"], settings["par_bounds"], settings["fixed_params"]


@pytest.mark.parametrize("name", SEVEN)
def test_cls_and_q_tilde_are_pyhfs(name: str, pair: Callable[..., Any]) -> None:
    agree(pair, name)


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(set(ZOO) - WITHOUT - set(SEVEN)))
def test_cls_and_q_tilde_of_everything_else_are_pyhfs(name: str, pair: Callable[..., Any]) -> None:
    agree(pair, name)


@pytest.mark.parametrize("name", ["uncorrelated", "correlated", "one_pull_everywhere", "luminosity"])
def test_cls_and_q_mu_are_pyhfs_where_the_signal_may_be_negative(name: str, pair: Callable[..., Any]) -> None:
    model, peer = pair(name)
    likelihood = ProfiledLikelihood(model.with_parameters(mu={"lower": -2.0}))
    curve = AsymptoticCls(likelihood, "q_mu")
    with quiet_minuit():
        for value in (0.5, 1.5):
            ours, settings = curve.at(value), configured(peer, mu=(-2.0, 10.0))
            q = float(qmu(value, peer.data, peer.model, *_order(settings)))
            assert ours.q == pytest.approx(q, abs=TOLERANCE)
            np.testing.assert_allclose(numbers(ours), theirs(peer, value, "q", **settings), atol=TOLERANCE)


@pytest.mark.parametrize("name", SEVEN)
def test_pyhfs_cls_is_alpha_at_our_limits(name: str, pair: Callable[..., Any]) -> None:
    likelihood, peer, settings = bounded(pair, name)
    curve = AsymptoticCls(likelihood)
    with quiet_minuit():
        assert theirs(peer, curve.limit(0.95), "qtilde", **settings)[0] == pytest.approx(0.05, abs=1e-5)
        for place, n in enumerate((-2, -1, 0, 1, 2)):
            found = theirs(peer, curve.expected_limit(0.95, n), "qtilde", **settings)
            assert found[3 + place] == pytest.approx(0.05, abs=1e-5)


@pytest.mark.long
@pytest.mark.parametrize("name", SEVEN)
def test_upper_limits_are_pyhfs(name: str, pair: Callable[..., Any]) -> None:
    likelihood, peer, settings = bounded(pair, name)
    curve = AsymptoticCls(likelihood)
    ours = np.array([curve.limit(0.95), *curve.expected_limits(0.95).values()], float)
    with quiet_minuit():
        observed, expected = pyhf.infer.intervals.upper_limits.upper_limit(
            peer.data, peer.model, scan=None, level=0.05, rtol=1e-7, **settings
        )
    wanted = np.array([float(observed), *map(float, expected)])
    worst = float(np.abs(ours / wanted - 1).max())
    print(f"\n{name}: limits {np.round(ours, 4)}, pyhf's to {worst:.1e}")
    assert worst < TOLERANCE


@pytest.mark.parametrize("name", SEVEN)
def test_discovery_is_pyhfs(name: str, pair: Callable[..., Any]) -> None:
    likelihood, peer, settings = bounded(pair, name)
    found = significance(likelihood.model)
    with quiet_minuit():
        q = float(q0(0.0, peer.data, peer.model, *_order(settings)))
        p = float(pyhf.infer.hypotest(0.0, peer.data, peer.model, test_stat="q0", **settings))
    assert q_zero(likelihood) == pytest.approx(q, abs=TOLERANCE)
    assert found.p_value == pytest.approx(p, abs=TOLERANCE)


@pytest.mark.long
@pytest.mark.parametrize("name", ["uncorrelated", "empty_bins"])
def test_cls_from_toys_is_pyhfs(name: str, pair: Callable[..., Any]) -> None:
    """Both draw their own toys: the difference is one of two samples."""
    model, peer = pair(name)
    ours = cls_at(model, 1.0, toys=5000, seed=1)
    toys = 500
    np.random.seed(2)  # pyhf draws with numpy's global generator
    made = pyhf.infer.calculators.ToyCalculator(
        peer.data, peer.model, ntoys=toys, test_stat="qtilde", track_progress=False
    )
    clsb, clb, _ = map(float, made.pvalues(made.teststatistic(1.0), *made.distributions(1.0)))
    for there, here, error in ((clsb, ours.clsb, ours.errors["clsb"]), (clb, ours.clb, ours.errors["clb"])):
        spread = float(np.hypot(error, np.sqrt(there * (1 - there) / toys)))
        print(f"\n{name}: {here:.4f}, pyhf {there:.4f} +- {spread:.4f}")
        assert abs(here - there) < 4 * spread
