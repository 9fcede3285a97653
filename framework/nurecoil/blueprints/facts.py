"""Numbers about a site or a detector that carry their unit, their source and how well they are known.

Plain data for the ``site`` modules of plugins, light to import. What a plugin makes of them is not decided
here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, get_args

from nurecoil.errors import InputError

__all__ = ["RECALLED", "Fact", "Status"]

Status = Literal["published", "derived", "assumed"]
"""Read in (or recalled from) the paper cited, computed from such numbers, or chosen here."""

RECALLED: Final = " (recalled, not checked)"
"""What ends the citation of a number that was not compared with its source."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One number with its unit and its source.

    Args:
        value: the number.
        unit: its unit, ``"1"`` for a pure number.
        citation: the paper it comes from, or why it was chosen; ends with :data:`RECALLED` where it was
            not compared with the paper.
        status: ``published``, ``derived`` from published numbers, or ``assumed``.
        error: standard error in the same unit, ``None`` where none is given.

    Raises:
        InputError: where the number is not finite, the error is negative, the status is unknown, or unit
            or citation is empty.

    Example:
        >>> mass = Fact(780.0, "t", "SNO+, Adv. High Energy Phys. 2016 (2016) 6194250", "published")
        >>> mass.checked, mass.value
        (True, 780.0)
    """

    value: float
    unit: str
    citation: str
    status: Status
    error: float | None = None

    def __post_init__(self) -> None:
        """Refuse a number without a source."""
        if not math.isfinite(self.value):
            raise InputError("fact", f"a value of {self.value}", "a finite number")
        if self.error is not None and not self.error >= 0:
            raise InputError("fact", f"an error of {self.error}", "a number of at least 0, or None")
        if not self.unit.strip() or not self.citation.strip():
            raise InputError("fact", "an empty unit or citation", "both", 'Give "1" for a pure number.')
        if self.status not in get_args(Status):
            raise InputError("fact", f"status {self.status!r}", ", ".join(get_args(Status)))

    @property
    def checked(self) -> bool:
        """Whether the number was compared with its source."""
        return not self.citation.endswith(RECALLED)
