"""Facts of nurecoil_juno: each positive, each with a source, and consistent with one another."""

from __future__ import annotations

import numpy as np
import pytest

from nurecoil.blueprints.facts import Fact
from nurecoil_juno import site


def facts() -> list[Fact]:
    found = [getattr(site, name) for name in site.__all__]
    listed = [fact for fact in found if isinstance(fact, Fact)]
    return listed + list(getattr(site, "COSMOGENICS", {}).values())


def test_every_fact_is_positive_and_cited() -> None:
    assert len(facts()) >= 8
    for fact in facts():
        assert fact.value > 0 and fact.citation
        assert fact.error is None or 0 < fact.error < fact.value


def test_the_sphere_holds_the_mass() -> None:
    volume = 4 / 3 * np.pi * site.FIDUCIAL_RADIUS.value**3
    assert volume * site.DENSITY.value == pytest.approx(site.FIDUCIAL_MASS.value, rel=0.01)
    assert site.DISTANCE.value > site.FIDUCIAL_RADIUS.value


def test_electrons_of_the_mean_molecule() -> None:
    per_gram = 138 / (18 * 12.011 + 30 * 1.008)
    assert site.ELECTRONS_PER_TONNE.value == pytest.approx(per_gram * 6.02214e29, rel=1e-3)


def test_reactors_make_26_6_gigawatts_at_52_5_kilometres() -> None:
    near = [reactor for reactor in site.REACTORS if reactor.distance < 100]
    assert sum(reactor.power for reactor in near) == pytest.approx(26.6)
    assert np.mean([reactor.distance for reactor in near]) == pytest.approx(52.5, abs=0.1)
    assert site.REACTORS_CITATION
