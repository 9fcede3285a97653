"""Largest differences of -log L between the engine and each peer on one file, 20 points a model: a table.

The tests beside the bridges hold every one of them to 1e-9; here the numbers themselves are printed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich import box
from rich.console import Console
from rich.table import Table

from nurecoil.analysis import build
from nurecoil.bridges.files import write
from nurecoil.bridges.hs3.reading import model_from_hs3
from nurecoil.bridges.hs3.writing import hs3_document
from nurecoil.bridges.loading.documents import digest
from nurecoil.bridges.reading import read
from nurecoil.inference.fit import nll
from nurecoil.model.spectral import SpectralModel

from ..framework.bridges.hs3.hs3_models import SMALL
from ..framework.bridges.hs3.test_writing import ask
from ..framework.bridges.peers.large_workspaces import EVERY
from ..framework.bridges.peers.pyhf_peer import PyhfPeer

MOMENT = "magnetic-moment"
OURS: dict[str, Callable[[], SpectralModel]] = {
    "borexino, gallium": lambda: build(["borexino", "gallium"], MOMENT),
    "juno": lambda: build(["juno"], MOMENT),
}


def against_pyhf(path: Path) -> float:
    """Largest relative difference of a file, read here, from pyhf's own value."""
    model, peer = read(path), PyhfPeer(json.loads(path.read_text()))
    points = peer.points()
    return max(abs(nll(model, point) / peer.nll(point) - 1) for point in points)


def digests(folder: Path, model: SpectralModel, form: str) -> bool:
    """Whether writing, reading and writing again gives the same file."""
    one, two = folder / "one.json", folder / "two.json"
    write(model, one, form)
    write(read(one), two, form)
    return digest(json.loads(one.read_text())) == digest(json.loads(two.read_text()))


@pytest.mark.benchmark
def test_differences_from_every_peer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(title="largest relative difference of -log L, 20 points", box=box.SIMPLE_HEAD)
    heads = ("model", "pyhf reads ours", "theirs, read here", "RooFit, HS3", "pyhs3, HS3", "same digest")
    for heading in heads:
        table.add_column(heading, justify="left" if heading == "model" else "right")
    models = {name: make() for name, make in OURS.items()}
    small = {name: make() for name, make in SMALL.items()}
    documents = {name: hs3_document(one) for name, one in {**models, **small}.items()}
    hs3: dict[str, dict[str, list[float]]] = {
        tool: ask(tool, documents, tmp_path) for tool in ("ROOT", "pyhs3")
    }
    worst: list[float] = []
    for name, model in models.items():
        path = tmp_path / "written.json"
        write(model, path)
        found = [against_pyhf(path), *(max(hs3[tool][name]) for tool in hs3)]
        worst += found
        same = digests(tmp_path, model, "pyhf") and digests(tmp_path, model, "hs3")
        table.add_row(
            name, f"{found[0]:.1e}", "", f"{found[1]:.1e}", f"{found[2]:.1e}", "yes" if same else "NO"
        )
        assert same
    values = {tool: max(max(hs3[tool][name]) for name in small) for tool in hs3}
    again = all(_same(documents[name].document) for name in small)
    table.add_row(f"{len(small)} small models", "", "", *(f"{values[tool]:.1e}" for tool in hs3),
                  "yes" if again else "NO")  # fmt: skip
    files = []
    for name, make in EVERY.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(make()))
        files.append(against_pyhf(path))
    table.add_row(f"{len(EVERY)} HistFactory files", "", f"{max(files):.1e}", "", "", "")
    with capsys.disabled():
        Console(width=120).print(table)
    assert again
    assert max([*worst, *values.values(), *files]) < 1e-9


def _same(document: Any) -> bool:
    """Whether an HS3 document, read and written again, is the same."""
    plain = json.loads(json.dumps(document))
    again = hs3_document(model_from_hs3(plain, "document")).document
    return digest(json.loads(json.dumps(again))) == digest(plain)
