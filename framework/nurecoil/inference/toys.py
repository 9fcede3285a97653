"""Ensembles of toys: which are still to be made, in what chunks, and where they go; in memory or into a file.

A run that was stopped goes on where it was. What one chunk is, :mod:`nurecoil.inference.toy_rows` knows;
where chunks are worked through, :mod:`nurecoil.distribution`; and what a file looks like,
:mod:`nurecoil.inference.toy_file`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nurecoil.distribution.chunks import check_workers, run_chunks
from nurecoil.errors import OptionError
from nurecoil.inference.ensembles import Ensemble
from nurecoil.inference.fit import check_fixed
from nurecoil.inference.profile import Progress
from nurecoil.inference.pseudo_data import STREAMS
from nurecoil.inference.toy_identity import identity
from nurecoil.inference.toy_layout import ToyHeader
from nurecoil.inference.toy_memory import ToyMemory, collected
from nurecoil.inference.toy_results import Toys
from nurecoil.inference.toy_rows import ToyRows, joined, rows
from nurecoil.model.spectral import SpectralModel

__all__ = ["BLOCK", "Toys", "check_ensemble", "toys"]

BLOCK = 50
"""Toys that are always drawn and fitted together, counted from the first of the run: so that the last digits
cannot depend on how the work was divided."""
_SECONDS = 0.5
"""What a chunk is to take."""
_MOST = 100
"""Blocks in a chunk at most."""


class _Sink(Protocol):
    """Where toys go."""

    def status(self) -> NDArray[np.uint8]: ...

    def write(self, start: int, rows: ToyRows) -> None: ...


@dataclass(frozen=True)
class _Task:
    """Draw and fit a chunk, ``(row of the first toy, how many)``: the toys, and the seconds it took."""

    ensemble: Ensemble
    fix: Mapping[str, float]
    seed: int
    first: int

    def __call__(self, chunk: tuple[int, int]) -> tuple[ToyRows, float]:
        began = time.perf_counter()
        start, size = chunk
        parts = [
            rows(self.ensemble, self.fix, self.seed, self.first + row, min(BLOCK, start + size - row))
            for row in range(start, start + size, BLOCK)
        ]
        return joined(parts), time.perf_counter() - began


class _Chunks:
    """The chunks that are still to be made, cut so that each takes about half a second."""

    def __init__(self, status: NDArray[np.uint8]) -> None:
        self._n = len(status)
        starts = np.arange(0, self._n, BLOCK)
        self._blocks = np.flatnonzero(np.minimum.reduceat(status, starts) == 0).tolist()
        self._size = 1

    @property
    def left(self) -> int:
        """How many toys they are, in all."""
        return sum(min(BLOCK, self._n - block * BLOCK) for block in self._blocks)

    def learn(self, toys: int, seconds: float) -> None:
        """Take note of how long a chunk took."""
        blocks = _SECONDS * toys / max(seconds, 1e-6) / BLOCK
        self._size = int(min(max(blocks, 1), 2 * self._size, _MOST))

    def __iter__(self) -> Iterator[tuple[int, int]]:
        place = 0
        while place < len(self._blocks):
            block = self._blocks[place]
            size = 1
            while (
                size < self._size
                and place + size < len(self._blocks)
                and self._blocks[place + size] == block + size
            ):
                size += 1
            place += size
            start = block * BLOCK
            yield start, min(size * BLOCK, self._n - start)


def toys(
    model: SpectralModel,
    n: int = 1000,
    seed: int = 1,
    fix: Mapping[str, float] | None = None,
    *,
    truth: Mapping[str, float] | None = None,
    first: int = 0,
    output: str | os.PathLike[str] | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Toys:
    """Draw toys at a known truth and fit each, free and with parameters held; here or on many workers.

    The truth is the model's starting values with those of ``fix`` and of ``truth`` in their place. The result
    is the same whatever the workers, and however often a run into a file was stopped and begun again.

    Args:
        model: the model; its data play no part.
        n: how many toys, 1 or more.
        seed: their seed. A toy depends on it, its own number and the truth alone.
        fix: what the second fit holds, by public name; by default the parameter of interest at the truth.
            Where it is empty, or the model has no parameter of interest, there is no second fit.
        truth: values to draw at, where they are neither starting values nor those of ``fix``.
        first: number of the first toy.
        output: an HDF5 file that fills as the toys are made. One that holds some of these toys is gone on
            with; without it the toys stay in memory.
        workers: processes on this machine.
        scheduler: address of a Dask scheduler whose workers make the toys.
        progress: called with toys done and toys in all, first with those that were there.

    Returns:
        All toys, failed ones too; with ``output``, as they are in the file.

    Raises:
        ModelError: for an unknown parameter, or where the truth predicts what no data can be drawn from.
        OptionError: for an impossible number, seed or value, a file that cannot be written or holds other
            toys, or workers that cannot be had.
        InputError: where ``output`` is something else.
        FitError: where workers were lost too often.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> toys(counting(observed=3.0, background=9.0), 20, fix={"signal": 4.0})
        <Toys: 20 of seed 1, 1 parameters, fitted free and with signal = 4, 0 failed>
    """
    check_ensemble(n, seed, first)
    check_workers(workers, scheduler)
    check_fixed(model, fix or {})
    ensemble = Ensemble(model, {**(fix or {}), **(truth or {})})
    base = ensemble.model
    if fix is None:
        fix = {} if base.poi is None else {base.poi: base.values[base.poi]}
    task = _Task(ensemble, dict(fix), seed, first)
    header = _header(task)
    if output is None:
        memory = ToyMemory(n, len(header.parameters))
        _fill(memory, task, workers, scheduler, progress)
        return collected(ensemble, fix, seed, first, memory.rows())
    from nurecoil.inference.toy_file import ToyFile
    from nurecoil.inference.toy_view import read_toys

    with ToyFile(output, header, seed, first, n) as file:
        _fill(file, task, workers, scheduler, progress)
    return read_toys(output)


def check_ensemble(n: int, seed: int, first: int = 0) -> None:
    """Refuse numbers of toys and seeds that do not exist.

    Args:
        n: how many toys.
        seed: their seed.
        first: number of the first.

    Raises:
        OptionError: where there are none, or a seed or number is no unsigned 64-bit one.

    Example:
        >>> check_ensemble(0, 1)
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: toys: 0. Allowed: at least 1.
    """
    if n < 1:
        raise OptionError("toys", str(n), "at least 1")
    if not 0 <= seed < STREAMS:
        raise OptionError("seed of the toys", str(seed), "a whole number from 0 to 2**64 - 1")
    if not 0 <= first <= STREAMS - n:
        raise OptionError("first toy", str(first), "a whole number; the last toy's is at most 2**64 - 1")


def _header(task: _Task) -> ToyHeader:
    """What there is to say of the toys as a whole."""
    model, compiled = task.ensemble.model, task.ensemble.compiled
    names = model.free
    return ToyHeader(
        names,
        tuple(model.parameters[name].unit for name in names),
        np.array([compiled.powers[compiled.index[name]] for name in names], int),
        np.array([model.values[name] for name in names], float),
        task.fix,
        model.poi,
        identity(task.ensemble, task.fix),
        model.metadata,
    )


def _fill(sink: _Sink, task: _Task, workers: int, scheduler: str | None, progress: Progress | None) -> None:
    """Make what is missing."""
    status = sink.status()
    chunks = _Chunks(status)
    done = len(status) - chunks.left

    def on_done(chunk: tuple[int, int], result: tuple[ToyRows, float]) -> None:
        nonlocal done
        made, seconds = result
        sink.write(chunk[0], made)
        chunks.learn(len(made), seconds)
        done += len(made)
        if progress is not None:
            progress(done, len(status))

    if progress is not None:
        progress(done, len(status))
    if chunks.left:
        run_chunks(task, chunks, workers, scheduler, on_done=on_done)
