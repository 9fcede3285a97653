"""The shared sources: built once, by their options, with one set of mixing angles."""

from __future__ import annotations

import pytest

from nurecoil._claims import SHARED_SCOPES
from nurecoil.errors import InputError
from nurecoil.physics.isodar_options import IsodarOptions
from nurecoil.physics.solar_options import SolarOptions
from nurecoil.shared import SHARED, Sources


def test_their_options_are_named_as_they_are() -> None:
    assert dict(SHARED) == {"solar": SolarOptions, "isodar": IsodarOptions}
    assert all(hasattr(Sources, name) for name in SHARED)
    assert set(SHARED) <= SHARED_SCOPES, "a plugin could take the name of a shared source"


def test_each_is_built_once_by_its_options() -> None:
    made = Sources(SolarOptions(ssm="B16-AGSS09"), IsodarOptions(run=2.0))
    assert made.solar is made.solar and made.isodar is made.isodar
    assert made.solar.options.ssm == "B16-AGSS09"
    assert made.isodar.options.run == 2.0
    assert Sources().solar.options == SolarOptions()


def test_mixing_angles_are_those_of_the_sun() -> None:
    made = Sources(SolarOptions(sin2_theta12=0.2))
    assert made.isodar.oscillation == made.solar.oscillation
    assert made.isodar.oscillation.sin2_theta12 == 0.2


def test_nothing_is_read_before_it_is_asked_for() -> None:
    made = Sources(isodar=IsodarOptions(spectrum="nowhere.root:h"))
    assert made.solar.options == SolarOptions()
    with pytest.raises(InputError, match=r"isodar\.spectrum: nowhere\.root does not exist"):
        _ = made.isodar
