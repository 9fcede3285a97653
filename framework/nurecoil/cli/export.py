"""``nurecoil export``: a model as a file that other tools read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nurecoil.cli.output import JsonOption, deliver, reserved
from nurecoil.cli.request import BasisOption, SearchOption, SetOption
from nurecoil.cli.workspace import (
    InterpolationOption,
    MaybeExperimentsArgument,
    MeasurementOption,
    PatchOption,
    PoiOption,
    WorkspaceOption,
    asked_model,
)

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["described", "export", "print_stated"]


def export(
    experiments: MaybeExperimentsArgument = None,
    search: SearchOption = None,
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help="pyhf, hs3 or root.")] = "pyhf",
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="The file to write.", show_default=False),
    ] = None,
    response: Annotated[
        str,
        typer.Option(
            "--response",
            metavar="FORM",
            help="A detector response that moves, in pyhf and HS3: frozen at its best fit, histosys "
            "(straight lines, approximate) or refuse.",
        ),
    ] = "frozen",
    basis: BasisOption = None,
    settings: SetOption = None,
    workspace: WorkspaceOption = None,
    measurement: MeasurementOption = None,
    patch: PatchOption = None,
    interpolation: InterpolationOption = None,
    poi: PoiOption = None,
    json: JsonOption = None,
) -> None:
    """Write a model for other tools: a pyhf workspace with its sidecar, HS3, or ROOT histograms.

    What the format cannot say is written in its nearest exact form, or in an approximate one whose error is
    measured and stated in the file, or refused.

    \b
    Examples:
      nurecoil export borexino gallium --search magnetic-moment --to pyhf -o ws.json
      nurecoil export juno --search light-vector --to hs3 --response histosys -o juno.json
      nurecoil export --workspace ws.json --to hs3 -o ws_hs3.json
      nurecoil export --workspace config/example.xml --to hs3 -o example.json
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil.atomic import check_file
    from nurecoil.bridges._response import RESPONSES
    from nurecoil.bridges.files import FORMATS, sidecar_path, write
    from nurecoil.cli.request import working
    from nurecoil.errors import OptionError, unknown_name

    with reserved(json, inputs=[workspace], outputs={"-o": output}):
        if to not in FORMATS:
            raise unknown_name(OptionError, "--to", to, FORMATS)
        if response not in RESPONSES:
            raise unknown_name(OptionError, "--response", response, RESPONSES)
        if output is None:
            raise OptionError("-o", "no file to write", "a file name such as -o ws.json")
        check_file(output, where="-o")
        if to == "pyhf":
            sidecar_path(output)
        model = asked_model(
            experiments, search, settings, basis, workspace, measurement, patch, interpolation, poi
        )
        with working(f"writing {output}"):
            write(model, output, to, response)
        document = described(output, to)
        left = (model.metadata.get("origin") or {}).get("others") or []
        if left:
            document["left_out"] = left
    deliver(document, json, lambda: _print(document))


def described(output: str, to: str) -> dict[str, Any]:
    """What was written: file, digest, and what is approximate in it, as the file itself says.

    Args:
        output: the file.
        to: its format.

    Returns:
        Plain data, for the command's document.
    """
    from pathlib import Path

    from nurecoil._version import __version__

    found: dict[str, Any] = {"file": output, "format": to, "version": __version__}
    if to == "root":
        return found
    from nurecoil.bridges.loading.documents import digest, load_json

    path = Path(output).expanduser()
    document = load_json(path, where="workspace")
    found["sha256"] = digest(document)
    if to == "hs3":
        found["approximations"] = document["misc"]["nurecoil"]["approximations"]
        return found
    from nurecoil.bridges.files import sidecar_path

    beside = sidecar_path(path)
    found["sidecar"] = str(beside)
    said = load_json(beside, where="sidecar")
    return {**found, "approximations": said["approximations"], "modifier_settings": said["modifier_settings"]}


def _print(document: dict[str, Any]) -> None:
    from nurecoil.cli.words import console

    out = console()
    out.print(f"{document['file']}: {document['format']}", soft_wrap=True)
    if "sidecar" in document:
        out.print(f"{document['sidecar']}: units, references, what was approximated", soft_wrap=True)
    if "left_out" in document:
        out.print(f"not in it: the measurements {', '.join(document['left_out'])}", soft_wrap=True)
    if "sha256" in document:
        out.print(f"sha256 {document['sha256']}", soft_wrap=True)
    print_stated(document, out)


def print_stated(document: Mapping[str, Any], out: Console) -> None:
    """What a reader of the file has to know: interpolation codes, approximations."""
    if document.get("modifier_settings"):
        codes = ", ".join(
            f"{kind} {one['interpcode']}" for kind, one in document["modifier_settings"].items()
        )
        out.print(f"pyhf has to be told (modifier_settings): {codes}", soft_wrap=True)
    for one in document.get("approximations", ()):
        size = one.get("largest_nll_difference", {}).get("within_3_sigma")
        more = "" if size is None else f" (at most {size:.1g} in -log L within 3 sigma)"
        out.print(f"approximate: {one['what']}: {one['how']}{more}", soft_wrap=True)
