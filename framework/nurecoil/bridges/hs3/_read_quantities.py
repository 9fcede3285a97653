"""What names in an HS3 file stand for: parameters with their values and bounds, products, sums.

A sum of products of parameters is all that is understood of functions. Distributions are read elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from nurecoil.bridges.hs3._read_place import Place

__all__ = ["Points", "Quantities", "Term"]

_DEEPEST = 100
_MOST_FACTORS = 10_000
_MOST_TERMS = 10_000
_HIGHEST = 64
_POINT = ("name", "value", "const", "min", "max", "nbins", "error", "errorLow", "errorHigh", "relErr", "unit")
_AXIS = ("name", "min", "max", "const", "nbins")


@dataclass(frozen=True, slots=True)
class Term:
    """A product: ``coefficient * prod(parameter ** power)``.

    Args:
        coefficient: the number in front.
        powers: parameter name to whole positive power.
        label: name of the function that it comes from, or of its parameter.
    """

    coefficient: float
    powers: Mapping[str, int]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Points:
    """Values and bounds of parameters, as points and domains of a file have them.

    Args:
        entries: entries by parameter name, the first that counts in front.
        bounds: domain axes by parameter name, the first that counts in front.
    """

    entries: Mapping[str, list[Place]] = field(default_factory=dict)
    bounds: Mapping[str, list[Place]] = field(default_factory=dict)

    @classmethod
    def read(cls, points: Iterable[Place], domains: Iterable[Place]) -> Points:
        """Collect them.

        Args:
            points: parameter points, the one that counts first in front.
            domains: domains, in the same manner.

        Raises:
            InputError: for entries that are not understood or appear twice.
        """
        entries: dict[str, list[Place]] = {}
        bounds: dict[str, list[Place]] = {}
        for point in points:
            point.only(("name", "parameters"))
            for name, entry in (point.get("parameters") or Place([], point.where)).named().items():
                entry.only(_POINT)
                entries.setdefault(name, []).append(entry)
        for domain in domains:
            domain.only(("name", "type", "axes"))
            kind = domain.get("type")
            if kind is not None and kind.text() != "product_domain":
                raise domain.fail(f"type {kind.text()!r} is not understood here", "'product_domain'")
            for name, axis in (domain.get("axes") or Place([], domain.where)).named().items():
                axis.only(_AXIS)
                bounds.setdefault(name, []).append(axis)
        return cls(entries, bounds)

    def knows(self, name: str) -> bool:
        """Whether the file says anything about a parameter of that name."""
        return name in self.entries or name in self.bounds

    def names(self) -> list[str]:
        """Every name that has an entry."""
        return [*self.entries, *(name for name in self.bounds if name not in self.entries)]

    def value(self, name: str) -> float | None:
        """The value of a parameter, ``None`` where no entry has one."""
        for entry in self.entries.get(name, ()):
            found = entry.get("value")
            if found is not None:
                return found.number()
        return None

    def const(self, name: str) -> bool:
        """Whether a parameter is constant."""
        for place in (*self.entries.get(name, ()), *self.bounds.get(name, ())):
            found = place.get("const")
            if found is not None:
                return bool(found.flag())
        return False

    def range(self, name: str) -> tuple[float, float]:
        """Lower and upper bound of a parameter, infinite where there is none."""
        for place in (*self.bounds.get(name, ()), *self.entries.get(name, ())):
            low, high = place.get("min"), place.get("max")
            if low is not None or high is not None:
                lower = -math.inf if low is None else low.number()
                upper = math.inf if high is None else high.number()
                if lower > upper:
                    raise place.fail(f"bounds {lower:g} and {upper:g}", "min below max")
                return lower, upper
        return -math.inf, math.inf


class Quantities:
    """Looks up what numbers, parameters and functions stand for.

    Args:
        functions: functions by name.
        points: what is known of parameters.
    """

    def __init__(self, functions: Mapping[str, Place], points: Points) -> None:
        self._functions = functions
        self._points = points
        self._done: dict[str, tuple[Term, ...]] = {}

    def is_function(self, name: str) -> bool:
        """Whether a name is a function's."""
        return name in self._functions

    def terms(self, place: Place) -> tuple[Term, ...]:
        """What a number or a name stands for, as a sum of products.

        Raises:
            InputError: where it is neither, has no meaning here, or refers to itself.
        """
        if not isinstance(place.value, str):
            return (Term(place.number(), {}),)
        return self._named(place.text(), place, ())

    def product(self, place: Place) -> Term:
        """What a number or a name stands for, which has to be one product.

        Raises:
            InputError: where it is a sum of several, or not understood.
        """
        terms = self.terms(place)
        if len(terms) != 1:
            raise place.fail(f"{place.value!r} is a sum of {len(terms)} products",
                             "a parameter, or a product of parameters")  # fmt: skip
        return terms[0]

    def folded(self, terms: tuple[Term, ...], keep: Iterable[str]) -> tuple[Term, ...]:
        """The same, constant parameters that nobody else uses replaced by their values.

        Args:
            terms: a sum of products.
            keep: parameters of the model, which stay.
        """
        kept = set(keep)
        found = []
        for term in terms:
            coefficient = term.coefficient
            powers: dict[str, int] = {}
            for name, power in term.powers.items():
                value = self._points.value(name)
                if name in kept or value is None or not self._points.const(name):
                    powers[name] = power
                else:
                    coefficient *= math.prod([value] * power)
            found.append(Term(coefficient, powers, term.label))
        return tuple(found)

    def _named(self, name: str, place: Place, above: tuple[str, ...]) -> tuple[Term, ...]:
        if name in self._done:
            return self._done[name]
        function = self._functions.get(name)
        if function is None:
            return (Term(1.0, {name: 1}, name),)
        if name in above:
            chain = " -> ".join([*above[above.index(name) :], name])
            raise function.fail(f"it refers to itself: {chain}"[:300], "functions of parameters")
        if len(above) >= _DEEPEST:
            raise function.fail(f"functions nested more than {_DEEPEST} deep", "fewer levels")
        kind = function.need("type").text()
        if kind == "product":
            function.only(("name", "type", "factors"))
            found: tuple[Term, ...] = (self._multiplied(function, name, (*above, name)),)
        elif kind == "sum":
            function.only(("name", "type", "summands"))
            found = self._added(function, (*above, name))
        else:
            raise function.fail(f"type {kind!r} is not understood here", "'product', 'sum'",
                                "Only products of parameters and sums of them are computed.")  # fmt: skip
        self._done[name] = found
        return found

    def _multiplied(self, function: Place, name: str, above: tuple[str, ...]) -> Term:
        coefficient = 1.0
        powers: dict[str, int] = {}
        factors = function.need("factors").items()
        if len(factors) > _MOST_FACTORS:
            raise function.fail(f"{len(factors)} factors", f"{_MOST_FACTORS} at most")
        for factor in factors:
            terms = self._operand(factor, above)
            if len(terms) != 1:
                raise factor.fail(f"{factor.value!r} is a sum of {len(terms)} products",
                                  "a number, a parameter or a product")  # fmt: skip
            coefficient *= terms[0].coefficient
            for parameter, power in terms[0].powers.items():
                powers[parameter] = powers.get(parameter, 0) + power
                if powers[parameter] > _HIGHEST:
                    raise function.fail(f"{parameter!r} in a power above {_HIGHEST}", f"powers to {_HIGHEST}")
        if not math.isfinite(coefficient):
            raise function.fail("a product of numbers that is not finite", "finite numbers")
        return Term(coefficient, powers, name)

    def _added(self, function: Place, above: tuple[str, ...]) -> tuple[Term, ...]:
        found: list[Term] = []
        for summand in function.need("summands").items():
            found += self._operand(summand, above)
            if len(found) > _MOST_TERMS:  # sums of sums of sums double every time
                raise function.fail(f"more than {_MOST_TERMS} terms", f"{_MOST_TERMS} at most")
        return tuple(found)

    def _operand(self, place: Place, above: tuple[str, ...]) -> tuple[Term, ...]:
        if not isinstance(place.value, str):
            return (Term(place.number(), {}),)
        name = place.text()
        try:
            number = float(name)
        except ValueError:
            return self._named(name, place, above)
        if not math.isfinite(number):
            raise place.fail(f"{name!r} in place of a number", "a finite number")
        return (Term(number, {}),)
