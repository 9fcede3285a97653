"""Templates that are given: ``shape_*`` from ROOT and UHI, against hits and keV, and the Monte-Carlo ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nurecoil.assembly import fold
from nurecoil.errors import InputError
from nurecoil.experiment import Background, RecoilChannel
from nurecoil.model.spectral import SpectralModel
from nurecoil.physics.constants import SECONDS_PER_DAY
from nurecoil.physics.recoil import recoil_rate
from nurecoil.shared import Sources
from nurecoil_borexino import Borexino, Options
from nurecoil_borexino.inputs import EXPOSURE, RELEASE, shipped
from nurecoil_borexino.published import ELECTRONS
from nurecoil_borexino.shapes import replaced_shape

Declare = Callable[..., RecoilChannel]
Write = Callable[..., str]
Array = np.ndarray[Any, np.dtype[np.float64]]
NEUTRINOS = {"pp": ("pp",), "be7": ("be7",), "pep": ("pep",), "cno": ("n13", "o15", "f17")}
BACKGROUNDS = ("kr85", "bi210", "c11")
HITS = np.arange(89.5, 911.0)
SLOPE = np.linspace(3.0, 1.0, HITS.size - 1)
INSIDE = slice(10, -10)


def given(made: RecoilChannel, sun: Sources, name: str) -> list[Array]:
    """The templates of a component, neutrinos for one cpd/100 t."""
    if name in NEUTRINOS:
        rates = [
            recoil_rate(s, s.weak) * ELECTRONS * SECONDS_PER_DAY
            for s in map(sun.solar.source, NEUTRINOS[name])
        ]
        found = [made.weak_templates[source] for source in NEUTRINOS[name]]
        return [np.asarray(one) / rate for one, rate in zip(found, rates, strict=True)]
    return [np.asarray(one.template) for one in made.backgrounds if one.name == name]


@pytest.mark.parametrize("suffix", [".root", ".json"])
@pytest.mark.parametrize("name", [*NEUTRINOS, *BACKGROUNDS])
def test_a_shape_against_hits_is_taken_bin_by_bin(
    channel: Declare, sun: Sources, written: Write, name: str, suffix: str
) -> None:
    location = written("h", HITS, SLOPE, suffix=suffix, observable="N_h")
    made = channel(comb=False, **{f"shape_{name}": location})
    for template in given(made, sun, name):
        assert template == pytest.approx(EXPOSURE["public"] * SLOPE[INSIDE] / SLOPE.sum(), rel=1e-12)
    assert any(location in line for line in [*made.provenance, *(b.provenance for b in made.backgrounds)])


@pytest.mark.parametrize("suffix", [".root", ".json"])
@pytest.mark.parametrize("name", ["pp", "kr85"])
def test_a_shape_against_energy_is_brought_to_hits(
    channel: Declare, sun: Sources, written: Write, name: str, suffix: str
) -> None:
    """A flat density in keV gives each bin its width; the release's widths and centres agree to 0.4 %."""
    energy = np.array([150.0, 300.0, 301.0, 2700.0])
    density = {"observable": "E_rec", "observable_unit": "keV", "metadata": {"additive": False}}
    location = written("h", energy, [0.5, 0.5, 0.5], suffix=suffix, **density)
    made = channel(comb=False, **{f"shape_{name}": location})
    width = shipped("h_energy_width").select(100, 900).counts
    for template in given(made, sun, name):
        assert template == pytest.approx(EXPOSURE["public"] * width / 2550.0, rel=4e-3)


def test_wide_bins_and_densities_hold_the_same_events(channel: Declare, sun: Sources, written: Write) -> None:
    wide = HITS[::4]
    flat = np.full(wide.size - 1, 4.0)
    contents = written("contents", wide, flat, observable="N_h")
    density = written("density", wide, flat / 4, observable="N_h", metadata={"additive": False})
    first, second = (given(channel(shape_kr85=where), sun, "kr85")[0] for where in (contents, density))
    assert first == pytest.approx(second, rel=1e-12)


def test_a_shape_above_a_threshold_tells_the_rate_it_belongs_to(
    channel: Declare, sun: Sources, written: Write
) -> None:
    """``zero_threshold_rate`` stands in for the integral, which the threshold has cut."""
    words = {"observable": "N_h", "metadata": {"zero_threshold_rate": 2 * SLOPE.sum()}}
    cut = given(channel(shape_pp=written("cut", HITS, SLOPE, **words)), sun, "pp")[0]
    whole = given(channel(shape_pp=written("whole", HITS, SLOPE, observable="N_h")), sun, "pp")[0]
    assert 2 * cut == pytest.approx(whole, rel=1e-12)


def test_the_monte_carlo_shapes_are_those_of_the_release(channel: Declare, sun: Sources) -> None:
    every = channel(templates="monte-carlo")
    named = channel(**{f"shape_{n}": f"{RELEASE}:h_mc_{n}" for n in [*NEUTRINOS, *BACKGROUNDS]})
    for name in [*NEUTRINOS, *BACKGROUNDS]:
        for one, two in zip(given(every, sun, name), given(named, sun, name), strict=True):
            share = one.sum() / two.sum()
            assert one == pytest.approx(share * two, rel=1e-12)
            if name == "kr85":  # the share of its decays above the 88 keV at which its shape begins
                assert 0.7 < share < 0.9
            else:
                assert share == pytest.approx(1.0, rel=1e-12)
    assert "borexino.c11_offset" not in [p.name for b in every.backgrounds for p in b.parameters]
    told = {line.partition(" ")[0] for line in every.provenance if "arXiv:2005.12829 (published)" in line}
    assert told == set(NEUTRINOS)


def test_one_given_shape_goes_before_the_monte_carlo_ones(
    channel: Declare, sun: Sources, written: Write
) -> None:
    location = written("h", HITS, SLOPE, observable="N_h")
    made = channel(templates="monte-carlo", comb=False, shape_pp=location)
    assert given(made, sun, "pp")[0][0] == pytest.approx(EXPOSURE["public"] * SLOPE[10] / SLOPE.sum())
    assert given(made, sun, "be7")[0][0] != pytest.approx(given(made, sun, "pp")[0][0])


@pytest.fixture(scope="module")
def folded(sun: Sources) -> SpectralModel:
    return fold([Borexino(Options(comb=False, response="exact"))], None, sun)


@pytest.mark.parametrize("name", [*NEUTRINOS, *BACKGROUNDS])
def test_folded_templates_agree_with_the_monte_carlo_shapes(
    channel: Declare, sun: Sources, folded: SpectralModel, name: str
) -> None:
    """Two independent responses, ours and the collaboration's: a template's events above N_h 100 agree."""
    values = {**folded.values}
    total = 0.0
    for sample in folded.channels[0].samples:
        if sample.name in NEUTRINOS.get(name, (name,)):
            contents = sample.template.evaluate([values[key] for key in sample.template.names])[0]  # type: ignore[union-attr]
            total += float(contents.sum())
    made = channel(comb=False, templates="monte-carlo")
    templates = (
        [made.weak_templates[source] for source in NEUTRINOS[name]]
        if name in NEUTRINOS
        else given(made, sun, name)
    )
    official = sum(float(np.asarray(one).sum()) for one in templates)
    assert total == pytest.approx(official, rel=0.04)


def test_nothing_is_replaced_unless_asked() -> None:
    assert replaced_shape(Options(), "pp", HITS, 1.0, None) is None
    assert replaced_shape(Options(templates="monte-carlo"), "po210", HITS, 1.0, None) is None


@pytest.mark.parametrize(
    ("words", "edges", "said"),
    [
        ({"observable": "E", "observable_unit": "MeV"}, HITS, ["axis E [MeV]", "energy in keV"]),
        ({"observable": "radius", "observable_unit": "m"}, HITS, ["axis radius [m]"]),
        ({"observable": "N_h"}, HITS + 5000, ["zero from 99.5 to 900.5 hits"]),
        ({"observable": "E", "observable_unit": "keV"}, HITS / 1000, ["zero from 99.5 to 900.5 hits"]),
    ],
    ids=["MeV", "no energy", "elsewhere", "unit forgotten"],
)
def test_shapes_that_cannot_be_used(
    channel: Declare, written: Write, words: dict[str, str], edges: Array, said: list[str]
) -> None:
    location = written("h", edges, SLOPE, **words)
    with pytest.raises(InputError) as error:
        channel(shape_be7=location)
    assert error.value.where == "borexino.shape_be7"
    assert all(text in str(error.value) for text in said)


def test_energy_is_known_where_the_release_is(channel: Declare) -> None:
    with pytest.raises(InputError, match=r"borexino\.templates, pp: bins from 70\.5 to 900\.5 hits"):
        channel(data="asimov", range="71,900", templates="monte-carlo")


def test_background_is_a_plain_array_then(background: Callable[..., Background], written: Write) -> None:
    location = written("h", HITS, SLOPE, observable="N_h")
    made = background("c11", shape_c11=location)
    assert isinstance(made.template, np.ndarray)
    assert made.parameters == ()
    assert made.provenance == location
