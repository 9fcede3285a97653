"""What limit methods beyond the rules of a profile are asked with, and what they return.

The methods are in files of their own; which there are, :mod:`nurecoil.inference.methods` knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nurecoil.inference.profile import Progress

__all__ = ["MethodLimit", "MethodOptions"]


@dataclass(frozen=True)
class MethodOptions:
    """What a method may use beside model, profile and level.

    Args:
        toys: number of toys, 0 for what the method does without being asked.
        seed: seed of everything random.
        progress: called with work done and work in all.

    Example:
        >>> MethodOptions(toys=1000).seed
        1
    """

    toys: int = 0
    seed: int = 1
    progress: Progress | None = None


@dataclass(frozen=True)
class MethodLimit:
    """An upper limit by a method.

    Args:
        value: the limit, in the public unit of the parameter of interest.
        convention: what the method does, in words, with its numbers of toys or draws.
        details: everything else as plain data.
        notes: what one has to know to use it.

    Example:
        >>> MethodLimit(2.3, "CLs, asymptotic").notes
        ()
    """

    value: float
    convention: str
    details: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
