"""Two models side by side for the terminal: where they come from, and in what they differ.

What differs is found in :mod:`nurecoil.model.differences`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from nurecoil.model.differences import Difference
from nurecoil.model.per_bin import set_label, stem
from nurecoil.report._folding import counted, folding_table, safe

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["ROUNDING", "difference_parts", "heads_table"]

ROUNDING = 1e-12
"""Relative difference up to which numbers differ by the rounding of some sums and products."""
_ROWS = 60


def heads_table(one: Mapping[str, str], other: Mapping[str, str]) -> Table:
    """Where two models come from and how large they are, side by side.

    Args:
        one: head of the one, from :func:`nurecoil.report.inspection_tables.head_rows`.
        other: head of the other.

    Example:
        >>> heads_table({"file": "a.json"}, {"file": "b.json", "POI": "mu"}).row_count
        2
    """
    table = folding_table("two models", ("", "left"), ("one", "left"), ("other", "left"))
    for heading in dict.fromkeys([*one, *other]):
        table.add_row(heading, one.get(heading, ""), other.get(heading, ""))
    return table


def difference_parts(found: Sequence[Difference], everything: bool = False) -> Iterator[Table | str]:
    """The differences as a table, and how many there are.

    Differences of the same kind in the members of a per-bin set are one line, with the largest of them.

    Args:
        found: the differences.
        everything: whether all are shown, each in a line of its own.

    Yields:
        A table and a line.

    Example:
        >>> list(difference_parts([]))
        ['no differences']
    """
    if not found:
        yield "no differences"
        return
    groups = [[one] for one in found] if everything else _groups(found)
    table = folding_table(
        "differences", ("where", "left"), ("what", "left"), ("one", "left"), ("other", "left"),
        ("relative", "right"), ("bin", "right"),
    )  # fmt: skip
    shown = groups if everything or len(groups) <= _ROWS + 1 else groups[:_ROWS]
    for group in shown:
        worst = max(group, key=lambda one: -1.0 if one.relative is None else one.relative)
        alike = all(one.relative is not None for one in group) or len(group) == 1
        table.add_row(
            safe(_where(group)), safe(_what(worst)),
            *((_said(worst.one), _said(worst.other)) if alike else ("", "")),
            "" if worst.relative is None else f"{worst.relative:.2g}",
            "" if worst.bin is None else str(worst.bin),
        )  # fmt: skip
    yield table
    if len(shown) < len(groups):
        yield f"... {sum(map(len, groups[len(shown) :]))} more (--all shows them)"
    yield _count(found)


def _count(found: Sequence[Difference]) -> str:
    words = sum(one.words for one in found)
    rounded = sum(one.relative is not None and one.relative <= ROUNDING for one in found)
    more = [f"{words} in words only"] if words else []
    more += [f"{rounded} of relative size {ROUNDING:g} or less (rounding)"] if rounded else []
    return counted(len(found), "difference") + (": " if more else "") + ", ".join(more)


def _groups(found: Sequence[Difference]) -> list[list[Difference]]:
    """Differences of the same kind in the members of a set, together."""
    groups: dict[tuple[str, str, str], list[Difference]] = {}
    for one in found:
        name = _parameter(one)
        missing = "" if one.one is not None and one.other is not None else str(one.one is None)
        key = one.where if name is None else f"parameter {stem(name)}"
        groups.setdefault((key, one.what, missing), []).append(one)
    return list(groups.values())


def _parameter(one: Difference) -> str | None:
    """The name of a per-bin parameter, where the difference is in one."""
    name = one.where.removeprefix("parameter ")[1:-1] if one.where.startswith("parameter ") else ""
    return name if stem(name).endswith("[*]") else None


def _where(group: Sequence[Difference]) -> str:
    names = [_parameter(one) for one in group]
    if len(group) == 1 or None in names:
        return group[0].where
    return f"parameters {set_label([name for name in names if name])}"


def _what(one: Difference) -> str:
    many = one.differing is not None and one.differing > 1
    return f"{one.what} ({one.differing} differ)" if many else one.what


def _said(value: float | str | None) -> str:
    if value is None:
        return "-"
    return safe(value) if isinstance(value, str) else f"{value!r}"
