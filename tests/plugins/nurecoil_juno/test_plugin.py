"""JUNO as users get it: found by name, built by default, held against the slides."""

from __future__ import annotations

import numpy as np
import pytest

from nurecoil.analysis import build
from nurecoil.plugins import load_experiment
from nurecoil_juno import JUNO, Options

from ..isodar import check_rows


def test_it_is_found_by_its_entry_point() -> None:
    assert load_experiment("juno") is JUNO
    assert JUNO.Options is Options
    assert all("arXiv" in text for text in JUNO.citations)


@pytest.mark.parametrize("search", ["magnetic-moment", "light-vector"])
def test_the_default_model(search: str) -> None:
    made = build(["juno"], search)
    (channel,) = made.channels
    assert channel.asimov and channel.name == "juno/energy"
    signals = {one.name.partition(".")[0] for one in channel.samples if one.group == "signal"}
    # a moment belongs to one source, a coupling to all neutrinos
    assert "li8" in signals and ("b8" in signals) == (search == "light-vector")
    groups = {one.name: one.group for one in channel.samples}
    assert {groups[name] for name in ("li8", "b8", "reactor")} == {"neutrino"}
    assert np.all(channel.observed >= 0)
    assert set(JUNO.citations) <= set(made.metadata["references"])


def test_the_count_is_the_slides() -> None:
    threshold, events = JUNO.site.quoted
    options = {"juno": {"threshold": threshold, "resolution": 0, "backgrounds": "none"}}
    assert build(["juno"], options=options).channels[0].observed.sum() == pytest.approx(events, rel=1e-4)


def test_notes_say_what_the_limits_rest_on() -> None:
    first, second = JUNO(Options()).notes()
    assert "IsoDAR sensitivity slides" in first and "0.7 %" in first
    assert "C11" in second and "not modelled" in second
    assert JUNO(Options(backgrounds=("none",))).notes()[1] == "juno: backgrounds: none"
    given = JUNO(Options(backgrounds=("C10",), background_file="mine.root")).notes()[1]
    assert given.startswith("juno: backgrounds: C10, those in mine.root;")
    assert "source strength" in JUNO(Options(normalisation="first-principles")).notes()[0]
    assert "as asked" in JUNO(Options(events=10.0)).notes()[0]


def test_the_slides_limits() -> None:
    check_rows("juno")
