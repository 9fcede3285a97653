"""The comb: where it is one, what it is taken from, and that it multiplies every template."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from nurecoil.errors import InputError, OptionError
from nurecoil.experiment import RecoilChannel
from nurecoil.histograms.read import read_histogram
from nurecoil_borexino import Options
from nurecoil_borexino.comb import COMB_RANGE, comb_factor
from nurecoil_borexino.inputs import RELEASE, shipped

Declare = Callable[..., RecoilChannel]
Write = Callable[..., str]
EDGES = np.arange(99.5, 901.0)
CENTRES = EDGES[:-1] + 0.5
UNDER_PEAK = np.abs(CENTRES - np.mean(COMB_RANGE)) <= np.ptp(COMB_RANGE) / 2
AXIS = {"observable": "N_h", "counts_unit": "events"}


def test_it_is_one_away_from_the_peak_and_a_few_per_cent_under_it() -> None:
    factor = comb_factor(Options(), EDGES)
    assert factor is not None
    assert np.all(factor[~UNDER_PEAK] == 1.0)
    assert factor[UNDER_PEAK].mean() == pytest.approx(1.0, abs=2e-3)
    assert 0.01 < factor[UNDER_PEAK].std() < 0.1
    assert np.all(np.abs(factor - 1) < 0.15)


def test_it_does_not_depend_on_the_range() -> None:
    whole, part = comb_factor(Options(), EDGES), comb_factor(Options(), EDGES[50:120])
    assert whole is not None
    assert part is not None
    assert np.array_equal(part, whole[50:119])


@pytest.mark.parametrize("options", [{"comb": False}, {"data": "asimov"}, {"setup": "paper"}])
def test_without_it_there_is_none(options: dict[str, object]) -> None:
    assert comb_factor(Options(**options), EDGES) is None  # type: ignore[arg-type]


def test_data_in_the_papers_setup_have_it() -> None:
    assert comb_factor(Options(setup="paper", data=f"{RELEASE}:h_nhits"), EDGES) is not None


@pytest.mark.parametrize("suffix", [".root", ".json"])
def test_a_fit_of_the_users_own_gives_its_own_structure(written: Write, suffix: str) -> None:
    official = shipped("h_nhits_official_fit")
    smooth = np.exp(-(((official.centres - 190) / 60) ** 2)) * 1e3 + 10
    comb = 1 + 0.05 * (-1.0) ** np.arange(len(official))
    for structure in (np.ones(len(official)), comb):
        location = written("h", official.edges, smooth * structure, suffix=suffix, **AXIS)
        factor = comb_factor(Options(official_fit=location), EDGES)
        assert factor is not None
        assert factor[UNDER_PEAK] == pytest.approx(structure[8:-50][UNDER_PEAK], rel=5e-3)


def test_every_template_has_it(channel: Declare) -> None:
    plain, combed = channel(comb=False), channel()
    factor = comb_factor(Options(), EDGES)
    for without, with_it in zip(plain.backgrounds, combed.backgrounds, strict=True):
        if isinstance(with_it.template, np.ndarray):
            assert with_it.template == pytest.approx(without.template * factor, rel=1e-12)
        else:
            assert np.array_equal(with_it.template.factor, factor)  # type: ignore[attr-defined]
            assert without.template.factor is None  # type: ignore[union-attr]
    assert np.array_equal(combed.response.factor, factor)  # type: ignore[attr-defined]


def test_other_bins_than_the_fits_have_none(written: Write, channel: Declare) -> None:
    official = shipped("h_nhits_official_fit")
    for edges in (EDGES[::2], EDGES + 0.3):
        with pytest.raises(OptionError, match=r"Set borexino\.comb=false") as error:
            comb_factor(Options(), edges)
        assert error.value.where == "borexino.comb"
    wide = official.rebin(official.edges[1::2])
    location = written("h", wide.edges, wide.counts, **AXIS)
    with pytest.raises(OptionError, match=f"than the official fit in {location}"):
        channel(official_fit=location)


@pytest.mark.parametrize("spoiled", [0.0, 1.0], ids=["empty under the peak", "short"])
def test_a_fit_that_cannot_be_used_is_refused(written: Write, spoiled: float) -> None:
    official = shipped("h_nhits_official_fit")
    counts = official.counts * (np.abs(official.centres - 190) > 3) if spoiled == 0 else official.counts
    last = len(official) if spoiled == 0 else 60
    location = written("h", official.edges[: last + 1], counts[:last], **AXIS)
    with pytest.raises(InputError) as error:
        comb_factor(Options(official_fit=location), EDGES)
    assert error.value.where == "borexino.official_fit"


def test_a_fit_against_energy_is_refused(written: Write) -> None:
    location = written("h", EDGES, np.ones(801), observable="E", observable_unit="keV")
    with pytest.raises(InputError, match=r"borexino\.official_fit.*observable is 'E'"):
        comb_factor(Options(official_fit=location), EDGES)


def test_it_is_the_official_fit_over_its_savitzky_golay_filter() -> None:
    """The filter of scipy, which the plugin does not import: a cubic over 21 hits, of the logarithm."""
    from scipy.signal import savgol_filter

    official = read_histogram(f"{RELEASE}:h_nhits_official_fit", where="test")
    logs = np.log(np.where(official.counts > 0, official.counts, 1.0))
    smooth = savgol_filter(logs, 21, 3)
    wanted = {centre: np.exp(a - b) for centre, a, b in zip(official.centres, logs, smooth, strict=True)}
    factor = comb_factor(Options(), EDGES)
    assert factor is not None
    np.testing.assert_allclose(
        factor[UNDER_PEAK], [wanted[centre] for centre in CENTRES[UNDER_PEAK]], rtol=1e-10
    )
