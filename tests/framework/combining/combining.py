"""Small models with HistFactory's pieces, for the tests of combinations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nurecoil.combining._inputs import contents
from nurecoil.model.modifiers import BinFactors, HistoSys, Modifier, NormSys
from nurecoil.model.parameters import CovarianceConstraint, GaussianConstraint, Parameter
from nurecoil.model.spectral import PoissonChannel, Sample, SpectralModel

PULL = GaussianConstraint(0.0, 1.0)


def mu(**changes: Any) -> Parameter:
    """A strength between 0 and 10."""
    fields: dict[str, Any] = {"name": "mu", "unit": "1", "value": 1.0, "lower": 0.0, "upper": 10.0}
    return Parameter(**(fields | changes))


def pull(name: str, **changes: Any) -> Parameter:
    """HistFactory's pull."""
    fields: dict[str, Any] = {"unit": "1", "value": 0.0, "lower": -5.0, "upper": 5.0, "constraint": PULL}
    return Parameter(name, **(fields | changes))


def make(
    channel: str = "SR",
    counts: Sequence[float] = (12.0, 7.0),
    parameters: Sequence[Parameter] = (),
    modifiers: Sequence[Modifier] = (),
    powers: dict[str, int] | None = None,
    file: str | None = None,
    constraints: tuple[CovarianceConstraint, ...] = (),
    **more: Any,
) -> SpectralModel:
    """A signal of strength mu over a background with the given factors and modifiers."""
    bins = len(counts)
    samples = (
        Sample("signal", np.linspace(3.0, 1.0, bins), {"mu": 1}, group="signal"),
        Sample("background", np.linspace(10.0, 5.0, bins), powers or {}, modifiers=tuple(modifiers)),
    )
    data = PoissonChannel(channel, "bin", "1", np.arange(bins + 1.0), samples, np.array(counts))
    known = {p.name: p for p in (mu(), *parameters)}
    metadata: dict[str, Any] = {
        "experiments": [],
        "search": None,
        "references": [f"paper of {file}"],
        "provenance": [],
        "notes": [],
    }
    if file is not None:
        metadata["origin"] = {
            "file": file,
            "format": "pyhf",
            "sha256": f"digest of {file}",
            "made_by": "somebody",
        }
    return SpectralModel((data,), known, constraints, **({"poi": "mu", "metadata": metadata} | more))


def staterror(
    bins: int = 2, error: float = 0.1, stem: str = "staterror_SR"
) -> tuple[list[Parameter], BinFactors]:
    names = tuple(f"{stem}[{i}]" for i in range(bins))
    gammas = [
        Parameter(name, "1", 1.0, 1e-10, 10.0, GaussianConstraint(1.0, error * (i + 1)))
        for i, name in enumerate(names)
    ]
    return gammas, BinFactors(names, "staterror", np.full(bins, error))


def same_models(one: SpectralModel, other: SpectralModel) -> bool:
    return (
        [contents(c, one) for c in one.channels] == [contents(c, other) for c in other.channels]
        and list(one.parameters.items()) == list(other.parameters.items())
        and one.constraints == other.constraints
        and one.poi == other.poi
        and dict(one.metadata) == dict(other.metadata)
    )


def pulled(channel: str, name: str, effect: float, **changes: Any) -> SpectralModel:
    tilt = HistoSys(name, np.array([9.0, 6.0]), np.array([11.0, 4.0]))
    return make(channel, (12.0, 7.0), [pull(name, **changes)], [NormSys(name, 1 - effect, 1 + effect), tilt])


def fluxes(channel: str, names: Sequence[str], constraint: CovarianceConstraint | None) -> SpectralModel:
    free = [mu(name=name) for name in names]
    joint = () if constraint is None else (constraint,)
    return make(channel, parameters=free, powers=dict.fromkeys(names, 1), constraints=joint)


THREE = CovarianceConstraint(("x", "y", "z"), (1.0, 1.1, 0.9),
                             ((0.04, 0.01, 0.0), (0.01, 0.09, 0.02), (0.0, 0.02, 0.16)))  # fmt: skip
TWO = CovarianceConstraint(("z", "x"), (0.9, 1.0), ((0.16, 0.0), (0.0, 0.04)))
