"""Could an experiment do it? Expected limits against threshold and background rejection.

Any experiment whose options have ``threshold`` and ``rejection`` can be asked. A third option, ``isotopes``,
names its backgrounds, the main one first: then the study draws one curve for the first of them and one for
each that is added. How a model is had at many rejections is in :mod:`nurecoil.studies._rejection`, the plot
in :mod:`nurecoil.report.feasibility_plot`.
"""

from __future__ import annotations

import dataclasses
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from nurecoil import plugins
from nurecoil.analysis import Request, build
from nurecoil.engine.response import compile_response
from nurecoil.errors import FitError, OptionError
from nurecoil.inference.limits import limit
from nurecoil.inference.profile import Progress
from nurecoil.inference.pseudo_data import asimov
from nurecoil.inference.rules import check_level, rule
from nurecoil.model.spectral import SpectralModel
from nurecoil.options import merged
from nurecoil.studies._rejection import Rejected
from nurecoil.studies.feasibility_result import Feasibility, Line, Options, Row, Verdict

__all__ = ["REJECTIONS", "THRESHOLDS", "default_curves", "feasibility"]

THRESHOLDS: Final = (0.2, 0.6, 1.0, 2.0, 3.6)
"""Default thresholds [MeV]: the beta electrons of 39Ar end at 0.565 MeV, those of 42K at 3.5 MeV."""
REJECTIONS: Final = tuple(float(10.0**power) for power in range(13))
"""Default rejections."""

_TARGETS: Final = {
    "magnetic-moment": (2.8e-11, "Borexino, Phys. Rev. D 96 (2017) 091103, arXiv:1707.09355"),
}
_NEEDED_OPTIONS: Final = ("threshold", "rejection")
_SCAN_POINTS: Final = 21
_REFINEMENTS: Final = 3
"""Limits spent on the rejection that gives the target, after the first interpolation."""
_CLOSE: Final = 1e-3


def feasibility(
    experiment: str,
    search: str = "magnetic-moment",
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    rejections: Sequence[float] = REJECTIONS,
    options: Options | None = None,
    curves: Mapping[str, Options] | None = None,
    method: str = "delta-chi2-one-sided",
    cl: float = 0.90,
    target: float | None = None,
    progress: Progress | None = None,
) -> Feasibility:
    """Expected limits of an experiment for every threshold, rejection and choice of backgrounds.

    Limits are those on Asimov data without signal. Shapes of spectra count as known: only what the model
    has as parameters floats. Between the rejections the one that reaches the target is found by
    interpolating in the logarithms of both, and improved by up to three more limits.

    Args:
        experiment: name of an experiment whose options have ``threshold`` and ``rejection``.
        search: name of the search.
        thresholds: thresholds [MeV].
        rejections: factors by which the backgrounds are divided, at least two.
        options: by owner, as for :func:`nurecoil.analysis.build`.
        curves: name to the options that make the curve; left out: :func:`default_curves`.
        method: the limit rule.
        cl: confidence level.
        target: the limit to beat, in the unit of the search's parameter; left out: Borexino's 2.8e-11 mu_B
            (arXiv:1707.09355, by its ``area`` rule) for the magnetic moment, none for other searches.
        progress: called with limits done and limits in all.

    Returns:
        The limits.

    Raises:
        OptionError: where the experiment lacks an option (which do not is said), it is given data, or a value
            is not allowed.
        NurecoilError: as :func:`nurecoil.analysis.build`.

    Example:
        >>> feasibility("gallium")
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: feasibility of gallium: no option 'threshold' and no ...
    """
    began = time.perf_counter()
    _check_options(experiment)
    made = rule(method)
    check_level(cl)
    grid = _increasing("rejections", rejections, 2)
    cuts = _increasing("thresholds", thresholds, 1)
    goal, citation = _target(search, target)
    options = options or {}
    chosen = dict(curves) if curves is not None else default_curves(experiment, options)
    if not chosen:
        raise OptionError("feasibility curves", "none", "at least one")

    requests = {
        (curve, cut): merged(merged(options, changes), {experiment: {"threshold": cut}})
        for curve, changes in chosen.items()
        for cut in cuts
    }
    for asked in requests.values():  # every value is checked before anything is folded
        for rejection in (grid[0], grid[-1]):
            Request.of([experiment], search, merged(asked, {experiment: {"rejection": rejection}}))
    limits = _Limits(made.name, cl, grid, goal, progress, len(requests) * (len(grid) + 1))
    models: dict[tuple[str, float], Rejected] = {}
    lines: dict[tuple[str, float], Line] = {}
    for (curve, cut), asked in requests.items():
        model = _rejected(experiment, search, asked, grid, models.get((curve, cuts[0])))
        same = [one for one in chosen if (one, cut) in models and models[one, cut].same_as(model)]
        models[curve, cut] = model
        if same:
            lines[curve, cut] = limits.copied(lines[same[0], cut], curve)
        else:
            lines[curve, cut] = limits.line(curve, cut, model)
    first = models[list(chosen)[-1], cuts[0]].first
    poi = str(first.poi)
    return Feasibility(
        experiment, search, poi, first.parameters[poi].unit, cl, made.name, made.convention, goal, citation,
        chosen, tuple(lines.values()), first.metadata, time.perf_counter() - began,
    )  # fmt: skip


def default_curves(experiment: str, options: Options | None = None) -> dict[str, Options]:
    """The curves of an experiment: its isotopes, one more from curve to curve; one where it names none.

    Args:
        experiment: name of the experiment.
        options: by owner; isotopes given here make a single curve.

    Returns:
        Name to options.

    Raises:
        PluginError: for an unknown or broken plugin.

    Example:
        >>> default_curves("gallium")
        {'gallium': {}}
        >>> list(default_curves("dune"))
        ['42K', '42K + 39Ar']
    """
    kind = plugins.load_experiment(experiment)
    field = {one.name: one for one in dataclasses.fields(kind.Options)}.get("isotopes")
    given = (options or {}).get(experiment, {})
    if field is None or "isotopes" in given or not isinstance(field.default, tuple):
        return {experiment: {}}
    names = field.default
    return {
        " + ".join(_spelt(name) for name in names[: count + 1]): {
            experiment: {"isotopes": names[: count + 1]}
        }
        for count in range(len(names))
    }


class _Limits:
    """Limits one after the other, with what they have in common."""

    def __init__(
        self, method: str, cl: float, grid: Sequence[float], target: float | None,
        progress: Progress | None, total: int,
    ) -> None:  # fmt: skip
        self.method, self.cl, self.grid, self.target = method, cl, grid, target
        self._progress, self._done, self._total = progress, 0, total

    def line(self, curve: str, threshold: float, model: Rejected) -> Line:
        """The limits at every rejection, and what the target takes."""

        def row(rejection: float) -> Row:
            return Row(curve, threshold, rejection, *self._limit(model.at(rejection)))

        rows = []
        for rejection in self.grid:
            rows.append(row(rejection))
            self._tell(1)
        clean = model.clean()
        floor = None if clean is None else self._limit(clean)[0]
        self._tell(1)
        verdict, needed = self._verdict(rows, floor, row)
        return Line(curve, threshold, tuple(rows), floor, verdict, needed)

    def copied(self, line: Line, curve: str) -> Line:
        """A line under the name of another curve that is the same."""
        self._tell(len(line.rows) + 1)
        rows = tuple(dataclasses.replace(row, curve=curve) for row in line.rows)
        return dataclasses.replace(line, curve=curve, rows=rows, same_as=line.same_as or line.curve)

    def _limit(self, model: SpectralModel) -> tuple[float | None, str]:
        """The expected limit, or why there is none."""
        expected = asimov(model, {str(model.poi): 0.0})
        try:
            if "response" in expected.metadata:
                expected = compile_response(expected)
            return limit(expected, self.cl, self.method, points=_SCAN_POINTS).value, ""
        except FitError as error:
            return None, str(error)

    def _verdict(
        self, rows: Sequence[Row], floor: float | None, row: Callable[[float], Row]
    ) -> tuple[Verdict, float | None]:
        known = [(one.rejection, one.limit) for one in rows if one.limit is not None]
        if self.target is None or not known:
            return "not known", None
        beaten = [value < self.target for _, value in known]
        if beaten[0]:
            return ("none needed", None) if rows[0].limit is not None else ("not known", None)
        if any(beaten):
            first = beaten.index(True)
            return "needed", self._crossing(known[first - 1], known[first], row)
        return ("never", None) if floor is not None and floor >= self.target else ("out of range", None)

    def _crossing(
        self, left: tuple[float, float], right: tuple[float, float], row: Callable[[float], Row]
    ) -> float:
        """The rejection that gives the target, between one whose limit is above it and one below."""
        target = float(self.target or 0.0)
        for _ in range(_REFINEMENTS):
            middle = _interpolated(left, right, target)
            value = row(middle).limit
            if value is None:
                break
            if abs(math.log(value / target)) < _CLOSE:
                return middle
            left, right = ((middle, value), right) if value > target else (left, (middle, value))
        return _interpolated(left, right, target)

    def _tell(self, more: int) -> None:
        self._done += more
        if self._progress is not None:
            self._progress(self._done, self._total)


def _interpolated(left: tuple[float, float], right: tuple[float, float], target: float) -> float:
    """Straight line in the logarithms of rejection and limit."""
    share = math.log(left[1] / target) / math.log(left[1] / right[1])
    return math.exp(math.log(left[0]) + share * math.log(right[0] / left[0]))


def _rejected(
    experiment: str, search: str, options: Options, grid: Sequence[float], like: Rejected | None
) -> Rejected:
    def folded(rejection: float) -> SpectralModel:
        return build([experiment], search, merged(options, {experiment: {"rejection": rejection}}))

    model = Rejected(folded, grid[0], grid[-1], like)
    for channel in model.first.channels:
        if not channel.asimov:
            raise OptionError(
                f"feasibility of {experiment}",
                f"channel {channel.name} holds data, which no rejection divides",
                "an experiment without data",
                "Leave its data out.",
            )
    return model


def _check_options(experiment: str) -> None:
    """Refuse an experiment that has no threshold or no rejection, and name those that have."""
    missing = _missing(plugins.load_experiment(experiment).Options)
    if not missing:
        return
    able = [
        entry.name
        for entry in plugins.experiments()
        if entry.status == "ok" and not _missing(plugins.load_experiment(entry.name).Options)
    ]
    raise OptionError(
        f"feasibility of {experiment}",
        " and ".join(f"no option {name!r}" for name in missing),
        f"an experiment that has both: {', '.join(able) or 'none is installed'}",
    )


def _missing(options: type) -> list[str]:
    names = {field.name for field in dataclasses.fields(options)}
    return [name for name in _NEEDED_OPTIONS if name not in names]


def _increasing(what: str, values: Sequence[float], least: int) -> list[float]:
    found = sorted({float(value) for value in values})
    if len(found) < least or not all(math.isfinite(value) and value > 0 for value in found):
        few = ", ".join(f"{value:g}" for value in found) or "none"
        raise OptionError(f"feasibility {what}", few, f"at least {least} different positive numbers")
    return found


def _target(search: str, target: float | None) -> tuple[float | None, str]:
    if target is None:
        return _TARGETS.get(search, (None, ""))
    if not (math.isfinite(target) and target > 0):
        raise OptionError("feasibility target", f"{target}", "a positive number")
    return target, ""


def _spelt(isotope: str) -> str:
    """An isotope with its mass number first, as people write it."""
    found = re.fullmatch(r"([A-Z][a-z]?)(\d+)", isotope)
    return f"{found[2]}{found[1]}" if found else isotope
