"""HistFactory's XML files as trees: read safely, held against the words that the format has.

No entity is ever declared or expanded and no document type is fetched. An element or an attribute that
HistFactory does not have is refused by name and line. What the words mean is told in
:mod:`nurecoil.bridges.xml._channels` and :mod:`nurecoil.bridges.xml._measurements`.
"""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from xml.parsers import expat

from nurecoil.errors import InputError, unknown_name

__all__ = ["Node", "number", "read_document", "truth"]

_MOST_BYTES = 32 * 1024**2
_MOST_ELEMENTS = 500_000
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class _Word:
    """What an element may hold: attributes it needs, attributes it may have, elements in it."""

    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()


_PLACE = ("InputFile", "HistoPath", "HistoName")
_SIDES = tuple(f"Histo{what}{side}" for side in ("Low", "High") for what in ("File", "Path", "Name"))
_SYSTEMATICS = ("StatError", "HistoSys", "OverallSys", "ShapeSys", "NormFactor", "ShapeFactor", "HistoFactor")
_WORDS: Mapping[str, _Word] = MappingProxyType(
    {
        "Combination": _Word((), ("OutputFilePrefix", "Mode"), ("Input", "Measurement", "Function")),
        "Input": _Word(),
        "Function": _Word((), ("Name", "Expression", "Dependents", "Command")),
        "Measurement": _Word(
            ("Name", "Lumi", "LumiRelErr"),
            ("BinLow", "BinHigh", "Mode", "ExportOnly"),
            ("POI", "ParamSetting", "ConstraintTerm", "Asimov"),
        ),
        "POI": _Word(),
        "ParamSetting": _Word((), ("Val", "Const")),
        "ConstraintTerm": _Word((), ("Type", "RelativeUncertainty")),
        "Asimov": _Word((), ("Name", "FixParams", "FloatParams", "SnapshotName")),
        "Channel": _Word(("Name",), _PLACE, ("Data", "StatErrorConfig", "Sample")),
        "Data": _Word((), ("Name", *_PLACE)),
        "StatErrorConfig": _Word((), ("RelErrorThreshold", "ConstraintType")),
        "Sample": _Word(("Name",), (*_PLACE, "NormalizeByTheory"), _SYSTEMATICS),
        "StatError": _Word(("Activate",), (*_PLACE, "HistoFile")),
        "HistoSys": _Word(("Name",), ("InputFile", *_SIDES)),
        "HistoFactor": _Word((), ("Name", "InputFile", *_SIDES)),
        "OverallSys": _Word(("Name", "High", "Low")),
        "ShapeSys": _Word(("Name",), (*_PLACE, "ConstraintType")),
        "NormFactor": _Word(("Name", "Val", "High", "Low"), ("Const",)),
        "ShapeFactor": _Word(("Name",), _PLACE),
    }
)


@dataclass(frozen=True, slots=True)
class Node:
    """An element with its place.

    Args:
        tag: its name.
        attributes: what it says, blank ones left out (but for folders: a blank one is the top).
        text: the text directly in it, stripped.
        children: the elements in it.
        where: file, line and name, for messages.

    Example:
        >>> Node("POI", {}, "mu", (), "fit.xml line 4, POI").text
        'mu'
    """

    tag: str
    attributes: Mapping[str, str]
    text: str
    children: tuple[Node, ...]
    where: str

    def all(self, tag: str) -> Iterator[Node]:
        """The elements of one name directly in it."""
        return (child for child in self.children if child.tag == tag)


def read_document(path: Path, root: str, where: str) -> Node:
    """Read one XML file.

    Args:
        path: the file.
        root: the element it has to consist of: ``Combination`` or ``Channel``.
        where: the place to name in an error.

    Returns:
        The outermost element.

    Raises:
        InputError: the file is missing, too long or no XML, declares an entity, is of the other kind, or
            holds what HistFactory's format does not have.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "fit.xml"
        ...     _ = path.write_text("<Combination><Input> a.xml </Input></Combination>")
        ...     read_document(path, "Combination", "workspace").children[0].text
        'a.xml'
    """
    place = f"{where}, {path}"
    element, lines = _parse(_content(path, where), place)
    if element.tag != root:
        raise _other_kind(element.tag, root, place)
    return _node(element, lines, place, 0)


def truth(node: Node, attribute: str, otherwise: bool = False) -> bool:
    """The truth value of an attribute.

    Raises:
        InputError: it is neither true nor false.

    Example:
        >>> truth(Node("ParamSetting", {"Const": "TRUE"}, "", (), "here"), "Const")
        True
    """
    text = node.attributes.get(attribute)
    if text is None:
        return otherwise
    found = {"true": True, "1": True, "false": False, "0": False}.get(text.strip().lower())
    if found is None:
        raise InputError(node.where, f"{attribute} is {text[:80]!r}", "True or False")
    return found


def number(node: Node, attribute: str) -> float:
    """The number in an attribute.

    Raises:
        InputError: it is no finite number.

    Example:
        >>> number(Node("OverallSys", {"Low": " 0.9"}, "", (), "here"), "Low")
        0.9
    """
    text = node.attributes[attribute].strip()
    if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?", text, re.ASCII) or len(text) > 100:
        raise InputError(node.where, f"{attribute} is {text[:80]!r}", "a number")
    found = float(text)
    if abs(found) == float("inf"):
        raise InputError(node.where, f"{attribute} is {text[:80]!r}", "a finite number")
    return found


def _content(path: Path, where: str) -> bytes:
    """The bytes of an ordinary file of ordinary length."""
    if not os.path.isfile(path):
        got = f"{path} is no file" if os.path.exists(path) else f"{path} does not exist"
        raise InputError(where, got, "an XML file", "Check the path.")
    try:
        with open(path, "rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InputError(where, f"{path} cannot be read ({error.strerror or error})") from error
    if len(data) > _MOST_BYTES:
        raise InputError(
            where, f"{path} is longer than {_MOST_BYTES // 1024**2} MB", "a HistFactory XML file of some kB"
        )
    return data


def _parse(data: bytes, place: str) -> tuple[ET.Element, dict[ET.Element, int]]:
    """The tree and the line of every element; stops at the first entity that is declared or meant."""
    builder, depth = ET.TreeBuilder(), 0
    lines: dict[ET.Element, int] = {}
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST or len(lines) >= _MOST_ELEMENTS:
            limit = f"{_DEEPEST} levels" if depth > _DEEPEST else f"{_MOST_ELEMENTS} elements"
            raise InputError(at(), f"more than {limit}", "a HistFactory XML file")
        lines[builder.start(tag, attributes)] = parser.CurrentLineNumber

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def declared(name: str, *_: object) -> None:
        raise InputError(
            at(), f"declares the entity {name[:80]!r}", "no entities",
            "Write out what it stands for; entities are not expanded.",
        )  # fmt: skip

    def skipped(name: str, *_: object) -> None:
        raise InputError(at(), f"the entity &{name[:80]}; is not known", "no entities", "Write it out.")

    def at() -> str:
        return f"{place} line {parser.CurrentLineNumber}"

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler, parser.SkippedEntityHandler = declared, skipped
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(data, True)
        return builder.close(), lines
    except (expat.ExpatError, LookupError, ValueError, AssertionError) as error:
        remedy = "Mend or copy the file again."
        raise InputError(place, f"no XML ({str(error)[:200]})", "well-formed XML", remedy) from error


def _node(element: ET.Element, lines: Mapping[ET.Element, int], place: str, depth: int) -> Node:
    """Check an element and what is in it against the words of the format."""
    named = element.get("Name", "").strip()
    where = f"{place} line {lines[element]}, {element.tag}" + (f" {named[:80]!r}" if named else "")
    word = _WORDS[element.tag]
    attributes = {
        name: value for name, value in element.items() if value.strip() or name.startswith("HistoPath")
    }  # an empty folder is the file's top
    allowed = (*word.needs, *word.may)
    for name in attributes:
        if name not in allowed:
            raise unknown_name(InputError, f"{where}, attribute", name[:80], allowed)
    missing = [name for name in word.needs if name not in attributes]
    if missing:
        raise InputError(where, f"no {' and no '.join(missing)}", f"{', '.join(word.needs)} in every one")
    for child in element:
        if child.tag not in word.holds:
            at = f"{where}, element in line {lines[child]}"
            raise unknown_name(InputError, at, child.tag[:80], word.holds)
    strange = (element.text or "").strip() if word.holds else ""
    if strange or any((child.tail or "").strip() for child in element):
        raise InputError(where, f"text between its elements ({strange[:40]!r})", "elements only")
    children = tuple(_node(child, lines, place, depth + 1) for child in element)
    return Node(element.tag, MappingProxyType(attributes), (element.text or "").strip(), children, where)


def _other_kind(tag: str, root: str, place: str) -> InputError:
    """Say which kind of file was given instead."""
    if tag == "Channel" and root == "Combination":
        return InputError(
            place, "the XML of one channel", "the top-level XML, a Combination",
            "Give the file whose Input elements name the channels.",
        )  # fmt: skip
    if tag == "Combination":
        return InputError(
            place, "a Combination where the XML of a channel belongs", "a Channel",
            "A Combination cannot take in itself or another one.",
        )  # fmt: skip
    return InputError(place, f"an XML file of another kind, {tag[:80]!r}", f"a {root}")
