"""Functions and constants of an HS3 document: products of parameters, their sums, and the numbers in them.

RooFit and pyhs3 both take ``product`` with names and numbers as factors, and ``sum`` with names as summands.
RooFit keeps six digits of a number in a function or a distribution, but all of a parameter's value: other
numbers are constant parameters here, and measured values always are. What they are for is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nurecoil.bridges.hs3._names import Names

__all__ = ["Functions"]

Json = dict[str, Any]


@dataclass
class Functions:
    """Functions in the making.

    Args:
        names: the document's names.
        written: the functions so far, in order.
        constants: name and value of the constants so far, in order.
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
    constants: dict[str, float] = field(default_factory=dict)
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
        factors = [self.number(f"{wish}_coefficient", coefficient)]
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
        """A measured value, called after what it is measured of."""
        return self._constant(f"{of}_measured", value)

    def number(self, wish: str, value: float) -> str | float:
        """A number; itself where six digits are enough."""
        number = float(value)
        return number if float(f"{number:g}") == number else self._constant(wish, number)

    def unity(self) -> str:
        """The constant parameter of value 1."""
        if self.one is None:
            self.one = self._constant("unity", 1.0)
        return self.one

    def _constant(self, wish: str, value: float) -> str:
        name = self.names.fresh(wish)
        self.constants[name] = float(value)
        return name

    def _product(self, wish: str, factors: Sequence[str | float]) -> str:
        name = self.names.fresh(wish)
        self.written.append({"name": name, "type": "product", "factors": list(factors)})
        return name
