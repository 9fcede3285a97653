"""The neutral model: channels of samples, their parameters, their data.

A :class:`SpectralModel` is data, not behaviour: the engine compiles it to arrays
(:mod:`nurecoil.engine.compiled`) and the bridges translate it. A sample is a template times a
monomial of parameters, so its derivatives have closed forms.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import ModelError, unknown_name
from nurecoil.model.parameters import CovarianceConstraint, Parameter

__all__ = ["Channel", "GaussianChannel", "PoissonChannel", "Sample", "SpectralModel", "Template"]

Array = NDArray[np.float64]


@runtime_checkable
class Template(Protocol):
    """A template that depends on parameters: the exact response or its compiled morph.

    Example:
        >>> from nurecoil.detectors.morph import Morph
        >>> flat = Morph((), np.empty(0), np.ones(3), np.empty((0, 3)), np.empty((0, 0, 3)))
        >>> isinstance(flat, Template), flat.evaluate([])[0].tolist()
        (True, [1.0, 1.0, 1.0])
    """

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, in the order in which :meth:`evaluate` takes them."""
        ...

    def evaluate(self, values: Sequence[float] | Array) -> tuple[Array, Array]:
        """Contents ``(bins,)`` and derivatives ``(len(names), bins)``."""
        ...


@dataclass(frozen=True)
class Sample:
    """One component of a channel: ``template * prod(parameter ** power)``.

    Args:
        name: unique in its channel.
        template: expected counts with every factor at one: an array of shape ``(bins,)`` or a
            :class:`Template`.
        powers: parameter name to positive whole power.
        signed: whether the template may be negative.
        title: for plots and tables.
        group: ``neutrino``, ``signal`` or ``background``.
        provenance: where the template comes from.

    Example:
        >>> Sample("kr85", np.array([1.0, 2.0]), {"borexino.rate.kr85": 1})
        <Sample kr85: 2 bins x borexino.rate.kr85>
    """

    name: str
    template: Array | Template
    powers: Mapping[str, int] = field(default_factory=dict)
    signed: bool = False
    title: str = ""
    group: str = "background"
    provenance: str = ""

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Every parameter the sample depends on, factors first."""
        response = () if isinstance(self.template, np.ndarray) else self.template.names
        return tuple(dict.fromkeys([*self.powers, *response]))

    def __repr__(self) -> str:
        """Name, shape and factors."""
        factors = " ".join(n if p == 1 else f"{n}^{p}" for n, p in self.powers.items())
        size = f"{self.template.size} bins" if isinstance(self.template, np.ndarray) else "response"
        return f"<Sample {self.name}: {size}{' x ' + factors if factors else ''}>"


@dataclass(frozen=True)
class PoissonChannel:
    """Binned counts.

    Args:
        name: ``experiment/observable``.
        observable: name of the axis.
        unit: unit of the axis.
        edges: bin edges, shape ``(bins + 1,)``.
        samples: its components.
        observed: counts, shape ``(bins,)``, not negative.
        asimov: whether ``observed`` are expectations standing in for data.

    Example:
        >>> one = Sample("flat", np.ones(2))
        >>> PoissonChannel("toy/hits", "hits", "1", np.arange(3.0), (one,), np.array([1.0, 0.0]))
        <PoissonChannel toy/hits: 2 bins in hits, 1 samples, 1 events>
    """

    name: str
    observable: str
    unit: str
    edges: Array
    samples: tuple[Sample, ...]
    observed: Array
    asimov: bool = False

    @property
    def bins(self) -> int:
        """Number of bins."""
        return int(self.edges.size - 1)

    def __repr__(self) -> str:
        """Name, bins, samples, events."""
        unit = "" if self.unit == "1" else f" [{self.unit}]"
        return (
            f"<PoissonChannel {self.name}: {self.bins} bins in {self.observable}{unit}, "
            f"{len(self.samples)} samples, {self.observed.sum():.10g} events>"
        )


@dataclass(frozen=True)
class GaussianChannel:
    """Measured sums with normal errors (a gallium rate is a sum over fluxes, not one parameter).

    Args:
        name: ``experiment/observable``.
        observable: what is measured.
        unit: its unit.
        samples: its components, templates of shape ``(bins,)``.
        observed: measured values, shape ``(bins,)``.
        width: one standard deviation of each, shape ``(bins,)``, positive.
        asimov: whether ``observed`` are expectations standing in for data.

    Example:
        >>> part = Sample("pp", np.array([38.2]), {"solar.flux.pp": 1})
        >>> GaussianChannel("gallium/rate", "rate", "SNU", (part,), np.array([66.1]), np.array([4.13]))
        <GaussianChannel gallium/rate: 66.1 +- 4.13 SNU, 1 samples>
    """

    name: str
    observable: str
    unit: str
    samples: tuple[Sample, ...]
    observed: Array
    width: Array
    asimov: bool = False

    @property
    def bins(self) -> int:
        """Number of measured values."""
        return int(self.observed.size)

    def __repr__(self) -> str:
        """Name, measurement, samples."""
        pairs = zip(self.observed, self.width, strict=True)
        text = ", ".join(f"{value:g} +- {width:g}" for value, width in pairs)
        return f"<GaussianChannel {self.name}: {text} {self.unit}, {len(self.samples)} samples>"


Channel = PoissonChannel | GaussianChannel


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
        from nurecoil.model.validate import validate

        validate(self)

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
        try:
            return self.parameters[name]
        except KeyError:
            raise unknown_name(ModelError, "parameter", name, self.parameters) from None

    def __repr__(self) -> str:
        """Channels, parameters, parameter of interest."""
        parts = ", ".join(f"{channel.name} ({channel.bins} bins)" for channel in self.channels)
        return (
            f"<SpectralModel: {parts}; {len(self.parameters)} parameters, {len(self.free)} free; "
            f"POI {self.poi}>"
        )
