"""The numbers that the first path end to end is held to: fits, limits, expected limits.

Bounds come from ``tests/reference/borexino.json``. What single options do is tested beside the plugins.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nurecoil.analysis import build
from nurecoil.inference.fit import fit
from nurecoil.inference.limits import Limits, comparison, limit
from nurecoil.inference.results import FitResult
from nurecoil.inference.rules import RULES
from nurecoil.inference.sensitivity import sensitivity
from nurecoil.model.spectral import SpectralModel

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "borexino.json").read_text()
)
PUBLIC, PAPER = REFERENCE["public_spectrum"], REFERENCE["papers_setup"]
MOMENT = "magnetic-moment"
BOTH = ("borexino", "gallium")


def within(value: float, bounds: Sequence[float]) -> bool:
    """Whether a value lies between two bounds."""
    low, high = bounds
    return low <= value <= high


@pytest.fixture(scope="module")
def fit_combined(combined: SpectralModel) -> FitResult:
    return fit(combined)


def test_the_fit_of_the_public_spectrum_is_good(fit_alone: FitResult, fit_combined: FitResult) -> None:
    for result in (fit_alone, fit_combined):
        assert result.goodness.p_value > PUBLIC["p_value"]
        assert result.edm < 1e-6
        assert result.minimiser == "newton"


def test_without_the_borrowed_comb_it_is_not() -> None:
    """The structure is there in the data: a smooth model fails where the statistics are highest."""
    made = build(["borexino"], options={"borexino": {"comb": False, "response": "exact"}})
    assert fit(made).goodness.p_value < 0.01


def test_fitted_rates(fit_alone: FitResult, fit_combined: FitResult) -> None:
    for result in (fit_alone, fit_combined):
        rates = {row["parameter"]: row for row in comparison(result)}
        for name, bounds in PUBLIC["rates"].items():
            if name != "unit":
                assert within(rates[name]["fitted"], bounds), name
                assert rates[name]["unit"] == PUBLIC["rates"]["unit"]
        off = [
            row
            for row in rates.values()
            if row["error"] and abs(row["fitted"] - row["published"])
            > 2 * math.hypot(row["error"], row["published_error"])
        ]  # fmt: skip
        assert all(row["remark"] for row in off), [row["parameter"] for row in off]


def test_limits_of_the_public_spectrum(limits_alone: Limits, limits_combined: Limits) -> None:
    for name, found in {"borexino": limits_alone, "borexino+gallium": limits_combined}.items():
        (area,) = (one for one in found if one.method == PUBLIC["limits"]["method"])
        assert within(area.value, PUBLIC["limits"][name]), name
        assert (area.unit, area.cl, area.poi) == (PUBLIC["limits"]["unit"], PUBLIC["limits"]["cl"], "mu_eff")


def test_gallium_lowers_the_limit(limits_alone: Limits, limits_combined: Limits) -> None:
    for alone, combined in zip(limits_alone, limits_combined, strict=True):
        assert combined.value < alone.value


def test_every_rule_has_its_name_and_its_place(limits_alone: Limits, limits_combined: Limits) -> None:
    """A prior flat in the square looks further up, and so does the larger threshold."""
    for found in (limits_alone, limits_combined):
        assert [one.method for one in found] == list(RULES)
        assert [one.convention for one in found] == [RULES[one.method].convention for one in found]
        values = {one.method: one.value for one in found}
        assert values["area"] < values["area-squared"]
        assert values["delta-chi2-one-sided"] < values["delta-chi2-two-sided"]
        scan = found[0].scan
        assert all(one.scan is scan for one in found)
        for method, threshold in {"delta-chi2-one-sided": 1.6424, "delta-chi2-two-sided": 2.7055}.items():
            assert 2 * np.interp(values[method], scan.values, scan.delta_nll) == pytest.approx(
                threshold, abs=0.03
            )


def test_the_profile_is_flat_below_and_steep_above(limits_alone: Limits) -> None:
    """Below the limit 85Kr makes room for the moment; once it rests on its bound the profile rises."""
    scan = limits_alone[0].scan
    assert scan.values[0] == scan.best == 0.0
    assert np.all(np.diff(scan.delta_nll) > -1e-6)
    assert np.interp(2e-11, scan.values, scan.delta_nll) < 0.2
    assert np.interp(5e-11, scan.values, scan.delta_nll) > 1.0
    assert scan.delta_nll[-1] >= 12.0


def test_the_number_of_scan_points_does_not_matter(combined: SpectralModel, limits_combined: Limits) -> None:
    for points in (25, 81):
        assert limit(combined, points=points).value == pytest.approx(limits_combined[0].value, rel=5e-3)


def test_newton_and_minuit_find_the_same_minimum(combined: SpectralModel, fit_combined: FitResult) -> None:
    other = fit(combined, minimiser="minuit")
    assert other.minimiser == "minuit"
    assert other.nll == pytest.approx(fit_combined.nll, rel=1e-8)
    for name, one in fit_combined.parameters.items():
        if math.isfinite(one.error):
            assert abs(other.parameters[name].value - one.value) < 1e-3 * one.error, name
        elif one.at_bound:
            assert other.parameters[name].value == pytest.approx(one.value, abs=1e-13)


def test_newton_and_minuit_agree_at_the_limit(combined: SpectralModel, limits_combined: Limits) -> None:
    held = {"mu_eff": limits_combined[0].value}
    newton, minuit = (fit(combined, fix=held, minimiser=name) for name in ("newton", "minuit"))
    assert minuit.nll == pytest.approx(newton.nll, rel=1e-8)
    for name, one in newton.parameters.items():
        if math.isfinite(one.error):
            assert abs(minuit.parameters[name].value - one.value) < 1e-3 * one.error, name


def test_the_compiled_response_fits_as_the_exact_one(exact: SpectralModel, fit_alone: FitResult) -> None:
    slow = fit(exact)
    assert fit_alone.nll == pytest.approx(slow.nll, rel=1e-8)
    for name, one in slow.parameters.items():
        if math.isfinite(one.error):
            assert abs(fit_alone.parameters[name].value - one.value) < 1e-3 * one.error, name
            assert fit_alone.parameters[name].error == pytest.approx(one.error, rel=0.02), name


def test_the_closure_of_the_compiled_response_is_stated(
    alone: SpectralModel, combined: SpectralModel
) -> None:
    for made in (alone, combined):
        closure = made.metadata["response"]["closure"]
        assert 0 < closure["per_bin"] < 0.1
        assert 0 < closure["nll"] < 0.3


@pytest.mark.long
@pytest.mark.parametrize("experiments", [BOTH[:1], BOTH], ids="+".join)
def test_exact_and_compiled_limits_agree(
    experiments: tuple[str, ...], limits_alone: Limits, limits_combined: Limits
) -> None:
    made = build(experiments, MOMENT, {"borexino": {"response": "exact"}})
    compiled = limits_combined if len(experiments) == 2 else limits_alone
    assert limit(made, points=25).value == pytest.approx(compiled[0].value, rel=0.01)


@pytest.mark.parametrize("experiments", [BOTH[:1], BOTH], ids="+".join)
def test_expected_limits_of_the_papers_setup(experiments: tuple[str, ...]) -> None:
    """Asimov data, the paper's exposure and range, its fifteen free parameters."""
    made = build(experiments, MOMENT, {"borexino": {"setup": "paper"}})
    found = sensitivity(made)
    name = "+".join(experiments)
    assert within(found.median, PAPER["bounds"][name])
    assert found.median == pytest.approx(PAPER["prototype"][name], rel=0.06)
    assert found.limit.scan.best == 0.0
    assert found.limit.best_fit.goodness.statistic == pytest.approx(0.0, abs=1e-3)


def test_a_result_prints_what_it_rests_on(limits_combined: Limits) -> None:
    document = limits_combined.to_json()
    text = json.dumps(document)
    for needed in ("1707.09355", "1707.09279", "s41586-018-0624-y", "0901.2200", "1611.09867", "published"):
        assert needed in text, needed
    assert {row["value"] for row in document["published"]} == {2.6e-11, 2.8e-11}
    assert document["method"] == "area"
    assert [row["method"] for row in document["rows"]] == list(RULES)
