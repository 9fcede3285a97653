"""What is written comes back to the last bit, through ROOT, UHI JSON and hist, whatever it is."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import hist
import numpy as np
import pytest
import uhi.io.json
import uhi.io.zip
import uproot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurecoil.errors import InputError, OptionError
from nurecoil.histograms.checks import Expectation, check
from nurecoil.histograms.histogram import Histogram
from nurecoil.histograms.locations import Location
from nurecoil.histograms.read import list_histograms, read_histogram, read_histograms, read_metadata
from nurecoil.histograms.write import write_histograms

UNITS = st.sampled_from([None, "", "1", "keV", "MeV", "cpd/100t/keV", "µ_B²"])
NUMBERS = st.one_of(st.integers(-(10**6), 10**6).map(float), st.floats(-1e150, 1e150))
SIZES = st.one_of(st.integers(0, 10**6).map(float), st.floats(0, 1e150))
WORDS = st.text(max_size=8)
PLAIN = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), WORDS
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=6,
)
KEYS = st.one_of(WORDS, st.sampled_from(["title", "label", "metadata", "json:a", "values", "edges", "unit"]))
RESERVED = {"name", "observable", "observable_unit", "counts_unit", "flow"}
SIGNED = Expectation(allow_negative=True)


@st.composite
def histograms(draw: st.DrawFn) -> Histogram:
    """Any histogram that may be: fixed or variable bins, with and without variances, flow and words."""
    bins = draw(st.integers(1, 12))
    start, step = draw(st.floats(-1e6, 1e6)), draw(st.floats(1e-3, 1e3))
    steps = draw(
        st.one_of(st.just([step] * bins), st.lists(st.floats(1e-3, 1e6), min_size=bins, max_size=bins))
    )
    edges = draw(st.sampled_from([np.cumsum([start, *steps]), np.linspace(start, start + step, bins + 1)]))
    if not np.all(np.diff(edges) > 0):
        edges = np.arange(bins + 1.0)
    signed = st.lists(NUMBERS, min_size=bins, max_size=bins)
    weighted = draw(st.booleans())
    return Histogram(
        name=draw(st.from_regex(r"[A-Za-z0-9_]{1,8}(/[a-z.+-]{0,3}[a-z0-9])?", fullmatch=True))
        .replace("/.", "/x").replace("/+", "/x").replace("/-", "/x").replace("metadata", "other"),
        edges=edges,
        counts=np.array(draw(signed)),
        variances=np.array(draw(st.lists(SIZES, min_size=bins, max_size=bins))) if weighted else None,
        observable=draw(st.one_of(st.none(), WORDS)),
        observable_unit=draw(UNITS),
        counts_unit=draw(UNITS),
        metadata={
            key: value for key, value in draw(st.dictionaries(KEYS, PLAIN, max_size=4)).items()
            if key not in RESERVED
        },
        underflow=draw(st.one_of(st.just(0.0), NUMBERS)),
        overflow=draw(st.one_of(st.just(0.0), NUMBERS)),
        flow_variances=(draw(SIZES), draw(SIZES)) if weighted else None,
    )  # fmt: skip


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    histogram=histograms(),
    about=st.dictionaries(WORDS.filter(lambda key: key not in RESERVED), PLAIN, max_size=3),
)
@pytest.mark.parametrize("suffix", [".root", ".json"])
def test_files_give_back_what_they_got(tmp_path: Path, suffix: str, histogram: Histogram, about: Any) -> None:
    path = tmp_path / f"file{suffix}"
    write_histograms(path, [histogram], about)
    assert read_histogram(path, expect=SIGNED) == check(histogram, SIGNED, "here")
    assert read_histogram(f"{path}:{histogram.name}", expect=SIGNED).name == histogram.name
    assert read_metadata(path) == about
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@settings(deadline=None, max_examples=60)
@given(histogram=histograms())
def test_hist_gives_back_what_it_got(histogram: Histogram) -> None:
    assert Histogram.from_hist(histogram.to_hist()) == histogram


def some(name: str = "h", **fields: Any) -> Histogram:
    return Histogram(**{"name": name, "edges": [0, 1, 3], "counts": [4, 6], **fields})


def test_root_files_are_what_root_users_expect(tmp_path: Path) -> None:
    path = tmp_path / "a.root"
    written = some(
        "mc/kr85",
        variances=[1, 2],
        observable="T",
        observable_unit="keV",
        counts_unit="events",
        metadata={"title": "krypton", "doi": "10.1000/1"},
    )
    write_histograms(path, [written, some("flat", edges=[0, 1, 2])], {"version": "1"})
    with uproot.open(path) as file:
        found = file["mc/kr85"]
        assert (found.classname, found.title) == ("TH1D", "krypton")
        assert found.axis().member("fTitle") == "T [keV]"
        assert found.errors().tolist() == [1.0, np.sqrt(2.0)]
        assert len(file["flat"].member("fSumw2")) == 0
        assert len(file["flat"].axis().member("fXbins")) == 0
        record = json.loads(str(file["metadata"]))
    assert record["file"] == {"version": "1"}
    assert record["histograms"]["mc/kr85"]["observable_unit"] == "keV"
    assert record["histograms"]["mc/kr85"]["doi"] == "10.1000/1"


def test_uhi_files_are_what_hist_expects(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_histograms(
        path, [some(variances=[1, 2], observable="T", metadata={"doi": "10.1000/1", "list": [1]})]
    )
    documents = json.loads(path.read_text(), object_hook=uhi.io.json.object_hook)
    found = hist.Hist(documents["h"])
    assert found.axes[0].name == "T"
    assert found.values().tolist() == [4, 6]
    assert found.variances().tolist() == [1, 2]  # type: ignore[union-attr]
    values = documents["h"]["metadata"].values()
    assert all(isinstance(value, str | int | float | bool) for value in values)


def test_several_histograms_and_their_order(tmp_path: Path) -> None:
    for suffix in (".root", ".json"):
        path = tmp_path / f"a{suffix}"
        write_histograms(path, [some("b"), some("a"), some("c", counts=[1, 2])])
        assert list_histograms(path) == ["b", "a", "c"]
        assert read_histograms(path, ["c", "b"])["c"].counts.tolist() == [1, 2]
        with pytest.raises(InputError, match=r"holds 3 histograms. Allowed: b, a, c. Name one of them: .*:b"):
            read_histogram(path)


def test_metadata_longer_than_roots_short_strings(tmp_path: Path) -> None:
    histogram = some(metadata={"note": "x" * 100_000})
    write_histograms(tmp_path / "a.root", [histogram])
    assert read_histogram(tmp_path / "a.root") == histogram


@pytest.mark.parametrize("suffix", [".json", ".json.gz", ".zip"])
@pytest.mark.parametrize("storage", [hist.storage.Double(), hist.storage.Int64(), hist.storage.Weight()])
@pytest.mark.parametrize("axis", ["regular", "variable", "bare"])
def test_what_hist_and_uhi_write(tmp_path: Path, suffix: str, storage: Any, axis: str) -> None:
    axes = {
        "regular": hist.axis.Regular(4, 0, 1, name="T", label="T [keV]"),
        "variable": hist.axis.Variable([0, 0.5, 1], name="T"),
        "bare": hist.axis.Regular(4, 0, 1, name="T", flow=False),
    }
    source = hist.Hist(axes[axis], storage=storage, name="mine", label="my data")
    source.fill([-1.0, 0.1, 0.3, 0.3, 2.0])
    path = tmp_path / f"mine{suffix}"
    text = json.dumps(source, default=uhi.io.json.default)
    if suffix == ".json":
        path.write_text(text)
    elif suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            uhi.io.zip.write(archive, "mine", source)
    else:
        path.write_bytes(gzip.compress(text.encode()))
    found = read_histogram(Location(path, "mine"))
    assert found.observable == "T"
    assert found.metadata["title"] == "my data"
    assert found.counts.tolist() == source.values().tolist()
    assert found.underflow == (0.0 if axis == "bare" else 1.0)
    assert (found.variances is not None) == isinstance(storage, hist.storage.Weight)
    np.testing.assert_allclose(found.edges, source.axes[0].edges, rtol=1e-15)


def test_sparse_uhi_and_plain_json_in_a_zip(tmp_path: Path) -> None:
    source = hist.Hist(hist.axis.Regular(1000, 0, 1), storage=hist.storage.Double(), name="mine")
    source.fill([0.5, 0.5])
    sparse = uhi.io.to_sparse(source._to_uhi_())
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("all.json", json.dumps({"one": sparse, "two": sparse}, default=uhi.io.json.default))
    assert list_histograms(tmp_path / "a.zip") == ["one", "two"]
    assert read_histogram(f"{tmp_path / 'a.zip'}:two").counts.tolist() == source.values().tolist()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "no histogram to write"),
        (["a", "a"], "'a' is there twice"),
        (["a", "a/b"], "'a' is there twice"),
        (["metadata"], "kept for the metadata"),
        (["a;1"], "'a;1' cannot be written"),
        (["a//b"], "cannot be written"),
        (["../a"], "cannot be written"),
        ([""], "cannot be written"),
    ],
)
def test_names_that_cannot_be_written(tmp_path: Path, names: list[str], message: str) -> None:
    for suffix in (".root", ".json"):
        with pytest.raises(InputError, match=message):
            write_histograms(tmp_path / f"a{suffix}", [some(name) for name in names])
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_a_write_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.root"
    write_histograms(path, [some()])
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"histogram 'b'.*bin 0 .*nan"):
        write_histograms(path, [some("a"), some("b", counts=[np.nan, 1])])

    def fail(_: Histogram) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr(Histogram, "to_hist", fail)
    with pytest.raises(RuntimeError, match="in the middle"):
        write_histograms(path, [some("a")])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_formats_that_are_only_read(tmp_path: Path) -> None:
    for name in ("a.zip", "a.json.gz", "a.txt", "a"):
        with pytest.raises(OptionError, match=r"no suffix that can be written. Allowed: .root, .json"):
            write_histograms(tmp_path / name, [some()])
    with pytest.raises(OptionError, match="does not exist"):
        write_histograms(tmp_path / "no" / "a.root", [some()])
