"""What is in a model, as tables for the terminal. What they show is :mod:`nurecoil.report.inspection`'s."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nurecoil.bridges.origins import APPROXIMATELY
from nurecoil.report._folding import (
    constraint_words,
    counted,
    folding_table,
    listed,
    number,
    roomy,
    safe,
    span,
    tally,
)
from nurecoil.report.tables import unit_word

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["head_rows", "inspection_parts"]

Row = Mapping[str, Any]
_ROWS, _JOINT = 30, 8
"""Rows of a table, and members of a joint constraint, that are shown where not all are asked for."""
_COUNTED = ("channel", "bin", "sample", "modifier")


def inspection_parts(document: Row, everything: bool = False, width: int = 100) -> Iterator[Table | str]:
    """A model's parts as tables and lines, in the order in which they are read.

    Args:
        document: what :func:`nurecoil.report.inspection.inspection` made.
        everything: whether long lists are shown whole.
        width: columns of the terminal.

    Yields:
        Tables and lines.

    Example:
        >>> from nurecoil.report.inspection import inspection
        >>> from nurecoil.testing.models import counting
        >>> parts = inspection_parts(inspection(counting(observed=12.0, background=10.0)))
        >>> [part if isinstance(part, str) else part.title for part in parts]
        ['channels', 'samples', 'parameters', 'no parameter acts in several channels']
    """
    most = None if everything else _ROWS
    yield from _channels(document["channels"], most, width)
    yield from _samples(document["samples"], most, width)
    yield from _parameters(document, most, width)
    yield from _roots(document["parameters"])
    yield from _joint_constraints(document["constraints"], everything, width)
    yield from _sharing(document, most, width)
    yield from _approximations(document)
    for note in document["notes"] or ():
        if not (document["approximations"] and str(note).startswith(APPROXIMATELY)):
            yield f"note: {safe(note)}"
    if everything:
        for citation in document["references"] or ():
            yield f"cite: {safe(citation)}"


def head_rows(document: Row) -> dict[str, str]:
    """Where a model comes from and how large it is, in words.

    Args:
        document: what :func:`nurecoil.report.inspection.inspection` made.

    Returns:
        What is said, by heading; what is not known is left out.

    Example:
        >>> from nurecoil.report.inspection import inspection
        >>> from nurecoil.testing.models import counting
        >>> rows = head_rows(inspection(counting(observed=12.0, background=10.0)))
        >>> rows["size"], rows["data"]
        ('1 channel, 1 bin, 2 samples, 0 modifiers', 'observed')
    """
    origin: Row = document["origin"] or {}
    size = document["size"]
    waiting = [row["channel"] for row in document["channels"] if row["asimov"]]
    data = "observed" if not waiting else "Asimov"
    if 0 < len(waiting) < size["channels"]:
        data = f"observed; Asimov in {listed(waiting)}"
    chosen = origin.get("measurement") or origin.get("analysis")
    others = origin.get("others") or []
    searched = document["search"]
    rows = {
        "file": _file(origin),
        "sha256": safe(origin.get("sha256") or ""),
        "made by": safe(origin.get("made_by") or ("" if not origin else "not stated")),
        "measurement" if origin.get("measurement") else "analysis": safe(chosen or ""),
        "others": listed(others, 8),
        "patches": listed(origin.get("patches") or (), 8),
        "made from": _file(document.get("made_from") or {}),
        "inputs": listed([_input(one) for one in origin.get("inputs") or ()], 8),
        "experiments": listed(document["experiments"] or (), 8),
        "search": safe(searched or ""),
        "POI": safe(document["poi"] or "none"),
        "data": data,
        "size": ", ".join(counted(size[f"{what}s"], what) for what in _COUNTED),
        "parameters": f"{size['parameters']}: {size['free']} free, {size['constrained']} constrained, "
        f"{size['fixed']} fixed",
        "references": str(len(document["references"] or ())),
    }
    return {heading: words for heading, words in rows.items() if words}


def _file(origin: Row) -> str:
    return f"{safe(origin['file'])} ({safe(origin.get('format', ''))})" if origin.get("file") else ""


def _input(one: object) -> str:
    if not isinstance(one, Mapping):
        return str(one)
    return str(one.get("file") or one.get("label") or "one")


def _shown(rows: Sequence[Row], most: int | None) -> tuple[Sequence[Row], Sequence[Row]]:
    """What is shown and what is folded; a single row is never folded."""
    if most is None or len(rows) <= most + 1:
        return rows, ()
    return rows[:most], rows[most:]


def _more(rows: Sequence[Row], words: str = "") -> str:
    return f"... {len(rows)} more{': ' + words if words else ''} (--all shows them)"


def _channels(rows: Sequence[Row], most: int | None, width: int) -> Iterator[Table | str]:
    table = folding_table(
        "channels", ("channel", "left"), ("kind", "left"), ("observable", "left"), ("bins", "right"),
        ("samples", "right"), ("observed", "right"), ("expected", "right"),
    )  # fmt: skip
    shown, folded = _shown(rows, most)
    for row in shown:
        kind = "Poisson" if row["kind"] == "poisson" else "Gaussian"
        expected = number(row["expected_total"])
        if row["kind"] == "gaussian" and row["bins"] > 1:
            expected = f"{row['bins']} values"
        kind += ", Asimov" if row["asimov"] else ""
        table.add_row(
            safe(row["channel"]), kind, _labelled(row), str(row["bins"]), str(row["samples"]),
            _observed(row), expected,
        )  # fmt: skip
    yield roomy(table, width)
    if folded:
        counts = [row for row in folded if row["kind"] == "poisson"]
        observed, expected = (sum(row[key] for row in counts) for key in ("observed_total", "expected_total"))
        bins = sum(row["bins"] for row in folded)
        yield _more(folded, f"{counted(bins, 'bin')}, {number(observed)} events, {number(expected)} expected")


def _labelled(row: Row) -> str:
    """Observable, range and unit."""
    reach = f" {number(row['range'][0])}..{number(row['range'][1])}" if "range" in row else ""
    unit = unit_word(row["unit"])
    return safe(row["observable"]) + reach + (f" {safe(unit)}" if unit else "")


def _observed(row: Row) -> str:
    if row["kind"] == "poisson":
        return number(row["observed_total"])
    if row["bins"] > 1:
        return f"{row['bins']} values"
    return f"{number(row['observed'][0])} +- {row['width'][0]:.3g}"


def _samples(rows: Sequence[Row], most: int | None, width: int) -> Iterator[Table | str]:
    table = folding_table(
        "samples", ("channel", "left"), ("sample", "left"), ("group", "left"), ("expected", "right"),
        ("factors and modifiers", "left"),
    )  # fmt: skip
    shown, folded = _shown(rows, most)
    before = None
    for row in shown:
        channel = row["channel"]
        table.add_row(
            safe(channel) if channel != before else "", safe(row["sample"]), safe(row["group"]),
            number(row["expected_total"]), _factors(row, 4 if most is not None else None),
        )  # fmt: skip
        before = channel
    yield roomy(table, width)
    if folded:
        yield _more(folded, listed([f"{row['channel']}/{row['sample']}" for row in folded], 3))


def _factors(row: Row, most: int | None) -> str:
    """Factors by name, modifiers by kind."""
    powers = [name if power == 1 else f"{name}^{power}" for name, power in row["factors"].items()]
    parts = [listed(powers, most)] if powers else []
    if row["response"]:
        words = (
            counted(len(row["response"]), "parameter") if most is not None else listed(row["response"], None)
        )
        parts.append(f"response ({words})")
    alone = [one["kind"] for one in row["modifiers"] if "parameter" in one]
    parts += [tally(alone)] if alone else []
    for one in row["modifiers"]:
        if "parameter" not in one:
            parts.append(f"{one['kind']} {counted(sum(map(bool, one['parameters'])), 'bin')}")
    return ", ".join(parts)


def _parameters(document: Row, most: int | None, width: int) -> Iterator[Table | str]:
    """The parameters: the one of interest first, per-bin sets in one line each, equal ones where many are."""
    every = document["parameters"]
    rows = [[row] for row in every] if most is None else list(_folded_sets(every))
    if most is not None and len(rows) > most + 1:
        rows = list(_folded_equals(rows))
    rows.sort(key=lambda group: not group[0]["poi"])
    labels = {one["set"]: one for one in document["sets"]}
    table = folding_table(
        "parameters", ("parameter", "left"), ("value", "right"), ("unit", "left"), ("bounds", "right"),
        ("constraint", "left"), ("ch/samples", "right"),
    )  # fmt: skip
    shown = rows if most is None or len(rows) <= most + 1 else rows[:most]
    for group in shown:
        first = group[0]
        in_set = len(group) > 1 and first["set"] is not None
        name = safe(first["set"]) if in_set else listed([row["parameter"] for row in group], 2)
        acting = labels[first["set"]]["channels"] if in_set else first["channels"]
        samples = str(max(row["samples"] for row in group))
        table.add_row(
            name + (" (POI)" if first["poi"] else ""), span([row["value"] for row in group]),
            safe(unit_word(first["unit"])), _bounds(group), _state(group), f"{len(acting)}/{samples}",
        )  # fmt: skip
    yield roomy(table, width)
    if len(shown) < len(rows):
        rest = [row for group in rows[len(shown) :] for row in group]
        kinds = tally(_state([row]) for row in rest)
        yield _more(rest, kinds if kinds.count(",") < 12 else tally(row["state"] for row in rest))


def _folded_sets(rows: Sequence[Row]) -> Iterator[list[Row]]:
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        alone = row["set"] is None or row["poi"]
        groups.setdefault(("one", row["parameter"]) if alone else ("set", row["set"]), []).append(row)
    yield from groups.values()


def _folded_equals(rows: Sequence[list[Row]]) -> Iterator[list[Row]]:
    """Parameters of which all is equal but their names, together."""
    groups: dict[Any, list[Row]] = {}
    for place, group in enumerate(rows):
        row = group[0]
        alone = row["poi"] or row["set"] is not None
        numbers = tuple(row[key] for key in ("unit", "value", "lower", "upper", "joint", "samples"))
        key = place if alone else (*numbers, _state(group), len(row["channels"]))
        groups.setdefault(key, []).extend(group)
    yield from groups.values()


def _bounds(group: Sequence[Row]) -> str:
    found = {(row["lower"], row["upper"]) for row in group}
    if found == {(-math.inf, math.inf)}:
        return ""
    low, high = min(low for low, _ in found), max(high for _, high in found)
    return f"[{number(low)}, {number(high)}]"


def _state(group: Sequence[Row]) -> str:
    """Constraint, joint constraint and whether it is fixed."""
    fixed = sum(row["state"] == "fixed" for row in group)
    words = [constraint_words(row["constraint"] for row in group)]
    joint = sorted({row["joint"] + 1 for row in group if row["joint"] is not None})
    words += [f"joint {', '.join(map(str, joint))}"] if joint else []
    if fixed:
        words.append("fixed" if fixed == len(group) else f"{fixed} fixed")
    return ", ".join(word for word in words if word) or "free"


def _roots(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        root = row["root"]
        if root is not None:
            unit = unit_word(root["unit"])
            scale = f"{number(root['scale'])}{' ' + safe(unit) if unit else ''}"
            yield f"{safe(row['parameter'])} = ({safe(root['name'])} / {scale})^{root['power']}"


def _joint_constraints(rows: Sequence[Row], everything: bool, width: int) -> Iterator[Table | str]:
    most = None if everything else _JOINT
    for place, row in enumerate(rows, start=1):
        names, correlation = row["names"], row["correlation"]
        wide = not everything and len(names) > _JOINT
        title = f"joint constraint {place}" + (f" of {len(names)} parameters" if wide else "")
        table = folding_table(title, ("parameter", "left"), ("centre", "right"), ("sigma", "right"),
                              ("correlations", "left"))  # fmt: skip
        for i, name in enumerate(names[:most]):
            if wide:
                closest = sorted(zip(correlation[i], names, strict=True), key=lambda pair: -abs(pair[0]))
                words = listed([f"{value:+.2f} {other}" for value, other in closest if other != name][:2])
            else:
                words = "  ".join(f"{correlation[i][j]:+.2f}" for j in range(i + 1))
            table.add_row(safe(name), number(row["centre"][i]), number(row["sigma"][i]), words)
        yield roomy(table, width)
        if most is not None and len(names) > most:
            yield f"... {len(names) - most} more (--all shows them)"
        if row["source"]:
            yield f"source: {safe(row['source'])}"


def _sharing(document: Row, most: int | None, width: int) -> Iterator[Table | str]:
    rows = document["sharing"]
    if not rows:
        yield "no parameter acts in several channels"
        return
    total = len(document["channels"])
    in_all = sum(len(row["channels"]) == total for row in rows)
    table = folding_table("shared between channels", ("parameter", "left"), ("channels", "right"),
                          ("how it acts there", "left"))  # fmt: skip
    groups: dict[Any, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row["parameter"] != document["poi"]):
        acting = tuple((channel, *ways) for channel, ways in row["channels"].items())
        alone = most is None or len(rows) <= most + 1 or row["parameter"] == document["poi"]
        groups.setdefault(row["parameter"] if alone else acting, []).append(row)
    every = list(groups.values())
    shown = every if most is None or len(every) <= most + 1 else every[:most]
    for group in shown:
        names = listed([row["parameter"] for row in group], 2)
        count = f"{len(group[0]['channels'])} of {total}"
        table.add_row(names, count, _ways(group[0]["channels"], None if most is None else 3))
    yield roomy(table, width)
    if len(shown) < len(every):
        yield _more([row for group in every[len(shown) :] for row in group])
    yield (
        f"{len(rows)} of {counted(document['size']['parameters'], 'parameter')} "
        f"{'acts' if len(rows) == 1 else 'act'} in several channels, {in_all} in all {total}"
    )


def _ways(where: Mapping[str, Sequence[str]], most: int | None) -> str:
    """How a parameter acts, and in which channels it does so."""
    found: dict[str, list[str]] = {}
    for channel, ways in where.items():
        found.setdefault(" + ".join(ways), []).append(channel)
    return "; ".join(f"{ways}: {listed(channels, most)}" for ways, channels in found.items())


def _approximations(document: Row) -> Iterator[str]:
    for one in document["approximations"] or ():
        if not isinstance(one, Mapping):
            yield f"approximation: {safe(one)}"
            continue
        more = {key: value for key, value in one.items() if key not in ("what", "how", "parameters")}
        words = f"approximation: {safe(one.get('what', ''))}: {safe(one.get('how', ''))}"
        if one.get("parameters"):
            words += f" ({listed([str(name) for name in one['parameters']])})"
        yield words + "".join(f"; {safe(key).replace('_', ' ')} {_value(x)}" for key, x in more.items())
    closure = (document["response"] or {}).get("closure")
    if closure:
        yield (
            f"approximation: compiled response, closure at 2 sigma: {closure['per_bin']:.2g} sigma in the "
            f"worst bin, {closure['nll']:.2g} in -log L"
        )


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_value(one)} {safe(key).replace('_', ' ')}" for key, one in value.items())
    return number(value) if isinstance(value, float | int) else safe(value)
