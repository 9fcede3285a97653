"""The shipped file of open data: what is in it, and that each histogram says where it comes from."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nurecoil_borexino
from nurecoil.histograms.checks import Expectation
from nurecoil.histograms.histogram import Histogram
from nurecoil.histograms.read import read_histograms, read_metadata

RELEASE = Path(nurecoil_borexino.__file__).parent / "data" / "borexino_phase2.root"
REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "reference" / "borexino_phase2_release.json").read_text()
)
SHAPES = ("pp", "be7", "pep", "cno", "bi210", "kr85", "c11")
COMPONENTS = ("total", "c14", "pileup", "po210", "kr85", "bi210", "c11", "ext", "solar")


@pytest.fixture(scope="module")
def release() -> dict[str, Histogram]:
    return read_histograms(RELEASE)


def test_everything_is_there(release: dict[str, Histogram]) -> None:
    names = ["h_nhits", "h_nhits_official_fit", "h_energy_scale", "h_energy_width"]
    names += [f"h_fig6a_{name}" for name in COMPONENTS] + [f"h_mc_{name}" for name in SHAPES]
    assert list(release) == names
    assert read_metadata(RELEASE)["script"] == "scripts/convert_borexino.py"


def test_the_spectrum_is_the_published_one(release: dict[str, Histogram]) -> None:
    spectrum, fit = release["h_nhits"], release["h_nhits_official_fit"]
    assert len(spectrum) == REFERENCE["bins"]
    assert spectrum.counts.sum() == REFERENCE["events"]
    assert spectrum.variances is None
    assert np.array_equal(spectrum.counts, np.rint(spectrum.counts))
    assert spectrum.edges.tolist() == np.arange(91.5, 951).tolist()
    for row in REFERENCE["rows"]:
        index = row["n_h"] - REFERENCE["first_n_h"]
        assert spectrum.centres[index] == row["n_h"]
        exposure = REFERENCE["exposure_day_100t"]
        assert spectrum.counts[index] / exposure == pytest.approx(row["rate"], rel=6e-6)
        assert np.sqrt(spectrum.counts[index]) / exposure == pytest.approx(row["error"], rel=6e-6)
        assert release["h_energy_scale"].counts[index] == row["energy_kev"]
        assert release["h_energy_width"].counts[index] == row["width_kev"]
        if row["n_h"] > REFERENCE["first_n_h"]:
            pull = (spectrum.counts[index] - fit.counts[index]) / np.sqrt(spectrum.counts[index])
            assert pull == pytest.approx(row["residual"], rel=1e-3)


def test_where_the_official_fit_is_not_known_it_is_zero_and_said(release: dict[str, Histogram]) -> None:
    fit = release["h_nhits_official_fit"]
    unknown = fit.centres[fit.counts == 0].tolist()
    assert unknown == fit.metadata["unknown_bins"] == [92, 689, 735, 927, 944, 946]
    assert "the first bin was not fitted" in fit.metadata["note"]
    assert np.all(release["h_nhits"].counts[1:][fit.counts[1:] == 0] == 0)
    assert np.all(fit.counts >= 0)


def test_units_and_axes(release: dict[str, Histogram]) -> None:
    for name, histogram in release.items():
        axis = ("E_rec", "keV") if name.startswith("h_mc") else ("N_h", "1")
        assert (histogram.observable, histogram.observable_unit) == axis
    assert {release[name].counts_unit for name in ("h_nhits", "h_nhits_official_fit")} == {"events"}
    assert release["h_energy_scale"].counts_unit == "keV"
    assert not release["h_energy_scale"].additive
    for name in COMPONENTS:
        component = release[f"h_fig6a_{name}"]
        assert component.counts_unit == "events/(day 100 t N_h)"
        assert (component.centres[0], component.centres[-1]) == (93, 419)


def test_monte_carlo_shapes_lie_below_their_zero_threshold_rates(release: dict[str, Histogram]) -> None:
    known = REFERENCE["monte_carlo"]
    for name in SHAPES:
        shape = release[f"h_mc_{name}"]
        assert shape.counts_unit == "cpd/100t/keV"
        assert shape.metadata["doi"] == known["doi"]
        assert shape.metadata["arxiv"] == known["arxiv"]
        rate = known["zero_threshold_rates_cpd_100t"].get(name)
        assert shape.metadata.get("zero_threshold_rate") == rate
        if rate is None:
            assert "divide by the integral" in shape.metadata["normalisation"]
        else:
            assert shape.edges[0] == known["first_kev"]
            assert 0.3 * rate < shape.integrated("cpd/100t").counts.sum() < rate


def test_every_histogram_says_where_it_comes_from(release: dict[str, Histogram]) -> None:
    for name, histogram in release.items():
        about = histogram.metadata
        figure = name.startswith("h_fig6a")
        assert about["provenance"] == ("digitised" if figure else "published")
        assert about["trust"] == ("B" if figure else "A*" if name.startswith("h_mc") else "A")
        assert about["title"]
        assert about["citation"].startswith("Borexino Collaboration")
        assert about["doi"].startswith("10.")
        assert about["raw_file"].startswith("borexino/")
        assert re.fullmatch("[0-9a-f]{64}", about["raw_sha256"])


def test_a_spectrum_with_other_axis_is_refused_in_its_place(release: dict[str, Histogram]) -> None:
    expect = Expectation(edges=release["h_nhits"].edges, observable="N_h", observable_unit="1")
    assert len(read_histograms(RELEASE, ["h_nhits"], expect=expect)["h_nhits"]) == 859
