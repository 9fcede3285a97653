"""The words that travel with a histogram: kept plain, and packed for the two file formats.

Units and observable live beside the free metadata under reserved keys. UHI JSON allows only text, numbers
and truth values in metadata, so anything richer travels there as JSON text under a marked key. No arrays
and no files here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from nurecoil.errors import InputError

__all__ = ["FOREIGN", "RESERVED", "flat", "plain_metadata", "unflat"]

RESERVED = ("name", "observable", "observable_unit", "counts_unit")
FOREIGN = ("metadata", "label", "name")
"""Keys that hist and boost-histogram write for themselves: what was attached, the title, the name."""
_PACKED = "json:"


def plain_metadata(metadata: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Copy metadata into what JSON can hold without loss: dict, list, str, int, float, bool, None.

    Args:
        metadata: the mapping; tuples become lists, numpy numbers become Python's.
        where: the place to name in an error.

    Returns:
        A deep copy that shares nothing with the input.

    Raises:
        InputError: a key is reserved or no text, or a value is not plain (an object, NaN, an array).

    Example:
        >>> plain_metadata({"doi": "10.1000/1", "range": (100, 900)}, "here")
        {'doi': '10.1000/1', 'range': [100, 900]}
    """
    taken = [key for key in RESERVED if key in metadata]
    if taken:
        raise InputError(
            where, f"metadata key {taken[0]!r} is reserved", None, "Give it as the histogram's own argument."
        )
    return cast("dict[str, Any]", _plain(metadata, where, "metadata"))


def _plain(value: Any, where: str, path: str) -> Any:
    match value:
        case None | bool() | str():
            return value
        case np.generic():
            return _plain(value.item(), where, path)
        case int():
            return int(value)
        case float() if math.isfinite(value):
            return float(value)
        case list() | tuple():
            return [_plain(item, where, f"{path}[{index}]") for index, item in enumerate(value)]
        case Mapping():
            for key in value:
                if not isinstance(key, str):
                    raise InputError(where, f"the key {key!r} in {path} is no text", "text keys")
            return {key: _plain(item, where, f"{path}[{key!r}]") for key, item in value.items()}
    raise InputError(
        where, f"{path} is {value!r}", "text, finite numbers, truth values, lists and mappings of these"
    )


def flat(metadata: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    """Pack plain metadata for UHI, which holds text, numbers and truth values only.

    Args:
        metadata: plain metadata (see :func:`plain_metadata`).

    Returns:
        The same with every richer value as JSON text under the key ``json:KEY``.

    Example:
        >>> flat({"doi": "10.1000/1", "range": [100, 900]})
        {'doi': '10.1000/1', 'json:range': '[100, 900]'}
    """
    packed: dict[str, str | int | float | bool] = {}
    for key, value in metadata.items():
        free = key and key not in FOREIGN and not key.startswith(_PACKED)
        simple = free and isinstance(value, str | int | float | bool)
        packed[key if simple else _PACKED + key] = value if simple else json.dumps(value)
    return packed


def unflat(packed: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Undo :func:`flat`; what others wrote passes through.

    Args:
        packed: metadata as found in a file.
        where: the place to name in an error.

    Returns:
        The metadata, not yet checked for plainness.

    Raises:
        InputError: a value marked as JSON is none.

    Example:
        >>> unflat({"json:range": "[100, 900]"}, "here")
        {'range': [100, 900]}
    """
    metadata: dict[str, Any] = {}
    for key, value in packed.items():
        if not key.startswith(_PACKED):
            metadata[key] = value
            continue
        try:
            metadata[key.removeprefix(_PACKED)] = json.loads(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise InputError(where, f"metadata {key!r} is no JSON ({error})") from error
    return metadata
