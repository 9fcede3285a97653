"""Workspaces put together at random: what pyhf makes a model of has the same parameters and value here."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyhf
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nurecoil.bridges.files import write
from nurecoil.bridges.reading import read
from nurecoil.engine.compiled import CompiledModel
from nurecoil.inference.fit import nll

from .histfactory_parts import (
    Json,
    channel,
    histosys,
    lumi,
    lumi_settings,
    measurement,
    normfactor,
    normsys,
    sample,
    shapefactor,
    shapesys,
    staterror,
)
from .pyhf_peer import CODES, PyhfPeer

Array = NDArray[np.float64]


def errors(rng: np.random.Generator, contents: Array) -> list[float]:
    """Some 10 %, none at all in places."""
    found = np.abs(contents) * rng.uniform(0.02, 0.2, contents.size)
    return [0.0 if rng.uniform() < 0.15 else float(value) for value in found]


def modifiers(rng: np.random.Generator, place: str, contents: Array) -> list[Json]:
    """Up to six, of all sorts; names that are shared within the channel, across channels, or not."""
    found = []
    for _ in range(int(rng.integers(7))):
        kind, number = int(rng.integers(9)), int(rng.integers(2))
        low, high = rng.uniform(0.8, 1.1, contents.size), rng.uniform(0.95, 1.25, contents.size)
        found.append(
            [
                lambda n: normfactor(f"k{n}"),
                lambda n: lumi(),
                lambda n: normsys(f"pull{n}", *(float(rng.uniform(*r)) for r in ((0.6, 1.1), (0.9, 1.5)))),
                lambda n: normsys(f"{place}_rate", 0.9, 1.2),
                lambda n, a=low, b=high: histosys(
                    f"pull{n}", (contents * a).tolist(), (contents * b).tolist()
                ),
                lambda n: staterror(f"stat_{place.split('/')[0]}{n}", errors(rng, contents)),
                lambda n: staterror("stat_all", errors(rng, contents)),
                lambda n: shapesys(f"{place}_shape{n}", errors(rng, contents)),
                lambda n: shapefactor(f"free_{place.split('/')[0]}"),
            ][kind](number)
        )
    keys = [(one["type"], one["name"]) for one in found]
    return [one for at, one in enumerate(found) if keys.index(keys[at]) == at]


def random_settings(rng: np.random.Generator, model: Any) -> list[Json]:
    """Settings of some of a model's parameters, within their bounds."""
    found = []
    for name in model.config.par_order:
        these = model.config.param_set(name)
        size = these.n_parameters
        one: Json = {"name": name}
        if rng.uniform() < 0.4:
            one["inits"] = (np.array(these.suggested_init) + rng.uniform(0.0, 0.2, size)).tolist()
        if rng.uniform() < 0.3:
            one["bounds"] = [
                [float(low) - 0.1 * (low < 0), 0.85 * float(high)] for low, high in these.suggested_bounds
            ]
        if rng.uniform() < 0.3:
            one["fixed"] = bool(rng.integers(2))
        if these.constrained and rng.uniform() < 0.3:
            one["auxdata"] = (np.array(these.auxdata) * rng.uniform(0.9, 1.1, size)).tolist()
        if not these.is_scalar and these.constrained and rng.uniform() < 0.3:
            key = "factors" if these.pdf_type == "poisson" else "sigmas"
            one[key] = (np.array(getattr(these, key)) * rng.uniform(0.8, 1.2, size)).tolist()
        if name == "lumi":
            one = {**lumi_settings(1.0, 0.05), **one}
        if name == "lumi" or (len(one) > 1 and rng.uniform() < 0.7):
            found.append(one)
    return found


def build(seed: int) -> Json:
    """A workspace of one to three channels; raises what pyhf raises where it does not take it."""
    rng = np.random.default_rng(seed)
    channels, observed = [], []
    for name in rng.permutation(["zeta", "Alpha", "mid"])[: rng.integers(1, 4)].tolist():
        bins = int(rng.integers(1, 5))
        samples = [sample("base", rng.uniform(30, 60, bins).tolist())]
        for word in rng.permutation(["signal", "b", "A"])[: rng.integers(1, 4)].tolist():
            contents = rng.uniform(1, 40, bins) * (rng.uniform(0, 1, bins) > 0.1)
            contents = np.where(rng.uniform(0, 1, bins) < 0.05, -0.1 * contents, contents)
            samples.append(sample(word, contents.tolist(), *modifiers(rng, f"{name}/{word}", contents)))
        samples[-1]["modifiers"].append(normfactor("mu"))
        samples[-1]["data"] = [value + 0.5 for value in samples[-1]["data"]]
        channels.append(channel(name, *samples))
        observed.append({"name": name, "data": rng.poisson(60, bins).astype(float).tolist()})
    rng.shuffle(observed)
    bare: Json = {"channels": channels, "parameters": [lumi_settings(1.0, 0.05)]}
    model = pyhf.Model(bare, poi_name="mu", validate=False)
    config = measurement("random", str(rng.choice(["mu", ""])), random_settings(rng, model))
    return {"channels": channels, "observations": observed, "measurements": [config], "version": "1.0.0"}


def workspace_of(seed: int) -> tuple[Json, bool]:
    """A workspace, and whether the other interpolations are to be used; rejects what pyhf does not take."""
    try:
        made = build(seed)
    except (AssertionError, pyhf.exceptions.InvalidModel, pyhf.exceptions.InvalidNameReuse):
        assume(False)
    pyhf.schema.validate(made, "workspace.json")
    return made, bool(seed % 2)


def both(document: Json, other: bool, folder: str) -> tuple[Any, PyhfPeer, Path]:
    path = Path(folder) / "random.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    settings_: Any = {"modifier_settings": CODES} if other else {}
    return read(path, **settings_), PyhfPeer(document, **settings_), path


def same_likelihood(seed: int) -> None:
    """Names, settings, values, contents of every sample."""
    document, other = workspace_of(seed)
    with tempfile.TemporaryDirectory() as folder:
        model, peer, _ = both(document, other, folder)
    assert set(model.parameters) == set(peer.names)
    assert model.values == pytest.approx(peer.start, rel=1e-15)
    assert {name: parameter.fixed for name, parameter in model.parameters.items()} == peer.fixed
    for name, parameter in model.parameters.items():
        assert (parameter.lower, parameter.upper) == tuple(peer.bounds[name])
    assert model.poi == peer.model.config.poi_name
    compiled = CompiledModel(model)
    for point in peer.points(4, seed % 1000):
        assert nll(model, point) == pytest.approx(peer.nll(point), rel=1e-9)
        theirs = peer.expected(point)
        for part, rows in zip(model.channels, compiled.components(compiled.coordinates(point)), strict=True):
            for one, row in zip(part.samples, rows, strict=True):
                np.testing.assert_allclose(row, theirs[part.name][one.name], rtol=1e-10, atol=1e-10)


def comes_back(seed: int) -> None:
    """Written, read and written again it has one digest and one value, in pyhf and here."""
    document, other = workspace_of(seed)
    with tempfile.TemporaryDirectory() as folder:
        model, peer, _ = both(document, other, folder)
        first, second = Path(folder) / "first.json", Path(folder) / "second.json"
        write(model, first)
        again = read(first)
        write(again, second)
        there = json.loads(first.read_text(encoding="utf-8"))
        digests = {
            pyhf.utils.digest(json.loads(path.read_text(encoding="utf-8"))) for path in (first, second)
        }
    assert len(digests) == 1
    pyhf.schema.validate(there, "workspace.json")
    after = PyhfPeer(there, **({"modifier_settings": CODES} if other else {}))
    for point in peer.points(4, seed % 1000):
        assert after.nll(point) == pytest.approx(peer.nll(point), rel=1e-9)
        assert nll(again, point) == pytest.approx(peer.nll(point), rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_random_workspace_has_pyhfs_parameters_and_value(seed: int) -> None:
    same_likelihood(seed)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_random_workspace_comes_back_from_being_written(seed: int) -> None:
    comes_back(seed)


@pytest.mark.long
@settings(max_examples=500, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_many_random_workspaces(seed: int) -> None:
    same_likelihood(seed)
    comes_back(seed)
