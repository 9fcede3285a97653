"""Toys: the same by seed and number, true to their truth, and none of them lost."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container
from itertools import count
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

import nurecoil.engine.many as many_module
import nurecoil.inference.ensembles as ensembles_module
import nurecoil.inference.fit as fit_module
from nurecoil.engine.batch import Minima
from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.data import DataSets
from nurecoil.engine.many import Solutions
from nurecoil.engine.response import compile_response
from nurecoil.errors import FitError, ModelError, OptionError
from nurecoil.inference.fit import fit
from nurecoil.inference.pseudo_data import Urn, toy, toy_stream
from nurecoil.inference.toys import Toys, check_ensemble, toys
from nurecoil.model.modifiers import HistoSys, NormSys
from nurecoil.model.parameters import GaussianConstraint, LogNormalConstraint, Parameter, PoissonConstraint
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel
from nurecoil.testing.models import counting

Make = Callable[..., SpectralModel]
N = 400


def everything() -> SpectralModel:
    """Constraints of every kind, modifiers and both kinds of channel; all parameters far from bounds."""
    pull = GaussianConstraint(0.0, 1.0)
    parameters = [
        Parameter("g", "1", 1.0, 0.0),
        Parameter("flat", "1", 1.0, 0.0),
        Parameter("gauss", "1", 1.0, 0.0, constraint=GaussianConstraint(1.3, 0.05)),
        Parameter("log", "1", 1.0, 0.0, constraint=LogNormalConstraint(0.9, 1.05)),
        Parameter("count", "1", 1.0, 0.0, constraint=PoissonConstraint(350.0, 400.0)),
        Parameter("norm", "1", 0.0, -5.0, 5.0, constraint=pull),
        Parameter("tilt", "1", 0.0, -5.0, 5.0, constraint=pull),
    ]
    x = np.linspace(0, 1, 8)
    samples = (
        Sample("signal", 2000 * np.exp(-5 * x), {"g": 2}, modifiers=(NormSys("norm", 0.95, 1.05),)),
        Sample("flat", np.full(8, 1000.0), {"flat": 1, "gauss": 1},
               modifiers=(HistoSys("tilt", 1000 - 30 * x, 1000 + 30 * x),)),
        Sample("slope", 500 + 800 * x, {"log": 1, "count": 1}),
    )  # fmt: skip
    spectrum = PoissonChannel("t/x", "x", "1", np.arange(9.0), samples, np.ones(8))
    seen = (Sample("flat", np.full(1, 10.0), {"flat": 1}),)
    number = GaussianChannel("t/n", "n", "1", seen, np.zeros(1), np.full(1, 0.3))
    return SpectralModel((spectrum, number), {p.name: p for p in parameters}, poi="g")


@pytest.fixture(scope="module")
def ensemble() -> Toys:
    return toys(everything(), N, 3)


def test_estimates_are_true_and_pulls_unit_normal(ensemble: Toys) -> None:
    assert ensemble.failures == () and set(ensemble.status.tolist()) == {"ok"}
    for name, one in ensemble.summary().items():
        assert one.pulls == N
        assert abs(one.mean - one.truth) < 4 * one.spread / np.sqrt(N), name
        assert abs(one.pull_mean) < 4 / np.sqrt(N), name
        assert abs(one.pull_width - 1) < 4 / np.sqrt(2 * N), name
        pulls = ensemble.pulls[:, ensemble.parameters.index(name)]
        assert stats.kstest(pulls, "norm").pvalue > 1e-3, name


def test_the_rise_at_the_truth_is_chi_squared(ensemble: Toys) -> None:
    assert ensemble.fixed == {"g": 1.0}
    assert ensemble.rise.min() > -1e-6
    assert stats.kstest(ensemble.rise, stats.chi2(1).cdf).pvalue > 1e-3
    signed = np.sqrt(np.maximum(ensemble.rise, 0)) * np.sign(ensemble.values[:, 0] - 1)
    assert np.corrcoef(signed, ensemble.pulls[:, 0])[0, 1] > 0.99


def test_at_a_bound_half_of_the_rises_are_none() -> None:
    found = toys(counting(0.0, 400.0), 400, 2)
    at_bound = found.values[:, 0] == 0
    assert abs(at_bound.mean() - 0.5) < 4 * 0.5 / np.sqrt(400)
    assert np.abs(found.rise[at_bound]).max() < 1e-6
    pulls = found.pulls[:, 0]
    assert np.isfinite(pulls[~at_bound]).all() and not np.any(np.abs(pulls[at_bound]) > 0)
    assert found.summary()["signal"].pulls == int(np.isfinite(pulls).sum()) < 240


def test_each_toy_is_the_fit_of_its_own_data(ensemble: Toys) -> None:
    model = everything()
    for index in (0, 5):
        drawn = toy(model, toy_stream(3, index))
        free, held = fit(drawn), fit(drawn, fix={"g": 1.0})
        values = [free.values[name] for name in model.free]
        errors = [free.parameters[name].error for name in model.free]
        assert ensemble.values[index] == pytest.approx(values, rel=1e-6, abs=1e-6)
        assert ensemble.errors[index] == pytest.approx(errors, rel=1e-4)
        assert ensemble.nll[index] == pytest.approx(free.nll, abs=1e-8)
        assert ensemble.nll_fixed[index] == pytest.approx(held.nll, abs=1e-8)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**64 - 1),
    first=st.integers(0, 2**64 - 8) | st.integers(0, 5),
    n=st.integers(1, 6),
    offset=st.integers(0, 5),
)
def test_a_toy_depends_on_seed_and_number_alone(seed: int, first: int, n: int, offset: int) -> None:
    model = counting(0.0, 30.0, 3.0)
    offset = min(offset, n - 1)
    whole, part = toys(model, n, seed, first=first), toys(model, n - offset, seed, first=first + offset)
    for name in ("values", "errors", "nll", "nll_fixed", "status"):
        np.testing.assert_array_equal(getattr(whole, name)[offset:], getattr(part, name))


def test_observed_data_play_no_part() -> None:
    one, other = toys(counting(3.0, 30.0), 3), toys(counting(99.0, 30.0), 3)
    np.testing.assert_array_equal(one.values, other.values)
    assert not np.array_equal(one.values, toys(counting(3.0, 30.0), 3, seed=2).values)


def test_what_is_fixed_is_the_truth_and_the_truth_can_be_another() -> None:
    model = counting(0.0, 400.0)
    same = toys(model, 30, fix={"signal": 100.0})
    assert same.truth.tolist() == [100.0] and same.fixed == {"signal": 100.0}
    other = toys(model, 30, fix={"signal": 100.0}, truth={"signal": 0.0})
    assert other.truth.tolist() == [0.0] and other.fixed == {"signal": 100.0}
    assert abs(same.summary()["signal"].mean - 100) < 20 and other.summary()["signal"].mean < 30
    assert other.rise.mean() > 5 * same.rise.mean()
    fixed = toys(model, 30, fix={"background": 900.0})
    assert fixed.parameters == ("signal",) and np.abs(fixed.rise).max() < 1e-6
    assert fixed.summary()["signal"].spread == pytest.approx(30 * 0.6, rel=0.5)


def test_no_second_fit_where_nothing_is_to_be_held(two_rates: Make) -> None:
    model = two_rates()
    without = SpectralModel(model.channels, model.parameters)
    for found in (toys(without, 3), toys(model, 3, fix={})):
        assert found.fixed == {} and np.isnan(found.nll_fixed).all() and np.isfinite(found.nll).all()
        assert "fitted free, 0 failed" in repr(found)
    assert toys(without, 3, fix={"b": 5.0}).fixed == {"b": 5.0}


def test_a_response_is_compiled_about_the_truth(peak_model: SpectralModel) -> None:
    # truth far from where the data would put the morph
    moved = {"peak.mu": 230.0, "bump": 300.0}
    for model in (peak_model, compile_response(peak_model)):
        found = toys(model, 12, fix={"bump": 300.0}, truth=moved)
        assert found.failures == ()
        assert found.metadata["response"]["centre"]["peak.mu"] == pytest.approx(230.0, rel=1e-12)
        one = found.summary()["peak.mu"]
        assert one.truth == 230.0 and abs(one.mean - 230) < 4 * one.spread / np.sqrt(12)
        assert 0 < one.spread < 1


def test_a_pull_far_beyond_the_response_compiles_it_anew(
    peak_model: SpectralModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = compile_response(peak_model)
    wanted = toys(model, 2)
    first = itertools.chain([np.array([True, False])], itertools.repeat(np.zeros(2, dtype=bool)))
    monkeypatch.setattr(ensembles_module, "out_of_range", lambda *words: next(first))
    beyond = itertools.chain([True], itertools.repeat(False))
    monkeypatch.setattr(fit_module, "needs_recompiling", lambda *words: next(beyond))
    found = toys(model, 2)
    assert not np.array_equal(found.nll[0], wanted.nll[0])
    np.testing.assert_array_equal(found.nll[1], wanted.nll[1])
    assert found.values == pytest.approx(wanted.values, rel=1e-3)
    assert found.nll == pytest.approx(wanted.nll, abs=0.02)
    assert found.rise == pytest.approx(wanted.rise, abs=0.02)


def failing(true: Callable[..., Any], which: Container[int], error: BaseException) -> Callable[..., Any]:
    """A function that fails at some of its calls."""
    calls = count()

    def called(*arguments: Any, **more: Any) -> Any:
        if next(calls) in which:
            raise error
        return true(*arguments, **more)

    return called


ERRORS = [
    FitError("fit", "made to fail", "nothing"),
    ModelError("made", "to fail"),
    np.linalg.LinAlgError("made to fail"),
    OverflowError("made to fail"),
]


def check_failures(found: Toys, whole: Toys, step: str, lost: set[str], error: Exception) -> None:
    """Toys 2 and 5 of 8 have failed at a step, and nothing else has changed."""
    assert [(one.toy, one.seed, one.step) for one in found.failures] == [(12, 4, step), (15, 4, step)]
    assert all(one.reason == str(error) for one in found.failures)
    assert len(found) == 8 and found.failed == 0.25
    assert np.flatnonzero(found.status == step).tolist() == [2, 5]
    kept = [i for i in range(8) if i not in (2, 5)]
    for name in ("values", "nll", "nll_fixed"):
        ours, theirs = getattr(found, name), getattr(whole, name)
        np.testing.assert_array_equal(ours[kept], theirs[kept])
        if name in lost:
            assert np.isnan(ours[[2, 5]]).all()
        else:
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("error", ERRORS)
def test_toys_that_cannot_be_drawn_keep_their_place(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    model = counting(0.0, 30.0, 3.0)
    whole = toys(model, 8, 4, first=10)
    # the third draw fails, and with it the block; each toy is then drawn alone
    monkeypatch.setattr(Urn, "draw", failing(Urn.draw, (2, 3 + 2, 3 + 5), error))
    everything_lost = {"values", "nll", "nll_fixed"}
    check_failures(toys(model, 8, 4, first=10), whole, "draw", everything_lost, error)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(("held", "step", "lost"), [
    (False, "free fit", {"values", "nll", "nll_fixed"}), (True, "fixed fit", {"nll_fixed"}),
])  # fmt: skip
def test_toys_that_cannot_be_fitted_keep_their_place(
    monkeypatch: pytest.MonkeyPatch, held: bool, step: str, lost: set[str], error: Exception
) -> None:
    model = counting(0.0, 30.0, 3.0)
    whole = toys(model, 8, 4, first=10)
    true = many_module.minima

    def lame(
        compiled: CompiledModel, data: DataSets, starts: Any, free: NDArray[np.bool_], tolerance: float
    ) -> Minima:
        found = true(compiled, data, starts, free, tolerance)
        if (not free[0]) == held:
            found.edm[[2, 5]] = np.inf
        return found

    monkeypatch.setattr(many_module, "minima", lame)
    assert toys(model, 8, 4, first=10).nll_fixed == pytest.approx(whole.nll_fixed, abs=1e-9)
    monkeypatch.setattr(many_module, "solve", failing(many_module.solve, range(99), error))
    check_failures(toys(model, 8, 4, first=10), whole, step, lost, error)


def test_a_failure_of_its_own_accord() -> None:
    """Drawn centres that are no numbers any more: factors so wide that one in eight overflows."""
    model = counting(0.0, 30.0).with_parameters(
        background={"constraint": LogNormalConstraint(30.0, 1e200), "fixed": True}
    )
    found = toys(model, 60, 1)
    assert 0 < len(found.failures) < 20
    assert {one.step for one in found.failures} == {"draw"}
    assert np.isnan(found.nll[found.status == "draw"]).all()
    assert np.isfinite(found.nll[found.status == "ok"]).all()
    assert "more than 1 %" in found.notes[0] and "more than 1 %" in repr(found)
    one = found.failures[0]
    again = toys(model, 1, one.seed, first=one.toy)
    assert again.failures == (one,)


def test_a_model_that_cannot_be_fitted_is_all_failures_not_an_error() -> None:
    same = tuple(Sample(name, np.ones(2), {name: 1}) for name in ("a", "b"))
    channel = PoissonChannel("t/x", "x", "1", np.arange(3.0), same, np.ones(2))
    parameters = {name: Parameter(name, "1", 20.0) for name in ("a", "b")}
    found = toys(SpectralModel((channel,), parameters), 3)
    assert found.failed == 1.0
    assert all("cannot tell a and b apart" in one.reason for one in found.failures)
    assert np.isnan(found.summary()["a"].mean)


@pytest.mark.parametrize("error", [TypeError("a mistake"), KeyboardInterrupt()])
def test_mistakes_and_stops_are_no_accident_of_a_toy(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr(Urn, "draw", failing(Urn.draw, (1,), error))
    with pytest.raises(type(error)):
        toys(counting(0.0, 30.0), 3)


def test_a_free_fit_that_missed_the_minimum_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    model = counting(0.0, 30.0, 3.0)
    wanted = toys(model, 4, fix={"signal": 5.0})
    true, calls = ensembles_module.solve_many, count()

    def high(*arguments: Any, **more: Any) -> Solutions:
        found = true(*arguments, **more)
        if next(calls) == 0:
            found.value[2] += 7.0
        return found

    monkeypatch.setattr(ensembles_module, "solve_many", high)
    found = toys(model, 4, fix={"signal": 5.0})
    assert next(calls) == 3
    assert found.status.tolist() == ["ok"] * 4
    assert found.nll == pytest.approx(wanted.nll) and found.rise == pytest.approx(wanted.rise, abs=1e-6)


def test_progress_counts_every_toy() -> None:
    seen: list[tuple[int, int]] = []
    toys(counting(0.0, 30.0), 120, progress=lambda *now: seen.append(now))
    assert seen[0] == (0, 120) and seen[-1] == (120, 120)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"n": 0}, "toys: 0. Allowed: at least 1"),
        ({"n": -5}, "toys: -5"),
        ({"seed": -1}, "seed of the toys: -1. Allowed: a whole number from 0"),
        ({"seed": 2**64}, "seed of the toys: 18446744073709551616"),
        ({"first": -1}, "first toy: -1"),
        ({"first": 2**64 - 1, "n": 2}, "first toy: 18446744073709551615"),
        ({"fix": {"signal": -1.0}}, r"parameter 'signal': value -1.0. Allowed: a value in \[0, inf\] events"),
        ({"truth": {"signal": float("nan")}}, "parameter 'signal': value nan"),
    ],
)
def test_impossible_requests_are_refused(words: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        toys(counting(0.0, 30.0), **{"n": 3, **words})


def test_the_last_toy_of_all() -> None:
    check_ensemble(1, 2**64 - 1, 2**64 - 1)
    assert len(toys(counting(0.0, 30.0), 1, 2**64 - 1, first=2**64 - 1)) == 1


def test_unknown_parameters_are_named() -> None:
    for words in ({"fix": {"signl": 1.0}}, {"truth": {"signl": 1.0}}):
        with pytest.raises(ModelError, match=r"'signl' is not known.*Did you mean 'signal'"):
            toys(counting(0.0, 30.0), 3, **words)


def test_a_truth_from_which_nothing_can_be_drawn(two_rates: Make) -> None:
    model = two_rates().with_parameters(b={"lower": -10.0, "value": -3.0})
    with pytest.raises(ModelError, match=r"Channel 'toy/x' bin 0: the truth predicts -2, .* 0 or more"):
        toys(model, 3)


def test_the_model_is_compiled_at_its_truth_only(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = count()

    def counted(model: SpectralModel) -> CompiledModel:
        next(calls)
        return CompiledModel(model)

    monkeypatch.setattr(ensembles_module, "CompiledModel", counted)
    toys(counting(0.0, 30.0), 5)
    assert next(calls) == 2  # to look at the truth, and for all toys
