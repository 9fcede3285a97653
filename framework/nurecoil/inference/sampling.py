"""The sampler of posteriors: nutpie's No-U-Turn sampler, one chain after another, and ArviZ's diagnostics.

M. D. Hoffman and A. Gelman, J. Mach. Learn. Res. 15 (2014) 1593 (arXiv:1111.4246) for the sampler;
A. Vehtari et al., Bayesian Anal. 16 (2021) 667 (arXiv:1903.08008) for the diagnostics. What is sampled is a
function of coordinates over all real numbers; nothing here knows of models.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.threads import one_thread
from nurecoil.errors import FitError, OptionError

__all__ = ["Chains", "Density", "Diagnostics", "diagnose", "extend", "quantile_error"]

Array = NDArray[np.float64]

_SPREAD = 2.0
"""Half the width of the box in which chains start: the density is about one wide in each coordinate."""
_MOST_BEGINNINGS = 100
_ACCEPTED = 0.9
"""Mean acceptance that the step is tuned to; above the usual 0.8, for densities with edges."""


class Density(Protocol):
    """What is sampled.

    Example:
        >>> class Normal:
        ...     size = 1
        ...     def evaluate(self, z):
        ...         return -0.5 * float(z @ z), -z
        >>> def size_of(density: Density) -> int:
        ...     return density.size
        >>> size_of(Normal())
        1
    """

    @property
    def size(self) -> int:
        """Number of coordinates."""

    def evaluate(self, z: Array) -> tuple[float, Array]:
        """Logarithm of the density at coordinates ``(n,)``, up to a constant, and its gradient ``(n,)``."""


@dataclass(frozen=True, eq=False)
class Chains:
    """Draws of several chains.

    Args:
        draws: coordinates, shape ``(chains, draws, n)``.
        diverged: transitions, after the warm-up, whose integration went astray.

    Example:
        >>> Chains(np.zeros((4, 100, 2)), 0)
        <Chains: 4 of 100 draws in 2 coordinates, 0 diverged>
    """

    draws: Array
    diverged: int = 0

    def __repr__(self) -> str:
        """Chains, draws, coordinates, divergences."""
        chains, draws, size = self.draws.shape
        return f"<Chains: {chains} of {draws} draws in {size} coordinates, {self.diverged} diverged>"


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """Whether chains agree, and how many independent draws theirs are worth.

    Args:
        r_hat: rank-normalised split R-hat of every quantity, shape ``(n,)``; 1 where chains agree.
        ess_bulk: effective number of draws in the middle of every distribution, likewise.
        ess_tail: the smaller one of those for its 5 and 95 % quantiles, likewise.

    Example:
        >>> Diagnostics(np.ones(2), np.array([400.0, 500.0]), np.array([300.0, 600.0])).worst
        (1.0, 400.0, 300.0)
    """

    r_hat: Array
    ess_bulk: Array
    ess_tail: Array

    @property
    def worst(self) -> tuple[float, float, float]:
        """The largest R-hat and the smallest numbers of effective draws."""
        return float(self.r_hat.max()), float(self.ess_bulk.min()), float(self.ess_tail.min())


def extend(
    density: Density,
    before: Chains | None = None,
    *,
    chains: int = 4,
    draws: int = 1000,
    tune: int = 500,
    seed: int = 1,
    advance: Callable[[], None] | None = None,
) -> Chains:
    """Sample a density: new chains, or more draws in those there are.

    Chains run one after another: a density is a Python function, and two at once wait for each other. Every
    chain warms up anew and goes on from its own last draw.

    Args:
        density: what to sample, in coordinates in which it is roughly a normal one of unit widths.
        before: the chains to go on with.
        chains: number of new chains, where there are none to go on with.
        draws: draws that every chain is given.
        tune: draws of the warm-up, which are not kept.
        seed: the chains depend on it, the density and these numbers alone.
        advance: called after every draw, those of the warm-up too.

    Returns:
        All draws, the ones before first.

    Raises:
        FitError: where the density is zero wherever a chain could start.
        OptionError: where nutpie is not installed.

    Example:
        >>> class Normal:
        ...     size = 2
        ...     def evaluate(self, z):
        ...         return -0.5 * float(z @ z), -z
        >>> extend(Normal(), chains=2, draws=100, tune=100)
        <Chains: 2 of 100 draws in 2 coordinates, 0 diverged>
    """
    sampler, _ = _libraries()
    count = chains if before is None else len(before.draws)
    done = 0 if before is None else before.draws.shape[1]
    made, diverged = [], 0 if before is None else before.diverged
    with one_thread(density.size):
        for chain in range(count):
            random = np.random.default_rng([seed, chain, done])
            begin = _begin(density, random) if before is None else before.draws[chain, -1]
            stream = int(random.integers(2**64, dtype=np.uint64))
            trace = _Run(density, begin, advance).sample(sampler, draws, tune, stream)
            made.append(np.asarray(trace.posterior["z"].values[0], float))
            diverged += int(trace.sample_stats["diverging"].values.sum())
    new = np.stack(made)
    return Chains(new if before is None else np.concatenate([before.draws, new], axis=1), diverged)


def diagnose(values: Array) -> Diagnostics:
    """R-hat and effective numbers of draws.

    Args:
        values: quantities in every draw, shape ``(chains, draws, n)``.

    Returns:
        The diagnostics of each.

    Raises:
        OptionError: where nutpie, which brings ArviZ, is not installed.
    """
    _, arviz = _libraries()
    columns = [np.ascontiguousarray(values[:, :, i]) for i in range(values.shape[2])]
    return Diagnostics(
        np.array([float(arviz.rhat(one)) for one in columns]),
        np.array([float(arviz.ess(one, method="bulk")) for one in columns]),
        np.array([float(arviz.ess(one, method="tail")) for one in columns]),
    )


def quantile_error(values: Array, share: float) -> float:
    """Monte Carlo error of a quantile.

    Args:
        values: one quantity in every draw, shape ``(chains, draws)``.
        share: the share of draws below the quantile, between 0 and 1.

    Returns:
        One standard error, in the quantity's unit.

    Raises:
        OptionError: where nutpie, which brings ArviZ, is not installed.
    """
    return float(_libraries()[1].mcse(np.ascontiguousarray(values), method="quantile", prob=share))


def _begin(density: Density, random: np.random.Generator) -> Array:
    """A place to start at, as far from the others as the density allows."""
    reach = _SPREAD
    for _ in range(_MOST_BEGINNINGS):
        begin = random.uniform(-reach, reach, density.size)
        if math.isfinite(density.evaluate(begin)[0]):
            return begin
        reach *= 0.9
    raise FitError(
        "posterior", f"its likelihood is zero at {_MOST_BEGINNINGS} places around its highest one",
        "one to sample from", "Widen the bounds, or start elsewhere.",
    )  # fmt: skip


class _Run:
    """One chain: the density as nutpie calls it. Errors in it are kept for later: nutpie panics on them."""

    def __init__(self, density: Density, begin: Array, advance: Callable[[], None] | None) -> None:
        self._density, self._begin, self._advance = density, begin, advance
        self._error: BaseException | None = None

    def sample(self, sampler: Any, draws: int, tune: int, seed: int) -> Any:
        """Run the chain; Ctrl-C stops it."""
        size = self._density.size
        model = sampler.compiled_pyfunc.from_pyfunc(
            size,
            lambda: self._logarithm,
            lambda *_: self._drawn,
            [np.dtype("float64")],
            [(size,)],
            ["z"],
            make_initial_point_fn=lambda _: self._begin,
        )
        running = sampler.sample(
            model, draws=draws, tune=tune, chains=1, cores=1, seed=seed, target_accept=_ACCEPTED,
            save_warmup=False, progress_bar=False, blocking=False,
        )  # fmt: skip
        try:
            trace = running.wait()
        except RuntimeError as error:
            running.cancel()
            raise FitError("posterior", f"the sampler gave up ({error})") from error
        except BaseException:
            running.cancel()
            raise
        if self._error is not None:
            raise self._error
        return trace

    def _logarithm(self, z: Array) -> tuple[float, Array]:
        if self._error is None:
            try:
                return self._density.evaluate(z)
            except BaseException as error:
                self._error = error
        return -0.5 * float(z @ z), -z  # to its end quickly, in a density that needs nothing

    def _drawn(self, z: Array) -> Mapping[str, Array]:
        if self._advance is not None and self._error is None:
            try:
                self._advance()
            except BaseException as error:
                self._error = error
        return {"z": z}


def _libraries() -> tuple[Any, Any]:
    """Nutpie and ArviZ, which comes with it and announces its next version as a warning when imported."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import arviz
            import nutpie
            import nutpie.compiled_pyfunc
    except ModuleNotFoundError as missing:
        raise OptionError(
            "method bayes", f"{missing.name} is not installed", "nutpie 0.16 or later",
            "Install it: python -m pip install 'nurecoil[bayes]'.",
        ) from None  # fmt: skip
    return nutpie, arviz
