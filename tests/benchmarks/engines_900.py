"""How engines are timed on the models of 900 bins: one fit, a profile of 40 points, toys free and held.

Here are what every engine answers to, the clock, ours and the ones written by hand. Those of other packages
are in :mod:`peers`. Every engine runs in a process of its own, on one core (:func:`apart`).
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

import nurecoil as nr
from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.data import DataSets
from nurecoil.engine.solve import solve
from nurecoil.inference.ensembles import Ensemble
from nurecoil.model.spectral import SpectralModel

from .hand_numba import HandNumba
from .hand_numpy import HandNumpy
from .models_900 import FIXED, POI, SCAN, make, plain

__all__ = ["Engine", "Hand", "Iminuit", "Ours", "Row", "Toys", "apart", "median_seconds", "times"]

Array = NDArray[np.float64]
Pairs = tuple[Array, Array]

MOST_SECONDS = 3600
_SHORT = 0.5
"""Processor time [s] below which a profile is repeated."""


@dataclass(frozen=True)
class Toys:
    """Toys of the model at its truth, and the model."""

    model: SpectralModel
    data: DataSets

    @classmethod
    def of(cls, parameters: int, number: int) -> Toys:
        """The first toys of seed 1; the same for every engine."""
        ensemble = Ensemble(make(parameters, "truth"))
        return cls(ensemble.model, ensemble.draw(1, 0, number))

    def measured_as_known(self) -> Toys:
        """The same counts, every auxiliary measurement where the truth is."""
        same = np.repeat(DataSets.of(self.model).auxiliary, len(self.data), axis=0)
        return Toys(self.model, DataSets(self.data.observed, same))

    @property
    def known(self) -> Array:
        """Centres of the normal constraints ``(toys, parameters)``, 0 where there is none."""
        weight = plain(self.model).weight
        found = np.zeros((len(self.data), weight.size))
        found[:, weight > 0] = self.data.auxiliary
        return found


class Engine(Protocol):
    """What is timed.

    Attributes:
        title: for the table.
        note: what it leaves out or does otherwise.
        effort: runs of the fit, points of the profile, toys.
    """

    title: str
    note: str
    effort: tuple[int, int, int]

    def __init__(self, parameters: int) -> None: ...

    def fit(self) -> float:
        """-log L of a free fit from the starting values, up to a constant."""
        ...

    def scan(self, values: Array) -> Array:
        """-log L with the signal held, up to the same constant."""
        ...

    def pairs(self, toys: Toys) -> Pairs:
        """-log L of every toy, free and with the signal held at :data:`FIXED`; NaN where it is not ours."""
        ...


@dataclass(frozen=True)
class Row:
    """Times of one engine.

    Args:
        engine: its title.
        parameters: of the model.
        fit: seconds of one fit.
        scan: seconds of a free fit and 40 points.
        rate: pairs of toy fits a second.
        off: largest difference from our own minima, of the profile's rise and of the toys' test statistic.
        memory: largest resident size of the process in MB.
        note: what it leaves out; why there are no times.
    """

    engine: str
    parameters: int
    fit: float = float("nan")
    scan: float = float("nan")
    rate: float = float("nan")
    off: float = float("nan")
    memory: float = float("nan")
    note: str = ""


def median_seconds(call: Callable[[], object], runs: int) -> float:
    """Median processor time, of all threads; one more run before is not counted, where there are several.

    Not the time on the wall: other work on the machine would count too.
    """
    if runs > 1:
        call()
    found = []
    for _ in range(runs):
        began = time.process_time()
        call()
        found.append(time.process_time() - began)
    return statistics.median(found)


def times(make_engine: Callable[[int], Engine], parameters: int) -> Row:
    """Time one engine on one model, and hold its minima against ours."""
    engine = make_engine(parameters)
    runs, points, number = engine.effort
    values = SCAN[np.linspace(SCAN.size // points - 1, SCAN.size - 1, points).astype(int)]
    toys = Toys.of(parameters, number)
    if not getattr(engine, "fluctuates", True):
        toys = toys.measured_as_known()
    warm = dataclasses.replace(toys, data=toys.data.rows(slice(0, 2)))
    found: dict[str, Any] = {}

    def scan() -> None:
        found["scan"] = engine.fit(), engine.scan(values)

    def pairs() -> None:
        found["pairs"] = engine.pairs(toys)

    fit = median_seconds(engine.fit, runs)
    if runs > 1:
        engine.scan(values[:2])
    scanned = median_seconds(scan, 1)
    if scanned < _SHORT:
        scanned = median_seconds(scan, 5)
    if number > 2:
        engine.pairs(warm)
    paired = median_seconds(pairs, 1)
    ours = Ours(parameters)
    best, rise = found["scan"]
    off = np.max(np.abs(rise - best - (ours.scan(values) - ours.fit())))
    few = dataclasses.replace(toys, data=toys.data.rows(slice(0, 50)))
    free, held = ours.pairs(few)
    theirs = [part[:50] for part in found["pairs"]]
    off = np.nanmax([off, *np.abs(theirs[1] - theirs[0] - (held - free))])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    whole = fit + (scanned - fit) * SCAN.size / points
    return Row(engine.title, parameters, fit, whole, number / paired, float(off), memory, engine.note)


class Ours:
    """The engine of this package."""

    title = "nurecoil"
    note = ""
    effort = (50, 40, 2000)

    def __init__(self, parameters: int) -> None:
        self.model = make(parameters)
        self.compiled = CompiledModel(self.model)
        self._ensemble = Ensemble(make(parameters, "truth"))

    def fit(self) -> float:
        return solve(self.compiled).value

    def scan(self, values: Array) -> Array:
        if values.size < 2:
            return np.array([nr.fit(self.model, fix={POI: float(value)}).nll for value in values])
        found = nr.profile(self.model, POI, values)
        return found.delta_nll + found.nll

    def pairs(self, toys: Toys) -> Pairs:
        free, held = self._ensemble.pairs(toys.data, FIXED)
        return free.nll, held.nll


class Hand:
    """Written by hand for these models: numpy for one fit and the profile, batched numba for the toys."""

    title = "by hand: numpy; toys numba"
    note = "written for these two models"
    effort = (50, 40, 5000)

    def __init__(self, parameters: int) -> None:
        self._one = HandNumpy(plain(make(parameters)))
        self._many = HandNumba(plain(make(parameters, "truth")))

    def fit(self) -> float:
        return self._one.minimise()[0]

    def scan(self, values: Array) -> Array:
        one = self._one
        best = one.minimise()[1]
        return np.array(_walk(lambda at, start: one.minimise(_with(start, at**2), held=0), best, values))

    def pairs(self, toys: Toys) -> Pairs:
        return self._many.pairs(toys.data.observed, toys.known, 0, FIXED[POI] ** 2)


class HandToys(Hand):
    """Toys by the numpy code, one by one."""

    title = "by hand: numpy, toys too"
    effort = (50, 40, 200)

    def pairs(self, toys: Toys) -> Pairs:
        base = plain(toys.model)
        free, held = np.empty(len(toys.data)), np.empty(len(toys.data))
        for i, (observed, known) in enumerate(zip(toys.data.observed, toys.known, strict=True)):
            one = self._one.of(observed, known)
            free[i], best = one.minimise(base.start)
            held[i] = one.minimise(_with(best, FIXED[POI] ** 2), held=0)[0]
        return free, held


class Iminuit:
    """MINUIT with the value and gradient written by hand."""

    title = "iminuit, analytic gradient"
    note = "value and gradient by hand"
    effort = (7, 40, 20)

    def __init__(self, parameters: int) -> None:
        self._one = HandNumpy(plain(make(parameters)))

    def fit(self) -> float:
        return self._migrad(self._one, self._one.model.start)[0]

    def scan(self, values: Array) -> Array:
        best = self._migrad(self._one, self._one.model.start)[1]
        one = self._one
        return np.array(_walk(lambda at, start: self._migrad(one, _with(start, at**2), held=0), best, values))

    def pairs(self, toys: Toys) -> Pairs:
        base = plain(toys.model)
        free, held = np.empty(len(toys.data)), np.empty(len(toys.data))
        for i, (observed, known) in enumerate(zip(toys.data.observed, toys.known, strict=True)):
            one = self._one.of(observed, known)
            free[i], best = self._migrad(one, base.start)
            held[i] = self._migrad(one, _with(best, FIXED[POI] ** 2), held=0)[0]
        return free, held

    @staticmethod
    def _migrad(one: HandNumpy, start: Array, held: int | None = None) -> tuple[float, Array]:
        from iminuit import Minuit

        minuit = Minuit(one.value, start, grad=one.gradient)
        minuit.errordef = 0.5
        minuit.limits = list(zip(one.model.lower, one.model.upper, strict=True))
        minuit.errors = 1 / np.sqrt(np.diag(one.evaluate(one.model.start)[2]))
        if held is not None:
            minuit.fixed[held] = True
        minuit.migrad()
        assert minuit.valid and minuit.fval is not None
        return float(minuit.fval) + one.constant, np.array(minuit.values)


def _with(position: Array, first: float) -> Array:
    return np.array([first, *position[1:]])


def _walk(fit: Callable[[float, Array], tuple[float, Array]], best: Array, values: Array) -> list[float]:
    """Fits at held values, each from its neighbour."""
    found, place = [], best
    for at in values:
        value, place = fit(float(at), place)
        found.append(value)
    return found


HERE: dict[str, type[Any]] = {"nurecoil": Ours, "hand": Hand, "hand-toys": HandToys, "iminuit": Iminuit}


def apart(name: str, parameters: int, python: str = sys.executable, seconds: int = MOST_SECONDS) -> Row:
    """One engine timed in a process of its own; a row without times where it is not installed or fails."""
    command = [python, "-c", _RUN, str(Path(__file__).parents[1]), name, str(parameters)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds, check=False,
            env={**os.environ, **dict.fromkeys(_THREADS, "1"), "CUDA_VISIBLE_DEVICES": ""},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Row(name, parameters, note=f"stopped after {seconds} s")
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode == 0 and lines:
        return Row(**json.loads(lines[-1]))
    if done.returncode < 0:
        return Row(name, parameters, note=f"ended by signal {-done.returncode}")
    said = [line for line in done.stderr.splitlines() if _ERROR.match(line)]
    return Row(name, parameters, note=f"failed: {said[-1][:150] if said else 'no answer'}")


_ERROR = re.compile(r"[\w.]+(: |$)")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
            "TF_NUM_INTEROP_THREADS", "NUMBA_NUM_THREADS")  # fmt: skip
_RUN = """
import importlib, json, sys, warnings
sys.path.insert(0, sys.argv[1])
from benchmarks.engines_900 import main
main(sys.argv[2], int(sys.argv[3]))
"""


def main(name: str, parameters: int) -> None:
    """Time one engine and print its row as JSON."""
    from .peers import PEERS

    if name in HERE:
        row = times(HERE[name], parameters)
    else:
        needed, engine = PEERS[name]
        missing = [module for module in needed if importlib.util.find_spec(module) is None]
        if missing:
            row = Row(engine.title, parameters, note=f"not installed: {', '.join(missing)}")
        else:
            row = times(engine, parameters)
    print(json.dumps(dataclasses.asdict(row)), flush=True)
