"""``nurecoil feasibility``: words, the document, the picture, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from nurecoil.cli.feasibility import _grid

Call = Callable[..., Result]
QUICK = (
    "feasibility", "dune", "--thresholds", "0.2,3600keV", "--rejections", "100:1e4", "--points", "2",
    "--set", "isodar.cross_section=tree", "--set", "dune.solar=false", "--set", "dune.resolution=0",
)  # fmt: skip


def test_words_and_picture(call: Call, tmp_path: Path) -> None:
    result = call(*QUICK, "--curve", "dune.isotopes=K42", "--plot", str(tmp_path))
    assert (result.exit_code, result.stderr) == (0, "")
    for text in ("expected 90 % limits on mu_eff [mu_B] (delta-chi2-one-sided)", "> 3.6 MeV", "none will do",
                 "dune.isotopes=K42, threshold 0.2 MeV: a rejection of", "no rejection beats 2.8e-11 mu_B",
                 "rule: delta-chi2-one-sided: 2 Delta NLL", "1707.09355", "note: dune:"):  # fmt: skip
        assert text in result.stdout, text
    assert [path.name for path in tmp_path.iterdir()] == ["feasibility.png"]


def test_the_document(call: Call) -> None:
    words = ("--set", "dune.isotopes=K42", "--target", "3.5e-11", "--method", "area", "--json", "-")
    result = call(*QUICK, *words)
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    assert (found["method"], found["target"], found["unit"]) == ("area", 3.5e-11, "mu_B")
    assert [(row["threshold"], row["rejection"]) for row in found["rows"]] == [
        (0.2, 100.0), (0.2, 1e4), (3.6, 100.0), (3.6, 1e4),
    ]  # fmt: skip
    assert all(row["limit"] > 0 for row in found["rows"])
    assert {line["verdict"] for line in found["lines"]} <= {"needed", "never", "none needed"}


def test_rejections() -> None:
    assert _grid("1:1e4", None) == [1.0, 10.0, 100.0, 1e3, 1e4]
    assert _grid("1:1e4", 3) == [1.0, 100.0, 1e4]
    assert _grid("5,7", None) == [5.0, 7.0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--rejections", "10:1"), "LOW:HIGH, two positive numbers, the lower first"),
        (("--rejections", "many"), "--rejections"),
        (("--rejections", "1,10", "--points", "4"), "a range LOW:HIGH"),
        (("--thresholds", "low"), "--thresholds"),
        (("--thresholds", "0.2kg"), "unit 'kg'"),
        (("--method", "all"), "limit method"),
        (("--curve", "isotopes"), "no OWNER.OPTION=VALUE"),
        (("--set", "dune.data=x.root:h"), "x.root"),
    ],
)
def test_refused(call: Call, words: tuple[str, ...], said: str) -> None:
    result = call("feasibility", "dune", *words, "--json", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_an_experiment_without_the_options(call: Call) -> None:
    result = call("feasibility", "gallium")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no option 'threshold' and no option 'rejection'" in result.stderr and "dune" in result.stderr
