"""HistFactory's modifiers compiled to arrays: what they do to the samples of one channel.

A sample expects ``F G (T + D)`` in a bin: F the factors of the whole sample, G those of the bin, T its
template and D its shifts. F's powers of parameters and the templates are :mod:`nurecoil.engine.channels`'s;
here are the rest of F, G and D, and every derivative in which they take part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.interpolation import Factors, Shifts
from nurecoil.model.channels import Sample
from nurecoil.model.modifiers import BinFactors, HistoSys, NormSys

__all__ = ["CompiledModifiers", "Modified"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Triple = tuple[Array, Array, Array]

_NOTHING, _ONE = np.zeros((1, 1)), np.ones((1, 1))


@dataclass(frozen=True)
class Modified:
    """The modifiers at one place.

    Args:
        factors: value, slope and second derivative of every ``normsys``, shapes ``(n,)``.
        shifts: slope and second derivative of every ``histosys``, shapes ``(n, bins)``.
        gammas: factors of every set of bin factors, shape ``(n, bins)``.
        norm: factor of every sample, shape ``(samples,)``.
        shift: change of every sample's template, shape ``(samples, bins)``; a 0 where there are no shifts.
        bins: factor of every sample's bins, shape ``(samples, bins)``; a 1 where there are none.
    """

    factors: Triple
    shifts: tuple[Array, Array]
    gammas: Array
    norm: Array
    shift: Array
    bins: Array


class CompiledModifiers:
    """The modifiers of all samples of a channel.

    Args:
        samples: the channel's samples; those with shifts or bin factors have arrays as templates.
        index: position of every parameter by name.
        bins: number of bins.

    Example:
        >>> one = Sample("one", np.ones(2), modifiers=(NormSys("a", 0.5, 2.0),))
        >>> CompiledModifiers([one], {"a": 0}, 2).at(np.array([-2.0])).norm.tolist()
        [0.25]
    """

    def __init__(self, samples: Sequence[Sample], index: Mapping[str, int], bins: int) -> None:
        self._shape = (len(samples), bins)
        norms = [(row, m) for row, s in enumerate(samples) for m in s.modifiers if isinstance(m, NormSys)]
        shifts = [(row, m) for row, s in enumerate(samples) for m in s.modifiers if isinstance(m, HistoSys)]
        gammas = [(row, m) for row, s in enumerate(samples) for m in s.modifiers if isinstance(m, BinFactors)]
        self.norm_row, self.norm_parameter = _places(norms, index)
        self.shift_row, self.shift_parameter = _places(shifts, index)
        nominal = [cast(Array, samples[row].template) for row, _ in shifts]
        self._factors = Factors.of([m for _, m in norms]) if norms else None
        self._shifts = Shifts.of([m for _, m in shifts], nominal) if shifts else None
        self._spread = np.zeros((len(samples), len(shifts)))
        self._spread[self.shift_row, np.arange(len(shifts))] = 1.0
        if self._shifts is not None:
            self._lines = np.concatenate([self._shifts.middle, self._shifts.lean])
        self._gather = np.zeros((len(index), len(shifts)))
        self._gather[self.shift_parameter, np.arange(len(shifts))] = 1.0
        self._gamma_row = np.array([row for row, _ in gammas], dtype=np.intp)
        places = [[index[name] if name else -1 for name in m.parameters] for _, m in gammas]
        self._gamma_parameter = np.array(places, dtype=np.intp).reshape(len(gammas), bins)
        self._last: tuple[bytes, Modified] | None = None
        self._set, self._bin = np.nonzero(self._gamma_parameter >= 0)
        self._gamma = self._gamma_parameter[self._set, self._bin]

    def at(self, position: Array) -> Modified:
        """Everything the modifiers do at internal coordinates; the last place is kept."""
        key = position.tobytes()
        if self._last is None or self._last[0] != key:
            self._last = (key, self._evaluate(position))
        return self._last[1]

    def _evaluate(self, position: Array) -> Modified:
        norm, shift, bins = np.ones(self._shape[0]), _NOTHING, _ONE
        factors: Triple = (np.empty(0),) * 3
        shifts = (np.empty((0, self._shape[1])),) * 2
        if self._factors is not None:
            factors = self._factors.evaluate(position[self.norm_parameter])
            np.multiply.at(norm, self.norm_row, factors[0])
        if self._shifts is not None:
            pulls = position[self.shift_parameter]
            value, slope, bend = self._shifts.coefficients(pulls)
            shift = np.concatenate([self._spread * pulls, self._spread * value], axis=1) @ self._lines
            lean = self._shifts.lean
            shifts = self._shifts.middle + slope[:, None] * lean, bend[:, None] * lean
        gammas = np.ones(self._gamma_parameter.shape)
        if self._gamma.size:
            gammas[self._set, self._bin] = position[self._gamma]
            bins = np.ones(self._shape)
            np.multiply.at(bins, self._gamma_row, gammas)
        return Modified(factors, shifts, gammas, norm, shift, bins)

    def norm_slopes(self, now: Modified) -> Array:
        """Change of its sample's norm with every ``normsys``, shape ``(n,)``."""
        factor, slope, _ = now.factors
        if np.all(factor != 0):
            return np.asarray(now.norm[self.norm_row] / factor * slope)
        return _others(factor, self.norm_row) * slope

    def add_slopes(self, jacobian: Array, now: Modified, factors: Array, contents: Array) -> None:
        """Add the derivatives by pulls of shapes and by bin factors to a channel's Jacobian.

        Args:
            jacobian: shape ``(parameters, bins)``, added to.
            now: the modifiers.
            factors: F of every sample.
            contents: T + D of every sample, shape ``(samples, bins)``.
        """
        if self.shift_row.size:
            jacobian += self._gather @ (factors[self.shift_row, None] * self._bins(now) * now.shifts[0])
        if self._gamma.size:
            slope = self._others(now) * factors[self._gamma_row, None] * contents[self._gamma_row]
            np.add.at(jacobian, (self._gamma, self._bin), slope[self._set, self._bin])

    def add_bends(
        self, total: Array, now: Modified, factors: Array, slopes: Array, contents: Array, weight: Array
    ) -> None:
        """Add the second derivatives in which a shift or a bin factor takes part, summed over bins.

        Args:
            total: shape ``(parameters, parameters)``, added to.
            now: the modifiers.
            factors: F of every sample.
            slopes: derivatives of F, shape ``(parameters, samples)``.
            contents: T + D of every sample, shape ``(samples, bins)``.
            weight: weight of every bin, shape ``(bins,)``.
        """
        if self.shift_row.size:
            loaded = self._bins(now) * weight
            mixed = (slopes[:, self.shift_row] * np.sum(loaded * now.shifts[0], axis=1)) @ self._gather.T
            total += mixed + mixed.T
            own = factors[self.shift_row] * np.sum(loaded * now.shifts[1], axis=1)
            np.add.at(total, (self.shift_parameter, self.shift_parameter), own)
        if not self._gamma.size:
            return
        others = self._others(now)
        mixed = (slopes[:, self._gamma_row, None] * (others * contents[self._gamma_row] * weight))[
            :, self._set, self._bin
        ]
        np.add.at(total.T, self._gamma, mixed.T)
        np.add.at(total, self._gamma, mixed.T)
        for one, row in enumerate(self._gamma_row):
            used = self._gamma_parameter[one] >= 0
            where = self._gamma_parameter[one, used]
            for h in np.flatnonzero(self.shift_row == row):
                both = (factors[row] * weight * others[one] * now.shifts[0][h])[used]
                np.add.at(total, (where, self.shift_parameter[h]), both)
                np.add.at(total, (self.shift_parameter[h], where), both)
            for other in np.flatnonzero(self._gamma_row == row):
                pair = used & (self._gamma_parameter[other] >= 0)
                if other == one or not pair.any():
                    continue
                rest = [k for k in np.flatnonzero(self._gamma_row == row) if k not in (one, other)]
                product = np.prod(now.gammas[rest], axis=0)
                both = (factors[row] * weight * contents[row] * product)[pair]
                ends = self._gamma_parameter[one, pair], self._gamma_parameter[other, pair]
                np.add.at(total, ends, both)

    def _bins(self, now: Modified) -> Array:
        """Bin factors of the sample that every ``histosys`` shifts."""
        return now.bins if now.bins is _ONE else np.asarray(now.bins[self.shift_row])

    def _others(self, now: Modified) -> Array:
        """Product of a sample's other bin factors, for every set of them, shape ``(sets, bins)``."""
        if np.unique(self._gamma_row).size == self._gamma_row.size:
            return np.ones(now.gammas.shape)
        return _others(now.gammas, self._gamma_row)


def _places(
    modifiers: Sequence[tuple[int, NormSys | HistoSys]], index: Mapping[str, int]
) -> tuple[Index, Index]:
    rows = np.array([row for row, _ in modifiers], dtype=np.intp)
    return rows, np.array([index[modifier.parameter] for _, modifier in modifiers], dtype=np.intp)


def _others(values: Array, row: Index) -> Array:
    """For every value the product of the others of its row; no division, so that zeros are no trouble."""
    found = np.ones_like(values)
    for one in np.unique(row):
        members = np.flatnonzero(row == one)
        before = np.cumprod(np.concatenate([np.ones_like(values[:1]), values[members[:-1]]]), axis=0)
        after = np.cumprod(np.concatenate([np.ones_like(values[:1]), values[members[:0:-1]]]), axis=0)[::-1]
        found[members] = before * after
    return found
