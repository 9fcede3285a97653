"""Data that a model itself makes: Asimov data, data shifted along the parameter of interest, toys.

Auxiliary measurements are data too: they are set to the truth for Asimov data and fluctuate with toys. What
is done with the data is not decided here.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.compiled import CompiledModel
from nurecoil.engine.data import DataSets, auxiliary_parameters
from nurecoil.errors import OptionError
from nurecoil.model.parameters import Constraint, GaussianConstraint, LogNormalConstraint, PoissonConstraint
from nurecoil.model.spectral import PoissonChannel, SpectralModel

__all__ = ["STREAMS", "Urn", "asimov", "shifted", "toy", "toy_stream"]

Array = NDArray[np.float64]

STREAMS = 2**64
"""How many seeds there are, and how many toys of each."""


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
    changed = dataclasses.replace(model.with_parameters(**changes), constraints=joint)
    return changed.with_observed(_contents(model, compiled.expected(position)), asimov=True)


def shifted(model: SpectralModel, values: Mapping[str, float], direction: int) -> SpectralModel:
    """A model with Asimov data, all its data moved to what other parameter values predict, or mirrored.

    With ``direction`` 1 these are the Asimov data of ``values``. With -1 every measurement, auxiliary ones
    too, moves as far to the other side of the truth (by the inverse factor for a log-normal constraint):
    a fluctuation of the same size downwards, where a parameter itself cannot follow. Counts stop at 0.

    Args:
        model: a model with Asimov data of its starting values.
        values: parameter values by public name; the rest stay at the truth.
        direction: 1 or -1.

    Returns:
        The model with other data; its starting values stay at the truth.

    Raises:
        ModelError: for an unknown parameter.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> base = asimov(counting(observed=3.0, background=9.0))
        >>> [shifted(base, {"signal": 3.0}, way).channels[0].observed.tolist() for way in (1, -1)]
        [[12.0], [6.0]]
    """
    compiled = CompiledModel(model)
    truth = model.values
    low = compiled.expected(compiled.coordinates({}))
    high = compiled.expected(compiled.coordinates(values))
    contents = [
        np.maximum(base + direction * (moved - base), 0.0 if isinstance(channel, PoissonChannel) else -np.inf)
        for channel, base, moved in zip(model.channels, low, high, strict=True)
    ]
    changes: dict[str, dict[str, Any]] = {}
    for name, parameter in model.parameters.items():
        moved_by = direction * (values.get(name, truth[name]) - truth[name])
        constraint = parameter.constraint
        if isinstance(constraint, GaussianConstraint):
            made: Constraint = dataclasses.replace(constraint, centre=truth[name] + moved_by)
        elif isinstance(constraint, LogNormalConstraint):
            factor = (values.get(name, truth[name]) / truth[name]) ** direction
            made = dataclasses.replace(constraint, centre=truth[name] * factor)
        elif isinstance(constraint, PoissonConstraint):
            made = dataclasses.replace(
                constraint, count=max(constraint.scale * (truth[name] + moved_by), 0.0)
            )
        else:
            continue
        changes[name] = {"constraint": made}
    joint = tuple(
        dataclasses.replace(
            constraint,
            centre=tuple(
                truth[name] + direction * (values.get(name, truth[name]) - truth[name])
                for name in constraint.names
            ),
        )
        for constraint in model.constraints
    )
    changed = dataclasses.replace(model.with_parameters(**changes), constraints=joint)
    return changed.with_observed(_contents(model, contents), asimov=True)


def toy_stream(seed: int, index: int) -> np.random.Generator:
    """The random numbers of one toy: the same whatever else is drawn, in whatever order, by whom.

    Args:
        seed: seed of the ensemble, from 0 to 2**64 - 1.
        index: number of the toy, in the same range.

    Returns:
        A generator of a counter-based stream of its own: Philox (Salmon et al., SC'11,
        doi:10.1145/2063384.2063405) with the seed as its key, counting on from ``index * 2**192``.

    Raises:
        OptionError: where seed or index is outside its range.

    Example:
        >>> first, second, again = (float(toy_stream(1, index).random()) for index in (0, 1, 0))
        >>> first == again, first == second
        (True, False)
    """
    if not (0 <= seed < STREAMS and 0 <= index < STREAMS):
        raise OptionError("toys", f"seed {seed}, toy {index}", "whole numbers from 0 to 2**64 - 1")
    key, counter = np.array([seed, 0], dtype=np.uint64), np.array([0, 0, 0, index], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def toy(model: SpectralModel, random: np.random.Generator) -> SpectralModel:
    """The model with data drawn at its starting values, auxiliary measurements among them.

    Counts are drawn from Poisson distributions, Gaussian channels and constraints from normal ones; the
    centre of a log-normal constraint is the truth times its factor to a normal power, and measurements of a
    joint constraint are drawn together.

    Args:
        model: the model; its starting values are the truth.
        random: where the random numbers come from (:func:`toy_stream`).

    Returns:
        The model with drawn data and constraint centres, not marked as Asimov.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> model = counting(observed=3.0, background=9.0)
        >>> drawn = toy(model, toy_stream(1, 0)).channels[0].observed
        >>> bool(drawn == toy(model, toy_stream(1, 0)).channels[0].observed)
        True
    """
    observed, auxiliary = Urn(CompiledModel(model)).draw(random)
    return DataSets(observed[None], auxiliary[None]).model(model, 0)


class Urn:
    """What toys of one truth are drawn from, worked out once.

    Args:
        compiled: a model whose starting values are the truth.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> urn = Urn(CompiledModel(counting(observed=3.0, background=9.0)))
        >>> observed, auxiliary = urn.draw(toy_stream(1, 0))
        >>> observed.shape, auxiliary.shape
        ((1,), (0,))
    """

    def __init__(self, compiled: CompiledModel) -> None:
        model = compiled.model
        truth = compiled.values(compiled.start)
        self._channels = [
            (np.maximum(expected, 0.0), None)
            if isinstance(channel, PoissonChannel)
            else (expected, np.asarray(channel.width, float))
            for channel, expected in zip(model.channels, compiled.expected(compiled.start), strict=True)
        ]
        self._single = [(truth[name], constraint) for name, constraint in auxiliary_parameters(model)]
        self._joint = [
            (np.array([truth[name] for name in joint.names]), np.array(joint.covariance))
            for joint in model.constraints
        ]

    def draw(self, random: np.random.Generator) -> tuple[Array, Array]:
        """One toy: contents of all channels, and auxiliary measurements as :class:`DataSets` has them.

        Raises:
            OverflowError: where a measurement with a factor is beyond all numbers.
        """
        observed = [
            random.poisson(expected).astype(float) if width is None else random.normal(expected, width)
            for expected, width in self._channels
        ]
        auxiliary: list[float] = []
        for truth, constraint in self._single:
            if isinstance(constraint, GaussianConstraint):
                auxiliary.append(random.normal(truth, constraint.width))
            elif isinstance(constraint, LogNormalConstraint):
                centre = truth * constraint.factor ** random.normal()
                if not 0 < centre < math.inf:
                    raise OverflowError(f"the drawn centre of a log-normal constraint is {centre:g}")
                auxiliary.append(centre)
            else:
                auxiliary.append(float(random.poisson(max(constraint.scale * truth, 0.0))))
        for centre, covariance in self._joint:
            auxiliary.extend(random.multivariate_normal(centre, covariance).tolist())
        return np.concatenate(observed), np.array(auxiliary, float)


def _contents(model: SpectralModel, arrays: list[Array]) -> dict[str, Array]:
    return {channel.name: contents for channel, contents in zip(model.channels, arrays, strict=True)}
