"""What a physics function accepts, and the interval in which an electron can recoil."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nurecoil.errors import PhysicsError
from nurecoil.physics._kinematics import broadcast, checked, physical_region, recoil_interval, recoil_limit


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.nan, r"f: E \[MeV\] is nan\. Allowed: finite numbers of at least 0"),
        ([0.1, -0.2, -0.3], r"E \[MeV\] is -0.2 at position 1"),
        ([[0.1, 0.2], [np.inf, 0.3]], r"is inf at position 2"),
        ("energy", "'energy'"),
        ([[1.0], [1.0, 2.0]], "finite numbers"),
        (None, "is nan"),
    ],
)
def test_what_is_no_energy_is_refused(values: Any, message: str) -> None:
    with pytest.raises(PhysicsError, match=message):
        checked("f", "E [MeV]", values, least=0)


def test_infinities_only_where_they_make_sense() -> None:
    assert checked("f", "T", np.inf, infinite=True) == np.inf
    with pytest.raises(PhysicsError, match="is nan"):
        checked("f", "T", np.nan, infinite=True)


def test_shapes_that_do_not_fit_are_named() -> None:
    with pytest.raises(PhysicsError, match=r"f: shapes that do not fit together: T \(3,\), E \(2,\)"):
        broadcast("f", T=np.zeros(3), E=np.zeros(2))


def test_region_replaces_what_is_outside_by_something_harmless() -> None:
    recoil, energy, inside = physical_region("f", [-1.0, 0.0, 0.3, 0.7, np.inf], 0.862)
    assert inside.tolist() == [False, False, True, False, False]
    assert recoil[2] == 0.3 and energy[2] == 0.862
    outside = ~inside
    assert np.all((recoil[outside] > 0) & (recoil[outside] < recoil_limit(energy)[outside]))


def test_interval_is_clipped_and_may_be_empty() -> None:
    energy, low, width = recoil_interval("f", [0.0, 0.862, 0.862], [-1.0, -1.0, 0.9], [5.0, np.inf, 1.0])
    limit = recoil_limit(np.array(0.862))
    assert energy.tolist() == [1.0, 0.862, 0.862]
    assert low.tolist() == [0.0, 0.0, limit]
    assert width.tolist() == [0.0, limit, 0.0]


def test_interval_the_wrong_way_round() -> None:
    with pytest.raises(PhysicsError, match=r"T_low = 0\.5 MeV above T_high = 0\.2 MeV"):
        recoil_interval("f", 0.862, [0.1, 0.5], 0.2)
