"""``nurecoil scan``: the curve as words, document and plot, and every request that is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from nurecoil.analysis import Request
from nurecoil.errors import FitError
from nurecoil.inference.limits import Limit, limit

Call = Callable[..., Result]
SITE = ("--search", "light-vector", "--set", "kamland.backgrounds=none")


def document(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def test_the_document(call: Call) -> None:
    words = ("--over", "mass=0:100MeV", "--points", "4", "--json", "-")
    found = document(call("scan", "kamland", *SITE, *words))
    assert [row["mass"] for row in found["rows"]] == pytest.approx([0.0, 0.01, 1.0, 100.0])
    limits = [row["limit"] for row in found["rows"]]
    assert limits == sorted(limits)
    assert (found["over"], found["over_unit"], found["poi"], found["unit"]) == (
        "light-vector.mass", "MeV", "g", "1",
    )  # fmt: skip
    assert (found["cl"], found["method"], found["expected"]) == (0.9, "area", True)
    assert found["curves"][0]["rows"] == found["rows"]
    assert found["options"]["kamland"]["backgrounds"] == ["none"]
    assert found["left_out"] == []
    assert {"references", "notes", "version", "seconds", "reasons", "label"} <= set(found)


def test_words_rules_and_levels(call: Call) -> None:
    words = ("scan", "kamland", *SITE, "--over", "mass=1,500keV,2")
    result = call(*words, "--cl", "0.95", "--method", "delta-chi2-one-sided")
    assert (result.exit_code, result.stderr) == (0, "")
    for text in ("95 % upper limits on g (delta-chi2-one-sided)", "mass [MeV]", "kamland (expected)", "0.5",
                 "note: kamland: ", "note: light vector: its own term alone"):  # fmt: skip
        assert text in result.stdout, text
    found = document(call(*words, "--json", "-"))
    assert [row["mass"] for row in found["rows"]] == pytest.approx([0.001, 0.5, 2.0])


def test_an_option_of_an_experiment(call: Call) -> None:
    words = ("--over", "kamland.threshold=1:3MeV", "--points", "2", "--json", "-")
    found = document(call("scan", "kamland", *SITE, *words))
    assert [row["threshold"] for row in found["rows"]] == [1.0, 3.0]
    assert found["rows"][0]["limit"] < found["rows"][1]["limit"]


def test_several_curves_on_one_picture(call: Call, tmp_path: Path) -> None:
    folder, target = tmp_path / "out", tmp_path / "scan.json"
    result = call(
        "scan", "kamland", "gallium", *SITE, "--set", "juno.backgrounds=none",
        "--set", "solar.flux_prior=ssm", "--over", "mass=0:10MeV",
        "--points", "3", "--each", "--compare", "juno", "--compare", "kamland+juno",
        "--plot", str(folder), "--json", str(target),
    )  # fmt: skip
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads(target.read_text())
    labels = [curve["label"] for curve in found["curves"]]
    wanted = ["kamland + gallium", "kamland", "juno", "kamland + juno"]
    assert labels == [f"{label} (expected)" for label in wanted]
    assert all(label in result.stdout for label in labels)
    assert found["left_out"][0].startswith("gallium alone: experiments: gallium and no recoils")
    assert "left out: gallium alone" in result.stdout
    assert (folder / "exclusion.png").stat().st_size > 10_000
    alone, both = found["curves"][2], found["curves"][3]
    assert both["rows"][0]["limit"] < alone["rows"][0]["limit"]
    assert alone["options"]["juno"]["backgrounds"] == ["none"]


def test_a_failed_fit_is_told_where_it_was(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(9))

    def broken(*arguments: Any, **more: Any) -> Limit:
        if next(calls) == 1:
            raise FitError("fit", "made to fail", "nothing")
        return limit(*arguments, **more)

    monkeypatch.setattr("nurecoil.studies.exclusion.limit", broken)
    result = call("scan", "kamland", *SITE, "--over", "mass=1,2,3")
    assert result.exit_code == 0
    assert "no limit at 2 MeV (kamland (expected)): fit: made to fail" in result.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--over", "mass"), "--over: mass. Allowed: OPTION=LOW:HIGH"),
        (("--over", "mass="), "--over: mass=. Allowed: OPTION=LOW:HIGH"),
        (("--over", "mas=0:1"), "Did you mean 'mass'?"),
        (("--over", "charges=0:1"), "an option that takes no numbers"),
        (("--over", "mass=0:101"), "light-vector.mass"),
        (("--over", "mass=-1:1"), "light-vector.mass"),
        (("--over", "mass=5:1"), "LOW < HIGH"),
        (("--over", "mass=0:1kg"), "unit 'kg' in '1kg'"),
        (("--over", "mass=0:1", "--points", "1"), "1 is not in the range x>=2"),
        (("--over", "mass=3"), "different values"),
        (("--over", "mass=0:1", "--spacing", "cubic"), "--spacing: 'cubic' is not known"),
        (("--over", "mass=0:1", "--compare", "junno"), "experiment: 'junno' is not known"),
        (("--over", "mass=0:1", "--compare", "juno+juno"), "each once"),
        (("--over", "kamland.threshold=1:2", "--compare", "juno"), "'kamland' is not known"),
        (("--over", "mass=0:1", "--method", "area,area-squared"), "limit method"),
        (("--over", "mass=0:1", "--cl", "2"), "confidence level: 2.0"),
        (("--over", "mass=0:1", "--set", "junno.threshold=1"), "junno"),
    ],
)
def test_what_is_no_scan_is_told_before_anything_is_folded(
    call: Call, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.setattr(Request, "assembly", lambda self: pytest.fail("folded"))
    result = call("scan", "kamland", "--search", "light-vector", *words, "--json", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert result.stderr.count("Error") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("gallium", "--search", "light-vector"), "gallium and no recoils for light-vector to act on"),
        (("kamland",), "--search: no search"),
    ],
)
def test_what_has_nothing_to_scan(call: Call, words: tuple[str, ...], said: str) -> None:
    result = call("scan", *words, "--over", "mass=0:1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: ")
    assert said in result.stderr
