"""Rules of an experiment's templates: shapes, signs, and derivatives that are those of the contents.

Templates are looked at as the plugin made them; what the framework compiles from them is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.morph import Morph
from nurecoil.model.parameters import GaussianConstraint, LogNormalConstraint, Parameter
from nurecoil.model.spectral import SpectralModel, Template

if TYPE_CHECKING:
    from nurecoil.testing.cases import ExperimentCase

__all__ = ["derivatives", "difference", "moving", "step", "templates"]

Array = NDArray[np.float64]

TOLERANCE = 1e-4
"""How far a derivative may be from the finite difference, as a share of the largest one in its row."""
_SHIFTS = (0.0, 0.5, -0.5)
_HALVINGS = 6


def templates(case: ExperimentCase) -> Iterator[str]:
    """Shapes, finite contents, none negative: at the start and half a step to both sides."""
    model = case.model
    for channel in model.channels:
        for sample in channel.samples:
            if isinstance(sample.template, np.ndarray) and sample.template.dtype != np.float64:
                yield f"the template of {sample.name} in {channel.name} is of type {sample.template.dtype}"
    for where, template in moving(model):
        for shift in _SHIFTS:
            values = _shifted(template, model.parameters, shift)
            at = _said(template, values)
            contents, slopes = (np.asarray(part) for part in template.evaluate(values))
            bins = _bins(model, where)
            if contents.shape != (bins,):
                yield f"{where} has contents of shape {contents.shape}, not ({bins},)"
            elif slopes.shape != (len(template.names), bins):
                yield f"{where} has derivatives of shape {slopes.shape}, not ({len(template.names)}, {bins})"
            elif not (np.isfinite(contents).all() and np.isfinite(slopes).all()):
                yield f"{where} is not finite at {at}"
            elif contents.min() < 0:
                yield f"{where} is {contents.min():.3g} in bin {int(contents.argmin())} at {at}"
            else:
                continue
            break


def derivatives(case: ExperimentCase) -> Iterator[str]:
    """Derivatives agree with finite differences of the contents, at the start and away from it."""
    model = case.model
    for where, template in moving(model):
        for shift in _SHIFTS[:2]:
            values = _shifted(template, model.parameters, shift)
            wrong = list(_wrong_slopes(where, template, values, model.parameters))
            yield from wrong
            if wrong:
                break


def moving(model: SpectralModel) -> list[tuple[str, Template]]:
    """The templates that depend on parameters, as their plugin made them, each with its place in words.

    Args:
        model: the model, compiled or not.

    Returns:
        Place and template; a morph stands for its exact template where that is known.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> moving(counting(3.0, 1.0))
        []
    """
    found: list[tuple[str, Template]] = []
    for channel in model.channels:
        for sample in channel.samples:
            template = sample.template
            if isinstance(template, np.ndarray):
                continue
            if isinstance(template, Morph) and template.exact is not None:
                template = template.exact
            found.append((f"the template of {sample.name} in {channel.name}", template))
    return found


def step(parameter: Parameter) -> float:
    """A step of a parameter over which templates change visibly: about one standard deviation.

    Args:
        parameter: the parameter.

    Returns:
        The step, in the parameter's unit.

    Example:
        >>> step(Parameter("a", "1", 2.0, constraint=GaussianConstraint(2.0, 0.1)))
        0.1
    """
    size = 0.01 * (abs(parameter.value) or 1.0)
    if isinstance(parameter.constraint, GaussianConstraint):
        size = parameter.constraint.width
    elif isinstance(parameter.constraint, LogNormalConstraint):
        size = parameter.value * (parameter.constraint.factor - 1)
    return float(min(size, (parameter.upper - parameter.lower) / 20))


def difference(template: Template, values: Array, index: int, width: float) -> tuple[Array, Array]:
    """The derivative of a template's contents by one parameter, from differences alone (Richardson).

    Args:
        template: the template.
        values: where, shape ``(n,)``.
        index: which parameter.
        width: the first step; it is halved until the derivative stands still.

    Returns:
        The derivative and its error, both of shape ``(bins,)``.

    Example:
        >>> import types
        >>> cube = types.SimpleNamespace(names=("x",), evaluate=lambda v: (np.array([v[0] ** 3]), None))
        >>> difference(cube, np.array([2.0]), 0, 0.1)[0].round(9).tolist()
        [12.0]
    """
    best: tuple[Array, Array] | None = None
    for _ in range(_HALVINGS):
        coarse, fine = (_central(template, values, index, width / part) for part in (1, 2))
        found = (4 * fine - coarse) / 3
        error = np.abs(found - fine)
        if best is None or error.max() < best[1].max():
            best = found, error
        if best[1].max() <= 0.01 * TOLERANCE * np.abs(best[0]).max():
            break
        width /= 4
    assert best is not None
    return best


def _central(template: Template, values: Array, index: int, width: float) -> Array:
    above, below = values.copy(), values.copy()
    above[index] += width
    below[index] -= width
    rise = np.asarray(template.evaluate(above)[0]) - np.asarray(template.evaluate(below)[0])
    return np.asarray(rise / (above[index] - below[index]))


def _wrong_slopes(
    where: str, template: Template, values: Array, parameters: Mapping[str, Parameter]
) -> Iterator[str]:
    contents, slopes = (np.asarray(part) for part in template.evaluate(values))
    for index, name in enumerate(template.names):
        width = 0.1 * step(parameters[name])
        found, error = difference(template, values, index, width)
        largest = float(np.abs(found).max())
        noise = 1e-12 * float(np.abs(contents).max()) / width
        if error.max() > 0.01 * largest + noise:
            yield f"{where} is not smooth in {name} at {_said(template, values)}"
            continue
        excess = np.abs(slopes[index] - found) - TOLERANCE * largest - 3 * error - noise
        if excess.max() > 0:
            bin_ = int(excess.argmax())
            yield (
                f"{where} says {slopes[index][bin_]:.6g} for its derivative by {name} in bin {bin_}; "
                f"its contents change by {found[bin_]:.6g}"
            )


def _shifted(template: Template, parameters: Mapping[str, Parameter], shift: float) -> Array:
    """Values of a template's parameters some steps from the start, well inside their bounds."""
    found = []
    for name in template.names:
        parameter = parameters[name]
        size = step(parameter)
        value = parameter.value + shift * size
        found.append(min(max(value, parameter.lower + 0.2 * size), parameter.upper - 0.2 * size))
    return np.array(found)


def _said(template: Template, values: Array) -> str:
    return ", ".join(f"{name} = {value:.6g}" for name, value in zip(template.names, values, strict=True))


def _bins(model: SpectralModel, where: str) -> int:
    return next(c.bins for c in model.channels if where.endswith(f" in {c.name}"))
