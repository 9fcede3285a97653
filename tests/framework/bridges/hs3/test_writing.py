"""HS3 documents of ours: the likelihood that RooFit and pyhs3 read from them, and what is written beside."""

from __future__ import annotations

import copy
import dataclasses
import importlib.util
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nurecoil as nr
from nurecoil.bridges.hs3._constraints import whitened
from nurecoil.bridges.hs3.reading import model_from_hs3
from nurecoil.bridges.hs3.writing import Hs3Document, hs3_document
from nurecoil.bridges.loading.documents import digest
from nurecoil.errors import ModelError, OptionError
from nurecoil.inference.fit import nll
from nurecoil.model.channels import PoissonChannel, Sample
from nurecoil.model.modifiers import HistoSys, NormSys
from nurecoil.model.parameters import (
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    Parameter,
    PoissonConstraint,
    Root,
)
from nurecoil.model.spectral import SpectralModel
from nurecoil.testing.models import counting

from .hs3_models import SMALL, counts, flat, model, parameter, pull, response, signal

TOOLS = {"ROOT": "roofit_nll.py", "pyhs3": "pyhs3_nll.py"}
TOLERANCE = 1e-9
Values = dict[str, float]


def points(made: Hs3Document, number: int = 20) -> list[Values]:
    """Random values of the free parameters of the model that was written, inside their bounds."""
    random = np.random.default_rng(11)
    free = {name: made.still.source.parameters[name] for name in made.still.source.free}
    moved = made.still.moved if made.still.form == "frozen" else {}
    found = []
    for _ in range(number):
        values = {}
        for name, one in free.items():
            if name in moved or (name not in made.model.parameters and name not in made.still.shifts):
                continue
            width = 0.3 * abs(one.value) or (1e-11 if one.unit == "mu_B" else 1.0)
            if isinstance(one.constraint, GaussianConstraint):
                width = min(width, 3 * one.constraint.width)
            if name in made.still.shifts:
                shift = made.still.shifts[name]
                width = (0.1 if shift.added else 1.0) * shift.width
            values[name] = float(
                np.clip(one.value + width * random.uniform(-1, 1), max(one.lower, -3), one.upper)
            )
        found.append(values)
    return found


def ours(made: Hs3Document, values: Values) -> float:
    return nll(made.model, made.still.values(values))


def ask(tool: str, documents: dict[str, Hs3Document], folder: Path) -> dict[str, list[float]]:
    """What a tool computes, up to one constant, relative differences to our own likelihood."""
    if importlib.util.find_spec(tool) is None:
        pytest.skip(f"{tool} is not installed")
    values = {name: points(made) for name, made in documents.items()}
    cases = [
        {"document": made.document, "points": [free(made, at) for at in values[name]]}
        for name, made in documents.items()
    ]
    file = folder / f"{tool}.json"
    file.write_text(json.dumps(cases), encoding="utf-8")
    script = Path(__file__).with_name(TOOLS[tool])
    done = subprocess.run(
        [sys.executable, str(script), str(file)], capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answers = json.loads(done.stdout.splitlines()[-1])
    found = {}
    for (name, made), answer in zip(documents.items(), answers, strict=True):
        assert "nll" in answer, f"{tool}, {name}: {answer['error']}"
        here = np.array([ours(made, at) for at in values[name]])
        shift = np.array(answer["nll"]) - here
        assert np.ptp(here) > 0.1
        found[name] = (np.abs(shift - shift[0]) / np.maximum(1.0, np.abs(here))).tolist()
    return found


def free(made: Hs3Document, values: Values) -> Values:
    """Coordinates of what moves."""
    held = {made.names.parameter(name) for name, one in made.model.parameters.items() if one.fixed}
    return {name: value for name, value in made.coordinates(values).items() if name not in held}


@pytest.fixture(scope="module")
def small() -> dict[str, Hs3Document]:
    made = {name: hs3_document(build()) for name, build in SMALL.items()}
    made["response, histosys"] = hs3_document(response(), "histosys")
    return made


@pytest.mark.parametrize(
    ("tool", "names"),
    [
        ("ROOT", None),
        ("pyhs3", ("sums", "modifiers", "pulls")),
        pytest.param("pyhs3", None, marks=pytest.mark.long),
    ],
)
def test_tools_read_the_same_likelihood_of_small_models(
    tool: str, names: tuple[str, ...] | None, small: dict[str, Hs3Document], tmp_path: Path
) -> None:
    asked = small if names is None else {name: small[name] for name in names}
    for name, differences in ask(tool, asked, tmp_path).items():
        assert max(differences) < TOLERANCE, name


@pytest.mark.parametrize("tool", TOOLS)
def test_tools_read_the_same_likelihood_of_experiments(tool: str, tmp_path: Path) -> None:
    made = {
        "borexino, gallium": hs3_document(nr.build(["borexino", "gallium"], search="magnetic-moment")),
        "juno": hs3_document(nr.build(["juno"], search="magnetic-moment")),
    }
    for name, differences in ask(tool, made, tmp_path).items():
        assert max(differences) < TOLERANCE, name


@pytest.mark.long
def test_roofit_reads_the_same_likelihood_of_lines(tmp_path: Path) -> None:
    """Of a hundred lines; pyhs3 compiles them for minutes, and reads a few in the small models."""
    model = nr.build(["borexino", "gallium"], search="magnetic-moment")
    made = {"histosys": hs3_document(model, "histosys")}
    for name, differences in ask("ROOT", made, tmp_path).items():
        assert max(differences) < TOLERANCE, name


def test_roofit_that_refuses_or_crashes_is_reported(tmp_path: Path) -> None:
    if importlib.util.find_spec("ROOT") is None:
        pytest.skip("ROOT is not installed")
    good: Any = json.loads(json.dumps(hs3_document(counting(observed=12.0, background=10.0)).document))
    refused, crash = copy.deepcopy(good), copy.deepcopy(good)
    refused["distributions"][0]["type"] = "no_such_dist"
    for place in (crash["distributions"][0]["axes"], crash["data"][0]["axes"]):
        place[0]["name"] = crash["distributions"][0]["name"]
    cases = [{"document": one, "points": [{"signal": 1.0}]} for one in (refused, crash, good)]
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(cases), encoding="utf-8")
    script = Path(__file__).with_name(TOOLS["ROOT"])
    command = [sys.executable, str(script), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    answers = json.loads(done.stdout.splitlines()[-1])
    assert "no_such_dist" in answers[0]["error"]
    assert "error" in answers[1]
    assert len(answers[2]["nll"]) == 1


@pytest.mark.parametrize("name", [*SMALL, "response, histosys"])
def test_what_is_read_back_is_what_was_written(name: str, small: dict[str, Hs3Document]) -> None:
    made = small[name]
    back = model_from_hs3(json.loads(json.dumps(made.document)), "ws.json")
    again = hs3_document(back)
    assert digest(again.document) == digest(made.document)
    assert list(back.parameters) == list(made.model.parameters)
    assert [channel.name for channel in back.channels] == [channel.name for channel in made.model.channels]
    for values in points(made, 5):
        at = made.still.values(values)
        assert nll(back, at) == pytest.approx(nll(made.model, at), rel=1e-12)


@pytest.mark.parametrize("name", [*SMALL, "response, histosys"])
def test_likelihood_stands_without_our_own_words(name: str, small: dict[str, Hs3Document]) -> None:
    """Everything but names is in the standard's words: ours may be taken out."""
    made = small[name]
    document: Any = json.loads(json.dumps(made.document))
    del document["misc"]
    back = model_from_hs3(document, "ws.json")
    shifts = []
    for values in points(made, 5):
        at = free(made, values)
        shifts.append(nll(back, at) - ours(made, values))
    assert np.ptp(shifts) < 1e-9 * max(1.0, abs(shifts[0]))


def test_documents_are_the_same_every_time() -> None:
    for build in SMALL.values():
        assert json.dumps(hs3_document(build()).document) == json.dumps(hs3_document(build()).document)


def test_powers_keep_the_public_parameter() -> None:
    made = hs3_document(nr.build(["juno"], search="magnetic-moment"))
    assert made.document["analyses"][0]["parameters_of_interest"] == ["mu_eff"]
    assert made.document["functions"] == [
        {"name": "mu_eff_power_2", "type": "product", "factors": ["mu_eff", "mu_eff"]}
    ]
    assert made.coordinates({"solar.flux.pp": 1.5})["solar_flux_pp"] == 1.5
    assert made.approximations == []


def test_root_of_an_imported_power_is_written() -> None:
    held = counting(observed=12.0, background=10.0)
    root = Root("mu_eff", "mu_B", 1e-11, 2)
    made = hs3_document(held.with_parameters(signal={"root": root, "value": 4.0, "upper": 100.0}))
    assert made.model.poi == "mu_eff"
    assert made.document["distributions"][0]["samples"][0]["modifiers"][0]["name"] == "mu_eff_power_2"


def test_response_is_frozen_drawn_as_lines_or_refused() -> None:
    moving = response()
    frozen = hs3_document(moving, "frozen")
    assert "width" not in frozen.model.parameters
    assert frozen.model.parameters["gain"].fixed  # its constraint is a constant, and is kept
    words: Any = frozen.document["misc"]["nurecoil"]
    assert words["response"]["form"] == "frozen"
    assert words["response"]["centre"]["gain"] == {"value": 1.0, "unit": "hits"}
    assert words["approximations"] == frozen.approximations
    assert frozen.approximations[0]["parameters"] == ["gain", "width"]
    at = {"mu": 2.0, "rate": 1.1}
    difference = ours(frozen, at) - nll(moving, at)
    assert ours(frozen, {}) - nll(moving) == pytest.approx(difference, abs=1e-12)
    with pytest.raises(ModelError, match="the document holds it"):
        frozen.coordinates({"width": 2.1})
    lines = hs3_document(moving, "histosys")
    assert lines.coordinates({"gain": 1.05})["alpha_gain"] == pytest.approx(0.0, abs=1e-12)
    assert lines.coordinates({"gain": 0.95})["alpha_gain"] == pytest.approx(-1.0)
    assert [one["what"] for one in lines.approximations] == ["detector response", "free response parameters"]
    assert lines.approximations[1]["parameters"] == ["width"]
    wide = lines.still.shifts["width"]
    assert lines.model.parameters["alpha.gain"].constraint == GaussianConstraint(0.0, 1.0)
    for step in (0.001, -0.002):
        near = {"gain": 1.0 + step, "width": 2.0}
        added = 0.5 * ((near["width"] - wide.centre) / wide.width) ** 2
        change = ours(lines, near) - ours(lines, {}) - added
        assert change == pytest.approx(nll(moving, near) - nll(moving), abs=2e-5)
    with pytest.raises(ModelError, match="response='refuse'"):
        hs3_document(moving, "refuse")
    with pytest.raises(OptionError, match="'melted' is not known"):
        hs3_document(moving, "melted")


def test_approximations_and_origin_stay_known_after_reading() -> None:
    frozen = hs3_document(response())
    back = model_from_hs3(frozen.document, "ws.json")
    assert hs3_document(back).approximations == frozen.approximations
    origin = {"file": "old.json", "format": "pyhf", "sha256": "0" * 64, "made_by": "pyhf 0.7.6"}
    imported = dataclasses.replace(back, metadata={**back.metadata, "origin": origin})
    made = hs3_document(imported)
    words: Any = made.document["misc"]["nurecoil"]
    assert words["metadata"]["made_from"] == origin
    again = hs3_document(model_from_hs3(made.document, "ws.json"))
    assert digest(again.document) == digest(made.document)


def shape(code: str, low: float, high: float) -> SpectralModel:
    contents = np.asarray(flat().template)
    modifier = HistoSys("a", contents + low, contents + high, code)  # type: ignore[arg-type]
    return model([counts("SR", [signal(), flat(modifier)], [60.0, 50.0, 30.0])], [parameter("mu"), pull("a")])


def test_what_has_no_form_is_refused_by_name() -> None:
    assert hs3_document(shape("0", -2.0, 2.0)).document
    assert hs3_document(shape("4p", -2.0, 3.0)).document
    with pytest.raises(ModelError, match=r"channel 'SR' sample 'flat', histosys 'a': interpolation code 0"):
        hs3_document(shape("0", -2.0, 3.0))
    sums = SMALL["sums"]()
    rate = sums.channel("rate/one")
    changed = dataclasses.replace(rate.samples[0], modifiers=(NormSys("mu", 0.9, 1.1),))
    spoilt = dataclasses.replace(rate, samples=(changed,))
    wrong = dataclasses.replace(sums, channels=(spoilt, *sums.channels[:1]))
    with pytest.raises(ModelError, match="'rate/one' sample 'a': a NormSys in a channel of normal"):
        hs3_document(wrong)
    joint = CovarianceConstraint(("mu", "f.1"), (1.0, 1.0), ((1.0, 2.0), (2.0, 1.0)))
    with pytest.raises(ModelError, match="smallest eigenvalue -1"):
        hs3_document(dataclasses.replace(sums, constraints=(joint,)))


def test_constraints_of_pulls_are_taken_back_only_where_needed() -> None:
    made = hs3_document(SMALL["pulls"]())
    released = [one["name"] for one in made.document["distributions"] if one["name"].endswith("_released")]
    assert released == ["free_released", "shifted_released", "wide_released", "joint_1_released",
                        "joint_2_released"]  # fmt: skip
    assert not [one for one in hs3_document(SMALL["modifiers"]()).document["distributions"]
                if one["name"].endswith("_released")]  # fmt: skip


def test_floors_stand_only_where_contents_come_below_zero() -> None:
    samples = hs3_document(SMALL["floors"]()).document["distributions"][0]["samples"]
    names = [one["name"] for one in samples]
    assert names == ["signed", "signed.floor_", "thin", "thin.floor", "flat", "signed.floor"]
    floor = samples[1]
    assert all(one["type"] != "histosys" for one in floor["modifiers"])
    assert all(content <= 0 for content in floor["data"]["contents"])
    plain = hs3_document(shape("4p", -1.0, 1.0)).document["distributions"][0]["samples"]
    assert [one["name"] for one in plain] == ["signal", "flat"]


@given(
    centre=st.floats(1e-6, 1e6), factor=st.floats(1.001, 20.0), weight=st.floats(-0.99, 0.99),
    count=st.floats(0, 1e4), scale=st.floats(1e-3, 1e4), observed=st.floats(0, 1e5),
)  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_numbers_survive_the_way_there_and_back(
    centre: float, factor: float, weight: float, count: float, scale: float, observed: float
) -> None:
    parameters = {
        "mu": Parameter("mu", "1", 1.0, lower=0.0),
        "log": Parameter("log", "1", centre, 0.0, constraint=LogNormalConstraint(centre, factor)),
        "n": Parameter("n", "1", 1.0, 0.0, constraint=PoissonConstraint(count, scale)),
    }
    joint = CovarianceConstraint(("mu", "n"), (1.0, 2.0), ((1.0, weight), (weight, 1.0)))
    sample = Sample("s", np.array([scale]), {"mu": 1, "log": 2, "n": 1})
    channel = PoissonChannel("c", "x", "1", np.array([0.0, factor]), (sample,), np.array([observed]))
    made = hs3_document(SpectralModel((channel,), parameters, (joint,), "mu"))
    back = model_from_hs3(json.loads(json.dumps(made.document)), "ws.json")
    assert digest(hs3_document(back).document) == digest(made.document)
    found = back.parameters["log"].constraint
    assert isinstance(found, LogNormalConstraint)
    assert (found.centre, found.factor) == pytest.approx((centre, factor), rel=1e-12)


def test_whitened_rows_make_the_covariance() -> None:
    matrix = np.array([[4.0, 1.0, 0.5], [1.0, 2.0, 0.0], [0.5, 0.0, 1.0]])
    joint = CovarianceConstraint(("a", "b", "c"), (0.0, 0.0, 0.0), tuple(map(tuple, matrix.tolist())))
    rows = whitened(joint)
    assert np.linalg.inv(rows.T @ rows) == pytest.approx(matrix)
    assert math.isclose(rows[0, 1], 0.0, abs_tol=0.0)
