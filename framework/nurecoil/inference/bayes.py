"""Bayesian marginalisation: the posterior of a model, and the upper limit from its marginal.

Nuisance parameters are integrated over, where the area rule takes the most likely ones. The density is
:mod:`nurecoil.inference.posterior_density`'s, the sampler :mod:`nurecoil.inference.sampling`'s, the
result is in :mod:`nurecoil.inference.posterior_results`.
"""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.morph import Morph
from nurecoil.engine.response import MORPH_RANGE
from nurecoil.errors import ModelError, OptionError, unknown_name
from nurecoil.inference.fit import fit
from nurecoil.inference.method_results import MethodLimit, MethodOptions
from nurecoil.inference.posterior_density import PosteriorDensity
from nurecoil.inference.posterior_results import Posterior
from nurecoil.inference.profile import Progress
from nurecoil.inference.pseudo_data import STREAMS
from nurecoil.inference.results import FitResult, Scan
from nurecoil.inference.rules import check_level
from nurecoil.inference.sampling import Chains, Diagnostics, diagnose, extend
from nurecoil.model.roots import rooted
from nurecoil.model.spectral import SpectralModel

__all__ = ["LARGEST_R_HAT", "LEAST_DRAWS", "LEAST_POI_DRAWS", "PRIORS", "bayes_limit", "posterior"]

Array = NDArray[np.float64]

PRIORS = ("flat", "flat-squared")
"""Priors of the parameter of interest; all the others are flat."""
LARGEST_R_HAT = 1.01
"""R-hat at which chains are said to agree (Vehtari et al., arXiv:1903.08008, section 4)."""
LEAST_DRAWS, LEAST_POI_DRAWS = 400.0, 2000.0
"""Effective draws, in bulk and tails, asked of every parameter and of that of interest."""
_MOST_ASTRAY, _MOST_OUTSIDE = 0.01, 0.001
"""Shares of divergent transitions, and of draws beyond a response's range, above which a note says so."""
_LEAST_DRAWN = 10
"""Draws of a chain below which there are no diagnostics."""
_TOLD = 20


def posterior(
    model: SpectralModel,
    *,
    best: FitResult | None = None,
    poi: str | None = None,
    prior: str = "flat",
    draws: int = 2500,
    tune: int = 500,
    chains: int = 4,
    rounds: int = 4,
    seed: int = 1,
    progress: Progress | None = None,
) -> Posterior:
    """Sample the posterior of all free parameters.

    The density is the likelihood, the terms of constraints among it, times priors flat in the public
    parameters inside their bounds. So a constraint is the prior of its parameter: a normal one as it stands,
    a log-normal or Poisson one as the likelihood of the auxiliary measurement, with a flat prior before it.

    A pilot run of all chains turns the coordinates. Where R-hat or the effective numbers of draws are not
    good enough then (:data:`LARGEST_R_HAT`, :data:`LEAST_DRAWS`, :data:`LEAST_POI_DRAWS`), all chains go on
    for as many draws again, up to ``rounds`` times in all; if that is not enough either, a note says so.

    Args:
        model: the model.
        best: its free fit, where it is known already.
        poi: the parameter of interest, the model's own by default.
        prior: ``flat`` in the parameter of interest, or ``flat-squared``: flat in its square.
        draws: draws of every chain in a round.
        tune: warm-up of every chain before them.
        chains: number of chains, 2 or more.
        rounds: rounds at most.
        seed: the draws depend on it, the model and the numbers above alone.
        progress: called with draws done and draws in all.

    Returns:
        The draws with their diagnostics.

    Raises:
        FitError: where the fit or the start of the chains fails.
        ModelError: where nothing is free, the posterior cannot be normalised, the parameter of interest is
            fixed, or ``flat-squared`` is asked for without one of at least 0.
        OptionError: for an unknown prior or an impossible number, or where the sampler is not installed.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> model = counting(observed=0.0, background=1.0)
        >>> found = posterior(model, draws=500, tune=200, rounds=1)
        >>> found.names, len(found), abs(found.upper_limit(0.9) - 2.303) < 4 * found.limit_error(0.9)
        (('signal',), 2000, True)
    """
    _check_numbers({"draws": draws, "warm-up draws": tune, "rounds": rounds}, chains, seed)
    if prior not in PRIORS:
        raise unknown_name(OptionError, "prior", prior, PRIORS)
    began = time.perf_counter()
    if best is None:
        model = rooted(model)
        best = fit(model)
    poi = best.model.poi if poi is None else poi
    density = PosteriorDensity(best, poi if prior == "flat-squared" else None)
    if (poi is not None or prior == "flat-squared") and poi not in density.names:
        raise ModelError("posterior", f"parameter of interest {poi!r} is not free", "one that is free")
    place = None if poi is None else density.names.index(poi)
    pilot, length = max(tune // 2, 1), tune + draws
    advance = _advance(progress, 0, chains * (2 * pilot + length))
    begun = extend(density, chains=chains, draws=pilot, tune=pilot, seed=seed, advance=advance)
    density = density.turned(begun.draws.reshape(-1, density.size))
    drawn: Chains | None = None
    for done in range(rounds):
        sofar = chains * (2 * pilot + done * length)
        advance = _advance(progress, sofar, sofar + chains * length)
        drawn = extend(density, drawn, chains=chains, draws=draws, tune=tune, seed=seed, advance=advance)
        values = density.values(drawn.draws)
        found = diagnose(values)
        converged = _converged(found, place)
        if converged:
            break
    assert drawn is not None
    samples = values.reshape(-1, density.size)
    definitions = [best.model.parameters[name] for name in density.names]
    result = Posterior(
        density.names,
        tuple(one.unit for one in definitions),
        samples,
        chains,
        found,
        poi,
        np.array([[one.lower for one in definitions], [one.upper for one in definitions]]),
        prior,
        drawn.diverged,
        density.calls,
        seed,
        converged,
    )
    return dataclasses.replace(result, notes=_notes(best, result), seconds=time.perf_counter() - began)


def bayes_limit(best: FitResult, scan: Scan, cl: float, options: MethodOptions) -> MethodLimit:
    """Upper limit from the marginal posterior of the parameter that was scanned, its prior flat.

    Args:
        best: the free fit; its model is the one that is sampled.
        scan: the profile; which parameter it is of is all that is taken from it.
        cl: credibility level, between 0 and 1.
        options: seed and progress; numbers of toys mean nothing here.

    Returns:
        The limit, with the diagnostics of the draws and every parameter's summary in its details.

    Raises:
        FitError: where the chains cannot start.
        ModelError: where the posterior cannot be normalised, or the parameter is fixed.
        OptionError: for an impossible level or seed, or where the sampler is not installed.

    Example:
        >>> from nurecoil.inference.limits import limit
        >>> from nurecoil.testing.models import counting
        >>> area = limit(counting(observed=0.0, background=1.0))
        >>> made = bayes_limit(area.best_fit, area.scan, 0.90, MethodOptions(seed=1))
        >>> abs(made.value - 2.303) < 4 * made.details["limit_error"]
        True
    """
    check_level(cl)
    poi = scan.parameter
    found = posterior(best.model, best=best, poi=poi, seed=options.seed, progress=options.progress)
    value, error = found.upper_limit(cl), found.limit_error(cl)
    convention = f"marginalised, prior flat in {poi} ({len(found)} draws)"
    details: dict[str, Any] = {"limit_error": error, **found.to_json()}
    return MethodLimit(value, convention, details, found.notes)


def _check_numbers(counts: Mapping[str, int], chains: int, seed: int) -> None:
    for what, number in counts.items():
        least = _LEAST_DRAWN if what == "draws" else 1
        if number < least:
            raise OptionError(f"{what} of a posterior", str(number), f"{least} or more")
    if chains < 2:
        raise OptionError("chains of a posterior", str(chains), "2 or more, so that they can be compared")
    if not 0 <= seed < STREAMS:
        raise OptionError("seed of a posterior", str(seed), "a whole number from 0 to 2**64 - 1")


def _converged(found: Diagnostics, place: int | None) -> bool:
    """Whether all chains agree and there are draws enough; what is not a number is not enough."""
    r_hat, bulk, tail = found.worst
    if not (r_hat <= LARGEST_R_HAT and bulk >= LEAST_DRAWS and tail >= LEAST_DRAWS):
        return False
    return place is None or bool(min(found.ess_bulk[place], found.ess_tail[place]) >= LEAST_POI_DRAWS)


def _advance(progress: Progress | None, done: int, total: int) -> Callable[[], None] | None:
    """What counts draws for a progress bar; it is told of one in twenty."""
    if progress is None:
        return None
    count = itertools.count(done + 1)

    def advance() -> None:
        number = next(count)
        if number % _TOLD == 0 or number == total:
            progress(number, total)

    return advance


def _notes(best: FitResult, found: Posterior) -> tuple[str, ...]:
    notes = []
    if not found.converged:
        r_hat, bulk, tail = found.diagnostics.worst
        notes.append(
            f"The chains have not converged after {len(found)} draws: R-hat is {r_hat:.3f} at most "
            f"(wanted: {LARGEST_R_HAT:g}), {min(bulk, tail):.0f} effective draws at least (wanted: "
            f"{LEAST_DRAWS:g}, {LEAST_POI_DRAWS:g} of the parameter of interest)."
        )
    if found.diverged > _MOST_ASTRAY * len(found):
        notes.append(
            f"{found.diverged} transitions to {len(found)} draws went astray: the likelihood has an edge or "
            f"a narrow place that the draws may not fill."
        )
    outside = _outside(best.model, found)
    if outside > _MOST_OUTSIDE:
        notes.append(
            f"{100 * outside:.2g} % of the draws lie more than {MORPH_RANGE:g} standard deviations from "
            f"where the detector's response was compiled; the exact response has no such range."
        )
    return tuple(notes)


def _outside(model: SpectralModel, found: Posterior) -> float:
    """Share of draws in which a response parameter has left the range its morph was measured in."""
    outside = np.zeros(len(found), dtype=bool)
    templates = (sample.template for channel in model.channels for sample in channel.samples)
    for morph in {id(one): one for one in templates if isinstance(one, Morph)}.values():
        if morph.exact is None:
            continue
        for name, centre, step in zip(morph.names, morph.centre, morph.step, strict=True):
            if name in found.names:
                outside |= np.abs(found.of(name) - centre) > MORPH_RANGE * step
    return float(outside.mean())
