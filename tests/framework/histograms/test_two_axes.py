"""Reading histograms with two axes: both formats, and every way in which a file can be the wrong one."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import hist
import numpy as np
import pytest
import uhi.io.json
import uproot

from nurecoil.errors import InputError
from nurecoil.histograms.two_axes import read_two_axes

MADE = hist.Hist.new.Var([0, 1, 3]).Reg(3, 0, 3).Double()
MADE.view()[...] = np.arange(6.0).reshape(2, 3)


def written(folder: Path, suffix: str, histogram: hist.Hist = MADE) -> Path:
    path = folder / f"mine{suffix}"
    if suffix == ".root":
        with uproot.recreate(path) as file:
            file["r"] = histogram
        return path
    text = json.dumps({"r": histogram}, default=uhi.io.json.default)
    path.write_bytes(gzip.compress(text.encode()) if suffix.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize("suffix", [".root", ".json", ".json.gz"])
@pytest.mark.parametrize("name", [":r", ""])
def test_both_formats_give_the_same(tmp_path: Path, suffix: str, name: str) -> None:
    found = read_two_axes(f"{written(tmp_path, suffix)}{name}")
    assert found.first.tolist() == [0, 1, 3]
    assert found.second.tolist() == [0, 1, 2, 3]
    assert found.contents.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("suffix", [".root", ".json", ".json.gz"])
def test_what_is_not_there_is_named(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path, suffix)
    with pytest.raises(InputError, match=r"juno\.response.*'rr' is not known.*Did you mean 'r'"):
        read_two_axes(f"{path}:rr", where="juno.response")
    with pytest.raises(InputError, match=r"juno\.response: .*does not exist"):
        read_two_axes(f"{tmp_path}/no{suffix}:r", where="juno.response")


@pytest.mark.parametrize("suffix", [".root", ".json", ".json.gz"])
def test_one_axis_is_not_enough(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path, suffix, hist.Hist.new.Reg(3, 0, 3).Double())
    with pytest.raises(InputError, match="two axes"):
        read_two_axes(f"{path}:r")


@pytest.mark.parametrize("suffix", [".root", ".json", ".json.gz"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_damaged_files_are_refused(tmp_path: Path, suffix: str, share: float) -> None:
    path = written(tmp_path, suffix)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match="here"):
        read_two_axes(f"{path}:r", where="here")


def test_several_objects_need_a_name(tmp_path: Path) -> None:
    with uproot.recreate(tmp_path / "two.root") as file:
        file["a"], file["b"] = MADE, MADE
    with pytest.raises(InputError, match=r"holds 2 objects and none is named.*a, b"):
        read_two_axes(tmp_path / "two.root")
    (tmp_path / "none.json").write_text("{}")
    with pytest.raises(InputError, match="holds 0 objects"):
        read_two_axes(tmp_path / "none.json")


@pytest.mark.parametrize("text", ['{"r": 3}', '{"r": {"uhi_schema": 1}}', "[1]", "no json", '{"r": null}'])
def test_json_without_histogram_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(InputError):
        read_two_axes(f"{path}:r")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "mine.root").mkdir()
    with pytest.raises(InputError, match="does not exist"):
        read_two_axes(f"{tmp_path}/mine.root:r")
