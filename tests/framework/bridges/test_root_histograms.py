"""Spectra as ROOT histograms: what is in the file, and that others can use it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import uproot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nurecoil as nr
from nurecoil.bridges.root_histograms import write_root
from nurecoil.bridges.xml.reading import workspace_from_xml
from nurecoil.engine.compiled import CompiledModel
from nurecoil.errors import InputError, OptionError
from nurecoil.histograms import Expectation, list_histograms, read_histogram, read_metadata
from nurecoil.model.modifiers import BinFactors, HistoSys, NormSys
from nurecoil.model.parameters import GaussianConstraint, Parameter, PoissonConstraint
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel
from nurecoil.testing.models import counting

UNIT = GaussianConstraint(0.0, 1.0)
EDGES = np.array([0.0, 1.0, 2.5, 7.0])
SIGNAL, BACKGROUND = np.array([10.0, 20.0, 30.0]), np.array([40.0, 30.0, 0.0])
LOW, HIGH = np.array([9.0, 21.0, 26.0]), np.array([12.0, 20.0, 35.0])


def modified() -> SpectralModel:
    """One channel with a modifier of every kind."""
    gammas = [f"stat[{b}]" for b in range(3)]
    counts = ["aux[0]", "aux[1]", ""]
    signal = Sample(
        "sig",
        SIGNAL,
        {"mu": 1},
        modifiers=(
            HistoSys("shape", LOW, HIGH),
            NormSys("acc", 0.9, 1.2),
            BinFactors(tuple(gammas), "staterror", np.array([1.0, 2.0, 3.0])),
        ),
    )
    background = Sample("bkg", BACKGROUND, modifiers=(
        BinFactors(tuple(counts), "shapesys", np.array([4.0, 6.0, 0.0])),
    ))  # fmt: skip
    channel = PoissonChannel("SR", "m", "GeV", EDGES, (signal, background), np.array([70.0, 66.0, 50.0]))
    parameters = [
        Parameter("mu", "1", 2.0, lower=0.0, upper=3.0),
        *(Parameter(name, "1", 0.0, constraint=UNIT) for name in ("shape", "acc")),
        *(Parameter(name, "1", 1.0, lower=0.0, constraint=GaussianConstraint(1.0, 0.1)) for name in gammas),
        *(Parameter(n, "1", 1.0, lower=0.0, constraint=PoissonConstraint(50.0, 50.0)) for n in counts if n),
    ]
    return SpectralModel((channel,), {p.name: p for p in parameters}, poi="mu")


def test_every_spectrum_is_there_with_its_errors(tmp_path: Path) -> None:
    path = tmp_path / "model.root"
    write_root(modified(), path)
    with uproot.open(path) as file:
        found = {name.split("/")[1]: file[name] for name in file.keys(cycle=False) if name.startswith("SR/")}
        contents = {name: one.values() for name, one in found.items()}
        errors = {name: one.errors() for name, one in found.items()}
        edges = found["data"].axis().edges()
    expected = {
        "data": [70, 66, 50],
        "sig": 2 * SIGNAL,
        "sig_template": SIGNAL,
        "sig_shape_up": 2 * HIGH,
        "sig_shape_down": 2 * LOW,
        "sig_acc_up": 2.4 * SIGNAL,
        "sig_acc_down": 1.8 * SIGNAL,
        "bkg": BACKGROUND,
        "bkg_aux_relative": [0.1, 0.2, 0.0],
    }
    assert set(contents) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(contents[name], values, rtol=1e-12)
    np.testing.assert_array_equal(edges, EDGES)
    np.testing.assert_allclose(errors["sig"], [2, 4, 6])
    np.testing.assert_allclose(errors["data"], np.sqrt([70, 66, 50]))


def test_what_root_cannot_hold_is_in_the_metadata(tmp_path: Path) -> None:
    path = tmp_path / "model.root"
    write_root(modified(), path)
    about = read_metadata(path)
    assert about["poi"] == "mu"
    assert about["channels"]["SR"]["samples"]["sig"]["powers"] == {"mu": 1}
    assert about["channels"]["SR"]["samples"]["sig"]["modifiers"][1] == {
        "type": "normsys", "parameter": "acc", "low": 0.9, "high": 1.2, "code": "4",
    }  # fmt: skip
    assert about["parameters"]["shape"]["constraint"] == {
        "type": "GaussianConstraint", "centre": 0.0, "width": 1.0,
    }  # fmt: skip
    assert about["parameters"]["shape"]["upper"] is None
    up = read_histogram(f"{path}:SR/sig_shape_up")
    assert (up.observable, up.observable_unit, up.counts_unit) == ("m", "GeV", "events")
    assert (up.metadata["sample"], up.metadata["parameter"], up.metadata["role"]) == ("sig", "shape", "up")


def test_a_gaussian_channel_has_its_widths_as_errors(toys: SimpleNamespace, tmp_path: Path) -> None:
    model = toys.spectrum(
        [toys.free("signal"), toys.free("flat"), toys.free("slope")], toys.LINEAR, gaussian=toys.SUM
    )
    channel = model.channels[-1]
    write_root(model, tmp_path / "model.root")
    folder = channel.name.replace("/", "_")
    signed = Expectation(allow_negative=True)
    data = read_histogram(f"{tmp_path / 'model.root'}:{folder}/data", expect=signed)
    np.testing.assert_array_equal(data.counts, channel.observed)
    np.testing.assert_allclose(np.sqrt(data.bin_variances), channel.width)
    assert data.counts_unit == channel.unit
    assert read_metadata(tmp_path / "model.root")["channels"][folder]["kind"] == "Gaussian"


def test_what_is_written_is_what_the_engine_expects(any_model: SpectralModel, tmp_path: Path) -> None:
    path = tmp_path / "model.root"
    write_root(any_model, path)
    compiled = CompiledModel(any_model)
    about = read_metadata(path)["channels"]
    for (folder, words), expected in zip(about.items(), compiled.expected(compiled.start), strict=True):
        parts = [read_any(f"{path}:{folder}/{name}") for name in words["samples"]]
        np.testing.assert_allclose(np.sum(parts, axis=0), expected, rtol=1e-12)


def read_any(location: str) -> np.ndarray:
    return read_histogram(location, expect=Expectation(allow_negative=True)).counts


def test_borexino_takes_its_data_back(tmp_path: Path) -> None:
    path = tmp_path / "model.root"
    model = nr.build(["borexino"], search="magnetic-moment")
    write_root(model, path)
    assert list_histograms(path)[0] == "borexino_nhits/data"
    again = nr.build(
        ["borexino"],
        search="magnetic-moment",
        options={"borexino": {"data": f"{path}:borexino_nhits/data"}},
    )
    np.testing.assert_array_equal(again.channels[0].observed, model.channels[0].observed)


def test_histfactory_takes_the_spectra(tmp_path: Path) -> None:
    start = modified()
    write_root(start.with_parameters(mu={"value": 1.0}), tmp_path / "h.root")
    (tmp_path / "sr.xml").write_text("""<Channel Name="SR" InputFile="h.root" HistoPath="SR">
<Data HistoName="data"/><StatErrorConfig RelErrorThreshold="0" ConstraintType="Gaussian"/>
<Sample Name="sig" HistoName="sig"><NormFactor Name="mu" Val="2" Low="0" High="3"/>
<HistoSys Name="shape" HistoNameLow="sig_shape_down" HistoNameHigh="sig_shape_up"/>
<OverallSys Name="acc" Low="0.9" High="1.2"/><StatError Activate="True"/></Sample>
<Sample Name="bkg" HistoName="bkg">
<ShapeSys Name="aux" HistoName="bkg_aux_relative" ConstraintType="Poisson"/></Sample></Channel>""")
    (tmp_path / "top.xml").write_text("""<Combination><Input>sr.xml</Input>
<Measurement Name="m" Lumi="1" LumiRelErr="0"><POI>mu</POI></Measurement></Combination>""")
    signal, background = workspace_from_xml(tmp_path / "top.xml")["channels"][0]["samples"]
    assert signal["data"] == SIGNAL.tolist()
    assert signal["modifiers"][1]["data"] == {"lo_data": LOW.tolist(), "hi_data": HIGH.tolist()}
    assert signal["modifiers"][3]["data"] == pytest.approx([1.0, 2.0, 3.0])
    assert background["modifiers"][0]["data"] == pytest.approx([4.0, 6.0, 0.0])


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "model.root"
    write_root(counting(3.0, 1.0), path)
    before = path.read_bytes()
    broken = counting(3.0, 1.0).with_parameters(background={"value": 1e308, "constraint": None})
    sample = broken.channels[0].samples[1]
    many = dataclasses.replace(sample, template=np.array([1e300]))
    channel = dataclasses.replace(broken.channels[0], samples=(broken.channels[0].samples[0], many))
    with pytest.raises(InputError, match="content of bin 0"), np.errstate(over="ignore"):
        write_root(dataclasses.replace(broken, channels=(channel,)), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OptionError, match=r"ends in \.root"):
        write_root(counting(3.0, 1.0), tmp_path / "model.json")


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(NAMES.filter(lambda n: n == n.strip()), min_size=2, max_size=5, unique=True))
def test_names_of_every_kind_are_written_once_and_kept(names: list[str], tmp_path: Path) -> None:
    samples = tuple(Sample(name, np.array([float(i + 1)])) for i, name in enumerate(names))
    channel = PoissonChannel(names[0], "x", "1", np.array([0.0, 1.0]), samples, np.array([3.0]))
    write_root(SpectralModel((channel,), {}), tmp_path / "model.root")
    (folder, about), = read_metadata(tmp_path / "model.root")["channels"].items()  # fmt: skip
    assert about["name"] == names[0]
    found = {one["name"]: read_histogram(f"{tmp_path / 'model.root'}:{folder}/{safe}").counts[0]
             for safe, one in about["samples"].items()}  # fmt: skip
    assert found == {name: i + 1.0 for i, name in enumerate(names)}
    assert json.dumps(about)
