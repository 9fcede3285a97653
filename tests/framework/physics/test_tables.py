"""Tables in ROOT files: what is read, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import uproot

from nurecoil.errors import InputError
from nurecoil.physics.tables import METADATA_KEY, Table, read_metadata, read_table


def make(**changes: object) -> Table:
    fields: dict[str, object] = {
        "name": "t",
        "title": "a test",
        "columns": {"energy": np.array([1.0, 2.0]), "density": np.array([0.5, 0.25])},
        "units": {"energy": "MeV", "density": "1/MeV"},
        "citation": "nobody",
    }
    return Table(**(fields | changes))  # type: ignore[arg-type]


def write(path: Path, metadata: str | None, tree: bool = True) -> Path:
    with uproot.recreate(path) as file:
        if tree:
            made = file.mktree("t", {"energy": "f8", "density": "f8"})
            made.extend({"energy": np.array([1.0, 2.0]), "density": np.array([0.5, 0.25])})
        if metadata is not None:
            file[METADATA_KEY] = metadata
    return path


def test_read(tmp_path: Path) -> None:
    table = make(doi="10.1/x", arxiv="1234.5678", rows=("a", "b"), note="n")
    path = write(tmp_path / "t.root", json.dumps({"t": table.metadata()}))
    back = read_table(path, "t")
    assert back.metadata() == table.metadata()
    np.testing.assert_array_equal(back["density"], [0.5, 0.25])
    assert back.reference == "nobody, arXiv:1234.5678, doi:10.1/x"
    assert len(back) == 2 and back.row("b") == 1
    assert repr(back) == "<Table t: a test; 2 rows of energy [MeV], density [1/MeV]>"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": {}}, "columns of one length"),
        ({"columns": {"energy": np.empty(0)}}, "not empty"),
        ({"columns": {"energy": np.ones(2), "density": np.ones(3)}}, "columns of one length"),
        ({"columns": {"energy": np.array([1.0, np.nan])}}, "energy is nan in row 1"),
        ({"units": {"energy": "MeV"}}, "'density' has no unit"),
        ({"rows": ("a",)}, "1 row names for 2 rows"),
    ],
)
def test_malformed(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make(**changes)


def test_unknown_names(tmp_path: Path) -> None:
    table = make(rows=("pp", "be7"))
    with pytest.raises(InputError, match="Did you mean 'energy'"):
        table["enrgy"]
    with pytest.raises(InputError, match="Did you mean 'be7'"):
        table.row("be8")
    path = write(tmp_path / "t.root", json.dumps({"t": table.metadata()}))
    with pytest.raises(InputError, match="'u' is not known"):
        read_table(path, "u")


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_metadata(tmp_path / "none.root")
    text = tmp_path / "text.root"
    text.write_text("no ROOT file, but long enough to be looked at " * 10)
    with pytest.raises(InputError, match="cannot be read as ROOT"):
        read_metadata(text)
    with pytest.raises(InputError, match="no object 'metadata' among t"):
        read_metadata(write(tmp_path / "bare.root", None))
    with pytest.raises(InputError, match="no JSON"):
        read_metadata(write(tmp_path / "broken.root", "{"))
    with pytest.raises(InputError, match="a JSON list"):
        read_metadata(write(tmp_path / "list.root", "[1]"))


def test_metadata_that_does_not_fit(tmp_path: Path) -> None:
    about = make().metadata()
    path = write(tmp_path / "a.root", json.dumps({"t": about}), tree=False)
    with pytest.raises(InputError, match="do not fit"):
        read_table(path, "t")
    other = about | {"units": {"mass": "kg"}}
    with pytest.raises(InputError, match="do not fit"):
        read_table(write(tmp_path / "b.root", json.dumps({"t": other})), "t")
    with pytest.raises(InputError, match="do not fit"):
        read_table(write(tmp_path / "c.root", json.dumps({"t": about | {"colour": "red"}})), "t")
