"""The parameter goodness of fit against closed forms of linear least squares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nurecoil.inference.fit import fit
from nurecoil.model.parameters import (
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    Parameter,
    PoissonConstraint,
)
from nurecoil.model.spectral import SpectralModel
from nurecoil.studies.parameter_goodness import ParameterGoodness, parameter_goodness
from nurecoil.studies.parts import experiments_of, part

from .conftest import measured, model_of


def agreement(model: SpectralModel) -> ParameterGoodness:
    parts = {name: part(model, [name]) for name in experiments_of(model)}
    return parameter_goodness(fit(model), parts)


def counted(found: ParameterGoodness) -> dict[str, tuple[int, int]]:
    return {one.name: (one.parameters, one.shared) for one in found.data_sets}


def test_two_measurements_of_one_number() -> None:
    found = agreement(model_of(measured("one", 1.0, 0.3, {"a": 1}), measured("two", 2.0, 0.4, {"a": 1})))
    assert found.statistic == pytest.approx(1 / 0.25)
    assert (found.ndf, found.remarks, found.reason) == (1, (), "")
    assert found.p_value == pytest.approx(stats.chi2.sf(4.0, 1))
    assert counted(found) == {"one": (1, 1), "two": (1, 1)}


def test_how_well_each_fits_by_itself_is_not_asked() -> None:
    """Ten wild numbers of one experiment whose mean agrees with the other's: nothing to complain about."""
    wild = np.array([50.0, -50.0] * 5)
    found = agreement(
        model_of(measured("one", wild, 0.1, {"a": np.ones(10)}), measured("two", 0.0, 0.1, {"a": 1}))
    )
    assert found.statistic == pytest.approx(0.0, abs=1e-6)
    assert found.p_value == pytest.approx(1.0, abs=1e-3)


def test_a_sum_measures_one_combination_not_two_parameters() -> None:
    """As gallium's rate beside a spectrum that resolves both fluxes."""
    spectrum = measured("one", [1.0, 2.0], [0.1, 0.2], {"a": [1, 0], "b": [0, 1]})
    found = agreement(model_of(spectrum, measured("two", 4.0, 0.2, {"a": 1, "b": 1})))
    assert found.statistic == pytest.approx(1 / (0.01 + 0.04 + 0.04))
    assert found.ndf == 1
    assert counted(found) == {"one": (2, 2), "two": (1, 1)}
    assert found.remarks == ("two measures 1 combination of its 2 shared parameters; held in its own fit: b",)


def test_what_is_known_beforehand_counts_once() -> None:
    """Two experiments far from the constraint and equal to each other: the constraint is what disagrees."""
    known = Parameter("a", "1", 0.0, constraint=GaussianConstraint(0.0, 0.5))
    channels = measured("one", 3.0, 0.5, {"a": 1}), measured("two", 3.0, 0.5, {"a": 1})
    found = agreement(model_of(*channels, parameters=[known]))
    assert found.statistic == pytest.approx(9 / (0.25 + 0.125))
    assert found.ndf == 2
    assert counted(found) == {"one": (1, 1), "two": (1, 1), "constraints": (1, 1)}


@pytest.mark.parametrize(
    "constraint", [LogNormalConstraint(2.0, 1.3), PoissonConstraint(8.0, 4.0), GaussianConstraint(2.0, 0.3)]
)
def test_constraints_that_agree_cost_nothing(constraint: Any) -> None:
    known = Parameter("a", "1", 1.9, 0.0, constraint=constraint)
    channels = measured("one", 2.0, 0.5, {"a": 1}), measured("two", 2.0, 0.5, {"a": 1})
    found = agreement(model_of(*channels, parameters=[known]))
    assert found.statistic == pytest.approx(0.0, abs=1e-6)
    assert found.ndf == 2


def test_constraints_of_own_parameters_stay_with_their_experiment() -> None:
    own = Parameter("two.scale", "1", 0.0, constraint=GaussianConstraint(0.0, 0.3))
    channels = measured("one", 1.0, 0.4, {"a": 1}), measured("two", 2.0, 0.5, {"a": 1, "two.scale": 1})
    found = agreement(model_of(*channels, parameters=[own]))
    assert counted(found) == {"one": (1, 1), "two": (2, 1)}
    assert found.statistic == pytest.approx(1 / (0.16 + 0.25 + 0.09))
    assert found.ndf == 1


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shared=st.integers(1, 3),
    sizes=st.lists(st.integers(1, 5), min_size=2, max_size=3),
    prior=st.booleans(),
)
def test_linear_least_squares(seed: int, shared: int, sizes: list[int], prior: bool) -> None:
    """Against pseudo-inverses and ranks of numpy, with and without a joint constraint."""
    random = np.random.default_rng(seed)
    names = [f"p{i}" for i in range(shared)]
    designs = [random.normal(size=(size, shared)) for size in sizes]
    data = [random.normal(size=size) for size in sizes]
    channels = [
        measured(f"e{i}", d, 1.0, dict(zip(names, design.T, strict=True)))
        for i, (d, design) in enumerate(zip(data, designs, strict=True))
    ]
    root = random.normal(size=(shared, shared)) + 3 * np.eye(shared)
    covariance = root @ root.T
    centre = random.normal(size=shared)
    joint = CovarianceConstraint(tuple(names), tuple(centre), tuple(map(tuple, covariance.tolist())))
    if prior:
        whiten = np.linalg.inv(np.linalg.cholesky(covariance))
        designs, data = [*designs, whiten], [*data, whiten @ centre]
    rank = np.linalg.matrix_rank(np.vstack(designs))
    if rank < shared:
        return
    ndf = sum(int(np.linalg.matrix_rank(design)) for design in designs) - rank
    wanted = _least(np.vstack(designs), np.concatenate(data))
    wanted -= sum(_least(design, d) for design, d in zip(designs, data, strict=True))
    found = agreement(model_of(*channels, constraints=[joint] if prior else ()))
    if ndf == 0:
        assert found.reason == "no shared parameter is measured by more than one of them"
        assert found.statistic is None
    else:
        assert found.statistic == pytest.approx(wanted, rel=1e-6, abs=1e-6)
        assert found.ndf == ndf


def _least(design: Any, data: Any) -> float:
    residual = data - design @ np.linalg.pinv(design) @ data
    return float(residual @ residual)


def test_the_p_value_is_flat_where_they_agree() -> None:
    random = np.random.default_rng(3)
    p_values: list[float] = []
    for _ in range(200):
        a, b, total = random.normal([1.0, 2.0, 3.0], [0.1, 0.2, 0.3])
        channels = (
            measured("one", [a, b], [0.1, 0.2], {"a": [1, 0], "b": [0, 1]}),
            measured("two", total, 0.3, {"a": 1, "b": 1}),
        )
        found = agreement(model_of(*channels)).p_value
        assert found is not None
        p_values.append(found)
    assert stats.kstest(p_values, "uniform").pvalue > 0.01


def test_a_parameter_at_its_bound_is_told() -> None:
    bounded = Parameter("a", "1", 1.0, 0.0)
    channels = measured("one", -1.0, 0.5, {"a": 1}), measured("two", 1.5, 0.5, {"a": 1})
    found = agreement(model_of(*channels, parameters=[bounded]))
    assert found.remarks == ("at a bound in the fit of one: a; the p-value is then rather too large",)
    without_bound = agreement(model_of(*channels))
    assert without_bound.statistic == pytest.approx(2.5**2 / 0.5)
    assert found.statistic == pytest.approx(2.5**2 / 0.5 - 1 / 0.25)


@pytest.mark.parametrize(
    ("parameters", "joint", "reason"),
    [
        ([], ("a", "a"), "a constrained twice"),
        (
            [Parameter("b", "1", 1.0, fixed=True)],
            ("ab",),
            "b is constrained together with shared parameters, but fixed",
        ),
        ([Parameter("a", "1", 3.0, 2.0)], ("a",), "the constraint of a is centred outside its bounds"),
    ],
)
def test_where_constraints_have_no_minimum_of_their_own(
    parameters: list[Parameter], joint: tuple[str, ...], reason: str
) -> None:
    channels = measured("one", 3.0, 0.5, {"a": 1, "b": 1}), measured("two", 3.0, 0.5, {"a": 1})
    constraints = [
        CovarianceConstraint(
            tuple(names), (1.0,) * len(names), tuple(map(tuple, (0.1 * np.eye(len(names))).tolist()))
        )
        for names in joint
    ]
    known = parameters if any(p.name == "b" for p in parameters) else [*parameters, Parameter("b", "1", 0.0)]
    found = agreement(model_of(*channels, parameters=known, constraints=constraints))
    assert (found.statistic, found.reason) == (None, reason)


def test_nothing_shared_is_nothing_to_test() -> None:
    found = agreement(model_of(measured("one", 1.0, 0.3, {"a": 1}), measured("two", 2.0, 0.4, {"b": 1})))
    assert found.reason == "no shared parameter is measured by more than one of them"
    assert (found.statistic, found.ndf, found.p_value) == (None, None, None)


def test_one_data_set_cannot_disagree() -> None:
    assert (
        agreement(model_of(measured("one", 1.0, 0.3, {"a": 1}))).reason
        == "fewer than two experiments have data"
    )
