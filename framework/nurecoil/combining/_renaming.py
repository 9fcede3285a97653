"""Channels and constraints with other names for their parameters; nothing else about them changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.model.channels import Channel, Sample, Template
from nurecoil.model.modifiers import BinFactors, Modifier
from nurecoil.model.parameters import CovarianceConstraint

__all__ = ["RenamedTemplate", "rename_channel", "rename_constraint"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RenamedTemplate:
    """A template under other parameter names.

    Args:
        template: the template itself.
        names: what its parameters are called now, in its order.

    Example:
        >>> from nurecoil.detectors.morph import Morph
        >>> flat = Morph((), np.empty(0), np.ones(2), np.empty((0, 2)), np.empty((0, 0, 2)))
        >>> RenamedTemplate(flat, ()).evaluate([])[0].tolist()
        [1.0, 1.0]
    """

    template: Template
    names: tuple[str, ...]

    def evaluate(self, values: Sequence[float] | Array) -> tuple[Array, Array]:
        """Contents ``(bins,)`` and derivatives ``(len(names), bins)``."""
        return self.template.evaluate(values)


def rename_channel(channel: Channel, name: str, names: Mapping[str, str]) -> Channel:
    """A channel under another name, with other names for its parameters.

    Args:
        channel: the channel.
        name: its new name.
        names: old to new name of every parameter.
    """
    if channel.name == name and all(old == new for old, new in names.items()):
        return channel
    samples = tuple(_rename_sample(sample, names) for sample in channel.samples)
    return dataclasses.replace(channel, name=name, samples=samples)


def rename_constraint(constraint: CovarianceConstraint, names: Mapping[str, str]) -> CovarianceConstraint:
    """A joint constraint with other names for its parameters."""
    return dataclasses.replace(constraint, names=tuple(names[name] for name in constraint.names))


def _rename_sample(sample: Sample, names: Mapping[str, str]) -> Sample:
    template = sample.template
    return dataclasses.replace(
        sample,
        template=template if isinstance(template, np.ndarray) else _rename_template(template, names),
        powers={names[old]: power for old, power in sample.powers.items()},
        modifiers=tuple(_rename_modifier(modifier, names) for modifier in sample.modifiers),
    )


def _rename_template(template: Template, names: Mapping[str, str]) -> Template:
    """The same template; a compiled one stays what it is, and so does the exact one that it stands for."""
    new = tuple(names[old] for old in template.names)
    if new == tuple(template.names):
        return template
    if "exact" in getattr(template, "__dataclass_fields__", ()):
        compiled: Any = template
        inner = None if compiled.exact is None else _rename_template(compiled.exact, names)
        made: Template = dataclasses.replace(compiled, names=new, exact=inner)
        return made
    return RenamedTemplate(template, new)


def _rename_modifier(modifier: Modifier, names: Mapping[str, str]) -> Modifier:
    if isinstance(modifier, BinFactors):
        new = tuple(names[old] if old else "" for old in modifier.parameters)
        return dataclasses.replace(modifier, parameters=new)
    return dataclasses.replace(modifier, parameter=names[modifier.parameter])
