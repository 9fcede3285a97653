"""Runs of toys: the same file whoever made it, in whatever order, and however often it was killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nurecoil.inference.toys as toys_module
from nurecoil.errors import ModelError, OptionError
from nurecoil.inference.ensembles import Ensemble
from nurecoil.inference.toy_rows import rows
from nurecoil.inference.toy_view import StoredToys, count_toys, read_toys
from nurecoil.inference.toys import BLOCK, toys
from nurecoil.model.spectral import SpectralModel
from nurecoil.testing.models import counting

pytest.importorskip("h5py")
N = 730
FIX = {"signal": 4.0}
RUN = f"""
import sys
import nurecoil.inference.toys as toys_module
from nurecoil.inference import toy_file
from nurecoil.testing.models import counting
toy_file._SYNCHRONISED = toys_module._SECONDS = 0.0  # as many writes as there can be
model = counting(observed=3.0, background=9.0, background_error=2.0)
said = lambda done, total: print(done, flush=True)
if __name__ == "__main__":
    toys_module.toys(model, {N}, 5, {FIX}, output=sys.argv[1], workers=int(sys.argv[2]), progress=said)
    print("finished", flush=True)
"""


@pytest.fixture(scope="module")
def model() -> SpectralModel:
    return counting(observed=3.0, background=9.0, background_error=2.0)


@pytest.fixture(scope="module")
def undisturbed(model: SpectralModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "toys.h5"
    toys(model, N, 5, FIX, output=path)
    return path


def test_file_and_memory_have_the_same_toys(model: SpectralModel, undisturbed: Path) -> None:
    stored, kept = read_toys(undisturbed), toys(model, N, 5, FIX)
    for name in ("values", "errors", "nll", "nll_fixed", "status", "truth", "powers"):
        np.testing.assert_array_equal(getattr(stored, name), getattr(kept, name))
    assert repr(stored) == repr(kept)
    document = kept.to_json()
    del document["toys"]
    assert stored.to_json() == {**document, "file": str(undisturbed)}
    assert stored.summary() == kept.summary()


def test_rows_are_those_of_the_ensemble(model: SpectralModel) -> None:
    found = toys(model, 2 * BLOCK + 3, 5, FIX, first=11)
    one = rows(Ensemble(model, FIX), FIX, 5, 11 + BLOCK, 9)
    np.testing.assert_array_equal(found.values[BLOCK : BLOCK + 9], one.values)
    np.testing.assert_array_equal(found.nll_fixed[BLOCK : BLOCK + 9], one.nll_fixed)


@pytest.mark.long
def test_two_workers_make_the_same_file(model: SpectralModel, undisturbed: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    found = toys(model, N, 5, FIX, output=tmp_path / "toys.h5", workers=2)
    assert (tmp_path / "toys.h5").read_bytes() == undisturbed.read_bytes()
    assert isinstance(found, StoredToys) and found.missing == 0


def test_ctrl_c_keeps_what_is_done(
    model: SpectralModel, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "toys.h5"
    monkeypatch.setattr(toys_module, "_SECONDS", 0.0)

    def stop(done: int, total: int) -> None:
        if done >= 300:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        toys(model, N, 5, FIX, output=path, progress=stop)
    assert count_toys(path) == (300, N)
    told: list[int] = []
    toys(model, N, 5, FIX, output=path, progress=lambda done, _: told.append(done))
    assert told[0] == 300 and told[-1] == N == max(told) and told == sorted(told)
    assert path.read_bytes() == undisturbed.read_bytes()
    toys(model, N, 5, FIX, output=path, progress=lambda done, _: told.append(-done))
    assert told[-1] == -N and told.count(-N) == 1


def test_more_toys_go_on_with_those_there_are(
    model: SpectralModel, undisturbed: Path, tmp_path: Path
) -> None:
    path = tmp_path / "toys.h5"
    for n in (1, 70, 333, N):
        assert len(toys(model, n, 5, FIX, output=path)) == n
    assert path.read_bytes() == undisturbed.read_bytes()


def test_another_model_is_refused(model: SpectralModel, undisturbed: Path) -> None:
    before = undisturbed.read_bytes()
    for words, said in (
        ((counting(3.0, 9.5, 2.0), N, 5, FIX), "parameters, background, truth: 9 there, 9.5 here"),
        ((model, N, 5, {"signal": 3.0}), "held, signal: 4 there, 3 here"),
        ((model, N, 6, FIX), "seed: 5 there, 6 here"),
        ((model, N - 1, 5, FIX), f"has {N} of these toys, and {N - 1} are asked for"),
    ):
        with pytest.raises(OptionError) as caught:
            toys(*words, output=undisturbed)
        assert said in str(caught.value)
    assert undisturbed.read_bytes() == before


def test_what_makes_no_sense_is_refused(model: SpectralModel, tmp_path: Path) -> None:
    path = tmp_path / "toys.h5"
    with pytest.raises(OptionError, match=r"toys: 0\. Allowed: at least 1"):
        toys(model, 0, output=path)
    with pytest.raises(OptionError, match="--workers: 0"):
        toys(model, 5, workers=0, output=path)
    with pytest.raises(ModelError, match="Did you mean 'signal'"):
        toys(model, 5, fix={"sgnal": 1.0}, output=path)
    assert not path.exists()


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(1, BLOCK), st.floats(1e-6, 10))
def test_chunks_are_every_block_with_something_missing(blocks: list[bool], last: int, seconds: float) -> None:
    n = (len(blocks) - 1) * BLOCK + last
    status = np.ones(n, np.uint8)
    for number, missing in enumerate(blocks):
        if missing:
            status[min(number * BLOCK + 7, n - 1) if number == len(blocks) - 1 else number * BLOCK + 7] = 0
    chunks = toys_module._Chunks(status)
    left = chunks.left
    seen: list[int] = []
    for start, size in chunks:
        assert start % BLOCK == 0 and (size % BLOCK == 0 or start + size == n)
        seen += range(start, start + size)
        chunks.learn(size, seconds)
    assert len(seen) == len(set(seen)) == left
    assert set(np.flatnonzero(status == 0).tolist()) <= set(seen)
    assert {row // BLOCK for row in seen} == {number for number, missing in enumerate(blocks) if missing}


def kill_and_go_on(path: Path, kills: int, workers: int, seed: int) -> int:
    """Run into a file, with kill -9 at random moments; returns how often it took effect."""
    pick = random.Random(seed)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    script = path.with_suffix(".py")
    script.write_text(RUN)
    killed = 0
    for number in range(kills + 1):
        command = [sys.executable, str(script), str(path), str(workers)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as run:
            assert run.stdout is not None
            if number < kills:
                for _ in range(pick.randrange(4)):  # as it starts, as it begins, or in the middle
                    run.stdout.readline()
                time.sleep(pick.random() * pick.choice([0.002, 0.02, 0.5]))
                run.send_signal(signal.SIGKILL)
                killed += run.wait(60) == -signal.SIGKILL
            else:
                assert run.stdout.read().endswith("finished\n")
    return killed


def test_a_killed_run_ends_with_the_same_file(undisturbed: Path, tmp_path: Path) -> None:
    path = tmp_path / "toys.h5"
    assert kill_and_go_on(path, 3, 1, seed=2) == 3
    assert path.read_bytes() == undisturbed.read_bytes()


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, 2])
def test_twenty_kills_at_random_moments(undisturbed: Path, tmp_path: Path, workers: int) -> None:
    path = tmp_path / "toys.h5"
    assert kill_and_go_on(path, 20, workers, seed=workers) >= 15
    assert path.read_bytes() == undisturbed.read_bytes()
