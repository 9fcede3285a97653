"""The parameters that HistFactory's modifiers imply: kinds, defaults, constraints, and the settings on top.

Defaults are pyhf's. Where the modifiers stand in a workspace is known to
:mod:`nurecoil.bridges.histfactory.reading`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import InputError
from nurecoil.model.parameters import Constraint, GaussianConstraint, Parameter, PoissonConstraint

__all__ = ["GAMMA_BOUNDS", "ParameterSet", "bin_counts", "bin_errors", "parameters_of"]

Array = NDArray[np.float64]
Kind = Literal["free", "pull", "lumi", "shapesys", "staterror", "shapefactor"]

GAMMA_BOUNDS = (1e-10, 10.0)
"""Bounds of constrained bin factors."""
_SETTINGS: Mapping[str, tuple[str, ...]] = {
    "free": (),
    "pull": ("auxdata",),
    "lumi": ("auxdata", "sigmas"),
    "shapesys": ("auxdata", "factors"),
    "staterror": ("auxdata", "sigmas"),
    "shapefactor": (),
}
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "free": (0.0, 10.0),
    "pull": (-5.0, 5.0),
    "lumi": (0.0, 10.0),
    "shapesys": GAMMA_BOUNDS,
    "staterror": GAMMA_BOUNDS,
    "shapefactor": (0.0, 10.0),
}


@dataclass(frozen=True)
class ParameterSet:
    """One name of a workspace: a parameter, or one per bin.

    Args:
        name: the name.
        kind: what its modifiers make of it.
        width: relative errors of a ``staterror``, auxiliary counts of a ``shapesys``, shape ``(bins,)``; zero
            where a bin has none. Of other kinds only the size counts.
    """

    name: str
    kind: Kind
    width: Array

    @property
    def members(self) -> tuple[str, ...]:
        """Names of the parameters: ``name``, or ``name[0]`` and so on."""
        if self.kind in ("free", "pull", "lumi"):
            return (self.name,)
        return tuple(f"{self.name}[{i}]" for i in range(self.width.size))


def bin_counts(nominal: Array, errors: Array) -> Array:
    """Auxiliary counts of a ``shapesys``: of a Poisson count with the same relative error; zero for none.

    Example:
        >>> bin_counts(np.array([10.0, 0.0]), np.array([1.0, 1.0])).tolist()
        [100.0, 0.0]
    """
    used = (nominal > 0) & (errors > 0)
    return np.where(used, nominal**2 / np.where(used, errors, 1.0) ** 2, 0.0)


def bin_errors(nominal: Sequence[Array], errors: Sequence[Array]) -> Array:
    """Relative errors of a ``staterror``: those of all its samples together; zero for none.

    Example:
        >>> bin_errors([np.array([6.0]), np.array([4.0])], [np.array([0.3]), np.array([0.4])]).tolist()
        [0.05]
    """
    total = np.sum(nominal, axis=0)
    safe = np.where(total > 0, total, 1.0)
    squares = [np.where(total > 0, (own / safe) ** 2, 0.0) for own in errors]
    return np.asarray(np.sqrt(np.sum(squares, axis=0)))


def parameters_of(one: ParameterSet, setting: Mapping[str, Any], where: str) -> list[Parameter]:
    """The parameters of a name, a measurement's setting applied.

    Args:
        one: the name with its kind.
        setting: ``inits``, ``bounds``, ``auxdata``, ``factors``, ``sigmas`` and ``fixed``, as far as given.
        where: the place to name in an error.

    Returns:
        The parameters.

    Raises:
        InputError: where a setting does not belong to this kind or has another number of values.
        ModelError: where a value lies outside its bounds, or a width is not positive.

    Example:
        >>> alpha = ParameterSet("alpha", "pull", np.ones(1))
        >>> parameters_of(alpha, {"bounds": [[-3, 3]]}, "ws.json")
        [<Parameter alpha = 0, in [-3, 3], constrained by GaussianConstraint>]
    """
    where = f"{where}: settings of parameter {one.name!r}"
    size = len(one.members)
    for key in setting:
        if key in ("auxdata", "factors", "sigmas") and key not in _SETTINGS[one.kind]:
            allowed = ", ".join(("inits", "bounds", "fixed", *_SETTINGS[one.kind]))
            raise InputError(where, f"{key} for a parameter of a {_WORDS[one.kind]}", allowed)
        if isinstance(setting[key], list) and len(setting[key]) != size:
            raise InputError(where, f"{len(setting[key])} {key}", f"{size}")
    if one.kind == "lumi":
        for key in ("auxdata", "sigmas", "inits", "bounds"):
            if key not in setting:
                raise InputError(where, f"no {key}", "auxdata, sigmas, inits and bounds of a luminosity")
    used = one.width > 0 if one.kind in ("shapesys", "staterror") else np.ones(size, dtype=bool)
    inits = setting.get("inits", [0.0 if one.kind == "pull" else 1.0] * size)
    bounds = setting.get("bounds", [_BOUNDS[one.kind]] * size)
    fixed = [bool(setting["fixed"])] * size if "fixed" in setting else (~used).tolist()
    found = []
    for i, name in enumerate(one.members):
        if len(bounds[i]) != 2:
            raise InputError(where, f"bounds {bounds[i]}", "a lower and an upper one")
        low, high = (float(end) for end in bounds[i])
        constraint = _constraint(one, i, setting)
        found.append(Parameter(name, "1", float(inits[i]), low, high, constraint, fixed[i]))
    return found


_WORDS = {
    "free": "normfactor",
    "pull": "normsys or histosys",
    "lumi": "lumi",
    "shapesys": "shapesys",
    "staterror": "staterror",
    "shapefactor": "shapefactor",
}


def _constraint(one: ParameterSet, i: int, setting: Mapping[str, Any]) -> Constraint | None:
    """The constraint of one member; a bin without an error keeps one of width 1, as pyhf has it."""
    if one.kind in ("free", "shapefactor"):
        return None
    if one.kind == "shapesys":
        count = float(one.width[i]) if one.width[i] > 0 else 1.0
        auxiliary = float(setting["auxdata"][i]) if "auxdata" in setting else count
        scale = float(setting["factors"][i]) if "factors" in setting else count
        return PoissonConstraint(auxiliary, scale)
    centre, width = (0.0, 1.0) if one.kind == "pull" else (1.0, float(one.width[i]) or 1.0)
    if "auxdata" in setting:
        centre = float(setting["auxdata"][i])
    if "sigmas" in setting:
        width = float(setting["sigmas"][i])
    return GaussianConstraint(centre, width)
