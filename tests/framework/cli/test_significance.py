"""``nurecoil significance``: words, document, plot, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

import nurecoil.inference.toy_p_values as toys_module
from nurecoil.documents import encode
from nurecoil.inference.significance import significance

from .conftest import spectrum

Call = Callable[..., Result]
Asked = list[tuple[Any, ...]]
WORDS = ("significance", "toy", "--search", "moment")


def test_the_document_is_the_librarys(call: Call, tiny: Asked) -> None:
    result = call(*WORDS, "--toys", "100", "--seed", "3", "--json", "-")
    assert result.exit_code == 0
    wanted = significance(spectrum(["toy"], "moment"), toys=100, seed=3)
    found = json.loads(result.stdout)
    assert found == json.loads(encode(wanted.to_json()))
    assert found["toys"]["toys"] == 100 and found["notes"][0] == "a note"
    assert tiny == [(["toy"], "moment", {})]


def test_the_words(call: Call, tiny: Asked) -> None:
    result = call(*WORDS, "--toys", "200", "--seed", "2")
    assert result.exit_code == 0
    found = significance(spectrum(["toy"], "moment"), toys=200, seed=2)
    assert found.toys is not None
    out = result.stdout
    assert "best fit kappa = " in out and "no signal is kappa = 0" in out
    assert f"significance of kappa: q0 = {found.q0:.4g}" in out
    (formula,) = [line for line in out.splitlines() if line.strip().startswith("large samples")]
    assert f"{found.p_value:.4g}" in formula and formula.rstrip().endswith(f"{found.z:.3f} sigma")
    (toys,) = [line for line in out.splitlines() if line.strip().startswith("200 toys, seed 2")]
    assert f"{found.toys.p_value:.4g}" in toys and f"{found.toys.error:.2g}" in toys
    assert "chi2/ndf" in out and "note: a note" in out


def test_without_toys_there_is_one_row(call: Call, tiny: Asked) -> None:
    result = call(*WORDS)
    assert result.exit_code == 0 and "toys" not in result.stdout


def test_the_plot(call: Call, tiny: Asked, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert call(*WORDS, "--plot", str(folder)).exit_code == 0
    assert [one.name for one in folder.iterdir()] == ["significance.png"]
    assert (folder / "significance.png").stat().st_size > 10_000


def test_a_workspace(call: Call, tmp_path: Path) -> None:
    pyhf = pytest.importorskip("pyhf")
    model = pyhf.simplemodels.uncorrelated_background([5.0], [50.0], [7.0])
    target = tmp_path / "ws.json"
    target.write_text(json.dumps(dict(pyhf.Workspace.build(model, [75.0, *model.config.auxdata]))))
    found = json.loads(call("significance", "--workspace", str(target), "--json", "-").stdout)
    p = float(pyhf.infer.hypotest(0.0, [75.0, *model.config.auxdata], model, test_stat="q0"))
    assert found["p_value"] == pytest.approx(p, abs=1e-5) and found["poi"] == "mu"


def test_failed_fits_end_with_1(call: Call, tiny: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(ensemble: Any, data: Any, *more: Any) -> Any:
        import numpy as np

        return np.full(len(data), np.nan), ("made to fail",) * len(data)

    monkeypatch.setattr(toys_module, "statistic_of_toys", fail)
    result = call(*WORDS, "--toys", "100")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "100 of 100 could not be fitted (the first: made to fail)" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--toys", "-1"), "toys: -1. Allowed: at least 100"),
        (("--toys", "99"), "toys: 99. Allowed: at least 100"),
        (("--toys", "many"), "Invalid value for '--toys'"),
        (("--toys", "100", "--seed", "-1"), "seed of the toys: -1"),
        (("--json", "/nowhere/at.json"), "--json: the folder /nowhere does not exist"),
    ],
)
def test_wrong_words_are_told_before_anything_is_built(
    call: Call, tiny: Asked, words: tuple[str, ...], said: str
) -> None:
    result = call(*WORDS, *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert tiny == []


def test_a_search_is_needed(call: Call, tiny: Asked) -> None:
    result = call("significance", "toy")
    assert result.exit_code == 2 and "--search: no search" in result.stderr and tiny == []


def test_a_real_model(call: Call) -> None:
    words = ("significance", "borexino", "gallium", "--search", "magnetic-moment", "--toys", "100")
    found = json.loads(call(*words, "--json", "-").stdout)
    assert found["poi"] == "mu_eff" and found["unit"] == "mu_B" and found["toys"]["failed"] == 0
    assert 0 <= found["z"] < 5 and found["experiments"] == ["borexino", "gallium"]
