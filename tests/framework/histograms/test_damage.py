"""Damaged and hostile files: one InputError each, in time, and nothing of them outlives the reading."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurecoil.errors import InputError
from nurecoil.histograms.histogram import Histogram
from nurecoil.histograms.read import list_histograms, read_histogram, read_histograms, read_metadata
from nurecoil.histograms.write import write_histograms

ROOT_FILE = Path(__file__).parents[2] / "truth" / "histograms" / "made_by_root.root"
SECONDS = 5.0
QUICK = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
MUTATIONS = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True), st.sampled_from([0, 1, 127, 128, 255]) | st.integers(0, 255)
    ),
    min_size=1,
    max_size=12,
)
SOME = Histogram("h", [0, 1, 3], [4, 6], [1, 2], observable="T", metadata={"doi": "10.1000/1"})


def survives(path: Path) -> None:
    """Whatever is in the file: its histograms, or InputError, and soon."""
    start = time.perf_counter()
    for attempt in (list_histograms, read_histograms, read_metadata):
        try:
            attempt(path)
        except InputError as error:
            assert str(error).startswith("input")
    assert time.perf_counter() - start < SECONDS


def mutated(data: bytes, mutations: list[tuple[float, int]], cut: float) -> bytes:
    changed = bytearray(data)
    for place, value in mutations:
        changed[int(place * len(changed))] = value
    return bytes(changed[: max(1, int(cut * len(changed)))])


class Files(dict[str, bytes]):
    """Whole files by kind, short when hypothesis prints them."""

    def __repr__(self) -> str:
        return f"Files({', '.join(self)})"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("whole")
    for suffix in (".root", ".json"):
        write_histograms(folder / f"a{suffix}", [SOME, Histogram("d/g", [0, 1], [1])], {"version": "1"})
    files = Files({path.suffix: path.read_bytes() for path in folder.iterdir()})
    files["ROOT"] = ROOT_FILE.read_bytes()
    return files


@QUICK
@given(mutations=MUTATIONS, cut=st.just(1.0) | st.floats(0, 1))
@pytest.mark.parametrize("kind", [".root", ".json", "ROOT"])
def test_mutated_files(
    tmp_path: Path, written: Files, kind: str, mutations: list[tuple[float, int]], cut: float
) -> None:
    path = tmp_path / f"a{'.root' if kind == 'ROOT' else kind}"
    path.write_bytes(mutated(written[kind], mutations, cut))
    survives(path)


@QUICK
@given(
    data=st.binary(max_size=400), start=st.sampled_from([b"", b"root", b"root\x00\x00\xf7\x00\x00\x00\x00d"])
)
@pytest.mark.parametrize("suffix", [".root", ".json", ".json.gz", ".zip"])
def test_garbage(tmp_path: Path, suffix: str, data: bytes, start: bytes) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(start + data)
    survives(path)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["double", "weighted", "regular", "x"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "bins", "edges", "values", "name", "json:a"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["regular", "variable"]),
        "edges": st.lists(st.floats(), max_size=4) | JSON,
        "bins": st.integers(-2, 4) | JSON,
        "lower": st.floats() | JSON,
        "upper": st.floats() | JSON,
        "underflow": st.booleans() | JSON,
        "overflow": st.booleans() | JSON,
        "metadata": JSON,
    },
)
STORAGES = st.fixed_dictionaries(
    {"type": st.sampled_from(["double", "int", "weighted"])},
    optional={
        "values": st.lists(st.floats(), max_size=5) | JSON,
        "variances": st.lists(st.floats(), max_size=5) | JSON,
        "index": JSON,
    },
)


@QUICK
@given(
    axis=FIELDS, storage=STORAGES, more=st.dictionaries(st.sampled_from(["metadata", "writer_info"]), JSON)
)
def test_json_of_nearly_the_right_form(
    tmp_path: Path, axis: object, storage: object, more: dict[str, object]
) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"h": {"uhi_schema": 1, "axes": [axis], "storage": storage, **more}}))
    survives(path)


@pytest.mark.parametrize("name", [b'"+evl()#', b"f{evl()}", b"f\nevl();", b"');e()#x"])
def test_class_descriptions_that_hold_code_are_refused(tmp_path: Path, name: bytes) -> None:
    """The description of TF1, which hangs on the fitted histogram, gets a member with such a name."""
    whole = ROOT_FILE.read_bytes()
    assert b"fChisquare" in whole
    path = tmp_path / "a.root"
    path.write_bytes(whole.replace(b"fChisquare", name + b"xx"))
    with pytest.raises(InputError, match=r"which is no C\+\+ name.*it is not read"):
        read_histogram(f"{path}:weighted")


def test_a_damaged_file_does_not_spoil_the_next(tmp_path: Path, written: Files) -> None:
    """uproot learns classes from files; what it learnt from a damaged one must not stay."""
    import uproot

    known = {
        name: dict(kind.known_versions)
        for name, kind in uproot.classes.items()
        if issubclass(kind, uproot.model.DispatchByVersion)
    }
    path = tmp_path / "a.root"
    whole = written["ROOT"]
    for place in range(100, len(whole), 997):
        path.write_bytes(whole[:place] + b"\x05" + whole[place + 1 :])
        survives(path)
    assert known == {
        name: dict(kind.known_versions)
        for name, kind in uproot.classes.items()
        if issubclass(kind, uproot.model.DispatchByVersion)
    }
    path.write_bytes(whole)
    assert read_histograms(path)["weighted"].counts.tolist() == [2.0, 4.0, 0.0]


@pytest.mark.parametrize(
    "text",
    [
        '{"format": "nurecoil-histograms-1", "file": {',
        '{"format": "nurecoil-histograms-1"}',
        '["nurecoil-histograms-1"]',
    ],
)
def test_our_own_metadata_damaged_are_not_overlooked(tmp_path: Path, text: str) -> None:
    import uproot

    path = tmp_path / "a.root"
    with uproot.recreate(path) as file:
        file["h"] = SOME.to_hist()
        file["metadata"] = text
    with pytest.raises(InputError, match=r"the metadata in .* are damaged"):
        read_histograms(path)
