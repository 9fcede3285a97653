"""The options of the 8Li source: light to import, checked, and as a user would type them."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.errors import OptionError
from nurecoil.options import make_options
from nurecoil.physics.isodar_options import IsodarOptions


def test_import_is_light() -> None:
    code = (
        "import sys; import nurecoil.physics.isodar_options; "
        "print([m for m in ('numpy', 'scipy', 'uproot', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_defaults_are_those_of_the_proposal() -> None:
    options = IsodarOptions()
    protons = 10e-3 / 1.602176634e-19  # 10 mA
    seconds = 0.9 * options.run * 365.25 * 86400
    assert options.antineutrinos == pytest.approx(14.6e-3 * protons * seconds, rel=5e-3)
    assert options.spectrum is None and options.cross_section == "radiative"


def test_every_option_has_words() -> None:
    for field in dataclasses.fields(IsodarOptions):
        assert field.metadata["help"]
    assert {f.name: f.metadata.get("unit") for f in dataclasses.fields(IsodarOptions)}["run"] == "yr"


def test_typed_by_a_user() -> None:
    given_words = {"run": "2 yr", "antineutrinos": "1e22", "cross_section": "tree", "spectrum": "a.root:h"}
    options = make_options("isodar", IsodarOptions, given_words)
    assert options == IsodarOptions(1e22, 2.0, "a.root:h", "tree")
    assert make_options("isodar", IsodarOptions, {"spectrum": "none"}).spectrum is None


@given(name=st.sampled_from(["antineutrinos", "run"]), value=st.floats(allow_nan=True))
def test_numbers_must_be_positive(name: str, value: float) -> None:
    if 0 < value < float("inf"):
        assert getattr(IsodarOptions(**{name: value}), name) == value  # type: ignore[arg-type]
        return
    with pytest.raises(OptionError, match=rf"isodar\.{name}: .*a number above 0"):
        IsodarOptions(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"cross_section": "loop"}, r"isodar\.cross_section: 'loop' is not known"),
        ({"spectrum": " "}, r"isodar\.spectrum: an empty text"),
    ],
)
def test_bad_words(words: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        IsodarOptions(**words)
