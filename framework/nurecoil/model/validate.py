"""What makes a model whole: names, shapes, signs and data are checked once, when it is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import ModelError, unknown_name
from nurecoil.model.channels import Channel, PoissonChannel, Sample
from nurecoil.model.modifiers import NormSys
from nurecoil.model.parameters import CovarianceConstraint, Parameter

__all__ = ["find_parameter", "validate"]


def validate(
    channels: Sequence[Channel],
    parameters: Mapping[str, Parameter],
    constraints: Sequence[CovarianceConstraint],
    poi: str | None,
) -> None:
    """Check the parts of a model as a whole.

    Args:
        channels: its channels.
        parameters: its parameters by name.
        constraints: its joint constraints.
        poi: its parameter of interest, or ``None``.

    Raises:
        ModelError: where channels, samples, parameters or data contradict each other.

    Example:
        >>> validate((), {}, (), None)
        Traceback (most recent call last):
        ...
        nurecoil.errors.ModelError: model: no channels. Allowed: at least one channel.
    """
    if not channels:
        raise ModelError("model", "no channels", "at least one channel")
    _unique("model", "channel", [channel.name for channel in channels])
    for name, parameter in parameters.items():
        if name != parameter.name:
            raise ModelError("model", f"parameter {parameter.name!r} filed under {name!r}", "its own name")
    for channel in channels:
        _check_channel(channel, parameters)
    if poi is not None:
        find_parameter(parameters, poi)
        _check_signal(channels, parameters, poi)
    for constraint in constraints:
        for name in constraint.names:
            find_parameter(parameters, name)


def find_parameter(parameters: Mapping[str, Parameter], name: str) -> Parameter:
    """The parameter of that name.

    Args:
        parameters: parameters by name.
        name: which one.

    Returns:
        The parameter.

    Raises:
        ModelError: where there is none; the nearest names are offered.

    Example:
        >>> find_parameter({"rate": Parameter("rate", "1", 2.0)}, "rate").value
        2.0
    """
    try:
        return parameters[name]
    except KeyError:
        raise unknown_name(ModelError, "parameter", name, parameters) from None


def _check_channel(channel: Channel, parameters: Mapping[str, Parameter]) -> None:
    where = f"Channel {channel.name!r}"
    _unique(where, "sample", [sample.name for sample in channel.samples])
    if not channel.samples:
        raise ModelError(where, "no samples", "at least one sample")
    if isinstance(channel, PoissonChannel):
        _check_edges(where, np.asarray(channel.edges))
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
        _check_sample(where, channel, sample, parameters)


def _check_edges(where: str, edges: NDArray[np.float64]) -> None:
    if edges.ndim != 1 or edges.size < 2:
        raise ModelError(where, f"edges of shape {edges.shape}", "at least two edges")
    low, high = edges[:-1], edges[1:]
    bad = ~(np.isfinite(low) & np.isfinite(high) & (high > low))
    if bad.any():
        bin_ = int(np.argmax(bad))
        raise ModelError(
            f"{where} bin {bin_}", f"edges {low[bin_]} and {high[bin_]}", "finite, increasing edges"
        )


def _check_sample(where: str, channel: Channel, sample: Sample, parameters: Mapping[str, Parameter]) -> None:
    if not (isinstance(sample.template, np.ndarray) or callable(getattr(sample.template, "evaluate", None))):
        raise ModelError(
            f"{where} sample {sample.name!r}",
            f"a template of type {type(sample.template).__name__}",
            "a numpy array, or an object with names and evaluate",
        )
    for name in sample.depends_on:
        if name not in parameters:
            raise unknown_name(ModelError, f"{where} sample {sample.name!r}", name, parameters)
    for name, power in sample.powers.items():
        if not isinstance(power, int | np.integer) or power < 1:
            raise ModelError(
                f"{where} sample {sample.name!r}", f"power {power} of {name!r}", "whole powers from 1 on"
            )
    for modifier in sample.modifiers:
        if not isinstance(modifier, NormSys) and not isinstance(sample.template, np.ndarray):
            raise ModelError(
                f"{where} sample {sample.name!r}",
                f"a {type(modifier).__name__} on a template that moves",
                "an array as its template",
            )
        if not isinstance(modifier, NormSys) and modifier.bins != channel.bins:
            raise ModelError(
                f"{where} sample {sample.name!r}",
                f"a modifier of {modifier.bins} bins ({', '.join(modifier.parameters[:2])})",
                f"{channel.bins} bins, as the channel has",
            )
    contents = _contents(sample, parameters)
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


def _check_signal(channels: Sequence[Channel], parameters: Mapping[str, Parameter], poi: str) -> None:
    signal = [s for channel in channels for s in channel.samples if poi in s.depends_on]
    if not signal:
        raise ModelError(
            f"parameter of interest {poi!r}",
            "no sample depends on it, so the data cannot constrain it",
            "a model with a signal sample",
            "Choose sources that feel the coupling, or another experiment.",
        )
    if all(not np.any(_contents(sample, parameters)) for sample in signal):
        names = ", ".join(repr(sample.name) for sample in signal)
        raise ModelError(
            f"parameter of interest {poi!r}",
            f"the signal templates {names} are zero in every bin",
            "a signal that reaches the bins",
            "Lower the threshold, widen the range or check the source's endpoint.",
        )


def _contents(sample: Sample, parameters: Mapping[str, Parameter]) -> NDArray[np.float64]:
    if isinstance(sample.template, np.ndarray):
        return sample.template
    return sample.template.evaluate([parameters[name].value for name in sample.template.names])[0]


def _finite(where: str, what: str, contents: NDArray[np.float64]) -> None:
    bad = ~np.isfinite(contents)
    if bad.any():
        bin_ = int(np.argmax(bad))
        raise ModelError(f"{where} bin {bin_}", f"{what} is {contents[bin_]}", "a finite number")


def _unique(where: str, what: str, names: list[str]) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ModelError(where, f"{what} {repeated[0]!r} appears more than once", f"{what} names once each")
