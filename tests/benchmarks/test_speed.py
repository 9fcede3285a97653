"""How long one fit takes, here and in the peers, on the Borexino + gallium model; ratios of one run."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich import box
from rich.console import Console
from rich.table import Table

import nurecoil as nr
from nurecoil.model.spectral import SpectralModel

START = {"solar.flux.pp": 1.05, "borexino.rate.kr85": 8.0, "borexino.rate.bi210": 12.0, "mu_eff": 1e-11}
"""Where the timed fits begin: away from the minimum."""


def median_seconds(call: Callable[[], object], runs: int) -> float:
    call()
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def model(response: str) -> SpectralModel:
    options = {"borexino": {"response": response}}
    return nr.build(["borexino", "gallium"], search="magnetic-moment", options=options)


@pytest.mark.benchmark
def test_one_fit(capsys: pytest.CaptureFixture[str]) -> None:
    import pyhf
    import zfit

    compiled, exact = model("compiled"), model("exact")
    rows = [
        ("compiled morph, Newton", median_seconds(lambda: nr.fit(compiled, start=START), 15)),
        ("compiled morph, MINUIT with gradient", median_seconds(
            lambda: nr.fit(compiled, start=START, minimiser="minuit"), 5)),
        ("exact response, Newton", median_seconds(lambda: nr.fit(exact, start=START), 3)),
    ]  # fmt: skip
    likelihood = nr.to_zfit(compiled)
    minimiser = zfit.minimize.Minuit(gradient="zfit")

    def with_zfit() -> object:
        likelihood.set_values(START)
        return minimiser.minimize(likelihood.loss)

    rows.append(("zfit, MINUIT with gradient", median_seconds(with_zfit, 3)))
    workspace = nr.to_pyhf(compiled)
    pyhf.set_backend("numpy", pyhf.optimize.minuit_optimizer())
    peer = workspace.model()
    data = workspace.data(peer)
    rows.append(
        ("pyhf numpy, MINUIT (response frozen)", median_seconds(lambda: pyhf.infer.mle.fit(data, peer), 1))
    )
    table = Table(title="one fit of Borexino + gallium, covariance included", box=box.SIMPLE_HEAD)
    for heading in ("what", "median in ms", "over the first"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for name, seconds in rows:
        table.add_row(name, f"{1e3 * seconds:.1f}", f"{seconds / rows[0][1]:.1f}")
    with capsys.disabled():
        Console(width=100).print(table)
    assert all(seconds > 0 for _, seconds in rows)


@pytest.mark.benchmark
def test_the_main_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "nurecoil", "demo", "--out", str(tmp_path / "out")],
                   capture_output=True, check=True)  # fmt: skip
    with capsys.disabled():
        print(f"\nnurecoil demo: {time.perf_counter() - began:.1f} s")
    assert (tmp_path / "out" / "limits.json").stat().st_size > 1000
