"""A file of toys that fills as they are made, and survives being stopped at any moment.

HDF5 is not safe against a writer that dies, so the library never writes to a file that is being filled: it is
made whole and at its full size (:mod:`nurecoil.inference.toy_layout`), moved into its place, and from then on
plain writes change numbers at fixed places, a toy's status last. What was finished is found again by status.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nurecoil.atomic import check_file, replacing
from nurecoil.errors import OptionError
from nurecoil.inference.toy_identity import differing
from nurecoil.inference.toy_layout import Place, ToyHeader, create, opened, refusal
from nurecoil.inference.toy_lock import locked
from nurecoil.inference.toy_rows import ToyRows

__all__ = ["ToyFile"]

_SYNCHRONISED = 1.0
"""Seconds between two times at which what was written is forced to disk."""
_ROWS = 65536
"""Rows that are made or carried at once."""
_SHOWN = 4
"""How many differences are told."""
_WHERE = "-o"


class ToyFile:
    """A file of the toys ``first`` to ``first + n - 1`` of one seed, open to be filled by this process alone.

    A file that is there already is continued if its toys are the same ones; where more are asked for than it
    has room for, it is replaced by a larger one with everything that was finished.

    Args:
        path: the file.
        header: what it says of its toys.
        seed: seed of the toys.
        first: number of the first toy.
        n: how many.

    Raises:
        OptionError: where the file cannot be written, another process fills it, or it holds other toys; it is
            left as it is.
        InputError: where something else is in its place.

    Example:
        >>> import tempfile
        >>> header = ToyHeader(("a",), ("1",), np.ones(1, int), np.ones(1), {}, None, {})
        >>> one = np.ones(2)
        >>> rows = ToyRows(one[:, None], one[:, None], one, one, np.array([1, 1], np.uint8))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with ToyFile(Path(folder) / "toys.h5", header, seed=1, first=0, n=3) as file:
        ...         file.write(0, rows)
        ...     with ToyFile(Path(folder) / "toys.h5", header, seed=1, first=0, n=3) as file:
        ...         file.status().tolist()
        [1, 1, 0]
    """

    _handle: int
    _places: dict[str, Place]
    _close: contextlib.ExitStack

    def __init__(
        self, path: str | os.PathLike[str], header: ToyHeader, seed: int, first: int, n: int
    ) -> None:
        self.path = Path(os.path.realpath(os.path.expanduser(os.fsdecode(path))))
        check_file(self.path, where=_WHERE)
        while True:
            if not os.path.lexists(self.path):
                with replacing(self.path, where=_WHERE) as temporary, _disk(self.path):
                    create(temporary, header, _numbers(seed, first, n), n)
            if self._adopt(header, seed, first, n):
                return

    def _adopt(self, header: ToyHeader, seed: int, first: int, n: int) -> bool:
        """Take the file that is there; one that is too small is replaced by a larger one, and not taken."""
        with opened(self.path) as (found, places), contextlib.ExitStack() as stack:
            with _disk(self.path):
                handle = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
            stack.callback(os.close, handle)
            if not locked(handle):
                raise OptionError(_WHERE, f"{self.path} is being filled by another process", None,
                                  "Wait for it, or choose another file.")  # fmt: skip
            if not _still(handle, self.path):
                return False
            self._check(found, handle, places, header, (seed, first, n))
            rows = places["status"].shape[0]
            if rows < n:
                self._enlarge(handle, places, header, (seed, first, n))
                return False
            self._handle, self._places, self._close = handle, places, stack.pop_all()
        self._pending: list[tuple[int, bytes]] = []
        self._synchronised = time.monotonic()
        return True

    def _check(
        self,
        found: ToyHeader,
        handle: int,
        places: dict[str, Place],
        header: ToyHeader,
        asked: tuple[int, int, int],
    ) -> None:
        """Refuse to go on with other toys than those of the file."""
        seed, first, n = asked
        rows = places["status"].shape[0]
        other = differing(found.identity, header.identity)
        if found.parameters != header.parameters:
            other.append("parameters: others, or in another order")
        if rows:
            seeds, toys = (_column(handle, places[name]) for name in ("seed", "toy"))
            follow = toys == toys[0] + np.arange(rows, dtype="u8")
            if not (follow.all() and (seeds == seeds[0]).all()):
                other.append("seeds: several runs, merged, there")
            elif int(seeds[0]) != seed:
                other.append(f"seed: {seeds[0]} there, {seed} here")
            elif int(toys[0]) != first:
                other.append(f"first toy: {toys[0]} there, {first} here")
        if other:
            more = f"; and {len(other) - _SHOWN} more" if len(other) > _SHOWN else ""
            raise OptionError(
                _WHERE,
                f"{self.path} holds other toys ({'; '.join(other[:_SHOWN])}{more})",
                None,
                "Choose another file, or ask for what this one holds. It was left as it is.",
            )
        if rows > n:
            raise OptionError(
                _WHERE, f"{self.path} has {rows} of these toys, and {n} are asked for", f"-n {rows} or more",
                "To have fewer, choose another file. It was left as it is.",
            )  # fmt: skip

    def _enlarge(
        self, handle: int, places: dict[str, Place], header: ToyHeader, asked: tuple[int, int, int]
    ) -> None:
        """Put a larger file into the place of this one, with all its toys."""
        seed, first, n = asked
        rows = places["status"].shape[0]
        with replacing(self.path, where=_WHERE) as temporary, _disk(self.path):
            create(temporary, header, _numbers(seed, first, n), n)
            with opened(temporary) as (_, new), open(temporary, "r+b", buffering=0) as file:
                for name, place in places.items():
                    for start in range(0, rows, _ROWS):
                        stop = min(start + _ROWS, rows)
                        data = os.pread(handle, (stop - start) * place.row, place.at(start))
                        _write(file.fileno(), data, new[name].at(start))

    def __len__(self) -> int:
        """Number of toys that the file has room for."""
        return self._places["status"].shape[0]

    def status(self) -> NDArray[np.uint8]:
        """A key of :data:`nurecoil.inference.toy_rows.STEPS` for every toy, 0 for those not made yet."""
        return _column(self._handle, self._places["status"])

    def write(self, start: int, rows: ToyRows) -> None:
        """Put toys into the file. At the latest a second later, or when it is closed, they count as made.

        Args:
            start: row of the first.
            rows: the toys.

        Raises:
            OptionError: where the disk refuses, or somebody moved or removed the file.
        """
        reasons = np.zeros(len(rows), self._places["reason"].dtype)
        for row, reason in rows.reasons.items():
            reasons[row] = _cut(reason, reasons.itemsize)
        tables: dict[str, NDArray[Any]] = {
            "values": rows.values, "errors": rows.errors, "nll": rows.nll, "nll_fixed": rows.nll_fixed,
        }  # fmt: skip
        if rows.reasons:
            tables["reason"] = reasons
        with _disk(self.path):
            for name, table in tables.items():
                place = self._places[name]
                data = np.ascontiguousarray(table, place.dtype).tobytes()
                _write(self._handle, data, place.at(start))
        self._pending.append((start, np.asarray(rows.status, np.uint8).tobytes()))
        if time.monotonic() - self._synchronised > _SYNCHRONISED:
            self.synchronise()

    def synchronise(self) -> None:
        """Force what was written to disk, then let it count.

        Raises:
            OptionError: where the disk refuses, or somebody moved or removed the file.
        """
        with _disk(self.path):
            if self._pending:
                os.fsync(self._handle)
            for start, status in self._pending:
                _write(self._handle, status, self._places["status"].at(start))
        self._pending.clear()
        self._synchronised = time.monotonic()
        if not _still(self._handle, self.path):
            raise OptionError(_WHERE, f"{self.path} was moved or removed while it was being filled", None,
                              "Put it back, or begin anew.")  # fmt: skip

    def __enter__(self) -> Self:
        """The file itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let all that was written count, and give the file free."""
        with self._close:
            if isinstance(error, OptionError):
                with contextlib.suppress(OptionError):
                    self.synchronise()
            else:
                self.synchronise()


def _numbers(seed: int, first: int, n: int) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Seeds and numbers of a run of toys, block by block."""
    for start in range(0, n, _ROWS):
        size = min(_ROWS, n - start)
        yield np.full(size, seed, "u8"), np.arange(size, dtype="u8") + np.uint64(first + start)


def _column(handle: int, place: Place) -> NDArray[Any]:
    """A whole table of one column, read anew."""
    found = np.empty(place.shape[0], place.dtype)
    for start in range(0, len(found), _ROWS):
        part = found[start : start + _ROWS]
        part[:] = np.frombuffer(os.pread(handle, part.nbytes, place.at(start)), place.dtype)
    return found


def _write(handle: int, data: bytes, offset: int) -> None:
    """Write all of the data; the system may take it in parts."""
    view = memoryview(data)
    while view:
        written = os.pwrite(handle, view, offset)
        view, offset = view[written:], offset + written


def _cut(reason: str, size: int) -> bytes:
    """A reason in at most so many bytes of UTF-8, no character cut in two."""
    return reason.encode()[:size].decode(errors="ignore").encode()


def _still(handle: int, path: Path) -> bool:
    """Whether an open file is the one at that path."""
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(handle))


@contextlib.contextmanager
def _disk(path: Path) -> Iterator[None]:
    """What the disk refuses, as an error of ours."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # what HDF5 raises depends on where it was
        raise OptionError(
            _WHERE, f"{path} cannot be written ({refusal(error)})", None,
            "Choose a folder that you may write to and that has room; what is in the file stays.",
        ) from None  # fmt: skip
