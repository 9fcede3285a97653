"""One binned spectrum as plain numpy: edges, contents, variances, units and where they come from.

:class:`Histogram` is what plugins and models hold. It knows nothing of files (see ``read``, ``write``)
and judges no contents (see ``checks``); it only keeps its own shape in order.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nurecoil.errors import InputError, OptionError
from nurecoil.histograms._metadata import plain_metadata

if TYPE_CHECKING:
    import hist

__all__ = ["Histogram"]

Floats = NDArray[np.float64]

_EDGE_TOLERANCE = 1e-9
_UNNAMEABLE_AXES = frozenset({"weight", "sample", "threads"})  # hist keeps these words for itself


@dataclasses.dataclass(frozen=True, slots=True, eq=False, repr=False)
class Histogram:
    """A one-dimensional histogram with its units, variances, flow contents and metadata.

    Args:
        name: the name it has in a file or a model.
        edges: bin edges, shape ``(n + 1,)``, finite, strictly increasing, in ``observable_unit``.
        counts: bin contents, shape ``(n,)``, in ``counts_unit``.
        variances: variances of the contents, shape ``(n,)``, in ``counts_unit`` squared; ``None`` where
            none are known, which means Poisson (see :attr:`bin_variances`).
        observable: what is on the axis, for example ``"N_h"``.
        observable_unit: its unit; ``None`` if unknown, ``"1"`` if it has none.
        counts_unit: the unit of the contents, for example ``"events"``; ``None`` if unknown.
        metadata: title, citation, DOI, provenance and so on: text, numbers, lists and mappings that JSON
            can hold. ``"additive": False`` says that contents must not be added over bins (densities,
            lookup tables).
        underflow: contents below the first edge, in ``counts_unit``.
        overflow: contents above the last edge, in ``counts_unit``.
        flow_variances: the variances of these two; taken as their own size where there are ``variances``.

    Raises:
        InputError: shapes do not match, edges do not increase, or words and metadata are not plain.

    Example:
        >>> h = Histogram("h", [0, 1, 3], [4, 6], observable="T", observable_unit="keV")
        >>> h
        Histogram('h', 2 bins, T 0..3 keV, sum 10)
        >>> h.centres
        array([0.5, 2. ])
    """

    name: str
    edges: Floats
    counts: Floats
    variances: Floats | None = None
    observable: str | None = None
    observable_unit: str | None = None
    counts_unit: str | None = None
    metadata: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    underflow: float = 0.0
    overflow: float = 0.0
    flow_variances: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        where = f"histogram {self.name!r}"
        for field in ("name", "observable", "observable_unit", "counts_unit"):
            word = getattr(self, field)
            if not isinstance(word, str) and (word is not None or field == "name"):
                raise InputError(where, f"its {field.replace('_', ' ')} is {word!r}", "text")
        edges = _floats(self.edges, where, "edges")
        counts = _floats(self.counts, where, "counts")
        if len(edges) < 2 or len(counts) != len(edges) - 1:
            raise InputError(where, f"{len(counts)} counts and {len(edges)} edges", "n counts, n + 1 edges")
        with np.errstate(all="ignore"):
            widths = np.diff(edges)
        wrong = np.flatnonzero(~(np.isfinite(widths) & (widths > 0)))
        if len(wrong):
            first = int(wrong[0])
            got = f"bin {first} goes from {edges[first]:g} to {edges[first + 1]:g}"
            raise InputError(where, got, "finite edges that increase")
        variances, flow = None, None
        if self.variances is not None:
            variances = _floats(self.variances, where, "variances")
            if len(variances) != len(counts):
                raise InputError(where, f"{len(variances)} variances", f"{len(counts)}, one per bin")
            low, high = self.flow_variances or (abs(self.underflow), abs(self.overflow))
            flow = (float(low), float(high))
        for field, value in {
            "observable": self.observable or None,
            "edges": edges,
            "counts": counts,
            "variances": variances,
            "flow_variances": flow,
            "metadata": plain_metadata(self.metadata, where),
            "underflow": float(self.underflow),
            "overflow": float(self.overflow),
        }.items():
            object.__setattr__(self, field, value)

    def __len__(self) -> int:
        """Give the number of bins, flow bins not counted."""
        return len(self.counts)

    def __repr__(self) -> str:
        unit = f" {self.observable_unit}" if self.observable_unit not in (None, "", "1") else ""
        axis = f"{self.observable or 'axis'} {self.edges[0]:g}..{self.edges[-1]:g}{unit}"
        counts_unit = f" {self.counts_unit}" if self.counts_unit else ""
        span = f"sum {self.counts.sum():g}"
        if not self.additive:
            span = f"values {self.counts.min():g}..{self.counts.max():g}"
        return f"Histogram({self.name!r}, {len(self)} bins, {axis}, {span}{counts_unit})"

    def __eq__(self, other: object) -> bool:
        """Equal where every number is the same to the last bit and every word as well."""
        if not isinstance(other, Histogram):
            return NotImplemented
        return all(
            _same(getattr(self, field.name), getattr(other, field.name)) for field in dataclasses.fields(self)
        )

    @property
    def widths(self) -> Floats:
        """Bin widths, shape ``(n,)``, in ``observable_unit``."""
        return np.diff(self.edges)

    @property
    def centres(self) -> Floats:
        """Bin centres, shape ``(n,)``, in ``observable_unit``."""
        return self.edges[:-1] + 0.5 * np.diff(self.edges)

    @property
    def bin_variances(self) -> Floats:
        """The variances, or where none are known the Poisson ones (the contents, never below zero)."""
        return np.maximum(self.counts, 0.0) if self.variances is None else self.variances

    @property
    def additive(self) -> bool:
        """Whether contents may be added over bins; metadata ``"additive": False`` says no."""
        return self.metadata.get("additive", True) is not False

    def select(self, low: float, high: float) -> Histogram:
        """Keep the bins whose centres lie in a range; both ends belong to it.

        What is left out is added to underflow and overflow, so the total stays (not where contents do not
        add: there the flow is empty afterwards).

        Args:
            low: lower end, in ``observable_unit``; 100 keeps the bin 99.5..100.5.
            high: upper end, in ``observable_unit``.

        Returns:
            The shorter histogram, everything else unchanged.

        Raises:
            OptionError: the ends are the wrong way round, outside the axis, or no bin lies between them.

        Example:
            >>> Histogram("h", [0.5, 1.5, 2.5, 3.5], [1, 2, 4], observable="N").select(2, 3)
            Histogram('h', 2 bins, N 1.5..3.5, sum 6)
        """
        where = f"range of {self.observable or 'the axis'} of histogram {self.name!r}"
        allowed = f"ends within {self.edges[0]:g}..{self.edges[-1]:g}, the lower first"
        slack = edge_tolerance(self.edges)
        if not (low <= high and low >= self.edges[0] - slack[0] and high <= self.edges[-1] + slack[-1]):
            raise OptionError(where, f"{low:g}..{high:g}", allowed, "Give a range that the histogram covers.")
        inside = np.flatnonzero((self.centres >= low - slack[1:]) & (self.centres <= high + slack[1:]))
        if len(inside) == 0:
            raise OptionError(where, f"{low:g}..{high:g} holds no bin centre", allowed, "Widen the range.")
        return self._regrouped(np.arange(inside[0], inside[-1] + 2))

    def rebin(self, edges: ArrayLike) -> Histogram:
        """Merge bins: contents and variances add up, what lies outside goes to the flow.

        Args:
            edges: the new edges, shape ``(m + 1,)``; each must be one of the old ones (to 1e-9 relative).

        Returns:
            The coarser histogram, with the old edges' exact values.

        Raises:
            InputError: an edge is not among the old ones, fewer than two are given, they do not increase,
                or the contents do not add (``additive`` is false).

        Example:
            >>> Histogram("h", [0, 1, 2, 4], [1, 2, 4]).rebin([0, 2, 4]).counts
            array([3., 4.])
        """
        where = f"rebinning of histogram {self.name!r}"
        if not self.additive:
            remedy = "Call integrated() first if it is a density."
            raise InputError(where, "its contents do not add over bins", None, remedy)
        wanted = _floats(edges, where, "edges")
        if len(wanted) < 2 or not np.all(wanted[1:] > wanted[:-1]):
            raise InputError(where, f"{len(wanted)} edges", "at least two, increasing")
        index = np.clip(np.searchsorted(self.edges, wanted), 1, len(self))
        index -= wanted - self.edges[index - 1] < self.edges[index] - wanted
        strange = wanted[np.abs(self.edges[index] - wanted) > edge_tolerance(self.edges)[index]]
        if len(strange):
            near = self.edges[np.argsort(np.abs(self.edges - strange[0]))[:2]]
            raise InputError(
                where,
                f"{len(strange)} of the new edges are not edges of it, the first is {strange[0]:.10g}",
                f"its own edges, the nearest are {' and '.join(f'{edge:.10g}' for edge in sorted(near))}",
                "Choose the new edges among the old ones.",
            )
        return self._regrouped(index)

    def integrated(self, counts_unit: str) -> Histogram:
        """Turn a density into contents per bin: times the bin widths.

        Args:
            counts_unit: the unit of the result; the name of the old one less the "per" of the axis.

        Returns:
            A histogram whose contents add; the flow, which has no width, is dropped.

        Example:
            >>> density = Histogram("h", [0, 1, 4], [2, 5], metadata={"additive": False})
            >>> density.integrated("cpd").counts
            array([ 2., 15.])
        """
        metadata = {key: value for key, value in self.metadata.items() if key not in ("additive", "flow")}
        return dataclasses.replace(
            self,
            counts=self.counts * self.widths,
            variances=None if self.variances is None else self.variances * self.widths**2,
            counts_unit=counts_unit,
            metadata=metadata,
            underflow=0.0,
            overflow=0.0,
            flow_variances=None,
        )

    def _regrouped(self, index: NDArray[np.intp]) -> Histogram:
        """Take the edges with these rising indices; add what falls together and what falls outside."""
        adds = self.additive

        def grouped(values: Floats) -> Floats:
            return np.add.reduceat(np.append(values, 0.0), index)[:-1] if adds else values[index[:-1]]

        def outside(values: Floats, below: float, above: float) -> tuple[float, float]:
            if not adds:
                return 0.0, 0.0
            return below + float(values[: index[0]].sum()), above + float(values[index[-1] :].sum())

        below, above = outside(self.counts, self.underflow, self.overflow)
        return dataclasses.replace(
            self,
            edges=self.edges[index],
            counts=grouped(self.counts),
            variances=None if self.variances is None else grouped(self.variances),
            metadata={key: value for key, value in self.metadata.items() if key != "flow"},
            underflow=below,
            overflow=above,
            flow_variances=None
            if self.variances is None or self.flow_variances is None
            else outside(self.variances, *self.flow_variances),
        )

    def to_hist(self) -> hist.Hist[Any]:
        """The same as a ``hist.Hist`` with flow bins.

        The axis is ``Regular`` where that gives exactly these edges, ``Variable`` otherwise; the storage is
        ``Weight`` where there are variances, ``Double`` otherwise. The axis carries the observable as its
        name; units and metadata are in the mapping ``.metadata`` of the histogram, the title in ``.label``.

        Example:
            >>> Histogram("h", [0, 1, 3], [4, 6], observable="T").to_hist().axes[0].name
            'T'
        """
        import hist

        name = "" if self.observable in _UNNAMEABLE_AXES else self.observable or ""
        low, high = float(self.edges[0]), float(self.edges[-1])
        regular = hist.axis.Regular(len(self), low, high, name=name, label=self.axis_label)
        exact = _same(regular.edges, self.edges) and _same(np.linspace(low, high, len(self) + 1), self.edges)
        variable = hist.axis.Variable(self.edges.tolist(), name=name, label=self.axis_label)
        axis = regular if exact else variable
        contents = np.concatenate([[self.underflow], self.counts, [self.overflow]])
        made: hist.Hist[Any]
        if self.variances is None:
            made = hist.Hist(axis, storage=hist.storage.Double(), name=self.name)
            made.view(flow=True)[...] = contents
        else:
            below, above = self.flow_variances or (0.0, 0.0)
            made = hist.Hist(axis, storage=hist.storage.Weight(), name=self.name)
            variances = np.concatenate([[below], self.variances, [above]])
            made.view(flow=True)[...] = np.stack([contents, variances], axis=-1)
        made.label = str(self.metadata.get("title", self.name))
        made.metadata = {
            "observable": self.observable,
            "observable_unit": self.observable_unit,
            "counts_unit": self.counts_unit,
            **self.metadata,
        }
        return made

    @classmethod
    def from_hist(cls, source: Any, name: str | None = None) -> Histogram:
        """Take over a ``hist.Hist`` or ``boost_histogram.Histogram`` with one axis.

        Args:
            source: the histogram; count storages become Poisson (no variances), ``Weight`` keeps its own.
            name: the name to give it; its own where it has one, else ``"histogram"``.

        Returns:
            The histogram; what :meth:`to_hist` wrote comes back to the last bit.

        Raises:
            InputError: it has more than one axis, categories instead of bins, a circular axis, or holds
                averages (a profile) instead of counts.

        Example:
            >>> h = Histogram("h", [0, 1, 3], [4, 6], metadata={"doi": "10.1000/1"})
            >>> Histogram.from_hist(h.to_hist()) == h
            True
        """
        words = getattr(source, "__dict__", {})
        name = name or words.get("name") or "histogram"
        where = f"histogram {name!r}"
        if len(source.axes) != 1:
            raise InputError(where, f"{len(source.axes)} axes", "one axis", "Project it onto one axis first.")
        axis = source.axes[0]
        if axis.traits.circular or not axis.traits.ordered:
            raise InputError(where, f"a {type(axis).__name__} axis", "a Regular, Variable or Integer axis")
        if str(getattr(source.kind, "value", source.kind)) != "COUNT":
            raise InputError(where, "averages (a profile)", "counts", "Use a Double or Weight storage.")
        low, high = int(axis.traits.underflow), int(axis.traits.overflow)
        contents = _with_flow(np.asarray(source.values(flow=True), dtype=np.float64), low, high)
        variances = None
        if "variance" in (getattr(source.view(), "dtype", np.dtype(float)).names or ()):
            variances = _with_flow(np.asarray(source.variances(flow=True), dtype=np.float64), low, high)
        found = words.get("metadata")
        metadata = dict(found) if isinstance(found, Mapping) else {}
        title = words.get("label")
        if title and title != name:
            metadata.setdefault("title", title)
        observable = metadata.pop("observable", None) or getattr(axis, "name", "") or None
        return cls(
            name=name,
            edges=np.asarray(axis.edges, dtype=np.float64),
            counts=contents[1:-1],
            variances=None if variances is None else variances[1:-1],
            observable=observable,
            observable_unit=metadata.pop("observable_unit", None),
            counts_unit=metadata.pop("counts_unit", None),
            metadata=metadata,
            underflow=float(contents[0]),
            overflow=float(contents[-1]),
            flow_variances=None if variances is None else (float(variances[0]), float(variances[-1])),
        )

    @property
    def axis_label(self) -> str:
        """The observable with its unit in brackets, as on a plot's axis."""
        if self.observable_unit in (None, "", "1"):
            return self.observable or ""
        return f"{self.observable or ''} [{self.observable_unit}]".strip()


def edge_tolerance(edges: Floats) -> Floats:
    """How far an edge may be off to count as the same one: 1e-9 of the edge or of the bin beside it."""
    widths = np.diff(edges)
    beside = np.minimum(np.append(widths, widths[-1]), np.insert(widths, 0, widths[0]))
    return cast("Floats", np.minimum(_EDGE_TOLERANCE * np.maximum(np.abs(edges), beside), 0.25 * beside))


def _floats(values: ArrayLike | Iterable[float], where: str, what: str) -> Floats:
    """A read-only float64 copy with one dimension."""
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(where, f"{what} are not numbers ({error})", "a list of numbers") from error
    if array.ndim != 1:
        raise InputError(where, f"{what} have {array.ndim} dimensions", "one dimension")
    array.flags.writeable = False
    return array


def _with_flow(values: Floats, underflow: int, overflow: int) -> Floats:
    """Contents with both flow bins; the ones that an axis does not have are zero."""
    return np.pad(values, (1 - underflow, 1 - overflow))


def _same(one: Any, two: Any) -> bool:
    """Equality of two field values, arrays bit for bit (NaN equals NaN)."""
    if isinstance(one, np.ndarray) and isinstance(two, np.ndarray):
        return np.array_equal(one, two, equal_nan=True)
    return bool(type(one) is type(two) and one == two)
