"""Our engine beside its peers on the models of 900 bins: times of one run, ratios, a plot.

``NURECOIL_BENCHMARK_WRITE=1`` writes the tables into the documentation; ``NURECOIL_PEERS_PYTHON`` names a
Python that has packages which are not among our extras (jax, evermore). What is asserted are floors far below
what is expected: the machine may be busy.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import platform
import sys
from pathlib import Path

import numpy as np
import pytest
from rich import box
from rich.console import Console
from rich.table import Table

from .engines_900 import HERE, Hand, Iminuit, Ours, Row, Toys, apart, median_seconds
from .hand_numba import HandNumba
from .models_900 import FIXED, POI, SIZES, make, plain
from .peers import PEERS

ROOT = Path(__file__).parents[2]
PEERS_PYTHON = os.environ.get("NURECOIL_PEERS_PYTHON", sys.executable)
ELSEWHERE = ("pyhf-jax", "evermore")
"""Peers that may live in a Python of their own."""
WANTED = (
    ("one fit", "hand-toys", 0.5),
    ("one fit", "iminuit", 10.0),
    ("one fit", "pyhf-numpy", 500.0),
    ("profile", "roofit", 10.0),
    ("toys", "hand", 0.5),
    ("toys", "roofit", 100.0),
)
"""What is timed, against whom, and how many times as fast we want to be.

RooFit's toys with 15 parameters: twice that. Half as fast at one fit as the hand: two times its time.
"""


def ratio(what: str, ours: Row, peer: Row) -> float:
    """How many times as fast we are."""
    if what == "one fit":
        return peer.fit / ours.fit
    return peer.scan / ours.scan if what == "profile" else ours.rate / peer.rate


@pytest.fixture(scope="module")
def rows() -> dict[tuple[str, int], Row]:
    """Every engine on both models, one process after another."""
    found = {}
    for parameters in SIZES:
        for name in (*HERE, *PEERS):
            python = PEERS_PYTHON if name in ELSEWHERE else sys.executable
            found[name, parameters] = apart(name, parameters, python)
            print(f"  {name}, {parameters} parameters: {_said(found[name, parameters])}", flush=True)
    return found


def _said(row: Row) -> str:
    return row.note if math.isnan(row.fit) else f"{1e3 * row.fit:.3g} ms"


def table_of(rows: dict[tuple[str, int], Row], parameters: int) -> Table:
    """Times and how many times as fast we are."""
    ours = rows["nurecoil", parameters]
    title = f"900 bins, 1.5 million events, {parameters} parameters; processor time"
    table = Table(title=title, box=box.SIMPLE_HEAD)
    heads = ("engine", "one fit, ms", "x", "40 points, ms", "x", "toy pairs / s", "x", "off by", "note")
    for heading in heads:
        table.add_column(heading, justify="left" if heading in ("engine", "note") else "right")
    for (_, size), row in rows.items():
        if size != parameters:
            continue
        if math.isnan(row.fit):
            table.add_row(row.engine, *[""] * 7, row.note)
            continue
        table.add_row(
            row.engine, f"{1e3 * row.fit:.3g}", f"{row.fit / ours.fit:.3g}",
            f"{1e3 * row.scan:.4g}", f"{row.scan / ours.scan:.3g}",
            f"{row.rate:.3g}", f"{ours.rate / row.rate:.3g}", f"{row.off:.1g}", row.note,
        )  # fmt: skip
    return table


def targets_of(rows: dict[tuple[str, int], Row]) -> Table:
    """What was asked for and what was measured."""
    table = Table(title="times as fast as", box=box.SIMPLE_HEAD)
    for heading in ("what", "than", "parameters", "wanted", "measured"):
        table.add_column(heading, justify="left" if heading in ("what", "than") else "right")
    for what, name, least in WANTED:
        for parameters in SIZES:
            row = rows[name, parameters]
            wanted = 2 * least if (what, name, parameters) == ("toys", "roofit", 15) else least
            measured = ratio(what, rows["nurecoil", parameters], row)
            text = "not measured" if math.isnan(measured) else f"{measured:.3g}"
            table.add_row(what, row.engine, str(parameters), f"{wanted:g}", text)
    return table


@pytest.mark.benchmark
def test_ours_beside_the_peers(rows: dict[tuple[str, int], Row], capsys: pytest.CaptureFixture[str]) -> None:
    from .engine_plot import draw

    tables = [*(table_of(rows, parameters) for parameters in SIZES), targets_of(rows)]
    with capsys.disabled():
        console = Console(width=150)
        for table in tables:
            console.print(table)
    out = ROOT / "out"
    out.mkdir(exist_ok=True)
    draw(list(rows.values()), out / "benchmark.png")
    if os.environ.get("NURECOIL_BENCHMARK_WRITE"):
        _write(rows, tables)
    for parameters in SIZES:
        ours = rows["nurecoil", parameters]
        assert ours.fit < 10 * rows["hand-toys", parameters].fit
        assert ours.rate > 0.1 * rows["hand", parameters].rate
        for row in (rows["hand", parameters], rows["hand-toys", parameters]):
            assert row.off < 1e-6
        assert rows["iminuit", parameters].off < 0.02


def _write(rows: dict[tuple[str, int], Row], tables: list[Table]) -> None:
    """The numbers and the tables of the documentation."""
    folder = ROOT / "docs" / "data"
    found = [
        {key: None if value != value else value for key, value in dataclasses.asdict(row).items()}
        for row in rows.values()
    ]
    machine = {"python": platform.python_version(), "processor": _processor()}
    document = {
        "machine": machine,
        "units": {"fit": "s", "scan": "s", "rate": "1/s", "memory": "MB"},
        "rows": found,
    }
    (folder / "benchmark.json").write_text(json.dumps(document, indent=1) + "\n")
    (folder / "benchmark.md").write_text("\n".join(_markdown(table) for table in tables))


def _processor() -> str:
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores" if names else platform.processor()


def _markdown(table: Table) -> str:
    cells = [list(column.cells) for column in table.columns]
    heads = [str(column.header) for column in table.columns]
    aligned = ["---:" if column.justify == "right" else ":---" for column in table.columns]
    lines = [heads, aligned, *(list(row) for row in zip(*cells, strict=True))]
    text = "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
    return f"**{table.title}**\n\n{text}\n"


@pytest.mark.benchmark
@pytest.mark.parametrize("parameters", SIZES)
def test_what_is_written_by_hand_has_our_minima(parameters: int) -> None:
    toys = Toys.of(parameters, 200)
    free, held = Ours(parameters).pairs(toys)
    many = HandNumba(plain(toys.model))
    theirs = many.pairs(toys.data.observed, toys.known, 0, FIXED[POI] ** 2)
    assert np.max(np.abs(theirs[0] - free)) < 1e-6
    assert np.max(np.abs(theirs[1] - held)) < 1e-6
    values = np.linspace(0.1, 1.9, 5)
    ours, hand, minuit = (engine(parameters) for engine in (Ours, Hand, Iminuit))
    assert hand.fit() == pytest.approx(ours.fit(), abs=1e-6)
    assert np.max(np.abs(hand.scan(values) - ours.scan(values))) < 1e-6
    assert np.max(np.abs(minuit.scan(values) - ours.scan(values))) < 0.02
    assert len(make(parameters).free) == parameters


@pytest.mark.benchmark
@pytest.mark.parametrize("parameters", SIZES)
def test_by_turns_with_what_is_written_by_hand(parameters: int, capsys: pytest.CaptureFixture[str]) -> None:
    """In one process, one after the other again and again: what else the machine does slows both."""
    toys = Toys.of(parameters, 400)
    ours, hand = Ours(parameters), Hand(parameters)
    calls = [ours.fit, hand.fit, lambda: ours.pairs(toys), lambda: hand.pairs(toys)]
    for call in calls:
        call()
    fits = [[median_seconds(call, 5) for call in calls[:2]] for _ in range(15)]
    pairs = [[median_seconds(call, 1) for call in calls[2:]] for _ in range(15)]
    fit, pair = (float(np.median([us / them for us, them in found])) for found in (fits, pairs))
    with capsys.disabled():
        print(f"\n{parameters} parameters, by turns: one fit takes {fit:.2f} times numpy by hand (2 wanted), "
              f"toys come {1 / pair:.2f} times as fast as from numba by hand (0.5 wanted)")  # fmt: skip
    assert fit < 6
    assert pair < 6
