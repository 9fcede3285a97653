"""Every wrong request ends in one clear error: where, what it got, what is allowed, what to do.

Nothing is left half-written. Most cases run in this process; those for which streams, exit status and files
of a real command matter run as one.
"""

from __future__ import annotations

import errno
import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import Result

from nurecoil.analysis import build
from nurecoil.assembly import fold
from nurecoil.errors import NurecoilError, PluginError
from nurecoil.histograms.histogram import Histogram
from nurecoil.histograms.write import write_histograms
from nurecoil.model.parameters import Parameter
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel
from nurecoil.options import make_options, parse_settings
from nurecoil.physics.solar_options import SolarOptions
from nurecoil.plugins import load_experiment, load_search
from nurecoil.shared import Sources

Call = Callable[..., Result]
Terminal = Callable[..., subprocess.CompletedProcess[str]]
MOMENT = ("--search", "magnetic-moment")
EDGES = np.arange(91.5, 951.0)
COUNTS = np.full(859, 20.0)


def refused(result: Result, *said: str, status: int = 2) -> None:
    """One message on standard error, nothing on standard output, the right status."""
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert (result.exit_code, result.stderr.count("\n")) == (status, 1), result.stderr
    assert result.stderr.startswith("Error: ")
    for text in said:
        assert text in result.stderr, result.stderr


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def files(here: Path) -> Path:
    """``good.root`` with two histograms and ``bad.root`` with one of every fault, in the folder one is in."""
    good = {"observable": "N_h", "counts_unit": "events"}
    write_histograms(
        here / "good.root", [Histogram(n, EDGES, COUNTS, **good) for n in ("h_nhits", "h_other")]
    )
    spoiled = {"negative": (30, -3.0), "nan": (40, np.nan), "infinite": (50, np.inf)}
    with uproot.recreate(here / "bad.root") as file:
        for name, (index, value) in spoiled.items():
            counts = COUNTS.copy()
            counts[index] = value
            file[name] = (counts, EDGES)
        file["wide"] = (COUNTS[:429], EDGES[::2])
        file["shifted"] = (COUNTS, EDGES + 0.3)
        file["short"] = (COUNTS[:300], EDGES[:301])
        file["empty"] = (0 * COUNTS, EDGES)
    write_histograms(
        here / "units.root",
        [
            Histogram("energy", EDGES, COUNTS, observable="E", observable_unit="keV"),
            Histogram("rate", EDGES, COUNTS, observable="N_h", counts_unit="cpd/100 t"),
        ],
    )
    return here


WRONG_WORDS = {
    "fit borexno": ["experiment: 'borexno' is not known", "Allowed: borexino, ", "Did you mean 'borexino'?"],
    "fit gallium gallium": ["experiments: gallium, gallium", "each once"],
    "fit magnetic-moment": ["is a plugin, but a search", "Give it as a search"],
    "fit gallium --search magnetic-momnt": ["search: 'magnetic-momnt'", "Did you mean 'magnetic-moment'"],
    "fit gallium --search gallium": ["is a plugin, but an experiment"],
    "limit gallium --search magnetic-moment": ["gallium and no recoils", "with a spectrum of recoils"],
    "limit gallium --search magnetic-moment --method aera": ["limit method: 'aera'", "Did you mean 'area'"],
    "fit gallium --minimiser minit": ["minimiser: 'minit'", "Did you mean 'minuit'"],
    "fit gallium --fix solar.flux.be8=1": ["parameter: 'solar.flux.be8'", "Did you mean 'solar.flux.b8'"],
    "fit gallium --fix solar.flux.pp=-1": ["parameter 'solar.flux.pp': ", "-1.0", "[0, inf] SSM"],
    "fit gallium --fix solar.flux.pp": ["--fix solar.flux.pp: no PARAMETER=NUMBER", "--fix mu_eff"],
    "profile gallium --parameter solar.flux.p": ["parameter: 'solar.flux.p'", "'solar.flux.pp'"],
    "fit gallium --set galium.rate=1": ["options: 'galium'", "Did you mean 'gallium'"],
    "fit gallium --set gallium.rat=1": ["option of gallium: 'rat'", "Did you mean 'rate'"],
    "fit gallium --set rate=1": ["--set rate=1: no OWNER.OPTION=VALUE", "`nurecoil describe NAME`"],
    "fit gallium --set gallium.rate=-1": ["gallium.rate: '-1'", "number > 0, <= 10000.0 [SNU]", "Measured"],
    "fit gallium --set gallium.rate=nan": ["gallium.rate: 'nan'", "finite number"],
    "fit gallium --set 'gallium.rate=66 keV'": ["unit 'keV' in '66 keV'", "Allowed: SNU"],
    "fit gallium --set solar.ssm=SF3-MB22": ["solar.ssm: 'SF3-MB22'", "Did you mean 'SF3-MB22"],
    "fit gallium --set solar.free=pp,be8": ["solar.free: 'be8'", "Did you mean 'b8' or 'be7'"],
    "fit gallium --set magnetic-moment.sources=pp": [
        "options of magnetic-moment: the model does not use it", "Add the search magnetic-moment",
    ],
    "limit borexino --search magnetic-moment --set magnetic-moment.sources=pp,b7": [
        "magnetic-moment.sources: 'b7'", "'be7'",
    ],
    "fit borexino --set borexino.range=900,100": ["borexino.range: 900,100", "the lower first"],
    "fit borexino --set borexino.range=2000,3000": ["borexino.range: 2000,3000", "91.5 to 950.5 hits"],
    "fit borexino --set borexino.range=100.2,100.4": ["100.2,100.4", "at least one bin between"],
    "fit borexino --set borexino.range=100": ["borexino.range: '100' (too few values)", "First and last N_h"],
    "fit borexino --set borexino.comb=perhaps": ["borexino.comb: 'perhaps'", "true or false"],
    "limit borexino --search magnetic-moment --set borexino.range=500,900 --set magnetic-moment.sources=pp": [
        "parameter of interest 'mu_eff'", "'pp.em' are zero in every bin", "widen the range",
    ],
}  # fmt: skip


@pytest.mark.parametrize("words", WRONG_WORDS)
def test_wrong_words(call: Call, here: Path, words: str) -> None:
    refused(call(*shlex.split(words), "--json", "out.json"), *WRONG_WORDS[words])
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "location", "said"),
    [
        (
            "data",
            "gone.root:h",
            ["gone.root does not exist", "bad.root", "good.root", "Did you mean 'good.root'"],
        ),
        ("data", "nowhere/good.root:h", ["nor does its folder nowhere"]),
        (
            "data",
            "good.root:h_nhit",
            ["good.root holds no 'h_nhit'", "h_nhits, h_other", "Did you mean 'h_nhits'"],
        ),
        ("data", "good.root", ["holds 2 histograms", "h_nhits, h_other", "Name one of them"]),
        ("data", "good.txt", ["names no histogram file", ".root (ROOT), .json (UHI JSON)"]),
        ("data", "bad.root:negative", ["bin 30 (121.5..122.5) -3", "zero or more", "Mend the histogram"]),
        ("data", "bad.root:nan", ["bin 40 (131.5..132.5) nan", "finite numbers"]),
        ("data", "bad.root:infinite", ["bin 50 (141.5..142.5) inf", "finite numbers"]),
        (
            "data",
            "bad.root:wide",
            ["borexino.comb", "other bins under the 210Po peak", "borexino.comb=false"],
        ),
        ("data", "bad.root:shifted", ["borexino.comb", "bad.root:shifted has other bins"]),
        ("data", "bad.root:short", ["100,900 (the default of borexino.setup=public)", "91.5 to 391.5 hits"]),
        ("data", "bad.root:empty", ["bad.root:empty has no events from 100 to 900 hits"]),
        ("data", "units.root:energy", ["observable is 'E'", "'N_h'", "nothing is converted silently"]),
        ("data", "units.root:rate", ["counts unit is 'cpd/100 t'", "'events'"]),
        ("official_fit", "bad.root:wide", ["than the official fit in bad.root:wide"]),
        ("pileup_shape", "bad.root:negative", ["borexino.pileup_shape, bad.root:negative", "bin 30"]),
        ("pileup_shape", "bad.root:empty", ["holds 0 events/(day 100 t) here"]),
        ("external_shapes", "good.root", ["good.root holds no 'h_tl208'", "h_nhits, h_other"]),
        ("external_shapes", "good.root:h_nhits", ["Leave the colon and the name out"]),
        ("shape_pp", "bad.root:negative", ["borexino.shape_pp, bad.root:negative", "bin 30"]),
        ("shape_kr85", "bad.root:nan", ["borexino.shape_kr85, bad.root:nan", "bin 40"]),
        ("shape_be7", "bad.root:empty", ["borexino.shape_be7: a shape that is zero from 99.5 to 900.5"]),
    ],
)
def test_wrong_histograms(call: Call, files: Path, option: str, location: str, said: list[str]) -> None:
    before = sorted(files.iterdir())
    result = call(
        "fit", "borexino", "--set", f"borexino.{option}={location}", "--json", "out.json", "--plot", "plots"
    )
    refused(result, *said)
    assert sorted(files.iterdir()) == before


def test_a_damaged_file(call: Call, files: Path) -> None:
    data = (files / "good.root").read_bytes()
    (files / "torn.root").write_bytes(data[: len(data) // 2])
    refused(call("fit", "borexino", "--set", "borexino.data=torn.root:h_nhits"), "borexino.data", "torn.root")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("describe", "Missing argument"),
        ("fit gallium --serch x", "No such option: --serch"),
        ("fit gallium --json", "Option '--json' requires an argument"),
        ("fitt gallium", "No such command 'fitt'"),
        ("profile gallium --points x", "Invalid value for '--points'"),
    ],
)
def test_words_that_typer_refuses(call: Call, here: Path, words: str, said: str) -> None:
    result = call(*words.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def unfittable(experiments: Any, search: Any = None, options: Any = None) -> SpectralModel:
    """Data where the model has nothing."""
    parameters = {"rate": Parameter("rate", "events", 1.0, lower=0.0)}
    sample = Sample("s", np.array([1.0, 0.0]), {"rate": 1})
    channel = PoissonChannel("toy/x", "x", "1", np.arange(3.0), (sample,), np.array([3.0, 2.0]))
    keys = ("experiments", "search", "options", "notes", "provenance", "references", "alternatives")
    return SpectralModel((channel,), parameters, poi="rate", metadata=dict.fromkeys(keys, ()))


@pytest.mark.parametrize("command", ["fit", "profile", "limit", "sensitivity"])
def test_a_fit_that_fails_ends_with_status_1(
    call: Call, here: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr("nurecoil.analysis.build", unfittable)
    result = call(command, "toy", "--search", "moment", "--json", "out.json")
    refused(
        result,
        "fit: the model predicts no events where there are some",
        "Change the starting values",
        status=1,
    )
    assert list(here.iterdir()) == []


def test_a_demo_whose_fit_fails_leaves_nothing(
    call: Call, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nurecoil.analysis.build", unfittable)
    refused(call("demo", "--out", "out"), "predicts no events", status=1)
    assert list(here.iterdir()) == []


NO_PLACES = {
    "fit toy --json missing/out.json": ["--json: the folder", "missing does not exist", "mkdir -p"],
    "fit toy --json .": ["--json", "is a folder", "Add a file name to it"],
    "fit toy --json file/out.json": ["--json", "file is no folder"],
    "fit toy --plot file": ["--plot", "file is no folder"],
    "fit toy --plot file/plots": ["--plot", "file is no folder"],
    "limit toy --search moment --plot file": ["--plot", "file is no folder"],
    "profile toy --search moment --json missing/out.json": ["--json: the folder"],
    "demo --out file": ["--out", "file is no folder"],
    "demo --out file/deep/out": ["--out", "file is no folder"],
}


@pytest.mark.parametrize("words", NO_PLACES)
def test_places_that_cannot_be_written_are_told_before_the_work(
    call: Call, here: Path, tiny: list[Any], words: str
) -> None:
    (here / "file").write_text("in the way")
    refused(call(*words.split()), *NO_PLACES[words])
    assert tiny == []
    assert [path.name for path in here.iterdir()] == ["file"]
    assert (here / "file").read_text() == "in the way"


@pytest.mark.parametrize("words", [("fit", "toy", "--plot", "locked"), ("demo", "--out", "locked/out")])
def test_a_folder_that_may_not_be_written_to(
    call: Call, here: Path, tiny: list[Any], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """As the system would say it; that root may write everywhere must not hide the case."""
    (here / "locked").mkdir()
    real = os.access
    monkeypatch.setattr(
        "os.access", lambda path, mode, **more: Path(path).name != "locked" and real(path, mode, **more)
    )
    refused(call(*words), "locked may not be written to", "Choose another folder")
    assert tiny == []


def test_a_disk_that_fails_while_writing_leaves_the_old_file(
    call: Call, here: Path, tiny: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "out.json").write_text("old")

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "mkstemp", full)
    refused(call("fit", "toy", "--json", "out.json"), "--json", "No space left on device")
    assert [path.name for path in here.iterdir()] == ["out.json"]
    assert (here / "out.json").read_text() == "old"


REAL = {
    "fit borexno": "Did you mean 'borexino'?",
    "limit borexino --search magnetic-moment --set borexino.data=gone.root:h --json -": "no histogram file",
    "demo --out /dev/null/out": "/dev/null is no folder",
}


@pytest.mark.parametrize("words", REAL)
def test_the_real_command(terminal: Terminal, tmp_path: Path, words: str) -> None:
    result = terminal(*words.split())
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: ")
    assert REAL[words] in result.stderr
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_real_command_keeps_standard_output_for_the_document(terminal: Terminal) -> None:
    result = terminal("fit", "gallium", "--set", "solar.free=pp", "--json", "-")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("{\n")
    assert result.stdout.endswith("}\n")


@pytest.mark.long
def test_a_real_fit_that_does_not_converge(terminal: Terminal, tmp_path: Path) -> None:
    """Without 210Po the response runs to its bounds to describe the peak; MINUIT alone gets lost there."""
    words = ("--set", "borexino.range=100,300", "--fix", "borexino.rate.po210=0", "--json", "out.json")
    result = terminal("fit", "borexino", *words, "--minimiser", "minuit")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: fit: no minimum found")
    assert "largest gradients in borexino." in result.stderr
    assert list(tmp_path.iterdir()) == []


OWNERS: dict[str, type] = {
    "borexino": load_experiment("borexino").Options,
    "gallium": load_experiment("gallium").Options,
    "magnetic-moment": load_search("magnetic-moment").Options,
    "solar": SolarOptions,
}
OPTIONS = [(owner, name) for owner, kind in OWNERS.items() for name in kind.__dataclass_fields__]
NUMBERS = st.floats().map(repr) | st.integers().map(str)
JUNK = (
    st.text(max_size=20)
    | NUMBERS
    | st.tuples(NUMBERS, st.sampled_from(["keV", "MeV", "d", "t", "hits", "lightyears"])).map(" ".join)
    | st.lists(NUMBERS, max_size=4).map(",".join)
    | st.sampled_from(
        ["none", "true", "false", "", ",", "=", "pp", "pp,be7", "all", "[]", "{}", "NaN", "-inf", "1e999"]
    )
)


OWNERS: dict[str, type] = {
    "borexino": load_experiment("borexino").Options,
    "gallium": load_experiment("gallium").Options,
    "magnetic-moment": load_search("magnetic-moment").Options,
    "solar": SolarOptions,
}
OPTIONS = [(owner, name) for owner, kind in OWNERS.items() for name in kind.__dataclass_fields__]
NUMBERS = st.floats().map(repr) | st.integers().map(str)
JUNK = (
    st.text(max_size=20)
    | NUMBERS
    | st.tuples(NUMBERS, st.sampled_from(["keV", "MeV", "d", "t", "hits", "lightyears"])).map(" ".join)
    | st.lists(NUMBERS, max_size=4).map(",".join)
    | st.sampled_from(["none", "true", "false", "=", "pp", "all", "[]", "{}", "NaN", "-inf", "1e999"])
    | st.sampled_from(["", ",", "pp,be7", "100,900"])
)


@given(st.sampled_from(OPTIONS), JUNK)
@settings(max_examples=400)
def test_junk_for_an_option_is_read_or_refused(option: tuple[str, str], junk: str) -> None:
    """Whatever is typed after ``=``: options, or an error of ours that names the option and ends with 2."""
    owner, name = option
    (setting,) = parse_settings([f"{owner}.{name}={junk}"]).values()
    try:
        made = make_options(owner, OWNERS[owner], setting)
    except PluginError:
        raise
    except NurecoilError as error:
        assert f"{owner}.{name}" in error.where
        assert error.exit_status == 2
    else:
        assert isinstance(made, OWNERS[owner])


@given(st.text(max_size=30))
def test_junk_for_a_setting_is_read_or_refused(junk: str) -> None:
    try:
        parsed = parse_settings([junk])
    except NurecoilError as error:
        assert error.where == f"--set {junk}"
    else:
        ((owner, options),) = parsed.items()
        assert owner
        assert len(options) == 1


PHYSICAL = {
    "range": st.tuples(st.floats(80, 300), st.floats(80, 300)).map(lambda ends: f"{ends[0]},{ends[1]}"),
    "exposure": st.floats(0, 1e9).map(str),
    "birks": st.floats(0, 0.3).map(str),
    "cherenkov": st.floats(0, 1).map(str),
    "exposure_error": st.floats(0, 1).map(str),
}


@given(st.sampled_from(sorted(PHYSICAL)).flatmap(lambda name: st.tuples(st.just(name), PHYSICAL[name])))
@settings(max_examples=15, deadline=None)
def test_any_number_for_the_detector_gives_a_model_or_a_clear_error(option: tuple[str, str]) -> None:
    """Not only the option is read: the channel is built and folded with it. No plugin is ever blamed."""
    name, value = option
    given_options = {"range": "100,130", "comb": "false", "response": "exact", name: value}
    try:
        made = build(["borexino"], "magnetic-moment", {"borexino": given_options})
    except PluginError:
        raise
    except NurecoilError as error:
        assert error.exit_status in (1, 2)
    else:
        assert made.channels[0].bins > 0


CONTENTS = st.floats(width=32) | st.sampled_from([0.0, -0.0, 1.0, 1e300, -1e-300, 5e-324])


CONTENTS = st.floats(width=32) | st.sampled_from([0.0, -0.0, 1.0, 1e300, -1e-300, 5e-324])


@given(
    counts=st.lists(CONTENTS, min_size=1, max_size=40),
    start=st.integers(-20, 120),
    width=st.sampled_from([0.3, 1.0, 7.5]),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_contents_of_a_histogram_give_a_model_or_a_clear_error(
    tmp_path: Path, counts: list[float], start: int, width: float
) -> None:
    """As data and as a shape: NaN, infinities, negative and tiny numbers, any bins."""
    path = tmp_path / "junk.root"
    edges = start + width * np.arange(len(counts) + 1)
    with uproot.recreate(path) as file, np.errstate(all="ignore"):
        file["h"] = (np.array(counts, dtype=np.float64), edges)
    kind, sun = load_experiment("borexino"), Sources(SolarOptions())
    for option in ("data", "shape_kr85", "pileup_shape", "official_fit"):
        chosen = {"range": (100, 110), "response": "exact", "comb": option == "official_fit"}
        options = make_options("borexino", kind.Options, {**chosen, option: f"{path}:h"})
        try:
            fold([kind(options)], None, sun)
        except PluginError:
            raise
        except NurecoilError as error:
            assert error.exit_status == 2
            assert "borexino" in str(error)
