"""Toys read back from a file: the same object as after drawing them, its tables left on disk.

Numbers come into memory as they are used, and what is summed up is summed up parameter by parameter, so a
file larger than the memory can be read. Writing files is :mod:`nurecoil.inference.toy_file`'s.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import InputError
from nurecoil.inference.toy_layout import Place, opened
from nurecoil.inference.toy_results import Spread, Step, ToyFailure, Toys
from nurecoil.inference.toy_rows import STEPS

__all__ = ["Run", "StoredToys", "count_toys", "made_rows", "read_toys", "runs", "table"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class StoredToys(Toys):
    """Toys of one or several runs; row ``i`` of every array is toy ``numbers[i]`` of seed ``seeds[i]``.

    ``seed`` and ``first`` are those of the first row.

    Args:
        seeds: seed of every toy, shape ``(n,)``.
        numbers: its number, shape ``(n,)``.
        missing: how many toys of the file are not made yet; they are in no array.
        file: name of the file.

    Example:
        See :func:`read_toys`.
    """

    seeds: NDArray[np.uint64] = None  # type: ignore[assignment]
    numbers: NDArray[np.uint64] = None  # type: ignore[assignment]
    missing: int = 0
    file: str = ""

    @property
    def runs(self) -> tuple[Run, ...]:
        """Seed, first number and length of every stretch of toys with following numbers."""
        return runs(self.seeds, self.numbers)

    @property
    def notes(self) -> tuple[str, ...]:
        """What one has to know to use the toys: failures, where they are many, and toys not made yet."""
        if not self.missing:
            return super().notes
        of = f"{self.missing} of {len(self) + self.missing} toys are not made yet"
        return (*super().notes, f"{of}: the command that began the file goes on with them")

    def __repr__(self) -> str:
        """As of toys in memory, with how many runs there are and how many toys are missing."""
        words = super().__repr__()
        if len(self.runs) > 1:
            words = words.replace(f"of seed {self.seed}", f"of {len(self.runs)} runs", 1)
        return words if not self.missing else f"{words[:-1]}, {self.missing} not made yet>"

    def summary(self) -> dict[str, Spread]:
        """Mean, spread and pulls of every free parameter over the toys that have them."""
        found: dict[str, Spread] = {}
        for i in range(len(self.parameters)):
            found |= _column(self, i).summary()
        return found

    def to_json(self) -> dict[str, Any]:
        """Plain data as of toys in memory; the name of the file stands for the toys one by one."""
        one = slice(0, 1)
        head = Toys(self.parameters, self.units, self.powers, self.truth, self.values[one], self.errors[one],
                    self.nll[one], self.nll_fixed[one], self.status[one], self.fixed, self.seed, self.first,
                    poi=self.poi, metadata=self.metadata)  # fmt: skip
        document = head.to_json()
        del document["toys"]
        document |= {
            "n": len(self),
            "parameters": {name: spread.to_json() for name, spread in self.summary().items()},
            "failed": self.failed,
            "failures": [failure.to_json() for failure in self.failures],
            "notes": [*self.metadata.get("notes", ()), *self.notes],
            "file": self.file,
        }
        if self.missing:
            document["missing"] = self.missing
        if len(self.runs) > 1:
            document["runs"] = [one._asdict() for one in self.runs]
        return document


class Run(NamedTuple):
    """Toys with following numbers.

    Args:
        seed: their seed.
        first: number of the first.
        n: how many.

    Example:
        >>> Run(1, 100, 50).stop
        150
    """

    seed: int
    first: int
    n: int

    @property
    def stop(self) -> int:
        """The number after the last."""
        return self.first + self.n


def runs(seeds: NDArray[np.uint64], numbers: NDArray[np.uint64]) -> tuple[Run, ...]:
    """Seeds and numbers of toys as stretches with following numbers.

    Args:
        seeds: seed of every toy.
        numbers: its number.

    Returns:
        The stretches, in their order.

    Example:
        >>> runs(np.array([1, 1, 1], np.uint64), np.array([4, 5, 9], np.uint64))
        (Run(seed=1, first=4, n=2), Run(seed=1, first=9, n=1))
    """
    if not len(seeds):
        return ()
    breaks = (seeds[1:] != seeds[:-1]) | (numbers[1:] - numbers[:-1] != 1)  # unsigned: a step back is large
    starts = [0, *(np.flatnonzero(breaks) + 1).tolist()]
    stops = [*starts[1:], len(seeds)]
    return tuple(
        Run(int(seeds[start]), int(numbers[start]), stop - start)
        for start, stop in zip(starts, stops, strict=True)
    )


def read_toys(path: str | os.PathLike[str]) -> StoredToys:
    """Read a file of toys, finished or not, also while it is being filled.

    Args:
        path: a file that ``nurecoil toys`` or ``nurecoil merge`` made.

    Returns:
        The toys made so far. Arrays of a finished file are maps of it, not copies.

    Raises:
        InputError: where it is no such file.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from nurecoil.inference.toys import toys
        >>> from nurecoil.testing.models import counting
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "toys.h5"
        ...     _ = toys(counting(observed=3.0, background=9.0), 5, fix={"signal": 4.0}, output=path)
        ...     read_toys(path)
        <Toys: 5 of seed 1, 1 parameters, fitted free and with signal = 4, 0 failed>
    """
    with opened(path) as (header, places):
        tables = {name: table(path, place) for name, place in places.items()}
    made = made_rows(tables["status"])
    missing = len(tables["status"]) - len(made)
    if missing:
        tables = {name: one[made] for name, one in tables.items()}
    if not len(made):
        raise InputError(os.fsdecode(path), "no toy in it is made yet", None, "Wait for the first ones.")
    failures = tuple(
        ToyFailure(
            int(tables["toy"][row]),
            int(tables["seed"][row]),
            _step(int(tables["status"][row])),
            bytes(tables["reason"][row]).decode(errors="replace"),
        )
        for row in np.flatnonzero(np.asarray(tables["status"]) > 1)
    )
    return StoredToys(
        header.parameters,
        header.units,
        header.powers,
        header.truth,
        tables["values"],
        tables["errors"],
        tables["nll"],
        tables["nll_fixed"],
        np.array(["", *STEPS.values()])[tables["status"]],
        header.fixed,
        int(tables["seed"][0]),
        int(tables["toy"][0]),
        failures,
        header.poi,
        header.metadata,
        tables["seed"],
        tables["toy"],
        missing,
        os.fsdecode(path),
    )


def count_toys(path: str | os.PathLike[str]) -> tuple[int, int]:
    """How many toys of a file are made, and how many there will be; none where it is no file of toys.

    Args:
        path: the file, also one that is being filled.

    Returns:
        Both numbers.

    Example:
        >>> count_toys("no-such-file.h5")
        (0, 0)
    """
    try:
        with opened(path) as (_, places):
            status = table(path, places["status"])
    except InputError:
        return 0, 0
    return int(np.count_nonzero(status)), len(status)


def table(path: str | os.PathLike[str], place: Place) -> NDArray[Any]:
    """A table of a file as an array that is read from disk where it is used.

    Args:
        path: the file.
        place: where the table lies.

    Returns:
        The array, which cannot be written to.
    """
    if not math.prod(place.shape):
        return np.empty(place.shape, place.dtype)
    return np.memmap(path, place.dtype, "r", place.offset, place.shape)


def made_rows(status: NDArray[np.uint8]) -> NDArray[np.int_]:
    """The rows of the toys that are made.

    Raises:
        InputError: where a status is none of ours.

    Example:
        >>> made_rows(np.array([1, 0, 3], np.uint8)).tolist()
        [0, 2]
    """
    if status.size and int(status.max()) > max(STEPS):
        raise InputError("file of toys", f"a toy with status {int(status.max())}", f"0 to {max(STEPS)}",
                         "The file is damaged; make it anew.")  # fmt: skip
    return np.flatnonzero(status)


def _step(status: int) -> Step:
    steps: dict[int, Step] = {2: "draw", 3: "free fit", 4: "fixed fit"}
    return steps[status]


def _column(found: Toys, i: int) -> Toys:
    """The same toys with one parameter."""
    return Toys(
        found.parameters[i : i + 1],
        found.units[i : i + 1],
        found.powers[i : i + 1],
        found.truth[i : i + 1],
        found.values[:, i : i + 1],
        found.errors[:, i : i + 1],
        found.nll,
        found.nll_fixed,
        found.status,
        found.fixed,
        found.seed,
    )
