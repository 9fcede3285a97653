"""Reading ROOT files with uproot: what is in them, and TH1 as :class:`Histogram`.

Only ``read`` calls this. How a damaged or hostile file is kept from doing harm is in ``_root_file``. Nothing
here writes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from nurecoil.errors import InputError
from nurecoil.histograms._metadata import RESERVED
from nurecoil.histograms._store import (
    DAMAGED,
    FORMAT,
    HISTOGRAM,
    MOST_BINS,
    MOST_BYTES,
    Store,
    damage_is_input_error,
)
from nurecoil.histograms.histogram import Histogram

__all__ = ["METADATA_KEY", "open_root"]

METADATA_KEY = "metadata"
_HISTOGRAMS = frozenset({"TH1C", "TH1S", "TH1I", "TH1L", "TH1F", "TH1D"})
_FOLDERS = frozenset({"TDirectory", "TDirectoryFile"})
_KINDS = {
    "TTree": "entries, not a histogram",
    "TNtuple": "entries, not a histogram",
    "ROOT::RNTuple": "entries, not a histogram",
    "TProfile": "averages, not counts",
    "TH2": "two dimensions",
    "TH3": "three dimensions",
    "THn": "many dimensions",
    "TGraph": "points without bins",
    "TDirectory": "a folder",
}
_MOST_OBJECTS = 100_000
_DEEPEST = 50
_ENERGY_UNIT = re.compile(r"[\[(]\s*([kMGT]?eV)\s*[\])]\s*$")


@contextlib.contextmanager
def open_root(path: str | os.PathLike[str], where: str) -> Iterator[Store]:
    """Open a ROOT file for reading.

    Args:
        path: an existing file.
        where: the place to name in an error.

    Yields:
        The opened file; cycles below the highest are listed as ``name;cycle`` after the plain names.

    Raises:
        InputError: no ROOT file, truncated, damaged, or with class descriptions that are not C++.
    """
    from nurecoil.histograms._root_file import check_header, guarded_folder

    shown = os.fspath(path)
    with open(path, "rb") as raw:
        check_header(raw, shown, where)
        with damage_is_input_error(where, f"{shown} cannot be read as a ROOT file", DAMAGED):
            folder = guarded_folder(raw, shown, where)
            classes: dict[str, str] = {}
            _walk(folder, "", classes, set(), 0)
            written = _written_metadata(folder, classes, shown, where)
        about = written.get("histograms", {})

        def read(name: str) -> Histogram:
            with damage_is_input_error(where, f"{name!r} in {shown} cannot be read", DAMAGED):
                return _histogram(folder.key(name), name, about.get(name), f"{where}, {shown}:{name}")

        kinds = {name: _kind(kind) for name, kind in classes.items() if name != METADATA_KEY or not written}
        yield Store(shown, kinds, written.get("file", {}), read)


def _walk(folder: Any, prefix: str, classes: dict[str, str], seen: set[int], depth: int) -> None:
    """List every object with its class: the highest cycle by plain name, older ones as ``name;cycle``."""
    cycles: dict[str, list[tuple[int, str]]] = {}
    for full, kind in folder.iterclassnames(recursive=False, cycle=True):
        name, _, cycle = full.rpartition(";")
        cycles.setdefault(name, []).append((int(cycle), kind))
    for name, found in cycles.items():
        ordered = sorted(found, reverse=True)
        classes[prefix + name] = ordered[0][1]
        classes.update({f"{prefix}{name};{cycle}": kind for cycle, kind in ordered})
        if len(classes) > _MOST_OBJECTS:
            raise ValueError(f"more than {_MOST_OBJECTS} objects")
        if ordered[0][1] in _FOLDERS and "/" not in name and ":" not in name:
            key = folder.key(name)
            if key.fSeekKey not in seen and depth < _DEEPEST:
                seen.add(key.fSeekKey)
                _walk(key.get(), f"{prefix}{name}/", classes, seen, depth + 1)


def _kind(name: str) -> str:
    """What an object is, in words; HISTOGRAM for what can be read."""
    if name in _HISTOGRAMS:
        return HISTOGRAM
    meaning = next((text for start, text in _KINDS.items() if name.startswith(start)), None)
    return f"a {name} ({meaning})" if meaning else f"a {name}"


def _written_metadata(folder: Any, classes: Mapping[str, str], shown: str, where: str) -> Mapping[str, Any]:
    """What ``write`` left about the file and its histograms; empty for files made elsewhere."""
    if classes.get(METADATA_KEY) != "TObjString":
        return {}
    text = str(_get(folder.key(METADATA_KEY)))
    if FORMAT not in text:
        return {}
    try:
        written = json.loads(text)
        whole = all(isinstance(record, dict) for record in [written["file"], *written["histograms"].values()])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(where, f"the metadata in {shown} are damaged ({error})", None, DAMAGED) from error
    if not whole or written.get("format") != FORMAT:
        raise InputError(where, f"the metadata in {shown} are damaged", None, DAMAGED)
    return dict(written)


def _get(key: Any) -> Any:
    """Read an object unless it would fill the memory."""
    if key.fObjlen > MOST_BYTES:
        raise ValueError(f"{key.fObjlen} bytes, more than {MOST_BYTES}")
    return key.get()


def _histogram(key: Any, name: str, record: Mapping[str, Any] | None, where: str) -> Histogram:
    """Take a TH1 over: contents and flow, fSumw2 as variances where it is filled, metadata or title."""
    import uproot

    found = _get(key)
    if not isinstance(found, uproot.behaviors.TH1.TH1):
        raise InputError(where, f"a {key.fClassName} that uproot cannot read as a histogram", None, DAMAGED)
    axis = found.axis()
    bins = int(axis.member("fNbins"))
    contents = np.asarray(found.values(flow=True), dtype=np.float64)
    if not 0 < bins <= MOST_BINS or len(contents) != bins + 2:
        raise InputError(where, f"{bins} bins but {len(contents)} contents with flow", None, DAMAGED)
    squares = np.asarray(found.member("fSumw2"), dtype=np.float64)
    variances = squares if len(squares) == len(contents) else None
    if record is not None:
        units = {word: record.get(word) for word in RESERVED if word != "name"}
        metadata = {word: value for word, value in record.items() if word not in RESERVED}
    else:
        units, metadata = _guessed(str(found.title), str(axis.member("fTitle")), name)
    return Histogram(
        name=name.partition(";")[0],
        edges=np.asarray(axis.edges(), dtype=np.float64),
        counts=contents[1:-1],
        variances=None if variances is None else variances[1:-1],
        metadata=metadata,
        underflow=float(contents[0]),
        overflow=float(contents[-1]),
        flow_variances=None if variances is None else (float(variances[0]), float(variances[-1])),
        **units,
    )


def _guessed(title: str, axis_title: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a file made elsewhere tells: titles are kept as words; an energy unit in brackets is believed."""
    metadata = {}
    if title and title != name.rpartition("/")[2]:
        metadata["title"] = title
    if axis_title:
        metadata["axis_title"] = axis_title
    unit = _ENERGY_UNIT.search(axis_title)
    return {"observable_unit": unit.group(1) if unit else None}, metadata
