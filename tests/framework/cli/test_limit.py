"""``nurecoil limit`` and ``nurecoil sensitivity``: documents that keep their schema, words, rules, plots."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import Result

from nurecoil.analysis import build
from nurecoil.inference.limits import limits
from nurecoil.inference.methods import METHODS, available
from nurecoil.inference.rules import RULES

from .conftest import spectrum

Call = Callable[..., Result]
Asked = list[tuple[Any, ...]]
SCHEMA: dict[str, Any] = json.loads((Path(__file__).parents[3] / "specs" / "limit.schema.json").read_text())
PROMISED = {
    "value", "unit", "poi", "cl", "method", "experiments", "search", "best_fit", "parameters", "goodness",
    "scan", "provenance", "references", "version", "seconds",
}  # fmt: skip
"""What the documents of the project promise to those who script."""


def document(result: Result) -> dict[str, Any]:
    """The one document on standard output, held against the schema."""
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    found = json.loads(result.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert isinstance(found, dict)
    return found


def test_the_schema_is_one_and_asks_for_what_is_promised() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["required"]) >= PROMISED
    assert set(SCHEMA["required"]) <= set(SCHEMA["properties"])
    assert set(RULES) <= set(SCHEMA["$defs"]["method"]["enum"])


@pytest.mark.parametrize("missing", sorted(PROMISED))
def test_the_schema_refuses_a_document_that_lacks_something(missing: str) -> None:
    found = limits(spectrum(["toy"], "moment"), methods=["area"], points=9)[0].to_json()
    plain = json.loads(json.dumps(found, default=lambda value: value.tolist()))
    jsonschema.validate(plain, SCHEMA)
    del plain[missing]
    with pytest.raises(jsonschema.ValidationError, match=missing):
        jsonschema.validate(plain, SCHEMA)


def test_the_document(call: Call, tiny: Asked) -> None:
    found = document(call("limit", "toy", "--search", "moment", "--json", "-"))
    assert (found["poi"], found["unit"], found["cl"], found["method"]) == ("kappa", "mu_B", 0.9, "area")
    assert (found["experiments"], found["search"]) == (["toy"], "moment")
    assert found["best_fit"] == found["parameters"]["kappa"]["value"]
    assert set(found["parameters"]) == {"kappa", "toy.rate.flat"}
    assert {"value", "error", "unit"} <= set(found["parameters"]["kappa"])
    assert len(found["scan"]["values"]) == len(found["scan"]["delta_nll"]) == 41
    assert 0 < found["value"] < found["scan"]["values"][-1]
    assert found["published"][0]["value"] == 4.5e-11
    assert "rows" not in found
    assert found["without"] == []


def test_the_same_from_python(call: Call, tiny: Asked) -> None:
    """What the command says is what the library returns."""
    found = document(
        call("limit", "toy", "--search", "moment", "--cl", "0.95", "--points", "21", "--json", "-")
    )
    wanted = limits(spectrum(["toy"], "moment"), 0.95, ["area"], points=21)[0]
    assert found["value"] == wanted.value
    assert found["cl"] == 0.95
    assert found["scan"]["values"] == wanted.scan.values.tolist()


@pytest.mark.parametrize(
    ("words", "methods"),
    [
        ("all", [name for name in METHODS if available(name)]),
        ("cls,area", ["cls", "area"]),
        ("area-squared", ["area-squared"]),
        ("delta-chi2-two-sided, area", ["delta-chi2-two-sided", "area"]),
        ("area,area", ["area"]),
    ],
)
def test_rules_side_by_side(call: Call, tiny: Asked, words: str, methods: list[str]) -> None:
    found = document(call("limit", "toy", "--search", "moment", "--method", words, "--json", "-"))
    assert found["method"] == methods[0]
    assert [row["method"] for row in found.get("rows", [found])] == methods


def test_words_show_the_limit_its_rule_and_the_published_one(call: Call, tiny: Asked) -> None:
    result = call("limit", "toy", "--search", "moment", "--method", "all")
    assert (result.exit_code, result.stderr) == (0, "")
    wanted = ["upper limits at 90 %", "kappa < ", "flat in the parameter", "published: kappa < 4.5e-11 mu_B",
              "their data", "toy.rate.flat", "chi2/ndf", "note: a note"]  # fmt: skip
    for text in (*RULES, *wanted):
        assert text in result.stdout, text


def test_plots_and_a_file(call: Call, tiny: Asked, tmp_path: Path) -> None:
    folder, target = tmp_path / "plots", tmp_path / "limit.json"
    words = ("--method", "all", "--plot", str(folder), "--json", str(target))
    result = call("limit", "toy", "--search", "moment", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    pictures = {"fit.png", "profile.png", "limits.png", "cls.png", "feldman-cousins.png", "posterior.png"}
    assert {path.name for path in folder.iterdir()} == pictures - (
        set() if available("bayes") else {"posterior.png"}
    )
    jsonschema.validate(json.loads(target.read_text()), SCHEMA)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--method", "aera"), "Did you mean 'area'?"),
        (("--method", ""), "limit method: '' is not known. Allowed: area"),
        (("--method", "area,"), "limit method: '' is not known"),
        (("--cl", "90"), "confidence level: 90.0. Allowed: a number between 0 and 1, such as 0.90."),
        (("--cl", "nan"), "confidence level: nan"),
        (("--points", "3"), "3 is not in the range x>=5"),
    ],
)
@pytest.mark.parametrize("command", ["limit", "sensitivity"])
def test_wrong_words_are_told_before_anything_is_built(
    call: Call, tiny: Asked, command: str, words: tuple[str, str], said: str
) -> None:
    result = call(command, "toy", "--search", "moment", *words, "--json", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert tiny == []


@pytest.mark.parametrize("command", ["limit", "sensitivity"])
def test_a_limit_needs_a_search(call: Call, tiny: Asked, command: str) -> None:
    result = call(command, "toy")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: --search: no search.")
    assert tiny == []


def test_the_expected_limit(call: Call, tiny: Asked) -> None:
    found = document(call("sensitivity", "toy", "--search", "moment", "--json", "-"))
    assert found["median"] == found["value"] > 0
    assert found["asimov"] == ["toy/x"]
    result = call("sensitivity", "toy", "--search", "moment")
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"expected kappa < {found['median']:.4g} mu_B at 90 % (area: " in result.stdout
    assert "note: a note" in result.stdout


def test_one_rule_for_an_expected_limit(call: Call, tiny: Asked) -> None:
    result = call("sensitivity", "toy", "--search", "moment", "--method", "all")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "one method for an expected limit" in result.stderr


def test_a_real_model_keeps_the_schema() -> None:
    """Borexino in a short range with the response exact: lists, units and closures as they really are."""
    made = build(
        ["borexino", "gallium"],
        "magnetic-moment",
        {"borexino": {"range": (100, 300), "response_parameters": "fixed", "response": "exact"}},
    )
    found = limits(made, points=5)
    plain = json.loads(json.dumps(found.to_json(), default=lambda value: value.tolist()))
    jsonschema.validate(plain, SCHEMA)
    assert plain["parameters"]["borexino.light_yield"]["error"] is None
    assert len(plain["rates"]) > 5


def test_the_bands_of_an_expected_limit(call: Call, tiny: Asked) -> None:
    found = document(call("sensitivity", "toy", "--search", "moment", "--json", "-"))
    bands = found["bands"]
    assert list(bands) == ["-2", "-1", "+1", "+2"]
    assert bands["-2"] < bands["-1"] < found["median"] < bands["+1"] < bands["+2"]
    assert (found["bands_from"], found["toys"]) == ("Asimov", None)
    printed = call("sensitivity", "toy", "--search", "moment").stdout
    assert "expected 90 % upper limits on kappa [mu_B] (Asimov data)" in printed
    for name, value in {"median": found["median"], "-2 sigma": bands["-2"], "+1 sigma": bands["+1"]}.items():
        assert re.search(rf"{re.escape(name)} +{value:.4g}\b", printed), name


def test_bands_from_toys(call: Call, tiny: Asked) -> None:
    words = ("sensitivity", "toy", "--search", "moment", "--points", "9", "--toys", "20", "--seed", "3")
    found = document(call(*words, "--json", "-"))
    assert (found["bands_from"], found["toys"]["n"], found["toys"]["seed"]) == ("toys", 20, 3)
    assert len(found["toys"]["limits"]) == 20
    assert found["toys"]["failures"] == []
    assert min(found["toys"]["limits"]) <= found["bands"]["-2"] <= found["median"]
    printed = call(*words).stdout
    assert f"expected kappa < {found['median']:.4g} mu_B" in printed
    assert "20 toys, seed 3" in printed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--toys", "5"), "toys: 5. Allowed: at least 20, for quantiles up to two sigma; or 0."),
        (("--toys", "-3"), "toys: -3"),
        (("--toys", "many"), "Invalid value for '--toys'"),
        (("--toys", "20", "--seed", "-1"), "seed of the toys: -1"),
        (("--cl", "2"), "confidence level: 2.0"),
        (("--method", "area,area-squared"), "one method for an expected limit"),
    ],
)
def test_wrong_toys_are_told_before_anything_is_built(
    call: Call, tiny: Asked, words: tuple[str, ...], said: str
) -> None:
    result = call("sensitivity", "toy", "--search", "moment", *words, "--json", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert tiny == []


def test_a_real_sensitivity(call: Call) -> None:
    words = ("sensitivity", "juno", "--search", "light-vector", "--set", "juno.backgrounds=none")
    low = document(call(*words, "--set", "juno.threshold=0.2", "--json", "-"))
    high = document(call(*words, "--set", "juno.threshold=1", "--json", "-"))
    assert low["poi"] == "g"
    assert low["bands"]["-2"] < low["median"] < low["bands"]["+2"]
    assert low["median"] < high["median"]


@pytest.mark.parametrize("missing", ["bands", "bands_from", "toys"])
def test_the_schema_refuses_an_expected_limit_that_lacks_something(
    call: Call, tiny: Asked, missing: str
) -> None:
    found = document(call("sensitivity", "toy", "--search", "moment", "--json", "-"))
    del found[missing]
    with pytest.raises(jsonschema.ValidationError, match=missing):
        jsonschema.validate(found, SCHEMA)


def test_the_schema_refuses_a_band_that_is_missing(call: Call, tiny: Asked) -> None:
    found = document(call("sensitivity", "toy", "--search", "moment", "--json", "-"))
    del found["bands"]["+2"]
    with pytest.raises(jsonschema.ValidationError, match=r"\+2"):
        jsonschema.validate(found, SCHEMA)
