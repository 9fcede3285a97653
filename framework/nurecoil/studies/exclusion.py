"""The exclusion curve: the limit on a coupling as a function of an option, such as a mediator's mass.

The experiments are folded once; only what the option changes is made anew at each point. Points are
chosen in :func:`scan_points`; drawing is in :mod:`nurecoil.report.exclusion_plot`.
"""

from __future__ import annotations

import dataclasses
import time
import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

import numpy as np

from nurecoil.analysis import Request
from nurecoil.errors import FitError, OptionError, unknown_name
from nurecoil.inference.limits import limit
from nurecoil.inference.profile import Progress
from nurecoil.model.spectral import PoissonChannel, SpectralModel
from nurecoil.option_words import option_hints, spelt
from nurecoil.options import ends_in_unit, make_options, parse_number

__all__ = ["Exclusion", "exclusion", "option_of", "scan_points"]

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
        limits: the limit at each of them, in ``unit``; ``None`` where there is none.
        reasons: pairs of a value without a limit and the reason.
        method: the limit rule.
        cl: confidence level.
        expected: whether every channel with recoils holds Asimov data, so that the limits are expected ones.
        options: every option by owner, the scanned one at the first value.
        notes: conventions and borrowed inputs, as far as they are the same at all values.
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
    options: Mapping[str, Mapping[str, Any]]
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
        return {**dataclasses.asdict(self), "label": self.label, "rows": rows, "reasons": reasons}


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
        values: its values, in its own unit; any order, doubles count once.
        method: the limit rule.
        cl: confidence level.
        points: points of each profile.
        progress: called with values done and values in all.

    Returns:
        The curve. Where a fit fails the value is kept with its reason, and the scan goes on.

    Raises:
        FitError: where no value gives a limit; the reason is that of the last.
        NurecoilError: whatever the request gets wrong.
        OptionError: for an unknown option or one that is no number, no values, or values outside its range.

    Example:
        >>> exclusion(Request.of(["gallium"], None), "mass", [0.0])
        Traceback (most recent call last):
        ...
        nurecoil.errors.OptionError: --search: no search. Allowed: the name of one. ...
    """
    began = time.perf_counter()
    owner, name, unit = option_of(request, over)
    assert request.search is not None
    grid = sorted({float(value) for value in values})
    if not grid:
        raise OptionError(f"scan over {over}", "no values", "at least one")
    requests = [_with(request, owner, name, value) for value in grid]  # all are checked before any is fitted
    assembly = request.assembly() if owner == request.search[0] else None
    limits: list[float | None] = []
    reasons: list[tuple[float, str]] = []
    fitted: list[SpectralModel] = []
    failure: FitError | None = None
    for done, (value, changed) in enumerate(zip(grid, requests, strict=True)):
        try:
            made = changed.assembly() if assembly is None else assembly
            like = fitted[0] if fitted and assembly is not None else None
            model = made.model(changed.theory(), like=like)
            limits.append(limit(model, cl, method, points=points).value)
            fitted = [*fitted[:1], model]
        except FitError as error:
            failure = error
            limits.append(None)
            reasons.append((value, str(error)))
        if progress is not None:
            progress(done + 1, len(grid))
    if not fitted:
        assert failure is not None
        raise failure
    first, last = fitted[0], fitted[-1]
    assert first.poi is not None
    return Exclusion(
        experiments=tuple(request.experiments),
        search=request.search[0],
        poi=first.poi,
        unit=first.parameters[first.poi].unit,
        over=f"{owner}.{name}",
        over_unit=unit,
        values=tuple(grid),
        limits=tuple(limits),
        reasons=tuple(reasons),
        method=method,
        cl=cl,
        expected=all(channel.asimov for channel in first.channels if isinstance(channel, PoissonChannel)),
        options=requests[0].plain_options(),
        notes=_common(first.metadata["notes"], last.metadata["notes"]),
        references=tuple(first.metadata["references"]),
        seconds=time.perf_counter() - began,
    )


def scan_points(text: str, points: int, spacing: str | None, unit: str) -> tuple[float, ...]:
    """The values that ``LOW:HIGH`` or ``A,B,C`` stand for.

    Args:
        text: two ends, or a list; numbers may carry a unit, and that of the last one holds for those before
            it that have none (``0:100MeV``, ``1,10keV``).
        points: number of values from one end to the other, both among them.
        spacing: ``log`` or ``linear``; ``None`` for log from 0 and where the ends differ by more than a
            factor of ten.
        unit: the option's unit, which numbers without any have.

    Returns:
        The values, in ``unit``. A logarithmic scan from 0 takes 0 and then four decades up to the upper end.

    Raises:
        OptionError: where the text is no range, the spacing does not exist or does not fit the ends, or
            there are too few or too many points.

    Example:
        >>> scan_points("0:100MeV", 5, None, "MeV")
        (0.0, 0.01, 0.2154434690031884, 4.641588833612778, 100.0)
        >>> scan_points("1,10keV,1", 5, None, "MeV")
        (0.001, 0.01, 1.0)
    """
    where = "--over"
    if spacing not in (None, "log", "linear"):
        raise unknown_name(OptionError, "--spacing", str(spacing), ("log", "linear"))
    if not 2 <= points <= _MOST_POINTS:
        raise OptionError("--points", str(points), f"2 to {_MOST_POINTS}")
    parts = [part.strip() for part in text.split(":" if ":" in text else ",")]
    if not all(parts) or (":" in text and len(parts) != 2):
        raise OptionError(where, text, "LOW:HIGH or A,B,C", "Such as --over mass=0:100MeV.")
    numbers = _numbers(where, parts, unit)
    if ":" not in text:
        if not 2 <= len(set(numbers)) <= _MOST_POINTS:
            raise OptionError(where, text, f"2 to {_MOST_POINTS} different values",
                              "For one value, `nurecoil limit --set OWNER.OPTION=VALUE`.")  # fmt: skip
        return numbers
    low, high = numbers
    if not low < high:
        raise OptionError(where, text, "LOW < HIGH")
    if low < 0 and spacing == "log":
        raise OptionError("--spacing", f"log from {low:g}", "log from 0 or more, or linear")
    if spacing == "linear" or low < 0 or (spacing is None and 0 < high <= 10 * low):
        return tuple(np.linspace(low, high, points).tolist())
    if low > 0:
        return tuple(np.geomspace(low, high, points).tolist())
    rising = np.geomspace(high * 10**-_DECADES, high, points - 1) if points > 2 else np.array([high])
    return (0.0, *rising.tolist())


def _numbers(where: str, parts: Sequence[str], unit: str) -> tuple[float, ...]:
    """Numbers in ``unit``; one without a unit has that of the next one that has one."""
    found: list[float] = []
    given = ""
    for part in reversed(parts):
        typed = ends_in_unit(part)
        given = typed or given
        found.append(parse_number(where, part if typed else f"{part}{given}", unit))
    return tuple(reversed(found))


def _common(first: Sequence[str], last: Sequence[str]) -> tuple[str, ...]:
    """Notes of two models, without the parts between semicolons that they do not share."""
    kept = []
    for one, other in zip(first, last, strict=False):
        parts = other.split("; ")
        kept.append("; ".join(part for part in one.split("; ") if part in parts))
    return tuple(note for note in kept if note)


def option_of(request: Request, over: str) -> tuple[str, str, str]:
    """The option that is to be scanned.

    Args:
        request: experiments, search and options.
        over: ``owner.option``, or the option alone for one of the search.

    Returns:
        Its owner, its name and its unit.

    Raises:
        OptionError: without a search, for an unknown owner or option, or one that takes no number.

    Example:
        >>> option_of(Request.of(["juno"], "light-vector"), "mass")
        ('light-vector', 'mass', 'MeV')
    """
    if request.search is None:
        raise OptionError("--search", "no search", "the name of one", "`nurecoil list` shows them.")
    owner, dot, name = over.rpartition(".")
    owner = owner if dot else request.search[0]
    if owner not in request.options:
        raise unknown_name(OptionError, f"--over {over}", owner, request.options)
    fields = {field.name: field for field in dataclasses.fields(request.options[owner])}
    if name not in fields:
        raise unknown_name(OptionError, f"--over: option of {owner}", name, fields)
    if not _numeric(option_hints(type(request.options[owner])).get(name)):
        value = spelt(getattr(request.options[owner], name))
        raise OptionError(f"--over {over}", f"an option that takes no numbers (now {value})", "a number",
                          f"`nurecoil describe {owner}` lists its options.")  # fmt: skip
    return owner, name, str(fields[name].metadata.get("unit", "1"))


def _numeric(hint: Any) -> bool:
    """Whether an annotation allows a plain number."""
    if hint in (int, float):
        return True
    if get_origin(hint) not in (Annotated, Union, types.UnionType):
        return False
    return any(_numeric(argument) for argument in get_args(hint))


def _with(request: Request, owner: str, name: str, value: float) -> Request:
    """The request with one option changed and validated."""
    current = request.options[owner]
    given = {field.name: getattr(current, field.name) for field in dataclasses.fields(current)}
    made = make_options(owner, type(current), {**given, name: value})
    return dataclasses.replace(request, options={**request.options, owner: made})
