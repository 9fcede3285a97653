"""Patch sets of pyhf: one named patch applied to the workspace that the set was made for.

A patch is a list of JSON Patch operations (RFC 6902); the jsonpatch library applies them. Operations that
multiply a document (copy, move) are refused, and so are more of them than a signal's patch needs.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from nurecoil.bridges.loading._schema import check_schema
from nurecoil.bridges.loading._text import MOST_LEVELS, checked
from nurecoil.bridges.loading._words import json_path, short
from nurecoil.errors import InputError, unknown_name

__all__ = ["MOST_OPERATIONS", "patched", "streamed_digest"]

MOST_OPERATIONS = 10_000
"""Operations in one patch, at most."""

_MOST_MOVES = 2_000_000_000
"""Entries shifted by all operations together, at most: one insertion may shift its whole list."""

_ALLOWED = ("add", "remove", "replace", "test")
_SPLIT_LEVELS = 4


def patched(
    document: Mapping[str, Any],
    patchset_document: Mapping[str, Any],
    name: str,
    where: str,
    *,
    original: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A workspace with one patch of a patch set applied; both inputs stay as they are.

    Args:
        document: the workspace that the patch set belongs to.
        patchset_document: the patch set, as :func:`nurecoil.bridges.loading.documents.load_json` gives it.
        name: the patch's name.
        where: the patch set's file, in the user's words.
        original: the workspace as it was published, where ``document`` has been patched before.

    Returns:
        The patched workspace, not yet validated.

    Raises:
        InputError: where the patch set is none, was made for another workspace (digest), has no such patch,
            or the patch copies, moves, is too long or does not fit.

    Example:
        >>> from nurecoil.bridges.loading.documents import digest
        >>> workspace = {"channels": [{"name": "SR"}]}
        >>> step = {"op": "replace", "path": "/channels/0/name", "value": "CR"}
        >>> patch_set = {
        ...     "version": "1.0.0",
        ...     "metadata": {
        ...         "references": {"hepdata": "ins1234567"}, "digests": {"sha256": digest(workspace)},
        ...         "labels": ["mass"], "description": "one signal",
        ...     },
        ...     "patches": [{"metadata": {"name": "heavy", "values": [900]}, "patch": [step]}],
        ... }
        >>> patched(workspace, patch_set, "heavy", "patch set mine.json")
        {'channels': [{'name': 'CR'}]}
        >>> patched(workspace, patch_set, "heavi", "patch set mine.json")
        Traceback (most recent call last):
        nurecoil.errors.InputError: patch set mine.json: 'heavi' is not known. Allowed: heavy. ...
    """
    chosen, index = _chosen(patchset_document, name, where)
    place = f"{where}, patch {short(name)} (patches[{index}])"
    operations = chosen.get("patch")
    if isinstance(operations, list) and len(operations) > MOST_OPERATIONS:
        raise InputError(place, f"{len(operations)} operations", f"{MOST_OPERATIONS} at most")
    # The other patches are not used, and there may be thousands.
    check_schema({**patchset_document, "patches": [chosen]}, "patchset.json", place)
    labels, values = patchset_document["metadata"]["labels"], chosen["metadata"]["values"]
    if len(values) != len(labels):
        raise InputError(place, f"{len(values)} values", f"{len(labels)}, one per label of the patch set")
    _verify(document if original is None else original, patchset_document["metadata"]["digests"], where)
    return _applied(document, chosen["patch"], place)


def streamed_digest(document: Any, algorithm: str = "sha256") -> str:
    """The digest of canonical JSON, in pieces, so that no second copy of a large document is made.

    Args:
        document: plain data for JSON.
        algorithm: ``sha256`` or ``md5``.

    Returns:
        Hexadecimal digits.

    Raises:
        TypeError: something in it is no data.

    Example:
        >>> streamed_digest({}, "md5")
        '99914b932bd37a50b983c5e7c90ae93b'
    """
    from json import JSONEncoder

    found = hashlib.new(algorithm, usedforsecurity=False)
    encoder = JSONEncoder(sort_keys=True, ensure_ascii=False)

    def feed(value: Any, levels: int) -> None:
        if levels and isinstance(value, dict) and value and all(isinstance(key, str) for key in value):
            for number, key in enumerate(sorted(value)):
                found.update((("{" if number == 0 else ", ") + encoder.encode(key) + ": ").encode())
                feed(value[key], levels - 1)
            found.update(b"}")
        elif levels and isinstance(value, list) and value:
            for number, inner in enumerate(value):
                found.update(b"[" if number == 0 else b", ")
                feed(inner, levels - 1)
            found.update(b"]")
        else:
            found.update(encoder.encode(value).encode())

    feed(document, _SPLIT_LEVELS)
    return found.hexdigest()


def _chosen(patch_set: Mapping[str, Any], name: str, where: str) -> tuple[dict[str, Any], int]:
    """The patch of that name and its index."""
    patches = patch_set.get("patches")
    if not isinstance(patches, list) or not patches:
        check_schema(patch_set, "patchset.json", where)
        raise InputError(where, "no patches", "a pyhf patch set")
    named: dict[str, list[int]] = {}
    for index, patch in enumerate(patches):
        about = patch.get("metadata") if isinstance(patch, dict) else None
        found = about.get("name") if isinstance(about, dict) else None
        if not isinstance(found, str):
            raise InputError(f"{where}, {json_path(['patches', index])}", "the patch has no metadata.name")
        named.setdefault(found, []).append(index)
    if name not in named:
        raise _unknown(where, name, list(named))
    if len(named[name]) > 1:
        raise InputError(where, f"{len(named[name])} patches are called {short(name)}", "every name once")
    return patches[named[name][0]], named[name][0]


def _unknown(where: str, name: str, known: list[str]) -> InputError:
    """The error for a name that does not exist; of hundreds of patches only the nearest are named."""
    if len(known) <= 20 and sum(map(len, [name, *known])) < 2000:
        found = unknown_name(InputError, where, name, known)
        assert isinstance(found, InputError)
        return found
    from nurecoil.errors import nearest

    close = nearest(name[:200], [item for item in known[:20_000] if len(item) <= 200]) or known[:3]
    words = ", ".join(short(item) for item in close)
    return InputError(
        where, f"{short(name)} is not known", f"one of {len(known)} patches, for example {words}"
    )


def _verify(document: Mapping[str, Any], stated: Mapping[str, str], where: str) -> None:
    for algorithm, wanted in stated.items():
        found = streamed_digest(document, algorithm)
        if not hmac.compare_digest(found, wanted.lower()):
            raise InputError(
                where,
                f"made for the workspace with {algorithm} {wanted}, this one has {found}",
                "the workspace that the patch set was published with, unchanged",
            )


def _applied(document: Mapping[str, Any], operations: list[dict[str, Any]], place: str) -> dict[str, Any]:
    from jsonpatch import JsonPatch, JsonPatchConflict, JsonPatchException, JsonPatchTestFailed
    from jsonpointer import JsonPointerException

    for number, operation in enumerate(operations):
        if operation["op"] not in _ALLOWED:
            raise InputError(
                f"{place}, operation {number} at {short(operation['path'])}",
                f"the operation {operation['op']!r} can multiply a document",
                ", ".join(_ALLOWED),
                "Write the patch with add and remove.",
            )
    inserted = max((_longest(step["value"]) for step in operations if "value" in step), default=0)
    if len(operations) * (max(_longest(document), inserted) + len(operations)) > _MOST_MOVES:
        raise InputError(
            place, f"{len(operations)} operations on lists this long take too long", "a shorter patch"
        )
    made: dict[str, Any] = _copy(document)
    for number, operation in enumerate(operations):
        at = f"{place}, operation {number} ({operation['op']} at {short(operation['path'])})"
        if operation["path"] == "" and operation["op"] != "test":
            raise InputError(at, "it replaces the whole workspace", "a path inside it")
        if operation["path"].count("/") > MOST_LEVELS:
            raise InputError(at, "a path this long", f"{MOST_LEVELS} levels at most")
        step = {**operation, "value": _copy(operation["value"])} if "value" in operation else operation
        try:
            made = JsonPatch([step]).apply(made, in_place=True)
        except JsonPatchTestFailed:
            raise InputError(at, "the workspace has another value there than the patch expects") from None
        except (
            JsonPatchException,
            JsonPointerException,
            KeyError,
            IndexError,
            TypeError,
            ValueError,
        ) as error:
            kind = "cannot be done" if isinstance(error, JsonPatchConflict) else "is not understood"
            raise InputError(
                at, f"the operation {kind} ({str(error)[:200]})", "a path that exists in the workspace"
            ) from None
    checked(made, place)
    return made


def _copy(value: Any) -> Any:
    """A copy whose lists and objects are new."""
    if isinstance(value, Mapping):
        return {key: _copy(inner) if type(inner) in (dict, list) else inner for key, inner in value.items()}
    if isinstance(value, list):
        return [_copy(inner) if type(inner) in (dict, list) else inner for inner in value]
    return value


def _longest(value: Any) -> int:
    """Entries of the longest list or object anywhere inside."""
    if not isinstance(value, Mapping | list):
        return 0
    inner = value.values() if isinstance(value, Mapping) else value
    return max(len(value), max((_longest(one) for one in inner if type(one) in (dict, list)), default=0))
