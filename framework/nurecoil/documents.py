"""Results as JSON text: numpy made plain, what JSON cannot say made null. Light to import.

What a document holds is the business of the result it is of; writing files whole is :mod:`nurecoil.atomic`'s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["encode"]


def encode(document: Mapping[str, object]) -> str:
    """A document as JSON text that ends with a line end.

    JSON has no infinities and no NaN: these become ``null``. Floats are written so that reading them gives
    the same number back.

    Args:
        document: plain data; numpy scalars and arrays are fine.

    Returns:
        The text.

    Raises:
        TypeError: something in it is no data.

    Example:
        >>> print(encode({"limit": float("inf"), "cl": 0.9}), end="")
        {
          "limit": null,
          "cl": 0.9
        }
    """
    import json

    return json.dumps(_plain(document), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if hasattr(value, "tolist"):  # numpy, without importing it
        return _plain(value.tolist())
    return value
