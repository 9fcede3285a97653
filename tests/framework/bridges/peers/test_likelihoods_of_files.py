"""The likelihood of imported HistFactory files against pyhf's own, constants included, at random points."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyhf
import pytest

from nurecoil.bridges.reading import read
from nurecoil.engine.compiled import CompiledModel
from nurecoil.errors import InputError
from nurecoil.inference.fit import nll
from nurecoil.model.spectral import SpectralModel

from .histfactory_parts import Json
from .histfactory_zoo import PATCHES, contradicting_modifiers, no_interest, patch_set
from .large_workspaces import EVERY
from .pyhf_peer import PyhfPeer

MODIFIERS = {"normfactor", "normsys", "histosys", "shapesys", "staterror", "shapefactor", "lumi"}


def worst(model: SpectralModel, peer: PyhfPeer, points: list[dict[str, float]]) -> float:
    """Largest relative difference of -log L at the points; there is no free constant in it."""
    found = 0.0
    for point in points:
        theirs = peer.nll(point)
        assert np.isfinite(theirs)
        found = max(found, abs(nll(model, point) - theirs) / abs(theirs))
    return found


@pytest.mark.parametrize("name", EVERY)
def test_the_value_is_pyhfs(name: str, pair: Callable[..., Any]) -> None:
    model, peer = pair(name)
    assert worst(model, peer, peer.points()) < 1e-9


@pytest.mark.parametrize("name", EVERY)
def test_the_value_is_pyhfs_with_the_other_interpolations(name: str, pair: Callable[..., Any]) -> None:
    model, peer = pair(name, other=True)
    assert worst(model, peer, peer.points(seed=10)) < 1e-9


@pytest.mark.parametrize("name", EVERY)
def test_parameters_start_and_end_where_pyhfs_do(name: str, pair: Callable[..., Any]) -> None:
    model, peer = pair(name)
    assert set(model.parameters) == set(peer.names)
    for each, parameter in model.parameters.items():
        assert parameter.value == peer.start[each]
        assert (parameter.lower, parameter.upper) == pytest.approx(tuple(peer.bounds[each]), rel=1e-15)
        assert parameter.fixed == peer.fixed[each]
    assert model.poi == peer.model.config.poi_name
    assert nll(model) == pytest.approx(peer.nll(peer.start), rel=1e-9)


@pytest.mark.parametrize("name", EVERY)
def test_every_sample_expects_what_it_does_in_pyhf(name: str, pair: Callable[..., Any]) -> None:
    model, peer = pair(name)
    compiled = CompiledModel(model)
    for point in peer.points(3, seed=1):
        theirs = peer.expected(point)
        parts = compiled.components(compiled.coordinates(point))
        for channel, rows in zip(model.channels, parts, strict=True):
            for sample, contents in zip(channel.samples, rows, strict=True):
                expected = theirs[channel.name][sample.name]
                np.testing.assert_allclose(
                    contents, expected, rtol=1e-11, atol=1e-11 * np.abs(expected).max()
                )
        assert set(theirs) == {channel.name for channel in model.channels}


@pytest.mark.parametrize("codes", [False, True], ids=["default", "other codes"])
@pytest.mark.parametrize("measurement", ["first", "other interest", "of a bare model"])
def test_every_measurement_of_a_file(measurement: str, codes: bool, pair: Callable[..., Any]) -> None:
    model, peer = pair("several_measurements", measurement, codes)
    assert model.poi == peer.model.config.poi_name
    assert model.metadata["origin"]["measurement"] == measurement
    assert worst(model, peer, peer.points(seed=3)) < 1e-9
    assert {n: p.fixed for n, p in model.parameters.items()} == peer.fixed


def test_the_first_measurement_is_taken_where_none_is_named(pair: Callable[..., Any]) -> None:
    model, _ = pair("several_measurements")
    assert model.metadata["origin"]["measurement"] == "first"
    assert sorted(model.metadata["origin"]["others"]) == ["of a bare model", "other interest"]


@pytest.mark.parametrize("name", PATCHES)
def test_a_file_with_a_patch(name: str, tmp_path: Path, written: Callable[..., Path]) -> None:
    document = no_interest()
    patches = patch_set(document)
    base, beside = written(document), written(patches, "patches.json")
    patched = dict(pyhf.PatchSet(patches).apply(pyhf.Workspace(document), name))
    model, peer = read(base, patches=[f"{beside}:{name}"]), PyhfPeer(patched)
    assert worst(model, peer, peer.points()) < 1e-9
    assert model.poi == peer.model.config.poi_name
    assert json.loads(base.read_text()) == document


def test_two_patches_after_one_another(written: Callable[..., Path]) -> None:
    document = no_interest()
    patches = patch_set(document)
    base, beside = written(document), written(patches, "patches.json")
    loose = copy.deepcopy(document)
    for name in ("heavy", "shape"):
        loose = pyhf.PatchSet(patches)[name].apply(loose)
    model = read(base, patches=[f"{beside}:heavy", f"{beside}:shape"])
    peer = PyhfPeer(loose)
    assert worst(model, peer, peer.points()) < 1e-9


def test_a_modifier_twice_with_different_data_is_refused(written: Callable[..., Path]) -> None:
    """pyhf takes the last of them without a word."""
    with pytest.raises(InputError, match=r"normsys 'rate'.*twice, with different data"):
        read(written(contradicting_modifiers()))


def test_the_zoo_has_every_sort_of_animal(document: Callable[[str], Json]) -> None:
    """What the files are there for is in them: modifiers, zeros, negatives, settings, several channels."""
    documents = [document(name) for name in EVERY]
    assert len(documents) >= 16

    def modifiers(one: Json) -> list[tuple[Json, Json]]:
        return [(s, m) for c in one["channels"] for s in c["samples"] for m in s["modifiers"]]

    everything = [each for one in documents for each in modifiers(one)]
    assert {m["type"] for _, m in everything} == MODIFIERS
    sets = [(s, m) for s, m in everything if m["type"] in ("shapesys", "staterror")]
    for kind in ("shapesys", "staterror"):
        assert any(0.0 in m["data"] for _, m in sets if m["type"] == kind)
        assert any(0.0 in s["data"] for s, m in sets if m["type"] == kind)
    assert any(min(s["data"]) < 0 for s, _ in everything)
    assert any(0.0 in o["data"] for d in documents for o in d["observations"])
    assert sum(len(d["channels"]) > 1 for d in documents) >= 6
    assert any(len(d["measurements"]) == 3 for d in documents)
    keys = {k for d in documents for m in d["measurements"] for p in m["config"]["parameters"] for k in p}
    assert keys == {"name", "inits", "bounds", "fixed", "auxdata", "sigmas", "factors"}
    assert {m["config"]["poi"] for d in documents for m in d["measurements"]} >= {"", "mu", "k"}
