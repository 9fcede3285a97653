"""What every toy at one truth says of that truth: its test statistic and the limits read off its profile.

Which share of the toys a method covers, and with what error, is :mod:`nurecoil.inference.coverage`'s.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nurecoil.engine.data import DataSets
from nurecoil.errors import FitError
from nurecoil.inference.ensembles import Ensemble, Fits
from nurecoil.inference.fit import fit
from nurecoil.inference.profile import profile
from nurecoil.inference.pseudo_data import asimov
from nurecoil.inference.results import Scan
from nurecoil.inference.rules import rule
from nurecoil.model.spectral import SpectralModel

__all__ = ["MOST_TOYS", "ToysAtTruth", "TruthStudy", "stream_of"]

Array = NDArray[np.float64]

MOST_TOYS = 2**40
"""How many toys one truth may have: the numbers of its toys are its own up to here."""
_STREAMS, _OTHERS = 2**21, 2**61
_STRETCH = 1.6
"""How much farther than the Asimov profile's, which ends 4.9 sigma from the truth, the toys' grid reaches."""
_ENOUGH = 8.5
"""Rise of -log L at the end of a grid that leaves the area rules nothing to miss."""
_MOST_EXTENSIONS = 6
_CLOSE = 1e-3
"""Share of a step within which a point of the grid gives way to the best fit or the truth."""


@dataclass(frozen=True, eq=False)
class ToysAtTruth:
    """What toys say of the truth they were drawn at.

    Args:
        truth: value of the parameter of interest.
        first: place of the first toy among those of its truth, from 0.
        q: ``2 (NLL(truth) - NLL(best))`` of each toy, shape ``(n,)``; NaN where a fit failed.
        best: fitted value of the parameter of interest, shape ``(n,)``; NaN where the fit failed.
        limits: by rule the upper limit of each toy, shape ``(n,)``; NaN where there is none.
        failures: number of a toy (:func:`stream_of` and its place) and why it lacks ``q`` or a limit.

    Example:
        >>> ToysAtTruth(0.0, 0, np.array([0.5]), np.array([1.0]), {"area": np.array([2.0])})
        <ToysAtTruth: 1 at 0, with limits by area>
    """

    truth: float
    first: int
    q: Array
    best: Array
    limits: Mapping[str, Array]
    failures: tuple[tuple[int, str], ...] = ()

    def __len__(self) -> int:
        """Number of toys."""
        return self.q.size

    def __repr__(self) -> str:
        """Toys, truth, rules."""
        rules = f", with limits by {', '.join(self.limits)}" if self.limits else ""
        return f"<ToysAtTruth: {len(self)} at {self.truth:g}{rules}>"

    @classmethod
    def joined(cls, parts: Iterable[ToysAtTruth]) -> ToysAtTruth:
        """Several blocks of one truth as one, in the order of their first toys.

        Args:
            parts: at least one block; of the same truth and rules.
        """
        blocks = sorted(parts, key=lambda block: block.first)
        first = blocks[0]
        return cls(
            first.truth,
            first.first,
            np.concatenate([block.q for block in blocks]),
            np.concatenate([block.best for block in blocks]),
            {name: np.concatenate([block.limits[name] for block in blocks]) for name in first.limits},
            tuple(failure for block in blocks for failure in block.failures),
        )


@dataclass
class _Accidents:
    """Reasons by toy; of a toy's several the first."""

    told: dict[int, str] = field(default_factory=dict)

    def add(self, toy: int, reason: str) -> None:
        self.told.setdefault(toy, reason)


class TruthStudy:
    """Toys of a model at one value of its parameter of interest.

    The other parameters are at their best fit to the model's data under that value, and auxiliary
    measurements are drawn with the data.

    Args:
        model: a model with a free parameter of interest.
        truth: its value.
        rules: profile rules whose limits are read off every toy's profile.
        cl: confidence level of these limits.
        points: points of each profile; the best fit and the truth are added to them.

    Attributes:
        ensemble: the toys.
        values: the truth of all parameters.
        stream: number of the toy with the place 0.

    Raises:
        FitError: where the conditional fit does not converge.
        OptionError: for a truth outside the bounds.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> study = TruthStudy(counting(3.0, 1.0), 2.0, ["area"], 0.9)
        >>> study.run(seed=1, first=0, n=5)
        <ToysAtTruth: 5 at 2, with limits by area>
    """

    def __init__(
        self, model: SpectralModel, truth: float, rules: Iterable[str], cl: float, points: int = 25
    ) -> None:
        assert model.poi is not None
        self.poi, self.truth, self.cl = model.poi, truth, cl
        self.stream = stream_of(truth)
        self._rules = [rule(name) for name in rules]
        best = fit(model, fix={self.poi: truth})
        self.values = best.values
        self.ensemble = Ensemble(best.model, best.values)
        self._unit = model.parameters[self.poi].unit
        self._grid = self._profile_grid(points) if self._rules else np.empty(0)

    def run(self, seed: int, first: int, n: int) -> ToysAtTruth:
        """Draw and fit toys.

        Args:
            seed: their seed.
            first: place of the first toy, from 0; a toy depends on seed, place and truth alone.
            n: how many.

        Returns:
            What they say.
        """
        accidents, number = _Accidents(), self.stream + first
        data, free, fixed, q = self._tested(seed, number, n, accidents)
        best = np.where(free.ok, free.of(self.poi), math.nan)
        limits = {made.name: np.full(n, math.nan) for made in self._rules}
        if self._rules:
            good = np.flatnonzero(np.isfinite(q))
            scans = self._scans(data.rows(good), free.nll[good], best[good], fixed.nll[good])
            for row, scan in zip(good.tolist(), scans, strict=True):
                if not np.isfinite(scan.delta_nll).all():
                    accidents.add(number + row, "a point of its profile could not be fitted")
                    continue
                for made in self._rules:
                    try:
                        limits[made.name][row] = made.upper_limit(scan, self.cl)
                    except FitError as error:
                        accidents.add(number + row, f"{made.name}: {error}")
        return ToysAtTruth(self.truth, first, q, best, limits, tuple(sorted(accidents.told.items())))

    def others(self, seed: int, first: int, n: int) -> Array:
        """``q`` of toys that :meth:`run` never draws, shape ``(n,)``; arguments as there."""
        return self._tested(seed, _OTHERS + self.stream + first, n, _Accidents())[3]

    def _tested(
        self, seed: int, first: int, n: int, accidents: _Accidents
    ) -> tuple[DataSets, Fits, Fits, Array]:
        data = self.ensemble.draw(seed, first, n)
        free, fixed = self.ensemble.pairs(data, {self.poi: self.truth})
        for fits in (free, fixed):
            for row, reason in fits.reasons.items():
                accidents.add(first + row, reason)
        q = np.where(free.ok & fixed.ok, np.maximum(2 * (fixed.nll - free.nll), 0.0), math.nan)
        return data, free, fixed, q

    def _profile_grid(self, points: int) -> Array:
        """Equal steps about the truth, as far as any toy's likelihood can lie, and the lower bound."""
        model, compiled = self.ensemble.model, self.ensemble.compiled
        asked = profile(asimov(model, self.values), self.poi, points=9)
        place = compiled.index[self.poi]
        definition = model.parameters[self.poi]
        inner = [
            float(compiled.coordinates({self.poi: float(value)})[place])
            for value in (asked.values[0], self.truth, asked.values[-1])
        ]
        position = compiled.coordinates({})
        ends = []
        for end, bound in ((inner[0], definition.lower), (inner[2], definition.upper)):
            position[place] = inner[1] + _STRETCH * (end - inner[1])
            stretched = float(compiled.public(position)[place])
            ends.append(max(stretched, bound) if end <= inner[1] else min(stretched, bound))
        grid = np.linspace(ends[0], ends[1], points)
        return np.unique([definition.lower, *grid]) if math.isfinite(definition.lower) else grid

    def _scans(self, data: DataSets, nll: Array, best: Array, at_truth: Array) -> list[Scan]:
        """The profile of every toy, with its best fit and the truth among the points."""
        heights = self.ensemble.profile(data, self.poi, self._grid)
        pieces = [[row] for row in heights]
        grids = [[self._grid] for _ in heights]
        self._extend(data, nll, grids, pieces)
        scans = []
        for row in range(len(data)):
            values = np.concatenate([*grids[row], [best[row], self.truth]])
            height = np.concatenate([*pieces[row], [nll[row], at_truth[row]]])
            scans.append(self._scan(values, height))
        return scans

    def _extend(
        self, data: DataSets, nll: Array, grids: list[list[Array]], pieces: list[list[Array]]
    ) -> None:
        """Go on to the right where a toy's likelihood is not yet negligible."""
        upper = self.ensemble.model.parameters[self.poi].upper
        step = float(self._grid[-1] - self._grid[-2])
        last = float(self._grid[-1])
        size = max(self._grid.size // 3, 4)
        for _ in range(_MOST_EXTENSIONS):
            ends = np.array([row[-1][-1] for row in pieces])
            wanting = np.flatnonzero(ends - nll < _ENOUGH)
            if not wanting.size or last >= upper:
                return
            more = np.unique(np.minimum(last + step * np.arange(1, size + 1), upper))
            for row, height in zip(
                wanting.tolist(), self.ensemble.profile(data.rows(wanting), self.poi, more), strict=True
            ):
                grids[row].append(more)
                pieces[row].append(height)
            last = float(more[-1])

    def _scan(self, values: Array, height: Array) -> Scan:
        near = _CLOSE * float(self._grid[-1] - self._grid[-2])
        best, truth = values.size - 2, values.size - 1
        kept = (np.abs(values - values[best]) > near) & (np.abs(values - values[truth]) > near)
        kept[best], kept[truth] = True, abs(values[truth] - values[best]) > near
        values, where = np.unique(values[kept], return_index=True)
        height = height[kept][where]
        lowest = float(np.min(height))
        where_lowest = float(values[int(np.argmin(height))])
        return Scan(self.poi, self._unit, values, height - lowest, where_lowest, lowest)


def stream_of(truth: float) -> int:
    """Number of the first toy of a truth.

    Toys of equal number and seed share random numbers, so those of different truths would rise and fall
    together; each has numbers of its own instead, whatever others are studied beside it.

    Args:
        truth: value of the parameter of interest.

    Returns:
        A multiple of :data:`MOST_TOYS`.

    Example:
        >>> stream_of(0.0) % MOST_TOYS, stream_of(0.0) == stream_of(2e-11)
        (0, False)
    """
    digest = hashlib.blake2b(repr(float(truth) + 0.0).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % _STREAMS * MOST_TOYS
