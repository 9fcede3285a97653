"""The boson of B-L is the light vector of its charges, interference included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nurecoil.errors import OptionError
from nurecoil.model.parameters import Parameter
from nurecoil.options import make_options
from nurecoil.physics.light_vector import light_vector, light_vector_interference
from nurecoil.physics.scattering import Flavour, tree_level
from nurecoil.physics.source import Source
from nurecoil.searches.b_l_vector import BLVector

FLAVOURS: tuple[Flavour, ...] = ("e", "mu", "tau")
SOURCE = Source(
    name="beam",
    family="made up",
    title="a beam",
    flux=1.0,
    lines=((0.862, 1.0),),
    probabilities=lambda E: {"e": np.ones_like(E)},
    weak=tree_level,
    parameter=Parameter("flux.beam", "1", 1.0, 0.0),
)


def search(**options: Any) -> BLVector:
    return BLVector(make_options("b-l-vector", BLVector.Options, options))


def test_one_gauge_coupling() -> None:
    (coupling,) = search().parameters()
    assert (coupling.name, coupling.unit, coupling.value, coupling.lower) == ("g_b_l", "1", 0.0, 0.0)
    assert not coupling.fixed
    assert search().poi == "g_b_l"
    assert not search().of_one_source


def test_always_the_full_amplitude_with_charges_minus_one_of_both() -> None:
    own, mixed = search(mass="0.3").terms(SOURCE)
    assert (own.name, own.powers, own.signed) == ("vector", (("g_b_l", 4),), False)
    assert (mixed.name, mixed.powers, mixed.signed) == ("interference", (("g_b_l", 2),), True)
    T, E = np.array([0.05, 0.2, 0.5]), np.array(0.862)
    for flavour in FLAVOURS:
        for anti in (False, True):
            np.testing.assert_array_equal(own.cross_section(T, E, flavour, anti), light_vector(T, E, 0.3))
            np.testing.assert_array_equal(
                mixed.cross_section(T, E, flavour, anti),
                (-1) * (-1) * light_vector_interference(T, E, 0.3, flavour, anti),
            )


def test_notes_name_the_convention() -> None:
    assert search(mass="1 MeV").notes() == [
        "B-L vector: its own term and the interference with W and Z; charges -1 of neutrinos and "
        "electrons; mass 1 MeV"
    ]


@pytest.mark.parametrize("mass", ["100.1", "-1", "abc", "inf"])
def test_masses_out_of_range_are_refused(mass: str) -> None:
    with pytest.raises(OptionError, match=r"b-l-vector\.mass: .*Allowed: number >= 0, <= 100 \[MeV\]"):
        search(mass=mass)
