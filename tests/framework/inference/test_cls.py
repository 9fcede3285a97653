"""CLs as users call it: one value, and the limit with its details."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import poisson

from nurecoil.documents import encode
from nurecoil.errors import FitError, ModelError, OptionError
from nurecoil.inference.cls import cls_at, cls_limit
from nurecoil.inference.fit import fit
from nurecoil.inference.method_results import MethodLimit, MethodOptions
from nurecoil.inference.profile import profile
from nurecoil.model.parameters import Root
from nurecoil.model.spectral import SpectralModel
from nurecoil.testing.models import counting

Measured = Callable[..., SpectralModel]


def limit(model: SpectralModel, cl: float = 0.9, **options: Any) -> MethodLimit:
    best = fit(model)
    assert best.model.poi is not None
    return cls_limit(best, profile(best.model, best.model.poi), cl, MethodOptions(**options))


def test_the_limit_on_a_normal_number_and_its_details(measured: Measured) -> None:
    found = limit(measured(0.4), 0.95)
    wanted = 0.4 - ndtri(0.05 * ndtr(0.4))
    assert found.value == pytest.approx(wanted, rel=1e-6)
    details = json.loads(encode(dict(found.details)))
    assert (details["poi"], details["cl"], details["statistic"]) == ("signal", 0.95, "q_tilde")
    assert details["observed"] == found.value and details["toys"] == 0 and details["error"] is None
    for n in (-2, -1, 0, 1, 2):
        expected = details["expected"][f"{n:+d}" if n else "0"]
        assert expected == pytest.approx(n - ndtri(0.05 * ndtr(n)), rel=1e-5)
    points = details["points"]
    assert points[0]["value"] == 0.0 and points[0]["cls"] == 1.0
    assert points[-1]["value"] > max(details["expected"].values())
    for point in points[1:]:
        assert point["cls"] == pytest.approx(
            ndtr(0.4 - point["value"]) / ndtr(0.4) if point["value"] > 0.4 else 0.5 / ndtr(point["value"]),
            abs=1e-5,
        )
    assert found.convention == "CLs = 0.05 of q~_mu, formulas of large samples" and found.notes == ()


def test_a_lower_bound_below_zero_changes_nothing(measured: Measured) -> None:
    """q~_mu never uses a negative signal; q_mu does, and has the same CLs for large samples."""
    below, above = limit(measured(-1.2, lower=-20.0)), limit(measured(-1.2))
    assert below.value == pytest.approx(above.value, rel=1e-6)
    assert below.details["null"] == 0.0 and below.details["best"] == pytest.approx(-1.2, abs=1e-6)
    wide = measured(-1.2, lower=-20.0)
    both = [cls_at(wide, 2.0, statistic=name) for name in ("q_mu", "q_tilde")]  # type: ignore[arg-type]
    assert both[0].q == pytest.approx(3.2**2) and both[1].q == pytest.approx(2.0**2 + 2 * 2.0 * 1.2)
    assert both[0].cls == pytest.approx(both[1].cls, rel=1e-6)


def test_toys_beside_the_formulas() -> None:
    found = limit(counting(3.0, 1.0), toys=1000, seed=7)
    details = json.loads(encode(dict(found.details)))
    assert abs(found.value - 5.7115) < 4 * details["error"]  # from sums of Poisson probabilities
    assert details["asymptotic"]["observed"] == pytest.approx(limit(counting(3.0, 1.0)).value)
    assert (details["toys"], details["seed"], details["failed"]) == (1000, 7, 0)
    assert found.convention.startswith("CLs = 0.1 of q~_mu, 1000 toys of each hypothesis at ")
    nearest = min(details["points"], key=lambda point: abs(point["value"] - found.value))
    assert nearest["cls"] == pytest.approx(0.1, abs=4 * nearest["errors"]["cls"])


def test_one_value_from_toys() -> None:
    test = cls_at(counting(3.0, 1.0), 4.0, toys=2000, seed=2)
    assert abs(test.cls - poisson.cdf(3, 5.0) / poisson.cdf(3, 1.0)) < 4 * test.errors["cls"]


def test_toys_go_on_where_the_formulas_end() -> None:
    """The formulas give no limit below the bound, the toys do not either: both are told."""
    model = counting(3.0, 1.0).with_parameters(signal={"upper": 3.0})
    with pytest.raises(FitError, match="at the upper bound 3"):
        limit(model)
    with pytest.raises(FitError, match="200 toys"):
        limit(model, toys=200)


def test_few_counts_are_told() -> None:
    (note,) = limit(counting(3.0, 1.0)).notes
    assert note.startswith("only 5.99 counts expected at signal = 4.989")


def test_expected_limits_beyond_the_bound_are_told(measured: Measured) -> None:
    found = limit(measured(-1.0).with_parameters(signal={"upper": 2.0}), 0.9)
    assert found.details["expected"]["+1"] is None and found.details["expected"]["0"] is not None
    assert found.notes == ("expected CLs limits on signal (+1 sigma, +2 sigma) lie outside the upper bound",)


def test_a_scan_that_found_a_lower_minimum_is_begun_from(measured: Measured) -> None:
    model = measured(1.0)
    best = fit(model)
    scan = profile(model, "signal")
    lower = dataclasses.replace(scan, nll=best.nll - 1.0)
    assert cls_limit(best, lower, 0.9, MethodOptions()).value == pytest.approx(limit(model).value)


def test_a_root_stands_for_the_power_that_a_file_held() -> None:
    held = counting(observed=12.0, background=10.0)
    turned = held.with_parameters(
        signal={"root": Root("mu_eff", "mu_B", 1e-11, 2), "value": 4.0, "upper": 100.0}
    )
    test = cls_at(turned, 3e-11)
    assert test.poi == "mu_eff" and test.cls == pytest.approx(cls_at(held, 9.0).cls, rel=1e-6)
    assert test.pull == pytest.approx(cls_at(held, 9.0).pull, rel=1e-6)


def test_what_cannot_be_asked_for_is_refused(measured: Measured) -> None:
    model = measured(1.0)
    best, scan = fit(model), profile(model, "signal")
    for cl in (0.0, 1.0, 90.0, -0.1, float("nan")):
        with pytest.raises(OptionError, match="confidence level"):
            cls_limit(best, scan, cl, MethodOptions())
    for toys in (-1, 1, 99):
        with pytest.raises(OptionError, match="at least 100"):
            cls_limit(best, scan, 0.9, MethodOptions(toys=toys))
        with pytest.raises(OptionError, match="at least 100"):
            cls_at(model, 1.0, toys=toys)
    with pytest.raises(OptionError, match="test statistic: 'q0'"):
        cls_at(model, 1.0, statistic="q0")  # type: ignore[arg-type]
    for value in (-0.5, float("inf"), float("nan")):
        with pytest.raises(OptionError, match="test of 'signal'"):
            cls_at(model, value)
    with pytest.raises(ModelError, match="no parameter of interest"):
        cls_at(dataclasses.replace(model, poi=None), 1.0)
    with pytest.raises(ModelError, match="is fixed"):
        cls_at(model.with_parameters(signal={"fixed": True}), 1.0)


def test_an_exact_response_is_compiled_once(peak_model: SpectralModel) -> None:
    best = fit(peak_model)
    found = cls_limit(best, profile(best.model, "bump"), 0.9, MethodOptions())
    values = np.array([point["cls"] for point in found.details["points"]])
    assert np.all(np.diff(values) < 0) and found.value > best.values["bump"]
    assert found.details["expected"]["-2"] < found.details["expected"]["+2"]
