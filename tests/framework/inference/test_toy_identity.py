"""What makes ensembles the same one: everything the toys depend on, and nothing else."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from nurecoil.documents import encode
from nurecoil.inference import toy_identity
from nurecoil.inference.ensembles import Ensemble
from nurecoil.inference.toy_identity import differing, identity
from nurecoil.model.modifiers import NormSys
from nurecoil.model.parameters import GaussianConstraint, LogNormalConstraint, Parameter
from nurecoil.model.spectral import GaussianChannel, PoissonChannel, Sample, SpectralModel

SHAPE = np.exp(-np.linspace(0, 2, 30))


def model(**changes: Any) -> SpectralModel:
    """A model in which one thing at a time can be another."""
    now: dict[str, Any] = {
        "signal": SHAPE, "power": 2, "centre": 1.0, "width": 0.1, "factor": 1.2, "upper": np.inf, "data": 5.0,
        "sigma": 0.3, "low": 0.9, "truth": 1.0, "unit": "1", "free": True,
    } | changes  # fmt: skip
    rate, pull = GaussianConstraint(now["centre"], now["width"]), GaussianConstraint(0.0, 1.0)
    parameters = [
        Parameter("g", "1", 0.0, 0.0, now["upper"]),
        Parameter("rate", now["unit"], now["truth"], 0.0, constraint=rate),
        Parameter("log", "1", 1.0, 0.0, constraint=LogNormalConstraint(1.0, now["factor"])),
        Parameter("alpha", "1", 0.0, -5.0, 5.0, constraint=pull, fixed=not now["free"]),
    ]
    samples = (
        Sample("signal", 1e22 * now["signal"], {"g": now["power"]}),
        Sample(
            "flat", np.full(30, 100.0), {"rate": 1, "log": 1}, modifiers=(NormSys("alpha", now["low"], 1.1),)
        ),
    )
    spectrum = PoissonChannel("a/x", "x", "1", np.arange(31.0), samples, np.full(30, now["data"]))
    sum_ = GaussianChannel("a/n", "n", "1", (Sample("flat", np.full(1, 10.0), {"rate": 1}),), np.zeros(1),
                           np.full(1, now["sigma"]))  # fmt: skip
    return SpectralModel((spectrum, sum_), {p.name: p for p in parameters}, poi="g")


def of(fix: dict[str, float] | None = None, **changes: Any) -> dict[str, Any]:
    return identity(Ensemble(model(**changes), fix), fix or {})


BASE = of()


def test_it_is_plain_data_and_always_the_same() -> None:
    assert json.loads(encode(BASE)) == BASE == of()
    assert differing(BASE, of()) == []


@pytest.mark.parametrize("change", [{"data": 9.0}, {"centre": 1.3}])
def test_data_and_measured_centres_play_no_part(change: dict[str, Any]) -> None:
    assert differing(BASE, of(**change)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"width": 0.2}, "parameters, rate, constraint, width: 0.1 there, 0.2 here"),
        ({"factor": 1.3}, "parameters, log, constraint, factor: 1.2 there, 1.3 here"),
        ({"upper": 1e-9}, "parameters, g, upper: none there, 1e-09 here"),
        ({"truth": 1.1}, "parameters, rate, truth: 1 there, 1.1 here"),
        ({"unit": "cpd"}, "parameters, rate, unit: 1 there, cpd here"),
        ({"free": False}, "parameters, alpha, fixed: False there, True here"),
        ({"sigma": 0.4}, "channels, a/n, width"),
        ({"power": 1}, "predictions, with g moved"),
        ({"low": 0.8}, "predictions, with alpha moved"),
        ({"signal": np.where(np.arange(30) == 17, 1 + 1e-5, 1) * SHAPE}, "predictions, with g moved"),
        ({"signal": SHAPE[::-1]}, "predictions, with g moved"),
    ],
)
def test_everything_else_does(change: dict[str, Any], said: str) -> None:
    found = differing(BASE, of(**change))
    assert any(said in line for line in found), found


def test_held_values_and_versions_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "held, g: none there, 4e-11 here" in differing(BASE, of({"g": 4e-11}))
    monkeypatch.setattr(toy_identity, "__version__", "0.0.0")
    (line,) = differing(BASE, of())
    assert line.startswith("version: ") and line.endswith("0.0.0 here")


def test_rounding_on_another_machine_does_not() -> None:
    noise = 1 + 1e-13 * np.cos(np.arange(30))
    assert differing(BASE, of(signal=noise * SHAPE, truth=1.0 + 1e-15)) == []


def test_order_and_names_of_places() -> None:
    one = {"channels": {"a": 1, "b": 2}}
    assert differing(one, {"channels": {"b": 2, "a": 1}}) == ["channels, order: a, b there, b, a here"]
    assert differing(one, {"channels": {"a": 1}}, ("in x.h5", "in y.h5")) == [
        "channels, b: 2 in x.h5, none in y.h5"
    ]


def test_an_ensemble_of_another_class_of_constraint_differs() -> None:
    changed = model()
    other = dataclasses.replace(changed.parameters["rate"], constraint=LogNormalConstraint(1.0, 1.1))
    found = differing(
        BASE,
        identity(
            Ensemble(dataclasses.replace(changed, parameters={**changed.parameters, "rate": other})), {}
        ),
    )
    assert any("rate, constraint, kind" in line for line in found)
