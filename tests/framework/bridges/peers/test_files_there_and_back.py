"""Imported HistFactory files written again: what pyhf makes of them, and whether that is the same again."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyhf
import pytest

from nurecoil.bridges.files import write
from nurecoil.bridges.reading import read
from nurecoil.inference.fit import fit, nll

from .large_workspaces import EVERY
from .pyhf_peer import PyhfPeer


@pytest.fixture(scope="module")
def rewritten(
    pair: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., tuple[Path, Any]]:
    """The file that a workspace's model is written to, and the model that is read from it."""
    folder = tmp_path_factory.mktemp("rewritten")

    @functools.cache
    def make(name: str, measurement: str | None = None) -> tuple[Path, Any]:
        path = folder / f"{name} {measurement}.json"
        write(pair(name, measurement)[0], path)
        return path, read(path)

    return make


def load(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", EVERY)
def test_what_is_written_is_the_same_likelihood_in_pyhf(
    name: str, pair: Callable[..., Any], rewritten: Callable[..., Any]
) -> None:
    model, before = pair(name)
    document = load(rewritten(name)[0])
    pyhf.schema.validate(document, "workspace.json")
    after = PyhfPeer(document)
    assert set(after.names) == set(before.names)
    assert after.model.config.poi_name == before.model.config.poi_name
    assert (after.start, after.fixed) == (before.start, before.fixed)
    for each, bounds in before.bounds.items():
        assert tuple(after.bounds[each]) == pytest.approx(tuple(bounds), rel=1e-15)
    for point in before.points():
        theirs = after.nll(point)
        assert theirs == pytest.approx(nll(model, point), rel=1e-9)
        assert theirs == pytest.approx(before.nll(point), rel=1e-9)


@pytest.mark.parametrize("name", EVERY)
def test_export_import_export_has_one_digest(
    name: str, rewritten: Callable[..., Any], tmp_path: Path
) -> None:
    first, again = rewritten(name)
    second = tmp_path / "second.json"
    write(again, second)
    assert pyhf.utils.digest(load(first)) == pyhf.utils.digest(load(second))


@pytest.mark.parametrize("name", EVERY)
def test_a_file_read_a_second_time_is_the_same_model(
    name: str, pair: Callable[..., Any], rewritten: Callable[..., Any]
) -> None:
    model, peer = pair(name)
    _, again = rewritten(name)
    assert dict(again.parameters) == dict(model.parameters)
    assert again.poi == model.poi
    assert [channel.name for channel in again.channels] == [channel.name for channel in model.channels]
    for point in peer.points(5):
        assert nll(again, point) == pytest.approx(nll(model, point), rel=1e-12)


@pytest.mark.parametrize("measurement", ["first", "other interest", "of a bare model"])
def test_the_measurement_that_was_read_is_the_one_written(
    measurement: str, pair: Callable[..., Any], rewritten: Callable[..., Any]
) -> None:
    _, before = pair("several_measurements", measurement)
    after = PyhfPeer(load(rewritten("several_measurements", measurement)[0]))
    assert after.model.config.poi_name == before.model.config.poi_name
    for point in before.points(10):
        assert after.nll(point) == pytest.approx(before.nll(point), rel=1e-9)


@pytest.mark.parametrize("name", ["settings_of_every_kind", "nine_hundred_bins"])
def test_a_fit_of_the_written_file_is_that_of_the_read_one(
    name: str, pair: Callable[..., Any], rewritten: Callable[..., Any]
) -> None:
    one, two = fit(pair(name)[0]), fit(rewritten(name)[1])
    assert two.nll == pytest.approx(one.nll, rel=1e-12)
    for parameter, estimate in one.parameters.items():
        found = two.parameters[parameter]
        assert found.value == pytest.approx(
            estimate.value, abs=1e-4 * (estimate.error if estimate.error > 0 else 1)
        )
        assert (found.fixed, found.at_bound) == (estimate.fixed, estimate.at_bound)
