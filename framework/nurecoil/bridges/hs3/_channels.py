"""Channels as distributions and data of an HS3 document.

Counts become a ``histfactory_dist``, normal measurements of sums a ``gaussian_dist`` each. Factors of single
bins are all ``shapefactor`` here, whose constraints are distributions of their own: ``shapesys`` and
``staterror`` mean different things to RooFit and to pyhs3. What they were is written under ``misc``, by
another module.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nurecoil.bridges.hs3._floors import floor_of
from nurecoil.bridges.hs3._functions import Functions
from nurecoil.bridges.hs3._names import Names
from nurecoil.errors import ModelError
from nurecoil.model.channels import GaussianChannel, PoissonChannel, Sample
from nurecoil.model.modifiers import BinFactors, HistoSys, Modifier, NormSys
from nurecoil.model.spectral import SpectralModel

__all__ = ["Channels"]

Json = dict[str, Any]

_ROOM = 1e-12
"""Relative difference of two steps that are the same but for rounding."""


@dataclass
class Channels:
    """Channels in the making.

    Args:
        model: the model, its templates arrays.
        names: the document's names.
        functions: the document's functions.
        together: what the data of all channels are called.
        counted: the ``histfactory_dist`` in order.
        data: their data in order.
        measured: the ``gaussian_dist`` in order.
        written: channel to the names of its distributions.
        floors: channel and sample to the name of the sample that takes a floor away.
        placeholder: name of the channel that stands where a model counts nothing.
    """

    model: SpectralModel
    names: Names
    functions: Functions
    together: str
    counted: list[Json] = field(default_factory=list)
    data: list[Json] = field(default_factory=list)
    measured: list[Json] = field(default_factory=list)
    written: dict[str, list[str]] = field(default_factory=dict)
    floors: dict[tuple[str, str], str] = field(default_factory=dict)
    placeholder: str | None = None

    def write(self) -> None:
        """Write every channel.

        Raises:
            ModelError: where one has no form.
        """
        for channel in self.model.channels:
            if isinstance(channel, PoissonChannel):
                self._counts(channel)
            else:
                self._measurement(channel)
        if not self.counted:
            self.placeholder = self.names.fresh("nothing_counted")
            one = Sample("one", np.ones(1))
            self._histogram(self.placeholder, np.array([0.0, 1.0]), [self._sample("", one)], np.ones(1))

    def _counts(self, channel: PoissonChannel) -> None:
        name = self.names.channel(channel.name)
        samples = []
        used = {sample.name for sample in channel.samples}
        for sample in channel.samples:
            floor = floor_of(sample, self.model.parameters)
            samples.append(self._sample(channel.name, sample, floor))
            if floor is not None:
                label = f"{sample.name}.floor"
                while label in used:
                    label += "_"
                used.add(label)
                self.floors[channel.name, sample.name] = label
                samples.append(self._sample(channel.name, _taken(sample, label, floor)))
        self._histogram(name, np.asarray(channel.edges, float), samples, np.asarray(channel.observed, float))
        self.written[channel.name] = [name]

    def _histogram(self, name: str, edges: Any, samples: list[Json], observed: Any) -> None:
        axes = [{"name": self.names.fresh(f"obs_{name}"), "edges": edges.tolist()}]
        self.counted.append({"name": name, "type": "histfactory_dist", "axes": axes, "samples": samples})
        seen = self.names.fresh(f"{self.together}_{name}")
        self.data.append({"name": seen, "type": "binned", "axes": axes, "contents": observed.tolist()})

    def _sample(self, channel: str, sample: Sample, floor: Any = None) -> Json:
        where = f"channel {channel!r} sample {sample.name!r}"
        template = np.asarray(sample.template, float)
        added = np.zeros_like(template) if floor is None else floor
        modifiers = []
        for public, power in sample.powers.items():
            name = self.functions.power(public, int(power))
            modifiers.append({"name": name, "type": "normfactor", "parameter": name})
        repeated: Counter[tuple[str, str]] = Counter()
        for modifier in sample.modifiers:
            written = self._modifier(where, modifier, template, added)
            key = written["type"], written["name"]
            repeated[key] += 1
            if repeated[key] > 1:
                written["name"] = f"{written['name']}_{repeated[key]}"
            modifiers.append(written)
        return {
            "name": sample.name,
            "data": {"contents": (template + added).tolist()},
            "modifiers": modifiers,
        }

    def _modifier(self, where: str, modifier: Modifier, template: Any, added: Any) -> Json:
        if isinstance(modifier, BinFactors):
            return self._bins(modifier)
        name = self.names.parameter(modifier.parameter)
        common: Json = {"name": name, "parameter": name, "constraint": "Gauss"}
        if isinstance(modifier, NormSys):
            high, low = _double(modifier.high), _double(modifier.low)
            data: Json = {"hi": high, "lo": low, "interpolation": f"code{modifier.code}"}
            return {**common, "type": "normsys", "interpolation": int(modifier.code), "data": data}
        if modifier.code == "0" and not _straight(modifier, template):
            raise ModelError(
                f"{where}, histosys {modifier.parameter!r}",
                "interpolation code 0 with steps that differ up and down, which RooFit cannot read",
                "code 4p, or code 0 with equal steps",
                "Change the code; a pyhf workspace takes code 0 where all histosys have it.",
            )
        hi, lo = (side + added for side in (modifier.high, modifier.low))
        data = {"hi": {"contents": hi.tolist()}, "lo": {"contents": lo.tolist()}, "interpolation": "code4p"}
        return {**common, "type": "histosys", "interpolation": 4, "data": data}

    def _bins(self, modifier: BinFactors) -> Json:
        parameters = [
            self.names.parameter(public) if public else self.functions.unity()
            for public in modifier.parameters
        ]
        label = self.names.fresh(f"{modifier.kind}_{parameters[0]}")
        return {"name": label, "type": "shapefactor", "parameters": parameters}

    def _measurement(self, channel: GaussianChannel) -> None:
        """One normal distribution per value, of a sum of its samples."""
        for sample in channel.samples:
            if sample.modifiers:
                raise ModelError(
                    f"channel {channel.name!r} sample {sample.name!r}",
                    f"a {type(sample.modifiers[0]).__name__} in a channel of normal measurements",
                    "factors and powers of parameters there, in HS3",
                    "Leave the channel out, or write the systematic as a factor with a constraint.",
                )
        name = self.names.channel(channel.name)
        self.written[channel.name] = []
        for bin_ in range(channel.bins):
            label = name if channel.bins == 1 else self.names.fresh(f"{name}_{bin_}")
            terms = [
                self.functions.term(f"{label}_{s.name}", float(np.asarray(s.template)[bin_]), s.powers)
                for s in channel.samples
            ]
            mean = self.functions.sum(f"{label}_mean", terms)
            x = self.functions.nominal(label, channel.observed[bin_])
            sigma = self.functions.number(f"{label}_sigma", channel.width[bin_])
            self.measured.append(
                {"name": label, "type": "gaussian_dist", "x": x, "mean": mean, "sigma": sigma}
            )
            self.written[channel.name].append(label)


def _taken(sample: Sample, label: str, floor: Any) -> Sample:
    """The sample that takes a floor away: the same factors, no shifts."""
    modifiers = tuple(one for one in sample.modifiers if not isinstance(one, HistoSys))
    return Sample(label, -floor, sample.powers, signed=True, modifiers=modifiers)


def _double(factor: float) -> float:
    """A factor, moved by its last bit where single precision would hold it.

    pyhs3 0.4 keeps such factors of a ``normsys`` (1.5, 0.75, 3) in single precision and takes their logarithm
    there, which is off by 6e-8.
    """
    single = float(np.float32(factor)) == factor
    return float(np.nextafter(factor, np.inf)) if single and factor != 1 else float(factor)


def _straight(modifier: HistoSys, template: Any) -> bool:
    """Whether the steps up and down are equal, so that both codes are one straight line."""
    up, down = modifier.high - template, template - modifier.low
    size = np.maximum(np.abs(modifier.high), np.maximum(np.abs(modifier.low), np.abs(template)))
    return bool(np.all(np.abs(up - down) <= _ROOM * size))
