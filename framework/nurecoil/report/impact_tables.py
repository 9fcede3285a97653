"""Tables of impacts: the ranking with pulls and shifts, and what groups do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nurecoil.inference.impact_results import Impact, Impacts
from nurecoil.report.tables import label_of, significant, titled_table, unit_word

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["groups_table", "impacts_line", "impacts_table"]


def impacts_line(found: Impacts) -> str:
    """What is ranked by, in one line.

    Args:
        found: the ranking.

    Returns:
        The quantity, its value, and why it was taken.

    Example:
        >>> from nurecoil.inference.impacts import impacts
        >>> from nurecoil.testing.models import counting
        >>> impacts_line(impacts(counting(16.0, 10.0, background_error=2.0)))
        'shifts of the estimate signal = 6.0 -4.3 +4.7 events (signal is off its bounds)'
    """
    unit = f" {unit_word(found.unit)}".rstrip()
    if found.quantity == "limit":
        level = "" if found.cl is None else f" at {100 * found.cl:g} % ({found.method})"
        return f"shifts of the limit {found.poi} < {found.value:.4g}{unit}{level}: {found.why}"
    spread = found.best_fit.parameters[found.poi].error
    sides = [
        f" {'+' if side > 0 else ''}{significant(side, spread)}"
        for side in (found.error.lower, found.error.upper)
        if math.isfinite(side)
    ]
    value = significant(found.value, spread)
    return f"shifts of the estimate {found.poi} = {value}{''.join(sides)}{unit} ({found.why})"


def impacts_table(found: Impacts, top: int = 30) -> Table:
    """The ranking, one row for a parameter.

    Args:
        found: the ranking.
        top: how many rows.

    Returns:
        Pull, constraint, shifts after and before the fit, gain of a limit.
    """
    limit = found.quantity == "limit"
    shown = min(top, len(found.rows))
    of = "" if shown == len(found.rows) else f", {shown} of {len(found.rows)}"
    title = f"impacts on the {found.quantity} of {label_of(found.poi, found.unit)}{of}"
    sides = ("right", "left", *("right",) * 7, *(("right",) if limit else ()), "left")
    heads = ("", "parameter", "estimate", "-", "+", "pull", "constraint", "up", "down",
             *(("gain",) if limit else ()), "remark")  # fmt: skip
    table = titled_table(title, *zip(heads, sides, strict=True))
    for number, row in enumerate(found.top(top), 1):
        gain = (_shift(row.gain),) if limit else ()
        table.add_row(
            str(number), row.parameter, *_estimate(row), *_pull(row), _shift(row.up), _shift(row.down), *gain,
            row.reason,
        )  # fmt: skip
    return table


def groups_table(found: Impacts) -> Table | None:
    """Groups of parameters, or ``None`` where there is none.

    Args:
        found: the ranking.

    Returns:
        Name, number of members and size of each.
    """
    if not found.groups:
        return None
    what = "gain of the limit" if found.quantity == "limit" else "part of the error"
    table = titled_table(
        f"groups: {what}", ("group", "left"), ("parameters", "right"), (what, "right"), ("unit", "left"),
        ("remark", "left"),
    )  # fmt: skip
    for group in found.groups:
        size = significant(group.size)
        table.add_row(group.name, str(len(group.parameters)), size, unit_word(found.unit) if size else "",
                      group.reason)  # fmt: skip
    return table


def _estimate(row: Impact) -> tuple[str, str, str]:
    lower, upper = row.error.lower, row.error.upper
    spread = next((abs(side) for side in (upper, lower) if math.isfinite(side) and side != 0), math.nan)
    sides = (
        "bound" if stopped else significant(side, abs(side))
        for side, stopped in ((lower, row.error.lower_at_bound), (upper, row.error.upper_at_bound))
    )
    return (significant(row.value, spread), *sides)  # type: ignore[return-value]


def _pull(row: Impact) -> tuple[str, str]:
    if row.pull is None:
        return "", ""
    constraint = row.pull.constraint
    return f"{row.pull.value:+.2f}", f"{constraint:.2f}" if math.isfinite(constraint) else ""


def _shift(value: float) -> str:
    return f"{value:+.3g}" if math.isfinite(value) else ""
