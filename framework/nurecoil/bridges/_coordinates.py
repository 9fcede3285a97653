"""How parameters are called and scaled on the other side of a bridge.

A parameter that enters in one power above one (a magnetic moment as its square) crosses as that power,
under a name of its own and in a unit that makes it of order one; all others cross as they are. Nothing here
knows a peer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nurecoil.engine.compiled import CompiledModel
from nurecoil.model.spectral import SpectralModel

__all__ = ["Coordinate", "coordinates", "spreads"]


@dataclass(frozen=True, slots=True)
class Coordinate:
    """One parameter on the other side: ``(value / scale) ** power``.

    Args:
        public: name in the model.
        name: name on the other side.
        power: the power that crosses, 1 for almost all.
        scale: what the public value is divided by, in ``unit``; 1 where ``power`` is 1.
        unit: unit of the public value.

    Example:
        >>> mu2 = Coordinate("mu_eff", "mu2", 2, 1e-11, "mu_B")
        >>> round(mu2.across(3e-11), 9), round(mu2.back(9.0) / 1e-11, 9), mu2.label
        (9.0, 3.0, '(1e-11 mu_B)^2')
    """

    public: str
    name: str
    power: int
    scale: float
    unit: str

    def across(self, value: float) -> float:
        """The peer's value of a public one."""
        return value if self.power == 1 else (value / self.scale) ** self.power

    def back(self, value: float) -> float:
        """The public value of a peer's one; of an even power the root that is not negative."""
        if self.power == 1:
            return value
        root = abs(value) ** (1 / self.power)
        return self.scale * (math.copysign(root, value) if self.power % 2 else root)

    @property
    def label(self) -> str:
        """The unit on the other side."""
        if self.power == 1:
            return self.unit
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"({self.scale:g}{unit})^{self.power}"


def coordinates(
    model: SpectralModel, powers: Mapping[str, int], widths: Mapping[str, float]
) -> dict[str, Coordinate]:
    """Names and scales of parameters that cross in given powers.

    The scale of a power is the power of ten below the parameter's size: its starting value or, where that is
    smaller, its spread. The name is the stem of the parameter's (up to the first underscore) with the power
    behind it, ``mu_eff`` squared is ``mu2``; where that is not unique, the whole name, ``mu_11^2``.

    Args:
        model: the model.
        powers: public name to the power in which it crosses.
        widths: public name to spread, in the parameter's unit (:func:`spreads`).

    Returns:
        The coordinates by public name, in the order of ``powers``.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> model = counting(observed=12.0, background=10.0)
        >>> coordinates(model, {"signal": 2}, {"signal": 37.0})["signal"].label
        '(10 events)^2'
    """
    short = {name: _short(name, power) for name, power in powers.items() if power > 1}
    used = Counter([*short.values(), *model.parameters])
    found = {}
    for name, power in powers.items():
        parameter = model.parameters[name]
        if power == 1:
            found[name] = Coordinate(name, name, 1, 1.0, parameter.unit)
            continue
        crossing = short[name] if used[short[name]] == 1 else f"{name}^{power}"
        size = max(abs(parameter.value), widths.get(name, 0.0))
        if not (math.isfinite(size) and size > 0):
            size = parameter.upper if math.isfinite(parameter.upper) and parameter.upper > 0 else 1.0
        found[name] = Coordinate(
            name, crossing, power, float(f"1e{math.floor(math.log10(size))}"), parameter.unit
        )
    return found


def spreads(model: SpectralModel, compiled: CompiledModel | None = None) -> dict[str, float]:
    """Spread of every free parameter at the starting values, the others profiled, from the Fisher matrix.

    Args:
        model: the model.
        compiled: its compiled form, where there is one already.

    Returns:
        Public name to one standard deviation in the parameter's unit; of a parameter fitted in a power p,
        the p-th root of the power's. Zero where the likelihood does not depend on it.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> round(spreads(counting(observed=100.0, background=100.0))["signal"], 6)
        10.0
    """
    compiled = compiled or CompiledModel(model)
    fisher = compiled.evaluate(compiled.start)[2]
    index = np.flatnonzero(~compiled.fixed & (np.diag(fisher) > 0))
    found = {name: 0.0 for name in model.free}
    if index.size:
        unit = 1 / np.sqrt(np.diag(fisher)[index])
        scaled = fisher[np.ix_(index, index)] * np.outer(unit, unit)
        variance = np.diag(np.linalg.pinv(scaled, rcond=1e-14, hermitian=True)) * unit**2
        for i, value in zip(index, variance, strict=True):
            found[compiled.names[i]] = float(max(value, 0.0) ** (0.5 / compiled.powers[i]))
    return found


def _short(name: str, power: int) -> str:
    scope, dot, last = name.rpartition(".")
    return f"{scope}{dot}{last.split('_')[0]}{power}"
