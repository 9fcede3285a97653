"""Tables of published numbers in ROOT files: one TTree a table, one JSON string with what they are.

Reading only. The files are written by the conversion scripts of the repository; what a table means
(a spectrum, a flux, a cross section) is decided by the module that asks for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import uproot
from numpy.typing import NDArray

from nurecoil.errors import InputError, unknown_name

__all__ = ["METADATA_KEY", "Table", "read_metadata", "read_table"]

METADATA_KEY = "metadata"
"""Name of the string object that holds the metadata of every table of a file, as JSON."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of numbers of one length, with units and origin.

    Args:
        name: name of the table (and of the TTree).
        title: what it holds, in a sentence part.
        columns: float64 arrays of one length, by column name.
        units: the unit of each column, ``"1"`` for pure numbers.
        citation: authors and journal of the paper the numbers come from.
        doi: its DOI, or an empty string.
        arxiv: its arXiv number, or an empty string.
        provenance: ``"published"``, ``"digitised"``, ``"modelled"`` or ``"toy"``.
        raw_file: the file the table was converted from, relative to the folder of raw data.
        sha256: digest of that file.
        rows: names of the rows where they have names, else empty.
        note: what was done to the numbers and what a reader should know.

    Raises:
        InputError: where columns differ in length, are empty, hold numbers that are not finite, or
            lack a unit.

    Example:
        >>> import numpy as np
        >>> table = Table("t", "a test", {"energy": np.array([1.0, 2.0])}, {"energy": "MeV"}, "nobody")
        >>> table
        <Table t: a test; 2 rows of energy [MeV]>
        >>> table["energy"]
        array([1., 2.])
    """

    name: str
    title: str
    columns: Mapping[str, NDArray[np.float64]]
    units: Mapping[str, str]
    citation: str
    doi: str = ""
    arxiv: str = ""
    provenance: str = "published"
    raw_file: str = ""
    sha256: str = ""
    rows: tuple[str, ...] = field(default=())
    note: str = ""

    def __post_init__(self) -> None:
        """Check that the columns belong together."""
        where = f"table {self.name!r}"
        lengths = {name: len(values) for name, values in self.columns.items()}
        if not lengths or len(set(lengths.values())) != 1 or 0 in lengths.values():
            raise InputError(where, f"columns of lengths {lengths}", "columns of one length, not empty")
        for name, values in self.columns.items():
            if not np.all(np.isfinite(values)):
                row = int(np.flatnonzero(~np.isfinite(values))[0])
                raise InputError(where, f"{name} is {values[row]} in row {row}", "finite numbers")
            if name not in self.units:
                raise InputError(where, f"column {name!r} has no unit", "a unit for each column")
        if self.rows and len(self.rows) != len(self):
            raise InputError(where, f"{len(self.rows)} row names for {len(self)} rows", "a name for each row")

    def __len__(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values())))

    def __getitem__(self, column: str) -> NDArray[np.float64]:
        """One column by name; raises InputError for a name the table does not have."""
        if column not in self.columns:
            raise unknown_name(InputError, f"column of table {self.name!r}", column, self.columns)
        return self.columns[column]

    def __repr__(self) -> str:
        """Name, title, size, columns and units in one line."""
        columns = ", ".join(f"{name} [{self.units[name]}]" for name in self.columns)
        return f"<Table {self.name}: {self.title}; {len(self)} rows of {columns}>"

    def row(self, name: str) -> int:
        """Position of a named row.

        Args:
            name: one of :attr:`rows`.

        Returns:
            Its index.

        Raises:
            InputError: where no row has that name.

        Example:
            >>> import numpy as np
            >>> Table("t", "x", {"a": np.ones(2)}, {"a": "1"}, "nobody", rows=("pp", "be7")).row("be7")
            1
        """
        if name not in self.rows:
            raise unknown_name(InputError, f"row of table {self.name!r}", name, self.rows)
        return self.rows.index(name)

    @property
    def reference(self) -> str:
        """Citation with its arXiv number and DOI, for a list of references."""
        parts = [self.citation]
        if self.arxiv:
            parts.append(f"arXiv:{self.arxiv}")
        if self.doi:
            parts.append(f"doi:{self.doi}")
        return ", ".join(parts)

    def metadata(self) -> dict[str, Any]:
        """Everything but the numbers, as plain data for JSON.

        Returns:
            A dictionary that :func:`read_table` turns back into the table's fields.

        Example:
            >>> import numpy as np
            >>> Table("t", "x", {"a": np.ones(2)}, {"a": "1"}, "nobody").metadata()["citation"]
            'nobody'
        """
        return {
            "title": self.title,
            "units": dict(self.units),
            "citation": self.citation,
            "doi": self.doi,
            "arxiv": self.arxiv,
            "provenance": self.provenance,
            "raw_file": self.raw_file,
            "sha256": self.sha256,
            "rows": list(self.rows),
            "note": self.note,
        }


def read_metadata(path: Path) -> dict[str, dict[str, Any]]:
    """What the tables of a file are, without their numbers.

    Args:
        path: a ROOT file written by one of the conversion scripts.

    Returns:
        The metadata of each table by its name: title, units, citation, DOI, arXiv number,
        provenance, raw file and its digest, row names, note.

    Raises:
        InputError: where the file is missing, is no ROOT file, or holds no such metadata.

    Example:
        >>> from pathlib import Path
        >>> read_metadata(Path("nowhere.root"))
        Traceback (most recent call last):
        ...
        nurecoil.errors.InputError: nowhere.root: the file does not exist. Allowed: a ROOT file of tables.
    """
    if not path.is_file():
        raise InputError(str(path), "the file does not exist", "a ROOT file of tables")
    try:
        with uproot.open(path) as file:
            keys = file.keys(cycle=False)
            text = str(file[METADATA_KEY]) if METADATA_KEY in keys else None
    except (ValueError, OSError) as problem:
        raise InputError(
            str(path), f"it cannot be read as ROOT ({problem})", "a ROOT file of tables"
        ) from None
    if text is None:
        raise InputError(
            str(path),
            f"no object {METADATA_KEY!r} among {', '.join(keys) or 'no objects'}",
            "a file written by a conversion script",
        )
    try:
        found = json.loads(text)
    except json.JSONDecodeError as problem:
        raise InputError(
            f"{path}:{METADATA_KEY}", f"text that is no JSON ({problem})", "a JSON object"
        ) from None
    if not isinstance(found, dict):
        raise InputError(f"{path}:{METADATA_KEY}", f"a JSON {type(found).__name__}", "a JSON object")
    return found


def read_table(path: Path, name: str) -> Table:
    """Read one table with its metadata.

    Args:
        path: a ROOT file written by one of the conversion scripts.
        name: name of the table.

    Returns:
        The table, its columns as float64 arrays.

    Raises:
        InputError: where the file or the table is missing (the message names the tables there are),
            a column has no unit, or a number is not finite.

    Example:
        >>> from importlib.resources import files
        >>> from pathlib import Path
        >>> shipped = Path(str(files("nurecoil.physics").joinpath("data", "solar.root")))
        >>> read_table(shipped, "fluxes_b16_gs98").rows[:3]
        ('pp', 'pep', 'hep')
    """
    described = read_metadata(path)
    if name not in described:
        raise unknown_name(InputError, f"table of {path.name}", name, described)
    about = dict(described[name])
    try:
        rows = tuple(about.pop("rows", ()))
        with uproot.open(path) as file:
            arrays = file[name].arrays(library="np")
        columns = {column: np.asarray(arrays[column], dtype=np.float64) for column in about["units"]}
        return Table(name=name, columns=columns, rows=rows, **about)
    except (KeyError, TypeError) as problem:
        raise InputError(
            f"{path.name}:{name}", f"table and metadata do not fit ({problem})", "a file written by a script"
        ) from None
