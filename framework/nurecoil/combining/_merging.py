"""The metadata of several models as one: lists joined, what differs kept under its input's label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nurecoil._version import __version__
from nurecoil.combining._inputs import Input
from nurecoil.combining._matching import Matching
from nurecoil.combining.correlations import Relation

__all__ = ["merge_metadata"]

_LISTS = ("experiments", "references", "provenance", "notes", "alternatives")


def merge_metadata(
    inputs: Sequence[Input], matching: Matching, relations: Sequence[Relation], notes: Sequence[str]
) -> dict[str, Any]:
    """The metadata of a combination.

    Args:
        inputs: the inputs, sorted by label.
        matching: their parameters.
        relations: the map as it was given.
        notes: what the combination itself has to state.

    Returns:
        References, provenance and notes of all; published values under the parameters' names in the
        combination; published limits of exactly these experiments; ``origin`` with the inputs and
        their digests.
    """
    metas = {one.label: one.model.metadata for one in inputs}
    found: dict[str, Any] = {key: _union(meta.get(key) or () for meta in metas.values()) for key in _LISTS}
    searches = _union([meta["search"]] for meta in metas.values() if meta.get("search"))
    published: list[Any] = []
    for label, meta in metas.items():
        names = matching.names_of(label)
        published += [
            {**row, "parameter": names[row["parameter"]]}
            for row in meta.get("published") or ()
            if row.get("parameter") in names
        ]
    limits = _union(meta.get("published_limits") or () for meta in metas.values())
    found |= {
        "search": searches[0] if len(searches) == 1 else None,
        "notes": _union([found["notes"], notes]),
        "published": _union([published]),
        "published_limits": [
            row for row in limits if set(row.get("experiments") or ()) == set(found["experiments"])
        ],
        "options": _by_owner({label: meta.get("options") or {} for label, meta in metas.items()}),
    }
    done = {*found, "origin"}
    others = list(dict.fromkeys(key for meta in metas.values() for key in meta if key not in done))
    for key in others:
        found[key] = _one_or_each({label: meta[key] for label, meta in metas.items() if key in meta})
    return {**found, "origin": _origin(inputs, relations)}


def _origin(inputs: Sequence[Input], relations: Sequence[Relation]) -> dict[str, Any]:
    """What went into a combination; the file that it may be written to is not known here."""
    return {
        "made_by": f"nurecoil {__version__}",
        "inputs": [
            {
                "label": one.label,
                "file": one.origin.get("file"),
                "format": one.origin.get("format"),
                "sha256": one.origin.get("sha256") or one.digest,
                "made_by": one.origin.get("made_by"),
                "inputs": one.origin.get("inputs") or [],
            }
            for one in inputs
        ],
        "correlations": [
            relation.to_json() for relation in sorted(relations, key=lambda r: (r.name, r.members))
        ],
    }


def _union(lists: Any) -> list[Any]:
    """Every entry once, in the order of first appearance; entries may be mappings."""
    found: list[Any] = []
    for entries in lists:
        for entry in entries:
            if entry not in found:
                found.append(entry)
    return found


def _by_owner(options: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Options by owner; where inputs disagree, by ``label:owner``."""
    found: dict[str, Any] = {}
    for owner in dict.fromkeys(owner for given in options.values() for owner in given):
        said = {label: given[owner] for label, given in options.items() if owner in given}
        alike = len(_union([list(said.values())])) == 1
        found |= {owner: next(iter(said.values()))} if alike else {f"{x}:{owner}": v for x, v in said.items()}
    return found


def _one_or_each(said: Mapping[str, Any]) -> Any:
    """What all say that say something, lists joined; otherwise what each says, by label."""
    if all(isinstance(value, list) for value in said.values()):
        return _union(said.values())
    values = _union([list(said.values())])
    return values[0] if len(values) == 1 else dict(said)
