"""The light vector: its terms under every convention, held against an amplitude made of Dirac matrices."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurecoil.errors import NurecoilError
from nurecoil.model.parameters import Parameter
from nurecoil.options import make_options
from nurecoil.physics.constants import ELECTRON_MASS, FERMI_CONSTANT, HBAR_C
from nurecoil.physics.scattering import Flavour, couplings, maximum_recoil, tree_level
from nurecoil.physics.source import Source
from nurecoil.searches.light_vector import CHARGES, LightVector, vector_terms

FLAVOURS: tuple[Flavour, ...] = ("e", "mu", "tau")
ANTI = (False, True)

SIGMA = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
ZERO, ONE = np.zeros((2, 2)), np.eye(2)
GAMMA = np.array([np.block([[ONE, ZERO], [ZERO, -ONE]])] + [np.block([[ZERO, s], [-s, ZERO]]) for s in SIGMA])
METRIC = np.array([1.0, -1.0, -1.0, -1.0])
LEFT = (np.eye(4) - 1j * GAMMA[0] @ GAMMA[1] @ GAMMA[2] @ GAMMA[3]) / 2
RIGHT = np.eye(4) - LEFT


def source(antineutrino: bool = False) -> Source:
    return Source(
        name="beam",
        family="made up",
        title="a beam",
        flux=1.0,
        lines=((0.862, 1.0),),
        probabilities=lambda E: {"e": np.ones_like(E)},
        antineutrino=antineutrino,
        weak=tree_level,
        parameter=Parameter("flux.beam", "1", 1.0, 0.0),
    )


def search(**options: Any) -> LightVector:
    return LightVector(make_options("light-vector", LightVector.Options, options))


def slashed(momentum: np.ndarray) -> np.ndarray:
    return np.asarray(np.einsum("m,mij->ij", METRIC * momentum, GAMMA))


def from_dirac_matrices(
    T: float, E: float, mass: float, product: float, flavour: Flavour, anti: bool
) -> float:
    """dsigma/dT of ``2 sqrt(2) G_F (nu L nu)(e [g_L L + g_R R] e)`` and the exchange of a vector.

    No swap for antineutrinos goes in: they are the same neutrino line, run through the other way.
    """
    left, right = couplings(flavour)
    energy = T + ELECTRON_MASS
    momentum = np.sqrt(energy**2 - ELECTRON_MASS**2)
    along = (E**2 + momentum**2 - (E - T) ** 2) / (2 * E)
    across = np.sqrt(max(momentum**2 - along**2, 0.0))
    nu = np.array([E, 0, 0, E])
    rest = np.array([ELECTRON_MASS, 0, 0, 0])
    electron = np.array([energy, across, 0, along])
    out = nu + rest - electron
    shift = product / (mass**2 + 2 * ELECTRON_MASS * T)  # minus the square of the transferred momentum
    weak = 2 * np.sqrt(2) * FERMI_CONSTANT
    vertex = [GAMMA[m] @ ((weak * left + shift) * LEFT + (weak * right + shift) * RIGHT) for m in range(4)]
    first, last = (out, nu) if anti else (nu, out)  # fermion flow through the neutrino line
    before, after = (slashed(momentum) + ELECTRON_MASS * np.eye(4) for momentum in (rest, electron))
    total = 0.0
    for m in range(4):
        for n in range(4):
            barred = GAMMA[0] @ vertex[n].conj().T @ GAMMA[0]
            line = np.trace(slashed(last) @ GAMMA[m] @ LEFT @ slashed(first) @ GAMMA[n] @ LEFT)
            target = np.trace(after @ vertex[m] @ before @ barred)
            total += METRIC[m] * METRIC[n] * (line * target).real
    # averaged over the electron's spin; the neutrino has one helicity
    return total / 2 / (32 * np.pi * ELECTRON_MASS * E**2) * HBAR_C**2


@pytest.mark.parametrize("anti", ANTI)
@pytest.mark.parametrize("flavour", FLAVOURS)
@settings(deadline=None, max_examples=40)
@given(
    E=st.floats(0.1, 15.0),
    fraction=st.floats(1e-3, 0.999),
    mass=st.sampled_from([0.0, 0.3, 10.0]),
    strength=st.floats(1e-7, 1e-5),
    sign=st.sampled_from([1, -1]),
    charges=st.sampled_from(sorted(CHARGES)),
)
def test_terms_are_those_of_the_full_amplitude_for_neutrinos_and_antineutrinos(
    flavour: Flavour,
    anti: bool,
    E: float,
    fraction: float,
    mass: float,
    strength: float,
    sign: int,
    charges: str,
) -> None:
    """The relative sign of vector and weak boson is the same for neutrino and antineutrino."""
    T = fraction * float(maximum_recoil(E))
    own, mixed = search(interference=True, mass=mass, sign=sign, charges=charges).terms(source(anti))
    product = strength**2 * CHARGES[charges][flavour] * sign
    terms = [
        float(tree_level(T, E, flavour, anti)),
        strength**2 * float(mixed.cross_section(np.array(T), np.array(E), flavour, anti)),
        strength**4 * float(own.cross_section(np.array(T), np.array(E), flavour, anti)),
    ]
    expected = from_dirac_matrices(T, E, mass, product, flavour, anti)
    assert sum(terms) == pytest.approx(expected, rel=1e-6, abs=1e-9 * sum(abs(term) for term in terms))


def test_one_coupling_and_its_own_term_by_default() -> None:
    made = search()
    (g,) = made.parameters()
    assert (g.name, g.unit, g.value, g.lower, g.fixed) == ("g", "1", 0.0, 0.0, False)
    (term,) = made.terms(source())
    assert (term.name, term.powers, term.signed) == ("vector", (("g", 4),), False)
    assert made.poi == "g"
    assert not made.of_one_source


@pytest.mark.parametrize(
    ("couplings_", "poi", "held"), [("neutrino", "g_nu", "g_e"), ("electron", "g_e", "g_nu")]
)
def test_one_coupling_searched_for_and_the_other_held(couplings_: str, poi: str, held: str) -> None:
    made = search(couplings=couplings_, other_coupling="3e-6", interference=True)
    parameters = {parameter.name: parameter for parameter in made.parameters()}
    assert made.poi == poi
    assert (parameters[poi].value, parameters[poi].fixed, parameters[poi].lower) == (0.0, False, 0.0)
    assert (parameters[held].value, parameters[held].fixed) == (3e-6, True)
    own, mixed = made.terms(source())
    assert dict(own.powers) == {"g_nu": 2, "g_e": 2}
    assert dict(mixed.powers) == {"g_nu": 1, "g_e": 1}
    assert mixed.signed and not own.signed


def test_charges_of_lepton_number_differences() -> None:
    T, E = np.array(0.2), np.array(0.862)
    for charges, without in (("l_e-l_mu", "tau"), ("l_e-l_tau", "mu")):
        own, mixed = search(charges=charges, interference=True).terms(source())
        assert own.cross_section(T, E, without, False) == mixed.cross_section(T, E, without, False) == 0
    plain = vector_terms((("g", 2),), 0.0, CHARGES["universal"], interference=True)[1].cross_section
    opposite = search(charges="l_e-l_mu", interference=True).terms(source())[1].cross_section
    assert opposite(T, E, "e", False) == plain(T, E, "e", False) > 0
    assert opposite(T, E, "mu", False) == -plain(T, E, "mu", False)


def test_notes_name_the_convention() -> None:
    assert search(mass="100 keV").notes() == [
        "light vector: its own term alone, no interference; mass 0.1 MeV; charges universal; g_nu = g_e = g"
    ]
    (note,) = search(interference="true", sign=-1, charges="b-l", couplings="electron").notes()
    assert note == (
        "light vector: its own term and the interference with W and Z, g_nu g_e < 0; mass 0 MeV; "
        "charges b-l; g_nu held at 1e-06"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mass": "200"}, "light-vector.mass: '200' (input should be less than or equal to 100). Allowed"),
        ({"mass": "abc"}, "light-vector.mass: 'abc' (input should be a valid number"),
        ({"mass": "-1"}, "light-vector.mass: '-1' (input should be greater than or equal to 0). Allowed"),
        ({"mass": "nan"}, "light-vector.mass: 'nan' (input should be a finite number). Allowed"),
        ({"mass": "1 kg"}, "light-vector.mass: unit 'kg' in '1 kg'. Allowed: eV, keV, MeV, GeV."),
        ({"charges": "b_l"}, "light-vector.charges: 'b_l' is not known. Allowed: b-l, l_e-l_mu, l_e-l_tau"),
        ({"couplings": "both"}, "light-vector.couplings: 'both' is not known. Allowed: electron, equal"),
        ({"interference": "maybe"}, "light-vector.interference: 'maybe' (input should be a valid boolean"),
        ({"sign": "minus"}, "light-vector.sign: 'minus' is not known. Allowed: -1, 1."),
        ({"sign": -1}, "light-vector.sign: -1 without interference, where no sign matters"),
        ({"other_coupling": "0"}, "light-vector.other_coupling: '0' (input should be greater than 0)"),
        (
            {"other_coupling": "1e-5"},
            "light-vector.other_coupling: 1e-05 with equal couplings, where there is",
        ),
    ],
)
def test_bad_options_say_what_is_allowed(options: dict[str, Any], message: str) -> None:
    with pytest.raises(NurecoilError) as caught:
        search(**options)
    assert str(caught.value).startswith(message)
    assert cast(NurecoilError, caught.value).exit_status == 2
