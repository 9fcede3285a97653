"""What auxiliary measurements in an HS3 file say about single parameters, each counted once.

Modifiers and distributions hand in their terms; here they become the constraints of the neutral model, whose
parameters have room for one each. A second normal one stands beside them as a joint constraint of one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from nurecoil.bridges.hs3._read_place import Place
from nurecoil.model.parameters import (
    Constraint,
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    PoissonConstraint,
)

__all__ = ["Constraints"]


@dataclass
class Constraints:
    """Constraint terms in the making.

    Args:
        terms: parameter to its terms, with the places they come from.
        joint: joint constraints.
        asked: names of distributions that modifiers ask for, with the modifiers.
        implied: parameters whose modifiers bring their own constraint, by what these say.
    """

    terms: dict[str, list[tuple[Constraint, Place]]] = field(default_factory=dict)
    joint: list[CovarianceConstraint] = field(default_factory=list)
    asked: dict[str, Place] = field(default_factory=dict)
    implied: dict[str, tuple[Constraint | str | None, Place]] = field(default_factory=dict)

    def add(self, parameter: str, constraint: Constraint, place: Place) -> None:
        """Hand in a term that counts by itself."""
        self.terms.setdefault(parameter, []).append((constraint, place))

    def imply(self, parameter: str, constraint: Constraint | None, place: Place) -> None:
        """Hand in what a modifier says about its parameter; others that share it have to say the same.

        Args:
            parameter: the parameter.
            constraint: its constraint, ``None`` where it has none.
            place: the modifier.

        Raises:
            InputError: where another modifier of the parameter says otherwise.
        """
        if self._first(parameter, constraint, place) and constraint is not None:
            self.add(parameter, constraint, place)

    def ask(self, parameter: str, name: str, place: Place) -> None:
        """Say that a modifier leaves the constraint of its parameter to a distribution.

        Raises:
            InputError: where another modifier of the parameter says otherwise.
        """
        if self._first(parameter, name, place):
            self.asked.setdefault(name, place)

    def parameters(self) -> list[str]:
        """Every parameter that has a term."""
        return list(dict.fromkeys([*self.terms, *(name for joint in self.joint for name in joint.names)]))

    def finish(self) -> tuple[dict[str, Constraint], list[CovarianceConstraint]]:
        """One constraint for each parameter, and the joint ones.

        Returns:
            Parameter to constraint; joint constraints, those of further terms among them.

        Raises:
            InputError: where a parameter has two terms that cannot stand side by side.
        """
        single: dict[str, Constraint] = {}
        joint = list(self.joint)
        for name, terms in self.terms.items():
            others: list[tuple[Constraint, Place]] = [
                (one, place) for one, place in terms if not isinstance(one, GaussianConstraint)
            ]
            normal = [one for one, _ in terms if isinstance(one, GaussianConstraint)]
            if others:
                single[name] = _merged(name, others)
            elif normal:
                single[name] = normal.pop(0)
            joint += [CovarianceConstraint((name,), (one.centre,), ((one.width**2,),)) for one in normal]
        return single, joint

    def _first(self, parameter: str, said: Constraint | str | None, place: Place) -> bool:
        """Whether a parameter's modifiers said nothing yet."""
        if parameter not in self.implied:
            self.implied[parameter] = (said, place)
            return True
        known, first = self.implied[parameter]
        if not _alike(known, said):
            raise place.fail(
                f"{parameter!r} is constrained by {_words(said)}, but by {_words(known)} at {first.path}",
                "modifiers that share a parameter share its constraint",
            )
        return False


def _merged(name: str, terms: list[tuple[Constraint, Place]]) -> Constraint:
    """The one term that says what several do: counts add up."""
    counts = [one for one, _ in terms if isinstance(one, PoissonConstraint)]
    if len(terms) == 1:
        return terms[0][0]
    if len(counts) < len(terms):
        raise terms[1][1].fail(f"a second constraint of {name!r}; the first is {terms[0][1].path}",
                               "one constraint, or several counts, or one and normal ones")  # fmt: skip
    return PoissonConstraint(sum(one.count for one in counts), sum(one.scale for one in counts))


def _alike(one: Constraint | str | None, other: Constraint | str | None) -> bool:
    """Whether two modifiers say the same of a parameter, rounding apart."""
    if isinstance(one, GaussianConstraint) and isinstance(other, GaussianConstraint):
        return math.isclose(one.centre, other.centre) and math.isclose(one.width, other.width)
    if isinstance(one, PoissonConstraint) and isinstance(other, PoissonConstraint):
        return math.isclose(one.count, other.count) and math.isclose(one.scale, other.scale)
    return one == other


def _words(said: Constraint | str | None) -> str:
    if said is None:
        return "nothing"
    if isinstance(said, str):
        return repr(said)
    words: Mapping[type, str] = {
        GaussianConstraint: "a Gaussian",
        LogNormalConstraint: "a log-normal",
        PoissonConstraint: "a Poisson count",
    }
    return f"{words[type(said)]} {said}"
