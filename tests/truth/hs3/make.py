"""Makes the HS3 files of this folder with their own tools, and the likelihoods that these compute.

``python make.py FOLDER`` writes ``NAME.json`` (a document) and ``NAME.nll.json`` (its maker, points and
negative log likelihoods) for every case; ``python make.py FOLDER root`` those of RooFit alone, ``pyhs3``
those of pyhs3. Needs ROOT and pyhs3. Run it in a process of its own: ROOT may end its process.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

BINS = 3
AXES = {
    "SR": [{"name": "x_SR", "min": 0, "max": BINS, "nbins": BINS}],
    "CR": [{"name": "x_CR", "edges": [0, 1, 2, 4]}],
}


def points(starts: dict[str, float], number: int = 21) -> list[dict[str, float]]:
    """The starting values, and random points around them.

    Luminosities stay near: RooFit cuts its constraint off at ten widths.
    """
    random = np.random.default_rng(20260101)
    found = [dict(starts)]
    for _ in range(number - 1):
        found.append(
            {
                name: round(random.uniform(-2, 2), 3)
                if value == 0
                else round(value * (1 + random.uniform(-1, 1) * (0.04 if name == "Lumi" else 0.2)), 3)
                for name, value in starts.items()
            }
        )
    return found


def save(
    folder: Path, name: str, tool: str, analysis: str, values: list[dict[str, float]], nll: list[float]
) -> None:
    """Write the likelihoods beside a document."""
    text = {"tool": tool, "analysis": analysis, "points": values, "nll": nll}
    (folder / f"{name}.nll.json").write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")


def histogram(ROOT: Any, name: str, contents: list[float], errors: list[float] | None = None) -> Any:
    """A ROOT histogram."""
    made = ROOT.TH1D(name, name, len(contents), 0, len(contents))
    for i, content in enumerate(contents):
        made.SetBinContent(i + 1, content)
        made.SetBinError(i + 1, errors[i] if errors else content**0.5)
    made.SetDirectory(0)
    ROOT.SetOwnership(made, False)
    return made


def histfactory(ROOT: Any) -> Any:
    """A workspace with every modifier, in two channels, from ROOT's HistFactory.

    Samples of a staterror have contents and errors for which the seven digits that ROOT writes are exact.
    """
    factory = ROOT.RooStats.HistFactory
    measurement = factory.Measurement("meas", "meas")
    measurement.SetOutputFilePrefix(str(Path(tempfile.mkdtemp()) / "unused"))
    measurement.SetPOI("mu")
    measurement.AddConstantParam("alpha_fixed")
    measurement.SetLumi(1.0)
    measurement.SetLumiRelErr(0.02)
    for label, constraint in (("SR", "Gaussian"), ("CR", "Poisson")):
        channel = factory.Channel(label)
        channel.SetData(histogram(ROOT, f"data_{label}", [82, 155, 0 if label == "CR" else 33]))
        channel.SetStatErrorConfig(0.01, constraint)
        signal = factory.Sample("signal")
        signal.SetHisto(histogram(ROOT, f"s_{label}", [5, 10, 3]))
        signal.SetNormalizeByTheory(True)
        signal.AddNormFactor("mu", 1, 0, 5)
        signal.AddOverallSys("xs", 0.9, 1.15)
        for name, low, high in (("tilt", [4, 9, 3], [5.5, 11, 3.2]), ("hump", [5, 9.5, 2], [5.25, 11, 3])):
            shape = factory.HistoSys()
            shape.SetName(name)
            shape.SetHistoLow(histogram(ROOT, f"{name}_low_{label}", low))
            shape.SetHistoHigh(histogram(ROOT, f"{name}_high_{label}", high))
            signal.AddHistoSys(shape)
        channel.AddSample(signal)
        for name, contents, errors in (
            ("flat", [30, 60, 12], [3, 3, 1.5]),
            ("rise", [40, 80, 16], [4, 4, 2]),
        ):
            sample = factory.Sample(name)
            sample.SetHisto(histogram(ROOT, f"{name}_{label}", contents, errors))
            sample.ActivateStatError()
            sample.SetNormalizeByTheory(name == "flat")
            sample.AddOverallSys("fixed", 0.95, 1.05)
            sample.AddOverallSys("xs", 0.95, 1.02)
            channel.AddSample(sample)
        own = factory.Sample("own")
        own.SetHisto(histogram(ROOT, f"own_{label}", [2, 3, 1]))
        own.SetNormalizeByTheory(False)
        shape = factory.ShapeSys()
        shape.SetName(f"bins{label}")
        shape.SetErrorHist(histogram(ROOT, f"errors_{label}", [0.05, 0.08, 0.1]))
        shape.SetConstraintType(getattr(factory.Constraint, constraint))
        own.AddShapeSys(shape)
        channel.AddSample(own)
        if label == "CR":
            free = factory.Sample("free")
            free.SetHisto(histogram(ROOT, "free", [1, 1, 1]))
            free.SetNormalizeByTheory(False)
            shape = factory.ShapeFactor()
            shape.SetName("driven")
            free.AddShapeFactor(shape)
            channel.AddSample(free)
        measurement.AddChannel(channel)
    return factory.MakeModelAndMeasurementFast(measurement)


def roofit_nll(
    ROOT: Any, workspace: Any, config: Any, data: Any, values: list[dict[str, float]]
) -> list[float]:
    """Negative log likelihoods as RooFit computes them, auxiliary distributions included."""
    function = config.createNLL(data, ROOT.RooFit.Offset("none"))
    found = []
    for point in values:
        for name, value in point.items():
            variable = workspace.var(name)
            if not variable:
                raise SystemExit(f"no variable {name}")
            variable.setRange(min(variable.getMin(), value), max(variable.getMax(), value))
            variable.setVal(value)
        found.append(float(function.getVal()))
    return found


def imported_nll(ROOT: Any, path: Path, analysis: str, values: list[dict[str, float]]) -> list[float]:
    """The same of a document that RooFit imports; its model configuration has the analysis' name."""
    workspace = ROOT.RooWorkspace("imported")
    ROOT.RooJSONFactoryWSTool(workspace).importJSON(str(path))
    return roofit_nll(ROOT, workspace, workspace.obj(analysis), next(iter(workspace.allData())), values)


def hand_written(**more: Any) -> dict[str, Any]:
    """A document by hand, its two channels without modifiers beyond signal and luminosity."""
    data = {"SR": [55, 47, 31], "CR": [44, 0, 20]}
    channels = {
        label: {
            "name": label, "type": "histfactory_dist", "axes": AXES[label],
            "samples": [
                {"name": "signal", "data": {"contents": [5, 10, 3]},
                 "modifiers": [{"name": "mu", "type": "normfactor", "parameter": "mu"},
                               {"name": "lumi", "type": "normfactor", "parameter": "lumi"}]},
                {"name": "bkg", "data": {"contents": [50, 40, 25], "errors": [5, 2, 1]}, "modifiers": []},
            ],
        }
        for label in data
    }  # fmt: skip
    return {
        "metadata": {"hs3_version": "0.2", "packages": more.pop("packages", [])},
        "distributions": [
            *channels.values(),
            {"name": "lumi_measured", "type": "gaussian_dist", "x": "lumi", "mean": 1.05, "sigma": 0.03},
            *more.pop("distributions", []),
        ],
        "functions": more.pop("functions", []),
        "data": [
            {"name": f"data_{label}", "type": "binned", "axes": AXES[label], "contents": counts}
            for label, counts in data.items()
        ],
        "likelihoods": [
            {"name": "all", "distributions": list(data), "data": [f"data_{label}" for label in data],
             "aux_distributions": ["lumi_measured", *more.pop("aux", [])]}
        ],
        "analyses": [
            {"name": "main", "likelihood": "all", "parameters_of_interest": ["mu"],
             "domains": ["default_domain"], "init": "default_values"}
        ],
        "domains": [{"name": "default_domain", "type": "product_domain", "axes": []}],
        "parameter_points": [{"name": "default_values", "parameters": []}],
    }  # fmt: skip


def with_parameters(document: dict[str, Any], starts: dict[str, float]) -> dict[str, Any]:
    """The document with values and bounds of its parameters."""
    axes, values = document["domains"][0]["axes"], document["parameter_points"][0]["parameters"]
    for name, value in starts.items():
        axes.append({"name": name, "min": -5.0 if value == 0 else 0.0, "max": 5.0 if value == 0 else 10.0})
        values.append({"name": name, "value": value})
    return document


def pull(kind: str, parameter: str, data: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A normsys or histosys."""
    return {"name": parameter, "type": kind, "parameter": parameter, "data": data, **more}


def gammas(kind: str, stem: str, **more: Any) -> dict[str, Any]:
    """A modifier with a parameter for every bin."""
    return {"name": stem, "type": kind, "parameters": [f"{stem}_{i}" for i in range(BINS)], **more}


def root_case() -> tuple[dict[str, Any], dict[str, float]]:
    """A file by hand in RooFit's dialect."""
    tilt = {"hi": {"contents": [55, 44, 24]}, "lo": {"contents": [49, 37, 26]}}
    document = hand_written(
        packages=[{"name": "ROOT", "version": "6.40.00"}],
        distributions=[
            {"name": "c_measured", "type": "gaussian_dist", "x": "alpha_c", "mean": 0.4, "sigma": 0.5},
            {"name": "count", "type": "poisson_dist", "x": 25.0, "mean": "gamma_0_expected",
             "integer": False},
            {"name": "slope", "type": "lognormal_dist", "x": "scale", "mu": 0.1, "sigma": 0.2},
            {"name": "both", "type": "multivariate_normal_dist", "x": ["one", "two"], "mean": [1.0, 1.1],
             "covariances": [[0.04, 0.01], [0.01, 0.09]]},
            {"name": "rate_measured", "type": "gaussian_dist", "x": 1.8, "mean": "rate", "sigma": 0.2},
        ],
        functions=[
            {"name": "mu_squared", "type": "product", "factors": ["mu", "mu"]},
            {"name": "gamma_0_expected", "type": "product", "factors": ["own_0", "own_0_tau"]},
            {"name": "rate_one", "type": "product", "factors": ["one", "weight"]},
            {"name": "rate", "type": "sum", "summands": ["rate_one", "two"]},
        ],
        aux=["count", "slope", "both", "rate_measured"],
    )  # fmt: skip
    region, control = document["distributions"][:2]
    region["samples"][0]["modifiers"][0] = {
        "name": "mu_squared",
        "type": "normfactor",
        "parameter": "mu_squared",
    }
    region["samples"][1]["modifiers"] = [
        pull("normsys", "alpha_a", {"hi": 1.2, "lo": 0.9}),
        pull("normsys", "alpha_b", {"hi": 1.1, "lo": 0.85}, interpolation=1),
        pull("normsys", "alpha_c", {"hi": 1.1, "lo": 0.95}, interpolation=4, constraint_name="c_measured"),
        pull("histosys", "alpha_d", tilt),
        gammas("staterror", "stat"),
        {"name": "scale", "type": "normfactor", "parameter": "scale"},
    ]
    control["samples"][1]["modifiers"] = [
        pull("normsys", "alpha_a", {"hi": 0.8, "lo": 1.1}, interpolation=5),
        gammas("shapesys", "rel", data={"vals": [0.1, 0.0, 0.3]}, constraint_type="Poisson"),
        gammas("shapefactor", "own"),
        {"name": "one", "type": "normfactor", "parameter": "one"},
        {"name": "two", "type": "normfactor", "parameter": "two"},
    ]
    names = ["mu", "lumi", *(f"alpha_{one}" for one in "abcd"), "scale", "one", "two"]
    names += [f"{stem}_{i}" for stem in ("stat", "rel", "own") for i in range(BINS)]
    starts = {name: 0.0 if name.startswith("alpha") else 1.0 for name in names}
    with_parameters(document, starts)
    document["parameter_points"][0]["parameters"].append({"name": "own_0_tau", "value": 24.0, "const": True})
    document["parameter_points"][0]["parameters"].append({"name": "weight", "value": 0.7, "const": True})
    both = {"index_cat": "region", "indices": [0, 1], "labels": ["SR", "CR"]}
    document["misc"] = {
        "ROOT_internal": {
            "ModelConfigs": {"main": {"mcName": "main", "pdfName": "simPdf"}},
            "combined_datasets": {"data": both},
            "combined_distributions": {"simPdf": {**both, "distributions": ["SR", "CR"]}},
        }
    }
    return document, starts


def pyhs3_case() -> tuple[dict[str, Any], dict[str, float]]:
    """A file by hand in pyhs3's dialect."""
    tilt = {"hi": {"contents": [55, 44, 24]}, "lo": {"contents": [49, 37, 26]}}
    document = hand_written(
        packages=[{"name": "pyhs3", "version": "0.4"}],
        functions=[
            {"name": "mu_squared", "type": "product", "factors": ["mu", "mu", 0.5]},
            {"name": "rate_one", "type": "product", "factors": ["scale", "free_0", 0.7]},
            {"name": "rate", "type": "sum", "summands": ["rate_one", "free_1"]},
        ],
        distributions=[
            {"name": "slope", "type": "lognormal_dist", "x": "scale", "mu": 0.1, "sigma": 0.2},
            {"name": "rate_measured", "type": "gaussian_dist", "x": 1.8, "mean": "rate", "sigma": 0.2},
        ],
        aux=["slope", "rate_measured"],
    )
    region, control = document["distributions"][:2]
    region["samples"][0]["modifiers"][0] = {
        "name": "mu_squared",
        "type": "normfactor",
        "parameter": "mu_squared",
    }
    region["samples"][1]["modifiers"] = [
        pull("normsys", "alpha_a", {"hi": 1.2, "lo": 0.9}, constraint="Gauss"),
        pull("normsys", "alpha_b", {"hi": 1.1, "lo": 0.85, "interpolation": "code1"}),
        pull("normsys", "alpha_c", {"hi": 1.1, "lo": 0.95}, constraint="LogNormal"),
        pull("histosys", "alpha_d", tilt),
        pull("histosys", "alpha_e", tilt | {"interpolation": "code0"}),
        gammas("staterror", "stat", data={"uncertainties": [5.0, 2.0, 1.0]}),
        {"name": "scale", "type": "normfactor", "parameter": "scale"},
    ]
    region["barlow_beeston_method"] = control["barlow_beeston_method"] = "full"
    shared = {"constraint": "Poisson", "data": {"uncertainties": [0.5, 1.5, 0.25]}}
    control["samples"][0]["modifiers"].append(gammas("staterror", "pois", **shared))
    control["samples"][1]["modifiers"] = [
        pull("normsys", "alpha_a", {"hi": 0.8, "lo": 1.1}),
        gammas("shapesys", "bins", data={"vals": [5.0, 8.0, 2.0]}, constraint="Poisson"),
        gammas("shapefactor", "free"),
        gammas("staterror", "pois", constraint="Poisson", data={"uncertainties": [5.0, 2.0, 1.0]}),
    ]
    names = ["mu", "lumi", *(f"alpha_{one}" for one in "abcde"), "scale"]
    names += [f"{stem}_{i}" for stem in ("stat", "pois", "bins", "free") for i in range(BINS)]
    starts = {name: 0.0 if name.startswith("alpha") else 1.0 for name in names}
    return with_parameters(document, starts), starts


def pyhs3_nll(document: dict[str, Any], analysis: str, values: list[dict[str, float]]) -> list[float]:
    """Negative log likelihoods as pyhs3 computes them."""
    import pyhs3
    from pytensor import function
    from pytensor.graph.traversal import explicit_graph_inputs

    workspace = pyhs3.Workspace(**document)
    model = workspace.model(workspace.analyses[analysis], progress=False)
    inputs = [one for one in explicit_graph_inputs([model.log_prob]) if one.name is not None]
    compiled = function(inputs, -model.log_prob, on_unused_input="ignore")
    found = []
    for point in values:
        found.append(float(np.squeeze(compiled(*[np.asarray(point[one.name]) for one in inputs]))))
    return found


def main(folder: Path, tool: str | None) -> None:
    """Make everything, or what one tool makes."""
    folder.mkdir(parents=True, exist_ok=True)
    if tool in (None, "root"):
        import ROOT

        ROOT.RooMsgService.instance().setGlobalKillBelow(ROOT.RooFit.FATAL)
        workspace = histfactory(ROOT)
        path = folder / "root_histfactory.json"
        ROOT.RooJSONFactoryWSTool(workspace).exportJSON(str(path))
        document = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        entries = document["parameter_points"][0]["parameters"]
        values = points({one["name"]: one["value"] for one in entries if not one.get("const")})
        for data in ("obsData", "asimovData"):
            nll = roofit_nll(ROOT, workspace, workspace.obj("ModelConfig"), workspace.data(data), values)
            name = "root_histfactory" if data == "obsData" else "root_histfactory.asimov"
            save(folder, name, "root", f"simPdf_{data}", values, nll)
        document, starts = root_case()
        path = folder / "root_by_hand.json"
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        values = points(starts)
        save(folder, "root_by_hand", "root", "main", values, imported_nll(ROOT, path, "main", values))
    if tool in (None, "pyhs3"):
        document, starts = pyhs3_case()
        (folder / "pyhs3_by_hand.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        values = points(starts)
        save(folder, "pyhs3_by_hand", "pyhs3", "main", values, pyhs3_nll(document, "main", values))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
