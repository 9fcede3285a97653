"""Which parameters of several inputs are one: the rule of equal names, and the statements of a map.

Names only; whether the definitions under them agree is :mod:`nurecoil.combining._definitions`' business.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nurecoil.combining._inputs import Input
from nurecoil.combining.correlations import BINS, Relation
from nurecoil.errors import ModelError, unknown_name

__all__ = ["Group", "Matching", "match", "needs_prefix"]

Member = tuple[str, str]
"""Label of an input and the name of one of its parameters."""


@dataclass(frozen=True)
class Group:
    """Parameters of inputs that are one parameter of the combination.

    Args:
        name: its name there.
        members: label and name of each, sorted by label.
        kind: what made it so: ``name`` (equal names), ``bins`` (per-bin parameters under a prefix) or the
            kind of a :class:`~nurecoil.combining.correlations.Relation`.
        keep: the member whose definition holds, where a map says so.
    """

    name: str
    members: tuple[Member, ...]
    kind: str
    keep: Member | None = None


@dataclass(frozen=True)
class Matching:
    """The parameters of a combination.

    Args:
        groups: one for each, in order of first appearance in the inputs.
        correlated: statements of correlation, their members replaced by names of the combination.
    """

    groups: tuple[Group, ...]
    correlated: tuple[Relation, ...]

    def names_of(self, label: str) -> dict[str, str]:
        """Old to new name of every parameter of an input."""
        return {old: g.name for g in self.groups for owner, old in g.members if owner == label}


def match(inputs: Sequence[Input], relations: Sequence[Relation]) -> Matching:
    """Find the parameters of a combination.

    Args:
        inputs: the inputs, sorted by label.
        relations: the statements of the map.

    Returns:
        Every parameter of every input in exactly one group, names of groups unique.

    Raises:
        ModelError: for statements that name what is not there or contradict each other.
    """
    known = {one.label: one for one in inputs}
    expanded = [narrow for relation in relations for narrow in _by_bins(relation, known)]
    stated: dict[Member, Relation] = {}
    groups: list[Group] = []
    for relation in expanded:
        members = tuple(m for m in (_member(relation, text, known) for text in relation.members) if m)
        for member in members:
            if member in stated:
                raise _overlap(":".join(member), stated[member], relation)
            stated[member] = relation
        groups += _stated_groups(relation, members, known)
    _check_complete(stated, known)
    groups += _unstated_groups(stated, inputs)
    order = {(one.label, name): (i, j) for i, one in enumerate(inputs)
             for j, name in enumerate(one.model.parameters)}  # fmt: skip
    groups.sort(key=lambda group: min(order[member] for member in group.members))
    _check_unique(groups)
    return Matching(tuple(groups), _correlated(expanded, groups, known))


def needs_prefix(label: str, name: str, inputs: Mapping[str, Input]) -> bool:
    """Whether another input has a parameter of that name too."""
    return any(name in one.model.parameters for other, one in inputs.items() if other != label)


def _by_bins(relation: Relation, known: Mapping[str, Input]) -> list[Relation]:
    """A statement about sets of per-bin parameters as one statement for every bin."""
    if not any(text.endswith(BINS) for text in relation.members):
        return [relation]
    if not all(text.endswith(BINS) for text in (relation.name, *relation.members)):
        raise ModelError(relation.where, f"members with and without {BINS}",
                         f"heading and members alike: all end in {BINS}, or none does")  # fmt: skip
    found: dict[str, list[str]] = {}
    for text in relation.members:
        label, _, name = text.partition(":")
        if label not in known:
            raise _unknown_member(relation, text, known)
        stem = name.removesuffix(BINS)
        sizes = [p for p in known[label].model.parameters if _bin_of(p, stem) is not None]
        if not sizes:
            raise _unknown_member(relation, text, known)
        found[text] = [_bin_of(p, stem) or "" for p in sizes]
    bins = {text: sorted(numbers, key=int) for text, numbers in found.items()}
    first = next(iter(bins.values()))
    if relation.kind != "independent" and any(numbers != first for numbers in bins.values()):
        counts = ", ".join(f"{text} has {len(numbers)}" for text, numbers in bins.items())
        raise ModelError(relation.where, f"sets of different bins: {counts}", "sets of the same bins")

    def of_bin(text: str, number: str) -> str:
        return f"{text.removesuffix(BINS)}[{number}]"

    every = sorted({number for numbers in bins.values() for number in numbers}, key=int)
    return [
        dataclasses.replace(
            relation,
            name=of_bin(relation.name, number),
            members=tuple(of_bin(text, number) for text in relation.members if number in bins[text]),
            keep=None if relation.keep is None else of_bin(relation.keep, number),
        )
        for number in every
    ]


def _bin_of(parameter: str, stem: str) -> str | None:
    number = parameter[len(stem) + 1 : -1]
    fits = parameter == f"{stem}[{number}]" and number.isascii() and number.isdigit()
    return number if fits else None


def _member(relation: Relation, text: str, known: Mapping[str, Input]) -> Member | None:
    """Label and name; ``None`` for a plain name in a correlation, which is looked up at the end."""
    label, colon, name = text.partition(":")
    if colon and label in known:
        if name not in known[label].model.parameters:
            raise _unknown_member(relation, text, known)
        return label, name
    if relation.kind == "correlated":
        return None
    raise _unknown_member(relation, text, known)


def _unknown_member(relation: Relation, text: str, known: Mapping[str, Input]) -> ModelError:
    """The error for a member that is not there, with the nearest that are."""
    label, colon, name = text.partition(":")
    if colon and label not in known:
        error = unknown_name(ModelError, f"{relation.where}, label of {text!r}", label, known)
    elif colon:
        names = list(known[label].model.parameters)
        error = unknown_name(ModelError, f"{relation.where}, parameter of {label!r}", name, names)
    else:
        every = [f"{one.label}:{p}" for one in known.values() for p in one.model.parameters]
        error = unknown_name(ModelError, f"{relation.where}, member without 'label:'", text, every)
    assert isinstance(error, ModelError)
    return error


def _stated_groups(
    relation: Relation, members: tuple[Member, ...], known: Mapping[str, Input]
) -> list[Group]:
    if relation.kind in ("independent", "correlated"):
        return [
            Group(
                f"{label}.{name}" if needs_prefix(label, name, known) else name,
                ((label, name),),
                relation.kind,
            )
            for label, name in members
        ]
    labels = [label for label, _ in members]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        raise ModelError(relation.where, f"two parameters of {twice!r}", "one of each input",
                         "Parameters of one input are tied where that input is made.")  # fmt: skip
    keep = None if relation.keep is None else _member(relation, relation.keep, known)
    return [Group(relation.name, tuple(sorted(members)), relation.kind, keep)]


def _unstated_groups(stated: Mapping[Member, Relation], inputs: Sequence[Input]) -> list[Group]:
    """What the map is silent about: per-bin parameters are apart, other equal names are one."""
    known = {one.label: one for one in inputs}
    shared: dict[str, list[Member]] = {}
    groups = []
    for one in inputs:
        colliding = {name for name in one.own if needs_prefix(one.label, name, known)}
        whole = {member for name in colliding for member in one.sets[name] if member in one.own}
        for name in one.model.parameters:
            if (one.label, name) in stated:
                continue
            if name in whole:
                groups.append(Group(f"{one.label}.{name}", ((one.label, name),), "bins"))
            else:
                shared.setdefault(name, []).append((one.label, name))
    return [*groups, *(Group(name, tuple(members), "name") for name, members in shared.items())]


def _check_complete(stated: Mapping[Member, Relation], known: Mapping[str, Input]) -> None:
    """Refuse to take a name from some of the inputs that share it where the others are not spoken of."""
    for (label, name), relation in stated.items():
        if relation.kind not in ("same", "correlated"):
            continue
        for other, one in known.items():
            if name in one.model.parameters and name not in one.own and (other, name) not in stated:
                raise ModelError(
                    relation.where,
                    f"it speaks of {label}:{name} but not of {other}:{name}, which is the same by its name",
                    "every input that has the name",
                    f'Add "{other}:{name}" to its members, or make it independent.',
                )


def _check_unique(groups: Sequence[Group]) -> None:
    seen: dict[str, Group] = {}
    for group in groups:
        other = seen.setdefault(group.name, group)
        if other is not group:
            one, two = (", ".join(":".join(member) for member in g.members) for g in (other, group))
            raise ModelError("combination", f"{group.name!r} would name both {one} and {two}",
                             "a name of its own for each",
                             "Give one of them another name in the map, by 'renamed'.")  # fmt: skip


def _correlated(
    relations: Sequence[Relation], groups: Sequence[Group], known: Mapping[str, Input]
) -> tuple[Relation, ...]:
    """The correlations, in names of the combination."""
    name_of = {member: group.name for group in groups for member in group.members}
    taken: dict[str, Relation] = {}
    found = []
    for relation in relations:
        if relation.kind != "correlated":
            continue
        names = []
        for text in relation.members:
            member = _member(relation, text, known)
            name = text if member is None else name_of[member]
            if name not in name_of.values():
                raise _unknown_member(relation, text, known) if ":" in text else unknown_name(
                    ModelError, f"{relation.where}, member", text, set(name_of.values()))  # fmt: skip
            if name in taken:
                raise _overlap(name, taken[name], relation)
            taken[name] = relation
            names.append(name)
        found.append(dataclasses.replace(relation, members=tuple(names)))
    return tuple(found)


def _overlap(what: str, one: Relation, other: Relation) -> ModelError:
    return ModelError("correlation map", f"{what!r} in two entries: {one.name!r} ({one.kind}) and "
                      f"{other.name!r} ({other.kind})", "one entry for each parameter")  # fmt: skip
