"""One experiment, or several, taken out of the model of a combination.

A part has the channels of its experiments, the parameters these channels use and what is known about them
beforehand. Nothing is folded again. What the parts say about each other is in
:mod:`nurecoil.studies.compatibility`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

from nurecoil.errors import ModelError, unknown_name
from nurecoil.model.parameters import CovarianceConstraint
from nurecoil.model.spectral import SpectralModel

__all__ = ["experiments_of", "marginal", "part", "shared_by"]


def experiments_of(model: SpectralModel) -> tuple[str, ...]:
    """Names of the experiments of a model, read from the names of its channels (``borexino/nhits``).

    Args:
        model: the model.

    Returns:
        The names, in the order of the channels.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> experiments_of(counting(observed=3.0, background=1.0))
        ('toy',)
    """
    return tuple(dict.fromkeys(channel.name.partition("/")[0] for channel in model.channels))


def part(model: SpectralModel, experiments: Collection[str]) -> SpectralModel:
    """The model of some of the experiments of a combination.

    Joint constraints come along as the marginal distribution of the parameters that are left. Published
    values and limits belong to the whole combination and stay behind.

    Args:
        model: the combination.
        experiments: names of the experiments to keep.

    Returns:
        Their model; without a parameter of interest where no sample of theirs depends on it.

    Raises:
        ModelError: for an unknown experiment, or where the signal of those that are left is zero in every
            bin.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> part(counting(observed=3.0, background=1.0), ["toy"])
        <SpectralModel: toy/count (1 bins); 2 parameters, 1 free; POI signal>
    """
    known = experiments_of(model)
    for name in experiments:
        if name not in known:
            raise unknown_name(ModelError, "experiment of the combination", name, known)
    channels = tuple(c for c in model.channels if c.name.partition("/")[0] in experiments)
    used = {name for channel in channels for sample in channel.samples for name in sample.depends_on}
    kept = {
        name: parameter
        for name, parameter in model.parameters.items()
        if name in used or name.partition(".")[0] in experiments
    }
    joint = [marginal(constraint, kept) for constraint in model.constraints]
    metadata = {
        **{key: value for key, value in model.metadata.items() if key != "response"},
        "experiments": [name for name in known if name in experiments],
        "published": [],
        "published_limits": [],
    }
    return SpectralModel(
        channels,
        kept,
        tuple(one for one in joint if one is not None),
        model.poi if model.poi in used else None,
        metadata,
    )


def marginal(constraint: CovarianceConstraint, names: Collection[str]) -> CovarianceConstraint | None:
    """A joint normal constraint of fewer parameters: rows and columns of the others are left out.

    Args:
        constraint: the constraint.
        names: parameters that are there.

    Returns:
        The constraint of those that it constrains, or ``None`` where there is none among them.

    Example:
        >>> both = CovarianceConstraint(("a", "b"), (1.0, 2.0), ((0.01, 0.005), (0.005, 0.04)))
        >>> marginal(both, ["b"]).covariance
        ((0.04,),)
    """
    index = [i for i, name in enumerate(constraint.names) if name in names]
    if not index:
        return None
    return dataclasses.replace(
        constraint,
        names=tuple(constraint.names[i] for i in index),
        centre=tuple(constraint.centre[i] for i in index),
        covariance=tuple(tuple(constraint.covariance[i][j] for j in index) for i in index),
    )


def shared_by(parts: Sequence[SpectralModel]) -> tuple[str, ...]:
    """Parameters that more than one of several models have, fixed ones included.

    Args:
        parts: the models.

    Returns:
        Names, in the order in which they first appear.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> one = counting(observed=3.0, background=1.0)
        >>> shared_by([one, one])
        ('signal', 'background')
    """
    counted: dict[str, int] = {}
    for model in parts:
        for name in model.parameters:
            counted[name] = counted.get(name, 0) + 1
    return tuple(name for name, times in counted.items() if times > 1)
