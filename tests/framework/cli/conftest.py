"""Fixtures for the tests of the command line: a call in this process, and one in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from nurecoil.cli.app import application

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
