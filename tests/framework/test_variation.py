"""Declared variations: weights of choices, and points that integrate over normal errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.errors import PluginError
from nurecoil.variation import Choice, Variation, sigma_points


@given(st.lists(st.floats(0.01, 0.3), min_size=1, max_size=7))
def test_sigma_points_have_the_moments_of_the_errors(errors: list[float]) -> None:
    names = [f"p{i}" for i in range(len(errors))]
    axis = sigma_points("held", {name: {name: error} for name, error in zip(names, errors, strict=True)})
    assert len(axis.choices) == 2 * len(errors) + 1
    weights = np.array(axis.priors)
    assert weights.sum() == pytest.approx(1.0) and weights.min() > 0
    moved = np.array([[c.factors.get(name, 1.0) - 1 for name in names] for c in axis.choices])
    np.testing.assert_allclose(weights @ moved, 0.0, atol=1e-15)
    np.testing.assert_allclose((weights * moved.T) @ moved, np.diag(np.square(errors)), atol=1e-15)
    if len(errors) <= 2:
        np.testing.assert_allclose(weights @ moved**4, 3 * np.array(errors) ** 4)


def test_parameters_under_one_label_move_together() -> None:
    axis = sigma_points("held", {"CNO": {"n13": 0.1, "o15": 0.2}}, standard="SSM", source="a paper")
    standard, down, up = axis.choices
    assert (standard.label, standard.factors, axis.source) == ("SSM", {}, "a paper")
    assert (down.label, up.label) == ("CNO -1.73 sigma", "CNO +1.73 sigma")
    assert up.factors == pytest.approx({"n13": 1 + 0.1 * 3**0.5, "o15": 1 + 0.2 * 3**0.5})


@given(st.lists(st.floats(0.0, 9.0), min_size=1, max_size=5).filter(lambda priors: sum(priors) > 0))
def test_priors_add_up_to_one(priors: list[float]) -> None:
    axis = Variation("a", tuple(Choice(str(i), prior=prior) for i, prior in enumerate(priors)))
    assert sum(axis.priors) == pytest.approx(1.0)
    assert axis.priors[0] * sum(priors) == pytest.approx(priors[0])


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ((), "choices none"),
        ((Choice("a"), Choice("a")), "choices a, a"),
        ((Choice("a", prior=-1.0), Choice("b")), "prior weights"),
        ((Choice("a", prior=float("nan")),), "prior weights"),
        ((Choice("a", prior=0.0),), "prior weights"),
    ],
)
def test_what_is_no_axis(choices: tuple[Choice, ...], said: str) -> None:
    with pytest.raises(PluginError, match=rf"variation 'x'.*{said}"):
        Variation("x", choices)


@pytest.mark.parametrize("error", [0.0, -0.1, float("nan"), float("inf")])
def test_an_error_must_be_positive(error: float) -> None:
    with pytest.raises(PluginError, match="p with the error"):
        sigma_points("held", {"p": {"p": error}})
