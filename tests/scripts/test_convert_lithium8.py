"""The model of the 8Li spectrum, from a made-up 8B spectrum and against the shipped file."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import nurecoil.physics.decay_at_rest as decay_at_rest
from nurecoil.errors import InputError, PhysicsError
from nurecoil.physics.mirror_decay import BORON8, LITHIUM8, Strength, decay_spectrum
from nurecoil.physics.tables import read_metadata, read_table

SCRIPTS = Path(__file__).parents[2] / "scripts"
DATA = Path(decay_at_rest.__file__).with_name("data")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("convert_lithium8")


def raw_folder(folder: Path, energy: np.ndarray, density: np.ndarray) -> Path:
    """A folder with a file like the published one: energy, density, its error."""
    (folder / "solar").mkdir(parents=True)
    lines = [f"{e:.2f}, {d:.9g}, 0.000" for e, d in zip(energy, density, strict=True)]
    text = "# made up\n\n" + "\n".join(lines) + "\n"
    (folder / "solar" / "8B_shape_Winter_et_al.csv").write_text(text)
    return folder


@pytest.fixture
def made_up(tmp_path: Path) -> Path:
    Ex = np.linspace(0, 12, 121)
    E = np.arange(0, 15.31, 0.1)
    strength = Strength(Ex, Ex * np.exp(-(((Ex - 3) / 2) ** 2)))
    return raw_folder(tmp_path / "raw", E, 1e3 * decay_spectrum(E, strength, BORON8))


def test_round_trip(script: ModuleType, made_up: Path, tmp_path: Path) -> None:
    path = tmp_path / "lithium8.root"
    tables = script.convert(made_up)
    importlib.import_module("raw_tables").write_tables(path, tables)
    assert list(read_metadata(path)) == ["spectrum", "strength", "closure"]
    for table in tables:
        back = read_table(path, table.name)
        assert back.metadata() == table.metadata() and back.provenance == "modelled"
        assert "Winter" in back.citation and back.raw_file == "solar/8B_shape_Winter_et_al.csv"
        for column, values in table.columns.items():
            np.testing.assert_array_equal(back[column], values)


def test_spectrum_ends_in_zero_and_closes(script: ModuleType, made_up: Path) -> None:
    spectrum, strength, closes = script.convert(made_up)
    energy, density = spectrum["energy"], spectrum["density"]
    assert energy[0] == 0 and energy[-1] <= LITHIUM8.endpoint and np.all(np.diff(energy) > 0)
    assert density[0] == density[-1] == 0 and np.all(density[1:-1] > 0)
    assert np.trapezoid(density, energy) == pytest.approx(1, rel=1e-12)
    assert closes["deviation"][0] < 2e-3
    assert f"{100 * closes['deviation'][0]:.3f} %" in spectrum.note
    assert np.trapezoid(strength["decays_b8"], strength["excitation"]) == pytest.approx(1, rel=1e-3)


def test_shipped_file_is_the_model_of_the_published_spectrum(script: ModuleType, tmp_path: Path) -> None:
    """The shipped 8B table is the raw one but for its norm, so the model must come out again."""
    winter = read_table(DATA / "solar.root", "spectra_b8_winter")
    folder = raw_folder(tmp_path / "raw", winter["energy"], 1e3 * winter["density"])
    spectrum, _, closes = script.convert(folder)
    shipped = read_table(DATA / "lithium8.root", "spectrum")
    E = np.linspace(0, LITHIUM8.endpoint, 400)
    again = np.interp(E, spectrum["energy"], spectrum["density"], right=0.0)
    expected = np.interp(E, shipped["energy"], shipped["density"], right=0.0)
    np.testing.assert_allclose(again, expected, atol=1e-5)
    assert closes["deviation"] == pytest.approx(
        read_table(DATA / "lithium8.root", "closure")["deviation"], rel=0.1
    )


def test_command_line(made_up: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.root"
    command = [sys.executable, str(SCRIPTS / "convert_lithium8.py"), str(made_up), "--output", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(read_metadata(path)) == {"spectrum", "strength", "closure"}
    (made_up / "solar" / "8B_shape_Winter_et_al.csv").unlink()
    path.unlink()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "8B_shape_Winter" in done.stderr and "Traceback" not in done.stderr
    assert not path.exists()


def test_another_spectrum_is_refused(script: ModuleType, tmp_path: Path) -> None:
    folder = raw_folder(tmp_path / "raw", np.array([0.0, 0.2, 0.4]), np.array([0.0, 1.0, 0.0]))
    with pytest.raises(PhysicsError, match=r"ends at 0.2 MeV"):
        script.convert(folder)
    (folder / "solar" / "8B_shape_Winter_et_al.csv").write_text("1.0, 2.0\n")
    with pytest.raises(InputError, match="2 columns"):
        script.convert(folder)
