"""The coverage study: it stops and goes on, and what it writes is what the library says."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rich.progress import Progress

from nurecoil.errors import OptionError
from nurecoil.inference.coverage import coverage
from nurecoil.inference.coverage_results import Coverage
from nurecoil.inference.coverage_toys import TruthStudy
from nurecoil.testing.models import counting

ROOT = Path(__file__).parents[2]
MODEL = counting(3.0, 3.0, background_error=1.0)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    found = importlib.import_module("coverage_study")
    monkeypatch.setattr(found, "BLOCK", 10)
    monkeypatch.setattr(found, "POINTS", 9)
    return found


def study(script: ModuleType, blocks: Path, n: int = 20, seed: int = 1) -> Coverage:
    with Progress(disable=True) as progress:
        found = script.study(MODEL, (0.0, 2.0), n, seed, blocks, progress)
    assert isinstance(found, Coverage)
    return found


def test_it_says_what_the_library_says(script: ModuleType, tmp_path: Path) -> None:
    found = study(script, tmp_path / "blocks")
    assert found.rows == coverage(MODEL, (0.0, 2.0), script.METHODS, n=20, points=9).rows
    text = script.markdown(found, 20)
    assert text.count("\n| ") == 1 + len(found.rows)
    assert f"| 2e+11 | area | {found.of('area', 2.0).coverage:.4f} +- " in text


def test_stopped_and_started_again_it_ends_the_same(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = study(script, tmp_path / "whole", n=40)
    true, calls = TruthStudy.run, []

    def stops(self: TruthStudy, seed: int, first: int, n: int) -> Any:
        calls.append((self.truth, first))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return true(self, seed, first, n)

    monkeypatch.setattr(TruthStudy, "run", stops)
    with pytest.raises(KeyboardInterrupt):
        study(script, tmp_path / "parts", n=20)
    study(script, tmp_path / "parts", n=20)
    assert study(script, tmp_path / "parts", n=40) == whole
    # three blocks done, one stopped and done again, and the four that more toys add
    assert len(calls) == len({*calls}) + 1 == 9


def test_blocks_of_another_study_are_refused(script: ModuleType, tmp_path: Path) -> None:
    study(script, tmp_path)
    with pytest.raises(OptionError, match="blocks of another model, seed or version"):
        study(script, tmp_path, seed=2)


def test_the_page_shows_what_the_script_writes() -> None:
    page = (ROOT / "docs" / "coverage.md").read_text()
    for name in ("data/coverage.md", "data/coverage.png"):
        assert name in page and (ROOT / "docs" / name).exists()
