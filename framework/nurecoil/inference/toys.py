"""Ensembles of toys: data drawn at a known truth, each fitted free and with parameters held.

Nothing is left out: a toy that could not be drawn or fitted keeps its place in the result
(:mod:`nurecoil.inference.toy_results`), with its number, seed and reason. How data are drawn is
:mod:`nurecoil.inference.pseudo_data`'s, limits from toys are :mod:`nurecoil.inference.sensitivity`'s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.morph import Morph
from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.response import compile_response, needs_recompiling
from nurecoil.engine.solve import Solution, solve
from nurecoil.errors import ModelError, NurecoilError, OptionError
from nurecoil.inference.fit import check_fixed, describe, fit
from nurecoil.inference.profile import Progress
from nurecoil.inference.pseudo_data import STREAMS, asimov, toy, toy_stream
from nurecoil.inference.results import FitResult
from nurecoil.inference.toy_results import Step, ToyFailure, Toys
from nurecoil.model.spectral import PoissonChannel, SpectralModel

__all__ = ["Toys", "check_ensemble", "toys"]

_ACCIDENTS = (NurecoilError, ArithmeticError, ValueError)
"""What a toy's numbers can run into (``LinAlgError`` is a ``ValueError``); not mistakes in code."""
_LOWER = 1e-6
"""How much lower in -log L the fixed fit has to be to say that the free one missed the minimum."""


def toys(
    model: SpectralModel,
    n: int = 1000,
    seed: int = 1,
    fix: Mapping[str, float] | None = None,
    *,
    truth: Mapping[str, float] | None = None,
    first: int = 0,
    progress: Progress | None = None,
) -> Toys:
    """Draw toys at a known truth and fit each, free and with parameters held.

    The truth is the model's starting values with those of ``fix`` and of ``truth`` in their place. Auxiliary
    measurements are drawn with the data. An exact detector response is compiled about the truth
    (:func:`nurecoil.engine.response.compile_response`); both fits of a toy use one compiled response.

    Args:
        model: the model; its data play no part.
        n: how many toys, 1 or more.
        seed: their seed. A toy depends on it, its own number and the truth alone.
        fix: what the second fit holds, by public name; by default the parameter of interest at the truth.
            Where it is empty, or the model has no parameter of interest, there is no second fit.
        truth: values to draw at, where they are neither starting values nor those of ``fix``.
        first: number of the first toy.
        progress: called with toys done and toys in all.

    Returns:
        All toys, failed ones too.

    Raises:
        ModelError: for an unknown parameter, or where the truth predicts what no data can be drawn from.
        OptionError: for an impossible number, seed or value.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> toys(counting(observed=3.0, background=9.0), 20, fix={"signal": 4.0})
        <Toys: 20 of seed 1, 1 parameters, fitted free and with signal = 4, 0 failed>
    """
    check_ensemble(n, seed, first)
    check_fixed(model, fix or {})
    check_fixed(model, truth or {})
    base = _at_truth(model, {**(fix or {}), **(truth or {})})
    if fix is None:
        fix = {} if base.poi is None else {base.poi: base.values[base.poi]}
    names = base.free
    values, errors = np.full((2, n, len(names)), math.nan)
    nll, nll_fixed = np.full((2, n), math.nan)
    status = np.full(n, "ok", dtype="U9")
    failures = []
    for row in range(n):
        one = _Toy(base, fix)
        try:
            one.run(toy_stream(seed, first + row))
        except _ACCIDENTS as accident:
            status[row] = one.step
            failures.append(ToyFailure(first + row, seed, one.step, str(accident)))
        if one.free is not None:
            values[row] = [one.free.parameters[name].value for name in names]
            errors[row] = [one.free.parameters[name].error for name in names]
            nll[row] = one.free.nll
        nll_fixed[row] = one.nll_fixed
        if progress is not None:
            progress(row + 1, n)
    return Toys(
        names,
        tuple(base.parameters[name].unit for name in names),
        _fit_powers(base),
        np.array([base.values[name] for name in names]),
        values,
        errors,
        nll,
        nll_fixed,
        status,
        dict(fix),
        seed,
        first,
        tuple(failures),
        base.poi,
        base.metadata,
    )


def check_ensemble(n: int, seed: int, first: int = 0) -> None:
    """Refuse numbers of toys and seeds that do not exist.

    Args:
        n: how many toys.
        seed: their seed.
        first: number of the first.

    Raises:
        OptionError: where there are none, or a seed or number is no unsigned 64-bit one.

    Example:
        >>> check_ensemble(0, 1)
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: toys: 0. Allowed: at least 1.
    """
    if n < 1:
        raise OptionError("toys", str(n), "at least 1")
    if not 0 <= seed < STREAMS:
        raise OptionError("seed of the toys", str(seed), "a whole number from 0 to 2**64 - 1")
    if not 0 <= first <= STREAMS - n:
        raise OptionError("first toy", str(first), "a whole number; the last toy's is at most 2**64 - 1")


class _Toy:
    """One toy on its way: what it has come to, and the step it is at."""

    def __init__(self, base: SpectralModel, fix: Mapping[str, float]) -> None:
        self._base = base
        self._fix = fix
        self.step: Step = "draw"
        self.free: FitResult | None = None
        self.nll_fixed = math.nan

    def run(self, random: np.random.Generator) -> None:
        """Draw and fit."""
        drawn = toy(self._base, random)
        self.step = "free fit"
        compiled = CompiledModel(drawn)
        found = solve(compiled)
        if needs_recompiling(drawn, compiled, found.position):
            drawn = fit(drawn).model
            compiled = CompiledModel(drawn)
            found = solve(compiled)
        self.free = describe(drawn, compiled, found, 0.0)
        if not self._fix:
            return
        self.step = "fixed fit"
        held = np.array([name in self._fix for name in compiled.names])
        position = np.where(held, compiled.coordinates(self._fix), found.position)
        fixed = solve(compiled, position, held)
        if found.value - fixed.value > _LOWER:
            self.step, self.free = "free fit", None
            self.free = describe(drawn, compiled, solve(compiled, fixed.position), 0.0)
        self.nll_fixed = fixed.value


def _at_truth(model: SpectralModel, given: Mapping[str, float]) -> SpectralModel:
    """The model with the truth as its starting values, its response compiled about it."""
    base = model.with_parameters(**{name: {"value": value} for name, value in given.items()})
    compiled = CompiledModel(base)
    for channel, expected in zip(base.channels, compiled.expected(compiled.start), strict=True):
        least = 0.0 if isinstance(channel, PoissonChannel) else -math.inf
        bad = ~(np.isfinite(expected) & (expected >= least))
        if bad.any():
            bin_ = int(np.argmax(bad))
            raise ModelError(
                f"Channel {channel.name!r} bin {bin_}",
                f"the truth predicts {expected[bin_]:g}, from which nothing can be drawn",
                "a finite number" + (", 0 or more" if least == 0 else ""),
                "Change the starting values, or those that are fixed.",
            )
    exact = any(not isinstance(s.template, np.ndarray | Morph) for c in base.channels for s in c.samples)
    if not exact and not needs_recompiling(base, compiled, compiled.start):
        return base
    start = compiled.start
    at_bound = ~compiled.fixed & ((start <= compiled.lower) | (start >= compiled.upper))
    here = Solution(start, compiled.value(start), 0.0, 0, ~compiled.fixed, at_bound, "newton")
    made = compile_response(asimov(base), at=here)
    return made.with_parameters(**{name: {"value": value} for name, value in base.values.items()})


def _fit_powers(model: SpectralModel) -> NDArray[np.int_]:
    """The power in which every free parameter is fitted."""
    compiled = CompiledModel(model)
    return compiled.powers[[compiled.index[name] for name in model.free]]
