"""One channel's XML with every histogram found and every default written out, as pyhf's reader takes it.

pyhf's reader looks histograms up by rules of its own (a ``HistoSys`` inherits no folder, a bare name goes
before the folder) and knows one kind of constraint for each modifier. So the tree that it gets is respelt:
each histogram is a key of a table that :mod:`nurecoil.bridges.xml.reading` fills, and what the file says
on constraints is kept beside it. Nothing here opens a file.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nurecoil.bridges.xml._documents import Node, number, truth
from nurecoil.errors import InputError, unknown_name

__all__ = ["ChannelRules", "Defaults", "Place", "respell", "settle"]

_CONSTRAINTS = {"gaussian": "Gaussian", "gauss": "Gaussian", "poisson": "Poisson", "pois": "Poisson"}
_NAMED = ("HistoSys", "OverallSys", "ShapeSys", "NormFactor", "ShapeFactor")
_KEYED = "histograms"
"""What every histogram's file is called in a respelt tree."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a histogram is said to lie: file, folder in it, name, and who says so."""

    file: str
    folder: str
    name: str
    where: str


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a file says nothing: of ``StatErrorConfig`` and of ``ShapeSys``."""

    statistical: str
    threshold: float
    shape: str


@dataclass(slots=True)
class ChannelRules:
    """What a channel's file says on constraints, which pyhf's modifiers cannot hold.

    Args:
        statistical: constraint of the bins' statistical factors, ``Gaussian`` or ``Poisson``.
        threshold: relative error below which such a factor stays at one.
        gaussian: the ``ShapeSys`` whose bins have a normal constraint.
        notes: what was left aside, a sentence each.
        seen: every ``ShapeSys`` and where it stands.
    """

    statistical: str
    threshold: float
    gaussian: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)


def respell(
    channel: Node, lend: Callable[[Place], str], defaults: Defaults
) -> tuple[ET.Element, ChannelRules]:
    """The channel as pyhf's reader takes it.

    Args:
        channel: the ``Channel`` element of a file.
        lend: takes the place of a histogram, gives the key by which the reader asks for it.
        defaults: what holds where the file says nothing.

    Returns:
        The tree, and what it does not hold.

    Raises:
        InputError: no data, no sample, a histogram without name or file, names that clash, numbers out of
            range or content that has no form in pyhf.
    """
    rules = _rules(channel, defaults)
    made = ET.Element("Channel", Name=channel.attributes["Name"], InputFile=_KEYED)
    data = [node for node in channel.all("Data") if "Name" not in node.attributes]
    for extra in (node for node in channel.all("Data") if "Name" in node.attributes):
        rules.notes.append(f"{extra.where}: further data are not carried")
    if len(data) != 1:
        raise InputError(channel.where, f"{len(data)} Data elements", "one, with the observed counts",
                         "HistFactory would fit expected counts; nurecoil needs data.")  # fmt: skip
    ET.SubElement(made, "Data", InputFile=_KEYED, HistoName=lend(_place(data[0], channel.attributes)))
    samples = list(channel.all("Sample"))
    if not samples:
        raise InputError(channel.where, "no Sample", "at least one")
    _refuse_twins(samples)
    for sample in samples:
        made.append(_sample(sample, channel, lend, rules, defaults))
    return made, rules


def settle(
    name: str, data: Sequence[Any], samples: Sequence[dict[str, Any]], rules: ChannelRules, where: str
) -> list[str]:
    """Bring the samples that pyhf read into the form that says what the file says.

    Normal ``ShapeSys`` become ``staterror`` sets of their own name (factors with normal constraints); bins
    below the threshold lose their statistical error, as they do in HistFactory.

    Args:
        name: the channel.
        data: its observed contents.
        samples: its samples as pyhf has them; changed in place.
        rules: what the file says.
        where: the place to name in an error.

    Returns:
        Notes on what was changed.

    Raises:
        InputError: contents that differ in length.
    """
    statistical = f"staterror_{name}"
    total, squares = np.zeros(len(data)), np.zeros(len(data))
    found = []
    for sample in samples:
        if len(sample["data"]) != len(data):
            raise InputError(
                f"{where}, sample {sample['name']!r}",
                f"{len(sample['data'])} bins",
                f"{len(data)}, as the data",
            )
        for modifier in sample["modifiers"]:
            _check_lengths(modifier, len(data), f"{where}, sample {sample['name']!r}")
            if modifier["type"] == "shapesys" and modifier["name"] in rules.gaussian:
                modifier["type"] = "staterror"
            elif modifier["type"] == "staterror":
                found.append(modifier)
                total += sample["data"]
                squares += np.square(modifier["data"])
    if not found:
        return []
    relative = np.sqrt(squares) / np.where(total > 0, total, np.inf)
    below = (relative < rules.threshold) & (relative > 0)
    for modifier in found:
        modifier["data"] = np.where(below, 0.0, modifier["data"]).tolist()
    if not below.any():
        return []
    bins = ", ".join(map(str, np.flatnonzero(below).tolist()))
    return [
        f"channel {name!r}: the statistical errors of bins {bins} (counted from 0) are below "
        f"RelErrorThreshold {rules.threshold:g}; the factors {statistical}[bin] stay at one there"
    ]


def _rules(channel: Node, defaults: Defaults) -> ChannelRules:
    """What StatErrorConfig says, or what holds without it."""
    found = list(channel.all("StatErrorConfig"))
    if len(found) > 1:
        raise InputError(found[1].where, "a second StatErrorConfig", "one in a channel")
    rules = ChannelRules(defaults.statistical, defaults.threshold)
    for node in found:
        rules.statistical = _constraint(node, defaults.statistical)
        if "RelErrorThreshold" in node.attributes:
            rules.threshold = number(node, "RelErrorThreshold")
    return rules


def _constraint(node: Node, otherwise: str) -> str:
    given = node.attributes.get("ConstraintType")
    if given is None:
        return otherwise
    found = _CONSTRAINTS.get(given.strip().lower())
    if found is None:
        raise unknown_name(
            InputError, f"{node.where}, ConstraintType", given.strip()[:80], ["Gaussian", "Poisson"]
        )
    return found


def _sample(
    sample: Node, channel: Node, lend: Callable[[Place], str], rules: ChannelRules, defaults: Defaults
) -> ET.Element:
    """A sample respelt, its systematics in the order of the file."""
    inherited = {**channel.attributes, **sample.attributes}
    theory = truth(sample, "NormalizeByTheory")
    made = ET.Element(
        "Sample",
        Name=sample.attributes["Name"],
        InputFile=_KEYED,
        HistoName=lend(_place(sample, channel.attributes)),
        NormalizeByTheory=str(theory),
    )
    _refuse_twins([child for child in sample.children if child.tag in _NAMED])
    for node in sample.children:
        match node.tag:
            case "OverallSys":
                for side in ("Low", "High"):
                    number(node, side)
                ET.SubElement(made, "OverallSys", dict(node.attributes))
            case "NormFactor":
                made.append(_norm_factor(node))
            case "HistoSys":
                keys = {f"HistoName{side}": lend(_side(node, side, inherited)) for side in ("Low", "High")}
                ET.SubElement(made, "HistoSys", {"Name": node.attributes["Name"], **keys})
            case "StatError":
                if truth(node, "Activate"):
                    made.append(_stat_error(node, inherited, lend))
            case "ShapeSys":
                name = node.attributes["Name"]
                if name in rules.seen:
                    raise InputError(
                        node.where, f"the name is taken in {rules.seen[name]}", "a name of its own"
                    )
                rules.seen[name] = node.where
                if _constraint(node, defaults.shape) == "Gaussian":
                    rules.gaussian.add(name)
                key = lend(_place(node, {k: inherited[k] for k in inherited if k != "HistoName"}))
                ET.SubElement(made, "ShapeSys", Name=name, HistoName=key)
            case "ShapeFactor":
                if any(word in node.attributes for word in ("HistoName", "InputFile", "HistoPath")):
                    raise InputError(
                        node.where, "a starting shape", None, "Leave it out; pyhf has no form for it."
                    )
                ET.SubElement(made, "ShapeFactor", Name=node.attributes["Name"])
            case _:
                raise InputError(node.where, f"a {node.tag}, which has no form in pyhf", None,
                                 "Write it as HistoSys or OverallSys.")  # fmt: skip
    if sum(node.tag == "StatError" for node in made) > 1:
        raise InputError(sample.where, "two StatError elements", "one")
    return made


def _norm_factor(node: Node) -> ET.Element:
    value, low, high = (number(node, word) for word in ("Val", "Low", "High"))
    if not low < high or not low <= value <= high:
        raise InputError(
            node.where, f"Val {value:g}, Low {low:g}, High {high:g}", "Low <= Val <= High, Low < High"
        )
    made = ET.Element("NormFactor", {k: v for k, v in node.attributes.items() if k != "Const"})
    if "Const" in node.attributes:
        made.set("Const", str(truth(node, "Const")))
    return made


def _stat_error(node: Node, inherited: Mapping[str, str], lend: Callable[[Place], str]) -> ET.Element:
    """Errors from the sample's own histogram, or relative ones from another."""
    made = ET.Element("StatError", Activate="True")
    if "HistoName" in node.attributes:
        own = dict(node.attributes)
        own.setdefault("InputFile", own.pop("HistoFile", inherited.get("InputFile", "")))
        made.set("HistoName", lend(_located(own, inherited, node.where)))
    return made


def _place(node: Node, inherited: Mapping[str, str]) -> Place:
    return _located(node.attributes, inherited, node.where)


def _located(own: Mapping[str, str], inherited: Mapping[str, str], where: str) -> Place:
    """File, folder and name; each is the element's own or that of the one around it."""
    file, folder, name = (
        own.get(word, inherited.get(word, "")).strip() for word in ("InputFile", "HistoPath", "HistoName")
    )
    for word, found in (("InputFile", file), ("HistoName", name)):
        if not found:
            raise InputError(where, f"no {word}", "one here or in an element around it")
    return Place(file, folder.strip("/"), name.strip("/"), where)


def _side(node: Node, side: str, inherited: Mapping[str, str]) -> Place:
    """One of the two histograms of a HistoSys."""
    words = {"InputFile": "InputFile", f"HistoFile{side}": "InputFile"}  # the second goes first
    words |= {f"HistoPath{side}": "HistoPath", f"HistoName{side}": "HistoName"}
    own = {words[word]: node.attributes[word] for word in words if word in node.attributes}
    around = {word: inherited.get(word, "") for word in ("InputFile", "HistoPath")}
    return _located(own, around, f"{node.where}, {side}")


def _refuse_twins(nodes: Sequence[Node]) -> None:
    """Refuse two elements of one kind and name; pyhf keeps one of them without a word."""
    seen: dict[tuple[str, str], Node] = {}
    for node in nodes:
        first = seen.setdefault((node.tag, node.attributes["Name"]), node)
        if first is not node:
            raise InputError(node.where, f"the name is taken: {first.where}", "a name of its own")


def _check_lengths(modifier: Mapping[str, Any], bins: int, where: str) -> None:
    data = modifier["data"]
    both = [data["lo_data"], data["hi_data"]] if modifier["type"] == "histosys" else [data]
    for one in both:
        if isinstance(one, list) and len(one) != bins:
            raise InputError(
                f"{where}, {modifier['type']} {modifier['name']!r}",
                f"{len(one)} bins",
                f"{bins}, as the data",
            )
