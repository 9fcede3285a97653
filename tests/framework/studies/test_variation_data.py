"""Data that members share, and what their likelihoods are compared by."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurecoil.errors import ModelError
from nurecoil.inference.fit import fit
from nurecoil.model.parameters import (
    Constraint,
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    Parameter,
    PoissonConstraint,
)
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel
from nurecoil.studies.variation_data import Expected, excess_nll
from nurecoil.testing.models import counting

from .conftest import measured, model_of

CONSTRAINTS = (
    None,
    GaussianConstraint(5.0, 1.0),
    LogNormalConstraint(5.0, 1.2),
    PoissonConstraint(10.0, 2.0),
)


def counted(observed: list[float], constraint: Constraint | None, joint: bool = False) -> SpectralModel:
    bins = len(observed)
    samples = (
        Sample("s", np.linspace(1.0, 2.0, bins), {"g": 2}),
        Sample("b", np.ones(bins), {"b": 1}),
    )
    channel = PoissonChannel("toy/n", "n", "1", np.arange(bins + 1.0), samples, np.array(observed))
    parameters = {
        "g": Parameter("g", "1", 0.0, 0.0),
        "b": Parameter("b", "events", 5.0, 0.0, constraint=constraint),
    }
    tie = (CovarianceConstraint(("b",), (5.0,), ((4.0,),), "somebody"),) if joint else ()
    return SpectralModel((channel,), parameters, tie, "g", {})


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 12).map(float), min_size=3, max_size=5),
    st.sampled_from(
        [None, GaussianConstraint(5.0, 1.0), LogNormalConstraint(5.0, 1.2), PoissonConstraint(10.0, 2.0)]
    ),
    st.booleans(),
)
def test_the_excess_is_half_the_deviance(
    observed: list[float], constraint: Constraint | None, joint: bool
) -> None:
    best = fit(counted(observed, constraint, joint))
    n, mu, b = np.array(observed), best.total("toy/n"), best.values["b"]
    wanted = np.sum(mu - n + np.where(n > 0, n * np.log(np.where(n > 0, n, 1.0) / mu), 0.0))
    if isinstance(constraint, GaussianConstraint):
        wanted += 0.5 * (b - 5.0) ** 2
    elif isinstance(constraint, LogNormalConstraint):
        wanted += 0.5 * (np.log(b / 5.0) / np.log(1.2)) ** 2
    elif isinstance(constraint, PoissonConstraint):
        wanted += 2 * b - 10 + 10 * np.log(10 / (2 * b))
    if joint:
        wanted += 0.5 * (b - 5.0) ** 2 / 4
    assert excess_nll(best) == pytest.approx(wanted, abs=1e-6)


def test_the_unit_of_a_constraint_does_not_matter() -> None:
    """The same measurement in other units: rate 1 +- 0.2 of 5 events, or 5 +- 1 events."""
    one = counted([4.0, 6.0, 9.0], GaussianConstraint(5.0, 1.0))
    channel = one.channels[0]
    scaled = tuple(
        dataclasses.replace(s, template=5 * s.template) if s.name == "b" else s
        for s in channel.samples  # type: ignore[operator]
    )
    other = dataclasses.replace(
        one,
        channels=(dataclasses.replace(channel, samples=scaled),),
        parameters={
            **one.parameters,
            "b": Parameter("b", "1", 1.0, 0.0, constraint=GaussianConstraint(1.0, 0.2)),
        },
    )
    assert fit(one).nll - fit(other).nll == pytest.approx(np.log(5.0))
    assert excess_nll(fit(one)) == pytest.approx(excess_nll(fit(other)), abs=1e-8)


def test_a_wider_error_of_a_measured_number_costs() -> None:
    narrow, wide = (fit(model_of(measured("a", 1.0, width, {"g": 1.0}), poi="g")) for width in (0.1, 0.2))
    assert excess_nll(wide) - excess_nll(narrow) == pytest.approx(np.log(2.0))


def test_asimov_data_are_those_of_the_fit_without_signal() -> None:
    model = counted([9.0, 7.0, 11.0], GaussianConstraint(5.0, 1.0))
    found = Expected.of(model, True)
    best = fit(model, fix={"g": 0.0})
    np.testing.assert_allclose(found.filled.channels[0].observed, best.total("toy/n"))
    centred = found.filled.parameters["b"].constraint
    assert isinstance(centred, GaussianConstraint)
    assert (centred.centre, centred.width) == (pytest.approx(best.values["b"]), 1.0)
    kept = Expected.of(model, False)
    assert (
        kept.filled.channels[0].observed.tolist() == [9.0, 7.0, 11.0] and not kept.filled.channels[0].asimov
    )


def test_members_get_the_data_and_the_centres_they_share() -> None:
    model = counted([9.0, 7.0, 11.0], GaussianConstraint(5.0, 1.0), joint=True)
    expected = Expected.of(model, True)
    same = expected.given_to(model.with_parameters(g={"upper": 10.0}))
    np.testing.assert_array_equal(same.channels[0].observed, expected.filled.channels[0].observed)
    assert same.parameters["b"].constraint == expected.filled.parameters["b"].constraint
    assert same.constraints == expected.filled.constraints != model.constraints
    other = counted([9.0, 7.0, 11.0], GaussianConstraint(6.0, 1.0))
    assert expected.given_to(other).parameters["b"].constraint == GaussianConstraint(6.0, 1.0)


def test_measured_data_stay_where_no_asimov_data_were_asked_for() -> None:
    model = counted([9.0, 7.0, 11.0], None)
    other = model.with_observed({"toy/n": np.array([1.0, 2.0, 3.0])})
    assert Expected.of(model, False).given_to(other).channels[0].observed.tolist() == [1.0, 2.0, 3.0]


def test_data_in_other_bins_are_refused() -> None:
    expected = Expected.of(counted([9.0, 7.0, 11.0], None), True)
    with pytest.raises(ModelError, match=r"toy/n: 4 bins. Allowed: the 3 bins"):
        expected.given_to(counted([1.0] * 4, None))
    with pytest.raises(ModelError, match="channel"):
        expected.given_to(counting(observed=1.0, background=1.0))


def test_asimov_data_need_a_parameter_of_interest() -> None:
    with pytest.raises(ModelError, match="no parameter of interest"):
        Expected.of(dataclasses.replace(counted([1.0, 2.0], None), poi=None), True)
