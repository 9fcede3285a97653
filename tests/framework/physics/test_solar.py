"""The Sun: published probabilities and rates, the shipped tables, parameters and constraints."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from scipy.special import erfc

import nurecoil.physics.solar as solar_module
from nurecoil.errors import OptionError
from nurecoil.model.parameters import GaussianConstraint
from nurecoil.physics.constants import SECONDS_PER_DAY
from nurecoil.physics.oscillation import flavour_shares, mass_shares
from nurecoil.physics.radiative import radiative
from nurecoil.physics.recoil import recoil_rate, recoil_spectrum
from nurecoil.physics.scattering import tree_level
from nurecoil.physics.solar import BE7_LINES, SolarNeutrinos
from nurecoil.physics.solar_options import FLUX_NAMES, SolarModel, SolarOptions
from nurecoil.physics.tables import read_metadata, read_table

TESTS = Path(__file__).parents[2]
REFERENCE: dict[str, Any] = json.loads((TESTS / "reference" / "solar.json").read_text())
TABLES: dict[str, Any] = json.loads((TESTS / "reference" / "solar_tables.json").read_text())["tables"]
SHIPPED = Path(solar_module.__file__).with_name("data") / "solar.root"
SUN = SolarNeutrinos()
SF3 = [model for model in get_args(SolarModel) if model.startswith("SF3-")]


def per_day_and_100_t(name: str, cross_section: str = "radiative") -> float:
    sun = SolarNeutrinos(SolarOptions(cross_section=cross_section))  # type: ignore[arg-type]
    source = sun.source(name)
    electrons = REFERENCE["rates"]["electrons_per_100_t"]
    return SECONDS_PER_DAY * electrons * recoil_rate(source, source.weak)


@pytest.mark.parametrize(
    "published", REFERENCE["two_flavour_survival"]["values"], ids=lambda row: row["source"]
)
def test_published_survival(published: dict[str, Any]) -> None:
    computed = SUN.two_flavour_survival(published["source"], np.array(published["energy_MeV"]))
    half_a_digit = REFERENCE["two_flavour_survival"]["last_digit"] / 2
    assert float(computed) == pytest.approx(published["value"], abs=half_a_digit)


def test_published_rates() -> None:
    published = REFERENCE["rates"]
    computed = {name: per_day_and_100_t(name) for name in ("pp", "be7", "pep", "n13", "o15", "f17")}
    computed["cno"] = computed["n13"] + computed["o15"] + computed["f17"]
    for name, value in published["values"].items():
        assert computed[name] == pytest.approx(value, rel=published["tolerance"]), name


def test_radiative_corrections_lower_the_rates_by_three_per_cent() -> None:
    for name in ("pp", "be7", "pep"):
        assert per_day_and_100_t(name) / per_day_and_100_t(name, "tree") == pytest.approx(0.97, abs=0.005)


def test_endpoint_of_pp() -> None:
    """Published endpoint, and how much of the rate above 200 keV a wrong one loses."""
    published = REFERENCE["pp_endpoint"]
    source = SUN.source("pp")
    assert 1e3 * source.endpoint == pytest.approx(published["endpoint_keV"], abs=0.05)
    ratio = published["wrong_endpoint_keV"] / (1e3 * source.endpoint)
    wrong = dataclasses.replace(source, energy=source.energy * ratio, density=source.density / ratio)
    recoil = np.linspace(1e-3, source.maximum_recoil, 600)
    width = published["resolution_at_1_MeV"] * np.sqrt(recoil)
    seen = erfc((published["threshold_MeV"] - recoil) / (np.sqrt(2) * width)) / 2
    rates = [float(np.sum(seen * recoil_spectrum(one, one.weak, recoil))) for one in (source, wrong)]
    assert 1 - rates[1] / rates[0] == pytest.approx(published["loss"], abs=published["last_digit"] / 2)


def test_sources() -> None:
    sources = SUN.sources()
    assert tuple(sources) == FLUX_NAMES
    for name, source in sources.items():
        assert source is SUN.source(name)
        assert source.weak is radiative
        assert source.parameter.name == f"solar.flux.{name}"
        assert source.parameter.unit == "SSM" and source.parameter.value == 1 and source.parameter.lower == 0
        assert source.family == "solar" and not source.antineutrino
        assert all(source.citations) and len(set(source.citations)) == len(source.citations)
    assert list(SUN.sources(["b8", "pp"])) == ["b8", "pp"]
    assert sources["be7"].lines == BE7_LINES
    assert sources["pep"].lines == ((1.442, 1.0),)
    assert SolarNeutrinos(SolarOptions(cross_section="tree")).source("pp").weak is tree_level


def test_unknown_source() -> None:
    for ask in (SUN.source, SUN.parameter, lambda name: SUN.two_flavour_survival(name, np.ones(1))):
        with pytest.raises(OptionError, match=r"Did you mean .*'be7'"):
            ask("be8")
    with pytest.raises(OptionError, match="'cno' is not known"):
        SUN.constraints_on(["cno"])


@pytest.mark.parametrize("name", FLUX_NAMES)
def test_spline_of_the_survival_probability(name: str) -> None:
    energy = np.concatenate([np.linspace(0, 30, 977), np.geomspace(1e-5, 3, 500)])
    exact = flavour_shares(SUN.two_flavour_survival(name, energy), SUN.oscillation)
    for flavour, share in SUN.source(name).probabilities(energy).items():
        np.testing.assert_allclose(share, exact[flavour], rtol=0, atol=1e-8)


@pytest.mark.parametrize("name", FLUX_NAMES)
def test_mass_states_of_every_source(name: str) -> None:
    source = SUN.source(name)
    energy = np.linspace(0, source.endpoint, 500).reshape(2, 250)
    assert source.mass_shares is not None
    shares = source.mass_shares(energy)
    assert shares.shape == (3, 2, 250)
    exact = mass_shares(SUN.two_flavour_survival(name, energy), SUN.oscillation)
    np.testing.assert_allclose(shares, exact, rtol=0, atol=1e-7)
    survival = shares[0] * (1 - SUN.oscillation.sin2_theta12) + shares[1] * SUN.oscillation.sin2_theta12
    electron = (1 - SUN.oscillation.sin2_theta13) * survival + SUN.oscillation.sin2_theta13**2
    np.testing.assert_allclose(electron, source.probabilities(energy)["e"], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "published", REFERENCE["two_flavour_survival"]["values"], ids=lambda row: row["source"]
)
def test_mass_states_behind_the_published_survival(published: dict[str, Any]) -> None:
    """The published P2 inverts to the first mass state of our sources, within its last digit."""
    states = SUN.source(published["source"]).mass_shares
    assert states is not None
    computed = states(np.array(published["energy_MeV"]))[0]
    inverted = mass_shares(published["value"], SUN.oscillation)[0]
    slope = (1 - SUN.oscillation.sin2_theta13) / (1 - 2 * SUN.oscillation.sin2_theta12)
    half_a_digit = REFERENCE["two_flavour_survival"]["last_digit"] / 2
    assert computed == pytest.approx(inverted, abs=slope * half_a_digit)


def test_b8_spectra_are_alike() -> None:
    ortiz = SolarNeutrinos(SolarOptions(b8_spectrum="ortiz")).source("b8")
    winter = SUN.source("b8")
    energy = np.linspace(1, 13, 50)
    np.testing.assert_allclose(ortiz.spectrum(energy), winter.spectrum(energy), atol=0.02 * 0.131)
    assert any("Ortiz" in citation for citation in ortiz.citations)
    assert any("Winter" in citation for citation in winter.citations)


def test_free_prior() -> None:
    sun = SolarNeutrinos(SolarOptions(free=("pp", "pep")))
    state = {name: sun.source(name).parameter for name in FLUX_NAMES}
    assert {name for name, parameter in state.items() if not parameter.fixed} == {"pp", "pep"}
    assert all(parameter.constraint is None for parameter in state.values())
    assert sun.constraints == ()
    assert repr(sun) == "<SolarNeutrinos B16-GS98, radiative cross section, free fluxes: pp, pep>"


@pytest.mark.parametrize("composition", ["gs98", "agss09"])
def test_b16_prior_is_uncorrelated(composition: str) -> None:
    model = f"B16-{composition.upper()}"
    sun = SolarNeutrinos(SolarOptions(ssm=model, flux_prior="ssm"))  # type: ignore[arg-type]
    published = TABLES[f"fluxes_b16_{composition}"]
    assert sun.constraints == ()
    for name, flux, error in zip(FLUX_NAMES, published["flux"], published["fractional_error"], strict=True):
        assert sun.source(name).flux == pytest.approx(flux, rel=1e-12)
        assert sun.parameter(name).constraint == GaussianConstraint(1.0, error)
        assert not sun.parameter(name).fixed


@pytest.mark.parametrize("model", SF3)
def test_sf3_prior_is_the_full_covariance(model: SolarModel) -> None:
    sun = SolarNeutrinos(SolarOptions(ssm=model, flux_prior="ssm"))
    key = model.removeprefix("SF3-").lower()
    published = TABLES[f"fluxes_sf3_{key}"]
    (constraint,) = sun.constraints
    assert constraint.names == tuple(f"solar.flux.{name}" for name in FLUX_NAMES)
    assert constraint.centre == (1.0,) * 8
    covariance = np.array(constraint.covariance)
    error = np.array(published["fractional_error"])
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), error, rtol=1e-12)
    correlation = covariance / np.outer(error, error)
    checks = TABLES[f"correlations_sf3_{key}"]
    assert correlation.sum() == pytest.approx(checks["sum"], rel=1e-9)
    assert correlation[0, 3] == pytest.approx(checks["pp_be7"], rel=1e-9)
    assert correlation[5, 6] == pytest.approx(checks["n13_o15"], rel=1e-9)
    assert np.linalg.eigvalsh(correlation).min() > 0.005
    assert "zenodo" in constraint.source
    for name, flux in zip(FLUX_NAMES, published["flux"], strict=True):
        assert sun.source(name).flux == pytest.approx(flux, rel=1e-12)
        assert sun.parameter(name).constraint is None and not sun.parameter(name).fixed


def test_constraint_on_some_fluxes_is_the_submatrix() -> None:
    sun = SolarNeutrinos(SolarOptions(ssm="SF3-AAG21", flux_prior="ssm"))
    whole = np.array(sun.constraints[0].covariance)
    (part,) = sun.constraints_on(["o15", "pp"])
    assert part.names == ("solar.flux.o15", "solar.flux.pp")
    np.testing.assert_array_equal(part.covariance, whole[np.ix_([6, 0], [6, 0])])
    assert sun.constraints_on([]) == ()


@pytest.mark.parametrize("model", SF3)
def test_borrowed_production_profile(model: SolarModel) -> None:
    """SF-III has no profile: that of the B16 model with the nearest 8B flux, and the citation says so."""
    source = SolarNeutrinos(SolarOptions(ssm=model)).source("b8")
    candidates = {name: SolarNeutrinos(SolarOptions(ssm=name)) for name in ("B16-GS98", "B16-AGSS09")}
    nearest = min(candidates, key=lambda name: abs(candidates[name].source("b8").flux - source.flux))
    assert any(f"{nearest}, borrowed for {model}" in citation for citation in source.citations)
    energy = np.array([0.5, 5.0, 10.0])
    own = candidates[nearest].source("b8").probabilities(energy)
    np.testing.assert_array_equal(source.probabilities(energy)["e"], own["e"])


def test_what_the_borrowed_profile_can_cost() -> None:
    """P_ee of the two B16 profiles: apart by below 0.1 % for pp, 7Be and pep, below 0.4 % for any source."""
    for name in FLUX_NAMES:
        energy = np.linspace(0.02, 1, 40) * SUN.source(name).endpoint
        shares = [
            SolarNeutrinos(SolarOptions(ssm=model)).source(name).probabilities(energy)["e"]
            for model in ("B16-GS98", "B16-AGSS09")
        ]
        tolerance = 1e-3 if name in ("pp", "be7", "pep") else 4e-3
        np.testing.assert_allclose(shares[0], shares[1], rtol=tolerance)


def test_own_oscillation_parameters() -> None:
    sun = SolarNeutrinos(SolarOptions(sin2_theta12=0.31, sin2_theta23=0.4))
    assert sun.oscillation.sin2_theta12 == 0.31
    shares = sun.source("pp").probabilities(np.array([0.3]))
    assert float(shares["tau"][0] / shares["mu"][0]) == pytest.approx(0.4 / 0.6)
    assert not any("Particle Data Group" in citation for citation in sun.source("pp").citations)
    assert any("Particle Data Group" in citation for citation in SUN.source("pp").citations)


def test_shipped_file_is_complete() -> None:
    assert set(read_metadata(SHIPPED)) == set(TABLES)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_shipped_tables(name: str) -> None:
    """Sums and single values of each table, taken from the raw text without the conversion script."""
    expected = TABLES[name]
    table = read_table(SHIPPED, name)
    assert (table.raw_file, table.sha256) == (expected["raw_file"], expected["sha256"])
    assert table.title and table.citation and (table.doi or table.arxiv)
    assert table.provenance == "published"
    if name.startswith(("spectra_", "lines_")):
        energy, density = table["energy"], table["density"]
        assert np.trapezoid(density, energy) == pytest.approx(1, rel=1e-12)
        assert np.trapezoid(energy * density, energy) == pytest.approx(expected["mean_energy"], rel=1e-9)
        assert energy[-1] == pytest.approx(expected["last_energy"], rel=1e-9)
        assert energy[np.argmax(density)] == pytest.approx(expected["peak_energy"], rel=1e-9)
        assert density.max() == pytest.approx(expected["peak_density"], rel=1e-9)
    elif name.startswith("production_"):
        assert len(table) == expected["rows"]
        density = table["log10_electron_density"]
        assert (density[0], density[-1]) == (expected["density_first"], expected["density_last"])
        for flux, radius in expected["mean_radius"].items():
            assert table[flux].sum() == pytest.approx(1, rel=1e-12)
            assert table["radius"] @ table[flux] == pytest.approx(radius, rel=1e-9)
    elif name.startswith("fluxes_"):
        assert table.rows == FLUX_NAMES
        np.testing.assert_allclose(table["flux"], expected["flux"], rtol=1e-12)
        np.testing.assert_allclose(table["fractional_error"], expected["fractional_error"], rtol=1e-12)
    else:
        matrix = np.column_stack([table[flux] for flux in FLUX_NAMES])
        np.testing.assert_array_equal(matrix, matrix.T)
        assert matrix.sum() == pytest.approx(expected["sum"], rel=1e-9)
