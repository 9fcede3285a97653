"""The conversion of the solar tables, on a tiny made-up folder of raw data."""

from __future__ import annotations

import hashlib
import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from nurecoil.errors import InputError
from nurecoil.physics.tables import read_metadata, read_table

SCRIPTS = Path(__file__).parents[2] / "scripts"
FLUXES = ("pp", "pep", "hep", "be7", "b8", "n13", "o15", "f17")
LABELS = ("pp", "pep", "hep", "7Be", "8B", "13N", "15O", "17F")
SPECTRUM = "# a made-up triangle\n\n0.1, 1.0\n0.2, 2.0\n0.4, 0.0\n0.5, 0.0\n"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("convert_solar")


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A complete folder of raw data with small numbers in it."""
    folder = tmp_path / "raw"
    (folder / "solar" / "sfiii").mkdir(parents=True)
    solar = folder / "solar"
    for name in ("pp", "hep", "n13", "o15", "f17", "be7ground", "be7excited"):
        (solar / f"{name}_shape.csv").write_text(SPECTRUM)
    (solar / "8B_shape_Ortiz_et_al.csv").write_text(SPECTRUM)
    (solar / "8B_shape_Winter_et_al.csv").write_text("0.0, 0.0, 0.0\n1.0, 500.0, 1.0\n3.0, 0.0, 0.0\n")
    shares = " ".join(f"{0.1 * (i + 1):.1f}" for i in range(8))
    zones = f"0.01 15.0 2.0 1e-3 {shares}\n0.02 14.0 1.0 1e-3 {shares}\n"
    for composition in ("gs98", "agss09"):
        (solar / f"nudistr_b16_{composition}.dat").write_text("# columns\n" + zones)
    (solar / "fluxes_b16.dat").write_text("".join(f"{i}.5 +0.1 {i}.25 +0.2\n" for i in range(1, 9)))
    matrix = np.full((8, 8), 0.25) + 0.75 * np.eye(8)
    for composition in ("GS98", "AGSS09", "C11", "AAG21", "MB22m", "MB22p"):
        lines = [
            "made up",
            "   ".join(LABELS),
            " ".join(["2.0e+08"] * 8) + " Flux",
            " ".join(["1.0e-01"] * 8) + " Fract.Err",
            "-" * 80,
            *(
                " ".join(f"{v:+.4f}" for v in row) + f" {label}"
                for row, label in zip(matrix, LABELS, strict=True)
            ),
        ]
        (solar / "sfiii" / f"fluxes_SF3_{composition}.dat").write_text("\n".join(lines) + "\n")
    return folder


def test_round_trip(script: ModuleType, raw: Path, tmp_path: Path) -> None:
    path = tmp_path / "out" / "solar.root"
    tables = script.convert(raw)
    importlib.import_module("raw_tables").write_tables(path, tables)
    assert set(read_metadata(path)) == {table.name for table in tables}
    assert len(tables) == 7 + 2 + 2 + 2 + 12
    for table in tables:
        back = read_table(path, table.name)
        assert back.metadata() == table.metadata()
        assert list(back.columns) == list(table.columns)
        for column, values in table.columns.items():
            np.testing.assert_array_equal(back[column], values)
        digest = hashlib.sha256((raw / table.raw_file).read_bytes()).hexdigest()
        assert back.sha256 == digest
        assert back.provenance == "published"
        assert back.citation and back.doi
    assert list(path.parent.iterdir()) == [path]


def test_spectra_are_closed_cut_and_normalised(script: ModuleType, raw: Path) -> None:
    by_name = {table.name: table for table in script.convert(raw)}
    pp = by_name["spectra_pp"]
    np.testing.assert_array_equal(pp["energy"], [0.0, 0.1, 0.2, 0.4])
    np.testing.assert_allclose(pp["density"], np.array([0.0, 1.0, 2.0, 0.0]) / 0.4, rtol=1e-15)
    assert "0.4" in pp.note and "(0, 0)" in pp.note
    winter = by_name["spectra_b8_winter"]
    np.testing.assert_allclose(winter["density"], [0.0, 2 / 3, 0.0], rtol=1e-15)
    line = by_name["lines_be7_ground"]
    np.testing.assert_array_equal(line["energy"], [0.1, 0.2, 0.4, 0.5])
    np.testing.assert_allclose(line["density"], np.array([1.0, 2.0, 0.0, 0.0]) / 0.35, rtol=1e-15)


def test_production_and_fluxes(script: ModuleType, raw: Path) -> None:
    by_name = {table.name: table for table in script.convert(raw)}
    profile = by_name["production_gs98"]
    np.testing.assert_allclose(profile["b8"], [0.5, 0.5])
    np.testing.assert_array_equal(profile["log10_electron_density"], [2.0, 1.0])
    low_z = by_name["fluxes_b16_agss09"]
    assert low_z.rows == FLUXES
    np.testing.assert_allclose(
        low_z["flux"], [1.25e10, 2.25e8, 3.25e3, 4.25e9, 5.25e6, 6.25e8, 7.25e8, 8.25e6]
    )
    np.testing.assert_array_equal(low_z["fractional_error"], np.full(8, 0.2))
    correlation = by_name["correlations_sf3_mb22p"]
    np.testing.assert_array_equal(correlation["n13"], np.where(np.arange(8) == 5, 1.0, 0.25))


def test_command_line_is_reproducible(raw: Path, tmp_path: Path) -> None:
    paths = [tmp_path / "a.root", tmp_path / "b.root"]
    for path in paths:
        command = [sys.executable, str(SCRIPTS / "convert_solar.py"), str(raw), "--output", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    first, second = (read_metadata(path) for path in paths)
    assert first == second
    for name in first:
        one, two = (read_table(path, name) for path in paths)
        for column in one.columns:
            np.testing.assert_array_equal(one[column], two[column])


def test_command_line_reports_and_leaves_nothing(raw: Path, tmp_path: Path) -> None:
    (raw / "solar" / "pp_shape.csv").unlink()
    command = [
        sys.executable,
        str(SCRIPTS / "convert_solar.py"),
        str(raw),
        "--output",
        str(tmp_path / "a.root"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pp_shape.csv" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "a.root").exists()


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("pp_shape.csv", "0.1, 1.0\n0.2\n", r"pp_shape.csv:2: 1 columns"),
        ("pp_shape.csv", "0.1, one\n", r"pp_shape.csv:1: .*'one'"),
        ("pp_shape.csv", "0.1, nan\n", r"finite numbers"),
        ("pp_shape.csv", "# nothing\n", r"no numbers"),
        ("pp_shape.csv", "0.2, 1.0\n0.1, 1.0\n", r"do not increase"),
        ("pp_shape.csv", "0.1, -1.0\n0.2, 1.0\n", r"below zero"),
        ("fluxes_b16.dat", "1 1 1 1\n", r"1 fluxes"),
        ("sfiii/fluxes_SF3_C11.dat", "nothing here\n", r"no line of 8 numbers for Flux"),
    ],
)
def test_broken_raw_files(script: ModuleType, raw: Path, file: str, text: str, message: str) -> None:
    (raw / "solar" / file).write_text(text)
    with pytest.raises(InputError, match=message):
        script.convert(raw)


def test_a_matrix_that_is_no_correlation(script: ModuleType, raw: Path) -> None:
    path = raw / "solar" / "sfiii" / "fluxes_SF3_GS98.dat"
    path.write_text(path.read_text().replace("+1.0000 +0.2500", "+1.0000 +0.2400", 1))
    with pytest.raises(InputError, match="no correlation matrix"):
        script.convert(raw)


def test_two_tables_of_one_name(script: ModuleType, raw: Path, tmp_path: Path) -> None:
    tables = script.convert(raw)
    with pytest.raises(InputError, match="different names"):
        importlib.import_module("raw_tables").write_tables(tmp_path / "x.root", [tables[0], tables[0]])
