"""Quenching: the energy loss against ESTAR, the visible energy against an integration of our own."""

from __future__ import annotations

import dataclasses
import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from nurecoil.detectors.quenching import (
    LINEAR_ALKYLBENZENE,
    PSEUDOCUMENE,
    Material,
    Quenching,
    collision_stopping_power,
)
from nurecoil.errors import PhysicsError

ESTAR: dict[str, Any] = json.loads((Path(__file__).parents[2] / "reference/estar.json").read_text())
MASS = 0.51099895


def loss(energy: float, material: Material = PSEUDOCUMENE) -> float:
    return float(collision_stopping_power(np.array(energy), material))


def integral(integrand: Any, high: float) -> float:
    """An integral from 0, in the square root of the energy, broken where the loss changes its form."""
    total = 0.0
    breaks = [edge for edge in (0.0, 1e-4, 1e-3, 1e-2, 0.1) if edge < high] + [high]
    for left, right in pairwise(breaks):
        found, _ = quad(
            lambda x: 2 * x * integrand(x * x), math.sqrt(left), math.sqrt(right), epsabs=0, epsrel=1e-11
        )
        total += found
    return total


@pytest.mark.parametrize("name", ESTAR["materials"])
def test_energy_loss_is_that_of_estar(name: str) -> None:
    # Above 0.5 MeV the density effect, which the formula leaves out, lowers the published loss.
    entry = ESTAR["materials"][name]
    material = Material(name, 1.0, entry["charge_to_mass"], 1e-6 * entry["mean_excitation_eV"], 1.5)
    energy, published = np.array(ESTAR["energy"]), np.array(entry["total"])
    difference = collision_stopping_power(energy, material) / published - 1
    low, middle = energy < 0.5, energy < 2.0
    assert np.max(np.abs(difference[low])) < 3e-3
    assert np.max(np.abs(difference[middle])) < 0.03
    assert np.max(np.abs(difference)) < 0.065
    assert np.all(np.diff(difference[(energy > 0.3) & (energy < 7)]) > 0)


def test_energy_loss_scales_with_density_and_continues_below_1_kev() -> None:
    dense = dataclasses.replace(PSEUDOCUMENE, density=2 * PSEUDOCUMENE.density)
    assert loss(0.3, dense) == pytest.approx(2 * loss(0.3), rel=1e-14)
    assert loss(1e-3 * (1 - 1e-12)) == pytest.approx(loss(1e-3), rel=1e-9)
    assert loss(0.25e-3) == pytest.approx(2 * loss(1e-3), rel=1e-12)
    shaped = collision_stopping_power(np.array([[0.1, 0.2], [0.3, 0.4]]), PSEUDOCUMENE)
    assert shaped.shape == (2, 2)


@pytest.mark.parametrize("material", [PSEUDOCUMENE, LINEAR_ALKYLBENZENE])
@pytest.mark.parametrize("birks", [0.002, 0.0109, 0.03])
def test_visible_energy_is_the_birks_integral(material: Material, birks: float) -> None:
    # Below 0.1 keV the framework takes the light per energy as constant, the integral does not: one and
    # the same offset at all energies, at most a third of the light of 0.1 keV.
    light = Quenching(birks, material=material)
    energies = (0.001, 0.01, 0.05, 0.16, 0.862, 3.0, 14.0)
    exact = [integral(lambda e: 1 / (1 + birks * loss(e, material)), energy) for energy in energies]
    offset = light.visible(np.array(energies)) - exact
    assert 0 < offset[0] < 1e-4 / 3
    np.testing.assert_allclose(offset, offset[0], rtol=0, atol=2e-9)


def test_cherenkov_light_is_its_integral_normalised_at_1_mev() -> None:
    index = PSEUDOCUMENE.refractive_index

    def cherenkov(energy: float) -> float:
        tau = energy / MASS
        beta2 = tau * (tau + 2) / (tau + 1) ** 2
        return max(0.0, 1 - 1 / (index**2 * beta2)) / loss(energy)

    threshold = MASS * (1 / math.sqrt(1 - 1 / index**2) - 1)
    assert 0.1 < threshold < 0.2
    one, _ = quad(cherenkov, threshold, 1.0, epsrel=1e-12)
    without, with_light = Quenching(0.0109), Quenching(0.0109, cherenkov=0.02)
    for energy in (0.1, 0.3, 1.0, 5.0):
        part = quad(cherenkov, min(threshold, energy), energy, epsrel=1e-12)[0] / one
        added = with_light.visible(np.array(energy)) - without.visible(np.array(energy))
        assert float(added) == pytest.approx(0.02 * part, rel=5e-5, abs=1e-9)


def test_without_quenching_all_energy_is_visible() -> None:
    energy = np.geomspace(1e-5, 30.0, 50)
    np.testing.assert_allclose(Quenching(0.0).visible(energy), energy, rtol=1e-9)


@given(birks=st.floats(1e-9, 1e-4), energy=st.floats(1e-3, 30.0))
def test_quenching_vanishes_linearly_with_birks(birks: float, energy: float) -> None:
    visible = float(Quenching(birks).visible(np.array(energy)))
    assert 0 <= 1 - visible / energy <= birks * loss(1e-4)


@given(
    birks=st.floats(0.0, 0.05),
    cherenkov=st.floats(0.0, 0.1),
    energies=st.lists(st.floats(0.0, 30.0), min_size=2, max_size=20),
)
def test_more_energy_is_more_light_and_more_quenching_is_less(
    birks: float, cherenkov: float, energies: list[float]
) -> None:
    energy = np.unique(energies)
    visible = Quenching(birks, cherenkov).visible(energy)
    assert np.all(np.diff(visible) >= 0)
    assert np.all(visible >= 0)
    assert np.all(Quenching(birks + 0.01, cherenkov).visible(energy) <= visible + 1e-12)


def test_light_per_energy_rises_with_energy() -> None:
    energy = np.geomspace(1e-3, 1.0, 40)
    assert np.all(np.diff(Quenching(0.0109).visible(energy) / energy) > 0)


@pytest.mark.parametrize(
    "fields", [{"birks": -0.01}, {"birks": math.nan}, {"birks": 0.01, "cherenkov": -1.0}]
)
def test_negative_light_is_refused(fields: dict[str, float]) -> None:
    with pytest.raises(PhysicsError, match=r"quenching (birks|cherenkov): .*Allowed: a number of at least 0"):
        Quenching(**fields)


@pytest.mark.parametrize("energy", [-0.1, 30.1, math.nan])
def test_energies_outside_the_table_are_refused(energy: float) -> None:
    with pytest.raises(PhysicsError, match="Allowed: 0 to 30 MeV"):
        Quenching(0.01).visible(np.array([1.0, energy]))


def test_no_energies_are_no_light() -> None:
    assert Quenching(0.01).visible(np.empty(0)).shape == (0,)
    assert float(Quenching(0.01).visible(np.array(0.0))) == 0.0
