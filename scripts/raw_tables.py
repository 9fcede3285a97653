"""What the conversion scripts share: reading raw text tables and writing them as one ROOT file.

A raw file is columns of numbers separated by commas or blanks; a written file has one TTree a table
and the metadata of all of them as JSON (see :mod:`nurecoil.physics.tables`, which reads it back).
Which files there are, and what their columns mean, is known to the scripts themselves.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import uproot
from numpy.typing import NDArray

from nurecoil.errors import InputError, NurecoilError
from nurecoil.physics.tables import METADATA_KEY, Table

__all__ = ["Paper", "digest", "raw_path", "read_numbers", "run_conversion", "write_tables"]


@dataclass(frozen=True, slots=True)
class Paper:
    """A publication: authors and journal, DOI and arXiv number (empty where there is none)."""

    citation: str
    doi: str = ""
    arxiv: str = ""


def raw_path(folder: Path, name: str) -> Path:
    """The path of a raw file; raises InputError where the folder does not hold it."""
    path = folder / name
    if not path.is_file():
        raise InputError(str(folder), f"no file {name}", "the folder of raw data, complete")
    return path


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_numbers(path: Path, columns: int, skip: Sequence[str] = ()) -> NDArray[np.float64]:
    """Read the numbers of a text table.

    Blank lines and lines starting with ``#`` are passed over; commas and blanks separate.

    Args:
        path: the file.
        columns: how many numbers each line has.
        skip: lines that start with one of these words are passed over too (a header without ``#``).

    Returns:
        Array of shape (rows, columns).

    Raises:
        InputError: with file and line, where a line has another number of columns or a word that is
            no finite number, or where the file has no numbers at all.
    """
    rows: list[list[float]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#") or (skip and text.startswith(tuple(skip))):
            continue
        words = text.replace(",", " ").split()
        if len(words) != columns:
            raise InputError(f"{path}:{number}", f"{len(words)} columns", f"{columns} columns")
        try:
            row = [float(word) for word in words]
        except ValueError as problem:
            raise InputError(f"{path}:{number}", f"{problem}", "numbers") from None
        if not np.all(np.isfinite(row)):
            raise InputError(f"{path}:{number}", f"the line {text!r}", "finite numbers")
        rows.append(row)
    if not rows:
        raise InputError(str(path), "no numbers", f"lines of {columns} numbers")
    return np.array(rows)


def write_tables(path: Path, tables: Sequence[Table]) -> None:
    """Write tables to a ROOT file, whole or not at all.

    The content depends on the tables alone (the bytes do not: ROOT stores the time of writing).

    Args:
        path: the file to write; its folder is made where it is missing.
        tables: the tables, with different names.

    Raises:
        InputError: where two tables have the same name.
    """
    names = [table.name for table in tables]
    if len(set(names)) != len(names):
        raise InputError(str(path), f"tables {', '.join(sorted(names))}", "different names")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        whole = Path(folder) / path.name
        with uproot.recreate(whole) as file:
            for table in tables:
                tree = file.mktree(
                    table.name, {column: np.dtype(np.float64) for column in table.columns}, title=table.title
                )
                tree.extend({column: np.ascontiguousarray(v) for column, v in table.columns.items()})
            about = {table.name: table.metadata() for table in tables}
            file[METADATA_KEY] = json.dumps(about, indent=1, ensure_ascii=True)
        os.replace(whole, path)


def run_conversion(
    title: str, output: Path, convert: Callable[[Path], list[Table]], argv: Sequence[str] | None = None
) -> int:
    """The command line of a conversion script: ``SCRIPT RAW_FOLDER [--output FILE]``.

    Args:
        title: what the script does, for ``--help``.
        output: where the product keeps the file.
        convert: makes the tables from the folder of raw data.
        argv: arguments, those of the process by default.

    Returns:
        The exit status: 0 written, else the error's own (its message goes to standard error).
    """
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("raw", type=Path, help="folder with the raw data (solar/, gallium/ ...)")
    parser.add_argument("--output", type=Path, default=output, help="file to write (default: %(default)s)")
    arguments = parser.parse_args(argv)
    try:
        tables = convert(arguments.raw)
        write_tables(arguments.output, tables)
    except NurecoilError as problem:
        parser.exit(problem.exit_status, f"{parser.prog}: {problem}\n")
    for table in tables:
        print(table)
    print(f"wrote {arguments.output}")
    return 0
