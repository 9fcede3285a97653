"""Combinations of random models: the likelihood is the sum it should be, in whatever order."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nurecoil.combining.combination import combine
from nurecoil.inference.fit import nll
from nurecoil.model.modifiers import Modifier, NormSys
from nurecoil.model.parameters import (
    GaussianConstraint,
    LogNormalConstraint,
    PoissonConstraint,
)
from nurecoil.model.spectral import SpectralModel

from .combining import make, mu, pull, same_models, staterror

# --- properties --------------------------------------------------------------------------------------------

KNOWN = {
    "flux": mu(name="flux", constraint=GaussianConstraint(1.0, 0.1)),
    "rate": mu(name="rate", constraint=LogNormalConstraint(1.0, 1.2)),
    "side": mu(name="side", constraint=PoissonConstraint(20.0, 18.0)),
    "free": mu(name="free"),
    "alpha": pull("alpha"),
}


@st.composite
def inputs(draw: st.DrawFn) -> tuple[list[SpectralModel], dict[str, float], float]:
    """Models with names in common, a point, and -log L of what is counted more than once in their sum."""
    values = {name: draw(st.floats(0.5, 1.5)) for name in (*KNOWN, "mu")}
    models, counted = [], dict.fromkeys(KNOWN, 0)
    for i in range(draw(st.integers(2, 4))):
        used = draw(st.lists(st.sampled_from(sorted(KNOWN)), unique=True))
        for name in used:
            counted[name] += 1
        pulls: list[Modifier] = [NormSys("alpha", 0.9, 1.2)] if "alpha" in used else []
        gammas, factors = staterror(2, 0.1)
        if draw(st.booleans()):
            pulls.append(factors)
        else:
            gammas = []
        counts = [draw(st.integers(0, 30)), i]
        known = [*(KNOWN[name] for name in used), *gammas]
        powers = {name: 1 for name in used if name != "alpha"}
        channel = draw(st.sampled_from(["SR", "CR"]))
        models.append(make(channel, [float(c) for c in counts], known, pulls, powers))
    double = -math.fsum(max(counted[name] - 1, 0) * _log_density(name, values[name]) for name in KNOWN)
    return models, values, double


def _log_density(name: str, value: float) -> float:
    constraint = KNOWN[name].constraint
    if isinstance(constraint, GaussianConstraint):
        return float(stats.norm.logpdf(constraint.centre, value, constraint.width))
    if isinstance(constraint, LogNormalConstraint):
        return float(stats.lognorm.logpdf(constraint.centre, math.log(constraint.factor), scale=value))
    if isinstance(constraint, PoissonConstraint):
        return float(stats.poisson.logpmf(int(constraint.count), constraint.scale * value))
    return 0.0


@settings(max_examples=60, deadline=None)
@given(inputs())
def test_the_likelihood_is_the_sum_without_what_was_counted_twice(
    drawn: tuple[list[SpectralModel], dict[str, float], float],
) -> None:
    models, values, double = drawn
    both = combine(models, [f"m{i}" for i in range(len(models))])
    total = math.fsum(nll(m, {n: v for n, v in values.items() if n in m.parameters}) for m in models)
    at = {name: value for name, value in values.items() if name in both.parameters}
    assert nll(both, at) == pytest.approx(total - double, rel=1e-11, abs=1e-11)


@settings(max_examples=40, deadline=None)
@given(inputs(), st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_the_inputs_makes_no_difference(
    drawn: tuple[list[SpectralModel], dict[str, float], float], shuffler: Any, labelled: bool
) -> None:
    models = drawn[0]
    order = list(range(len(models)))
    shuffler.shuffle(order)
    labels = [f"m{i}" for i in order] if labelled else None
    first = combine(models, [f"m{i}" for i in range(len(models))] if labelled else None)
    assert same_models(first, combine([models[i] for i in order], labels))
