"""Chunks of work on Dask workers: processes of this machine, or those of a scheduler that runs elsewhere.

Imported only where it is used, since it imports ``distributed``. The task goes to every worker once, as a
worker plugin: one that joins later, or in place of one that died, has it before its first chunk.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from multiprocessing import resource_tracker
from typing import Any, TypeVar

from distributed import Client, LocalCluster, WorkerPlugin, as_completed, get_worker
from distributed.comm.core import CommClosedError
from distributed.scheduler import KilledWorker
from threadpoolctl import threadpool_limits

from nurecoil._version import __version__
from nurecoil.errors import FitError, NurecoilError, OptionError

__all__ = ["run_on_cluster"]

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")

_LOOPBACK = "127.0.0.1"
_CONNECT = 10
"""Seconds in which a scheduler has to answer."""
_CLOSE = 10
"""Seconds that workers have to end."""
_ASKED = 5.0
"""Seconds after which a scheduler is asked again how many workers it has."""
_LEAST, _AHEAD = 4, 2
"""Chunks that are under way at least, and for every thread of the workers."""


def run_on_cluster(
    task: Callable[[Chunk], Result],
    chunks: Iterable[Chunk],
    on_done: Callable[[Chunk, Result], None],
    *,
    workers: int = 1,
    scheduler: str | None = None,
) -> None:
    """Work through chunks on Dask workers; see :func:`nurecoil.distribution.chunks.run_chunks`.

    Args:
        task: what is done with a chunk.
        chunks: the chunks; each is asked for when there is room for it.
        on_done: takes every chunk and its result, in the order in which they are ready.
        workers: processes to start on this machine, reachable from it alone.
        scheduler: address of a scheduler to use in their place.

    Raises:
        OptionError: where workers or the scheduler cannot be had, or a worker has another nurecoil.
        FitError: where a chunk lost its worker too often, or the scheduler went away.
    """
    with _connected(workers, scheduler) as client:
        name = f"nurecoil-{uuid.uuid4().hex}"
        try:
            client.register_plugin(_Given(task), name)
        except ImportError as error:
            raise _lacks(error) from None
        try:
            _feed(client, name, iter(chunks), on_done)
        finally:
            with contextlib.suppress(OSError, TimeoutError, CancelledError, RuntimeError):
                client.unregister_worker_plugin(name)


class _Given(WorkerPlugin):
    """The task as the workers keep it."""

    def __init__(self, task: Callable[[Any], Any]) -> None:
        self.task = task
        self.version = __version__


def _work(name: str, chunk: Any) -> Any:
    """Do one chunk, on a worker."""
    given: Any = get_worker().plugins[name]
    if given.version != __version__:
        raise OptionError("workers", f"nurecoil {__version__} on one, {given.version} here",
                          "the same version everywhere")  # fmt: skip
    with threadpool_limits(limits=1):
        return given.task(chunk)


def _feed(
    client: Client, name: str, chunks: Iterator[Chunk], on_done: Callable[[Chunk, Result], None]
) -> None:
    """Keep the workers busy and hand on what they are done with."""
    room = _Room(client)
    ready = as_completed(loop=client.loop)
    under_way: dict[Any, Chunk] = {}
    number = 0
    while True:
        while len(under_way) < room():
            chunk = next(chunks, None)
            if chunk is None:
                break
            number += 1
            future = client.submit(_work, name, chunk, key=f"{name}-{number}", pure=False)
            under_way[future] = chunk
            ready.add(future)
        if not under_way:
            return
        future = next(ready)
        chunk = under_way.pop(future)
        result = _result(future, chunk)
        future.release()
        on_done(chunk, result)


def _result(future: Any, chunk: object) -> Any:
    """What a chunk came to, or why it came to nothing."""
    try:
        return future.result()
    except NurecoilError:
        raise
    except KilledWorker as error:
        raise FitError(
            "workers", f"chunk {chunk} lost its worker {_times(error)} times", None,
            "See why workers die (memory is the usual reason), then give the same command: it goes on.",
        ) from None  # fmt: skip
    except (CancelledError, CommClosedError):
        raise FitError("scheduler", "it went away before the work was done", None,
                       "Start it again and give the same command: it goes on.") from None  # fmt: skip
    except ImportError as error:
        raise _lacks(error) from None


def _lacks(error: ImportError) -> OptionError:
    return OptionError("workers", f"one has no {error.name}", "the same packages everywhere",
                       "Install nurecoil and the plugins that you use on every worker.")  # fmt: skip


def _times(error: KilledWorker) -> int:
    return int(error.allowed_failures) + 1


class _Room:
    """How many chunks may be under way, by what the workers can take now."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._room = _LEAST
        self._asked = -_ASKED

    def __call__(self) -> int:
        """The number."""
        now = time.monotonic()
        if now - self._asked > _ASKED:
            with contextlib.suppress(OSError, TimeoutError, CancelledError):
                self._room = max(_LEAST, _AHEAD * sum(self._client.nthreads().values()))
            self._asked = now
        return self._room


@contextlib.contextmanager
def _connected(workers: int, scheduler: str | None) -> Iterator[Client]:
    """A client of the scheduler, or of a new one with workers on this machine."""
    with contextlib.ExitStack() as stack:
        if scheduler is None:
            address: Any = stack.enter_context(_processes(workers))
        else:
            address = scheduler
        try:
            client = Client(address, timeout=_CONNECT, set_as_default=False)
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            raise OptionError("--scheduler", f"{scheduler} cannot be reached ({_short(error)})",
                              "the address of a running Dask scheduler, such as tcp://host:8786",
                              "Start one with `dask scheduler`.") from None  # fmt: skip
        stack.callback(_quietly, client.close, _CLOSE)
        yield client


@contextlib.contextmanager
def _processes(workers: int) -> Iterator[LocalCluster]:
    """Worker processes that listen to this machine alone and are started again where they die."""
    try:
        with _deaf():
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host=_LOOPBACK,
                dashboard_address=f"{_LOOPBACK}:0",
                worker_dashboard_address=f"{_LOOPBACK}:0",
                scheduler_kwargs={"dashboard": False},
                memory_limit=None,
                silence_logs=logging.CRITICAL,
            )
    except (OSError, TimeoutError, RuntimeError) as error:
        raise OptionError(
            "--workers", f"{workers} workers cannot be started ({_short(error)})", None,
            "Ask for fewer. In a script of your own, start from within `if __name__ == '__main__':`.",
        ) from None  # fmt: skip
    try:
        yield cluster
    finally:
        _quietly(cluster.close, _CLOSE)


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Keep Ctrl-C from the threads and processes that are started here; it waits until they have started.

    It reaches all processes of a terminal, and the workers are to end because we end them, not in the middle
    of something. Threads and processes keep the signals that are blocked when they start; multiprocessing's
    tracker, which would unblock them when it starts, is started before.
    """
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _quietly(close: Callable[[float], Any], seconds: float) -> None:
    """Close what may be gone already."""
    with contextlib.suppress(OSError, TimeoutError, CancelledError, RuntimeError):
        close(seconds)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
