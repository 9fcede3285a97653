"""HistFactory's own modifiers written back into HistFactory: names, settings, data.

What a model's modifiers say, pyhf says too, where their parameters have the constraints that pyhf gives them.
Everything else of a model is turned into modifiers in :mod:`nurecoil.bridges.histfactory.roles`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.bridges.histfactory.sets import GAMMA_BOUNDS, bin_counts, bin_errors
from nurecoil.errors import ModelError
from nurecoil.model.channels import Channel, Sample
from nurecoil.model.modifiers import BinFactors, HistoSys, NormSys
from nurecoil.model.parameters import GaussianConstraint, Parameter, PoissonConstraint
from nurecoil.model.spectral import SpectralModel

__all__ = ["LUMI", "BinSet", "Kept", "keep"]

Array = NDArray[np.float64]
LUMI = "lumi"
"""The one name that pyhf allows for a norm factor with a normal constraint."""
_MEMBER = re.compile(r"(.+)\[(\d+)\]")
_REMEDY = "Fix it, or write HS3, which says it as it is."


@dataclass(frozen=True)
class BinSet:
    """Bin factors as pyhf has them: one name, one parameter per bin.

    Args:
        name: its name.
        kind: ``shapesys``, ``staterror`` or ``shapefactor``, by what constrains the parameters.
        members: public names in the order of the set, ``""`` where the model has none.
        width: relative errors or auxiliary counts that pyhf works out from the samples, shape ``(bins,)``.
        errors: (channel, sample) to the absolute errors written there.
    """

    name: str
    kind: str
    members: tuple[str, ...]
    width: Array
    errors: Mapping[tuple[str, str], Array]


@dataclass(frozen=True)
class Kept:
    """The parameters of modifiers and how they are called on the other side.

    Args:
        pulls: pulls of ``normsys`` and ``histosys``, written under their own names.
        sets: sets of bin factors.
        codes: interpolation codes in use, by modifier.
    """

    pulls: tuple[str, ...]
    sets: tuple[BinSet, ...]
    codes: Mapping[str, str]

    @property
    def written(self) -> dict[str, str]:
        """Public name to the name on the other side."""
        members = {
            public: f"{one.name}[{i}]" for one in self.sets for i, public in enumerate(one.members) if public
        }
        return {**{name: name for name in self.pulls}, **members}

    def modifiers(self, channel: Channel, sample: Sample, scale: Array) -> list[dict[str, Any]]:
        """A sample's modifiers as pyhf writes them, its contents multiplied by ``scale``."""
        found: list[dict[str, Any]] = []
        for modifier in sample.modifiers:
            if isinstance(modifier, NormSys):
                data: Any = {"hi": modifier.high, "lo": modifier.low}
                found.append({"name": modifier.parameter, "type": "normsys", "data": data})
            elif isinstance(modifier, HistoSys):
                data = {
                    "hi_data": (modifier.high * scale).tolist(),
                    "lo_data": (modifier.low * scale).tolist(),
                }
                found.append({"name": modifier.parameter, "type": "histosys", "data": data})
            else:
                own = next(
                    one for one in self.sets if set(filter(None, modifier.parameters)) <= set(one.members)
                )
                errors = own.errors.get((channel.name, sample.name))
                data = None if errors is None else (errors * np.abs(scale)).tolist()
                found.append({"name": own.name, "type": own.kind, "data": data})
        return found

    def settings(self, model: SpectralModel) -> list[dict[str, Any]]:
        """Settings of all parameters, as far as they are not pyhf's defaults."""
        found = []
        for name in self.pulls:
            parameter = model.parameters[name]
            entry = _entry(name, [parameter])
            if isinstance(parameter.constraint, GaussianConstraint) and parameter.constraint.centre:
                entry["auxdata"] = [parameter.constraint.centre]
            found.append(entry)
        return found + [_set_entry(one, model) for one in self.sets]


def keep(model: SpectralModel) -> Kept:
    """Find the parameters of a model's modifiers and check that pyhf can hold them.

    Args:
        model: a model whose templates are arrays.

    Returns:
        The parameters, sorted by what becomes of them.

    Raises:
        ModelError: where pyhf has no exact form for one; the message says which and why.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> keep(counting(3.0, 1.0)).pulls
        ()
    """
    pulls: dict[str, None] = {}
    codes: dict[str, set[str]] = {"normsys": set(), "histosys": set()}
    uses: dict[tuple[str, ...], list[tuple[Channel, Sample, BinFactors]]] = {}
    for channel in model.channels:
        for sample in channel.samples:
            for modifier in sample.modifiers:
                if isinstance(modifier, BinFactors):
                    uses.setdefault(modifier.parameters, []).append((channel, sample, modifier))
                    continue
                pulls[modifier.parameter] = None
                codes["normsys" if isinstance(modifier, NormSys) else "histosys"].add(modifier.code)
    for name in pulls:
        _check_pull(model, name)
    for kind, found in codes.items():
        if len(found) > 1:
            raise ModelError(
                "workspace",
                f"{kind} with interpolation codes {' and '.join(sorted(found))}",
                "one code for all, which pyhf is told beside the workspace",
                "HS3 takes several codes (of histosys, code 0 only where its steps are equal).",
            )
    chosen = {kind: f"code{found.pop()}" for kind, found in codes.items() if found}
    return Kept(tuple(pulls), tuple(_sets(model, uses)), chosen)


def _check_pull(model: SpectralModel, name: str) -> None:
    parameter = model.parameters[name]
    constraint = parameter.constraint
    where = f"parameter {name!r} in HistFactory"
    if any(name in joint.names for joint in model.constraints):
        raise ModelError(where, "a pull that is correlated with another", "independent pulls", _REMEDY)
    if any(name in s.powers for c in model.channels for s in c.samples):
        raise ModelError(where, "it is a factor and a pull", "one of them", _REMEDY)
    unit = isinstance(constraint, GaussianConstraint) and constraint.width == 1
    if not unit and not parameter.fixed:
        got = "no constraint" if constraint is None else f"{constraint!r}"
        raise ModelError(where, f"a pull with {got}", "a Gaussian constraint of width 1", _REMEDY)


def _sets(
    model: SpectralModel, uses: Mapping[tuple[str, ...], list[tuple[Channel, Sample, BinFactors]]]
) -> list[BinSet]:
    """Sets by name; those of one name in several channels stand end to end, in the order of the channels."""
    stems: dict[str, list[tuple[tuple[str, ...], list[tuple[Channel, Sample, BinFactors]]]]] = {}
    for parameters, places in uses.items():
        stems.setdefault(_stem(parameters, places), []).append((parameters, places))
    found = []
    for stem, groups in stems.items():
        groups.sort(key=lambda group: min(channel.name for channel, _, _ in group[1]))
        places = [place for _, own in groups for place in own]
        members = tuple(
            name or f"{stem}[{start + i}]" if f"{stem}[{start + i}]" in model.parameters else name
            for start, (parameters, _) in zip(_starts(groups), groups, strict=True)
            for i, name in enumerate(parameters)
        )
        kind = _kind(model, stem, members, places)
        if kind == "shapefactor" and len(groups) > 1:
            raise ModelError(
                f"bin factors {stem!r}", "different parameters in several channels", "one set each"
            )
        if kind == "shapesys" and len(places) > 1:
            raise ModelError(f"bin factors {stem!r}", "auxiliary counts shared by several samples",
                             "a set for each sample", "Write HS3, which says it as it is.")  # fmt: skip
        errors, width = _errors(model, kind, members, groups)
        found.append(BinSet(stem, kind, members, width, errors))
    return found


def _starts(groups: list[tuple[tuple[str, ...], Any]]) -> list[int]:
    sizes = [len(parameters) for parameters, _ in groups]
    return [sum(sizes[:i]) for i in range(len(sizes))]


def _stem(parameters: tuple[str, ...], places: list[tuple[Channel, Sample, BinFactors]]) -> str:
    """The set's name: what stands before the brackets, where all have that form; else one of our own."""
    matches = [_MEMBER.fullmatch(name) for name in parameters if name]
    stems = {match.group(1) for match in matches if match is not None}
    if len(stems) == 1 and all(match is not None for match in matches):
        return stems.pop()
    channel, sample, modifier = places[0]
    own = "" if modifier.kind == "staterror" else f"/{sample.name}"
    return f"{modifier.kind}/{channel.name}{own}"


def _kind(
    model: SpectralModel,
    stem: str,
    members: tuple[str, ...],
    places: list[tuple[Channel, Sample, BinFactors]],
) -> str:
    constraints = {type(model.parameters[name].constraint) for name in members if name}
    kinds = {
        type(None): "shapefactor", PoissonConstraint: "shapesys", GaussianConstraint: "staterror",
    }  # fmt: skip
    if len(constraints) > 1 or not constraints <= set(kinds):
        words = " and ".join(sorted(one.__name__ for one in constraints))
        raise ModelError(f"bin factors {stem!r} in HistFactory", f"constraints of kinds {words}",
                         "all Gaussian, all Poisson or none", _REMEDY)  # fmt: skip
    return kinds[constraints.pop()] if constraints else places[0][2].kind


def _errors(
    model: SpectralModel,
    kind: str,
    members: tuple[str, ...],
    groups: list[tuple[tuple[str, ...], list[tuple[Channel, Sample, BinFactors]]]],
) -> tuple[dict[tuple[str, str], Array], Array]:
    """The errors of every sample, those that were read or else made up, and what pyhf will make of them."""
    if kind == "shapefactor":
        return {}, np.ones(len(members))
    found: dict[tuple[str, str], Array] = {}
    widths = []
    for parameters, places in groups:
        nominal = [np.asarray(sample.template, float) for _, sample, _ in places]
        errors = [modifier.errors for _, _, modifier in places]
        if not all(one.size for one in errors):
            relative = np.array([_relative(model, name) for name in parameters])
            first = relative * (nominal[0] if kind == "shapesys" else np.sum(nominal, axis=0))
            errors = [first, *(np.zeros_like(first) for _ in errors[1:])]
        own = bin_counts(nominal[0], errors[0]) if kind == "shapesys" else bin_errors(nominal, errors)
        widths.append(own)
        for (channel, sample, _), one in zip(places, errors, strict=True):
            found[channel.name, sample.name] = one
    return found, np.concatenate(widths)


def _relative(model: SpectralModel, name: str) -> float:
    constraint = model.parameters[name].constraint if name else None
    if isinstance(constraint, PoissonConstraint):
        return float(constraint.scale**-0.5)
    return constraint.width if isinstance(constraint, GaussianConstraint) else 0.0


def _entry(name: str, members: list[Parameter | None]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": name,
        "inits": [1.0 if one is None else one.value for one in members],
        "bounds": [list(GAMMA_BOUNDS) if one is None else [one.lower, one.upper] for one in members],
    }
    if not np.all(np.isfinite(entry["bounds"])):
        raise ModelError(f"parameter {name!r} in HistFactory", "an infinite bound", "finite bounds")
    if all(one is not None and one.fixed for one in members):
        entry["fixed"] = True
    elif not any(one is not None and one.fixed for one in members):
        entry["fixed"] = False
    return entry


def _set_entry(one: BinSet, model: SpectralModel) -> dict[str, Any]:
    members = [model.parameters[name] if name else None for name in one.members]
    entry = _entry(one.name, members)
    idle = one.width == 0
    fixed = np.array([parameter is None or parameter.fixed for parameter in members])
    if np.array_equal(fixed, idle):
        entry.pop("fixed", None)  # pyhf's own choice
    elif "fixed" not in entry:
        raise ModelError(f"bin factors {one.name!r} in HistFactory", "some are fixed and some are not",
                         "all of them or none", _REMEDY)  # fmt: skip
    if one.kind == "shapesys":
        counts = np.where(idle, 1.0, one.width).tolist()
        auxiliary = [_poisson(p, count).count for p, count in zip(members, counts, strict=True)]
        scales = [_poisson(p, count).scale for p, count in zip(members, counts, strict=True)]
        entry |= {} if auxiliary == counts else {"auxdata": auxiliary}
        entry |= {} if scales == counts else {"factors": scales}
    if one.kind == "staterror":
        widths = np.where(idle, 1.0, one.width).tolist()
        centres = [_normal(p, width).centre for p, width in zip(members, widths, strict=True)]
        sigmas = [_normal(p, width).width for p, width in zip(members, widths, strict=True)]
        entry |= {} if all(centre == 1 for centre in centres) else {"auxdata": centres}
        entry |= {} if sigmas == widths else {"sigmas": sigmas}
    return entry


def _poisson(parameter: Parameter | None, count: float) -> PoissonConstraint:
    constraint = None if parameter is None else parameter.constraint
    return constraint if isinstance(constraint, PoissonConstraint) else PoissonConstraint(count, count)


def _normal(parameter: Parameter | None, width: float) -> GaussianConstraint:
    constraint = None if parameter is None else parameter.constraint
    return constraint if isinstance(constraint, GaussianConstraint) else GaussianConstraint(1.0, width)
