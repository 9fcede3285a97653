"""What Borexino declares: options, citations, published values, alternatives, notes, the paper's setup."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from nurecoil.analysis import build
from nurecoil.errors import NurecoilError
from nurecoil.experiment import RecoilChannel
from nurecoil.model.spectral import SpectralModel
from nurecoil.options import make_options
from nurecoil.plugins import load_experiment
from nurecoil.shared import Sources
from nurecoil_borexino import Borexino, Options
from nurecoil_borexino.published import notes, published_rates

Declare = Callable[..., RecoilChannel]
REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "reference" / "borexino.json").read_text()
)


@pytest.fixture(scope="module")
def paper() -> SpectralModel:
    return build(["borexino"], "magnetic-moment", {"borexino": {"setup": "paper", "response": "exact"}})


def test_it_is_found_by_its_entry_point() -> None:
    assert load_experiment("borexino") is Borexino
    assert all("arXiv" in text or "doi" in text for text in Borexino.citations)


def test_the_papers_setup_has_the_papers_fifteen_free_parameters(paper: SpectralModel) -> None:
    wanted = REFERENCE["free_parameters"]["names"]
    assert len(wanted) == REFERENCE["free_parameters"]["number"] == 15
    assert set(paper.free) == {*wanted, "mu_eff"}
    assert {name for name in paper.parameters if paper.parameters[name].constraint} - {"mu_eff"} == {
        "borexino.rate.c14", "borexino.resolution_quadratic",
    }  # fmt: skip


def test_the_papers_setup_is_asimov_data_of_the_published_rates(paper: SpectralModel) -> None:
    assert paper.channels[0].asimov
    rates = REFERENCE["phase_2_rates"]["values"]
    for name in ("kr85", "bi210", "po210", "c11", "tl208", "bi214", "k40", "c14"):
        assert paper.parameters[f"borexino.rate.{name}"].value == rates[name]["value"], name
    assert paper.values["solar.flux.pp"] == paper.values["solar.flux.be7"] == 1.0


def test_published_rates_are_those_of_the_reference(sun: Sources) -> None:
    found = {row.parameter.rpartition(".")[2]: row for row in published_rates(Options(), sun)}
    wanted = REFERENCE["phase_2_rates"]["values"]
    assert set(found) == set(wanted)
    for name, row in found.items():
        assert (row.value, row.error) == (wanted[name]["value"], wanted[name]["error"]), name
        assert "1707.09279" in row.citation
    expected = REFERENCE["expected_rates"]["values"]
    for name in ("pp", "be7", "pep"):
        assert found[name].scale == pytest.approx(expected[name], rel=0.02)  # cpd/100 t at a flux of one


def test_rates_that_are_off_say_why(sun: Sources) -> None:
    remarks = {row.parameter: row.remark for row in published_rates(Options(), sun)}
    for name in ("be7", "pp"):
        assert remarks[f"solar.flux.{name}"]
    assert "TFC" in remarks["borexino.rate.c11"]
    assert "TFC" in remarks["borexino.rate.bi210"]
    in_the_paper = {row.parameter: row.remark for row in published_rates(Options(setup="paper"), sun)}
    assert in_the_paper["borexino.rate.c11"] == ""


def test_published_limits_are_those_of_the_reference() -> None:
    found = {
        (len(one.experiments), one.value): (one.unit, one.cl, one.method)
        for one in Borexino(Options()).published_limits()
    }
    wanted = REFERENCE["published_limits"]["values"]
    assert found == {(1 + row["gallium"], row["value"]): ("mu_B", 0.9, "area") for row in wanted}


def test_the_fit_without_the_comb_is_an_alternative() -> None:
    (other,) = Borexino(Options()).alternatives()
    assert other.options == {"comb": False}
    for options in ({"comb": False}, {"data": "asimov"}, {"setup": "paper"}):
        assert list(Borexino(Options(**options)).alternatives()) == []  # type: ignore[arg-type]


def test_notes_name_what_is_borrowed() -> None:
    assert any("comb" in text and "borrowed from the official fit" in text for text in notes(Options()))
    assert not any("comb" in text for text in notes(Options(comb=False)))
    assert any("Asimov" in text for text in notes(Options(setup="paper")))
    assert any("'convolution'" in text for text in notes(Options(pileup="convolution")))
    assert any("Monte-Carlo" in text for text in notes(Options(templates="monte-carlo")))


def test_every_option_has_a_help_text_and_its_default_is_allowed() -> None:
    for field in fields(Options):
        assert field.metadata["help"]
        made = make_options("borexino", Options, {field.name: field.default})
        assert getattr(made, field.name) == field.default


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("setup", "privat"), ("exposure", "0"), ("exposure", "-1"), ("exposure", "inf"), ("exposure", "3 kg"),
        ("range", "1"), ("range", "1,2,3"), ("range", "a,b"), ("response", "exakt"), ("pileup", "figur"),
        ("comb", "perhaps"), ("templates", "mc"), ("bi210_shape", "aleksev"), ("birks", "-1"),
        ("birks", "nan"),
        ("cherenkov", "1"), ("exposure_error", "1"), ("response_parameters", "some"), ("nothing", "1"),
    ],
)  # fmt: skip
def test_values_that_are_not_allowed(option: str, value: str) -> None:
    with pytest.raises(NurecoilError) as error:
        make_options("borexino", Options, {option: value})
    assert option in str(error.value)
    assert error.value.exit_status == 2


def test_a_result_carries_where_everything_comes_from(alone: SpectralModel) -> None:
    meta = alone.metadata
    assert set(Borexino.citations) <= set(meta["references"])
    assert any("1707.09355" in text for text in meta["references"])
    assert any("Vinyoles" in text or "B16" in text for text in meta["references"])  # the solar model
    assert any("Vogel" in text for text in meta["references"])  # the search
    assert any(text.startswith("observed counts: Nature") for text in meta["provenance"])
    assert all(one.provenance for one in alone.channels[0].samples)
    assert meta["options"]["borexino"]["pileup"] == "figure"
    assert meta["options"]["solar"]["ssm"] == "B16-GS98"
    assert meta["response"]["form"] == "compiled"
    assert len(set(meta["references"])) == len(meta["references"])
