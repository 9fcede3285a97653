"""Whatever a file holds: a model or our own error, in five seconds and a GB; nothing written or run."""

from __future__ import annotations

import json
import os
import random
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .hostile import COUNT, Case, cases
from .seeds import HS3, PATCH_SET, WORKSPACES, XML, text, write_root

SECONDS, MEGABYTES = 5.0, 1000.0
PATIENCE = 60.0


class Worker:
    """A reading process; a new one is started where the old one hangs or dies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None

    def ask(self, path: Path, patches: list[str], watch: bool = True) -> dict[str, Any]:
        if self.process is None or self.process.poll() is not None:
            self.start()
        process = self.process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"path": str(path), "patches": patches, "watch": watch}) + "\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
        line = process.stdout.readline() if ready else ""
        if not line:
            died = process.poll()
            self.stop()
            said = f"no answer within {PATIENCE:.0f} s" if died is None else f"the process died ({died})"
            return {
                "outcome": "crashed",
                "said": said,
                "seconds": PATIENCE,
                "memory": 0.0,
                "seen": [],
                "length": 0,
            }
        found: dict[str, Any] = json.loads(line)
        return found

    def start(self) -> None:
        paths = os.pathsep.join(path for path in sys.path if path)
        environment = {
            **os.environ,
            "PYTHONPATH": paths,
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(self.folder),
        }
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("worker.py"))], cwd=self.folder, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        warm = self.folder / "warm"
        warm.mkdir(exist_ok=True)
        write_root(warm)
        for name, of in {
            **XML,
            "ws.json": text(WORKSPACES["every"]),
            "hs3.json": text(HS3["hs3-pulls"]),
        }.items():
            (warm / name).write_bytes(of if isinstance(of, bytes) else of.encode())
        for name in ("ws.json", "hs3.json", "top.xml"):  # imports happen here, not in a case
            self.ask(warm / name, [], watch=False)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for stream in (self.process.stdin, self.process.stdout):
                if stream is not None:
                    stream.close()
            self.process = None


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    made = Worker(tmp_path_factory.mktemp("worker"))
    yield made
    made.stop()


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.stat().st_size)
        for path in folder.rglob("*")
    }


def failures(worker: Worker, case: Case, folder: Path) -> tuple[list[str], dict[str, Any]]:
    """What is wrong with the answer to one case; its files are removed afterwards."""
    place = folder / "in" / "here"
    place.mkdir(parents=True, exist_ok=True)
    for name, raw in case.files.items():
        (place / name).write_bytes(raw)
    for name, size in case.sizes.items():
        os.truncate(place / name, size)
    if case.main.endswith(".xml"):
        write_root(place)
    worker.ask(worker.folder / "warm" / "ws.json", [], watch=False)
    before, around = listing(folder), listing(worker.folder)
    patches = [f"{place / case.patch[0]}:{case.patch[1]}"] if case.patch else []
    answer = worker.ask(place / case.main, patches)
    wrong = []
    if answer["outcome"] == "crashed":
        wrong.append(answer["said"])
    if answer["seconds"] > SECONDS:
        wrong.append(f"{answer['seconds']:.1f} s")
    if answer["memory"] > MEGABYTES:
        wrong.append(f"{answer['memory']:.0f} MiB")
    if answer["length"] > 4000:
        wrong.append(f"a message of {answer['length']} characters")
    if answer["seen"]:
        wrong.append(f"did {answer['seen']}")
    if listing(folder) != before or listing(worker.folder) != around:
        wrong.append("wrote a file")
    for path in place.iterdir():
        path.unlink()
    return wrong, answer


def run(worker: Worker, some: list[Case], folder: Path) -> None:
    found, slowest, largest, outcomes = [], (0.0, ""), (0.0, ""), {"model": 0, "refused": 0, "crashed": 0}
    for case in some:
        wrong, answer = failures(worker, case, folder)
        outcomes[answer["outcome"]] += 1
        slowest = max(slowest, (answer["seconds"], case.name))
        largest = max(largest, (answer["memory"], case.name))
        found += [f"{case.name}: {one}" for one in wrong]
        if wrong and (kept := os.environ.get("FUZZ_KEEP")):  # a folder for the files of failing cases
            for name, raw in case.files.items():
                where = Path(kept) / "".join(c if c.isalnum() else "_" for c in case.name)[:60]
                where.mkdir(parents=True, exist_ok=True)
                (where / name).write_bytes(raw)
    print(f"{len(some)} cases: {outcomes}; slowest {slowest}; largest {largest}")
    assert not found, f"{len(found)} failures\n" + "\n---\n".join(found)
    assert outcomes["refused"] > len(some) / 3


def test_the_seeds_are_right(worker: Worker, tmp_path: Path) -> None:
    every = {**WORKSPACES, **HS3}
    found = {
        name: failures(worker, Case(name, "ws.json", {"ws.json": text(one)}), tmp_path)
        for name, one in every.items()
    }
    files = {name: of.encode() for name, of in XML.items()}
    found["xml"] = failures(worker, Case("xml", "top.xml", files), tmp_path)
    files = {"ws.json": text(WORKSPACES["every"]), "set.json": text(PATCH_SET)}
    found["patch"] = failures(worker, Case("patch", "ws.json", files, ("set.json", "heavy")), tmp_path)
    assert {name: answer["said"] for name, (_, answer) in found.items() if answer["outcome"] != "model"} == {}
    assert [wrong for wrong, _ in found.values() if wrong] == []


def test_some_hostile_files(worker: Worker, tmp_path: Path) -> None:
    every = [one for one in cases() if sum(map(len, one.files.values())) < 1e6]
    run(worker, random.Random(4).sample(every, 40), tmp_path)


@pytest.mark.long
def test_every_hostile_file(worker: Worker, tmp_path: Path) -> None:
    assert COUNT >= 300
    run(worker, list(cases()), tmp_path)


def test_the_worker_sees_what_reading_must_not_do(tmp_path: Path) -> None:
    code = (
        "import os, sys, worker; sys.addaudithook(worker.watch); worker.watching = True; os.system('true'); "
        "open('made', 'w').close(); open('made').close(); worker.watching = False; print(len(worker.seen))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.stdout == "2\n", done.stderr
