"""The compiled response: a template times a smooth exponential in the nuisance shifts.

``t(d) = t0 exp(a.d + d.B.d / 2)`` with d the shift of the response parameters from a centre. It is
plain data, costs microseconds and has closed derivatives; how well it closes on the exact response is
measured where it is made (:mod:`nurecoil.engine.response`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import ModelError

if TYPE_CHECKING:
    from nurecoil.model.spectral import Template

__all__ = ["LARGEST_EXPONENT", "Morph", "compile_morph"]

Array = NDArray[np.float64]

LARGEST_EXPONENT = 30.0
"""Where the exponent of a morph is cut: nothing physical changes a template by a factor of 1e13."""
_EMPTY_SHARE, _SIGNED_SHARE = 1e-12, 1e-3
"""Share of the largest content up to which a bin does not move: where none is negative, where some are."""


@dataclass(frozen=True)
class Morph:
    """A template whose logarithm is quadratic in its parameters.

    Args:
        names: the parameters.
        centre: their values at the centre, shape ``(n,)``.
        counts: contents at the centre, shape ``(bins,)``.
        slope: a, shape ``(n, bins)``.
        curvature: B, symmetric in its first two axes, shape ``(n, n, bins)``.
        step: the shifts at which the curvature was measured, shape ``(n,)``; the closure is stated
            for shifts of that size.
        exact: the exact template it stands for, or ``None`` where it was read from a file.

    Raises:
        ModelError: where the shapes differ.

    Example:
        >>> slope, curvature = np.array([[0.1, -0.1]]), np.zeros((1, 1, 2))
        >>> tilt = Morph(("tilt",), np.zeros(1), np.array([10.0, 10.0]), slope, curvature)
        >>> [round(float(value), 3) for value in tilt.evaluate([1.0])[0]]
        [11.052, 9.048]
    """

    names: tuple[str, ...]
    centre: Array
    counts: Array
    slope: Array
    curvature: Array
    step: Array = field(default_factory=lambda: np.empty(0))
    exact: Template | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Check that the shapes fit."""
        size, bins = len(self.names), self.counts.size
        shapes = (self.centre.shape, self.slope.shape, self.curvature.shape)
        wanted = ((size,), (size, bins), (size, size, bins))
        if shapes != wanted:
            raise ModelError("morph of " + ", ".join(self.names), f"shapes {shapes}", f"shapes {wanted}")

    def evaluate(self, values: Sequence[float] | Array) -> tuple[Array, Array]:
        """Contents ``(bins,)`` and derivatives ``(len(names), bins)`` at the given parameters."""
        shift = np.asarray(values, float) - self.centre
        bend = np.einsum("ijb,j->ib", self.curvature, shift)
        exponent = shift @ (self.slope + 0.5 * bend)
        counts = self.counts * np.exp(np.clip(exponent, -LARGEST_EXPONENT, LARGEST_EXPONENT))
        logarithmic = np.where(np.abs(exponent) > LARGEST_EXPONENT, 0.0, self.slope + bend)
        return counts, counts * logarithmic


def compile_morph(template: Template, centre: Array, step: Array) -> Morph:
    """Expand the logarithm of an exact template to second order about a centre.

    The slope is the template's own derivative; the curvature is the central difference of the
    logarithmic derivative over ``step``, one-sided where the template is not a number on the other
    side (a variance at its bound). Empty bins stay empty.

    Args:
        template: the exact template.
        centre: values of its parameters, shape ``(n,)``.
        step: shifts for the differences, about one standard deviation each, shape ``(n,)``, positive.

    Returns:
        The morph.

    Raises:
        ModelError: where a step is not positive or the template is not a number on either side.

    Example:
        >>> import nurecoil.detectors.scintillator as s
        >>> peak = s.PeakTemplate(s.HitBins.of(np.arange(99.5, 300.5)), 1e3, ("mu", "sigma"))
        >>> morph = compile_morph(peak, np.array([190.0, 15.0]), np.array([0.05, 0.05]))
        >>> exact, fast = peak.evaluate([190.05, 15.0])[0], morph.evaluate([190.05, 15.0])[0]
        >>> bool(np.max(np.abs(fast - exact)) < 1e-4)
        True
    """
    centre, step = np.asarray(centre, float), np.asarray(step, float)
    if not np.all(step > 0):
        raise ModelError("compiled response", f"steps {step}", "positive steps")
    counts, jacobian = template.evaluate(centre)
    slope = _log_slope(counts, jacobian)
    size = centre.size
    curvature = np.zeros((size, size, counts.size))
    for index in range(size):
        shift = np.zeros(size)
        shift[index] = step[index]
        curvature[index] = _bend(template, centre, shift, slope) / step[index]
    symmetric = (curvature + curvature.transpose(1, 0, 2)) / 2
    return Morph(tuple(template.names), centre, counts, slope, symmetric, step, template)


def _bend(template: Template, centre: Array, shift: Array, slope: Array) -> Array:
    """Change of the logarithmic slope over a shift, from both sides where the template has both."""
    above = _log_slope(*template.evaluate(centre + shift))
    below = _log_slope(*template.evaluate(centre - shift))
    both = (above - below) / 2
    one = np.where(np.isfinite(above), above - slope, slope - below)
    bend = np.where(np.isfinite(both), both, one)
    if not np.all(np.isfinite(bend)):
        names = ", ".join(name for name, moved in zip(template.names, shift, strict=True) if moved)
        raise ModelError(
            f"compiled response in {names}",
            f"a template that is not a number {np.max(shift):g} above and below the centre",
            "a template that is defined around the centre",
            "Constrain the parameter, or move it away from the edge of its range.",
        )
    return np.asarray(bend)


def _log_slope(counts: Array, jacobian: Array) -> Array:
    """Logarithmic derivative; zero where a bin is empty for all practical purposes, NaN where it is NaN.

    A template that changes its sign (interference) has no logarithm where it passes through zero: bins below
    a thousandth of its largest do not move.
    """
    size = np.abs(counts)
    share = _SIGNED_SHARE if np.any(counts < 0) else _EMPTY_SHARE
    used = ~(size <= share * max(float(np.max(size, initial=0.0)), 1e-300))
    return np.where(used, jacobian / np.where(used, counts, 1.0), 0.0)
