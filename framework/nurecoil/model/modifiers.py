"""HistFactory's modifiers of a sample: what its parameters do to it beyond multiplying it as a whole.

A sample expects, in every bin, ``prod(parameter ** power) prod(normsys) prod(bin factors) (template +
sum(histosys))`` (Cranmer et al., CERN-OPEN-2012-016, eqs. 5 to 12). ``normfactor`` and ``lumi`` are powers of
the sample itself. How the parameters are constrained is theirs to say (:mod:`nurecoil.model.parameters`), how
the modifiers are computed is the engine's business.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import ModelError, unknown_name

__all__ = ["BinFactors", "BinKind", "HistoCode", "HistoSys", "Modifier", "NormCode", "NormSys"]

Array = NDArray[np.float64]

NormCode = Literal["1", "4"]
"""How a ``normsys`` goes from -1 to 1: 1 exponentially, 4 by a polynomial of sixth degree between them."""
HistoCode = Literal["0", "4p"]
"""How a ``histosys`` goes: 0 in two straight lines, 4p by a polynomial of sixth degree between -1 and 1."""
BinKind = Literal["shapesys", "staterror", "shapefactor"]
"""What HistFactory calls a factor of its own in every bin."""


@dataclass(frozen=True, slots=True)
class NormSys:
    """A factor of the whole sample: 1 at a pull of 0, ``low`` at -1, ``high`` at 1.

    Args:
        parameter: the pull.
        low: factor at a pull of -1, positive.
        high: factor at a pull of 1, positive.
        code: interpolation code, ``1`` or ``4`` (ROOT's and pyhf's numbers).

    Raises:
        ModelError: where a factor is not positive or the code is another.

    Example:
        >>> NormSys("alpha.rate", 0.9, 1.1).parameters
        ('alpha.rate',)
    """

    parameter: str
    low: float
    high: float
    code: NormCode = "4"

    def __post_init__(self) -> None:
        """Check factors and code."""
        where = f"normsys {self.parameter!r}"
        _check_code(where, self.code, get_args(NormCode))
        if not all(math.isfinite(factor) and factor > 0 for factor in (self.low, self.high)):
            raise ModelError(where, f"factors {self.low} and {self.high}", "two positive numbers",
                             "A factor that may vanish is a histosys.")  # fmt: skip

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters it depends on."""
        return (self.parameter,)


@dataclass(frozen=True, eq=False)
class HistoSys:
    """A change of the template: none at a pull of 0, to ``low`` at -1, to ``high`` at 1.

    Args:
        parameter: the pull.
        low: contents at a pull of -1, shape ``(bins,)``.
        high: contents at a pull of 1, shape ``(bins,)``.
        code: interpolation code, ``0`` or ``4p``.

    Raises:
        ModelError: where the shapes differ, a content is no finite number or the code is another.

    Example:
        >>> HistoSys("alpha.tilt", np.array([9.0, 11.0]), np.array([11.0, 9.0])).bins
        2
    """

    parameter: str
    low: Array
    high: Array
    code: HistoCode = "4p"

    def __post_init__(self) -> None:
        """Check contents and code."""
        where = f"histosys {self.parameter!r}"
        _check_code(where, self.code, get_args(HistoCode))
        if self.low.ndim != 1 or self.low.shape != self.high.shape:
            raise ModelError(where, f"contents of shapes {self.low.shape} and {self.high.shape}",
                             "two of one shape, (bins,)")  # fmt: skip
        for contents in (self.low, self.high):
            _check_finite(where, contents)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters it depends on."""
        return (self.parameter,)

    @property
    def bins(self) -> int:
        """Number of bins."""
        return int(self.low.size)

    def __eq__(self, other: object) -> bool:
        """Equal where parameter, code and contents are."""
        if not isinstance(other, HistoSys):
            return NotImplemented
        same = (self.parameter, self.code) == (other.parameter, other.code)
        return same and np.array_equal(self.low, other.low) and np.array_equal(self.high, other.high)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, eq=False)
class BinFactors:
    """A factor of its own in every bin.

    Args:
        parameters: one per bin, ``name[0]`` and so on; bins may share one. An empty name leaves the bin as
            it is.
        kind: HistFactory's name: ``shapesys`` (auxiliary counts, the sample's own), ``staterror`` (shared by
            the samples of a channel), ``shapefactor`` (unconstrained). The constraints themselves stand in
            the parameters.
        errors: absolute errors of the sample's contents, from which the constraints were made, shape
            ``(bins,)``; empty for a ``shapefactor`` and where they are not known.

    Raises:
        ModelError: where the shapes differ or the kind is another.

    Example:
        >>> BinFactors(("gamma[0]", "gamma[1]"), "staterror", np.array([1.0, 2.0])).bins
        2
    """

    parameters: tuple[str, ...]
    kind: BinKind
    errors: Array = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        """Check kind and shapes."""
        where = f"{self.kind} {next(filter(None, self.parameters), '')!r}"
        _check_code(where, self.kind, get_args(BinKind))
        if self.errors.size and self.errors.shape != (self.bins,):
            raise ModelError(where, f"errors of shape {self.errors.shape}", f"shape ({self.bins},)")
        _check_finite(where, self.errors)

    @property
    def bins(self) -> int:
        """Number of bins."""
        return len(self.parameters)

    def __eq__(self, other: object) -> bool:
        """Equal where parameters, kind and errors are."""
        if not isinstance(other, BinFactors):
            return NotImplemented
        same = (self.parameters, self.kind) == (other.parameters, other.kind)
        return same and np.array_equal(self.errors, other.errors)

    __hash__ = None  # type: ignore[assignment]


Modifier = NormSys | HistoSys | BinFactors


def _check_code(where: str, code: str, allowed: tuple[str, ...]) -> None:
    if code not in allowed:
        raise unknown_name(ModelError, where, code, allowed)


def _check_finite(where: str, contents: Array) -> None:
    bad = ~np.isfinite(contents)
    if bad.any():
        bin_ = int(np.argmax(bad))
        raise ModelError(f"{where} bin {bin_}", f"{contents[bin_]}", "a finite number")
