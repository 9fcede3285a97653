"""The gamma transport against XCOM, Klein-Nishina and itself without splitting; the file that is shipped."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.errors import InputError
from nurecoil.histograms.checks import Expectation
from nurecoil.histograms.read import read_histogram, read_metadata
from nurecoil.physics.constants import ELECTRON_MASS

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "plugins" / "nurecoil_borexino" / "data" / "external_gammas.root"
XCOM = json.loads((ROOT / "tests" / "reference" / "xcom_pseudocumene.json").read_text())


@pytest.fixture(scope="module")
def script() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        return importlib.import_module("simulate_external_gammas")


@pytest.fixture(scope="module")
def attenuation(script: ModuleType) -> ModuleType:
    return importlib.import_module("gamma_attenuation")


def test_mean_free_path_is_that_of_xcom(attenuation: ModuleType) -> None:
    molecule = 9 * np.array(XCOM["carbon"]) + 12 * np.array(XCOM["hydrogen"])
    expected = molecule * 0.602214076 / 120.19 * 0.88
    # XCOM has the binding of the electrons, 0.2 % at 0.2 MeV, and radiative corrections, 0.2 % at 3 MeV.
    np.testing.assert_allclose(attenuation.attenuation(XCOM["energy"]).total, expected, rtol=3e-3)


def test_energies_without_cross_section_are_refused(attenuation: ModuleType) -> None:
    with pytest.raises(InputError, match=r"energies 0\.5 to 6 MeV"):
        attenuation.attenuation([0.5, 6.0])


@given(st.floats(0.5, 3.1))
def test_smoothing_keeps_events_and_the_peak(energy: float) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        script = importlib.import_module("simulate_external_gammas")
    matrix = script.smoothing(energy, script.EDGES)
    np.testing.assert_allclose(matrix.sum(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, rtol=1e-9)
    peak = int((float(script.QUENCHING.visible(np.array(energy))) - 0.13) / 0.01) + 1
    np.testing.assert_array_equal(matrix[peak:, peak:], np.eye(320)[peak:, peak:])


def test_transport(script: ModuleType, attenuation: ModuleType) -> None:
    """One test for all that needs the compiled code, which takes some seconds to compile."""
    kernels = importlib.import_module("gamma_kernels")
    transport = importlib.import_module("gamma_transport")
    liquid = attenuation.tables(script.QUENCHING)

    # Compton scattering: the mean energy of the electron against the integral of Klein and Nishina.
    energy, size = 1.46082, 20_000
    rng = np.random.default_rng(1)
    scattered = np.array([kernels.scatter(rng, energy) for _ in range(size)])
    cosine = np.linspace(-1, 1, 20_001)
    kept = 1 / (1 + energy / ELECTRON_MASS * (1 - cosine))
    density = kept**2 * (kept + 1 / kept - 1 + cosine**2)
    mean = np.trapezoid(density * kept, cosine) / np.trapezoid(density, cosine) * energy
    assert scattered[:, 0].mean() == pytest.approx(mean, abs=4 * scattered[:, 0].std() / size**0.5)
    np.testing.assert_allclose(
        scattered[:, 0], energy / (1 + energy / ELECTRON_MASS * (1 - scattered[:, 1])), rtol=1e-9
    )

    # Splitting and roulette against the plain game, in a detector small enough for both.
    small = transport.Sphere(325.0, 400.0, 302.1, 167.0)
    split = transport.illuminate(liquid, small, 2.614511, 100_000, script.EDGES, np.random.default_rng(2))
    plain = transport.illuminate(
        liquid, small, 2.614511, 400_000, script.EDGES, np.random.default_rng(3), innermost=small.source
    )
    for low, high in ((0, 320), (0, 130), (130, 220), (220, 320)):
        one, two = (run.weights[:, low:high].sum(axis=1) for run in (split, plain))
        error = np.hypot(one.std(ddof=1), two.std(ddof=1)) / 20**0.5
        assert one.mean() == pytest.approx(two.mean(), abs=4 * error)
        assert 4 * error < 0.15 * two.mean()
    assert plain.full == pytest.approx(split.full, abs=0.03)
    assert max(split.imbalance, plain.imbalance) < 1e-12

    # The same seed gives the same numbers, another one does not.
    again = transport.illuminate(liquid, small, 2.614511, 100_000, script.EDGES, np.random.default_rng(2))
    np.testing.assert_array_equal(again.weights, split.weights)
    assert not np.array_equal(plain.weights, split.weights)

    # Annihilation gammas: all their energy stays, quenched more than that of one electron of 511 keV.
    open_ = transport.Sphere(425.0, 685.0, np.inf, np.inf)
    positrons = transport.annihilate(liquid, open_, 20_000, script.EDGES, np.random.default_rng(4))
    assert positrons.full == 1.0
    assert positrons.imbalance < 1e-12
    assert positrons.weights.sum(axis=1) == pytest.approx(np.ones(20))
    single = float(script.QUENCHING.visible(np.array(ELECTRON_MASS)))
    assert 0.8 < positrons.mean < 2 * single

    # A whole nuclide, with few gammas.
    nuclide = script.Nuclide("k40", "40K", ((1.46082, 10.66),), "made up", 20_000)
    shape = script.combine(nuclide, 1.0, 5, liquid)
    assert shape.density.sum() * 0.01 == pytest.approx(1)
    assert np.all(shape.variance >= 0) and np.all(shape.variance[shape.density > 0] > 0)
    assert np.all(shape.density[script.EDGES[1:] > 1.46] == 0)

    with pytest.raises(InputError, match="10 histories"):
        transport.illuminate(liquid, small, 1.0, 10, script.EDGES, rng)
    with pytest.raises(InputError, match="a gamma of 5 MeV"):
        transport.illuminate(liquid, small, 5.0, 20, script.EDGES, rng)
    with pytest.raises(InputError, match="a scintillator of 500 cm"):
        transport.Sphere(500.0, 400.0, 300.0, 100.0)


@pytest.mark.parametrize(("name", "energy"), [("tl208", 2.614511), ("k40", 1.46082), ("bi214", 3.1836)])
def test_shipped_shapes(script: ModuleType, name: str, energy: float) -> None:
    shape = read_histogram(
        f"{SHIPPED}:h_{name}",
        expect=Expectation(observable="E_v", observable_unit="MeV", counts_unit="1/MeV"),
    )
    assert np.sum(shape.counts * shape.widths) == pytest.approx(1, rel=1e-12)
    assert np.all(shape.counts[shape.edges[1:] > energy] == 0)
    assert shape.metadata["provenance"] == "modelled"
    assert shape.metadata["seed"] == read_metadata(SHIPPED)["seed"] == 1
    assert sum(intensity for _, intensity in shape.metadata["lines"]) > 1
    if name != "bi214":
        # The full-energy peak: quenched, so below the light of one electron with all the energy.
        peak = shape.centres[np.argmax(shape.counts)]
        assert 0.90 * energy < peak < 0.97 * energy
    # Statistical errors. The mean error of neighbours bounds that of their sum, however they are correlated.
    assert shape.variances is not None
    light = float(script.QUENCHING.visible(np.array(energy)))
    regions = [(0.3, 0.5, 0.1), (0.5, 1.0, 0.05), (1.0, light - 0.13, 0.06 if name == "bi214" else 0.03)]
    if name != "bi214":
        regions.append((light - 0.09, light - 0.05, 0.02))
    for low, high, most in regions:
        for start in np.arange(low, high - 0.02, 0.02):
            inside = (shape.centres > start) & (shape.centres < start + 0.02)
            error = np.sqrt(shape.variances[inside]).mean() / shape.counts[inside].mean()
            assert error < most, f"{name} at {start:.2f} MeV: {error:.1%}"
