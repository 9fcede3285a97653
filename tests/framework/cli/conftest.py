"""Fixtures for the tests of the command line: a call in this process, and one in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from nurecoil.cli.app import application
from nurecoil.model.parameters import GaussianConstraint, Parameter
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel

from ..conftest import Site


@pytest.fixture
def call() -> Callable[..., Result]:
    """Call the command line in this process: ``call("list", "--json", "-")``."""
    return lambda *words: CliRunner().invoke(application(words), words, prog_name="nurecoil")


@pytest.fixture
def process(site: Site) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Call Python with the made-up site in a process of its own: ``process("-m", "nurecoil", "list")``."""

    def call(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
        paths = [str(site.folder), *(path for path in sys.path if path)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
        return subprocess.run([sys.executable, *words], env=environment, text=True, timeout=60, **streams)

    return call


@pytest.fixture
def terminal(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Call the command in a process of its own, in an empty folder: ``terminal("fit", "gallium")``."""

    def call(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        command = [sys.executable, "-m", "nurecoil", *words]
        return subprocess.run(
            command, env=environment, text=True, timeout=120, capture_output=True, cwd=tmp_path, **more
        )

    return call


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Let every command build a small spectrum instead of an experiment; returns what was asked for."""
    asked: list[tuple[Any, ...]] = []

    def build(experiments: Any, search: Any = None, options: Any = None) -> SpectralModel:
        asked.append((list(experiments), search, options))
        return spectrum(list(experiments), search)

    monkeypatch.setattr("nurecoil.analysis.build", build)
    return asked


def spectrum(experiments: list[str], search: str | None) -> SpectralModel:
    """A signal (a coupling squared) over a background of 20 bins, with everything a real model states."""
    edges = np.linspace(0.0, 10.0, 21)
    middle = (edges[1:] + edges[:-1]) / 2
    parameters = {
        "kappa": Parameter("kappa", "mu_B", 0.0, lower=0.0),
        "toy.rate.flat": Parameter(
            "toy.rate.flat", "events", 50.0, lower=0.0, constraint=GaussianConstraint(50.0, 5.0)
        ),
    }
    samples = (
        Sample("signal", 1e22 * np.exp(-middle), {"kappa": 2}, title="signal", group="signal"),
        Sample("flat", np.ones(20), {"toy.rate.flat": 1}, title="flat", provenance="toy"),
    )
    observed = np.full(20, 50.0) + np.arange(20) % 3 - 1
    channel = PoissonChannel("toy/x", "x", "MeV", edges, samples, observed)
    metadata = {
        "experiments": experiments,
        "search": search,
        "options": {"toy": {"option": 1}},
        "notes": ["a note"],
        "provenance": ["observed counts: made up (toy)"],
        "references": ["A. Author, J. Toy Phys. 1 (2026) 1"],
        "alternatives": [],
        "published": [
            {"parameter": "toy.rate.flat", "value": 51.0, "error": 2.0, "unit": "cpd", "scale": 1.0,
             "citation": "J. Toy Phys.", "remark": "a remark"},
        ],
        "published_limits": [
            {"search": search, "experiments": experiments, "value": 4.5e-11, "unit": "mu_B", "cl": 0.9,
             "method": "area", "citation": "J. Toy Phys.", "remark": "their data"},
        ],
    }  # fmt: skip
    return SpectralModel((channel,), parameters, poi="kappa" if search else None, metadata=metadata)
