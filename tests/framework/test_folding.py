"""One channel at a time: templates, powers and signs, spectators, signals that are none."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from nurecoil.analysis import build
from nurecoil.assembly import fold
from nurecoil.detectors.spectrum import Spectrum
from nurecoil.errors import ModelError, PluginError
from nurecoil.experiment import (
    NoOptions,
)
from nurecoil.physics.electromagnetic import magnetic_moment
from nurecoil.physics.recoil import recoil_rate
from nurecoil.physics.scattering import tree_level
from nurecoil.search import Search, Term
from nurecoil.shared import Sources

from .toys import (
    EDGES,
    ELECTRONS,
    EXPOSURE,
    LIVE_TIME,
    Absolute,
    Change,
    Folded,
    Moment,
    Perfect,
    Toy,
    ToyOptions,
    broken,
    line,
    poisson,
)

pytestmark = pytest.mark.usefixtures("made_up")


def test_templates_are_rates_times_electrons_and_time() -> None:
    model = build(["toy"], "moment")
    source = line()
    weak, em = (s.template.evaluate([1.0])[0] for s in poisson(model).samples[:2])  # type: ignore[union-attr]

    def moment(T: Any, E: Any, flavour: str, antineutrino: bool) -> Any:
        return magnetic_moment(T, E)

    for cross_section, counts in ((tree_level, weak), (moment, em)):
        exact = [recoil_rate(source, cross_section, low, high) for low, high in pairwise(EDGES)]
        np.testing.assert_allclose(counts, ELECTRONS * LIVE_TIME * np.array(exact), rtol=1e-5)
    assert weak[-1] < 0.5 * weak[-2]  # the Compton edge is in the last bin


@pytest.mark.parametrize("field", ["electrons", "live_time"])
@pytest.mark.parametrize("size", [0.0, -1.0, float("nan")])
def test_without_exposure_there_is_no_channel(change: Change, field: str, size: float) -> None:
    change(Toy, **{field: size})
    with pytest.raises(PluginError, match=f"'toy/energy': {field} is {size}.*above 0"):
        build(["toy"])


def test_a_factor_on_the_exposure_is_a_factor_on_every_neutrino(change: Change) -> None:
    change(Toy, exposure_parameter=EXPOSURE)
    model = build(["toy"], "moment")
    assert [dict(s.powers) for s in poisson(model).samples] == [
        {"sun.be7": 1, "toy.mass": 1},
        {"sun.be7": 1, "toy.mass": 1, "mu_eff": 2},
        {"toy.rate.flat": 1},
        {},
    ]
    assert "toy.mass" in model.parameters


def test_powers_of_one_coupling_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    cross_section = Moment(NoOptions()).terms(line())[0].cross_section
    term = Term("vv", cross_section, (("mu_eff", 1), ("mu_eff", 1), ("sun.be7", 1)))
    monkeypatch.setattr(Moment, "terms", lambda self, source: [term])
    assert dict(poisson(build(["toy"], "moment")).samples[1].powers) == {"sun.be7": 2, "mu_eff": 2}


def test_signed_terms_stay_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    def negative(T: Any, E: Any, flavour: str, antineutrino: bool) -> Any:
        return -magnetic_moment(T, E)

    for signed in (True, False):
        term = Term("int", negative, (("mu_eff", 2),), signed=signed)
        monkeypatch.setattr(Moment, "terms", lambda self, source, term=term: [term])
        if signed:
            assert poisson(build(["toy"], "moment")).samples[1].signed
        else:
            with pytest.raises(ModelError, match=r"template of 'be7\.int' is -.*not declared signed"):
                build(["toy"], "moment")


def test_collaboration_shapes_stand_in_for_folded_ones(change: Change) -> None:
    change(Toy, weak_templates={"be7": np.arange(10.0)})
    samples = poisson(build(["toy"], "moment")).samples
    assert samples[0].template.tolist() == list(range(10))  # type: ignore[union-attr]
    assert not isinstance(samples[1].template, np.ndarray)


def test_what_only_the_tail_of_the_resolution_reaches_is_no_signal(change: Change) -> None:
    class Tail(Perfect):
        def template(self, spectrum: Spectrum) -> Folded:
            return Folded(super().template(spectrum).counts * 1e-8)

    change(Toy, response=Tail())
    with pytest.raises(ModelError, match=r"the signal templates 'be7\.em' are zero in every bin"):
        build(["toy"], "moment")


def test_a_threshold_above_the_endpoint_is_no_signal(change: Change) -> None:
    change(Toy, recoil_range=(1.0, 2.0), response=Perfect(np.linspace(1.0, 2.0, 11)))
    with pytest.raises(ModelError, match=r"zero in every bin.*Lower the threshold"):
        build(["toy"], "moment")


def test_a_cross_section_that_breaks_is_the_searchs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Moment, "terms", lambda self, source: [Term("em", broken, (("mu_eff", 2),))])
    with pytest.raises(PluginError, match="search 'moment': ZeroDivisionError"):
        build(["toy"], "moment")


def test_a_cross_section_that_is_no_number_names_its_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    def nan(T: Any, E: Any, flavour: str, antineutrino: bool) -> Any:
        return np.full(np.broadcast(T, E).shape, np.nan)

    monkeypatch.setattr(Moment, "terms", lambda self, source: [Term("em", nan, (("mu_eff", 2),))])
    with pytest.raises(PluginError, match=r"'moment': its term 'em' of be7 gives nan in bin 0 of toy/"):
        build(["toy"], "moment")


@pytest.mark.parametrize(("search", "felt"), [(Moment, ["be7", "pp"]), (Absolute, ["be7"])])
def test_spectators_feel_what_is_no_quantity_of_one_source(
    change: Change, search: type[Search], felt: list[str]
) -> None:
    change(Toy, spectators=(line("pp", "sun.pp"),))
    model = fold([Toy(ToyOptions())], search(NoOptions()), Sources())
    samples = [sample.name for sample in model.channels[0].samples]
    assert [name for name in samples if name.endswith(".em")] == [f"{name}.em" for name in felt]
    assert "pp" in samples and "sun.pp" in model.parameters
