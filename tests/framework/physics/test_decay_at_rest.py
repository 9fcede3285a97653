"""The 8Li source: the shipped spectrum, counts of others, mass states, spectra that users bring."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

import nurecoil.physics.decay_at_rest as module
from nurecoil.errors import InputError, PhysicsError
from nurecoil.histograms import Histogram, write_histograms
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.physics.constants import AVOGADRO, SECONDS_PER_DAY
from nurecoil.physics.decay_at_rest import IsodarSource, flux_parameter
from nurecoil.physics.geometry import sphere_mean_inverse_square
from nurecoil.physics.isodar_options import IsodarOptions
from nurecoil.physics.mirror_decay import LITHIUM8, Strength, decay_spectrum
from nurecoil.physics.oscillation import OscillationParameters
from nurecoil.physics.radiative import radiative
from nurecoil.physics.recoil import recoil_rate, recoil_spectrum
from nurecoil.physics.scattering import maximum_recoil, tree_level
from nurecoil.physics.tables import read_metadata, read_table

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "reference" / "lithium8.json").read_text()
)
SHIPPED = Path(module.__file__).with_name("data") / "lithium8.root"
FLUX = Parameter("isodar.flux", "1", 1.0, lower=0.0)
LITHIUM = IsodarSource()
TREE = IsodarSource(IsodarOptions(cross_section="tree")).source(FLUX, 1e-6)

Written = Callable[..., str]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Writes a histogram over MeV and says where it is."""

    def write(edges: Any, counts: Any, *, suffix: str = ".root", unit: str = "MeV", **words: Any) -> str:
        path = tmp_path / f"mine{suffix}"
        made = Histogram("h", edges, counts, observable="E", observable_unit=unit, **words)
        write_histograms(path, [made])
        return f"{path}:h"

    return write


def test_shipped_tables_say_what_they_are() -> None:
    described = read_metadata(SHIPPED)
    assert set(described) == {"spectrum", "strength", "closure"}
    for about in described.values():
        assert about["provenance"] == "modelled" and about["citation"] and about["sha256"] and about["note"]


def test_shipped_spectrum_is_that_of_the_shipped_strength() -> None:
    spectrum, strength = read_table(SHIPPED, "spectrum"), read_table(SHIPPED, "strength")
    energy, density = spectrum["energy"], spectrum["density"]
    assert np.diff(energy).max() <= 0.05 and density[0] == density[-1] == 0
    assert np.trapezoid(density, energy) == pytest.approx(1, rel=1e-12)
    folded = decay_spectrum(energy, Strength(strength["excitation"], strength["strength"]), LITHIUM8)
    np.testing.assert_allclose(density, folded, atol=2e-5 * density.max(), rtol=1e-5)


def test_mean_endpoint_and_closure() -> None:
    published, end = REFERENCE["mean_energy"], REFERENCE["endpoint"]
    assert LITHIUM.mean_energy == pytest.approx(published["value"], abs=published["tolerance"])
    assert LITHIUM.effective_endpoint == pytest.approx(end["value"], abs=end["tolerance"])
    assert LITHIUM.effective_endpoint < LITHIUM.endpoint <= LITHIUM8.endpoint
    assert LITHIUM.closure is not None
    assert 0 < LITHIUM.closure.deviation < REFERENCE["closure"]["largest"]
    assert LITHIUM.closure.mean == pytest.approx(LITHIUM.closure.published_mean, abs=1e-3)


def test_effective_endpoint_cuts_one_in_a_thousand() -> None:
    energy = np.linspace(LITHIUM.effective_endpoint, LITHIUM.endpoint, 5001)
    assert np.trapezoid(TREE.spectrum(energy), energy) == pytest.approx(1e-3, rel=0.01)


@pytest.mark.parametrize("row", REFERENCE["ratios"]["values"], ids=lambda row: f"{row['above']} MeV")
def test_ratios_of_counts_above_thresholds(row: dict[str, float]) -> None:
    ratio = recoil_rate(TREE, TREE.weak, row["above"]) / recoil_rate(TREE, TREE.weak, row["to_above"])
    assert ratio == pytest.approx(row["value"], rel=row["tolerance"])
    assert ratio == pytest.approx(row["independent"], abs=REFERENCE["ratios"]["last_digit"])


def test_counts_at_kamland_from_first_principles() -> None:
    site = REFERENCE["kamland"]
    parts = site["scintillator"]["parts"].values()
    mass = sum(part["volume"] * part["density"] for part in parts)
    electrons = sum(
        part["volume"] * part["density"] / part["molar_mass"] * part["electrons"] for part in parts
    )
    per_ton = 1e6 * AVOGADRO * electrons / mass
    options = IsodarOptions(antineutrinos=site["antineutrinos"], cross_section="tree")
    seen = sphere_mean_inverse_square(site["radius_cm"], site["distance_cm"])
    source = IsodarSource(options).source(FLUX, seen)
    seconds = options.run * 365.25 * SECONDS_PER_DAY
    for row in site["events"]:
        rate = recoil_rate(source, source.weak, row["above_MeV"])
        assert rate * seconds * per_ton * site["mass_t"] == pytest.approx(row["value"], rel=row["tolerance"])


def test_the_source() -> None:
    source = LITHIUM.source(FLUX, 1 / 1610**2)
    assert (source.name, source.family, source.antineutrino) == ("li8", "isodar", True)
    assert source.parameter is FLUX and source.weak is radiative and TREE.weak is tree_level
    assert source.flux == LITHIUM.flux(1 / 1610**2)
    emitted = source.flux * 4 * np.pi * 1610**2 * 5 * 365.25 * SECONDS_PER_DAY
    assert emitted == pytest.approx(LITHIUM.options.antineutrinos, rel=1e-12)
    assert (
        len(source.citations) == 3 and "Winter" in source.citations[1] and "modelled" in source.citations[1]
    )
    assert set(source.probabilities(np.array([1.0]))) == {"e"}


@given(run=st.floats(0.1, 100), antineutrinos=st.floats(1e20, 1e25), seen=st.floats(1e-12, 1e-2))
def test_flux_scales(run: float, antineutrinos: float, seen: float) -> None:
    source = IsodarSource(IsodarOptions(antineutrinos=antineutrinos, run=run))
    unit = LITHIUM.flux(1.0) * 5 / LITHIUM.options.antineutrinos
    assert source.flux(seen) == pytest.approx(unit * antineutrinos / run * seen, rel=1e-12)


@given(
    shape=array_shapes(min_dims=0, max_dims=3, max_side=4),
    sines=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_mass_shares(shape: tuple[int, ...], sines: tuple[float, float]) -> None:
    oscillation = OscillationParameters(sin2_theta12=sines[0], sin2_theta13=sines[1])
    source = IsodarSource(oscillation=oscillation).source(FLUX, 1e-6)
    assert source.mass_shares is not None
    shares = source.mass_shares(np.full(shape, 6.0))
    assert shares.shape == (3, *shape) and np.all(shares >= 0)
    np.testing.assert_allclose(shares.sum(axis=0), 1, rtol=1e-12)
    cosine = 1 - sines[1]
    for state, expected in enumerate((cosine * (1 - sines[0]), cosine * sines[0], sines[1])):
        np.testing.assert_allclose(shares[state], expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("seen", [0.0, -1.0, np.nan, np.inf])
def test_bad_distances(seen: float) -> None:
    with pytest.raises(PhysicsError, match="mean inverse squared distance"):
        LITHIUM.source(FLUX, seen)


def test_radiative_corrections_up_to_the_endpoint() -> None:
    """Antineutrinos of these energies: finite, positive, and the tree level's shape at small recoil."""
    energy = np.linspace(1.0, LITHIUM8.endpoint, 60)[:, None]
    recoil = maximum_recoil(energy) * np.append(np.geomspace(1e-9, 1, 80), 1 - np.geomspace(1e-12, 0.1, 40))
    corrected = radiative(recoil, energy, "e", True)
    assert np.all(np.isfinite(corrected)) and np.all(corrected > 0)
    ratio = corrected / tree_level(recoil, energy, "e", True)
    np.testing.assert_allclose(ratio[:, 0], ratio[0, 0], rtol=1e-4)
    assert np.all(ratio < 1) and np.all(ratio[recoil < 0.9 * maximum_recoil(energy)] > 0.9)
    # without recoil helicity plays no part: neutrino and antineutrino agree
    neutrino = radiative(recoil[:, 0], energy[:, 0], "e")
    np.testing.assert_allclose(corrected[:, 0], neutrino, rtol=1e-5)


def test_recoil_spectrum_is_smooth_up_to_the_end() -> None:
    source = LITHIUM.source(FLUX, 1e-6)
    T = np.linspace(0.01, source.maximum_recoil, 400)
    rate = recoil_spectrum(source, source.weak, T)
    assert np.all(rate[:-1] > 0) and rate[-1] == 0 and np.all(np.diff(rate) < 0)


@pytest.mark.parametrize("suffix", [".root", ".json"])
@pytest.mark.parametrize("density", [False, True])
def test_replaced_spectrum(written: Written, suffix: str, density: bool) -> None:
    edges = np.concatenate([np.arange(0, 6, 0.05), np.arange(6, 16.5, 0.1)])
    centres, widths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    contents = TREE.spectrum(centres) * (1 if density else 1e4 * widths)
    words = {"metadata": {"additive": False}} if density else {}
    place = written(edges, contents, suffix=suffix, **words)
    mine = IsodarSource(IsodarOptions(spectrum=place, cross_section="tree"))
    assert mine.mean_energy == pytest.approx(LITHIUM.mean_energy, rel=2e-3)
    assert mine.closure is None and place in repr(mine)
    source = mine.source(FLUX, 1e-6)
    assert place in source.citations[1] and source.endpoint < 16
    for threshold in (0.2, 1.0, 3.0):
        assert recoil_rate(source, tree_level, threshold) == pytest.approx(
            recoil_rate(TREE, tree_level, threshold), rel=3e-3
        )


def test_empty_bins_at_the_ends_are_left_out(written: Written) -> None:
    place = written(np.linspace(0, 20, 21), [0, 0, 1, 2, 0, 1, *[0] * 14])
    mine = IsodarSource(IsodarOptions(spectrum=place))
    assert mine.endpoint == 6.0
    assert mine.source(FLUX, 1e-6).spectrum([1.9, 4.5, 6.1]).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("edges", "counts", "unit", "message"),
    [
        ([0, 1, 2, 3], [1, 1, 1], "keV", "observable unit is 'keV'"),
        ([0, 4e3, 8e3, 12e3], [1, 2, 1], "MeV", r"up to 12000 MeV.*not keV"),
        ([-1, 1, 2, 3], [1, 1, 1], "MeV", "bins from -1 MeV"),
        ([0, 1, 2, 3], [0, 0, 0], "MeV", "0 bins above 0"),
        ([0, 1, 2, 3], [0, 3, 0], "MeV", "1 bins above 0"),
        ([0, 1, 2, 3], [1, -3, 1], "MeV", "content of bin 1"),
    ],
)
def test_bad_histograms(
    written: Written, edges: list[float], counts: list[float], unit: str, message: str
) -> None:
    place = written(edges, counts, unit=unit)
    with pytest.raises(InputError, match=rf"isodar\.spectrum.*{message}"):
        IsodarSource(IsodarOptions(spectrum=place))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"isodar\.spectrum: .*does not exist"):
        IsodarSource(IsodarOptions(spectrum=str(tmp_path / "none.root:h")))


def test_the_parameter_of_an_experiment() -> None:
    known, measured = flux_parameter("juno", 0.0), flux_parameter("kamland", 0.02)
    assert (known.name, known.fixed, known.constraint) == ("juno.isodar_flux", True, None)
    assert (measured.name, measured.fixed) == ("kamland.isodar_flux", False)
    assert measured.constraint == GaussianConstraint(1.0, 0.02)
    assert (measured.value, measured.lower) == (1.0, 0.0)
