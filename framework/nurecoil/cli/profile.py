"""``nurecoil profile``: the profile likelihood of one parameter."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

from nurecoil.cli.output import JsonOption, deliver, reserved
from nurecoil.cli.request import BasisOption, SearchOption, SetOption
from nurecoil.cli.workspace import (
    InterpolationOption,
    MaybeExperimentsArgument,
    MeasurementOption,
    PatchOption,
    WorkspaceOption,
    asked_model,
)

if TYPE_CHECKING:
    from nurecoil.model.parameters import Parameter

__all__ = ["profile"]


def profile(
    experiments: MaybeExperimentsArgument = None,
    search: SearchOption = None,
    parameter: Annotated[
        str | None,
        typer.Option("--parameter", metavar="NAME", help="What to scan; by default the search's coupling."),
    ] = None,
    scan_range: Annotated[
        str | None,
        typer.Option("--range", metavar="LOW,HIGH", help="Ends of the scan; by default to -log L + 12."),
    ] = None,
    points: Annotated[int, typer.Option(min=2, help="Points of the scan.")] = 41,
    basis: BasisOption = None,
    settings: SetOption = None,
    workspace: WorkspaceOption = None,
    measurement: MeasurementOption = None,
    patch: PatchOption = None,
    interpolation: InterpolationOption = None,
    json: JsonOption = None,
) -> None:
    """Profile a parameter: at every point all others are fitted again.

    \b
    Examples:
      nurecoil profile borexino --search magnetic-moment
      nurecoil profile borexino --parameter borexino.rate.kr85 --range 0,15 --points 31 --json -
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    import time

    from nurecoil._version import __version__
    from nurecoil.cli.request import scanning, stated
    from nurecoil.errors import OptionError
    from nurecoil.inference.profile import profile as scan_profile

    with reserved(json, inputs=[workspace]):
        values = _values(scan_range, points)
        began = time.perf_counter()
        model = asked_model(
            experiments, search, settings, basis, workspace, measurement, patch, interpolation
        )
        name = parameter or model.poi
        if name is None:
            raise OptionError(
                "--parameter", "neither a parameter nor a search", "one of them", "Name a parameter to scan."
            )
        _check_ends(values, model.require(name))
        with scanning(f"profile of {name}") as progress:
            scan = scan_profile(model, name, values, points=points, progress=progress)
        document = {
            **scan.to_json(),
            **stated(model.metadata),
            "version": __version__,
            "seconds": time.perf_counter() - began,
        }
    deliver(document, json, lambda: _print(document))


def _values(text: str | None, points: int) -> list[float] | None:
    """Equal steps between the ends of ``--range``."""
    if text is None:
        return None
    from nurecoil.errors import OptionError

    try:
        low, high = (float(part) for part in text.split(","))
        if not (low < high and math.isfinite(low) and math.isfinite(high)):
            raise ValueError
    except ValueError:
        raise OptionError("--range", repr(text), "two numbers LOW,HIGH, the lower first") from None
    return [low + (high - low) * i / (points - 1) for i in range(points)]


def _check_ends(values: list[float] | None, parameter: Parameter) -> None:
    """Refuse a scan that leaves the parameter's bounds."""
    if values is None or parameter.lower <= values[0] <= values[-1] <= parameter.upper:
        return
    from nurecoil.errors import OptionError

    raise OptionError(
        "--range",
        f"{values[0]:g},{values[-1]:g} for {parameter.name!r}",
        f"ends in [{parameter.lower:g}, {parameter.upper:g}] {parameter.unit}",
    )


def _print(document: dict[str, object]) -> None:
    from nurecoil.cli.words import console
    from nurecoil.report.tables import scan_table

    console().print(scan_table(document))
