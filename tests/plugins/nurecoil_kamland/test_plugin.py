"""KamLAND as users get it: found by name, built by default, held against the slides."""

from __future__ import annotations

import numpy as np
import pytest

from nurecoil.analysis import build
from nurecoil.blueprints.isodar_channel import first_principles
from nurecoil.plugins import load_experiment
from nurecoil.shared import Sources
from nurecoil_kamland import KamLAND, Options

from ..conftest import Write
from ..isodar import REFERENCE, check_rows


def test_it_is_found_by_its_entry_point() -> None:
    assert load_experiment("kamland") is KamLAND
    assert KamLAND.Options is Options
    assert all("arXiv" in text for text in KamLAND.citations)


@pytest.mark.parametrize("search", ["magnetic-moment", "light-vector"])
def test_the_default_model(search: str) -> None:
    made = build(["kamland"], search)
    (channel,) = made.channels
    assert channel.asimov and channel.name == "kamland/energy"
    signals = {one.name.partition(".")[0] for one in channel.samples if one.group == "signal"}
    # a moment belongs to one source, a coupling to all neutrinos
    assert "li8" in signals and ("b8" in signals) == (search == "light-vector")
    groups = {one.name: one.group for one in channel.samples}
    assert {groups[name] for name in ("li8", "b8", "reactor")} == {"neutrino"}
    assert np.all(channel.observed >= 0)
    assert set(KamLAND.citations) <= set(made.metadata["references"])


def test_the_count_is_the_slides() -> None:
    threshold, events = KamLAND.site.quoted
    options = {"kamland": {"threshold": threshold, "resolution": 0, "backgrounds": "none"}}
    assert build(["kamland"], options=options).channels[0].observed.sum() == pytest.approx(events, rel=1e-4)


def test_notes_say_what_the_limits_rest_on() -> None:
    first, second = KamLAND(Options()).notes()
    assert "IsoDAR sensitivity slides" in first and "0.7 %" in first
    assert "C11" in second and "not modelled" in second
    assert KamLAND(Options(backgrounds=("none",))).notes()[1] == "kamland: backgrounds: none"
    assert "source strength" in KamLAND(Options(normalisation="first-principles")).notes()[0]
    assert "as asked" in KamLAND(Options(events=10.0)).notes()[0]


def test_the_slides_limits() -> None:
    check_rows("kamland")


def test_first_principles_give_more_than_the_slides() -> None:
    reference = REFERENCE["first_principles"]
    for row in reference["rows"]:
        found = first_principles(KamLAND.site, Options(), Sources(), above=row["above"])
        assert found == pytest.approx(row["events"], rel=reference["tolerance"])


@pytest.mark.parametrize("suffix", [".root", ".json"])
def test_another_spectrum_from_a_file(written: Write, suffix: str) -> None:
    place = written("soft", np.linspace(0, 8, 9), np.ones(8), suffix=suffix, observable_unit="MeV")
    options = {"kamland": {"backgrounds": "none"}, "isodar": {"spectrum": place}}
    made = build(["kamland"], options=options)
    assert made.channels[0].edges[-1] < 8
    assert any(place in line for line in made.metadata["references"])
