"""What Borexino varies: axes under the options, errors of what is held, and one small study."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nurecoil.analysis import Request
from nurecoil.options import make_options
from nurecoil.physics.solar_options import SolarOptions
from nurecoil.shared import Sources
from nurecoil.studies.systematics import systematics
from nurecoil.variation import Variation
from nurecoil_borexino import Borexino, Options
from nurecoil_borexino.systematics import variations

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "reference" / "borexino.json").read_text()
)


def axes(shared: Sources | None = None, **options: Any) -> dict[str, Variation]:
    made = Borexino(make_options("borexino", Options, options))
    return {axis.name: axis for axis in made.variations(shared or Sources())}


def test_public_data_vary_pile_up_and_the_held_fluxes() -> None:
    found = axes()
    assert list(found) == ["pile-up", "held parameters"]
    labels = [choice.label for choice in found["held parameters"].choices]
    assert labels[0] == "as held" and len(labels) == 7
    assert {label.split(" ")[0] for label in labels[1:]} == {"pep", "8B", "CNO"}


def test_the_two_methods_of_pile_up_are_equally_probable() -> None:
    axis = axes()["pile-up"]
    assert axis.priors == (0.5, 0.25, 0.25)
    assert [choice.options.get("borexino.pileup") for choice in axis.choices] == [
        None, "convolution", "convolution-2014",
    ]  # fmt: skip


@pytest.mark.parametrize("pileup", ["figure", "convolution", "convolution-2014"])
def test_the_first_choice_is_the_options_own(pileup: Any) -> None:
    first, *others = axes(pileup=pileup)["pile-up"].choices
    assert dict(first.options) == {}
    assert {choice.options["borexino.pileup"] for choice in others} == {
        "figure", "convolution", "convolution-2014",
    } - {pileup}  # fmt: skip
    for choice in others:  # an error set for the figure's pile-up is not refused by the others
        make_options("borexino", Options, {n.partition(".")[2]: v for n, v in choice.options.items()})


@pytest.mark.parametrize("options", [{"pileup": "none"}, {"pileup_shape": "mine.root:h"}])
def test_pile_up_of_ones_own_is_not_varied(options: dict[str, Any]) -> None:
    assert "pile-up" not in axes(**options)


def test_the_papers_setup_varies_the_estimator_and_what_the_paper_holds() -> None:
    found = axes(setup="paper")
    assert list(found) == ["estimator", "pile-up", "held parameters"]
    assert found["estimator"].other_data
    assert [choice.label for choice in found["estimator"].choices] == ["230 ns", "400 ns"]
    moved = {name for choice in found["held parameters"].choices for name in choice.factors}
    assert moved == {
        *(f"solar.flux.{name}" for name in ("pep", "b8", "n13", "o15", "f17")),
        "borexino.rate.k40", "borexino.rate.pileup", "borexino.saturation",
    }  # fmt: skip
    other = axes(setup="paper", estimator="dt2")["estimator"]
    assert [choice.label for choice in other.choices] == ["400 ns", "230 ns"]
    assert "estimator" not in axes(setup="paper", data="mine.root:h")


def test_a_held_energy_scale_is_fitted_too() -> None:
    axis = axes(response_parameters="fixed")["energy scale"]
    assert dict(axis.choices[1].options) == {"borexino.response_parameters": "free"}


def test_errors_are_the_solar_models_and_the_published_ones() -> None:
    spread = 7**0.5
    up = {c.label: c.factors for c in axes(setup="paper")["held parameters"].choices if "+" in c.label}
    assert up[f"pep +{spread:.2f} sigma"] == {"solar.flux.pep": pytest.approx(1 + spread * 0.01)}
    cno = {"solar.flux.n13": 0.15, "solar.flux.o15": 0.17, "solar.flux.f17": 0.2}
    assert up[f"CNO +{spread:.2f} sigma"] == {n: pytest.approx(1 + spread * e) for n, e in cno.items()}
    published = REFERENCE["phase_2_rates"]["values"]["k40"]
    relative = published["error"] / published["value"]
    assert up[f"40K +{spread:.2f} sigma"] == {"borexino.rate.k40": pytest.approx(1 + spread * relative)}


def test_fluxes_that_float_are_not_held() -> None:
    def labels(**solar: Any) -> set[str]:
        found = variations(Options(), Sources(SolarOptions(**solar)))
        return {c.label.split(" ")[0] for axis in found for c in axis.choices if c.factors}

    assert labels(free=("pp", "be7", "pep")) == {"8B", "CNO"}
    assert labels(flux_prior="ssm") == set()
    assert labels(ssm="SF3-GS98") == {"pep", "8B", "CNO"}


def test_a_study_of_the_solar_model_and_pile_up(limits_combined: Any) -> None:
    request = Request.of(["borexino", "gallium"], "magnetic-moment")
    found = systematics(request, axes=["pile-up", "solar model"], points=21)
    assert found.standard.limits["area"] == pytest.approx(limits_combined[0].value, rel=2e-3)
    assert len(found.rows) == 6 and not found.failures
    pile_up, sun = found.alone
    assert pile_up.lowest < found.standard.limits["area"] < pile_up.highest
    assert abs(sun.limit / found.standard.limits["area"] - 1) < 0.06
    assert 1.0 < found.ratio < 1.3
    assert {row["value"] for row in found.published} == {2.6e-11, 2.8e-11}
