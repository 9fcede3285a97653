"""The marginal posterior of the parameter of interest, beside its profile likelihood.

Where both have the same shape, marginalising and profiling the nuisance parameters come to the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from nurecoil.errors import FitError
from nurecoil.inference.posterior_results import Posterior
from nurecoil.inference.results import Scan
from nurecoil.inference.rules import area
from nurecoil.report.style import COLOURS, axis_exponent, parameter_label, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_marginal", "plot_posterior"]

Array = NDArray[np.float64]

_FINE = 1200
_HEADROOM = 1.42
"""Height of the frame over that of the curves: the legend's place."""
_BELOW = 0.84
"""Share of the frame's height that is below the legend."""


def plot_posterior(found: Posterior, scan: Scan, cl: float = 0.90) -> Figure:
    """Draw the marginal posterior of the parameter of interest with its limit, over its profile likelihood.

    Args:
        found: the posterior, with a parameter of interest.
        scan: the profile of the same parameter.
        cl: credibility level of the limit, between 0 and 1.

    Returns:
        The figure.

    Raises:
        ModelError: where the posterior has no parameter of interest.
        OptionError: for an impossible level.

    Example:
        >>> from nurecoil.inference.sampling import Diagnostics
        >>> draws, values = np.random.default_rng(1).exponential(size=(2000, 1)), np.linspace(0, 12, 41)
        >>> even = Diagnostics(np.ones(1), np.full(1, 900.0), np.full(1, 800.0))
        >>> posterior = Posterior(("rate",), ("Hz",), draws, 2, even, "rate")
        >>> len(plot_posterior(posterior, Scan("rate", "Hz", values, values, 0.0, 0.0)).axes)
        1
    """
    return plot_marginal(found.histogram(), scan, found.upper_limit(cl), cl, prior=found.prior)


def plot_marginal(
    marginal: Mapping[str, Any], scan: Scan, value: float, cl: float, *, prior: str = "flat"
) -> Figure:
    """Draw a marginal posterior from its document.

    Args:
        marginal: parameter, unit, edges and densities: ``marginal`` of a posterior's document, or of the
            details of a limit.
        scan: the profile of the same parameter.
        value: the limit, in the parameter's unit.
        cl: its level, between 0 and 1.
        prior: the parameter's prior.

    Returns:
        The figure.
    """
    import matplotlib.pyplot as plt

    edges, density = np.asarray(marginal["edges"], float), np.asarray(marginal["density"], float)
    fine = np.linspace(scan.values[0], scan.values[-1], _FINE)
    likelihood = np.exp(-PchipInterpolator(scan.values, scan.delta_nll)(fine))
    likelihood = likelihood / np.trapezoid(likelihood, fine)
    exponent = axis_exponent(float(np.max(np.abs(edges))))
    scale = 10.0**-exponent
    unit = parameter_label("", marginal["unit"], exponent).strip(" []")
    unit = f"× {unit}" if exponent else unit
    level = f"{100 * cl:g} %"
    with styled():
        figure, axes = plt.subplots(figsize=(9.5, 6.4), layout="constrained")
        axes.stairs(density / scale, edges * scale, fill=True, color=COLOURS[0], alpha=0.3, linewidth=0)
        axes.stairs(
            density / scale, edges * scale, color=COLOURS[0], linewidth=1.6, label="marginal posterior"
        )
        axes.plot(fine * scale, likelihood / scale, color=COLOURS[2], label="profile likelihood")
        text = f"marginalised: < {value * scale:.3g} {unit}".rstrip()
        axes.axvline(value * scale, 0.0, _BELOW, color=COLOURS[0], linewidth=1.4, label=text)
        profiled = _area(scan, cl)
        if profiled is not None:
            text = f"area under the profile: < {profiled * scale:.3g} {unit}".rstrip()
            style = {"color": COLOURS[2], "linewidth": 1.4, "linestyle": "--", "label": text}
            axes.axvline(profiled * scale, 0.0, _BELOW, **style)
        right = max(edges[-1], value, 0.0 if profiled is None else profiled)
        axes.set_xlim(
            min(edges[0], float(scan.values[0]) if edges[0] >= 0 else edges[0]) * scale, right * scale
        )
        axes.set_ylim(0, _HEADROOM * max(float(density.max()), float(likelihood.max())) / scale)
        axes.set_xlabel(parameter_label(marginal["parameter"], marginal["unit"], exponent))
        axes.set_ylabel("probability density (area 1)")
        axes.legend(loc="upper right", frameon=True, framealpha=0.92, edgecolor="none", ncols=2)
        axes.set_title(f"marginal posterior, {level} limits, prior {prior}", loc="left", fontsize=13)
    return figure


def _area(scan: Scan, cl: float) -> float | None:
    """The area rule's limit on the profile, where the scan goes far enough for one."""
    try:
        return area(scan, cl)
    except FitError:
        return None
