"""Goodness of fit by toys: p-values that are what they say, where the chi2 is and where it is not."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

import nurecoil.inference.goodness_toys as module
from nurecoil.engine.data import DataSets
from nurecoil.errors import FitError, ModelError, OptionError
from nurecoil.inference.ensembles import Ensemble
from nurecoil.inference.fit import fit
from nurecoil.inference.goodness_toys import STATISTICS, TOTAL, goodness
from nurecoil.inference.saturated import Parts
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel
from nurecoil.testing.models import counting


def flat(observed: np.ndarray, name: str = "t/n", asimov: bool = False, rate: float = 1.0) -> SpectralModel:
    """Bins of one free rate."""
    sample = Sample("flat", np.ones(observed.size), {"rate": 1})
    edges = np.arange(observed.size + 1.0)
    channel = PoissonChannel(name, "n", "1", edges, (sample,), observed.astype(float), asimov)
    return SpectralModel((channel,), {"rate": Parameter("rate", "events", rate, 0.0)})


def straight(observed: np.ndarray) -> SpectralModel:
    """Measured numbers of a straight line whose slope is known to 20 %."""
    where = np.linspace(-1, 1, observed.size)
    samples = (
        Sample("offset", np.ones(observed.size), {"offset": 1}),
        Sample("slope", where, {"slope": 1}, signed=True),
    )
    channel = GaussianChannel("t/x", "x", "1", samples, observed, np.full(observed.size, 0.5))
    parameters = {
        "offset": Parameter("offset", "1", 5.0),
        "slope": Parameter("slope", "1", 1.0, constraint=GaussianConstraint(1.0, 0.2)),
    }
    return SpectralModel((channel,), parameters)


def test_a_line_has_the_chi2_of_a_line() -> None:
    """Normal numbers, linear parameters: toys are distributed as chi2, and both statistics are one."""
    model = straight(np.random.default_rng(1).normal(5, 0.5, 8))
    found = goodness(model, 300, 4)
    assert found.of("saturated").ndf == pytest.approx(8 + 1 - 2)
    assert stats.kstest(found.drawn["saturated"][:, -1], stats.chi2(7).cdf).pvalue > 0.01
    np.testing.assert_allclose(found.drawn["saturated"], found.drawn["pearson"])
    row = found.of("saturated")
    assert abs(row.p_value - row.reference) < 4 * row.error
    assert row.statistic == pytest.approx(fit(model).goodness.statistic)
    assert found.parts == ("t/x", "constraints", "total")


def p_values(model: SpectralModel, seed: int, n: int, others: np.ndarray) -> np.ndarray:
    """P-values by toys of further data drawn at the same truth."""
    ensemble = Ensemble(model)
    data = ensemble.draw(seed, 0, n)
    fits = ensemble.fit(data)
    expected = np.array([ensemble.expected(dict(zip(fits.names, row, strict=True))) for row in fits.values])
    statistic = Parts(ensemble.model, ensemble.model.free).saturated(data, expected, fits.values).sum(axis=1)
    return np.array([(1 + np.sum(others >= one)) / (others.size + 1) for one in statistic])


def test_p_values_are_uniform() -> None:
    truth = straight(np.full(8, 5.0))
    fitted = goodness(truth.with_observed({"t/x": 5.0 + np.linspace(-1, 1, 8)}), 400, 1)
    found = p_values(truth, 99, 250, fitted.drawn["saturated"][:, -1])
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_low_counts_need_toys() -> None:
    """Forty bins of 1.5 events: the chi2 of the saturated statistic is wrong, toys are not."""
    rng = np.random.default_rng(3)
    model = flat(rng.poisson(1.5, 40), rate=1.5)
    found = goodness(model, 600, 7)
    drawn = found.drawn["saturated"][:, -1]
    by_chi2 = stats.chi2.sf(drawn, 39)
    assert np.mean(by_chi2 < 0.05) > 0.10
    assert drawn.mean() > 39 + 4
    uniform = p_values(fit(model).model.with_parameters(rate={"value": model.channels[0].observed.mean()}), 5,
                       300, drawn)  # fmt: skip
    assert stats.kstest(uniform, "uniform").pvalue > 0.01
    assert np.mean(uniform < 0.05) == pytest.approx(0.05, abs=0.04)


@pytest.mark.long
def test_p_values_of_tests_of_their_own_are_uniform() -> None:
    """Each data set with its own fit and its own toys, in few counts."""
    rng, found = np.random.default_rng(8), []
    for number in range(200):
        model = flat(rng.poisson(0.8, 30), rate=0.8)
        found.append(goodness(model, 199, number).of("saturated").p_value)
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_wrong_models_are_found_out() -> None:
    counts = np.random.default_rng(2).poisson(20 * (1 + 0.6 * np.sin(np.arange(30) / 3)))
    found = goodness(flat(counts, rate=20.0), 200)
    for kind in STATISTICS:
        assert found.of(kind).p_value == pytest.approx(1 / 201)
        assert found.of(kind).error == pytest.approx(1 / 200, rel=0.01)
        assert found.of(kind).reference < 1e-6


def test_toys_do_not_depend_on_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    model = flat(np.array([3, 5, 4, 9]), rate=5.0)
    whole = goodness(model, 60, 2)
    monkeypatch.setattr(module, "_BLOCK", 17)
    told: list[tuple[int, int]] = []
    parts = goodness(model, 60, 2, progress=lambda done, total: told.append((done, total)))
    np.testing.assert_allclose(whole.drawn["pearson"], parts.drawn["pearson"], rtol=1e-9)
    np.testing.assert_allclose(goodness(model, 30, 2).drawn["pearson"], whole.drawn["pearson"][:30])
    assert told == [(17, 60), (34, 60), (51, 60), (60, 60)]


def test_held_parameters_are_held_in_the_toys_too() -> None:
    found = goodness(counting(10.0, 10.0, background_error=2.0), 300, fix={"signal": 0.0})
    assert found.of("saturated").ndf == pytest.approx(1.0)
    assert found.of("saturated").p_value == 1.0
    assert found.drawn["saturated"][:, -1].mean() == pytest.approx(1.0, abs=0.25)
    assert found.fixed == {"signal": 0.0}


def test_equal_counts_are_equal() -> None:
    """Nothing fitted: of 9 events where 10 are expected, the p-value is that of all counts as far off."""
    found = goodness(flat(np.array([9.0])), 2000, fix={"rate": 10.0})
    exact = 1 - stats.poisson.pmf(10, 10)
    row = found.of("pearson")
    assert row.p_value == pytest.approx(exact, abs=4 * row.error)
    assert row.error == pytest.approx(math.sqrt(exact * (1 - exact) / 2000), rel=0.05)


def test_asimov_data_stay_what_they_are() -> None:
    """A channel that waits for data fluctuates neither in the data nor in the toys."""
    measured = flat(np.array([8, 12, 9, 11]), rate=10.0)
    (waiting,) = flat(np.full(3, 10.0), "t/later", asimov=True).channels
    both = dataclasses.replace(measured, channels=(*measured.channels, waiting))
    found = goodness(both, 400)
    assert found.parts == ("t/n", "total")
    # four bins, of whose mean the Asimov bins know 3/7
    assert found.of("saturated").ndf == pytest.approx(4 - 4 / 7)
    drawn = found.drawn["pearson"][:, -1]
    ensemble = Ensemble(both, {"rate": 10.0})
    data = ensemble.draw(1, 0, 400)
    counts = np.concatenate([data.observed[:, :4], np.full((400, 3), 10.0)], axis=1)
    rate = counts.mean(axis=1)
    by_hand = ((counts[:, :4] - rate[:, None]) ** 2 / rate[:, None]).sum(axis=1)
    np.testing.assert_allclose(drawn, by_hand, rtol=1e-6)


def failing(monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    """Let every so many-th fit of the toys fail."""
    true = Ensemble.fit

    def fails(self: Ensemble, data: DataSets, *more: Any, **words: Any) -> Any:
        found = true(self, data, *more, **words)
        bad = np.arange(len(data)) < share * len(data)
        reasons = {int(row): "made to fail" for row in np.flatnonzero(bad)}
        return dataclasses.replace(found, status=bad.astype(np.int8), reasons=reasons)

    monkeypatch.setattr(Ensemble, "fit", fails)


def test_failures_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, 0.1)
    found = goodness(flat(np.array([3, 5, 4, 9]), rate=5.0), 40)
    assert found.failures == tuple((row, "made to fail") for row in range(4))
    assert len(found.drawn["saturated"]) == 36
    assert "4 of 40 toys" in found.notes[0]


def test_too_many_failures_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, 0.6)
    with pytest.raises(FitError, match=r"16 of 40 toys could be fitted.*Toy 0 says: made to fail"):
        goodness(flat(np.array([3, 5, 4, 9]), rate=5.0), 40)


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        ({"toys": 5}, OptionError, "toys: 5. Allowed: at least 20"),
        ({"toys": -1}, OptionError, "toys: -1"),
        ({"toys": 20, "seed": -1}, OptionError, "seed of the toys: -1"),
        ({"fix": {"rat": 1.0}}, ModelError, "Did you mean 'rate'"),
        ({"fix": {"rate": -1.0}}, OptionError, "parameter 'rate': value -1.0"),
    ],
)
def test_what_cannot_be_tested(words: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        goodness(flat(np.array([3, 5]), rate=4.0), **words)


def test_the_document_is_plain() -> None:
    found = goodness(counting(9.0, 3.0, background_error=0.5), 30, fix={"signal": 0.0}).to_json()
    assert {row["part"] for row in found["rows"]} == {"toy/count", "constraints", TOTAL}
    followed = [row for row in found["rows"] if row["part"] == "constraints"]
    assert all(row["p_value_reference"] is None and row["p_value_toys"] > 0 for row in followed)
    without = goodness(counting(9.0, 3.0, background_error=0.5)).to_json()
    assert all(row["p_value_toys"] is None for row in without["rows"])


def test_a_row_that_is_not_there() -> None:
    with pytest.raises(OptionError, match="no 'saturated' of 'nothing'"):
        goodness(flat(np.array([3, 5]), rate=4.0)).of("saturated", "nothing")
