"""``nurecoil significance``: how significant a signal is, for large samples and from toys."""

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

    from nurecoil.inference.significance import Significance

__all__ = ["significance"]


def significance(
    experiments: MaybeExperimentsArgument = None,
    search: SearchOption = None,
    toys: Annotated[
        int,
        typer.Option(
            "--toys",
            metavar="N",
            help="p-value from N toys without signal beside the asymptotic one, at least 100; 0 for none.",
        ),
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of the toys.")] = 1,
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
    """Significance of a signal: the test that there is none (q0), its p-value in standard deviations.

    \b
    Examples:
      nurecoil significance borexino gallium --search magnetic-moment
      nurecoil significance borexino gallium --search magnetic-moment --toys 1000 --seed 1 --plot out
      nurecoil significance --workspace ws.json --poi mu --toys 10000 --json -
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil.cli.request import scanning
    from nurecoil.errors import OptionError
    from nurecoil.inference.significance import significance as find
    from nurecoil.inference.toy_p_values import check_toys

    with reserved(json, plot, inputs=[workspace]):
        if toys:
            check_toys(toys, seed)
        if search is None and workspace is None:
            raise OptionError(
                "--search", "no search", "the name of one",
                "`nurecoil list` shows them; try --search magnetic-moment.",
            )  # fmt: skip
        model = asked_model(
            experiments, search, settings, basis, workspace, measurement, patch, interpolation, poi
        )
        with scanning("toys without signal") as progress:
            found = find(model, toys=toys, seed=seed, progress=progress)
        if plot is not None:
            from nurecoil.atomic import make_folder
            from nurecoil.report.significance_plot import plot_significance
            from nurecoil.report.style import save

            save(plot_significance(found), make_folder(plot, where="--plot") / "significance.png")
    deliver(found.to_json(), json, lambda: _print(found))


def _print(found: Significance) -> None:
    """Best fit, the tests, goodness of fit and notes."""
    from nurecoil.cli.words import console, print_notes
    from nurecoil.report.tables import goodness_line, significant, unit_word

    estimate = found.best_fit.parameters[found.poi]
    error = "" if estimate.error != estimate.error else f" +- {significant(estimate.error, estimate.error)}"
    state = " (at its bound)" if estimate.at_bound else ""
    unit = unit_word(found.unit)
    out = console()
    fitted = f"best fit {found.poi} = {significant(estimate.value, estimate.error)}{error} {unit}".rstrip()
    out.print(f"{fitted}{state}; no signal is {found.poi} = {found.null:g}", soft_wrap=True)
    out.print(_table(found))
    out.print(goodness_line(found.best_fit), soft_wrap=True)
    print_notes(found.best_fit)
    for note in found.notes:
        out.print(f"note: {note}", soft_wrap=True)


def _table(found: Significance) -> Table:
    """p-values and standard deviations, one row for each way to them."""
    from nurecoil.report.tables import titled_table

    table = titled_table(
        f"significance of {found.poi}: q0 = {found.q0:.4g}",
        ("p-value from", "left"), ("p-value", "right"), ("error", "right"), ("significance", "right"),
    )  # fmt: skip
    p_value = f"{found.p_value:.4g}" if found.p_value > 0 else "below 1e-300"
    table.add_row("large samples, Z = sqrt(q0)", p_value, "", f"{found.z:.3f} sigma")
    if found.toys is not None:
        toys = found.toys
        none = toys.p_value == 0
        z = f"at least {toys.z_least:.2f} sigma" if none else f"{toys.z:.3f} sigma"
        p = f"below {toys.error:.2g}" if none else f"{toys.p_value:.4g}"
        table.add_row(f"{toys.toys} toys, seed {toys.seed}", p, f"{toys.error:.2g}", z)
    return table
