"""``nurecoil describe``: one plugin or shared source with its options, and whom to cite for it.

Each part of the description is one function that adds to the document and one that prints it; what the words
for types are is in :mod:`nurecoil.option_words`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nurecoil.cli.output import JsonOption, deliver, reserved
from nurecoil.errors import NurecoilError

if TYPE_CHECKING:
    from rich.console import Console

    from nurecoil.plugins import PluginEntry

__all__ = ["describe"]

_OPTION_COLUMNS = (
    ("option", "option"),
    ("default", "default"),
    ("unit", "unit"),
    ("allowed", "allowed"),
    ("help", "what it does"),
)


def describe(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="An experiment or a search of `nurecoil list`, solar or isodar."),
    ],
    json: JsonOption = None,
) -> None:
    """Describe an experiment, a search or a shared source: title, citations and every option.

    \b
    Examples:
      nurecoil describe borexino
      nurecoil describe magnetic-moment --json -
      nurecoil describe solar
      nurecoil describe isodar
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil._version import __version__
    from nurecoil.shared import SHARED

    with reserved(json):
        described = _shared_source(name, SHARED[name]) if name in SHARED else _plugin(name)
    document = {**described, "version": __version__}
    deliver(document, json, lambda: _print(document))


def _plugin(name: str) -> dict[str, object]:
    from nurecoil import plugins

    entry = plugins.find(name)
    load = plugins.load_experiment if entry.kind == "experiment" else plugins.load_search
    plugin: type[Any] = load(name)
    return {
        **_about(entry, plugin),
        "options": _options(name, plugin.Options),
        **_declared(entry.kind, name, plugin),
    }


def _shared_source(name: str, options: type) -> dict[str, object]:
    return {
        "name": name,
        "kind": "source",
        "title": inspect.cleandoc(options.__doc__ or name).splitlines()[0].rstrip("."),
        "description": "Shared by every experiment that sees it.",
        "options": _options(name, options),
    }


def _about(entry: PluginEntry, plugin: type[Any]) -> dict[str, object]:
    return {
        "name": entry.name,
        "kind": entry.kind,
        "title": entry.title,
        "description": inspect.cleandoc(plugin.__doc__ or "").split("\n\n")[0].replace("\n", " "),
        "distribution": {"name": entry.distribution, "version": entry.version},
        "citations": list(plugin.citations),
    }


def _options(name: str, options: type) -> list[dict[str, object]]:
    from nurecoil.option_words import option_rows

    return option_rows(name, options)


def _declared(kind: str, name: str, plugin: type[Any]) -> dict[str, object]:
    """The parameters, or why a plugin cannot tell them: options are shown all the same."""
    try:
        return {"parameters": _parameters(kind, name, plugin)}
    except NurecoilError as error:
        return {"parameters": [], "parameters_error": str(error)}


def _parameters(kind: str, name: str, plugin: type[Any]) -> list[dict[str, object]]:
    """The parameters under the default options, one row each."""
    from nurecoil.analysis import declared_parameters
    from nurecoil.options import make_options

    if kind == "experiment":
        found = declared_parameters(name)
    else:
        found = list(plugin(make_options(name, plugin.Options)).parameters())
    return [
        {
            "parameter": parameter.name,
            "start": parameter.value,
            "unit": parameter.unit,
            "lower": parameter.lower,
            "upper": parameter.upper,
            "state": "fixed" if parameter.fixed else "constrained" if parameter.constraint else "free",
            "description": parameter.description,
        }
        for parameter in found
    ]


def _print(document: Mapping[str, Any]) -> None:
    from nurecoil.cli.words import console

    out = console(width=120)
    _print_about(out, document)
    _print_options(out, document["options"])
    _print_parameters(out, document.get("parameters", ()))
    if "parameters_error" in document:
        out.print(f"\nParameters: {document['parameters_error']}", soft_wrap=True)


def _print_about(console: Console, document: Mapping[str, Any]) -> None:
    console.print(f"{document['name']}: {document['title']}", style="bold")
    if "distribution" in document:
        distribution = document["distribution"]
        console.print(f"{document['kind']} of {distribution['name']} {distribution['version']}")
    if document["description"]:
        console.print(document["description"])
    if document.get("citations"):
        console.print("\nCite", style="bold")
        for citation in document["citations"]:
            console.print(f"  {citation}", soft_wrap=True)


def _print_options(console: Console, rows: Sequence[Mapping[str, str]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console.print("\nOptions", style="bold")
    if not rows:
        console.print("  none")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for _, heading in _OPTION_COLUMNS:
        table.add_column(heading, no_wrap=heading == "option", overflow="fold")
    for row in rows:
        shown = {**row, "unit": "" if row["unit"] == "1" else row["unit"]}
        table.add_row(*(Text(shown[key]) for key, _ in _OPTION_COLUMNS))
    console.print(table)
    console.print(f"Set one with --set {rows[0]['option']}=VALUE")


def _print_parameters(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    from rich import box
    from rich.table import Table

    if not rows:
        return
    console.print("\nParameters", style="bold")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, side in (("parameter", "left"), ("start", "right"), ("unit", "left"), ("state", "left")):
        table.add_column(heading, justify="right" if side == "right" else "left", no_wrap=True)
    table.add_column("what it is")
    for row in rows:
        unit = "" if row["unit"] == "1" else row["unit"]
        table.add_row(row["parameter"], f"{row['start']:.5g}", unit, row["state"], row["description"])
    console.print(table)
