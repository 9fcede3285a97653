"""The definitions under shared names: compared field by field, joined where they agree, refused where not.

What belongs to a definition is what the likelihood depends on: unit, bounds, constraint, whether it is fixed,
the value where it is fixed, and what it is a power of. A start value of a free parameter and a source do not.
A description does for pulls alone: all of them are numbers of mean 0 and width 1, so nothing else tells one
that moves a rate by 2 % from one that moves it by 5 %, or from one row of a covariance matrix.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from nurecoil.combining._inputs import Input
from nurecoil.combining._matching import Group, Matching, Member
from nurecoil.combining._renaming import rename_constraint
from nurecoil.combining._words import entry_text
from nurecoil.combining.correlations import Relation
from nurecoil.errors import ModelError
from nurecoil.model.parameters import (
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    Parameter,
    PoissonConstraint,
)

__all__ = ["correlate", "define", "definition_words", "differences", "joint_constraints"]

_FIELDS = ("unit", "lower", "upper", "constraint", "fixed", "root")
_ROUNDING = 1e-12
"""Elements of a covariance that are products of the same numbers in another order differ by less."""


def definition_words(parameter: Parameter) -> str:
    """A definition in one line, every number in full.

    Args:
        parameter: the parameter.

    Example:
        >>> known = GaussianConstraint(2.0, 0.5)
        >>> definition_words(Parameter("rate", "cpd", 2.0, lower=0.0, constraint=known))
        '2.0 cpd, in [0.0, inf], Gaussian 2.0 +- 0.5'
    """
    unit = "" if parameter.unit == "1" else f" {parameter.unit}"
    words = [f"{parameter.value!r}{unit}", f"in [{parameter.lower!r}, {parameter.upper!r}]"]
    constraint = parameter.constraint
    if isinstance(constraint, GaussianConstraint):
        words.append(f"Gaussian {constraint.centre!r} +- {constraint.width!r}")
    elif isinstance(constraint, LogNormalConstraint):
        words.append(f"log-normal {constraint.centre!r} x/ {constraint.factor!r}")
    elif isinstance(constraint, PoissonConstraint):
        words.append(f"Poisson {constraint.count!r} of {constraint.scale!r} expected at 1")
    if parameter.fixed:
        words.append("fixed")
    elif constraint is None:
        words.append("free")
    if parameter.root is not None:
        root = parameter.root
        words.append(f"({root.name} / {root.scale!r} {root.unit})^{root.power}")
    return ", ".join(words)


def differences(one: Parameter, other: Parameter) -> dict[str, tuple[object, object]]:
    """The fields of the definition in which two parameters differ, with both values.

    Args:
        one: a parameter.
        other: another.

    Example:
        >>> differences(Parameter("a", "1", 1.0, upper=5.0), Parameter("a", "1", 2.0, upper=6.0))
        {'upper': (5.0, 6.0)}
        >>> differences(Parameter("a", "1", 1.0, fixed=True), Parameter("a", "1", 2.0, fixed=True))
        {'value': (1.0, 2.0)}
    """
    fields = (*_FIELDS, "value") if one.fixed and other.fixed else _FIELDS
    pull = GaussianConstraint(0.0, 1.0)
    if one.constraint == other.constraint == pull and one.description and other.description:
        fields = (*fields, "description")
    pairs = {name: (getattr(one, name), getattr(other, name)) for name in fields}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def define(group: Group, known: Mapping[str, Input]) -> Parameter:
    """The parameter of a group.

    Args:
        group: the group.
        known: the inputs by label.

    Returns:
        The common definition, or the one that the map keeps, under the group's name. A free parameter whose
        start values differ starts at their mean.

    Raises:
        ModelError: where definitions differ and the map keeps none; the message shows both.
    """
    found = {member: known[member[0]].model.parameters[member[1]] for member in group.members}
    base = group.members[0] if group.keep is None else group.keep
    for member, parameter in found.items():
        unlike = differences(found[base], parameter)
        if unlike and (group.keep is None or "unit" in unlike):
            raise _conflict(group, (base, member), found, unlike, known)
        if group.keep is None:
            _check_shapes(group, base, member, known)
    _check_joints(group, known)
    chosen = found[base]
    value = chosen.value
    if group.keep is None and not chosen.fixed:
        starts = sorted({parameter.value for parameter in found.values()})
        mean = math.fsum(start / len(starts) for start in starts)
        value = min(max(mean, starts[0]), starts[-1])
    return dataclasses.replace(
        chosen,
        name=group.name,
        value=value,
        description="; ".join(dict.fromkeys(p.description for p in found.values() if p.description)),
        source="; ".join(dict.fromkeys(p.source for p in found.values() if p.source)),
    )


def joint_constraints(inputs: Sequence[Input], matching: Matching) -> tuple[CovarianceConstraint, ...]:
    """The joint constraints of all inputs, each counted once.

    A constraint that is a part of another one (the same numbers, with the other's further parameters
    integrated out) is the same measurement, and the larger one says it all.

    Args:
        inputs: the inputs.
        matching: their parameters.

    Raises:
        ModelError: where two speak of the same parameter and neither contains the other.
    """
    every = [
        (one, rename_constraint(constraint, matching.names_of(one.label)))
        for one in inputs
        for constraint in one.model.constraints
    ]
    kept: list[tuple[Input, CovarianceConstraint]] = []
    for owner, constraint in sorted(every, key=lambda pair: -len(pair[1].names)):
        overlapping = [pair for pair in kept if set(pair[1].names) & set(constraint.names)]
        if not overlapping:
            kept.append((owner, constraint))
            continue
        for other, larger in overlapping:
            if other is owner or not _part_of(constraint, larger):
                both = ", ".join(name for name in constraint.names if name in larger.names)
                raise ModelError(
                    f"joint constraint of {both}",
                    f"two that differ: {other.title} has {_joint_words(larger)}; {owner.title} has "
                    f"{_joint_words(constraint)}",
                    "one measurement, or a part of one",
                    "Make the inputs with the same options, or keep the parameters apart: independent = true "
                    "in the map.",
                )
    order = {id(constraint): place for place, (_, constraint) in enumerate(every)}
    return tuple(sorted((c for _, c in kept), key=lambda c: order[id(c)]))


def correlate(
    relation: Relation, parameters: Mapping[str, Parameter], joint: Sequence[CovarianceConstraint]
) -> tuple[CovarianceConstraint, dict[str, Parameter]]:
    """Tie parameters by a joint constraint in place of their own ones.

    Args:
        relation: the statement, its members names of the combination.
        parameters: the parameters of the combination.
        joint: its joint constraints.

    Returns:
        The constraint, and the parameters without their own one.

    Raises:
        ModelError: where one of them has no Gaussian constraint of its own, or is fixed.

    Example:
        >>> unit = GaussianConstraint(0.0, 1.0)
        >>> pulls = {name: Parameter(name, "1", 0.0, constraint=unit) for name in "ab"}
        >>> tie, freed = correlate(Relation("t", "correlated", ("a", "b"), correlation=0.5), pulls, [])
        >>> tie.covariance, freed["a"].constraint
        (((1.0, 0.5), (0.5, 1.0)), None)
    """
    chosen = [parameters[name] for name in relation.members]
    own = []
    for parameter in chosen:
        constraint = parameter.constraint
        if not isinstance(constraint, GaussianConstraint) or parameter.fixed:
            raise ModelError(f"{relation.where}, {parameter.name!r}", _why_not(parameter, joint),
                             "free parameters with a Gaussian constraint of their own")  # fmt: skip
        own.append(constraint)
    widths = np.array([constraint.width for constraint in own])
    covariance = widths[:, None] * relation.matrix() * widths
    covariance[np.diag_indices_from(covariance)] = widths**2
    rows = tuple(tuple(float(x) for x in row) for row in (covariance + covariance.T) / 2)
    tie = CovarianceConstraint(relation.members, tuple(c.centre for c in own), rows, relation.name)
    return tie, {p.name: dataclasses.replace(p, constraint=None) for p in chosen}


def _why_not(parameter: Parameter, joint: Sequence[CovarianceConstraint]) -> str:
    if parameter.fixed:
        return "it is fixed, so it moves with nothing"
    if any(parameter.name in one.names for one in joint):
        return "it stands under a joint constraint already"
    constraint = parameter.constraint
    if constraint is None:
        return "it has no constraint, so there is no error that could be correlated"
    kind = "log-normal" if isinstance(constraint, LogNormalConstraint) else "Poisson"
    return f"its constraint is {kind}, and a coefficient alone does not say what the joint distribution is"


def _conflict(
    group: Group,
    pair: tuple[Member, Member],
    found: Mapping[Member, Parameter],
    unlike: Mapping[str, tuple[object, object]],
    known: Mapping[str, Input],
) -> ModelError:
    """Both definitions, where they are from, and what to write into a map."""
    shown = "; ".join(f"{known[m[0]].title} has {definition_words(found[m])}" for m in pair)
    fields = ", ".join(f"{name} ({left!r} and {right!r})" for name, (left, right) in unlike.items())
    got = f"two definitions: {shown}. They differ in {fields}"
    where = f"shared parameter {group.name!r}"
    if group.keep is not None:
        remedy = "Make the inputs with one unit, or keep them apart: independent = true."
        return ModelError(where, got, "one unit: a number in one is none in another", remedy)
    return ModelError(where, got, "one definition", _remedies(group))


def _remedies(group: Group) -> str:
    """Entries for a map, ready to be copied."""
    members = tuple(":".join(member) for member in group.members)
    last = members[-1]
    renamed = f"{group.members[-1][1]}.{group.members[-1][0]}"
    entries = [
        ("keep them apart", entry_text(Relation(group.name, "independent", members))),
        ("or make them one", entry_text(Relation(group.name, "same", members, keep=members[0]))),
        ("or rename one", entry_text(Relation(renamed, "renamed", (last,)))),
    ]
    shown = "\n".join(f"# {what}\n{text}" for what, text in entries)
    return f"Decide in a correlation map (--map), by one of these entries:\n{shown}"


def _check_shapes(group: Group, base: Member, member: Member, known: Mapping[str, Input]) -> None:
    """Sets of bins that are one must have the same bins."""
    sets = [known[label].sets.get(name) for label, name in (base, member)]
    if group.kind == "name" and None not in sets and sets[0] != sets[1]:
        counts = " and ".join(f"{len(s or ())} bins in {known[m[0]].title}"
                              for s, m in zip(sets, (base, member), strict=True))  # fmt: skip
        stem = group.name.partition("[")[0]
        raise ModelError(
            f"shared parameter {group.name!r}", f"it belongs to sets of different bins: {counts}", "one set",
            f'Keep them apart in the map: members = ["{base[0]}:{stem}[*]", "{member[0]}:{stem}[*]"] with '
            f"independent = true, under the heading [\"{stem}[*]\"].",
        )  # fmt: skip


def _check_joints(group: Group, known: Mapping[str, Input]) -> None:
    """A parameter under a joint constraint in one input has to be under it in all of them."""
    under = [m for m in group.members if any(m[1] in c.names for c in known[m[0]].model.constraints)]
    free = [member for member in group.members if member not in under]
    if not under or not free or (group.keep is not None and under == [group.keep]):
        return
    raise ModelError(
        f"shared parameter {group.name!r}",
        f"it is under a joint constraint in {known[under[0][0]].title} and not in {known[free[0][0]].title}",
        "one definition",
        "Make the inputs with the same options, or keep them apart in the map: independent = true.",
    )


def _part_of(small: CovarianceConstraint, large: CovarianceConstraint) -> bool:
    """Whether one constraint is another with parameters integrated out."""
    if not set(small.names) <= set(large.names):
        return False
    where = [large.names.index(name) for name in small.names]
    if any(small.centre[i] != large.centre[j] for i, j in enumerate(where)):
        return False
    whole = np.array(large.covariance)[np.ix_(where, where)]
    size = np.sqrt(np.outer(np.diag(whole), np.diag(whole)))
    return bool(np.all(np.abs(np.array(small.covariance) - whole) <= _ROUNDING * size))


def _joint_words(constraint: CovarianceConstraint) -> str:
    rows = zip(constraint.names, constraint.centre, np.sqrt(np.diag(constraint.covariance)), strict=True)
    return ", ".join(f"{name} {centre!r} +- {width:.6g}" for name, centre, width in rows)
