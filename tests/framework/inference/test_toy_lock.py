"""The lock of a file: one holder, gone with its process however that ends, and in nobody else's way."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nurecoil.inference import toy_lock
from nurecoil.inference.toy_lock import locked

HOLD = """
import sys, time
from nurecoil.inference.toy_lock import locked
handle = open(sys.argv[1], "r+b")
print(locked(handle.fileno()), flush=True)
time.sleep(60)
"""


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.touch()
    with path.open("r+b") as one, path.open("r+b") as other:
        assert locked(one.fileno()) and not locked(other.fileno())
        with path.open("rb"):
            pass  # another handle that is closed does not end it
        assert not locked(other.fileno())
        one.close()
        assert locked(other.fileno())


def test_it_dies_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.touch()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "True\n"
        with path.open("r+b") as handle:
            assert not locked(handle.fileno())
            holder.send_signal(signal.SIGKILL)
            holder.wait(30)
            assert locked(handle.fileno())


def test_hdf5_does_not_meet_it(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["a"] = 1
    with path.open("r+b") as handle:
        assert locked(handle.fileno())
        with h5py.File(path, "r", locking=True) as file:
            assert file["a"][()] == 1
    with h5py.File(path, "r", locking=True), path.open("r+b") as handle:
        assert locked(handle.fileno())


def test_a_file_system_without_locks_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(toy_lock.fcntl, "fcntl", refuse)
    monkeypatch.setattr(toy_lock.fcntl, "flock", refuse)
    (tmp_path / "x").touch()
    with (tmp_path / "x").open("r+b") as handle:
        assert locked(handle.fileno())
