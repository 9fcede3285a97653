"""The response: its five quantities under the options, and what energies reach the bins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from nurecoil.detectors.quenching import Quenching
from nurecoil.detectors.scintillator import HitBins, HitScale
from nurecoil.detectors.spectrum import Spectrum
from nurecoil.experiment import RecoilChannel
from nurecoil.model.parameters import GaussianConstraint
from nurecoil_borexino import Options
from nurecoil_borexino.response import NAMES, HitResponse, response_parameters

Declare = Callable[..., RecoilChannel]
NON_UNIFORMITY = "borexino.resolution_quadratic"
CONSTANT = "borexino.resolution_constant"


def free(**options: str) -> set[str]:
    """Names of the response parameters that fits move."""
    return {one.name for one in response_parameters(Options(**options)) if not one.fixed}  # type: ignore[arg-type]


def test_five_quantities_in_the_order_of_the_template() -> None:
    made = response_parameters(Options())
    assert tuple(one.name for one in made) == NAMES
    assert [one.unit for one in made] == ["hits/MeV", "1/MeV", "1", "hits^2", "1/hits"]
    assert all(one.lower < one.value < one.upper or one.name == NON_UNIFORMITY for one in made)


def test_what_is_free_under_each_option() -> None:
    every = set(NAMES) - {CONSTANT}
    assert free() == every
    assert free(setup="paper") == every - {"borexino.saturation"}
    assert free(response_parameters="fixed") == set()
    assert free(response_parameters="fixed", setup="paper") == set()


@pytest.mark.parametrize(
    ("options", "constraint"),
    [
        ({}, GaussianConstraint(0.0, 5e-4)),
        ({"non_uniformity": "free"}, None),
        ({"response_parameters": "fixed"}, None),
        ({"setup": "paper"}, GaussianConstraint(0.0, 5e-4)),
    ],
)
def test_the_non_uniformity(options: dict[str, str], constraint: GaussianConstraint | None) -> None:
    made = {one.name: one for one in response_parameters(Options(**options))}  # type: ignore[arg-type]
    assert made[NON_UNIFORMITY].constraint == constraint
    assert all(one.constraint is None for one in made.values() if one.name != NON_UNIFORMITY)


@pytest.fixture
def response() -> HitResponse:
    return HitResponse(
        HitBins.of(np.arange(99.5, 901.0)), Quenching(0.0109), HitScale(436.0, 0.1075, 1.53, 0.0, 0.0), None
    )


def test_energies_that_reach_the_bins(response: HitResponse) -> None:
    """14C (156 keV) reaches them only with a tail of fifteen standard deviations; 3 MeV at the upper end."""
    low, high = response.energy_range
    assert 0.03 < low < 0.156
    assert 2.8 < high <= 4.0


def test_a_narrow_spectrum_lands_where_the_scale_says(response: HitResponse) -> None:
    line = Spectrum(lambda T: np.full_like(T, 1e5), (0.995, 1.005))
    counts, _ = response.template(line).evaluate([436.0, 0.1075, 1.53, 0.0, 0.0])
    hits = np.arange(100, 901)
    mean = float(response.nominal.mean(response.quenching.visible(np.array([1.0])))[0])
    assert counts.sum() == pytest.approx(1000.0, rel=1e-6)
    assert np.average(hits, weights=counts) == pytest.approx(mean, rel=1e-4)
    assert np.average((hits - mean) ** 2, weights=counts) == pytest.approx(1.53 * mean, rel=0.01)


def test_a_positron_brings_the_light_of_two_gammas(response: HitResponse) -> None:
    line = Spectrum(lambda T: np.full_like(T, 1e5), (0.495, 0.505))
    template = response.positron_template(line, "start")
    assert template.names == (*NAMES, "start")
    hits = np.arange(100, 901)
    counts = [template.evaluate([436.0, 0.1075, 1.53, 0.0, 0.0, start])[0] for start in (0.2, 0.3)]
    means = [np.average(hits, weights=one) for one in counts]
    visible = response.quenching.visible(np.array([0.5]))
    assert means == pytest.approx(
        [float(response.nominal.mean(visible + start)[0]) for start in (0.2, 0.3)], rel=1e-3
    )


def test_visible_energies_are_not_quenched_again(response: HitResponse) -> None:
    template = response.visible_template(np.array([0.0, 1.0]), np.array([5.0, 7.0]))
    counts, _ = template.evaluate([436.0, 0.1075, 1.53, 0.0, 0.0])
    assert counts.sum() == pytest.approx(7.0, rel=1e-6)
    assert np.average(np.arange(100, 901), weights=counts) == pytest.approx(436.0, rel=1e-4)


@pytest.mark.parametrize(("option", "low", "high"), [("birks", 0.005, 0.015), ("cherenkov", 0.0, 0.03)])
def test_quenching_options_bend_the_scale(channel: Declare, option: str, low: float, high: float) -> None:
    """Below 1 MeV quenching and Cherenkov light leave less, measured by the light at 1 MeV."""
    shares = []
    for value in (low, high):
        quenching = channel(**{option: value}).response.quenching  # type: ignore[attr-defined]
        shares.append(float(quenching.visible(np.array([0.2]))[0] / quenching.visible(np.array([1.0]))[0]))
    assert shares[1] < shares[0]
