"""The magnetic moment: its term, its parameter, and which sources feel it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.constants import physical_constants

from nurecoil.errors import OptionError
from nurecoil.model.parameters import Parameter
from nurecoil.options import make_options
from nurecoil.physics.scattering import tree_level
from nurecoil.physics.source import Source
from nurecoil.searches.magnetic_moment import MagneticMoment

RADIUS = 100 * physical_constants["classical electron radius"][0]


def source(name: str) -> Source:
    return Source(
        name=name,
        family="made up",
        title=name,
        flux=1.0,
        lines=((0.862, 1.0),),
        probabilities=lambda E: {"e": np.ones_like(E)},
        weak=tree_level,
        parameter=Parameter(f"flux.{name}", "1", 1.0, 0.0),
    )


def search(**options: Any) -> MagneticMoment:
    return MagneticMoment(make_options("magnetic-moment", MagneticMoment.Options, options))


def test_one_moment_that_is_not_negative() -> None:
    (moment,) = search().parameters()
    assert (moment.name, moment.unit, moment.value, moment.lower) == ("mu_eff", "mu_B", 0.0, 0.0)
    assert not moment.fixed
    assert search().poi == "mu_eff"


def test_the_papers_choice_is_the_default() -> None:
    made = search()
    assert made.options.sources == ("pp", "be7")
    assert len(made.terms(source("pp"))) == len(made.terms(source("be7"))) == 1
    assert made.terms(source("pep")) == []
    assert made.notes() == ["sources that feel the moment: pp, be7; the yield scales with the fitted flux"]


def test_any_source_can_be_chosen() -> None:
    assert search(sources="pep").terms(source("pp")) == []
    assert len(search(sources="pep").terms(source("pep"))) == 1
    for name in ("pp", "pep", "li8"):
        assert len(search(sources="all").terms(source(name))) == 1
    assert search(sources="").terms(source("pp")) == []


def test_the_yield_goes_with_the_square_whatever_the_flavour() -> None:
    (term,) = search().terms(source("pp"))
    assert term.name == "em"
    assert term.powers == (("mu_eff", 2),)
    assert not term.signed
    T, E = np.array([0.05, 0.2, 0.5]), np.array(0.862)
    exact = np.pi * RADIUS**2 * (1 / T - 1 / E)
    for flavour in ("e", "mu", "tau"):
        for antineutrino in (False, True):
            np.testing.assert_allclose(term.cross_section(T, E, flavour, antineutrino), exact, rtol=1e-6)


def test_sources_that_are_not_there_are_refused() -> None:
    there = [source("pp"), source("be7")]
    search().check_sources(there)
    search(sources="all").check_sources(there)
    search(sources="").check_sources([])
    with pytest.raises(OptionError) as caught:
        search(sources="pp,be").check_sources(there)
    assert str(caught.value) == (
        "magnetic-moment.sources: 'be' is not known. Allowed: all, be7, pp. Did you mean 'be7'?"
    )
