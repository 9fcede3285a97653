"""The plugin registry: which experiments and searches are installed, whether they work, and how to load one.

Discovery goes over the entry-point groups ``nurecoil.experiments`` and ``nurecoil.searches``; what the
metadata alone tells is in :mod:`nurecoil._claims`. Here classes are loaded, one by one, and held against
their contract. What a plugin has to offer is said by :mod:`nurecoil.experiment` and :mod:`nurecoil.search`.
"""

from __future__ import annotations

import contextlib
import io
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, cast

from nurecoil import _claims
from nurecoil._claims import Claim, Kind, Status
from nurecoil.errors import PluginError, unknown_name

if TYPE_CHECKING:
    from nurecoil.experiment import Experiment
    from nurecoil.search import Search

__all__ = [
    "PluginEntry",
    "PluginTable",
    "experiments",
    "find",
    "installed",
    "load_experiment",
    "load_search",
    "searches",
]


@dataclass(frozen=True, slots=True)
class PluginEntry:
    """One installed plugin and its state.

    Attributes:
        name: the name it is asked for by.
        kind: ``"experiment"`` or ``"search"``.
        title: what it calls itself; empty where it could not be loaded.
        distribution: the installed distribution that brings it.
        version: that distribution's version.
        status: ``"ok"``; ``"broken"``: it cannot be loaded or breaks its contract; ``"incompatible"``: it
            asks for another version of nurecoil; ``"shadowed"``: its name belongs to another plugin.
        reason: why it is not ``"ok"``, in one line; else empty.

    Example:
        >>> PluginEntry("juno", "experiment", "JUNO", "nurecoil-juno", "1.0", "ok", "").status
        'ok'
    """

    name: str
    kind: Kind
    title: str
    distribution: str
    version: str
    status: Status
    reason: str


class PluginTable(tuple[PluginEntry, ...]):
    """Plugin entries that print as an aligned table, in a terminal and in a notebook.

    Example:
        >>> PluginTable([PluginEntry("juno", "experiment", "JUNO", "nurecoil-juno", "1.0", "ok", "")])
        name  kind        title  distribution   version  status  reason
        juno  experiment  JUNO   nurecoil-juno  1.0      ok
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """The table as aligned text, one plugin a line under one line of column names."""
        rows = [_COLUMNS, *(tuple(entry.values()) for entry in self.to_json())]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )

    def _repr_html_(self) -> str:
        """The table as HTML, for notebooks; every text is escaped."""
        import html

        head = "".join(f"<th>{name}</th>" for name in _COLUMNS)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in entry.values()) + "</tr>"
            for entry in self.to_json()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def to_json(self) -> list[dict[str, str]]:
        """The entries as plain dictionaries, ready for :func:`json.dumps`.

        Returns:
            One dictionary per entry with the fields of :class:`PluginEntry`, in their order.

        Example:
            >>> PluginTable([]).to_json()
            []
        """
        return [asdict(entry) for entry in self]


_COLUMNS = tuple(field.name for field in fields(PluginEntry))


def installed() -> PluginTable:
    """Every installed plugin of either kind, loaded one by one.

    One that fails is a row that says why and stops nothing; whatever a plugin prints while it is loaded
    is dropped.

    Returns:
        The entries, nurecoil's own first, then by distribution and name.

    Example:
        >>> [entry.kind for entry in installed() if entry.name == "magnetic-moment"]
        ['search']
    """
    return PluginTable(_entry(claim) for claim in _claims.claims())


def experiments() -> PluginTable:
    """Every installed experiment plugin, loaded one by one as :func:`installed` does.

    Returns:
        The entries, nurecoil's own first, then by distribution and name.

    Example:
        >>> {entry.kind for entry in experiments()} <= {"experiment"}
        True
    """
    return _table("experiment")


def searches() -> PluginTable:
    """Every installed search plugin, loaded one by one as :func:`installed` does.

    Returns:
        The entries, nurecoil's own first, then by distribution and name.

    Example:
        >>> {entry.kind for entry in searches()} <= {"search"}
        True
    """
    return _table("search")


def find(name: str) -> PluginEntry:
    """One plugin by its name, whatever its kind and state; only this one is imported.

    Args:
        name: the name of an experiment or a search; the two share one namespace.

    Returns:
        Its entry; where several distributions claim the name, the one that has it.

    Raises:
        PluginError: no plugin has this name; the nearest names are offered.

    Example:
        >>> find("atlantis")
        Traceback (most recent call last):
        ...
        nurecoil.errors.PluginError: plugin: 'atlantis' is not known. ...
    """
    everything = _claims.claims()
    named = sorted(
        (claim for claim in everything if claim.name == name), key=lambda claim: claim.status != "ok"
    )
    if not named:
        raise unknown_name(PluginError, "plugin", name, {claim.name for claim in everything})
    return _entry(named[0])


def load_experiment(name: str) -> type[Experiment]:
    """The class of one experiment; no other plugin is imported.

    Args:
        name: the plugin's name, such as ``"borexino"``.

    Returns:
        A subclass of :class:`nurecoil.experiment.Experiment`.

    Raises:
        PluginError: there is no such experiment (the nearest names are offered), or it cannot be used.

    Example:
        >>> load_experiment("atlantis")
        Traceback (most recent call last):
        ...
        nurecoil.errors.PluginError: experiment: 'atlantis' is not known. ...
    """
    return cast("type[Experiment]", _load_by_name("experiment", name))


def load_search(name: str) -> type[Search]:
    """The class of one search; no other plugin is imported.

    Args:
        name: the plugin's name, such as ``"magnetic-moment"``.

    Returns:
        A subclass of :class:`nurecoil.search.Search`.

    Raises:
        PluginError: there is no such search (the nearest names are offered), or it cannot be used.

    Example:
        >>> load_search("unicorns")
        Traceback (most recent call last):
        ...
        nurecoil.errors.PluginError: search: 'unicorns' is not known. ...
    """
    return cast("type[Search]", _load_by_name("search", name))


class _UnusableError(Exception):
    """A plugin cannot be loaded or breaks its contract; the text is the reason in one line."""


def _table(kind: Kind) -> PluginTable:
    return PluginTable(_entry(claim) for claim in _claims.claims() if claim.kind == kind)


def _entry(claim: Claim) -> PluginEntry:
    title, status, reason = "", claim.status, claim.reason
    if status == "ok":
        try:
            title = _load(claim).title
        except _UnusableError as error:
            status, reason = "broken", str(error)
    return PluginEntry(claim.name, claim.kind, title, claim.distribution, claim.version, status, reason)


def _load_by_name(kind: Kind, name: str) -> type[Any]:
    everything = _claims.claims()
    named = [claim for claim in everything if claim.name == name]
    asked = [claim for claim in named if claim.kind == kind]
    sound = [claim for claim in asked if claim.status == "ok"]
    if sound:
        try:
            return _load(sound[0])
        except _UnusableError as error:
            raise _unusable(sound[0], "broken", str(error)) from error.__cause__
    if asked:
        raise _unusable(asked[0], asked[0].status, asked[0].reason)
    if named:
        other = {"experiment": "an experiment", "search": "a search"}[named[0].kind]
        raise PluginError(
            f"{kind} {name!r}", f"{name!r} is a plugin, but {other}", None, f"Give it as {other}."
        )
    raise unknown_name(PluginError, kind, name, {claim.name for claim in everything if claim.kind == kind})


def _unusable(claim: Claim, status: Status, reason: str) -> PluginError:
    return PluginError(
        f"{claim.kind} {claim.name!r}",
        f"the plugin of {claim.distribution} {claim.version} is {status}: {reason}",
        None,
        "`nurecoil list` shows the state of every plugin.",
    )


def _contract(kind: Kind) -> type[Any]:
    if kind == "experiment":
        from nurecoil.experiment import Experiment

        return Experiment
    from nurecoil.search import Search

    return Search


def _load(claim: Claim) -> type[Any]:
    """Import one plugin's class and hold it against its contract.

    Raises:
        _UnusableError: with the reason; the plugin's own exception is its cause.
    """
    assert claim.entry_point is not None  # a claim without one is broken from the start
    contract = _contract(claim.kind)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            loaded = claim.entry_point.load()
    except (Exception, SystemExit) as error:  # a stranger's code may raise anything
        raise _UnusableError(_claims.one_line(error)) from error
    if not (isinstance(loaded, type) and issubclass(loaded, contract)):
        raise _UnusableError(
            f"{claim.entry_point.value} is not a subclass of {contract.__module__}.{contract.__name__}"
        )
    objection = _breach(loaded, claim.name)
    if objection is not None:
        raise _UnusableError(objection)
    return loaded


def _breach(loaded: type[Any], name: str) -> str | None:
    """What a subclass of the contract lacks to be a plugin of this name; ``None`` if nothing."""
    found, title = getattr(loaded, "name", None), getattr(loaded, "title", None)
    missing = ", ".join(sorted(getattr(loaded, "__abstractmethods__", ())))
    if found != name:
        return f"its class is named {found!r}, its entry point {name!r}"
    if not (isinstance(title, str) and title.strip()):
        return f"its class has no title (title = {title!r})"
    if missing:
        return f"its class does not implement {missing}"
    if not (isinstance(loaded.Options, type) and is_dataclass(loaded.Options)):
        return f"its Options is no dataclass but {loaded.Options!r}"
    return None
