"""What an input histogram must be: contents that are numbers, the bins, axis and units that are expected.

Reading calls these checks on whatever a user hands in. Nothing here reads files.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nurecoil.errors import InputError
from nurecoil.histograms.histogram import Histogram, edge_tolerance

__all__ = ["Expectation", "check"]

_MOST_BINS_NAMED = 5
_NO_UNIT = frozenset({"", "1", "dimensionless"})


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """What a histogram has to look like to be used in some place; ``None`` asks for nothing.

    Args:
        edges: the bin edges, shape ``(n + 1,)``, in ``observable_unit``.
        observable: what is on the axis.
        observable_unit: its unit (``""``, ``"1"`` and ``"dimensionless"`` are the same).
        counts_unit: the unit of the contents.
        allow_negative: whether contents below zero are right here (interference terms).
        variances_required: whether the histogram must carry its own variances.

    Example:
        >>> Expectation(edges=[0, 1, 2], observable="T", observable_unit="keV").observable
        'T'
    """

    edges: ArrayLike | None = None
    observable: str | None = None
    observable_unit: str | None = None
    counts_unit: str | None = None
    allow_negative: bool = False
    variances_required: bool = False


def check(histogram: Histogram, expectation: Expectation, where: str) -> Histogram:
    """Hold a histogram against an expectation.

    Edges agree within 1e-9 of the edge's size or of the bin beside it, whichever is larger (never more
    than a quarter of the bin); the result then has the expected values exactly. Units and observable that
    the histogram does not tell are taken from the expectation and listed in ``metadata["assumed"]`` (ROOT
    files from elsewhere lose the axis name); if it tells others, it is refused. Finite contents in the flow
    bins play no part, they are reported in ``metadata["flow"]``.

    Args:
        histogram: what was read or built.
        expectation: what is needed.
        where: the place to name in an error, for example ``"borexino.data, mine.root:h"``.

    Returns:
        The histogram with the expected edges, observable and units, and the two notes where they apply.

    Raises:
        InputError: NaN or infinite contents or flow, negative contents or variances (each bin named),
            missing variances, other bins, another observable, another unit.

    Example:
        >>> h = Histogram("h", [0, 1, 2], [3, 4])
        >>> check(h, Expectation(observable="T", observable_unit="keV"), "here")
        Histogram('h', 2 bins, T 0..2 keV, sum 7)
        >>> check(h, Expectation(edges=[0, 1, 3]), "here")
        Traceback (most recent call last):
        nurecoil.errors.InputError: here: edge 2 is 2. Allowed: 3. Make it with the expected bins.
    """
    _check_contents(histogram, expectation, where)
    if expectation.variances_required and histogram.variances is None:
        raise InputError(where, "no variances", "a histogram with its own variances", "Call Sumw2() on it.")
    edges = histogram.edges if expectation.edges is None else _checked_edges(histogram, expectation, where)
    assumed: list[str] = []
    words: dict[str, Any] = {}
    for field in ("observable", "observable_unit", "counts_unit"):
        found, wanted = getattr(histogram, field), getattr(expectation, field)
        words[field] = found
        if wanted is None:
            continue
        if found is None:
            words[field] = wanted
            assumed.append(field)
        elif found != wanted and not {found, wanted} <= _NO_UNIT:
            remedy = "Convert it first, or name the right histogram; nothing is converted silently."
            raise InputError(where, f"its {field.replace('_', ' ')} is {found!r}", repr(wanted), remedy)
    metadata = {key: value for key, value in histogram.metadata.items() if key != "flow"}
    if assumed:
        metadata["assumed"] = assumed
    if histogram.underflow or histogram.overflow:
        metadata["flow"] = {"underflow": histogram.underflow, "overflow": histogram.overflow}
    return dataclasses.replace(histogram, edges=edges, metadata=metadata, **words)


def _check_contents(histogram: Histogram, expectation: Expectation, where: str) -> None:
    """Refuse contents that are no numbers, flow included, and what is negative and may not be."""
    counts, variances = histogram.counts, histogram.variances
    remedy = "Mend the histogram where it is made."
    _refuse_bins(histogram, ~np.isfinite(counts), counts, "content", where, "finite numbers", remedy)
    if not (np.isfinite(histogram.underflow) and np.isfinite(histogram.overflow)):
        got = f"underflow is {histogram.underflow:g}, overflow is {histogram.overflow:g}"
        raise InputError(where, got, "finite numbers", remedy)
    if not expectation.allow_negative:
        allowed = "zero or more; this input is not declared signed"
        _refuse_bins(histogram, counts < 0, counts, "content", where, allowed, remedy)
    if variances is not None:
        wrong = ~np.isfinite(variances) | (variances < 0)
        _refuse_bins(histogram, wrong, variances, "variance", where, "zero or more, finite", remedy)
        if not all(np.isfinite(value) and value >= 0 for value in histogram.flow_variances or ()):
            got = f"variances of the flow bins are {histogram.flow_variances}"
            raise InputError(where, got, "zero or more, finite", remedy)


def _refuse_bins(
    histogram: Histogram,
    wrong: NDArray[np.bool_],
    values: NDArray[np.float64],
    what: str,
    where: str,
    allowed: str,
    remedy: str,
) -> None:
    """Name the bins (counted from 0, with their edges) whose values may not be."""
    bins = np.flatnonzero(wrong)
    if len(bins) == 0:
        return
    named = [
        f"bin {index} ({histogram.edges[index]:g}..{histogram.edges[index + 1]:g}) {values[index]:g}"
        for index in bins[:_MOST_BINS_NAMED].tolist()
    ]
    more = f" and {len(bins) - len(named)} more bins" if len(bins) > len(named) else ""
    raise InputError(where, f"{what} of {', '.join(named)}{more} (bins counted from 0)", allowed, remedy)


def _checked_edges(histogram: Histogram, expectation: Expectation, where: str) -> NDArray[np.float64]:
    """The expected edges, once those of the histogram are found to be the same."""
    wanted = np.asarray(expectation.edges, dtype=np.float64)
    edges = histogram.edges
    if len(edges) != len(wanted):
        finer = len(edges) > len(wanted) and np.isin(wanted, edges).all()
        remedy = "Rebin it, its bins divide these." if finer else "Make it with the expected bins."
        raise InputError(where, _axis(edges), _axis(wanted), remedy)
    wrong = np.flatnonzero(np.abs(edges - wanted) > edge_tolerance(wanted))
    if len(wrong):
        index = int(wrong[0])
        more = f" (and {len(wrong) - 1} more edges are off)" if len(wrong) > 1 else ""
        raise InputError(
            where,
            f"edge {index} is {edges[index]:.12g}{more}",
            f"{wanted[index]:.12g}",
            "Make it with the expected bins.",
        )
    return wanted


def _axis(edges: NDArray[np.float64]) -> str:
    return f"{len(edges) - 1} bins {edges[0]:g}..{edges[-1]:g}"
