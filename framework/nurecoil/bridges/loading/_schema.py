"""A document against pyhf's own JSON schema, offline, and what is wrong in words.

The schema files are those of the installed pyhf, read without importing it; :mod:`jsonschema` walks them and
finds what is wrong, where :mod:`nurecoil.bridges.loading._quick` has not found all right. A modifier is held
against the definition of its own type alone, which says more and accepts the same. What a schema cannot say
(lengths that must agree, names that must be there) is the business of the readers.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from nurecoil.bridges.loading._quick import quick_check
from nurecoil.bridges.loading._words import json_path, short
from nurecoil.errors import InputError, unknown_name

__all__ = ["check_schema", "place_in_words"]

_VERSION = "1.0.0"
_NAMED = {"channels": "channel", "samples": "sample", "modifiers": "modifier", "observations": "observation",
          "measurements": "measurement", "parameters": "parameter", "patches": "patch"}  # fmt: skip
_KINDS = {"object": "an object", "array": "a list", "string": "a text", "number": "a number", "null": "null",
          "boolean": "true or false"}  # fmt: skip


def check_schema(document: Mapping[str, Any], name: str, where: str) -> None:
    """Hold a document against one of pyhf's schemas.

    Args:
        document: plain data.
        name: ``workspace.json`` or ``patchset.json``.
        where: the file, in the user's words.

    Raises:
        InputError: with channel, sample and modifier by name, and the JSON path, of the first thing wrong.

    Example:
        >>> check_schema({"channels": []}, "workspace.json", "mine.json")
        Traceback (most recent call last):
        nurecoil.errors.InputError: mine.json, channels: the list is empty. Allowed: at least 1 entry.
    """
    error = next(_validator(name).iter_errors(document), None)
    if error is None:
        return
    parts = list(error.absolute_path)
    got, allowed = (
        error.message.split(_SEPARATOR, 1) if _SEPARATOR in error.message else (error.message, None)
    )
    raise InputError(f"{where}, {place_in_words(document, parts)}", got, allowed)


def place_in_words(document: Mapping[str, Any], parts: Sequence[str | int]) -> str:
    """A place in a workspace by the names that stand there, followed by its JSON path.

    Args:
        document: plain data, whatever shape it has.
        parts: keys and indices from the top.

    Returns:
        For example ``channel 'SR', sample 'b' (channels[0].samples[1].data)``.

    Example:
        >>> place_in_words({"channels": [{"name": "SR", "samples": 3}]}, ["channels", 0, "samples"])
        "channel 'SR' (channels[0].samples)"
    """
    words, node = [], document
    for before, part in zip([None, *parts], parts, strict=False):
        try:
            node = node[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            break
        if before in _NAMED and isinstance(part, int) and isinstance(node, Mapping):
            about = node.get("metadata") if before == "patches" else node
            name = about.get("name") if isinstance(about, Mapping) else None
            if isinstance(name, str):
                kind = node.get("type") if before == "modifiers" else None
                words.append(f"{_NAMED[before]} {short(name)}" + (f" of type {short(kind)}" if kind else ""))
    path = json_path(parts)
    return f"{', '.join(words)} ({path})" if words else path


_SEPARATOR = "\x1f"
"""Between what was got and what is allowed, in the messages of the keywords below."""


@functools.cache
def _validator(name: str) -> Any:
    """The validator of one schema, with messages that never repeat a large document."""
    from jsonschema import Draft6Validator
    from jsonschema.validators import extend
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT6

    folder = _schema_folder()
    schemas = [json.loads((folder / file).read_text(encoding="utf-8")) for file in ("defs.json", name)]
    registry: Any = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema, default_specification=DRAFT6)) for schema in schemas
    )
    # In this draft a reference hides the id beside it, against which it is to be read.
    whole = {"$ref": urljoin(schemas[1]["$id"], schemas[1]["$ref"])}

    def items(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
        right = quick_check(wanted, schemas[0])
        for index, item in enumerate(instance if isinstance(instance, list) else ()):
            if not right(item):
                yield from validator.descend(item, wanted, path=index)

    keywords = {
        "additionalProperties": _additional_properties, "anyOf": _any_of, "const": _const, "enum": _enum,
        "items": items, "minItems": _min_items, "minProperties": _min_items, "oneOf": _one_of,
        "pattern": _pattern, "required": _required, "type": _type,
    }  # fmt: skip
    made: Any = extend(Draft6Validator, keywords)
    return made(whole, registry=registry)


def _schema_folder() -> Path:
    found = importlib.util.find_spec("pyhf")  # a top-level name: nothing is imported
    if found is None or not found.submodule_search_locations:
        raise InputError("pyhf", "not installed", remedy="Install it: pip install pyhf.")
    folder = Path(found.submodule_search_locations[0]) / "schemas" / _VERSION
    if not folder.is_dir():
        raise InputError(
            "pyhf", f"has no schemas of version {_VERSION}", remedy="Install pyhf 0.7.6 or newer."
        )
    return folder


def _error(got: str, allowed: str | None = None) -> Iterator[Any]:
    from jsonschema import ValidationError

    yield ValidationError(got if allowed is None else f"{got}{_SEPARATOR}{allowed}")


def _type(validator: Any, wanted: str, instance: Any, schema: Any) -> Iterator[Any]:
    if not validator.is_type(instance, wanted):
        yield from _error(f"{short(instance)} stands here", _KINDS.get(wanted, wanted))


def _required(validator: Any, keys: list[str], instance: Any, schema: Any) -> Iterator[Any]:
    if isinstance(instance, dict):
        missing = [key for key in keys if key not in instance]
        if missing:
            have = ", ".join(short(key) for key in list(instance)[:8]) or "nothing"
            yield from _error(f"no {' and no '.join(map(repr, missing))} here, only {have}", ", ".join(keys))


def _additional_properties(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if allowed is False and isinstance(instance, dict):
        known = schema.get("properties", {})
        extra = next((key for key in instance if key not in known), None)
        if extra is not None:
            yield from _error(f"the key {short(extra)} is not known", ", ".join(known))


def _min_items(validator: Any, least: int, instance: Any, schema: Any) -> Iterator[Any]:
    if isinstance(instance, list | dict) and len(instance) < least:
        kind = "list" if isinstance(instance, list) else "object"
        yield from _error(f"the {kind} is empty", f"at least {least} entry")


def _const(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if type(instance) is not type(value) or instance != value:
        yield from _error(f"{short(instance)} stands here", repr(value))


def _enum(validator: Any, values: list[Any], instance: Any, schema: Any) -> Iterator[Any]:
    if instance not in values:
        yield from _error(f"{short(instance)} stands here", ", ".join(map(str, values)))


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    import re

    if isinstance(instance, str) and not re.search(pattern, instance):
        yield from _error(f"{short(instance)} stands here", f"a text like {pattern}")


def _any_of(validator: Any, branches: list[Any], instance: Any, schema: Any) -> Iterator[Any]:
    """Hold a modifier against the definition of its own type; each fixes its type, so no other can fit."""
    types = {
        branch["$ref"].rsplit("/", 1)[-1]: branch
        for branch in branches
        if "/modifier/" in branch.get("$ref", "")
    }
    if not types:
        if not any(validator.evolve(schema=branch).is_valid(instance) for branch in branches):
            wanted = " or ".join(_KINDS.get(branch.get("type", ""), "something else") for branch in branches)
            yield from _error(f"{short(instance)} stands here", wanted)
        return
    if not isinstance(instance, dict):
        yield from _error(f"{short(instance)} stands here", "a modifier: an object with name, type and data")
        return
    kind = instance.get("type")
    if isinstance(kind, str) and kind in types:
        yield from validator.descend(instance, types[kind])
    elif isinstance(kind, str):
        said = unknown_name(InputError, "type", kind[:60], types)
        yield from _error(f"the modifier type {short(kind)} is not known", said.allowed)
    else:
        got = f"the modifier's type is {short(kind)}" if "type" in instance else "the modifier has no type"
        yield from _error(got, ", ".join(types))


def _one_of(validator: Any, branches: list[Any], instance: Any, schema: Any) -> Iterator[Any]:
    """Of pyhf's schemas only an operation of a patch has alternatives, told apart by its ``op``."""
    named = {op: branch for branch in branches for op in branch["properties"]["op"]["enum"]}
    op = instance.get("op") if isinstance(instance, dict) else None
    if isinstance(op, str) and op in named:
        yield from validator.descend(instance, named[op])
    else:
        yield from _error(f"the operation {short(op)} is not known", ", ".join(named))
