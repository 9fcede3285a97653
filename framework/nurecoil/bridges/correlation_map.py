r"""Correlation maps as files: a small TOML text that says which parameters of several inputs are one.

One table for each statement, members written ``label:name``, and one of four words::

    ["luminosity"]
    members = ["run1:lumi", "run2:lumi"]
    correlated = 0.5

``same = true`` makes the members one parameter under the heading's name (``keep = "run1:lumi"`` says whose
definition holds where they differ), ``independent = true`` keeps equally named ones apart, ``renamed = true``
gives its one member the heading's name, ``correlated = 0.5`` (or the rows of a matrix) puts a joint Gaussian
constraint in the place of the members' own. ``name[*]`` stands for every bin of a set. What the statements do
to models is :mod:`nurecoil.combining.combination`'s business.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from nurecoil.combining._definitions import definition_words, differences
from nurecoil.combining._inputs import Input, make_inputs
from nurecoil.combining._matching import Group, match
from nurecoil.combining._words import entry_text, quoted
from nurecoil.combining.correlations import BINS, Kind, Relation
from nurecoil.errors import InputError, unknown_name
from nurecoil.model.spectral import SpectralModel

__all__ = ["LARGEST", "map_text", "read_map", "write_map"]

LARGEST = 1_000_000
"""Bytes up to which a file is read as a map; nobody reviews more."""
_KEYS = ("members", "keep", *get_args(Kind))
_HEADER = """\
# Correlation map of a combination: which parameters of the inputs are one, apart or correlated.
# Members are "label:name". Each entry says one of
#   same = true         one parameter, named by the heading; keep = "label:name" says whose definition
#                       holds where they differ
#   independent = true  each for itself, under its label where others have the same name
#   renamed = true      the one member is named by the heading
#   correlated = 0.5    Gaussian constraints tied by this coefficient, or by the rows of a matrix
# Parameters that stand in no entry are one where they have the same name.
"""


def read_map(path: str | os.PathLike[str]) -> tuple[Relation, ...]:
    """Read a correlation map.

    Args:
        path: the file.

    Returns:
        Its statements, for :func:`nurecoil.combining.combination.combine`, which checks whether their labels
        and names exist.

    Raises:
        InputError: the file cannot be read, is no TOML, or has an entry that is not understood.
        ModelError: an entry contradicts itself.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "map.toml"
        ...     _ = file.write_text('lumi = { members = ["a:lumi", "b:lumi"], correlated = 0.5 }')
        ...     read_map(file)[0].correlation
        0.5
    """
    target = Path(os.fsdecode(path)).expanduser()
    where = f"correlation map {target.name}"
    try:
        if not target.is_file():
            raise InputError(where, "no such file", "a TOML file",
                             "`nurecoil combine ... --write-map FILE` writes one to start from.")  # fmt: skip
        if target.stat().st_size > LARGEST:
            raise InputError(where, f"{target.stat().st_size} bytes", f"at most {LARGEST}")
        text = target.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(where, f"it cannot be read: {error}", "a text file in UTF-8") from None
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(where, f"it is no TOML: {error}", "tables with members and a relation") from None
    return tuple(_relation(where, name, entry) for name, entry in document.items())


def write_map(
    path: str | os.PathLike[str],
    models: Sequence[SpectralModel],
    labels: Sequence[str] | None = None,
    correlations: Sequence[Relation] = (),
) -> None:
    """Write a map for review: the statements given, and every name that the inputs share besides.

    Where definitions differ and no statement decides, the entry says so in a comment and holds no relation:
    the map is not accepted before somebody decides.

    Args:
        path: the file; an older one is replaced.
        models: the inputs.
        labels: their labels, as for :func:`nurecoil.combining.combination.combine`.
        correlations: statements that hold already.

    Raises:
        ModelError: where the statements contradict each other or the inputs.
        OptionError: where the file cannot be written.

    Example:
        >>> import tempfile
        >>> from nurecoil.testing.models import counting
        >>> models = [counting(12.0, 10.0), counting(9.0, 10.0)]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_map(Path(folder) / "map.toml", models, ["run1", "run2"])
        ...     [relation.members for relation in read_map(Path(folder) / "map.toml")]
        [('run1:signal', 'run2:signal'), ('run1:background', 'run2:background')]
    """
    from nurecoil.atomic import write_text

    write_text(path, map_text(models, labels, correlations), where="correlation map")


def map_text(
    models: Sequence[SpectralModel],
    labels: Sequence[str] | None = None,
    correlations: Sequence[Relation] = (),
) -> str:
    """The text of a map for review; arguments and errors as of :func:`write_map`.

    Returns:
        TOML, with the definitions as comments.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> text = map_text([counting(12.0, 10.0), counting(9.0, 8.0)], ["run1", "run2"])
        >>> print(text[text.index('["background"]') :])
        ["background"]
        # run1: 10.0 events, in [0.0, inf], fixed
        # run2: 8.0 events, in [0.0, inf], fixed
        # DECIDE: the definitions differ in value. Add one of: independent = true,
        # or same = true with keep = "run1:background".
        members = ["run1:background", "run2:background"]
        <BLANKLINE>
    """
    inputs = make_inputs(models, labels)
    known = {one.label: one for one in inputs}
    matching = match(inputs, correlations)
    files = "".join(f"# input {one.label}: {_file(one)}\n" for one in inputs)
    blocks = [_HEADER + files]
    blocks += [entry_text(relation) + "\n" for relation in correlations]
    shared = [group for group in matching.groups if group.kind == "name" and len(group.members) > 1]
    done: set[str] = set()
    for group in shared:
        block = _block(_whole_set(group, shared, known), known)
        if block not in done:
            blocks.append(block)
        done.add(block)
    return "\n".join(blocks)


def _file(one: Input) -> str:
    origin = one.origin
    said = [quoted(str(origin["file"]))] if origin.get("file") else ["made in memory"]
    return ", ".join([*said, f"sha256 {origin.get('sha256') or one.digest}"])


def _whole_set(group: Group, shared: Sequence[Group], known: Mapping[str, Input]) -> list[Group]:
    """The group, or all bins of the set that it is one bin of, where all of them are shared alike."""
    label, name = group.members[0]
    names = known[label].sets.get(name, ())
    stem = name.rpartition("[")[0]
    every = [p for p in known[label].model.parameters if p.startswith(f"{stem}[") and p.endswith("]")]
    bins = [g for g in shared if g.members[0][0] == label and g.name in names]
    owners = {tuple(owner for owner, _ in one.members) for one in bins}
    whole = stem and len(bins) == len(names) == len(every) and len(owners) == 1
    return bins if whole and [f"{stem}[{i}]" for i in range(len(bins))] == [g.name for g in bins] else [group]


def _block(groups: Sequence[Group], known: Mapping[str, Input]) -> str:
    """The entry of a shared name, its definitions as comments."""
    first = groups[0]
    stem = first.name.rpartition("[")[0]
    name = first.name if len(groups) == 1 else f"{stem}{BINS}"
    found = {label: known[label].model.parameters[first.name] for label, _ in first.members}
    lines = [f"# {label}: {definition_words(parameter)}" for label, parameter in found.items()]
    if len(groups) > 1:
        lines.append(f"# and so on for {len(groups)} bins")
    unlike: dict[str, None] = {}
    for group in groups:
        parameters = [known[label].model.parameters[group.name] for label, _ in group.members]
        for other in parameters[1:]:
            unlike |= dict.fromkeys(differences(parameters[0], other))
    members = tuple(f"{label}:{name}" for label, _ in first.members)
    head, *rest = entry_text(Relation(name, "same", members)).splitlines()
    if unlike:
        lines.append(
            f"# DECIDE: the definitions differ in {', '.join(unlike)}. Add one of: independent = true,"
        )
        lines.append(f"# or same = true with keep = {quoted(members[0])}.")
        rest.remove("same = true")
    elif len({definition_words(parameter) for parameter in found.values()}) == 1:
        lines = [f"# {definition_words(next(iter(found.values())))}", *lines[len(found) :]]
    shown = ["".join(sign if sign.isprintable() else "?" for sign in line) for line in lines]
    return "\n".join([head, *shown, *rest]) + "\n"


def _relation(where: str, name: str, entry: Any) -> Relation:
    """One table of the file as a statement."""
    at = f"{where}, entry {name!r}"
    if not isinstance(entry, dict):
        remedy = "Write a heading in brackets, members = [...] and one of the four words."
        raise InputError(at, _short(entry), "a table with members and a relation", remedy)
    for key in entry:
        if key not in _KEYS:
            hint = " A heading with a dot needs quotes." if isinstance(entry[key], dict) else ""
            error = unknown_name(InputError, at, key, _KEYS)
            raise InputError(at, error.got, error.allowed, ((error.remedy or "") + hint).strip() or None)
    members = entry.get("members")
    if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
        raise InputError(at, f"members = {_short(members)}", 'a list such as ["a:lumi", "b:lumi"]')
    kinds = [kind for kind in get_args(Kind) if kind in entry]
    if len(kinds) != 1:
        allowed = "exactly one of same = true, independent = true, renamed = true, correlated = 0.5"
        raise InputError(at, " and ".join(kinds) or "no relation", allowed)
    kind, keep = kinds[0], entry.get("keep")
    if kind != "correlated" and entry[kind] is not True:
        raise InputError(at, f"{kind} = {_short(entry[kind])}", f"{kind} = true", "Or leave the entry out.")
    if keep is not None and not isinstance(keep, str):
        raise InputError(at, f"keep = {_short(keep)}", "one of the members")
    correlation = _correlation(at, entry[kind]) if kind == "correlated" else None
    return Relation(name, kind, tuple(members), keep, correlation)


def _correlation(at: str, value: Any) -> float | tuple[tuple[float, ...], ...]:
    """A coefficient, or a matrix row by row."""
    if _is_number(value):
        return float(value)
    rows = value if isinstance(value, list) else []
    if rows and all(isinstance(row, list) and all(_is_number(x) for x in row) for row in rows):
        return tuple(tuple(float(x) for x in row) for row in rows)
    raise InputError(at, f"correlated = {_short(value)}", "a number, or a list of rows of numbers")


def _is_number(value: Any) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) <= 1
    return isinstance(value, float)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
