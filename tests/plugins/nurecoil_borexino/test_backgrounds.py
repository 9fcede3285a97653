"""Backgrounds: rates and constraints, pile-up in every form, external gammas, 210Bi's shape factor."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nurecoil.errors import InputError, NurecoilError, OptionError
from nurecoil.experiment import Background, RecoilChannel
from nurecoil.histograms.histogram import Histogram
from nurecoil.histograms.write import write_histograms
from nurecoil.model.parameters import GaussianConstraint
from nurecoil_borexino.inputs import EXPOSURE, shipped

Declare = Callable[..., RecoilChannel]
Ask = Callable[..., Background]
Write = Callable[..., str]
Array = np.ndarray[Any, np.dtype[np.float64]]
NAMES = ["c14", "kr85", "bi210", "c11", "po210", "tl208", "bi214", "k40", "pileup"]
WHOLE = {"data": "asimov", "range": "71,1000", "comb": False}
"""Every hit that a component can make above 14C."""


def values(made: RecoilChannel, one: Background) -> list[float]:
    """Starting values of what a template depends on."""
    known = {p.name: p.value for p in (*made.parameters, *one.parameters)}
    return [known[name] for name in one.template.names]  # type: ignore[union-attr]


def contents(made: RecoilChannel, name: str) -> Array:
    """The template of one background for a rate of one."""
    one = {made.name: made for made in made.backgrounds}[name]
    if isinstance(one.template, np.ndarray):
        return one.template
    return np.asarray(one.template.evaluate(values(made, one))[0])


@pytest.mark.parametrize("setup", ["public", "paper"])
def test_the_list(channel: Declare, setup: str) -> None:
    made = channel(setup=setup).backgrounds
    assert [one.name for one in made] == NAMES
    for one in made:
        assert one.rate is not None
        assert one.rate.name == f"borexino.rate.{one.name}"
        assert one.rate.lower == 0.0
        assert one.title
        assert one.provenance
    assert len({one.title for one in made}) == len(made)


@pytest.mark.parametrize(
    ("options", "unseen"),
    [
        ({"range": "100,200"}, "11C"),
        ({"range": "400,900"}, "14C, 85Kr, 210Po, pile-up"),
        ({"range": "500,900", "pileup": "convolution"}, "14C, 85Kr, 210Po, pile-up"),
        ({"range": "85,950", "data": "asimov"}, ""),
    ],
)
def test_what_does_not_reach_the_range_is_left_out_and_said(
    channel: Declare, options: dict[str, str], unseen: str
) -> None:
    made = channel(**options)
    titles = {one.title for one in channel(data="asimov", range="85,950").backgrounds}
    left = {one.title for one in made.backgrounds}
    assert titles - left == set(unseen.split(", ")) - {""}
    assert (f"left out, since they do not reach the range: {unseen}" in made.provenance) is bool(unseen)


def test_what_is_modelled_says_so(channel: Declare) -> None:
    for one in channel().backgrounds:
        assert re.search(r"\((modelled|digitised[^)]*)\)", one.provenance), one


def test_rates_of_the_public_setup_are_free_and_two_are_constrained(channel: Declare) -> None:
    rates = {one.name: one.rate for one in channel().backgrounds}
    constraints = {name: rate.constraint for name, rate in rates.items() if rate and rate.constraint}
    assert constraints == {"c14": GaussianConstraint(40.0, 2.0), "pileup": GaussianConstraint(1.0, 0.2)}
    assert not any(rate and rate.fixed for rate in rates.values())


def test_the_paper_fixes_potassium_and_pile_up(channel: Declare) -> None:
    rates = {one.name: one.rate for one in channel(setup="paper").backgrounds}
    assert {name for name, rate in rates.items() if rate and rate.fixed} == {"k40", "pileup"}
    assert rates["c11"] is not None
    assert rates["c11"].value == 26.8


@pytest.mark.parametrize("name", ["po210", "tl208", "k40", "c11"])
def test_a_rate_of_one_is_one_event_per_day_and_100_t(channel: Declare, name: str) -> None:
    """Of what lies wholly in the range every event is there, once."""
    made = channel(**WHOLE)
    assert contents(made, name).sum() == pytest.approx(EXPOSURE["public"], rel=1e-3)


def test_the_exposure_scales_every_background(channel: Declare) -> None:
    one, two = channel(comb=False), channel(comb=False, exposure=2 * EXPOSURE["public"])
    for name in NAMES:
        assert contents(two, name) == pytest.approx(2 * contents(one, name), rel=1e-12)


def test_carbon_11_can_start_elsewhere(channel: Declare) -> None:
    made = channel(comb=False)
    one = {one.name: one for one in made.backgrounds}["c11"]
    start = one.parameters[0]
    assert (start.name, start.unit) == ("borexino.c11_offset", "MeV")
    early = values(made, one)
    late = [*early[:-1], early[-1] + 0.1]
    centres = made.edges[:-1] + 0.5
    means = [
        np.average(centres, weights=one.template.evaluate(at)[0])  # type: ignore[union-attr]
        for at in (early, late)
    ]
    assert means[1] - means[0] == pytest.approx(0.1 * 436, rel=0.2)


def test_the_two_shape_factors_of_bismuth(channel: Declare) -> None:
    """Both are per decay; they differ by per cents and in opposite ways at the two ends."""
    alekseev, daniel = channel(comb=False), channel(comb=False, bi210_shape="daniel")
    ratio = contents(daniel, "bi210")[:350] / contents(alekseev, "bi210")[:350]
    assert 0.005 < np.abs(ratio - 1).max() < 0.3
    assert (ratio[0] - ratio.mean()) * (ratio[-1] - ratio.mean()) < 0


@pytest.mark.parametrize(
    ("pileup", "rate", "unit"),
    [("convolution", GaussianConstraint(137.5, 2.8), "cpd/100 t"),
     ("convolution-2014", GaussianConstraint(321.0, 7.0), "cpd/100 t")],
)  # fmt: skip
def test_pile_up_as_a_convolution(
    channel: Declare, background: Ask, pileup: str, rate: GaussianConstraint, unit: str
) -> None:
    one = background("pileup", pileup=pileup)
    assert one.rate is not None
    assert (one.rate.constraint, one.rate.unit, one.rate.value) == (rate, unit, rate.centre)
    assert one.template.weight.sum() == pytest.approx(EXPOSURE["public"], rel=1e-9)  # type: ignore[union-attr]
    assert "modelled" in one.provenance
    falling = contents(channel(pileup=pileup, comb=False), "pileup")[:40]
    assert np.all(np.diff(falling) < 0)


def test_pile_up_can_be_left_out(channel: Declare) -> None:
    assert [one.name for one in channel(pileup="none").backgrounds] == NAMES[:-1]


def test_pile_up_of_the_figure_is_the_digitised_one_to_135(channel: Declare) -> None:
    made = channel(comb=False)
    shape = shipped("h_fig6a_pileup").select(100, 135).counts
    found = contents(made, "pileup") / EXPOSURE["public"]
    assert found[:36] == pytest.approx(shape, rel=1e-12)
    logs = np.log(found[40:200])
    assert np.diff(logs) == pytest.approx(np.full(159, np.diff(logs)[0]), rel=1e-6)  # an exponential
    assert found[36] == pytest.approx(found[35], rel=0.2)
    below = contents(channel(comb=False, data="asimov", range="80,900"), "pileup") / EXPOSURE["public"]
    assert np.all(np.diff(below[:20]) < 0)


@pytest.mark.parametrize("suffix", [".root", ".json"])
def test_a_users_pile_up_is_taken_as_it_is(
    channel: Declare, background: Ask, written: Write, suffix: str
) -> None:
    """Nothing is added above its last bin; wide bins are densities as well."""
    edges = np.concatenate([np.arange(90.5, 150), np.arange(150.5, 201, 10)])
    density = np.exp(-0.05 * edges[:-1])
    words = {"observable": "N_h", "counts_unit": "events/(day 100 t N_h)", "metadata": {"additive": False}}
    location = written("h", edges, density, suffix=suffix, **words)
    found = contents(channel(comb=False, pileup_shape=location), "pileup") / EXPOSURE["public"]
    assert found[:50] == pytest.approx(density[9:59], rel=1e-12)
    assert found[51:61] == pytest.approx(np.full(10, density[60]), rel=1e-12)
    assert np.all(found[101:] == 0)
    one = background("pileup", pileup_shape=location)
    assert one.rate is not None
    assert (one.provenance, one.rate.unit, one.rate.constraint) == (
        location,
        "1",
        GaussianConstraint(1.0, 0.2),
    )


@pytest.mark.parametrize(
    ("edges", "words", "said"),
    [
        ((110.5, 200), {}, "begins at 110.5 hits"),
        ((90.5, 95), {}, "holds 0 events"),
        ((90.5, 200), {"counts_unit": "events"}, "counts unit is 'events'"),
        ((90.5, 200), {"observable": "E", "observable_unit": "keV"}, "observable is 'E'"),
    ],
)
def test_pile_up_that_cannot_be_used(
    channel: Declare, written: Write, edges: tuple[float, float], words: dict[str, str], said: str
) -> None:
    axis = np.arange(*edges)
    location = written("h", axis, np.ones(axis.size - 1), **({"observable": "N_h"} | words))
    with pytest.raises(InputError) as error:
        channel(pileup_shape=location)
    assert error.value.where.startswith("borexino.pileup_shape")
    assert said in str(error.value)


def test_a_pile_up_shape_nobody_reads_is_no_silence(channel: Declare, written: Write) -> None:
    location = written("h", np.arange(90.5, 200), np.ones(109))
    with pytest.raises(OptionError, match=r"borexino\.pileup_shape: a shape with borexino\.pileup=none"):
        channel(pileup="none", pileup_shape=location)


@pytest.mark.parametrize("suffix", [".root", ".json"])
def test_external_gammas_of_the_users_own(channel: Declare, tmp_path: Path, suffix: str) -> None:
    """One line each; the response smears them about their mean hits. Density or contents, any scale."""
    path = tmp_path / f"gammas{suffix}"
    lines = {"tl208": 2.2, "bi214": 1.5, "k40": 1.0}
    axis = np.array([0.0, 0.5, 0.9, 1.1, 1.4, 1.6, 2.1, 2.3])
    made = [
        Histogram(f"h_{name}", axis, 7.0 * ((axis[:-1] < at) & (axis[1:] > at)),
                  observable="E_v", observable_unit="MeV", metadata={"additive": name == "k40"})
        for name, at in lines.items()
    ]  # fmt: skip
    write_histograms(path, made)
    found = channel(external_shapes=str(path), **WHOLE)
    centres = found.edges[:-1] + 0.5
    for name, at in lines.items():
        template = contents(found, name)
        assert template.sum() == pytest.approx(EXPOSURE["public"], rel=1e-3)
        mean = 436 * at * (1 - 0.1075 * at) / (1 - 0.1075)
        assert np.average(centres, weights=template) == pytest.approx(mean, rel=0.01)
        one = {one.name: one for one in found.backgrounds}[name]
        assert str(path) in one.provenance


def test_external_gammas_that_cannot_be_used(channel: Declare, tmp_path: Path, written: Write) -> None:
    one = written("h_tl208", [0.0, 1.0, 2.0], [1.0, 1.0])
    with pytest.raises(InputError, match=r"borexino\.external_shapes: .* holds no 'h_bi214'"):
        channel(external_shapes=one.rpartition(":")[0])
    with pytest.raises(InputError, match="Leave the colon and the name out"):
        channel(external_shapes=one)
    with pytest.raises(InputError, match="h_tl208: no events above 0 MeV"):
        channel(
            external_shapes=written("h_tl208", [0.0, 1.0, 2.0], [0.0, 0.0], suffix=".json").rpartition(":")[0]
        )
    with pytest.raises(InputError, match="observable unit is 'keV'"):
        location = written(
            "h_tl208", [0.0, 1.0], [1.0], suffix=".json", observable="E_v", observable_unit="keV"
        )
        channel(external_shapes=location.rpartition(":")[0])
    with pytest.raises(NurecoilError, match="does not exist"):
        channel(external_shapes=str(tmp_path / "nothing.root"))


def test_pileup_may_be_held_at_the_figure(background: Ask) -> None:
    held, loose = background("pileup", pileup_error=0.0).rate, background("pileup", pileup_error=0.5).rate
    assert held is not None and held.fixed and held.constraint is None
    assert loose is not None and loose.constraint == GaussianConstraint(1.0, 0.5)
    with pytest.raises(OptionError, match=r"borexino\.pileup_error: 0\.1 with borexino\.pileup=convolution"):
        background("pileup", pileup="convolution", pileup_error=0.1)
