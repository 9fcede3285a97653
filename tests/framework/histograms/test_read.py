"""Reading what others made, and the errors that tell a user what to do."""

from __future__ import annotations

import json
import re
import threading
import zipfile
from pathlib import Path

import hist
import numpy as np
import pytest
import uhi.io.json
import uproot

from nurecoil.errors import InputError
from nurecoil.histograms.checks import Expectation
from nurecoil.histograms.histogram import Histogram
from nurecoil.histograms.read import list_histograms, read_histogram, read_histograms, read_metadata
from nurecoil.histograms.write import write_histograms

ROOT_FILE = Path(__file__).parents[2] / "truth" / "histograms" / "made_by_root.root"
"""Written by ROOT itself; see make_made_by_root.py beside it."""


def refusal(location: object, **arguments: object) -> str:
    with pytest.raises(InputError) as caught:
        read_histogram(location, where="borexino.data", **arguments)  # type: ignore[arg-type]
    assert str(caught.value).startswith("borexino.data")
    return str(caught.value)


def test_what_root_wrote() -> None:
    assert list_histograms(ROOT_FILE) == ["plain", "weighted", "filled", "backgrounds/late/kr85"]
    found = read_histograms(ROOT_FILE)
    plain, weighted, filled = found["plain"], found["weighted"], found["filled"]
    assert plain.counts.tolist() == [50, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert plain.edges.tolist() == [10.0 * index for index in range(11)]
    assert (plain.underflow, plain.overflow, plain.variances) == (0.0, 11.0, None)
    assert plain.observable_unit == "keV"
    assert plain.metadata["title"] == "counts in ten bins"
    assert weighted.edges.tolist() == [0.0, 1.0, 2.5, 7.0]
    assert weighted.counts.tolist() == [2.0, 4.0, 0.0]
    assert weighted.variances is not None
    assert weighted.variances.tolist() == [4.0, 10.0, 0.0]
    assert weighted.flow_variances == (0.25, 16.0)
    assert filled.counts.tolist() == [1.0, 2.0]
    assert found["backgrounds/late/kr85"].metadata == {"title": "krypton"}
    assert read_metadata(ROOT_FILE) == {}


def test_reading_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    for _ in range(3):
        read_histograms(ROOT_FILE)
    assert threading.active_count() == before


def test_root_cycles() -> None:
    assert read_histogram(f"{ROOT_FILE}:plain;1").counts[0] == 1.0
    assert read_histogram(f"{ROOT_FILE}:plain;2").counts[0] == 50.0
    assert "Did you mean 'plain;2' or 'plain;1'" in refusal(f"{ROOT_FILE}:plain;7")


def test_an_energy_unit_in_an_axis_title_is_believed() -> None:
    message = refusal(f"{ROOT_FILE}:plain", expect=Expectation(observable="T", observable_unit="MeV"))
    assert "its observable unit is 'keV'. Allowed: 'MeV'" in message
    found = read_histogram(f"{ROOT_FILE}:plain", expect=Expectation(observable="T", observable_unit="keV"))
    assert found.observable == "T"
    assert found.metadata["assumed"] == ["observable"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tree", "'tree' in .* is a TTree (entries, not a histogram)"),
        ("plane", "is a TH2D (two dimensions)"),
        ("graph", "is a TGraph (points without bins)"),
        ("profile", "is a TProfile (averages, not counts)"),
        ("backgrounds", "is a TDirectory (a folder)"),
        ("metadata", "is a TObjString"),
    ],
)
def test_objects_that_are_no_histogram(name: str, message: str) -> None:
    found = refusal(f"{ROOT_FILE}:{name}")
    assert message.split(".*")[-1] in found
    assert "plain, " in found
    assert "Name a histogram, or make one of it first" in found


def test_a_missing_object_lists_the_nearest_first() -> None:
    message = refusal(f"{ROOT_FILE}:kr85")
    assert "holds no 'kr85'. Allowed: " in message
    message = refusal(f"{ROOT_FILE}:weihgted")
    assert "Allowed: weighted, plain, filled, backgrounds/late/kr85. Did you mean 'weighted'?" in message


def test_many_objects_are_not_all_listed(tmp_path: Path) -> None:
    path = tmp_path / "many.json"
    write_histograms(path, [Histogram(f"h{index}", [0, 1], [1]) for index in range(40)])
    assert "and 25 more" in refusal(f"{path}:x")


def test_a_file_without_histograms(tmp_path: Path) -> None:
    path = tmp_path / "tree.root"
    with uproot.recreate(path) as file:
        file.mktree("events", {"x": "f8"}).extend({"x": np.ones(3)})
    message = refusal(path)
    assert "holds no histogram; 'events' is a TTree (entries, not a histogram)" in message
    assert list_histograms(path) == []


def test_a_missing_file_names_its_neighbours(tmp_path: Path) -> None:
    for name in ("spectra.root", "spectrum.root", "other.json", "notes.txt"):
        (tmp_path / name).touch()
    message = refusal(f"{tmp_path / 'spektrum.root'}:h")
    assert "does not exist. Allowed: spectrum.root, spectra.root" in message
    assert "notes" not in message
    assert "nor does its folder" in refusal(tmp_path / "no" / "a.root")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.root").mkdir()
    assert "is no file" in refusal(tmp_path / "a.root")


@pytest.mark.parametrize("cut", [0, 3, 15, 100, 5000, -1])
def test_a_truncated_root_file(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.root"
    path.write_bytes(ROOT_FILE.read_bytes()[:cut])
    assert any(word in refusal(f"{path}:plain") for word in ("is empty", "no ROOT file", "is truncated"))


def test_a_root_file_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "page.root"
    path.write_text("<html>not found</html>")
    assert "is no ROOT file, it begins with b'<html>not fo'" in refusal(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("{", "is truncated"),
        ('{"a": "', "is truncated"),
        ("energy,counts\n1,2\n", "is no JSON"),
        ("[1, 2]", "is JSON but holds no histogram"),
        ('{"channels": [], "observations": []}', "a statistical model, not histograms.*--workspace"),
        ('{"distributions": []}', "a statistical model"),
        ('{"a": 1}', "holds no histogram; 'a' is no UHI histogram"),
        ("{}", "holds no histogram"),
        ('{"uhi_schema": 2}', "'file' is of UHI schema 2, not 1"),
        ('{"uhi_schema": 1}', "axes or storage missing"),
        ("[" * 100_000, "cannot be read as UHI JSON"),
        ("1" * 10_000, "cannot be read as UHI JSON"),
    ],
)
def test_json_that_is_none_or_no_uhi(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(text)
    assert re.search(message, refusal(path))


def test_binary_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00")
    assert "is no JSON, it begins with" in refusal(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (hist.Hist(hist.axis.Regular(2, 0, 1), hist.axis.Regular(2, 0, 1)), "a histogram with 2 axes"),
        (hist.Hist(hist.axis.StrCategory(["a"])), "a histogram with a category_str axis"),
        (hist.Hist(hist.axis.Regular(2, 0, 1, circular=True)), "a histogram with a circular axis"),
        (hist.Hist(hist.axis.Regular(2, 0, 1), storage=hist.storage.Mean()), "a profile (averages"),
    ],
)
def test_uhi_that_is_no_count_spectrum(tmp_path: Path, source: object, message: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"mine": source}, default=uhi.io.json.default))
    assert f"'mine' in {path} is {message}" in refusal(f"{path}:mine")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"axes": [{"type": "regular", "bins": 10**12}]}, "1000000000000 bins"),
        ({"storage": {"type": "double"}}, "no contents"),
        ({"storage": {"type": "double", "values": [1, 2]}}, "2 bins but 2 contents with flow"),
        ({"storage": {"type": "double", "values": ["a", 2, 3, 4]}}, "is no UHI histogram"),
        ({"storage": {"type": "double", "values": "elsewhere.npy"}}, "is no UHI histogram"),
        ({"storage": {"type": "weighted", "values": [1, 2, 3, 4]}}, "is no UHI histogram"),
        ({"storage": {"type": "double", "values": [1, 2, float("nan"), 4]}}, r"bin 1 \(0.5..1\) nan"),
        ({"storage": {"type": "double", "values": [float("nan"), 2, 3, 4]}}, "underflow is nan"),
        (
            {"storage": {"type": "weighted", "values": [1] * 4, "variances": [1, -1, 1, 1]}},
            "variance of bin 0",
        ),
        ({"storage": {"type": "double", "index": [[10**9]], "values": [1]}}, "is no UHI histogram"),
        ({"metadata": {"json:a": "{"}}, "is no JSON"),
        ({"metadata": {"observable": {"a": 1}}}, "its observable is .*Allowed: text"),
    ],
)
def test_uhi_with_impossible_contents(tmp_path: Path, change: dict[str, object], message: str) -> None:
    axis = {"type": "regular", "lower": 0, "upper": 1, "bins": 2, "underflow": True, "overflow": True,
            "circular": False}  # fmt: skip
    document = {"uhi_schema": 1, "axes": [axis], "storage": {"type": "double", "values": [1, 2, 3, 4]}}
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"h": {**document, **change}}))
    assert re.search(message, refusal(path))


def test_a_zip_that_is_none_holds_none_or_would_burst(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK nothing")
    assert "cannot be read as UHI JSON" in refusal(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("notes.txt", "0" * 2_000_000)
    assert "holds no JSON" in refusal(path)
    monkeypatch.setattr("nurecoil.histograms._uhi.MOST_BYTES", 1_000_000)
    assert "unpacks to 2000000 bytes" in refusal(path)


def test_negative_contents_where_they_may_be(tmp_path: Path) -> None:
    path = tmp_path / "a.root"
    write_histograms(path, [Histogram("h", [0, 1, 2], [1, -2])])
    assert "content of bin 1 (1..2) -2" in refusal(path)
    assert read_histogram(path, expect=Expectation(allow_negative=True)).counts[1] == -2
    assert f", {path}:h: content" in refusal(path)


def test_negative_variances_in_root_are_not_hidden(tmp_path: Path) -> None:
    path = tmp_path / "a.root"
    source = hist.Hist(hist.axis.Regular(2, 0, 2), storage=hist.storage.Weight())
    source.view(flow=True)[...] = [(0, 0), (1, 1), (1, -1), (0, 0)]
    with uproot.recreate(path) as file:
        file["h"] = source
    assert "variance of bin 1 (1..2) -1" in refusal(path)


def test_axis_name_lost_or_another(tmp_path: Path) -> None:
    write_histograms(tmp_path / "a.root", [Histogram("h", [0, 1], [1], observable="N_p")])
    with uproot.recreate(tmp_path / "b.root") as file:
        file["h"] = hist.Hist(hist.axis.Regular(1, 0, 1, name="N_p", label="anything")).fill([0.5])
    expect = Expectation(observable="N_h", observable_unit="1", counts_unit="events")
    assert "its observable is 'N_p'. Allowed: 'N_h'" in refusal(tmp_path / "a.root", expect=expect)
    found = read_histogram(tmp_path / "b.root", expect=expect)
    assert (found.observable, found.counts_unit) == ("N_h", "events")
    assert found.metadata["assumed"] == ["observable", "observable_unit", "counts_unit"]
    assert found.metadata["axis_title"] == "anything"
