"""HistFactory XML: what is read, and what ROOT and pyhf make of the same files."""

from __future__ import annotations

import functools
import importlib.util
import json
import math
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nurecoil.bridges.xml.reading import INTERPOLATION, model_from_xml, read_xml, workspace_from_xml
from nurecoil.errors import InputError, OptionError
from nurecoil.inference.fit import nll
from nurecoil.model.parameters import GaussianConstraint, PoissonConstraint

from .histfactory_inputs import CR, LUMI, SR, Write, modifiers, write_data, write_inputs


@pytest.fixture
def inputs(tmp_path: Path) -> Write:
    """The two channels on disk, with some of their text replaced."""
    return functools.partial(write_inputs, tmp_path)


def test_the_workspace_is_the_intended_one(inputs: Write) -> None:
    found = workspace_from_xml(inputs())
    close = pytest.approx
    assert [c["name"] for c in found["channels"]] == ["SR", "CR"]
    assert found["observations"] == [
        {"name": "SR", "data": [70, 66, 50]},
        {"name": "CR", "data": [250, 180, 150]},
    ]
    assert modifiers(found, "SR", "sig") == [
        LUMI,
        {"type": "normfactor", "name": "mu", "data": None},
        {"type": "normsys", "name": "acc", "data": {"lo": 0.9, "hi": 1.2}},
        {"type": "histosys", "name": "shape", "data": {"lo_data": [9, 21, 26], "hi_data": [12, 20, 35]}},
        {"type": "staterror", "name": "staterror_SR", "data": close([1, 0.1, 6])},
    ]
    assert modifiers(found, "SR", "bkg") == [
        LUMI,
        {"type": "normsys", "name": "norm", "data": {"lo": 0.8, "hi": 1.1}},
        {"type": "staterror", "name": "unc", "data": close([4, 2.4, 0])},
        {"type": "staterror", "name": "staterror_SR", "data": close([5, 1, 4])},
    ]
    assert modifiers(found, "CR", "bkg") == [
        LUMI,
        {"type": "normsys", "name": "norm", "data": {"lo": 0.8, "hi": 1.1}},
        {"type": "shapesys", "name": "uncp", "data": close([10, 4, 0])},
        {"type": "staterror", "name": "staterror_CR", "data": close([2, 0, 2.1])},
    ]
    assert modifiers(found, "CR", "free") == [LUMI, {"type": "shapefactor", "name": "sf", "data": None}]
    (measurement,) = found["measurements"]
    assert measurement["config"]["poi"] == "mu"
    settings_ = {one.pop("name"): one for one in measurement["config"]["parameters"]}
    assert settings_ == {
        "lumi": {"auxdata": [1.5], "sigmas": close([0.15]), "inits": [1.5], "bounds": [close([0.75, 2.25])],
                 "fixed": True},
        "norm": {"fixed": True},
        "acc": {"inits": [0.25]},
        "mu": {"inits": [1.0], "bounds": [[0.0, 3.0]]},
    }  # fmt: skip


def test_pyhfs_own_reader_gives_the_same_where_both_follow_one_rule(inputs: Write, tmp_path: Path) -> None:
    import pyhf.readxml

    plain = [
        ('HistoPath="SR"', ""),
        ('HistoPath="CR"', ""),
        *((f'"{name}"', f'"SR/{name}"') for name in ("sig", "sig_dn", "sig_up")),
        ("./config/cr.xml", ""),
        ('HistoName="data"', 'HistoName="SR/data"'),
        ('HistoName="bkg"', 'HistoName="SR/bkg"'),
        ('Name="SR/sig" HistoName', 'Name="sig" HistoName'),
        ("TRUE", "True"),
        ("true", "True"),
        ("alpha_norm\n        Lumi", "alpha_norm Lumi"),
        ("  ./config/sr.xml ", "./config/sr.xml"),
        ('<ShapeSys Name="unc" HistoName="rel" ConstraintType="Gaussian"/>', ""),
    ]
    path = inputs(*plain)
    pyhf.readxml.clear_filecache()
    theirs = pyhf.readxml.parse(path, tmp_path)
    for opened, _ in pyhf.readxml.__FILECACHE__.values():
        opened.close()
    ours = workspace_from_xml(path)
    assert ours == theirs
    assert pyhf.readxml.__FILECACHE__ == {}


@pytest.mark.parametrize(
    ("folder", "expected"),
    [("SR", [40, 30, 20]), ("/CR/", [100, 80, 70]), ("", [1, 2, 3]), ("no", [1, 2, 3])],
)
def test_a_folder_goes_before_a_bare_name(folder: str, expected: list[float], inputs: Write) -> None:
    text = SR.replace('<Sample Name="bkg"', f'<Sample HistoPath="{folder}" Name="bkg"')
    text = text.replace('HistoName="rel"', 'HistoName="rel" HistoPath="SR"')
    found = workspace_from_xml(inputs(sr=text))
    assert found["channels"][0]["samples"][1]["data"] == expected


def test_what_the_file_does_not_say_is_roots_or_pyhfs(inputs: Write) -> None:
    config = re.compile(r"  <StatErrorConfig.*?/>\n")
    bare = [config.sub("", text).replace(' ConstraintType="Gaussian"', "") for text in (SR, CR)]
    bare = [text.replace(' ConstraintType="Poisson"', "") for text in bare]
    path = inputs(sr=bare[0], cr=bare[1])
    root, pyhf = read_xml(path), read_xml(path, defaults="pyhf")
    assert root.poisson == ("staterror_SR", "staterror_CR")
    assert modifiers(root.workspace, "CR", "bkg")[-1]["data"] == [0, 0, 0]  # below ROOT's five per cent
    assert pyhf.poisson == ()
    kinds = [{m["name"]: m["type"] for m in modifiers(x.workspace, "SR", "bkg")} for x in (root, pyhf)]
    assert [kind["unc"] for kind in kinds] == ["staterror", "shapesys"]
    assert modifiers(pyhf.workspace, "CR", "bkg")[-1]["data"] == pytest.approx([2, 0.4, 2.1])
    with pytest.raises(InputError, match="Poisson constraints of staterror_SR, staterror_CR"):
        workspace_from_xml(path)
    with pytest.raises(OptionError, match="'hist' is not known"):
        read_xml(path, defaults="hist")


def test_poisson_constraints_of_statistics_reach_the_model(inputs: Write) -> None:
    path = inputs(('RelErrorThreshold="0" ConstraintType="Gaussian"',
                   'RelErrorThreshold="0.05" ConstraintType="Poisson"'))  # fmt: skip
    model = model_from_xml(path)
    relative = math.sqrt(26) / 50
    poisson = model.parameters["staterror_SR[0]"].constraint
    assert isinstance(poisson, PoissonConstraint)
    assert (poisson.count, poisson.scale) == pytest.approx((relative**-2, relative**-2))
    assert model.parameters["staterror_SR[1]"].fixed
    assert isinstance(model.parameters["staterror_CR[0]"].constraint, GaussianConstraint)
    assert any(
        "bins 1 (counted from 0) are below RelErrorThreshold 0.05" in n for n in model.metadata["notes"]
    )
    origin = model.metadata["origin"]
    assert (origin["format"], origin["measurement"]) == ("histfactory-xml", "M")
    assert origin["inputs"] == ["config/top.xml", "config/sr.xml", "config/cr.xml", "data/h.root"]


def test_the_likelihood_is_pyhfs(inputs: Write) -> None:
    import pyhf

    path = inputs()
    model = model_from_xml(path)
    workspace = pyhf.Workspace(workspace_from_xml(path))
    peer = workspace.model(modifier_settings={k: dict(v) for k, v in INTERPOLATION.items()})
    data, names = workspace.data(peer), peer.config.par_names
    assert set(names) == set(model.parameters)
    rng = np.random.default_rng(3)
    still = {name for name in names if "[" in name and model.parameters[name].fixed}  # bins without errors
    for _ in range(20):
        moved = {n: v + 0.1 * rng.normal() for n, v in model.values.items() if n not in still}
        point = {**model.values, **moved}
        theirs = -float(peer.logpdf([point[name] for name in names], data)[0])
        assert nll(model, point) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.skipif(importlib.util.find_spec("ROOT") is None, reason="ROOT is not installed")
def test_the_likelihood_is_that_of_roots_histfactory(tmp_path: Path) -> None:
    write_data(tmp_path)
    rng = np.random.default_rng(4)
    fixed = {"gamma_stat_SR_bin_": (0, 2), "gamma_stat_CR_bin_": (0, 2)}
    widths = {"mu": 0.3, "Lumi": 0.15, "alpha_acc": 1.5, "alpha_norm": 1.0, "alpha_shape": 1.5}
    widths |= {f"{stem}{b}": 0.05 for stem, bins in fixed.items() for b in bins}
    widths |= {f"gamma_unc_bin_{b}": 0.05 for b in (0, 1)} | {f"gamma_uncp_bin_{b}": 0.05 for b in (0, 1)}
    widths |= {f"gamma_sf_bin_{b}": 0.2 for b in range(3)}
    starts = {name: 0.0 if name.startswith("alpha") else 1.0 for name in widths} | {"Lumi": 1.5}
    points = [starts] + [
        {n: v + widths[n] * rng.uniform(-1, 1) for n, v in starts.items()} for _ in range(20)
    ]
    (tmp_path / "points.json").write_text(json.dumps(points))
    script = Path(__file__).with_name("root_histfactory.py")
    done = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True, timeout=300)
    assert (tmp_path / "values.json").exists(), done.stdout[-2000:] + done.stderr[-2000:]
    root = np.array(json.loads((tmp_path / "values.json").read_text()))
    model = model_from_xml(tmp_path / "config" / "M.xml")
    ours = np.array([nll(model, {rename(n): v for n, v in point.items()}) for point in points])
    change = ours[1:] - ours[0]
    assert np.abs(change).min() > 0.01
    np.testing.assert_allclose(root[1:] - root[0], change, rtol=1e-9, atol=1e-9)


def rename(name: str) -> str:
    """ROOT's name of a parameter as pyhf's reader has it."""
    if found := re.fullmatch(r"gamma_(.*)_bin_(\d+)", name):
        return f"{found[1].replace('stat_', 'staterror_')}[{found[2]}]"
    return "lumi" if name == "Lumi" else name.removeprefix("alpha_")


def test_files_that_changed_are_read_anew(inputs: Write, tmp_path: Path) -> None:
    path = inputs()
    assert workspace_from_xml(path)["observations"][0]["data"] == [70, 66, 50]
    write_data(tmp_path, SR_data=[71, 67, 51])
    assert workspace_from_xml(path)["observations"][0]["data"] == [71, 67, 51]


def test_nothing_is_fetched_and_nothing_written(
    inputs: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = inputs(("SYSTEM 'HistFactorySchema.dtd'", "SYSTEM 'http://localhost:1/HistFactorySchema.dtd'"))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection")

    monkeypatch.setattr(socket, "socket", refuse)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")}
    workspace_from_xml(path)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")} == before


def test_paths_count_from_the_folder_that_has_the_files(inputs: Write, tmp_path: Path) -> None:
    path = inputs()
    assert read_xml(path).rootdir == tmp_path
    assert read_xml(path, rootdir=tmp_path).workspace == read_xml(path).workspace
    with pytest.raises(InputError, match=r"config lacks ./config/sr.xml .*rootdir"):
        read_xml(path, rootdir=tmp_path / "config")
    (tmp_path / "data" / "h.root").rename(tmp_path / "data" / "i.root")
    with pytest.raises(InputError, match=r"lacks ./data/h.root \(.*sr.xml line \d+, Data\)"):
        read_xml(path)


def test_what_is_left_aside_is_noted(inputs: Write) -> None:
    path = inputs(
        ('ExportOnly="True"', 'BinLow="0" BinHigh="2"'),
        ("<POI> mu </POI>", "<POI>mu acc</POI>"),
        ("alpha_acc</ParamSetting>", 'alpha_gone</ParamSetting><Asimov Name="a"/>'),
        ('<Data HistoName="data"/>', '<Data HistoName="data"/><Data Name="more" HistoName="bkg"/>'),
        ('LumiRelErr="0.1"', 'LumiRelErr="0"'),
    )
    found = read_xml(path)
    text = "\n".join(found.notes)
    for word in (
        "BinLow",
        "BinHigh",
        "mu, acc the first",
        "'alpha_gone'",
        "'more'",
        "Asimov",
        "LumiRelErr is 0",
    ):
        assert word in text
    (lumi, *_) = found.workspace["measurements"][0]["config"]["parameters"]
    held = {"sigmas": [1.5], "bounds": [[0.0, 15.0]], "fixed": True}
    assert lumi == {"name": "lumi", "auxdata": [1.5], "inits": [1.5], **held}


def test_samples_without_luminosity_are_named(inputs: Write) -> None:
    assert not any("NormalizeByTheory" in note for note in read_xml(inputs()).notes)
    found = read_xml(inputs((' NormalizeByTheory="TRUE"', "")))
    assert LUMI not in modifiers(found.workspace, "SR", "sig")
    (note,) = (note for note in found.notes if "NormalizeByTheory" in note)
    assert "for SR/sig:" in note


def test_an_activation_that_is_off_has_no_factors(inputs: Write) -> None:
    found = workspace_from_xml(inputs(('<StatError Activate="True"', '<StatError Activate="False"')))
    for channel in found["channels"]:
        for sample in channel["samples"]:
            assert not any(m["name"].startswith("staterror_") for m in sample["modifiers"])
