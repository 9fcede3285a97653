"""The data of many toys of one model, as arrays: contents of all channels, and auxiliary measurements.

How data are drawn is :mod:`nurecoil.inference.pseudo_data`'s; a model carries its own data in its channels
and constraints.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import ModelError
from nurecoil.model.parameters import GaussianConstraint, LogNormalConstraint, PoissonConstraint
from nurecoil.model.spectral import SpectralModel

__all__ = ["DataSets", "auxiliary_parameters"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DataSets:
    """Data of ``n`` toys of one model.

    Args:
        observed: contents of all channels end to end, in the model's order, shape ``(n, bins)``.
        auxiliary: first the centre (or, of a Poisson constraint, the count) of every parameter's own
            constraint in the order of the parameters, then the centres of joint constraints, member by
            member, shape ``(n, measurements)``.

    Raises:
        ModelError: where the two have different numbers of toys.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> DataSets.of(counting(observed=3.0, background=9.0, background_error=2.0))
        <DataSets: 1 of 1 bins and 1 auxiliary measurements>
    """

    observed: Array
    auxiliary: Array

    def __post_init__(self) -> None:
        """Check that both have as many rows."""
        if self.observed.ndim != 2 or self.auxiliary.ndim != 2 or len(self.observed) != len(self.auxiliary):
            shapes = f"shapes {self.observed.shape} and {self.auxiliary.shape}"
            raise ModelError("data sets", shapes, "(toys, bins) and (toys, measurements)")

    @classmethod
    def of(cls, model: SpectralModel) -> DataSets:
        """The model's own data, as one data set."""
        observed = np.concatenate([np.asarray(channel.observed, float) for channel in model.channels])
        auxiliary = [
            constraint.count if isinstance(constraint, PoissonConstraint) else constraint.centre
            for _, constraint in auxiliary_parameters(model)
        ]
        auxiliary += [centre for joint in model.constraints for centre in joint.centre]
        return cls(observed[None], np.array(auxiliary, float)[None])

    def __len__(self) -> int:
        """Number of toys."""
        return len(self.observed)

    def rows(self, index: Any) -> DataSets:
        """Some of the toys: a slice, or numbers or flags of rows."""
        return DataSets(self.observed[index], self.auxiliary[index])

    def model(self, model: SpectralModel, row: int) -> SpectralModel:
        """The model with one of the data sets in place of its own, not marked as Asimov.

        Args:
            model: the model that the data belong to.
            row: which data set.

        Returns:
            The model.

        Raises:
            ModelError: where a drawn measurement is outside what a constraint can hold.
        """
        contents, start = {}, 0
        for channel in model.channels:
            contents[channel.name] = self.observed[row, start : start + channel.bins]
            start += channel.bins
        auxiliary = self.auxiliary[row].tolist()
        changes: dict[str, dict[str, Any]] = {}
        for k, (name, constraint) in enumerate(auxiliary_parameters(model)):
            key = "count" if isinstance(constraint, PoissonConstraint) else "centre"
            changes[name] = {"constraint": dataclasses.replace(constraint, **{key: auxiliary[k]})}
        place = len(changes)
        joint = []
        for known in model.constraints:
            size = len(known.names)
            joint.append(dataclasses.replace(known, centre=tuple(auxiliary[place : place + size])))
            place += size
        changed = dataclasses.replace(model.with_parameters(**changes), constraints=tuple(joint))
        return changed.with_observed(contents)

    def __repr__(self) -> str:
        """Toys, bins, auxiliary measurements."""
        return (
            f"<DataSets: {len(self)} of {self.observed.shape[1]} bins and {self.auxiliary.shape[1]} "
            f"auxiliary measurements>"
        )


def auxiliary_parameters(
    model: SpectralModel,
) -> Iterator[tuple[str, GaussianConstraint | LogNormalConstraint | PoissonConstraint]]:
    """The parameters with a constraint of their own, in the order of the auxiliary measurements.

    Args:
        model: the model.

    Yields:
        Name and constraint.
    """
    for name, parameter in model.parameters.items():
        if parameter.constraint is not None:
            yield name, parameter.constraint
