"""The errors of the whole framework: one root, five kinds, one way to read them.

Every message answers four questions: where it happened, what was got, what is allowed and what to
do. The command line turns :attr:`NurecoilError.exit_status` into its own exit status.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable

__all__ = [
    "FitError",
    "InputError",
    "ModelError",
    "NurecoilError",
    "OptionError",
    "PhysicsError",
    "PluginError",
    "nearest",
    "unknown_name",
]


_COMPARED, _MOST_COMPARED = 200, 5000
"""Characters of a name, and names, that are compared with a misspelt one: files may hold many long ones."""


class NurecoilError(Exception):
    """Root of every error that nurecoil raises on purpose.

    Args:
        where: the place, in the user's words: an option, a file and object, a channel and bin.
        got: what was found there, as a sentence part ("template of 'kr85' is -0.3").
        allowed: what would have been right, or ``None`` where ``got`` says it.
        remedy: what to do about it, as a sentence, or ``None``.

    Example:
        >>> raise_me = InputError("mine.root", "no histogram 'h'", "h_nhits", "Name one of these.")
        >>> print(raise_me)
        mine.root: no histogram 'h'. Allowed: h_nhits. Name one of these.
    """

    exit_status = 2

    def __init__(self, where: str, got: str, allowed: str | None = None, remedy: str | None = None) -> None:
        self.where = where
        self.got = got
        self.allowed = allowed
        self.remedy = remedy
        parts = [f"{_told(where, 400)}: {_told(got, 2000)}".rstrip(".") + "."]
        if allowed:
            parts.append(f"Allowed: {_told(allowed, 800)}".rstrip(".") + ".")
        if remedy:
            parts.append("\n".join(_told(line, 400) for line in remedy.split("\n")[:20]))
        super().__init__(" ".join(parts))

    def __reduce__(self) -> tuple[type, tuple[str, str, str | None, str | None]]:
        """Pickle by the four parts, so that errors cross process borders unchanged."""
        return type(self), (self.where, self.got, self.allowed, self.remedy)


class PluginError(NurecoilError):
    """A plugin is missing, broken, made for another version, or breaks its contract."""


class OptionError(NurecoilError):
    """An option or an argument is misspelt, has the wrong type or lies outside its range."""


class InputError(NurecoilError):
    """A file, a histogram or its contents cannot be used."""


class ModelError(NurecoilError):
    """A model contradicts itself: parameters, templates, channels, constraints."""


class PhysicsError(NurecoilError):
    """A physical quantity was asked for outside the region where it is defined."""


class FitError(NurecoilError):
    """A minimisation, a profile or a limit did not come to a trustworthy end."""

    exit_status = 1


def _told(text: str, longest: int) -> str:
    """A part of a message on one line and of a readable length, whatever name from a file stands in it."""
    if len(text) > longest:
        half = longest // 2
        text = f"{text[:half]} ... {text[-half:]}"
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def nearest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known names most like a misspelt one, best first.

    Args:
        name: what was typed.
        known: every name that exists.
        most: how many names to return at most.

    Returns:
        Up to ``most`` names, an empty list where nothing is close.

    Example:
        >>> nearest("borexno", ["borexino", "gallium"])
        ['borexino']
    """
    candidates = list(itertools.islice(known, _MOST_COMPARED))
    lowered = {candidate[:_COMPARED].lower(): candidate for candidate in reversed(candidates)}
    found = difflib.get_close_matches(name[:_COMPARED].lower(), lowered, n=most, cutoff=0.5)
    return [lowered[key] for key in found]


def unknown_name(kind: type[NurecoilError], where: str, name: str, known: Iterable[str]) -> NurecoilError:
    """Build the error for a name that does not exist, with the nearest names offered.

    Args:
        kind: the error class to build.
        where: the place, for example ``"option of borexino"``.
        name: what was typed.
        known: every name that exists there.

    Returns:
        The error, ready to be raised.

    Example:
        >>> print(unknown_name(OptionError, "experiment", "galium", ["borexino", "gallium"]))
        experiment: 'galium' is not known. Allowed: borexino, gallium. Did you mean 'gallium'?
    """
    names = sorted(known)
    close = nearest(name, names)
    remedy = "Did you mean " + " or ".join(repr(item) for item in close) + "?" if close else None
    return kind(where, f"{name!r} is not known", ", ".join(names) or "nothing", remedy)
