"""The inputs of a combination: a label for each, a digest of what each says, which names are its own.

No rule of combination here, see :mod:`nurecoil.combining._matching`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Any

import numpy as np

from nurecoil.errors import ModelError
from nurecoil.model.channels import Channel
from nurecoil.model.modifiers import BinFactors
from nurecoil.model.parameters import Parameter
from nurecoil.model.roots import rooted
from nurecoil.model.spectral import SpectralModel

__all__ = ["Input", "contents", "labels_of_files", "make_inputs"]

_LABEL = re.compile(r"[A-Za-z0-9_+-]+")


@dataclass(frozen=True)
class Input:
    """A model with its label.

    Args:
        label: how the map and the prefixes call it.
        model: the model.
        held: what its parameter of interest was called where it held a power of it and others hold another.
    """

    label: str
    model: SpectralModel
    held: str = ""

    @property
    def title(self) -> str:
        """Label and file, for messages."""
        file = self.origin.get("file")
        return f"{self.label} ({file})" if file else self.label

    @property
    def origin(self) -> dict[str, Any]:
        """What its metadata say of the file it comes from."""
        return dict(self.model.metadata.get("origin") or {})

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything that the model says except its metadata."""
        model = self.model
        said = {
            "channels": [contents(channel, model) for channel in model.channels],
            "parameters": [dataclasses.asdict(parameter) for parameter in model.parameters.values()],
            "constraints": [dataclasses.asdict(one) for one in model.constraints],
            "poi": model.poi,
        }
        text = json.dumps(said, sort_keys=True, default=repr)
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()

    @cached_property
    def sets(self) -> dict[str, tuple[str, ...]]:
        """Every per-bin parameter with all that stand in one set with it."""
        found: dict[str, tuple[str, ...]] = {}
        for factors in self._factors():
            joined = [name for name in factors.parameters if name]
            joined += [other for name in joined for other in found.get(name, ())]
            whole = tuple(dict.fromkeys(joined))
            found.update(dict.fromkeys(whole, whole))
        return found

    @cached_property
    def own(self) -> frozenset[str]:
        """The per-bin parameters that carry auxiliary data: of its own bins, so its own."""
        kinds = ("shapesys", "staterror")
        return frozenset(n for f in self._factors() if f.kind in kinds for n in f.parameters if n)

    def _factors(self) -> list[BinFactors]:
        samples = [sample for channel in self.model.channels for sample in channel.samples]
        return [m for sample in samples for m in sample.modifiers if isinstance(m, BinFactors)]


def make_inputs(models: Sequence[SpectralModel], labels: Sequence[str] | None) -> tuple[Input, ...]:
    """Models with their labels, sorted by them.

    Args:
        models: at least two.
        labels: one each, or ``None``: the stems of their files, or the names of their experiments.

    Raises:
        ModelError: where there are fewer than two models, or labels that do not fit.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> [one.label for one in make_inputs([counting(3.0, 1.0), counting(4.0, 2.0)], ["b", "a"])]
        ['a', 'b']
    """
    if len(models) < 2:
        raise ModelError("combination", f"{len(models)} models", "at least two")
    if labels is None:
        unnamed = [Input("", model) for model in models]
        labels = _numbered([_stem(one) for one in unnamed], unnamed)
    if len(labels) != len(models):
        raise ModelError("labels of the combination", f"{len(labels)} for {len(models)} models", "one each")
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise ModelError("labels of the combination", repr(label),
                             "letters, digits and the signs _ + -")  # fmt: skip
        if list(labels).count(label) > 1:
            raise ModelError("labels of the combination", f"{label!r} more than once", "each once")
    made = [Input(label, model) for label, model in zip(labels, models, strict=True)]
    return _in_common_roots(sorted(made, key=lambda one: one.label))


def _in_common_roots(inputs: Sequence[Input]) -> tuple[Input, ...]:
    """Inputs in which one parameter of interest has one form.

    A pyhf file holds a magnetic moment as its square in a unit that suits that file, ``(1e-11 mu_B)^2`` in
    one, ``(1e-12 mu_B)^2`` in another, and HS3 holds the moment itself. Where the forms differ, it is the
    moment.
    """
    forms: dict[str, set[object]] = {}
    for one in inputs:
        held = one.model.parameters.get(one.model.poi or "")
        if held is not None and held.root is not None:
            forms.setdefault(held.root.name, set()).add((held.name, held.root))
    for name, known in forms.items():
        known |= {name for one in inputs if name in one.model.parameters}
    found = []
    for one in inputs:
        held = one.model.parameters.get(one.model.poi or "")
        if held is not None and held.root is not None and len(forms[held.root.name]) > 1:
            one = dataclasses.replace(one, model=rooted(one.model), held=held.name)
        found.append(one)
    return tuple(found)


def labels_of_files(paths: Sequence[PurePath]) -> list[str]:
    """Labels of files: their stems, with as many folders before them as tell them apart.

    Args:
        paths: the files.

    Returns:
        A label each, in the order of the files.

    Raises:
        ModelError: where a file is named twice.

    Example:
        >>> labels_of_files([PurePath("run1/ws.json"), PurePath("run2/ws.json"), PurePath("c.json")])
        ['run1-ws', 'run2-ws', 'c']
    """
    depth, names = 1, [_label((_without_ending(path),)) for path in paths]
    while len(set(names)) < len(names):
        depth += 1
        if depth > max(len(path.parts) for path in paths):
            twice = [str(path) for path, name in zip(paths, names, strict=True) if names.count(name) > 1]
            raise ModelError("labels of the combination", "no way to tell apart " + " and ".join(twice),
                             "files with different names", "Name each file once, or rename one.")  # fmt: skip
        counted = Counter(names)
        names = [
            _label((*path.parts[-depth:-1], _without_ending(path))) if counted[name] > 1 else name
            for path, name in zip(paths, names, strict=True)
        ]
    return names


def contents(channel: Channel, model: SpectralModel) -> dict[str, Any]:
    """Everything that a channel says, as plain data; a template that moves by what it is at the start.

    Args:
        channel: the channel.
        model: the model it belongs to.
    """
    found: dict[str, Any] = {"kind": type(channel).__name__}
    for field in dataclasses.fields(channel):
        if field.name != "samples":
            found[field.name] = _plain(getattr(channel, field.name), model.parameters)
    found["samples"] = [
        {f.name: _plain(getattr(sample, f.name), model.parameters) for f in dataclasses.fields(sample)}
        for sample in channel.samples
    ]
    return found


def _plain(value: Any, parameters: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if callable(getattr(value, "evaluate", None)):
        counts, slopes = value.evaluate([_start(parameters[name]) for name in value.names])
        return {"names": list(value.names), "counts": counts.tolist(), "slopes": slopes.tolist()}
    if dataclasses.is_dataclass(value):
        said = {f.name: _plain(getattr(value, f.name), parameters) for f in dataclasses.fields(value)}
        return {"type": type(value).__name__, **said}
    if isinstance(value, tuple):
        return [_plain(one, parameters) for one in value]
    return dict(sorted(value.items())) if isinstance(value, dict) else value


def _start(parameter: Parameter) -> float:
    return parameter.value


def _stem(one: Input) -> str:
    file = one.origin.get("file")
    if file:
        return _label((_without_ending(PurePath(str(file).replace("\\", "/"))),))
    return _label(tuple(one.model.metadata.get("experiments") or ("model",)), "+")


def _without_ending(path: PurePath) -> str:
    name = path.name
    for ending in (".json", ".xml", ".root"):
        name = name.removesuffix(ending)
    return name or path.name


def _label(parts: Sequence[str], between: str = "-") -> str:
    words = [re.sub(r"[^A-Za-z0-9_+-]+", "_", part).strip("_") for part in parts]
    return between.join(word for word in words if word) or "model"


def _numbered(names: Sequence[str], inputs: Sequence[Input]) -> list[str]:
    """Equal names told apart by a number, in the order of the digests, so in no order of the inputs."""
    made = list(names)
    for name in sorted({one for one in names if names.count(one) > 1}):
        places = [place for place, other in enumerate(names) if other == name]
        number = 0
        for place in sorted(places, key=lambda place: inputs[place].digest):
            number += 1
            while f"{name}-{number}" in made:
                number += 1
            made[place] = f"{name}-{number}"
    return made
