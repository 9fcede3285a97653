"""The conversion of the 71Ga cross section: a made-up table, and the file that the plugin ships."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from nurecoil.errors import InputError
from nurecoil.physics.tables import read_table

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "plugins" / "nurecoil_gallium" / "data" / "gallium.root"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("convert_gallium")


def test_round_trip(script: ModuleType, tmp_path: Path) -> None:
    raw = tmp_path / "gallium" / "xsec_ga71.csv"
    raw.parent.mkdir()
    raw.write_text("# made up\nE,sigma,sigma_minus3,sigma_plus3\n0.24,1.0,0.5,2.0\n1.0,10.0,5.0,20.0\n")
    output = tmp_path / "gallium.root"
    assert (
        importlib.import_module("raw_tables").run_conversion("test", output, script.convert, [str(tmp_path)])
        == 0
    )
    table = read_table(output, "capture_ga71")
    np.testing.assert_array_equal(table["energy"], [0.24, 1.0])
    np.testing.assert_allclose(table["cross_section"], [1e-46, 1e-45], rtol=1e-15)
    np.testing.assert_allclose(table["minus_3_sigma"], [5e-47, 5e-46], rtol=1e-15)
    assert table.units["plus_3_sigma"] == "cm2"
    assert table.raw_file == "gallium/xsec_ga71.csv"


def test_missing_raw_file(script: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file gallium/xsec_ga71\.csv"):
        script.convert(tmp_path)


def test_shipped_table() -> None:
    table = read_table(SHIPPED, "capture_ga71")
    assert len(table) == 58
    assert table.doi == "10.1103/PhysRevC.56.3391"
    assert table["energy"][0] == 0.24 and table["energy"][-1] == 30.0
    np.testing.assert_allclose(table["cross_section"][[0, -1]], [13.10e-46, 8.789e-41])
    assert np.all(np.diff(table["cross_section"]) > 0)
    assert np.all(table["minus_3_sigma"] < table["cross_section"])
    assert np.all(table["cross_section"] < table["plus_3_sigma"])
