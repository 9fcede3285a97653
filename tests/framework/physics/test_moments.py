"""Moments in other bases: eqs. 5 to 12 of the paper, sums over states done by hand, and refused input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurecoil.errors import OptionError, PhysicsError
from nurecoil.physics.moments import BASES, basis_of, coefficients, effective, from_effective, shares_of
from nurecoil.physics.oscillation import OscillationParameters

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "reference" / "moments.json").read_text()
)["limits"]
PDG = OscillationParameters()
BASIS_NAMES = sorted(BASES)
mixtures = st.lists(st.floats(0, 1), min_size=3, max_size=3).filter(lambda values: sum(values) > 1e-3)
moments = st.floats(0, 1e-9)


def normalised(values: list[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array(values) / sum(values)


@pytest.mark.parametrize("moment", sorted(REFERENCE["reproduced"]))
def test_published_limits(moment: str) -> None:
    """The weaker of the bounds of two hierarchies rounds to the printed digit."""
    (basis,) = (name for name, one in BASES.items() if moment in one.moments)
    limits = []
    for atmospheric in REFERENCE["sin2_theta23"].values():
        angles = OscillationParameters(sin2_theta13=REFERENCE["sin2_theta13"], sin2_theta23=atmospheric)
        shares = shares_of(basis, REFERENCE["P2"], angles, "vacuum")
        limits.append(float(from_effective(REFERENCE["mu_eff"], basis, shares)[moment]))
    assert round(max(limits), 1) == REFERENCE["reproduced"][moment]


def test_eq_7_and_not_eq_9_as_printed() -> None:
    """Eq. 7 gives the published limit on mu_12, the printed coefficient of eq. 9 gives 3.4."""
    shares = shares_of("mass-majorana", 0.55, PDG, "vacuum")
    factors = coefficients("mass-majorana", shares)
    c13, P1 = 1 - PDG.sin2_theta13, 1 - PDG.sin2_theta12
    assert float(factors["mu_12"]) == pytest.approx(c13)
    assert float(factors["mu_13"]) == pytest.approx(1 - c13 * (1 - P1))
    assert float(factors["mu_23"]) == pytest.approx(1 - c13 * P1)
    assert round(2.8 / np.sqrt(c13), 1) == REFERENCE["reproduced"]["mu_12"]
    assert round(2.8 / np.sqrt(c13 * P1), 1) != REFERENCE["reproduced"]["mu_12"]


def test_survival_and_vacuum_mixtures_differ() -> None:
    adiabatic = shares_of("mass-dirac", 0.55, PDG)
    vacuum = shares_of("mass-dirac", 0.55, PDG, "vacuum")
    c13 = 1 - PDG.sin2_theta13
    assert adiabatic[0] / c13 == pytest.approx(0.63, abs=0.005)
    assert vacuum[0] / c13 == pytest.approx(1 - PDG.sin2_theta12)
    assert adiabatic[2] == vacuum[2] == PDG.sin2_theta13
    flavour = shares_of("flavour", 0.55, PDG)
    np.testing.assert_array_equal(flavour, shares_of("flavour", 0.55, PDG, "vacuum"))


@pytest.mark.parametrize("basis", BASIS_NAMES)
def test_the_sum_over_final_states(basis: str) -> None:
    """Eq. 5 for an incoherent mixture: sum over final j and initial k of P_k |mu_kj|^2."""
    shares, values = np.array([0.5, 0.3, 0.2]), np.array([1.0, 2.0, 3.0])
    matrix = np.diag(values)
    if basis == "mass-majorana":
        matrix = np.zeros((3, 3))
        for (row, column), value in zip(((0, 1), (0, 2), (1, 2)), values, strict=True):
            matrix[row, column], matrix[column, row] = value, -value
    exact = np.sqrt(np.sum(shares[:, None] * matrix**2))
    named = dict(zip(basis_of(basis).moments, values, strict=True))
    assert float(effective(basis, named, shares)) == pytest.approx(exact)


@given(values=mixtures, moment=moments)
def test_equal_moments(values: list[float], moment: float) -> None:
    """Equal moments of all flavours are the effective moment, whatever arrives."""
    shares = normalised(values)
    for basis, times in (("flavour", 1), ("mass-dirac", 1), ("mass-majorana", 2)):
        assert sum(map(float, coefficients(basis, shares).values())) == pytest.approx(times)
        alike = dict.fromkeys(basis_of(basis).moments, moment)
        assert float(effective(basis, alike, shares)) == pytest.approx(
            np.sqrt(times) * moment, rel=1e-9, abs=1e-30
        )


@given(values=mixtures, mu_eff=moments, basis=st.sampled_from(BASIS_NAMES))
def test_there_and_back(values: list[float], mu_eff: float, basis: str) -> None:
    shares = normalised(values)
    for name, limit in from_effective(mu_eff, basis, shares).items():
        if np.isfinite(limit):
            back = effective(basis, {name: float(limit)}, shares)
            assert float(back) == pytest.approx(mu_eff, rel=1e-9, abs=1e-30)
            assert limit >= mu_eff * (1 - 1e-9)
        else:
            assert float(coefficients(basis, shares)[name]) == 0


def test_shapes() -> None:
    P2 = np.full((2, 4), 0.55)
    for basis in BASIS_NAMES:
        for mixture in ("adiabatic", "vacuum"):
            shares = shares_of(basis, P2, PDG, mixture)  # type: ignore[arg-type]
            assert shares.shape == (3, 2, 4)
            np.testing.assert_allclose(shares.sum(axis=0), 1, rtol=1e-12)
            assert all(one.shape == (2, 4) for one in coefficients(basis, shares).values())
            assert effective(basis, {}, shares).shape == (2, 4)


def test_a_moment_that_nothing_feels_is_not_bounded() -> None:
    limits = from_effective(1e-11, "flavour", [1.0, 0.0, 0.0])
    assert float(limits["mu_e"]) == 1e-11
    assert np.isinf(limits["mu_mu"]) and np.isinf(limits["mu_tau"])


def test_refused() -> None:
    with pytest.raises(OptionError, match=r"'flavor' is not known.*Did you mean 'flavour'"):
        basis_of("flavor")
    with pytest.raises(OptionError, match="mixture of mass states: 'matter' is not known"):
        shares_of("mass-dirac", 0.55, PDG, "matter")  # type: ignore[arg-type]
    with pytest.raises(
        OptionError, match=r"basis flavour: 'mu_11' is not known\. Allowed: mu_e, mu_mu, mu_tau"
    ):
        effective("flavour", {"mu_11": 1e-11}, [1, 0, 0])
    for shares in ([0.5, 0.4, 0.2], [1.5, -0.5, 0.0]):
        with pytest.raises(PhysicsError, match="at least 0 that sum to 1"):
            coefficients("flavour", shares)
    with pytest.raises(PhysicsError, match=r"shape \(2,\)"):
        coefficients("flavour", [0.5, 0.5])
    for limit in (-1.0, np.nan, np.inf):
        with pytest.raises(PhysicsError, match="mu_eff"):
            from_effective(limit, "flavour", [1, 0, 0])
    with pytest.raises(PhysicsError, match="mu_e"):
        effective("flavour", {"mu_e": np.nan}, [1, 0, 0])
