"""A model spelt in HistFactory's words: channels, samples, modifiers and the settings of their parameters.

What each parameter becomes has been decided in :mod:`nurecoil.bridges.histfactory.roles`; no peer here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.bridges._coordinates import Coordinate
from nurecoil.bridges._response import Resolved
from nurecoil.bridges.histfactory.kept import LUMI
from nurecoil.bridges.histfactory.measured import Measurement, measurement
from nurecoil.bridges.histfactory.roles import Roles, reach
from nurecoil.errors import ModelError
from nurecoil.model.parameters import GaussianConstraint, PoissonConstraint
from nurecoil.model.spectral import Channel, GaussianChannel, Sample

__all__ = ["MEASUREMENT", "Spelling", "expected", "pull_name", "spell"]

Array = NDArray[np.float64]

MEASUREMENT = "nurecoil"
"""Name of the one measurement in a workspace."""

_PULL_REACH = 20.0


def pull_name(public: str) -> str:
    """Name of the pull that stands for a parameter, or for the error of a channel.

    Example:
        >>> pull_name("borexino.rate.c14")
        'alpha.borexino.rate.c14'
    """
    return f"alpha.{public}"


@dataclass
class Spelling:
    """A workspace in the making.

    Args:
        resolved: the model, its templates arrays.
        roles: what its parameters become.
        widths: spread of every free parameter.
        channels: HistFactory channels.
        observations: their data.
        parameters: settings of the parameters.
        measured: bins and pulls of every normal measurement: Gaussian channels by name, blocks by
            their channel's.
    """

    resolved: Resolved
    roles: Roles
    widths: Mapping[str, float]
    channels: list[dict[str, Any]] = field(default_factory=list)
    observations: list[dict[str, Any]] = field(default_factory=list)
    parameters: list[dict[str, Any]] = field(default_factory=list)
    measured: dict[str, Measurement] = field(default_factory=dict)


def spell(resolved: Resolved, roles: Roles, widths: Mapping[str, float]) -> Spelling:
    """Spell a model.

    Args:
        resolved: the model, its templates arrays.
        roles: what its parameters become.
        widths: spread of every free parameter.

    Returns:
        Channels, observations and parameter settings.

    Raises:
        ModelError: where the model has no parameter that pyhf could hold, or two names collide.
    """
    spelling = Spelling(resolved, roles, widths)
    for channel in resolved.model.channels:
        _spell_channel(spelling, channel)
    for block in roles.measured:
        values = np.array([resolved.model.parameters[name].value for name in block.names])
        name = "constraint/" + "+".join(block.names)
        pulls = tuple(pull_name(member) for member in block.names)
        one = measurement(name, pulls, block.centre, block.root @ block.root.T, values)
        factors = [roles.factors[member] for member in block.names]
        samples = [
            {"name": member, "data": row.tolist(), "modifiers": [_factor(factor)]}
            for member, row, factor in zip(block.names, np.diag(one.scale), factors, strict=True)
        ]
        _add_measured(spelling, one, samples, values)
    for public, constraint in roles.counts.items():
        _spell_count(spelling, public, constraint)
    _spell_parameters(spelling)
    _check_names(spelling)
    spelling.parameters.sort(key=lambda entry: str(entry["name"]))
    for written in spelling.channels:
        for part in written["samples"]:
            part["modifiers"].sort(key=lambda modifier: (modifier["type"], modifier["name"]))
    return spelling


def expected(spelling: Spelling, channel: Channel, values: Mapping[str, float]) -> Array:
    """Expected contents of a channel at public values, as the workspace has them, shape ``(bins,)``."""
    total = np.zeros(channel.bins)
    shifts = {shift.public: shift for shift in spelling.resolved.shifts}
    for sample in channel.samples:
        contents = np.array(sample.template, float)
        for name, line in spelling.resolved.lines.get((channel.name, sample.name), {}).items():
            contents = contents + line * (values[name] - shifts[name].centre) / shifts[name].width
        total += contents * math.prod(values[name] ** power for name, power in sample.powers.items())
    return total


def _spell_channel(spelling: Spelling, channel: Channel) -> None:
    if not isinstance(channel, GaussianChannel):
        one_each = np.ones(channel.bins)
        samples = [_spell_sample(spelling, channel, sample, one_each) for sample in channel.samples]
        spelling.channels.append({"name": channel.name, "samples": samples})
        spelling.observations.append({"name": channel.name, "data": channel.observed.tolist()})
        return
    values = spelling.resolved.model.values
    start = expected(spelling, channel, values)
    name = pull_name(channel.name)
    pulls = (name,) if channel.bins == 1 else tuple(f"{name}[{i}]" for i in range(channel.bins))
    one = measurement(channel.name, pulls, channel.observed, np.diag(channel.width**2), start)
    samples = [_spell_sample(spelling, channel, sample, one.scale) for sample in channel.samples]
    _add_measured(spelling, one, samples, start)


def _add_measured(spelling: Spelling, one: Measurement, samples: list[dict[str, Any]], start: Array) -> None:
    """A channel of scaled bins with its errors, and the settings of its pulls."""
    taken = {sample["name"] for sample in samples}
    name = "error"
    while name in taken:
        name += "_"
    spelling.channels.append({"name": one.channel, "samples": [*samples, one.sample(name)]})
    spelling.observations.append({"name": one.channel, "data": one.counts.tolist()})
    spelling.measured[one.channel] = one
    for pull, value in zip(one.pulls, one.conditional(start), strict=True):
        spelling.parameters.append(_setting(pull, float(value), -one.reach, one.reach))


def _spell_sample(spelling: Spelling, channel: Channel, sample: Sample, scale: Array) -> dict[str, Any]:
    """One sample: its template times constants, lines in pulls, and factors."""
    roles, model = spelling.roles, spelling.resolved.model
    contents = np.array(sample.template, float) * scale
    lines = {
        pull_name(name): line * scale
        for name, line in spelling.resolved.lines.get((channel.name, sample.name), {}).items()
    }
    modifiers: list[dict[str, Any]] = []
    constant = 1.0
    lowered = np.ones(1)
    for name, power in sample.powers.items():
        block = next((b for b in roles.pulls if name in b.names), None)
        if name in roles.folded:
            constant *= model.parameters[name].value ** power
        elif block is not None:
            row = block.names.index(name)
            lines = {
                pull_name(member): contents * slope
                for member, slope in zip(block.names, block.root[row], strict=True)
                if slope != 0
            }
            contents = contents * block.centre[row]
            lowered = lowered * block.centre[row]
        elif name in roles.logs:
            constraint = roles.logs[name]
            constant *= constraint.centre**power
            data = {"hi": constraint.factor**power, "lo": constraint.factor**-power}
            modifiers.append({"name": pull_name(name), "type": "normsys", "data": data})
        else:
            factor = roles.factors[name]
            constant *= factor.scale**power if factor.power > 1 else 1.0
            modifiers.append(_luminosity() if roles.lumi and name == LUMI else _factor(factor))
    contents = contents * constant
    for name, line in lines.items():
        data_ = {
            "hi_data": (contents + constant * line).tolist(),
            "lo_data": (contents - constant * line).tolist(),
        }
        modifiers.append({"name": name, "type": "histosys", "data": data_})
    modifiers += roles.kept.modifiers(channel, sample, scale * lowered * constant)
    return {"name": sample.name, "data": contents.tolist(), "modifiers": modifiers}


def _factor(factor: Coordinate) -> dict[str, Any]:
    return {"name": factor.name, "type": "normfactor", "data": None}


def _luminosity() -> dict[str, Any]:
    return {"name": LUMI, "type": "lumi", "data": None}


def _spell_count(spelling: Spelling, public: str, constraint: PoissonConstraint) -> None:
    """An auxiliary count is a bin like any other."""
    name = f"constraint/{public}"
    modifiers = [_factor(spelling.roles.factors[public])]
    sample = {"name": public, "data": [constraint.scale], "modifiers": modifiers}
    spelling.channels.append({"name": name, "samples": [sample]})
    spelling.observations.append({"name": name, "data": [constraint.count]})


def _spell_parameters(spelling: Spelling) -> None:
    """Start, bounds and state of every parameter; those of measurements are there already."""
    roles, model = spelling.roles, spelling.resolved.model
    settings = []
    for public, factor in roles.factors.items():
        parameter = model.parameters[public]
        ends = sorted((factor.across(parameter.lower), factor.across(parameter.upper)))
        value = factor.across(parameter.value)
        if factor.power % 2 == 0 and parameter.lower <= 0 <= parameter.upper:
            ends[0] = 0.0
        width = factor.across(spelling.widths.get(public, 0.0))
        low, high = reach(ends[0], ends[1], value, width)
        entry = _setting(factor.name, value, low, high, fixed=parameter.fixed)
        if roles.lumi and public == LUMI and isinstance(parameter.constraint, GaussianConstraint):
            entry |= {"auxdata": [parameter.constraint.centre], "sigmas": [parameter.constraint.width]}
        settings.append(entry)
    for block in roles.pulls:
        starts = block.pulls(np.array([model.parameters[name].value for name in block.names]))
        for name, start in zip(block.names, starts, strict=True):
            low = high = math.inf
            if len(block.names) == 1:
                parameter = model.parameters[name]
                width = float(block.root[0, 0])
                low = (float(block.centre[0]) - parameter.lower) / width
                high = (parameter.upper - float(block.centre[0])) / width
            settings.append(_pull_setting(name, float(start), low, high))
    for name, constraint in roles.logs.items():
        parameter = model.parameters[name]
        width = math.log(constraint.factor)
        start = math.log(parameter.value / constraint.centre) / width
        low = math.log(constraint.centre / parameter.lower) / width if parameter.lower > 0 else math.inf
        high = math.log(parameter.upper / constraint.centre) / width
        settings.append(_pull_setting(name, start, low, high))
    for shift in spelling.resolved.shifts:
        entry = _setting(pull_name(shift.public), 0.0, shift.lower, shift.upper)
        if shift.measured:
            entry["auxdata"] = [shift.measured]
        settings.append(entry)
    spelling.parameters[:0] = [*settings, *roles.kept.settings(model)]


def _pull_setting(public: str, start: float, down: float, up: float) -> dict[str, Any]:
    """A pull that starts at ``start`` and may go down and up so far from 0."""
    far = max(_PULL_REACH, 2 * abs(start))
    return _setting(
        pull_name(public), start, -(down if math.isfinite(down) else far), up if math.isfinite(up) else far
    )


def _setting(name: str, start: float, low: float, high: float, *, fixed: bool = False) -> dict[str, Any]:
    return {"name": name, "inits": [start], "bounds": [[low, high]], "fixed": fixed}


def _check_names(spelling: Spelling) -> None:
    for what, names in (
        ("parameter", [entry["name"] for entry in spelling.parameters]),
        ("channel", [channel["name"] for channel in spelling.channels]),
    ):
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise ModelError(
                "workspace", f"two {what}s are called {min(repeated)!r}", "different names", "Rename one."
            )
    if not spelling.parameters:
        raise ModelError(
            "workspace", "the model has no parameters", "at least one parameter, as pyhf demands"
        )
