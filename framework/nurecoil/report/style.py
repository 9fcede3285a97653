"""One look for every plot, on top of mplhep's, and writing figures whole or not at all."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nurecoil.atomic import replacing
from nurecoil.errors import OptionError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "axis_exponent", "label_with_unit", "parameter_label", "save", "styled"]

COLOURS = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
"""Ten colours that colour-blind readers can tell apart (Petroff, arXiv:2107.02270)."""

_SYMBOLS = {
    "mu_eff": r"$\mu_\mathrm{eff}$",
    "mu_B": r"$\mu_B$",
    "mu_e": r"$\mu_{\nu_e}$",
    "mu_mu": r"$\mu_{\nu_\mu}$",
    "mu_tau": r"$\mu_{\nu_\tau}$",
    "g": "$g$",
    "g_nu": r"$g_\nu$",
    "g_b_l": "$g_{B-L}$",
    **{f"mu_{pair}": rf"$|\mu_{{{pair}}}|$" for pair in ("11", "22", "33", "12", "13", "23")},
}


@contextlib.contextmanager
def styled() -> Iterator[None]:
    """Draw inside this context to get the project's look, whatever the user's matplotlib is set to.

    Example:
        >>> with styled():
        ...     pass
    """
    import matplotlib as mpl
    import mplhep
    from cycler import cycler

    settings = {
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "mathtext.fontset": "dejavusans",
        "font.size": 13.0,
        "axes.labelsize": 15.0,
        "xtick.labelsize": 12.0,
        "ytick.labelsize": 12.0,
        "legend.fontsize": 10.5,
        "axes.prop_cycle": cycler(color=COLOURS),
        "figure.figsize": (10.0, 7.5),
        "figure.dpi": 100,
        "savefig.dpi": 150,
        "lines.linewidth": 1.6,
    }
    with mpl.style.context([mplhep.style.ROOT, settings]):
        yield


def axis_exponent(reach: float) -> int:
    """The power of ten in which an axis is labelled: none for everyday numbers.

    Args:
        reach: the largest number on the axis.

    Returns:
        The exponent.

    Example:
        >>> axis_exponent(2.8e-11), axis_exponent(120.0), axis_exponent(0.0)
        (-11, 0, 0)
    """
    if reach <= 0:
        return 0
    power = math.floor(math.log10(reach))
    return 0 if -2 <= power <= 3 else power


def label_with_unit(name: str, unit: str) -> str:
    """An axis label: the quantity and its unit in brackets.

    Example:
        >>> label_with_unit("N_h", "hits")
        '$N_h$ [hits]'
    """
    shown = _symbol(name)
    return shown if unit in ("", "1") else f"{shown} [{_SYMBOLS.get(unit, unit)}]"


def parameter_label(name: str, unit: str, exponent: int) -> str:
    """The axis label of a parameter drawn in powers of ten of its unit.

    Example:
        >>> parameter_label("rate", "events", 0)
        'rate [events]'
    """
    if not exponent:
        return label_with_unit(name, unit)
    return f"{_symbol(name)} [$10^{{{exponent}}}$ {_SYMBOLS.get(unit, unit)}]".replace(" 1]", "]")


def _symbol(name: str) -> str:
    """A name as it is typeset."""
    shown = _SYMBOLS.get(name, name)
    return f"${name}$" if shown == name and "_" in name and len(name) <= 5 else shown


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure; the file appears whole or not at all.

    Args:
        figure: the figure; it is closed afterwards.
        path: where to, the suffix says the format.

    Raises:
        OptionError: where the file cannot be written, or its suffix is none of matplotlib's formats.
    """
    from pathlib import Path

    import matplotlib.pyplot as plt

    target = Path(path)
    kind = target.suffix.lstrip(".").lower() or "png"
    try:
        known = figure.canvas.get_supported_filetypes()
        if kind not in known:
            raise OptionError(f"plot {target}", f"the suffix {target.suffix!r}", ", ".join(sorted(known)))
        with replacing(target, where="plot") as temporary:
            figure.savefig(temporary, format=kind)
    finally:
        plt.close(figure)
