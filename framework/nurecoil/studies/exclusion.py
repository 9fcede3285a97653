"""The exclusion curve: the limit on a coupling as a function of an option, such as a mediator's mass.

The experiments are folded once; only what the option changes is made anew at each point. Points and spacing are
chosen in :func:`scan_points`; drawing is in :mod:`nurecoil.report.exclusion_plot`.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nurecoil.analysis import Request
from nurecoil.errors import FitError, OptionError, unknown_name
from nurecoil.inference.limits import limit
from nurecoil.model.spectral import SpectralModel
from nurecoil.options import make_options, parse_number

__all__ = ["Exclusion", "exclusion", "option_of", "scan_points"]

Progress = Callable[[int, int], None]

_DECADES = 4.0
"""How far below the upper end a logarithmic scan from 0 begins."""
_MOST_POINTS = 2000


@dataclasses.dataclass(frozen=True)
class Exclusion:
    """The limits along one option.

    Args:
        experiments: what was fitted together.
        search: the search.
        poi: what the limits are on.
        unit: their unit.
        over: the option, ``owner.option``.
        over_unit: its unit.
        values: its values, increasing.
        limits: the limit at each of them; ``None`` where there is none.
        reasons: why there is none, by value.
        method: the limit rule.
        cl: confidence level.
        expected: whether every channel with recoils holds Asimov data, so that the limits are expected ones.
        notes: conventions and borrowed inputs.
        references: what to cite.
        seconds: wall time.

    Example:
        >>> Exclusion.__dataclass_fields__["over"].name
        'over'
    """

    experiments: tuple[str, ...]
    search: str
    poi: str
    unit: str
    over: str
    over_unit: str
    values: tuple[float, ...]
    limits: tuple[float | None, ...]
    reasons: tuple[tuple[float, str], ...]
    method: str
    cl: float
    expected: bool
    notes: tuple[str, ...]
    references: tuple[str, ...]
    seconds: float

    @property
    def label(self) -> str:
        """The experiments in words."""
        return " + ".join(self.experiments) + (" (expected)" if self.expected else "")

    def __repr__(self) -> str:
        """Experiments, points and the range of the limits."""
        found = [value for value in self.limits if value is not None]
        span = f"{min(found):.3g} to {max(found):.3g}" if found else "no limits"
        return f"<Exclusion {self.label}: {len(self.values)} values of {self.over}, {self.poi} < {span}>"

    def to_json(self) -> dict[str, Any]:
        """Plain data: one row a value, and what belongs to all of them."""
        rows = [
            {self.over.partition(".")[2]: value, "limit": one}
            for value, one in zip(self.values, self.limits, strict=True)
        ]
        reasons = [{"value": value, "reason": reason} for value, reason in self.reasons]
        return {**dataclasses.asdict(self), "rows": rows, "reasons": reasons}


def exclusion(
    request: Request,
    over: str,
    values: Sequence[float],
    method: str = "area",
    cl: float = 0.90,
    *,
    points: int = 21,
    progress: Progress | None = None,
) -> Exclusion:
    """Limits of one combination of experiments along one numeric option.

    Args:
        request: experiments, search and options.
        over: the option: ``owner.option``, or the option alone for one of the search.
        values: its values, in its own unit.
        method: the limit rule.
        cl: confidence level.
        points: points of each profile.
        progress: called with values done and values in all.

    Returns:
        The curve. Where a fit fails the value is kept with its reason, and the scan goes on.

    Raises:
        NurecoilError: whatever the request gets wrong; a failed fit only where no value gives a limit.

    Example:
        >>> exclusion(Request.of(["gallium"], None), "mass", [0.0])
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: --search: no search. Allowed: the name of one. ...
    """
    began = time.perf_counter()
    owner, name, unit = option_of(request, over)
    grid = sorted({float(value) for value in values})
    for end in (grid[0], grid[-1]):  # the ends are outside the range if anything is
        _with(request, owner, name, end)
    limits: list[float | None] = []
    reasons: list[tuple[float, str]] = []
    assembly = request.assembly() if request.search is not None and owner == request.search[0] else None
    model: SpectralModel | None = None
    failure: FitError | None = None
    for done, value in enumerate(grid):
        changed = _with(request, owner, name, value)
        made = changed.assembly() if assembly is None else assembly
        try:
            model = made.model(changed.theory(), like=model if assembly is not None else None)
            limits.append(limit(model, cl, method, points=points).value)
        except FitError as error:
            failure = error
            limits.append(None)
            reasons.append((value, str(error)))
        if progress is not None:
            progress(done + 1, len(grid))
    if model is None or (failure is not None and all(one is None for one in limits)):
        assert failure is not None
        raise failure
    assert request.search is not None and model.poi is not None
    return Exclusion(
        experiments=tuple(request.experiments),
        search=request.search[0],
        poi=model.poi,
        unit=model.parameters[model.poi].unit,
        over=f"{owner}.{name}",
        over_unit=unit,
        values=tuple(grid),
        limits=tuple(limits),
        reasons=tuple(reasons),
        method=method,
        cl=cl,
        expected=all(channel.asimov for channel in model.channels if hasattr(channel, "edges")),
        notes=tuple(note for note in model.metadata["notes"] if f"{name} " not in note),
        references=tuple(model.metadata["references"]),
        seconds=time.perf_counter() - began,
    )


def scan_points(text: str, points: int, spacing: str | None, unit: str) -> tuple[float, ...]:
    """The values that ``LOW:HIGH`` or ``A,B,C`` stand for.

    Args:
        text: two ends, or a list; numbers may carry a unit (``0:100MeV``).
        points: number of values between two ends.
        spacing: ``log`` or ``linear``; ``None`` for log where the ends differ by more than a factor of ten.
        unit: the option's unit, which plain numbers have.

    Returns:
        The values. A logarithmic scan from 0 takes 0 and then four decades up to the upper end.

    Raises:
        OptionError: where the text is no range, the spacing does not exist or there are too few or too
            many points.

    Example:
        >>> scan_points("0:100MeV", 5, None, "MeV")
        (0.0, 0.01, 0.2154434690031884, 4.641588833612778, 100.0)
        >>> scan_points("1,10keV", 5, None, "MeV")
        (1.0, 0.01)
    """
    where = "--over"
    if ":" not in text:
        return tuple(parse_number(where, part, unit) for part in text.split(","))
    if spacing not in (None, "log", "linear"):
        raise unknown_name(OptionError, "--spacing", str(spacing), ("log", "linear"))
    if not 2 <= points <= _MOST_POINTS:
        raise OptionError("--points", str(points), f"2 to {_MOST_POINTS}")
    ends = [part.strip() for part in text.split(":")]
    if len(ends) != 2 or not all(ends):
        raise OptionError(where, text, "LOW:HIGH or A,B,C", "Such as --over mass=0:100MeV.")
    low, high = (parse_number(where, end, unit) for end in ends)
    if not low < high or low < 0:
        raise OptionError(where, text, "0 <= LOW < HIGH")
    if spacing == "linear" or (spacing is None and low > 0 and high <= 10 * low):
        return tuple(np.linspace(low, high, points).tolist())
    if low > 0:
        return tuple(np.geomspace(low, high, points).tolist())
    rising = np.geomspace(high * 10**-_DECADES, high, max(points - 1, 1))
    return (0.0, *rising.tolist())


def option_of(request: Request, over: str) -> tuple[str, str, str]:
    """Owner, name and unit of the option that is scanned."""
    if request.search is None:
        raise OptionError("--search", "no search", "the name of one", "`nurecoil list` shows them.")
    owner, dot, name = over.rpartition(".")
    owner = owner if dot else request.search[0]
    if owner not in request.options:
        raise unknown_name(OptionError, f"--over {over}", owner, request.options)
    fields = {field.name: field for field in dataclasses.fields(request.options[owner])}
    if name not in fields:
        raise unknown_name(OptionError, f"--over: option of {owner}", name, fields)
    value = getattr(request.options[owner], name)
    if isinstance(value, bool | str | tuple | list):
        raise OptionError(f"--over {over}", f"an option that is {value!r} by default", "a number",
                          f"`nurecoil describe {owner}` lists its options.")  # fmt: skip
    return owner, name, str(fields[name].metadata.get("unit", "1"))


def _with(request: Request, owner: str, name: str, value: float) -> Request:
    """The request with one option changed and validated."""
    current = request.options[owner]
    given = {field.name: getattr(current, field.name) for field in dataclasses.fields(current)}
    made = make_options(owner, type(current), {**given, name: value})
    return dataclasses.replace(request, options={**request.options, owner: made})
