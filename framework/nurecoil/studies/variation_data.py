"""The data that members of a systematic study describe, and what their likelihoods are compared by.

Members of the same data must see the same numbers: Asimov data are those of the standard model, not each
member's own. Which members there are is in :mod:`nurecoil.studies.variation_members`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from nurecoil.engine.compiled import CompiledModel
from nurecoil.errors import ModelError
from nurecoil.inference.fit import fit
from nurecoil.inference.pseudo_data import asimov
from nurecoil.inference.results import FitResult
from nurecoil.model.parameters import PoissonConstraint
from nurecoil.model.roots import rooted
from nurecoil.model.spectral import PoissonChannel, SpectralModel

__all__ = ["Expected", "excess_nll"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Expected:
    """What one standard model says its data are, for the members that describe the same data.

    Args:
        model: the standard model before its data were replaced.
        filled: the same model with the data.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> Expected.of(counting(observed=3.0, background=1.0), True).filled.channels[0].observed.tolist()
        [1.0]
    """

    model: SpectralModel
    filled: SpectralModel

    @classmethod
    def of(cls, model: SpectralModel, everything: bool) -> Expected:
        """Asimov data of no signal.

        Args:
            model: the standard model.
            everything: whether measured data are replaced too; the other parameters are then first fitted to
                them. Otherwise only channels without data have Asimov data, those of the starting values.

        Raises:
            FitError: where the fit to measured data fails.
            ModelError: without a parameter of interest.
        """
        model = rooted(model)
        if not everything:
            return cls(model, model)
        if model.poi is None:
            raise ModelError("Asimov data", "the model has no parameter of interest", "a model with one")
        values: Mapping[str, float] = {model.poi: 0.0}
        if not all(channel.asimov for channel in model.channels):
            best = fit(model, fix={model.poi: 0.0})
            model, values = best.model, best.values
        return cls(model, asimov(model, values))

    def given_to(self, model: SpectralModel) -> SpectralModel:
        """Another model of the same data, with these data and these auxiliary measurements.

        Constraints that the standard model has too get its centres. One of another quantity keeps its own.

        Raises:
            ModelError: where a channel is missing or has other bins.
        """
        data = {}
        for channel in self.filled.channels:
            if not channel.asimov:
                continue
            if model.channel(channel.name).bins != channel.bins:
                raise ModelError(f"channel {channel.name}", f"{model.channel(channel.name).bins} bins",
                                 f"the {channel.bins} bins of the standard data")  # fmt: skip
            data[channel.name] = channel.observed
        changes = {
            name: {"constraint": self.filled.parameters[name].constraint}
            for name, parameter in model.parameters.items()
            if name in self.model.parameters
            and parameter.constraint == self.model.parameters[name].constraint
            and parameter.unit == self.model.parameters[name].unit
        }
        centred = dict(zip(self.model.constraints, self.filled.constraints, strict=True))
        joint = tuple(centred.get(one, one) for one in model.constraints)
        changed = dataclasses.replace(model.with_parameters(**changes), constraints=joint)
        return changed.with_observed(data, asimov=True)


def excess_nll(best: FitResult) -> float:
    """-log L at a minimum, relative to counts and auxiliary measurements that are described perfectly.

    That is what likelihoods of different data, or with different auxiliary measurements, can be compared by:
    what is left out depends on the data, the widths and the units alone. For members with the same data it is
    a common constant. The normalisation of measured sums stays, since members may have other errors for them.

    Args:
        best: a fit.

    Returns:
        The difference, not negative for models of counts.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> round(excess_nll(fit(counting(observed=12.0, background=10.0))), 9)
        0.0
    """
    compiled = CompiledModel(best.model)
    perfect = compiled.coordinates(_measured(best.model, best.values))
    total = compiled.value(compiled.coordinates(best.values)) - compiled.constraints.value(perfect)
    for channel in best.model.channels:
        if isinstance(channel, PoissonChannel):
            total -= _saturated(channel.observed)
    return float(total)


def _saturated(observed: Array) -> float:
    """-log L of counts that are described perfectly."""
    return float(np.sum(observed - xlogy(observed, observed) + gammaln(observed + 1)))


def _measured(model: SpectralModel, values: Mapping[str, float]) -> dict[str, float]:
    """Parameter values at which every constraint is fulfilled."""
    found = dict(values)
    for name, parameter in model.parameters.items():
        constraint = parameter.constraint
        if isinstance(constraint, PoissonConstraint):
            found[name] = constraint.count / constraint.scale
        elif constraint is not None:
            found[name] = constraint.centre
    for joint in model.constraints:
        found.update(zip(joint.names, joint.centre, strict=True))
    return found
