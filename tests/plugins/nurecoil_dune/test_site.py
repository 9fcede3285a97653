"""Facts of nurecoil_dune: each positive, each with a source, and consistent with one another."""

from __future__ import annotations

import numpy as np
import pytest

from nurecoil.blueprints.facts import Fact
from nurecoil_dune import site


def facts() -> list[Fact]:
    found = [getattr(site, name) for name in site.__all__]
    listed = [fact for fact in found if isinstance(fact, Fact)]
    return listed + list(getattr(site, "COSMOGENICS", {}).values())


def test_every_fact_is_positive_and_cited() -> None:
    assert len(facts()) >= 8
    for fact in facts():
        assert fact.value > 0 and fact.citation
        assert fact.error is None or 0 < fact.error < fact.value


def test_electrons_of_argon() -> None:
    assert site.ELECTRONS_PER_TONNE.value == pytest.approx(18 / 39.948 * 6.02214e29, rel=1e-4)
    assert site.AR42_ACTIVITY.value * site.DENSITY.value / 1e3 == pytest.approx(1.283768e-7, rel=1e-3)


def test_the_slides_have_fewer_decays_than_the_activity_gives() -> None:
    seconds = site.EXPOSURE_YEARS.value * 365.25 * 86400
    decays = site.AR42_ACTIVITY.value * 1e3 * site.MODULE_MASS.value * seconds
    assert decays / site.SLIDES_K42_DECAYS.value == pytest.approx(14.5, rel=0.01)


def test_measurements_of_argon_39_agree() -> None:
    one, other = site.AR39_ACTIVITY, site.AR39_ACTIVITY_DEAP
    assert one.error is not None and other.error is not None
    assert abs(one.value - other.value) < 2 * np.hypot(one.error, other.error)
