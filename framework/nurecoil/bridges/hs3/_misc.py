"""What an HS3 document of ours says beyond the standard, under ``misc``.

Public names, units, titles, citations, the kinds of factors, what was approximated; and for RooFit the word
that several channels belong together. No likelihood changes with it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from nurecoil._version import __version__
from nurecoil.bridges.histfactory.sidecar import plain
from nurecoil.bridges.hs3._channels import Channels
from nurecoil.bridges.hs3._constraints import Constraints
from nurecoil.bridges.hs3._names import ANALYSIS, REGION, TOGETHER, Names
from nurecoil.bridges.hs3._response import Still
from nurecoil.bridges.loading.documents import digest
from nurecoil.model.channels import Channel, Sample
from nurecoil.model.modifiers import BinFactors
from nurecoil.model.parameters import Parameter

__all__ = ["approximations", "ours", "outside_misc", "roofit"]

Json = dict[str, Any]


def ours(still: Still, names: Names, channels: Channels, constraints: Constraints) -> Json:
    """The contents of ``misc.nurecoil``.

    Args:
        still: what is written and where it comes from.
        names: how it is called.
        channels: how the channels were written.
        constraints: how the constraints were written.

    Returns:
        Plain data for JSON.
    """
    model = still.model
    found: Json = {
        "version": __version__,
        "names": names.other,
        "order": {
            "parameters": list(model.parameters),
            "channels": [channel.name for channel in model.channels],
        },
        "parameters": {name: _parameter(parameter) for name, parameter in model.parameters.items()},
        "channels": {channel.name: _channel(channel, channels) for channel in model.channels},
        "response": still.response,
        "approximations": approximations(still),
        "metadata": _metadata(still),
    }
    if constraints.joint:
        found["joint"] = [
            {**dataclasses.asdict(joint), "distributions": rows} for joint, rows in constraints.joint
        ]
    if constraints.released:
        found["released"] = dict(constraints.released)
    if channels.functions.one is not None:
        found["unity"] = channels.functions.one
    if channels.placeholder is not None:
        found["placeholder"] = channels.placeholder
    made = plain(found)
    assert isinstance(made, dict)
    return made


def approximations(still: Still) -> list[Json]:
    """What the document says otherwise than the model it was made from, earlier approximations in front."""
    before = still.source.metadata.get("approximations") or []
    return [*before, *(one for one in still.approximations if one not in before)]


def outside_misc(document: Mapping[str, Any]) -> str:
    """Digest of everything but ``misc``: our words belong to the document that they were written for."""
    return digest({key: value for key, value in document.items() if key != "misc"})


def roofit(channels: Channels) -> Json:
    """What RooFit needs to know which data belong to which channel (``misc.ROOT_internal``)."""
    labels = [channel["name"] for channel in channels.counted]
    told = {"index_cat": REGION, "indices": list(range(len(labels))), "labels": labels}
    return {
        "ModelConfigs": {ANALYSIS: {"mcName": ANALYSIS, "pdfName": TOGETHER}},
        "combined_datasets": {channels.together: told},
        "combined_distributions": {TOGETHER: {**told, "distributions": labels}},
    }


def _metadata(still: Still) -> Json:
    """The model's metadata; where it was read from stays known unless that was a document of ours."""
    left = ("origin", "alternatives")  # who reads the file says the one, and cannot build the others
    known = still.source.metadata.items()
    found = {key: value for key, value in known if key not in left and value not in (None, [], {}, ())}
    origin = still.source.metadata.get("origin") or {}
    made_by = str(origin.get("made_by") or "")
    if origin and not (origin.get("format") == "hs3" and made_by.startswith("nurecoil")):
        found["made_from"] = origin
    if still.response:
        found["response"] = still.response
    said = approximations(still)
    if said:
        found["approximations"] = said
    return found


def _parameter(parameter: Parameter) -> Json:
    found: Json = {
        "unit": parameter.unit,
        "description": parameter.description,
        "source": parameter.source,
        "lower": parameter.lower if math.isfinite(parameter.lower) else None,
        "upper": parameter.upper if math.isfinite(parameter.upper) else None,
    }
    if parameter.root is not None:
        found["root"] = dataclasses.asdict(parameter.root)
    return found


def _channel(channel: Channel, channels: Channels) -> Json:
    return {
        "observable": channel.observable,
        "unit": channel.unit,
        "asimov": channel.asimov,
        "distributions": channels.written[channel.name],
        "samples": {
            sample.name: _sample(sample, channels.floors.get((channel.name, sample.name)))
            for sample in channel.samples
        },
    }


def _sample(sample: Sample, floor: str | None) -> Mapping[str, Any]:
    found: Json = {
        "title": sample.title,
        "group": sample.group,
        "provenance": sample.provenance,
        "signed": sample.signed,
    }
    kinds = [
        {"kind": modifier.kind, "errors": modifier.errors.tolist()}
        for modifier in sample.modifiers
        if isinstance(modifier, BinFactors)
    ]
    if kinds:
        found["bin_factors"] = kinds
    if floor is not None:
        found["floor"] = floor
    return found
