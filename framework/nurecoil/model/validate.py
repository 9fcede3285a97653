"""What makes a model whole: names, shapes, signs and data are checked once, when it is made."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import ModelError, unknown_name

if TYPE_CHECKING:
    from nurecoil.model.spectral import Channel, Sample, SpectralModel

__all__ = ["validate"]


def validate(model: SpectralModel) -> None:
    """Check a model as a whole.

    Args:
        model: the model.

    Raises:
        ModelError: where channels, samples, parameters or data contradict each other.

    Example:
        >>> from nurecoil.model.spectral import SpectralModel
        >>> SpectralModel((), {})
        Traceback (most recent call last):
        ...
        nurecoil.errors.ModelError: model: no channels. Allowed: at least one channel.
    """
    if not model.channels:
        raise ModelError("model", "no channels", "at least one channel")
    _unique("model", "channel", [channel.name for channel in model.channels])
    for name, parameter in model.parameters.items():
        if name != parameter.name:
            raise ModelError("model", f"parameter {parameter.name!r} filed under {name!r}", "its own name")
    for channel in model.channels:
        _check_channel(channel, model)
    if model.poi is not None:
        model.require(model.poi)
        _check_signal(model, model.poi)
    for constraint in model.constraints:
        for name in constraint.names:
            model.require(name)


def _check_channel(channel: Channel, model: SpectralModel) -> None:
    where = f"Channel {channel.name!r}"
    _unique(where, "sample", [sample.name for sample in channel.samples])
    if not channel.samples:
        raise ModelError(where, "no samples", "at least one sample")
    observed = np.asarray(channel.observed)
    if observed.shape != (channel.bins,):
        raise ModelError(where, f"observed of shape {observed.shape}", f"shape ({channel.bins},)")
    _finite(where, "observed", observed)
    width = getattr(channel, "width", None)
    if width is None:
        if np.any(observed < 0):
            bin_ = int(np.argmax(observed < 0))
            raise ModelError(f"{where} bin {bin_}", f"observed count {observed[bin_]:g}", "0 or more")
    elif np.shape(width) != observed.shape or not np.all(np.isfinite(width) & (np.asarray(width) > 0)):
        raise ModelError(where, f"widths {width}", "one positive width per measured value")
    for sample in channel.samples:
        _check_sample(where, channel, sample, model)


def _check_sample(where: str, channel: Channel, sample: Sample, model: SpectralModel) -> None:
    for name in sample.depends_on:
        if name not in model.parameters:
            raise unknown_name(ModelError, f"{where} sample {sample.name!r}", name, model.parameters)
    for name, power in sample.powers.items():
        if int(power) != power or power < 1:
            raise ModelError(
                f"{where} sample {sample.name!r}", f"power {power} of {name!r}", "whole powers from 1 on"
            )
    contents = _contents(sample, model)
    if contents.shape != (channel.bins,):
        raise ModelError(
            where,
            f"template of {sample.name!r} has shape {contents.shape}",
            f"shape ({channel.bins},), one content per bin",
        )
    _finite(where, f"template of {sample.name!r}", contents)
    if not sample.signed and np.any(contents < 0):
        bin_ = int(np.argmax(contents < 0))
        raise ModelError(
            f"{where} bin {bin_}",
            f"template of {sample.name!r} is {contents[bin_]:.6g}; this sample is not declared signed",
            "0 or more",
            f"Check {sample.provenance}." if sample.provenance else None,
        )


def _check_signal(model: SpectralModel, poi: str) -> None:
    signal = [s for channel in model.channels for s in channel.samples if poi in s.depends_on]
    if not signal:
        raise ModelError(
            f"parameter of interest {poi!r}",
            "no sample depends on it, so the data cannot constrain it",
            "a model with a signal sample",
            "Choose sources that feel the coupling, or another experiment.",
        )
    if all(not np.any(_contents(sample, model)) for sample in signal):
        names = ", ".join(repr(sample.name) for sample in signal)
        raise ModelError(
            f"parameter of interest {poi!r}",
            f"the signal templates {names} are zero in every bin",
            "a signal that reaches the bins",
            "Lower the threshold, widen the range or check the source's endpoint.",
        )


def _contents(sample: Sample, model: SpectralModel) -> NDArray[np.float64]:
    if isinstance(sample.template, np.ndarray):
        return sample.template
    return sample.template.evaluate([model.parameters[name].value for name in sample.template.names])[0]


def _finite(where: str, what: str, contents: NDArray[np.float64]) -> None:
    bad = ~np.isfinite(contents)
    if bad.any():
        bin_ = int(np.argmax(bad))
        raise ModelError(f"{where} bin {bin_}", f"{what} is {contents[bin_]}", "a finite number")


def _unique(where: str, what: str, names: list[str]) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ModelError(where, f"{what} {repeated[0]!r} appears more than once", f"{what} names once each")
