"""Wrong, damaged and hostile HistFactory inputs: each ends in an error that names the place."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurecoil.bridges.xml.reading import read_xml
from nurecoil.errors import InputError, NurecoilError
from nurecoil.histograms import Histogram, write_histograms

from .histfactory_inputs import CONTENTS, DOCTYPE, EDGES, TOP, Write, write_inputs


@pytest.fixture
def inputs(tmp_path: Path) -> Write:
    """The two channels on disk, with some of their text replaced."""
    return functools.partial(write_inputs, tmp_path)


ENTITY = '<!DOCTYPE Combination [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>\n'
HISTO_SYS = '<HistoSys Name="shape" HistoNameLow="sig_dn" HistoNameHigh="sig_up"/>'
WRONG: dict[str, tuple[list[tuple[str, str]], str]] = {
    "a channel that is missing": ([("./config/cr.xml", "./config/xr.xml")], r"lacks ./config/xr.xml"),
    "a channel that is no XML": ([("</Channel>", "</Chanel>")], r"sr.xml: no XML \(mismatched tag"),
    "itself as a channel": ([("./config/cr.xml", "./config/top.xml")], "cannot take in itself"),
    "a channel twice": ([("./config/cr.xml", "./config/sr.xml")], "the name of two channels"),
    "no measurement's words": ([('Lumi="1.5" ', "")], "Measurement 'M': no Lumi"),
    "a luminosity of words": ([('Lumi="1.5"', 'Lumi="much"')], "Lumi is 'much'"),
    "a negative luminosity": ([('Lumi="1.5"', 'Lumi="-1"')], "Lumi -1"),
    "a histogram that is missing": (
        [('HistoName="sig"', 'HistoName="sog"')],
        r"holds no 'SR/sog'.*Did you mean",
    ),
    "a folder for a histogram": ([('HistoName="sig"', 'HistoName="SR"'), ('HistoPath="SR"', "")], "holds no"),
    "no histogram": ([('HistoName="sig"', "")], "Sample 'sig': no HistoName"),
    "no data": ([('<Data HistoName="data"/>', "")], "0 Data elements"),
    "other bins": ([('HistoNameLow="sig_dn"', 'HistoNameLow="nine"')], "holds no 'SR/nine'"),
    "an address": ([("./data/h.root", "root://eos/h.root")], "address on the net"),
    "a device": ([("./data/h.root", "/dev/zero")], "lacks /dev/zero"),
    "a null": ([("./data/h.root", "./data/h\ufffd.root")], "lacks"),
    "an entity": ([(DOCTYPE.format("Combination"), ENTITY)], "declares the entity 'a'"),
    "an entity from elsewhere": (
        [
            (DOCTYPE.format("Combination"), '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
            (" mu ", "&a;"),
        ],
        "declares the entity 'a'",
    ),
    "a parameter entity": (
        [(DOCTYPE.format("Combination"), '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://localhost:1/a"> %a;]>')],
        "declares the entity 'a'",
    ),
    "an entity that nobody declared": ([(" mu ", "&a;")], "entity &a; is not known"),
    "a function": (
        [("<Input>  ", '<Function Name="a" Expression="b" Dependents="c"/><Input>')],
        "Function 'a': a function of parameters",
    ),
    "a constraint term": (
        [("</Measurement>", '<ConstraintTerm Type="Uniform">norm</ConstraintTerm></Measurement>')],
        r"another constraint \(Uniform\) for norm",
    ),
    "a setting of one bin": ([("alpha_acc", "gamma_stat_SR_bin_0")], "a factor of one bin"),
    "a setting of a free shape": ([("alpha_acc", "sf")], "factors of single bins"),
    "another parameter of interest": (
        [("<POI> mu", "<POI> nu")],
        "POI: 'nu' is not known.*Did you mean 'mu'",
    ),
    "no parameter of interest": ([("<POI> mu </POI>", "")], "no POI"),
    "an element that is not known": ([("<ShapeFactor", "<InterpCode")], "'InterpCode' is not known"),
    "an attribute that is not known": ([('High="1.2"', 'Hihg="1.2" High="1.2"')], "'Hihg' is not known"),
    "a histogram of factors": ([(HISTO_SYS, '<HistoFactor Name="f"/>')], "HistoFactor, which has no form"),
    "a twin": ([(HISTO_SYS, HISTO_SYS + HISTO_SYS)], "the name is taken"),
    "a ShapeSys in two channels": ([("uncp", "unc")], r"ShapeSys 'unc': the name is taken in .*sr.xml"),
    "bounds the wrong way round": ([('Low="0" High="3"', 'Low="3" High="0"')], "Low <= Val <= High"),
    "a constraint that is not known": (
        [('ConstraintType="Poisson"', 'ConstraintType="Flat"')],
        "'Flat' is not known",
    ),
    "neither true nor false": ([('"TRUE"', '"perhaps"')], "NormalizeByTheory is 'perhaps'"),
    "text between elements": ([("</Measurement>", "</Measurement>text")], "text between its elements"),
    "a free shape with a start": (
        [('<ShapeFactor Name="sf"', '<ShapeFactor HistoName="x" Name="sf"')],
        "starting",
    ),
    "two normalisations of one factor": (
        [('<ShapeFactor Name="sf"/>', '<NormFactor Name="mu" Val="1" Low="0" High="9"/>')],
        "incompatible parameter configurations for mu",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named(name: str, inputs: Write) -> None:
    changes, message = WRONG[name]
    path = inputs(*changes)
    with pytest.raises(InputError, match=message) as caught:
        read_xml(path, where="--workspace")
    assert ".xml" in str(caught.value) or ".root" in str(caught.value)


def test_a_channel_given_for_the_combination_is_told_apart(inputs: Write, tmp_path: Path) -> None:
    inputs()
    with pytest.raises(InputError, match=r"cr.xml: the XML of one channel.*Input elements name the channels"):
        read_xml(tmp_path / "config" / "cr.xml")
    (tmp_path / "x.xml").write_text("<svg/>")
    with pytest.raises(InputError, match="another kind, 'svg'"):
        read_xml(tmp_path / "x.xml")
    with pytest.raises(InputError, match="is no file"):
        read_xml(tmp_path)


def test_bins_that_differ_are_named(inputs: Write, tmp_path: Path) -> None:
    path = inputs(('./data/h.root" HistoPath="CR', './data/h.root" HistoPath="CR'))
    more = [Histogram(n, EDGES, c, v) for n, (c, v) in CONTENTS.items() if n != "SR/sig_dn"]
    write_histograms(
        tmp_path / "data" / "h.root", [*more, Histogram("SR/sig_dn", np.arange(6.0), np.ones(5))]
    )
    with pytest.raises(InputError, match=r"sample 'sig', histosys 'shape': 5 bins. Allowed: 3"):
        read_xml(path)


def test_deep_and_long_files_end_soon(inputs: Write, tmp_path: Path) -> None:
    inputs()
    path = tmp_path / "config" / "deep.xml"
    path.write_text("<Combination>" * 100_000)
    with pytest.raises(InputError, match="more than 20 levels"):
        read_xml(path)
    path.write_text("<Combination>" + "<Input/>" * 500_001)
    with pytest.raises(InputError, match="more than 500000 elements"):
        read_xml(path)
    with open(path, "wb") as file:
        file.truncate(10**9)
    with pytest.raises(InputError, match="longer than 32 MB"):
        read_xml(path)


@pytest.mark.parametrize("coding", ["utf-16", "utf-8-sig"])
def test_entities_are_refused_in_every_coding(coding: str, inputs: Write) -> None:
    path = inputs()
    text = TOP.replace(DOCTYPE.format("Combination"), "")
    path.write_bytes(text.encode(coding))
    assert len(read_xml(path).workspace["channels"]) == 2
    path.write_bytes((ENTITY + text).encode(coding))
    with pytest.raises(InputError, match="declares the entity"):
        read_xml(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_are_our_errors(data: st.DataObject, inputs: Write, tmp_path: Path) -> None:
    path = inputs()
    name = data.draw(st.sampled_from(["config/top.xml", "config/sr.xml", "data/h.root"]))
    whole = (tmp_path / name).read_bytes()
    start = data.draw(st.integers(0, len(whole) - 1))
    new = data.draw(st.binary(max_size=6))
    drop = data.draw(st.integers(0, 30) | st.just(len(whole)))
    try:
        (tmp_path / name).write_bytes(whole[:start] + new + whole[start + drop :])
        read_xml(path)
    except NurecoilError as error:
        assert str(error)
    finally:
        shutil.rmtree(tmp_path / "data")
        shutil.rmtree(tmp_path / "config")
