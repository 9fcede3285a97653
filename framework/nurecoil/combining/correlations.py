"""What a correlation map says: which parameters of several models are one, apart, or correlated.

Only the statements themselves, checked one by one. How they read in a file is
:mod:`nurecoil.bridges.correlation_map`'s business, what they do to models is
:mod:`nurecoil.combining.combination`'s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nurecoil.errors import ModelError, unknown_name

__all__ = ["BINS", "Kind", "Relation"]

Kind = Literal["same", "independent", "renamed", "correlated"]
"""What a statement can say of its members."""
BINS = "[*]"
"""Behind a name: every bin of a set of per-bin parameters, ``shape[*]`` for ``shape[0]``, ``shape[1]`` ..."""


@dataclass(frozen=True, slots=True)
class Relation:
    """One statement about parameters of the inputs.

    Args:
        name: for ``same`` and ``renamed`` the parameter's name in the combination, for the others a title.
        kind: ``same``: the members are one parameter; ``independent``: each stands alone, under a prefix
            where others have its name; ``renamed``: the one member gets another name; ``correlated``: the
            members, each with a Gaussian constraint, get a joint one.
        members: ``label:name`` each; in ``correlated`` also the plain name of a parameter of the combination.
        keep: of ``same``: the member whose definition holds where they differ.
        correlation: of ``correlated``: one coefficient for every pair, or the rows of a matrix.

    Raises:
        ModelError: where the statement contradicts itself.

    Example:
        >>> Relation("luminosity", "correlated", ("run1:lumi", "run2:lumi"), correlation=0.5).matrix()
        array([[1. , 0.5],
               [0.5, 1. ]])
    """

    name: str
    kind: Kind
    members: tuple[str, ...]
    keep: str | None = None
    correlation: float | tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self) -> None:
        """Check the statement on its own."""
        where = self.where
        if not self.name or self.name != self.name.strip():
            raise ModelError(where, "an empty or padded heading", "the parameter's name, or a title")
        if self.kind not in get_args(Kind):
            raise unknown_name(ModelError, where, str(self.kind), get_args(Kind))
        if len(set(self.members)) != len(self.members):
            twice = next(m for m in self.members if self.members.count(m) > 1)
            raise ModelError(where, f"member {twice!r} more than once", "each member once")
        least, most = {"renamed": (1, 1), "independent": (1, math.inf)}.get(self.kind, (2, math.inf))
        if not least <= len(self.members) <= most:
            allowed = "exactly one" if most == 1 else f"at least {least}"
            raise ModelError(where, f"{len(self.members)} members of {self.kind!r}", allowed)
        if self.keep is not None and (self.kind != "same" or self.keep not in self.members):
            raise ModelError(where, f"keep = {self.keep!r}",
                             "in a 'same', one of its members: " + ", ".join(self.members))  # fmt: skip
        if (self.correlation is not None) != (self.kind == "correlated"):
            raise ModelError(where, f"a correlation of {self.correlation} in {self.kind!r}",
                             "a coefficient or a matrix in 'correlated', none elsewhere")  # fmt: skip
        if self.kind == "correlated":
            _check_correlation(where, self.matrix())

    @property
    def where(self) -> str:
        """How errors call it."""
        return f"correlation map, entry {self.name!r}"

    def matrix(self) -> NDArray[np.float64]:
        """The correlation matrix, shape ``(members, members)``; of ``correlated`` only.

        Raises:
            ModelError: where the rows do not fit the members.
        """
        size = len(self.members)
        if not isinstance(self.correlation, tuple):
            made = np.full((size, size), math.nan if self.correlation is None else float(self.correlation))
            np.fill_diagonal(made, 1.0)
            return made
        if len(self.correlation) != size or any(len(row) != size for row in self.correlation):
            raise ModelError(self.where, f"a matrix of {len(self.correlation)} rows",
                             f"{size} rows of {size} numbers, in the order of the members")  # fmt: skip
        return np.array(self.correlation, float)

    def to_json(self) -> dict[str, Any]:
        """The statement as plain data, in the words of the file."""
        found: dict[str, Any] = {"name": self.name, "members": list(self.members)}
        if self.kind == "correlated":
            rows = self.correlation
            found["correlated"] = [list(row) for row in rows] if isinstance(rows, tuple) else rows
        else:
            found[self.kind] = True
        return found if self.keep is None else {**found, "keep": self.keep}


def _check_correlation(where: str, matrix: NDArray[np.float64]) -> None:
    """Refuse what is no correlation matrix."""
    if not np.all(np.isfinite(matrix)):
        raise ModelError(where, "a correlation that is no finite number", "numbers between -1 and 1")
    if not (np.array_equal(matrix, matrix.T) and np.all(np.diag(matrix) == 1)):
        raise ModelError(where, "a matrix that is not symmetric with ones on its diagonal",
                         "a correlation matrix")  # fmt: skip
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if not smallest > 1e-12:
        size = len(matrix)
        lowest = f", for one coefficient between all {size}: above {-1 / (size - 1):.4g} and below 1"
        raise ModelError(where, f"a correlation matrix with the smallest eigenvalue {smallest:.3g}",
                         "a positive definite matrix" + lowest,
                         "Parameters that are wholly correlated are the 'same'.")  # fmt: skip
