"""Borexino's channel: neutrinos, exposure, and that the shared options of the Sun act on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nurecoil.assembly import fold
from nurecoil.experiment import RecoilChannel
from nurecoil.model.parameters import CovarianceConstraint, GaussianConstraint
from nurecoil.model.spectral import SpectralModel
from nurecoil.options import make_options
from nurecoil.physics.solar_options import SolarOptions
from nurecoil.searches.magnetic_moment import MagneticMoment
from nurecoil.shared import Sources
from nurecoil_borexino import Borexino, Options
from nurecoil_borexino.channel import SOURCES

Declare = Callable[..., RecoilChannel]
SMALL = {"range": (100, 400), "comb": False, "response": "exact"}


def model(solar: SolarOptions, sources: tuple[str, ...] = ("pp", "be7"), **options: Any) -> SpectralModel:
    """A short exact model with the moment."""
    search = MagneticMoment(make_options("magnetic-moment", MagneticMoment.Options, {"sources": sources}))
    return fold([Borexino(make_options("borexino", Options, SMALL | options))], search, Sources(solar))


def sums(made: SpectralModel) -> dict[str, float]:
    """Events of every sample at a value of one of all its factors."""
    found = {}
    for one in made.channels[0].samples:
        if isinstance(one.template, np.ndarray):
            found[one.name] = float(one.template.sum())
        else:
            values = [made.values[name] for name in one.template.names]
            found[one.name] = float(one.template.evaluate(values)[0].sum())
    return found


@pytest.fixture(scope="module")
def plain() -> dict[str, float]:
    return sums(model(SolarOptions()))


def test_the_neutrinos_and_what_they_meet(channel: Declare) -> None:
    made = channel()
    assert tuple(source.name for source in made.sources) == SOURCES
    assert made.electrons == 3.307e31
    assert (made.name, made.observable, made.observable_unit) == ("borexino/nhits", "N_h", "hits")
    assert made.compiled
    assert made.exposure_parameter is None
    assert made.weak_templates == {}


def test_the_response_is_compiled_or_exact(channel: Declare) -> None:
    assert not channel(response="exact").compiled


def test_an_exposure_error_scales_every_neutrino_and_nothing_else() -> None:
    made = model(SolarOptions(), exposure_error=0.01)
    parameter = made.parameters["borexino.exposure"]
    assert parameter.constraint == GaussianConstraint(1.0, 0.01)
    for one in made.channels[0].samples:
        assert one.powers.get("borexino.exposure", 0) == (1 if one.group in ("neutrino", "signal") else 0)


def test_the_solar_model_changes_the_fluxes_behind_a_flux_of_one(plain: dict[str, float]) -> None:
    """Templates at a flux of one follow the model's fluxes, weak and moment alike."""
    other = SolarOptions(ssm="SF3-MB22m")
    found = sums(model(other))
    for name in ("pp", "be7"):
        ratio = _flux(other, name) / _flux(SolarOptions(), name)
        assert ratio != pytest.approx(1.0, abs=1e-4)
        assert found[name] / plain[name] == pytest.approx(ratio, rel=5e-3)  # survival follows the density too
        assert found[f"{name}.em"] / plain[f"{name}.em"] == pytest.approx(ratio, rel=1e-9)
    assert found["kr85"] == plain["kr85"]


def _flux(solar: SolarOptions, name: str) -> float:
    return Sources(solar).solar.source(name).flux


def test_the_tree_level_is_some_per_cent_above_the_radiative_one(plain: dict[str, float]) -> None:
    found = sums(model(SolarOptions(cross_section="tree")))
    for name in ("pp", "be7", "pep"):
        assert 1.02 < found[name] / plain[name] < 1.045
    assert found["be7.em"] == plain["be7.em"]


def test_a_prior_from_a_b16_model_constrains_every_flux_by_itself() -> None:
    made = model(SolarOptions(flux_prior="ssm"))
    assert made.constraints == ()
    for name in SOURCES:
        flux = made.parameters[f"solar.flux.{name}"]
        assert not flux.fixed
        assert isinstance(flux.constraint, GaussianConstraint)
        assert flux.constraint.centre == 1.0
    assert made.parameters["solar.flux.pp"].constraint == GaussianConstraint(1.0, 0.006)
    assert made.parameters["solar.flux.be7"].constraint == GaussianConstraint(1.0, 0.06)
    free = model(SolarOptions())
    assert {name for name in free.free if name.startswith("solar")} == {"solar.flux.pp", "solar.flux.be7"}
    assert all(free.parameters[f"solar.flux.{name}"].constraint is None for name in SOURCES)


def test_a_prior_from_an_sf_iii_model_ties_the_fluxes() -> None:
    """The more 7Be, the less pp: the luminosity of the Sun is known."""
    made = model(SolarOptions(flux_prior="ssm", ssm="SF3-MB22m"))
    (constraint,) = made.constraints
    assert isinstance(constraint, CovarianceConstraint)
    assert constraint.names == tuple(f"solar.flux.{name}" for name in SOURCES)
    assert not any(made.parameters[name].fixed for name in constraint.names)
    matrix = np.array(constraint.covariance)
    pp, be7 = (constraint.names.index(f"solar.flux.{name}") for name in ("pp", "be7"))
    assert matrix[pp, be7] / np.sqrt(matrix[pp, pp] * matrix[be7, be7]) < -0.5


def test_which_sources_feel_the_moment(plain: dict[str, float]) -> None:
    """All of them add what pep, CNO and 8B bring: per cents to a fifth of 7Be's."""
    assert {name for name in plain if name.endswith(".em")} == {"pp.em", "be7.em"}
    every = sums(model(SolarOptions(), sources=("all",)))
    assert {name for name in every if name.endswith(".em")} == {f"{name}.em" for name in SOURCES}
    rest = (
        sum(value for name, value in every.items() if name.endswith(".em")) - plain["pp.em"] - plain["be7.em"]
    )
    assert 0.02 < rest / plain["be7.em"] < 0.2


def test_quenching_acts_on_the_templates(plain: dict[str, float]) -> None:
    """Quenching takes light, Cherenkov light adds some above 0.2 MeV; the peak of 210Po is its own."""
    dark = sums(model(SolarOptions(), birks=0.013))
    bright = sums(model(SolarOptions(), cherenkov=0.05))
    assert dark["pp"] < 0.99 * plain["pp"]
    assert 1.001 * plain["pp"] < bright["pp"] < 1.05 * plain["pp"]
    assert dark["po210"] == bright["po210"] == plain["po210"]
