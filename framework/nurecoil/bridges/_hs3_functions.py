"""Functions and constants of an HS3 document: products of parameters and their sums, and measured values.

RooFit and pyhs3 both take ``product`` with names and numbers as factors, and ``sum`` with names as summands.
Measured values are constant parameters called as HistFactory calls them. What they are used for is decided
elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nurecoil.bridges._hs3_names import Names

__all__ = ["Functions"]

Json = dict[str, Any]


@dataclass
class Functions:
    """Functions in the making.

    Args:
        names: the document's names.
        written: the functions so far, in order.
        measured: name and value of the measured values so far, in order.
        one: name of the constant parameter of value 1, ``None`` where it is not needed.

    Example:
        >>> functions = Functions(Names([], ["mu", "rate"]))
        >>> functions.power("mu", 2), functions.power("mu", 2), functions.power("rate", 1)
        ('mu_power_2', 'mu_power_2', 'rate')
        >>> functions.written
        [{'name': 'mu_power_2', 'type': 'product', 'factors': ['mu', 'mu']}]
    """

    names: Names
    written: list[Json] = field(default_factory=list)
    measured: dict[str, float] = field(default_factory=dict)
    one: str | None = None
    _powers: dict[tuple[str, int], str] = field(default_factory=dict)

    def power(self, public: str, power: int) -> str:
        """What a power of a parameter is called."""
        parameter = self.names.parameter(public)
        if power == 1:
            return parameter
        if (public, power) not in self._powers:
            wish = f"{parameter}_power_{power}"
            self._powers[public, power] = self._product(wish, [parameter] * power)
        return self._powers[public, power]

    def term(self, wish: str, coefficient: float, powers: Mapping[str, int]) -> str:
        """A number times powers of parameters."""
        factors: list[str | float] = [float(coefficient)]
        for public, power in powers.items():
            factors += [self.names.parameter(public)] * int(power)
        return self._product(wish, factors)

    def sum(self, wish: str, summands: Sequence[str]) -> str:
        """A sum of functions; of one, itself."""
        if len(summands) == 1:
            return summands[0]
        name = self.names.fresh(wish)
        self.written.append({"name": name, "type": "sum", "summands": list(summands)})
        return name

    def nominal(self, of: str, value: float) -> str:
        """A measured value, by HistFactory's name for that of something."""
        name = self.names.fresh(f"nom_{of}")
        self.measured[name] = float(value)
        return name

    def unity(self) -> str:
        """The constant parameter of value 1."""
        if self.one is None:
            self.one = self.names.fresh("unity")
        return self.one

    def _product(self, wish: str, factors: list[str] | list[str | float]) -> str:
        name = self.names.fresh(wish)
        self.written.append({"name": name, "type": "product", "factors": list(factors)})
        return name
