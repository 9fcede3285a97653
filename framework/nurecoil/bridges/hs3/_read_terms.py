"""Distributions of an HS3 file that are no histograms: constraints, and measurements of sums.

One normal, Poisson, log-normal or joint normal distribution at a time. Which of them count, and how often,
is :mod:`nurecoil.bridges.hs3.reading`'s to say.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nurecoil.bridges.hs3._read_modifiers import Reading
from nurecoil.bridges.hs3._read_place import Place
from nurecoil.bridges.hs3._read_quantities import Term
from nurecoil.errors import InputError, NurecoilError
from nurecoil.model.channels import Channel, GaussianChannel, PoissonChannel, Sample
from nurecoil.model.parameters import (
    Constraint,
    CovarianceConstraint,
    GaussianConstraint,
    LogNormalConstraint,
    PoissonConstraint,
)

__all__ = ["Terms"]

_CUT = 7.0
"""Widths between a measured value and the end of its axis above which the cut changes nothing."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Reads distributions into constraints and channels.

    Args:
        reading: what is known and found.
        kept: parameters of the model; other constant ones are numbers.
        channels: names of distributions that have to become channels.
    """

    reading: Reading
    kept: Collection[str]
    channels: Collection[str] = ()

    def read(self, place: Place, data: Place | None) -> Channel | None:
        """Read a distribution.

        Args:
            place: the distribution.
            data: its data, ``None`` where its own members say what was measured.

        Returns:
            A channel, or ``None`` where it was a constraint, which goes to ``reading``.

        Raises:
            InputError: for what is not understood.
        """
        kind = place.need("type").text()
        readers = {
            "gaussian_dist": self._gaussian, "normal_dist": self._gaussian, "poisson_dist": self._poisson,
            "lognormal_dist": self._log_normal, "multivariate_normal_dist": self._joint,
        }  # fmt: skip
        if kind not in readers:
            raise place.fail(
                f"type {kind!r} is not understood here", ", ".join(["histfactory_dist", *readers])
            )
        try:
            return readers[kind](place, data)
        except InputError:
            raise
        except NurecoilError as error:
            raise place.fail(str(error)) from None

    def _gaussian(self, place: Place, data: Place | None) -> Channel | None:
        place.only(("name", "type", "x", "mean", "sigma"))
        sigma = self._number(place.need("sigma"))
        if sigma <= 0:
            raise place.need("sigma").fail(f"{sigma:g}", "a positive width")
        centres, terms, observable = self._sides(place, "x", "mean", data, sigma)
        if _constant(terms):
            return None
        alone = self._alone(place, terms, centres)
        if alone is not None:
            name, factor = alone
            self._constrain(name, GaussianConstraint(centres[0] / factor, sigma / abs(factor)), place)
            return None
        samples = _samples(terms, len(centres))
        width = np.full(len(centres), sigma)
        label = place.need("name").text()
        return GaussianChannel(label, observable, "1", samples, np.array(centres), width)

    def _poisson(self, place: Place, data: Place | None) -> Channel | None:
        place.only(("name", "type", "x", "mean", "integer"))
        counts, terms, observable = self._sides(place, "x", "mean", data, None)
        whole = place.get("integer")
        if whole is not None and whole.flag() and any(count % 1 for count in counts):
            raise whole.fail("true, but the count is no whole number", "false")
        if any(count < 0 for count in counts):
            raise place.fail(f"a count of {min(counts):g}", "0 or more")
        if _constant(terms):
            return None
        alone = self._alone(place, terms, counts)
        if alone is not None:
            name, factor = alone
            self._constrain(name, PoissonConstraint(counts[0], factor), place)
            return None
        edges = np.arange(len(counts) + 1.0)
        samples = _samples(terms, len(counts))
        return PoissonChannel(place.need("name").text(), observable, "1", edges, samples, np.array(counts))

    def _alone(
        self, place: Place, terms: tuple[Term, ...], seen: Sequence[float]
    ) -> tuple[str, float] | None:
        """Parameter and factor of a distribution that constrains one parameter and has to be no channel."""
        simple = _simple(terms)
        return simple if len(seen) == 1 and place.need("name").text() not in self.channels else None

    def _log_normal(self, place: Place, data: Place | None) -> Channel | None:
        """The parameter may be ``x`` (its own density in ``ln x`` moves the centre) or the mean ``mu``."""
        place.only(("name", "type", "x", "mu", "sigma"))
        sigma = self._number(place.need("sigma"))
        if sigma <= 0:
            raise place.need("sigma").fail(f"{sigma:g}", "a positive width")
        centres, terms, _ = self._sides(place, "x", "mu", data, None)
        if _constant(terms):
            return None
        simple = _simple(terms)
        if not simple or len(centres) != 1:
            raise place.fail("more than one parameter or measured value", "one of each")
        name, factor = simple
        constraint: Constraint
        try:
            if self._is_fixed(place.need("x")) or data is not None:
                constraint = GaussianConstraint(math.log(centres[0]) / factor, sigma / abs(factor))
            else:
                constraint = LogNormalConstraint(math.exp(centres[0] - sigma**2) / factor, math.exp(sigma))
        except (ArithmeticError, ValueError):
            raise place.fail("numbers without a logarithm", "values above 0") from None
        self._constrain(name, constraint, place)
        return None

    def _joint(self, place: Place, data: Place | None) -> Channel | None:
        place.only(("name", "type", "x", "mean", "covariances", "covariance"))
        if data is not None:
            raise place.fail(
                "data of a joint normal distribution", "aux_distributions, with 'x' or 'mean' numbers"
            )
        matrix = place.get("covariances") or place.need("covariance")
        left, right = place.need("x").items(), place.need("mean").items()
        if len(left) != len(right) or not left:
            raise place.fail(f"{len(left)} names and {len(right)} means", "as many")
        names, centres = [], []
        for one, other in zip(left, right, strict=True):
            fixed, moving = (one, other) if self._is_fixed(one) else (other, one)
            simple = _simple(self._moving(moving))
            if simple is None or simple[1] != 1:
                raise moving.fail(f"{moving.value!r:.60}", "a parameter")
            names.append(simple[0])
            centres.append(self._number(fixed))
        rows = tuple(tuple(row.numbers(len(names)).tolist()) for row in matrix.items())
        constraint = CovarianceConstraint(tuple(names), tuple(centres), rows)
        if np.linalg.eigvalsh(np.array(rows)).min() <= 0:
            raise matrix.fail("a matrix that is not positive definite", "a covariance matrix")
        self.reading.constraints.joint.append(constraint)
        return None

    def _sides(
        self, place: Place, seen: str, mean: str, data: Place | None, sigma: float | None
    ) -> tuple[list[float], tuple[Term, ...], str]:
        """What was measured, what was expected, and the name of what was measured."""
        left, right = place.need(seen), place.need(mean)
        label = left.value if isinstance(left.value, str) else place.need("name").text()
        if data is not None:
            return _measured(data, left, sigma), self._moving(right), label
        one, other = self._is_fixed(left), self._is_fixed(right)
        if not one and not other:
            raise place.fail(f"neither {left.value!r:.40} nor {right.value!r:.40} is a constant number",
                             "data in the likelihood, a number, or a constant parameter")  # fmt: skip
        fixed, moving = (left, right) if one else (right, left)
        if isinstance(fixed.value, str) and fixed is right and isinstance(left.value, str):
            label = fixed.text()
        return [self._number(fixed)], self._moving(moving), label

    def _is_fixed(self, place: Place) -> bool:
        """Whether a place is a number, or a constant that is none of the model's parameters."""
        return not any(term.powers for term in self._terms(place))

    def _terms(self, place: Place) -> tuple[Term, ...]:
        return self.reading.quantities.folded(self.reading.quantities.terms(place), self.kept)

    def _number(self, place: Place) -> float:
        terms = self._terms(place)
        if any(term.powers for term in terms):
            raise place.fail(f"{place.value!r:.60} is not constant", "a number, or a constant parameter")
        number = math.fsum(term.coefficient for term in terms)
        if not math.isfinite(number):
            raise place.fail("a number that is not finite", "a finite number")
        return number

    def _moving(self, place: Place) -> tuple[Term, ...]:
        """A sum of products whose every name is a parameter that the file knows."""
        terms = self._terms(place)
        known = self.reading.points
        for term in terms:
            for name in term.powers:
                if name not in self.kept and not known.knows(name):
                    raise place.unknown(name, sorted({*self.kept, *known.names()}))
                self.reading.starts.setdefault(name, 1.0)
            if not math.isfinite(term.coefficient):
                raise place.fail("a factor that is not finite", "finite numbers")
        return terms

    def _constrain(self, name: str, constraint: Constraint, place: Place) -> None:
        self.reading.constraints.add(name, constraint, place)


def _constant(terms: tuple[Term, ...]) -> bool:
    """Whether a distribution depends on nothing: its likelihood is a constant, and constants are free."""
    return not any(term.powers for term in terms)


def _simple(terms: tuple[Term, ...]) -> tuple[str, float] | None:
    """Parameter and factor of a sum that is one parameter times a number, else nothing."""
    names = {tuple(term.powers.items()) for term in terms}
    factor = math.fsum(term.coefficient for term in terms)
    if len(names) != 1 or list(terms[0].powers.values()) != [1] or factor == 0:
        return None
    return next(iter(terms[0].powers)), factor


def _samples(terms: tuple[Term, ...], bins: int) -> tuple[Sample, ...]:
    """A sample for every product of a sum."""
    made: dict[str, Sample] = {}
    for i, term in enumerate(terms):
        name = term.label or f"term{i}"
        while name in made:
            name += "_"
        signed = term.coefficient < 0
        made[name] = Sample(name, np.full(bins, term.coefficient), dict(term.powers), signed)
    return tuple(made.values())


def _measured(data: Place, axis: Place, sigma: float | None) -> list[float]:
    """Measured values of a distribution of one number: inline, a point, or entries on one axis."""
    if not isinstance(data.value, Mapping):
        return [data.number()]
    kind = data.need("type").text()
    if kind == "point":
        data.only(("name", "type", "value", "uncertainty", "axes"))
        found = [data.need("value").number()]
    elif kind == "unbinned":
        data.only(("name", "type", "entries", "axes"))
        found = [float(entry.numbers(1)[0]) for entry in data.need("entries").items()]
    else:
        raise data.fail(f"type {kind!r} for a distribution of one number", "'point', 'unbinned', or a number")
    if not found:
        raise data.fail("no entries", "one entry or more")
    for item in [] if data.get("axes") is None else data.need("axes").items():
        item.only(("name", "min", "max"))
        if item.need("name").text() != axis.value:
            raise item.fail(f"axis {item.need('name').value!r:.60}", f"{axis.value!r:.60}")
        ends = [end.number() for end in (item.get("min"), item.get("max")) if end is not None]
        if sigma is not None and any(abs(end - value) < _CUT * sigma for end in ends for value in found):
            raise item.fail("an axis that ends near the measured value, which cuts the distribution off",
                            f"{_CUT:g} widths and more on both sides")  # fmt: skip
    return found
