"""The saturated statistic against numbers made by hand, and its reference distribution."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.data import DataSets
from nurecoil.inference.fit import fit, nll
from nurecoil.inference.goodness import constraint_pulls, pearson
from nurecoil.inference.saturated import Parts, Reference, tail
from nurecoil.model.parameters import (
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    Parameter,
    PoissonConstraint,
)
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel

Array = NDArray[np.float64]


def everything(asimov: bool = False) -> SpectralModel:
    """Counts, a measured sum, and every kind of constraint."""
    parameters = [
        Parameter("s", "events", 2.0, 0.0),
        Parameter("b", "events", 5.0, 0.0, constraint=GaussianConstraint(5.5, 0.5)),
        Parameter("f", "1", 1.1, 0.0, constraint=LogNormalConstraint(1.0, 1.2)),
        Parameter("r", "1", 0.9, 0.0, constraint=PoissonConstraint(25.0, 30.0)),
        Parameter("x", "1", 0.2),
        Parameter("y", "1", -0.1),
        Parameter("held", "1", 1.0, constraint=GaussianConstraint(3.0, 0.1), fixed=True),
    ]
    counted = (
        Sample("s", np.array([1.0, 0.5, 0.0]), {"s": 1}),
        Sample("b", np.array([1.0, 1.0, 2.0]), {"b": 1, "f": 1}),
        Sample("r", np.full(3, 4.0), {"r": 1, "held": 1}),
    )
    measured = (Sample("x", np.array([1.0, 2.0]), {"x": 1}), Sample("y", np.ones(2), {"y": 1}))
    channels = (
        PoissonChannel("t/n", "n", "1", np.arange(4.0), counted, np.array([9.0, 0.0, 17.0])),
        GaussianChannel("t/g", "g", "1", measured, np.array([0.3, 0.1]), np.array([0.2, 0.4]), asimov),
    )
    joint = CovarianceConstraint(("x", "y"), (0.0, 0.1), ((0.04, 0.01), (0.01, 0.09)))
    return SpectralModel(channels, {p.name: p for p in parameters}, (joint,), "s")


def statistics(model: SpectralModel) -> tuple[Parts, Array, Array, Array]:
    """Parts, and both statistics of the model's data at its starting values."""
    compiled = CompiledModel(model)
    expected = np.concatenate(compiled.expected(compiled.start))[None]
    values = np.array([list(model.values.values())])
    parts, data = Parts(model, model.free), DataSets.of(model)
    return (
        parts,
        parts.saturated(data, expected, values)[0],
        parts.pearson(data, expected, values)[0],
        expected,
    )


def test_every_part_by_hand() -> None:
    parts, saturated, chi2, _ = statistics(everything())
    assert parts.names == ("t/n", "t/g", "constraints")
    mean = [2 + 5.5 + 3.6, 1 + 5.5 + 3.6, 11 + 3.6]
    counts = 2 * (
        mean[0] - 9 + 9 * math.log(9 / mean[0]) + mean[1] + mean[2] - 17 + 17 * math.log(17 / mean[2])
    )
    assert saturated[0] == pytest.approx(counts, rel=1e-12)
    gauss = ((0.3 - 0.1) / 0.2) ** 2 + ((0.1 - 0.3) / 0.4) ** 2
    assert saturated[1] == chi2[1] == pytest.approx(gauss, rel=1e-12)
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    shift = np.array([0.2, -0.2])
    single = 1.0 + (math.log(1.1) / math.log(1.2)) ** 2
    joint = float(shift @ np.linalg.solve(covariance, shift))
    auxiliary = 2 * (27 - 25 + 25 * math.log(25 / 27))
    assert saturated[2] == pytest.approx(single + joint + auxiliary, rel=1e-12)
    assert chi2[2] == pytest.approx(single + joint + 4 / 27, rel=1e-12)


def test_the_sum_is_twice_the_nll_above_the_saturated_one() -> None:
    """Differences of the statistic are those of twice the likelihood itself."""
    model = everything()
    _, one, _, _ = statistics(model)
    moved = model.with_parameters(s={"value": 3.0}, b={"value": 4.0}, x={"value": -0.3}, r={"value": 1.3})
    _, other, _, _ = statistics(moved)
    assert other.sum() - one.sum() == pytest.approx(2 * (nll(moved) - nll(model)), rel=1e-10)


def test_a_model_that_fits_exactly_has_none() -> None:
    model = everything()
    compiled = CompiledModel(model)
    exact = model.with_observed(
        {c.name: e for c, e in zip(model.channels, compiled.expected(compiled.start), strict=True)}
    )
    _, saturated, chi2, _ = statistics(exact)
    np.testing.assert_allclose(saturated[:2], 0, atol=1e-12)
    np.testing.assert_allclose(chi2[:2], 0, atol=1e-12)


def test_pearson_is_that_of_a_fit() -> None:
    model = everything()
    parts, _, chi2, expected = statistics(model)
    pulls = constraint_pulls(model, model.values, model.free)
    wanted = pearson(model, [expected[0, :3], expected[0, 3:]], len(model.free), pulls)
    assert chi2.sum() == pytest.approx(wanted.statistic, rel=1e-12)
    result = fit(model)
    compiled = CompiledModel(result.model)
    references = parts.references(compiled, compiled.coordinates(result.values))
    total = references[-1]
    assert total.ndf == pytest.approx(result.goodness.ndf)
    assert total.variance == pytest.approx(2 * result.goodness.ndf)
    assert total.terms == 3 + 2 + 3 + 2
    assert sum(one.ndf for one in references[:-1]) == pytest.approx(total.ndf)
    assert tail(result.goodness.statistic, total.ndf, total.pearson_variance) == pytest.approx(
        result.goodness.p_value, rel=1e-9
    )


def test_asimov_data_beside_measured_ones_are_no_part() -> None:
    parts, saturated, _, _ = statistics(everything(asimov=True))
    assert parts.names == ("t/n", "constraints")
    _, whole, _, _ = statistics(everything())
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    shift = np.array([0.2, -0.2])
    assert saturated[0] == whole[0]
    # x and y are seen by the channel of Asimov data alone: their joint constraint tests nothing either
    joint = float(shift @ np.linalg.solve(covariance, shift))
    assert saturated[1] == pytest.approx(whole[2] - joint, rel=1e-12)


def test_constraints_of_held_parameters_are_no_part() -> None:
    model = everything()
    free = [name for name in model.free if name not in ("b", "f", "r", "x", "y")]
    assert Parts(model, free).names == ("t/n", "t/g")


@given(
    counts=st.lists(st.integers(0, 10_000), min_size=1, max_size=6),
    share=st.floats(0.01, 100.0),
)
def test_never_negative_and_zero_only_where_exact(counts: list[int], share: float) -> None:
    observed = np.array(counts, float)
    sample = Sample("s", np.maximum(observed, 1.0), {"s": 1})
    channel = PoissonChannel("t/n", "n", "1", np.arange(observed.size + 1.0), (sample,), observed)
    model = SpectralModel((channel,), {"s": Parameter("s", "1", share, 0.0)})
    _, saturated, chi2, expected = statistics(model)
    mean = expected[0]
    safe = np.where(observed > 0, observed, 1.0)
    by_hand = 2 * (mean - observed + observed * np.log(safe / mean)).sum()
    assert saturated[0] >= 0
    assert saturated[0] == pytest.approx(by_hand, rel=1e-9, abs=1e-9 * observed.sum() + 1e-12)
    assert chi2[0] == pytest.approx(((observed - mean) ** 2 / mean).sum(), rel=1e-12)


def test_the_share_of_every_part_is_that_of_its_residuals() -> None:
    """Two measurements of one number: mean and variance of each pull squared, by 20,000 draws."""
    widths = np.array([1.0, 2.0])
    channels = tuple(
        GaussianChannel(f"t/{i}", "x", "1", (Sample("m", np.ones(1), {"m": 1}),), np.zeros(1), np.array([w]))
        for i, w in enumerate(widths)
    )
    model = SpectralModel(channels, {"m": Parameter("m", "1", 0.0)})
    compiled = CompiledModel(model)
    references = Parts(model, ["m"]).references(compiled, np.zeros(1))
    drawn = np.random.default_rng(5).normal(0, widths, (20_000, 2))
    best = (drawn / widths**2).sum(axis=1) / (1 / widths**2).sum()
    squares = ((drawn - best[:, None]) / widths) ** 2
    for part, reference in enumerate(references[:2]):
        assert squares[:, part].mean() == pytest.approx(reference.ndf, rel=0.04)
        assert squares[:, part].var() == pytest.approx(reference.variance, rel=0.08)
    assert references[0].followed and not references[1].followed
    assert references[2] == Reference(2, pytest.approx(1.0), pytest.approx(2.0), pytest.approx(2.0))


def test_parameters_without_effect_take_nothing_away() -> None:
    model = everything()
    idle = {**model.parameters, "idle": Parameter("idle", "1", 0.0)}
    silent = dataclasses.replace(model, parameters=idle)
    compiled = CompiledModel(silent)
    found = Parts(silent, silent.free).references(compiled, compiled.start)[-1]
    assert found.ndf == pytest.approx(4.0)


@pytest.mark.parametrize(("ndf", "p_value"), [(0.0, 1.0), (-1.0, math.nan)])
def test_without_degrees_of_freedom(ndf: float, p_value: float) -> None:
    assert tail(3.0, ndf, 2 * ndf) == pytest.approx(p_value, nan_ok=True)


@given(statistic=st.floats(0.0, 300.0), ndf=st.integers(1, 200))
def test_the_tail_of_a_chi2(statistic: float, ndf: int) -> None:
    assert tail(statistic, ndf, 2 * ndf) == pytest.approx(stats.chi2.sf(statistic, ndf), rel=1e-9, abs=1e-300)
