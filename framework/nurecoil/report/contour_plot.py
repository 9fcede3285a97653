"""The plot of two-parameter contours, in the parameters' public values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from nurecoil.inference.contours import Contour
from nurecoil.report.style import COLOURS, axis_exponent, parameter_label, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_contour"]

Array = NDArray[np.float64]

_STYLES: tuple[Literal["-", "--", "-.", ":"], ...] = ("-", "--", "-.", ":")
_LIGHT = 0.78
"""Share of white in the shade of a region."""


def plot_contour(found: Contour) -> Figure:
    """Draw contours and the best fit.

    Args:
        found: contours of two parameters.

    Returns:
        The figure: every region shaded, the smaller over the larger, its outline along a bound where it ends
        there, and a cross at the best fit.

    Example:
        >>> from nurecoil.inference.contours import contour
        >>> from nurecoil.testing.models import counting
        >>> model = counting(16.0, 10.0, background_error=2.0)
        >>> plot_contour(contour(model, "signal", "background", points=8)).axes[0].get_xlabel()
        'signal [events]'
    """
    import matplotlib.pyplot as plt
    from matplotlib.colors import to_rgb
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    exponents = [axis_exponent(float(np.abs(values).max())) for values in found.grid]
    scale = np.array([10.0**-one for one in exponents])
    with styled():
        figure, axes = plt.subplots(figsize=(9.0, 7.2), layout="constrained")
        for number, level in reversed(list(enumerate(found.levels))):
            colour = COLOURS[number % len(COLOURS)]
            rings = [ring * scale for ring in (*level.outlines, *level.holes)]
            path = Path(np.concatenate(rings), np.concatenate([_codes(ring) for ring in rings]))
            shade = _LIGHT + (1 - _LIGHT) * np.array(to_rgb(colour))
            axes.add_patch(PathPatch(path, facecolor=tuple(shade), linewidth=0, zorder=1))
            line = PathPatch(path, fill=False, edgecolor=colour, linewidth=2.0, zorder=2, clip_on=False)
            line.set_linestyle(_STYLES[number % len(_STYLES)])
            line.set_label(rf"{100 * level.cl:g} % ($-2\,\Delta\ln L$ = {level.delta_chi2:.2f})")
            axes.add_patch(line)
        best = np.array(found.best) * scale
        axes.plot(*best, "P", color="black", markersize=11, markeredgecolor="white", label="best fit",
                  clip_on=False, zorder=4)  # fmt: skip
        (left, right), (bottom, top) = (
            (float(values[0] * unit), float(values[-1] * unit))
            for values, unit in zip(found.grid, scale, strict=True)
        )
        axes.set_xlim(left, right)
        axes.set_ylim(bottom, top)
        labels = [
            parameter_label(name, unit, exponent)
            for name, unit, exponent in zip(found.parameters, found.units, exponents, strict=True)
        ]
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])
        handles, words = axes.get_legend_handles_labels()
        order = sorted(range(len(words)), key=lambda k: (words[k] != "best fit", -k))
        axes.legend(
            [handles[k] for k in order], [words[k] for k in order], loc="best", frameon=True, framealpha=0.92,
            edgecolor="none", fontsize=12,
        )  # fmt: skip
        axes.set_title(
            "joint confidence regions of two parameters, the others profiled", loc="left", fontsize=13
        )
    return figure


def _codes(ring: Array) -> list[int]:
    """How a closed ring is drawn: 1 begins, 2 is a line, 79 closes."""
    return [1, *[2] * (len(ring) - 2), 79]
