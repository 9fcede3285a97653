"""Facts of nurecoil_kamland: each positive, each with a source, and consistent with one another."""

from __future__ import annotations

import numpy as np
import pytest

from nurecoil.blueprints.facts import Fact
from nurecoil_kamland import site


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


def test_electrons_of_the_mixture() -> None:
    dodecane, pseudocumene = 0.8 * 0.749, 0.2 * 0.876
    per_gram = (dodecane * 98 / 170.33 + pseudocumene * 66 / 120.19) / (dodecane + pseudocumene)
    assert site.ELECTRONS_PER_TONNE.value == pytest.approx(per_gram * 6.02214e29, rel=1e-3)


def test_reactors() -> None:
    assert site.REACTORS_CITATION
    strength = {reactor.name: reactor.power / reactor.distance**2 for reactor in site.REACTORS}
    assert max(strength, key=strength.__getitem__) == "Takahama"
