"""A compiled channel: factors, exact and compiled responses side by side, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nurecoil.detectors.morph import Morph
from nurecoil.engine.channels import CompiledChannel
from nurecoil.errors import ModelError
from nurecoil.model.spectral import PoissonChannel, Sample

Array = NDArray[np.float64]
BINS = 6
INDEX = {"a": 0, "b": 1, "mu": 2, "x": 3, "y": 4}


class Exact:
    """A template that counts how often it is asked."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.asked = 0

    def evaluate(self, values: Any) -> tuple[Array, Array]:
        self.asked += 1
        bins = np.arange(1.0, BINS + 1)
        total = float(np.sum(np.asarray(values) ** 2))
        return bins * (1 + total), np.stack([2 * value * bins for value in values])


def morph(names: tuple[str, ...], seed: int, centre: float = 0.0, start: int = 0, stop: int = BINS) -> Morph:
    rng = np.random.default_rng(seed)
    counts = np.zeros(BINS)
    counts[start:stop] = rng.uniform(1, 5, stop - start)
    n = len(names)
    half = rng.normal(0, 0.1, (n, n, BINS))
    slope = rng.normal(0, 0.3, (n, BINS))
    return Morph(names, np.full(n, centre), counts, slope, half + half.transpose(1, 0, 2))


def channel(*samples: Sample, powers: tuple[int, ...] = (1, 1, 2, 1, 1)) -> CompiledChannel:
    made = PoissonChannel("t/x", "x", "1", np.arange(BINS + 1.0), samples, np.ones(BINS))
    return CompiledChannel(made, INDEX, np.array(powers))


def check(compiled: CompiledChannel, position: Array, samples: tuple[Sample, ...]) -> None:
    """Contents sample by sample, and the Jacobian against differences."""
    public = {name: position[i] ** (0.5 if name == "mu" else 1) for name, i in INDEX.items()}
    for row, sample in zip(compiled.components(position), samples, strict=True):
        template = sample.template
        contents = (
            template
            if isinstance(template, np.ndarray)
            else template.evaluate([public[name] for name in template.names])[0]
        )
        factor = np.prod([public[name] ** power for name, power in sample.powers.items()])
        np.testing.assert_allclose(row, factor * contents, rtol=1e-12)
    expected, jacobian = compiled.evaluate(position)
    np.testing.assert_allclose(expected, compiled.components(position).sum(axis=0), rtol=1e-13)
    for i in range(position.size):
        step = np.where(np.arange(position.size) == i, 1e-5, 0.0)
        found = (compiled.expected(position + step) - compiled.expected(position - step)) / 2e-5
        np.testing.assert_allclose(jacobian[i], found, rtol=1e-6, atol=1e-6)


POSITION = np.array([1.3, 0.7, 0.4, 0.2, -0.3])


def test_static_templates_and_their_factors() -> None:
    samples = (
        Sample("one", np.arange(1.0, 7.0), {"a": 1, "b": 3}),
        Sample("two", np.ones(BINS), {"mu": 4, "a": 1}),
        Sample("three", np.ones(BINS)),
    )
    check(channel(*samples), POSITION, samples)


def test_responses_of_every_kind_add_up() -> None:
    samples = (
        Sample("static", np.ones(BINS), {"a": 1}),
        Sample("exact", Exact("y"), {"b": 2}),
        Sample("exact2", Exact("x", "y")),
        Sample("morph1", morph(("x", "y"), 1), {"a": 1, "mu": 2}),
        Sample("morph2", morph(("x", "y"), 2, start=2, stop=4), {"b": 1}),
        Sample("morph3", morph(("y", "x"), 3, start=3), {"b": 1}),
        Sample("morph4", morph(("x", "y"), 4, centre=0.1, stop=1)),
        Sample("morph5", morph(("y",), 5, start=5, stop=5)),
        Sample("morph6", morph((), 6)),
    )
    check(channel(*samples), POSITION, samples)


def test_zero_factors_leave_their_slopes() -> None:
    compiled = channel(Sample("s", np.ones(BINS), {"a": 1, "mu": 2}))
    at = np.array([2.0, 0.0, 0.0, 0.0, 0.0])
    expected, jacobian = compiled.evaluate(at)
    assert not expected.any()
    np.testing.assert_array_equal(jacobian[2], 2.0)
    assert not jacobian[0].any()


def test_an_exact_response_is_asked_once_for_one_place() -> None:
    exact = Exact("x", "y")
    compiled = channel(Sample("s", exact, {"a": 1}))
    compiled.expected(POSITION)
    compiled.evaluate(POSITION)
    moved = POSITION.copy()
    moved[0] = 5.0  # a rate: the response is the same
    np.testing.assert_allclose(compiled.expected(moved), 5 / 1.3 * compiled.expected(POSITION))
    assert exact.asked == 1
    moved[3] = 0.25
    compiled.evaluate(moved)
    assert exact.asked == 2
    np.testing.assert_allclose(
        compiled.expected(POSITION), channel(Sample("s", Exact("x", "y"), {"a": 1})).expected(POSITION)
    )


def test_a_response_parameter_cannot_be_fitted_in_squares() -> None:
    with pytest.raises(ModelError) as caught:
        channel(Sample("s", Exact("mu")))
    assert caught.value.where == "Channel 't/x' sample 's'"
    assert "response parameter that is also a factor in powers" in caught.value.got
