"""The magnetic moment: its terms and parameters in every basis, and which sources feel it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.constants import physical_constants

from nurecoil.errors import OptionError
from nurecoil.model.parameters import Parameter
from nurecoil.options import make_options
from nurecoil.physics.moments import BASES, effective
from nurecoil.physics.recoil import recoil_spectrum
from nurecoil.physics.scattering import tree_level
from nurecoil.physics.solar import SolarNeutrinos
from nurecoil.physics.source import Source
from nurecoil.searches.magnetic_moment import MagneticMoment

SUN = SolarNeutrinos()
FUNDAMENTAL = sorted(BASES)
RADIUS = 100 * physical_constants["classical electron radius"][0]


def source(name: str, family: str = "solar", **more: Any) -> Source:
    """A line of pure nu_e."""
    return Source(
        name=name,
        family=family,
        title=name,
        flux=1.0,
        lines=((0.862, 1.0),),
        probabilities=lambda E: {"e": np.ones_like(E)},
        weak=tree_level,
        parameter=Parameter(f"flux.{name}", "1", 1.0, 0.0),
        **more,
    )


def search(**options: Any) -> MagneticMoment:
    return MagneticMoment(make_options("magnetic-moment", MagneticMoment.Options, options))


def test_one_moment_that_is_not_negative() -> None:
    (moment,) = search().parameters()
    assert (moment.name, moment.unit, moment.value, moment.lower) == ("mu_eff", "mu_B", 0.0, 0.0)
    assert not moment.fixed
    assert search().poi == "mu_eff"


def test_the_papers_choice_is_the_default() -> None:
    made = search()
    assert made.options.sources is None and made.options.basis == "effective"
    assert made.of_one_source
    assert len(made.terms(source("pp"))) == len(made.terms(source("be7"))) == 1
    assert made.terms(source("pep")) == []
    assert len(made.terms(source("li8", "isodar"))) == 1
    assert made.notes() == [
        "sources that feel the moment: pp, be7 where the Sun is the source, else the source itself; "
        "neutrinos that are a background do not; the yield scales with the fitted flux"
    ]
    named = search(sources="pp,be7")
    assert named.notes() == [
        "sources that feel the moment: pp, be7; neutrinos that are a background do not; "
        "the yield scales with the fitted flux"
    ]
    assert named.terms(source("li8", "isodar")) == []


def test_any_source_can_be_chosen() -> None:
    assert search(sources="pep").terms(source("pp")) == []
    assert len(search(sources="pep").terms(source("pep"))) == 1
    for name in ("pp", "pep", "li8"):
        assert len(search(sources="all").terms(source(name))) == 1
    assert search(sources="").terms(source("pp")) == []
    assert len(search(basis="flavour").terms(source("pep"))) == 1
    assert search(basis="flavour", sources="pp").terms(source("pep")) == []


def test_the_yield_goes_with_the_square_whatever_the_flavour() -> None:
    (term,) = search().terms(source("pp"))
    assert term.name == "em"
    assert term.powers == (("mu_eff", 2),)
    assert not term.signed
    T, E = np.array([0.05, 0.2, 0.5]), np.array(0.862)
    exact = np.pi * RADIUS**2 * (1 / T - 1 / E)
    for flavour in ("e", "mu", "tau"):
        for antineutrino in (False, True):
            np.testing.assert_allclose(term.cross_section(T, E, flavour, antineutrino), exact, rtol=1e-6)


def test_sources_that_are_not_there_are_refused() -> None:
    there = [source("pp"), source("be7")]
    search().check_sources(there)
    search(sources="all").check_sources(there)
    with pytest.raises(OptionError) as caught:
        search(sources="pp,be").check_sources(there)
    assert str(caught.value) == (
        "magnetic-moment.sources: 'be' is not known. Allowed: all, be7, pp. Did you mean 'be7'?"
    )


def vacuum(E: Any) -> Any:
    """Mass states of nu_e that have not oscillated."""
    return np.multiply.outer([0.678, 0.301, 0.021], np.ones_like(E))


@pytest.mark.parametrize("basis", FUNDAMENTAL)
def test_parameters_of_nature(basis: str) -> None:
    names = BASES[basis].moments  # type: ignore[index]
    made = search(basis=basis)
    assert made.poi == names[0]
    assert not made.of_one_source
    assert [parameter.name for parameter in made.parameters()] == [names[0]]
    made = search(basis=basis, component=names[1], profiled=names[2])
    assert made.poi == names[1]
    assert [parameter.name for parameter in made.parameters()] == [names[1], names[2]]
    made = search(basis=basis, profiled="all")
    assert [parameter.name for parameter in made.parameters()] == list(names)
    for parameter in made.parameters():
        assert (parameter.unit, parameter.value, parameter.lower) == ("mu_B", 0.0, 0.0)
        assert basis in parameter.description


@pytest.mark.parametrize("basis", FUNDAMENTAL)
@pytest.mark.parametrize("name", ["be7", "pp"])
def test_equal_moments_add_up_to_the_effective_template(basis: str, name: str) -> None:
    """Twice it for Majorana neutrinos, where each transition acts on two states."""
    one = SUN.source(name)
    T = np.array([0.05, 0.1, 0.2, 0.25, 0.5])
    (whole,) = search(sources="all").terms(one)
    terms = search(basis=basis, profiled="all").terms(one)
    assert [term.name for term in terms] == list(BASES[basis].moments)  # type: ignore[index]
    assert [term.powers for term in terms] == [((term.name, 2),) for term in terms]
    assert not any(term.signed for term in terms)
    total = np.sum([recoil_spectrum(one, term.cross_section, T) for term in terms], axis=0)
    times = 2 if basis == "mass-majorana" else 1
    np.testing.assert_allclose(total, times * recoil_spectrum(one, whole.cross_section, T), rtol=1e-10)


@pytest.mark.parametrize("basis", FUNDAMENTAL)
def test_the_weight_of_each_moment_is_its_coefficient(basis: str) -> None:
    """On a line the template is mu_eff^2 of the shares at its energy times the effective one."""
    one = SUN.source("pep")
    at = np.array(one.endpoint)
    assert one.mass_shares is not None
    by_flavour = one.probabilities(at)
    shares = np.array([by_flavour[flavour] for flavour in ("e", "mu", "tau")])
    if basis != "flavour":
        shares = one.mass_shares(at)
    (whole,) = search(sources="all").terms(one)
    reference = recoil_spectrum(one, whole.cross_section, [0.3])
    for term in search(basis=basis, profiled="all").terms(one):
        weight = float(effective(basis, {term.name: 1.0}, shares)) ** 2
        np.testing.assert_allclose(recoil_spectrum(one, term.cross_section, [0.3]), weight * reference)


def test_moments_that_a_source_does_not_feel_make_no_term() -> None:
    electron = source("li8", "isodar", antineutrino=True, mass_shares=vacuum)
    assert [term.name for term in search(basis="flavour", profiled="all").terms(electron)] == ["mu_e"]
    assert search(basis="flavour", component="mu_tau").terms(electron) == []
    assert len(search(basis="mass-dirac", profiled="all").terms(electron)) == 3
    first = source("one", "beam", mass_shares=lambda E: np.multiply.outer([1.0, 0, 0], np.ones_like(E)))
    assert [t.name for t in search(basis="mass-dirac", profiled="all").terms(first)] == ["mu_11"]
    assert [t.name for t in search(basis="mass-majorana", profiled="all").terms(first)] == ["mu_12", "mu_13"]
    with pytest.raises(OptionError) as caught:
        search(basis="flavour", component="mu_mu").check_sources([electron])
    assert str(caught.value).startswith(
        "magnetic-moment.component: no source feels mu_mu (sources there: li8). Allowed: a moment that"
    )
    with pytest.raises(OptionError, match=r"magnetic-moment\.profiled: no source feels mu_tau"):
        search(basis="flavour", profiled="mu_tau").check_sources([electron])
    search(basis="flavour", profiled="all").check_sources([electron])
    search(basis="flavour", component="mu_mu").check_sources([electron, SUN.source("pp")])


def test_mass_states_that_are_not_known() -> None:
    made = search(basis="mass-dirac")
    for ask in (made.terms, lambda one: made.check_sources([one])):
        with pytest.raises(OptionError, match=r"basis = mass-dirac: the source 'pp', whose mass states"):
            ask(source("pp"))


def test_one_effective_moment_for_two_kinds_of_source_does_not_exist() -> None:
    there = [SUN.source("pp"), SUN.source("be7"), source("li8", "isodar", mass_shares=vacuum)]
    with pytest.raises(OptionError) as caught:
        search().check_sources(there)
    for words in ("pp, be7 (solar); li8 (isodar)", "is not that of another", "P3", "basis=flavour"):
        assert words in str(caught.value)
    search(sources="pp,be7").check_sources(there)
    search(sources="li8").check_sources(there)
    for basis in FUNDAMENTAL:
        search(basis=basis, profiled="all").check_sources(there)


def test_nothing_that_feels_the_effective_moment() -> None:
    for made, there in ((search(sources=""), [source("pp")]), (search(), [source("pep")])):
        with pytest.raises(OptionError, match=r"magnetic-moment\.sources: no source feels mu_eff"):
            made.check_sources(there)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"basis": "flavor"}, "magnetic-moment.basis: 'flavor' is not known. Allowed: effective, flavour,"),
        ({"component": "mu_e"}, "component in the effective basis: 'mu_e' is not known. Allowed: mu_eff."),
        ({"profiled": "all"}, "profiled in the effective basis: 'all' is not known. Allowed: nothing."),
        (
            {"basis": "flavour", "component": "mu_m"},
            "component in the flavour basis: 'mu_m' is not known. Allowed: mu_e, mu_mu, mu_tau.",
        ),
        (
            {"basis": "flavour", "profiled": "mu_mu,mu_12"},
            "profiled in the flavour basis: 'mu_12' is not known. Allowed: all, mu_mu, mu_tau.",
        ),
        (
            {"basis": "mass-majorana", "component": "mu_13", "profiled": "mu_13"},
            "'mu_13', which is the component searched for. Allowed: mu_12, mu_23, all.",
        ),
    ],
)
def test_refused_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        search(**options)
    assert message in str(caught.value)


def test_notes_name_basis_and_conventions() -> None:
    flavour = search(basis="flavour", component="mu_mu", profiled="mu_e").notes()
    assert flavour[0] == (
        "flavour basis (eq. 12 of arXiv:1707.09355): mu_mu is searched for, mu_e float, zero: mu_tau"
    )
    assert flavour[1].startswith("sources that feel the moment: every one;")
    majorana = search(basis="mass-majorana").notes()
    assert any("eq. 7, not of eq. 9" in note for note in majorana)
    assert not any("averaged out" in note for note in majorana)
    assert any("averaged out" in note for note in search(basis="mass-majorana", profiled="all").notes())
    assert not any("averaged out" in note for note in search(basis="mass-dirac", profiled="all").notes())
