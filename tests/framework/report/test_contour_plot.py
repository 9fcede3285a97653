"""The plot of contours: every outline, the best fit, units."""

from __future__ import annotations

import dataclasses

import numpy as np

from nurecoil.inference.contours import Contour, ContourLevel, contour
from nurecoil.report.contour_plot import plot_contour
from nurecoil.testing.models import counting

SQUARE = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [0.0, 0.0]])


def made(**changes: object) -> Contour:
    found = contour(counting(16.0, 10.0, background_error=2.0), "signal", "background", points=8)
    return dataclasses.replace(found, **changes)


def test_every_level_with_its_outline_and_the_best_fit() -> None:
    found = made()
    (axes,) = plot_contour(found).axes
    outlines = [patch for patch in axes.patches if not patch.get_fill()]
    assert len(outlines) == 2
    assert len(axes.patches) == 4
    for patch, level in zip(reversed(outlines), found.levels, strict=True):
        np.testing.assert_allclose(patch.get_path().vertices, level.outlines[0])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "best fit", r"68 % ($-2\,\Delta\ln L$ = 2.28)", r"90 % ($-2\,\Delta\ln L$ = 4.61)",
    ]  # fmt: skip
    (point,) = axes.lines
    assert (*point.get_xdata(), *point.get_ydata()) == found.best
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("signal [events]", "background [events]")
    low, high = axes.get_xlim()
    assert low <= found.levels[1].outlines[0][:, 0].min()
    assert high >= found.levels[1].outlines[0][:, 0].max()


def test_pieces_holes_and_powers_of_ten() -> None:
    scale = np.array([1e-11, 1.0])
    pieces = (SQUARE * scale, (SQUARE + 4) * scale)
    level = ContourLevel(0.9, 4.6, pieces, ((0.5 * SQUARE + 0.5) * scale,), ())
    grid = (np.linspace(0, 7e-11, 8), np.linspace(0, 7, 8))
    found = made(
        parameters=("mu_eff", "g"), units=("mu_B", "1"), best=(1e-11, 1.0), levels=(level,), grid=grid
    )
    (axes,) = plot_contour(found).axes
    path = axes.patches[-1].get_path()
    assert (path.codes == 1).sum() == (path.codes == 79).sum() == 3
    assert path.vertices.max() == 6.0
    assert "10^{-11}" in axes.get_xlabel()
