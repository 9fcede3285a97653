"""``nurecoil compatibility``: words, document, plot, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from typer.testing import Result

from nurecoil import plugins
from nurecoil.experiment import CountingChannel, Experiment, RecoilChannel
from nurecoil.inference.rules import RULES
from nurecoil.model.channels import GaussianChannel, Sample
from nurecoil.model.parameters import CovarianceConstraint, GaussianConstraint, Parameter
from nurecoil.model.spectral import SpectralModel
from nurecoil.studies.compatibility import compare

Call = Callable[..., Result]


def combination(experiments: Sequence[str] = ("one", "two"), search: str | None = "moment") -> SpectralModel:
    """An experiment that feels ``g`` and one that does not; both measure a shared flux."""

    def numbers(name: str, observed: list[float], **samples: list[float]) -> GaussianChannel:
        made = [Sample(n, np.array(t), {n: 2 if n == "g" else 1}) for n, t in samples.items()]
        width = np.full(len(observed), 0.3)
        return GaussianChannel(f"{name}/number", "number", "1", tuple(made), np.array(observed), width)

    channels = (
        numbers("one", [1.2, 1.0], flux=[1.0, 1.0], g=[1.0, 0.0]),
        numbers("two", [1.5, 0.4], flux=[1.0, 0.0], two=[0.0, 1.0]),
    )
    parameters = {name: Parameter(name, "1", 1.0, 0.0) for name in ("flux", "two")}
    parameters["g"] = Parameter("g", "1", 0.0, 0.0)
    joint = CovarianceConstraint(("flux", "two"), (1.0, 0.5), ((0.04, -0.01), (-0.01, 0.09)), "somebody")
    metadata: dict[str, Any] = {
        "experiments": list(experiments), "search": search, "options": {}, "provenance": [],
        "notes": ["a note"], "references": ["A. Author"],
    }  # fmt: skip
    return SpectralModel(channels, parameters, (joint,), "g", metadata)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let the command build the model above; returns what was asked for."""
    asked: list[Any] = []

    def build(experiments: Any, search: Any = None, options: Any = None) -> SpectralModel:
        asked.append((list(experiments), search, options))
        return combination(experiments, search)

    monkeypatch.setattr("nurecoil.analysis.build", build)
    return asked


def test_the_document_is_the_librarys(call: Call, built: list[Any]) -> None:
    words = ("--cl", "0.95", "--points", "21", "--set", "one.x=3", "--json", "-")
    result = call("compatibility", "one", "two", "--search", "moment", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    wanted = compare(combination(), "area", 0.95, points=21).to_json()
    assert {**found, "seconds": 0} == {**json.loads(json.dumps(wanted)), "seconds": 0}
    assert built == [(["one", "two"], "moment", {"one": {"x": "3"}})]
    rows = [(row["experiments"], row["left_out"], row["expected"]) for row in found["limits"]]
    assert rows == [(["one", "two"], None, False), (["one"], "two", False), (["two"], "one", False)]
    assert set(found) >= {"limits", "shared", "goodness", "constraints", "references", "version"}


def test_words(call: Call, built: list[Any]) -> None:
    result = call("compatibility", "one", "two", "--search", "moment")
    assert (result.exit_code, result.stderr) == (0, "")
    for text in (
        "upper limits at 90 % (area)",
        "two: no recoils that moment acts on",
        "shared parameters, from each experiment alone and combined",
        "joint constraint of flux, two (one, two); largest correlation -0.17 between flux and two; somebody",
        "parameter goodness of fit: chi2/ndf = ",
        "(shared parameters measured: one 1, two 2, constraints 2)",
        "note: a note",
    ):
        assert text in result.stdout, text
    found = compare(combination())
    for row in found.limits[:2]:
        assert f"g < {row.value:.4g}" in result.stdout
    (shared,) = found.shared
    assert f"{shared.alone['one'].pull:+.2f}" in result.stdout
    assert f"{shared.constraint_pull:+.2f}" in result.stdout


@pytest.mark.parametrize("method", list(RULES))
def test_every_rule(call: Call, built: list[Any], method: str) -> None:
    result = call("compatibility", "one", "two", "--search", "moment", "--method", method, "--json", "-")
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    assert (found["method"], found["convention"]) == (method, RULES[method].convention)
    assert found["limits"][0]["value"] < found["limits"][1]["value"]


def test_a_plot_and_a_file(call: Call, built: list[Any], tmp_path: Path) -> None:
    folder, target = tmp_path / "plots", tmp_path / "report.json"
    words = ("--plot", str(folder), "--json", str(target))
    result = call("compatibility", "one", "two", "--search", "moment", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    assert [path.name for path in folder.iterdir()] == ["compatibility.png"]
    assert json.loads(target.read_text())["poi"] == "g"
    assert "upper limits" in result.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("one", "--search", "moment"), "experiments: one. Allowed: at least two"),
        (("one", "two"), "--search: no search"),
        (("one", "two", "--search", "moment", "--method", "aera"), "Did you mean 'area'?"),
        (("one", "two", "--search", "moment", "--cl", "90"), "confidence level: 90.0"),
        (("one", "two", "--search", "moment", "--points", "3"), "3 is not in the range x>=5"),
    ],
)
def test_wrong_words_are_told_before_anything_is_built(
    call: Call, built: list[Any], words: tuple[str, ...], said: str
) -> None:
    result = call("compatibility", *words, "--json", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert built == []


class One(Experiment):
    name: ClassVar[str] = "one"
    title: ClassVar[str] = "a rate"
    definition: ClassVar[Parameter] = Parameter("solar.flux.be7", "SSM", 1.0, 0.0)

    def channels(self, shared: Any) -> Sequence[RecoilChannel | CountingChannel]:
        source = dataclasses.replace(shared.solar.source("be7"), parameter=self.definition)
        return [CountingChannel(f"{self.name}/rate", "rate", "SNU", 66.0, 4.0, (source,), lambda s: 64.0)]


class Two(One):
    name: ClassVar[str] = "two"
    definition: ClassVar[Parameter] = Parameter(
        "solar.flux.be7", "SSM", 1.0, 0.5, constraint=GaussianConstraint(1.0, 0.06)
    )


def test_conflicting_definitions_are_one_error_with_both(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "load_experiment", {"one": One, "two": Two}.__getitem__)
    result = call("fit", "one", "two")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: shared parameter 'solar.flux.be7': two definitions: one/rate has")
    assert "one/rate has <Parameter solar.flux.be7 = 1 SSM, in [0, inf], free>" in result.stderr
    assert "two/rate has <Parameter solar.flux.be7 = 1 SSM, in [0.5, inf], constrained by" in result.stderr
    assert "Give both the same options, or rename one of them." in result.stderr


def test_they_are_beside_a_real_experiment_too(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    real = plugins.load_experiment
    monkeypatch.setattr(plugins, "load_experiment", lambda name: Two if name == "two" else real(name))
    words = ("--search", "magnetic-moment", "--json", "-")
    result = call("compatibility", "juno", "two", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert "shared parameter 'solar.flux.be7': two definitions: juno/" in result.stderr
    assert "two/rate has <Parameter solar.flux.be7 = 1 SSM, in [0.5, inf], constrained by" in result.stderr
