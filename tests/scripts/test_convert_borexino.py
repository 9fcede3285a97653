"""The conversion of Borexino's raw files, on a small made-up folder of the same form."""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from nurecoil.errors import InputError
from nurecoil.histograms.read import read_histograms

SCRIPTS = Path(__file__).parents[2] / "scripts"
COUNTS = [400, 100, 0, 25]
FIT = [0.0, 90.0, 0.0, 30.0]
SHAPE_FILES = ("pp", "Be7", "pep", "CNO", "Bi210", "Kr85", "C11")
COLUMNS = "N_h,energy_keV,data,error,total,C14,pileup,Po210,Kr85_i,Bi210_i,C11_i,ext_i,solar_i"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    yield importlib.import_module("convert_borexino")
    sys.modules.pop("convert_borexino")


@pytest.fixture
def raw(tmp_path: Path, script: ModuleType) -> Path:
    folder = tmp_path / "raw" / "borexino"
    (folder / "mc_shapes").mkdir(parents=True)
    lines = [
        "Bin Content and Error unit: (Events/[day x 100t x N_h])",
        "",
        "Nbins\tN_h\tEnergy",
        "   \t[keV]",
    ]
    figure = [COLUMNS]
    for index, (count, fit) in enumerate(zip(COUNTS, FIT, strict=True)):
        hits, energy, rate = 92 + index, 212.0 + 2 * index, count / script.EXPOSURE
        error = np.sqrt(count) / script.EXPOSURE
        residual = (count - fit) / np.sqrt(count) if count and index else rate
        words = f"{energy:g} 2.5 {rate:.6g} {error:.6g} {residual:.6g}"
        lines.append(f"{index + 1}\t{hits}\t" + "\t".join(words.split()))
        if index:
            parts = ",".join(str(0.5 * part) for part in range(9))
            figure.append(f"{hits},{energy:g},{rate:.6g},{error:.6g},{parts}")
    (folder / script.SPECTRUM).write_text("\n".join(lines))
    (folder / script.FIGURE).write_text("\n".join(figure))
    for name in SHAPE_FILES:
        (folder / "mc_shapes" / f"{name}_pdfkeV.csv").write_text(
            "E_lo_keV,E_hi_keV,density_per_keV\n87.5,92,0.5\n92,100,0.25\n"
        )
    return folder


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_whole_conversion(
    raw: Path, tmp_path: Path, script: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "made" / "out.root"
    assert script.main([str(raw.parent), "--output", str(output)]) == 0
    found = read_histograms(output)
    assert f"wrote {output}" in capsys.readouterr().out
    assert len(found) == 20
    spectrum = found["h_nhits"]
    assert spectrum.counts.tolist() == COUNTS
    assert spectrum.edges.tolist() == [91.5, 92.5, 93.5, 94.5, 95.5]
    assert spectrum.metadata["raw_sha256"] == hashlib.sha256((raw / script.SPECTRUM).read_bytes()).hexdigest()
    fit = found["h_nhits_official_fit"]
    np.testing.assert_allclose(fit.counts, FIT, rtol=1e-4)
    assert fit.metadata["unknown_bins"] == [92, 94]
    assert found["h_energy_scale"].counts.tolist() == [212, 214, 216, 218]
    assert found["h_energy_width"].counts.tolist() == [2.5] * 4
    assert found["h_fig6a_total"].counts.tolist() == [0.0] * 3
    assert found["h_fig6a_pileup"].counts.tolist() == [1.0] * 3
    assert found["h_fig6a_kr85"].metadata["note"].startswith("Read off every fourth bin")
    assert found["h_mc_be7"].edges.tolist() == [87.5, 92, 100]
    assert found["h_mc_be7"].counts.tolist() == [0.5, 0.25]
    assert found["h_mc_be7"].metadata["zero_threshold_rate"] == 47.9


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("Nature2018_Fig2a_DATA.txt", "0.6869", "0.687", r"row 1: rate 0.687 .* give 400\.058 counts"),
        ("Nature2018_Fig2a_DATA.txt", "0.034345", "0.035345", "row 1: .* and error 0.035345"),
        ("Nature2018_Fig2a_DATA.txt", "\t94\t", "\t96\t", "do not follow one another"),
        ("Nature2018_Fig2a_DATA.txt", "\t0.034345", "", "6 columns"),
        ("phase2_fig6a_components_93_419.csv", "pileup", "pile", "columns N_h,"),
        ("phase2_fig6a_components_93_419.csv", "214,", "215,", "other energies, data or errors"),
        ("phase2_fig6a_components_93_419.csv", "95,", "99,", "do not follow one another"),
        ("mc_shapes/CNO_pdfkeV.csv", "92,100", "93,100", "ends at 92 keV and the next begins at 93 keV"),
        ("mc_shapes/pp_pdfkeV.csv", "87.5", "97.5", "bin 0 goes from 97.5 to 92"),
        ("mc_shapes/pp_pdfkeV.csv", "0.25", "nan", "finite numbers"),
    ],
)
def test_raw_files_that_are_off(
    raw: Path, script: ModuleType, file: str, old: str, new: str, message: str
) -> None:
    change(raw / file, old, new)
    with pytest.raises(InputError, match=message):
        script.convert(raw.parent)


def test_a_missing_raw_file_writes_nothing(
    raw: Path, tmp_path: Path, script: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    (raw / "mc_shapes" / "pep_pdfkeV.csv").unlink()
    with pytest.raises(SystemExit) as status:
        script.main([str(raw.parent), "--output", str(tmp_path / "out.root")])
    assert status.value.code == 2
    assert "no file borexino/mc_shapes/pep_pdfkeV.csv" in capsys.readouterr().err
    assert not (tmp_path / "out.root").exists()
