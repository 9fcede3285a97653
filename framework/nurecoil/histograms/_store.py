"""What the two kinds of histogram files have in common once opened, and how their damage is reported.

Nothing here knows a file format (see ``_root`` and ``_uhi``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nurecoil.errors import InputError, NurecoilError, nearest
from nurecoil.histograms.histogram import Histogram

__all__ = ["DAMAGED", "FORMAT", "HISTOGRAM", "MOST_BINS", "MOST_BYTES", "Store", "damage_is_input_error"]

HISTOGRAM = "a histogram"
FORMAT = "nurecoil-histograms-1"
DAMAGED = "Copy or make the file again; it is damaged or not what its suffix says."
MOST_BINS = 10_000_000
MOST_BYTES = 512 * 1024**2
_MOST_NAMED = 15
_SAVE_ONE = "Name a histogram, or make one of it first (TH1, or hist.Hist with one axis)."


@dataclass(frozen=True, slots=True)
class Store:
    """An opened file: what it holds, and a way to read each histogram in it.

    Args:
        path: the file, as the user wrote it.
        kinds: name of each object in the file -> what it is; :data:`HISTOGRAM` for what can be read.
        metadata: what was written about the file as a whole; empty for files made elsewhere.
        read: takes a name out of ``kinds`` and gives the unchecked histogram.
    """

    path: str
    kinds: Mapping[str, str]
    metadata: Mapping[str, Any]
    read: Callable[[str], Histogram]

    @property
    def histograms(self) -> list[str]:
        """Names of the histograms, in the file's order, older ROOT cycles (``h;1``) left out."""
        return [name for name, kind in self.kinds.items() if kind == HISTOGRAM and ";" not in name]

    def resolve(self, name: str | None, where: str) -> str:
        """Find the one histogram that is meant.

        Args:
            name: the name the user gave, or ``None`` for the only one.
            where: the place to name in an error.

        Returns:
            A name that ``read`` takes.

        Raises:
            InputError: no such object, not a histogram, or none named where there are several.
        """
        known = self.histograms
        if name is None:
            if len(known) == 1:
                return known[0]
            if known:
                got = f"{self.path} holds {len(known)} histograms"
                raise InputError(where, got, _listed(known), f"Name one of them: {self.path}:{known[0]}")
            others = [f"{other!r} is {kind}" for other, kind in self.kinds.items() if ";" not in other]
            got = "; ".join([f"{self.path} holds no histogram", *others[:_MOST_NAMED]])
            raise InputError(where, got, "a one-dimensional histogram", _SAVE_ONE)
        name = name.strip("/")
        kind = self.kinds.get(name)
        if kind == HISTOGRAM:
            return name
        if kind is not None:
            raise InputError(where, f"{name!r} in {self.path} is {kind}", _listed(known, name), _SAVE_ONE)
        cycles = [other for other in self.kinds if other.rpartition(";")[0] == name.rpartition(";")[0] != ""]
        close = cycles or nearest(name, known)
        guess = f"Did you mean {' or '.join(repr(item) for item in close)}?" if close else None
        raise InputError(where, f"{self.path} holds no {name!r}", _listed(known, name), guess)


def _listed(names: list[str], near: str | None = None) -> str:
    """Name what there is, the likeliest first, cut where it gets long."""
    first = nearest(near, names) if near else []
    ordered = first + [name for name in names if name not in first]
    more = f" and {len(ordered) - _MOST_NAMED} more" if len(ordered) > _MOST_NAMED else ""
    return ", ".join(ordered[:_MOST_NAMED]) + more or "nothing, it holds no histogram"


@contextlib.contextmanager
def damage_is_input_error(where: str, what: str, remedy: str) -> Iterator[None]:
    """Turn whatever a reading library raises over damaged bytes into one :class:`InputError`.

    Libraries for binary formats raise errors of any type there; our own pass through.

    Args:
        where: the place to name in the error.
        what: what could not be read, for example ``"mine.root is no readable ROOT file"``.
        remedy: what to do about it.
    """
    try:
        yield
    except NurecoilError:
        raise
    except Exception as error:
        reason = str(error).strip().splitlines()
        text = f"{type(error).__name__}: {reason[0]}" if reason else type(error).__name__
        raise InputError(where, f"{what} ({text[:200]})", None, remedy) from error
