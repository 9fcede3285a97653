"""A value in a JSON document together with where it stands, so that every complaint can say so.

Typed access and nothing else: no word of HS3 is known here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import InputError, unknown_name

__all__ = ["Place"]

Array = NDArray[np.float64]

_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Place:
    """One value of a document.

    Args:
        value: the value, as ``json`` reads it.
        where: the document, in the user's words (a file name).
        path: JSON path of the value, empty for the document itself; items with a name show it.

    Example:
        >>> place = Place({"samples": [{"name": "kr85", "data": [1, 2]}]}, "ws.json")
        >>> place.need("samples").items()[0].need("data").path
        "samples[0] 'kr85'.data"
    """

    value: Any
    where: str
    path: str = ""

    def fail(self, got: str, allowed: str | None = None, remedy: str | None = None) -> InputError:
        """The error for this place, ready to be raised."""
        return InputError(f"{self.where}: {self.path}" if self.path else self.where, got, allowed, remedy)

    def unknown(self, name: str, known: Sequence[str] | Mapping[str, Any]) -> Exception:
        """The error for a name that does not exist, with the nearest ones."""
        return unknown_name(InputError, f"{self.where}: {self.path}", name, known)

    def mapping(self) -> Mapping[str, Any]:
        """The value, which has to be an object.

        Raises:
            InputError: where it is none.
        """
        if not isinstance(self.value, Mapping):
            raise self.fail(f"{_kind(self.value)} in place of an object", "an object {...}")
        return self.value

    def get(self, key: str) -> Place | None:
        """A member of an object, ``None`` where it is missing or ``null``.

        Raises:
            InputError: where the value is no object.
        """
        found = self.mapping().get(key)
        return None if found is None else Place(found, self.where, f"{self.path}.{key}" if self.path else key)

    def need(self, key: str) -> Place:
        """A member of an object that has to be there.

        Raises:
            InputError: where it is missing.
        """
        found = self.get(key)
        if found is None:
            raise self.fail(f"no {key!r}", f"an object with {key!r}")
        return found

    def only(self, allowed: Sequence[str]) -> None:
        """Refuse members of an object that nobody here understands.

        Raises:
            InputError: where there is another; the nearest are offered.
        """
        for key in self.mapping():
            if key not in allowed:
                raise self.fail(f"{str(key)[:_LONGEST]!r} is not understood here", ", ".join(allowed),
                                "Nothing is left out silently: take it out of the file, or say it "
                                "in the words allowed.")  # fmt: skip

    def items(self) -> list[Place]:
        """The items of a list.

        Raises:
            InputError: where the value is no list.
        """
        if not isinstance(self.value, list | tuple):
            raise self.fail(f"{_kind(self.value)} in place of a list", "a list [...]")
        return [
            Place(item, self.where, f"{self.path}[{i}]{_label(item)}") for i, item in enumerate(self.value)
        ]

    def named(self) -> dict[str, Place]:
        """The items of a list of objects by their names.

        Raises:
            InputError: where a name is missing or appears twice.
        """
        found: dict[str, Place] = {}
        for item in self.items():
            name = item.need("name").text()
            if name in found:
                raise item.fail(f"a second {name!r}; the first is {found[name].path}", "each name once")
            found[name] = item
        return found

    def text(self) -> str:
        """The value, which has to be a string that is not empty.

        Raises:
            InputError: where it is none.
        """
        if not isinstance(self.value, str) or not self.value or self.value != self.value.strip():
            raise self.fail(f"{_kind(self.value)} in place of a name", "a string, not empty and not padded")
        return self.value

    def flag(self) -> bool:
        """The value, which has to be ``true`` or ``false``.

        Raises:
            InputError: where it is neither.
        """
        if not isinstance(self.value, bool):
            raise self.fail(f"{_kind(self.value)} in place of a flag", "true or false")
        return self.value

    def whole(self) -> int:
        """The value, which has to be a whole number.

        Raises:
            InputError: where it is none.
        """
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or self.value % 1 != 0:
            raise self.fail(f"{_kind(self.value)} in place of a whole number", "a whole number")
        return int(self.value)

    def number(self) -> float:
        """The value, which has to be a finite number.

        Raises:
            InputError: where it is none.
        """
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.fail(f"{_kind(self.value)} in place of a number", "a finite number")
        try:
            number = float(self.value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self.fail("a number that is not finite", "a finite number")
        return number

    def numbers(self, size: int | None = None) -> Array:
        """The value, which has to be a list of finite numbers, shape ``(size,)``.

        Raises:
            InputError: where it is none or has another length.
        """
        if not isinstance(self.value, list | tuple):
            raise self.fail(f"{_kind(self.value)} in place of a list of numbers", "a list of numbers")
        if size is not None and len(self.value) != size:
            raise self.fail(f"{len(self.value)} numbers", f"{size}, one for each bin")
        if all(type(item) in (int, float) for item in self.value):
            try:
                numbers = np.array(self.value, dtype=float)
            except OverflowError:
                numbers = np.array([np.nan])
            if np.all(np.isfinite(numbers)):
                return numbers
        return np.array([item.number() for item in self.items()], float)

    def texts(self, size: int | None = None) -> tuple[str, ...]:
        """The value, which has to be a list of names.

        Raises:
            InputError: where it is none or has another length.
        """
        items = self.items()
        if size is not None and len(items) != size:
            raise self.fail(f"{len(items)} names", f"{size}, one for each bin")
        return tuple(item.text() for item in items)


def _label(item: Any) -> str:
    """What tells an item of a list from its neighbours: its name, where it has one."""
    name = item.get("name") if isinstance(item, Mapping) else None
    return f" {name[:_LONGEST]!r}" if isinstance(name, str) else ""


def _kind(value: Any) -> str:
    """What a value is, in words."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    shown = repr(value) if isinstance(value, str | float) or abs(value) < 1e15 else "a huge number"
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."
