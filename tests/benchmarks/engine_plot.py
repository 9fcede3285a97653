"""The plot of the benchmark: what one fit, a profile and a pair of toy fits take, a bar for every engine."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from nurecoil.report.style import COLOURS, save, styled

from .engines_900 import Row
from .models_900 import SIZES

__all__ = ["draw"]

_PARTS: tuple[tuple[str, Callable[[Row], float]], ...] = (
    ("one fit", lambda row: row.fit),
    ("profile, 40 points", lambda row: row.scan),
    ("toy, free and held", lambda row: 1 / row.rate),
)
_TITLE = "900 bins, 1.5 million events, processor time on one core"


def draw(rows: Sequence[Row], path: Path) -> None:
    """Draw the engines that were timed, the fastest of ours at the top.

    Args:
        rows: of both models.
        path: where to.
    """
    import matplotlib.pyplot as plt

    timed = [row for row in rows if not math.isnan(row.fit)]
    names = list(dict.fromkeys(row.engine for row in timed))
    order = sorted(names, key=lambda name: -min(row.fit for row in timed if row.engine == name))
    with styled():
        figure, axes = plt.subplots(1, 3, figsize=(15, 1.9 + 0.62 * len(names)), sharey=True)
        for axis, (title, seconds) in zip(axes, _PARTS, strict=True):
            taken = [seconds(row) for row in timed]
            shortest, longest = min(taken), max(taken)
            for row in timed:
                second = SIZES.index(row.parameters)
                y = order.index(row.engine) + 0.19 - 0.38 * second
                axis.barh(y, 1e3 * seconds(row), height=0.36, color=COLOURS[second],
                          hatch="//" if row.engine == "nurecoil" else "", edgecolor="white")  # fmt: skip
                axis.text(1e3 * seconds(row) * 1.25, y, _time(seconds(row)), va="center", fontsize=9.5)
            axis.set_xscale("log")
            axis.set_xlim(1e3 * shortest / 5, 1e3 * longest * 30)
            axis.set_xlabel(f"{title} [ms]")
            axis.minorticks_off()
            axis.tick_params(axis="y", length=0)
        axes[0].set_yticks(range(len(order)), order)
        handles = [plt.Rectangle((0, 0), 1, 1, color=COLOURS[i]) for i in range(len(SIZES))]
        figure.legend(handles, [f"{size} parameters" for size in SIZES], loc="upper right", ncols=2)
        figure.suptitle(_TITLE, x=0.01, ha="left", fontsize=14)
        figure.tight_layout(rect=(0, 0, 1, 0.97))
    save(figure, path)


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"
