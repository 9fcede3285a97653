"""Opening a ROOT file with uproot so that a damaged or hostile one does no harm.

To read a class that it does not know, uproot turns the class descriptions in the file into Python code and
runs that; names in it are not all quoted. So names that are no C++ names are refused first. What uproot
learns from a file ends with the file, and a broken list of descriptions does not send it in circles. Only
``_root`` imports this module, when a file is opened: it imports uproot at once.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import uproot

from nurecoil.errors import InputError
from nurecoil.histograms._store import DAMAGED

__all__ = ["check_header", "guarded_folder"]

_CPP_NAME = re.compile(r"[A-Za-z0-9_:<>,*&\[\] .\-]*")


def check_header(raw: BinaryIO, shown: str, where: str) -> None:
    """Tell apart: not ROOT at all, empty, and cut off before the end that the header names.

    Args:
        raw: the file, opened; it is at its beginning afterwards.
        shown: the path as the user wrote it.
        where: the place to name in an error.

    Raises:
        InputError: one of the three.
    """
    head = raw.read(20)
    size = raw.seek(0, os.SEEK_END)
    raw.seek(0)
    if size == 0:
        raise InputError(where, f"{shown} is empty", "a ROOT file", DAMAGED)
    if not head.startswith(b"root"):
        raise InputError(where, f"{shown} is no ROOT file, it begins with {head[:12]!r}", None, DAMAGED)
    end = None
    if len(head) == 20:
        big = int(struct.unpack(">i", head[4:8])[0]) >= 1_000_000
        end = int(struct.unpack(">q" if big else ">i", head[12:20] if big else head[12:16])[0])
    if end is None or end > size:
        got = f"{shown} is truncated: {size} bytes" + (f" of {end}" if end else "")
        raise InputError(where, got, None, "Copy it again; what is left cannot be trusted.")


def guarded_folder(raw: BinaryIO, shown: str, where: str) -> Any:
    """Open a ROOT file and give its top folder (an ``uproot.ReadOnlyDirectory``).

    Args:
        raw: the file, opened, with a header that was checked.
        shown: the path as the user wrote it.
        where: the place to name in an error.

    Raises:
        InputError: now or when an object is read, if a class description holds what is no C++ name.
        Exception: whatever uproot raises over damaged bytes.
    """
    return _GuardedFile(raw, shown, where).root_directory


class _GuardedFile(uproot.reading.ReadOnlyFile):  # type: ignore[misc]  # uproot ships no types
    """uproot's file with its class descriptions checked before any use."""

    def __init__(self, raw: BinaryIO, shown: str, where: str) -> None:
        self._shown, self._where = shown, where
        self._checked: Mapping[str, Mapping[int, Any]] | None = None
        self._reading = False
        super().__init__(
            raw, object_cache=None, array_cache=None, custom_classes=_own_classes(), use_threads=False
        )

    @property
    def streamers(self) -> Mapping[str, Mapping[int, Any]]:
        """The class descriptions, read once and checked."""
        if self._checked is None:
            if self._reading:
                raise ValueError("a class description needs a class description")
            self._reading = True
            self._checked = _checked(super().streamers, self._shown, self._where)
        return self._checked


def _own_classes() -> dict[str, Any]:
    """Copy uproot's classes, with version tables of their own: what one file teaches ends with that file."""
    return {
        name: type(known.__name__, (known,), {"known_versions": dict(known.known_versions)})
        if issubclass(known, uproot.model.DispatchByVersion)
        else known
        for name, known in uproot.classes.items()
    }


def _checked(
    streamers: Mapping[str, Mapping[int, Any]], shown: str, where: str
) -> Mapping[str, Mapping[int, Any]]:
    """Refuse names that could be anything but C++ names: uproot makes Python code of them."""
    for versions in streamers.values():
        for description in versions.values():
            names = [description.name]
            for element in description.elements:
                names += [element.name, element.typename]
                names += [element.all_members.get(key, "") for key in ("fCountName", "fCountClass")]
            for name in names:
                if not _CPP_NAME.fullmatch(str(name)):
                    raise InputError(
                        where,
                        f"{shown} describes a class with the name {str(name)[:80]!r}, which is no C++ name",
                        None,
                        "The file is damaged or made to harm; it is not read.",
                    )
    return streamers
