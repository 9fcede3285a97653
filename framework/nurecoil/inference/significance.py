"""The significance of a signal: q0, its p-value for large samples, and its p-value from toys.

The statistic is :func:`nurecoil.inference.likelihood_ratios.q_zero`. A limit on a signal is another question,
which :mod:`nurecoil.inference.limits` and :mod:`nurecoil.inference.cls` answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.inference.asymptotics import p_of_z, z_of_p
from nurecoil.inference.ensembles import Ensemble
from nurecoil.inference.fit import fit
from nurecoil.inference.likelihood_ratios import ProfiledLikelihood, interest, q_zero
from nurecoil.inference.profile import Progress
from nurecoil.inference.results import FitResult
from nurecoil.inference.toy_p_values import check_toys, failure_notes, tail, toys_of
from nurecoil.model.roots import rooted
from nurecoil.model.spectral import SpectralModel

__all__ = ["Significance", "ToySignificance", "significance"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ToySignificance:
    """The p-value of q0 from toys without signal.

    Args:
        p_value: share of the toys whose q0 is at least the data's.
        error: its binomial error.
        toys: how many were asked for.
        seed: their seed.
        values: q0 of those that could be fitted, shape ``(n,)``.
        failures: why the others could not, one reason for each.

    Example:
        >>> ToySignificance(0.00135, 0.0001, 100_000, 1, np.zeros(100_000)).z
        3.0
    """

    p_value: float
    error: float
    toys: int
    seed: int
    values: Array
    failures: tuple[str, ...] = ()

    @property
    def z(self) -> float:
        """The p-value in standard deviations: infinite where no toy is as far out, 0 where half are."""
        return math.inf if self.p_value == 0 else max(z_of_p(self.p_value), 0.0)

    @property
    def z_least(self) -> float:
        """The same of the p-value and its error together: what the toys at least allow to say."""
        return max(z_of_p(min(self.p_value + self.error, 1.0)), 0.0)

    def to_json(self) -> dict[str, Any]:
        """Plain data, without the toys themselves."""
        return {
            "p_value": self.p_value,
            "error": self.error,
            "z": self.z if math.isfinite(self.z) else None,
            "z_least": self.z_least,
            "toys": self.toys,
            "seed": self.seed,
            "failed": len(self.failures),
            "failures": list(dict.fromkeys(self.failures)),
        }


@dataclass(frozen=True, eq=False)
class Significance:
    """How significant a signal is.

    Args:
        poi: the parameter of interest.
        unit: its unit.
        null: the value that stands for no signal, in that unit.
        q0: the statistic; 0 where the best fit is not above the null value.
        z: its root, the significance for large samples in standard deviations.
        p_value: the p-value that goes with it, 0.5 where ``q0`` is 0.
        best_fit: the free fit.
        toys: the p-value from toys, or ``None``.
        notes: what one has to know to use it, beside the model's notes.

    Example:
        >>> Significance.__dataclass_fields__["q0"].name
        'q0'
    """

    poi: str
    unit: str
    null: float
    q0: float
    z: float
    p_value: float
    best_fit: FitResult
    toys: ToySignificance | None = None
    notes: tuple[str, ...] = ()

    @property
    def best(self) -> float:
        """Best fit of the parameter of interest, in ``unit``."""
        return self.best_fit.values[self.poi]

    @property
    def model(self) -> SpectralModel:
        """The fitted model."""
        return self.best_fit.model

    def __repr__(self) -> str:
        """Parameter, significance, p-values."""
        toys = (
            ""
            if self.toys is None
            else f"; p = {self.toys.p_value:.3g} +- {self.toys.error:.1g} from {self.toys.toys} toys"
        )
        return f"<Significance of {self.poi}: {self.z:.3f} sigma, p = {self.p_value:.3g}{toys}>"

    def to_json(self) -> dict[str, Any]:
        """Plain data: the test, the fit, what the model states."""
        from nurecoil._version import __version__

        metadata = self.model.metadata
        return {
            "poi": self.poi,
            "unit": self.unit,
            "null": self.null,
            "q0": self.q0,
            "z": self.z,
            "p_value": self.p_value,
            "toys": None if self.toys is None else self.toys.to_json(),
            "experiments": list(metadata.get("experiments", ())),
            "search": metadata.get("search"),
            "options": metadata.get("options", {}),
            "asimov": [channel.name for channel in self.model.channels if channel.asimov],
            "best_fit": self.best,
            "parameters": {n: e.to_json() for n, e in self.best_fit.parameters.items()},
            "nll": self.best_fit.nll,
            "edm": self.best_fit.edm,
            "goodness": self.best_fit.goodness.to_json(),
            "notes": [*metadata.get("notes", ()), *self.notes],
            "provenance": list(metadata.get("provenance", ())),
            "references": list(metadata.get("references", ())),
            "version": __version__,
        }


def significance(
    model: SpectralModel, *, toys: int = 0, seed: int = 1, progress: Progress | None = None
) -> Significance:
    """How significant a signal is: the test that there is none, of the statistic q0.

    For large samples ``Z = sqrt(q0)`` (Cowan et al., Eur. Phys. J. C 71 (2011) 1554, section 3.5). It holds
    for a parameter that is fitted in its square too: the square's estimate is normal, and its bound at 0
    leaves q0 at 0 for half of the data without signal. Toys are drawn without signal, the other parameters at
    their best fit without one and auxiliary measurements fluctuating with the data.

    Args:
        model: a model with a parameter of interest. No signal is its value 0, or the bound nearest to it.
        toys: number of toys, 0 for none.
        seed: their seed.
        progress: called with toys done and toys in all.

    Returns:
        Significance and p-value, with the p-value from toys where these are asked for.

    Raises:
        FitError: where a fit of the data does not converge, or most toys cannot be fitted.
        ModelError: where the model has no parameter of interest, or a fixed one.
        OptionError: for an impossible seed or number of toys.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> significance(counting(observed=16.0, background=9.0))
        <Significance of signal: 2.100 sigma, p = 0.0179>
    """
    if toys:
        check_toys(toys, seed)
    model = rooted(model)
    parameter = interest(model, "significance")
    best = fit(model)
    likelihood = ProfiledLikelihood(best.model, best.values)
    q0 = q_zero(likelihood)
    if likelihood.nll < best.nll - 1e-6:
        best = fit(best.model, start=likelihood.values)
    drawn = None if not toys else _from_toys(likelihood, q0, toys, seed, progress)
    return Significance(
        parameter.name,
        parameter.unit,
        likelihood.null,
        q0,
        math.sqrt(q0),
        float(p_of_z(math.sqrt(q0))),
        best,
        drawn,
        likelihood.doubts_at(likelihood.null)
        if drawn is None
        else (*failure_notes(drawn.failures, toys), *_none_as_far(drawn, q0)),
    )


def _from_toys(
    likelihood: ProfiledLikelihood, q0: float, toys: int, seed: int, progress: Progress | None
) -> ToySignificance:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        if progress is not None:
            progress(done, toys)

    ensemble = Ensemble(likelihood.model, likelihood.values_at(likelihood.null))
    values, failures = toys_of(ensemble, "q_zero", likelihood.null, toys, seed, 0, count)
    p_value, error = tail(values, q0)
    return ToySignificance(p_value, error, toys, seed, values, failures)


def _none_as_far(found: ToySignificance, q0: float) -> tuple[str, ...]:
    if q0 == 0:
        return ("there is no excess: q0 is 0, as far as which every toy comes; the formula has half of them",)
    if found.p_value > 0:
        return ()
    return (
        f"none of {found.values.size} toys without signal is as far out as the data: p is below "
        f"{3 / found.values.size:.2g} at 95 %",
    )
