"""Who claims which plugin name, read from the metadata of installed distributions alone.

Nothing of a plugin is imported here: what it takes to load one and the public tables are in
:mod:`nurecoil.plugins`. In-tree plugins come through the same entry points as everybody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib import metadata
from types import MappingProxyType
from typing import Literal, NamedTuple

from nurecoil._version import __version__

__all__ = ["GROUPS", "SHARED_SCOPES", "Claim", "Kind", "Status", "claims", "one_line"]

Kind = Literal["experiment", "search"]
Status = Literal["ok", "broken", "incompatible", "shadowed"]

GROUPS: MappingProxyType[Kind, str] = MappingProxyType(
    {"experiment": "nurecoil.experiments", "search": "nurecoil.searches"}
)
"""Kind of plugin -> its entry-point group."""

SHARED_SCOPES = frozenset({"isodar", "osc", "solar"})
"""Names that no plugin can have, since parameters that all experiments share begin with them."""

_OWN = "nurecoil"
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_TARGET = re.compile(r"[\w.]+\s*:\s*[\w.]+\s*(\[.*\])?\s*$")


class Claim(NamedTuple):
    """One line of one distribution's ``entry_points.txt``, judged by metadata.

    Attributes:
        name: the name it claims.
        kind: ``"experiment"`` or ``"search"``.
        distribution: the distribution's name, as it spells it.
        version: the distribution's version, empty where unknown.
        status: ``"ok"`` while nothing speaks against it.
        reason: what speaks against it, in one line; empty for ``"ok"``.
        entry_point: what loads it, ``None`` where the metadata is damaged.
    """

    name: str
    kind: Kind
    distribution: str
    version: str
    status: Status = "ok"
    reason: str = ""
    entry_point: metadata.EntryPoint | None = None

    @property
    def is_own(self) -> bool:
        """Whether nurecoil's own distribution makes the claim."""
        return _canonical(self.distribution) == _OWN


def claims() -> tuple[Claim, ...]:
    """Every claim of every installed distribution, each with its status as far as metadata tells.

    Names are one namespace for experiments and searches, since options are keyed by them. A name belongs
    to nurecoil's own distribution first, then to the distribution first in the alphabet; a claim that is
    incompatible or malformed holds no name.

    Returns:
        The claims, nurecoil's own first, then by distribution and name.

    Example:
        >>> {claim.kind for claim in claims()} <= {"experiment", "search"}
        True
    """
    found = [claim for installed in _installed() for claim in _claims_of(installed)]
    found.sort(key=lambda claim: (not claim.is_own, _canonical(claim.distribution), claim.name, claim.kind))
    return tuple(_settle(found))


def one_line(error: BaseException, most: int = 200) -> str:
    r"""An exception as one short line: its class and what it says.

    Args:
        error: the exception.
        most: how many characters to keep.

    Returns:
        The line.

    Example:
        >>> one_line(ImportError("no module\n  named 'x'"))
        "ImportError: no module named 'x'"
    """
    said = " ".join(str(error).split())
    line = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return line if len(line) <= most else line[: most - 1] + "…"


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


class _Installed(NamedTuple):
    """A distribution that has a group of ours, with what its METADATA says of itself."""

    distribution: metadata.Distribution
    name: str
    version: str
    damage: str


def _installed() -> Iterator[_Installed]:
    """The distributions that have a group of ours; of several with one name, the one that Python uses."""
    seen: set[str] = set()
    for distribution in metadata.distributions():
        if not _groups_in(distribution):
            continue
        found = _described(distribution)
        if found.damage:
            yield found
        elif _canonical(found.name) not in seen:
            seen.add(_canonical(found.name))
            try:
                used = metadata.distribution(found.name)
            except metadata.PackageNotFoundError:  # its folder is named otherwise than it is
                used = distribution
            if used.locate_file("") == distribution.locate_file(""):
                yield found
            elif _groups_in(used):
                yield _described(used)


def _described(distribution: metadata.Distribution) -> _Installed:
    try:
        message = distribution.metadata  # parsed anew at every access
        name, version = message["Name"], message["Version"]
    except Exception as error:  # a missing or damaged file: the standard library promises no one class
        return _Installed(distribution, "unnamed", "", f"its metadata cannot be read: {one_line(error)}")
    if not name:
        return _Installed(distribution, "unnamed", "", "its metadata cannot be read: it gives no name")
    return _Installed(distribution, name, version or "", "")


def _groups_in(distribution: metadata.Distribution) -> list[Kind]:
    text = distribution.read_text("entry_points.txt")
    if not text or _OWN not in text:
        return []
    return [
        kind for kind, group in GROUPS.items() if re.search(rf"^\s*\[\s*{re.escape(group)}\s*\]", text, re.M)
    ]


def _claims_of(installed: _Installed) -> Iterator[Claim]:
    distribution, name, version, damage = installed
    entry_points: list[metadata.EntryPoint] = []
    if not damage:
        try:
            entry_points = list(distribution.entry_points)
        except Exception as error:  # a damaged file: as above
            damage = f"its entry points cannot be read: {one_line(error)}"
    if damage:
        for kind in _groups_in(distribution):
            yield Claim(name, kind, name, version, "broken", damage)
        return
    objection = _objection(distribution, name)
    for entry_point in entry_points:
        for kind, group in GROUPS.items():
            if entry_point.group == group:
                claim = Claim(entry_point.name, kind, name, version, entry_point=entry_point)
                yield _checked(claim) if objection is None else _with(claim, "incompatible", objection)


def _checked(claim: Claim) -> Claim:
    """Mark a claim whose name or target is malformed as broken."""
    if not _NAME.fullmatch(claim.name):
        return _with(
            claim, "broken", "a plugin's name is lower-case letters, digits, hyphens and underscores"
        )
    if claim.entry_point is not None and not _TARGET.match(claim.entry_point.value):
        return _with(claim, "broken", f"its entry point {claim.entry_point.value!r} is not 'module:Class'")
    return claim


def _objection(distribution: metadata.Distribution, name: str) -> str | None:
    """Why a distribution does not go with this nurecoil, by its ``Requires-Dist``; ``None`` if it does."""
    if _canonical(name) == _OWN:
        return None
    from packaging.requirements import InvalidRequirement, Requirement

    for line in distribution.requires or ():
        if not _canonical(line).startswith(_OWN):
            continue
        try:
            requirement = Requirement(line)
        except InvalidRequirement as error:
            return f"its requirement {line!r} cannot be read: {one_line(error)}"
        if _canonical(requirement.name) != _OWN:
            continue
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and not requirement.specifier.contains(__version__, prereleases=True):
            return f"it needs nurecoil {requirement.specifier}, this is {__version__}"
    return None


def _settle(ordered: Iterable[Claim]) -> Iterator[Claim]:
    """Give each name to the first sound claim and mark the later ones as shadowed."""
    holders: dict[str, Claim] = {}
    for claim in ordered:
        if claim.status != "ok":
            yield claim
        elif claim.name in SHARED_SCOPES:
            yield _with(
                claim, "shadowed", f"the name is kept for the parameters '{claim.name}.*' that all share"
            )
        elif claim.name in holders:
            holder = holders[claim.name]
            yield _with(
                claim,
                "shadowed",
                f"the name belongs to the {holder.kind} of {holder.distribution} {holder.version}",
            )
        else:
            holders[claim.name] = claim
            yield claim


def _with(claim: Claim, status: Status, reason: str) -> Claim:
    return claim._replace(status=status, reason=reason)
