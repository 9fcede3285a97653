"""``nurecoil demo``, once for real: three whole files, both limits beside the published ones."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from nurecoil.cli.app import application

SCHEMA: dict[str, Any] = json.loads((Path(__file__).parents[3] / "specs" / "limit.schema.json").read_text())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """The command's result and its folder."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    words = ["demo", "--out", str(folder)]
    return CliRunner().invoke(application(words), words, prog_name="nurecoil"), folder


def test_it_ends_well_and_leaves_three_files(demo: tuple[Result, Path]) -> None:
    result, folder = demo
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    assert sorted(path.name for path in folder.iterdir()) == ["fit.png", "limits.json", "profile.png"]


@pytest.mark.parametrize("name", ["fit.png", "profile.png"])
def test_plots_are_images_of_a_readable_size(demo: tuple[Result, Path], name: str) -> None:
    data = (demo[1] / name).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    assert 800 <= width <= 4000
    assert 600 <= height <= 4000
    assert len(data) > 20_000
    assert data.endswith(b"IEND\xaeB`\x82")


def test_the_document_holds_both_limits(demo: tuple[Result, Path]) -> None:
    found = json.loads((demo[1] / "limits.json").read_text())
    assert list(found) == ["Borexino", "Borexino + gallium"]
    for limit in found.values():
        jsonschema.validate(limit, SCHEMA)
        assert len(limit["rows"]) == 4
        (other,) = limit["without"]
        assert other["label"] == "without the borrowed comb"
        assert other["goodness"]["p_value"] < limit["goodness"]["p_value"]
    assert found["Borexino"]["experiments"] == ["borexino"]
    assert found["Borexino + gallium"]["experiments"] == ["borexino", "gallium"]
    assert found["Borexino + gallium"]["value"] < found["Borexino"]["value"]


def test_words_show_computed_and_published_side_by_side(demo: tuple[Result, Path]) -> None:
    out = demo[0].stdout
    document = json.loads((demo[1] / "limits.json").read_text())
    for label, published in {"Borexino": ["4e-11"], "Borexino + gallium": ["2.6e-11", "2.8e-11"]}.items():
        computed = f"mu_eff < {document[label]['value']:.3g}"
        assert any(
            label in line and computed in line and published[0] in line for line in out.splitlines()
        ), label
        assert all(number in out for number in published)
    published_rates = {"solar.flux.pp": ("134", "10"), "solar.flux.be7": ("48.3", "1.1"),
                       "borexino.rate.kr85": ("6.8", "1.8"), "borexino.rate.po210": ("260", "3")}  # fmt: skip
    for name, (value, error) in published_rates.items():
        rows = [line.split() for line in out.splitlines() if line.split()[:1] == [name]]
        assert any(value in row and error in row for row in rows), name
    assert "without the borrowed comb: chi2/ndf" in out
    assert "area-squared" in out
    assert "Written: " in out
