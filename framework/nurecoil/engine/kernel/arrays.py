"""A model laid out as flat arrays, which the kernel walks through without asking what anything is.

What is laid out: channels of samples, each sample a template (or a morph) with factors, shifts and bin
factors, and the constraints. Exact templates, which are Python code, have no such form.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nurecoil.detectors.morph import Morph
from nurecoil.engine.data import auxiliary_parameters
from nurecoil.engine.interpolation import Factors, Shifts
from nurecoil.engine.morphs import EMPTY
from nurecoil.model.modifiers import BinFactors, HistoSys, NormSys
from nurecoil.model.parameters import GaussianConstraint, LogNormalConstraint
from nurecoil.model.spectral import GaussianChannel, Sample, SpectralModel

__all__ = ["Arrays", "lay_out", "layable"]

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class Arrays(NamedTuple):
    """Everything about a model but its data, as tables; each refers to others by rows.

    The columns of the integer tables have names in this module. A *row* of a parameter is its position among
    a channel's own parameters, a *place* an index into ``lines``.

    Args:
        size: number of parameters, most bins of a channel, most parameters of one, most parameters of a
            morph, most factors and most shifts of a sample; shape ``(6,)``.
        channels: a row for each: BINS, BINS_END (among all bins), OWN, OWN_END, SAMPLES, SAMPLES_END,
            GAUSSIAN.
        own: the channels' own parameters: PARAMETER, FIRST, LAST (the bins of its channel that it moves).
        samples: a row for each: BEGIN, END (the bins it fills), CONTENTS (place), and the first and last rows
            in ``factors``, ``shifts``, ``gammas`` and ``pulls``; SLOPES, CURVATURES (places).
        factors: OF (position of the parameter), ROW, ORDER (0 for a ``normsys``), SMOOTH.
        curves: of every factor the logarithms at -1 and 1 and the polynomial's six coefficients.
        shifts: OF, ROW, PLACE (of half the change from -1 to 1; what the sides differ by follows), SMOOTH.
        gammas: of every set of bin factors the first row in ``links``.
        links: of every bin OF and ROW, -1 where it has no factor.
        pulls: parameters of morphs: OF, ROW.
        centres: their values at the centre.
        lines: contents, slopes, curvatures and shifts end to end. Curvatures come in pairs (0, 0), (1, 0),
            (1, 1), (2, 0) and so on.
        widths: errors of Gaussian channels, 1 elsewhere.
        terms: single constraints: OF, AT (among the auxiliary measurements), KIND.
        scales: their widths, logarithms of factors, or scales.
        joints: joint constraints: MEMBERS, MEMBERS_END, AT, PLACE (of the inverse covariance).
        members: positions of the parameters of joint constraints.
        constant: the part of -log L that no data and no parameter change, shape ``(1,)``.
    """

    size: Ints
    channels: Ints
    own: Ints
    samples: Ints
    factors: Ints
    curves: Array
    shifts: Ints
    gammas: Ints
    links: Ints
    pulls: Ints
    centres: Array
    lines: Array
    widths: Array
    terms: Ints
    scales: Array
    joints: Ints
    members: Ints
    constant: Array


BINS, BINS_END, OWN, OWN_END, SAMPLES, SAMPLES_END, GAUSSIAN = range(7)
PARAMETER, FIRST, LAST = range(3)
BEGIN, END, CONTENTS, FACTORS, FACTORS_END, SHIFTS, SHIFTS_END, GAMMAS, GAMMAS_END = range(9)
PULLS, PULLS_END, SLOPES, CURVATURES = range(9, 13)
OF, ROW, ORDER, SMOOTH = range(4)
PLACE = 2
AT, KIND = 1, 2
NORMAL, LOG_NORMAL, POISSON = range(3)
MEMBERS, MEMBERS_END, JOINT_AT, JOINT_PLACE = range(4)

_COLUMNS = {
    "channels": 7, "own": 3, "samples": 13, "factors": 4, "curves": 8, "shifts": 4, "links": 2, "pulls": 2,
    "terms": 3, "joints": 4,
}  # fmt: skip


def layable(model: SpectralModel) -> bool:
    """Whether a model has a flat form: none of its templates is exact.

    Args:
        model: the model.

    Returns:
        Whether :func:`lay_out` takes it.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> layable(counting(observed=3.0, background=1.0))
        True
    """
    return all(
        isinstance(sample.template, np.ndarray | Morph)
        for channel in model.channels
        for sample in channel.samples
    )


def lay_out(model: SpectralModel, index: Mapping[str, int], powers: NDArray[np.int_]) -> Arrays:
    """Lay a model out.

    Args:
        model: a model without exact templates.
        index: position of every parameter by name.
        powers: power in which each is fitted.

    Returns:
        The arrays.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> found = lay_out(counting(3.0, 1.0), {"signal": 0, "background": 1}, np.ones(2, dtype=int))
        >>> found.lines.tolist(), found.factors[:, OF].tolist()
        ([1.0, 1.0], [0, 1])
    """
    tables = _Tables(index, powers)
    most = [0, 0]
    for channel in model.channels:
        used = sorted({index[name] for sample in channel.samples for name in sample.depends_on})
        tables.rows = {position: row for row, position in enumerate(used)}
        own, samples, bins = tables.length("own"), tables.length("samples"), tables.length("widths")
        support = [[channel.bins, 0] for _ in used]
        for sample in channel.samples:
            span = _add_sample(tables, sample, channel.bins)
            for name in sample.depends_on:
                moved, reach = support[tables.rows[index[name]]], _reach(sample, name, span)
                moved[:] = min(moved[0], reach[0]), max(moved[1], reach[1])
        for position, (low, high) in zip(used, support, strict=True):
            tables.add("own", position, low if low < high else 0, high if low < high else 0)
        gaussian = isinstance(channel, GaussianChannel)
        tables.extend(
            "widths", channel.width if isinstance(channel, GaussianChannel) else np.ones(channel.bins)
        )
        ends = (tables.length(name) for name in ("widths", "own", "samples"))
        tables.add(
            "channels", *(n for pair in zip((bins, own, samples), ends, strict=True) for n in pair), gaussian
        )
        most = [max(one, two) for one, two in zip(most, (channel.bins, len(used)), strict=True)]
    _add_constraints(tables, model)
    found = tables.arrays()
    per_sample = [
        int(np.max(found.samples[:, end] - found.samples[:, begin], initial=0))
        for begin, end in ((PULLS, PULLS_END), (FACTORS, FACTORS_END), (SHIFTS, SHIFTS_END))
    ]
    return found._replace(size=np.array([len(index), *most, *per_sample]))


class _Tables:
    """Tables that grow; names are those of :class:`Arrays`."""

    def __init__(self, index: Mapping[str, int], powers: NDArray[np.int_]) -> None:
        self.index, self.powers = index, powers
        self.rows: Mapping[int, int] = {}
        self._found: dict[str, list[Any]] = {name: [] for name in Arrays._fields}
        self._length = dict.fromkeys(Arrays._fields, 0)

    def add(self, name: str, *columns: float) -> None:
        """Add a row."""
        self._found[name].append(columns)
        self._length[name] += 1

    def extend(self, name: str, values: Any) -> int:
        """Add numbers to a table of one column; returns where they start."""
        made = np.ravel(values)
        self._found[name].append(made)
        start = self._length[name]
        self._length[name] += made.size
        return start

    def length(self, name: str) -> int:
        """Rows so far."""
        return self._length[name]

    def place(self, parameter: str) -> tuple[int, int]:
        """Position and row of a parameter."""
        position = self.index[parameter]
        return position, self.rows[position]

    def arrays(self) -> Arrays:
        """All of them."""
        made = {}
        for name, kind in Arrays.__annotations__.items():
            number = np.float64 if "Array" in str(getattr(kind, "__forward_arg__", kind)) else np.int64
            rows = [np.asarray(row, dtype=number) for row in self._found[name]]
            flat = np.concatenate([np.empty(0, dtype=number), *rows])
            made[name] = flat.reshape(-1, _COLUMNS[name]) if name in _COLUMNS else flat
        return Arrays(**made)


def _add_sample(tables: _Tables, sample: Sample, bins: int) -> tuple[int, int]:
    """Add a sample; returns the bins it fills."""
    template = sample.template
    morph = isinstance(template, Morph)
    counts = template.counts if isinstance(template, Morph) else np.asarray(template, float)
    shifts = [m for m in sample.modifiers if isinstance(m, HistoSys)]
    sets = [m for m in sample.modifiers if isinstance(m, BinFactors)]
    least = EMPTY * np.max(np.abs(counts), initial=0.0) if morph else 0.0
    filled = np.flatnonzero(np.abs(counts) > least)
    low, high = (int(filled[0]), int(filled[-1]) + 1) if filled.size else (0, 0)
    if shifts or sets:
        low, high = 0, bins
    begin = [tables.length(name) for name in ("factors", "shifts", "gammas", "pulls")]
    contents = tables.extend("lines", counts[low:high])
    for name, power in sample.powers.items():
        position, row = tables.place(name)
        tables.add("factors", position, row, power // int(tables.powers[position]), False)
        tables.add("curves", *(0.0,) * 8)
    norms = [m for m in sample.modifiers if isinstance(m, NormSys)]
    made = Factors.of(norms) if norms else None
    for k, norm in enumerate(norms):
        assert made is not None
        tables.add("factors", *tables.place(norm.parameter), 0, bool(made.smooth[k]))
        tables.add("curves", *made.logs[:, k], *made.coefficients[:, k])
    if shifts:
        changes = Shifts.of(shifts, [counts] * len(shifts))
        for k, shift in enumerate(shifts):
            place = tables.extend("lines", changes.middle[k])
            tables.extend("lines", changes.lean[k])
            tables.add("shifts", *tables.place(shift.parameter), place, bool(changes.smooth[k]))
    for one in sets:
        tables.extend("gammas", tables.length("links"))
        for name in one.parameters:
            tables.add("links", *(tables.place(name) if name else (-1, -1)))
    slopes = curvatures = 0
    if isinstance(template, Morph):
        for name, centre in zip(template.names, template.centre, strict=True):
            tables.add("pulls", *tables.place(name))
            tables.extend("centres", centre)
        slopes = tables.extend("lines", template.slope[:, low:high])
        pairs = np.tril_indices(len(template.names))
        curvatures = tables.extend("lines", template.curvature[pairs][:, low:high])
    end = [tables.length(name) for name in ("factors", "shifts", "gammas", "pulls")]
    spans = (n for pair in zip(begin, end, strict=True) for n in pair)
    tables.add("samples", low, high, contents, *spans, slopes, curvatures)
    return low, high


def _reach(sample: Sample, name: str, span: tuple[int, int]) -> tuple[int, int]:
    """The bins of a sample that one of its parameters moves: its own bins where it is a bin factor only."""
    sets = [m for m in sample.modifiers if isinstance(m, BinFactors)]
    others = {n for m in sample.modifiers if not isinstance(m, BinFactors) for n in m.parameters}
    if name in sample.powers or name in others or isinstance(sample.template, Morph):
        return span
    places = [i for one in sets for i, of in enumerate(one.parameters) if of == name]
    return min(places), max(places) + 1


def _add_constraints(tables: _Tables, model: SpectralModel) -> None:
    half = 0.5 * math.log(2 * math.pi)
    constant, at = 0.0, 0
    for name, constraint in auxiliary_parameters(model):
        if isinstance(constraint, GaussianConstraint):
            kind, scale = NORMAL, constraint.width
            constant += math.log(scale) + half
        elif isinstance(constraint, LogNormalConstraint):
            kind, scale = LOG_NORMAL, math.log(constraint.factor)
        else:
            kind, scale = POISSON, constraint.scale
        tables.add("terms", tables.index[name], at, kind)
        tables.extend("scales", scale)
        at += 1
    for joint in model.constraints:
        covariance = np.asarray(joint.covariance, float)
        first = tables.extend("members", [tables.index[name] for name in joint.names])
        place = tables.extend("lines", np.linalg.inv(covariance))
        tables.add("joints", first, tables.length("members"), at, place)
        constant += 0.5 * float(np.linalg.slogdet(covariance)[1]) + half * len(joint.names)
        at += len(joint.names)
    for channel in model.channels:
        if isinstance(channel, GaussianChannel):
            constant += float(np.log(channel.width).sum()) + channel.bins * half
    tables.extend("constant", constant)
