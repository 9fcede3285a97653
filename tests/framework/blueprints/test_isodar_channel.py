"""The channel of a detector beside 8Li: counts, replaced inputs, backgrounds, and options that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import hist
import numpy as np
import pytest
import uproot
from numpy.typing import NDArray

from nurecoil.blueprints.isodar_channel import first_principles, isodar_channel
from nurecoil.blueprints.isodar_site import IsodarOptionsOfSite
from nurecoil.errors import NurecoilError
from nurecoil.experiment import RecoilChannel
from nurecoil.folding import fold_recoils
from nurecoil.histograms import Histogram, write_histograms
from nurecoil.model.spectral import PoissonChannel
from nurecoil.options import make_options
from nurecoil.plugins import load_experiment
from nurecoil.shared import Sources

Array = NDArray[np.float64]
Declare = Callable[..., RecoilChannel]

BARE = {"backgrounds": "none", "resolution": 0}
EDGES = np.linspace(1.0, 13.0, 25)


@pytest.fixture(scope="module")
def shared() -> Sources:
    return Sources()


@pytest.fixture
def declare(shared: Sources) -> Declare:
    site = load_experiment("kamland").site

    def made(**options: Any) -> RecoilChannel:
        return isodar_channel("kamland", site, make_options("kamland", IsodarOptionsOfSite, options), shared)

    return made


def counts(channel: RecoilChannel) -> dict[str, Array]:
    """Contents of every sample at the starting values."""
    folded = fold_recoils(channel)
    assert isinstance(folded, PoissonChannel)
    return {
        one.name: np.asarray(
            one.template if isinstance(one.template, np.ndarray) else one.template.evaluate([1.0])[0]
        )
        for one in folded.samples
    }


def saved(folder: Path, suffix: str, **histograms: tuple[Any, Any]) -> str:
    path = folder / f"mine{suffix}"
    write_histograms(path, [Histogram(name, edges, values) for name, (edges, values) in histograms.items()])
    return str(path)


@pytest.mark.parametrize("efficiency", [1.0, 0.3])
@pytest.mark.parametrize("threshold", [0.2, 1.0, 3.0])
def test_asked_for_events_are_what_comes(declare: Declare, threshold: float, efficiency: float) -> None:
    made = declare(threshold=threshold, events=5000, efficiency=efficiency, **BARE)
    assert counts(made)["li8"].sum() == pytest.approx(5000, rel=1e-4)


def test_the_quoted_count_goes_with_the_live_time(declare: Declare) -> None:
    for live, wanted in ((5, 7500), (2.5, 3750)):
        made = declare(live_time=live, threshold=1.0, **BARE)
        assert counts(made)["li8"].sum() == pytest.approx(wanted, rel=1e-4)
    above = declare(threshold=3.0, **BARE)  # counted above 1 MeV all the same
    assert counts(above)["li8"].sum() == pytest.approx(0.4 * 7500, rel=0.04)


def test_first_principles_go_with_mass_distance_and_efficiency(declare: Declare, shared: Sources) -> None:
    def events(**options: Any) -> float:
        return float(counts(declare(normalisation="first-principles", **BARE, **options))["li8"].sum())

    site = load_experiment("kamland").site
    found = first_principles(site, IsodarOptionsOfSite(), shared, above=1.0)
    assert events() == pytest.approx(found, rel=1e-4)
    assert events(efficiency=0.5) == pytest.approx(0.5 * found, rel=1e-4)
    assert events(distance=32.2) == pytest.approx(found / 4, rel=0.05)
    assert events(radius=3.25) == pytest.approx(found / 8, rel=0.05)


def test_backgrounds_can_be_chosen(declare: Declare) -> None:
    everything = counts(declare())
    assert {"li8", "reactor", "b8", "pep", "c11", "c10", "be11"} <= set(everything)
    assert set(counts(declare(backgrounds="none"))) == {"li8"}
    assert set(counts(declare(backgrounds="C11,reactor"))) == {"li8", "reactor", "c11"}
    for name in ("c11", "c10", "be11"):
        vetoed = counts(declare(veto=0.9))[name]
        np.testing.assert_allclose(vetoed, 0.1 * everything[name], rtol=1e-9)


def test_a_cosmogenic_has_its_published_rate(declare: Declare) -> None:
    made = declare(backgrounds="C11", threshold=0.5, resolution=0)
    (carbon,) = made.backgrounds
    site = load_experiment("kamland").site
    assert carbon.rate is not None and carbon.rate.value == site.cosmogenics["C11"].value
    decays = 0.897 * 5 * 365.25  # all of them leave 1.022 MeV and more
    assert np.sum(carbon.template) == pytest.approx(decays, rel=1e-6)


@pytest.mark.parametrize("suffix", [".root", ".json"])
def test_counts_from_a_file(declare: Declare, tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path, suffix, data=(np.arange(0.0, 8.0), np.arange(7.0)))
    made = declare(data=f"{path}:data", threshold=1.5)
    assert made.observed is not None
    assert (made.edges.tolist(), made.observed.tolist()) == ([2, 3, 4, 5, 6, 7], [2, 3, 4, 5, 6])
    assert any(path in line and "a file of the user" in line for line in made.provenance)


@pytest.mark.parametrize("suffix", [".root", ".json"])
def test_backgrounds_from_a_file(declare: Declare, tmp_path: Path, suffix: str) -> None:
    flat = np.full(EDGES.size - 1, 3.0)
    path = saved(tmp_path, suffix, c11=(EDGES, flat), reactor=(EDGES, 2 * flat), Tl208=(EDGES, 4 * flat))
    made = declare(background_file=path, bin_width=0.5)
    assert made.edges[-1] == pytest.approx(EDGES[-1])
    found = counts(made)
    for name, factor in (("c11", 1), ("reactor", 2), ("tl208", 4)):
        np.testing.assert_allclose(found[name], factor * flat)
    names = {one.rate.name for one in made.backgrounds if one.rate is not None}
    assert {"kamland.scale.c11", "kamland.scale.tl208", "kamland.rate.c10"} <= names


@pytest.mark.parametrize("suffix", [".root", ".json"])
def test_a_reactor_flux_from_a_file(declare: Declare, tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path, suffix, flux=(np.linspace(0, 10, 41), np.linspace(4e4, 0, 40)))
    made = declare(reactor_spectrum=f"{path}:flux", backgrounds="reactor")
    (reactor,) = made.spectators
    assert reactor.flux == pytest.approx(8e5)
    assert path in reactor.citations[0]


def test_a_response_from_a_file(declare: Declare, tmp_path: Path) -> None:
    edges = np.linspace(0.0, 13.0, 14)
    with uproot.recreate(tmp_path / "mine.root") as file:
        made = hist.Hist.new.Var(edges).Var(edges).Double()
        made.view()[...] = np.eye(13)
        file["r"] = made
    options = {"response": f"{tmp_path}/mine.root:r", "threshold": 2.0, "events": 1000, "backgrounds": "none"}
    channel = declare(**options)
    assert channel.edges.tolist() == list(range(2, 14))
    assert counts(channel)["li8"].sum() == pytest.approx(1000, rel=1e-3)
    path = saved(tmp_path, ".json", good=(edges, np.ones(13)), bad=([0, 2, 3], [1, 1]))
    observed = declare(**options, data=f"{path}:good").observed
    assert observed is not None and observed.size == 11
    with pytest.raises(NurecoilError, match=r"kamland\.data.*the 11 bins of kamland\.response"):
        declare(**options, data=f"{path}:bad")
    with pytest.raises(NurecoilError, match=r"kamland\.scale_error"):
        declare(**options, scale_error=0.01)
    with pytest.raises(NurecoilError, match=r"kamland\.threshold: .*above every bin"):
        declare(**{**options, "threshold": 12.5})


@pytest.mark.parametrize("resolution", [0.0, 0.064])
def test_an_uncertain_scale_is_a_parameter(declare: Declare, resolution: float) -> None:
    made = declare(scale_error=0.02, resolution=resolution)
    (scale,) = made.parameters
    assert (scale.name, made.compiled) == ("kamland.energy_scale", True)
    np.testing.assert_allclose(
        counts(made)["li8"].sum(), counts(declare(resolution=resolution))["li8"].sum(), rtol=0.01
    )


def test_a_threshold_can_leave_one_bin(declare: Declare) -> None:
    made = declare(threshold=12.6, bin_width=1.0, events=10, backgrounds="none")
    assert made.edges.size == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 14.0}, r"kamland\.threshold: recoils above 14 MeV.*Allowed: below 12"),
        ({"threshold": 0}, r"kamland\.threshold"),
        ({"live_time": 0}, r"kamland\.live_time.*Allowed: number > 0"),
        ({"live_time": -5}, r"kamland\.live_time"),
        ({"events": 0}, r"kamland\.events"),
        ({"events": -3}, r"kamland\.events"),
        ({"efficiency": 0}, r"kamland\.efficiency"),
        ({"backgrounds": "C12"}, r"kamland\.backgrounds: .*C12"),
        ({"backgrounds": "none,C11"}, r"kamland\.backgrounds: none beside C11"),
        ({"backgrounds": "C11", "reactor_spectrum": "a.root:h"}, r"kamland\.reactor_spectrum: .*left out"),
        ({"distance": 6.0}, r"kamland\.distance: a source 6 m from the centre of a sphere of 6\.5 m"),
        ({"radius": 20}, r"kamland\.distance: a source 16\.1 m"),
        ({"normalisation": "guess"}, r"kamland\.normalisation"),
        ({"data": "no.root:h"}, r"kamland\.data: no\.root does not exist"),
        ({"response": "no.root:h"}, r"kamland\.response: no\.root does not exist"),
        ({"background_file": "no.root"}, r"kamland\.background_file: no\.root does not exist"),
        ({"reactor_spectrum": "no.root:h"}, r"kamland\.reactor_spectrum: no\.root does not exist"),
    ],
)
def test_what_cannot_be_is_one_clear_error(declare: Declare, options: dict[str, Any], message: str) -> None:
    with pytest.raises(NurecoilError, match=message) as caught:
        declare(**options)
    assert caught.value.exit_status == 2
