"""Rules that hold for experiments and searches alike: how they load, what they say of themselves, options.

What only one of the two has to do is in :mod:`nurecoil.testing.experiment_rules` and
:mod:`nurecoil.testing.search_rules`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from nurecoil.documents import encode
from nurecoil.errors import NurecoilError
from nurecoil.testing.rules import Kept, Rule, told

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nurecoil.model.parameters import Parameter
    from nurecoil.model.spectral import SpectralModel
    from nurecoil.testing.cases import Case

__all__ = [
    "DESCRIBED",
    "DETERMINISTIC",
    "LIGHT",
    "OPTIONS",
    "SILENT",
    "described",
    "deterministic",
    "light",
    "loads",
    "numbers",
    "options",
    "silent",
    "stated",
    "worded",
]

HEAVY = ("numpy", "scipy", "uproot", "matplotlib", "pandas", "numba", "pydantic")
"""What must not be imported together with a plugin's module."""

_IMPORTS = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
print(json.dumps([name for name in sys.argv[2:] if name in sys.modules]))
"""


def loads(case: Case) -> Iterator[str]:
    """The registry finds and loads it."""
    if case.entry.status != "ok":
        yield f"it is {case.entry.status}: {case.entry.reason}"
        return
    if case.plugin.name != case.name:
        yield f"its class is named {case.plugin.name!r}"


def light(case: Case) -> Iterator[str]:
    """Its module imports quickly: numpy and its like are left for later."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    module = _package_module(case)
    found = subprocess.run(
        [sys.executable, "-c", _IMPORTS, module, *HEAVY],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = found.stdout.splitlines()
    if found.returncode != 0 or not lines:
        last = found.stderr.strip().splitlines() or [f"status {found.returncode}"]
        yield f"importing {module} in a process of its own fails: {last[-1]}"
        return
    if len(lines) > 1:
        yield f"importing {module} prints {lines[0]!r}"
    heavy = json.loads(lines[-1])
    if heavy:
        yield f"importing {module} imports {', '.join(heavy)}"


def described(case: Case) -> Iterator[str]:
    """Title, docstring and citations."""
    plugin = case.plugin
    if not (isinstance(plugin.title, str) and plugin.title.strip()) or "\n" in plugin.title:
        yield f"its title is {plugin.title!r}"
    if not (plugin.__doc__ or "").strip():
        yield "its class has no docstring"
    if isinstance(plugin.citations, str) or not plugin.citations:
        yield f"its citations are {plugin.citations!r}"
    elif not all(isinstance(one, str) and one.strip() for one in plugin.citations):
        yield f"its citations {plugin.citations!r} are not all texts"


def options(case: Case) -> Iterator[str]:
    """A frozen dataclass of options that are described and whose defaults are allowed."""
    from nurecoil.option_words import option_hints
    from nurecoil.options import make_options

    kind = case.plugin.Options
    if not kind.__dataclass_params__.frozen:
        yield f"{kind.__name__} is not frozen"
    hints = option_hints(kind)
    for field in dataclasses.fields(kind):
        key = f"{case.name}.{field.name}"
        if field.name not in hints:
            yield f"the type of {key}, {field.type!r}, cannot be resolved where the options are defined"
        for what in ("unit", "help"):
            if not str(field.metadata.get(what, "")).strip():
                yield f"{key} has no {what}"
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            yield f"{key} has no default"
        elif field.name in hints:
            default = getattr(make_options(case.name, kind), field.name)
            try:
                make_options(case.name, kind, {field.name: default})
            except NurecoilError as error:
                yield f"the default of {key} is not allowed: {told(error)}"
    make_options(case.name, kind, case.options.get(case.name))


def worded(parameters: list[Parameter]) -> Iterator[str]:
    """Every parameter has a unit and a description."""
    for parameter in parameters:
        for what in ("unit", "description"):
            if not getattr(parameter, what).strip():
                yield f"{parameter.name} has no {what}"


def deterministic(case: Case) -> Iterator[str]:
    """Two builds are the same, bit by bit."""
    one, two = case.model, case.again  # type: ignore[attr-defined]
    if dict(one.parameters) != dict(two.parameters):
        changed = [n for n, p in one.parameters.items() if two.parameters.get(n) != p]
        yield f"two builds differ in the parameters {', '.join(changed or sorted(two.parameters))}"
        return
    first, second = numbers(one), numbers(two)
    if list(first) != list(second):
        yield "two builds have different channels or samples"
        return
    for what, values in first.items():
        if not np.array_equal(values, second[what], equal_nan=True):
            yield f"two builds differ in {what}"
    for what in ("references", "provenance", "notes"):
        if one.metadata[what] != two.metadata[what]:
            yield f"two builds differ in their {what}"


def silent(case: Case) -> Iterator[str]:
    """Nothing is printed while the model is built."""
    case.model  # type: ignore[attr-defined]  # noqa: B018  (made for what it prints)
    if case.printed:
        yield f"it prints {case.printed.strip()[:60]!r}"


def stated(model: SpectralModel, citations: tuple[str, ...], document: dict[str, object]) -> Iterator[str]:
    """A result's document is JSON and says whom to cite and where inputs come from."""
    read = json.loads(encode(document))
    missing = [one for one in citations if one not in read["references"]]
    if missing:
        yield f"the references of a result lack {missing[0]!r}"
    for what in ("references", "provenance", "notes"):
        if read[what] != list(model.metadata[what]):
            yield f"the {what} of a result are not the model's"
    if not all(isinstance(note, str) and note.strip() for note in read["notes"]):
        yield f"its notes are {read['notes']!r}"
    yield Kept(f"{len(read['references'])} references")


def numbers(model: SpectralModel) -> dict[str, NDArray[np.float64]]:
    """Every number that a model's likelihood is made of: data, edges, templates at two points.

    Args:
        model: the model.

    Returns:
        What it is, in words, to the numbers.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> list(numbers(counting(3.0, 1.0)))[:2]
        ['the data of toy/count', 'the edges of toy/count']
    """
    found: dict[str, NDArray[np.float64]] = {}
    for channel in model.channels:
        found[f"the data of {channel.name}"] = np.asarray(channel.observed)
        found[f"the edges of {channel.name}"] = np.asarray(getattr(channel, "edges", ()))
        for sample in channel.samples:
            where = f"the template of {sample.name} in {channel.name}"
            if isinstance(sample.template, np.ndarray):
                found[where] = sample.template
                continue
            defined = [model.parameters[name] for name in sample.template.names]
            for shift in (0.0, 1e-3):
                values = [min(p.value + shift * max(abs(p.value), 1.0), p.upper) for p in defined]
                contents, slopes = sample.template.evaluate(np.array(values))
                found[f"{where} {shift:g} away"] = np.vstack([contents, slopes])
    return found


def _package_module(case: Case) -> str:
    """The module that the entry point names, which is what listing imports."""
    from nurecoil import _claims

    case.plugin  # noqa: B018  (one that does not load is not looked at)
    (claim,) = [c for c in _claims.claims() if c.name == case.name and c.status == "ok"]
    assert claim.entry_point is not None
    return claim.entry_point.module


LIGHT = Rule("imports light", "Import heavy packages inside methods.", light)
DESCRIBED = Rule("is described", "Give the class a docstring, a title and citations.", described)
OPTIONS = Rule(
    "options",
    "Make Options a frozen dataclass whose fields come from nurecoil.experiment.option, each with a type, an "
    "allowed default, a unit and a help text.",
    options,
)
DETERMINISTIC = Rule(
    "is deterministic", "Build the same model from the same options, bit by bit.", deterministic
)
SILENT = Rule("is silent", "Print nothing.", silent)
