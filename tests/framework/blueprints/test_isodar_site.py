"""Options and notes of an experiment beside 8Li; importing it costs nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from typing import Any, get_args

import pytest

from nurecoil.blueprints.isodar_site import BACKGROUNDS, COSMOGENIC, IsodarExperiment, IsodarOptionsOfSite
from nurecoil.errors import OptionError
from nurecoil.option_words import option_hints
from nurecoil.options import make_options
from nurecoil.plugins import load_experiment


def test_every_option_has_a_help_text() -> None:
    assert all(field.metadata["help"] for field in fields(IsodarOptionsOfSite))


def test_backgrounds_are_the_words_of_the_option() -> None:
    (words, _) = get_args(option_hints(IsodarOptionsOfSite)["backgrounds"])
    assert set(get_args(words)) == {*BACKGROUNDS, "none"}
    assert set(COSMOGENIC) < set(BACKGROUNDS)


def test_typed_options() -> None:
    typed = {"threshold": "200 keV", "backgrounds": "C11,solar", "events": "none", "distance": "20"}
    made = make_options("toy", IsodarOptionsOfSite, typed)
    assert (made.threshold, made.backgrounds, made.events, made.distance) == (0.2, ("C11", "solar"), None, 20)


@pytest.mark.parametrize(
    ("option", "value"),
    [("threshold", "0"), ("bin_width", "0"), ("veto", "1"), ("flux_error", "-1"), ("scale_error", "0.5"),
     ("live_time", "inf"), ("events", "nan"), ("resolution", "-0.1"), ("radius", "0"), ("widht", "1")],
)  # fmt: skip
def test_values_that_are_not_allowed(option: str, value: str) -> None:
    with pytest.raises(OptionError, match=option):
        make_options("toy", IsodarOptionsOfSite, {option: value})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ("7500 elastic scatters above 1 MeV in 5 yr", "0.7 %", "solar, reactor, C11, C10, Be11")),
        ({"events": 9.0, "backgrounds": ("none",)}, ("9 elastic scatters", "as asked", "backgrounds: none")),
        ({"normalisation": "first-principles"}, ("source strength, distance and fiducial mass",)),
    ],
)
def test_notes_say_what_was_assumed(options: dict[str, Any], words: tuple[str, ...]) -> None:
    class Toy(IsodarExperiment):
        name, title, site = "toy", "a toy", load_experiment("kamland").site

    notes = " ".join(Toy(IsodarOptionsOfSite(**options)).notes())
    assert all(word in notes for word in words)


@pytest.mark.parametrize("plugin", ["kamland", "juno", "sno", "dune"])
def test_plugins_import_nothing_heavy(plugin: str) -> None:
    code = (
        f"import sys, nurecoil_{plugin}; print([n for n in ('scipy', 'numpy', 'uproot') if n in sys.modules])"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "[]"
