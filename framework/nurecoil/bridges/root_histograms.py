"""The model's spectra as ROOT histograms, to be plotted, compared or handed on.

Every channel gets a folder with its data, what each sample expects, and how that changes with the pulls of
shapes and norms. This is no model file (workspaces are in :mod:`nurecoil.bridges.files`): what ROOT has no
place for is in the metadata of file and histograms. How these lie in files is :mod:`nurecoil.histograms`'s
business.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil._version import __version__
from nurecoil.bridges.histfactory.sidecar import definition, plain
from nurecoil.engine.compiled import CompiledModel
from nurecoil.errors import OptionError
from nurecoil.histograms import Histogram, write_histograms
from nurecoil.model.modifiers import BinFactors, HistoSys, NormSys
from nurecoil.model.parameters import Parameter
from nurecoil.model.spectral import Channel, PoissonChannel, Sample, SpectralModel

__all__ = ["write_root"]

Array = NDArray[np.float64]

_COUNTED = frozenset({"counts", "hits", "photoelectrons"})
"""Axes that count something: their numbers have no unit, which is what plugins ask of their inputs."""
_STRANGE = re.compile(r"[^A-Za-z0-9_.+-]+")


def write_root(model: SpectralModel, path: str | os.PathLike[str], *, where: str = "output") -> None:
    """Write a model's spectra to a ROOT file, whole or not at all.

    A channel's folder holds ``data`` (of a Gaussian channel with its widths as errors) and for every sample:

    - ``SAMPLE``: expected contents at the starting values, with the errors of its ``staterror`` set;
    - ``SAMPLE_template``: the contents with every factor at one, where they are others;
    - ``SAMPLE_PARAMETER_up`` and ``_down``: the expected contents with the pull of a ``histosys`` or
      ``normsys`` at 1 and -1, everything else at its start;
    - ``SAMPLE_SET_relative``: the relative errors from which a ``shapesys`` set was made.

    Characters that ROOT cannot have in a name become ``_``; the metadata have the names as they were, units,
    parameters and factors (:func:`nurecoil.histograms.read_metadata`).

    Args:
        model: the model.
        path: the file, ending in ``.root``; an older one is replaced.
        where: the place to name in an error.

    Raises:
        InputError: contents that are no finite numbers.
        OptionError: another suffix, or a place that cannot be written to.

    Example:
        >>> import tempfile
        >>> from nurecoil.histograms import list_histograms
        >>> from nurecoil.testing.models import counting
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_root(counting(observed=12.0, background=10.0), Path(folder) / "counting.root")
        ...     for name in list_histograms(Path(folder) / "counting.root"):
        ...         print(name)
        toy_count/data
        toy_count/signal
        toy_count/signal_template
        toy_count/background
        toy_count/background_template
    """
    if Path(os.fsdecode(path)).suffix.lower() != ".root":
        raise OptionError(where, f"{os.fsdecode(path)!r}", "a file name that ends in .root")
    compiled = CompiledModel(model)
    folders = _Names()
    histograms: list[Histogram] = []
    channels: dict[str, Any] = {}
    for number, channel in enumerate(model.channels):
        folder = folders.take(channel.name)
        made, about = _channel(compiled, number, channel, folder)
        histograms += made
        channels[folder] = about
    metadata = {
        "nurecoil": __version__,
        "poi": model.poi,
        "parameters": {name: _parameter(one) for name, one in model.parameters.items()},
        "channels": channels,
        "model": plain(model.metadata),
    }
    write_histograms(path, histograms, metadata, where=where)


class _Names:
    """Names that ROOT can hold, each given once."""

    def __init__(self, *taken: str) -> None:
        self._taken = set(taken)

    def take(self, name: str) -> str:
        """A free name that is as much like the wanted one as can be."""
        safe = _STRANGE.sub("_", name)
        safe = safe if re.match(r"[A-Za-z0-9_]", safe) else f"_{safe}"
        found, count = safe, 1
        while found in self._taken:
            count += 1
            found = f"{safe}_{count}"
        self._taken.add(found)
        return found


def _channel(
    compiled: CompiledModel, number: int, channel: Channel, folder: str
) -> tuple[list[Histogram], dict[str, Any]]:
    """The histograms of a channel, and what the file says about it."""
    names = _Names("metadata")
    counted = isinstance(channel, PoissonChannel)
    edges, variances, axis_unit = np.arange(channel.bins + 1.0) - 0.5, None, "1"
    if isinstance(channel, PoissonChannel):
        edges, axis_unit = channel.edges, "1" if channel.unit in _COUNTED else channel.unit
    else:
        variances = np.square(channel.width)

    def histogram(name: str, contents: Array, errors: Array | None, role: str, **words: Any) -> Histogram:
        return Histogram(
            name=f"{folder}/{names.take(name)}",
            edges=edges,
            counts=contents,
            variances=errors,
            observable=channel.observable if counted else "measurement",
            observable_unit=axis_unit,
            counts_unit="1" if role == "relative errors" else "events" if counted else channel.unit,
            metadata={"channel": channel.name, "role": role, **words},
        )

    made = [histogram("data", channel.observed, variances, "data")]
    start = compiled.start
    expected = compiled.components(start)[number]
    samples: dict[str, Any] = {}
    for row, sample in enumerate(channel.samples):
        template = _template(sample, compiled.model.values)
        errors = _statistical(sample, template, expected[row])
        words = {"sample": sample.name, "title": sample.title or sample.name}
        nominal = histogram(sample.name, expected[row], errors, "expected", **words)
        made.append(nominal)
        samples[nominal.name.rpartition("/")[2]] = _sample(sample)
        if not np.array_equal(template, expected[row]):
            made.append(histogram(f"{sample.name}_template", template, None, "template", **words))
        for parameter in _pulls(sample):
            for pull, side in ((1.0, "up"), (-1.0, "down")):
                position = start.copy()
                position[compiled.index[parameter]] = pull
                contents = compiled.components(position)[number][row]
                name = f"{sample.name}_{parameter}_{side}"
                made.append(histogram(name, contents, None, side, parameter=parameter, **words))
        for name, contents in _relative(sample, template):
            full = f"{sample.name}_{name}_relative"
            made.append(histogram(full, contents, None, "relative errors", parameter=name, **words))
    about = {
        "name": channel.name,
        "kind": "Poisson" if counted else "Gaussian",
        "observable": channel.observable,
        "unit": channel.unit,
        "asimov": channel.asimov,
        "samples": samples,
    }
    return made, about


def _template(sample: Sample, values: Mapping[str, float]) -> Array:
    """The contents with every factor at one; of a response at the starting values."""
    if isinstance(sample.template, np.ndarray):
        return sample.template
    return sample.template.evaluate([values[name] for name in sample.template.names])[0]


def _pulls(sample: Sample) -> list[str]:
    """The parameters of its shapes and norms, each once."""
    found = [m.parameter for m in sample.modifiers if isinstance(m, HistoSys | NormSys)]
    return list(dict.fromkeys(found))


def _statistical(sample: Sample, template: Array, expected: Array) -> Array | None:
    """Squared statistical errors of the expected contents, scaled with them; none where none are known."""
    found = [m.errors for m in sample.modifiers if isinstance(m, BinFactors) and m.kind == "staterror"]
    known = [errors for errors in found if errors.size]
    if not known:
        return None
    scale = np.divide(expected, template, out=np.ones_like(template), where=template != 0)
    return np.asarray(sum(np.square(errors * scale) for errors in known))


def _relative(sample: Sample, template: Array) -> Iterator[tuple[str, Array]]:
    """Name and relative errors of every ``shapesys`` set; zero in empty bins."""
    for modifier in sample.modifiers:
        if isinstance(modifier, BinFactors) and modifier.kind == "shapesys" and modifier.errors.size:
            relative = np.divide(modifier.errors, template, out=np.zeros_like(template), where=template != 0)
            yield _set(modifier), relative


def _set(modifier: BinFactors) -> str:
    """The name of a set: that of its members without their number."""
    first = next(filter(None, modifier.parameters), modifier.kind)
    return re.sub(r"\[\d+\]$", "", first)


def _sample(sample: Sample) -> dict[str, Any]:
    """What a histogram cannot say of a sample."""
    modifiers: list[dict[str, Any]] = []
    for one in sample.modifiers:
        match one:
            case NormSys():
                modifiers.append({"type": "normsys", **dataclasses.asdict(one)})
            case HistoSys():
                modifiers.append({"type": "histosys", "parameter": one.parameter, "code": one.code})
            case BinFactors():
                modifiers.append({"type": one.kind, "parameters": list(one.parameters)})
    return {
        "name": sample.name,
        "group": sample.group,
        "provenance": sample.provenance,
        "powers": dict(sample.powers),
        "response": [] if isinstance(sample.template, np.ndarray) else list(sample.template.names),
        "modifiers": modifiers,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    """A parameter as plain data; an infinite bound is null."""
    words: dict[str, Any] = plain({"value": parameter.value, **definition(parameter)})
    return words
