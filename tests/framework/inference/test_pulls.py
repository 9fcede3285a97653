"""Pulls and constraints: every kind of constraint, both sides, and rules that sums of pulls obey."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.inference.fit import fit
from nurecoil.inference.minos import minos
from nurecoil.inference.pseudo_data import asimov
from nurecoil.inference.pulls import Prior, Pull, priors, pull_of, pulls
from nurecoil.inference.results import AsymmetricError
from nurecoil.model.parameters import (
    CovarianceConstraint,
    GaussianConstraint,
    Parameter,
    PoissonConstraint,
)
from nurecoil.model.spectral import GaussianChannel, Sample, SpectralModel

from .oracles import histfactory, linear, rates


def test_what_is_known_before_the_fit() -> None:
    found = priors(rates())
    assert set(found) == {"c14", "pep", "pileup", "tl208"}
    assert found["c14"] == Prior(1.0, 0.05)
    assert found["pep"] == Prior(1.0, math.log(1.2), logarithmic=True)
    assert found["pileup"] == Prior(1.0, 0.1)


def test_members_of_a_joint_constraint_and_counts_of_zero() -> None:
    sample = Sample("s", np.ones(1), {"a": 1, "b": 1, "c": 1})
    channel = GaussianChannel("toy/x", "x", "1", (sample,), np.ones(1), np.ones(1))
    own = {"a": None, "b": GaussianConstraint(5.0, 0.5), "c": PoissonConstraint(0.0, 2.0)}
    parameters = {name: Parameter(name, "1", 1.0, 0.0, constraint=one) for name, one in own.items()}  # type: ignore[arg-type]
    joint = CovarianceConstraint(("a", "b"), (1.0, 2.0), ((0.04, 0.01), (0.01, 0.09)))
    found = priors(SpectralModel((channel,), parameters, (joint,)))
    assert found == {"a": Prior(1.0, 0.2), "b": Prior(5.0, 0.5)}


@given(st.floats(0.1, 10), st.floats(0.01, 2), st.booleans(), st.floats(-3, 3))
def test_pulls_and_values_are_inverse(centre: float, width: float, logarithmic: bool, pull: float) -> None:
    prior = Prior(centre, width, logarithmic)
    assert prior.pull(prior.value(pull)) == pytest.approx(pull, abs=1e-6)


def test_a_log_normal_pull_is_one_of_the_logarithm() -> None:
    prior = Prior(2.0, math.log(1.5), logarithmic=True)
    found = pull_of(prior, 3.0, AsymmetricError(-1.0, 1.5))
    assert (found.value, found.lower, found.upper) == pytest.approx((1.0, -1.0, 1.0))
    assert found.constraint == pytest.approx(1.0)
    assert prior.pull(0.0) == -math.inf


def test_an_end_at_a_bound_is_no_error() -> None:
    found = pull_of(Prior(1.0, 0.5), 0.9, AsymmetricError(-0.9, 0.25, lower_at_bound=True))
    assert math.isnan(found.lower)
    assert (found.upper, found.constraint) == pytest.approx((0.5, 0.5))
    none = pull_of(Prior(1.0, 0.5), 0.0, AsymmetricError(0.0, math.nan, lower_at_bound=True))
    assert math.isnan(none.constraint)
    assert json.loads(json.dumps(none.to_json())) == {
        "value": -2.0, "lower": None, "upper": None, "constraint": None,
    }  # fmt: skip
    assert repr(Pull(0.5, -0.8, 0.9, 0.85)) == "<Pull +0.50 -0.80 +0.90>"


@given(st.floats(-5, 10))
def test_the_rules_of_a_linear_model(observed: float) -> None:
    """pull^2 sums with those of the data to chi2; constraint^2 = 1 - (what the data add)."""
    model = linear(observed=observed)
    best = fit(model)
    (one,) = pulls(best).values()
    s, b = best.values["s"], best.values["b"]
    data = (observed - s - b) ** 2 + ((1.0 - s + b / 2) / 2.0) ** 2
    assert one.value**2 + data == pytest.approx(best.goodness.statistic, rel=1e-6, abs=1e-9)
    # s is free, so the data know b by their difference alone: 1.5 b with variance 1 + 4
    known = 1 / (1 / 0.8**2 + 1.5**2 / 5)
    assert one.constraint == pytest.approx(math.sqrt(known) / 0.8, rel=1e-6)
    assert one.value == pytest.approx(
        known * (1.5 * (observed - 1.0) - 2.25 * 0.5) / 5 / 0.8, rel=1e-5, abs=1e-7
    )


def test_asimov_data_pull_nothing() -> None:
    for one in pulls(fit(asimov(histfactory()))).values():
        assert one.value == pytest.approx(0.0, abs=1e-4)
        assert 0 < one.constraint < 1 + 1e-6


def test_asymmetric_errors_are_used_where_the_fit_has_them() -> None:
    best = fit(rates())
    plain, both = pulls(best), pulls(minos(best, ["pep"]))
    assert plain["c14"] == both["c14"]
    assert plain["pep"].lower != both["pep"].lower
    assert "pep" not in pulls(fit(rates(), fix={"pep": 1.0}))
