"""The two estimators: windows, light inside them, and what of the model moves with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nurecoil.errors import OptionError
from nurecoil.experiment import Background, RecoilChannel
from nurecoil_borexino import Options
from nurecoil_borexino.estimator import LIGHT, WINDOW, light_ratio, window_ratio

Paper = {"setup": "paper"}


def test_the_standard_estimator_changes_nothing() -> None:
    for setup in ("public", "paper"):
        assert window_ratio(Options(setup=setup)) == 1.0  # type: ignore[arg-type]
        assert light_ratio(Options(setup=setup), "electron") == 1.0  # type: ignore[arg-type]


@pytest.mark.parametrize("particle", sorted(LIGHT))
def test_the_light_is_the_integral_of_its_decays(particle: str) -> None:
    assert sum(share for _, share in LIGHT[particle]) == pytest.approx(1.0)
    time = np.linspace(0.0, 400.0, 400_001)
    density = sum(share / tau * np.exp(-time / tau) for tau, share in LIGHT[particle])
    long, short = (np.trapezoid(density[time <= window], time[time <= window]) for window in (400.0, 230.0))
    assert light_ratio(Options(setup="paper", estimator="dt2"), particle) == pytest.approx(
        long / short, rel=1e-4
    )


@pytest.mark.parametrize("pileup", ["figure", "convolution", "convolution-2014"])
def test_pile_up_grows_with_the_window(background: Callable[..., Background], pileup: str) -> None:
    def contents(estimator: str) -> Any:
        made = background("pileup", pileup=pileup, estimator=estimator, **Paper)
        template = made.template
        if isinstance(template, np.ndarray):
            return template
        return template.evaluate([436.0, 0.1075, 1.53, 0.0, 0.0])[0]

    ratio = WINDOW["dt2"] / WINDOW["dt1"]
    np.testing.assert_allclose(contents("dt2"), ratio * contents("dt1"), rtol=1e-12)


def test_light_yield_and_polonium_start_where_the_window_puts_them(
    channel: Callable[..., RecoilChannel], background: Callable[..., Background]
) -> None:
    def starts(estimator: str) -> tuple[float, float]:
        made = channel(estimator=estimator, **Paper)
        position = background("po210", estimator=estimator, **Paper).parameters[0]
        return {p.name: p.value for p in made.parameters}["borexino.light_yield"], position.value

    one, other = starts("dt1"), starts("dt2")
    assert one == (436.0, 188.8)
    assert other == (pytest.approx(436.0 * 1.0008, rel=1e-4), pytest.approx(188.8 * 1.0176, rel=1e-4))


def test_the_public_spectrum_has_one_estimator(channel: Callable[..., RecoilChannel]) -> None:
    with pytest.raises(OptionError, match=r"borexino\.estimator: dt2 with borexino\.setup=public"):
        channel(estimator="dt2")
