"""Made-up measurements for tests of combinations: numbers that are sums of parameters, with known errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nurecoil.model.channels import GaussianChannel, PoissonChannel, Sample
from nurecoil.model.parameters import CovarianceConstraint, Parameter
from nurecoil.model.spectral import SpectralModel


def measured(
    experiment: str, observed: Any, width: Any, templates: Mapping[str, Any], asimov: bool = False
) -> GaussianChannel:
    """Numbers with errors, each a sum of parameters times coefficients; ``g`` enters in its square."""
    samples = tuple(
        Sample(name, np.atleast_1d(np.asarray(template, float)), {name: 2 if name == "g" else 1}, signed=True)
        for name, template in templates.items()
    )
    numbers = np.atleast_1d(np.asarray(observed, float))
    return GaussianChannel(
        name=f"{experiment}/number",
        observable="number",
        unit="1",
        samples=samples,
        observed=numbers,
        width=np.broadcast_to(np.asarray(width, float), numbers.shape).copy(),
        asimov=asimov,
    )


def model_of(
    *channels: GaussianChannel | PoissonChannel,
    parameters: Sequence[Parameter] = (),
    constraints: Sequence[CovarianceConstraint] = (),
    poi: str | None = None,
    **metadata: Any,
) -> SpectralModel:
    """A model with the parameters that its samples name; those not given are free and without bounds."""
    given = {parameter.name: parameter for parameter in parameters}
    names = dict.fromkeys(name for c in channels for s in c.samples for name in s.depends_on)
    found = {
        name: given.get(name, Parameter(name, "1", 0.0, *((0.0,) if name == "g" else ()))) for name in names
    }
    return SpectralModel(tuple(channels), found, tuple(constraints), poi, metadata)
