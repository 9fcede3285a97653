"""What an inspection says of a model, as data and as tables."""

from __future__ import annotations

import dataclasses
import io
import json
import time

import numpy as np
import pytest
from rich.console import Console

from nurecoil.documents import encode
from nurecoil.engine.compiled import CompiledModel
from nurecoil.model.parameters import Parameter
from nurecoil.model.spectral import SpectralModel
from nurecoil.report.inspection import inspection
from nurecoil.report.inspection_tables import head_rows, inspection_parts

from .inspected import everything, wide


def printed(model: SpectralModel, width: int = 100, whole: bool = False) -> str:
    """The parts as they look in a terminal of that width, single spaces, tables only cut by the terminal."""
    out = Console(file=io.StringIO(), width=width, highlight=False, markup=False)
    for part in inspection_parts(inspection(model), whole, width):
        out.print(part, soft_wrap=isinstance(part, str))
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def rows(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_expected_contents_are_those_of_the_engine() -> None:
    model = everything()
    found = inspection(model)
    compiled = CompiledModel(model)
    start = compiled.coordinates({})
    expected = compiled.expected(start)
    assert [row["expected"].tolist() for row in found["channels"]] == [x.tolist() for x in expected]
    signal, rest = found["samples"][:2]
    assert signal["expected"].tolist() == [2.0, 4.0, 6.0]
    assert rest["expected_total"] == pytest.approx(9 * 60)


def test_the_document_is_json() -> None:
    document = json.loads(encode(inspection(everything())))
    assert document["size"] == {"channels": 3, "bins": 6, "samples": 5, "modifiers": 6, "parameters": 14,
                                "free": 3, "constrained": 10, "fixed": 1}  # fmt: skip
    assert document["channels"][0]["edges"] == [0, 1, 2, 5]
    assert document["channels"][2]["width"] == [4.13]
    modifiers = document["samples"][1]["modifiers"]
    assert modifiers[0] == {"kind": "normsys", "parameter": "xs", "low": 0.9, "high": 1.1, "code": "4"}
    assert modifiers[1]["high"] == [11, 20, 29]
    assert modifiers[3] == {
        "kind": "shapesys", "parameters": ["unc[0]", "", "unc[2]"], "errors": [1, 0, 3],
    }  # fmt: skip
    known = {row["parameter"]: row for row in document["parameters"]}
    assert known["mu2"]["root"] == {"name": "mu_eff", "unit": "mu_B", "scale": 1e-11, "power": 2}
    assert known["pp"]["upper"] is None and known["pp"]["joint"] == 0
    assert known["unc[2]"]["constraint"] == {"kind": "poisson", "count": 100.0, "scale": 100.0}
    assert document["constraints"][0]["correlation"][0][1] == pytest.approx(-0.25)
    assert document["sharing"] == [
        {"parameter": "lumi", "channels": {"SR": ["factor"], "CR": ["factor"]}},
        {"parameter": "jes", "channels": {"SR": ["histosys"], "CR": ["normsys"]}},
    ]
    sets = {row["set"]: row["kinds"] for row in document["sets"]}
    assert sets == {"stat[0..2]": ["staterror"], "unc[0..2] (2 of them)": ["shapesys"],
                    "free[0..1]": ["shapefactor"]}  # fmt: skip


def test_the_head() -> None:
    assert head_rows(inspection(everything())) == {
        "file": "ws.json (pyhf)",
        "sha256": "ab" * 32,
        "made by": "nurecoil 1",
        "measurement": "one",
        "others": "two",
        "experiments": "toy",
        "POI": "mu2",
        "data": "observed; Asimov in CR",
        "size": "3 channels, 6 bins, 5 samples, 6 modifiers",
        "parameters": "14: 3 free, 10 constrained, 1 fixed",
        "references": "1",
    }


def test_the_tables() -> None:
    text = rows(printed(everything(), 160))
    for row in (
        "SR Poisson energy 0..5 keV 3 2 550 552",
        "CR Poisson, Asimov bin 0..2 2 1 299 300",
        "gallium Gaussian rate SNU 1 2 66.1 +- 4.13 60",
        "SR signal signal 12 mu2, lumi",
        "rest background 540 rate^2, normsys x1, histosys x1, staterror 3 bins, shapesys 2 bins",
        "mu2 (POI) 2 (1e-11 mu_B)^2 [0, 100] free 1/1",
        "rate 3 cpd [0, inf] LogN(3, x1.2), fixed 1/1",
        "stat[0..2] 1 [1e-10, 10] N(1, 0.1..0.3) 1/1",
        "unc[0..2] (2 of them) 1 [1e-10, 10] Poisson(100) 1/1",
        "mu2 = (mu_eff / 1e-11 mu_B)^2",
        "pp 1 0.1 +1.00",
        "be7 1 0.2 -0.25 +1.00",
        "source: Somebody 2020",
        "jes 2 of 3 histosys: SR; normsys: CR",
        "2 of 14 parameters act in several channels, 0 in all 3",
        "approximation: detector response: frozen (ly); largest nll difference 0.25 within 1 sigma",
        "note: a note",
    ):
        assert row in text


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_number_is_cut(width: int) -> None:
    """Every heading and every number is there, and no table is wider than the terminal."""
    text = printed(everything(), width)
    assert max(map(len, text.splitlines())) <= max(width, 90)
    assert "ch/samples" in text and "expected" in text and "…" not in text
    assert sum(line.endswith("1/1") for line in rows(text)) == 8


def test_wide_models_stay_short() -> None:
    model = wide(60, 100)
    text = printed(model)
    assert len(text.splitlines()) < 150
    found = rows(text)
    assert "alpha_0, alpha_1 and 98 more 0 [-5, 5] N(0, 1) 60/60" in found
    assert "... 30 more: 150 bins, 1500 events, 1500 expected (--all shows them)" in found
    assert "alpha_0, alpha_1 and 98 more 60 of 60 normsys: CH0, CH1, CH2 and 57 more" in found
    whole = printed(model, whole=True)
    assert "--all" not in whole and " more" not in whole
    assert all(f" {name} " in whole for name in model.parameters if name != "mu")


def test_thousands_of_parameters_are_quick() -> None:
    model = wide(50, 1000)
    begun = time.perf_counter()
    printed(model)
    assert time.perf_counter() - begun < 5


def test_names_cannot_control_the_terminal() -> None:
    model = everything()
    evil = "\x1b[2J\u202e\n[red]x"
    channels = (dataclasses.replace(model.channels[0], name=evil, observable=evil), *model.channels[1:])
    parameters = {**model.parameters, evil: Parameter(evil, evil, 1.0, description=evil)}
    metadata = {
        **model.metadata, "notes": [evil], "origin": {"file": evil, "made_by": evil},
        "approximations": [{evil: evil, "what": evil, "how": 3}, evil],
    }  # fmt: skip
    hostile = SpectralModel(channels, parameters, model.constraints, "mu2", metadata)
    shown = printed(hostile, 160, whole=True) + "".join(head_rows(inspection(hostile)).values())
    assert "\x1b" not in shown and "\u202e" not in shown
    assert "[red]x" in shown


def test_a_large_joint_constraint_names_the_strongest_correlations() -> None:
    from nurecoil.model.parameters import CovarianceConstraint

    size = 12
    names = tuple(f"alpha_{i}" for i in range(size))
    matrix = np.eye(size)
    matrix[0, 5] = matrix[5, 0] = -0.75
    joint = CovarianceConstraint(names, (0.0,) * size, tuple(map(tuple, matrix.tolist())))
    free = wide(1, size).with_parameters(**{name: {"constraint": None} for name in names})
    model = dataclasses.replace(free, constraints=(joint,))
    text = rows(printed(model))
    assert any(line.startswith("alpha_0 0 1 -0.75 alpha_5") for line in text)
    assert "... 4 more (--all shows them)" in text
