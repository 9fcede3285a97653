"""ROOT's HistFactory in a process of its own (it may crash): writes XML, and -log L at given points.

Run as ``python root_histfactory.py FOLDER``: reads ``points.json`` in it, writes ``config/*.xml`` and
``values.json``.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


def measurement(factory: Any, file: str) -> Any:
    """Two channels with a modifier of every kind, constraints of both kinds and thresholds that bite."""
    made = factory.Measurement("M", "M")
    made.SetOutputFilePrefix("results/M")
    made.SetPOI("mu")
    made.SetLumi(1.5)
    made.SetLumiRelErr(0.1)
    normal, poisson = factory.Constraint.Gaussian, factory.Constraint.Poisson
    region = factory.Channel("SR")
    region.SetData("data", file, "SR")
    region.SetStatErrorConfig(0.05, poisson)
    signal = factory.Sample("sig", "sig", file, "SR")
    signal.SetNormalizeByTheory(True)
    signal.AddNormFactor("mu", 1, 0, 3)
    signal.ActivateStatError()
    signal.AddOverallSys("acc", 0.9, 1.2)
    signal.AddHistoSys("shape", "sig_dn", file, "SR", "sig_up", file, "SR")
    region.AddSample(signal)
    background = factory.Sample("bkg", "bkg", file, "SR")
    background.SetNormalizeByTheory(True)
    background.AddOverallSys("norm", 0.8, 1.1)
    background.ActivateStatError()
    background.AddShapeSys("unc", normal, "rel", file, "SR")
    region.AddSample(background)
    made.AddChannel(region)
    region = factory.Channel("CR")
    region.SetData("data", file, "CR")
    region.SetStatErrorConfig(0.01, normal)
    background = factory.Sample("bkg", "bkg", file, "CR")
    background.SetNormalizeByTheory(True)
    background.AddOverallSys("norm", 0.8, 1.1)
    background.AddShapeSys("uncp", poisson, "rel", file, "CR")
    background.ActivateStatError("rel2", file, "CR")
    region.AddSample(background)
    free = factory.Sample("free", "free", file, "CR")
    free.SetNormalizeByTheory(True)
    free.AddShapeFactor("sf")
    region.AddSample(free)
    made.AddChannel(region)
    return made


def main(folder: Path) -> None:
    """Write the XML, make the workspace, evaluate."""
    import ROOT

    os.chdir(folder)
    factory = ROOT.RooStats.HistFactory
    made = measurement(factory, "data/h.root")
    Path("config").mkdir(exist_ok=True)
    made.PrintXML("config", "")
    made.CollectHistograms()
    workspace = factory.MakeModelAndMeasurementFast(made)
    config = workspace.obj("ModelConfig")
    observed = ROOT.RooFit.GlobalObservables(config.GetGlobalObservables())
    nll = config.GetPdf().createNLL(workspace.data("obsData"), observed)
    values = []
    for point in json.loads(Path("points.json").read_text()):
        for name, value in point.items():
            variable = workspace.var(name)
            if not variable or variable.isConstant() or not variable.getMin() <= value <= variable.getMax():
                raise SystemExit(f"{name} cannot be {value}")
            variable.setVal(value)
        values.append(nll.getVal())
    Path("values.json").write_text(json.dumps(values))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    sys.stdout.flush()
    os._exit(0)  # ROOT's clean-up crashes now and then
