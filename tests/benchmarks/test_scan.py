"""How long the exclusion curve and the expected limits take: printed beside their bounds."""

from __future__ import annotations

import time

import numpy as np
import pytest

from nurecoil.analysis import Request, build
from nurecoil.inference.sensitivity import sensitivity
from nurecoil.studies.exclusion import exclusion, scan_points

pytestmark = pytest.mark.benchmark

_CURVE = 60.0
"""Seconds for 60 masses of Borexino and gallium."""


@pytest.mark.parametrize("interference", [False, True], ids=["pure", "interference"])
def test_the_whole_exclusion_curve(interference: bool) -> None:
    request = Request.of(
        ["borexino", "gallium"], "light-vector", {"light-vector": {"interference": interference}}
    )
    masses = scan_points("0:100MeV", 60, None, "MeV")
    began = time.perf_counter()
    curve = exclusion(request, "mass", masses)
    seconds = time.perf_counter() - began
    kind = "with interference" if interference else "pure"
    print(f"\n60 masses, Borexino + gallium, {kind}: {seconds:.1f} s (bound {_CURVE:g} s)")
    assert np.all(np.diff([limit for limit in curve.limits if limit is not None]) > -1e-9)
    assert curve.reasons == ()


@pytest.mark.parametrize("experiment", ["borexino", "juno", "kamland", "sno", "dune"])
def test_an_expected_limit_with_its_bands(experiment: str) -> None:
    began = time.perf_counter()
    model = build([experiment], "magnetic-moment")
    folded = time.perf_counter() - began
    found = sensitivity(model)
    seconds = time.perf_counter() - began
    print(f"\n{experiment}: {found!r}, folded in {folded:.2f} s, all in {seconds:.2f} s after the imports")
    assert found.bands[-2] < found.bands[-1] < found.median < found.bands[1] < found.bands[2]
