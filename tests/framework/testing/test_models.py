"""The small models of examples and tests."""

from __future__ import annotations

import pytest

from nurecoil.model.parameters import GaussianConstraint
from nurecoil.testing.models import counting


def test_a_background_known_exactly_is_fixed() -> None:
    model = counting(observed=3.0, background=1.0)
    assert model.parameters["background"].fixed
    assert model.free == ("signal",)
    assert model.poi == "signal"
    assert model.channels[0].observed.tolist() == [3.0]


def test_a_background_with_an_error_is_constrained() -> None:
    model = counting(observed=3.0, background=1.0, background_error=0.2)
    assert model.parameters["background"].constraint == GaussianConstraint(1.0, 0.2)
    assert model.free == ("signal", "background")


@pytest.mark.parametrize("error", [None, 0.0])
def test_no_error_is_none(error: float | None) -> None:
    assert counting(3.0, 1.0, error).parameters["background"].constraint is None
