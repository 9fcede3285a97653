"""Response matrices: what they fold, where they come from, and what is no matrix of probabilities."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hist
import numpy as np
import pytest
import uhi.io.json
import uproot
from numpy.typing import NDArray

from nurecoil.detectors.matrix import MatrixResponse, read_matrix
from nurecoil.detectors.spectrum import Spectrum
from nurecoil.errors import InputError, OptionError

Array = NDArray[np.float64]

ENERGY, EDGES = np.linspace(0.0, 2.0, 21), np.linspace(0.5, 2.0, 16)
FALLING = Spectrum(lambda energy: 1 / energy, (0.05, 3.0))
SHARP = (np.add.outer(-ENERGY[:-1], EDGES[:-1]).round(9) == 0).astype(float)
"""Sees each energy where it is, and nothing below 0.5 MeV."""


def written(folder: Path, suffix: str, contents: Any, energy: Array = ENERGY, edges: Array = EDGES) -> str:
    made = hist.Hist.new.Var(energy).Var(edges).Double()
    made.view()[...] = contents
    path = folder / f"mine{suffix}"
    if suffix == ".root":
        with uproot.recreate(path) as file:
            file["r"] = made
    else:
        path.write_text(json.dumps({"r": made}, default=uhi.io.json.default))
    return f"{path}:r"


@pytest.mark.parametrize("suffix", [".root", ".json"])
def test_a_sharp_matrix_gives_the_integrals_of_the_bins(tmp_path: Path, suffix: str) -> None:
    response = read_matrix(written(tmp_path, suffix, SHARP), where="here", efficiency=0.5)
    assert response.energy_range == (0.5, 2.0)
    np.testing.assert_array_equal(response.edges, EDGES)
    np.testing.assert_allclose(response.template(FALLING), 0.5 * np.log(EDGES[1:] / EDGES[:-1]), rtol=1e-9)


def test_events_are_shared_out_by_the_rows() -> None:
    rng = np.random.default_rng(1)
    shares = rng.uniform(size=(20, 15))
    shares /= 2 * shares.sum(axis=1, keepdims=True)
    found = MatrixResponse(ENERGY, EDGES, shares).template(FALLING)
    assert found.sum() == pytest.approx(np.log(2.0 / 0.05) / 2, rel=1e-9)  # what lies above 2 MeV is not seen


def test_recoils_below_a_hundred_electronvolts_are_not_asked_for() -> None:
    everywhere = MatrixResponse(ENERGY, EDGES, np.full((20, 15), 0.01))
    assert everywhere.energy_range == (1e-4, 2.0)


def test_a_threshold_leaves_the_bins_above_it() -> None:
    response = MatrixResponse(ENERGY, EDGES, SHARP, 0.5)
    cut = response.above(1.0, where="juno.threshold")
    assert cut.edges[0] == pytest.approx(1.0) and cut.efficiency == 0.5
    np.testing.assert_array_equal(cut.template(FALLING), response.template(FALLING)[5:])
    assert response.above(0.1, where="here").edges.size == EDGES.size
    assert cut.energy_range == (1.0, 2.0)
    for threshold in (1.95, 5.0):
        with pytest.raises(OptionError, match=r"juno\.threshold: .*above every bin.*Allowed: at most 1\.9"):
            response.above(threshold, where="juno.threshold")


def changed(place: tuple[int, int], value: float) -> Array:
    made = SHARP.copy()
    made[place] = value
    return made


@pytest.mark.parametrize("suffix", [".root", ".json"])
@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (changed((3, 3), np.nan), "NaN, infinite or negative"),
        (changed((3, 3), np.inf), "NaN, infinite or negative"),
        (changed((3, 3), -0.1), "NaN, infinite or negative"),
        (changed((19, 3), 0.1), r"a row that sums to 1\.1.*transpose it if the axes are swapped"),
        (np.zeros((20, 15)), "a matrix of zeros"),
    ],
)
def test_what_is_no_probability_is_refused(
    tmp_path: Path, suffix: str, contents: Array, message: str
) -> None:
    with pytest.raises(InputError, match=rf"juno\.response, .*{message}"):
        read_matrix(written(tmp_path, suffix, contents), where="juno.response")


def test_swapped_axes_are_noticed(tmp_path: Path) -> None:
    wide = np.zeros((15, 20))
    wide[:, :10] = 0.1
    read_matrix(written(tmp_path, ".root", wide, EDGES, ENERGY), where="here")
    with pytest.raises(InputError, match="transpose it"):
        read_matrix(written(tmp_path, ".root", wide.T, ENERGY, EDGES), where="here")


def test_negative_energies_are_refused(tmp_path: Path) -> None:
    for energy, edges, axis in ((ENERGY - 1, EDGES, "first"), (ENERGY, EDGES - 1, "second")):
        with pytest.raises(InputError, match=f"the {axis} axis, that do not increase from 0"):
            read_matrix(written(tmp_path, ".root", SHARP, energy, edges), where="here")


@pytest.mark.parametrize("location", ["nowhere.root:r", "nowhere.json:r", "nowhere.txt", "nowhere", ""])
def test_what_is_not_there_is_an_input_error(location: str) -> None:
    with pytest.raises(InputError, match=r"^juno\.response: "):
        read_matrix(location, where="juno.response")
