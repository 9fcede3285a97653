"""HS3 files of RooFit, of pyhs3 and by hand: their own tools' likelihoods, and errors that say where."""

from __future__ import annotations

import copy
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurecoil.bridges.hs3.reading import model_from_hs3
from nurecoil.errors import InputError, NurecoilError, OptionError
from nurecoil.inference.fit import nll
from nurecoil.model.channels import GaussianChannel, PoissonChannel
from nurecoil.model.parameters import (
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    PoissonConstraint,
)
from nurecoil.model.spectral import SpectralModel

TRUTH = Path(__file__).parents[3] / "truth" / "hs3"
CASES = ("root_histfactory", "root_histfactory.asimov", "root_by_hand", "pyhs3_by_hand")

Document = dict[str, Any]


def load(name: str) -> Document:
    found: Document = json.loads((TRUTH / f"{name}.json").read_text(encoding="utf-8"))
    return found


def unbound(model: SpectralModel) -> SpectralModel:
    """The model without bounds, which points of the tools do not keep to."""
    bounds = {
        name: {"lower": -1e9 if parameter.value == 0 else 1e-9, "upper": 1e9}
        for name, parameter in model.parameters.items()
    }
    return model.with_parameters(**bounds)


def largest_difference(model: SpectralModel, truth: Document) -> float:
    """Between our likelihood and the tool's, up to one constant, relative to ours."""
    free = unbound(model)
    ours = np.array([nll(free, point) for point in truth["points"]])
    shifts = ours - np.array(truth["nll"])
    return float(np.max(np.abs(shifts - shifts[0]) / np.maximum(1, np.abs(ours))))


@pytest.mark.parametrize("case", CASES)
def test_likelihood_of_the_files_own_tool(case: str) -> None:
    truth = load(f"{case}.nll")
    model = model_from_hs3(load(case.split(".")[0]), "ws.json", analysis=truth["analysis"])
    assert len(truth["points"]) > 20
    assert set(truth["points"][0]) == set(model.free)
    assert largest_difference(model, truth) < 1e-9


@pytest.mark.parametrize("tool", ["root", "pyhs3"])
def test_tools_still_compute_the_same(tool: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("ROOT" if tool == "root" else "pyhs3") is None:
        pytest.skip(f"{tool} is not installed")
    done = subprocess.run(
        [sys.executable, str(TRUTH / "make.py"), str(tmp_path), tool], capture_output=True, timeout=300
    )
    made = sorted(path.name for path in tmp_path.glob("*.nll.json"))
    assert made, done.stderr.decode()[-2000:]
    for name in made:
        truth = json.loads((tmp_path / name).read_text(encoding="utf-8"))
        document = json.loads((tmp_path / f"{name.split('.')[0]}.json").read_text(encoding="utf-8"))
        model = model_from_hs3(document, name, analysis=truth["analysis"])
        assert largest_difference(model, truth) < 1e-9


def test_roofit_export() -> None:
    model = model_from_hs3(load("root_histfactory"), "ws.json")
    assert model.poi == "mu"
    assert model.metadata["origin"]["analysis"] == "simPdf_obsData"
    assert model.metadata["origin"]["others"] == ["simPdf_asimovData"]
    assert model.metadata["origin"]["made_by"] == "ROOT 6.40.00"
    assert "Asimov" in model.metadata["notes"][0]
    assert not any(channel.asimov for channel in model.channels)
    assert model.parameters["Lumi"].constraint == GaussianConstraint(1.0, 0.02)
    assert model.parameters["alpha_fixed"].fixed
    assert isinstance(model.parameters["gamma_stat_SR_bin_0"].constraint, GaussianConstraint)
    assert isinstance(model.parameters["gamma_stat_CR_bin_0"].constraint, PoissonConstraint)
    assert model.parameters["gamma_driven_bin_0"].constraint is None
    assert (model.parameters["mu"].lower, model.parameters["mu"].upper) == (0.0, 5.0)
    asimov = model_from_hs3(load("root_histfactory"), "ws.json", analysis="simPdf_asimovData")
    assert all(channel.asimov for channel in asimov.channels)
    assert asimov.metadata["notes"] == []


def test_luminosity_without_value_starts_at_its_measurement() -> None:
    document = load("root_histfactory")
    for point in document["parameter_points"]:
        point["parameters"] = [one for one in point["parameters"] if one["name"] != "Lumi"]
    assert model_from_hs3(document, "ws.json").parameters["Lumi"].value == 1.0


def test_constraints_of_a_file_by_hand() -> None:
    model = model_from_hs3(load("root_by_hand"), "ws.json")
    constraints = {name: parameter.constraint for name, parameter in model.parameters.items()}
    assert constraints["alpha_c"] == GaussianConstraint(0.4, 0.5)
    assert constraints["own_0"] == PoissonConstraint(25.0, 24.0)
    assert isinstance(constraints["scale"], LogNormalConstraint)
    assert constraints["rel_1"] is None
    assert model.constraints == (
        CovarianceConstraint(("one", "two"), (1.0, 1.1), ((0.04, 0.01), (0.01, 0.09))),
    )
    assert model.channels[0].samples[0].powers == {"mu": 2, "lumi": 1}
    measured = model.channel("rate_measured")
    assert isinstance(measured, GaussianChannel)
    assert (measured.observed.tolist(), measured.width.tolist()) == ([1.8], [0.2])
    assert [(s.name, s.template.tolist(), s.powers) for s in measured.samples] == [  # type: ignore[union-attr]
        ("rate_one", [0.7], {"one": 1}), ("two", [1.0], {"two": 1}),
    ]  # fmt: skip
    control = model.channel("CR")
    assert isinstance(control, PoissonChannel)
    assert control.edges.tolist() == [0, 1, 2, 4]


def small(*modifiers: Document, packages: tuple[str, ...] = (), **more: Any) -> Document:
    """A document with one channel of two bins, its background with these modifiers."""
    axes = [{"name": "x", "min": 0, "max": 2, "nbins": 2}]
    samples = [
        {"name": "signal", "data": {"contents": [5, 10]},
         "modifiers": [{"name": "mu", "type": "normfactor", "parameter": "mu"}]},
        {"name": "bkg", "data": {"contents": [50, 40], "errors": [5, 2]}, "modifiers": list(modifiers)},
    ]  # fmt: skip
    document = {
        "metadata": {"hs3_version": "0.2", "packages": [{"name": name} for name in packages]},
        "distributions": [
            {"name": "sr", "type": "histfactory_dist", "axes": axes, "samples": samples},
            *more.pop("distributions", []),
        ],
        "data": [{"name": "seen", "type": "binned", "axes": axes, "contents": [55, 47]}],
        "likelihoods": [
            {"name": "all", "distributions": ["sr"], "data": ["seen"]} | more.pop("likelihood", {})
        ],
        "analyses": [{"name": "main", "likelihood": "all", "parameters_of_interest": ["mu"]}],
        "domains": [],
        "parameter_points": [],
        **more,
    }
    apart: Document = json.loads(json.dumps(document))
    return apart


def bins(kind: str, **more: Any) -> Document:
    return {"name": "g", "type": kind, "parameters": ["g0", "g1"], **more}


NORMSYS: Document = {"name": "a", "type": "normsys", "parameter": "a", "data": {"hi": 1.1, "lo": 0.9}}
NORMAL: Document = {"name": "c", "type": "gaussian_dist", "x": "a", "mean": 0.4, "sigma": 0.5}


def test_named_and_listed_distribution_counts_once_an_implied_one_besides() -> None:
    named = {**NORMSYS, "constraint_name": "c"}
    aux = {"aux_distributions": ["c"]}
    for document in (
        small(named, distributions=[NORMAL]),
        small(named, distributions=[NORMAL], likelihood=aux),
    ):
        model = model_from_hs3(document, "ws.json")
        assert model.parameters["a"].constraint == GaussianConstraint(0.4, 0.5)
        assert model.constraints == ()
    both = model_from_hs3(small(NORMSYS, distributions=[NORMAL], likelihood=aux), "ws.json")
    assert both.parameters["a"].constraint == GaussianConstraint(0.0, 1.0)
    assert both.constraints == (CovarianceConstraint(("a",), (0.4,), ((0.25,),)),)
    shared = model_from_hs3(small(NORMSYS, {**NORMSYS, "name": "again"}), "ws.json")
    assert shared.constraints == ()


def test_tools_read_bin_factors_differently() -> None:
    shape = bins("shapesys", data={"vals": [0.1, 0.2]}, constraint="Poisson")
    roofit = model_from_hs3(small(shape, packages=("ROOT",)), "ws.json")
    pyhs3 = model_from_hs3(small(shape, packages=("pyhs3",)), "ws.json")
    for model, scale in ((roofit, 25), (pyhs3, 4e4)):
        constraint = model.parameters["g1"].constraint
        assert isinstance(constraint, PoissonConstraint)
        assert (constraint.count, constraint.scale) == pytest.approx((scale, scale))
    with pytest.raises(InputError, match="relative for RooFit and absolute for pyhs3"):
        model_from_hs3(small(shape), "ws.json")
    with pytest.raises(InputError, match="Poisson for RooFit and Gaussian for pyhs3"):
        model_from_hs3(small(bins("staterror")), "ws.json")
    stated = model_from_hs3(small(bins("staterror", constraint="Gauss")), "ws.json")
    assert stated.parameters["g1"].constraint == GaussianConstraint(1.0, 0.05)


def test_roofits_nominal_values_and_note_on_cut_constraints() -> None:
    points = [{"name": "snapshot", "parameters": [{"name": "nom_g0", "value": 1.1, "const": True}]}]
    domain = [{"name": "default_domain", "type": "product_domain", "axes": [{"name": "nom_g1", "min": 0}]}]
    model = model_from_hs3(
        small(
            bins("shapesys", data={"vals": [0.1, 0.4]}),
            packages=("ROOT",),
            parameter_points=points,
            domains=domain,
        ),
        "ws.json",
    )
    assert model.parameters["g0"].constraint == GaussianConstraint(1.1, 0.1)
    assert "g1 (2.5 widths)" in model.metadata["notes"][0]
    assert "g0" not in model.metadata["notes"][0]


def test_data_in_the_likelihood_and_missing_interest() -> None:
    normal = {**NORMAL, "x": "seen_a", "mean": "a"}
    paired = {"distributions": ["sr", "c"], "data": ["seen", 0.3]}
    document = small(NORMSYS, distributions=[normal], likelihood=paired)
    del document["analyses"]
    model = model_from_hs3(document, "ws.json")
    assert model.constraints[0].centre == (0.3,)
    assert model.poi is None
    document["data"].append({"name": "d", "type": "unbinned", "entries": [[0.2], [0.4]],
                             "axes": [{"name": "seen_a", "min": -9, "max": 9}]})  # fmt: skip
    document["likelihoods"][0]["data"][1] = "d"
    channel = model_from_hs3(document, "ws.json").channel("c")
    assert channel.observed.tolist() == [0.2, 0.4]
    document["data"][1]["axes"][0]["max"] = 1.0
    with pytest.raises(InputError, match="cuts the distribution off"):
        model_from_hs3(document, "ws.json")


def test_our_own_files_get_their_names_and_words_back() -> None:
    own = {
        "names": {"a": "borexino.rate.kr85", "sr": "borexino/nhits"},
        "parameters": {"mu": {"unit": "mu_B", "lower": 0.0, "upper": None, "source": "arXiv"},
                       "borexino.rate.kr85": {"unit": "cpd/100 t", "description": "rate"}},
        "channels": {"borexino/nhits": {"observable": "nhits", "asimov": True,
                                        "samples": {"bkg": {"title": "Background", "group": "background"}}}},
        "order": {"parameters": ["borexino.rate.kr85", "mu"], "channels": ["borexino/nhits"]},
        "metadata": {"experiments": ["borexino"], "notes": ["one"]},
    }  # fmt: skip
    model = model_from_hs3(small(NORMSYS, misc={"nurecoil": own}), "ws.json")
    assert list(model.parameters) == ["borexino.rate.kr85", "mu"]
    assert model.parameters["borexino.rate.kr85"].unit == "cpd/100 t"
    assert (model.parameters["mu"].lower, model.parameters["mu"].upper) == (0.0, np.inf)
    channel = model.channel("borexino/nhits")
    assert isinstance(channel, PoissonChannel)
    assert (channel.observable, channel.asimov, channel.edges.tolist()) == ("nhits", True, [0, 1, 2])
    assert channel.samples[1].title == "Background"
    assert channel.samples[1].depends_on == ("borexino.rate.kr85",)
    assert model.metadata["experiments"] == ["borexino"]
    own["names"] = {"a": "mu", "sr": "borexino/nhits"}
    with pytest.raises(InputError, match="public name"):
        model_from_hs3(small(NORMSYS, misc={"nurecoil": own}), "ws.json")


def change(*path: Any, to: Any) -> Callable[[Document], None]:
    """A change of one value of a document."""

    def apply(document: Document) -> None:
        at: Any = document
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = to

    return apply


MODIFIER = ("distributions", 0, "samples", 1, "modifiers", 0)
WRONG: dict[str, tuple[Callable[[Document], None], str]] = {
    "type": (change("distributions", 1, "type", to="exponential_dist"),
             r"distributions\[1\] 'c': type 'exponential_dist'"),
    "function": (change("functions", to=[{"name": "mu", "type": "generic_function", "expression": "2"}]),
                 r"functions\[0\] 'mu': type 'generic_function'"),
    "cycle": (change("functions", to=[{"name": "mu", "type": "product", "factors": ["k"]},
                                      {"name": "k", "type": "product", "factors": ["mu"]}]), "mu -> k -> mu"),
    "code": (change(*MODIFIER, "interpolation", to=2), "interpolation 2 cannot be computed"),
    "word": (change(*MODIFIER, "stuff", to=1), r"modifiers\[0\] 'a': 'stuff' is not understood"),
    "kind": (change(*MODIFIER, "type", to="custom"), "'custom' is not a modifier"),
    "constraint": (change(*MODIFIER, "constraint_name", to="b"), "'b' is not known"),
    "zero": (change(*MODIFIER, "data", "lo", to=0), "factors 0 and 1.1"),
    "text": (change(*MODIFIER, "data", "lo", to="1"), r"data.lo: '1' in place of a number"),
    "huge": (change("distributions", 0, "axes", 0, "nbins", to=10**9), "1000000000 bins for 2 contents"),
    "length": (change("data", 0, "contents", to=[1, 2, 3]), "3 numbers"),
    "negative": (change("data", 0, "contents", to=[1, -2]), "-2 events in bin 1"),
    "nan": (change("data", 0, "contents", to=[1, float("nan")]), r"contents\[1\]: a number that is not"),
    "digits": (change("data", 0, "contents", to=[1, 10**400]), "not finite"),
    "edges": (change("data", 0, "axes", 0, "max", to=3), "other bins in 'x'"),
    "twice": (change("distributions", 1, "name", to="sr"), "a second 'sr'"),
    "data": (change("likelihoods", 0, "data", to=["sen"]), "Did you mean 'seen'"),
    "pairs": (change("likelihoods", 0, "data", to=[]), "1 distributions and 0 data"),
    "likelihood": (change("analyses", 0, "likelihood", to="al"), "Did you mean 'all'"),
    "interest": (change("analyses", 0, "parameters_of_interest", to=["mum"]), "Did you mean 'mu'"),
    "domain": (change("analyses", 0, "domains", to=["default"]), r"domains\[0\]: 'default' is not known"),
    "top": (change("extra", to=1), "'extra' is not understood"),
    "list": (change("distributions", to={}), "an object in place of a list"),
    "null": (change("likelihoods", to=None), "no likelihoods"),
    "value": (change("parameter_points", to=[{"name": "p", "parameters": [{"name": "mu", "value": "x"}]}]),
              r"parameter_points\[0\] 'p'.parameters\[0\] 'mu'.value"),
    "outside": (change("parameter_points", to=[{"name": "p", "parameters": [
        {"name": "mu", "value": 7, "min": 0, "max": 5}]}]), r"value 7 of 'mu' outside"),
    "packages": (change("metadata", "packages", to=3), "metadata.packages: 3 in place of a list"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(case: str) -> None:
    document = small(NORMSYS, distributions=[NORMAL], likelihood={"aux_distributions": ["c"]})
    model_from_hs3(document, "ws.json")
    apply, message = WRONG[case]
    apply(document)
    with pytest.raises(InputError, match=message) as caught:
        model_from_hs3(document, "ws.json")
    assert "ws.json" in str(caught.value)


def test_unknown_analysis_offers_the_nearest() -> None:
    with pytest.raises(OptionError, match="Did you mean 'main'"):
        model_from_hs3(small(), "ws.json", analysis="mian")


def test_deep_nesting_is_an_error() -> None:
    chain = [{"name": f"f{i}", "type": "product", "factors": [f"f{i + 1}", f"f{i + 1}"]} for i in range(5000)]
    document = small(functions=[{"name": "mu", "type": "product", "factors": ["f0"]}, *chain])
    with pytest.raises(InputError, match="more than 100 deep"):
        model_from_hs3(document, "ws.json")


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, inner in items for found in [(*at, key), *places(inner, (*at, key))]]


ROUGH: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1e308,
        float("nan"),
        float("inf"),
        10**30,
        "",
        "mu",
        "sr",
        " x",
        [],
        {},
        [1],
        {"name": "mu"},
        [[]],
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), case=st.sampled_from(["root_histfactory", "root_by_hand", "pyhs3_by_hand"]))
def test_spoilt_files_end_in_our_errors(data: st.DataObject, case: str) -> None:
    document = copy.deepcopy(load(case))
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(places(document)))
        at: Any = document
        for step in path[:-1]:
            at = at[step]
        if data.draw(st.booleans()):
            at[path[-1]] = data.draw(ROUGH)
        else:
            del at[path[-1]]
    try:
        model = model_from_hs3(document, "ws.json")
    except NurecoilError as error:
        assert str(error)
    else:
        assert isinstance(model, SpectralModel)
