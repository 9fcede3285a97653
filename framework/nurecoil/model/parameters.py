"""Parameters of a model and what is known about them beforehand.

A parameter is a name, a unit, a start value, bounds and at most one constraint term of its own.
Terms that tie several parameters together (:class:`CovarianceConstraint`) stand beside them.
Templates and channels live in :mod:`nurecoil.model.spectral`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields

from nurecoil.errors import ModelError

__all__ = [
    "Constraint",
    "CovarianceConstraint",
    "GaussianConstraint",
    "LogNormalConstraint",
    "Parameter",
    "PoissonConstraint",
    "Root",
    "merge_parameters",
]

_SMALLEST_WIDTH = 1e-100
"""Below, the square of its inverse is no number any more."""


@dataclass(frozen=True, slots=True)
class GaussianConstraint:
    """A normal measurement of the parameter: ``N(centre | theta, width)``.

    Args:
        centre: measured value, in the parameter's unit.
        width: one standard deviation, in the parameter's unit, positive.

    Raises:
        ModelError: where ``centre`` is no number or ``width`` is not a positive one.

    Example:
        >>> GaussianConstraint(40.0, 2.0)
        GaussianConstraint(centre=40.0, width=2.0)
    """

    centre: float
    width: float

    def __post_init__(self) -> None:
        """Refuse centres that are no numbers and widths that are not positive ones."""
        if not math.isfinite(self.centre):
            raise ModelError("Gaussian constraint centre", f"{self.centre}", "a finite number")
        _check_positive("Gaussian constraint width", self.width)
        if self.width < _SMALLEST_WIDTH:
            raise ModelError("Gaussian constraint width", f"{self.width}", f"at least {_SMALLEST_WIDTH:g}",
                             "Fix the parameter instead.")  # fmt: skip


@dataclass(frozen=True, slots=True)
class LogNormalConstraint:
    """A log-normal measurement: ``ln(centre)`` is normal about ``ln(theta)`` with width ``ln(factor)``.

    Args:
        centre: measured value, positive, in the parameter's unit.
        factor: multiplicative one-sigma uncertainty, above 1.

    Raises:
        ModelError: where ``centre`` is not positive or ``factor`` is not above 1.

    Example:
        >>> LogNormalConstraint(1.0, 1.2).factor
        1.2
    """

    centre: float
    factor: float

    def __post_init__(self) -> None:
        """Refuse centres and factors outside their range."""
        _check_positive("log-normal constraint centre", self.centre)
        if not (math.isfinite(self.factor) and self.factor > 1):
            raise ModelError("log-normal constraint", f"factor {self.factor}", "a number above 1")


@dataclass(frozen=True, slots=True)
class PoissonConstraint:
    """An auxiliary count: ``Poisson(count | scale * theta)``.

    Args:
        count: the observed auxiliary count, zero or more (a real number for Asimov data).
        scale: expected count at ``theta = 1``, positive.

    Raises:
        ModelError: where ``count`` is negative or ``scale`` is not positive.

    Example:
        >>> PoissonConstraint(100.0, 100.0).scale
        100.0
    """

    count: float
    scale: float

    def __post_init__(self) -> None:
        """Refuse negative counts and scales that are not positive."""
        _check_positive("Poisson constraint scale", self.scale)
        if not (math.isfinite(self.count) and self.count >= 0):
            raise ModelError("Poisson constraint", f"count {self.count}", "a number of at least 0")


Constraint = GaussianConstraint | LogNormalConstraint | PoissonConstraint


@dataclass(frozen=True, slots=True)
class Root:
    """What a parameter is a power of: ``value = (root / scale) ** power``.

    A file that can hold no powers holds ``mu2``, and this says that limits are wanted on ``mu_eff``.

    Args:
        name: public name of the root.
        unit: its unit.
        scale: what it is divided by, in that unit, positive.
        power: a whole number above 1.

    Raises:
        ModelError: where scale or power are out of range.

    Example:
        >>> Root("mu_eff", "mu_B", 1e-11, 2)
        Root(name='mu_eff', unit='mu_B', scale=1e-11, power=2)
    """

    name: str
    unit: str
    scale: float
    power: int

    def __post_init__(self) -> None:
        """Check scale and power."""
        _check_positive(f"root {self.name!r}, scale", self.scale)
        if not (isinstance(self.power, int) and self.power > 1):
            raise ModelError(f"root {self.name!r}", f"power {self.power}", "a whole number above 1")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a model.

    Args:
        name: the public name; its scope is the part before the first dot (``solar``, ``borexino``),
            a bare name belongs to the search.
        unit: the unit of ``value``, ``"1"`` for a pure number.
        value: where fits start, and the value where it is fixed.
        lower: smallest value allowed, ``-inf`` for none.
        upper: largest value allowed, ``inf`` for none.
        constraint: what an auxiliary measurement says about it, or ``None``.
        fixed: whether fits leave it at ``value``.
        description: what it is, in a sentence part.
        source: where its value or constraint comes from (a citation), may be empty.
        root: what it is a power of, where a file could not say so otherwise.

    Raises:
        ModelError: where the name is empty, a number is NaN, the bounds are out of order,
            ``value`` lies outside them, or a log-normal or Poisson constraint is not defined there.

    Example:
        >>> Parameter("borexino.rate.kr85", "cpd/100 t", 6.8, lower=0.0)
        <Parameter borexino.rate.kr85 = 6.8 cpd/100 t, in [0, inf], free>
    """

    name: str
    unit: str
    value: float
    lower: float = -math.inf
    upper: float = math.inf
    constraint: Constraint | None = None
    fixed: bool = False
    description: str = ""
    source: str = ""
    root: Root | None = None

    def __post_init__(self) -> None:
        """Check the definition on its own."""
        where = f"parameter {self.name!r}"
        if not self.name or self.name != self.name.strip():
            raise ModelError(where, "an empty or padded name", "letters, digits, dots and underscores")
        if math.isnan(self.lower) or math.isnan(self.upper) or not self.lower < self.upper:
            raise ModelError(where, f"bounds [{self.lower}, {self.upper}]", "lower < upper")
        if not math.isfinite(self.value) or not self.lower <= self.value <= self.upper:
            raise ModelError(where, f"value {self.value}", f"a number in [{self.lower}, {self.upper}]")
        if isinstance(self.constraint, LogNormalConstraint) and self.value <= 0:
            raise ModelError(where, f"value {self.value} with a log-normal constraint", "a value above 0")
        if isinstance(self.constraint, PoissonConstraint) and self.value < 0:
            raise ModelError(where, f"value {self.value} with a Poisson constraint", "a value of at least 0")

    def __repr__(self) -> str:
        """Name, value, unit, bounds and state in one line."""
        state = "fixed" if self.fixed else "free"
        if self.constraint is not None and not self.fixed:
            state = f"constrained by {type(self.constraint).__name__}"
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"<Parameter {self.name} = {self.value:g}{unit}, in [{self.lower:g}, {self.upper:g}], {state}>"


@dataclass(frozen=True, slots=True)
class CovarianceConstraint:
    """A joint normal measurement of several parameters.

    Args:
        names: the parameters, in the order of ``centre`` and ``covariance``.
        centre: measured values, in the parameters' units.
        covariance: rows of the covariance matrix, positive definite.
        source: the citation it comes from.

    Raises:
        ModelError: where the shapes differ, a number is NaN or infinite, or the matrix is not symmetric.

    Example:
        >>> CovarianceConstraint(("a", "b"), (1.0, 1.0), ((0.01, 0.0), (0.0, 0.04))).names
        ('a', 'b')
    """

    names: tuple[str, ...]
    centre: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    source: str = ""

    def __post_init__(self) -> None:
        """Check shapes and symmetry; definiteness is checked where the model is compiled."""
        size = len(self.names)
        where = "covariance constraint of " + ", ".join(self.names)
        if len(set(self.names)) != size:
            raise ModelError(where, "a repeated name", "each parameter once")
        if (
            len(self.centre) != size
            or any(len(row) != size for row in self.covariance)
            or (len(self.covariance) != size)
        ):
            raise ModelError(where, "shapes that differ", f"{size} centres and a {size} x {size} matrix")
        for row in (self.centre, *self.covariance):
            for number in row:
                if not math.isfinite(number):
                    raise ModelError(where, f"{number} among its numbers", "finite numbers")
        for i in range(size):
            for j in range(i):
                upper, lower = self.covariance[j][i], self.covariance[i][j]
                if not math.isclose(upper, lower, rel_tol=1e-9, abs_tol=1e-300):
                    raise ModelError(where, f"elements {upper} and {lower}", "a symmetric matrix")


def merge_parameters(groups: Iterable[tuple[str, Iterable[Parameter]]]) -> dict[str, Parameter]:
    """Join the parameters of several owners; a shared name must be defined alike by all of them.

    Args:
        groups: pairs of an owner (for messages) and its parameters.

    Returns:
        The parameters by name, in the order in which they first appear.

    Raises:
        ModelError: where two owners define one name differently; the message shows both.

    Example:
        >>> one = Parameter("solar.flux.pp", "SSM", 1.0)
        >>> list(merge_parameters([("borexino", [one]), ("gallium", [one])]))
        ['solar.flux.pp']
    """
    merged: dict[str, Parameter] = {}
    owner_of: dict[str, str] = {}
    for owner, parameters in groups:
        for parameter in parameters:
            known = merged.setdefault(parameter.name, parameter)
            first = owner_of.setdefault(parameter.name, owner)
            if known != parameter:
                raise ModelError(
                    f"shared parameter {parameter.name!r}",
                    f"two definitions: {first} has {known!r}, {owner} has {parameter!r}; they differ in "
                    + _differences(known, parameter),
                    "one definition",
                    "Give both the same options, or rename one of them.",
                )
    return merged


def _differences(one: Parameter, other: Parameter) -> str:
    """The fields in which two definitions differ, with both values."""
    pairs = [(f.name, getattr(one, f.name), getattr(other, f.name)) for f in fields(one)]
    return ", ".join(f"{name} ({left!r} and {right!r})" for name, left, right in pairs if left != right)


def _check_positive(what: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise ModelError(what, f"{value}", "a positive number")
