"""The IsoDAR slides' two tables beside computed ones, in the slides' own convention and in ours.

The published numbers are read from ``data/isodar_slides.json``. How the table is printed is in
:mod:`nurecoil.cli.tables`; the experiments are plugins, found by name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from nurecoil import plugins
from nurecoil.analysis import Request
from nurecoil.assembly import Assembly
from nurecoil.blueprints.isodar_channel import first_principles
from nurecoil.blueprints.isodar_site import IsodarExperiment
from nurecoil.errors import PluginError
from nurecoil.inference.limits import limits
from nurecoil.inference.profile import Progress
from nurecoil.inference.pseudo_data import asimov
from nurecoil.inference.rules import RULES
from nurecoil.shared import Sources

__all__ = ["BEFORE_CUTS", "PUBLISHED", "SEARCHES", "IsodarRow", "IsodarTable", "isodar_table"]

PUBLISHED: Final = Path(__file__).with_name("data") / "isodar_slides.json"
"""The slides' numbers with their citation."""
SEARCHES: Final = ("magnetic-moment", "light-vector")
"""The searches of the two tables."""
BEFORE_CUTS: Final = 2.8
"""First-principles counts at KamLAND over the quoted ones: what a cut that keeps 36 % would explain."""

_SLIDES: Final[Mapping[str, Any]] = {"resolution": 0.0, "backgrounds": ("none",)}
_TREE: Final[Mapping[str, Any]] = {"isodar": {"cross_section": "tree"}}
_METHOD: Final = "delta-chi2-one-sided"


@dataclass(frozen=True, slots=True)
class IsodarRow:
    """One limit of the slides and what is computed for it, all at 90 %.

    Args:
        experiment: the detector beside the source.
        threshold: lowest recoil energy [MeV].
        search: the search.
        unit: unit of the limits, ``"1"`` for a coupling.
        events: the slides' count above the threshold.
        events_first_principles: source strength, distance and mass instead, before any cut; ``None`` where
            the distance is not published.
        published: the slides' limit.
        computed: the same convention at the same count.
        ratio: published over computed.
        computed_before_cuts: at 2.8 times the count.
        ratio_before_cuts: published over that.
        ours: with resolution, backgrounds and radiative corrections at the slides' count, by limit rule.

    Example:
        >>> IsodarRow.__dataclass_fields__["threshold"].name
        'threshold'
    """

    experiment: str
    threshold: float
    search: str
    unit: str
    events: float
    events_first_principles: float | None
    published: float
    computed: float
    ratio: float
    computed_before_cuts: float
    ratio_before_cuts: float
    ours: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class IsodarTable:
    """All rows, the ratios of the counts, and what holds for them together.

    Args:
        rows: twelve rows.
        count_ratios: experiment, two thresholds, quoted and computed ratio of the counts above them.
        notes: conventions and findings.
        references: what to cite.

    Example:
        >>> IsodarTable.__dataclass_fields__["rows"].name
        'rows'
    """

    rows: tuple[IsodarRow, ...]
    count_ratios: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]
    references: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        from nurecoil._version import __version__

        return {"table": "isodar", **asdict(self), "version": __version__}


def isodar_table(progress: Progress | None = None) -> IsodarTable:
    """Compute every number of the slides' two tables.

    Args:
        progress: called with limits done and limits in all.

    Returns:
        The table.

    Raises:
        NurecoilError: where an experiment or a search is missing or cannot be fitted.

    Example:
        >>> [row["experiment"] for row in json.loads(PUBLISHED.read_text())["rows"]][:3]
        ['kamland', 'kamland', 'juno']
    """
    published = json.loads(PUBLISHED.read_text())
    rows: list[IsodarRow] = []
    total = len(published["rows"]) * len(SEARCHES)
    references: list[str] = [published["citation"]]
    for given in published["rows"]:
        name = given["experiment"]
        above = {"threshold": given["threshold"]}
        assemblies = [
            _assembly(name, {**above, "events": given["events"] * factor, **_SLIDES}, _TREE)
            for factor in (1.0, BEFORE_CUTS)
        ]
        ours = _assembly(name, {**above, "events": given["events"]}, {})
        events = _first_principles(name, given["threshold"])
        for search in SEARCHES:
            computed, before = (_limits(one, search, [_METHOD])[_METHOD] for one in assemblies)
            theory = _theory(search)
            unit = next(p.unit for p in theory.parameters() if p.name == theory.poi)
            rows.append(
                IsodarRow(
                    experiment=name,
                    threshold=given["threshold"],
                    search=search,
                    unit=unit,
                    events=given["events"],
                    events_first_principles=events,
                    published=given[search],
                    computed=computed,
                    ratio=given[search] / computed,
                    computed_before_cuts=before,
                    ratio_before_cuts=given[search] / before,
                    ours=_limits(ours, search, list(RULES)),
                )
            )
            references += theory.citations
            if progress is not None:
                progress(len(rows), total)
        references += plugins.load_experiment(name).citations
    rows.sort(key=lambda row: SEARCHES.index(row.search))
    ratios = tuple(
        {**given, "computed": _count_ratio(given["experiment"], given["above"], given["over"])}
        for given in published["count_ratios"]
    )
    return IsodarTable(tuple(rows), ratios, _notes(published), tuple(dict.fromkeys(references)))


def _assembly(name: str, options: Mapping[str, Any], others: Mapping[str, Any]) -> Assembly:
    return Request.of([name], None, {name: options, **others}).assembly()


def _theory(search: str) -> Any:
    kind = plugins.load_search(search)
    return kind(kind.Options())


def _limits(assembly: Assembly, search: str, methods: Sequence[str]) -> dict[str, float]:
    """Expected limits at 90 % by several rules."""
    model = assembly.model(_theory(search))
    assert model.poi is not None
    found = limits(asimov(model, {model.poi: 0.0}), 0.90, methods)
    return {one.method: one.value for one in found}


def _site(name: str) -> tuple[type[IsodarExperiment], Callable[..., float]]:
    kind = plugins.load_experiment(name)
    if not issubclass(kind, IsodarExperiment):
        raise PluginError(f"experiment {name!r}", kind.__name__, "a subclass of IsodarExperiment")
    return kind, partial(first_principles, kind.site)


def _first_principles(name: str, above: float) -> float | None:
    """Counts from source strength and geometry at tree level; ``None`` where the geometry is assumed."""
    kind, count = _site(name)
    if kind.site.distance.status == "assumed":
        return None
    request = Request.of([name], None, _TREE)
    return count(request.options[name], _sources(request), above)


def _count_ratio(name: str, above: float, over: float) -> float:
    _, count = _site(name)
    request = Request.of([name], None, _TREE)
    options, shared = request.options[name], _sources(request)
    return count(options, shared, above) / count(options, shared, over)


def _sources(request: Request) -> Sources:
    return Sources(solar=request.options["solar"], isodar=request.options["isodar"])


def _notes(published: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        f"published: {published['what']}",
        "computed: the slides' convention and count, bins of 0.1 MeV, tree-level cross sections",
        f"at {BEFORE_CUTS:g} x events: KamLAND's first-principles count is {BEFORE_CUTS:g} times the quoted "
        "one; the slides' limits agree with such counts, as if the quoted ones were after fiducial cut and "
        "efficiency and the limits before",
        "by rule: the slides' count with the site's energy resolution, solar neutrinos, reactor "
        "antineutrinos, 11C, 10C and 11Be, and radiative corrections; radioactivity of the detectors is "
        "not modelled",
        "by rule: the vector acts on the solar neutrinos too, which helps at low thresholds; the effective "
        "moment is that of the source alone",
    )
