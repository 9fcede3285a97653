"""Importing the room is cheap: uproot, hist and uhi wait until a file is touched."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    ["nurecoil.histograms", "nurecoil.histograms.read", "nurecoil.histograms.write", "nurecoil.atomic"],
)
def test_importing_brings_no_peer(module: str) -> None:
    script = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "nurecoil" in loaded
    assert not loaded & {"uproot", "awkward", "hist", "boost_histogram", "uhi"}
