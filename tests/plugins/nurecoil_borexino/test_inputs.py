"""Observed counts: the shipped spectrum, a user's in ROOT or UHI, the range, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot

from nurecoil.assembly import fold
from nurecoil.errors import InputError, NurecoilError, OptionError
from nurecoil.experiment import RecoilChannel
from nurecoil.histograms.histogram import Histogram
from nurecoil.histograms.read import read_histogram
from nurecoil.options import make_options
from nurecoil.shared import Sources
from nurecoil_borexino import Borexino, Options
from nurecoil_borexino.inputs import EXPOSURE, RELEASE, read_spectrum, shipped

Declare = Callable[..., RecoilChannel]
Write = Callable[..., str]
AXIS = {"observable": "N_h", "counts_unit": "events"}


@pytest.fixture(scope="module")
def spectrum() -> Histogram:
    return shipped("h_nhits")


def test_the_default_is_the_release_from_100_to_900(channel: Declare, spectrum: Histogram) -> None:
    made = channel()
    assert (made.edges[0], made.edges[-1], made.edges.size) == (99.5, 900.5, 802)
    assert made.observed is not None
    assert np.array_equal(made.observed, spectrum.select(100, 900).counts)
    assert made.observed.sum() == np.rint(made.observed).sum() > 1e4
    assert "Nature 562 (2018) 505" in made.provenance[0]
    assert made.live_time == EXPOSURE["public"] * 86400


def test_the_papers_setup_has_no_data(channel: Declare) -> None:
    made = channel(setup="paper")
    assert made.observed is None
    assert (made.edges[0], made.edges[-1]) == (84.5, 950.5)
    assert made.live_time == pytest.approx(1270.6 * 0.758 * 86400, rel=1e-4)
    assert "Asimov" in made.provenance[0]


def test_asimov_data_reach_beyond_the_release(channel: Declare) -> None:
    made = channel(data="asimov", range="71,1000", comb=False)
    assert made.observed is None
    assert (made.edges[0], made.edges[-1]) == (70.5, 1000.5)


@pytest.mark.parametrize(
    ("given", "first", "last"),
    [("95,900", 94.5, 900.5), ("92,950", 91.5, 950.5), ("100.2,104.9", 100.5, 104.5)],
)
def test_both_ends_of_the_range_belong_to_it(channel: Declare, given: str, first: float, last: float) -> None:
    edges = channel(range=given).edges
    assert (edges[0], edges[-1]) == (first, last)


@pytest.mark.parametrize("suffix", [".root", ".json"])
def test_a_users_counts_replace_the_shipped_ones(
    channel: Declare, written: Write, spectrum: Histogram, suffix: str
) -> None:
    counts = np.arange(len(spectrum)) % 7 + 1.0
    location = written("h_mine", spectrum.edges, counts, suffix=suffix, **AXIS)
    made = channel(data=location)
    assert made.observed is not None
    assert np.array_equal(made.observed, counts[8:-50])
    assert made.provenance[0] == f"observed counts: {location}"


def test_a_histogram_that_tells_nothing_of_its_axis_is_taken(
    channel: Declare, tmp_path: Path, spectrum: Histogram
) -> None:
    path = tmp_path / "plain.root"
    with uproot.recreate(path) as file:
        file["h"] = (spectrum.counts, spectrum.edges)
    made = channel(data=str(path))
    assert made.observed is not None
    assert np.array_equal(made.observed, spectrum.select(100, 900).counts)


@pytest.mark.parametrize("suffix", [".root", ".json"])
def test_wider_and_variable_bins_hold_the_sums_of_the_narrow_ones(
    channel: Declare, sun: Sources, written: Write, spectrum: Histogram, suffix: str
) -> None:
    """Templates in wide bins are those of bins of one hit, added up: the response is evaluated hit by hit."""
    widths = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]
    wide = spectrum.edges[8] + np.concatenate([[0], np.cumsum(widths)])
    location = written("h", wide, spectrum.rebin(wide).counts, suffix=suffix, **AXIS)
    chosen = {"comb": False, "response": "exact", "range": (100, wide[-1] - 0.5)}
    coarse = fold([Borexino(make_options("borexino", Options, {**chosen, "data": location}))], None, sun)
    fine = fold([Borexino(make_options("borexino", Options, chosen))], None, sun)
    index = (wide - wide[0]).astype(int)[:-1]
    for wide_sample, fine_sample in zip(coarse.channels[0].samples, fine.channels[0].samples, strict=True):
        assert wide_sample.name == fine_sample.name
        wanted = np.add.reduceat(_contents(fine_sample, fine.values), index)
        found = _contents(wide_sample, coarse.values)
        assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12 * wanted.max()), fine_sample.name
    assert np.array_equal(coarse.channels[0].observed, np.add.reduceat(fine.channels[0].observed, index))


def _contents(sample: Any, values: dict[str, float]) -> np.ndarray[Any, Any]:
    if isinstance(sample.template, np.ndarray):
        return sample.template
    return np.asarray(sample.template.evaluate([values[name] for name in sample.template.names])[0])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"observable": "E", "observable_unit": "keV"}, ["observable is 'E'", "'N_h'"]),
        ({"observable": "N_h", "observable_unit": "keV"}, ["observable unit is 'keV'"]),
        ({"observable": "N_h", "counts_unit": "cpd/100 t"}, ["counts unit is 'cpd/100 t'", "'events'"]),
    ],
)
def test_other_axes_and_units_are_refused(
    channel: Declare, written: Write, spectrum: Histogram, words: dict[str, str], said: list[str]
) -> None:
    location = written("h", spectrum.edges, spectrum.counts, **words)
    with pytest.raises(InputError) as error:
        channel(data=location)
    assert all(text in str(error.value) for text in ["borexino.data", location, *said])


@pytest.mark.parametrize(("value", "said"), [(np.nan, "nan"), (-3.0, "-3"), (np.inf, "inf")])
def test_contents_that_are_no_counts_are_refused_by_bin(
    channel: Declare, tmp_path: Path, spectrum: Histogram, value: float, said: str
) -> None:
    counts = spectrum.counts.copy()
    counts[30] = value
    path = tmp_path / "bad.root"
    with uproot.recreate(path) as file:
        file["h"] = (counts, spectrum.edges)
    with pytest.raises(InputError, match=rf"bin 30 \(121\.5\.\.122\.5\) {said}"):
        channel(data=f"{path}:h")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"range": "900,100"}, ["900,100", "the lower first"]),
        ({"range": "100,100"}, ["100,100"]),
        ({"range": "2000,3000"}, ["2000,3000", "91.5 to 950.5"]),
        ({"range": "100,2000"}, ["100,2000", "91.5 to 950.5"]),
        ({"range": "100.6,100.9"}, ["100.6,100.9", "at least one bin"]),
        ({"range": "nan,900"}, ["finite"]),
        ({"range": "100"}, ["too few values"]),
        ({"setup": "paper", "range": "60,900"}, ["60,900", "70.5 to 1000.5"]),
    ],
)
def test_ranges_that_cannot_be(channel: Declare, options: dict[str, str], said: list[str]) -> None:
    with pytest.raises(OptionError) as error:
        channel(**options)
    assert error.value.where == "borexino.range"
    assert all(text in str(error.value) for text in said)


def test_data_that_do_not_reach_the_default_range_say_so(
    channel: Declare, written: Write, spectrum: Histogram
) -> None:
    location = written("h", spectrum.edges[:401], spectrum.counts[:400], **AXIS)
    with pytest.raises(OptionError, match=r"default of borexino\.setup=public") as error:
        channel(data=location)
    assert f"{location} has bins from 91.5 to 491.5" in str(error.value)


def test_a_spectrum_without_events_is_refused(channel: Declare, written: Write, spectrum: Histogram) -> None:
    location = written("h", spectrum.edges, 0 * spectrum.counts, **AXIS)
    with pytest.raises(InputError, match="no events from 100 to 900"):
        channel(data=location)


def test_hits_are_counted_from_one(channel: Declare, written: Write) -> None:
    location = written("h", np.arange(-0.5, 950), np.ones(950), **AXIS)
    with pytest.raises(InputError, match=r"a bin from -0\.5 hits on"):
        channel(data=location, range="0,900")
    assert channel(data=location).edges[0] == 99.5


def test_shipped_histograms_are_read_by_name() -> None:
    assert shipped("h_energy_scale").observable_unit in (None, "1")
    with pytest.raises(NurecoilError, match=f"{RELEASE.name} holds no 'h_nothing'"):
        shipped("h_nothing")


def test_the_release_itself_can_be_named(sun: Sources) -> None:
    named = read_spectrum(Options(data=f"{RELEASE}:h_nhits"))
    default = read_spectrum(Options())
    assert np.array_equal(named.edges, default.edges)
    assert named.observed is not None
    assert default.observed is not None
    assert np.array_equal(named.observed, default.observed)
    assert read_histogram(f"{RELEASE}:h_nhits").counts_unit == "events"
