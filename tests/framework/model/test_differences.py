"""Differences of models: none for equal ones, the same both ways, every change found where it is."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.detectors.morph import Morph
from nurecoil.model.differences import Difference, differences
from nurecoil.model.modifiers import BinFactors, HistoSys, NormSys
from nurecoil.model.parameters import CovarianceConstraint, GaussianConstraint, PoissonConstraint
from nurecoil.model.spectral import Sample, SpectralModel
from nurecoil.testing.models import counting

from ..report.inspected import everything, wide

Change = Callable[[SpectralModel], SpectralModel]


def shuffled(model: SpectralModel, seed: int) -> SpectralModel:
    """The same model with its parts in another order."""
    order = random.Random(seed)

    def mixed(parts: Any) -> list[Any]:
        found = list(parts)
        order.shuffle(found)
        return found

    channels = []
    for channel in mixed(model.channels):
        samples = [
            dataclasses.replace(
                sample, powers=dict(mixed(sample.powers.items())), modifiers=tuple(mixed(sample.modifiers))
            )
            for sample in mixed(channel.samples)
        ]
        channels.append(dataclasses.replace(channel, samples=tuple(samples)))
    constraints = []
    for joint in mixed(model.constraints):
        places = mixed(range(len(joint.names)))
        constraints.append(
            CovarianceConstraint(
                tuple(joint.names[i] for i in places),
                tuple(joint.centre[i] for i in places),
                tuple(tuple(joint.covariance[i][j] for j in places) for i in places),
                joint.source,
            )
        )
    parameters = dict(mixed(model.parameters.items()))
    return SpectralModel(tuple(channels), parameters, tuple(constraints), model.poi)


def with_sample(model: SpectralModel, channel: int, sample: int, **changes: Any) -> SpectralModel:
    channels = list(model.channels)
    samples = list(channels[channel].samples)
    samples[sample] = dataclasses.replace(samples[sample], **changes)
    channels[channel] = dataclasses.replace(channels[channel], samples=tuple(samples))
    return dataclasses.replace(model, channels=tuple(channels))


def with_channel(model: SpectralModel, channel: int, **changes: Any) -> SpectralModel:
    channels = list(model.channels)
    channels[channel] = dataclasses.replace(channels[channel], **changes)
    return dataclasses.replace(model, channels=tuple(channels))


def with_joint(model: SpectralModel, **changes: Any) -> SpectralModel:
    """The model with its joint constraints changed, as far as it still has any."""
    return dataclasses.replace(
        model, constraints=tuple(dataclasses.replace(one, **changes) for one in model.constraints)
    )


def with_modifier(model: SpectralModel, place: int, made: Any) -> SpectralModel:
    modifiers = list(model.channels[0].samples[1].modifiers)
    modifiers[place] = made
    return with_sample(model, 0, 1, modifiers=tuple(modifiers))


LOW, HIGH = np.array([9.0, 20.0, 31.0]), np.array([11.0, 20.0, 28.0])
ROW = "channel 'SR', sample 'rest'"
ERRORS = np.array([1.0, 2.0, 3.0])
STAT = ("stat[0]", "stat[1]", "stat[2]")
CHANGES: list[tuple[Change, str, str, Any, Any, float | None, int | None]] = [
    (lambda m: dataclasses.replace(m, poi=None), "model", "parameter of interest", "mu2", None, None, None),
    (lambda m: with_channel(m, 0, observed=np.array([90.0, 180.0, 560.0])),
     "channel 'SR'", "observed", 280.0, 560.0, 0.5, 2),
    (lambda m: with_channel(m, 0, edges=np.array([0.0, 1.0, 4.0, 5.0])), "channel 'SR'", "edges",
     2.0, 4.0, 0.5, 2),
    (lambda m: with_channel(m, 0, unit="MeV"), "channel 'SR'", "unit", "keV", "MeV", None, None),
    (lambda m: with_channel(m, 1, asimov=False), "channel 'CR'", "asimov", "True", "False", None, None),
    (lambda m: with_channel(m, 2, width=np.array([8.26])), "channel 'gallium'", "width", 4.13, 8.26, 0.5, 0),
    (lambda m: with_sample(m, 0, 1, template=np.array([10.0, 20.0, 40.0])), ROW, "template",
     30.0, 40.0, 0.25, 2),
    (lambda m: with_sample(m, 0, 1, powers={"rate": 1}), ROW, "power of rate", 2, 1, 0.5, None),
    (lambda m: with_sample(m, 0, 1, powers={"rate": 2, "lumi": 1}), ROW, "power of lumi",
     None, 1, None, None),
    (lambda m: with_sample(m, 0, 1, group="neutrino"), ROW, "group", "background", "neutrino", None, None),
    (lambda m: with_modifier(m, 0, NormSys("xs", 0.9, 2.2)), ROW, "normsys xs, high", 1.1, 2.2, 0.5, None),
    (lambda m: with_modifier(m, 0, NormSys("xs", 0.9, 1.1, "1")), ROW, "normsys xs, code",
     "4", "1", None, None),
    (lambda m: with_modifier(m, 1, HistoSys("jes", LOW, HIGH)), ROW, "histosys jes, high",
     29.0, 28.0, 1 / 29, 2),
    (lambda m: with_modifier(m, 2, BinFactors(("stat[0]", "", "stat[2]"), "staterror", ERRORS)),
     ROW, "staterror stat[0], parameter", "stat[1]", "", None, 1),
    (lambda m: with_modifier(m, 2, BinFactors(STAT, "staterror", np.array([1.0, 4.0, 3.0]))),
     ROW, "staterror stat[0], errors", 2.0, 4.0, 0.5, 1),
    (lambda m: m.with_parameters(jes={"value": 0.5}), "parameter 'jes'", "value", 0.0, 0.5, 1.0, None),
    (lambda m: m.with_parameters(jes={"fixed": True}), "parameter 'jes'", "fixed",
     "False", "True", None, None),
    (lambda m: m.with_parameters(pp={"upper": 2.0}), "parameter 'pp'", "upper", np.inf, 2.0, None, None),
    (lambda m: m.with_parameters(jes={"constraint": GaussianConstraint(0.0, 2.0)}),
     "parameter 'jes'", "constraint, width", 1.0, 2.0, 0.5, None),
    (lambda m: m.with_parameters(lumi={"constraint": PoissonConstraint(2.0, 2.0)}), "parameter 'lumi'",
     "constraint", "GaussianConstraint(centre=1.0, width=0.02)", "PoissonConstraint(count=2.0, scale=2.0)",
     None, None),
    (lambda m: with_joint(m, covariance=((0.01, -0.01), (-0.01, 0.04))),
     "joint constraint of be7, pp", "covariance of be7 and pp", -0.005, -0.01, 0.5, None),
    (lambda m: with_joint(m, centre=(1.0, 2.0)),
     "joint constraint of be7, pp", "centre of be7", 1.0, 2.0, 0.5, None),
    (lambda m: dataclasses.replace(m, constraints=()), "joint constraint of be7, pp", "joint constraint",
     "of 2 parameters", None, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("change", "where", "what", "one", "other", "relative", "place"), CHANGES)
def test_one_change_is_one_difference(
    change: Change, where: str, what: str, one: Any, other: Any, relative: float | None, place: int | None
) -> None:
    model = everything()
    (found,) = differences(model, change(model))
    assert (found.where, found.what, found.one, found.other, found.bin) == (where, what, one, other, place)
    assert found.relative == pytest.approx(relative)


def test_parts_that_only_one_has() -> None:
    model = everything()
    less = dataclasses.replace(model, channels=model.channels[:2])
    assert [(d.where, d.what, d.other) for d in differences(model, less)] == [
        ("channel 'gallium'", "channel", None)
    ]
    rest = model.channels[0].samples[1]
    short = with_sample(model, 0, 1, modifiers=rest.modifiers[1:])
    assert [(d.what, d.one, d.other) for d in differences(short, model)] == [
        ("normsys xs", None, "0.9 and 1.1, code 4")
    ]
    alone = with_channel(model, 0, samples=model.channels[0].samples[:1])
    assert [(d.where, d.one) for d in differences(alone, model)] == [(ROW, None)]
    known = {name: parameter for name, parameter in model.parameters.items() if name != "mu2"}
    fewer = dataclasses.replace(model, channels=model.channels[1:], poi=None, parameters=known)
    assert {"parameter 'mu2'", "channel 'SR'", "model"} == {d.where for d in differences(fewer, model)}


def test_another_binning_is_told_by_its_number() -> None:
    found = {(d.what, d.one, d.other) for d in differences(*(_binned(n) for n in (4, 5)))}
    assert found == {("edges, number", 5, 6), ("observed, number", 4, 5), ("template, number", 4, 5)}


def _binned(bins: int) -> SpectralModel:
    model = counting(3.0, 1.0)
    (channel,) = model.channels
    samples = tuple(dataclasses.replace(s, template=np.ones(bins)) for s in channel.samples[:1])
    return with_channel(model, 0, samples=samples, edges=np.arange(bins + 1.0), observed=np.ones(bins))


def _tilted(names: tuple[str, str], slopes: tuple[float, float], curvature: float = 0.0) -> SpectralModel:
    model = everything()
    bent = np.zeros((2, 2, 3))
    bent[0, 1] = bent[1, 0] = curvature
    slope = np.array([np.full(3, value) for value in slopes])
    return with_sample(model, 0, 0, template=Morph(names, np.zeros(2), np.ones(3), slope, bent))


def test_compiled_responses() -> None:
    one = _tilted(("xs", "jes"), (0.1, 0.2))
    assert differences(one, _tilted(("jes", "xs"), (0.2, 0.1))) == []
    (found,) = differences(one, _tilted(("xs", "jes"), (0.1, 0.4)))
    assert (found.what, found.relative, found.differing) == ("template, slope by jes", 0.5, 3)
    (found,) = differences(one, _tilted(("xs", "jes"), (0.1, 0.2), 1.0))
    assert found.what == "template, curvature by jes and xs"
    (found,) = differences(one, everything())
    assert (found.what, found.one, found.other) == ("template", "compiled response", "contents")


class _Line:
    """A template that depends on a parameter and has no numbers of its own."""

    def __init__(self, gain: float) -> None:
        self.names, self._gain = ("xs",), gain

    def evaluate(self, values: Any) -> tuple[np.ndarray, np.ndarray]:
        return np.full(3, 1 + self._gain * values[0]), np.full((1, 3), self._gain)


def test_exact_responses_are_compared_at_the_start_of_both() -> None:
    one, other = (with_sample(everything(), 0, 0, template=_Line(gain)) for gain in (0.5, 1.0))
    moved = other.with_parameters(xs={"value": 1.0})
    assert differences(one, other) == []
    found = {d.what: d for d in differences(one, moved)}
    assert set(found) == {"template at the start", "value"}
    assert (found["template at the start"].one, found["template at the start"].other) == (1.5, 2.0)
    same = with_sample(one, 0, 0, template=one.channels[0].samples[0].template)
    assert differences(one, same) == []


@given(st.integers(0, 2**32))
def test_the_order_of_parts_makes_no_difference(seed: int) -> None:
    model = everything()
    assert differences(model, shuffled(model, seed)) == []


@given(st.lists(st.integers(0, len(CHANGES) - 1), max_size=4), st.integers(0, 2**32))
def test_the_same_both_ways(which: list[int], seed: int) -> None:
    model = other = everything()
    for i in which:
        other = CHANGES[i][0](other)
    found = differences(model, other)
    assert [row.swapped for row in found] == differences(shuffled(other, seed), model)
    assert bool(found) == bool(which)


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300))
def test_relative_differences(one: float, other: float) -> None:
    found = differences(counting(one, 1.0), counting(other, 1.0))
    if one == other:
        assert found == []
        return
    (row,) = found
    assert row.relative is not None and 0 < row.relative <= 1
    assert row.relative == pytest.approx(1 - min(one, other) / max(one, other), abs=1e-15)


def test_repeated_modifiers_are_matched_by_content() -> None:
    model = everything()
    a, b, c = (NormSys("xs", low, 1.1) for low in (0.7, 0.8, 0.9))
    two, same = (with_sample(model, 0, 1, modifiers=order) for order in ((a, b), (b, a)))
    assert differences(two, same) == []
    (found,) = differences(two, with_sample(model, 0, 1, modifiers=(c, a)))
    assert (found.what, found.one, found.other) == ("normsys xs, low", 0.8, 0.9)


def test_words_are_told_apart_and_rows_are_plain() -> None:
    model = everything()
    (found,) = differences(model, model.with_parameters(jes={"description": "jet energy scale"}))
    assert found.words
    assert found.to_json() == {
        "where": "parameter 'jes'", "what": "description", "one": "", "other": "jet energy scale",
        "relative": None, "bin": None, "differing": None, "words": True,
    }  # fmt: skip
    assert not Difference("parameter 'jes'", "value", 0.0, 1.0).words


def test_metadata_do_not_count() -> None:
    model = everything()
    assert differences(model, dataclasses.replace(model, metadata={})) == []


def test_wide_models() -> None:
    one, other = wide(20, 200), wide(20, 200)
    assert differences(one, other) == []
    extra = Sample("extra", np.ones(5))
    changed = with_channel(other, 7, samples=(*other.channels[7].samples, extra))
    assert [d.where for d in differences(one, changed)] == ["channel 'CH7', sample 'extra'"]
