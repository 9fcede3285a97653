"""The numbers of the documents that a script prints: the quick ones stand on their pages as printed."""

from __future__ import annotations

import importlib
import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import nurecoil as nr
from nurecoil.experiment import Background, RecoilChannel
from nurecoil.physics.solar_options import SolarOptions
from nurecoil.shared import Sources

ROOT = Path(__file__).parents[2]
NOTES = (ROOT / "specs" / "physics-notes.md").read_text()


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("documented_numbers")


def printed(line: str) -> dict[str, float]:
    """Names and numbers of a printed list."""
    return {name: float(value) for name, value in re.findall(r"(\w+) (-?\d+\.\d+)", line)}


def test_solar_rates_are_those_of_the_notes(script: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main(["solar-rates"]) == 0
    lines = {line.partition(":")[0]: printed(line) for line in capsys.readouterr().out.splitlines()}
    radiative, moment = (
        lines["radiative rates [cpd/100 t]"],
        lines["recoils above 200 keV from 1e-11 mu_B [cpd/100 t]"],
    )
    assert f"| {radiative['pp']:.2f} |" in NOTES
    assert f"| {radiative['be7']:.2f} |" in NOTES
    assert f"| {sum(radiative[name] for name in ('n13', 'o15', 'f17')):.3f} |" in NOTES
    assert f"{moment['be7']:.3f} cpd/100 t from 7Be, {moment['pp']:.3f} from pp" in NOTES
    high, low = lines["gallium, B16-GS98 [SNU]"], lines["gallium, B16-AGSS09 [SNU]"]
    row = [*(high[name] for name in ("pp", "be7", "b8", "pep", "o15", "n13", "total")), low["total"]]
    assert "| computed | " + " | ".join(f"{value:.2f}" for value in row) + " |" in NOTES
    assert low["b8"] < high["b8"]


def test_the_tail_of_carbon_is_that_of_the_notes(
    script: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main(["carbon-tail"]) == 0
    out = capsys.readouterr().out
    share = re.search(r"([\d.]+e-\d+) of the decays; Gaussian ([\d.]+) of it", out)
    assert share
    assert f"{float(share[1]) * 1e6:.1f}e-6 of the decays" in NOTES
    assert f"gives {share[2]} of that" in NOTES


def test_a_changed_background_is_the_only_change(script: ModuleType) -> None:
    def double(channel: RecoilChannel, background: Background) -> Background:
        return replace(background, template=2 * np.asarray(background.template))

    shipped = nr.build(["borexino"], search="magnetic-moment")
    changed = script._model(["borexino"], ("pileup", double), Sources(SolarOptions()))
    by_name = [{s.name: s for s in made.channels[0].samples} for made in (shipped, changed)]
    np.testing.assert_allclose(by_name[1]["pileup"].template, 2 * by_name[0]["pileup"].template)
    assert list(by_name[0]) == list(by_name[1])


def test_a_section_that_does_not_exist(script: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        script.main(["xenon"])
    assert end.value.code == 2
    assert "solar-rates" in capsys.readouterr().err
