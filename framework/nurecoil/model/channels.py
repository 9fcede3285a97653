"""Samples and channels, the parts of a model. The model itself is in :mod:`nurecoil.model.spectral`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from nurecoil.model.modifiers import Modifier

__all__ = ["Channel", "GaussianChannel", "PoissonChannel", "Sample", "Template"]

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
    """One component of a channel: ``template * prod(parameter ** power)``, changed by its modifiers.

    Args:
        name: unique in its channel.
        template: expected counts with every factor at one: an array of shape ``(bins,)`` or a
            :class:`Template`.
        powers: parameter name to positive whole power.
        signed: whether the template may be negative.
        title: for plots and tables.
        group: ``neutrino``, ``signal`` or ``background``.
        provenance: where the template comes from.
        modifiers: HistFactory's modifiers (:mod:`nurecoil.model.modifiers`).

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
    modifiers: tuple[Modifier, ...] = ()

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Every parameter the sample depends on: factors, response, modifiers."""
        response = () if isinstance(self.template, np.ndarray) else self.template.names
        modified = (name for modifier in self.modifiers for name in modifier.parameters if name)
        return tuple(dict.fromkeys([*self.powers, *response, *modified]))

    def __repr__(self) -> str:
        """Name, shape and factors."""
        factors = " ".join(n if p == 1 else f"{n}^{p}" for n, p in self.powers.items())
        size = f"{self.template.size} bins" if isinstance(self.template, np.ndarray) else "response"
        modified = f", {len(self.modifiers)} modifiers" if self.modifiers else ""
        return f"<Sample {self.name}: {size}{' x ' + factors if factors else ''}{modified}>"


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
