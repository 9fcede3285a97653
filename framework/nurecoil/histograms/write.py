"""Writing histograms so that they come back to the last bit: ROOT for everyone, UHI JSON for Python.

ROOT cannot hold units, axis names or provenance, so a text object ``metadata`` beside the histograms does,
one record for each. Files appear whole or not at all (see ``nurecoil.atomic``). Nothing here reads.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nurecoil.atomic import replacing, write_text
from nurecoil.errors import InputError, OptionError
from nurecoil.histograms._metadata import flat, plain_metadata
from nurecoil.histograms._store import FORMAT
from nurecoil.histograms.checks import Expectation, check
from nurecoil.histograms.histogram import Histogram
from nurecoil.histograms.locations import file_format

__all__ = ["write_histograms"]

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*")
_RECORD = ("observable", "observable_unit", "counts_unit")


def write_histograms(
    path: str | os.PathLike[str],
    histograms: Iterable[Histogram],
    metadata: Mapping[str, Any] | None = None,
    *,
    where: str = "output",
) -> None:
    """Write histograms to a ROOT or UHI JSON file, whole or not at all.

    ROOT gets one TH1D each (with ``fSumw2`` where there are variances; a fixed-width axis only where
    that reproduces every edge) and a TObjString ``metadata``; JSON gets a mapping of names to UHI.

    Args:
        path: the file, ending in ``.root`` or ``.json``; an existing one is replaced.
        histograms: at least one, each with a name of its own; ``/`` in a name makes folders.
        metadata: about the file as a whole, plain values.
        where: the place to name in errors.

    Raises:
        OptionError: another suffix, or the file cannot be written.
        InputError: no histogram, names that clash or cannot be used, contents that are no numbers.

    Example:
        >>> import tempfile
        >>> from nurecoil.histograms.read import read_histogram
        >>> h = Histogram("h", [0, 1, 3], [4, 6], observable="T", metadata={"doi": "10.1000/1"})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_histograms(Path(folder) / "out.root", [h])
        ...     read_histogram(Path(folder) / "out.root") == h
        True
    """
    found = list(histograms)
    target = Path(path)
    about = plain_metadata(metadata or {}, f"metadata of {target}")
    _check_names([histogram.name for histogram in found], where)
    for histogram in found:
        check(histogram, Expectation(allow_negative=True), f"{where}, histogram {histogram.name!r}")
    match file_format(target):
        case ".root":
            _write_root(target, found, about, where)
        case ".json":
            _write_json(target, found, about, where)
        case _:
            raise OptionError(where, f"{target} has no suffix that can be written", ".root, .json")


def _check_names(names: list[str], where: str) -> None:
    """Refuse names that a file could not hold, or not side by side."""
    if not names:
        raise InputError(where, "no histogram to write", "at least one")
    folders = {name.rpartition("/")[0] for name in names} | {
        name[: slash.start()] for name in names for slash in re.finditer("/", name)
    }
    for index, name in enumerate(names):
        if not _NAME.fullmatch(name):
            allowed = "letters, digits and _ . + -, with / between folders"
            raise InputError(where, f"the histogram name {name!r} cannot be written", allowed, "Rename it.")
        if name == "metadata" or name in names[:index] or name in folders:
            reason = {True: "is kept for the metadata"}.get(name == "metadata", "is there twice")
            raise InputError(where, f"the histogram name {name!r} {reason}", None, "Rename it.")


def _record(histogram: Histogram) -> dict[str, Any]:
    """Units and metadata of one histogram; the note on its flow is left out, the flow itself is written."""
    words = {key: getattr(histogram, key) for key in _RECORD if getattr(histogram, key) is not None}
    return {**words, **{key: value for key, value in histogram.metadata.items() if key != "flow"}}


def _write_root(path: Path, histograms: list[Histogram], about: dict[str, Any], where: str) -> None:
    import uproot

    records = {histogram.name: _record(histogram) for histogram in histograms}
    text = json.dumps({"format": FORMAT, "file": about, "histograms": records})
    with (
        replacing(path, where=where) as temporary,
        uproot.recreate(temporary) as file,
        np.errstate(all="ignore"),  # uproot adds up moments, which may overflow where the contents do not
    ):
        for histogram in histograms:
            made: Any = histogram.to_hist()
            made.title = _encodable(made.label)
            made.axes[0].label = _encodable(histogram.axis_label)
            file[histogram.name] = made
        file["metadata"] = text


def _encodable(text: str) -> str:
    """Text that UTF-8 can hold (lone surrogates cannot be), for titles that only people read."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _write_json(path: Path, histograms: list[Histogram], about: dict[str, Any], where: str) -> None:
    from uhi.io.json import default

    info = {"nurecoil": {"format": FORMAT, "file_metadata": json.dumps(about)}}
    documents = {histogram.name: {**_uhi(histogram), "writer_info": info} for histogram in histograms}
    write_text(path, json.dumps(documents, default=default, allow_nan=False) + "\n", where=where)


def _uhi(histogram: Histogram) -> dict[str, Any]:
    """The histogram in UHI's form (schema 1)."""
    axis: dict[str, Any] = {
        "type": "variable",
        "edges": histogram.edges,
        "underflow": True,
        "overflow": True,
        "circular": False,
        "metadata": {"name": histogram.observable or "", "label": histogram.axis_label},
    }
    values = np.concatenate([[histogram.underflow], histogram.counts, [histogram.overflow]])
    storage: dict[str, Any] = {"type": "double", "values": values}
    if histogram.variances is not None:
        low, high = histogram.flow_variances or (0.0, 0.0)
        storage = {
            "type": "weighted",
            "values": values,
            "variances": np.concatenate([[low], histogram.variances, [high]]),
        }
    metadata = {"name": histogram.name, **flat(_record(histogram))}
    return {"uhi_schema": 1, "metadata": metadata, "axes": [axis], "storage": storage}
