"""Gallium: one Gaussian channel of the shared fluxes, its error, its options, and what it does to a fit."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nurecoil.analysis import build
from nurecoil.assembly import fold
from nurecoil.errors import NurecoilError
from nurecoil.experiment import CountingChannel
from nurecoil.inference.fit import fit, nll
from nurecoil.model.spectral import GaussianChannel, SpectralModel
from nurecoil.options import make_options
from nurecoil.physics.solar_options import FLUX_NAMES, SolarOptions
from nurecoil.plugins import load_experiment
from nurecoil.shared import Sources
from nurecoil_gallium import Gallium, Options

REFERENCES = Path(__file__).parents[2] / "reference"
MEASURED: dict[str, Any] = json.loads((REFERENCES / "gallium.json").read_text())
EXPECTED: dict[str, Any] = json.loads((REFERENCES / "solar.json").read_text())["gallium"]


@pytest.fixture
def channel(sun: Sources) -> Callable[..., CountingChannel]:
    def declare(**options: Any) -> CountingChannel:
        (found,) = Gallium(make_options("gallium", Options, options)).channels(sun)
        assert isinstance(found, CountingChannel)
        return found

    return declare


def test_it_is_found_by_its_entry_point() -> None:
    assert load_experiment("gallium") is Gallium
    assert any("0901.2200" in text for text in Gallium.citations)
    assert any("1707.09355" in text for text in Gallium.citations)


def test_the_measurement_is_the_published_one(channel: Callable[..., CountingChannel]) -> None:
    made = channel()
    errors = [MEASURED["error"], *(share * MEASURED["value"] for share in MEASURED["relative_errors"])]
    assert made.observed == MEASURED["value"]
    assert made.width == pytest.approx(math.hypot(*errors), rel=1e-12)
    assert made.width == pytest.approx(MEASURED["total_error"], abs=0.005)
    assert (made.unit, made.name) == ("SNU", "gallium/rate")


def test_the_error_is_made_of_its_parts(channel: Callable[..., CountingChannel]) -> None:
    assert channel(theory_error=0, fiducial_error=0).width == 3.1
    assert channel(fiducial_error=0).width == pytest.approx(math.hypot(3.1, 0.04 * 66.1))
    assert channel(rate="70", rate_error="2", fiducial_error=0).width == pytest.approx(math.hypot(2, 2.8))


def test_every_solar_source_is_captured(channel: Callable[..., CountingChannel]) -> None:
    """Published rates within 2 % or half the last digit; they use averaged cross sections."""
    made = channel()
    assert [source.name for source in made.sources] == list(FLUX_NAMES)
    captured = {source.name: made.capture(source) for source in made.sources}
    for name, value in EXPECTED["values"].items():
        tolerance = max(EXPECTED["tolerance"] * value, EXPECTED["last_digit"] / 2)
        assert captured[name] == pytest.approx(value, abs=tolerance), name
    assert sum(captured.values()) == pytest.approx(EXPECTED["total"]["B16-GS98"], rel=EXPECTED["tolerance"])
    assert "(published)" in made.provenance[0]


@pytest.mark.parametrize("ssm", ["B16-GS98", "B16-AGSS09"])
def test_the_model_predicts_the_published_total(ssm: str) -> None:
    made = build(["gallium"], options={"solar": {"ssm": ssm}})
    total = sum(float(np.asarray(one.template)[0]) for one in made.channels[0].samples)
    assert total == pytest.approx(EXPECTED["total"][ssm], rel=EXPECTED["tolerance"])


def test_the_channel_is_gaussian_and_linear_in_the_fluxes(sun: Sources) -> None:
    made = fold([Gallium(Options())], None, sun)
    (found,) = made.channels
    assert isinstance(found, GaussianChannel)
    assert all(one.powers == {f"solar.flux.{one.name}": 1} for one in found.samples)
    predicted = sum(float(np.asarray(one.template)[0]) for one in found.samples)
    pull = (66.1 - predicted) / found.width[0]
    wanted = pull**2 / 2 + math.log(found.width[0] * math.sqrt(2 * math.pi))
    assert nll(made) == pytest.approx(wanted, rel=1e-12)
    assert made.metadata["provenance"]
    assert set(Gallium.citations) <= set(made.metadata["references"])


def test_a_fit_of_one_flux_returns_the_measurement() -> None:
    made = build(["gallium"], options={"solar": {"free": ("pp",)}})
    result = fit(made)
    capture = {one.name: float(np.asarray(one.template)[0]) for one in made.channels[0].samples}
    rest = sum(value for name, value in capture.items() if name != "pp")
    width = Options().width
    assert result.parameters["solar.flux.pp"].value == pytest.approx((66.1 - rest) / capture["pp"], rel=1e-6)
    assert result.parameters["solar.flux.pp"].error == pytest.approx(width / capture["pp"], rel=1e-4)


def test_it_shares_the_fluxes_with_borexino(combined: SpectralModel, alone: SpectralModel) -> None:
    assert set(combined.parameters) - set(alone.parameters) == {"solar.flux.hep"}
    assert [one.name for one in combined.channels] == ["borexino/nhits", "gallium/rate"]
    assert combined.metadata["experiments"] == ["borexino", "gallium"]
    assert any("66.1 +- 4.13 SNU" in text for text in combined.metadata["notes"])


def test_what_it_states() -> None:
    made = Gallium(Options(rate=65.0, rate_error=2.0))
    assert list(made.published(Sources(SolarOptions()))) == []
    (note,) = made.notes()
    assert note.startswith("gallium: 65 +- ")
    assert "2 SNU measured, 4 % theory, 1 % fiducial volume" in note


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("rate", "0"), ("rate", "-1"), ("rate", "nan"), ("rate", "many"), ("rate", "66 keV"),
        ("rate_error", "0"), ("theory_error", "1"), ("theory_error", "-0.1"), ("fiducial_error", "inf"),
        ("width", "4"),
    ],
)  # fmt: skip
def test_values_that_are_not_allowed(option: str, value: str) -> None:
    with pytest.raises(NurecoilError) as error:
        make_options("gallium", Options, {option: value})
    assert option in str(error.value)
    assert error.value.exit_status == 2


def test_every_option_has_a_help_text() -> None:
    assert all(field.metadata["help"] for field in fields(Options))
