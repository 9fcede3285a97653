"""The one door for foreign JSON: read it, say what it is, validate it, patch it, digest it.

Every function raises :class:`nurecoil.errors.InputError` and nothing else for whatever a file may hold. What
the documents mean is the readers' business (:mod:`nurecoil.bridges.reading`). The bounds a text must keep are
in ``_text``, pyhf's schema in ``_schema``, patch sets in ``_patches``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal

from nurecoil.bridges.loading._patches import patched, streamed_digest
from nurecoil.bridges.loading._schema import check_schema
from nurecoil.bridges.loading._text import LARGEST_FILE, MOST_LEVELS, parsed, read_bytes
from nurecoil.bridges.loading._words import json_path, printable, short
from nurecoil.errors import InputError

__all__ = [
    "LARGEST_FILE",
    "MOST_LEVELS",
    "digest",
    "json_path",
    "kind_of",
    "load_json",
    "patched",
    "short",
    "validate_pyhf",
]

_PYHF = ("channels", "observations", "measurements")
_HS3 = ("distributions", "likelihoods")


def load_json(path: str | os.PathLike[str], *, where: str) -> Any:
    """Read a JSON object from a file that may hold anything.

    Refused, with file and place: a missing or unreadable file, a folder, a device or pipe (never waited for),
    an empty, truncated or too large one, text that is not UTF-8 or has a byte-order mark, NaN and infinities,
    numbers beyond a double, keys that come twice in one object, half characters, more than
    :data:`MOST_LEVELS` levels, documents that could take a GB of memory, and a top level that is no object.

    Args:
        path: the file, of :data:`LARGEST_FILE` bytes at most.
        where: what it is to the user, for errors: ``workspace``.

    Returns:
        The document as plain data, a dict with str keys.

    Raises:
        InputError: for all of these.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        ...     _ = file.write('{"version": "1.0.0"}')
        ...     file.flush()
        ...     load_json(file.name, where="workspace")
        {'version': '1.0.0'}
    """
    place = f"{where} {printable(path)}"
    document = parsed(read_bytes(path, where), place)
    if isinstance(document, dict):
        return document
    remedy = None
    if isinstance(document, list) and document and isinstance(document[0], dict) and "op" in document[0]:
        remedy = "This is a bare JSON patch: give the workspace, and the patch inside a pyhf patch set."
    raise InputError(place, f"the top level is {_kind(document)}", "an object ({...})", remedy)


def digest(document: Any) -> str:
    """SHA-256 of canonical JSON, the same number as ``pyhf digest`` gives.

    Canonical means: keys sorted, a space after colon and comma, no other white space, characters as they are
    in UTF-8, floats in Python's shortest form. So it depends neither on the order of keys nor on white space.

    Args:
        document: plain data for JSON.

    Returns:
        64 hexadecimal digits.

    Raises:
        InputError: something in it is no plain data.

    Example:
        >>> digest({"b": 3.0, "a": 2.0, "c": 1.0})
        'a38f6093800189b79bc22ef677baf90c75705af2cfc7ff594159eca54eaa7928'
    """
    try:
        return streamed_digest(document)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            "digest", f"no plain JSON data ({str(error)[:200]})", "a document as JSON has it"
        ) from None


def kind_of(document: Mapping[str, Any], where: str = "document") -> Literal["pyhf", "hs3"]:
    """Tell a pyhf workspace from an HS3 file by what it holds.

    Args:
        document: as :func:`load_json` gives it.
        where: the file, in the user's words.

    Returns:
        ``pyhf`` or ``hs3``; nothing is validated yet.

    Raises:
        InputError: it is something else: what it is, and what to give instead.

    Example:
        >>> kind_of({"distributions": [], "metadata": {"hs3_version": "0.2"}})
        'hs3'
        >>> kind_of({"channels": [], "parameters": []})
        Traceback (most recent call last):
        nurecoil.errors.InputError: document: a bare pyhf model, without observations and measurements. ...
    """
    allowed = "a pyhf workspace or an HS3 file"
    metadata = document.get("metadata")
    hs3 = "distributions" in document or (isinstance(metadata, Mapping) and "hs3_version" in metadata)
    if document.get("type") == "nurecoil sidecar":
        about = document.get("workspace")
        file = about.get("file") if isinstance(about, Mapping) else None
        raise InputError(
            where, "the sidecar of a workspace", allowed,
            f"Give the workspace itself{f', {short(file)}' if isinstance(file, str) else ''}.",
        )  # fmt: skip
    if hs3 and any(key in document for key in _PYHF):
        raise InputError(
            where, "keys of both a pyhf workspace and an HS3 file", allowed, "Keep one of the two in a file."
        )
    if "patches" in document and not hs3 and "channels" not in document:
        raise InputError(
            where, "a patch set of pyhf", allowed,
            "Give the workspace it was made for, and name one of its patches with --patch.",
        )  # fmt: skip
    if "observations" in document or "measurements" in document:
        return "pyhf"
    if "channels" in document:
        raise InputError(
            where, "a bare pyhf model, without observations and measurements", allowed,
            "Add 'observations', 'measurements' and 'version': pyhf.Workspace.build(model, data) does.",
        )  # fmt: skip
    if hs3:
        versioned = isinstance(metadata, Mapping) and "hs3_version" in metadata
        if versioned or "likelihoods" in document:
            return "hs3"
        raise InputError(
            where, "distributions, but neither metadata.hs3_version nor likelihoods", allowed,
            "Write the whole HS3 file.",
        )  # fmt: skip
    keys = ", ".join(short(key) for key in list(document)[:8])
    raise InputError(where, f"an object with {keys or 'no keys'}, which is neither", allowed)


def validate_pyhf(document: Mapping[str, Any], where: str) -> None:
    """Hold a document against pyhf's own workspace schema, without network.

    Stricter than pyhf in one point: true and false are no numbers.

    Args:
        document: as :func:`load_json` gives it.
        where: the file, in the user's words.

    Raises:
        InputError: which modifier of which sample of which channel, its JSON path, and what is wrong there.

    Example:
        >>> bad = {"name": "jes", "type": "normsys", "data": {"lo": 0.9}}
        >>> sample = {"name": "b", "data": [1.0], "modifiers": [bad]}
        >>> workspace = {
        ...     "channels": [{"name": "SR", "samples": [sample]}], "version": "1.0.0",
        ...     "observations": [{"name": "SR", "data": [1.0]}],
        ...     "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        ... }
        >>> validate_pyhf(workspace, "mine.json")
        Traceback (most recent call last):
        nurecoil.errors.InputError: mine.json, channel 'SR', sample 'b', modifier 'jes' ...
    """
    check_schema(document, "workspace.json", where)


def _kind(value: object) -> str:
    if isinstance(value, list):
        return "a list"
    return "a text" if isinstance(value, str) else f"{value!r}"
