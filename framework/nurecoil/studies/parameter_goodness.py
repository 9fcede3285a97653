"""The parameter goodness of fit: do data sets agree on the parameters that they share?

M. Maltoni and T. Schwetz, Phys. Rev. D 68 (2003) 033020: the minimum of all data sets together minus the sum
of the minima of each, with as many degrees of freedom as parameters are measured more than once. Each
experiment is a data set; what is known beforehand about shared parameters is one more, so that nothing
counts twice. How well each data set fits by itself is not asked here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from nurecoil.engine.compiled import CompiledModel
from nurecoil.errors import FitError
from nurecoil.inference.fit import fit
from nurecoil.inference.results import FitResult
from nurecoil.model.parameters import PoissonConstraint
from nurecoil.model.spectral import SpectralModel
from nurecoil.studies.parts import shared_by

__all__ = ["CITATION", "PRIOR", "DataSet", "ParameterGoodness", "parameter_goodness"]

CITATION: Final = (
    "M. Maltoni and T. Schwetz, Phys. Rev. D 68 (2003) 033020, arXiv:hep-ph/0304176 "
    "(parameter goodness of fit)"
)
"""What to cite for the statistic."""
PRIOR: Final = "constraints"
"""Name of the data set that the constraints of shared parameters are."""

_REDUNDANT = 1e-10
"""Share of its information that a parameter keeps beside the others, below which it adds nothing."""
_NOISE = 0.05
"""How far below zero closure of the responses and the stop of the fits may carry the statistic."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """One of the data sets.

    Args:
        name: the experiment, or ``constraints``.
        parameters: how many independent combinations of free parameters it measures.
        shared: how many of them are of shared parameters.
        nll: its own smallest -log L.

    Example:
        >>> DataSet("gallium", 1, 1, 2.3).parameters
        1
    """

    name: str
    parameters: int
    shared: int
    nll: float


@dataclass(frozen=True, slots=True)
class ParameterGoodness:
    """The statistic with its degrees of freedom.

    Args:
        statistic: twice the rise of -log L from the separate minima to the common one; ``None`` where the
            test is not defined.
        ndf: parameters that the data sets measure, added up, minus those that they measure together.
        p_value: probability of a larger statistic.
        data_sets: the data sets.
        remarks: what was held or rests on a bound.
        reason: why the test is not defined; empty where it is.

    Example:
        >>> ParameterGoodness(3.84, 1, 0.05, (), ()).ndf
        1
    """

    statistic: float | None
    ndf: int | None
    p_value: float | None
    data_sets: tuple[DataSet, ...]
    remarks: tuple[str, ...]
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return dataclasses.asdict(self)


def parameter_goodness(combined: FitResult, parts: Mapping[str, SpectralModel]) -> ParameterGoodness:
    """Test whether data sets agree on the parameters they share.

    ``2 (NLL_combined - sum of NLL_i)`` with ``sum of P_i - P`` degrees of freedom, after
    Maltoni and Schwetz. P_i is counted as the rank of the data set's Fisher matrix at the combined best fit,
    not as the number of names: one capture rate measures one combination of all fluxes.

    Args:
        combined: the fit of all of them together.
        parts: experiment to its model, which is a part of the combined one.

    Returns:
        The statistic, or the reason why there is none.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> model = counting(observed=3.0, background=1.0)
        >>> parameter_goodness(fit(model), {"toy": model}).reason
        'fewer than two experiments have data'
    """
    if len(parts) < 2:
        return _undefined("fewer than two experiments have data")
    names = _tied(combined.model, shared_by(list(parts.values())))
    prior, reason = _prior(combined, names)
    if reason:
        return _undefined(reason)
    found, remarks = [], []
    for name, model in parts.items():
        bare = _without_constraints(model, names)
        measured, redundant = _independent(bare, combined.values, names)
        try:
            result = fit(bare, fix={one: combined.values[one] for one in redundant})
        except FitError as error:
            return _undefined(f"{name} without the constraints of shared parameters: {error}")
        shared = sum(one in names for one in measured)
        found.append(DataSet(name, len(measured), shared, result.nll))
        if redundant:
            remarks.append(
                f"{name} measures {shared} combination{'s' * (shared != 1)} of its {shared + len(redundant)} "
                f"shared parameters; held in its own fit: {', '.join(redundant)}"
            )
        bound = [one for one in measured if one in names and result.parameters[one].at_bound]
        if bound:
            remarks.append(
                f"at a bound in the fit of {name}: {', '.join(bound)}; the p-value is then rather too large"
            )
    found += prior
    together, _ = _independent(combined.model, combined.values, names)
    ndf = sum(one.parameters for one in found) - len(together)
    if ndf <= 0:
        return _undefined("no shared parameter is measured by more than one of them", found, remarks)
    statistic = 2 * (combined.nll - sum(one.nll for one in found))
    if statistic < -_NOISE:
        what = f"the common minimum lies {-statistic:.2g} below the separate ones in -2 log L"
        return _undefined(what, found, remarks)
    statistic = max(statistic, 0.0)
    p_value = float(chdtrc(ndf, statistic))
    return ParameterGoodness(statistic, ndf, p_value, tuple(found), tuple(remarks))


def _undefined(
    reason: str, data_sets: Collection[DataSet] = (), remarks: Collection[str] = ()
) -> ParameterGoodness:
    return ParameterGoodness(None, None, None, tuple(data_sets), tuple(remarks), reason)


def _tied(model: SpectralModel, shared: Collection[str]) -> set[str]:
    """Free shared parameters, and those that joint constraints tie to shared ones."""
    names = {name for name in shared if not model.parameters[name].fixed}
    while True:
        more = {n for one in model.constraints if names & set(one.names) for n in one.names} - names
        if not more:
            return names
        names |= more


def _without_constraints(model: SpectralModel, names: Collection[str]) -> SpectralModel:
    """The model without what is known beforehand about some of its parameters."""
    parameters = {
        name: dataclasses.replace(parameter, constraint=None) if name in names else parameter
        for name, parameter in model.parameters.items()
    }
    joint = tuple(one for one in model.constraints if not set(one.names) & set(names))
    return dataclasses.replace(model, parameters=parameters, constraints=joint)


def _prior(combined: FitResult, names: Collection[str]) -> tuple[list[DataSet], str]:
    """The constraints of these parameters as a data set, whose best fit are the measured values."""
    model = combined.model
    centres: dict[str, float] = {}
    twice: list[str] = []
    for name in sorted(names):
        constraint = model.parameters[name].constraint
        if isinstance(constraint, PoissonConstraint):
            centres[name] = constraint.count / constraint.scale
        elif constraint is not None:
            centres[name] = constraint.centre
    for joint in model.constraints:
        if set(joint.names) & set(names):
            twice += [name for name in joint.names if name in centres]
            centres.update(zip(joint.names, joint.centre, strict=True))
    if twice:
        return [], f"{', '.join(sorted(set(twice)))} constrained twice"
    for name, centre in centres.items():
        parameter = model.parameters[name]
        if parameter.fixed:
            return [], f"{name} is constrained together with shared parameters, but fixed"
        if not parameter.lower <= centre <= parameter.upper:
            return [], f"the constraint of {name} is centred outside its bounds"
    if not centres:
        return [], ""
    full, bare = CompiledModel(model), CompiledModel(_without_constraints(model, names))
    values = {**combined.values, **centres}
    least = full.constraints.value(full.coordinates(values))
    least -= bare.constraints.value(bare.coordinates(values))
    return [DataSet(PRIOR, len(centres), len(centres), float(least))], ""


def _independent(
    model: SpectralModel, values: Mapping[str, float], shared: Collection[str]
) -> tuple[list[str], list[str]]:
    """Free parameters that a model measures beside each other, and the shared ones that add nothing.

    Parameters that are not shared come first, so that what is redundant is sought among the shared ones.
    """
    compiled = CompiledModel(model)
    position = compiled.coordinates({name: values[name] for name in compiled.names})
    fisher = compiled.evaluate(position)[2]
    free = [name for name in compiled.names if not compiled.fixed[compiled.index[name]]]
    order = sorted(free, key=lambda name: name in shared)
    index = [compiled.index[name] for name in order]
    part: NDArray[np.float64] = fisher[np.ix_(index, index)]
    root = np.sqrt(np.maximum(np.diag(part), 0.0))
    seen = root > 0
    scale = np.where(seen, 1 / np.where(seen, root, 1.0), 0.0)
    rest = part * np.outer(scale, scale)
    measured, redundant = [], []
    for i, name in enumerate(order):
        if rest[i, i] > _REDUNDANT:
            measured.append(name)
            rest = rest - np.outer(rest[:, i], rest[i]) / rest[i, i]
        elif name in shared:
            redundant.append(name)
    return measured, redundant
