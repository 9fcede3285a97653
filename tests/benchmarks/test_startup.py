"""How fast the command line answers: help and the list, against importing the libraries it is drawn with."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

BASE = ("-c", "import typer, rich")


def seconds(words: tuple[str, ...]) -> float:
    """Wall time of one run of Python."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


@pytest.mark.benchmark
@pytest.mark.parametrize("words", [("--help",), ("list",)], ids=" ".join)
def test_it_takes_at_most_twice_the_import_of_typer_and_rich(words: tuple[str, ...]) -> None:
    command = ("-m", "nurecoil", *words)
    pairs = [(seconds(BASE), seconds(command)) for _ in range(15)]  # alternating: a busy machine slows both
    base, ours = (min(column) for column in zip(*pairs, strict=True))
    print(f"\nnurecoil {' '.join(words)}: {1e3 * ours:.0f} ms, import typer, rich: {1e3 * base:.0f} ms")
    assert ours <= 2 * base
