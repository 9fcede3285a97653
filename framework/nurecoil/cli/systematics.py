"""``nurecoil systematics``: a limit with systematic uncertainty, from the weighted sum of profiles.

What is computed lives in :mod:`nurecoil.studies.systematics`; here it is asked for and printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nurecoil.cli.limit import LevelOption, OneMethodOption
from nurecoil.cli.output import JsonOption, deliver, reserved
from nurecoil.cli.request import BasisOption, ExperimentsArgument, PlotOption, SearchOption, SetOption

if TYPE_CHECKING:
    from rich.table import Table

    from nurecoil.studies.systematics_result import MemberRow, Systematics

__all__ = ["systematics"]

_SHOWN = 60
"""How many members are printed; those with the largest weights, the documents have all."""


def systematics(
    experiments: ExperimentsArgument,
    search: SearchOption = None,
    cl: LevelOption = 0.90,
    method: OneMethodOption = "area",
    axes: Annotated[
        list[str] | None,
        typer.Option(
            "--axis",
            metavar="NAME",
            help="Vary this axis; repeatable. By default all that the experiments declare.",
            show_default=False,
        ),
    ] = None,
    asimov: Annotated[
        bool, typer.Option("--asimov", help="Put Asimov data without signal in place of measured data.")
    ] = False,
    points: Annotated[int, typer.Option("--points", min=5, help="Points of every scan.")] = 41,
    basis: BasisOption = None,
    settings: SetOption = None,
    plot: PlotOption = None,
    json: JsonOption = None,
) -> None:
    """Vary what a fit assumes, and sum the profiles, weighted with prior times maximum likelihood.

    The experiments declare what there is to vary; --set changes the standard member.

    \b
    Examples:
      nurecoil systematics borexino gallium --search magnetic-moment
      nurecoil systematics borexino gallium --search magnetic-moment --axis pile-up --axis "solar model"
      nurecoil systematics borexino gallium --search magnetic-moment --set borexino.setup=paper --asimov
        --plot out --json out/systematics.json
    """  # noqa: D301  (the \b keeps the examples' lines apart)
    from nurecoil.analysis import Request
    from nurecoil.cli.request import scanning, with_basis
    from nurecoil.errors import OptionError
    from nurecoil.inference.rules import check_level, rule
    from nurecoil.options import parse_settings
    from nurecoil.studies.systematics import systematics as study

    with reserved(json, plot):
        if search is None:
            raise OptionError("--search", "no search", "the name of one", "`nurecoil list` shows them.")
        rule(method)
        check_level(cl)
        request = Request.of(experiments, search, parse_settings(with_basis(settings, search, basis)))
        with scanning("members") as progress:
            found = study(request, method, cl, axes=axes, asimov=asimov, points=points, progress=progress)
        if plot is not None:
            from nurecoil.atomic import make_folder
            from nurecoil.report.style import save
            from nurecoil.report.systematics_plot import plot_systematics

            save(plot_systematics(found), make_folder(plot, where="--plot") / "systematics.png")
    deliver(found.to_json(), json, lambda: _print(found))


def _print(found: Systematics) -> None:
    """Members, axes, limits and notes."""
    from nurecoil.cli.words import console
    from nurecoil.report.tables import unit_word

    out = console()
    rows = _shown(found)
    out.print(_members_table(found, rows))
    if len(rows) < len(found.rows):
        left = len(found.rows) - len(rows)
        out.print(f"{left} members of smaller weight are not shown; --json has them all", soft_wrap=True)
    if found.alone:
        out.print(_axes_table(found))
    out.print(_limits_table(found))
    unit = unit_word(found.unit)
    standard = found.standard.limits[found.method]
    out.print(
        f"{found.poi} < {found.limit:.4g} {unit} at {100 * found.cl:g} % ({found.method}), "
        f"{found.ratio:.3f} times the standard {standard:.4g}; "
        f"{len(found.rows) - len(found.failures)} of {len(found.rows)} members in {found.seconds:.0f} s",
        soft_wrap=True,
    )
    for one in found.published:
        out.print(f"published: {one['value']:.2g} {unit} ({one['method']}, {one['remark']})", soft_wrap=True)
    for row in found.failures:
        out.print(f"failed: {row.member.label}: {row.reason}", soft_wrap=True)
    for note in (*found.metadata.get("notes", ()), *found.notes):
        out.print(f"note: {note}", soft_wrap=True)


def _shown(found: Systematics) -> list[MemberRow]:
    """The members that are printed, in their own order, the standard one always among them."""
    rows = list(found.rows)
    if len(rows) <= _SHOWN:
        return rows
    heaviest = sorted(rows[1:], key=lambda row: -row.weight)[: _SHOWN - 1]
    kept = {id(rows[0]), *(id(row) for row in heaviest)}
    return [row for row in rows if id(row) in kept]


def _members_table(found: Systematics, rows: list[MemberRow]) -> Table:
    from nurecoil.report.tables import label_of, titled_table

    names = [axis.name for axis in found.axes]
    numbers = ("prior", "best fit", "limit", "Delta NLL", "weight")
    what = "Asimov data, " if found.expected else ""
    title = f"members: {what}{label_of(found.poi, found.unit)}, {100 * found.cl:g} % limits ({found.method})"
    table = titled_table(title, *((name, "left") for name in names), *((name, "right") for name in numbers))
    for row in rows:
        choices = [row.member.choices[name] for name in names]
        if row.limit is None:
            table.add_row(*choices, f"{row.member.prior:.3g}", "", "failed", "", "")
            continue
        table.add_row(
            *choices,
            f"{row.member.prior:.3g}",
            f"{row.limit.scan.best:.3g}",
            f"{row.limits[found.method]:.4g}",
            f"{row.delta:.2f}",
            f"{row.weight:.4f}",
        )
    return table


def _axes_table(found: Systematics) -> Table:
    from nurecoil.report.tables import titled_table

    columns = ("members", "limits from", "to", "of their sum", "over standard")
    title = "what each axis does alone, the others at their standard choice"
    table = titled_table(title, ("axis", "left"), *((name, "right") for name in columns))
    standard = found.standard.limits[found.method]
    for row in found.alone:
        numbers = [f"{value:.4g}" for value in (row.lowest, row.highest, row.limit)]
        table.add_row(row.axis, str(row.members), *numbers, f"{row.limit / standard:.3f}")
    return table


def _limits_table(found: Systematics) -> Table:
    from nurecoil.report.tables import titled_table

    columns = ("standard", "sum", "sum over standard")
    title = f"{100 * found.cl:g} % upper limits by every rule"
    table = titled_table(title, ("method", "left"), *((name, "right") for name in columns))
    for name, value in found.limits.items():
        standard = found.standard.limits[name]
        table.add_row(name, f"{standard:.4g}", f"{value:.4g}", f"{value / standard:.3f}")
    return table
