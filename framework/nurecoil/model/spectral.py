"""The neutral model: channels of samples, their parameters, their data.

A :class:`SpectralModel` is data, not behaviour: the engine compiles it to arrays
(:mod:`nurecoil.engine.compiled`) and the bridges translate it. Its parts, which this module hands on, are
in :mod:`nurecoil.model.channels`: a sample is a template times a monomial of parameters, so its
derivatives have closed forms.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import ModelError, unknown_name
from nurecoil.model.channels import Channel, GaussianChannel, PoissonChannel, Sample, Template
from nurecoil.model.parameters import CovarianceConstraint, Parameter
from nurecoil.model.validate import find_parameter, validate

__all__ = ["Channel", "GaussianChannel", "PoissonChannel", "Sample", "SpectralModel", "Template"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SpectralModel:
    """Everything a likelihood needs, as data.

    Args:
        channels: at least one, names unique.
        parameters: every parameter by name.
        constraints: joint constraints; those of single parameters are inside them.
        poi: the parameter of interest, or ``None``.
        metadata: experiments, search, options, citations, provenance, notes, published values.

    Raises:
        ModelError: where the parts contradict each other; the message names channel, sample and bin.

    Example:
        >>> rate = Parameter("rate", "1", 1.0, lower=0.0)
        >>> flat = Sample("flat", np.array([10.0, 20.0]), {"rate": 1})
        >>> data = PoissonChannel("toy/x", "x", "1", np.arange(3.0), (flat,), np.array([9.0, 21.0]))
        >>> SpectralModel((data,), {"rate": rate}, poi="rate")
        <SpectralModel: toy/x (2 bins); 1 parameters, 1 free; POI rate>
    """

    channels: tuple[Channel, ...]
    parameters: Mapping[str, Parameter]
    constraints: tuple[CovarianceConstraint, ...] = ()
    poi: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the model as a whole."""
        validate(self.channels, self.parameters, self.constraints, self.poi)

    @property
    def free(self) -> tuple[str, ...]:
        """Names of the parameters that fits move."""
        return tuple(name for name, parameter in self.parameters.items() if not parameter.fixed)

    @property
    def values(self) -> dict[str, float]:
        """The starting values by name."""
        return {name: parameter.value for name, parameter in self.parameters.items()}

    def channel(self, name: str) -> Channel:
        """The channel of that name.

        Raises:
            ModelError: where there is none.
        """
        for channel in self.channels:
            if channel.name == name:
                return channel
        raise unknown_name(ModelError, "channel", name, [channel.name for channel in self.channels])

    def with_parameters(self, **changes: Mapping[str, Any]) -> SpectralModel:
        """A copy with fields of parameters replaced.

        Args:
            **changes: parameter name (use ``**{"solar.flux.pp": {...}}`` for dotted names) to the
                fields to replace, for example ``{"value": 1.0, "fixed": True}``.

        Returns:
            The new model.

        Raises:
            ModelError: for an unknown parameter.
        """
        parameters = dict(self.parameters)
        for name, fields in changes.items():
            self.require(name)
            parameters[name] = dataclasses.replace(parameters[name], **fields)
        return dataclasses.replace(self, parameters=parameters)

    def with_observed(self, observed: Mapping[str, Array], asimov: bool = False) -> SpectralModel:
        """A copy with other data.

        Args:
            observed: channel name to contents; channels left out keep theirs.
            asimov: whether these are expectations standing in for data.

        Returns:
            The new model.

        Raises:
            ModelError: for an unknown channel or contents of the wrong shape.
        """
        for name in observed:
            self.channel(name)
        channels = tuple(
            dataclasses.replace(channel, observed=np.asarray(observed[channel.name], float), asimov=asimov)
            if channel.name in observed
            else channel
            for channel in self.channels
        )
        return dataclasses.replace(self, channels=channels)

    def require(self, name: str) -> Parameter:
        """The parameter of that name.

        Raises:
            ModelError: where there is none; the nearest names are offered.
        """
        return find_parameter(self.parameters, name)

    def __repr__(self) -> str:
        """Channels, parameters, parameter of interest."""
        parts = ", ".join(f"{channel.name} ({channel.bins} bins)" for channel in self.channels)
        return (
            f"<SpectralModel: {parts}; {len(self.parameters)} parameters, {len(self.free)} free; "
            f"POI {self.poi}>"
        )
