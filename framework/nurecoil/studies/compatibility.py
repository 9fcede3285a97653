"""Do the experiments of a combination agree? Limits of each and without each, shared parameters, one test.

The model is built once; its parts are taken out of it (:mod:`nurecoil.studies.parts`). The test is in
:mod:`nurecoil.studies.parameter_goodness`, the picture in :mod:`nurecoil.report.compatibility_plot`.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nurecoil.analysis import Request
from nurecoil.errors import ModelError, OptionError
from nurecoil.inference.goodness import constraint_pulls
from nurecoil.inference.profile import Progress
from nurecoil.inference.results import Estimate, FitResult, finite_or_none
from nurecoil.inference.rules import check_level, rule
from nurecoil.model.spectral import SpectralModel
from nurecoil.studies.combination import Combination
from nurecoil.studies.compatibility_rows import JointRow, LimitRow, Lone, SharedRow
from nurecoil.studies.parameter_goodness import CITATION, ParameterGoodness, parameter_goodness
from nurecoil.studies.parts import experiments_of, shared_by

__all__ = ["Compatibility", "compare", "compatibility"]


@dataclass(frozen=True)
class Compatibility:
    """The whole report.

    Args:
        poi: the parameter of interest.
        unit: its unit.
        cl: confidence level of the limits.
        method: their rule.
        limits: the combined limit, then each experiment's own, then those without each.
        shared: free parameters that several experiments share.
        goodness: the test of the shared parameters.
        constraints: joint constraints.
        metadata: experiments, search, options, notes, provenance and references of the combination.
        seconds: wall time.

    Example:
        >>> Compatibility.__dataclass_fields__["goodness"].name
        'goodness'
    """

    poi: str
    unit: str
    cl: float
    method: str
    limits: tuple[LimitRow, ...]
    shared: tuple[SharedRow, ...]
    goodness: ParameterGoodness
    constraints: tuple[JointRow, ...]
    metadata: Mapping[str, Any]
    seconds: float

    @property
    def combined(self) -> LimitRow:
        """The combined limit."""
        return self.limits[0]

    def __repr__(self) -> str:
        """Combined limit and p-value."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        p_value = self.goodness.p_value
        agreement = "not defined" if p_value is None else f"p = {p_value:.2g}"
        return (
            f"<Compatibility of {', '.join(self.combined.experiments)}: {self.poi} < "
            f"{self.combined.value:.4g}{unit} at {100 * self.cl:g} % ({self.method}); {agreement}>"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data: ``limits``, ``shared``, ``goodness``, ``constraints`` and what they rest on."""
        from nurecoil._version import __version__

        keys = ("experiments", "search", "options", "notes", "provenance")
        return {
            "poi": self.poi,
            "unit": self.unit,
            "cl": self.cl,
            "method": self.method,
            "convention": rule(self.method).convention,
            **{key: self.metadata.get(key) for key in keys},
            "limits": [dataclasses.asdict(row) for row in self.limits],
            "shared": [row.to_json() for row in self.shared],
            "goodness": self.goodness.to_json(),
            "constraints": [dataclasses.asdict(row) for row in self.constraints],
            "references": list(dict.fromkeys([*self.metadata.get("references", ()), CITATION])),
            "version": __version__,
            "seconds": self.seconds,
        }


def compatibility(
    request: Request,
    method: str = "area",
    cl: float = 0.90,
    *,
    points: int = 41,
    progress: Progress | None = None,
) -> Compatibility:
    """Build what was asked for, and compare its experiments.

    Args:
        request: two or more experiments and a search.
        method: name of the limit rule.
        cl: confidence level.
        points: points of every scan.
        progress: called with points done and points in all.

    Returns:
        The report.

    Raises:
        NurecoilError: as :func:`nurecoil.analysis.build` and :func:`compare`.

    Example:
        >>> compatibility(Request.of(["gallium"]))
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: experiments: gallium. Allowed: at least two, ...
    """
    _check(tuple(request.experiments), method, cl)
    if request.search is None:
        raise OptionError("search", "no search", "the name of one", "`nurecoil list` shows them.")
    return compare(request.model(), method, cl, points=points, progress=progress)


def compare(
    model: SpectralModel,
    method: str = "area",
    cl: float = 0.90,
    *,
    points: int = 41,
    progress: Progress | None = None,
) -> Compatibility:
    """Compare the experiments of a combined model.

    Args:
        model: a model of two or more experiments, with a parameter of interest.
        method: name of the limit rule.
        cl: confidence level.
        points: points of every scan.
        progress: called with points done and points in all.

    Returns:
        The report. What one experiment alone cannot give is a reason in its row, not an error.

    Raises:
        FitError: where the combination cannot be fitted or scanned.
        ModelError: where the model has no parameter of interest.
        OptionError: for fewer than two experiments, an unknown rule or an impossible level.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> compare(counting(observed=3.0, background=1.0))
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: experiments: toy. Allowed: at least two, ...
    """
    began = time.perf_counter()
    names = experiments_of(model)
    _check(names, method, cl)
    if model.poi is None:
        raise ModelError("compatibility", "the model has no parameter of interest", "a model with one")
    groups = _groups(names)
    combination = Combination(model, method, cl, points, progress, len(groups))
    whole = combination.limit(names)
    if isinstance(whole, str):
        raise ModelError("compatibility", whole)
    unit = model.parameters[model.poi].unit
    rows = tuple(_limit_row(combination, group, names, unit) for group in groups)
    tested = tuple(name for name in names if not combination.without_data(name))
    fitted = combination.fit(tested) if len(tested) > 1 else whole.best_fit
    if isinstance(fitted, str):
        goodness = ParameterGoodness(None, None, None, (), (), fitted)
    else:
        goodness = parameter_goodness(fitted, {name: combination.part((name,)) for name in tested})
    left = [name for name in names if name not in tested]
    if left:
        remark = f"{', '.join(left)} without data, not among the data sets of the test"
        goodness = dataclasses.replace(goodness, remarks=(*goodness.remarks, remark))
    return Compatibility(
        model.poi,
        unit,
        cl,
        method,
        rows,
        tuple(_shared_rows(combination, whole.best_fit, names)),
        goodness,
        tuple(_joint_rows(combination, names)),
        model.metadata,
        time.perf_counter() - began,
    )


def _check(names: tuple[str, ...], method: str, cl: float) -> None:
    if len(names) < 2:
        raise OptionError(
            "experiments", ", ".join(names) or "none", "at least two, to be compared with each other"
        )
    rule(method)
    check_level(cl)


def _groups(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """All of them, each alone, all but one; of two, all but one is the other alone."""
    groups = [names, *((name,) for name in names)]
    if len(names) > 2:
        groups += [tuple(other for other in names if other != name) for name in names]
    return groups


def _limit_row(
    combination: Combination, group: tuple[str, ...], names: tuple[str, ...], unit: str
) -> LimitRow:
    missing = [name for name in names if name not in group]
    asimov = [name for name in group if combination.without_data(name)]
    found = combination.limit(group)
    left_out = missing[0] if len(missing) == 1 else None
    if isinstance(found, str):
        return LimitRow(group, left_out, None, unit, bool(asimov), found)
    said = f"Asimov data of {', '.join(asimov)}: an expected limit" if asimov else ""
    return LimitRow(group, left_out, found.value, unit, bool(asimov), said)


def _shared_rows(combination: Combination, best: FitResult, names: tuple[str, ...]) -> list[SharedRow]:
    parts = {name: combination.part((name,)) for name in names}
    rows = []
    for parameter in shared_by(list(parts.values())):
        combined = best.parameters[parameter]
        if combined.fixed:
            continue
        alone = {
            name: _lone(combination, name, parameter, combined)
            for name, model in parts.items()
            if parameter in model.parameters
        }
        pull = _constraint_pull(best.model, parameter, combined.value)
        rows.append(SharedRow(parameter, combined.unit, combined, alone, pull))
    return rows


def _lone(combination: Combination, name: str, parameter: str, combined: Estimate) -> Lone:
    fitted = combination.fit((name,))
    if isinstance(fitted, str):
        return Lone(None, None, None, fitted)
    found = fitted.parameters[parameter]
    apart = found.value - combined.value
    spread = found.error**2 - combined.error**2  # NaN where either has no error
    difference = finite_or_none(apart / combined.error) if combined.error > 0 else None
    # a difference of variances below rounding is none: the experiment is all that measures the parameter
    pull = apart / math.sqrt(spread) if spread > 1e-6 * combined.error**2 else None
    said = (
        "Asimov data hold what was assumed, so its pulls are no test"
        if combination.without_data(name)
        else ""
    )
    return Lone(found, difference, pull, said)


def _constraint_pull(model: SpectralModel, parameter: str, value: float) -> float | None:
    for joint in model.constraints:
        if parameter in joint.names:
            i = joint.names.index(parameter)
            return (value - joint.centre[i]) / math.sqrt(joint.covariance[i][i])
    if model.parameters[parameter].constraint is None:
        return None
    single = dataclasses.replace(model, constraints=())
    return constraint_pulls(single, {parameter: value}, [parameter])[0]


def _joint_rows(combination: Combination, names: tuple[str, ...]) -> list[JointRow]:
    rows = []
    for joint in combination.model.constraints:
        matrix = np.asarray(joint.covariance, float)
        spread = np.sqrt(np.diag(matrix))
        correlation = matrix / np.outer(spread, spread) - np.eye(spread.size)
        i, j = np.unravel_index(int(np.argmax(np.abs(correlation))), correlation.shape)
        having = [n for n in names if set(joint.names) & set(combination.part((n,)).parameters)]
        between = (joint.names[i], joint.names[j]) if i != j else ()
        rows.append(JointRow(joint.names, tuple(having), float(correlation[i, j]), between, joint.source))
    return rows
