"""Inputs from files: bins, counts, backgrounds by name, fluxes; and files that cannot be used."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.blueprints.inputs import (
    binned_response,
    flux_spectrum,
    named_backgrounds,
    observed_counts,
    uniform_bins,
)
from nurecoil.detectors.energy import EnergyResponse, Resolution
from nurecoil.errors import InputError, OptionError
from nurecoil.histograms import Histogram, write_histograms
from nurecoil.physics.source import Source
from nurecoil.shared import Sources


@pytest.fixture(scope="module")
def boron() -> Source:
    return Sources().solar.source("b8")


def saved(folder: Path, suffix: str, name: str, edges: Any, values: Any, **words: Any) -> str:
    path = folder / f"mine{suffix}"
    write_histograms(path, [Histogram(name, edges, values, **words)])
    return str(path)


@given(st.floats(0.01, 5.0), st.floats(0.001, 10.0), st.floats(0.005, 5.0))
def test_bins_hold_everything(threshold: float, span: float, width: float) -> None:
    edges = uniform_bins(threshold, threshold + span, width)
    assert edges[0] == threshold and edges.size >= 2
    assert edges[-1] >= (threshold + span) * (1 - 1e-8)
    assert edges[-1] < threshold + span + width * 1.001
    np.testing.assert_allclose(np.diff(edges), width, rtol=1e-6)


@pytest.mark.parametrize("suffix", [".root", ".json"])
def test_counts_start_at_the_threshold(tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path, suffix, "data", [0, 1, 2, 3], [5, 6, 7])
    edges, counts = observed_counts("juno", f"{path}:data", 1.0, None)
    assert (edges.tolist(), counts.tolist()) == ([1, 2, 3], [6, 7])
    assert observed_counts("juno", f"{path}:data", 2.0, np.array([2.0, 3.0]))[1].tolist() == [7]


def test_counts_that_do_not_fit(tmp_path: Path) -> None:
    place = f"{saved(tmp_path, '.root', 'data', [0, 1, 2, 3], [5, 6, 7])}:data"
    with pytest.raises(OptionError, match=r"juno\.threshold: 2\.5 MeV, above every bin.*at most 2 MeV"):
        observed_counts("juno", place, 2.5, None)
    with pytest.raises(InputError, match=r"juno\.data.*3 bins from 0 to 3 MeV.*the 2 bins"):
        observed_counts("juno", place, 0.0, np.array([0.0, 1.5, 3.0]))
    wrong = f"{saved(tmp_path, '.json', 'kev', [0, 1], [5], observable_unit='keV')}:kev"
    with pytest.raises(InputError, match=r"juno\.data.*'keV'.*'MeV'"):
        observed_counts("juno", wrong, 0.1, None)


def test_backgrounds_have_the_spelling_that_is_known(tmp_path: Path) -> None:
    path = saved(tmp_path, ".root", "mc/c11", [0, 1, 2], [5, 6])
    found, told = named_backgrounds("juno.background_file", path, np.arange(3.0), ["C11", "solar"])
    assert list(found) == ["C11"] and told == [f"background C11: {path} (a file of the user's)"]
    path = saved(tmp_path, ".json", "BE7", [0, 1, 2], [5, 6])
    assert list(named_backgrounds("juno.background_file", path, np.arange(3.0), ["be7"])[0]) == ["be7"]
    assert named_backgrounds("juno.background_file", None, np.arange(3.0)) == ({}, [])


def test_backgrounds_that_cannot_be_used(tmp_path: Path) -> None:
    where, edges = "juno.background_file", np.arange(3.0)
    with pytest.raises(InputError, match="does not exist"):
        named_backgrounds(where, str(tmp_path / "no.root"), edges)
    (tmp_path / "empty.json").write_text("{}")
    with pytest.raises(InputError, match="holds no histogram"):
        named_backgrounds(where, str(tmp_path / "empty.json"), edges)
    with pytest.raises(InputError, match=where):
        named_backgrounds(where, saved(tmp_path, ".root", "c11", [0, 1, 3], [5, 6]), edges)
    with pytest.raises(InputError, match=where):
        named_backgrounds(where, saved(tmp_path, ".root", "c11", [0, 1, 2], [5, -6]), edges)
    write_histograms(tmp_path / "two.json", [Histogram(name, edges, [1, 2]) for name in ("c11", "C11")])
    with pytest.raises(InputError, match="two histograms 'C11'"):
        named_backgrounds(where, str(tmp_path / "two.json"), edges, ["C11"])


@pytest.mark.parametrize("suffix", [".root", ".json"])
def test_a_flux_takes_the_place_of_another(tmp_path: Path, suffix: str, boron: Source) -> None:
    edges = np.linspace(0, 10, 201)
    shape = np.diff(edges**2 * (15 - edges))
    place = f"{saved(tmp_path, suffix, 'flux', edges, 1e6 * shape)}:flux"
    made = flux_spectrum("toy.spectrum", place, boron)
    assert made.flux == pytest.approx(1e6 * shape.sum())
    assert (made.name, made.parameter, made.weak) == (boron.name, boron.parameter, boron.weak)
    np.testing.assert_allclose(made.spectrum([4.0]), 4 * (30 - 12) / shape.sum(), rtol=2e-3)
    density = {"metadata": {"additive": False}}
    other = f"{saved(tmp_path, suffix, 'flux', edges, 1e6 * shape / np.diff(edges), **density)}:flux"
    assert flux_spectrum("toy.spectrum", other, boron).flux == pytest.approx(made.flux)


@pytest.mark.parametrize(
    ("edges", "values", "message"),
    [
        ([0, 1, 2], [0, 0], "an empty spectrum"),
        ([-1, 1, 2], [1, 1], "energies from -1 to 2 MeV"),
        ([0, 500, 2000], [1, 1], "in MeV, not keV"),
        ([0, 1, 2], [1, -1], "toy.spectrum"),
    ],
)
def test_what_is_no_flux(tmp_path: Path, edges: Any, values: Any, message: str, boron: Source) -> None:
    place = f"{saved(tmp_path, '.root', 'flux', edges, values)}:flux"
    with pytest.raises(InputError, match=message):
        flux_spectrum("toy.spectrum", place, boron)


def test_counts_bring_their_bins(tmp_path: Path) -> None:
    path = saved(tmp_path, ".root", "data", [0, 1, 3, 4], [5, 6, 7])
    options = SimpleNamespace(threshold=1.0, bin_width=0.1, data=f"{path}:data", response=None)
    response, counts = binned_response(
        "juno", options, 10.0, Resolution(0.03), scale="juno.energy_scale", efficiency=0.5
    )
    assert isinstance(response, EnergyResponse) and response.edges.tolist() == [1, 3, 4]
    assert (response.scale, response.efficiency) == ("juno.energy_scale", 0.5)
    assert counts is not None and counts.tolist() == [6, 7]


def test_a_matrix_that_is_not_there_is_named_by_its_option() -> None:
    options = SimpleNamespace(threshold=1.0, bin_width=0.1, data=None, response="nowhere.root:m")
    with pytest.raises(InputError, match=r"juno\.response: nowhere\.root does not exist"):
        binned_response("juno", options, 10.0, Resolution(0.03))
