"""Reactor antineutrinos: yields per fission, flux, oscillation, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nurecoil.errors import OptionError, PhysicsError
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.physics.constants import ELECTRON_MASS
from nurecoil.physics.oscillation import OscillationParameters
from nurecoil.physics.reactor import ENERGY_PER_FISSION, FISSILE, fission_spectrum, reactor_source
from nurecoil.physics.reactor_cores import HEAVY_WATER_FRACTIONS, LIGHT_WATER_FRACTIONS, Reactor
from nurecoil.physics.recoil import recoil_rate
from nurecoil.physics.scattering import tree_level

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "reference" / "reactor.json").read_text(encoding="utf-8")
)
ENERGY = np.linspace(0.0, 10.0, 20_001)
JUNO = (Reactor("Yangjiang", 17.4, 52.5), Reactor("Taishan", 9.2, 52.7))


def inverse_beta_decay(E: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cross section [1e-43 cm2]."""
    row = REFERENCE["ibd_cross_section"]
    energy = np.maximum(E, 1.81)
    log = np.log(energy)
    electron = energy - 1.2933
    momentum = np.sqrt(electron**2 - ELECTRON_MASS**2)
    power = row["a"] + row["b"] * log + row["c"] * log**3
    return np.asarray(np.where(E > 1.81, momentum * electron * energy**power, 0.0))


def yield_of(name: str) -> float:
    return float(np.trapezoid(fission_spectrum(ENERGY, name) * inverse_beta_decay(ENERGY), ENERGY))


@pytest.mark.parametrize("name", FISSILE)
def test_yields_of_the_nuclei(name: str) -> None:
    assert yield_of(name) == pytest.approx(REFERENCE["huber_mueller_yields"]["values"][name], rel=0.02)


def test_yield_of_a_power_reactor() -> None:
    published = REFERENCE["ibd_yield"]
    assert dict(LIGHT_WATER_FRACTIONS) == published["fractions"]
    got = sum(share * yield_of(name) for name, share in LIGHT_WATER_FRACTIONS.items())
    # models lie 5 % above what reactors give
    assert got == pytest.approx(published["value"], rel=0.05)
    assert got > published["value"] + 2 * published["error"]


def test_six_antineutrinos_in_a_fission() -> None:
    row = REFERENCE["antineutrinos_per_fission"]
    for fractions in (LIGHT_WATER_FRACTIONS, HEAVY_WATER_FRACTIONS):
        emission = sum(share * fission_spectrum(ENERGY, name) for name, share in fractions.items())
        assert np.trapezoid(emission, ENERGY) == pytest.approx(row["value"], rel=row["tolerance"])
        assert sum(fractions.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("name", FISSILE)
def test_spectra_join(name: str) -> None:
    below, above = fission_spectrum(np.array([2 - 1e-9, 2.0]), name)
    assert below == pytest.approx(float(above), rel=1e-6)
    row = REFERENCE["join"]
    assert above == pytest.approx(row["vogel_engel_2MeV"][name], rel=row["tolerance"])
    assert np.all(fission_spectrum(ENERGY[1:], name) > 0)
    assert np.all(fission_spectrum([-1.0, 0.0, 10.001], name) == 0)
    falling = fission_spectrum(np.linspace(2, 10, 200), name)
    assert np.all(np.diff(falling) < 0)


def test_flux_from_first_principles() -> None:
    source = reactor_source("far", [Reactor("one", 1.0, 10.0)], fractions={"U235": 1.0})
    per_second = 1e9 / (ENERGY_PER_FISSION["U235"] * 1.602176634e-13)
    emitted = np.trapezoid(fission_spectrum(ENERGY, "U235"), ENERGY)
    assert source.flux == pytest.approx(per_second * emitted / (4 * np.pi * 1e6**2), rel=1e-4)
    E = np.array([0.4, 1.2, 3.3, 7.7])
    assert source.spectrum(E) == pytest.approx(fission_spectrum(E, "U235") / emitted, rel=2e-3)


def test_source_is_what_the_contract_asks_for() -> None:
    source = reactor_source("juno", JUNO, citations=("a paper",))
    assert (source.name, source.family, source.antineutrino) == ("reactor", "reactor", True)
    assert source.parameter.name == "juno.reactor_flux"
    assert source.parameter.constraint == GaussianConstraint(1.0, 0.05)
    assert "modelled" in source.title and "modelled" in source.parameter.source
    assert source.citations[-1] == "a paper" and len(source.citations) == 5
    own = Parameter("elsewhere.flux", "1", 1.0, lower=0.0)
    assert reactor_source("juno", JUNO, parameter=own).parameter is own


def test_flux_adds_up() -> None:
    both, one, other = (reactor_source("juno", part) for part in (JUNO, JUNO[:1], JUNO[1:]))
    assert both.flux == pytest.approx(one.flux + other.flux, rel=1e-12)
    E = np.array([1.0, 4.0])
    mixed = one.flux * one.probabilities(E)["e"] + other.flux * other.probabilities(E)["e"]
    assert both.flux * both.probabilities(E)["e"] == pytest.approx(mixed, rel=1e-12)


@given(E=st.floats(1e-3, 10), distance=st.floats(0.01, 2000))
def test_shares_are_probabilities(E: float, distance: float) -> None:
    source = reactor_source("far", [Reactor("one", 1.0, distance)])
    shares = source.probabilities(np.array(E))
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-12)
    assert min(float(value) for value in shares.values()) >= 0
    assert source.mass_shares is not None
    assert source.mass_shares(np.array(E)).sum() == pytest.approx(1.0)


def test_survival_as_textbooks_write_it() -> None:
    mixing = OscillationParameters()
    E, distance = np.array([3.0, 4.0, 6.0]), 52.5
    phase = 1.26693 * mixing.delta_m21_sq * distance * 1e3 / E
    sine_squared = 4 * mixing.sin2_theta12 * (1 - mixing.sin2_theta12)
    s13 = mixing.sin2_theta13
    expected = s13**2 + (1 - s13) ** 2 * (1 - sine_squared * np.sin(phase) ** 2)
    got = reactor_source("juno", [Reactor("one", 1.0, distance)]).probabilities(E)["e"]
    assert got == pytest.approx(expected, abs=0.003)


def test_near_and_far_limits() -> None:
    mixing = OscillationParameters()
    s13 = mixing.sin2_theta13
    near = reactor_source("near", [Reactor("one", 1.0, 0.01)]).probabilities(np.array(4.0))["e"]
    assert near == pytest.approx(s13**2 + (1 - s13) ** 2, abs=1e-5)
    far = reactor_source("far", [Reactor("one", 1.0, 20_000.0)]).probabilities(np.array(1.0))["e"]
    average = 1 - 2 * mixing.sin2_theta12 * (1 - mixing.sin2_theta12)
    assert far == pytest.approx(s13**2 + (1 - s13) ** 2 * average, abs=0.01)


def test_mass_states_of_an_electron_antineutrino() -> None:
    mixing = OscillationParameters()
    shares = reactor_source("juno", JUNO, oscillation=mixing).mass_shares
    assert shares is not None
    got = shares(np.ones((2, 5)))
    assert got.shape == (3, 2, 5)
    assert got[2, 1, 3] == mixing.sin2_theta13
    assert got[1, 0, 0] == pytest.approx(mixing.sin2_theta12 * (1 - mixing.sin2_theta13))


def test_recoils_converge_with_the_table() -> None:
    source = reactor_source("kamland", [Reactor("one", 10.0, 191.0), Reactor("two", 16.8, 987.0)])
    coarse = recoil_rate(source, tree_level, 0.2, order=3)
    assert coarse == pytest.approx(recoil_rate(source, tree_level, 0.2, order=6), rel=1e-4)


def test_bad_input() -> None:
    with pytest.raises(PhysicsError, match=r"antineutrinos at juno.*no reactor"):
        reactor_source("juno", [])
    with pytest.raises(PhysicsError, match=r"sum to 1"):
        reactor_source("juno", JUNO, fractions={"U235": 0.9})
    with pytest.raises(PhysicsError, match=r"sum to 1"):
        reactor_source("juno", JUNO, fractions={})
    with pytest.raises(PhysicsError, match=r"sum to 1"):
        reactor_source("juno", JUNO, fractions={"U235": 1.5, "U238": -0.5})
    with pytest.raises(OptionError, match=r"'U236' is not known"):
        reactor_source("juno", JUNO, fractions={"U236": 1.0})
    with pytest.raises(OptionError, match=r"'U236' is not known.*Did you mean"):
        fission_spectrum(2.0, "U236")
    with pytest.raises(PhysicsError, match=r"antineutrino energy .* is nan"):
        fission_spectrum(np.nan, "U235")
