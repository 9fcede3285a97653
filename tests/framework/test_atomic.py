"""Files appear whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.atomic import replacing, write_bytes, write_text
from nurecoil.errors import NurecoilError, OptionError


def test_text_and_bytes_arrive_unchanged(tmp_path: Path) -> None:
    write_text(tmp_path / "a.json", "μ\r\nν\n")
    write_bytes(tmp_path / "a.bin", b"\x00\xff")
    assert (tmp_path / "a.json").read_bytes() == "μ\r\nν\n".encode()
    assert (tmp_path / "a.bin").read_bytes() == b"\x00\xff"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bin", "a.json"]


def test_the_temporary_file_is_beside_and_keeps_the_suffix(tmp_path: Path) -> None:
    with replacing(tmp_path / "fit.png") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".png"
        assert not (tmp_path / "fit.png").exists()
        temporary.write_text("drawn")
    assert (tmp_path / "fit.png").read_text() == "drawn"


@pytest.mark.parametrize("problem", [RuntimeError("bug"), KeyboardInterrupt(), SystemExit(3)])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, problem: BaseException) -> None:
    path = tmp_path / "result.json"
    path.write_text("old")
    with pytest.raises(type(problem)), replacing(path) as temporary:
        temporary.write_text("half")
        raise problem
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_an_option_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"--json: .*result.json cannot be written \(No space left"):  # noqa: SIM117
        with replacing(tmp_path / "result.json", where="--json"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_callers_own_passes_through(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a.txt"):
        (tmp_path / "missing").read_text()


def test_a_missing_folder_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"the folder .*no such does not exist.*mkdir -p"):
        write_text(tmp_path / "no such" / "a.txt", "x")


def test_a_file_in_the_folders_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match="file is no folder"):
        write_text(tmp_path / "file" / "a.txt", "x")


def test_a_folder_in_the_files_place(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="is a folder"):
        write_text(tmp_path, "x")


def test_an_unwritable_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(OptionError, match=r"Permission denied.*Choose a folder that you may write to"):
        write_text(tmp_path / "a.txt", "x")


def test_a_move_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(OptionError, match="cannot be written"):
        write_text(path, "new")
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("a.txt", "old")]


@pytest.mark.skipif(os.name != "posix", reason="devices are files on POSIX systems only")
def test_a_device_is_never_moved_over() -> None:
    with pytest.raises(OptionError, match="no ordinary file"):
        write_text("/dev/null", "x")
    assert not Path("/dev/null").is_file()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_permissions_are_those_of_an_ordinary_file(tmp_path: Path) -> None:
    (tmp_path / "ordinary").touch()
    write_text(tmp_path / "new", "x")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "ordinary").stat().st_mode
    (tmp_path / "new").chmod(0o640)
    write_text(tmp_path / "new", "y")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name != "posix", reason="symbolic links")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


@given(name=st.text(max_size=300))
def test_any_file_name_is_written_or_refused_clearly(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = tmp_path_factory.mktemp("names")
    safe = "".join(letter for letter in name if letter not in "/\\")
    target = folder / safe
    try:
        write_text(target, "x")
    except (NurecoilError, UnicodeEncodeError):
        assert list(folder.iterdir()) == []
    else:
        assert [entry.read_text() for entry in folder.iterdir()] == ["x"]
