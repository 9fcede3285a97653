"""Long and foreign things in short words for tables: numbers, spans, lists, names from files."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nurecoil.report.tables import titled_table

if TYPE_CHECKING:
    from rich.table import Table

__all__ = [
    "constraint_words",
    "counted",
    "folding_table",
    "listed",
    "number",
    "roomy",
    "safe",
    "span",
    "tally",
]

_NAME, _REST = 12, 70
"""Columns that a name has at least before it folds, and that the columns beside it need."""


def safe(text: object) -> str:
    r"""A text from a file as it may be shown: nothing in it controls the terminal.

    Args:
        text: anything.

    Example:
        >>> safe("mu \x1b[2J")
        'mu \\x1b[2J'
    """
    made = str(text)
    if made.isprintable():
        return made
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in made)


def number(value: float | None) -> str:
    """A number in six digits, nothing for none.

    Example:
        >>> number(12345678.0), number(math.inf), number(None), number(3), number(120000.0)
        ('1.23457e+07', 'inf', '', '3', '120000')
    """
    return "" if value is None or math.isnan(value) else f"{value:.6g}"


def span(values: Sequence[float]) -> str:
    """The smallest and the largest of numbers, or the one that all are.

    Example:
        >>> span([2.0, 1.0, 3.0]), span([1.0, 1.0])
        ('1..3', '1')
    """
    low, high = number(min(values)), number(max(values))
    return low if low == high else f"{low}..{high}"


def counted(count: int, what: str) -> str:
    """A number of things.

    Example:
        >>> counted(1, "channel"), counted(3, "channel")
        ('1 channel', '3 channels')
    """
    return f"{count} {what}{'' if count == 1 else 's'}"


def listed(words: Sequence[str], most: int | None = 4) -> str:
    """Words with commas, the rest as a number.

    Args:
        words: the words, made safe here.
        most: how many are shown; ``None`` for all.

    Example:
        >>> listed(["a", "b", "c", "d"], 2)
        'a, b and 2 more'
    """
    if most is None or len(words) <= most + 1:
        return ", ".join(safe(word) for word in words)
    return ", ".join(safe(word) for word in words[:most]) + f" and {len(words) - most} more"


def constraint_words(constraints: Iterable[Mapping[str, Any] | None]) -> str:
    """What constrains parameters, equal ones together.

    Args:
        constraints: those of :func:`nurecoil.report.inspection.inspection`'s parameters, ``None`` for none.

    Returns:
        ``N(centre, width)``, ``LogN(centre, factor)``, ``Poisson(count)`` with the count expected at 1 where
        that is another number; empty where there are none at all.

    Example:
        >>> constraint_words([{"kind": "gaussian", "centre": 40.0, "width": 2.0}])
        'N(40, 2)'
        >>> constraint_words([{"kind": "poisson", "count": 90.0, "scale": 100.0}])
        'Poisson(90; 100 at 1)'
        >>> constraint_words([None, *({"kind": "gaussian", "centre": 1.0, "width": w} for w in (0.1, 0.2))])
        'N(1, 0.1..0.2) x2, none x1'
    """
    every = list(constraints)
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for constraint in every:
        if constraint is not None:
            by_kind.setdefault(str(constraint["kind"]), []).append(constraint)
    parts = [(_words(kind, found), len(found)) for kind, found in by_kind.items()]
    none = len(every) - sum(count for _, count in parts)
    if not parts:
        return ""
    if none:
        parts.append(("none", none))
    return ", ".join(words if len(parts) == 1 else f"{words} x{count}" for words, count in parts)


def _words(kind: str, found: Sequence[Mapping[str, Any]]) -> str:
    def of(key: str) -> str:
        return span([one[key] for one in found])

    if kind == "poisson":
        plain = all(one["count"] == one["scale"] for one in found)
        return f"Poisson({of('count')})" if plain else f"Poisson({of('count')}; {of('scale')} at 1)"
    if kind == "lognormal":
        return f"LogN({of('centre')}, x{of('factor')})"
    return f"N({of('centre')}, {of('width')})"


def folding_table(title: str, *columns: tuple[str, str]) -> Table:
    """A table whose words run on in the next line where the terminal is narrow; numbers never do.

    Args:
        title: its title.
        columns: heading and side of each column; those on the left fold.

    Example:
        >>> [column.no_wrap for column in folding_table("x", ("name", "left"), ("n", "right")).columns]
        [False, True]
    """
    table = titled_table(title, *columns)
    table.padding = (0, 1, 0, 0)
    for column, (_, side) in zip(table.columns, columns, strict=True):
        column.no_wrap = side == "right"
        column.overflow = "fold"
    return table


def roomy(table: Table, width: int) -> Table:
    """A filled table whose first column, names, folds only where the terminal is narrow.

    Args:
        table: the table.
        width: columns of the terminal.

    Returns:
        The same table.

    Example:
        >>> table = folding_table("x", ("name", "left"), ("n", "right"))
        >>> table.add_row("borexino.light_yield", "436")
        >>> roomy(table, 100).columns[0].min_width, roomy(table, 80).columns[0].min_width
        (20, 12)
    """
    first = table.columns[0]
    longest = max((len(str(cell)) for cell in first.cells), default=0)
    first.min_width = min(longest, max(_NAME, width - _REST))
    return table


def tally(words: Iterable[str]) -> str:
    """How often each word appears, the most frequent first.

    Example:
        >>> tally(["normsys", "histosys", "normsys"])
        'normsys x2, histosys x1'
    """
    return ", ".join(f"{word} x{count}" for word, count in Counter(words).most_common())
