"""What HistFactory can carry of a detector response: nothing that moves, or lines.

Templates that depend on parameters are replaced by arrays here: frozen at the starting values, or with one
straight line per response parameter. What becomes of the factors is not decided here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.bridges._coordinates import spreads
from nurecoil.detectors.morph import Morph
from nurecoil.engine.response import MORPH_RANGE, compile_response
from nurecoil.errors import ModelError, OptionError, unknown_name
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import SpectralModel, Template

__all__ = ["RESPONSES", "WIDE", "Resolved", "Shift", "resolve", "response_approximations"]

Array = NDArray[np.float64]

RESPONSES = ("frozen", "histosys", "refuse")
"""What can be asked for where a template depends on free parameters."""

WIDE = 10.0
"""Unit of a free response parameter's pull, in its standard deviations: the normal constraint that every pull
carries then adds 1 % to what the data know about it."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A response parameter as a pull: ``value = centre + width * pull``.

    Args:
        public: the parameter.
        centre: its value at a pull of 0.
        width: its change per unit of pull.
        measured: what the pull's own normal constraint is centred at.
        lower: smallest pull.
        upper: largest pull.
        added: whether the constraint is an addition (the parameter is free in the model).
    """

    public: str
    centre: float
    width: float
    measured: float
    lower: float
    upper: float
    added: bool


@dataclass(frozen=True)
class Resolved:
    """A model whose templates are arrays.

    Args:
        model: the model; parameters that only moved templates are fixed in it.
        form: ``none`` where no template moved, else ``frozen`` or ``histosys``.
        moved: the free parameters that templates depended on, with the values they are expanded at.
        held: every parameter that templates depended on and that no longer moves them, with its value.
        shifts: their pulls where the form is ``histosys``.
        lines: (channel, sample) to parameter to the change of the template per unit of pull, shape
            ``(bins,)``.
    """

    model: SpectralModel
    form: str
    moved: Mapping[str, float]
    held: Mapping[str, float]
    shifts: tuple[Shift, ...]
    lines: Mapping[tuple[str, str], Mapping[str, Array]]


def resolve(model: SpectralModel, response: str) -> Resolved:
    """Replace every template that depends on parameters by arrays.

    An exact response is compiled first, so that the starting values are the best fit. The lines of
    ``histosys`` join templates one standard deviation to both sides of them.

    Args:
        model: the model.
        response: one of :data:`RESPONSES`.

    Returns:
        The model with arrays and what is known about the templates.

    Raises:
        FitError: where an exact response has to be compiled and cannot be fitted.
        ModelError: where the response moves and must not, or in a way that has no such form.
        OptionError: for an unknown ``response``.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> resolve(counting(observed=3.0, background=1.0), "refuse").form
        'none'
    """
    if response not in RESPONSES:
        raise unknown_name(OptionError, "response", response, RESPONSES)
    moved = [name for name in _in_templates(model) if not model.parameters[name].fixed]
    if moved and response == "refuse":
        raise ModelError(
            "response",
            f"the templates depend on {', '.join(moved)}, which are free",
            "templates that do not move, with response='refuse'",
            "Fix these parameters, or choose response='frozen' or 'histosys'.",
        )
    _refuse_double_roles(model, moved)
    if moved and any(_is_exact(s.template) for c in model.channels for s in c.samples):
        model = compile_response(model)
    shifts: dict[str, Shift] = {}
    widths: dict[str, float] = {}
    if moved and response == "histosys":
        widths = spreads(model)
        shifts = {name: _shift(model, name, widths[name]) for name in moved}
    lines: dict[tuple[str, str], dict[str, Array]] = {}
    channels = []
    for channel in model.channels:
        samples = []
        for sample in channel.samples:
            if not isinstance(sample.template, np.ndarray):
                found = _lines(sample.template, model, shifts, widths)
                if found:
                    lines[channel.name, sample.name] = found
                counts = sample.template.evaluate(_values(sample.template, model))[0]
                sample = dataclasses.replace(sample, template=counts)
            samples.append(sample)
        channels.append(dataclasses.replace(channel, samples=tuple(samples)))
    parameters = {
        name: dataclasses.replace(parameter, fixed=True) if name in moved else parameter
        for name, parameter in model.parameters.items()
    }
    still = dataclasses.replace(model, channels=tuple(channels), parameters=parameters)
    values = {name: model.parameters[name].value for name in _in_templates(model)}
    return Resolved(
        still,
        response if moved else "none",
        {name: values[name] for name in moved},
        {name: value for name, value in values.items() if name not in shifts},
        tuple(shifts.values()),
        lines,
    )


def response_approximations(form: str, moved: Iterable[str], shifts: Iterable[Shift]) -> list[dict[str, Any]]:
    """What a file says otherwise than the model because its response does not move as the model's.

    Args:
        form: ``none``, ``frozen`` or ``histosys``.
        moved: the parameters that moved templates.
        shifts: their pulls.

    Returns:
        ``what``, ``how`` and ``parameters`` of each approximation.

    Example:
        >>> response_approximations("frozen", ["light_yield"], ())[0]["what"]
        'detector response'
    """
    hows = {
        "frozen": "frozen at the values in response.centre; their uncertainty is left out",
        "histosys": "one straight line per parameter through templates one standard deviation away; "
        "curvature and products of shifts are left out",
    }
    found: list[dict[str, Any]] = []
    if form in hows:
        found.append({"what": "detector response", "how": hows[form], "parameters": list(moved)})
    added = [shift.public for shift in shifts if shift.added]
    if added:
        how = f"a normal constraint of {WIDE:g} standard deviations is added to each"
        found.append({"what": "free response parameters", "how": how, "parameters": added})
    return found


def _in_templates(model: SpectralModel) -> list[str]:
    """Parameters that templates depend on, in the order of the model."""
    templates = [s.template for c in model.channels for s in c.samples]
    names = {name for t in templates if not isinstance(t, np.ndarray) for name in t.names}
    return [name for name in model.parameters if name in names]


def _is_exact(template: Array | Template) -> bool:
    return not isinstance(template, np.ndarray | Morph)


def _values(template: Template, model: SpectralModel) -> Array:
    return np.array([model.parameters[name].value for name in template.names])


def _refuse_double_roles(model: SpectralModel, moved: list[str]) -> None:
    factors = {name for c in model.channels for s in c.samples for name in s.powers}
    for name in moved:
        if name in factors or name == model.poi:
            role = "also a factor" if name in factors else "the parameter of interest"
            raise ModelError(
                f"parameter {name!r}",
                f"templates depend on it, and it is {role}",
                "response parameters that are nothing else, in HistFactory",
                "Fix it, or use to_zfit, which carries the model as it is.",
            )


def _shift(model: SpectralModel, name: str, spread: float) -> Shift:
    """The pull of a response parameter: its own constraint, or a wide one that is added."""
    parameter = model.parameters[name]
    constraint = parameter.constraint
    if any(name in joint.names for joint in model.constraints) or not (
        constraint is None or isinstance(constraint, GaussianConstraint)
    ):
        raise ModelError(
            f"response parameter {name!r}",
            "a joint, log-normal or Poisson constraint",
            "a Gaussian constraint of its own or none, with response='histosys'",
            "Choose response='frozen'.",
        )
    if not spread > 0:
        raise ModelError(
            f"response parameter {name!r}", "the likelihood does not depend on it", None, f"Fix {name!r}."
        )
    width = WIDE * spread if constraint is None else constraint.width
    measured = 0.0 if constraint is None else (constraint.centre - parameter.value) / width
    lower, upper = _reach(parameter, (MORPH_RANGE + 1) * spread)
    return Shift(
        name,
        parameter.value,
        width,
        measured,
        (lower - parameter.value) / width,
        (upper - parameter.value) / width,
        constraint is None,
    )


def _reach(parameter: Parameter, distance: float) -> tuple[float, float]:
    """The range in which a line may stand for the response, inside the parameter's bounds."""
    return (
        max(parameter.lower, parameter.value - distance),
        min(parameter.upper, parameter.value + distance),
    )


def _lines(
    template: Template, model: SpectralModel, shifts: Mapping[str, Shift], widths: Mapping[str, float]
) -> dict[str, Array]:
    """The change of a template per unit of each pull, from templates one spread to both sides."""
    centre = _values(template, model)
    found = {}
    for i, name in enumerate(template.names):
        if name not in shifts:
            continue
        parameter = model.parameters[name]
        above, below = centre.copy(), centre.copy()
        above[i] = min(centre[i] + widths[name], parameter.upper)
        below[i] = max(centre[i] - widths[name], parameter.lower)
        rise = template.evaluate(above)[0] - template.evaluate(below)[0]
        line = rise * shifts[name].width / (above[i] - below[i])
        if not np.all(np.isfinite(line)):
            raise ModelError(
                f"response parameter {name!r}",
                f"the template is not finite {widths[name]:.3g} {parameter.unit} away",
                "a response that exists one standard deviation to both sides",
                "Choose response='frozen'.",
            )
        if np.any(line):
            found[name] = line
    return found
