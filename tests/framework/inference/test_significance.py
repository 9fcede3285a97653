"""The significance of a signal: in closed form, from sums of probabilities, and for what cannot be tested."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, poisson

import nurecoil.inference.significance as module
from nurecoil.documents import encode
from nurecoil.errors import FitError, ModelError, OptionError
from nurecoil.inference.significance import significance
from nurecoil.model.spectral import SpectralModel
from nurecoil.testing.models import counting

Measured = Callable[..., SpectralModel]
FEW = settings(deadline=None, max_examples=40)


@FEW
@given(st.floats(0.5, 50.0), st.floats(0.5, 200.0))
def test_a_known_background(signal: float, background: float) -> None:
    """Cowan et al., Eq. (97) without its approximation: the Asimov data of the signal."""
    found = significance(counting(signal + background, background))
    wanted = math.sqrt(2 * ((signal + background) * math.log1p(signal / background) - signal))
    assert found.z == pytest.approx(wanted, rel=1e-6)
    assert found.p_value == pytest.approx(norm.sf(wanted), rel=1e-5)
    assert found.best == pytest.approx(signal, rel=1e-6)


@pytest.mark.parametrize("count", [3.0, 9.0])
def test_no_excess_no_significance(count: float) -> None:
    found = significance(counting(count, 9.0))
    assert (found.q0, found.z, found.p_value) == (0.0, 0.0, 0.5)


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("lower", [0.0, -20.0])
def test_a_normal_number(measured: Measured, power: int, lower: float) -> None:
    assert significance(measured(2.5, lower=lower, power=power)).z == pytest.approx(2.5, abs=1e-6)
    assert significance(measured(-2.5, lower=lower, power=power)).z == 0.0


def test_the_null_value_is_the_bound_nearest_to_zero(measured: Measured) -> None:
    found = significance(measured(3.0).with_parameters(signal={"value": 1.5, "lower": 1.0}))
    assert found.null == 1.0 and found.z == pytest.approx(2.0, abs=1e-6)


@pytest.mark.parametrize(("count", "background"), [(8, 3.0), (15, 9.0), (4, 4.0)])
def test_toys_of_a_counting_experiment(count: int, background: float) -> None:
    """The p-value is the probability of as many counts, or 1 where there is no excess."""
    found = significance(counting(count, background), toys=4000, seed=3)
    assert found.toys is not None
    wanted = float(poisson.sf(count - 1, background)) if count > background else 1.0
    assert abs(found.toys.p_value - wanted) < 4 * found.toys.error
    assert found.toys.values.size == 4000
    assert found.toys.z == pytest.approx(max(norm.isf(found.toys.p_value), 0.0))
    assert found.toys.z_least <= found.toys.z


def test_toys_of_a_normal_number_agree_with_the_formula(measured: Measured) -> None:
    found = significance(measured(1.3, power=2), toys=4000)
    assert found.toys is not None
    assert abs(found.toys.p_value - norm.sf(1.3)) < 4 * found.toys.error
    assert np.mean(found.toys.values == 0.0) == pytest.approx(0.5, abs=0.04)


def test_a_background_with_an_error_makes_it_less_significant() -> None:
    """On and off: the measured background is data that the toys draw too."""
    found = significance(counting(20.0, 9.0, background_error=3.0), toys=4000)
    assert found.z < significance(counting(20.0, 9.0)).z
    assert found.toys is not None and abs(found.toys.z - found.z) < 0.35


def test_a_signal_beyond_all_toys() -> None:
    found = significance(counting(90.0, 9.0), toys=200)
    assert found.toys is not None and found.toys.p_value == 0.0 and found.toys.error > 0
    assert math.isinf(found.toys.z) and 1.5 < found.toys.z_least < 4
    assert found.notes == (
        "none of 200 toys without signal is as far out as the data: p is below 0.015 at 95 %",
    )
    assert json.loads(encode(found.to_json()))["toys"]["z"] is None


def test_the_document() -> None:
    found = significance(counting(16.0, 9.0), toys=1000, seed=4)
    assert found.toys is not None
    document = json.loads(encode(found.to_json()))
    assert document["q0"] == pytest.approx(2 * (16 * math.log(16 / 9) - 7))
    assert document["best_fit"] == pytest.approx(7.0) and document["poi"] == "signal"
    assert document["toys"]["toys"] == 1000 and document["toys"]["seed"] == 4
    assert document["toys"]["p_value"] == found.toys.p_value
    assert repr(found).startswith("<Significance of signal: 2.100 sigma, p = 0.0178; p = 0.0")
    (few,) = significance(counting(16.0, 9.0)).notes
    assert few.startswith("only 9 counts expected at signal = 0")


def test_failures_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    true = module.toys_of

    def toys(*arguments: Any) -> tuple[np.ndarray, tuple[str, ...]]:
        values, _ = true(*arguments)
        return values[5:], ("made to fail",) * 5

    monkeypatch.setattr(module, "toys_of", toys)
    found = significance(counting(10.0, 9.0), toys=100)
    assert found.toys is not None and found.toys.to_json()["failed"] == 5
    assert found.notes == ("5 of 100 toys could not be fitted and are left out (the first: made to fail)",)


def test_progress_counts_toys() -> None:
    seen: list[tuple[int, int]] = []
    significance(counting(10.0, 9.0), toys=1500, progress=lambda *both: seen.append(both))
    assert seen == [(1000, 1500), (1500, 1500)]


def test_what_cannot_be_tested_is_refused(measured: Measured) -> None:
    model = measured(1.0)
    with pytest.raises(ModelError, match="significance: the model has no parameter of interest"):
        significance(dataclasses.replace(model, poi=None))
    with pytest.raises(ModelError, match="is fixed"):
        significance(model.with_parameters(signal={"fixed": True}))
    for toys in (-3, 50):
        with pytest.raises(OptionError, match="at least 100"):
            significance(model, toys=toys)
    with pytest.raises(FitError):
        significance(counting(3.0, 1.0).with_parameters(background={"value": 0.0}))


def test_a_real_response(peak_model: SpectralModel) -> None:
    found = significance(peak_model, toys=100)
    assert found.toys is not None and not found.toys.failures
    assert 0.0 <= found.toys.p_value <= 1.0 and found.z >= 0
