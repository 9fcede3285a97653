"""Work on Dask workers: all of it, once, whoever dies; nothing that listens to other machines."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nurecoil.distribution.chunks import run_chunks
from nurecoil.errors import FitError, OptionError

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


class Square:
    """What is done, with a weight that must not go to the workers chunk by chunk."""

    def __init__(self, folder: Path, deadly: tuple[int, ...] = (), always: bool = False) -> None:
        self.folder, self.deadly, self.always = folder, deadly, always

    def __call__(self, chunk: int) -> tuple[int, int]:
        mark = self.folder / str(chunk)
        if chunk in self.deadly and (self.always or not mark.exists()):
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if chunk == 13:
            raise FitError("chunk", "made to fail")
        return chunk**2, os.getpid()


def done(task: Any, chunks: Any, **more: Any) -> dict[int, tuple[int, int]]:
    found: dict[int, tuple[int, int]] = {}

    def on_done(chunk: int, result: tuple[int, int]) -> None:
        assert chunk not in found
        found[chunk] = result

    run_chunks(task, chunks, on_done=on_done, **more)
    return found


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, int]]:
    """A scheduler with two workers, as an administrator would start them: its address and process."""
    paths = [str(Path(__file__).parent), *filter(None, sys.path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    file = folder / "scheduler.json"
    both = [sys.executable, "-m", "dask"], ["--scheduler-file", str(file), "--no-dashboard"]
    words = [("scheduler", "--host", "127.0.0.1", "--port", "0"), *[("worker", "--nthreads", "1")] * 2]
    began = [subprocess.Popen([*both[0], *one, *both[1]], cwd=folder, **quiet) for one in words]
    for _ in range(600):
        if file.exists() and file.read_text():
            break
        time.sleep(0.1)
    address = json.loads(file.read_text())["address"]
    with distributed.Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=120)
    try:
        yield address, began[0].pid
    finally:
        for process in began:
            process.terminate()
        for process in began:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler that the tests share."""
    with cluster(tmp_path_factory.mktemp("scheduler")) as (address, _):
        yield address


def test_worker_processes_do_everything_once_though_one_dies(tmp_path: Path) -> None:
    found = done(Square(tmp_path, deadly=(3, 9)), [*range(13), *range(14, 40)], workers=2)
    assert {chunk: result for chunk, (result, _) in found.items()} == {n: n**2 for n in range(40) if n != 13}
    processes = {process for _, process in found.values()}
    assert os.getpid() not in processes and len(processes) >= 2


def test_an_error_of_ours_crosses_the_border(tmp_path: Path, scheduler: str) -> None:
    with pytest.raises(FitError, match="chunk: made to fail"):
        done(Square(tmp_path), [1, 13], scheduler=scheduler)


def test_a_scheduler_is_used_and_left_as_it_was(tmp_path: Path, scheduler: str) -> None:
    assert {n: one[0] for n, one in done(Square(tmp_path), range(13), scheduler=scheduler).items()} == {
        n: n**2 for n in range(13)
    }
    with distributed.Client(scheduler, set_as_default=False) as client:
        left = client.run_on_scheduler(
            lambda dask_scheduler: [*dask_scheduler.worker_plugins, *dask_scheduler.tasks]
        )
    assert [name for name in left if "nurecoil" in str(name)] == []


def test_chunks_are_asked_for_a_few_at_a_time(tmp_path: Path, scheduler: str) -> None:
    asked: list[int] = []
    most = 0

    def chunks() -> Iterator[int]:
        for number in range(14, 60):
            asked.append(number)
            yield number

    def on_done(chunk: int, result: object) -> None:
        nonlocal most
        finished.append(chunk)
        most = max(most, len(asked) - len(finished))

    finished: list[int] = []
    run_chunks(Square(tmp_path), chunks(), scheduler=scheduler, on_done=on_done)
    assert len(finished) == 46 and most <= 4


@pytest.mark.long
def test_a_chunk_that_kills_its_workers_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(
        FitError, match=r"workers: chunk 5 lost its worker 4 times.*the same command: it goes on"
    ):
        done(Square(tmp_path, deadly=(5,), always=True), [5], workers=2)


@pytest.mark.long
def test_a_scheduler_that_goes_away_is_told(tmp_path: Path) -> None:
    with cluster(tmp_path) as (address, process):

        def on_done(chunk: int, result: object) -> None:
            if chunk == 16:
                os.kill(process, signal.SIGKILL)

        with pytest.raises(FitError, match="scheduler: it went away before the work was done"):
            run_chunks(Square(tmp_path), iter(range(14, 10**6)), scheduler=address, on_done=on_done)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "tcp://"])
def test_a_scheduler_that_is_not_there(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nurecoil.distribution.dask_cluster._CONNECT", 1)
    with pytest.raises(OptionError, match=r"--scheduler: .* cannot be reached"):
        done(Square(tmp_path), [1], scheduler=address)


def test_another_version_on_the_workers_is_refused(
    tmp_path: Path, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nurecoil.distribution.dask_cluster.__version__", "0.0.0")
    with pytest.raises(OptionError, match=r"workers: nurecoil .* on one, 0\.0\.0 here"):
        done(Square(tmp_path), [1], scheduler=scheduler)


def test_only_this_machine_can_reach_the_workers(tmp_path: Path) -> None:
    if not Path("/proc/net/tcp").exists():
        pytest.skip("no /proc/net/tcp on this system")
    before = listening()
    during: set[str] = set()
    run_chunks(Square(tmp_path), [1, 2, 3], workers=2, on_done=lambda *_: during.update(listening()))
    addresses = {address for one in during - before for address in [one.rpartition(":")[0]]}
    assert addresses == {"0100007F"}  # 127.0.0.1, last byte first


def listening() -> set[str]:
    """Sockets on which somebody listens on this machine."""
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, address, _, state, *_ = line.split()
            if state == "0A":
                found.add(address)
    return found
