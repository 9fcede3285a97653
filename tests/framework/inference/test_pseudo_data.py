"""Data that a model makes: what is shifted is moved or mirrored, and toys have the right spread."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nurecoil.errors import ModelError, OptionError
from nurecoil.inference.fit import fit
from nurecoil.inference.pseudo_data import asimov, shifted, toy, toy_stream
from nurecoil.model.parameters import (
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    Parameter,
    PoissonConstraint,
)
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel
from nurecoil.testing.models import counting

TOYS = 1000


def everything() -> SpectralModel:
    """A channel of each kind and a constraint of every kind, with Asimov data."""
    parameters = [
        Parameter("signal", "1", 0.0, 0.0),
        Parameter("gauss", "1", 1.5, 0.0, constraint=GaussianConstraint(1.0, 0.2)),
        Parameter("log", "1", 2.0, 0.0, constraint=LogNormalConstraint(1.0, 1.3)),
        Parameter("count", "1", 1.0, 0.0, constraint=PoissonConstraint(3.0, 7.0)),
        Parameter("a", "1", 1.0),
        Parameter("b", "1", -2.0),
        Parameter("held", "1", 3.0, constraint=GaussianConstraint(0.0, 0.5), fixed=True),
    ]
    names = ("gauss", "log", "count", "held")
    samples = (
        *(Sample(name, np.array([10.0, 4.0]), {name: 1}) for name in names),
        Sample("signal", np.array([5.0, 0.0]), {"signal": 1}, group="signal"),
    )
    spectrum = PoissonChannel("t/x", "x", "1", np.arange(3.0), samples, np.ones(2))
    seen = tuple(Sample(name, np.ones(1), {name: 1}, signed=True) for name in ("a", "b"))
    number = GaussianChannel("t/n", "n", "1", seen, np.zeros(1), np.full(1, 0.3))
    joint = CovarianceConstraint(("a", "b"), (0.0, 0.0), ((0.04, 0.03), (0.03, 0.09)))
    return asimov(SpectralModel((spectrum, number), {p.name: p for p in parameters}, (joint,), poi="signal"))


MOVED = {"signal": 2.0, "gauss": 1.8, "log": 3.0, "count": 0.5, "a": 1.5, "b": -2.5}


def centres(model: SpectralModel) -> dict[str, float]:
    """Every auxiliary measurement of a model."""
    found: dict[str, float] = {}
    for name, parameter in model.parameters.items():
        constraint = parameter.constraint
        if isinstance(constraint, PoissonConstraint):
            found[name] = constraint.count
        elif constraint is not None:
            found[name] = constraint.centre
    for joint in model.constraints:
        found |= dict(zip(joint.names, joint.centre, strict=True))
    return found


def test_shifted_data_are_the_asimov_data_of_other_values() -> None:
    base = everything()
    moved, made = shifted(base, MOVED, 1), asimov(base, MOVED)
    for one, other in zip(moved.channels, made.channels, strict=True):
        np.testing.assert_allclose(one.observed, other.observed, rtol=1e-12)
    assert centres(moved) == pytest.approx(centres(made), rel=1e-12)
    assert moved.values == base.values
    assert all(channel.asimov for channel in moved.channels)
    assert fit(moved, start=MOVED).values == pytest.approx({**MOVED, "held": 3.0}, rel=1e-4)


def test_mirrored_data_lie_as_far_on_the_other_side() -> None:
    base = everything()
    up, down = shifted(base, MOVED, 1), shifted(base, MOVED, -1)
    for one, other, middle in zip(up.channels, down.channels, base.channels, strict=True):
        np.testing.assert_allclose((one.observed + other.observed) / 2, middle.observed, rtol=1e-12)
    high, low, middle_ = centres(up), centres(down), centres(base)
    for name in ("gauss", "count", "a", "b"):
        assert (high[name] + low[name]) / 2 == pytest.approx(middle_[name])
        assert high[name] != low[name]
    assert high["log"] * low["log"] == pytest.approx(middle_["log"] ** 2)
    assert high["held"] == low["held"] == middle_["held"]


def test_mirrored_counts_stop_at_zero() -> None:
    base = asimov(counting(3.0, 4.0))
    assert shifted(base, {"signal": 9.0}, -1).channels[0].observed.tolist() == [0.0]
    counted = Parameter("rate", "1", 1.0, 0.0, constraint=PoissonConstraint(5.0, 5.0))
    flat = Sample("flat", np.ones(1), {"rate": 1})
    model = SpectralModel(
        (PoissonChannel("t/x", "x", "1", np.arange(2.0), (flat,), np.ones(1)),), {"rate": counted}
    )
    mirrored = shifted(asimov(model), {"rate": 3.0}, -1).parameters["rate"].constraint
    assert mirrored == PoissonConstraint(0.0, 5.0)


def test_numbers_with_errors_may_become_negative() -> None:
    base = everything()
    assert shifted(base, {"a": 9.0}, -1).channels[1].observed[0] == pytest.approx(-1.0 - 8.0)


def test_unknown_parameters_are_refused() -> None:
    with pytest.raises(ModelError, match="'signl' is not known"):
        shifted(everything(), {"signl": 1.0}, 1)


@settings(deadline=None)
@given(seed=st.integers(0, 2**64 - 1), index=st.integers(0, 2**64 - 1))
def test_a_stream_is_its_own(seed: int, index: int) -> None:
    drawn = toy_stream(seed, index).integers(2**62, size=4).tolist()
    assert toy_stream(seed, index).integers(2**62, size=4).tolist() == drawn
    assert toy_stream(seed, index - 1 if index else 1).integers(2**62, size=4).tolist() != drawn
    assert toy_stream(seed - 1 if seed else 1, index).integers(2**62, size=4).tolist() != drawn


@pytest.mark.parametrize(("seed", "index"), [(-1, 0), (1, -1), (2**64, 0), (0, 2**64)])
def test_streams_have_numbers_of_64_bits(seed: int, index: int) -> None:
    with pytest.raises(OptionError, match=r"whole numbers from 0 to 2\*\*64 - 1"):
        toy_stream(seed, index)


def test_streams_do_not_overlap() -> None:
    draws = np.concatenate([toy_stream(3, index).integers(2**63, size=1000) for index in range(20)])
    assert np.unique(draws).size == draws.size


@pytest.fixture(scope="module")
def drawn() -> list[SpectralModel]:
    """Toys of the model with everything."""
    model = everything()
    return [toy(model, toy_stream(11, index)) for index in range(TOYS)]


def test_counts_fluctuate_as_counts(drawn: list[SpectralModel]) -> None:
    mean = everything().channels[0].observed
    counts = np.array([one.channels[0].observed for one in drawn])
    assert np.all(counts == np.round(counts))
    np.testing.assert_allclose(counts.mean(0), mean, atol=4 * math.sqrt(mean.max() / TOYS))
    np.testing.assert_allclose(counts.var(0) / mean, 1.0, atol=4 * math.sqrt(2 / TOYS))


def test_numbers_fluctuate_with_their_errors(drawn: list[SpectralModel]) -> None:
    numbers = np.array([one.channels[1].observed[0] for one in drawn])
    assert stats.kstest(numbers, stats.norm(-1.0, 0.3).cdf).pvalue > 1e-3


def test_every_auxiliary_measurement_fluctuates(drawn: list[SpectralModel]) -> None:
    found = {name: np.array([centres(one)[name] for one in drawn]) for name in centres(drawn[0])}
    assert stats.kstest(found["gauss"], stats.norm(1.5, 0.2).cdf).pvalue > 1e-3
    assert stats.kstest(found["held"], stats.norm(3.0, 0.5).cdf).pvalue > 1e-3
    assert stats.kstest(np.log(found["log"]), stats.norm(math.log(2.0), math.log(1.3)).cdf).pvalue > 1e-3
    assert found["count"].mean() == pytest.approx(7.0, abs=4 * math.sqrt(7 / TOYS))
    assert found["count"].var() == pytest.approx(7.0, rel=4 * math.sqrt(2 / TOYS))
    wanted = [[0.04, 0.03], [0.03, 0.09]]
    np.testing.assert_allclose(np.cov(found["a"], found["b"]), wanted, rtol=0.15)
    assert found["a"].mean() == pytest.approx(1.0, abs=0.02)
    assert found["b"].mean() == pytest.approx(-2.0, abs=0.03)


def test_what_fluctuates_does_so_independently(drawn: list[SpectralModel]) -> None:
    seen = [[one.channels[0].observed[0], one.channels[1].observed[0]] for one in drawn]
    columns = [[*numbers, *centres(one).values()] for numbers, one in zip(seen, drawn, strict=True)]
    names = ["counts", "number", *centres(drawn[0])]
    correlation = np.corrcoef(np.array(columns).T)
    for i, one in enumerate(names):
        for j, other in enumerate(names[:i]):
            if {one, other} != {"a", "b"}:
                assert abs(correlation[i, j]) < 5 / math.sqrt(TOYS), (one, other)


def test_toys_are_data_and_begin_at_the_truth(drawn: list[SpectralModel]) -> None:
    assert not any(channel.asimov for channel in drawn[0].channels)
    assert drawn[0].values == everything().values
    assert len({one.channels[0].observed.tobytes() for one in drawn[:50]}) > 20


def test_a_toy_of_nothing_is_nothing() -> None:
    model = asimov(counting(0.0, 0.0))
    observed = [toy(model, toy_stream(1, index)).channels[0].observed[0] for index in range(5)]
    assert observed == [0.0] * 5


@pytest.mark.parametrize("direction", [1, -1])
def test_no_shift_is_the_same_data(direction: int) -> None:
    base = everything()
    same = shifted(base, {}, direction)
    for one, other in zip(same.channels, base.channels, strict=True):
        np.testing.assert_array_equal(one.observed, other.observed)
    assert centres(same) == pytest.approx(centres(base))
