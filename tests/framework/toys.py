"""Made-up experiments and a made-up search, for the tests that put them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Gt
from numpy.typing import NDArray

from nurecoil.detectors.spectrum import Spectrum, quadrature
from nurecoil.experiment import (
    Background,
    CountingChannel,
    Experiment,
    RecoilChannel,
    option,
)
from nurecoil.model.parameters import Parameter
from nurecoil.model.spectral import PoissonChannel, SpectralModel
from nurecoil.physics.electromagnetic import magnetic_moment
from nurecoil.physics.scattering import tree_level
from nurecoil.physics.source import Source
from nurecoil.search import Search, Term

Array = NDArray[np.float64]


EDGES = np.linspace(0.2, 0.7, 11)


ELECTRONS, LIVE_TIME = 3e31, 1e7


SCALE = Parameter("toy.scale", "1", 1.0, 0.5, 2.0)


EXPOSURE = Parameter("toy.mass", "1", 1.0, 0.0)


def line(name: str = "be7", parameter: str = "sun.be7", **changes: Any) -> Source:
    fields: dict[str, Any] = {
        "name": name,
        "family": "made up",
        "title": f"{name} neutrinos",
        "flux": 5e9,
        "lines": ((0.862, 1.0),),
        "probabilities": lambda E: {"e": np.ones_like(E)},
        "weak": tree_level,
        "parameter": Parameter(parameter, "SSM", 1.0, 0.0),
        "citations": ("A. Nobody",),
    }
    return Source(**(fields | changes))


class Folded:
    """Recoils in bins; a scale multiplies them."""

    names = ("toy.scale",)

    def __init__(self, counts: Array) -> None:
        self.counts = counts

    def evaluate(self, values: Any) -> tuple[Array, Array]:
        return self.counts * float(values[0]), self.counts[None]


class Perfect:
    """A detector without resolution."""

    def __init__(self, edges: Array = EDGES) -> None:
        self.edges = edges

    def template(self, spectrum: Spectrum) -> Folded:
        parts = [
            quadrature(spectrum, lambda e: np.full_like(e, 0.002), low, high)[1].sum()
            for low, high in pairwise(self.edges)
        ]
        return Folded(np.array(parts))


@dataclass(frozen=True)
class ToyOptions:
    flat: Annotated[float, Gt(0)] = option(10.0, unit="keV", help="made-up energy")


class Toy(Experiment):
    name: ClassVar[str] = "toy"
    title: ClassVar[str] = "a toy"
    citations: ClassVar[tuple[str, ...]] = ("T. Toy", "A. Nobody")
    Options: ClassVar[type] = ToyOptions
    changes: ClassVar[dict[str, Any]] = {}

    def channels(self, shared: Any) -> Sequence[RecoilChannel | CountingChannel]:
        flat = Parameter("toy.rate.flat", "events", 30.0, 0.0)
        fields: dict[str, Any] = {
            "name": "toy/energy",
            "observable": "energy",
            "observable_unit": "MeV",
            "edges": EDGES,
            "observed": np.full(10, 60.0),
            "electrons": ELECTRONS,
            "live_time": LIVE_TIME,
            "sources": (line(),),
            "response": Perfect(),
            "parameters": (SCALE,),
            "backgrounds": (
                Background("flat", np.ones(10), flat, title="flat one", provenance="toy: made up"),
                Background("fixed", np.full(10, 2.0), None),
            ),
            "recoil_range": (0.1, 1.0),
            "provenance": ("energies: made up",),
        }
        return [RecoilChannel(**(fields | type(self).changes))]


class Counter(Experiment):
    name: ClassVar[str] = "counter"
    title: ClassVar[str] = "a counter"
    changes: ClassVar[dict[str, Any]] = {}

    def channels(self, shared: Any) -> Sequence[RecoilChannel | CountingChannel]:
        fields: dict[str, Any] = {
            "name": "counter/rate",
            "observable": "rate",
            "unit": "SNU",
            "observed": 66.0,
            "width": 4.0,
            "sources": (line(), line("pp", "sun.pp")),
            "capture": lambda source: {"be7": 30.0, "pp": 40.0}[source.name],
            "provenance": ("rates: made up",),
        }
        return [CountingChannel(**(fields | type(self).changes))]


class Moment(Search):
    name: ClassVar[str] = "moment"
    title: ClassVar[str] = "a moment"
    citations: ClassVar[tuple[str, ...]] = ("M. Moment",)
    poi: Any = "mu_eff"

    def parameters(self) -> Sequence[Parameter]:
        return [Parameter("mu_eff", "mu_B", 0.0, 0.0)]

    def terms(self, source: Source) -> Sequence[Term]:
        return [Term("em", lambda T, E, flavour, antineutrino: magnetic_moment(T, E), (("mu_eff", 2),))]

    def notes(self) -> Sequence[str]:
        return ["a note of the search"]


Change = Callable[..., None]


def poisson(model: SpectralModel) -> PoissonChannel:
    channel = model.channels[0]
    assert isinstance(channel, PoissonChannel)
    return channel


def broken(*_: Any, **__: Any) -> Any:
    raise ZeroDivisionError("division by zero")


class Absolute(Moment):
    """A search for a quantity of one source's neutrinos."""

    of_one_source = True
