"""Parameters that a file could hold only as a power, turned back into their roots.

HistFactory knows no powers: a magnetic moment is written as its square. A limit on the square is another
limit (an area under the profile is another area), so what is inferred is inferred on the root.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from nurecoil.model.modifiers import BinFactors, HistoSys, Modifier
from nurecoil.model.parameters import Parameter, Root
from nurecoil.model.spectral import SpectralModel

__all__ = ["rooted"]


def rooted(model: SpectralModel) -> SpectralModel:
    """The model with its parameter of interest in place of the power of it that a file held.

    Args:
        model: the model.

    Returns:
        A model with the same likelihood; the same one where the parameter of interest has no root, or acts
        as more than a factor.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> held = counting(observed=12.0, background=10.0)
        >>> root = Root("mu_eff", "mu_B", 1e-11, 2)
        >>> turned = rooted(held.with_parameters(signal={"root": root, "value": 4.0, "upper": 100.0}))
        >>> turned.poi, round(turned.parameters["mu_eff"].value / 1e-11, 9)
        ('mu_eff', 2.0)
    """
    held = None if model.poi is None else model.parameters[model.poi]
    if held is None or held.root is None or held.root.name in model.parameters:
        return model
    samples = [sample for channel in model.channels for sample in channel.samples]
    modified = {name for sample in samples for m in sample.modifiers for name in m.parameters}
    joint = {name for constraint in model.constraints for name in constraint.names}
    arrays = all(isinstance(s.template, np.ndarray) for s in samples if held.name in s.depends_on)
    if held.constraint is not None or held.lower < 0 or held.name in modified | joint or not arrays:
        return model
    root = held.root
    channels = []
    for channel in model.channels:
        changed = []
        for sample in channel.samples:
            power = sample.powers.get(held.name)
            if power is not None and isinstance(sample.template, np.ndarray):
                powers = {root.name if n == held.name else n: p for n, p in sample.powers.items()}
                powers[root.name] = power * root.power
                unit = root.scale ** (power * root.power)
                modifiers = tuple(_scaled(modifier, unit) for modifier in sample.modifiers)
                sample = dataclasses.replace(
                    sample, template=sample.template / unit, powers=powers, modifiers=modifiers
                )
            changed.append(sample)
        channels.append(dataclasses.replace(channel, samples=tuple(changed)))
    parameters = {
        (root.name if name == held.name else name): (_turned(one, root) if name == held.name else one)
        for name, one in model.parameters.items()
    }
    return dataclasses.replace(model, channels=tuple(channels), parameters=parameters, poi=root.name)


def _scaled(modifier: Modifier, unit: float) -> Modifier:
    """A modifier of a sample whose contents are divided by a unit."""
    if isinstance(modifier, HistoSys):
        return dataclasses.replace(modifier, low=modifier.low / unit, high=modifier.high / unit)
    if isinstance(modifier, BinFactors):
        return dataclasses.replace(modifier, errors=modifier.errors / unit)
    return modifier


def _turned(held: Parameter, root: Root) -> Parameter:
    value, lower, upper = (
        root.scale * end ** (1 / root.power) for end in (held.value, held.lower, held.upper)
    )
    return Parameter(
        root.name, root.unit, min(max(value, lower), upper), lower, upper, fixed=held.fixed,
        description=held.description, source=held.source,
    )  # fmt: skip
