"""Facts of nurecoil_sno: each positive, each with a source, and consistent with one another."""

from __future__ import annotations

import numpy as np
import pytest

from nurecoil.blueprints.facts import Fact
from nurecoil_sno import site


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


def test_cosmogenics_are_scaled_from_kamland() -> None:
    scale = 3.31e-6 / 1.49e-3 * (364 / 260) ** 0.75
    for name, rate in (("C11", 1106.0), ("C10", 21.1), ("Be11", 1.4)):
        assert site.COSMOGENICS[name].value == pytest.approx(scale * rate, rel=0.01)


def test_ontario_gives_60_percent_of_the_flux() -> None:
    strength = [reactor.power / reactor.distance**2 for reactor in site.REACTORS]
    assert sum(strength[:3]) / sum(strength) == pytest.approx(0.6, abs=0.01)
    assert site.REACTORS_CITATION
