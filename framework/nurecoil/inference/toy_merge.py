"""Files of toys of one model, from several seeds, ranges or machines, put together into one file.

Only what says the same of model, truth and held parameters is put together, and no toy twice. Reading the
result is :mod:`nurecoil.inference.toy_view`'s.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.atomic import check_file, replacing
from nurecoil.errors import InputError, OptionError
from nurecoil.inference.toy_identity import differing
from nurecoil.inference.toy_layout import COLUMNS, ToyHeader, create, opened, refusal
from nurecoil.inference.toy_view import Run, StoredToys, made_rows, read_toys, runs, table

__all__ = ["merge_toys"]

_ROWS = 65536
"""Rows that are carried at once."""
_SHOWN = 3
"""How many differences are told."""


@dataclass(frozen=True, eq=False)
class _Source:
    """A file to be read: its header, its tables, the rows that are made, and what they are."""

    name: str
    header: ToyHeader
    tables: dict[str, NDArray[Any]]
    rows: NDArray[np.int_]
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class _Stretch:
    """Toys with following numbers, ``start`` rows into those of a source that are made."""

    run: Run
    source: _Source
    start: int


def merge_toys(inputs: Sequence[str | os.PathLike[str]], output: str | os.PathLike[str]) -> StoredToys:
    """Put files of toys together, ordered by seed and number whatever the order of the files.

    Toys that are not made yet are left out.

    Args:
        inputs: two files or more of one model, truth and held parameters.
        output: the file to make. One that is there is replaced only if all of its toys are in ``inputs``.

    Returns:
        The toys of all files.

    Raises:
        OptionError: where there is one file only, the files are of different toys, a toy is in two of them,
            or the output cannot be written, is an input, or holds something else.
        InputError: where a file holds no toys.

    Example:
        >>> import tempfile
        >>> from nurecoil.inference.toys import toys
        >>> from nurecoil.testing.models import counting
        >>> model = counting(observed=3.0, background=9.0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     files = [Path(folder) / name for name in ("a.h5", "b.h5")]
        ...     for seed, name in enumerate(files):
        ...         _ = toys(model, 5, seed, output=name)
        ...     merge_toys(files, Path(folder) / "both.h5").runs
        (Run(seed=0, first=0, n=5), Run(seed=1, first=0, n=5))
    """
    check_file(output, where="-o")
    places = [os.path.realpath(one) for one in inputs]
    if len(inputs) < 2:
        raise OptionError("files to merge", str(len(inputs)), "two or more")
    if os.path.realpath(output) in places:
        raise OptionError("-o", f"{os.fsdecode(output)} is an input too", "a file of its own",
                          "Choose another name: an input is never replaced.")  # fmt: skip
    sources = [_source(one) for one in inputs]
    for other in sources[1:]:
        _check_same(sources[0], other)
    stretches = sorted(_stretches(sources), key=lambda one: one.run)
    for one, next_one in itertools.pairwise(stretches):
        _check_apart(one, next_one)
    if os.path.lexists(output):
        _check_replaceable(output, sources[0], stretches)
    _write(Path(output), stretches)
    return read_toys(output)


def _source(path: str | os.PathLike[str]) -> _Source:
    with opened(path) as (header, places):
        tables = {name: table(path, place) for name, place in places.items()}
    rows = made_rows(tables["status"])
    if not len(rows):
        raise InputError(os.fsdecode(path), "no toy in it is made yet", None, "Leave it out.")
    return _Source(os.fsdecode(path), header, tables, rows, runs(tables["seed"][rows], tables["toy"][rows]))


def _check_same(one: _Source, other: _Source) -> None:
    names = (f"in {one.name}", f"in {other.name}")
    found = differing(one.header.identity, other.header.identity, names)
    if one.header.parameters != other.header.parameters:
        found.append("parameters: others, or in another order")
    if found:
        words = f"{one.name} and {other.name} hold different toys ({'; '.join(found[:_SHOWN])})"
        raise OptionError("files to merge", words, "files of one model, truth and held parameters")


def _stretches(sources: Sequence[_Source]) -> Iterator[_Stretch]:
    for source in sources:
        start = 0
        for run in source.runs:
            yield _Stretch(run, source, start)
            start += run.n


def _check_apart(one: _Stretch, other: _Stretch) -> None:
    """Refuse a toy that is in two stretches, the first of which begins first."""
    if one.run.seed != other.run.seed or one.run.stop <= other.run.first:
        return
    last = min(one.run.stop, other.run.stop) - 1
    files = f"{one.source.name} and {other.source.name}"
    raise OptionError(
        "files to merge",
        f"toys {other.run.first} to {last} of seed {one.run.seed} are in {files}",
        "every toy once",
        "Leave one of the files out, or make its toys with another seed or --first.",
    )


def _check_replaceable(output: str | os.PathLike[str], one: _Source, stretches: Sequence[_Stretch]) -> None:
    """Refuse to replace a file with toys that would be lost."""
    name = os.fsdecode(output)
    remedy = "Choose another name, or remove it first."
    try:
        there = _source(output)
    except InputError:
        raise OptionError("-o", f"{name} is there already and holds something else", None, remedy) from None
    same = not differing(there.header.identity, one.header.identity)
    if same and all(_covered(stretches, run) for run in there.runs):
        return
    raise OptionError("-o", f"{name} is there already and has toys that are in no input", None, remedy)


def _covered(stretches: Sequence[_Stretch], wanted: Run) -> bool:
    """Whether all toys of a run are in the stretches, which are in order."""
    reached = wanted.first
    for one in stretches:
        if one.run.seed == wanted.seed and one.run.first <= reached < one.run.stop:
            reached = one.run.stop
    return reached >= wanted.stop


def _write(output: Path, stretches: Sequence[_Stretch]) -> None:
    """Make the file, block by block."""
    with replacing(output, where="-o") as temporary:
        try:
            numbers = ((part["seed"], part["toy"]) for part in _parts(stretches, ("seed", "toy")))
            n = sum(one.run.n for one in stretches)
            create(temporary, stretches[0].source.header, numbers, n)
            with opened(temporary) as (_, places), open(temporary, "r+b") as file:
                row = 0
                for part in _parts(stretches, tuple(COLUMNS)):
                    for name, data in part.items():
                        file.seek(places[name].at(row))
                        file.write(np.ascontiguousarray(data).tobytes())
                    row += len(part["status"])
        except (OSError, RuntimeError) as error:
            raise OptionError("-o", f"{output} cannot be written ({refusal(error)})", None,
                              "Choose a folder that has room.") from None  # fmt: skip


def _parts(stretches: Sequence[_Stretch], names: Sequence[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Some tables of all toys in their order, block by block."""
    for one in stretches:
        for start in range(one.start, one.start + one.run.n, _ROWS):
            rows = one.source.rows[start : min(start + _ROWS, one.start + one.run.n)]
            yield {name: one.source.tables[name][rows] for name in names}
