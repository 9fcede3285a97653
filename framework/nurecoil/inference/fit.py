"""Maximum-likelihood fits of a model, and its likelihood at a given point."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.response import compile_response, needs_recompiling
from nurecoil.engine.silent import silent_parameters
from nurecoil.engine.solve import Solution, hesse, solve
from nurecoil.errors import FitError, OptionError, unknown_name
from nurecoil.inference.goodness import channels_with_data, constraint_pulls, pearson
from nurecoil.inference.results import Covariance, Estimate, FitResult, Goodness
from nurecoil.model.spectral import SpectralModel

__all__ = ["MINIMISERS", "at_zero", "check_fixed", "fit", "nll", "public_slope"]

Array = NDArray[np.float64]

MINIMISERS = ("newton", "minuit")
"""The minimisers a fit can be asked for."""

_MOST_RECOMPILATIONS = 4
_ZERO = 1e-4
"""A power this far from zero, in units of its error, is zero."""


def nll(model: SpectralModel, values: Mapping[str, float] | None = None) -> float:
    """Full negative log-likelihood at given parameters.

    Args:
        model: the model.
        values: parameter values by public name; the rest stay at their starting values.

    Returns:
        -log L with all constants: Poisson terms, Gaussian channels and constraint terms.

    Raises:
        ModelError: for an unknown parameter.
        OptionError: for a value outside its bounds.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> round(nll(counting(observed=12.0, background=10.0)), 4)
        2.3562
    """
    check_fixed(model, values or {})
    compiled = CompiledModel(model)
    return compiled.value(compiled.coordinates(values or {}))


def fit(
    model: SpectralModel,
    fix: Mapping[str, float] | None = None,
    start: Mapping[str, float] | None = None,
    *,
    minimiser: str = "newton",
) -> FitResult:
    """Fit a model to its data.

    A parameter that enters in squares only (a magnetic moment) is fitted in its square. Where a
    compiled response is pulled out of the range it was measured in, it is compiled anew about the exact
    response's own minimum under the same conditions and the fit repeated.

    Args:
        model: the model.
        fix: parameters to hold, with their values.
        start: starting values that replace the model's.
        minimiser: ``newton`` (scaled Fisher steps, MINUIT as the fallback) or ``minuit``.

    Returns:
        The result: estimates, covariance, goodness, contents of every sample.

    Raises:
        FitError: where no trustworthy minimum was found, or none within a compiled response's range.
        ModelError: for an unknown parameter.
        OptionError: for an unknown minimiser, or a fixed value outside its bounds.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> result = fit(counting(observed=12.0, background=10.0))
        >>> round(result.parameters["signal"].value, 4)
        2.0
    """
    if minimiser not in MINIMISERS:
        raise unknown_name(OptionError, "minimiser", minimiser, MINIMISERS)
    began = time.perf_counter()
    fix = dict(fix or {})
    check_fixed(model, fix)
    for _ in range(_MOST_RECOMPILATIONS):
        compiled = CompiledModel(model)
        position = compiled.coordinates({**(start or {}), **fix})
        held = np.array([name in fix for name in compiled.names])
        solution = solve(compiled, position, held, minimiser=minimiser)
        if not needs_recompiling(model, compiled, solution.position):
            break
        found = compiled.values(solution.position)
        moved = {n: {"value": v} for n, v in found.items() if n in fix or not model.parameters[n].fixed}
        model = compile_response(model.with_parameters(**moved), held=tuple(fix))
    else:
        raise FitError(
            "fit",
            f"the response leaves the range of its compiled form, {_MOST_RECOMPILATIONS} times over",
            "a minimum within that range",
            "Use the exact response.",
        )
    return describe(model, compiled, solution, time.perf_counter() - began)


def describe(model: SpectralModel, compiled: CompiledModel, solution: Solution, seconds: float) -> FitResult:
    """Turn a solution of the engine into a result with public values, errors and goodness.

    Args:
        model: the model.
        compiled: its compiled form.
        solution: the minimum.
        seconds: wall time of the fit.

    Returns:
        The result.
    """
    internal = hesse(compiled, solution)
    values = compiled.public(solution.position)
    slope = public_slope(compiled, solution.position)
    spread = np.sqrt(np.maximum(np.diag(internal), 0.0))
    at_bound = solution.at_bound | (at_zero(compiled, solution.position, spread) & solution.free)
    moved = solution.free & ~at_bound & np.isfinite(slope)
    moved &= ~silent_parameters(compiled, solution.position)
    slope = np.where(moved, slope, 0.0)
    covariance = internal * np.outer(slope, slope)
    errors = np.where(moved, np.sqrt(np.maximum(np.diag(covariance), 0.0)), math.nan)
    parameters = {
        name: Estimate(
            float(values[i]),
            float(errors[i]),
            model.parameters[name].unit,
            bool(not solution.free[i]),
            bool(at_bound[i]),
        )
        for i, name in enumerate(compiled.names)
    }
    index = np.flatnonzero(moved)
    expected = {}
    for channel, contents in zip(model.channels, compiled.components(solution.position), strict=True):
        expected[channel.name] = {s.name: contents[row] for row, s in enumerate(channel.samples)}
    return FitResult(
        model,
        parameters,
        solution.value,
        solution.edm,
        Covariance(tuple(compiled.names[i] for i in index), covariance[np.ix_(index, index)]),
        _goodness(model, compiled, solution),
        expected,
        solution.minimiser,
        solution.iterations,
        seconds,
    )


def _goodness(model: SpectralModel, compiled: CompiledModel, solution: Solution) -> Goodness:
    """Goodness of fit at a solution, with the pulls of the constraints of the parameters that moved."""
    free = [name for name, moved in zip(compiled.names, solution.free, strict=True) if moved]
    channels = channels_with_data(model)
    if len(channels) < len(model.channels):
        seen = {name for channel in channels for sample in channel.samples for name in sample.depends_on}
        free = [name for name in free if name in seen]
    pulls = constraint_pulls(model, compiled.values(solution.position), free)
    return pearson(model, compiled.expected(solution.position), len(free), pulls)


def check_fixed(model: SpectralModel, fix: Mapping[str, float]) -> None:
    """Refuse values of unknown parameters, or outside their bounds.

    Args:
        model: the model.
        fix: parameters with the values they are to have.

    Raises:
        ModelError: for an unknown parameter.
        OptionError: for a value outside the bounds.
    """
    for name, value in fix.items():
        parameter = model.require(name)
        if not (math.isfinite(value) and parameter.lower <= value <= parameter.upper):
            raise OptionError(
                f"parameter {name!r}",
                f"value {value}",
                f"a value in [{parameter.lower:g}, {parameter.upper:g}]"
                + (f" {parameter.unit}" if parameter.unit != "1" else ""),
            )


def at_zero(compiled: CompiledModel, position: Array, spread: Array) -> NDArray[np.bool_]:
    """Which powers have come down to rounding: these are at zero, and their roots have no error to speak of.

    Args:
        compiled: the model.
        position: internal coordinates, shape ``(n,)``.
        spread: their errors.

    Returns:
        Shape ``(n,)``.
    """
    return np.asarray((compiled.powers > 1) & (compiled.lower == 0) & (position < _ZERO * spread))


def public_slope(compiled: CompiledModel, position: Array) -> Array:
    """Derivative of the public values by the internal coordinates; infinite at 0 for squares.

    Args:
        compiled: the model.
        position: internal coordinates, shape ``(n,)``.

    Returns:
        Shape ``(n,)``.
    """
    power = compiled.powers
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.abs(position) ** (1 / power - 1) / power
    return np.where(power == 1, 1.0, slope)
