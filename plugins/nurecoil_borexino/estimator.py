"""The two energy estimators of arXiv:1707.09355: phototubes hit within 230 and 400 ns of an event's start.

They differ in two things that are known. Pile-up needs a second decay inside the window, so its rate is in
proportion to the window. Of the light, which the scintillator gives off with known decay times, 0.1 % of an
electron's and 3 % of an alpha's comes after 230 ns. What the detector adds to that (reflected and scattered
light, dark hits, afterpulses) is not published for the two windows and not modelled.
"""

from __future__ import annotations

import math
from types import MappingProxyType

from nurecoil.errors import OptionError
from nurecoil_borexino.options import Options

__all__ = ["LIGHT", "WINDOW", "check_estimator", "light_ratio", "window_ratio"]

WINDOW = MappingProxyType({"dt1": 230.0, "dt2": 400.0})
"""Length of each window [ns]."""
LIGHT = MappingProxyType(
    {
        "electron": ((3.57, 0.895), (17.61, 0.063), (59.50, 0.042)),
        "alpha": ((3.25, 0.630), (13.49, 0.178), (59.95, 0.119), (279.1, 0.073)),
    }
)
"""Decay times [ns] and shares of the light in pseudocumene with 1.5 g/l PPO: F. Elisei et al., Nucl. Instrum.
Meth. A 400 (1997) 53."""


def check_estimator(options: Options) -> None:
    """Refuse another estimator for the public spectrum, which is one of N_h.

    Raises:
        OptionError: for ``dt2`` outside the paper's setup.

    Example:
        >>> check_estimator(Options(estimator="dt2", setup="paper"))
    """
    if options.estimator != "dt1" and options.setup != "paper":
        raise OptionError("borexino.estimator", f"{options.estimator} with borexino.setup={options.setup}",
                          "dt1, or borexino.setup=paper", "The public spectrum is of N_h.")  # fmt: skip


def window_ratio(options: Options) -> float:
    """How much longer the estimator's window is than that of dt1: the factor on the rate of pile-up.

    Example:
        >>> round(window_ratio(Options(estimator="dt2", setup="paper")), 3)
        1.739
    """
    return WINDOW[options.estimator] / WINDOW["dt1"]


def light_ratio(options: Options, particle: str) -> float:
    """The light inside the estimator's window over that inside dt1's.

    Args:
        options: the plugin's options.
        particle: ``electron`` or ``alpha``.

    Returns:
        The ratio; 1 for dt1.

    Example:
        >>> dt2 = Options(estimator="dt2", setup="paper")
        >>> round(light_ratio(dt2, "electron"), 4), round(light_ratio(dt2, "alpha"), 4)
        (1.0008, 1.0176)
    """

    def seen(window: float) -> float:
        return 1 - sum(share * math.exp(-window / time) for time, share in LIGHT[particle])

    return seen(WINDOW[options.estimator]) / seen(WINDOW["dt1"])
