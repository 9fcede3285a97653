"""Profiles: against formulas and against fits one by one, their range, their order, their refusals."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from nurecoil.engine.response import compile_response
from nurecoil.errors import FitError, ModelError, OptionError
from nurecoil.inference import profile as module
from nurecoil.inference.fit import fit
from nurecoil.inference.profile import DELTA_NLL_REACH, profile
from nurecoil.inference.results import Scan
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import GaussianChannel, Sample, SpectralModel
from nurecoil.testing.models import counting

Make = Callable[..., SpectralModel]


def test_a_counting_experiment_point_by_point() -> None:
    values = np.array([0.0, 1.0, 4.0, 12.0])
    scan = profile(counting(14.0, 10.0), "signal", values)
    exact = values - 14 * np.log(values + 10)
    np.testing.assert_allclose(scan.delta_nll, exact - (4 - 14 * math.log(14)), atol=1e-8)
    np.testing.assert_array_equal(scan.values, values)
    assert scan.best == pytest.approx(4.0, abs=1e-4)
    assert (scan.parameter, scan.unit) == ("signal", "events")


def test_nuisances_are_fitted_at_every_point() -> None:
    # one count, a background measured beside it: profiling the background adds its variance
    model = counting(100.0, 60.0, 5.0)
    scan = profile(model, "signal", np.linspace(0, 90, 7))
    assert len(scan.fits) == 7
    for value, delta, fitted in zip(scan.values, scan.delta_nll, scan.fits, strict=True):
        alone = fit(model, fix={"signal": float(value)})
        assert delta + scan.nll == pytest.approx(alone.nll, abs=1e-7)
        assert fitted == pytest.approx(alone.values, rel=1e-4)
        assert fitted["signal"] == value


def test_the_order_of_the_values_does_not_matter(two_rates: Make) -> None:
    values = [40.0, 0.0, 25.0, 12.0, 25.0, 33.0]
    one, two = profile(two_rates(), "s", values), profile(two_rates(), "s", sorted(set(values), reverse=True))
    np.testing.assert_array_equal(one.values, [0, 12, 25, 33, 40])
    np.testing.assert_array_equal(one.values, two.values)
    np.testing.assert_array_equal(one.delta_nll, two.delta_nll)


def test_warm_starts_change_nothing(two_rates: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    warm = profile(two_rates(), "s", np.linspace(0, 60, 11))

    def cold(self: module._Walker, value: float, neighbour: object) -> object:
        position = self.compiled.coordinates({self.parameter: value})
        return module.solve(self.compiled, position, self.held)

    monkeypatch.setattr(module._Walker, "at", cold)
    np.testing.assert_allclose(
        profile(two_rates(), "s", np.linspace(0, 60, 11)).delta_nll, warm.delta_nll, atol=1e-8
    )


def test_the_automatic_range_ends_where_the_likelihood_does(measured: Make) -> None:
    for observed, lower in ((0.0, 0.0), (-3.0, 0.0), (30.0, 0.0), (2.0, -math.inf), (1e6, -math.inf)):
        scan = profile(measured(observed, 1.0, lower), "signal")
        assert scan.values.size == 41
        assert np.allclose(np.diff(scan.values), np.diff(scan.values)[0])
        ends = scan.delta_nll[[0, -1]]
        assert DELTA_NLL_REACH <= ends[1] <= 1.6 * DELTA_NLL_REACH
        if lower == 0.0 and observed < 5:
            assert scan.values[0] == 0.0
        else:
            assert DELTA_NLL_REACH <= ends[0] <= 1.6 * DELTA_NLL_REACH
        assert scan.best == pytest.approx(max(observed, lower), abs=1e-4)


def test_the_automatic_range_of_a_square(measured: Make) -> None:
    scan = profile(measured(9.3, 1.0, power=2), "signal", points=21)
    assert scan.values.size == 21
    np.testing.assert_allclose(scan.delta_nll, (scan.values**2 - 9.3) ** 2 / 2, atol=1e-6)
    tiny = profile(measured(9.3e-22, 1e-22, power=2), "signal", points=21)
    np.testing.assert_allclose(tiny.values, 1e-11 * scan.values, rtol=1e-6)
    np.testing.assert_allclose(tiny.delta_nll, scan.delta_nll, atol=1e-5)


def test_bounds_cut_the_automatic_range(measured: Make) -> None:
    bounded = measured(2.0, 1.0, -math.inf).with_parameters(signal={"value": 1.2, "lower": 1.0, "upper": 2.5})
    scan = profile(bounded, "signal", points=4)
    np.testing.assert_allclose(scan.values, [1.0, 1.5, 2.0, 2.5])


def test_any_parameter_can_be_scanned() -> None:
    model = counting(100.0, 60.0, 5.0)
    scan = profile(model, "background", np.linspace(50, 70, 5))
    np.testing.assert_allclose(scan.delta_nll, (scan.values - 60) ** 2 / 50, atol=1e-6)
    assert all(
        fitted["signal"] == pytest.approx(100 - fitted["background"], abs=1e-3) for fitted in scan.fits
    )


def test_a_fixed_parameter_is_let_go() -> None:
    model = counting(14.0, 10.0).with_parameters(signal={"fixed": True})
    scan = profile(model, "signal", [0.0, 4.0, 8.0])
    np.testing.assert_allclose(scan.delta_nll, profile(counting(14.0, 10.0), "signal", [0, 4, 8]).delta_nll)
    assert scan.best == pytest.approx(4.0, abs=1e-4)


def test_a_scan_that_finds_something_better_says_so() -> None:
    # Two valleys, (x^2 - 4)^2 tilted: the free fit starts in the higher one.
    square = Sample("square", np.array([1.0, 0.0]), {"x": 2})
    line = Sample("line", np.array([0.0, 1.0]), {"x": 1})
    channel = GaussianChannel("t/x", "x", "1", (square, line), np.array([4.0, -2.0]), np.array([0.5, 8.0]))
    model = SpectralModel((channel,), {"x": Parameter("x", "1", 1.9, -5.0, 5.0)})
    free = fit(model)
    assert free.values["x"] > 1.9
    scan = profile(model, "x", np.linspace(-4, 4, 81))
    assert scan.best < -1.9
    assert scan.nll < free.nll
    assert scan.delta_nll.min() == 0.0


def test_progress_counts_every_point(two_rates: Make) -> None:
    calls: list[tuple[int, int]] = []
    profile(two_rates(), "s", np.linspace(0, 50, 6), progress=lambda done, total: calls.append((done, total)))
    assert calls == [(i, 6) for i in range(1, 7)]


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (("signl",), ModelError, "parameter: 'signl' is not known.*Did you mean 'signal'"),
        (("signal", [1.0]), OptionError, "profile values: 1 different values. Allowed: at least 2"),
        (("signal", [1.0, 1.0]), OptionError, "profile values: 1 different values"),
        (("signal", [-1.0, 1.0]), OptionError, r"parameter 'signal': value -1\.0"),
        (("signal", [math.nan, 1.0]), OptionError, "parameter 'signal': value nan"),
    ],
)
def test_what_a_profile_refuses(arguments: tuple[object, ...], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        profile(counting(3.0, 1.0), *arguments)  # type: ignore[arg-type]


def test_one_point_is_no_profile() -> None:
    with pytest.raises(OptionError, match=r"profile points: 1\. Allowed: at least 2"):
        profile(counting(3.0, 1.0), "signal", points=1)


def test_what_the_data_do_not_see_has_no_profile() -> None:
    model = counting(3.0, 1.0)
    idle = {**model.parameters, "idle": Parameter("idle", "1", 1.0, 0.0)}
    with pytest.raises(FitError, match="profile of 'idle': the likelihood does not depend on it"):
        profile(SpectralModel(model.channels, idle), "idle")


def test_a_likelihood_that_levels_off_is_no_profile() -> None:
    # x / (1 + x): a constraint on the product of two parameters leaves each of them open
    samples = (Sample("product", np.ones(1), {"a": 1, "b": 1}),)
    channel = GaussianChannel("t/x", "x", "1", samples, np.ones(1), np.full(1, 0.1))
    parameters = {name: Parameter(name, "1", 1.0, 0.0) for name in ("a", "b")}
    with pytest.raises(FitError, match=r"profile of 'a': -log L does not rise by 12"):
        profile(SpectralModel((channel,), parameters), "a")


def test_a_failed_point_names_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = module.solve

    def moody(compiled: object, position: object = None, held: object = None) -> object:
        if position is not None:
            raise FitError("fit", "no minimum found", "a minimum", "Try again.")
        return honest(compiled)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "solve", moody)
    with pytest.raises(FitError) as caught:
        profile(counting(3.0, 1.0), "signal", [0.0, 5.0])
    assert str(caught.value) == (
        "profile of 'signal' at 5 events: no minimum found. Allowed: a minimum. Try again."
    )


def test_a_response_pulled_out_of_range_is_compiled_anew(peak_model: SpectralModel) -> None:
    compiled = compile_response(peak_model)
    shifted = compiled.with_observed({"toy/hits": np.roll(peak_model.channels[0].observed, 3)})
    truth = peak_model.with_observed({"toy/hits": np.roll(peak_model.channels[0].observed, 3)})
    fast, slow = profile(shifted, "peak", points=5), profile(truth, "peak", points=5)
    np.testing.assert_allclose(fast.values, slow.values, rtol=1e-3)
    np.testing.assert_allclose(fast.delta_nll, slow.delta_nll, rtol=1e-2, atol=1e-3)


def test_a_profile_shows_and_stores_itself() -> None:
    scan = profile(counting(14.0, 10.0), "signal", [0.0, 10.0])
    assert repr(scan) == "<Scan of signal: 2 points in [0, 10] events, best at 4>"
    document = scan.to_json()
    assert document["values"] == [0.0, 10.0]
    assert document["delta_nll"] == scan.delta_nll.tolist()
    assert isinstance(scan, Scan)


def test_a_constraint_alone_has_a_profile() -> None:
    model = counting(3.0, 1.0)
    pulled = Parameter("idle", "1", 1.0, -math.inf, constraint=GaussianConstraint(2.0, 0.5))
    scan = profile(
        SpectralModel(model.channels, {**model.parameters, "idle": pulled}), "idle", [1.0, 2.0, 3.0]
    )
    np.testing.assert_allclose(scan.delta_nll, [2.0, 0.0, 2.0], atol=1e-8)


def test_the_automatic_range_goes_to_a_fifth_more_than_it_must(measured: Make) -> None:
    scan = profile(measured(0.0, 2.0), "signal", points=9)
    assert DELTA_NLL_REACH <= scan.delta_nll[-1] <= 1.6 * DELTA_NLL_REACH
    assert scan.values[0] == 0.0


def test_an_end_where_nothing_fits_is_approached_in_shorter_steps(
    measured: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, failed = module._Walker.at, []

    def at(self: object, value: float, neighbour: object) -> object:
        if value > 5.2:
            failed.append(value)
            raise FitError("fit", "made to fail", "nothing")
        return honest(self, value, neighbour)  # type: ignore[arg-type]

    monkeypatch.setattr(module._Walker, "at", at)
    scan = profile(measured(0.0, 1.0), "signal", points=9)
    assert failed
    assert math.sqrt(2 * DELTA_NLL_REACH) <= scan.values[-1] <= 5.2
    monkeypatch.setattr(module, "_MOST_FAILURES", 0)
    with pytest.raises(FitError, match="made to fail"):
        profile(measured(0.0, 1.0), "signal", points=9)


def test_an_end_that_the_walk_finds_too_low_is_moved_out(
    measured: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wide strides may end in a worse minimum than the steps of the scan: the scan must not end too early."""
    honest, calls = module._Walker._reach, []

    def reach(self: object, best: object, sign: int, *more: object) -> float:
        calls.append(sign)
        found = honest(self, best, sign, *more)  # type: ignore[arg-type]
        return 0.7 * found if sign > 0 and calls.count(1) == 1 else found

    monkeypatch.setattr(module._Walker, "_reach", reach)
    scan = profile(measured(0.0, 1.0), "signal", points=9)
    assert calls == [-1, 1, 1]
    assert scan.delta_nll[-1] >= DELTA_NLL_REACH
