"""``nurecoil coverage``: how often limit methods cover a truth that toys are drawn at."""

from __future__ import annotations

import math
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

    from rich.table import Table

    from nurecoil.inference.coverage_results import Coverage

__all__ = ["coverage"]

_SHOWN = 3
"""How many failures are told in words; the document has all."""


def coverage(
    experiments: MaybeExperimentsArgument = None,
    search: SearchOption = None,
    at: Annotated[
        list[float] | None,
        typer.Option(
            "--at",
            metavar="VALUE",
            help="Draw toys at this value of the parameter of interest; repeatable. By default at 0.",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            "--method",
            help="area, area-squared, delta-chi2-one-sided, delta-chi2-two-sided, feldman-cousins; several "
            "with commas; or all.",
        ),
    ] = "area,delta-chi2-one-sided,delta-chi2-two-sided,feldman-cousins",
    cl: Annotated[float, typer.Option("--cl", help="Confidence level.")] = 0.90,
    n: Annotated[
        int, typer.Option("-n", "--toys", metavar="N", help="Toys at each value, at least 20.")
    ] = 1000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of the toys.")] = 1,
    points: Annotated[int, typer.Option("--points", min=9, help="Points of each toy's profile.")] = 25,
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
    """Draw toys at true values of the parameter of interest and count how often each method covers them.

    The other parameters are at their best fit to the data under each value.

    \b
    Examples:
      nurecoil coverage juno --search magnetic-moment --at 0 --at 1e-11
      nurecoil coverage borexino gallium --search magnetic-moment --at 0 --at 2e-11 --at 4e-11 -n 1000
      nurecoil coverage --workspace ws.json --poi mu --at 1 --method delta-chi2-two-sided --json -
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil.cli.limit import needs_search
    from nurecoil.cli.request import scanning, stated
    from nurecoil.inference.coverage import check_request
    from nurecoil.inference.coverage import coverage as measured
    from nurecoil.inference.coverage_results import CONVENTIONS

    with reserved(json, plot, inputs=[workspace]):
        whole = method.strip() == "all"
        asked = list(CONVENTIONS) if whole else [part.strip() for part in method.split(",")]
        check_request(asked, cl, n, seed, points)
        needs_search(search, workspace)
        model = asked_model(
            experiments, search, settings, basis, workspace, measurement, patch, interpolation, poi
        )
        with scanning("toys") as progress:
            found = measured(model, at or [0.0], asked, cl, n, seed, points=points, progress=progress)
        if plot is not None:
            from nurecoil.atomic import make_folder

            _plot(found, make_folder(plot, where="--plot"))
        document = {**found.to_json(), **stated(model.metadata)}
    deliver(document, json, lambda: _print(found, n))


def _print(found: Coverage, n: int) -> None:
    """Table, conventions, failures, notes."""
    from nurecoil.cli.words import console
    from nurecoil.inference.coverage_results import CONVENTIONS

    out = console()
    out.print(coverage_table(found))
    out.print(f"{n} toys at each truth, seed {found.seed}; a method covers when", soft_wrap=True)
    for method in found.methods:
        out.print(f"  {method}: {CONVENTIONS[method]}", soft_wrap=True)
    for truth, toy, reason in found.failures[:_SHOWN]:
        out.print(f"toy {toy} at {truth:g}: {reason}", soft_wrap=True)
    for note in (*found.notes, *found.metadata.get("notes", ())):
        out.print(f"note: {note}", soft_wrap=True)


def coverage_table(found: Coverage) -> Table:
    """One row for every truth and method."""
    from nurecoil.report.tables import label_of, titled_table

    heads = (f"true {label_of(found.poi, found.unit)}", "method", "coverage", "error", "median limit", "mean",
             "toys", "failed")  # fmt: skip
    sides = ("right", "left", *("right",) * 6)
    title = f"coverage of {100 * found.cl:g} % limits"
    table = titled_table(title, *zip(heads, sides, strict=True))
    last = math.nan
    for row in found.rows:
        table.add_row(
            "" if row.truth == last else f"{row.truth:.4g}",
            row.method,
            f"{row.coverage:.4f}",
            f"{row.error:.4f}",
            "" if math.isnan(row.median) else f"{row.median:.4g}",
            "" if math.isnan(row.mean) else f"{row.mean:.4g}",
            str(row.toys),
            str(row.failed),
        )
        last = row.truth
    return table


def _plot(found: Coverage, folder: Path) -> None:
    from nurecoil.report.coverage_plot import plot_coverage
    from nurecoil.report.style import save

    title = " + ".join(found.metadata.get("experiments", ()))
    save(plot_coverage(found, title), folder / "coverage.png")
