"""The table of variants of the public fit, printed; the documents include what the script writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "borexino_variants.py"


@pytest.mark.benchmark
def test_variants(capsys: pytest.CaptureFixture[str]) -> None:
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=True)
    with capsys.disabled():
        print("\n" + done.stdout)
    assert done.stdout.count("\n") > 19
