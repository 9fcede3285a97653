"""A file of toys: the same bytes whatever happened to it, and nothing of others' harmed."""

from __future__ import annotations

import dataclasses
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurecoil.errors import InputError, NurecoilError, OptionError
from nurecoil.inference import toy_file
from nurecoil.inference.toy_file import ToyFile
from nurecoil.inference.toy_layout import COLUMNS, ToyHeader, opened
from nurecoil.inference.toy_rows import ToyRows

h5py = pytest.importorskip("h5py")
NAMES = ("mu_eff", "rate.µ")
HEADER = ToyHeader(
    NAMES, ("mu_B", "cpd"), np.array([2, 1]), np.array([0.0, 3.5]), {"mu_eff": 0.0}, "mu_eff",
    {"version": "1", "held": {"mu_eff": 0.0}}, {"notes": ["a note"], "experiments": ["toy"]},
)  # fmt: skip


def made(start: int, n: int) -> ToyRows:
    """Toys whose numbers are those of their rows; every seventh failed."""
    row = np.arange(start, start + n, dtype=float)
    bad = row % 7 == 3
    values = np.where(bad[:, None], np.nan, row[:, None] + [0.25, 0.5])
    nll = np.where(bad, np.nan, row)
    reasons = {int(i): f"toy {start + i} µ" + "é" * 99 for i in np.flatnonzero(bad)}
    return ToyRows(values, values / 8, nll, nll + 1, np.where(bad, 3, 1).astype(np.uint8), reasons)


def opened_file(path: Path, n: int = 20, **more: Any) -> ToyFile:
    asked = {"seed": 2**64 - 1, "first": 5} | more
    return ToyFile(path, asked.pop("header", HEADER), asked["seed"], asked["first"], n)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "toys.h5"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "toys.h5"
    with opened_file(path) as file:
        file.write(0, made(0, 20))
    return path


def test_what_is_written_is_read_with_plain_h5py(path: Path) -> None:
    with opened_file(path) as file:
        file.write(0, made(0, 20))
        assert len(file) == 20
    with h5py.File(path) as found:
        assert found.attrs["format"] == "nurecoil toys"
        assert [name.decode() for name in found["parameters"][()]] == list(NAMES)
        assert found["powers"][()].tolist() == [2, 1]
        np.testing.assert_array_equal(found["values"][()], made(0, 20).values)
        np.testing.assert_array_equal(found["errors"][()], made(0, 20).errors)
        np.testing.assert_array_equal(found["nll_fixed"][()], made(0, 20).nll_fixed)
        assert found["seed"][()].tolist() == [2**64 - 1] * 20
        assert found["toy"][()].tolist() == list(range(5, 25))
        assert found["status"][()].tolist() == made(0, 20).status.tolist()
        reasons = found["reason"][()].tolist()
        assert reasons[0] == b"" and reasons[3].decode() == "toy 3 µ" + "é" * 46  # 100 bytes, none cut
        places = [found[name].id.get_offset() for name in COLUMNS]
        assert all(place is not None and place % 8 == 0 for place in places)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 19), st.integers(1, 20), st.booleans()), max_size=8))
def test_any_order_and_any_interruptions_give_the_same_bytes(
    undisturbed: Path, tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[int, int, bool]]
) -> None:
    path = tmp_path_factory.mktemp("part") / "toys.h5"
    for start, n, killed in parts:
        file = opened_file(path)
        stop = min(start + n, 20)
        file.write(start, made(start, stop - start))
        if killed:  # what was not told to the disk yet is lost, status first
            file._close.pop_all()
            os.close(file._handle)
        else:
            file.__exit__(None, None, None)
    with opened_file(path) as file:
        for row in np.flatnonzero(file.status() == 0).tolist():
            file.write(row, made(row, 1))
    assert path.read_bytes() == undisturbed.read_bytes()


def test_a_status_is_written_after_all_else(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened_file(path) as file:
        order: list[tuple[str, int]] = []
        status = file._places["status"]
        monkeypatch.setattr(toy_file, "_SYNCHRONISED", 0.0)
        monkeypatch.setattr(os, "fsync", lambda _: order.append(("sync", 0)))
        true = os.pwrite
        monkeypatch.setattr(
            os,
            "pwrite",
            lambda *words: order.append(("write", words[2])) or true(*words),  # type: ignore[func-returns-value]
        )
        file.write(4, made(4, 3))
    assert [what for what, _ in order] == ["write"] * 4 + ["sync", "write"]
    assert order[-1] == ("write", status.at(4))


def test_a_larger_file_has_what_was_done(path: Path, undisturbed: Path) -> None:
    with opened_file(path, 9) as file:
        file.write(2, made(2, 6))
    with opened_file(path, 20) as file:
        assert np.flatnonzero(file.status()).tolist() == [2, 3, 4, 5, 6, 7]
        file.write(0, made(0, 2))
        file.write(8, made(8, 12))
    assert path.read_bytes() == undisturbed.read_bytes()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 3}, "seed: 18446744073709551615 there, 3 here"),
        ({"first": 6}, "first toy: 5 there, 6 here"),
        ({"n": 12}, "has 20 of these toys, and 12 are asked for. Allowed: -n 20 or more"),
        (
            {"header": dataclasses.replace(HEADER, identity={"version": "1", "held": {"mu_eff": 4e-11}})},
            "held, mu_eff: 0 there, 4e-11 here",
        ),
        (
            {"header": dataclasses.replace(HEADER, identity={"version": "2", "held": {"mu_eff": 0.0}})},
            "version: 1 there, 2 here",
        ),
        ({"header": dataclasses.replace(HEADER, parameters=("b", "mu_eff"))}, "in another order"),
    ],
)
def test_other_toys_are_refused_and_left_alone(path: Path, change: dict[str, Any], said: str) -> None:
    with opened_file(path) as file:
        file.write(0, made(0, 7))
    before = path.read_bytes()
    with pytest.raises(OptionError) as caught:
        opened_file(path, change.pop("n", 20), **change)
    assert said in str(caught.value)
    assert path.read_bytes() == before and list(path.parent.iterdir()) == [path]


def test_two_cannot_fill_one_file(path: Path) -> None:
    with opened_file(path) as file:
        file.write(0, made(0, 3))
        for n in (20, 30):
            with pytest.raises(OptionError, match="is being filled by another process"):
                opened_file(path, n)
    with opened_file(path) as file:
        assert np.flatnonzero(file.status()).tolist() == [0, 1, 2]


@pytest.mark.parametrize("what", ["removed", "replaced"])
def test_a_file_that_is_taken_away_is_told(path: Path, what: str) -> None:
    with pytest.raises(OptionError, match="was moved or removed while it was being filled"), \
         opened_file(path) as file:  # fmt: skip
        file.write(0, made(0, 3))
        path.unlink()
        if what == "replaced":
            path.write_text("other")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read as HDF5"),
        (b'{"toys": 3}', "cannot be read as HDF5"),
        (None, "it holds no toys of nurecoil"),
    ],
)
def test_something_else_in_its_place(path: Path, content: bytes | None, said: str) -> None:
    if content is None:
        with h5py.File(path, "w") as file:
            file["status"] = np.arange(3)
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    with pytest.raises(InputError, match=said):
        opened_file(path)
    assert path.read_bytes() == before


@given(share=st.floats(0, 0.999))
def test_a_file_cut_short_is_refused(
    undisturbed: Path, tmp_path_factory: pytest.TempPathFactory, share: float
) -> None:
    path = tmp_path_factory.mktemp("cut") / "toys.h5"
    whole = undisturbed.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError), opened(path):
        pass


@given(place=st.floats(0, 0.999), byte=st.integers(0, 255))
def test_a_damaged_file_is_never_more_than_an_error_of_ours(
    undisturbed: Path, tmp_path_factory: pytest.TempPathFactory, place: float, byte: int
) -> None:
    path = tmp_path_factory.mktemp("hurt") / "toys.h5"
    data = bytearray(undisturbed.read_bytes())
    data[int(place * len(data))] = byte
    path.write_bytes(data)
    try:
        opened_file(path).__exit__(None, None, None)
    except NurecoilError:
        return


def test_a_missing_folder_and_a_folder_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"-o: the folder .*nowhere does not exist"):
        opened_file(tmp_path / "nowhere" / "toys.h5")
    with pytest.raises(OptionError, match="is a folder"):
        opened_file(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to everything")
def test_a_file_that_may_not_be_written(path: Path) -> None:
    with opened_file(path):
        pass
    path.chmod(0o444)
    with pytest.raises(OptionError, match="cannot be written"):
        opened_file(path)


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Let no file grow beyond 64 kB, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_leaves_nothing_behind(path: Path, small_disk: None) -> None:
    with pytest.raises(OptionError, match=r"cannot be written \(File too large\)"):
        opened_file(path, 10000)
    assert list(path.parent.iterdir()) == []
    with opened_file(path, 20) as file:
        file.write(0, made(0, 3))
    before = path.read_bytes()
    with pytest.raises(OptionError, match="cannot be written"):
        opened_file(path, 10000)
    assert path.read_bytes() == before and list(path.parent.iterdir()) == [path]


def test_a_disk_that_fills_up_later_leaves_what_was_done(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened_file(path) as file:
        file.write(0, made(0, 4))

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    said = r"No space left on device.*what is in the file stays"
    with pytest.raises(OptionError, match=said), opened_file(path) as file:
        monkeypatch.setattr(os, "pwrite", full)
        file.write(4, made(4, 4))
    monkeypatch.undo()
    with opened_file(path) as file:
        assert np.flatnonzero(file.status()).tolist() == [0, 1, 2, 3]
