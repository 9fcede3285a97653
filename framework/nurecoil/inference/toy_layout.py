"""How toys lie in an HDF5 file: its tables and words, how it is made whole, and how it is opened and checked.

A file is made once, at its full size; later only numbers at fixed places change, which
:mod:`nurecoil.inference.toy_file` writes. What the toys are is nobody's business here.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil._version import __version__
from nurecoil.documents import encode
from nurecoil.errors import InputError, OptionError

__all__ = ["COLUMNS", "FORMAT", "Place", "ToyHeader", "create", "is_toy_file", "opened", "refusal"]

Array = NDArray[np.float64]

FORMAT = "nurecoil toys"
"""What a file calls itself."""
_FORMAT_VERSION = 1
_REASON = 100
"""Bytes kept of the reason of a failure."""

COLUMNS: Mapping[str, str] = {
    "seed": "<u8",
    "toy": "<u8",
    "status": "|u1",
    "values": "<f8",
    "errors": "<f8",
    "nll": "<f8",
    "nll_fixed": "<f8",
    "reason": f"|S{_REASON}",
}
"""The tables with one row for every toy, and the type of their numbers; values and errors have one column
for every free parameter."""


@dataclass(frozen=True, eq=False)
class ToyHeader:
    """What a file says of its toys as a whole.

    Args:
        parameters: the free parameters, in the order of the columns.
        units: their units.
        powers: the power in which each is fitted, shape ``(parameters,)``.
        truth: what the data are drawn at, shape ``(parameters,)``, in the parameters' units.
        fixed: what the second fit holds; empty where there is none.
        poi: the parameter of interest.
        identity: what the toys depend on (:func:`nurecoil.inference.toy_identity.identity`).
        metadata: the model's.

    Example:
        >>> ToyHeader(("a",), ("1",), np.ones(1, int), np.ones(1), {}, None, {}).parameters
        ('a',)
    """

    parameters: tuple[str, ...]
    units: tuple[str, ...]
    powers: NDArray[np.int_]
    truth: Array
    fixed: Mapping[str, float]
    poi: str | None
    identity: Mapping[str, Any]
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the numbers of a table lie in its file.

    Args:
        offset: byte of the first row.
        dtype: type of a number.
        shape: of the table, rows first.

    Example:
        >>> place = Place(2048, np.dtype("<f8"), (10, 3))
        >>> place.row, place.at(2)
        (24, 2096)
    """

    offset: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def row(self) -> int:
        """Bytes of a row."""
        return int(self.dtype.itemsize * np.prod(self.shape[1:], dtype=int))

    def at(self, row: int) -> int:
        """Byte where a row begins."""
        return self.offset + row * self.row


def create(path: Path, header: ToyHeader, numbers: Iterator[tuple[Array, Array]], n: int) -> None:
    """Make a file at its full size, every toy in it not made yet.

    The bytes depend on the arguments alone: there are no times in it.

    Args:
        path: the file to write.
        header: what it says of its toys.
        numbers: seeds and toy numbers of the rows, block by block.
        n: how many rows there are.

    Raises:
        InputError: where h5py is not installed.
        OSError: where the disk refuses.

    Example:
        >>> import tempfile
        >>> header = ToyHeader(("a",), ("1",), np.ones(1, int), np.ones(1), {}, None, {})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "toys.h5"
        ...     create(path, header, iter([(np.full(3, 1), np.arange(3))]), 3)
        ...     with opened(path) as (_, places):
        ...         places["values"].shape
        (3, 1)
    """
    h5py = _h5py()
    columns = len(header.parameters)
    with h5py.File(path, "w", libver="earliest", alignment_threshold=1, alignment_interval=8) as file:
        file.attrs["format"] = FORMAT
        file.attrs["format_version"] = _FORMAT_VERSION
        file.attrs["version"] = __version__
        for name, text in _words(header).items():
            data = text.encode()
            file.create_dataset(name, data=data, dtype=h5py.string_dtype("utf-8", max(len(data), 1)))
        for name in ("parameters", "units"):
            texts = [text.encode() for text in getattr(header, name)]
            size = max((len(text) for text in texts), default=1) or 1
            file.create_dataset(name, data=texts, shape=(columns,), dtype=h5py.string_dtype("utf-8", size))
        file.create_dataset("powers", data=np.asarray(header.powers, "<i8"))
        file.create_dataset("truth", data=np.asarray(header.truth, "<f8"))
        for name, kind in COLUMNS.items():
            shape = (n, columns) if name in ("values", "errors") else (n,)
            # room is given at once, and filled below: HDF5 itself comes to harm where a disk is full
            plain = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plain.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
            plain.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
            file.create_dataset(name, shape, np.dtype(kind), dcpl=plain)
    with opened(path) as (_, places), open(path, "r+b") as bare:
        start = 0
        for seeds, toys in numbers:
            none, one = np.full((len(seeds), columns), np.nan), np.full(len(seeds), np.nan)
            tables = {
                "seed": seeds,
                "toy": toys,
                "values": none,
                "errors": none,
                "nll": one,
                "nll_fixed": one,
            }
            for name, column in tables.items():
                bare.seek(places[name].at(start))
                bare.write(np.ascontiguousarray(column, places[name].dtype).tobytes())
            start += len(seeds)


@contextlib.contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[tuple[ToyHeader, dict[str, Place]]]:
    """What a file says of its toys, and where its tables lie.

    Args:
        path: the file; nobody's lock on it counts, and none is left.

    Yields:
        Header and, by name, the places of the tables.

    Raises:
        InputError: where it is no HDF5 file, is cut short, or holds no toys as nurecoil writes them.
    """
    h5py = _h5py()
    where = os.fsdecode(path)
    remedy = "Name a file that `nurecoil toys` made, or one that does not exist."
    try:
        file = h5py.File(path, "r", locking=False)
    except FileNotFoundError:
        raise InputError(where, "there is no such file", None, "Name a file of toys.") from None
    except OSError as error:
        got = f"it cannot be read as HDF5 ({_short(error)})"
        raise InputError(where, got, "a file of toys, whole", remedy) from None
    with file:
        try:
            found = _header(file), _places(file, h5py)
        except (KeyError, ValueError, TypeError, AttributeError, OSError) as error:
            got = f"it holds no toys of nurecoil ({_short(error)})"
            raise InputError(where, got, f"{FORMAT}, version {_FORMAT_VERSION}", remedy) from None
    yield found


def is_toy_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file name asks for HDF5.

    Example:
        >>> is_toy_file("toys.h5"), is_toy_file("toys.HDF5"), is_toy_file("toys.json")
        (True, True, False)
    """
    return Path(path).suffix.lower() in (".h5", ".hdf5")


def refusal(error: OSError | RuntimeError) -> str:
    """Why a disk refused, in the system's words, also where HDF5 wraps them.

    Args:
        error: what was raised.

    Returns:
        A short reason.

    Example:
        >>> refusal(RuntimeError("Can't close (file write failed: time = now, errno = 28, buf = 0x1)"))
        'No space left on device'
    """
    number = re.search(r"errno = (\d+)", str(error))
    if number:
        return os.strerror(int(number[1]))
    return getattr(error, "strerror", None) or _short(error)


def _words(header: ToyHeader) -> dict[str, str]:
    """The parts of the header that are documents."""
    poi = {"poi": header.poi, "fixed": dict(header.fixed)}
    return {"asked": encode(poi), "identity": encode(header.identity), "metadata": encode(header.metadata)}


def _header(file: Any) -> ToyHeader:
    """The header of an open file; raises whatever a strange one leads to."""
    if file.attrs["format"] != FORMAT or file.attrs["format_version"] != _FORMAT_VERSION:
        raise ValueError(f"{str(file.attrs['format'])[:40]!r}, version {file.attrs['format_version']}")
    asked, identity, metadata = (json.loads(file[name][()]) for name in ("asked", "identity", "metadata"))
    return ToyHeader(
        tuple(text.decode() for text in file["parameters"][()].tolist()),
        tuple(text.decode() for text in file["units"][()].tolist()),
        np.asarray(file["powers"][()], int),
        np.asarray(file["truth"][()], float),
        {str(name): float(value) for name, value in asked["fixed"].items()},
        asked["poi"],
        dict(identity),
        dict(metadata),
    )


def _places(file: Any, h5py: Any) -> dict[str, Place]:
    """Where the tables lie; raises where one has another type or shape, or no fixed place."""
    rows, columns = len(file["status"]), len(file["parameters"])
    size = os.path.getsize(file.filename)
    found = {}
    for name, kind in COLUMNS.items():
        table = file[name]
        shape = (rows, columns) if name in ("values", "errors") else (rows,)
        offset = table.id.get_offset()
        if table.dtype != np.dtype(kind) or table.shape != shape:
            raise ValueError(f"table {name!r} of {table.dtype} {table.shape}")
        place = Place(-1 if offset is None else int(offset), np.dtype(kind), shape)
        empty = place.row * rows == 0
        if not empty and (offset is None or place.at(rows) > size):
            raise ValueError(f"table {name!r} has no place")
        found[name] = place
    return found


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise OptionError(
            "files of toys",
            f"h5py is missing ({error})",
            None,
            "Install it (pip install 'nurecoil[dask]'), or write JSON: -o toys.json.",
        ) from None
    return h5py


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
