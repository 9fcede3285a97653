"""Workspaces as files: whole or not at all, with a sidecar that leads back to the public names."""

from __future__ import annotations

import hashlib
import json
import math
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyhf.utils
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nurecoil as nr
from nurecoil._version import __version__
from nurecoil.bridges.files import sidecar_path, write
from nurecoil.bridges.histfactory.sidecar import plain
from nurecoil.bridges.pyhf import document, to_pyhf
from nurecoil.errors import ModelError, NurecoilError, OptionError
from nurecoil.model.spectral import SpectralModel


def strict(path: Path) -> Any:
    """JSON as the standard has it: no NaN, no Infinity."""

    def refuse(word: str) -> float:
        raise AssertionError(f"{word} in {path}")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def public_value(written: dict[str, Any], values: dict[str, float]) -> float:
    """A public value from the sidecar alone, as a reader elsewhere would compute it."""
    kind = written["as"]
    if kind == "norm factor":
        value = values[written["names"][0]]
        return float(written["scale"] * math.copysign(abs(value) ** (1 / written["power"]), value))
    if kind in ("pull", "response pull"):
        steps = [slope * values[name] for slope, name in zip(written["row"], written["names"], strict=True)]
        return float(written["centre"] + sum(steps))
    if kind == "log-normal pull":
        return float(written["centre"] * written["factor"] ** values[written["names"][0]])
    return float(written["value"])


def test_the_big_model(combined: SpectralModel, tmp_path: Path) -> None:
    nr.write(combined, tmp_path / "borexino.json")
    assert sorted(os.listdir(tmp_path)) == ["borexino.json", "borexino.nurecoil.json"]
    workspace, beside = strict(tmp_path / "borexino.json"), strict(tmp_path / "borexino.nurecoil.json")
    assert pyhf.Workspace(workspace) == to_pyhf(combined)
    canonical = json.dumps(workspace, sort_keys=True, ensure_ascii=False).encode()
    digest = beside["workspace"]["digest"]["sha256"]
    assert digest == hashlib.sha256(canonical).hexdigest() == pyhf.utils.digest(workspace)
    assert (beside["version"], beside["poi"]) == (__version__, "mu_eff")
    assert beside["response"]["form"] == "frozen"
    assert beside["response"]["before"]["form"] == "compiled"
    light = beside["response"]["centre"]["borexino.light_yield"]
    assert light == {"value": combined.parameters["borexino.light_yield"].value, "unit": "hits/MeV"}
    assert beside["parameters"]["mu_eff"]["written"] == {
        "as": "norm factor",
        "names": ["mu2"],
        "power": 2,
        "scale": 1e-11,
        "unit": "(1e-11 mu_B)^2",
    }
    assert beside["parameters"]["mu_eff"]["unit"] == "mu_B"
    for name in ("borexino.light_yield", "borexino.resolution_constant"):
        assert beside["parameters"][name]["written"]["as"] == "frozen"
    assert beside["metadata"]["references"] == combined.metadata["references"]
    assert beside["metadata"]["provenance"] == combined.metadata["provenance"]
    assert beside["metadata"]["options"] == plain(combined.metadata["options"])
    assert beside["channels"]["borexino/nhits"]["edges"] == combined.channels[0].edges.tolist()  # type: ignore[union-attr]
    gallium = beside["channels"]["gallium/rate"]
    assert (gallium["kind"], gallium["unit"], gallium["observed"]) == ("gaussian", "SNU", [66.1])
    assert {a["what"] for a in beside["approximations"]} == {
        "detector response",
        "normal measurement in channel gallium/rate",
    }


def test_the_sidecar_leads_back_to_public_names(any_model: SpectralModel, tmp_path: Path) -> None:
    write(any_model, tmp_path / "model.json")
    beside = strict(tmp_path / "model.nurecoil.json")
    made = document(any_model)
    start = made.coordinates()
    for name, said in beside["parameters"].items():
        assert said["value"] == any_model.parameters[name].value
        assert public_value(said["written"], start) == pytest.approx(abs(said["value"]), rel=1e-12)
    names = {e["name"] for e in strict(tmp_path / "model.json")["measurements"][0]["config"]["parameters"]}
    said_names = {n for p in beside["parameters"].values() for n in p["written"].get("names", ())}
    errors = {n for c in beside["channels"].values() for n in c.get("pulls", ())}
    apart = {n for a in beside["approximations"] if "measurement" in a["what"] for n in a["parameters"]}
    assert said_names | errors | apart == names


def test_histosys_says_what_it_adds(toys: SimpleNamespace, tmp_path: Path) -> None:
    write(toys.bent(), tmp_path / "bent.json", response="histosys")
    beside = strict(tmp_path / "bent.nurecoil.json")
    written = beside["parameters"]["tilt"]["written"]
    assert written["as"] == "response pull" and written["constraint_added"] is True
    assert written["centre"] == 0.1
    (added,) = (a for a in beside["approximations"] if a["what"] == "free response parameters")
    assert added["parameters"] == ["tilt"] and "10 standard deviations" in added["how"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "pyfh"}, r"format: 'pyfh' is not known. Allowed: hs3, pyhf, root. Did you mean 'pyhf'\?"),
        ({"response": "melted"}, r"response: 'melted' is not known. Allowed: frozen, histosys, refuse"),
        ({"path": "no/such/folder.json"}, r"the folder .*no does not exist|the folder .*such does not exist"),
        ({"path": "a.nurecoil.json"}, r"Names that end in .nurecoil.json are the sidecars'"),
        ({"path": "."}, r"a file name such as model.json"),
    ],
)
def test_a_wrong_request_writes_nothing(
    arguments: dict[str, str],
    message: str,
    exact: SpectralModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OptionError, match=message):
        write(exact, **{"path": "model.json", **arguments})
    assert not os.listdir(tmp_path)


def test_a_model_without_a_form_writes_nothing(toys: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        write(toys.bent(), tmp_path / "model.json", response="refuse")
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize("fails", [1, 2])
def test_a_disk_that_fails_leaves_what_was_there(
    fails: int, older: bool, toys: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = toys.spectrum([*map(toys.free, ("signal", "flat", "slope"))], toys.LINEAR)
    if older:
        write(model, tmp_path / "model.json")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    other = model.with_parameters(signal={"value": 0.5})
    moves = iter(range(1, 9))
    move = os.replace

    def replace(source: Any, target: Any) -> None:
        if next(moves) == fails:
            raise OSError(28, "No space left on device")
        move(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(OptionError, match="No space left"):
        write(other, tmp_path / "model.json")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_it_replaces_both(toys: SimpleNamespace, tmp_path: Path) -> None:
    model = toys.spectrum([*map(toys.free, ("signal", "flat", "slope"))], toys.LINEAR)
    for value in (0.5, 1.5):
        write(model.with_parameters(signal={"value": value}), tmp_path / "model.json")
        beside = strict(tmp_path / "model.nurecoil.json")
        assert beside["parameters"]["signal"]["value"] == value
        assert beside["workspace"]["digest"]["sha256"] == pyhf.utils.digest(strict(tmp_path / "model.json"))


@given(name=st.text(max_size=30))
def test_a_sidecar_lies_beside_its_workspace(name: str) -> None:
    try:
        beside = sidecar_path(Path("folder") / name)
    except NurecoilError:
        return
    assert beside.name.endswith(".nurecoil.json")
    assert beside != Path("folder") / name
    assert beside.parent == (Path("folder") / name).parent


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))


@given(
    value=st.recursive(
        LEAVES,
        lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(max_size=3), inner)),
        max_leaves=9,
    )
)
def test_plain_data_is_json(value: object) -> None:
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == plain(value)


def test_plain_data_of_everything_a_model_may_carry(tmp_path: Path) -> None:
    odd = {"path": tmp_path, "number": np.float64(2.0), "flags": np.array([True]), "set": {1}, 3: 1 + 2j}
    assert plain(odd) == {"path": str(tmp_path), "number": 2.0, "flags": [True], "set": [1], "3": "(1+2j)"}
