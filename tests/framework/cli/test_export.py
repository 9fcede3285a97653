"""``nurecoil export``: files in every format, what is said about them, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import uproot
from typer.testing import Result

from nurecoil.bridges.loading.documents import digest

Call = Callable[..., Result]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def document(result: Result) -> dict[str, Any]:
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def test_pyhf_with_its_sidecar(call: Call, folder: Path) -> None:
    found = document(call("export", "gallium", "-o", "ws.json", "--json", "-"))
    assert sorted(path.name for path in folder.iterdir()) == ["ws.json", "ws.nurecoil.json"]
    assert found["sha256"] == digest(json.loads((folder / "ws.json").read_text()))
    assert found["approximations"][0]["largest_nll_difference"]["within_3_sigma"] < 1e-6
    words = call("export", "gallium", "-o", "ws.json").stdout
    assert found["sha256"] in words
    assert "approximate: normal measurement" in words


def test_hs3_is_one_file(call: Call, folder: Path) -> None:
    found = document(call("export", "gallium", "--to", "hs3", "-o", "ws.json", "--json", "-"))
    assert [path.name for path in folder.iterdir()] == ["ws.json"]
    written = json.loads((folder / "ws.json").read_text())
    assert written["metadata"]["hs3_version"] == "0.2"
    assert found["sha256"] == digest(written)


def test_root_histograms(call: Call, folder: Path) -> None:
    found = document(call("export", "gallium", "--to", "root", "-o", "ws.root", "--json", "-"))
    assert found["format"] == "root"
    with uproot.open(folder / "ws.root") as file:
        assert any(name.endswith("data;1") for name in file.keys(recursive=True))


def test_a_file_in_another_format(call: Call, folder: Path) -> None:
    assert call("export", "gallium", "-o", "ws.json").exit_code == 0
    found = document(
        call("export", "--workspace", "ws.json", "--to", "hs3", "-o", "other.json", "--json", "-")
    )
    assert found["approximations"], "what the first file approximated is not forgotten"
    one, two = (document(call("fit", "--workspace", name, "--fix", "solar.flux.pp=1", "--json", "-"))
                for name in ("ws.json", "other.json"))  # fmt: skip
    flux = "solar.flux.be7"
    assert one["parameters"][flux]["value"] == pytest.approx(two["parameters"][flux]["value"], rel=1e-6)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("export gallium", "no file to write"),
        ("export gallium --to pyfh -o ws.json", "Did you mean 'pyhf'"),
        ("export gallium --response froozen -o ws.json", "Did you mean 'frozen'"),
        ("export gallium -o nowhere/ws.json", "does not exist"),
        ("export gallium -o ws.nurecoil.json", "sidecars"),
        ("export -o ws.json", "none, and no --workspace"),
        ("export borexino --response refuse -o ws.json", "the templates depend on"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(call: Call, folder: Path, words: str, said: str) -> None:
    result = call(*words.split())
    assert result.exit_code == 2, result.stdout
    assert said in result.stderr
    assert not list(folder.iterdir())
