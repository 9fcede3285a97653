"""Make ``made_by_root.root``: what ROOT itself writes, for the tests of reading (needs the extra roofit).

Usage: ``python tests/truth/histograms/make_made_by_root.py``. Contents are small on purpose, and not
compressed so that tests can damage single words; the tests spell out what must be read.
"""

from __future__ import annotations

import os
from array import array
from pathlib import Path

OUTPUT = Path(__file__).with_name("made_by_root.root")


def main() -> None:
    """Write one of each: histograms of all kinds, cycles, folders, and what is no histogram."""
    import ROOT

    os.chdir(OUTPUT.parent)  # ROOT writes the path it is given into the file
    file = ROOT.TFile(OUTPUT.name, "RECREATE", "", 0)
    plain = ROOT.TH1F("plain", "counts in ten bins;Energy [keV];events", 10, 0.0, 100.0)
    for index in range(12):
        plain.SetBinContent(index, index)
    plain.Write()
    plain.SetBinContent(1, 50)
    plain.Write()
    weighted = ROOT.TH1D("weighted", "", 3, array("d", [0.0, 1.0, 2.5, 7.0]))
    weighted.Sumw2()
    for place, weight in ((-1.0, 0.5), (0.5, 2.0), (1.5, 3.0), (1.5, 1.0), (9.0, 4.0)):
        weighted.Fill(place, weight)
    line = ROOT.TF1("line", "[0]+[1]*x", 0.0, 7.0)
    weighted.Fit(line, "Q0")
    weighted.Write()
    filled = ROOT.TH1I("filled", "", 2, 0.0, 2.0)
    filled.Fill(0.5)
    filled.Fill(1.5)
    filled.Fill(1.5)
    filled.Write()
    folder = file.mkdir("backgrounds")
    folder.cd()
    deeper = folder.mkdir("late")
    deeper.cd()
    ROOT.TH1D("kr85", "krypton", 2, 0.0, 2.0).Write()
    file.cd()
    ROOT.TH2D("plane", "", 2, 0.0, 2.0, 2, 0.0, 2.0).Write()
    ROOT.TProfile("profile", "", 2, 0.0, 2.0).Write()
    ROOT.TGraph(2, array("d", [0.0, 1.0]), array("d", [0.0, 1.0])).Write("graph")
    tree = ROOT.TTree("tree", "")
    value = array("d", [1.0])
    tree.Branch("x", value, "x/D")
    tree.Fill()
    tree.Write()
    ROOT.TObjString("words that are no JSON").Write("metadata")
    file.Close()


if __name__ == "__main__":
    main()
