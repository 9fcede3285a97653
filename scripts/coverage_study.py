"""Measure the coverage of the Borexino + gallium limit: table, numbers and picture of the documents.

Usage: ``python scripts/coverage_study.py [-n N] [--seed S] [--blocks FOLDER] [--out FOLDER]``. Toys are drawn
at mu_eff = 0, 2 and 4e-11 mu_B on the public spectrum's best fit under each. Every block of toys is
kept in FOLDER as soon as it is done; a study that was stopped goes on where it was, one with more toys adds
to what is there, and both end with the same numbers as one that was not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from nurecoil import atomic
from nurecoil._version import __version__
from nurecoil.analysis import build
from nurecoil.documents import encode
from nurecoil.errors import OptionError
from nurecoil.inference.coverage import BLOCK, check_request, judged, read_off
from nurecoil.inference.coverage_results import Coverage
from nurecoil.inference.coverage_toys import ToysAtTruth, TruthStudy
from nurecoil.inference.fit import nll
from nurecoil.model.spectral import SpectralModel
from nurecoil.report.coverage_plot import plot_coverage
from nurecoil.report.style import save

__all__ = ["METHODS", "TRUTHS", "markdown", "study"]

Array = NDArray[np.float64]

EXPERIMENTS, SEARCH = ("borexino", "gallium"), "magnetic-moment"
OPTIONS = {"borexino": {"response": "compiled"}}
TRUTHS = (0.0, 2e-11, 4e-11)
"""mu_eff [mu_B]."""
METHODS = ("area", "delta-chi2-one-sided", "delta-chi2-two-sided", "feldman-cousins")
"""What is studied."""
LEVEL, POINTS = 0.90, 25


def study(
    model: SpectralModel, truths: Sequence[float], n: int, seed: int, blocks: Path, progress: Progress
) -> Coverage:
    """Measure the coverage, block by block.

    Args:
        model: the model with its data.
        truths: values of its parameter of interest.
        n: toys at each truth.
        seed: their seed.
        blocks: folder of the blocks.
        progress: shows how far it is.

    Returns:
        The coverage of every method at every truth.

    Raises:
        OptionError: where the folder holds blocks of another model, seed or level.
    """
    check_request(METHODS, LEVEL, n, seed, POINTS)
    assert model.poi is not None
    _claim(blocks, model, seed)
    rows, failures = [], []
    task = progress.add_task("toys", total=n * len(truths))
    for truth in truths:
        at = None
        parts, others = [], []
        for first in range(0, n, BLOCK):
            size = min(BLOCK, n - first)
            path = blocks / f"{truth:g}_{first}_{size}.npz"
            if not path.exists():
                at = at or TruthStudy(model, truth, read_off(METHODS), LEVEL, POINTS)
                _keep(path, at.run(seed, first, size), at.others(seed, first, size))
            toys, other = _kept(path)
            parts.append(toys)
            others.append(other)
            progress.advance(task, size)
        joined = ToysAtTruth.joined(parts)
        rows += judged(joined, METHODS, LEVEL, np.concatenate(others))
        failures += [(truth, number, reason) for number, reason in joined.failures]
    unit = model.parameters[model.poi].unit
    return Coverage(model.poi, unit, LEVEL, tuple(rows), seed, tuple(failures), model.metadata)


def markdown(found: Coverage, n: int) -> str:
    """The table of the documents.

    Args:
        found: the coverage.
        n: toys at each truth.

    Returns:
        Text in Markdown.
    """
    lines = [
        f"{100 * found.cl:g} % upper limits on {found.poi}, {n:,} toys at each truth, seed {found.seed};",
        "truths and limits in 1e-11 mu_B; errors are binomial. Made by `python scripts/coverage_study.py "
        f"-n {n} --seed {found.seed}`.",
        "",
        "| truth | method | coverage | median limit | mean limit | toys without an answer |",
        "|---|---|---|---|---|---|",
    ]
    for row in found.rows:
        limits = ["" if np.isnan(one) else f"{1e11 * one:.2f}" for one in (row.median, row.mean)]
        cells = [
            f"{1e11 * row.truth:g}",
            row.method,
            f"{row.coverage:.4f} +- {row.error:.4f}",
            *limits,
            str(row.failed),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def _claim(blocks: Path, model: SpectralModel, seed: int) -> None:
    """Say whose blocks the folder holds; refuse those of another study."""
    atomic.make_folder(str(blocks), where="--blocks")
    observed = b"".join(np.asarray(channel.observed, float).tobytes() for channel in model.channels)
    study_of = {
        "model": hashlib.blake2b(observed + f"{nll(model):.9f}".encode(), digest_size=16).hexdigest(),
        "seed": seed,
        "cl": LEVEL,
        "points": POINTS,
        "methods": list(METHODS),
        "version": __version__,
    }
    label = blocks / "study.json"
    if not label.exists():
        atomic.write_text(str(label), encode(study_of), where="--blocks")
    elif json.loads(label.read_text()) != study_of:
        raise OptionError(
            "--blocks",
            f"{blocks} holds blocks of another model, seed or version",
            "a folder of this study",
            "Name another folder, or delete this one.",
        )


def _keep(path: Path, toys: ToysAtTruth, others: Array) -> None:
    """Write a block, whole or not at all."""
    arrays: Mapping[str, Any] = {
        "q": toys.q,
        "best": toys.best,
        "others": others,
        **{f"limit.{name}": limits for name, limits in toys.limits.items()},
    }
    rest = {"truth": toys.truth, "first": toys.first, "failures": [list(one) for one in toys.failures]}
    with atomic.replacing(path, where="--blocks") as temporary, open(temporary, "wb") as file:
        np.savez(file, rest=np.array(json.dumps(rest)), **arrays)


def _kept(path: Path) -> tuple[ToysAtTruth, Array]:
    """Read a block."""
    with np.load(path, allow_pickle=False) as file:
        rest = json.loads(str(file["rest"]))
        limits = {key.removeprefix("limit."): file[key] for key in file.files if key.startswith("limit.")}
        failures = tuple((int(number), str(reason)) for number, reason in rest["failures"])
        toys = ToysAtTruth(rest["truth"], rest["first"], file["q"], file["best"], limits, failures)
        return toys, file["others"]


def main() -> None:
    """Do the study and write its table, numbers and picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-n", type=int, default=10_000, metavar="N", help="toys at each truth")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--blocks", type=Path, default=Path("coverage_blocks"), metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=Path("docs/data"), metavar="FOLDER")
    given = parser.parse_args()
    model = build(EXPERIMENTS, SEARCH, OPTIONS)
    out = atomic.make_folder(str(given.out), where="--out")
    with Progress(console=Console(stderr=True)) as progress:
        found = study(model, TRUTHS, given.n, given.seed, given.blocks, progress)
    atomic.write_text(str(out / "coverage.json"), encode({**found.to_json(), "toys": given.n}), where="--out")
    atomic.write_text(str(out / "coverage.md"), markdown(found, given.n), where="--out")
    save(plot_coverage(found, "Borexino + gallium"), out / "coverage.png")
    Console(width=150).print(markdown(found, given.n), markup=False, highlight=False)


if __name__ == "__main__":
    main()
