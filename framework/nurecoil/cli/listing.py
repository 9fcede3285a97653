"""``nurecoil list``: the installed plugins and the state of each.

The table is plain text, since it has to be there at once; how plugins are found is :mod:`nurecoil.plugins`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurecoil.cli.output import JsonOption, deliver, reserved

if TYPE_CHECKING:
    from nurecoil.plugins import PluginTable

__all__ = ["list_plugins"]


def list_plugins(json: JsonOption = None) -> None:
    """List the installed experiments and searches.

    A plugin that cannot be used is listed with the reason; the others work all the same.

    \b
    Examples:
      nurecoil list
      nurecoil list --json -
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil import plugins
    from nurecoil._version import __version__

    with reserved(json):
        entries = plugins.installed()
    rows = entries.to_json()
    document = {
        "experiments": [row for row in rows if row["kind"] == "experiment"],
        "searches": [row for row in rows if row["kind"] == "search"],
        "version": __version__,
    }
    deliver(document, json, lambda: _print(entries))


def _print(entries: PluginTable) -> None:
    usable = [entry for entry in entries if entry.status == "ok"]
    name_width = max((len(entry.name) for entry in usable), default=0)
    title_width = max((len(entry.title) for entry in usable), default=0)
    for heading, kind in (("Experiments", "experiment"), ("Searches", "search")):
        print(heading)
        rows = [entry for entry in usable if entry.kind == kind]
        for entry in rows:
            source = f"{entry.distribution} {entry.version}"
            print(f"  {entry.name:<{name_width}}  {entry.title:<{title_width}}  {source}")
        if not rows:
            print("  none")
    unusable = [entry for entry in entries if entry.status != "ok"]
    if unusable:
        print("Not usable")
    for entry in unusable:
        source = f"{entry.kind} of {entry.distribution} {entry.version}".rstrip()
        print(f"  {entry.name} ({source}) is {entry.status}: {entry.reason}")
