"""Reading UHI JSON, plain, gzipped or in uhi's zip form: what is in a file, and each as :class:`Histogram`.

Only ``read`` calls this. The format is that of ``uhi.io.json``: one histogram, or a mapping of named ones.
Nothing here writes.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import InputError
from nurecoil.histograms._metadata import FOREIGN, unflat
from nurecoil.histograms._store import HISTOGRAM, MOST_BINS, MOST_BYTES, Store, damage_is_input_error
from nurecoil.histograms.histogram import Histogram
from nurecoil.histograms.locations import file_format

__all__ = ["WRITER", "open_uhi", "uhi_documents"]

WRITER = "nurecoil"
_REMEDY = "Write it with uhi.io.json, or with nurecoil."
_PROFILES = frozenset({"mean", "weighted_mean"})


@contextlib.contextmanager
def open_uhi(path: str | os.PathLike[str], where: str) -> Iterator[Store]:
    """Open a UHI JSON file for reading.

    Args:
        path: an existing file, its format told by its suffix.
        where: the place to name in an error.

    Yields:
        The opened file.

    Raises:
        InputError: not JSON, cut off, not UHI, or too large.
    """
    shown = os.fspath(path)
    with damage_is_input_error(where, f"{shown} cannot be read as UHI JSON", _REMEDY):
        documents = uhi_documents(Path(path), where)
        kinds = {name: _kind(document) for name, document in documents.items()}
        first: dict[str, Any] = next(
            (documents[name] for name, kind in kinds.items() if kind == HISTOGRAM), {}
        )
        info = first.get("writer_info", {})
        written = json.loads(info.get(WRITER, {}).get("file_metadata", "{}"))

        def read(name: str) -> Histogram:
            with damage_is_input_error(where, f"{name!r} in {shown} is no UHI histogram", _REMEDY):
                return _histogram(documents[name], name, f"{where}, {shown}:{name}")

    yield Store(shown, kinds, written, read)


def uhi_documents(path: Path, where: str) -> dict[str, Any]:
    """Give every histogram in a file by name, still in UHI's own form.

    Args:
        path: an existing file, its format told by its suffix.
        where: the place to name in an error.

    Returns:
        Name -> UHI document, arrays made of the lists in axes and storage.

    Raises:
        InputError: not JSON, cut off, a statistical model, or too large.
    """
    if path.stat().st_size > MOST_BYTES:
        raise InputError(where, f"{path} is larger than {MOST_BYTES} bytes", None, "Split it.")
    match file_format(path):
        case ".zip":
            return _from_zip(path, where)
        case ".json.gz":
            with gzip.open(path) as packed:
                return _from_text(packed.read(MOST_BYTES), path, where, path.name[: -len(".json.gz")])
        case _:
            return _from_text(path.read_bytes(), path, where, path.stem)


def _from_text(data: bytes, path: Path, where: str, stem: str) -> dict[str, Any]:
    """Take one JSON document: a single histogram, or a mapping of named ones."""
    from uhi.io.json import object_hook

    if not data.strip():
        raise InputError(where, f"{path} is empty", "UHI JSON", _REMEDY)
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(where, f"{path} is no JSON, it begins with {data[:12]!r}", None, _REMEDY) from error
    except json.JSONDecodeError as error:
        cut = not error.doc[error.pos :].strip() or error.msg.startswith("Unterminated string")
        got = f"{path} is {'truncated' if cut else 'no JSON'}: {error.msg}, line {error.lineno}"
        raise InputError(where, got, None, "Copy or make the file again.") from error
    if not isinstance(found, dict):
        raise InputError(where, f"{path} is JSON but holds no histogram", "UHI JSON", _REMEDY)
    if {"channels", "observations"} <= found.keys() or "distributions" in found:
        raise InputError(
            where, f"{path} is a statistical model, not histograms", "UHI JSON", "Use --workspace for it."
        )
    if "uhi_schema" in found:
        metadata = found.get("metadata", {})
        name = metadata.get("name") if isinstance(metadata, dict) else None
        found = {name if isinstance(name, str) and name else stem: found}
    return {
        name: _arrays(document, object_hook) if isinstance(document, dict) else document
        for name, document in found.items()
    }


def _arrays(document: dict[str, Any], hook: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """Let uhi turn lists into arrays, in the storage and the axes alone (metadata may use those words)."""
    axes, storage = document.get("axes"), document.get("storage")
    if isinstance(axes, list):
        document["axes"] = [hook(axis) if isinstance(axis, dict) else axis for axis in axes]
    if isinstance(storage, dict):
        document["storage"] = hook(storage)
    return document


def _from_zip(path: Path, where: str) -> dict[str, Any]:
    """Take the form of ``uhi.io.zip`` (arrays as .npy beside the JSON), or plain JSON put into a zip."""
    import uhi.io.zip

    documents: dict[str, Any] = {}
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
        if size > MOST_BYTES:
            raise InputError(where, f"{path} unpacks to {size} bytes", f"at most {MOST_BYTES}", "Split it.")
        members = [name for name in archive.namelist() if name.endswith(".json")]
        for member in members:
            stem = member.removesuffix(".json")
            document = json.loads(archive.read(member))
            if isinstance(document, dict) and "uhi_schema" in document:
                documents[stem] = uhi.io.zip.read(archive, stem)
            else:
                documents.update(_from_text(archive.read(member), path, where, stem))
    if not members:
        raise InputError(where, f"{path} holds no JSON", "UHI JSON, zipped", _REMEDY)
    return documents


def _kind(document: Any) -> str:
    """What an entry is, in words; HISTOGRAM for what can be read."""
    if not isinstance(document, dict) or "uhi_schema" not in document:
        return "no UHI histogram"
    if document["uhi_schema"] != 1:
        return f"of UHI schema {document['uhi_schema']}, not 1"
    axes, storage = document.get("axes"), document.get("storage")
    if not isinstance(axes, list) or not isinstance(storage, dict):
        return "a damaged UHI histogram (axes or storage missing)"
    if len(axes) != 1:
        return f"a histogram with {len(axes)} axes"
    if storage.get("type") in _PROFILES:
        return "a profile (averages, not counts)"
    kind = axes[0].get("type") if isinstance(axes[0], dict) else None
    if kind not in ("regular", "variable"):
        return f"a histogram with a {kind} axis, not with bins"
    return "a histogram with a circular axis" if axes[0].get("circular") else HISTOGRAM


def _histogram(document: Mapping[str, Any], name: str, where: str) -> Histogram:
    """Take UHI's form of a one-dimensional histogram over."""
    axis, storage = document["axes"][0], _dense(document, where)
    edges = _edges(axis)
    low, high = int(axis["underflow"]), int(axis["overflow"])
    values = _padded(storage["values"], low, high)
    variances = _padded(storage["variances"], low, high) if storage["type"] == "weighted" else None
    if len(values) != len(edges) + 1 or (variances is not None and len(variances) != len(values)):
        got = f"{len(edges) - 1} bins but {len(values)} contents with flow"
        raise InputError(where, got, "one content per bin and flow bin", _REMEDY)
    words = dict(document.get("metadata", {}))
    attached, label, _ = (words.pop(key, None) for key in FOREIGN)
    metadata = {**(attached if isinstance(attached, dict) else {}), **unflat(words, where)}
    if label and label != name:
        metadata.setdefault("title", label)
    about_axis = axis.get("metadata", {})
    return Histogram(
        name=name,
        edges=edges,
        counts=values[1:-1],
        variances=None if variances is None else variances[1:-1],
        observable=metadata.pop("observable", None) or about_axis.get("name"),
        observable_unit=metadata.pop("observable_unit", about_axis.get("unit")),
        counts_unit=metadata.pop("counts_unit", None),
        metadata=metadata,
        underflow=float(values[0]),
        overflow=float(values[-1]),
        flow_variances=None if variances is None else (float(variances[0]), float(variances[-1])),
    )


def _dense(document: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """The storage with one number per bin; sparse ones are filled up, unless they would fill the memory."""
    from uhi.io import from_sparse

    storage = document["storage"]
    if "values" not in storage:
        raise InputError(where, "it has axes but no contents", "dense or sparse contents", _REMEDY)
    bins = document["axes"][0].get("bins", 0)
    if not isinstance(bins, int) or bins > MOST_BINS:
        raise InputError(where, f"{bins} bins", f"at most {MOST_BINS}", _REMEDY)
    return cast("Mapping[str, Any]", from_sparse(cast("Any", document))["storage"])


def _edges(axis: Mapping[str, Any]) -> NDArray[np.float64]:
    if axis["type"] == "variable":
        return np.asarray(axis["edges"], dtype=np.float64)
    return np.linspace(float(axis["lower"]), float(axis["upper"]), int(axis["bins"]) + 1)


def _padded(values: Any, underflow: int, overflow: int) -> NDArray[np.float64]:
    """Contents with both flow bins; the ones that the axis does not have are zero."""
    return np.pad(np.asarray(values, dtype=np.float64), (1 - underflow, 1 - overflow))
