"""Rankings with every kind of row, for the tests of tables and plots."""

from __future__ import annotations

import math

from nurecoil.inference.fit import fit
from nurecoil.inference.impact_results import GroupImpact, Impact, Impacts
from nurecoil.inference.pulls import Pull
from nurecoil.inference.results import AsymmetricError
from nurecoil.testing.models import counting

NONE = AsymmetricError(math.nan, math.nan)


def ranking(count: int = 5, quantity: str = "estimate") -> Impacts:
    """A ranking of many parameters: pulled, free, at a bound, silent, pulled far."""
    one, ten = AsymmetricError(-1.0, 1.0), AsymmetricError(-0.1, 0.1)
    free, pulled = AsymmetricError(-3.5, 2.5), AsymmetricError(-0.8, 0.9)
    shifts = (0.6, -0.7, 0.8, -0.9)
    rows = [
        Impact("free", "cpd", 5.27, free, "minos", None, -0.9, 1.4),
        Impact("pulled", "1", 0.4, pulled, "minos", Pull(0.4, -0.8, 0.9, 0.85), *shifts),
        Impact("same.side", "1", 0.0, one, "minos", Pull(-0.2, -1, 1, 1.0), 0.3, 0.2, 0.3, 0.2),
        Impact("far", "1", 4.0, one, "hesse", Pull(4.0, -1, 1, 1.0), 0.1, -0.1, 0.1, -0.1),
        Impact(
            "bound", "1", 0.0, AsymmetricError(0.0, 0.5, True), "minos", None, 0.05, math.nan, reason="rests"
        ),
        *(
            Impact(f"gamma[{i}]", "1", 1.0, ten, "minos", Pull(0.1, -1, 1, 1.0), 0.01, -0.01)
            for i in range(count - 6)
        ),
        Impact("silent", "1", 1.0, NONE, "", None, math.nan, math.nan, reason="no effect"),
    ]
    limit = quantity == "limit"
    groups = (GroupImpact("rates", ("a", "b"), 0.5), GroupImpact("none", ("c",), math.nan, "no error"))
    return Impacts(
        "mu_eff", "mu_B", "limit" if limit else "estimate", 3.0,
        NONE if limit else AsymmetricError(-2.0, 1.5), 0.9 if limit else None,
        "delta-chi2-one-sided" if limit else None, "why", tuple(rows), groups, ("off",), fit_with_poi(),
    )  # fmt: skip


def fit_with_poi():  # type: ignore[no-untyped-def]
    """A fit whose parameter has the ranking's name."""
    import dataclasses

    best = fit(counting(16.0, 10.0, background_error=2.0))
    return dataclasses.replace(best, parameters={**best.parameters, "mu_eff": best.parameters["signal"]})
