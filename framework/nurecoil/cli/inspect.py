"""``nurecoil inspect``: what is in a workspace, what is shared, what made it; and how another one differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nurecoil.cli.output import JsonOption, deliver, reserved
from nurecoil.cli.workspace import InterpolationOption, MeasurementOption, PatchOption, read_workspace

if TYPE_CHECKING:
    from nurecoil.model.differences import Difference

__all__ = ["inspect"]

_WIDTH = 100
"""Columns where output is no terminal."""


def inspect(
    workspace: Annotated[
        str,
        typer.Argument(metavar="WORKSPACE", help="A pyhf workspace, an HS3 document or HistFactory XML."),
    ],
    diff: Annotated[
        str | None,
        typer.Option("--diff", metavar="OTHER", help="Compare with this file part by part.",
                     show_default=False),
    ] = None,
    measurement: MeasurementOption = None,
    diff_measurement: Annotated[
        str | None,
        typer.Option("--diff-measurement", metavar="NAME", help="The same for OTHER.", show_default=False),
    ] = None,
    patch: PatchOption = None,
    interpolation: InterpolationOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Show long lists whole.")] = False,
    json: JsonOption = None,
) -> None:  # fmt: skip
    """Show what is in a workspace: channels, samples, parameters, constraints, what is shared, what made it.

    Long lists are folded with a count. With --diff the two files are compared number by number; the exit
    status is 0 whether they differ or not.

    \b
    Examples:
      nurecoil inspect ws.json
      nurecoil inspect ws.json --all --measurement GaussExample
      nurecoil inspect bkg.json --patch patchset.json:m_500 --diff bkg.json
      nurecoil inspect ws.json --diff other.json --json -
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil._version import __version__
    from nurecoil.report.inspection import inspection

    with reserved(json, inputs=[workspace, diff]):
        one = read_workspace(workspace, measurement, patch, interpolation)
        other = read_workspace(diff, diff_measurement) if diff is not None else None
        _check_alone(other is None, diff_measurement)
        document: dict[str, Any] = inspection(one)
        found: Sequence[Difference] = ()
        if other is not None:
            from nurecoil.model.differences import differences

            found = differences(one, other)
            rows = [row.to_json() for row in found]
            document = {**document, "other": inspection(other), "differences": rows}
        document["version"] = __version__
    deliver(document, json, lambda: _print(document, found, everything))


def _check_alone(alone: bool, diff_measurement: str | None) -> None:
    from nurecoil.errors import OptionError

    if alone and diff_measurement is not None:
        raise OptionError("--diff-measurement", "no file that it is for", "together with --diff")


def _print(document: Mapping[str, Any], found: Sequence[Difference], everything: bool) -> None:
    from nurecoil.cli.words import console
    from nurecoil.report.difference_tables import difference_parts, heads_table
    from nurecoil.report.inspection_tables import head_rows, inspection_parts

    out = console(width=_WIDTH)
    head = head_rows(document)
    if "differences" in document:
        out.print(heads_table(head, head_rows(document["other"])))
        parts = difference_parts(found, everything)
    else:
        width = max(map(len, head))
        for heading, words in head.items():
            out.print(f"{heading:<{width}}  {words}", soft_wrap=True)
        out.print()
        parts = inspection_parts(document, everything, out.width)
    after_line = False
    for part in parts:
        is_line = isinstance(part, str)
        if after_line and not is_line:
            out.print()
        out.print(part, soft_wrap=is_line)
        after_line = is_line
