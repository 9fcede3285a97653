"""The parts of a combination, each taken out, fitted and scanned at most once.

What the results say about each other is in :mod:`nurecoil.studies.compatibility`.
"""

from __future__ import annotations

import dataclasses

from nurecoil.engine.response import compile_response
from nurecoil.errors import FitError, ModelError
from nurecoil.inference.fit import fit
from nurecoil.inference.limits import Limit, limit
from nurecoil.inference.profile import Progress
from nurecoil.inference.results import FitResult
from nurecoil.model.spectral import SpectralModel
from nurecoil.studies.parts import experiments_of, part

__all__ = ["Combination"]

Group = tuple[str, ...]


class Combination:
    """A combined model and the parts of it that were asked for.

    Where a part can give no fit or no limit, the reason comes back in words.

    Args:
        model: the combined model.
        method: name of the limit rule.
        cl: confidence level.
        points: points of every scan.
        progress: called with points done and points in all.
        scans: how many limits will be asked for at most, for ``progress``.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> Combination(counting(0.0, 1.0), "area", 0.9, 41, None, 1).limit(("toy",))
        <Limit signal < 2.303 events at 90 % (area)>
    """

    def __init__(
        self,
        model: SpectralModel,
        method: str,
        cl: float,
        points: int,
        progress: Progress | None,
        scans: int,
    ) -> None:
        self.model = model
        self._rule = (cl, method, points)
        self._progress, self._scans = progress, scans
        self._parts: dict[Group, SpectralModel] = {}
        self._limits: dict[Group, Limit | str] = {}
        self._fits: dict[Group, FitResult | str] = {}

    def without_data(self, experiment: str) -> bool:
        """Whether Asimov data stand in for an experiment's data, in one of its channels or in all."""
        return any(c.asimov for c in self.model.channels if c.name.partition("/")[0] == experiment)

    def part(self, group: Group) -> SpectralModel:
        """The model of some of the experiments, its response compiled about their own best fit."""
        if group not in self._parts:
            self._parts[group] = self._taken(group)
        return self._parts[group]

    def limit(self, group: Group) -> Limit | str:
        """Their limit, or why they have none."""
        if group not in self._limits:
            self._limits[group] = self._scanned(group)
            if self._progress is not None:  # whatever this one needed
                self._progress(len(self._limits) * self._rule[2], self._scans * self._rule[2])
        return self._limits[group]

    def fit(self, group: Group) -> FitResult | str:
        """Their fit, or why there is none."""
        if group not in self._fits:
            found = self._limits.get(group, "")
            if isinstance(found, Limit):
                self._fits[group] = found.best_fit
            else:
                try:
                    self._fits[group] = fit(self.part(group))
                except FitError as error:
                    self._fits[group] = str(error)
        return self._fits[group]

    def _taken(self, group: Group) -> SpectralModel:
        if set(group) == set(experiments_of(self.model)):
            return self.model
        try:
            taken = part(self.model, group)
        except ModelError:  # their signal is zero in every bin: nothing to search for, but a fit
            held = self.model.with_parameters(**{str(self.model.poi): {"fixed": True}})
            taken = part(dataclasses.replace(held, poi=None), group)
        if "response" not in self.model.metadata:
            return taken
        try:
            return compile_response(taken)
        except FitError:  # it says so again when a fit is asked for
            return taken

    def _scanned(self, group: Group) -> Limit | str:
        model = self.part(group)
        if model.poi is None:
            acting = self.model.metadata.get("search") or self.model.poi
            return f"no recoils that {acting} acts on"
        cl, method, points = self._rule
        before, total = len(self._limits) * points, self._scans * points
        progress = self._progress

        def done(here: int, _: int) -> None:
            if progress is not None:
                progress(before + here, total)

        try:
            return limit(model, cl, method, points=points, progress=done)
        except (FitError, ModelError) as error:
            if model is self.model:
                raise
            return str(error)
