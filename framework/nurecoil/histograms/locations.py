"""Where a histogram lies: ``file.root:folder/name``, ``file.json``, ``file.json:name``.

Taking such a text apart, and which file formats there are. Nothing is opened here.
"""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path
from types import MappingProxyType

from nurecoil.errors import InputError, nearest

__all__ = ["FORMATS", "Location", "file_format", "parse_location"]

FORMATS = MappingProxyType(
    {".root": "ROOT", ".json": "UHI JSON", ".json.gz": "UHI JSON, gzipped", ".zip": "UHI JSON, zipped"}
)
_ENDS = re.compile("|".join(re.escape(suffix) + r"(?=:|$)" for suffix in FORMATS), re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class Location:
    """A file and, where one is meant, an object in it.

    Args:
        path: the file.
        name: the object's name in it, with folders (``"backgrounds/kr85"``) and for ROOT a cycle
            (``"h;2"``) if wanted; ``None`` for the only histogram there.

    Example:
        >>> print(Location(Path("mine.root"), "h_nhits"))
        mine.root:h_nhits
    """

    path: Path
    name: str | None = None

    def __str__(self) -> str:
        return str(self.path) if self.name is None else f"{self.path}:{self.name}"


def parse_location(text: str | os.PathLike[str] | Location, *, where: str = "input") -> Location:
    """Take ``path:object`` apart.

    The path ends with the first known suffix that a colon or the end follows, so colons in folder names
    and Windows drive letters stay in the path. Where several colons could be the one (a folder named
    ``old.root:copies``), the first that leaves a file which exists is taken.

    Args:
        text: the text, a plain path, or a location, which is returned as it is.
        where: the place to name in an error, for example ``"borexino.data"``.

    Returns:
        The location; ``~`` is replaced by the home folder.

    Raises:
        InputError: no known suffix, nothing after the colon, or an address on the net.

    Example:
        >>> parse_location("run:3/mine.root:h_nhits").name
        'h_nhits'
        >>> parse_location("C:/data/mine.json").name is None
        True
    """
    if isinstance(text, Location):
        return text
    given = os.fsdecode(text)
    formats = ", ".join(f"{suffix} ({meaning})" for suffix, meaning in FORMATS.items())
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", given):
        raise InputError(where, f"{given!r} is an address on the net", "files", "Fetch it to a file first.")
    candidates = [
        Location(Path(os.path.expanduser(given[:end])), given[end + 1 :] if given[end:] else None)
        for end in (found.end() for found in _ENDS.finditer(given) if found.start() > 0)
    ]
    if not candidates or "\0" in given:
        suffix = Path(given.rpartition(":")[0] or given).suffix
        close = nearest(suffix, FORMATS, 1)
        remedy = f"Did you mean {close[0]!r}?" if close else "Write FILE:NAME, for example mine.root:h_nhits."
        raise InputError(where, f"{given!r} names no histogram file", f"files ending in {formats}", remedy)
    found = candidates[0]
    if len(candidates) > 1:
        found = next((candidate for candidate in candidates if os.path.isfile(candidate.path)), found)
    if found.name == "":
        raise InputError(
            where, f"{given!r} ends with a colon", None, "Name the object after it, or leave it out."
        )
    return found


def file_format(path: Path) -> str | None:
    """The suffix in :data:`FORMATS` that a file name ends with, or ``None``.

    Example:
        >>> file_format(Path("mine.JSON.gz"))
        '.json.gz'
    """
    name = path.name.lower()
    return max((suffix for suffix in FORMATS if name.endswith(suffix)), key=len, default=None)
