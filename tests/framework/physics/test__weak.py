"""The weak cross sections that sources choose from: what options allow is there, each cited."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

import pytest

from nurecoil.physics._weak import WEAK
from nurecoil.physics.isodar_options import IsodarOptions
from nurecoil.physics.radiative import radiative
from nurecoil.physics.scattering import tree_level
from nurecoil.physics.solar_options import SolarOptions


@pytest.mark.parametrize("options", [SolarOptions, IsodarOptions])
def test_every_allowed_value_is_there(options: Any) -> None:
    annotation = get_type_hints(options)["cross_section"]
    assert set(get_args(annotation)) == set(WEAK)
    assert options().cross_section in WEAK


def test_names_mean_what_they_say() -> None:
    assert WEAK["radiative"][0] is radiative and WEAK["tree"][0] is tree_level
    assert all("doi:10." in citation for _, citation in WEAK.values())
