"""A made-up experiment that declares variations, in a request that needs no plugins."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import pytest

from nurecoil import plugins
from nurecoil.analysis import Request
from nurecoil.experiment import Background, RecoilChannel, option
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.variation import Choice, Variation, sigma_points

from ..toys import Counter, Moment, Toy, line

OBSERVED = np.array([76.0, 72, 71, 69, 67, 68, 66, 64, 66, 43])
RISING = np.linspace(0.6, 1.4, 10)


@dataclass(frozen=True)
class Options:
    """Options of the made-up experiment."""

    shape: Literal["flat", "rising", "impossible"] = option("flat", help="shape of the background")
    exposure: float = option(1.0, help="how many times the data")
    data: bool = option(True, help="whether there are any")


class Varied(Toy):
    """A toy with a shape to choose, two exposures, and a second background that fits hold."""

    Options: ClassVar[type] = Options

    def channels(self, shared: Any) -> Sequence[RecoilChannel]:
        (channel,) = super().channels(shared)
        assert isinstance(channel, RecoilChannel)
        times = self.options.exposure
        shape = {"flat": np.ones(10), "rising": RISING, "impossible": np.full(10, np.nan)}[self.options.shape]
        known = GaussianConstraint(30.0 if self.options.shape == "flat" else 29.0, 3.0)
        flat = Parameter("toy.rate.flat", "events", 30.0, 0.0, constraint=known)
        held = Parameter("toy.rate.held", "events", 5.0, 0.0, fixed=True)
        scale = Parameter("toy.scale", "1", 1.0, 0.5, 2.0, constraint=GaussianConstraint(1.0, 0.05))
        known_flux = Parameter("sun.be7", "SSM", 1.0, 0.0, constraint=GaussianConstraint(1.0, 0.1))
        sources = (dataclasses.replace(line(), parameter=known_flux),)
        fields = {
            **channel.__dict__,
            "sources": sources,
            "parameters": (scale,),
            "live_time": 0.05 * times * channel.live_time,
        }
        fields["observed"] = times * OBSERVED if self.options.data else None
        fields["backgrounds"] = (
            Background("flat", times * shape, flat, provenance="toy"),
            Background("held", times * np.ones(10), held, provenance="toy"),
        )
        return [RecoilChannel(**fields)]

    def variations(self, shared: Any) -> Sequence[Variation]:
        found = [
            Variation("shape", (Choice("flat"), Choice("rising", {"toy.shape": "rising"}))),
            sigma_points("held", {"held": {"toy.rate.held": 0.3}}),
        ]
        if not self.options.data:
            double = Choice("double", {"toy.exposure": 2.0})
            found.append(Variation("exposure", (Choice("single"), double), other_data=True))
        return found


@pytest.fixture
def varied(monkeypatch: pytest.MonkeyPatch) -> type[Varied]:
    """The made-up experiment and search in place of the installed ones."""
    monkeypatch.setattr(plugins, "load_experiment", {"toy": Varied, "counter": Counter}.__getitem__)
    monkeypatch.setattr(plugins, "load_search", {"moment": Moment}.__getitem__)
    return Varied


def asked(**options: Any) -> Request:
    """A request for it."""
    return Request.of(["toy"], "moment", {"toy": options})
