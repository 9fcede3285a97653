"""Sources: what they refuse, and what their interpolated spectrum is."""

from __future__ import annotations

import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad

from nurecoil.errors import PhysicsError
from nurecoil.model.parameters import Parameter
from nurecoil.physics.scattering import tree_level
from nurecoil.physics.source import Source

Array = NDArray[np.float64]


def all_electron(E: Array) -> dict[str, Array]:
    return {"e": np.ones_like(E)}


def make(**changes: object) -> Source:
    fields: dict[str, object] = {
        "name": "test",
        "family": "made up",
        "title": "a test",
        "flux": 1e10,
        "probabilities": all_electron,
        "weak": tree_level,
        "parameter": Parameter("test.flux", "1", 1.0, lower=0.0),
    }
    return Source(**(fields | changes))  # type: ignore[arg-type]


def triangle(n: int = 5, end: float = 2.0) -> tuple[Array, Array]:
    energy = np.linspace(0, end, n)
    density = np.minimum(energy, end - energy)
    return energy, density / np.trapezoid(density, energy)


def test_lines() -> None:
    source = make(lines=((0.8618, 0.8956), (0.3843, 0.1044)))
    assert source.endpoint == 0.8618
    assert source.maximum_recoil == pytest.approx(2 * 0.8618**2 / (0.51099895 + 2 * 0.8618), rel=1e-12)
    np.testing.assert_array_equal(source.spectrum([0.3843, 0.5]), [0.0, 0.0])
    assert repr(source) == (
        "<Source test (made up): 1e+10 cm-2 s-1, lines at 861.8, 384.3 keV, scaled by test.flux>"
    )


def test_repr_of_an_antineutrino_spectrum() -> None:
    energy, density = triangle()
    source = make(energy=energy, density=density, antineutrino=True)
    assert repr(source) == (
        "<Source test (made up): antineutrinos, 1e+10 cm-2 s-1, spectrum up to 2 MeV, scaled by test.flux>"
    )


def test_arrays_are_copied_and_frozen() -> None:
    energy, density = triangle()
    source = make(energy=energy, density=density)
    energy[0] = 0.1
    assert source.energy[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        source.density[0] = 1.0
    with pytest.raises(AttributeError):
        source.flux = 2.0  # type: ignore[misc]


def test_survives_pickling() -> None:
    energy, density = triangle()
    source = pickle.loads(pickle.dumps(make(energy=energy, density=density)))
    np.testing.assert_array_equal(
        source.spectrum(energy), make(energy=energy, density=density).spectrum(energy)
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": " "}, "empty name"),
        ({"flux": 0.0}, "flux 0.0"),
        ({"flux": np.nan}, "flux nan"),
        ({"lines": ()}, "neither lines nor"),
        ({"lines": ((0.0, 1.0),)}, "a line at 0.0 MeV"),
        ({"lines": ((1.0, 1.5),)}, "share 1.5"),
        ({"lines": ((1.0, 0.5),)}, "sum to 0.5"),
        ({"lines": ((1.0, 0.997),)}, "sum to 0.997"),
        ({"lines": ((1.0, 0.6), (2.0, 0.403)), "energy": [0, 1.0], "density": [1e-3, 1e-3]}, "lines 1.003"),
        ({"energy": [0.0, 1.0], "density": [1.0]}, "shapes"),
        ({"energy": [1.0], "density": [1.0]}, "shapes"),
        ({"energy": [0.0, np.nan], "density": [1.0, 1.0]}, "NaN"),
        ({"energy": [0.0, 1.0], "density": [1.0, np.inf]}, "infinity"),
        ({"energy": [1.0, 0.5], "density": [1.0, 1.0]}, "do not increase"),
        ({"energy": [-1.0, 0.5], "density": [1.0, 1.0]}, "do not increase"),
        ({"energy": [0.0, 1.0], "density": [2.0, -0.1]}, "density -0.1 at 1.0 MeV"),
        ({"energy": [0.0, 1.0], "density": [1.2, 1.2]}, "Normalise the shares"),
        ({"energy": [0.0, 1.0], "density": [0.0, 0.0]}, "sum to 0"),
        ({"lines": ((1.0, 0.5),), "energy": [0.0, 1.0], "density": [1.0, 1.0]}, "sum to 1.5"),
        ({"lines": ((1.0, 1.0),), "probabilities": lambda E: {"s": 0 * E + 1}}, "probabilities of s"),
        ({"lines": ((1.0, 1.0),), "probabilities": lambda E: {"e": 0 * E + 0.9}}, "sum to 0.9"),
        (
            {"lines": ((1.0, 1.0),), "probabilities": lambda E: {"e": 0 * E + 1.5, "mu": 0 * E - 0.5}},
            "at least 0",
        ),
        ({"lines": ((1.0, 1.0),), "probabilities": lambda E: {"e": E * np.nan}}, "sum to nan"),
        ({"lines": ((1.0, 1.0),), "probabilities": lambda E: {}}, "sum to 0"),
    ],
)
def test_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(PhysicsError, match=message):
        make(**changes)


def test_a_square_root_at_the_endpoint_is_interpolated_well() -> None:
    """The allowed shape without Coulomb factor, E^2 W p: what the variable sqrt(1 - E/E_end) is for."""
    end, mass = 0.42341, 0.51099895

    def shape(energy: Array | float) -> Array:
        total = end - np.asarray(energy) + mass
        return np.asarray(energy) ** 2 * total * np.sqrt(np.clip(total**2 - mass**2, 0, None))

    norm = quad(lambda u: 2 * u * float(shape(end - u**2)), 0, np.sqrt(end), epsrel=1e-12)[0]
    energy = np.linspace(0, end, 85)
    density = shape(energy)
    source = make(energy=energy, density=density / np.trapezoid(density, energy))
    fine = np.linspace(0, end, 5001)
    assert np.max(np.abs(source.spectrum(fine) - shape(fine) / norm)) < 1.5e-3 * shape(fine).max() / norm
    between = (energy[-2] + end) / 2
    assert float(source.spectrum(between)) == pytest.approx(float(shape(between)) / norm, rel=2e-3)


@given(
    density=st.lists(st.floats(1e-9, 10) | st.just(0.0), min_size=2, max_size=12).filter(
        lambda d: sum(d) > 0.1
    ),
    start=st.floats(0, 1),
    width=st.floats(0.1, 10),
    share=st.floats(0.01, 0.99),
)
def test_interpolant_is_positive_and_normalised(
    density: list[float], start: float, width: float, share: float
) -> None:
    """Whatever the points, lines and integral sum to 1, the interpolant stays between its neighbours."""
    energy = start + np.linspace(0, width, len(density))
    values = np.array(density) * (1 - share) / np.trapezoid(density, energy)
    source = make(lines=((1.0, share),), energy=energy, density=values)
    pieces = [
        quad(lambda u, top=top: 2 * u * source.spectrum(top - u**2), 0, np.sqrt(top - bottom), epsabs=1e-10)[
            0
        ]
        for bottom, top in pairwise(energy)
    ]
    assert sum(pieces) == pytest.approx(1 - share, rel=1e-6)
    scale = source.spectrum(energy).max() / values.max()
    np.testing.assert_allclose(source.spectrum(energy), scale * values, rtol=1e-9, atol=1e-12)
    for fraction in (0.1, 0.5, 0.9):
        between = source.spectrum(energy[:-1] + fraction * np.diff(energy))
        assert np.all(between >= scale * np.minimum(values[1:], values[:-1]) * (1 - 1e-9) - 1e-12)
        assert np.all(between <= scale * np.maximum(values[1:], values[:-1]) * (1 + 1e-9) + 1e-12)


@given(st.floats(-10, 10))
def test_nothing_outside_the_table(energy: float) -> None:
    points, density = triangle()
    source = make(energy=points, density=density)
    value = float(source.spectrum(energy))
    assert value == 0 if not 0 < energy < 2 else value >= 0
    assert value > 0 or not 1e-6 < energy < 2 - 1e-6
