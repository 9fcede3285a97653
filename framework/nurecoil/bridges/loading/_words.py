"""Foreign values, places and paths as short words for messages, whatever they hold."""

from __future__ import annotations

import os
import re
import reprlib
from collections.abc import Sequence

__all__ = ["json_path", "printable", "short"]

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def json_path(parts: Sequence[str | int]) -> str:
    """A place inside a document as words: ``channels[0].samples[1].data``.

    Args:
        parts: keys and indices from the top.

    Returns:
        The path; ``top level`` for none. Keys that are no plain words are quoted and cut.

    Example:
        >>> json_path(["channels", 0, "a b", "data"])
        "channels[0]['a b'].data"
    """
    made = ""
    for part in parts:
        if isinstance(part, str) and _PLAIN_KEY.fullmatch(part):
            made += f".{part}" if made else part
        else:
            made += f"[{short(part)}]"
    return made or "top level"


def short(value: object) -> str:
    """A value as it would be typed, cut to about 60 characters however large it is.

    Args:
        value: anything from a document.

    Returns:
        One line, with control characters escaped.

    Example:
        >>> short("x" * 1000)
        "'xxxxxxxxxxxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxxxxxxxxxxxxxxx'"
    """
    words = reprlib.Repr()
    words.maxstring = words.maxlong = words.maxother = 60
    words.maxlevel, words.maxlist, words.maxdict = 2, 4, 4
    return words.repr(value).encode("utf-8", "backslashreplace").decode("utf-8")


def printable(path: str | os.PathLike[str]) -> str:
    r"""A path for messages: as it is, or escaped where it holds control or broken characters.

    Args:
        path: any path.

    Returns:
        One line.

    Example:
        >>> printable("a b.json"), printable("a\nb.json")
        ('a b.json', 'a\\nb.json')
    """
    name = os.fsdecode(path)
    return name if name.isprintable() else ascii(name)[1:-1]
