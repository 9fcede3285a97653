"""Reading histograms that users and plugins hand in: ROOT and UHI JSON, checked, with errors that help.

This is the door: where a file lies is told by ``locations``, what a histogram must be by ``checks``. uproot
and uhi are imported once a file is opened, not before. Nothing here writes, and nothing in a file is run.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from nurecoil.errors import InputError, nearest
from nurecoil.histograms._store import Store
from nurecoil.histograms.checks import Expectation, check
from nurecoil.histograms.histogram import Histogram
from nurecoil.histograms.locations import Location, file_format, parse_location

__all__ = ["list_histograms", "read_histogram", "read_histograms", "read_metadata"]

_MOST_FILES_NAMED = 10


def read_histogram(
    location: str | os.PathLike[str] | Location,
    *,
    where: str = "input",
    expect: Expectation | None = None,
) -> Histogram:
    """Read one histogram and check it.

    Args:
        location: ``file.root:name``, ``file.json:name``, or only the file where it holds a single
            histogram; see :func:`nurecoil.histograms.locations.parse_location`.
        where: the place to name in errors, for example ``"borexino.data"``.
        expect: what the histogram must be; without it contents must still be finite and not negative.

    Returns:
        The checked histogram. A ROOT histogram with filled ``fSumw2`` has variances, any other is Poisson.

    Raises:
        InputError: the file is missing, unreadable, truncated or of another kind; the object is missing or
            is no one-dimensional histogram; none is named and there are several; the contents, bins or
            units are not as expected.

    Example:
        >>> import tempfile
        >>> from nurecoil.histograms.write import write_histograms
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "mine.root"
        ...     write_histograms(path, [Histogram("h_nhits", [99.5, 100.5, 101.5], [7, 8], observable="N_h")])
        ...     read_histogram(f"{path}:h_nhits")
        Histogram('h_nhits', 2 bins, N_h 99.5..101.5, sum 15)
    """
    place = parse_location(location, where=where)
    with _opened(place.path, where) as store:
        name = store.resolve(place.name, where)
        found = _read(store, name, where)
    return check(found, expect or Expectation(), f"{where}, {place.path}:{name}")


def read_histograms(
    path: str | os.PathLike[str],
    names: Iterable[str] | None = None,
    *,
    where: str = "input",
    expect: Expectation | None = None,
) -> dict[str, Histogram]:
    """Read several histograms of one file, which is opened once.

    Args:
        path: the file.
        names: the histograms to read; all of them if not given.
        where: the place to name in errors.
        expect: what each of them must be.

    Returns:
        Name -> checked histogram, in the order asked for.

    Raises:
        InputError: as :func:`read_histogram`.

    Example:
        >>> import tempfile
        >>> from nurecoil.histograms.write import write_histograms
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "mine.json"
        ...     write_histograms(path, [Histogram(name, [0, 1], [7]) for name in ("a", "b")])
        ...     list(read_histograms(path))
        ['a', 'b']
    """
    place = parse_location(path, where=where)
    with _opened(place.path, where) as store:
        wanted = store.histograms if names is None else [store.resolve(name, where) for name in names]
        found = {name: _read(store, name, where) for name in wanted}
    needed = expect or Expectation()
    return {
        name: check(histogram, needed, f"{where}, {place.path}:{name}") for name, histogram in found.items()
    }


def list_histograms(path: str | os.PathLike[str], *, where: str = "input") -> list[str]:
    """Name the one-dimensional histograms in a file, in its order; of ROOT cycles the newest only.

    Args:
        path: the file.
        where: the place to name in errors.

    Returns:
        Their names, with folders (``"backgrounds/kr85"``).

    Raises:
        InputError: the file is missing, unreadable, truncated or of another kind.

    Example:
        >>> import tempfile
        >>> from nurecoil.histograms.write import write_histograms
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "mine.root"
        ...     write_histograms(path, [Histogram(name, [0, 1], [7]) for name in ("data", "mc/kr85")])
        ...     list_histograms(path)
        ['data', 'mc/kr85']
    """
    with _opened(parse_location(path, where=where).path, where) as store:
        return store.histograms


def read_metadata(path: str | os.PathLike[str], *, where: str = "input") -> dict[str, Any]:
    """Give what was written about a file as a whole; empty for files that nurecoil did not write.

    Args:
        path: the file.
        where: the place to name in errors.

    Returns:
        The ``metadata`` that :func:`nurecoil.histograms.write.write_histograms` was given.

    Raises:
        InputError: the file is missing, unreadable, truncated or of another kind.

    Example:
        >>> import tempfile
        >>> from nurecoil.histograms.write import write_histograms
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "mine.json"
        ...     write_histograms(path, [Histogram("h", [0, 1], [7])], {"doi": "10.1000/1"})
        ...     read_metadata(path)
        {'doi': '10.1000/1'}
    """
    with _opened(parse_location(path, where=where).path, where) as store:
        return dict(store.metadata)


@contextlib.contextmanager
def _opened(path: Path, where: str) -> Iterator[Store]:
    """Open a file by its format, after making sure that it is there."""
    _check_there(path, where)
    try:
        if file_format(path) == ".root":
            from nurecoil.histograms._root import open_root

            with open_root(path, where) as store:
                yield store
        else:
            from nurecoil.histograms._uhi import open_uhi

            with open_uhi(path, where) as store:
                yield store
    except OSError as error:
        got = f"{path} cannot be read ({error.strerror or error})"
        raise InputError(where, got, None, "Check its permissions.") from error


def _read(store: Store, name: str, where: str) -> Histogram:
    """Read one histogram; what it says against itself is said with its place."""
    try:
        return store.read(name)
    except InputError as error:
        if error.where.startswith(where):
            raise
        place = f"{where}, {store.path}:{name}"
        raise InputError(place, error.got, error.allowed, error.remedy) from error


def _check_there(path: Path, where: str) -> None:
    """Refuse what is missing, with the likeliest files in that folder, and what is no file."""
    if os.path.isfile(path):
        return
    if os.path.exists(path):
        raise InputError(where, f"{path} is no file", "a file", "Name a file in it.")
    folder = path.parent
    if not os.path.isdir(folder):
        raise InputError(where, f"{path} does not exist, nor does its folder {folder}")
    try:
        beside = sorted(entry.name for entry in folder.iterdir() if file_format(entry))
    except OSError:
        beside = []
    close = nearest(path.name, beside)
    ordered = (close + [name for name in beside if name not in close])[:_MOST_FILES_NAMED]
    listed = ", ".join(ordered) or "no histogram file in that folder"
    remedy = f"Did you mean {str(folder / close[0])!r}?" if close else "Check the path."
    raise InputError(where, f"{path} does not exist", listed, remedy)
