"""The electric charge of the neutrino: its terms, its sign, its options."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nurecoil.errors import OptionError
from nurecoil.model.parameters import Parameter
from nurecoil.options import make_options
from nurecoil.physics.electromagnetic import millicharge, millicharge_interference
from nurecoil.physics.scattering import Flavour, tree_level
from nurecoil.physics.source import Source
from nurecoil.searches.millicharge import Millicharge

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
T, E = np.array([0.05, 0.2, 0.5]), np.array(0.862)


def search(**options: Any) -> Millicharge:
    return Millicharge(make_options("millicharge", Millicharge.Options, options))


def test_one_charge_that_is_not_negative() -> None:
    (charge,) = search().parameters()
    assert (charge.name, charge.unit, charge.value, charge.lower) == ("q", "e", 0.0, 0.0)
    assert not charge.fixed
    assert search().poi == "q"
    assert not search().of_one_source


@pytest.mark.parametrize(("sign", "factor"), [(1, 1.0), (-1, -1.0)])
def test_the_sign_goes_with_the_interference(sign: int, factor: float) -> None:
    own, mixed = search(sign=sign).terms(SOURCE)
    assert (own.name, own.powers, own.signed) == ("charge", (("q", 2),), False)
    assert (mixed.name, mixed.powers, mixed.signed) == ("interference", (("q", 1),), True)
    for flavour in FLAVOURS:
        for anti in (False, True):
            np.testing.assert_array_equal(own.cross_section(T, E, flavour, anti), millicharge(T, E))
            np.testing.assert_array_equal(
                mixed.cross_section(T, E, flavour, anti),
                factor * millicharge_interference(T, E, flavour, anti),
            )
    assert np.all(factor * mixed.cross_section(T, E, "e", False) < 0)


def test_photon_exchange_alone() -> None:
    (term,) = search(interference="false").terms(SOURCE)
    assert term.powers == (("q", 2),)


def test_notes_name_the_convention() -> None:
    assert search().notes() == [
        "millicharge: photon exchange and its interference with W and Z; one positive charge for every "
        "flavour of neutrino"
    ]
    assert "negative charge" in search(sign=-1).notes()[0]
    assert search(interference=False).notes() == [
        "millicharge: photon exchange alone, no interference; one charge for every flavour"
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sign": "+"}, "millicharge.sign: '+' is not known. Allowed: -1, 1."),
        ({"sign": -1, "interference": False}, "millicharge.sign: -1 without interference"),
        ({"interference": "2"}, "millicharge.interference: '2'"),
    ],
)
def test_bad_options_say_what_is_allowed(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        search(**options)
    assert str(caught.value).startswith(message)
