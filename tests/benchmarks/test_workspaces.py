"""How long one fit of an imported file takes, here and in pyhf with MINUIT: ratios of one run."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich import box
from rich.console import Console
from rich.table import Table

from nurecoil.bridges.reading import read
from nurecoil.inference.fit import fit

from ..framework.bridges.peers.large_workspaces import five_channels, nine_hundred_bins
from ..framework.bridges.peers.pyhf_peer import PyhfPeer, minuit

CASES: dict[str, tuple[Callable[[], dict[str, Any]], int, float]] = {
    "900 bins": (nine_hundred_bins, 7, 100.0),
    "5 channels x 30 bins x 4 samples": (five_channels, 1, 20.0),
}
"""Workspace, fits by pyhf, and how many times faster ours has to be."""


def seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


@pytest.mark.benchmark
def test_one_fit_of_an_imported_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pyhf

    table = Table(title="one fit of an imported HistFactory file, errors included", box=box.SIMPLE_HEAD)
    for heading in ("file", "parameters", "read, ms", "fit, ms", "pyhf numpy + MINUIT, ms", "ratio"):
        table.add_column(heading, justify="left" if heading == "file" else "right")
    ratios = {}
    for name, (make, runs, _) in CASES.items():
        document = make()
        path = tmp_path / "workspace.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        reading = statistics.median(seconds(lambda path=path: read(path)) for _ in range(3))  # type: ignore[misc]
        model, peer = read(path), PyhfPeer(document)
        best = fit(model)

        def theirs(peer: PyhfPeer = peer) -> object:
            return pyhf.infer.mle.fit(peer.data, peer.model, return_uncertainties=True)

        ours, others = [], []
        with minuit():
            for _ in range(runs):  # in turn: a busy machine slows both
                ours += [seconds(lambda model=model: fit(model)) for _ in range(max(3, 15 // runs))]  # type: ignore[misc]
                others.append(seconds(theirs))
        mine, peers = statistics.median(ours), statistics.median(others)
        ratios[name] = peers / mine
        assert best.nll < peer.nll(best.values) + 1e-6
        table.add_row(name, f"{len(model.parameters)}", f"{1e3 * reading:.0f}", f"{1e3 * mine:.1f}",
                      f"{1e3 * peers:.0f}", f"{ratios[name]:.0f}")  # fmt: skip
    with capsys.disabled():
        Console(width=110).print(table)
    for name, (_, _, least) in CASES.items():
        assert ratios[name] >= least, name
