"""The options of the Sun: light to import, choices checked."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from nurecoil.errors import OptionError
from nurecoil.physics.oscillation import OscillationParameters
from nurecoil.physics.solar_options import FLUX_NAMES, SolarModel, SolarOptions

CHOICES = ("ssm", "cross_section", "flux_prior", "b8_spectrum")
SINES = ("sin2_theta12", "sin2_theta13", "sin2_theta23")


def test_import_is_light() -> None:
    code = (
        "import sys; import nurecoil.physics.solar_options; "
        "print([m for m in ('numpy', 'scipy', 'uproot', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_defaults() -> None:
    options = SolarOptions()
    assert (options.ssm, options.cross_section, options.flux_prior) == ("B16-GS98", "radiative", "free")
    assert options.free == ("pp", "be7") and options.b8_spectrum == "winter"
    parameters = OscillationParameters()
    for field in dataclasses.fields(OscillationParameters):
        assert getattr(options, field.name) == getattr(parameters, field.name)


def test_every_field_is_explained() -> None:
    for field in dataclasses.fields(SolarOptions):
        assert field.metadata["help"]


def test_pydantic_reads_it() -> None:
    read = TypeAdapter(SolarOptions).validate_python(
        {"ssm": "SF3-C11", "free": ["pp"], "sin2_theta12": "0.3"}
    )
    assert read == SolarOptions(ssm="SF3-C11", free=("pp",), sin2_theta12=0.3)


@given(st.text().filter(lambda text: text not in get_args(SolarModel)))
def test_unknown_choices(text: str) -> None:
    for name in CHOICES:
        if text not in ("radiative", "tree", "free", "ssm", "winter", "ortiz"):
            with pytest.raises(OptionError, match=rf"solar\.{name}"):
                SolarOptions(**{name: text})  # type: ignore[arg-type]


def test_nearest_choice_is_offered() -> None:
    with pytest.raises(OptionError, match=r"Did you mean .*'SF3-MB22m'"):
        SolarOptions(ssm="SF3-MB22")  # type: ignore[arg-type]


@given(st.lists(st.sampled_from(FLUX_NAMES)))
def test_free_fluxes(names: list[str]) -> None:
    assert SolarOptions(free=names).free == tuple(names)  # type: ignore[arg-type]


@pytest.mark.parametrize("free", ["pp", ("pp", "be8"), 3, None, ("",)])
def test_refused_free_fluxes(free: object) -> None:
    with pytest.raises(OptionError, match=r"solar\.free"):
        SolarOptions(free=free)  # type: ignore[arg-type]


@given(st.floats(min_value=1e-6, max_value=1e-2))
def test_splittings_for_which_the_sun_is_adiabatic(value: float) -> None:
    assert SolarOptions(delta_m21_sq=value).delta_m21_sq == value


@given(
    name=st.sampled_from([*SINES, "delta_m21_sq"]),
    value=st.one_of(st.floats(max_value=-1e-9), st.floats(min_value=1.000001), st.just(float("nan"))),
)
def test_numbers_out_of_range(name: str, value: float) -> None:
    with pytest.raises(OptionError, match=rf"solar\.{name}"):
        SolarOptions(**{name: value})  # type: ignore[arg-type]
