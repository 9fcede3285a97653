"""What marginalisation returns: the draws of a posterior, their diagnostics, and what is read off them.

How they are drawn is :mod:`nurecoil.inference.bayes`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import ModelError, OptionError, unknown_name
from nurecoil.inference.results import finite_or_none
from nurecoil.inference.rules import check_level
from nurecoil.inference.sampling import Diagnostics, quantile_error

__all__ = ["Posterior"]

Array = NDArray[np.float64]

_BINS = 60
_SHOWN = 0.9995
"""Share of the draws that the histogram of a marginal reaches up to."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws of the posterior of a model's free parameters.

    Args:
        names: the free parameters.
        units: their units.
        samples: public values, one draw a row, chain after chain, shape ``(n, parameters)``.
        chains: number of chains, each of ``n / chains`` draws.
        diagnostics: R-hat and effective draws of every parameter.
        poi: the parameter of interest, or ``None``.
        bounds: bounds of every parameter, shape ``(2, parameters)``.
        prior: ``flat`` in every parameter, or ``flat-squared``: flat in the square of the one of interest.
        diverged: transitions whose integration went astray.
        calls: evaluations of the likelihood.
        seed: the seed.
        converged: whether R-hat and effective draws are as good as was asked for.
        notes: what one has to know to use it.
        seconds: wall time.

    Example:
        >>> draws = np.random.default_rng(1).exponential(size=(1000, 1))
        >>> even = Diagnostics(np.ones(1), np.full(1, 900.0), np.full(1, 800.0))
        >>> Posterior(("rate",), ("Hz",), draws, 2, even, "rate")
        <Posterior of 1 parameters: 1000 draws in 2 chains, R-hat at most 1.000, 800 effective draws at least>
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    samples: Array
    chains: int
    diagnostics: Diagnostics
    poi: str | None = None
    bounds: Array = field(default_factory=lambda: np.empty((2, 0)))
    prior: str = "flat"
    diverged: int = 0
    calls: int = 0
    seed: int = 1
    converged: bool = True
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    def __len__(self) -> int:
        """Number of draws."""
        return len(self.samples)

    def of(self, name: str | None = None) -> Array:
        """Draws of one parameter, that of interest by default, shape ``(n,)``, in its unit.

        Raises:
            ModelError: for an unknown parameter, or where there is none of interest.
        """
        return np.asarray(self.samples[:, self._place(name)])

    def upper_limit(self, cl: float, name: str | None = None) -> float:
        """The value below which a share ``cl`` of the marginal posterior lies.

        Args:
            cl: credibility level, between 0 and 1.
            name: the parameter, that of interest by default.

        Returns:
            The limit, in the parameter's unit.

        Raises:
            ModelError: for an unknown parameter, or where there is none of interest.
            OptionError: for an impossible level.
        """
        check_level(cl)
        return float(np.quantile(self.of(name), cl))

    def limit_error(self, cl: float, name: str | None = None) -> float:
        """Monte Carlo error of :meth:`upper_limit`, one standard error in the parameter's unit.

        Raises:
            ModelError: for an unknown parameter, or where there is none of interest.
            OptionError: for an impossible level.
        """
        check_level(cl)
        return quantile_error(self.of(name).reshape(self.chains, -1), cl)

    def marginal(self, name: str | None = None, bins: int = _BINS) -> tuple[Array, Array]:
        """Histogram of one parameter's marginal posterior.

        Args:
            name: the parameter, that of interest by default.
            bins: number of equal bins, 1 or more; few draws in 10,000 lie beyond them.

        Returns:
            Edges ``(bins + 1,)`` in the parameter's unit, and densities ``(bins,)`` in its inverse.

        Raises:
            ModelError: for an unknown parameter, or where there is none of interest.
            OptionError: for an impossible number of bins.
        """
        if bins < 1:
            raise OptionError("bins of a marginal posterior", str(bins), "1 or more")
        values, place = self.of(name), self._place(name)
        low, high = np.quantile(values, [1 - _SHOWN, _SHOWN])
        if self.bounds.size:
            lower, upper = self.bounds[:, place]
            low = lower if low - lower < 0.1 * (high - low) else low
            high = upper if upper - high < 0.1 * (high - low) else high
        counts, edges = np.histogram(values, bins, (float(low), float(high)))
        return edges, counts / (values.size * np.diff(edges))

    def histogram(self, name: str | None = None) -> dict[str, Any]:
        """A marginal posterior as plain data: parameter, unit, edges and densities.

        Raises:
            ModelError: for an unknown parameter, or where there is none of interest.
        """
        edges, density = self.marginal(name)
        place = self._place(name)
        return {
            "parameter": self.names[place],
            "unit": self.units[place],
            "edges": edges.tolist(),
            "density": density.tolist(),
        }

    def summary(self) -> dict[str, dict[str, Any]]:
        """Median, central 68 % interval, mean, R-hat and effective draws of every parameter, in its unit."""
        low, middle, high = np.quantile(self.samples, [0.16, 0.5, 0.84], axis=0)
        mean = self.samples.mean(axis=0)
        return {
            name: {
                "unit": self.units[i],
                "median": float(middle[i]),
                "low": float(low[i]),
                "high": float(high[i]),
                "mean": float(mean[i]),
                "r_hat": finite_or_none(self.diagnostics.r_hat[i]),
                "ess_bulk": finite_or_none(self.diagnostics.ess_bulk[i]),
                "ess_tail": finite_or_none(self.diagnostics.ess_tail[i]),
            }
            for i, name in enumerate(self.names)
        }

    def __repr__(self) -> str:
        """Parameters, draws, diagnostics."""
        r_hat, bulk, tail = self.diagnostics.worst
        state = "" if self.converged else ", not converged"
        return (
            f"<Posterior of {len(self.names)} parameters: {len(self)} draws in {self.chains} chains, "
            f"R-hat at most {r_hat:.3f}, {min(bulk, tail):.0f} effective draws at least{state}>"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data without the draws: diagnostics, every parameter's summary, the marginal of interest."""
        document: dict[str, Any] = {
            "prior": self.prior,
            "draws": len(self),
            "chains": self.chains,
            "seed": self.seed,
            "converged": self.converged,
            "diverged": self.diverged,
            "evaluations": self.calls,
            **self._worst(),
            "parameters": self.summary(),
            "notes": list(self.notes),
            "seconds": self.seconds,
        }
        if self.poi is not None:
            document["marginal"] = self.histogram()
        return document

    def _worst(self) -> Mapping[str, Any]:
        """The worst diagnostic over parameters, with the parameter that has it."""
        found = self.diagnostics
        rows = {
            "r_hat": (found.r_hat, int(np.argmax(found.r_hat))),
            "ess_bulk": (found.ess_bulk, int(np.argmin(found.ess_bulk))),
            "ess_tail": (found.ess_tail, int(np.argmin(found.ess_tail))),
        }
        worst = {
            key: {"value": finite_or_none(values[place]), "parameter": self.names[place]}
            for key, (values, place) in rows.items()
        }
        return {"worst": worst}

    def _place(self, name: str | None) -> int:
        wanted = self.poi if name is None else name
        if wanted is None:
            raise ModelError("posterior", "no parameter of interest", "the name of one of its parameters")
        if wanted not in self.names:
            raise unknown_name(ModelError, "parameter of the posterior", wanted, self.names)
        return self.names.index(wanted)
