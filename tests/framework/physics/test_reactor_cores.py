"""Reactors as data."""

from __future__ import annotations

import pytest

from nurecoil.errors import PhysicsError
from nurecoil.physics.reactor_cores import HEAVY_WATER_FRACTIONS, LIGHT_WATER_FRACTIONS, Reactor


@pytest.mark.parametrize("fractions", [LIGHT_WATER_FRACTIONS, HEAVY_WATER_FRACTIONS])
def test_fractions_are_shares(fractions: dict[str, float]) -> None:
    assert sum(fractions.values()) == pytest.approx(1.0)
    with pytest.raises(TypeError):
        fractions["U235"] = 1.0


@pytest.mark.parametrize(("power", "distance"), [(0.0, 1.0), (-1.0, 1.0), (1.0, 0.0), (float("nan"), 1.0)])
def test_power_and_distance_are_positive(power: float, distance: float) -> None:
    with pytest.raises(PhysicsError, match=r"reactor 'one'.*(GW|km).*positive"):
        Reactor("one", power, distance)
