"""Combinations have the likelihood of ``pyhf.Workspace.combine(join="outer")``, where that exists."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyhf
import pytest

from nurecoil.bridges.histfactory.reading import model_from_pyhf
from nurecoil.combining.combination import combine
from nurecoil.combining.correlations import Relation
from nurecoil.errors import ModelError
from nurecoil.inference.fit import nll

LUMI = {"name": "lumi", "auxdata": [1.0], "sigmas": [0.02], "bounds": [[0.9, 1.1]], "inits": [1.0]}


def modifier(name: str, kind: str, data: Any = None) -> dict[str, Any]:
    return {"name": name, "type": kind, "data": data}


def workspace(
    channel: str,
    counts: list[float],
    extra: list[dict[str, Any]],
    parameters: list[dict[str, Any]] | None = None,
    poi: str = "mu",
) -> dict[str, Any]:
    """A signal and a background, the background with the modifiers given."""
    bins = len(counts)
    samples = [
        {
            "name": "signal",
            "data": [5.0 + i for i in range(bins)],
            "modifiers": [modifier("mu", "normfactor")],
        },
        {"name": "background", "data": [40.0 - 3 * i for i in range(bins)], "modifiers": extra},
    ]
    return {
        "channels": [{"name": channel, "samples": samples}],
        "observations": [{"name": channel, "data": counts}],
        "measurements": [{"name": "fit", "config": {"poi": poi, "parameters": parameters or []}}],
        "version": "1.0.0",
    }


def norm(name: str, low: float, high: float) -> dict[str, Any]:
    return modifier(name, "normsys", {"lo": low, "hi": high})


def histo(name: str, bins: int, size: float) -> dict[str, Any]:
    low, high = [40.0 - 3 * i - size for i in range(bins)], [40.0 - 2.5 * i + size for i in range(bins)]
    return modifier(name, "histosys", {"lo_data": low, "hi_data": high})


PAIRS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "norm": (
        workspace("A", [44.0, 41.0], [norm("jes", 0.9, 1.2)]),
        workspace("B", [43.0, 45.0, 30.0], [norm("jes", 1.1, 0.8), norm("own", 0.7, 1.3)]),
    ),
    "shape": (
        workspace("A", [44.0, 41.0], [histo("jes", 2, 4.0), norm("jes", 0.9, 1.1)]),
        workspace("B", [43.0, 45.0, 30.0], [histo("jes", 3, 2.0), histo("tilt", 3, 1.0)]),
    ),
    "lumi": (
        workspace("A", [44.0, 41.0], [modifier("lumi", "lumi")], [LUMI]),
        workspace("B", [43.0, 45.0], [modifier("lumi", "lumi"), modifier("k", "normfactor")], [LUMI]),
    ),
    "bins": (
        workspace("A", [44.0, 41.0], [modifier("mc_A", "staterror", [2.0, 3.0]),
                                      modifier("cr_A", "shapesys", [4.0, 5.0])]),
        workspace("B", [43.0, 45.0], [modifier("mc_B", "staterror", [1.0, 1.5]),
                                      modifier("cr_B", "shapesys", [3.0, 2.0]), norm("jes", 0.9, 1.1)]),
    ),
    "shapefactor": (
        workspace("A", [44.0, 41.0], [modifier("free", "shapefactor")]),
        workspace("B", [43.0, 45.0], [modifier("free", "shapefactor"), norm("jes", 0.9, 1.1)]),
    ),
    "one set for two channels": (
        workspace("A", [44.0, 41.0], [modifier("mc", "staterror", [2.0, 3.0])]),
        workspace("B", [43.0, 45.0, 30.0], [modifier("mc", "staterror", [1.0, 1.5, 2.0])]),
    ),
}  # fmt: skip


def names_of(model: pyhf.Model) -> list[str]:
    """The neutral name of every parameter of pyhf's, in pyhf's order."""
    found = []
    for name in model.config.par_order:
        size = model.config.param_set(name).n_parameters
        found += [name] if model.config.param_set(name).is_scalar else [f"{name}[{i}]" for i in range(size)]
    return found


def public(names: list[str]) -> list[str]:
    """Where pyhf lays one set over two channels, the names of the two sets that they are with us."""
    if "mc[0]" not in names:
        return names
    split = iter([f"a.mc[{i}]" for i in range(2)] + [f"b.mc[{i}]" for i in range(3)])
    return [next(split) if name.startswith("mc[") else name for name in names]


@pytest.mark.parametrize("case", PAIRS)
def test_the_likelihood_is_that_of_pyhf(case: str) -> None:
    left, right = PAIRS[case]
    theirs = pyhf.Workspace.combine(pyhf.Workspace(left), pyhf.Workspace(right), join="outer")
    model = theirs.model()
    data = theirs.data(model)
    both = combine([model_from_pyhf(left, "a.json"), model_from_pyhf(right, "b.json")], ["a", "b"])
    names = public(names_of(model))
    assert set(names) == set(both.parameters)
    random = np.random.default_rng(20)
    low, high = np.array(model.config.suggested_bounds()).T
    for _ in range(20):
        start = np.array(model.config.suggested_init())
        at = np.clip(start + random.normal(0.0, 0.3, start.size), low + 1e-3, high)
        ours = nll(both, dict(zip(names, at.tolist(), strict=True)))
        assert ours == pytest.approx(-float(model.logpdf(at, data)[0]), rel=1e-9)


def test_what_pyhf_refuses_is_refused() -> None:
    """Settings of a parameter that differ are a conflict for both."""
    left, right = PAIRS["lumi"]
    wider = {**LUMI, "sigmas": [0.03]}
    right = {**right, "measurements": [{"name": "fit", "config": {"poi": "mu", "parameters": [wider]}}]}
    with pytest.raises(pyhf.exceptions.InvalidWorkspaceOperation):
        pyhf.Workspace.combine(pyhf.Workspace(left), pyhf.Workspace(right), join="outer")
    with pytest.raises(ModelError, match=r"Gaussian 1.0 \+- 0.02.*Gaussian 1.0 \+- 0.03"):
        combine([model_from_pyhf(left, "a.json"), model_from_pyhf(right, "b.json")], ["a", "b"])


def test_settings_that_only_one_side_has_are_a_conflict_where_pyhf_takes_them_silently() -> None:
    """pyhf gives one side's bounds to a norm factor that the other has without settings."""
    left, right = (workspace(c, [44.0, 41.0], [modifier("k", "normfactor")]) for c in "AB")
    config = {"poi": "mu", "parameters": [{"name": "k", "bounds": [[0.5, 2.0]]}]}
    left = {**left, "measurements": [{"name": "fit", "config": config}]}
    theirs = pyhf.Workspace.combine(pyhf.Workspace(left), pyhf.Workspace(right), join="outer").model()
    assert theirs.config.par_map["k"]["paramset"].suggested_bounds == [[0.5, 2.0]]
    models = [model_from_pyhf(left, "a.json"), model_from_pyhf(right, "b.json")]
    with pytest.raises(ModelError, match=r"They differ in lower .*, upper"):
        combine(models, ["a", "b"])
    kept = Relation("k", "same", ("a:k", "b:k"), keep="a:k")
    assert combine(models, ["a", "b"], [kept]).parameters["k"].upper == 2.0
