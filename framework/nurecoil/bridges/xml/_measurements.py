"""The measurements of a HistFactory XML, through pyhf's reader: parameter of interest, settings, luminosity.

What pyhf's reader would drop without a word (constraint terms, functions, settings of unknown parameters) is
refused or noted here. Channels are :mod:`nurecoil.bridges.xml._channels`'s business.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Any

from nurecoil.bridges.xml._documents import Node, number, truth
from nurecoil.errors import InputError, unknown_name

__all__ = ["measurements", "refuse_functions"]

_PULL = "alpha_"


def refuse_functions(combination: Node) -> None:
    """Refuse what makes parameters depend on one another or changes their constraints.

    Raises:
        InputError: a ``Function`` or a ``ConstraintTerm``; pyhf has no form for either.

    Example:
        >>> refuse_functions(Node("Combination", {}, "", (), "fit.xml line 1, Combination"))
    """
    for node in combination.all("Function"):
        raise InputError(node.where, "a function of parameters, which has no form in pyhf", None,
                         "Export an HS3 file from ROOT instead.")  # fmt: skip
    for measurement in combination.all("Measurement"):
        for node in measurement.all("ConstraintTerm"):
            kind = node.attributes.get("Type", "no Type")
            raise InputError(
                node.where, f"another constraint ({kind[:40]}) for {node.text[:200]}", "normal constraints",
                "pyhf has no form for it; export an HS3 file from ROOT instead.",
            )  # fmt: skip


def measurements(
    combination: Node, settings: Sequence[dict[str, Any]], workspace: Mapping[str, Any], notes: list[str]
) -> list[dict[str, Any]]:
    """The measurements in pyhf's form.

    Args:
        combination: the top-level element.
        settings: what the channels say on norm factors.
        workspace: channels and observations, as they are.
        notes: gets a sentence for everything that is left aside.

    Returns:
        One entry for each ``Measurement``.

    Raises:
        InputError: there is none, a name is there twice, a number or a parameter is not usable.
    """
    import pyhf.readxml

    kinds: dict[str, set[str]] = {}
    for channel in workspace["channels"]:
        for sample in channel["samples"]:
            for modifier in sample["modifiers"]:
                kinds.setdefault(modifier["name"], set()).add(modifier["type"])
    found: list[dict[str, Any]] = []
    for node in combination.all("Measurement"):
        if node.attributes["Name"] in (one["name"] for one in found):
            raise InputError(node.where, "the name is there twice", "a name of its own")
        top = ET.Element("Combination")
        top.append(_respelt(node, kinds, notes))
        (made,) = pyhf.readxml.process_measurements(ET.ElementTree(top), list(settings))
        _hold_luminosity(made, node, "lumi" in kinds, notes)
        if number(node, "Lumi") != 1 or "lumi" in kinds:
            _note_unscaled(node, workspace, notes)
        found.append(made)
    if not found:
        raise InputError(combination.where, "no Measurement", "at least one")
    return found


def _respelt(node: Node, kinds: Mapping[str, set[str]], notes: list[str]) -> ET.Element:
    """A measurement as pyhf's reader takes it: one parameter of interest, known parameters, plain words."""
    luminosity, error = number(node, "Lumi"), number(node, "LumiRelErr")
    if luminosity <= 0 or error < 0:
        raise InputError(
            node.where, f"Lumi {luminosity:g}, LumiRelErr {error:g}", "Lumi > 0, LumiRelErr >= 0"
        )
    for word in ("BinLow", "BinHigh"):
        if word in node.attributes:
            notes.append(f"{node.where}: {word} is not carried, every bin is used (as by ROOT 6.40)")
    for asimov in node.all("Asimov"):
        notes.append(f"{asimov.where}: data to be made by HistFactory are not carried")
    made = ET.Element("Measurement", dict(node.attributes))
    pois = [name for poi in node.all("POI") for name in poi.text.split()]
    if not pois:
        raise InputError(node.where, "no POI", "a POI element with the parameter of interest")
    if len(pois) > 1:
        notes.append(f"{node.where}: of the parameters of interest {', '.join(pois)} the first is taken")
    ET.SubElement(made, "POI").text = _name(pois[0], kinds, f"{node.where}, POI")
    for setting in node.all("ParamSetting"):
        words = {"Const": str(truth(setting, "Const"))} if "Const" in setting.attributes else {}
        if "Val" in setting.attributes:
            words["Val"] = repr(number(setting, "Val"))
        kept = [name for name in setting.text.split() if _settable(name, setting, kinds, notes)]
        if kept:
            ET.SubElement(made, "ParamSetting", words).text = " ".join(kept)
    return made


def _name(rooted: str, kinds: Mapping[str, set[str]], where: str) -> str:
    """The name that pyhf has for a parameter."""
    plain = "lumi" if rooted == "Lumi" else rooted
    for name in (plain, rooted.removeprefix(_PULL)):
        if name in kinds:
            return name
    raise unknown_name(InputError, where, rooted[:80], kinds)


def _settable(name: str, node: Node, kinds: Mapping[str, set[str]], notes: list[str]) -> bool:
    """Whether a setting has a parameter to act on; those of single bins have no form in pyhf."""
    if name.startswith("gamma_"):
        raise InputError(node.where, f"sets {name[:80]!r}, a factor of one bin",
                         "parameters of whole samples", "Leave it out; fix it in the fit.")  # fmt: skip
    plain = "lumi" if name == "Lumi" else name.removeprefix(_PULL)
    if name != "Lumi" and name in kinds and plain != name:
        raise InputError(node.where, f"sets {name[:80]!r}, which pyhf's reader would take for {plain[:80]!r}",
                         None, "Rename the parameter.")  # fmt: skip
    if plain not in kinds:
        notes.append(f"{node.where}: no sample depends on {name[:80]!r}, its setting is not carried")
        return False
    if "shapefactor" in kinds[plain]:
        raise InputError(
            node.where, f"sets {name[:80]!r}, factors of single bins", "parameters of whole samples"
        )
    return True


def _note_unscaled(node: Node, workspace: Mapping[str, Any], notes: list[str]) -> None:
    """Say which samples have no luminosity: pyhf leaves it out, ROOT 6.40 does not."""
    unscaled = [
        f"{channel['name']}/{sample['name']}"
        for channel in workspace["channels"]
        for sample in channel["samples"]
        if not any(modifier["type"] == "lumi" for modifier in sample["modifiers"])
    ]
    if unscaled:
        notes.append(
            f"{node.where}: NormalizeByTheory is not True for {', '.join(unscaled)}: no factor of "
            "luminosity here, as in pyhf; ROOT 6.40 multiplies these samples by Lumi as well"
        )


def _hold_luminosity(made: dict[str, Any], node: Node, used: bool, notes: list[str]) -> None:
    """Fix a luminosity without error, which pyhf cannot normalise; drop one that nothing depends on."""
    parameters = made["config"]["parameters"]
    (entry,) = (one for one in parameters if one["name"] == "lumi")
    if not used:
        parameters.remove(entry)
    elif entry["sigmas"] == [0.0]:
        value = entry["auxdata"][0]
        entry |= {"sigmas": [value], "bounds": [[0.0, 10.0 * value]], "fixed": True}
        notes.append(f"{node.where}: LumiRelErr is 0, the luminosity is held; its constraint is a constant")
