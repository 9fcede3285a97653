"""``nurecoil goodness``: goodness of fit by the saturated model and by Pearson's chi2, calibrated by toys."""

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

    from nurecoil.inference.goodness_toys import GoodnessTest
    from nurecoil.model.spectral import SpectralModel

__all__ = ["goodness"]


def goodness(
    experiments: MaybeExperimentsArgument = None,
    search: SearchOption = None,
    toys: Annotated[
        int, typer.Option("--toys", metavar="N", help="Calibrate by N toys, at least 20; 0 for none.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of the toys.")] = 1,
    fix: Annotated[
        list[str] | None,
        typer.Option(
            "--fix",
            metavar="PARAMETER=VALUE",
            help="Hold a parameter in all fits, such as the parameter of interest at 0; repeatable.",
            show_default=False,
        ),
    ] = None,
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
    """How well the model describes its data: every channel, the constraints, and the total.

    The p-value of the reference distribution holds where counts are high, that of the toys everywhere.

    \b
    Examples:
      nurecoil goodness borexino gallium --search magnetic-moment
      nurecoil goodness borexino gallium --search magnetic-moment --toys 1000 --seed 1 --plot out
      nurecoil goodness borexino --search magnetic-moment --fix mu_eff=0 --toys 500 --json -
      nurecoil goodness --workspace ws.json --toys 1000
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil.cli.fit import assignment
    from nurecoil.cli.request import scanning, stated
    from nurecoil.inference.goodness_toys import check_toys
    from nurecoil.inference.goodness_toys import goodness as tested

    with reserved(json, plot, inputs=[workspace]):
        held = dict(assignment(text) for text in fix or [])
        check_toys(toys, seed)
        model = asked_model(
            experiments, search, settings, basis, workspace, measurement, patch, interpolation, poi
        )
        with scanning("toys") as progress:
            found = tested(model, toys, seed, held, progress=progress)
        if plot is not None:
            from nurecoil.atomic import make_folder

            _plot(found, make_folder(plot, where="--plot"))
        document = {**found.to_json(), **stated(model.metadata), "asimov": _waiting(model)}
    deliver(document, json, lambda: _print(found))


def _print(found: GoodnessTest) -> None:
    """Table, toys and notes."""
    from nurecoil.cli.words import console, print_notes

    out = console()
    out.print(_table(found))
    if found.toys:
        failed = f"; {len(found.failures)} failed" if found.failures else ""
        out.print(f"{found.toys} toys at the fitted values, seed {found.seed}{failed}", soft_wrap=True)
    else:
        out.print("p-values of the reference distribution, good for high counts; --toys N calibrates them",
                  soft_wrap=True)  # fmt: skip
    if found.fixed:
        held = ", ".join(f"{name} = {value:g}" for name, value in found.fixed.items())
        out.print(f"held in all fits: {held}", soft_wrap=True)
    for note in found.notes:
        out.print(f"note: {note}", soft_wrap=True)
    print_notes(found.best_fit)


def _table(found: GoodnessTest) -> Table:
    """One row for every part, both statistics side by side."""
    from nurecoil.inference.goodness_toys import STATISTICS
    from nurecoil.report.tables import titled_table

    heads = ["part", "terms", "ndf"]
    for name in ("saturated", "Pearson"):
        heads += [name, "p", *(["p (toys)"] if found.toys else [])]
    sides = ("left", *("right",) * (len(heads) - 1))
    table = titled_table("goodness of fit", *zip(heads, sides, strict=True))
    for part in found.parts:
        first = found.of(STATISTICS[0], part)
        cells = [part, str(first.terms), f"{first.ndf:.1f}"]
        for kind in STATISTICS:
            row = found.of(kind, part)
            cells += [f"{row.statistic:.1f}", "" if math.isnan(row.reference) else f"{row.reference:.3f}"]
            if found.toys:
                cells.append(f"{row.p_value:.3f} +- {row.error:.3f}")
        table.add_row(*cells)
    return table


def _waiting(model: SpectralModel) -> list[str]:
    return [channel.name for channel in model.channels if channel.asimov]


def _plot(found: GoodnessTest, folder: Path) -> None:
    from nurecoil.model.spectral import PoissonChannel
    from nurecoil.report.fit_plot import save_fits
    from nurecoil.report.goodness_plot import plot_goodness
    from nurecoil.report.style import save

    save(plot_goodness(found), folder / "goodness.png")
    if any(isinstance(channel, PoissonChannel) for channel in found.best_fit.model.channels):
        save_fits(found.best_fit, folder)
