"""JSON text to plain data, within stated bounds of size, memory and depth.

The standard library's parser reads the text. Around it stands what it leaves open: how much memory a text may
cost, how deep it may nest, keys that come twice, numbers that are none or do not fit a double, half
characters. Nothing here knows what a workspace is.
"""

from __future__ import annotations

import gc
import json
import math
import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nurecoil.bridges.loading._words import json_path, printable, short
from nurecoil.errors import InputError

__all__ = [
    "LARGEST_FILE",
    "LARGEST_MEMORY",
    "MOST_CONTAINERS",
    "MOST_DIGITS",
    "MOST_LEVELS",
    "checked",
    "parsed",
    "read_bytes",
]

LARGEST_FILE = 128 * 2**20
"""Bytes in a file, at most."""

LARGEST_MEMORY = 850_000_000
"""Bytes of memory that the parsed document may take, as :func:`_estimate` bounds it from above."""

MOST_CONTAINERS = 2_500_000
"""Lists and objects in a document, at most; they cost time more than memory."""

MOST_LEVELS = 64
"""Objects and lists inside each other, at most; a pyhf workspace has 9, HS3's ``misc`` is free."""

MOST_DIGITS = 308
"""Digits of an integer, at most: every one of them fits a double."""

_SIGNATURES = (
    (b"\x1f\x8b", "is compressed with gzip", "Unpack it first (gunzip)."),
    (b"PK\x03\x04", "is a zip archive", "Unpack it first (unzip)."),
    (b"root", "is a ROOT file", "Give the HistFactory XML that names it, or a JSON workspace."),
    (b"\x89HDF", "is an HDF5 file", None),
    (b"<", "is XML or HTML, not JSON", None),
    (b"\xef\xbb\xbf", "starts with a UTF-8 byte-order mark", "Save it as UTF-8 without byte-order mark."),
    (b"\xff\xfe", "is UTF-16 or UTF-32", "Save it as UTF-8 without byte-order mark."),
    (b"\xfe\xff", "is UTF-16 or UTF-32", "Save it as UTF-8 without byte-order mark."),
    (b"\x00\x00\xfe\xff", "is UTF-32", "Save it as UTF-8 without byte-order mark."),
)  # fmt: skip

_LARGEST = sys.float_info.max
_NUMBERS = (int, float)
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_LONG_INTEGER = re.compile(rb"(?<![0-9.])[0-9]{309}")


def read_bytes(path: str | os.PathLike[str], where: str) -> bytes:
    """The bytes of a plain file, never waiting for a pipe or a device.

    Args:
        path: the file.
        where: what the file is to the user.

    Returns:
        What it holds, :data:`LARGEST_FILE` bytes at most.

    Raises:
        InputError: where it is missing, no plain file, unreadable, empty or too large.

    Example:
        >>> read_bytes("missing.json", "workspace")
        Traceback (most recent call last):
        nurecoil.errors.InputError: workspace missing.json: no such file. Check the name.
    """
    place = f"{where} {printable(path)}"
    try:
        handle = os.open(Path(os.fsdecode(path)).expanduser(), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise InputError(place, "no such file", remedy="Check the name.") from None
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(place, f"cannot be opened ({_reason(error)})", "a file that can be read") from None
    about = os.fstat(handle)
    if not stat.S_ISREG(about.st_mode):
        os.close(handle)
        kind = "a folder" if stat.S_ISDIR(about.st_mode) else "a device, pipe or socket"
        raise InputError(place, f"is {kind}", "a plain file")
    with open(handle, "rb") as stream:
        try:
            raw = stream.read(LARGEST_FILE + 1) if about.st_size <= LARGEST_FILE else None
        except OSError as error:
            raise InputError(place, f"cannot be read ({_reason(error)})", "a file that can be read") from None
    if raw is None or len(raw) > LARGEST_FILE:
        size = about.st_size if raw is None else len(raw)
        raise InputError(place, f"{size / 2**20:.0f} MiB", f"{LARGEST_FILE // 2**20} MiB at most")
    if not raw:
        raise InputError(place, "the file is empty", "JSON")
    return raw


def parsed(raw: bytes, place: str) -> Any:
    """Parse JSON and check what a parser lets through.

    Args:
        raw: the text as bytes.
        place: the file, in the user's words, for errors.

    Returns:
        Plain data: dict, list, str, int, float, bool, None; every number finite and inside a double's range.

    Raises:
        InputError: where it is no JSON, or breaks a bound of this module.

    Example:
        >>> parsed(b'{"a": [1, 2.5]}', "mine.json")
        {'a': [1, 2.5]}
        >>> parsed(b'{"a": [1, NaN]}', "mine.json")
        Traceback (most recent call last):
        nurecoil.errors.InputError: mine.json, a[1]: the number is NaN, ...
    """
    for signature, got, remedy in _SIGNATURES:
        if raw.startswith(signature):
            raise InputError(place, got, "JSON as UTF-8 text", remedy)
    containers = raw.count(b"[") + raw.count(b"{")
    if containers > MOST_CONTAINERS:
        raise InputError(
            place, f"{containers} lists and objects", f"{MOST_CONTAINERS} at most",
            "Split the document, or take out what is not needed.",
        )  # fmt: skip
    text = _text(raw, place)
    repeated: list[tuple[dict[str, Any], list[tuple[str, Any]]]] = []
    needed = _estimate(raw, text)
    if needed > LARGEST_MEMORY:
        raise InputError(
            place,
            f"{len(raw) / 1e6:.0f} MB with {raw.count(b',') + 1} entries and {raw.count(b':')} keys may take "
            f"{needed / 1e9:.2f} GB of memory",
            f"{LARGEST_MEMORY / 1e9:.2f} GB at most",
            "Split the document, or take out what is not needed.",
        )  # fmt: skip
    if (
        sys.get_int_max_str_digits() == 0
    ):  # conversion would take time that grows with the square of the digits
        _refuse_long_integer(raw, place)

    def joined(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            repeated.append((made, pairs))
        return made

    try:
        with _no_collection():
            document = json.loads(text, object_pairs_hook=joined)
    except json.JSONDecodeError as error:
        line, column = error.lineno, error.colno
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        raise InputError(
            f"{place}, line {line}, column {column}",
            "the text ends in the middle" if cut else f"no JSON here ({error.msg})",
            remedy="The file is truncated: fetch or write it again." if cut else None,
        ) from None
    except RecursionError:
        raise _too_deep(place) from None
    except ValueError as error:
        _refuse_long_integer(raw, place)
        raise InputError(place, f"no JSON here ({short(str(error))})") from None
    del text
    checked(document, place)
    if _HALF.search(raw):
        _check_texts(document, place)
    if repeated:
        made, pairs = repeated[0]
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        parents = next((parts for parts, inner in _containers(document) if inner is made), None)
        at = f", {json_path(parents)}" if parents else ""
        raise InputError(
            f"{place}{at}", f"the key {short(twice)} comes twice in one object", "every key once",
            "Readers disagree on which one counts: remove the wrong one.",
        )  # fmt: skip
    return document


def checked(document: Any, place: str) -> None:
    """Refuse depth beyond :data:`MOST_LEVELS`, numbers no double can hold and half characters.

    Args:
        document: plain data.
        place: the file, in the user's words, for errors.

    Raises:
        InputError: with the JSON path of the first thing refused.

    Example:
        >>> checked({"a": [1.0, -float("inf")]}, "mine.json")
        Traceback (most recent call last):
        nurecoil.errors.InputError: mine.json, a[1]: the number is infinite or too large. ...
    """
    if _sound(document, MOST_LEVELS):
        return
    _check_number(document, (), place)
    for parts, container in _containers(document):
        if len(parts) >= MOST_LEVELS:
            raise _too_deep(place)
        for key, value in _items(container):
            _check_number(value, (*parts, key), place)


def _text(raw: bytes, place: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        nul = " (it has zero bytes: UTF-16?)" if b"\0" in raw[:4] else ""
        raise InputError(
            f"{place}, line {line}, byte {column}",
            f"the byte 0x{raw[error.start]:02x} is no UTF-8{nul}",
            "JSON as UTF-8 text",
            "Convert the file, for example with iconv.",
        ) from None


def _estimate(raw: bytes, text: str) -> int:
    """An upper bound, in bytes, of the memory that parsing takes (64-bit CPython), from counts.

    Each comma and bracket may stand for one more value, each colon for one more key that no other object has.
    """
    width = 1 if text.isascii() else max(1, round(sys.getsizeof(text) / max(len(text), 1)))
    inside = 4 if b"\\u" in raw else width
    keys = raw.count(b":")
    strings = max(raw.count(b'"') // 2 - keys, 0)
    return (
        (width + inside) * len(text)
        + 40 * raw.count(b",")
        + 100 * raw.count(b"[")
        + 70 * raw.count(b"{")
        + 250 * keys
        + 60 * strings
    )


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the cycle collector out while millions of objects without cycles are made: 3 times faster."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _containers(document: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every object and list with its path, outer ones first, in memory that grows with the depth only."""
    if type(document) is not dict and type(document) is not list:
        return
    path: list[str | int] = []
    yield (), document
    levels = [_items(document)]
    while levels:
        for key, value in levels[-1]:
            kind = type(value)
            if kind is dict or kind is list:
                path.append(key)
                yield tuple(path), value
                levels.append(_items(value))
                break
        else:
            levels.pop()
            if path:
                path.pop()


def _items(container: Any) -> Iterator[tuple[str | int, Any]]:
    return iter(container.items() if type(container) is dict else enumerate(container))


def _sound(container: Any, levels: int) -> bool:
    """Whether :func:`checked` surely finds nothing: quick through millions of values, without places."""
    kind = type(container)
    if kind is not dict and kind is not list:
        return False
    if levels == 0:
        return False
    if kind is dict:
        container = container.values()
    elif container and type(container[0]) in _NUMBERS and _all_finite(container):
        return True
    for value in container:
        kind = type(value)
        if kind is dict or kind is list:
            if value and not _sound(value, levels - 1):
                return False
            if levels == 1:
                return False
        elif (kind is float or kind is int) and not -_LARGEST <= value <= _LARGEST:
            return False
    return True


def _all_finite(values: list[Any]) -> bool:
    """Whether a list holds only numbers that a double can hold, by one quick sum; False is no verdict."""
    try:
        return -_LARGEST <= sum(values, 0.0) <= _LARGEST
    except (TypeError, OverflowError):
        return False


def _check_number(value: object, parts: Sequence[str | int], place: str) -> None:
    if isinstance(value, float) and math.isnan(value):
        got, allowed = "the number is NaN, which JSON does not have", "a finite number"
    elif isinstance(value, int | float) and not -_LARGEST <= value <= _LARGEST:
        got, allowed = "the number is infinite or too large", "a finite number below 1.8e308 in size"
    else:
        return
    raise InputError(f"{place}, {json_path(parts)}", got, allowed)


def _check_texts(document: Any, place: str) -> None:
    """Refuse a lone surrogate, which no UTF-8 file can hold, in keys and texts."""
    for parts, container in _containers(document):
        for key, value in _items(container):
            for text in (key, value):
                if isinstance(text, str) and not text.isascii():
                    try:
                        text.encode("utf-8")
                    except UnicodeEncodeError:
                        raise InputError(
                            f"{place}, {json_path(parts)}",
                            f"the text {short(text)} has half a character (a lone surrogate)",
                            "whole characters",
                        ) from None


def _refuse_long_integer(raw: bytes, place: str) -> None:
    """Find the integer that the parser would not convert."""
    found = _LONG_INTEGER.search(raw)
    if found is None:
        return
    start = found.start()
    line = raw.count(b"\n", 0, start) + 1
    column = start - raw.rfind(b"\n", 0, start)
    raise InputError(
        f"{place}, line {line}, byte {column}",
        f"an integer of more than {MOST_DIGITS} digits",
        "a finite number below 1.8e308 in size",
    )


def _too_deep(place: str) -> InputError:
    return InputError(place, f"nested more than {MOST_LEVELS} levels deep", f"{MOST_LEVELS} levels at most")


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).lower()
