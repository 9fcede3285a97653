"""Files that are right, from which wrong ones are made: workspaces, HS3, a patch set, XML with ROOT."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from nurecoil.bridges.loading.documents import digest
from nurecoil.histograms import Histogram, write_histograms

__all__ = ["HS3", "PATCH_SET", "WORKSPACES", "XML", "write_root"]

Json = dict[str, Any]

_MODIFIERS: dict[str, Json] = {
    "normfactor": {"name": "k", "type": "normfactor", "data": None},
    "lumi": {"name": "lumi", "type": "lumi", "data": None},
    "normsys": {"name": "xs", "type": "normsys", "data": {"lo": 0.9, "hi": 1.1}},
    "histosys": {
        "name": "jes",
        "type": "histosys",
        "data": {"lo_data": [49.0, 38.0], "hi_data": [51.0, 43.0]},
    },
    "shapefactor": {"name": "free", "type": "shapefactor", "data": None},
    "shapesys": {"name": "shape", "type": "shapesys", "data": [3.0, 2.0]},
    "staterror": {"name": "staterror_SR", "type": "staterror", "data": [1.5, 1.0]},
}
_LUMI = {"name": "lumi", "auxdata": [1.0], "sigmas": [0.02], "bounds": [[0.5, 1.5]], "inits": [1.0]}


def _workspace(*kinds: str) -> Json:
    mu = {"name": "mu", "type": "normfactor", "data": None}
    signal = {"name": "signal", "data": [5.0, 3.0], "modifiers": [mu]}
    background = {
        "name": "background",
        "data": [50.0, 40.0],
        "modifiers": [_MODIFIERS[kind] for kind in kinds],
    }
    settings = [{"name": "mu", "inits": [1.0], "bounds": [[0.0, 10.0]], "fixed": False}]
    return {
        "channels": [{"name": "SR", "samples": [signal, background]}],
        "observations": [{"name": "SR", "data": [52.0, 44.0]}],
        "measurements": [
            {
                "name": "fit",
                "config": {"poi": "mu", "parameters": [*settings, *([_LUMI] if "lumi" in kinds else [])]},
            }
        ],
        "version": "1.0.0",
    }


WORKSPACES: dict[str, Json] = {
    **{kind: _workspace(kind) for kind in _MODIFIERS},
    "every": _workspace("normfactor", "lumi", "normsys", "histosys", "shapesys", "staterror"),
}
"""One pyhf workspace for each sort of modifier, and one with nearly all."""

PATCH_SET: Json = {
    "version": "1.0.0",
    "metadata": {
        "references": {"hepdata": "ins1234567"},
        "digests": {"sha256": digest(WORKSPACES["every"])},
        "labels": ["mass"],
        "description": "one signal",
    },
    "patches": [
        {
            "metadata": {"name": "heavy", "values": [900]},
            "patch": [
                {"op": "test", "path": "/channels/0/name", "value": "SR"},
                {"op": "replace", "path": "/channels/0/samples/0/data", "value": [2.0, 1.0]},
                {"op": "add", "path": "/channels/0/samples/1/modifiers/-", "value": _MODIFIERS["normfactor"]},
            ],
        }
    ],
}

_AXES = [{"name": "x", "min": 0.0, "max": 2.0, "nbins": 2}]
_EDGES = [{"name": "x", "edges": [0.0, 1.0, 3.0]}]


def _hs3(axes: list[Json], modifiers: list[Json], functions: list[Json]) -> Json:
    sample = {"name": "b", "data": {"contents": [50.0, 40.0], "errors": [1.5, 1.0]}, "modifiers": modifiers}
    names = ["mu", "alpha_xs", "alpha_jes"]
    return {
        "metadata": {"hs3_version": "0.2", "packages": [{"name": "hand", "version": "1"}]},
        "distributions": [{"name": "SR", "type": "histfactory_dist", "axes": axes, "samples": [sample]}],
        "functions": functions,
        "data": [{"name": "seen", "type": "binned", "axes": axes, "contents": [52.0, 44.0]}],
        "likelihoods": [{"name": "all", "distributions": ["SR"], "data": ["seen"]}],
        "analyses": [
            {
                "name": "a",
                "likelihood": "all",
                "parameters_of_interest": ["mu"],
                "domains": ["default_domain"],
                "init": "start",
            }
        ],
        "domains": [
            {
                "name": "default_domain",
                "type": "product_domain",
                "axes": [{"name": name, "min": -5.0, "max": 5.0} for name in names],
            }
        ],
        "parameter_points": [
            {"name": "start", "parameters": [{"name": name, "value": 1.0} for name in names]}
        ],
    }


_FACTOR = {"name": "mu", "type": "normfactor", "parameter": "mu"}
_SQUARE = {"name": "mu2", "type": "normfactor", "parameter": "mu2"}
_PULLS: list[Json] = [
    {
        "name": "xs",
        "type": "normsys",
        "parameter": "alpha_xs",
        "constraint": "Gauss",
        "data": {"lo": 0.9, "hi": 1.1},
    },
    {
        "name": "jes",
        "type": "histosys",
        "parameter": "alpha_jes",
        "constraint": "Gauss",
        "data": {"lo": {"contents": [49.0, 38.0]}, "hi": {"contents": [51.0, 43.0]}},
    },
]
HS3: dict[str, Json] = {
    "hs3-factor": _hs3(_AXES, [_FACTOR], []),
    "hs3-pulls": _hs3(_EDGES, [_FACTOR, *_PULLS], []),
    "hs3-square": _hs3(_AXES, [_SQUARE], [{"name": "mu2", "type": "product", "factors": ["mu", "mu"]}]),
}
"""HS3 documents with one histogram: a factor, pulls, a squared parameter."""

_DOCTYPE = '<!DOCTYPE {0} SYSTEM "HistFactorySchema.dtd">\n'
XML: dict[str, str] = {
    "top.xml": _DOCTYPE.format("Combination")
    + '<Combination OutputFilePrefix="x">\n  <Input>./sr.xml</Input>\n'
    '  <Measurement Name="M" Lumi="1.0" LumiRelErr="0.1" ExportOnly="True">\n    <POI>mu</POI>\n'
    '    <ParamSetting Const="True">Lumi</ParamSetting>\n  </Measurement>\n</Combination>\n',
    "sr.xml": _DOCTYPE.format("Channel")
    + '<Channel Name="SR" InputFile="./h.root">\n  <Data HistoName="data" HistoPath=""/>\n'
    '  <Sample Name="sig" HistoName="sig" HistoPath="">\n'
    '    <NormFactor Name="mu" Val="1" Low="0" High="5"/>\n'
    '    <OverallSys Name="acc" High="1.2" Low="0.9"/>\n'
    '    <HistoSys Name="shape" HistoNameHigh="up" HistoNameLow="down"/>\n  </Sample>\n'
    '  <Sample Name="bkg" HistoName="bkg" HistoPath="" NormalizeByTheory="True">\n'
    '    <ShapeSys Name="bins" HistoName="rel" ConstraintType="Poisson"/>\n  </Sample>\n</Channel>\n',
}
"""HistFactory XML, which needs ``h.root`` beside it."""


def write_root(folder: Path) -> None:
    contents = {
        "data": [70, 66],
        "sig": [10, 20],
        "up": [12, 20],
        "down": [9, 19],
        "bkg": [60, 50],
        "rel": [0.1, 0.2],
    }
    words = {"observable": "x", "observable_unit": "1"}
    made = [Histogram(name, np.arange(3.0), np.array(of, float), **words) for name, of in contents.items()]
    write_histograms(folder / "h.root", made)


def text(document: Json) -> bytes:
    return json.dumps(document).encode()
