"""What our own HS3 files say beyond the standard, under ``misc.nurecoil``: names, units, titles, order.

The model is complete without it; here it only gets its names and words back.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nurecoil.bridges.hs3._misc import outside_misc
from nurecoil.bridges.hs3._read_place import Place
from nurecoil.bridges.hs3._read_restored import joint_constraints, restored_channels
from nurecoil.errors import InputError, NurecoilError
from nurecoil.model.channels import Channel, Sample
from nurecoil.model.modifiers import BinFactors, Modifier
from nurecoil.model.parameters import CovarianceConstraint, Parameter, Root
from nurecoil.model.spectral import SpectralModel

__all__ = ["Own", "as_ours"]


@dataclass(frozen=True, slots=True)
class Own:
    """The contents of ``misc.nurecoil``.

    Args:
        place: where they stand, ``None`` where the file is not ours.
        names: written name to public name of every parameter that has two.
        parameters: written names of the parameters.
        channels: names of the distributions that are channels.
        metadata: the model's metadata.
        joint: joint constraints under public names.
        skipped: distributions that stand for something else, which is read from here.
        released: written names of the pulls whose implied constraint one of these takes back.
        unity: a constant 1 that stands where there is no factor.
        stale: whether there are some, which belong to another version of the document and are left aside.
    """

    place: Place | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    joint: tuple[CovarianceConstraint, ...] = ()
    skipped: frozenset[str] = frozenset()
    released: frozenset[str] = frozenset()
    unity: str | None = None
    stale: bool = False

    @classmethod
    def of(cls, document: Place) -> Own:
        """Find them in a file.

        Raises:
            InputError: where they are not what we write.
        """
        misc = document.get("misc")
        place = misc.get("nurecoil") if misc is not None and isinstance(misc.value, Mapping) else None
        if place is None:
            return cls()
        stated = place.get("digest")
        if stated is not None and stated.need("sha256").text() != outside_misc(document.mapping()):
            return cls(stale=True)
        named = place.get("names")
        names = {} if named is None else {str(key): named.need(str(key)).text() for key in named.mapping()}
        channels, parameters = place.get("channels"), place.get("parameters")
        parts: list[str] = []
        for public in {} if channels is None else channels.mapping():
            assert channels is not None
            listed = channels.need(str(public)).get("distributions")
            known = [written for written, name in names.items() if name == public] or [str(public)]
            parts += known[:1] if listed is None else listed.texts()
        names = {written: public for written, public in names.items() if written not in parts}
        if len(set(names.values())) < len(names):
            assert named is not None
            raise named.fail("two names for one parameter", "each public name once")
        back = {public: written for written, public in names.items()}
        metadata, released, unity = place.get("metadata"), place.get("released"), place.get("unity")
        joint = joint_constraints(place)
        freed = {} if released is None else {str(k): released.need(str(k)).text() for k in released.mapping()}
        skipped = {*freed.values(), *(name for _, rows in joint for name in rows)}
        placeholder = place.get("placeholder")
        if placeholder is not None:
            skipped.add(placeholder.text())
        return cls(
            place,
            names,
            tuple(back.get(name, name) for name in ({} if parameters is None else parameters.mapping())),
            tuple(parts),
            {} if metadata is None else dict(metadata.mapping()),
            tuple(constraint for constraint, _ in joint),
            frozenset(skipped),
            frozenset(back.get(name, name) for name in freed),
            None if unity is None else unity.text(),
        )

    @property
    def used(self) -> list[str]:
        """Written names of the parameters of joint constraints."""
        back = {public: written for written, public in self.names.items()}
        return [back.get(name, name) for constraint in self.joint for name in constraint.names]

    def __bool__(self) -> bool:
        """Whether the file is ours."""
        return self.place is not None


def as_ours(model: SpectralModel, own: Own) -> SpectralModel:
    """The model with its public names, units, titles and order.

    Args:
        model: the model under the names of the file.
        own: what the file says beyond the standard.

    Raises:
        InputError: where that does not fit the model.
    """
    if own.place is None:
        return model
    parameters = [_parameter(own, one) for one in model.parameters.values() if one.name != own.unity]
    named = [_renamed(own, channel) for channel in model.channels]
    channels = [_channel(own, channel) for channel in restored_channels(named, own.place)]
    order = own.place.get("order")
    names = [parameter.name for parameter in parameters]
    wanted, placed = _order(order, "parameters", names), _order(order, "channels", [c.name for c in channels])
    joint = [_joint(own, one) for one in model.constraints]
    by_name = {parameter.name: parameter for parameter in parameters}
    by_channel = {channel.name: channel for channel in channels}
    if len(by_name) < len(parameters) or len(by_channel) < len(channels):
        raise own.place.fail("a public name that the file uses for something else", "each name once")
    return SpectralModel(
        tuple(by_channel[name] for name in placed),
        {name: by_name[name] for name in wanted},
        (*joint, *own.joint),
        None if model.poi is None else own.names.get(model.poi, model.poi),
        model.metadata,
    )


def _order(place: Place | None, key: str, names: list[str]) -> list[str]:
    """Names in the file's order, those that it leaves out behind."""
    listed = None if place is None else place.get(key)
    first = [] if listed is None else [name for name in listed.texts() if name in names]
    return list(dict.fromkeys([*first, *names]))


def _entry(own: Own, key: str, name: str) -> Place | None:
    group = None if own.place is None else own.place.get(key)
    return None if group is None else group.get(name)


def _text(place: Place, key: str, usual: str) -> str:
    found = place.mapping().get(key, usual)
    if not isinstance(found, str):
        raise place.fail(f"{key!r} is no text", "a string")
    return found


def _parameter(own: Own, parameter: Parameter) -> Parameter:
    name = own.names.get(parameter.name, parameter.name)
    said = _entry(own, "parameters", name)
    if said is None:
        return dataclasses.replace(parameter, name=name)
    bounds = [parameter.lower, parameter.upper]
    for i, (key, infinite) in enumerate((("lower", -math.inf), ("upper", math.inf))):
        if key in said.mapping():
            found = said.get(key)
            bounds[i] = infinite if found is None else found.number()
    root = said.get("root")
    words: dict[str, Any] = {
        "unit": _text(said, "unit", "1"), "description": _text(said, "description", ""),
        "source": _text(said, "source", ""), "root": None if root is None else _root(root),
    }  # fmt: skip
    try:
        return dataclasses.replace(parameter, name=name, lower=bounds[0], upper=bounds[1], **words)
    except InputError:
        raise
    except NurecoilError as error:
        raise said.fail(error.got, error.allowed) from None


def _root(place: Place) -> Root:
    place.only(("name", "unit", "scale", "power"))
    name, unit = place.need("name").text(), place.need("unit").text()
    return Root(name, unit, place.need("scale").number(), place.need("power").whole())


def _channel(own: Own, channel: Channel) -> Channel:
    """A channel under its public name with its words."""
    said = _entry(own, "channels", channel.name)
    if said is None:
        return channel
    samples = tuple(_sample(said, sample) for sample in channel.samples)
    asimov = said.get("asimov")
    changes: dict[str, Any] = {
        "samples": samples, "observable": _text(said, "observable", channel.observable),
        "unit": _text(said, "unit", "1"), "asimov": channel.asimov if asimov is None else asimov.flag(),
    }  # fmt: skip
    return dataclasses.replace(channel, **changes)


def _renamed(own: Own, channel: Channel) -> Channel:
    """A channel whose parameters have their public names."""
    samples = []
    for sample in channel.samples:
        powers = {own.names.get(one, one): n for one, n in sample.powers.items() if one != own.unity}
        modifiers = tuple(_modifier(own, modifier) for modifier in sample.modifiers)
        samples.append(dataclasses.replace(sample, powers=powers, modifiers=modifiers))
    return dataclasses.replace(channel, samples=tuple(samples))


def _sample(channel: Place, sample: Sample) -> Sample:
    group = channel.get("samples")
    said = None if group is None else group.get(sample.name)
    if said is None:
        return sample
    signed = said.get("signed")
    changes: dict[str, Any] = {
        key: _text(said, key, getattr(sample, key)) for key in ("title", "group", "provenance")
    }
    changes["signed"] = sample.signed or (signed is not None and signed.flag())
    return dataclasses.replace(sample, **changes)


def _modifier(own: Own, modifier: Modifier) -> Modifier:
    if isinstance(modifier, BinFactors):
        names = tuple("" if n == own.unity else own.names.get(n, n) for n in modifier.parameters)
        return dataclasses.replace(modifier, parameters=names)
    return dataclasses.replace(modifier, parameter=own.names.get(modifier.parameter, modifier.parameter))


def _joint(own: Own, joint: CovarianceConstraint) -> CovarianceConstraint:
    return dataclasses.replace(joint, names=tuple(own.names.get(name, name) for name in joint.names))
