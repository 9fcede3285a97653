"""HistFactory inputs for tests: two channels with a modifier of every kind, as XML and ROOT files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from nurecoil.histograms import Histogram, write_histograms

__all__ = [
    "CONTENTS",
    "CR",
    "DOCTYPE",
    "EDGES",
    "LUMI",
    "SR",
    "TOP",
    "Write",
    "modifiers",
    "write_data",
    "write_inputs",
]

EDGES = np.arange(4.0)
CONTENTS: dict[str, tuple[list[float], list[float] | None]] = {
    "SR/data": ([70, 66, 50], None),
    "SR/sig": ([10, 20, 30], [1.0, 0.01, 36.0]),
    "SR/sig_up": ([12, 20, 35], None),
    "SR/sig_dn": ([9, 21, 26], None),
    "SR/bkg": ([40, 30, 20], [25.0, 1.0, 16.0]),
    "SR/rel": ([0.1, 0.08, 0.0], None),
    "CR/data": ([250, 180, 150], None),
    "CR/bkg": ([100, 80, 70], None),
    "CR/rel": ([0.1, 0.05, 0.0], None),
    "CR/rel2": ([0.02, 0.005, 0.03], None),
    "CR/free": ([50, 40, 30], None),
    "bkg": ([1, 2, 3], None),
}
DOCTYPE = "<!DOCTYPE {} SYSTEM 'HistFactorySchema.dtd'>\n"
TOP = (
    DOCTYPE.format("Combination")
    + """<Combination OutputFilePrefix="./results/x">
  <Input>  ./config/sr.xml </Input>
  <Input>./config/cr.xml</Input>
  <Measurement Name="M" Lumi="1.5" LumiRelErr="0.1" ExportOnly="True">
    <POI> mu </POI>
    <ParamSetting Const="true">alpha_norm
        Lumi</ParamSetting>
    <ParamSetting Val="0.25">alpha_acc</ParamSetting>
  </Measurement>
</Combination>
"""
)
SR = (
    DOCTYPE.format("Channel")
    + """<Channel Name="SR" InputFile="./data/h.root" HistoPath="SR">
  <Data HistoName="data"/>
  <StatErrorConfig RelErrorThreshold="0" ConstraintType="Gaussian"/>
  <Sample Name="sig" HistoName="sig" NormalizeByTheory="TRUE">
    <NormFactor Name="mu" Val="1" Low="0" High="3"/>
    <OverallSys Name="acc" Low="0.9" High="1.2"/>
    <HistoSys Name="shape" HistoNameLow="sig_dn" HistoNameHigh="sig_up"/>
    <StatError Activate="True" HistoName="" InputFile=""/>
  </Sample>
  <Sample Name="bkg" HistoName="bkg" NormalizeByTheory="True">
    <OverallSys Name="norm" Low="0.8" High="1.1"/>
    <ShapeSys Name="unc" HistoName="rel" ConstraintType="Gaussian"/>
    <StatError Activate="True"/>
  </Sample>
</Channel>
"""
)
CR = (
    DOCTYPE.format("Channel")
    + """<Channel Name="CR" InputFile="./data/h.root" HistoPath="CR">
  <Data HistoName="data"/>
  <StatErrorConfig RelErrorThreshold="0.01" ConstraintType="Gaussian"/>
  <Sample Name="bkg" HistoName="bkg" NormalizeByTheory="True">
    <OverallSys Name="norm" Low="0.8" High="1.1"/>
    <ShapeSys Name="uncp" HistoName="rel" ConstraintType="Poisson"/>
    <StatError Activate="True" HistoName="rel2" HistoPath="CR"/>
  </Sample>
  <Sample Name="free" HistoName="free" NormalizeByTheory="True"><ShapeFactor Name="sf"/></Sample>
</Channel>
"""
)
LUMI = {"type": "lumi", "name": "lumi", "data": None}

Write = Callable[..., Path]


def write_data(folder: Path, **other: list[float]) -> None:
    (folder / "data").mkdir(exist_ok=True)
    made = []
    for name, (contents, variances) in CONTENTS.items():
        contents = other.get(name.replace("/", "_"), contents)
        made.append(Histogram(name, EDGES, contents, variances))
    write_histograms(folder / "data" / "h.root", made)


def write_inputs(folder: Path, *changes: tuple[str, str], top: str = TOP, sr: str = SR, cr: str = CR) -> Path:
    """Put the inputs on disk, some of their text replaced; gives the top-level XML."""
    files = {"top.xml": top, "sr.xml": sr, "cr.xml": cr}
    for old, new in changes:
        assert any(old in text for text in files.values())
        files = {name: text.replace(old, new) for name, text in files.items()}
    (folder / "config").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "config" / name).write_text(text, encoding="utf-8")
    if not (folder / "data").exists():
        write_data(folder)
    return folder / "config" / "top.xml"


def modifiers(workspace: dict[str, Any], channel: str, sample: str) -> list[dict[str, Any]]:
    (one,) = (c for c in workspace["channels"] if c["name"] == channel)
    (found,) = (s for s in one["samples"] if s["name"] == sample)
    return list(found["modifiers"])
