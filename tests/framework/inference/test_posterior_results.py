"""What is read off draws: limits, marginals, summaries, documents."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from nurecoil.errors import ModelError, OptionError
from nurecoil.inference.posterior_results import Posterior
from nurecoil.inference.sampling import Diagnostics


def made(poi: str | None = "rate") -> Posterior:
    random = np.random.default_rng(4)
    samples = np.column_stack([random.exponential(2.0, 4000), random.normal(5.0, 1.0, 4000)])
    found = Diagnostics(np.array([1.001, 1.02]), np.array([3000.0, math.nan]), np.array([2500.0, 900.0]))
    bounds = np.array([[0.0, -math.inf], [math.inf, math.inf]])
    notes = ("A note.",)
    return Posterior(
        ("rate", "shift"), ("Hz", "1"), samples, 4, found, poi, bounds, converged=False, notes=notes
    )


def test_limits_are_quantiles() -> None:
    assert made().upper_limit(0.9) == pytest.approx(2 * math.log(10), rel=0.05)
    assert made().upper_limit(0.5, "shift") == pytest.approx(5.0, abs=0.1)
    assert len(made()) == 4000


def test_a_marginal_starts_at_a_bound_and_holds_all_draws() -> None:
    edges, density = made().marginal()
    assert edges[0] == 0
    assert edges.size == density.size + 1 == 61
    assert float(density @ np.diff(edges)) == pytest.approx(1.0, abs=2e-3)
    assert density[0] == pytest.approx(0.5, rel=0.2)
    edges, density = made().marginal("shift", 10)
    assert 1 < edges[0] < 2.5 and 7.5 < edges[-1] < 9
    with pytest.raises(OptionError, match="1 or more"):
        made().marginal(bins=0)


def test_the_summary_has_median_and_interval() -> None:
    row = made().summary()["shift"]
    assert row["median"] == pytest.approx(5.0, abs=0.1)
    assert (row["low"], row["high"]) == (pytest.approx(4.0, abs=0.1), pytest.approx(6.0, abs=0.1))
    assert row["unit"] == "1"


def test_the_document_is_plain_and_names_the_worst() -> None:
    document = json.loads(json.dumps(made().to_json(), allow_nan=False))
    assert document["worst"]["r_hat"] == {"value": 1.02, "parameter": "shift"}
    assert document["worst"]["ess_bulk"] == {"value": None, "parameter": "shift"}
    assert document["worst"]["ess_tail"]["parameter"] == "shift"
    assert document["marginal"]["parameter"] == "rate" and document["marginal"]["unit"] == "Hz"
    assert document["notes"] == ["A note."] and document["converged"] is False
    assert "not converged" in repr(made())
    assert "marginal" not in made(None).to_json()
    assert "not converged" not in repr(dataclasses.replace(made(), converged=True))


def test_unknown_parameters_and_levels() -> None:
    with pytest.raises(ModelError, match="Did you mean 'rate'"):
        made().of("rat")
    with pytest.raises(ModelError, match="no parameter of interest"):
        made(None).upper_limit(0.9)
    with pytest.raises(OptionError, match="between 0 and 1"):
        made().upper_limit(90)
