"""Words for people: fits and limits as printed, and the goodness of fit without borrowed inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from nurecoil.cli.words import console, goodness_without, print_fit, print_limits, print_notes
from nurecoil.inference.fit import fit
from nurecoil.inference.limits import limits
from nurecoil.model.spectral import SpectralModel

from .conftest import spectrum


@pytest.fixture(scope="module")
def model() -> SpectralModel:
    return spectrum(["toy"], "moment")


def test_lines_are_not_broken_where_output_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    console().print("x" * 150)
    assert capsys.readouterr().out == "x" * 150 + "\n"


def test_brackets_are_not_markup(capsys: pytest.CaptureFixture[str]) -> None:
    console().print("[red]cpd[/red] [100 t]")
    assert capsys.readouterr().out == "[red]cpd[/red] [100 t]\n"


def test_a_fit_in_words(model: SpectralModel, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"label": "without the comb", "goodness": {"statistic": 925.2, "ndf": 782, "p_value": 4.3e-4}}
    print_fit(fit(model), [row])
    out, err = capsys.readouterr()
    assert err == ""
    assert "without the comb: chi2/ndf = 925.2/782, p = 0.00043" in out
    assert out.index("parameters") < out.index("fitted and published") < out.index("chi2/ndf")
    assert out.rstrip().endswith("note: a note")


def test_without_published_values_there_is_no_table_of_them(
    model: SpectralModel, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = dataclasses.replace(model, metadata={})
    print_fit(fit(bare))
    out = capsys.readouterr().out
    assert "fitted and published" not in out
    assert "note" not in out


def test_limits_in_words(model: SpectralModel, capsys: pytest.CaptureFixture[str]) -> None:
    print_limits(limits(model, 0.95))
    out = capsys.readouterr().out
    assert "upper limits at 95 %" in out
    assert "published: kappa < 4.5e-11 mu_B at 90 % (area; their data), J. Toy Phys." in out


def test_the_closure_of_a_compiled_response_is_a_note(
    model: SpectralModel, capsys: pytest.CaptureFixture[str]
) -> None:
    closure = {"per_bin": 0.0421, "chi2": 0.1, "nll": 0.1049}
    made = dataclasses.replace(
        model, metadata={**model.metadata, "response": {"form": "compiled", "closure": closure}}
    )
    print_notes(fit(made))
    line = "compiled response, closure at 2 sigma: 0.042 sigma in the worst bin, 0.1 in -log L"
    assert f"note: {line}\n" in capsys.readouterr().out


def test_alternatives_are_built_with_their_options_and_fitted_exactly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Mapping[str, Any]] = []

    def build(experiments: Sequence[str], search: str, options: Mapping[str, Any]) -> SpectralModel:
        asked.append(options)
        return spectrum(list(experiments), search)

    monkeypatch.setattr("nurecoil.analysis.build", build)
    given = {"toy": {"comb": True, "response": "compiled"}, "solar": {"ssm": "x"}}
    other = {"label": "without the comb", "options": {"toy": {"comb": False}}}
    (row,) = goodness_without(given, ["toy"], "moment", [other])
    assert asked == [{"toy": {"comb": False, "response": "exact"}, "solar": {"ssm": "x"}}]
    assert row["label"] == "without the comb"
    assert set(row["goodness"]) == {"statistic", "ndf", "p_value"}
    assert goodness_without(given, ["toy"], "moment", []) == []


def test_an_experiment_without_that_option_keeps_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Mapping[str, Any]] = []

    def build(experiments: Sequence[str], search: str, options: Mapping[str, Any]) -> SpectralModel:
        asked.append(options)
        return spectrum(list(experiments), search)

    monkeypatch.setattr("nurecoil.analysis.build", build)
    goodness_without({"toy": {"x": 1}}, ["toy"], "moment", [{"label": "l", "options": {"toy": {"x": 2}}}])
    assert asked == [{"toy": {"x": 2}}]
