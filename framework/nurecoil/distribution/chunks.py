"""One call for work in chunks, wherever it is done: here, in worker processes, or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from nurecoil.distribution.local import run_here
from nurecoil.errors import OptionError

__all__ = ["check_workers", "run_chunks"]

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


def run_chunks(
    task: Callable[[Chunk], Result],
    chunks: Iterable[Chunk],
    workers: int = 1,
    scheduler: str | None = None,
    *,
    on_done: Callable[[Chunk, Result], None],
) -> None:
    """Work through chunks and hand on every result, in the order in which they are ready.

    The work is given to every worker once; a few chunks for every worker are under way at a time, so memory
    stays flat however many there are. A chunk whose worker is lost is given to another one.

    Args:
        task: what is done with a chunk; for other processes, something that can be pickled.
        chunks: the chunks; each is asked for when there is room for it.
        workers: processes on this machine; with 1, the work is done in this process.
        scheduler: address of a Dask scheduler whose workers do it, in place of processes here.
        on_done: takes every chunk and its result, in this process.

    Raises:
        OptionError: where workers or the scheduler cannot be had.
        FitError: where a chunk lost its worker too often, or the scheduler went away.

    Example:
        >>> run_chunks(sum, [(1, 2), (3, 4)], on_done=lambda chunk, result: print(chunk, result))
        (1, 2) 3
        (3, 4) 7
    """
    check_workers(workers, scheduler)
    if workers == 1 and scheduler is None:
        run_here(task, chunks, on_done)
        return
    try:
        from nurecoil.distribution.dask_cluster import run_on_cluster
    except ImportError as error:
        where = "--workers" if scheduler is None else "--scheduler"
        raise OptionError(where, f"dask is missing ({error})", None,
                          "Install it: pip install 'nurecoil[dask]'.") from None  # fmt: skip
    run_on_cluster(task, chunks, on_done, workers=workers, scheduler=scheduler)


def check_workers(workers: int, scheduler: str | None) -> None:
    """Refuse numbers of workers that do not exist, or workers beside a scheduler.

    Args:
        workers: how many are asked for.
        scheduler: the address of a scheduler, or ``None``.

    Raises:
        OptionError: where that is impossible.

    Example:
        >>> check_workers(0, None)
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: --workers: 0. Allowed: at least 1.
    """
    if workers < 1:
        raise OptionError("--workers", str(workers), "at least 1")
    if workers > 1 and scheduler is not None:
        raise OptionError("--scheduler", f"{workers} workers beside it", "one of the two",
                          "Leave --workers out: the scheduler has workers of its own.")  # fmt: skip
