"""Energy deposited by beta decays with the photons of their branches."""

from __future__ import annotations

import numpy as np
import pytest

from nurecoil.blueprints.deposits import deposit_spectrum
from nurecoil.detectors.spectrum import quadrature
from nurecoil.errors import OptionError
from nurecoil.physics.beta import allowed
from nurecoil.physics.beta_isotopes import ISOTOPES, isotope, isotope_spectrum
from nurecoil.physics.constants import ELECTRON_MASS


def panel(energy: np.ndarray) -> np.ndarray:
    return np.full_like(energy, 0.02)


@pytest.mark.parametrize("photons", [True, False])
@pytest.mark.parametrize("name", ISOTOPES)
def test_one_decay_inside_its_breaks(name: str, photons: bool) -> None:
    spectrum = deposit_spectrum(name, photons=photons)
    assert spectrum.integral(0.01) == pytest.approx(1.0, rel=1e-5)
    low, high = spectrum.breaks[0], spectrum.breaks[-1]
    outside = spectrum.density(np.array([low - 1e-3, high + 1e-3]))
    assert np.all(outside == 0)
    edges = np.diff(spectrum.breaks)
    assert edges.size == 0 or edges.min() > 1e-3


@pytest.mark.parametrize("name", ISOTOPES)
def test_mean_energy_is_that_of_the_branches(name: str) -> None:
    bare, with_photons = (deposit_spectrum(name, photons=photons) for photons in (False, True))
    means = []
    for spectrum in (bare, with_photons):
        energy, weight = quadrature(spectrum, panel)
        means.append(float(np.sum(energy * weight)))
    branches = isotope(name).branches
    total = sum(branch.intensity for branch in branches)
    added = sum(branch.intensity * branch.photons for branch in branches) / total
    assert means[1] - means[0] == pytest.approx(added, abs=1e-5)


def test_electrons_alone_are_the_isotope_spectrum() -> None:
    T = np.linspace(0.1, 3.4, 12)
    assert deposit_spectrum("K42", photons=False).density(T) == pytest.approx(isotope_spectrum(T, "K42"))


def test_breaks_of_positron_emitters_start_at_their_photons() -> None:
    assert deposit_spectrum("C11").breaks == pytest.approx((2 * ELECTRON_MASS, 1.9824), abs=1e-4)
    carbon = deposit_spectrum("C10").breaks
    assert carbon == pytest.approx((1.7404, 2.7620, 3.6481), abs=2e-4)


def test_levels_of_one_nucleus_end_together() -> None:
    breaks = deposit_spectrum("Be11").breaks
    assert breaks[-1] == pytest.approx(11.5092)
    assert len(breaks) == 7  # 0, the alpha branch, four levels, the end
    assert deposit_spectrum("K42").breaks == pytest.approx((0.0, 1.5247, 3.525))


def test_shape_replaces_that_of_every_branch() -> None:
    unique, plain = (deposit_spectrum("K42", shape=shape) for shape in (None, allowed))
    assert plain.integral(0.01) == pytest.approx(1.0, rel=1e-5)
    T = np.array([0.2, 1.0, 3.4])
    expected = isotope_spectrum(T, "K42", shape=allowed)
    assert deposit_spectrum("K42", photons=False, shape=allowed).density(T) == pytest.approx(expected)
    assert not np.allclose(unique.density(T), plain.density(T), rtol=0.02)


def test_unknown_isotope() -> None:
    with pytest.raises(OptionError, match=r"'C12' is not known"):
        deposit_spectrum("C12")
