"""What a sidecar adds to the workspace it lies beside: units, axes, titles, roots, references.

Nothing in a sidecar changes the likelihood but its interpolation codes. How it is written is in
:mod:`nurecoil.bridges.histfactory.sidecar`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from nurecoil.bridges.origins import APPROXIMATELY
from nurecoil.errors import InputError
from nurecoil.model.channels import Channel, Sample
from nurecoil.model.parameters import Parameter, Root
from nurecoil.model.spectral import PoissonChannel, SpectralModel

__all__ = ["Sidecar", "find_sidecar"]

_KEPT = ("experiments", "search", "references", "provenance", "notes", "published", "published_limits")
"""What is taken over from the metadata of the model that was written."""

_REMEDY = "Remove the sidecar to read the workspace alone."


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)


class _Written(_Part):
    names: list[str] = []
    power: int = 1
    scale: float = 1.0
    unit: str = "1"
    centre: float = 0.0
    row: list[float] = []


class _Root(_Part):
    name: str
    unit: str
    scale: float
    power: int


class _Parameter(_Part):
    unit: str = "1"
    lower: float | None = 0.0
    upper: float | None = 0.0
    description: str = ""
    source: str = ""
    root: _Root | None = None
    written: _Written = _Written()


class _Sample(_Part):
    title: str = ""
    group: str = "background"
    provenance: str = ""


class _Channel(_Part):
    kind: str = "poisson"
    observable: str
    unit: str
    asimov: bool = False
    edges: list[float] = []
    samples: dict[str, _Sample] = {}


class _Approximation(_Part):
    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)
    what: str
    how: str


class _Workspace(_Part):
    digest: dict[str, str]


class _Document(_Part):
    version: str = ""
    workspace: _Workspace
    parameters: dict[str, _Parameter] = {}
    channels: dict[str, _Channel] = {}
    approximations: list[_Approximation] = []
    modifier_settings: dict[str, dict[str, str]] | None = None
    metadata: dict[str, Any] = {}


@dataclasses.dataclass(frozen=True)
class Sidecar:
    """A sidecar that belongs to its workspace, or one that does not.

    Args:
        name: its file's name.
        contents: what it says; ``None`` where it carries the digest of another workspace.
    """

    name: str
    contents: _Document | None

    @property
    def modifier_settings(self) -> Mapping[str, Mapping[str, str]] | None:
        """Interpolation codes under which the workspace is exact, as pyhf takes them."""
        return (self.contents.modifier_settings or None) if self.contents is not None else None

    def applied(self, model: SpectralModel) -> SpectralModel:
        """The model with everything that the sidecar knows about its parts."""
        if self.contents is None:
            note = f"{self.name} belongs to another version of this workspace and was left aside"
            return dataclasses.replace(
                model, metadata={**model.metadata, "notes": [*model.metadata["notes"], note]}
            )
        parameters = {**model.parameters}
        for public, known in self.contents.parameters.items():
            for name in known.written.names[:1] if known.written.power > 1 else known.written.names:
                if name in parameters:
                    parameters[name] = _described(parameters[name], public, known)
        channels = tuple(
            _drawn(channel, self.contents.channels[channel.name], self.name)
            if channel.name in self.contents.channels
            else channel
            for channel in model.channels
        )
        found = {key: self.contents.metadata[key] for key in _KEPT if key in self.contents.metadata}
        notes = [*model.metadata["notes"], *found.pop("notes", [])]
        if self.contents.modifier_settings:
            codes = ", ".join(
                f"{kind} {setting.get('interpcode')}"
                for kind, setting in self.contents.modifier_settings.items()
            )
            notes.append(
                f"interpolation as the sidecar says: {codes}; pyhf has to be told (modifier_settings)"
            )
        notes += [f"{APPROXIMATELY}: {one.what}: {one.how}" for one in self.contents.approximations]
        made_by = f"nurecoil {self.contents.version}"
        before = self.contents.metadata.get("made_from") or self.contents.metadata.get("origin")
        more = {
            "notes": notes,
            "approximations": [one.model_dump() for one in self.contents.approximations],
            "origin": {**model.metadata["origin"], "made_by": made_by},
            **({"made_from": before} if isinstance(before, dict) else {}),
        }
        return dataclasses.replace(
            model, channels=channels, parameters=parameters, metadata={**model.metadata, **found, **more}
        )


def find_sidecar(source: Path, document: Mapping[str, Any]) -> Sidecar | None:
    """The sidecar beside a workspace.

    Args:
        source: the workspace's file.
        document: what is in it.

    Returns:
        The sidecar, or ``None`` where there is none.

    Raises:
        InputError: where there is one that is damaged.
    """
    from nurecoil.bridges.files import SIDECAR_SUFFIX, sidecar_path
    from nurecoil.bridges.loading.documents import digest, load_json

    if source.name.endswith(SIDECAR_SUFFIX) or not sidecar_path(source).is_file():
        return None
    beside = sidecar_path(source)
    try:
        contents = _Document.model_validate(load_json(beside, where="sidecar"))
        _check_metadata(contents.metadata)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(beside.name, f"{place}: {first['msg']}", "a sidecar as nurecoil writes it",
                         _REMEDY) from None  # fmt: skip
    if contents.workspace.digest.get("sha256") != digest(document):
        return Sidecar(beside.name, None)
    return Sidecar(beside.name, contents)


def _described(parameter: Parameter, public: str, known: _Parameter) -> Parameter:
    """A parameter with what the sidecar says about it."""
    written = known.written
    words: dict[str, Any] = {"description": known.description, "source": known.source}
    if not written.row:
        words["unit"] = written.unit
        if known.lower is None and written.power == 1:
            words["lower"] = -math.inf
        if known.upper is None:
            words["upper"] = math.inf
        if written.power > 1:
            words["root"] = Root(public, known.unit, written.scale, written.power)
        elif known.root is not None:
            words["root"] = Root(**known.root.model_dump())
    elif parameter.name == written.names[-1]:  # the last pull of its row is its own
        unit = "" if known.unit == "1" else f" {known.unit}"
        row = " + ".join(f"{x:.6g} {name}" for x, name in zip(written.row, written.names, strict=False) if x)
        words["description"] = f"{public} = {written.centre:.6g} + {row}{unit}"
    else:
        return parameter
    return dataclasses.replace(parameter, **words)


def _drawn(channel: Channel, known: _Channel, name: str) -> Channel:
    """A channel with its axis and titles; bins that stand for a normal measurement keep their numbers."""
    samples = tuple(_titled(sample, known.samples.get(sample.name)) for sample in channel.samples)
    if known.kind != "poisson" or not isinstance(channel, PoissonChannel):
        return dataclasses.replace(channel, samples=samples)
    edges = channel.edges
    if known.edges:
        if len(known.edges) != channel.bins + 1:
            raise InputError(f"{name}: channel {channel.name!r}", f"{len(known.edges)} edges",
                             f"{channel.bins + 1}", _REMEDY)  # fmt: skip
        edges = np.array(known.edges)
    return dataclasses.replace(
        channel,
        samples=samples,
        observable=known.observable,
        unit=known.unit,
        edges=edges,
        asimov=known.asimov,
    )


def _titled(sample: Sample, known: _Sample | None) -> Sample:
    if known is None:
        return sample
    return dataclasses.replace(sample, title=known.title, group=known.group, provenance=known.provenance)


def _check_metadata(metadata: Mapping[str, Any]) -> None:
    """Refuse metadata whose parts are of other kinds than a report expects."""
    _Metadata.model_validate({key: metadata[key] for key in _KEPT if key in metadata})


class _Metadata(_Part):
    experiments: list[str] = []
    search: str | None = None
    references: list[str] = []
    provenance: list[str] = []
    notes: list[str] = []
    published: list[dict[str, Any]] = []
    published_limits: list[dict[str, Any]] = []
