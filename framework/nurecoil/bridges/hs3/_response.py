"""The model that an HS3 document can hold: arrays and modifiers in place of a response that moves.

A frozen response leaves arrays; straight lines become ``histosys`` in pulls with unit normal constraints.
What has no effect on the likelihood is left out. How the result is spelt is not decided here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.bridges._response import Shift, resolve, response_approximations
from nurecoil.bridges.histfactory.spelling import pull_name
from nurecoil.errors import ModelError
from nurecoil.model.channels import Channel, Sample
from nurecoil.model.modifiers import HistoSys
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.roots import rooted
from nurecoil.model.spectral import SpectralModel

__all__ = ["Still", "still"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Still:
    """A model whose templates are arrays, and where it comes from.

    Args:
        model: what is written.
        source: what it was made from, its parameter of interest turned back into its root.
        form: ``none`` where no template moved, else ``frozen`` or ``histosys``.
        moved: the parameters that moved templates, with the values they are expanded at.
        shifts: their pulls by public name, where the form is ``histosys``; each is measured at 0.
    """

    model: SpectralModel
    source: SpectralModel
    form: str
    moved: Mapping[str, float]
    shifts: Mapping[str, Shift]

    def values(self, given: Mapping[str, float]) -> dict[str, float]:
        """Every parameter of the written model at values of the source's; the rest stay at their start.

        Raises:
            ModelError: for an unknown parameter, or another value of one that the document holds.
        """
        found = self.model.values
        for name, value in given.items():
            start = self.source.require(name).value
            if name in self.shifts:
                found[pull_name(name)] = (value - self.shifts[name].centre) / self.shifts[name].width
            elif name in found and name not in self.moved:
                found[name] = value
            elif value != self.moved.get(name, start):
                held = self.moved.get(name, start)
                raise ModelError(f"parameter {name!r}", f"{value:g}; the document holds it", f"{held:g}")
        return found

    @property
    def response(self) -> dict[str, Any]:
        """What was done with the response, for the document."""
        before = dict(self.source.metadata.get("response") or {})
        if self.form == "none":
            return before
        centre = {
            name: {"value": value, "unit": self.source.parameters[name].unit}
            for name, value in self.moved.items()
        }
        return {"form": self.form, "centre": centre, "before": before}

    @property
    def approximations(self) -> list[dict[str, Any]]:
        """What the document says otherwise than the model."""
        return response_approximations(self.form, self.moved, self.shifts.values())


def still(model: SpectralModel, response: str) -> Still:
    """Replace what moves, and leave out what has no effect.

    Args:
        model: the model.
        response: ``frozen``, ``histosys`` or ``refuse``.

    Returns:
        The model to be written and where it comes from.

    Raises:
        FitError: where an exact response has to be compiled and cannot be fitted.
        ModelError: where the response moves and must not, or in a way that has no such form.
        OptionError: for an unknown ``response``.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> still(counting(observed=3.0, background=1.0), "refuse").form
        'none'
    """
    source = rooted(model)
    resolved = resolve(source, response)
    shifts = {shift.public: _centred(shift) for shift in resolved.shifts}
    measured = {shift.public: shift.measured for shift in resolved.shifts}
    channels = [
        dataclasses.replace(
            channel,
            samples=tuple(
                _lined(sample, resolved.lines.get((channel.name, sample.name), {}), measured)
                for sample in channel.samples
            ),
        )
        for channel in resolved.model.channels
    ]
    parameters = [
        _pull(parameter, shifts[name], measured[name]) if name in shifts else parameter
        for name, parameter in resolved.model.parameters.items()
    ]
    used = _used(channels, resolved.model)
    kept = {
        parameter.name: parameter
        for parameter in parameters
        if parameter.name in used or parameter.constraint is not None
    }
    made = dataclasses.replace(resolved.model, channels=tuple(channels), parameters=kept)
    return Still(made, source, resolved.form, resolved.moved, shifts)


def _centred(shift: Shift) -> Shift:
    """The pull counted from where it was measured, so that its constraint is the one implied."""
    centre = shift.centre + shift.width * shift.measured
    lower, upper = shift.lower - shift.measured, shift.upper - shift.measured
    return dataclasses.replace(shift, centre=centre, measured=0.0, lower=lower, upper=upper)


def _pull(parameter: Parameter, shift: Shift, measured: float) -> Parameter:
    unit = "" if parameter.unit == "1" else f" {parameter.unit}"
    words = f"{parameter.name} = {shift.centre:.6g} + {shift.width:.6g} times this pull{unit}"
    start = min(max(-measured, shift.lower), shift.upper)
    return Parameter(
        pull_name(parameter.name), "1", start, shift.lower, shift.upper, GaussianConstraint(0.0, 1.0),
        description=words, source=parameter.source,
    )  # fmt: skip


def _lined(sample: Sample, lines: Mapping[str, Array], measured: Mapping[str, float]) -> Sample:
    """A sample with a ``histosys`` for every line, about where the pulls were measured."""
    if not lines:
        return sample
    assert isinstance(sample.template, np.ndarray)
    middle = sample.template + sum(line * measured[name] for name, line in lines.items())
    modifiers = [HistoSys(pull_name(n), middle - line, middle + line) for n, line in lines.items()]
    return dataclasses.replace(
        sample, template=middle, modifiers=(*sample.modifiers, *modifiers),
        signed=sample.signed or bool(np.any(middle < 0)),
    )  # fmt: skip


def _used(channels: list[Channel], model: SpectralModel) -> set[str]:
    """Parameters that the likelihood depends on, the parameter of interest among them."""
    used = {name for channel in channels for sample in channel.samples for name in sample.depends_on}
    used |= {name for joint in model.constraints for name in joint.names}
    return used | ({model.poi} if model.poi is not None else set())
