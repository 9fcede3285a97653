"""The sidecar of a workspace: what pyhf's schema has no room for, as plain JSON data.

Units, references, provenance, the way back to public names and what was approximated, with the digest of the
workspace it belongs to. Nothing is written to disk here.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np

from nurecoil._version import __version__
from nurecoil.bridges._response import response_approximations
from nurecoil.bridges.histfactory.spelling import Spelling, pull_name
from nurecoil.bridges.pyhf import Document
from nurecoil.model.parameters import Parameter
from nurecoil.model.spectral import Channel, GaussianChannel, SpectralModel

__all__ = ["definition", "plain", "sidecar"]


def sidecar(document: Document, model: SpectralModel, name: str) -> dict[str, Any]:
    """Everything that belongs to a workspace.

    Args:
        document: the workspace.
        model: the model it was made from, before its response was replaced.
        name: file name of the workspace.

    Returns:
        Plain data for JSON.

    Example:
        >>> from nurecoil.bridges.pyhf import document
        >>> from nurecoil.testing.models import counting
        >>> model = counting(observed=12.0, background=10.0, background_error=2.0)
        >>> beside = sidecar(document(model), model, "counting.json")
        >>> beside["parameters"]["background"]["written"]
        {'as': 'pull', 'names': ['alpha.background'], 'centre': 10.0, 'row': [2.0]}
    """
    import pyhf.utils

    found = {
        "type": "nurecoil sidecar",
        "version": __version__,
        "workspace": {
            "file": name,
            "format": "pyhf",
            "digest": {"sha256": pyhf.utils.digest(document.workspace)},
        },
        "poi": model.poi,
        "response": _response(document, model),
        "parameters": {
            public: {
                **definition(parameter),
                "value": document.model.parameters[public].value,
                "written": _written(document.spelling, public),
            }
            for public, parameter in model.parameters.items()
        },
        "joint_constraints": [dataclasses.asdict(joint) for joint in model.constraints],
        "channels": {channel.name: _channel(document, channel) for channel in model.channels},
        "approximations": approximations(document),
        "modifier_settings": document.modifier_settings,
        "metadata": dict(model.metadata),
    }
    made = plain(found)
    assert isinstance(made, dict)
    return made


def approximations(document: Document) -> list[dict[str, Any]]:
    """What the workspace says otherwise than the model, and by how much."""
    spelling = document.spelling
    resolved = spelling.resolved
    before = document.model.metadata.get("approximations") or []
    found = [*before, *response_approximations(resolved.form, resolved.moved, resolved.shifts)]
    for name, one in spelling.measured.items():
        found.append(
            {
                "what": f"normal measurement in channel {name}",
                "how": "scaled Poisson bins; equal to the model where the pulls are at their conditional "
                "minimum",
                "parameters": list(one.pulls),
                "largest_nll_difference": {
                    "within_1_sigma": one.residual(1.0),
                    "within_3_sigma": one.residual(3.0),
                },
            }
        )
    for name, constraint in spelling.roles.logs.items():
        found.append(
            {
                "what": f"log-normal constraint of {name}",
                "how": "normsys, exact with interpolation code 1 (modifier_settings); pyhf's default, code "
                "4, differs within one standard deviation",
                "parameters": [name],
                "largest_relative_difference_of_the_factor": _code4_error(constraint.factor),
            }
        )
    bounded = [name for block in spelling.roles.pulls if len(block.names) > 1 for name in block.names]
    if bounded:
        found.append(
            {
                "what": "bounds of jointly constrained parameters",
                "how": "not carried: the pulls they are made of have bounds of their own",
                "parameters": bounded,
            }
        )
    return found


def plain(value: Any) -> Any:
    """Plain JSON data: arrays as lists, numbers that are not finite as null, what is unknown as its words.

    Example:
        >>> plain({"a": np.array([1.0, np.inf]), "b": (1, None)})
        {'a': [1.0, None], 'b': [1, None]}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value) if isinstance(value, PurePath) else repr(value)


def definition(parameter: Parameter) -> dict[str, Any]:
    """Everything that defines a parameter but its name and value, as data.

    Example:
        >>> definition(Parameter("rate", "cpd/100 t", 1.0, lower=0.0))["unit"]
        'cpd/100 t'
    """
    constraint = parameter.constraint
    said = None
    if constraint is not None:
        said = {"type": type(constraint).__name__, **dataclasses.asdict(constraint)}
    return {
        "unit": parameter.unit,
        "lower": parameter.lower,
        "upper": parameter.upper,
        "fixed": parameter.fixed,
        "constraint": said,
        "description": parameter.description,
        "source": parameter.source,
        "root": parameter.root,
    }


def _written(spelling: Spelling, public: str) -> dict[str, Any]:
    """How a parameter stands in the workspace, enough to compute its public value."""
    roles = spelling.roles
    shift = next((s for s in spelling.resolved.shifts if s.public == public), None)
    if shift is not None:
        return {
            "as": "response pull",
            "names": [pull_name(public)],
            "centre": shift.centre,
            "row": [shift.width],
            "constraint_added": shift.added,
        }
    if public in roles.factors:
        factor = roles.factors[public]
        return {
            "as": "norm factor",
            "names": [factor.name],
            "power": factor.power,
            "scale": factor.scale,
            "unit": factor.label,
        }
    for block in roles.pulls:
        if public in block.names:
            row = block.names.index(public)
            return {
                "as": "pull",
                "names": [pull_name(name) for name in block.names],
                "centre": float(block.centre[row]),
                "row": block.root[row].tolist(),
            }
    if public in roles.logs:
        constraint = roles.logs[public]
        return {
            "as": "log-normal pull",
            "names": [pull_name(public)],
            "centre": constraint.centre,
            "factor": constraint.factor,
        }
    if public in roles.kept.written:
        return {"as": "parameter of modifiers", "names": [roles.kept.written[public]]}
    if public in roles.folded:
        return {"as": "folded into the templates", "value": spelling.resolved.model.parameters[public].value}
    if public in spelling.resolved.held:
        return {"as": "frozen", "value": spelling.resolved.held[public]}
    return {"as": "left out: no sample depends on it"}


def _response(document: Document, model: SpectralModel) -> dict[str, Any]:
    resolved = document.spelling.resolved
    return {
        "form": document.response,
        "centre": {
            name: {"value": value, "unit": model.parameters[name].unit}
            for name, value in resolved.moved.items()
        },
        "before": document.model.metadata.get("response", {}),
    }


def _channel(document: Document, channel: Channel) -> dict[str, Any]:
    """What a channel is; of a Gaussian one also how it was scaled."""
    found: dict[str, Any] = {
        "kind": "gaussian" if isinstance(channel, GaussianChannel) else "poisson",
        "observable": channel.observable,
        "unit": channel.unit,
        "asimov": channel.asimov,
        "samples": {
            sample.name: {
                "title": sample.title,
                "group": sample.group,
                "signed": sample.signed,
                "powers": dict(sample.powers),
                "provenance": sample.provenance,
            }
            for sample in channel.samples
        },
    }
    if not isinstance(channel, GaussianChannel):
        return {**found, "edges": channel.edges}
    one = document.spelling.measured[channel.name]
    return {
        **found,
        "observed": channel.observed,
        "width": channel.width,
        "counts_per_unit": one.scale,
        "offset": one.offset,
        "pulls": list(one.pulls),
    }


def _code4_error(factor: float) -> float:
    """Largest relative difference of HistFactory's code 4 from a power, within one standard deviation.

    Code 4 is the polynomial of sixth degree that has value, slope and curvature of the power at both ends and
    1 in the middle (CERN-OPEN-2012-016).
    """
    log = math.log(factor)
    rows, right = [], []
    for end in (-1.0, 1.0):
        power = factor**end
        order = np.arange(1, 7)
        rows += [end**order, order * end ** (order - 1), order * (order - 1) * end ** (order - 2.0)]
        right += [power - 1, power * log, power * log**2]
    coefficients = np.linalg.solve(np.array(rows), np.array(right))
    pull = np.linspace(-1, 1, 201)
    polynomial = 1 + (pull[:, None] ** np.arange(1, 7)) @ coefficients
    return float(np.max(np.abs(polynomial / factor**pull - 1)))
