"""``nurecoil impacts``: pulls, constraints and the ranking of parameters by impact."""

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
    from pathlib import Path

    from nurecoil.inference.impact_results import Impacts

__all__ = ["impacts"]


def impacts(
    experiments: MaybeExperimentsArgument = None,
    search: SearchOption = None,
    quantity: Annotated[
        str,
        typer.Option(
            "--quantity",
            help="What is shifted: estimate, limit, or auto: the limit if the estimate rests on its bound.",
        ),
    ] = "auto",
    cl: Annotated[float, typer.Option("--cl", help="Confidence level of the limit.")] = 0.90,
    top: Annotated[
        int, typer.Option("--top", metavar="N", min=1, help="Rows to show; the document has all.")
    ] = 30,
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
    """Rank the parameters by their impact on the parameter of interest, with pulls and constraints.

    Each is held one error above and below its estimate; the shift is what the parameter of interest then
    does, or the limit on it where it rests on its bound.

    \b
    Examples:
      nurecoil impacts borexino gallium --search magnetic-moment --plot out
      nurecoil impacts borexino gallium --search magnetic-moment --quantity limit --cl 0.95 --json -
      nurecoil impacts --workspace ws.json --poi mu --top 20
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    import time

    from nurecoil._version import __version__
    from nurecoil.cli.request import scanning, stated
    from nurecoil.errors import OptionError
    from nurecoil.inference.impacts import check_impacts
    from nurecoil.inference.impacts import impacts as rank

    with reserved(json, plot, inputs=[workspace]):
        began = time.perf_counter()
        check_impacts(quantity, cl)
        if search is None and workspace is None:
            raise OptionError("--search", "no search", "the name of one",
                              "`nurecoil list` shows them; try --search magnetic-moment.")  # fmt: skip
        model = asked_model(
            experiments, search, settings, basis, workspace, measurement, patch, interpolation, poi
        )
        with scanning(f"impacts on {model.poi}") as progress:
            found = rank(model, quantity=quantity, cl=cl, progress=progress)  # type: ignore[arg-type]
        if plot is not None:
            from nurecoil.atomic import make_folder

            _plot(found, make_folder(plot, where="--plot"), top)
        document = {
            **found.to_json(),
            **stated(found.best_fit.model.metadata),
            "parameters": {name: one.to_json() for name, one in found.best_fit.parameters.items()},
            "version": __version__,
            "seconds": time.perf_counter() - began,
        }
    deliver(document, json, lambda: _print(found, top))


def _plot(found: Impacts, folder: Path, top: int) -> None:
    """One file for a page."""
    from nurecoil.report.impact_plot import pages_of, plot_impacts
    from nurecoil.report.style import save

    for page in range(1, pages_of(found, top) + 1):
        name = "impacts.png" if page == 1 else f"impacts_{page}.png"
        save(plot_impacts(found, page, top), folder / name)


def _print(found: Impacts, top: int) -> None:
    from nurecoil.cli.words import console, print_notes
    from nurecoil.report.impact_tables import groups_table, impacts_line, impacts_table

    out = console()
    out.print(impacts_line(found), soft_wrap=True)
    out.print(impacts_table(found, top))
    groups = groups_table(found)
    if groups is not None:
        out.print(groups)
    if found.fixed:
        out.print(f"held fixed, without impact: {', '.join(found.fixed)}", soft_wrap=True)
    print_notes(found.best_fit)
