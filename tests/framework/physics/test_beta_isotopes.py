"""The table of beta emitters against published mean energies."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nurecoil.errors import OptionError
from nurecoil.physics.beta import Shape, allowed, beta_spectrum, polynomial_in_W
from nurecoil.physics.beta_isotopes import ISOTOPES, isotope, isotope_spectrum
from nurecoil.physics.constants import ELECTRON_MASS

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "reference" / "beta.json").read_text(encoding="utf-8")
)


def grid(endpoint: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Energies and weights of an integral from 0 to an endpoint."""
    nodes, weights = np.polynomial.legendre.leggauss(300)
    root = (nodes + 1) / 2
    return endpoint * root**2, weights * endpoint * root


def mean_energy(name: str, branch: int, shape: Shape | None = None) -> float:
    entry = isotope(name)
    transition = entry.branches[branch]
    T, weights = grid(transition.endpoint)
    chosen = shape or transition.shape
    spectrum = beta_spectrum(T, transition.endpoint, entry.Z_daughter, chosen, entry.positron)
    return float(np.sum(weights * T * spectrum))


@pytest.mark.parametrize(
    "row", REFERENCE["mean_energies"]["values"], ids=lambda row: f"{row['isotope']}-{row['branch']}"
)
def test_published_mean_energies(row: dict[str, Any]) -> None:
    shape = allowed if row["shape"] == "allowed" else None
    got = mean_energy(row["isotope"], row["branch"], shape)
    assert got == pytest.approx(row["value"], rel=row["tolerance"])


def test_measured_shapes_are_softer_than_allowed_ones() -> None:
    assert mean_energy("C14", 0) < 0.98 * mean_energy("C14", 0, allowed)
    alekseev = mean_energy("Bi210", 0)
    daniel = mean_energy("Bi210", 0, polynomial_in_W(0.578, 28.466, -0.658))
    assert alekseev < 0.85 * mean_energy("Bi210", 0, allowed)
    assert daniel == pytest.approx(alekseev, rel=0.03)


def test_bismuth_shape_is_the_published_one() -> None:
    published = REFERENCE["bi210_shape"]
    T = np.linspace(0, 1.16, 7)
    W = 1 + T / ELECTRON_MASS
    expected = 1 + published["a"] * W + published["b"] * W**2
    assert isotope("Bi210").branches[0].shape(T, 1.1612) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ISOTOPES)
def test_isotope_spectra_are_normalised_and_cited(name: str) -> None:
    entry = isotope(name)
    integral = 0.0
    edges = sorted({0.0, *(branch.endpoint for branch in entry.branches)})
    for low, high in pairwise(edges):
        T, weights = grid(high - low)
        integral += float(np.sum(weights * isotope_spectrum(low + T, name)))
    assert integral == pytest.approx(1.0, rel=1e-7)
    assert entry.citation and entry.name == name
    assert 0.99 < sum(branch.intensity for branch in entry.branches) <= 1
    assert isotope_spectrum(max(edges) + 1e-9, name) == 0


def test_potassium_has_two_branches_that_share_the_energy() -> None:
    ground, excited = isotope("K42").branches
    assert excited.endpoint + excited.photons == pytest.approx(ground.endpoint, abs=1e-9)
    T = np.array([0.5, 1.5, 2.5])
    entry = isotope("K42")
    total = ground.intensity + excited.intensity
    expected = (
        ground.intensity * beta_spectrum(T, ground.endpoint, 20, ground.shape)
        + excited.intensity * beta_spectrum(T, excited.endpoint, entry.Z_daughter, excited.shape)
    ) / total
    assert isotope_spectrum(T, "K42") == pytest.approx(expected, rel=1e-12)


def test_shape_of_every_branch_can_be_replaced() -> None:
    T = np.array([0.1, 1.5, 3.0])
    entry = isotope("K42")
    total = sum(branch.intensity for branch in entry.branches)
    expected = [branch.intensity / total * beta_spectrum(T, branch.endpoint, 20) for branch in entry.branches]
    assert isotope_spectrum(T, "K42", shape=allowed) == pytest.approx(np.sum(expected, axis=0), rel=1e-12)


@pytest.mark.parametrize(("name", "Q"), [("C10", 3.6481), ("Be11", 11.5092), ("K42", 3.525), ("C11", 1.9824)])
def test_branches_share_the_decay_energy(name: str, Q: float) -> None:
    for branch in isotope(name).branches:
        if (name, branch.endpoint) != ("Be11", 1.6362):  # alphas take the rest
            assert branch.endpoint + branch.photons == pytest.approx(Q, abs=2e-4)


def test_carbon_10_annihilates_with_its_photons() -> None:
    main, weak = isotope("C10").branches
    assert isotope("C10").positron
    assert main.photons == pytest.approx(0.718 + 1.022, abs=1e-3)
    assert weak.photons - main.photons == pytest.approx(1.0217, abs=1e-3)
    assert weak.intensity / main.intensity == pytest.approx(1.465 / 98.53, rel=1e-3)


def test_carbon_11_annihilates() -> None:
    entry = isotope("C11")
    assert entry.positron and entry.branches[0].photons == pytest.approx(1.022, abs=1e-4)


def test_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        ISOTOPES["C14"] = isotope("Kr85")  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        isotope("C14").A = 12  # type: ignore[misc]


def test_unknown_isotope_offers_the_nearest() -> None:
    with pytest.raises(OptionError, match=r"'Ar42' is not known.*Did you mean .*'Ar39'"):
        isotope_spectrum(0.1, "Ar42")
