"""Commands on a workspace in place of experiments: the same results, and requests that make no sense."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyhf
import pytest
from typer.testing import Result

Call = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a workspace of two measurements and a patch set for it."""
    spec = pyhf.simplemodels.correlated_background(
        [12.0, 11.0], [50.0, 52.0], [45.0, 50.0], [60.0, 54.0]
    ).spec
    narrow = {"name": "mu", "bounds": [[0.0, 3.0]], "inits": [0.5]}
    document = {
        "channels": spec["channels"],
        "observations": [{"name": "single_channel", "data": [55.0, 58.0]}],
        "measurements": [
            {"name": "wide", "config": {"poi": "mu", "parameters": []}},
            {"name": "narrow", "config": {"poi": "", "parameters": [narrow]}},
        ],
        "version": "1.0.0",
    }
    (tmp_path / "ws.json").write_text(json.dumps(document))
    step = {"op": "replace", "path": "/channels/0/samples/0/data", "value": [24.0, 22.0]}
    patches = {
        "metadata": {
            "references": {"hepdata": "ins1234567"}, "digests": {"sha256": pyhf.utils.digest(document)},
            "labels": ["scale"], "description": "twice the signal",
        },
        "patches": [{"metadata": {"name": "double", "values": [2]}, "patch": [step]}],
        "version": "1.0.0",
    }  # fmt: skip
    (tmp_path / "patchset.json").write_text(json.dumps(patches))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def document(result: Result) -> dict[str, Any]:
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def test_every_fitting_command_takes_one(call: Call, folder: Path) -> None:
    workspace = ("--workspace", "ws.json", "--json", "-")
    fitted = document(call("fit", *workspace))
    assert fitted["origin"]["file"] == "ws.json"
    assert fitted["origin"]["sha256"] == pyhf.utils.digest(json.loads((folder / "ws.json").read_text()))
    found = document(call("limit", *workspace, "--points", "11"))
    assert (found["poi"], found["experiments"], found["search"]) == ("mu", [], None)
    assert found["value"] > fitted["parameters"]["mu"]["value"] > 0
    assert document(call("profile", *workspace, "--parameter", "mu", "--points", "3"))["values"]
    assert document(call("sensitivity", *workspace, "--points", "11"))["median"] > 0
    assert document(call("toys", *workspace, "-n", "3"))["seed"] == 1


def test_the_limit_is_that_of_pyhf_by_hand(call: Call, folder: Path) -> None:
    """Delta chi2, one-sided: where pyhf's own profile has risen by 1.6424 / 2."""
    found = document(
        call("limit", "--workspace", "ws.json", "--method", "delta-chi2-one-sided", "--json", "-")
    )
    workspace = pyhf.Workspace(json.loads((folder / "ws.json").read_text()))
    model = workspace.model()
    data = workspace.data(model)
    at_limit = pyhf.infer.mle.fixed_poi_fit(found["value"], data, model, return_fitted_val=True)[1]
    best = pyhf.infer.mle.fit(data, model, return_fitted_val=True)[1]
    assert float(at_limit - best) == pytest.approx(1.2815515655**2, rel=1e-3)


def test_a_patch_changes_the_model(call: Call, folder: Path) -> None:
    one = document(call("fit", "--workspace", "ws.json", "--json", "-"))
    for name in ("double", "patchset.json:double"):
        two = document(call("fit", "--workspace", "ws.json", "--patch", name, "--json", "-"))
        assert two["parameters"]["mu"]["value"] == pytest.approx(
            one["parameters"]["mu"]["value"] / 2, rel=1e-4
        )


def test_a_measurement_and_a_parameter_of_interest(call: Call, folder: Path) -> None:
    words = ("limit", "--workspace", "ws.json", "--measurement", "narrow")
    refused = call(*words)
    assert refused.exit_code == 2
    assert "no parameter of interest" in refused.stderr
    assert document(call(*words, "--poi", "mu", "--json", "-"))["poi"] == "mu"
    misspelt = call(*words, "--poi", "mmu")
    assert misspelt.exit_code == 2
    assert "Did you mean 'mu'" in misspelt.stderr


def test_interpolation_codes(call: Call, folder: Path) -> None:
    codes = ("--interpolation", "histosys=code0", "--interpolation", "normsys=code1")
    one = document(call("fit", "--workspace", "ws.json", "--json", "-"))
    two = document(call("fit", "--workspace", "ws.json", *codes, "--json", "-"))
    assert one["nll"] != two["nll"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("fit", "none, and no --workspace"),
        ("fit gallium --workspace ws.json", "EXPERIMENT beside it"),
        ("limit --workspace ws.json --search magnetic-moment", "--search beside it"),
        ("fit gallium --measurement wide", "no workspace for it"),
        ("limit gallium --search magnetic-moment --poi mu", "no workspace for it"),
        ("fit --workspace nothing.json", "no such file"),
        ("fit --workspace ws.json --measurement wde", "Did you mean 'wide'"),
        ("fit --workspace ws.json --patch triple", "double"),
        ("fit --workspace ws.json --patch other.json:double", "no such file"),
        ("fit --workspace ws.json --interpolation normsys", "KIND=CODE"),
        ("fit --workspace ws.json --interpolation normsys=code2", "code1, code4"),
        ("fit --workspace ws.json --interpolation lumi=code1", "normsys"),
        ("fit --workspace patchset.json", "patch set"),
    ],
)
def test_requests_that_make_no_sense(call: Call, folder: Path, words: str, said: str) -> None:
    result = call(*words.split())
    assert result.exit_code == 2, result.stdout
    assert said in result.stderr
    assert "Traceback" not in result.stderr
