"""Models that contradict themselves: each contradiction is one error that names its place."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from nurecoil.errors import ModelError
from nurecoil.model.parameters import CovarianceConstraint, Parameter
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel

Array = NDArray[np.float64]

BINS = 4
GOOD = np.array([1.0, 2.0, 0.5, 0.0])


class Response:
    """A template with one parameter whose contents a test chooses."""

    names = ("a.light_yield",)

    def __init__(self, contents: Array) -> None:
        self.contents = contents

    def evaluate(self, values: Any) -> tuple[Array, Array]:
        return self.contents * float(values[0]), self.contents[None]


def poisson(**changes: Any) -> PoissonChannel:
    signal = Sample("em", GOOD, {"mu": 2}, group="signal")
    background = Sample("kr85", Response(GOOD), {"a.rate": 1}, provenance="inputs/backgrounds.root:kr85")
    fields: dict[str, Any] = {
        "name": "a/x",
        "observable": "x",
        "unit": "1",
        "edges": np.arange(BINS + 1.0),
        "samples": (signal, background),
        "observed": np.array([1.0, 0.0, 3.0, 2.0]),
    }
    return PoissonChannel(**(fields | changes))


def gaussian(**changes: Any) -> GaussianChannel:
    fields: dict[str, Any] = {
        "name": "g/rate",
        "observable": "rate",
        "unit": "SNU",
        "samples": (Sample("pp", np.array([38.0]), {"a.rate": 1}),),
        "observed": np.array([66.1]),
        "width": np.array([4.1]),
    }
    return GaussianChannel(**(fields | changes))


def model(*channels: PoissonChannel | GaussianChannel, **changes: Any) -> SpectralModel:
    parameters = [
        Parameter("mu", "mu_B", 0.0, lower=0.0),
        Parameter("a.rate", "cpd", 1.0, lower=0.0),
        Parameter("a.light_yield", "1", 1.0, lower=0.1),
    ]
    fields: dict[str, Any] = {
        "channels": channels or (poisson(), gaussian()),
        "parameters": {p.name: p for p in parameters},
        "poi": "mu",
    }
    return SpectralModel(**(fields | changes))


def replaced(index: int, **changes: Any) -> PoissonChannel:
    """The Poisson channel with one of its samples changed."""
    samples = list(poisson().samples)
    samples[index] = dataclasses.replace(samples[index], **changes)
    return poisson(samples=tuple(samples))


def at(index: int, value: float) -> Array:
    contents = GOOD.copy()
    contents[index] = value
    return contents


def test_the_model_of_these_tests_is_whole() -> None:
    assert len(model().free) == 3


@pytest.mark.parametrize(
    ("make", "where", "got"),
    [
        (lambda: model(channels=()), "model", "no channels"),
        (lambda: model(poisson(), poisson()), "model", "channel 'a/x' appears more than once"),
        (
            lambda: model(parameters={"b": Parameter("a", "1", 1.0)}),
            "model",
            "parameter 'a' filed under 'b'",
        ),
        (lambda: model(poisson(samples=())), "Channel 'a/x'", "no samples"),
        (
            lambda: model(poisson(samples=poisson().samples[:1] * 2)),
            "Channel 'a/x'",
            "sample 'em' appears more than once",
        ),
        (lambda: model(poisson(observed=np.ones(3))), "Channel 'a/x'", "observed of shape (3,)"),
        (lambda: model(poisson(observed=at(2, math.nan))), "Channel 'a/x' bin 2", "observed is nan"),
        (lambda: model(poisson(observed=at(3, math.inf))), "Channel 'a/x' bin 3", "observed is inf"),
        (lambda: model(poisson(observed=at(1, -1.0))), "Channel 'a/x' bin 1", "observed count -1"),
        (lambda: model(poisson(edges=np.array(1.0))), "Channel 'a/x'", "edges of shape ()"),
        (lambda: model(poisson(edges=np.array([0.0]))), "Channel 'a/x'", "edges of shape (1,)"),
        (
            lambda: model(poisson(edges=np.array([0, 1, 1, 2, 3.0]))),
            "Channel 'a/x' bin 1",
            "edges 1.0 and 1.0",
        ),
        (
            lambda: model(poisson(edges=np.array([0, 1, 2, 3, 2.0]))),
            "Channel 'a/x' bin 3",
            "edges 3.0 and 2.0",
        ),
        (
            lambda: model(poisson(edges=np.array([0, 1, 2, 3, np.inf]))),
            "Channel 'a/x' bin 3",
            "edges 3.0 and inf",
        ),
        (
            lambda: model(poisson(edges=np.array([np.nan, 1, 2, 3, 4]))),
            "Channel 'a/x' bin 0",
            "edges nan and 1.0",
        ),
        (lambda: model(poisson(edges=np.arange(4.0))), "Channel 'a/x'", "observed of shape (4,)"),
        (lambda: model(poisson(), gaussian(width=np.zeros(1))), "Channel 'g/rate'", "widths [0.]"),
        (lambda: model(poisson(), gaussian(width=np.array([np.nan]))), "Channel 'g/rate'", "widths [nan]"),
        (lambda: model(poisson(), gaussian(width=np.ones(2))), "Channel 'g/rate'", "widths [1. 1.]"),
        (
            lambda: model(poisson(), gaussian(observed=np.array([np.nan]))),
            "Channel 'g/rate' bin 0",
            "observed is nan",
        ),
        (
            lambda: model(replaced(0, template=np.ones(3))),
            "Channel 'a/x'",
            "template of 'em' has shape (3,)",
        ),
        (
            lambda: model(replaced(0, template=np.ones((4, 1)))),
            "Channel 'a/x'",
            "template of 'em' has shape (4, 1)",
        ),
        (
            lambda: model(replaced(1, template=Response(np.ones(5)))),
            "Channel 'a/x'",
            "template of 'kr85' has shape (5,)",
        ),
        (
            lambda: model(replaced(0, template=at(2, math.nan))),
            "Channel 'a/x' bin 2",
            "template of 'em' is nan",
        ),
        (
            lambda: model(replaced(1, template=Response(at(1, math.inf)))),
            "Channel 'a/x' bin 1",
            "template of 'kr85' is inf",
        ),
        (
            lambda: model(replaced(1, template=Response(at(3, -0.3)))),
            "Channel 'a/x' bin 3",
            "template of 'kr85' is -0.3; this sample is not declared signed",
        ),
        (
            lambda: model(replaced(0, template=[1, 2, 3, 4])),
            "Channel 'a/x' sample 'em'",
            "a template of type list",
        ),
        (lambda: model(replaced(0, powers={"mu": 0})), "Channel 'a/x' sample 'em'", "power 0 of 'mu'"),
        (lambda: model(replaced(0, powers={"mu": -2})), "Channel 'a/x' sample 'em'", "power -2 of 'mu'"),
        (lambda: model(replaced(0, powers={"mu": 1.5})), "Channel 'a/x' sample 'em'", "power 1.5 of 'mu'"),
        (
            lambda: model(replaced(0, powers={"mu": math.nan})),
            "Channel 'a/x' sample 'em'",
            "power nan of 'mu'",
        ),
        (
            lambda: model(poisson(samples=poisson().samples[1:])),
            "parameter of interest 'mu'",
            "no sample depends on it, so the data cannot constrain it",
        ),
        (
            lambda: model(replaced(0, template=np.zeros(BINS))),
            "parameter of interest 'mu'",
            "the signal templates 'em' are zero in every bin",
        ),
    ],
)
def test_a_contradiction_names_its_place(make: Callable[[], object], where: str, got: str) -> None:
    with pytest.raises(ModelError) as caught:
        make()
    assert caught.value.where == where
    assert caught.value.got == got
    assert caught.value.allowed


def test_a_negative_template_names_the_file_to_check() -> None:
    with pytest.raises(ModelError) as caught:
        model(replaced(1, template=Response(at(3, -0.3))))
    assert str(caught.value) == (
        "Channel 'a/x' bin 3: template of 'kr85' is -0.3; this sample is not declared signed. "
        "Allowed: 0 or more. Check inputs/backgrounds.root:kr85."
    )


def test_a_signed_sample_may_be_negative() -> None:
    assert model(replaced(0, template=at(1, -0.3), signed=True)).poi == "mu"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"channels": (replaced(0, powers={"mu": 2, "a.rates": 1}),)}, "Channel 'a/x' sample 'em'"),
        ({"poi": "a.rates"}, "parameter"),
        ({"constraints": (CovarianceConstraint(("a.rates",), (1.0,), ((1.0,),)),)}, "parameter"),
    ],
)
def test_unknown_parameters_offer_the_nearest(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(ModelError) as caught:
        model(**changes)
    assert caught.value.where == where
    assert caught.value.got == "'a.rates' is not known"
    assert caught.value.allowed == "a.light_yield, a.rate, mu"
    assert caught.value.remedy is not None
    assert caught.value.remedy.startswith("Did you mean 'a.rate'")


FINITE = st.floats(0, 1e6)
BAD = st.one_of(st.floats(-1e6, -1e-6), st.sampled_from([math.nan, math.inf, -math.inf]))


@given(
    contents=hnp.arrays(np.float64, BINS, elements=FINITE),
    observed=hnp.arrays(np.float64, BINS, elements=FINITE),
)
def test_any_finite_counts_make_a_model(contents: Array, observed: Array) -> None:
    made = model(poisson(samples=(Sample("s", contents, {"a.rate": 1}),), observed=observed), poi=None)
    assert made.channels[0].observed is observed


@given(
    contents=hnp.arrays(np.float64, BINS, elements=FINITE),
    where=st.integers(0, BINS - 1),
    value=BAD,
    target=st.sampled_from(["template", "response", "observed"]),
)
def test_any_bad_number_is_found_where_it_is(contents: Array, where: int, value: float, target: str) -> None:
    contents = contents.copy()
    contents[where] = value
    with pytest.raises(ModelError) as caught:
        if target == "observed":
            model(poisson(observed=contents))
        else:
            model(replaced(1, template=contents if target == "template" else Response(contents)))
    assert caught.value.where == f"Channel 'a/x' bin {where}"
    assert target == "observed" or "'kr85'" in caught.value.got


@given(shape=hnp.array_shapes(min_dims=0, max_dims=2, max_side=6).filter(lambda shape: shape != (BINS,)))
def test_any_other_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="Channel 'a/x': template of 'em' has shape"):
        model(replaced(0, template=np.ones(shape)))


@given(edges=hnp.arrays(np.float64, BINS + 1, elements=st.floats(-10, 10)))
def test_edges_increase_or_are_refused(edges: Array) -> None:
    if np.all(np.diff(edges) > 0):
        assert model(poisson(edges=edges)).channels[0].bins == BINS
    else:
        with pytest.raises(ModelError, match=r"Channel 'a/x' bin \d: edges"):
            model(poisson(edges=edges))


@given(name=st.text(max_size=8))
def test_any_name_that_is_not_a_parameter_is_refused(name: str) -> None:
    if name not in ("mu", "a.rate", "a.light_yield"):
        with pytest.raises(ModelError, match="is not known"):
            model(replaced(0, powers={name: 1}))
