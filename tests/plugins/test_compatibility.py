"""Borexino and gallium: do they agree, and what does each bring?"""

from __future__ import annotations

import pytest

from nurecoil.analysis import Request
from nurecoil.inference.limits import Limits
from nurecoil.model.spectral import SpectralModel
from nurecoil.studies.compatibility import Compatibility, compare, compatibility


@pytest.fixture(scope="module")
def report(combined: SpectralModel) -> Compatibility:
    return compare(combined)


def test_the_limits_are_those_of_each_by_itself(
    report: Compatibility, limits_combined: Limits, limits_alone: Limits
) -> None:
    both, borexino, gallium = report.limits
    assert both.value == pytest.approx(limits_combined[0].value, rel=1e-6)
    assert borexino.value == pytest.approx(limits_alone[0].value, rel=1e-3)
    assert borexino.left_out == "gallium"
    assert (gallium.value, gallium.reason) == (None, "no recoils that magnetic-moment acts on")
    assert both.value is not None and borexino.value is not None
    assert both.value < 0.85 * borexino.value


def test_gallium_adds_one_number_that_agrees(report: Compatibility) -> None:
    good = report.goodness
    assert {one.name: one.shared for one in good.data_sets} == {"borexino": 2, "gallium": 1}
    assert good.ndf == 1
    assert good.statistic is not None and good.p_value is not None
    assert 0.1 < good.statistic < 1.0
    # one number more: what it disagrees by is what it pulls Borexino's fluxes by
    row = {one.parameter: one for one in report.shared}["solar.flux.pp"]
    assert row.alone["borexino"].pull is not None
    assert abs(row.alone["borexino"].pull) == pytest.approx(good.statistic**0.5, rel=0.1)
    assert "cannot tell solar.flux.pp and solar.flux.be7 apart" in row.alone["gallium"].reason


@pytest.mark.long
def test_with_the_covariance_of_the_solar_model() -> None:
    options = {"solar": {"ssm": "SF3-GS98", "flux_prior": "ssm"}}
    found = compatibility(Request.of(["borexino", "gallium"], "magnetic-moment", options))
    (joint,) = found.constraints
    assert (len(joint.names), set(joint.between)) == (8, {"solar.flux.n13", "solar.flux.o15"})
    assert joint.correlation == pytest.approx(0.984, abs=1e-3)
    assert {one.name: one.shared for one in found.goodness.data_sets} == {
        "borexino": 7, "gallium": 1, "constraints": 8,
    }  # fmt: skip
    assert found.goodness.ndf == 8
    assert found.goodness.p_value is not None and found.goodness.p_value > 0.2
    assert all(row.alone["gallium"].estimate is not None for row in found.shared)
