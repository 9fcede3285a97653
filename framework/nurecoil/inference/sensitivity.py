"""Expected limits: the limit that the Asimov data of the background-only model would give."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.response import compile_response
from nurecoil.errors import ModelError
from nurecoil.inference.fit import fit
from nurecoil.inference.limits import Limit, limit
from nurecoil.model.parameters import GaussianConstraint, LogNormalConstraint, PoissonConstraint
from nurecoil.model.spectral import SpectralModel

__all__ = ["Sensitivity", "asimov", "sensitivity"]


@dataclasses.dataclass(frozen=True)
class Sensitivity:
    """An expected limit.

    Args:
        median: the limit on Asimov data, in ``unit``.
        unit: its unit.
        limit: the whole limit, with scan and fit.

    Example:
        >>> Sensitivity.__dataclass_fields__["median"].name
        'median'
    """

    median: float
    unit: str
    limit: Limit

    def __repr__(self) -> str:
        """Expected limit, level, method."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        return (
            f"<Sensitivity {self.limit.poi} < {self.median:.4g}{unit} expected at "
            f"{100 * self.limit.cl:g} % ({self.limit.method}, Asimov)>"
        )

    def to_json(self) -> dict[str, Any]:
        """The limit's document with ``median``."""
        return {"median": self.median, **self.limit.to_json()}


def asimov(model: SpectralModel, values: Mapping[str, float] | None = None) -> SpectralModel:
    """The model with its data replaced by its own expectation.

    Every auxiliary measurement is set to what the parameters say too, so that the fit returns exactly
    them.

    Args:
        model: the model.
        values: parameter values; the rest stay at their starting values.

    Returns:
        The model with Asimov data, starting values at the truth and constraints centred on it.

    Raises:
        ModelError: for an unknown parameter.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> asimov(counting(observed=3.0, background=1.0)).channels[0].observed.tolist()
        [1.0]
    """
    compiled = CompiledModel(model)
    position = compiled.coordinates(values or {})
    truth = compiled.values(position)
    changes: dict[str, dict[str, Any]] = {}
    for name, parameter in model.parameters.items():
        fields: dict[str, Any] = {"value": truth[name]}
        constraint = parameter.constraint
        if isinstance(constraint, GaussianConstraint | LogNormalConstraint):
            fields["constraint"] = dataclasses.replace(constraint, centre=truth[name])
        elif isinstance(constraint, PoissonConstraint):
            fields["constraint"] = dataclasses.replace(constraint, count=constraint.scale * truth[name])
        changes[name] = fields
    joint = tuple(
        dataclasses.replace(constraint, centre=tuple(truth[name] for name in constraint.names))
        for constraint in model.constraints
    )
    contents = compiled.expected(position)
    observed = {channel.name: c for channel, c in zip(model.channels, contents, strict=True)}
    changed = dataclasses.replace(model.with_parameters(**changes), constraints=joint)
    return changed.with_observed(observed, asimov=True)


def sensitivity(
    model: SpectralModel,
    method: str = "area",
    cl: float = 0.90,
    *,
    points: int = 41,
    progress: Callable[[int, int], None] | None = None,
) -> Sensitivity:
    """Expected limit of the model without signal, on its Asimov data.

    Where the model has data, the other parameters are first fitted to them with the parameter of
    interest at zero; where it has none, they are at their starting values.

    Args:
        model: a model with a parameter of interest.
        method: the limit rule.
        cl: confidence level.
        points: points of the scan.
        progress: called with points done and points in all.

    Returns:
        The expected limit.

    Raises:
        FitError: where a fit does not converge.
        ModelError: where the model has no parameter of interest.
        OptionError: for an unknown method or an impossible level.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> sensitivity(counting(observed=3.0, background=1.0))
        <Sensitivity signal < 3.272 events expected at 90 % (area, Asimov)>
    """
    if model.poi is None:
        raise ModelError("sensitivity", "the model has no parameter of interest", "a model with one")
    values: Mapping[str, float] = {model.poi: 0.0}
    if not all(channel.asimov for channel in model.channels):
        result = fit(model, fix={model.poi: 0.0})
        model, values = result.model, result.values
    expected = asimov(model, values)
    if "response" in model.metadata:
        expected = compile_response(expected)
    found = limit(expected, cl, method, points=points, progress=progress)
    return Sensitivity(found.value, found.unit, found)
