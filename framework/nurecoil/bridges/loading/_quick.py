"""JSON schemas as plain functions: a quick yes for what is right, so that only what is not costs time.

The general validator takes 80 microseconds for one modifier, and a likelihood has hundreds of thousands of
them. A quick check may say no to something right (a keyword it does not know); then the validator decides. It
must never say yes to something wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["quick_check"]

Check = Callable[[Any], bool]

_TYPES: Mapping[str, frozenset[type]] = {
    "string": frozenset({str}),
    "number": frozenset({int, float}),
    "null": frozenset({type(None)}),
    "boolean": frozenset({bool}),
}


def quick_check(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Check:
    """A function that says yes only to what a schema accepts.

    Args:
        schema: a part of a JSON schema (draft 6).
        root: the document that its references ``#/...`` point into.

    Returns:
        The function; it takes plain data.

    Example:
        >>> check = quick_check({"type": "array", "items": {"type": "number"}}, {})
        >>> check([1, 2.5]), check([1, "2"]), check([True])
        (True, False, False)
    """
    if "$ref" in schema:
        node: Any = root
        for part in schema["$ref"].rsplit("#", 1)[-1].strip("/").split("/"):
            node = node[part]
        return quick_check(node, root)
    kind = schema.get("type")
    if schema.keys() == {"anyOf"}:
        return _by_type(schema["anyOf"], root)
    if schema.keys() == {"const"}:
        value = schema["const"]
        return lambda given: type(given) is type(value) and given == value
    if kind == "object" and schema.keys() <= {"type", "properties", "required", "additionalProperties"}:
        return _object(schema, root)
    if kind == "array" and schema.keys() <= {"type", "items", "minItems"}:
        return _array(schema, root)
    if kind in _TYPES and schema.keys() <= {
        "type",
        "minItems",
        "maxItems",
    }:  # the last two are of lists alone
        types = _TYPES[str(kind)]
        return lambda given: type(given) in types
    return _never


def _never(given: Any) -> bool:
    return False


def _object(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Check:
    if schema.get("additionalProperties") is not False:
        return _never
    required = frozenset(schema.get("required", ()))
    checks = {key: quick_check(inner, root) for key, inner in schema.get("properties", {}).items()}

    def check(given: Any) -> bool:
        if type(given) is not dict or not required <= given.keys():
            return False
        for key, value in given.items():
            found = checks.get(key)
            if found is None or not found(value):
                return False
        return True

    return check


def _array(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Check:
    least, items = schema.get("minItems", 0), schema.get("items")
    if items is None:
        return lambda given: type(given) is list and len(given) >= least
    if items == {"type": "number"}:
        numbers = _TYPES["number"]
        return lambda given: (
            type(given) is list and len(given) >= least and numbers.issuperset(map(type, given))
        )
    inner = quick_check(items, root)
    return lambda given: type(given) is list and len(given) >= least and all(map(inner, given))


def _by_type(branches: list[Mapping[str, Any]], root: Mapping[str, Any]) -> Check:
    """Alternatives, each of which says its ``type`` as a constant last in its reference: no other can fit."""
    checks = {branch.get("$ref", "").rsplit("/", 1)[-1]: quick_check(branch, root) for branch in branches}

    def check(given: Any) -> bool:
        kind = given.get("type") if type(given) is dict else None
        found = checks.get(kind) if type(kind) is str else None
        return found is not None and found(given)

    return check
