"""What is in a model, as plain data: parts, what they share, what constrains them, where they come from.

How it is shown to people is in :mod:`nurecoil.report.inspection_tables`; two models are compared in
:mod:`nurecoil.model.differences`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.channels import CompiledChannel
from nurecoil.errors import NurecoilError
from nurecoil.model.modifiers import BinFactors, Modifier, NormSys
from nurecoil.model.parameters import (
    Constraint,
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    Parameter,
)
from nurecoil.model.per_bin import bin_sets
from nurecoil.model.spectral import Channel, PoissonChannel, Sample, SpectralModel

__all__ = ["expected_at_start", "inspection"]

Array = NDArray[np.float64]
_STATED = (
    "origin", "made_from", "experiments", "search", "options", "references", "provenance", "notes",
    "approximations", "response",
)  # fmt: skip
"""What is repeated of a model's metadata."""


def inspection(model: SpectralModel) -> dict[str, Any]:
    """Everything that a reviewer asks of a model, as plain data (numpy arrays among them).

    Args:
        model: the model.

    Returns:
        ``poi``; what the metadata state (``origin``, ``experiments``, ``references`` ...); ``size`` (counts);
        one row each in ``channels``, ``samples``, ``parameters``, ``sets`` (per-bin parameters), in
        ``constraints`` (joint ones) and ``sharing`` (parameters that act in several channels). Expected
        contents are those at the starting values, in events or in the unit of a Gaussian channel; values,
        bounds, centres and widths are in the parameters' units.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> found = inspection(counting(observed=12.0, background=10.0, background_error=2.0))
        >>> found["channels"][0]["expected_total"], found["parameters"][1]["constraint"]
        (10.0, {'kind': 'gaussian', 'centre': 10.0, 'width': 2.0})
    """
    sets = bin_sets(model)
    uses = _uses(model)
    joint = {name: i for i, constraint in enumerate(model.constraints) for name in constraint.names}
    set_of = {name: label for label, names in sets.items() for name in names}
    channels, samples = [], []
    for channel in model.channels:
        expected = expected_at_start(model, channel)
        channels.append(_channel(channel, expected))
        samples += [_sample(channel, s, row) for s, row in zip(channel.samples, expected, strict=True)]
    parameters = [
        _parameter(parameter, uses[name], joint.get(name), set_of.get(name), name == model.poi)
        for name, parameter in model.parameters.items()
    ]
    return {
        **{key: model.metadata.get(key) for key in _STATED},
        "poi": model.poi,
        "size": _size(model, parameters),
        "channels": channels,
        "samples": samples,
        "parameters": parameters,
        "sets": [_set(model, label, names, uses) for label, names in sets.items()],
        "constraints": [_joint(constraint) for constraint in model.constraints],
        "sharing": [
            {"parameter": name, "channels": {channel: list(ways) for channel, ways in where.items()}}
            for name, (where, _) in uses.items()
            if len(where) > 1
        ],
    }


def expected_at_start(model: SpectralModel, channel: Channel) -> Array:
    """Expected contents of a channel's samples at the starting values.

    Args:
        model: the model.
        channel: one of its channels.

    Returns:
        Shape ``(samples, bins)``; NaN where a template cannot be had there.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> model = counting(observed=12.0, background=10.0)
        >>> expected_at_start(model, model.channels[0]).tolist()
        [[0.0], [10.0]]
    """
    names = list(dict.fromkeys(name for sample in channel.samples for name in sample.depends_on))
    position = np.array([model.parameters[name].value for name in names])
    index = {name: i for i, name in enumerate(names)}
    try:
        with np.errstate(all="ignore"):
            compiled = CompiledChannel(channel, index, np.ones(len(names), dtype=np.int_))
            return compiled.components(position)
    except NurecoilError:
        return np.full((len(channel.samples), channel.bins), math.nan)


Ways = dict[str, dict[str, None]]
"""Channel to the ways in which a parameter acts there, in order."""


def _uses(model: SpectralModel) -> dict[str, tuple[Ways, int]]:
    """Where every parameter acts and how, and on how many samples."""
    ways: dict[str, Ways] = {name: {} for name in model.parameters}
    samples = dict.fromkeys(model.parameters, 0)
    for channel in model.channels:
        for sample in channel.samples:
            for name in sample.depends_on:
                samples[name] += 1
            for name, way in _acting(sample):
                ways[name].setdefault(channel.name, {})[way] = None
    return {name: (where, samples[name]) for name, where in ways.items()}


def _acting(sample: Sample) -> list[tuple[str, str]]:
    found = [(name, "factor" if power == 1 else f"factor^{power}") for name, power in sample.powers.items()]
    if not isinstance(sample.template, np.ndarray):
        found += [(name, "response") for name in sample.template.names]
    for modifier in sample.modifiers:
        found += [(name, _kind(modifier)) for name in modifier.parameters if name]
    return found


def _kind(modifier: Modifier) -> str:
    if isinstance(modifier, BinFactors):
        return modifier.kind
    return "normsys" if isinstance(modifier, NormSys) else "histosys"


def _size(model: SpectralModel, parameters: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    states = [row["state"] for row in parameters]
    samples = [sample for channel in model.channels for sample in channel.samples]
    return {
        "channels": len(model.channels),
        "bins": sum(channel.bins for channel in model.channels),
        "samples": len(samples),
        "modifiers": sum(len(sample.modifiers) for sample in samples),
        "parameters": len(states),
        **{state: states.count(state) for state in ("free", "constrained", "fixed")},
    }


def _channel(channel: Channel, expected: Array) -> dict[str, Any]:
    total = expected.sum(axis=0)
    row: dict[str, Any] = {
        "channel": channel.name,
        "kind": "poisson" if isinstance(channel, PoissonChannel) else "gaussian",
        "bins": channel.bins,
        "observable": channel.observable,
        "unit": channel.unit,
        "samples": len(channel.samples),
        "asimov": channel.asimov,
        "observed": channel.observed,
        "observed_total": float(channel.observed.sum()),
        "expected": total,
        "expected_total": float(total.sum()),
    }
    if isinstance(channel, PoissonChannel):
        return {**row, "edges": channel.edges, "range": [float(channel.edges[0]), float(channel.edges[-1])]}
    return {**row, "width": channel.width}


def _sample(channel: Channel, sample: Sample, expected: Array) -> dict[str, Any]:
    return {
        "channel": channel.name,
        "sample": sample.name,
        "title": sample.title,
        "group": sample.group,
        "provenance": sample.provenance,
        "signed": sample.signed,
        "expected": expected,
        "expected_total": float(expected.sum()),
        "template": sample.template if isinstance(sample.template, np.ndarray) else None,
        "factors": dict(sample.powers),
        "response": [] if isinstance(sample.template, np.ndarray) else list(sample.template.names),
        "modifiers": [_modifier(modifier) for modifier in sample.modifiers],
    }


def _modifier(modifier: Modifier) -> dict[str, Any]:
    kind = _kind(modifier)
    if isinstance(modifier, BinFactors):
        return {"kind": kind, "parameters": list(modifier.parameters), "errors": modifier.errors}
    return {"kind": kind, "parameter": modifier.parameter, "low": modifier.low, "high": modifier.high,
            "code": modifier.code}  # fmt: skip


def _parameter(
    parameter: Parameter, use: tuple[Ways, int], joint: int | None, label: str | None, poi: bool
) -> dict[str, Any]:
    tied = parameter.constraint is not None or joint is not None
    return {
        "parameter": parameter.name,
        "poi": poi,
        "unit": parameter.unit,
        "value": parameter.value,
        "lower": parameter.lower,
        "upper": parameter.upper,
        "state": "fixed" if parameter.fixed else "constrained" if tied else "free",
        "constraint": None if parameter.constraint is None else _constraint(parameter.constraint),
        "joint": joint,
        "set": label,
        "root": None if parameter.root is None else dataclasses.asdict(parameter.root),
        "description": parameter.description,
        "source": parameter.source,
        "channels": list(use[0]),
        "samples": use[1],
    }


def _constraint(constraint: Constraint) -> dict[str, Any]:
    kind = (
        "gaussian" if isinstance(constraint, GaussianConstraint)
        else "lognormal" if isinstance(constraint, LogNormalConstraint)
        else "poisson"
    )  # fmt: skip
    return {"kind": kind, **dataclasses.asdict(constraint)}


def _set(
    model: SpectralModel, label: str, names: Sequence[str], uses: Mapping[str, tuple[Ways, int]]
) -> dict[str, Any]:
    where = {channel: way for name in names for channel, ways in uses[name][0].items() for way in ways}
    return {
        "set": label,
        "kinds": sorted(set(where.values())),
        "parameters": list(names),
        "channels": list(where),
        "fixed": sum(model.parameters[name].fixed for name in names),
    }


def _joint(constraint: CovarianceConstraint) -> dict[str, Any]:
    covariance = np.array(constraint.covariance)
    sigma = np.sqrt(np.abs(np.diag(covariance)))
    with np.errstate(all="ignore"):
        correlation = covariance / np.outer(sigma, sigma)
    return {
        "names": list(constraint.names),
        "centre": list(constraint.centre),
        "sigma": sigma,
        "correlation": correlation,
        "covariance": covariance,
        "source": constraint.source,
    }
