"""``nurecoil contour``: joint confidence regions of two parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nurecoil.cli.output import JsonOption, deliver, reserved
from nurecoil.cli.request import BasisOption, PlotOption, SearchOption, SetOption
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
    from rich.table import Table

    from nurecoil.inference.contours import Contour

__all__ = ["contour"]


def contour(
    experiments: MaybeExperimentsArgument = None,
    search: SearchOption = None,
    parameters: Annotated[
        str | None,
        typer.Option(
            "--parameters",
            metavar="ONE,TWO",
            help="The two parameters, the horizontal axis first.",
            show_default=False,
        ),
    ] = None,
    cl: Annotated[
        str, typer.Option("--cl", metavar="LEVEL[,LEVEL...]", help="Joint confidence levels.")
    ] = "0.68,0.90",
    points: Annotated[int, typer.Option("--points", min=8, help="Fits along each axis of the grid.")] = 25,
    basis: BasisOption = None,
    settings: SetOption = None,
    workspace: WorkspaceOption = None,
    measurement: MeasurementOption = None,
    patch: PatchOption = None,
    interpolation: InterpolationOption = None,
    poi: PoiOption = None,
    plot: PlotOption = None,
    json: JsonOption = None,
) -> None:
    """Contours of two parameters: where -2 log L, all others fitted again, has risen by a level.

    \b
    Examples:
      nurecoil contour borexino gallium --search magnetic-moment --parameters mu_eff,borexino.rate.kr85 --plot out
      nurecoil contour borexino --parameters borexino.rate.bi210,borexino.rate.kr85 --cl 0.68,0.95 --json -
    """  # noqa: D301, E501  (the \b keeps the examples' lines apart; a command is one line)
    import time

    from nurecoil._version import __version__
    from nurecoil.cli.request import scanning, stated
    from nurecoil.inference.contours import check_contour
    from nurecoil.inference.contours import contour as trace

    with reserved(json, plot, inputs=[workspace]):
        began = time.perf_counter()
        one, two = _pair(parameters)
        levels = _levels(cl)
        check_contour(one, two, levels, points)
        model = asked_model(
            experiments, search, settings, basis, workspace, measurement, patch, interpolation, poi
        )
        with scanning(f"contour of {one} and {two}") as progress:
            found = trace(model, one, two, levels, points=points, progress=progress)
        if plot is not None:
            from nurecoil.atomic import make_folder
            from nurecoil.report.contour_plot import plot_contour
            from nurecoil.report.style import save

            save(plot_contour(found), make_folder(plot, where="--plot") / "contour.png")
        meta = stated(found.best_fit.model.metadata)
        document = {
            **found.to_json(),
            **meta,
            "notes": [*found.notes, *meta["notes"]],
            "fitted": {name: value.to_json() for name, value in found.best_fit.parameters.items()},
            "version": __version__,
            "seconds": time.perf_counter() - began,
        }
    deliver(document, json, lambda: _print(found))


def _pair(text: str | None) -> tuple[str, str]:
    """The two names of ``--parameters``."""
    from nurecoil.errors import OptionError

    names = [] if text is None else [part.strip() for part in text.split(",")]
    if len(names) != 2 or not all(names):
        got = "none" if text is None else repr(text)
        raise OptionError("--parameters", got, "two names, such as --parameters mu_eff,borexino.rate.kr85")
    return names[0], names[1]


def _levels(text: str) -> list[float]:
    """The levels of ``--cl``."""
    from nurecoil.errors import OptionError

    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise OptionError(
            "--cl", repr(text), "numbers between 0 and 1 with commas, such as 0.68,0.90"
        ) from None


def _print(found: Contour) -> None:
    from nurecoil.cli.words import console, print_notes

    out = console()
    out.print(_table(found))
    for note in found.notes:
        out.print(f"note: {note}", soft_wrap=True)
    print_notes(found.best_fit)


def _table(found: Contour) -> Table:
    """One line for each contour: how far it reaches along both parameters."""
    from nurecoil.report.tables import label_of, titled_table

    one, two = (label_of(*pair) for pair in zip(found.parameters, found.units, strict=True))
    title = f"contours of {one} and {two}, best fit at {found.best[0]:.4g}, {found.best[1]:.4g}"
    table = titled_table(
        title, ("level", "right"), ("-2 Delta log L", "right"), (found.parameters[0], "left"),
        (found.parameters[1], "left"), ("pieces", "right"), ("ends at", "left"),
    )  # fmt: skip
    for level in found.levels:
        spans = []
        for axis in (0, 1):
            places = [ring[:, axis] for ring in level.outlines]
            spans.append(f"{min(p.min() for p in places):.4g} to {max(p.max() for p in places):.4g}")
        bounds = ", ".join(f"{side} bound of {name}" for name, side in level.at_bounds)
        table.add_row(
            f"{100 * level.cl:g} %", f"{level.delta_chi2:.2f}", *spans, str(len(level.outlines)), bounds
        )
    return table
