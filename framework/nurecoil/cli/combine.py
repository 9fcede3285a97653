"""``nurecoil combine``: models from files as one model in a file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nurecoil.cli.output import JsonOption, deliver, reserved

if TYPE_CHECKING:
    from nurecoil.combining.combination import Combination
    from nurecoil.model.spectral import SpectralModel

__all__ = ["combine"]


def combine(
    workspaces: Annotated[
        list[str],
        typer.Argument(metavar="WORKSPACE...", help="Files of the models: pyhf JSON or HS3, at least two."),
    ],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="Where the combination goes.")
    ],
    map_file: Annotated[
        str | None,
        typer.Option("--map", metavar="FILE", help="Correlation map (TOML): same, independent, correlated."),
    ] = None,
    write_map: Annotated[
        str | None,
        typer.Option("--write-map", metavar="FILE", help="Write the map that is in effect, for review."),
    ] = None,
    poi: Annotated[
        str | None,
        typer.Option("--poi", metavar="NAME", help="Parameter of interest; by default the common one."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="pyhf or hs3; by default what all inputs are, hs3 where they differ or the map correlates.",
        ),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Combine models from files. The order of the files makes no difference.

    Equal parameter names are one parameter, if their definitions agree; a conflict is an error that shows
    both and what to write into a map. Channels and per-bin parameters are each file's own: where names
    collide they get the file's name before them. Members in a map are FILE:PARAMETER, the file without folder
    and ending.

    \b
    Examples:
      nurecoil combine borexino.json gallium.json -o both.json
      nurecoil combine run1.json run2.json -o both.json --write-map map.toml
      nurecoil combine run1.json run2.json -o both.json --map map.toml --to hs3 --json -
    \b
    A correlation map:
      ["luminosity"]
      members = ["run1:lumi", "run2:lumi"]
      correlated = 0.5
      ["alpha.scale"]
      members = ["run1:alpha.scale", "run2:alpha.scale"]
      independent = true
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil.atomic import check_file
    from nurecoil.bridges import correlation_map as maps
    from nurecoil.bridges.files import write
    from nurecoil.bridges.reading import read
    from nurecoil.cli.export import described
    from nurecoil.cli.request import working
    from nurecoil.combining.combination import combination, labels_of_files
    from nurecoil.errors import ModelError, OptionError, unknown_name

    written = {"--output": output, "--write-map": write_map}
    with reserved(json, inputs=[*workspaces, map_file], outputs=written):
        if to not in (None, "pyhf", "hs3"):
            raise unknown_name(OptionError, "--to", str(to), ("pyhf", "hs3"))
        if len(workspaces) < 2:
            raise OptionError("combine", f"one file, {workspaces[0]}", "at least two", "Name the others.")
        for option, place in written.items():
            if place is not None:
                check_file(place, where=option)
        paths = [Path(workspace).expanduser() for workspace in workspaces]
        labels = labels_of_files([Path(os.path.abspath(path)) for path in paths])
        relations = () if map_file is None else maps.read_map(map_file)
        with working("reading"):
            models = [read(path) for path in paths]
        if write_map is not None:
            maps.write_map(write_map, models, labels, relations)
        try:
            made = combination(models, labels, relations, poi)
        except ModelError as error:
            if write_map is None:
                raise
            told = f"{write_map} lists every shared name, with what has to be decided.\n{error.remedy or ''}"
            raise ModelError(error.where, error.got, error.allowed, told) from error
        chosen = to or _usual_format(models, made)
        with working("writing"):
            write(made.model, output, format=chosen)
        document = {**_document(made, output, chosen), **described(output, chosen)}
    deliver(document, json, lambda: _print(document))


def _usual_format(models: Sequence[SpectralModel], made: Combination) -> str:
    """What all inputs have if that is pyhf; HS3 otherwise, and where the map correlates."""
    formats = {(model.metadata.get("origin") or {}).get("format") for model in models}
    return "pyhf" if formats == {"pyhf"} and not made.correlated else "hs3"


def _document(made: Combination, output: str, chosen: str) -> dict[str, Any]:
    from nurecoil._version import __version__

    model = made.model
    return {
        "output": output,
        "format": chosen,
        "poi": model.poi,
        "channels": [channel.name for channel in model.channels],
        "parameters": list(model.parameters),
        "inputs": model.metadata["origin"]["inputs"],
        "shared": list(made.shared),
        "renamed": list(made.renamed),
        "correlated": list(made.correlated),
        "notes": list(made.notes),
        "references": model.metadata["references"],
        "version": __version__,
    }


def _print(document: Mapping[str, Any]) -> None:
    """What is shared, what has another name, what is correlated, where it went."""
    from nurecoil.cli.export import print_stated
    from nurecoil.cli.words import console
    from nurecoil.report.tables import titled_table

    out = console()
    if document["shared"]:
        columns = [(name, "left") for name in ("parameter", "members", "definition", "by", "remark")]
        table = titled_table("shared parameters", *columns)
        for row in document["shared"]:
            members = ", ".join(_short_members(row["name"], row["members"]))
            table.add_row(row["name"], members, row["definition"], row["by"], row["remark"])
        out.print(table)
    else:
        out.print("No parameter is shared.")
    if document["renamed"]:
        heads = ("input", "left"), ("what", "left"), ("was", "left"), ("is", "left"), ("count", "right")
        table = titled_table("names kept apart", *heads)
        for row in document["renamed"]:
            table.add_row(row["input"], row["what"], row["was"], row["name"], str(row["count"]))
        out.print(table)
    if document["correlated"]:
        table = titled_table("correlated by the map", ("entry", "left"), ("parameters", "left"),
                             ("correlation", "right"))  # fmt: skip
        for row in document["correlated"]:
            for i, name in enumerate(row["names"]):
                coefficients = "  ".join(f"{value:6.3g}" for value in row["correlation"][i])
                table.add_row(row["title"] if i == 0 else "", name, coefficients)
        out.print(table)
    for note in document["notes"]:
        out.print(f"note: {note}", soft_wrap=True)
    out.print(f"{len(document['channels'])} channels, {len(document['parameters'])} parameters, "
              f"POI {document['poi']}; written to {document['output']} as {document['format']}, "
              f"sha256 {document['sha256']}",
              soft_wrap=True)  # fmt: skip
    print_stated(document, out)


def _short_members(name: str, members: Sequence[str]) -> list[str]:
    """Members without their name where it is that of the combination."""
    return [member.removesuffix(f":{name}") for member in members]
