"""Several models as one: equal names are one parameter, per-bin parameters and channels are each input's own.

The rule of names is in :mod:`nurecoil.combining._matching`, that of definitions in
:mod:`nurecoil.combining._definitions`; the statements of a correlation map
(:mod:`nurecoil.combining.correlations`) overrule the first and are bound by the second. Files are not read or
written here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nurecoil.combining._definitions import correlate, define, definition_words, joint_constraints
from nurecoil.combining._inputs import Input, contents, labels_of_files, make_inputs
from nurecoil.combining._matching import Group, Matching, match
from nurecoil.combining._merging import merge_metadata
from nurecoil.combining._renaming import rename_channel
from nurecoil.combining.correlations import BINS, Relation
from nurecoil.errors import ModelError, unknown_name
from nurecoil.model.channels import Channel
from nurecoil.model.parameters import CovarianceConstraint, Parameter
from nurecoil.model.spectral import SpectralModel

__all__ = ["Combination", "combination", "combine", "labels_of_files"]


@dataclass(frozen=True)
class Combination:
    """A combined model and what was done to make it.

    Args:
        model: the model.
        labels: labels of the inputs.
        shared: parameters that several inputs have: ``name``, ``members`` (``label:name``), ``definition``,
            ``by`` (``name`` or ``map``), ``remark``.
        renamed: what is called otherwise than in its input: ``what`` (``channel``, ``bins``, ``parameter``),
            ``input``, ``was``, ``name``, ``count``.
        correlated: joint constraints that the map made: ``title``, ``names``, ``correlation`` (rows).
        notes: what a reader has to know.
    """

    model: SpectralModel
    labels: tuple[str, ...]
    shared: tuple[dict[str, Any], ...]
    renamed: tuple[dict[str, Any], ...]
    correlated: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]


def combine(
    models: Sequence[SpectralModel],
    labels: Sequence[str] | None = None,
    correlations: Sequence[Relation] | None = None,
    poi: str | None = None,
) -> SpectralModel:
    """Combine models into one. The order in which they are given makes no difference.

    A parameter name that several models have is one parameter, where its definitions agree; where they do
    not, that is an error. Per-bin parameters with auxiliary data and channels are each model's own: where
    names collide they get the model's label before them (``run1.staterror_SR[0]``, ``run1/SR``). A constraint
    on a shared parameter is counted once. The likelihood is that of ``pyhf.Workspace.combine(join="outer")``
    wherever that can express the combination.

    Args:
        models: at least two.
        labels: a name for each, unique; by default the stem of its file, or its experiments.
        correlations: statements of a correlation map, see
            :func:`nurecoil.bridges.correlation_map.read_map`.
        poi: the parameter of interest; by default the one that the models have in common.

    Returns:
        The combination; ``metadata["origin"]`` lists the inputs with their digests.

    Raises:
        ModelError: for conflicting definitions, channels counted twice, impossible statements, or models
            with different parameters of interest.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> one, two = counting(12.0, 10.0), counting(9.0, 10.0)
        >>> combine([one, two], labels=["run1", "run2"])
        <SpectralModel: run1/toy/count (1 bins), run2/toy/count (1 bins); 2 parameters, 1 free; POI signal>
    """
    return combination(models, labels, correlations, poi).model


def combination(
    models: Sequence[SpectralModel],
    labels: Sequence[str] | None = None,
    correlations: Sequence[Relation] | None = None,
    poi: str | None = None,
) -> Combination:
    """Combine models and say what was shared, renamed and correlated.

    Arguments and errors are those of :func:`combine`.

    Returns:
        The combined model with the account of its making.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> made = combination([counting(12.0, 10.0), counting(9.0, 10.0)], labels=["run1", "run2"])
        >>> made.shared[0]["name"], made.renamed[0]["was"], made.renamed[0]["name"]
        ('signal', 'toy/count', 'run1/toy/count')
    """
    inputs = make_inputs(models, labels)
    known = {one.label: one for one in inputs}
    relations = tuple(correlations or ())
    matching = match(inputs, relations)
    parameters = {group.name: define(group, known) for group in matching.groups}
    joint = joint_constraints(inputs, matching)
    ties: list[CovarianceConstraint] = []
    for relation in sorted(matching.correlated, key=lambda r: (r.name, r.members)):
        tie, freed = correlate(relation, parameters, joint)
        ties.append(tie)
        parameters |= freed
    names = _channel_names(inputs)
    notes = _notes(inputs, names)
    model = SpectralModel(
        tuple(_channels(inputs, matching, names)),
        parameters,
        (*joint, *ties),
        _poi(inputs, matching, parameters, poi),
        merge_metadata(inputs, matching, relations, notes),
    )
    return Combination(
        model,
        tuple(known),
        tuple(_shared_row(g, parameters[g.name], known) for g in matching.groups if len(g.members) > 1),
        (*_channel_rows(names), *_parameter_rows(matching)),
        tuple(
            {"title": r.name, "names": list(r.members), "correlation": r.matrix().tolist()}
            for r in matching.correlated
        ),
        notes,
    )


def _channels(
    inputs: Sequence[Input], matching: Matching, names: Mapping[tuple[str, str], str]
) -> list[Channel]:
    found = []
    for one in inputs:
        renamed = matching.names_of(one.label)
        found += [rename_channel(c, names[one.label, c.name], renamed) for c in one.model.channels]
    return found


def _channel_names(inputs: Sequence[Input]) -> dict[tuple[str, str], str]:
    """Names of all channels, by label and old name; colliding ones get the label before them."""
    owners: dict[str, list[Input]] = {}
    for one in inputs:
        for channel in one.model.channels:
            owners.setdefault(channel.name, []).append(one)
    for name, having in owners.items():
        alone = len(having) == 1
        said = [] if alone else [contents(one.model.channel(name), one.model) for one in having]
        for i, one in enumerate(having):
            for j, other in enumerate(having[:i]):
                if said[i] == said[j]:
                    raise ModelError(
                        f"channel {name!r}",
                        f"{other.title} and {one.title} have the same one: same samples, same data",
                        "every channel once",
                        "Its events would be counted twice: leave one of the inputs out, or take the channel "
                        "out of it.",
                    )
    found = {
        (one.label, name): name if len(having) == 1 else f"{one.label}/{name}"
        for name, having in owners.items()
        for one in having
    }
    seen: dict[str, tuple[str, str]] = {}
    for key, name in found.items():
        if name in seen:
            raise ModelError("combination", f"two channels named {name!r}: {':'.join(seen[name])} and "
                             f"{':'.join(key)}", "names that differ", "Choose other labels.")  # fmt: skip
        seen[name] = key
    return found


def _notes(inputs: Sequence[Input], names: Mapping[tuple[str, str], str]) -> tuple[str, ...]:
    """Parameters of interest in another form; channels of equal names and counts but other samples."""
    turned = [f"{one.held} of {one.label}" for one in inputs if one.held and one.held != one.model.poi]
    found = [f"combined in the roots of {', '.join(turned)}, which hold powers of them"] if turned else []
    for i, one in enumerate(inputs):
        for other in inputs[:i]:
            for channel in one.model.channels:
                key = (other.label, channel.name)
                if key not in names or not np.any(channel.observed):
                    continue
                if np.array_equal(channel.observed, other.model.channel(channel.name).observed):
                    both = f"{names[key]} and {names[one.label, channel.name]}"
                    found.append(f"{both} have the same observed contents: are they the same events?")
    return tuple(found)


def _poi(
    inputs: Sequence[Input], matching: Matching, parameters: Mapping[str, Parameter], wanted: str | None
) -> str | None:
    if wanted is not None:
        if wanted not in parameters:
            raise unknown_name(ModelError, "parameter of interest", wanted, parameters)
        return wanted
    found: dict[str, str] = {}
    for one in inputs:
        if one.model.poi is not None:
            found.setdefault(matching.names_of(one.label)[one.model.poi], one.title)
    if len(found) > 1:
        said = " and ".join(f"{name!r} of {title}" for name, title in found.items())
        first = next(iter(found))
        remedy = (
            f"Choose one: the argument poi={first!r}, on the command line --poi {first}; or make them the "
            "'same' in a correlation map."
        )
        raise ModelError("parameter of interest", f"the inputs have different ones: {said}", "one", remedy)
    return next(iter(found), None)


def _shared_row(group: Group, parameter: Parameter, known: Mapping[str, Input]) -> dict[str, Any]:
    starts = {label: known[label].model.parameters[name].value for label, name in group.members}
    remark = ""
    if group.keep is not None:
        remark = f"definition of {':'.join(group.keep)}"
    elif len(set(starts.values())) > 1:
        said = ", ".join(f"{label} {value:.6g}" for label, value in starts.items())
        remark = f"starts at the mean of {said}"
    return {
        "name": group.name,
        "members": [":".join(member) for member in group.members],
        "definition": definition_words(parameter),
        "by": "name" if group.kind == "name" else "map",
        "remark": remark,
    }


def _channel_rows(names: Mapping[tuple[str, str], str]) -> list[dict[str, Any]]:
    return [
        {"what": "channel", "input": label, "was": old, "name": new, "count": 1}
        for (label, old), new in sorted(names.items())
        if new != old
    ]


def _parameter_rows(matching: Matching) -> list[dict[str, Any]]:
    """Renamed parameters; the bins of a set in one row."""
    found: dict[tuple[str, str, str, str], int] = {}
    for group in matching.groups:
        for label, old in group.members:
            if old == group.name:
                continue
            bins = group.kind == "bins" or (old.endswith("]") and group.name.endswith("]"))
            was, name = (re.sub(r"\[?\d+\]?$", BINS, text) if bins else text for text in (old, group.name))
            key = ("bins" if bins else "parameter", label, was, name)
            found[key] = found.get(key, 0) + 1
    columns = ("what", "input", "was", "name")
    return [{**dict(zip(columns, key, strict=True)), "count": n} for key, n in sorted(found.items())]
