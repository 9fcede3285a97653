"""A response that moves: frozen, straightened into lines, or refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import nurecoil as nr
from nurecoil.bridges.histfactory.sidecar import approximations
from nurecoil.bridges.pyhf import document, to_pyhf
from nurecoil.detectors.morph import Morph
from nurecoil.detectors.scintillator import HitBins, PeakTemplate
from nurecoil.errors import ModelError, OptionError
from nurecoil.model.parameters import (
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    PoissonConstraint,
)
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel, Template


def with_sample(model: SpectralModel, name: str, **changes: Any) -> SpectralModel:
    """The model with fields of one sample of its first channel replaced."""
    first, *rest = model.channels
    samples = tuple(dataclasses.replace(s, **changes) if s.name == name else s for s in first.samples)
    return dataclasses.replace(model, channels=(dataclasses.replace(first, samples=samples), *rest))


def test_a_frozen_response_is_the_model_with_the_response_fixed(
    toys: SimpleNamespace, peer: type[Any], worst: Callable[..., float], random_points: Callable[..., Any]
) -> None:
    model = toys.bent(0.2, constraint=GaussianConstraint(0.0, 0.3))
    made = document(model, "frozen")
    held = model.with_parameters(tilt={"fixed": True})
    assert worst(held, peer(made), random_points(held)) < 1e-11
    assert made.model.parameters["tilt"].fixed
    (said,) = approximations(made)
    assert said["parameters"] == ["tilt"] and "frozen" in said["how"]
    with pytest.raises(ModelError, match=r"tilt.*the workspace holds it"):
        made.coordinates({"tilt": 0.3})


@pytest.mark.parametrize("constraint", [None, GaussianConstraint(0.0, 0.3)])
def test_a_response_as_histosys_is_a_line_through_its_neighbours(
    constraint: GaussianConstraint | None,
    toys: SimpleNamespace,
    peer: type[Any],
    random_points: Callable[..., Any],
) -> None:
    model = toys.bent(0.5, constraint=constraint)
    made = document(model, "histosys")
    other = peer(made)
    (shift,) = made.spelling.resolved.shifts
    assert shift.added == (constraint is None)
    added = [a for a in approximations(made) if "is added" in a["how"]]
    assert bool(added) == (constraint is None)
    morph = model.channels[0].samples[2].template
    assert isinstance(morph, Morph)
    width = spread(model)
    if constraint is None:
        assert shift.width == pytest.approx(10 * width)
    line = (morph.evaluate([0.1 + width])[0] - morph.evaluate([0.1 - width])[0]) / (2 * width)

    def straight(point: Mapping[str, float]) -> float:
        """The model with that line and the constraint that was added."""
        template = toys.SLOPE + line * (point["tilt"] - 0.1)
        extra = 0.5 * ((point["tilt"] - 0.1) / shift.width) ** 2 if shift.added else 0.0
        return nr.nll(with_sample(model, "slope", template=template), point) + extra

    base, start = other.nll({}), straight(model.values)
    for point in random_points(model, 10, sigmas=0.1):
        assert other.nll(point) - base == pytest.approx(straight(point) - start, rel=1e-10, abs=1e-10)
        assert made.public(made.coordinates(point)) == pytest.approx({**model.values, **point})


def spread(model: SpectralModel) -> float:
    """One standard deviation of the tilt at the start, from the inverse Fisher matrix."""
    from nurecoil.engine.compiled import CompiledModel

    compiled = CompiledModel(model)
    fisher = compiled.evaluate(compiled.start)[2]
    i = compiled.index["tilt"]
    return float(np.sqrt(np.linalg.inv(fisher)[i, i]))


def test_a_constrained_factor_of_a_bent_template_is_measured_apart(
    toys: SimpleNamespace, peer: type[Any], worst: Callable[..., float], random_points: Callable[..., Any]
) -> None:
    model = toys.bent().with_parameters(slope={"constraint": GaussianConstraint(1.0, 0.2)})
    made = document(model, "histosys")
    assert [block.names for block in made.spelling.roles.measured] == [("slope",)]
    assert [block.names for block in made.spelling.roles.pulls] == [("flat",)]
    held = model.with_parameters(tilt={"fixed": True})
    assert worst(held, peer(made), random_points(held)) < 1e-8


def test_a_line_ends_at_the_bounds(toys: SimpleNamespace) -> None:
    model = toys.bent().with_parameters(tilt={"lower": 0.1, "value": 0.1})
    made = document(model, "histosys")
    (shift,) = made.spelling.resolved.shifts
    assert shift.lower == 0.0 < shift.upper
    broken = with_sample(model, "slope", template=Broken(("tilt",)))
    with pytest.raises(ModelError, match=r"'tilt': the template is not finite .* away"):
        document(broken, "histosys")


@dataclasses.dataclass(frozen=True)
class Broken(Morph):
    """A morph that ends a little above 0.1."""

    names: tuple[str, ...]
    centre: Any = dataclasses.field(default_factory=lambda: np.array([0.1]))
    counts: Any = dataclasses.field(default_factory=lambda: np.ones(3))
    slope: Any = dataclasses.field(default_factory=lambda: np.ones((1, 3)))
    curvature: Any = dataclasses.field(default_factory=lambda: np.zeros((1, 1, 3)))

    def evaluate(self, values: Any) -> tuple[Any, Any]:
        contents, slopes = super().evaluate(values)
        return contents * (np.nan if values[0] > 0.11 else 1.0), slopes


def test_refuse_refuses_what_moves_and_nothing_else(toys: SimpleNamespace) -> None:
    with pytest.raises(ModelError, match=r"templates depend on tilt, which are free.*response='frozen'"):
        to_pyhf(toys.bent(), response="refuse")
    still = toys.bent().with_parameters(tilt={"fixed": True})
    assert document(still, "refuse").response == "none"
    with pytest.raises(OptionError, match=r"'froze' is not known.*Did you mean 'frozen'"):
        to_pyhf(still, response="froze")


def test_an_exact_response_is_frozen_at_the_best_fit(toys: SimpleNamespace) -> None:
    bins = HitBins.of(np.arange(160.5, 220.5))
    peak: Template = PeakTemplate(bins, 1.0, ("position", "width"))
    truth = peak.evaluate([190.0, 15.0])[0] * 3000 + 20
    data = np.random.default_rng(5).poisson(truth).astype(float)
    samples = (Sample("peak", peak, {"peak": 1}), Sample("flat", np.ones(59), {"flat": 1}))
    channel = PoissonChannel("toy/hits", "hits", "1", bins.edges, samples, data)
    parameters = [
        toys.free("peak", 2900.0),
        toys.free("flat", 20.0),
        toys.free("position", 189.0, 150.0),
        toys.free("width", 14.0, 5.0),
    ]
    model = SpectralModel((channel,), {p.name: p for p in parameters}, poi="peak")
    best = nr.fit(model).values
    made = document(model)
    assert made.model.values == pytest.approx(best, rel=1e-5)
    written = made.workspace["channels"][0]["samples"][0]["data"]
    assert written == pytest.approx(peak.evaluate([best["position"], best["width"]])[0], rel=1e-4)
    held = model.with_parameters(position={"fixed": True}, width={"fixed": True})
    assert document(held).model.values == held.values


def test_a_response_parameter_is_nothing_else(toys: SimpleNamespace) -> None:
    model = toys.bent()
    both = with_sample(model, "flat", powers={"flat": 1, "tilt": 1})
    with pytest.raises(ModelError, match=r"'tilt': templates depend on it, and it is also a factor"):
        to_pyhf(both)
    assert "tilt" in document(both.with_parameters(tilt={"fixed": True})).spelling.roles.factors
    with pytest.raises(ModelError, match=r"'tilt': templates depend on it, and it is the parameter of"):
        to_pyhf(dataclasses.replace(model, poi="tilt"))


def test_what_has_no_line_is_refused(toys: SimpleNamespace) -> None:
    tied = CovarianceConstraint(("tilt", "slope"), (0.0, 1.0), ((0.1, 0.0), (0.0, 0.1)))
    for model in (
        toys.bent(constraint=LogNormalConstraint(1.0, 1.1)),
        toys.bent(constraint=PoissonConstraint(3.0, 3.0)),
        dataclasses.replace(toys.bent(), constraints=(tied,)),
    ):
        with pytest.raises(ModelError, match=r"'tilt': a joint, log-normal or Poisson constraint"):
            to_pyhf(model, response="histosys")
    morph = toys.bent().channels[0].samples[2].template
    dead = with_sample(toys.bent(), "slope", template=dataclasses.replace(morph, slope=np.zeros((1, 3))))
    with pytest.raises(ModelError, match=r"'tilt': the likelihood does not depend on it"):
        to_pyhf(dead, response="histosys")
