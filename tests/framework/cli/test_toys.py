"""``nurecoil toys``: the table, the documents, failures, and how it stops."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import Result

from nurecoil.documents import encode
from nurecoil.engine.data import DataSets
from nurecoil.errors import FitError
from nurecoil.inference.ensembles import Ensemble
from nurecoil.inference.toy_view import count_toys, read_toys
from nurecoil.inference.toys import toys

from .conftest import spectrum

Call = Callable[..., Result]
Asked = list[tuple[Any, ...]]
WORDS = ("toys", "toy", "--search", "moment", "-n", "6", "--seed", "3")


@pytest.fixture(scope="module", autouse=True)
def _ready() -> None:
    """Let the engine say what it says once before anybody looks at standard error."""
    toys(spectrum(["toy"], "moment"), 1)


def failing(monkeypatch: pytest.MonkeyPatch, which: range, error: BaseException) -> None:
    """Let some toys not be drawn."""
    true = Ensemble.draw

    def draw(self: Ensemble, seed: int, first: int, n: int) -> DataSets:
        if set(which) & set(range(first, first + n)):
            raise error
        return true(self, seed, first, n)

    monkeypatch.setattr(Ensemble, "draw", draw)


def test_the_documents_are_those_of_the_library(call: Call, tiny: Asked, tmp_path: Path) -> None:
    target = tmp_path / "toys.json"
    result = call(*WORDS, "--fix", "kappa=3e-11", "-o", str(target), "--json", "-")
    assert (result.exit_code, result.stderr) == (0, "")
    wanted = json.loads(encode(toys(spectrum(["toy"], "moment"), 6, 3, {"kappa": 3e-11}).to_json()))
    assert json.loads(target.read_text()) == wanted
    del wanted["toys"]
    assert json.loads(result.stdout) == wanted
    assert wanted["fixed"] == {"kappa": 3e-11} and wanted["experiments"] == ["toy"]
    assert wanted["parameters"]["kappa"]["truth"] == 3e-11


def test_the_table(call: Call, tiny: Asked) -> None:
    result = call(*WORDS)
    assert (result.exit_code, result.stderr) == (0, "")
    found = toys(spectrum(["toy"], "moment"), 6, 3)
    one = found.summary()["toy.rate.flat"]
    (row,) = [line for line in result.stdout.splitlines() if "toy.rate.flat" in line]
    name, truth, mean, spread, pull, width, pulls, unit = row.split()
    assert (name, pulls, unit) == ("toy.rate.flat", "6", "events")
    assert float(truth) == pytest.approx(50.0)
    assert float(mean) == pytest.approx(one.mean, abs=0.06 * one.spread)
    assert float(spread) == pytest.approx(one.spread, rel=0.06)
    assert float(pull) == pytest.approx(one.pull_mean, abs=1e-3)
    assert float(width) == pytest.approx(one.pull_width, abs=1e-3)
    for text in ("toys, seed 3", "6 toys, each fitted free and with kappa = 0; 0 failed", "note: a note"):
        assert text in result.stdout


def test_without_a_search_there_is_one_fit(call: Call, tiny: Asked) -> None:
    result = call("toys", "toy", "-n", "3")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "3 toys, each fitted free; 0 failed" in result.stdout
    assert tiny == [(["toy"], None, {})]


def test_several_parameters_are_held(call: Call, tiny: Asked) -> None:
    result = call(*WORDS, "--fix", "kappa=1e-11", "--fix", "toy.rate.flat=60", "--json", "-")
    found = json.loads(result.stdout)
    assert found["fixed"] == {"kappa": 1e-11, "toy.rate.flat": 60.0}
    assert found["parameters"]["toy.rate.flat"]["truth"] == 60.0


def test_failures_are_told(call: Call, tiny: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, range(2, 3), FitError("fit", "made to fail"))
    result = call(*WORDS)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "; 1 failed" in result.stdout
    assert "toy 2, draw: fit: made to fail." in result.stdout
    assert re.search(r"note: 1 of 6 toys failed \(17 %, more than 1 %\)", result.stdout)


def test_nothing_but_failures_is_a_failure(
    call: Call, tiny: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    failing(monkeypatch, range(6), FitError("fit", "made to fail"))
    target = tmp_path / "toys.json"
    result = call(*WORDS, "-o", str(target), "--json", "-")
    assert result.exit_code == 1
    found = json.loads(target.read_text())
    assert found["failed"] == 1.0 and len(found["failures"]) == 6
    assert found["toys"]["nll"] == [None] * 6


def test_ctrl_c_leaves_nothing_behind(
    call: Call, tiny: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    failing(monkeypatch, range(3, 4), KeyboardInterrupt())
    target = tmp_path / "toys.json"
    target.write_text("older")
    result = call(*WORDS, "-o", str(target), "--json", "-")
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "\nStopped.\n")
    assert target.read_text() == "older" and list(tmp_path.iterdir()) == [target]


def test_rate_and_time_left_on_a_terminal(call: Call, tiny: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    result = call(*WORDS, "--json", "-")
    assert result.exit_code == 0 and json.loads(result.stdout)["n"] == 6
    assert "6/6" in result.stderr and "a second" in result.stderr and "0:00:00" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-n", "0"), "toys: 0. Allowed: at least 1."),
        (("-n", "many"), "Invalid value for '-n'"),
        (("--seed", "-1"), "seed of the toys: -1"),
        (("--workers", "0"), "--workers: 0. Allowed: at least 1."),
        (("--workers", "2", "--scheduler", "tcp://x:1"), "--scheduler: 2 workers beside it"),
        (("--first", "-1"), "first toy: -1"),
        (("--fix", "kappa"), "--fix kappa: no PARAMETER=NUMBER"),
        (("--fix", "kappa=big"), "--fix kappa=big: no PARAMETER=NUMBER"),
        (("-o", "/nowhere/toys.json"), "-o: the folder /nowhere does not exist"),
        (("-o", "/nowhere/toys.h5"), "-o: the folder /nowhere does not exist"),
    ],
)
def test_wrong_words_are_told_before_anything_is_built(
    call: Call, tiny: Asked, words: tuple[str, str], said: str
) -> None:
    result = call("toys", "toy", "--search", "moment", *words, "--json", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert tiny == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--fix", "kapa=1"), "Did you mean 'kappa'?"),
        (("--fix", "kappa=-1"), "parameter 'kappa': value -1.0"),
    ],
)
def test_parameters_are_checked(call: Call, tiny: Asked, words: tuple[str, str], said: str) -> None:
    result = call(*WORDS, *words, "--json", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_an_hdf5_file_has_what_json_has(call: Call, tiny: Asked, tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    target = tmp_path / "toys.h5"
    result = call(*WORDS, "--first", "10", "-o", str(target), "--json", "-")
    assert (result.exit_code, result.stderr) == (0, "")
    found, same = json.loads(result.stdout), json.loads(call(*WORDS, "--first", "10", "--json", "-").stdout)
    assert found.pop("file") == str(target) and found == same and found["first"] == 10
    kept, stored = toys(spectrum(["toy"], "moment"), 6, 3, first=10), read_toys(target)
    np.testing.assert_array_equal(stored.values, kept.values)
    assert stored.metadata["notes"] == ["a note"] and stored.poi == "kappa"


def test_a_file_is_gone_on_with(call: Call, tiny: Asked, tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    target = tmp_path / "toys.h5"
    assert call(*WORDS, "-o", str(target)).exit_code == 0
    assert call(*WORDS, "-n", "70", "-o", str(target)).exit_code == 0
    whole = tmp_path / "whole.h5"
    assert call(*WORDS, "-n", "70", "-o", str(whole)).exit_code == 0
    assert whole.read_bytes() == target.read_bytes()
    result = call(*WORDS, "--fix", "kappa=3e-11", "-n", "70", "-o", str(target))
    assert result.exit_code == 2 and "held, kappa: 0 there, 3e-11 here" in result.stderr
    assert whole.read_bytes() == target.read_bytes()


def test_ctrl_c_tells_how_to_go_on(
    call: Call, tiny: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("h5py")
    target = tmp_path / "toys.h5"
    words = (*WORDS, "-n", "130", "-o", str(target))
    with monkeypatch.context() as patch:
        failing(patch, range(70, 71), KeyboardInterrupt())
        result = call(*words, "--json", "-")
    assert (result.exit_code, result.stdout) == (130, "")
    said = f"50 of 130 toys are in {target}; the same command goes on with the others."
    assert result.stderr == f"\n{said}\n\nStopped.\n"
    assert call(*words).exit_code == 0 and count_toys(target) == (130, 130)


def test_what_is_no_file_of_toys_is_left_alone(call: Call, tiny: Asked, tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    target = tmp_path / "toys.h5"
    target.write_text("notes")
    result = call(*WORDS, "-o", str(target))
    assert result.exit_code == 2 and "cannot be read as HDF5" in result.stderr and tiny == []
    assert target.read_text() == "notes"


def test_a_line_now_and_then_without_a_terminal(
    call: Call, tiny: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nurecoil.cli.toys._SILENT", 0.0)
    monkeypatch.setattr("nurecoil.inference.toys._SECONDS", 0.0)
    result = call(*WORDS, "-n", "170", "--json", "-")
    lines = result.stderr.splitlines()
    assert [line.split(",")[0] for line in lines] == [f"toys: {n} of 170" for n in (0, 50, 100, 150)]
    assert re.fullmatch(r"toys: 100 of 170, \S+ a second, \d+ min left", lines[2])


def test_merged_files(call: Call, tiny: Asked, tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    a, b, both = (str(tmp_path / f"{name}.h5") for name in ("a", "b", "both"))
    call(*WORDS, "-o", a)
    call(*WORDS, "--seed", "4", "-o", b)
    result = call("merge", a, b, "-o", both)
    assert (result.exit_code, result.stderr) == (0, "")
    assert (
        "toys, 2 seeds" in result.stdout and "12 toys, each fitted free and with kappa = 0" in result.stdout
    )
    found = json.loads(call("merge", a, b, "-o", both, "--json", "-").stdout)
    assert found["n"] == 12 and [one["seed"] for one in found["runs"]] == [3, 4]
    for words, said in (
        ((a, a, "-o", both), "toys 0 to 5 of seed 3 are in"),
        ((a, b, "-o", a), "is an input too"),
        ((a, "-o", both), "files to merge: 1. Allowed: two or more."),
    ):
        result = call("merge", *words)
        assert result.exit_code == 2 and said in result.stderr


def test_a_real_model(call: Call) -> None:
    words = ("toys", "borexino", "gallium", "--search", "magnetic-moment", "-n", "12")
    found = json.loads(call(*words, "--json", "-").stdout)
    assert found["failures"] == [] and found["fixed"] == {"mu_eff": 0.0}
    one = found["parameters"]["borexino.rate.po210"]
    assert abs(one["mean"] - one["truth"]) < 5 * one["spread"] / np.sqrt(12)
